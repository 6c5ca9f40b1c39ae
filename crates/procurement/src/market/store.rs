//! SQL of sales and quotes.

use kernel::{Date, Instant, Money, QuoteId, SiteId, SkuId, Stamp};
use store::{FromRow, Result, Row, Tx, args, row, sql};

use super::{NewPriceQuote, NewSalesDay, PriceQuote, Sale, SalesDay, rules::KnownDays};

sql! {
    SALES_DAY = "SELECT site, sku, day, amount, revenue, cost, shelf, share_bp FROM sales_day
                 WHERE site = $1 AND sku = $2 AND day = $3";
    PUT_SALES_DAY =
        "INSERT INTO sales_day (site, sku, day, amount, revenue, cost, shelf, share_bp, recorded_by, recorded_by_id,
                                recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (site, sku, day) DO UPDATE
         SET amount = excluded.amount, revenue = excluded.revenue, cost = excluded.cost, shelf = excluded.shelf,
             share_bp = excluded.share_bp, recorded_by = excluded.recorded_by,
             recorded_by_id = excluded.recorded_by_id, recorded_at = excluded.recorded_at";
    ADD_SALE = "INSERT INTO sale (order_line, site, sku, day, amount, revenue, sold_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT (order_line) DO NOTHING";
    NOTE_SOLD_OUT = "INSERT INTO sold_out (site, sku, day, at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (site, sku, day) DO NOTHING";
    SOLD_OUT_DAYS = "SELECT day FROM sold_out
                     WHERE site = $1 AND sku = $2 AND day BETWEEN $3 AND $4 ORDER BY day";
    /// Served by `sale_by_day`.
    OWN_DAYS = "SELECT day, CAST(SUM(amount) AS BIGINT), CAST(SUM(revenue) AS BIGINT) FROM sale
                WHERE site = $1 AND sku = $2 AND day BETWEEN $3 AND $4 GROUP BY day ORDER BY day";
    RECORDED_DAYS = "SELECT day, amount, revenue, shelf, share_bp FROM sales_day
                     WHERE site = $1 AND sku = $2 AND day BETWEEN $3 AND $4 ORDER BY day";
    RECORDED_COST = "SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) FROM sales_day
                     WHERE site = $1 AND sku = $2 AND day BETWEEN $3 AND $4";
    /// Days on which the site sold anything.
    OPEN_DAYS = "SELECT day FROM sale WHERE site = $1 AND day BETWEEN $2 AND $3
                 UNION
                 SELECT day FROM sales_day WHERE site = $1 AND day BETWEEN $2 AND $3
                 ORDER BY day";
    SKUS_SOLD = "SELECT sku FROM sale WHERE site = $1 AND day BETWEEN $2 AND $3
                 UNION
                 SELECT sku FROM sales_day WHERE site = $1 AND day BETWEEN $2 AND $3
                 ORDER BY sku";
    QUOTE = "SELECT id, market, sku, grade, day, currency, base, upper, middle, lower, volume_grams, source
             FROM price_quote WHERE sku = $1 AND market = $2 AND grade = $3 AND day = $4";
    /// Served by `price_quote_by_day`.
    QUOTES = "SELECT id, market, sku, grade, day, currency, base, upper, middle, lower, volume_grams, source
              FROM price_quote WHERE sku = $1 AND day BETWEEN $2 AND $3
              ORDER BY day DESC, market, grade LIMIT 1000";
    PUT_QUOTE =
        "INSERT INTO price_quote (id, market, sku, grade, day, currency, base, upper, middle, lower, volume_grams,
                                  source, recorded_by, recorded_by_id, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT (sku, market, grade, day) DO UPDATE
         SET currency = excluded.currency, base = excluded.base, upper = excluded.upper, middle = excluded.middle,
             lower = excluded.lower, volume_grams = excluded.volume_grams, source = excluded.source,
             recorded_by = excluded.recorded_by, recorded_by_id = excluded.recorded_by_id,
             recorded_at = excluded.recorded_at";
}

impl FromRow for NewSalesDay {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            site: row.get(0)?,
            sku: row.get(1)?,
            day: row.get(2)?,
            amount: row.get(3)?,
            revenue: row.get(4)?,
            cost: row.get(5)?,
            shelf: row.get(6)?,
            share_bp: row.get(7)?,
        })
    }
}

impl FromRow for SalesDay {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            day: row.get(0)?,
            amount: row.get(1)?,
            revenue: row.get(2)?,
            shelf: row.get(3)?,
            share_bp: row.get(4)?,
        })
    }
}

impl FromRow for PriceQuote {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            seen: NewPriceQuote {
                market: row.get(1)?,
                sku: row.get(2)?,
                grade: row.get(3)?,
                day: row.get(4)?,
                currency: row.get(5)?,
                base: row.get(6)?,
                upper: row.get(7)?,
                middle: row.get(8)?,
                lower: row.get(9)?,
                volume_grams: row.get(10)?,
                source: row.get(11)?,
            },
        })
    }
}

