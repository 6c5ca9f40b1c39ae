//! What invoices tell. Numbers and amounts; never a buyer.

use kernel::Money;
use serde::{Deserialize, Serialize};

macro_rules! facts {
    ($($name:ident = $kind:literal { $($field:ident: $type:ty,)* })*) => {$(
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl events::Told for $name {
            const KIND: &'static str = $kind;
            const VERSION: i64 = 1;
        }
    )*};
}

facts! {
    InvoiceIssued = "invoice_issued" { number: String, gross: Money, net: Money, }
    InvoiceVoided = "invoice_voided" { number: String, gross: Money, reason: String, }
    AllowanceIssued = "allowance_issued" { number: String, gross: Money, net: Money, reason: String, }
    InvoiceRangeOpened = "invoice_range_opened" { period: String, prefix: String, first: i64, last: i64, }
}
