//! What payments tell. Amounts and ids; never the token, never a person.

use kernel::Money;
use serde::{Deserialize, Serialize};

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
    PaymentRequested = "payment_requested" { bound: Money, }
    PaymentAuthorised = "payment_authorised" { amount: Money, }
    PaymentDeclined = "payment_declined" { reason: String, }
    /// `fee` is what the provider keeps of it.
    PaymentCaptured = "payment_captured" { amount: Money, fee: Money, released: Money, }
    PaymentRefunded = "payment_refunded" { amount: Money, }
    PaymentVoided = "payment_voided" { amount: Money, }
    /// The provider would not capture, refund or void.
    PaymentStepRefused = "payment_step_refused" { step: String, amount: Money, reason: String, }
}
