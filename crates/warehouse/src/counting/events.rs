//! What others may learn from counts and disposals. How much the book holds is told with the difference only.

use events::Told;
use kernel::{CountSheetId, Date, LotId, Money, PlaceId, Quantity, SkuId};
use serde::Serialize;

use super::rules::{AdjustmentReason, CountLineState, DisposalReason};

macro_rules! told {
    ($($name:ident = $kind:literal { $($field:ident: $type:ty,)* })*) => {$(
        #[derive(Debug, Serialize)]
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
    CountSheetOpened = "count_sheet_opened" { places: usize, lines: usize, }
    StockCounted = "stock_counted" { sheet: CountSheetId, place: PlaceId, counted: Quantity, state: CountLineState, }
    CountSheetClosed = "count_sheet_closed" { lines: usize, differ: usize, }
    AdjustmentProposed = "adjustment_proposed" {
        sheet: CountSheetId, place: PlaceId, lot: LotId, sku: SkuId, variance: Quantity, value: Money,
    }
    AdjustmentPosted = "adjustment_posted" {
        place: PlaceId, lot: LotId, sku: SkuId, variance: Quantity, value: Money, reason: AdjustmentReason,
        because: Option<String>,
    }
    AdjustmentRejected = "adjustment_rejected" { place: PlaceId, lot: LotId, because: String, }
    WriteOffProposed = "write_off_proposed" {
        place: PlaceId, lot: LotId, sku: SkuId, quantity: Quantity, reason: DisposalReason,
    }
    GoodsWeighedForDisposal = "goods_weighed_for_disposal" {
        lot: LotId, quantity: Quantity, reason: DisposalReason, device: String,
    }
    GoodsDisposed = "goods_disposed" {
        place: PlaceId, lot: LotId, sku: SkuId, quantity: Quantity, value: Money, reason: DisposalReason,
    }
    WriteOffWithdrawn = "write_off_withdrawn" { lot: LotId, because: String, }
    ExpirySwept = "expiry_swept" { day: Date, lots: i64, write_offs: i64, }
}
