//! Step 2.1 庫存: what there is, where, how long it lives, who may have it; lots stopped, released and traced.
//!
//! Every number here is read from the stock journal or its balances. It moves nothing by itself, but for stock that
//! was on the shelf before the system was; a nightly audit replays the journal and says so when they differ, and
//! there is no verb that makes them agree.

pub mod events;
pub mod http;
pub mod rules;

mod audit;
mod lots;
mod open;
mod recall;
mod recall_rows;
mod refusal;
mod store;

pub use audit::{Audit, AuditVerdict, audit, audits};
pub use lots::{
    LineClaim, LotSheet, LotTrace, Movement, Relative, block, claims, lift, lot, lot_by_code, movements, release, stop,
    trace,
};
pub use open::{OpenedStock, Opening, open};
pub use recall::{NewRecall, Recall, RecallCustomer, RecallKind, RecallLot, reach, recall, start_recall};
pub use refusal::StockRefusal;
pub use rules::{Direction, NewBin, PlaceCard, PlaceKey, Stop};

use ::store::Tx;
use edge::Sites;
use kernel::{SiteId, Stamp};
use ledger::{NewPlace, PlaceKind};

use crate::works_at;

/// Opens a place that goods can be in: a bin, a tote, a lane, a dock.
pub async fn open_place(tx: &mut Tx, stamp: &Stamp, sites: &Sites, new: &NewBin) -> Result<PlaceCard, StockRefusal> {
    if !works_at(sites, new.site) {
        return Err(StockRefusal::NoSuchSite);
    }
    catalog::site(tx, new.site).await?;
    if let Some(zone) = new.zone {
        let zone = catalog::zone(tx, zone).await?;
        if zone.site != new.site {
            return Err(StockRefusal::ZoneOfOtherSite);
        }
    }
    let place = ledger::open_place(
        tx,
        stamp,
        NewPlace {
            site: new.site,
            kind: new.kind,
            code: new.code.clone(),
            zone: new.zone,
            holder: None,
            path: new.pick_sequence,
        },
    )
    .await?;
    store::place(tx, place.id).await?.ok_or(StockRefusal::Ledger(ledger::LedgerRefusal::NoSuchPlace))
}

/// The places in the house, of one kind or of all, in the order of the picker's way.
pub async fn places(
    tx: &mut Tx,
    site: SiteId,
    kind: Option<PlaceKind>,
    after: Option<PlaceKey>,
    rows: i64,
) -> Result<Vec<PlaceCard>, StockRefusal> {
    Ok(store::places(tx, site, kind, after, rows).await?)
}
