//! What customers' matters tell. Never a name, a number or an address: the log cannot forget.

use kernel::AddressId;
use serde::{Deserialize, Serialize};

use crate::{Choice, CustomerKind, Purpose, ReadPurpose, Standing};

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
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
    CustomerRegistered = "customer_registered" { kind: CustomerKind, standing: Standing, }
    PhoneConfirmed = "phone_confirmed" {}
    AddressAdded = "customer_address_added" { address: AddressId, }
    ConsentChanged = "consent_changed" { purpose: Purpose, choice: Choice, }
    CustomerBlocked = "customer_blocked" {}
    CustomerUnblocked = "customer_unblocked" {}
    /// Somebody read the whole record. The reader is the event's actor.
    PersonalDataRead = "personal_data_read" { purpose: ReadPurpose, }
    PersonalDataExported = "personal_data_exported" {}
    /// What is kept stands in the books of those who must keep it; here nothing is left.
    PersonalDataErased = "personal_data_erased" { addresses: i64, }
}
