//! Sales history: what was sold of a product on a day that is over. A day that is known is replaced.

use edge::Problem;
use kernel::{Date, Measure, Money, Quantity, SiteId, Stamp};
use procurement::market::{self, NewSalesDay, ShelfState};
use store::Tx;

use super::{Products, SitesByCode, site, wrong_measure};
use crate::{
    cells::{self, refused},
    columns::{Column, Kind, optional, required},
    entries::{At, Taken},
    faults::Fault,
    line::Line,
};

pub(crate) const COLUMNS: &[Column] = &[
    required("site", "TPE1"),
    required("product", "0042"),
    required("day", "115/03/27"),
    optional("pieces", ""),
    optional("weight", "42.5 公斤"),
    optional("revenue", "2550"),
    optional("cost", "1530"),
    optional("shelf", "sold_out").one_of(&["stocked", "sold_out"]),
    optional("share_percent", "80"),
];

/// A row that was read.
#[derive(Debug)]
pub(crate) struct Row {
    /// Site, product and day: what there is one of.
    key: String,
    site: SiteId,
    product: String,
    day: Date,
    sold: Quantity,
    revenue: Money,
    cost: Money,
    shelf: ShelfState,
    share_bp: Option<i64>,
}

pub(crate) fn read(line: &mut Line<'_>, sites: &SitesByCode) -> Option<Row> {
    let site = site(line, "site", sites);
    let product = line.code("product", 32);
    let day = line.must("day", cells::date);
    // A day on which nothing was sold is a day.
    let sold = line.pieces_or_weight(0..=Quantity::MAX, 0..=Quantity::MAX);
    let mut money = |column| site.and_then(|site| line.money_if_any(column, site.currency)).unwrap_or(Money::ZERO);
    let (revenue, cost) = (money("revenue"), money("cost"));
    let shelf =
        if line.is_given("shelf") { line.choice("shelf", ShelfState::from_code) } else { Some(ShelfState::Stocked) };
    let share_bp = line.may("share_percent", |cell| cells::scaled(cell, 2, 1, 10_000));
    if share_bp.is_some() && shelf == Some(ShelfState::Stocked) {
        line.fault("share_percent", refused("imports/share-of-full-day"));
    }
    let (site, product, day) = (site?, product?, day?);
    let key = format!("{} {product} {day}", site.code);
    let row = Row { key, site: site.id, product, day, sold: sold?, revenue, cost, shelf: shelf?, share_bp };
    line.faults.is_empty().then_some(row)
}

impl Row {
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    fn day(&self, products: &Products) -> Result<NewSalesDay, Problem> {
        let sku = products.sku(&self.product)?;
        let amount = match sku.measure {
            Measure::Weighed => self.sold.grams,
            Measure::Counted | Measure::CatchWeight => self.sold.pieces,
        };
        Ok(NewSalesDay {
            site: self.site,
            sku: sku.id,
            day: self.day,
            amount: amount.ok_or_else(|| wrong_measure(&sku.code))?,
            revenue: self.revenue,
            cost: self.cost,
            shelf: self.shelf,
            share_bp: self.share_bp,
        })
    }
}

/// Records all days at once, or says what is wrong with which.
pub(crate) async fn enter(tx: &mut Tx, stamp: &Stamp, rows: &[At<Row>], taken: &mut Taken) -> Result<(), Problem> {
    let products = Products::of(tx, rows.iter().map(|row| row.what.product.as_str())).await?;
    let (mut days, mut numbers) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        if let Some(day) = taken.judged(Kind::Sales, row.row, row.what.day(&products))? {
            days.push(day);
            numbers.push(row.row);
        }
    }
    let unfit = market::unfit_sales(tx, stamp, &days).await?;
    let row_of = |nth: usize| numbers.get(nth).copied().unwrap_or(0);
    taken.faults.extend(unfit.into_iter().map(|(nth, why)| Fault::of(Kind::Sales, row_of(nth), why.into())));
    if taken.faults.is_empty() {
        taken.counted = market::record_sales(tx, stamp, &days).await?.into();
    }
    Ok(())
}
