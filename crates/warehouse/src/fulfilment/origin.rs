//! Where the goods of an order line came from, and through whose hands.

use ::store::{Tx, args, sql};
use kernel::{Actor, Instant, LotId, OrderLineId, PlaceId};

use super::FulfilmentRefusal;

/// Goods that were picked for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PickedGoods {
    pub lot: LotId,
    pub bin: PlaceId,
    pub picker: Option<Actor>,
    pub done_at: Option<Instant>,
}

/// What was picked for an order line, in the order in which it was.
pub async fn picks_of_line(tx: &mut Tx, line: OrderLineId) -> Result<Vec<PickedGoods>, FulfilmentRefusal> {
    type Row = (LotId, PlaceId, Option<String>, Option<::store::Uuid>, Option<Instant>);
    let rows: Vec<Row> = tx.all(OF_LINE, args![line]).await?;
    let picked = |(lot, bin, noun, id, done_at): Row| {
        let picker = noun.and_then(|noun| Actor::from_filed(&noun, id));
        PickedGoods { lot, bin, picker, done_at }
    };
    Ok(rows.into_iter().map(picked).collect())
}

sql! {
    /// Served by `pick_task_by_line`.
    OF_LINE = "SELECT lot, bin, picker_noun, picker, done_at
               FROM pick_task
               WHERE order_line = $1 AND COALESCE(picked_pieces, 0) + COALESCE(picked_grams, 0) > 0
               ORDER BY done_at, id";
}