/// Rows that go to the database in one set.
const SET: usize = 1_000;

/// What is known of each of these days, in their order.
pub(super) async fn sales_days(tx: &mut Tx, rows: &[NewSalesDay]) -> Result<Vec<Option<NewSalesDay>>> {
    let mut known = Vec::with_capacity(rows.len());
    for set in rows.chunks(SET) {
        let set: Vec<_> = set.iter().map(|row| row![row.site, row.sku, row.day]).collect();
        known.extend(tx.all_many(SALES_DAY, &set).await?.into_iter().map(|mut found| found.pop()));
    }
    Ok(known)
}

pub(super) async fn put_sales_days(tx: &mut Tx, stamp: &Stamp, rows: &[&NewSalesDay]) -> Result<()> {
    for set in rows.chunks(SET) {
        let set = set.iter().map(|row| {
            row![
                row.site,
                row.sku,
                row.day,
                row.amount,
                row.revenue,
                row.cost,
                row.shelf,
                row.share_bp,
                stamp.by.noun(),
                stamp.by.uuid(),
                stamp.at,
            ]
        });
        tx.put_many(PUT_SALES_DAY, set.collect()).await?;
    }
    Ok(())
}

pub(super) async fn add_sales(tx: &mut Tx, site: SiteId, day: Date, sales: &[Sale], at: Instant) -> Result<()> {
    let rows = sales.iter().map(|sale| row![sale.order_line, site, sale.sku, day, sale.amount, sale.revenue, at]);
    tx.put_many(ADD_SALE, rows.collect()).await
}

pub(super) async fn note_sold_out(
    tx: &mut Tx,
    site: SiteId,
    skus: impl IntoIterator<Item = SkuId>,
    day: Date,
    at: Instant,
) -> Result<()> {
    tx.put_many(NOTE_SOLD_OUT, skus.into_iter().map(|sku| row![site, sku, day, at]).collect()).await
}

/// What is known of the days of these products, in their order.
pub(super) async fn known_days(
    tx: &mut Tx,
    site: SiteId,
    skus: &[SkuId],
    from: Date,
    through: Date,
) -> Result<Vec<KnownDays>> {
    let mut known = Vec::with_capacity(skus.len());
    for set in skus.chunks(SET) {
        let set: Vec<_> = set.iter().map(|sku| row![site, *sku, from, through]).collect();
        let own = tx.all_many(OWN_DAYS, &set).await?;
        let recorded = tx.all_many(RECORDED_DAYS, &set).await?;
        let sold_out = tx.all_many(SOLD_OUT_DAYS, &set).await?;
        let days = own.into_iter().zip(recorded).zip(sold_out);
        known.extend(days.map(|((own, recorded), sold_out)| KnownDays { own, recorded, sold_out }));
    }
    Ok(known)
}

pub(super) async fn recorded_cost(tx: &mut Tx, site: SiteId, sku: SkuId, from: Date, through: Date) -> Result<Money> {
    tx.one(RECORDED_COST, args![site, sku, from, through]).await
}

pub(super) async fn open_days(tx: &mut Tx, site: SiteId, from: Date, through: Date) -> Result<Vec<Date>> {
    tx.all(OPEN_DAYS, args![site, from, through]).await
}

pub(super) async fn skus_sold(tx: &mut Tx, site: SiteId, from: Date, through: Date) -> Result<Vec<SkuId>> {
    tx.all(SKUS_SOLD, args![site, from, through]).await
}

/// What is known in the place of each of these prices, in their order.
pub(super) async fn quotes_known(tx: &mut Tx, rows: &[NewPriceQuote]) -> Result<Vec<Option<PriceQuote>>> {
    let mut known = Vec::with_capacity(rows.len());
    for set in rows.chunks(SET) {
        let set: Vec<_> =
            set.iter().map(|row| row![row.sku, row.market.as_str(), row.grade.as_str(), row.day]).collect();
        known.extend(tx.all_many(QUOTE, &set).await?.into_iter().map(|mut found| found.pop()));
    }
    Ok(known)
}

pub(super) async fn quotes(tx: &mut Tx, sku: SkuId, from: Date, through: Date) -> Result<Vec<PriceQuote>> {
    tx.all(QUOTES, args![sku, from, through]).await
}

pub(super) async fn put_quotes(tx: &mut Tx, stamp: &Stamp, rows: &[(QuoteId, &NewPriceQuote)]) -> Result<()> {
    for set in rows.chunks(SET) {
        let set = set.iter().map(|(id, row)| {
            row![
                *id,
                row.market.as_str(),
                row.sku,
                row.grade.as_str(),
                row.day,
                row.currency,
                row.base,
                row.upper,
                row.middle,
                row.lower,
                row.volume_grams,
                row.source.as_str(),
                stamp.by.noun(),
                stamp.by.uuid(),
                stamp.at,
            ]
        });
        tx.put_many(PUT_QUOTE, set.collect()).await?;
    }
    Ok(())
}
