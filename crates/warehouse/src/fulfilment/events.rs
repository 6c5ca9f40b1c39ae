//! What the floor tells the log. Every scan is one of these, with its actor.

use events::Told;
use kernel::{
    CustomerOrderId, LotId, OrderLineId, ParcelId, PickTaskId, PlaceId, Quantity, ReleaseNoteId, SiteId, SkuId,
    TemperatureClass, Window,
};
use serde::Serialize;

use super::{
    rules::ShortReason,
    weight::{Weighing, WeightReason},
};

macro_rules! told {
    ($($body:ident = $kind:literal;)*) => {$(
        impl Told for $body {
            const KIND: &'static str = $kind;
            const VERSION: i64 = 1;
        }
    )*};
}

told! {
    WaveOpened = "wave_opened";
    WaveFinished = "wave_finished";
    TasksClaimed = "pick_tasks_claimed";
    GoodsWeighed = "goods_weighed";
    GoodsPicked = "goods_picked";
    TaskRebound = "pick_task_rebound";
    GoodsPutBack = "goods_put_back";
    LineShorted = "line_shorted";
    ParcelPacked = "parcel_packed";
    ParcelStaged = "parcel_staged";
    ParcelLoaded = "parcel_loaded";
    ParcelUnloaded = "parcel_unloaded";
    ParcelHandedOver = "parcel_handed_over";
    ParcelReturned = "parcel_returned";
}

#[derive(Debug, Serialize)]
pub struct WaveOpened {
    pub site: SiteId,
    pub window: Window,
}

#[derive(Debug, Serialize)]
pub struct WaveFinished {
    pub site: SiteId,
}

#[derive(Debug, Serialize)]
pub struct TasksClaimed {
    pub tasks: i64,
    pub orders: i64,
}

/// The scale record of one pick, as the scale gave it.
#[derive(Debug, Serialize)]
pub struct GoodsWeighed {
    pub task: PickTaskId,
    pub lot: LotId,
    pub weighings: Vec<Weighing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_tolerance: Option<WeightReason>,
}

#[derive(Debug, Serialize)]
pub struct GoodsPicked {
    pub order: CustomerOrderId,
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub lot: LotId,
    pub bin: PlaceId,
    pub tote: PlaceId,
    pub quantity: Quantity,
}

/// The lot could not be used any more; another was bound in its place.
#[derive(Debug, Serialize)]
pub struct TaskRebound {
    pub order_line: OrderLineId,
    pub from_lot: LotId,
    pub to_lots: Vec<LotId>,
    pub quantity: Quantity,
    pub reason: ShortReason,
}

/// Picked goods went back to their bin, because their lot was stopped before they were packed.
#[derive(Debug, Serialize)]
pub struct GoodsPutBack {
    pub order_line: OrderLineId,
    pub lot: LotId,
    pub bin: PlaceId,
    pub quantity: Quantity,
    pub reason: ShortReason,
}

/// Less will be sent than was bound. What was missing stays on the books of its bin until somebody counts there.
#[derive(Debug, Serialize)]
pub struct LineShorted {
    pub order: CustomerOrderId,
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub lot: LotId,
    pub bin: PlaceId,
    pub short: Quantity,
    pub reason: ShortReason,
}

#[derive(Debug, Serialize)]
pub struct ParcelPacked {
    pub code: String,
    pub order: CustomerOrderId,
    pub note: ReleaseNoteId,
    pub class: TemperatureClass,
    pub packaging: String,
    pub expected_grams: i64,
    pub gross_grams: i64,
}

#[derive(Debug, Serialize)]
pub struct ParcelStaged {
    pub order: CustomerOrderId,
    pub lane: String,
}

#[derive(Debug, Serialize)]
pub struct ParcelLoaded {
    pub order: CustomerOrderId,
    pub vehicle: PlaceId,
}

#[derive(Debug, Serialize)]
pub struct ParcelUnloaded {
    pub order: CustomerOrderId,
    pub lane: PlaceId,
}

#[derive(Debug, Serialize)]
pub struct ParcelHandedOver {
    pub order: CustomerOrderId,
    pub parcel: ParcelId,
}

#[derive(Debug, Serialize)]
pub struct ParcelReturned {
    pub order: CustomerOrderId,
    pub dock: PlaceId,
}
