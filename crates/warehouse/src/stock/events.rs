//! What the stock desk tells the log; lots tell their own turns and blocks through the ledger.

use events::Told;
use kernel::{LotId, PlaceId, Quantity, SkuId};
use serde::Serialize;

use super::AuditVerdict;

#[derive(Debug, Serialize)]
pub struct StockOpened {
    pub lot: LotId,
    pub sku: SkuId,
    pub place: PlaceId,
    pub quantity: Quantity,
}

impl Told for StockOpened {
    const KIND: &'static str = "stock_opened";
    const VERSION: i64 = 1;
}

#[derive(Debug, Serialize)]
pub struct StockAudited {
    pub verdict: AuditVerdict,
    pub moves: i64,
    pub balances_differing: i64,
    pub reservations_orphan: i64,
    pub parcels_differing: i64,
    pub examples: Vec<String>,
}

impl Told for StockAudited {
    const KIND: &'static str = "stock_audited";
    const VERSION: i64 = 1;
}
