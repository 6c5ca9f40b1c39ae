//! SQL of weights and scorecards, and of the facts behind them.

use kernel::{Base, Date, Money, Price, ScorecardId, SupplierId};
use store::{FromRow, Result, Row, Tx, args, sql};

use super::{NewScorecard, Scorecard, ScorecardWeights, Shares, WeightsId};
use crate::filed;

macro_rules! weights_columns {
    () => {
        "id, quality_bp, delivery_bp, price_bp, service_bp, safety_bp, valid_from, valid_until, set_by, set_by_id, \
         set_at"
    };
}

sql! {
    WEIGHTS = concat!("SELECT ", weights_columns!(), " FROM scorecard_weights ORDER BY valid_from DESC LIMIT 200");
    OPEN_WEIGHTS = concat!("SELECT ", weights_columns!(), " FROM scorecard_weights WHERE valid_until IS NULL");
    WEIGHTS_ON = concat!(
        "SELECT ", weights_columns!(), " FROM scorecard_weights
         WHERE valid_from <= $1 AND (valid_until IS NULL OR valid_until >= $1)"
    );
    ADD_WEIGHTS = concat!(
        "INSERT INTO scorecard_weights (", weights_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    END_WEIGHTS = "UPDATE scorecard_weights SET valid_until = $2 WHERE id = $1";
    EXISTS = "SELECT COUNT(*) FROM scorecard WHERE supplier = $1 AND period_from = $2 AND period_until = $3";
    ADD = "INSERT INTO scorecard (id, supplier, period_from, period_until, total_bp, grade, weights, card, computed_by,
                                  computed_by_id, computed_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// Served by `scorecard_by_supplier`.
    PAGE = "SELECT card FROM scorecard WHERE supplier = $1 AND (period_until, id) < ($2, $3)
            ORDER BY period_until DESC, id DESC LIMIT $4";
    /// Received, accepted and taken with a cut, of each line that was judged.
    JUDGED_LINES =
        "SELECT CAST(COALESCE(a.grams, a.pieces) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN COALESCE(p.decided, p.disposition) = 'accept'
                                       THEN COALESCE(p.grams, p.pieces) ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN COALESCE(p.decided, p.disposition) = 'concession'
                                       THEN COALESCE(p.grams, p.pieces) ELSE 0 END), 0) AS BIGINT)
         FROM arrival r
         JOIN arrival_line a ON a.arrival = r.id
         JOIN arrival_part p ON p.line = a.id
         WHERE r.supplier = $1 AND a.received_on BETWEEN $2 AND $3 AND a.state = 'judged'
         GROUP BY a.id, a.grams, a.pieces
         ORDER BY a.id";
    /// Ordered, and come by the day, of each line that was due.
    DUE_LINES =
        "SELECT CAST(COALESCE(l.grams, l.pieces) AS BIGINT),
                CAST(COALESCE((SELECT SUM(COALESCE(a.grams, a.pieces)) FROM arrival_line a
                               WHERE a.purchase_order = o.id AND a.purchase_order_line = l.id
                                 AND a.received_on <= o.delivery_on), 0) AS BIGINT)
         FROM purchase_order o JOIN purchase_order_line l ON l.purchase_order = o.id
         WHERE o.supplier = $1 AND o.delivery_on BETWEEN $2 AND $3
           AND o.state IN ('accepted', 'partly_received', 'received', 'closed')
         ORDER BY l.id";
    /// What was agreed, and what the market's middle was on the day or in the week before.
    PRICES_PAID =
        "SELECT l.money, l.base, q.middle, q.base
         FROM purchase_order o
         JOIN purchase_order_line l ON l.purchase_order = o.id
         JOIN price_quote q ON q.sku = l.sku AND q.currency = o.currency AND q.day = (
             SELECT MAX(known.day) FROM price_quote known
             WHERE known.sku = l.sku AND known.currency = o.currency AND known.day <= o.delivery_on)
         WHERE o.supplier = $1 AND o.delivery_on BETWEEN $2 AND $3
           AND o.state IN ('accepted', 'partly_received', 'received', 'closed')
         ORDER BY l.id, q.market, q.grade";
    ARRIVALS =
        "SELECT CAST(COALESCE(SUM(CASE WHEN r.notice IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT),
                CAST(COUNT(*) AS BIGINT)
         FROM arrival r
         WHERE r.supplier = $1
           AND EXISTS (SELECT 1 FROM arrival_line a WHERE a.arrival = r.id AND a.received_on BETWEEN $2 AND $3)";
    /// Lines of which the facts forbade to take anything.
    CRITICAL_FAILURES =
        "SELECT CAST(COUNT(*) AS BIGINT)
         FROM arrival r
         JOIN arrival_line a ON a.arrival = r.id
         JOIN inspection i ON i.line = a.id
         WHERE r.supplier = $1 AND a.received_on BETWEEN $2 AND $3 AND i.bar = 'taking'";
}

