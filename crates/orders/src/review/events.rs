//! What the review tells.

use serde::{Deserialize, Serialize};

use crate::intake::events::facts;

facts! {
    OrderHeld = "order_held" { number: String, by: String, }
    /// `without_a_hand` is 1 when no person had to look.
    OrderAccepted = "order_accepted" { number: String, without_a_hand: i64, }
    OrderDeclined = "order_declined" { number: String, why: String, }
}
