//! What is there, live: by lot and place, and summed by SKU.

use kernel::{Date, Instant, LotId, Measure, PlaceId, Quantity, SiteId, SkuId, ZoneId};
use serde::{Deserialize, Serialize};
use store::{FromRow, Result, Row, Tx, args, sql};
use utoipa::ToSchema;

use crate::{BlockFlags, LedgerRefusal, LotState, PlaceKind, Purpose, quantities, shelf, usable::usable_sql};

/// Which part of a site's stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockFilter {
    Everything,
    Sku(SkuId),
    Lot(LotId),
    Place(PlaceId),
    Zone(ZoneId),
}

/// Where a page of stock begins: behind this line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockKey {
    pub sku: SkuId,
    pub lot: LotId,
    pub place: PlaceId,
}

/// What one place holds of one lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockLine {
    pub sku: SkuId,
    pub sku_code: String,
    pub lot: LotId,
    pub lot_code: String,
    pub place: PlaceId,
    pub place_kind: PlaceKind,
    pub place_code: String,
    pub zone: Option<ZoneId>,
    pub on_hand: Quantity,
    /// Kept for order lines whose wave is released.
    pub bound: Quantity,
    /// Neither bound nor blocked nor run out, on a shelf: what orders may still be promised of it now.
    pub sellable: Quantity,
    pub state: LotState,
    pub flags: BlockFlags,
    #[schema(value_type = Option<String>, format = Date)]
    pub use_by: Option<Date>,
    pub usable_until: Option<Instant>,
    pub opened_at: Instant,
    /// Whole hours since the lot was opened.
    pub age_hours: i64,
    /// Whole hours of life left; negative when it has ended, none for goods that do not spoil.
    pub life_left_hours: Option<i64>,
    /// Life left of the life that it had here, in hundredths of a percent.
    pub life_left_bp: Option<i64>,
}

impl StockLine {
    /// The key of this line, for the page that follows.
    pub const fn key(&self) -> StockKey {
        StockKey { sku: self.sku, lot: self.lot, place: self.place }
    }
}

/// What a site has of one SKU, summed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OnShelf {
    pub sku: SkuId,
    pub sku_code: String,
    pub measure: Measure,
    /// On the shelves.
    pub on_hand: Quantity,
    /// At the dock, staged, in totes and vehicles.
    pub elsewhere: Quantity,
    /// On the shelves and not usable now: not approved, blocked, or run out.
    pub blocked: Quantity,
    pub promised: Quantity,
    pub bound: Quantity,
    /// Promised, and the goods behind it have failed.
    pub uncovered: Quantity,
    /// What can still be promised to a delivery by the time asked for.
    pub sellable: Quantity,
}

/// Stock by lot and place, in the order of SKU, lot and place, beginning after `after`. Served by the keys of `lot`
/// and `balance`.
pub async fn stock(
    tx: &mut Tx,
    site: SiteId,
    filter: StockFilter,
    now: Instant,
    after: Option<StockKey>,
    limit: i64,
) -> Result<Vec<StockLine>, LedgerRefusal> {
    let nil = uuid::Uuid::nil();
    let (sku, lot, place) = match after {
        Some(key) => (id(key.sku), id(key.lot), id(key.place)),
        None => (nil, nil, nil),
    };
    let (at, forbidden) = (now, Purpose::Promise.forbidden_by());
    let rows: Vec<LineRow> = match filter {
        StockFilter::Everything => tx.all(EVERYTHING, args![site, sku, lot, place, at, forbidden, limit]).await?,
        StockFilter::Sku(of) => tx.all(OF_SKU, args![site, sku, lot, place, at, forbidden, limit, of]).await?,
        StockFilter::Lot(of) => tx.all(OF_LOT, args![site, sku, lot, place, at, forbidden, limit, of]).await?,
        StockFilter::Place(of) => tx.all(OF_PLACE, args![site, sku, lot, place, at, forbidden, limit, of]).await?,
        StockFilter::Zone(of) => tx.all(OF_ZONE, args![site, sku, lot, place, at, forbidden, limit, of]).await?,
    };
    Ok(rows.into_iter().map(|row| row.line(now)).collect())
}

fn id<I: kernel::Id>(id: I) -> uuid::Uuid {
    id.uuid()
}

