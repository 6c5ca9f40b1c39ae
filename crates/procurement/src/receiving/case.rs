//! One line at the dock with everything that a decision about it needs.

use ::store::Tx;
use catalog::{Site, Sku};
use kernel::{ArrivalLineId, Date, Stamp};
use ledger::Lot;

use super::{
    Arrival, ArrivalLine, LineState, ReceivingRefusal,
    rules::{Facts, days_left},
    store,
};
use crate::contracts::{self, PurchaseOrder, PurchaseOrderLine, Terms};

pub(super) struct Case {
    pub(super) line: ArrivalLine,
    pub(super) arrival: Arrival,
    pub(super) order: PurchaseOrder,
    pub(super) purchase_order_line: PurchaseOrderLine,
    pub(super) sku: Sku,
    pub(super) site: Site,
    pub(super) lot: Lot,
}

impl Case {
    /// Reads the case of a line, which must exist.
    pub(super) async fn load(tx: &mut Tx, id: ArrivalLineId) -> Result<Self, ReceivingRefusal> {
        let line = store::line(tx, id).await?.ok_or(ReceivingRefusal::NoSuchLine)?;
        let arrival = super::arrival(tx, line.arrival).await?;
        let order = contracts::order(tx, arrival.purchase_order).await?;
        let purchase_order_line = order.line(line.purchase_order_line)?.clone();
        let sku = catalog::sku(tx, line.sku).await?;
        let site = catalog::site(tx, arrival.site).await?;
        let lot = ledger::lot(tx, line.lot).await?;
        Ok(Self { line, arrival, order, purchase_order_line, sku, site, lot })
    }

    /// The same, and nobody else decides about goods of this order until the transaction ends.
    pub(super) async fn lock(tx: &mut Tx, id: ArrivalLineId) -> Result<Self, ReceivingRefusal> {
        let line = store::line(tx, id).await?.ok_or(ReceivingRefusal::NoSuchLine)?;
        contracts::locked_order(tx, line.purchase_order).await?;
        Self::load(tx, id).await
    }

    pub(super) fn demand_unjudged(&self) -> Result<(), ReceivingRefusal> {
        match self.line.state {
            LineState::Weighed => Ok(()),
            LineState::Judged => Err(ReceivingRefusal::AlreadyJudged { lot: self.lot.code.clone() }),
        }
    }

    pub(super) const fn terms(&self) -> Terms {
        self.purchase_order_line.terms
    }

    /// What was probed, and what life was left on the day of arrival.
    pub(super) fn facts(&self) -> Facts {
        Facts {
            core: self.line.core,
            core_max: self.terms().arrival_max,
            days_left: days_left(&self.site.time, self.line.weighed_at, self.lot.usable_until),
            days_wanted: self.terms().remaining_life_min_days,
            label: self.lot.label(self.sku.shelf_life_days),
        }
    }

    /// The business day on which something happens now.
    pub(super) fn day(&self, stamp: &Stamp) -> Date {
        self.site.time.business_day(stamp.at)
    }
}
