//! 3.4 meets 1.1: what a settled order has sold is what the next forecast learns from. A line that came short has shown
//! less than was wanted, and says so.

use catalog::CatalogRefusal;
use kernel::{Money, Ratio, Round, SiteId, Stamp};
use orders::outbound::{SettledLine, Settlement, ShortReason};
use procurement::market::{self, MarketRefusal, Sale, ShelfState};
use store::Tx;

/// Notes the sales of a settlement, in its transaction.
pub(crate) async fn note(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    settlement: &Settlement,
) -> Result<(), MarketRefusal> {
    let mut sales = Vec::with_capacity(settlement.lines.len());
    let skus = catalog::skus_by_id(tx, settlement.lines.iter().map(|line| line.sku)).await?;
    for line in &settlement.lines {
        let measure = skus.get(&line.sku).ok_or(CatalogRefusal::NoSuchSku)?.measure;
        sales.push(Sale {
            order_line: line.order_line,
            sku: line.sku,
            amount: measure.promised(line.actual),
            revenue: net_of_tax(line),
            shelf: shelf(line),
        });
    }
    market::note_sales(tx, stamp, site, &sales).await
}

/// Consumer prices hold their tax.
fn net_of_tax(line: &SettledLine) -> Money {
    let share = 10_000_i64.checked_add(line.tax.rate_bp()).and_then(|gross| Ratio::new(10_000, gross));
    Money(share.and_then(|share| share.times(line.amount.minor(), Round::HalfUp)).unwrap_or(0))
}

fn shelf(line: &SettledLine) -> ShelfState {
    match line.short {
        None => ShelfState::Stocked,
        // Whatever kept the goods from the customer, the demand was there.
        Some(
            ShortReason::NotFound
            | ShortReason::Damaged
            | ShortReason::Expired
            | ShortReason::Blocked
            | ShortReason::NoStock
            | ShortReason::OutOfTolerance,
        ) => ShelfState::SoldOut,
    }
}