/// Stock by SKU, in the order of their codes, beginning after `after`; `sellable` is for a delivery by `deliver_by`.
pub async fn sku_stock(
    tx: &mut Tx,
    site: SiteId,
    now: Instant,
    deliver_by: Instant,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<OnShelf>, LedgerRefusal> {
    let forbidden = Purpose::Promise.forbidden_by();
    let rows: Vec<SkuRow> = tx.all(BY_SKU, args![site, now, forbidden, after.unwrap_or_default(), limit]).await?;
    let mut summed = Vec::with_capacity(rows.len());
    for row in rows {
        let (promised, uncovered): (i64, i64) = tx.one(CLAIMED, args![site, row.sku]).await?;
        let sellable = shelf::availability(tx, site, row.sku, deliver_by).await?;
        let number = |amount| quantities::promised(row.measure, amount);
        summed.push(OnShelf {
            on_hand: row.on_hand,
            elsewhere: row.elsewhere,
            blocked: number(row.blocked),
            promised: number(promised),
            bound: number(row.bound),
            uncovered: number(uncovered),
            sellable,
            sku: row.sku,
            sku_code: row.code,
            measure: row.measure,
        });
    }
    Ok(summed)
}

struct LineRow {
    line: StockLine,
}

impl LineRow {
    fn line(self, now: Instant) -> StockLine {
        const HOUR: i64 = 60;
        let line = self.line;
        let hours = |minutes: i64| minutes.div_euclid(HOUR);
        let life_left_bp = line.usable_until.and_then(|until| {
            let whole = until.minutes_since(line.opened_at);
            until.minutes_since(now).max(0).saturating_mul(10_000).checked_div(whole.max(1))
        });
        StockLine {
            age_hours: hours(now.minutes_since(line.opened_at)),
            life_left_hours: line.usable_until.map(|until| hours(until.minutes_since(now))),
            life_left_bp: life_left_bp.map(|share| share.min(10_000)),
            ..line
        }
    }
}

impl FromRow for LineRow {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let measure: Measure = row.get(8)?;
        let (amount, bound, sellable): (i64, i64, bool) = (row.get(12)?, row.get(13)?, row.get(14)?);
        let exactness = quantities::exactness_of_flag(row.get(11)?);
        let free = if sellable { amount.saturating_sub(bound) } else { 0 };
        Ok(Self {
            line: StockLine {
                sku: row.get(0)?,
                sku_code: row.get(1)?,
                lot: row.get(2)?,
                lot_code: row.get(3)?,
                place: row.get(4)?,
                place_kind: row.get(5)?,
                place_code: row.get(6)?,
                zone: row.get(7)?,
                on_hand: quantities::shaped(measure, row.get(9)?, row.get(10)?, exactness),
                bound: quantities::promised(measure, bound),
                sellable: quantities::promised(measure, free),
                state: row.get(15)?,
                flags: row.get(16)?,
                use_by: row.get(17)?,
                usable_until: row.get(18)?,
                opened_at: row.get(19)?,
                age_hours: 0,
                life_left_hours: None,
                life_left_bp: None,
            },
        })
    }
}

struct SkuRow {
    sku: SkuId,
    code: String,
    measure: Measure,
    on_hand: Quantity,
    elsewhere: Quantity,
    blocked: i64,
    bound: i64,
}

impl FromRow for SkuRow {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let measure = row.get(2)?;
        let estimated = quantities::exactness_of_flag(row.get(9)?);
        Ok(Self {
            sku: row.get(0)?,
            code: row.get(1)?,
            measure,
            on_hand: quantities::shaped(measure, row.get(3)?, row.get(4)?, estimated),
            elsewhere: quantities::shaped(measure, row.get(5)?, row.get(6)?, estimated),
            blocked: row.get(7)?,
            bound: row.get(8)?,
        })
    }
}

macro_rules! lines {
    ($filter:literal) => {
        concat!(
            "SELECT b.sku, s.code, b.lot, l.code, b.place, p.kind, p.code, p.zone, l.measure, b.pieces, b.grams,
                    b.estimated, b.amount, b.bound,
                    CASE WHEN b.shelved = 1 AND ",
            usable_sql!("$5", "$6"),
            " THEN 1 ELSE 0 END,
                    l.state, l.flags, l.use_by, l.usable_until, l.opened_at
             FROM balance b
             JOIN lot l ON l.id = b.lot JOIN sku s ON s.id = b.sku JOIN place p ON p.id = b.place
             WHERE b.site = $1 AND b.solid = 1 AND (b.pieces > 0 OR b.grams > 0)
               AND (b.sku, b.lot, b.place) > ($2, $3, $4)",
            $filter,
            " ORDER BY b.sku, b.lot, b.place LIMIT $7"
        )
    };
}

sql! {
    EVERYTHING = lines!("");
    OF_SKU = lines!(" AND b.sku = $8");
    OF_LOT = lines!(" AND b.lot = $8");
    OF_PLACE = lines!(" AND b.place = $8");
    OF_ZONE = lines!(" AND p.zone = $8");
    BY_SKU = concat!(
        "SELECT b.sku, s.code, s.measure,
                CAST(SUM(CASE WHEN b.shelved = 1 THEN b.pieces ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN b.shelved = 1 THEN b.grams ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN b.shelved = 0 THEN b.pieces ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN b.shelved = 0 THEN b.grams ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN b.shelved = 1 AND NOT ", usable_sql!("$2", "$3"), " THEN b.amount ELSE 0 END)
                     AS BIGINT),
                CAST(SUM(b.bound) AS BIGINT),
                MAX(b.estimated)
         FROM balance b JOIN lot l ON l.id = b.lot JOIN sku s ON s.id = b.sku
         WHERE b.site = $1 AND b.solid = 1 AND s.code > $4
         GROUP BY b.sku, s.code, s.measure
         ORDER BY s.code LIMIT $5"
    );
    CLAIMED =
        "SELECT (SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM reservation
                 WHERE site = $1 AND sku = $2 AND state = 'promised'),
                (SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM reservation
                 WHERE site = $1 AND sku = $2 AND state = 'uncovered')";
}
