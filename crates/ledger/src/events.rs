//! What others may learn from the ledger.

use events::Told;
use kernel::{Date, Instant, LotId, OrderLineId, PlaceId, Quantity, SiteId, SkuId};
use serde::{Deserialize, Serialize};

use crate::{BlockFlags, LotState, Source};

macro_rules! told {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl Told for $name {
            const KIND: &'static str = $kind;
            const VERSION: i64 = 1;
        }
    )*};
}

told! {
    LotOpened = "lot_opened" {
        code: String,
        site: SiteId,
        sku: SkuId,
        supplier_lot: Option<String>,
        produced_on: Option<Date>,
        harvested_on: Option<Date>,
        use_by: Option<Date>,
        usable_until: Option<Instant>,
        origin: Option<String>,
        source: Source,
    }
    /// The label promises more life than the goods have: harvest or production plus shelf life ends before it.
    LabelOutlivesGoods = "label_outlives_goods" {
        code: String,
        use_by: Date,
        made_on: Date,
        shelf_life_days: i64,
        lives_through: Date,
    }
    LotSplit = "lot_split" { parent: LotId, child: LotId, quantity: Quantity, }
    LotApproved = "lot_approved" { code: String, from: LotState, reason: String, }
    LotRejected = "lot_rejected" { code: String, from: LotState, reason: String, }
    LotQuarantined = "lot_quarantined" { code: String, from: LotState, reason: String, }
    LotCondemned = "lot_condemned" { code: String, from: LotState, reason: String, }
    LotRecalled = "lot_recalled" { code: String, from: LotState, reason: String, }
    LotExpired = "lot_expired" { code: String, from: LotState, reason: String, }
    LotBlocked = "lot_blocked" { code: String, flags: BlockFlags, reason: String, }
    LotBlockLifted = "lot_block_lifted" { code: String, flags: BlockFlags, reason: String, }
    LotLifeShortened = "lot_life_shortened" {
        code: String,
        was_usable_until: Option<Instant>,
        usable_until: Instant,
        reason: String,
    }
    /// Goods behind a promise have failed; the order line has to find others.
    ReservationUncovered = "reservation_uncovered" { order_line: OrderLineId, quantity: Quantity, deliver_by: Instant, }
    /// Goods have come that cover the promise again.
    ReservationCovered = "reservation_covered" { order_line: OrderLineId, quantity: Quantity, deliver_by: Instant, }
    /// A lot that was bound to an order line may no longer be used for it.
    BindingUndone = "binding_undone" { order_line: OrderLineId, lot: LotId, place: PlaceId, quantity: Quantity, }
}