impl FromRow for ScorecardWeights {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            shares: Shares {
                quality_bp: row.get(1)?,
                delivery_bp: row.get(2)?,
                price_bp: row.get(3)?,
                service_bp: row.get(4)?,
                safety_bp: row.get(5)?,
            },
            valid_from: row.get(6)?,
            valid_until: row.get(7)?,
            set_by: filed::actor(row, 8, WEIGHTS)?,
            set_at: row.get(10)?,
        })
    }
}

pub(super) async fn weights(tx: &mut Tx) -> Result<Vec<ScorecardWeights>> {
    tx.all(WEIGHTS, args![]).await
}

pub(super) async fn open_weights(tx: &mut Tx) -> Result<Option<ScorecardWeights>> {
    tx.optional(OPEN_WEIGHTS, args![]).await
}

pub(super) async fn weights_on(tx: &mut Tx, on: Date) -> Result<Option<ScorecardWeights>> {
    tx.optional(WEIGHTS_ON, args![on]).await
}

pub(super) async fn add_weights(tx: &mut Tx, new: &ScorecardWeights) -> Result<()> {
    let Shares { quality_bp, delivery_bp, price_bp, service_bp, safety_bp } = new.shares;
    tx.put(
        ADD_WEIGHTS,
        args![
            new.id,
            quality_bp,
            delivery_bp,
            price_bp,
            service_bp,
            safety_bp,
            new.valid_from,
            new.valid_until,
            new.set_by.noun(),
            new.set_by.uuid(),
            new.set_at,
        ],
    )
    .await
}

pub(super) async fn end_weights(tx: &mut Tx, id: WeightsId, eve: Date) -> Result<()> {
    tx.put(END_WEIGHTS, args![id, eve]).await
}

pub(super) async fn exists(tx: &mut Tx, supplier: SupplierId, period: NewScorecard) -> Result<bool> {
    let found: i64 = tx.one(EXISTS, args![supplier, period.period_from, period.period_until]).await?;
    Ok(found > 0)
}

pub(super) async fn add(tx: &mut Tx, card: &Scorecard) -> Result<()> {
    let text = serde_json::to_string(card).map_err(|error| filed::impossible(ADD, "card", error.to_string()))?;
    tx.put(
        ADD,
        args![
            card.id,
            card.supplier,
            card.period_from,
            card.period_until,
            card.total_bp,
            card.grade,
            card.weights,
            &text,
            card.computed_by.noun(),
            card.computed_by.uuid(),
            card.computed_at,
        ],
    )
    .await
}

pub(super) async fn page(
    tx: &mut Tx,
    supplier: SupplierId,
    before: Option<(Date, ScorecardId)>,
    limit: i64,
) -> Result<Vec<Scorecard>> {
    let (day, id) = before.map_or((Date::MAX, uuid::Uuid::max()), |(day, id)| (day, kernel::Id::uuid(id)));
    let cards: Vec<String> = tx.all(PAGE, args![supplier, day, id, limit]).await?;
    let read = |text: String| serde_json::from_str(&text).map_err(|_| filed::impossible(PAGE, "card", text));
    cards.into_iter().map(read).collect()
}

pub(super) async fn judged_lines(
    tx: &mut Tx,
    supplier: SupplierId,
    period: NewScorecard,
) -> Result<Vec<(i64, i64, i64)>> {
    tx.all(JUDGED_LINES, args![supplier, period.period_from, period.period_until]).await
}

pub(super) async fn due_lines(tx: &mut Tx, supplier: SupplierId, period: NewScorecard) -> Result<Vec<(i64, i64)>> {
    tx.all(DUE_LINES, args![supplier, period.period_from, period.period_until]).await
}

pub(super) async fn prices_paid(
    tx: &mut Tx,
    supplier: SupplierId,
    period: NewScorecard,
) -> Result<Vec<(Price, Price)>> {
    let rows: Vec<(Money, Base, Money, Base)> =
        tx.all(PRICES_PAID, args![supplier, period.period_from, period.period_until]).await?;
    let price = |money, base| Price { money, base };
    Ok(rows.into_iter().map(|(money, base, middle, of)| (price(money, base), price(middle, of))).collect())
}

pub(super) async fn arrivals(tx: &mut Tx, supplier: SupplierId, period: NewScorecard) -> Result<(i64, i64)> {
    tx.one(ARRIVALS, args![supplier, period.period_from, period.period_until]).await
}

pub(super) async fn critical_failures(tx: &mut Tx, supplier: SupplierId, period: NewScorecard) -> Result<i64> {
    tx.one(CRITICAL_FAILURES, args![supplier, period.period_from, period.period_until]).await
}
