//! Wholesale prices: what a market asked for a product on a day. A price that is known is replaced.

use edge::Problem;
use kernel::{Base, Currency, Date, Money, Price, Stamp};
use procurement::market::{self, NewPriceQuote};
use store::Tx;

use super::Products;
use crate::{
    cells::{self, refused},
    columns::{Column, Kind, optional, required},
    entries::{At, Taken},
    line::{BASES, Line},
};

pub(crate) const COLUMNS: &[Column] = &[
    required("market", "台北一"),
    required("product", "0042"),
    optional("grade", "上"),
    required("day", "115/03/27"),
    required("currency", "TWD").one_of(&["TWD", "CNY"]),
    required("upper", "60"),
    required("middle", "50"),
    required("lower", "40"),
    required("price_per", "kilogram").one_of(BASES),
    optional("traded_weight", "4200 公斤"),
    required("source", "農產品批發市場交易行情"),
];

/// More than a market trades of a product in a day, in grams.
const TRADED_MAX: i64 = 1_000_000_000_000;

/// A row that was read.
#[derive(Debug)]
pub(crate) struct Row {
    /// Market, product, grade and day: what there is one of.
    key: String,
    market: String,
    product: String,
    grade: String,
    day: Date,
    currency: Currency,
    base: Base,
    upper: Money,
    middle: Money,
    lower: Money,
    traded_grams: Option<i64>,
    source: String,
}

pub(crate) fn read(line: &mut Line<'_>) -> Option<Row> {
    let market = line.text("market", 60);
    let product = line.code("product", 32);
    let grade = line.text_if_any("grade", 40).unwrap_or_default();
    let day = line.must("day", cells::date);
    let currency = line.choice("currency", Currency::from_code);
    let mut money = |column| {
        // Without a currency nobody knows where the decimals end.
        currency.and_then(|currency| line.must(column, |cell| cells::money(cell, currency)))
    };
    let (upper, middle, lower) = (money("upper"), money("middle"), money("lower"));
    if let (Some(upper), Some(middle), Some(lower)) = (upper, middle, lower)
        && !(lower..=upper).contains(&middle)
    {
        line.fault("middle", refused("imports/price-outside-its-thirds"));
    }
    let base = line.choice("price_per", Base::from_code);
    let traded_grams = line.may("traded_weight", |cell| cells::grams(cell, 0..=TRADED_MAX));
    let source = line.text("source", 120);

    let (market, product, day) = (market?, product?, day?);
    let row = Row {
        key: format!("{market} {product} {grade} {day}"),
        market,
        product,
        grade,
        day,
        currency: currency?,
        base: base?,
        upper: upper?,
        middle: middle?,
        lower: lower?,
        traded_grams,
        source: source?,
    };
    line.faults.is_empty().then_some(row)
}

impl Row {
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    fn quote(&self, products: &Products) -> Result<NewPriceQuote, Problem> {
        let sku = products.sku(&self.product)?;
        if !(Price { money: self.middle, base: self.base }).suits(sku.measure) {
            return Err(refused("imports/price-unsuited").field("price_per"));
        }
        Ok(NewPriceQuote {
            market: self.market.clone(),
            sku: sku.id,
            grade: self.grade.clone(),
            day: self.day,
            currency: self.currency,
            base: self.base,
            upper: self.upper,
            middle: self.middle,
            lower: self.lower,
            volume_grams: self.traded_grams,
            source: self.source.clone(),
        })
    }
}

/// Records all prices at once, or says what is wrong with which.
pub(crate) async fn enter(tx: &mut Tx, stamp: &Stamp, rows: &[At<Row>], taken: &mut Taken) -> Result<(), Problem> {
    let products = Products::of(tx, rows.iter().map(|row| row.what.product.as_str())).await?;
    let mut quotes = Vec::with_capacity(rows.len());
    for row in rows {
        quotes.extend(taken.judged(Kind::Quotes, row.row, row.what.quote(&products))?);
    }
    if taken.faults.is_empty() {
        taken.counted = market::record_quotes(tx, stamp, &quotes).await?.into();
    }
    Ok(())
}
