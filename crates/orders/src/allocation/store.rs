//! Rows of the sites that were looked at.

use kernel::CustomerOrderId;
use store::{Result, StoreError, Tx, row, sql};

use super::Candidate;

sql! {
    ADD = "INSERT INTO order_candidate (customer_order, nth, site, distance_metres, verdict)
           VALUES ($1, $2, $3, $4, $5)";
    OF_ORDER = "SELECT site, distance_metres, verdict FROM order_candidate WHERE customer_order = $1 ORDER BY nth";
}

fn unreadable(error: &serde_json::Error) -> StoreError {
    StoreError::Impossible { statement: OF_ORDER.name(), column: "verdict".to_owned(), found: error.to_string() }
}

pub(super) async fn add(tx: &mut Tx, order: CustomerOrderId, candidates: &[Candidate]) -> Result<()> {
    let mut rows = Vec::with_capacity(candidates.len());
    for (candidate, nth) in candidates.iter().zip(0_i64..) {
        let verdict = serde_json::to_string(&candidate.suitability).map_err(|error| unreadable(&error))?;
        rows.push(row![order, nth, candidate.site, candidate.distance_metres, verdict]);
    }
    tx.put_many(ADD, rows).await
}

pub(super) async fn of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<Candidate>> {
    let rows: Vec<(kernel::SiteId, i64, String)> = tx.all(OF_ORDER, store::args![order]).await?;
    rows.into_iter()
        .map(|(site, distance_metres, verdict)| {
            let suitability = serde_json::from_str(&verdict).map_err(|error| unreadable(&error))?;
            Ok(Candidate { site, distance_metres, suitability })
        })
        .collect()
}
