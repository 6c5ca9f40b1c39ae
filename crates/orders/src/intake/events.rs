//! What intake tells.

use kernel::{Instant, Money, SkuId};
use serde::{Deserialize, Serialize};

use crate::order::AmountRange;

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
pub(crate) use facts;

facts! {
    WindowOpened = "window_opened" { start: Instant, end: Instant, cut_off: Instant, capacity: i64, }
    WindowResized = "window_resized" { before: i64, after: i64, }
    /// Promised, priced and written down; the payment is being asked for.
    OrderPlaced = "order_placed" {
        number: String,
        channel: String,
        window_start: Instant,
        window_end: Instant,
        range: AmountRange,
        lines: Vec<PlacedLine>,
        distance_metres: i64,
    }
}

/// One line as it was placed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlacedLine {
    pub sku: SkuId,
    /// Pieces, or grams of loose goods.
    pub promised: i64,
    pub expected: Money,
}
