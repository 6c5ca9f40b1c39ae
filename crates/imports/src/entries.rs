//! The rows of one file, read and judged, and how they are taken.

use std::collections::BTreeMap;

use catalog::Change;
use edge::{Problem, Sites};
use kernel::{Lang, Stamp};
use sheets::Table;
use store::Tx;

use crate::{
    cells::refused,
    columns::Kind,
    faults::Fault,
    kinds::{Entered, Products, SitesByCode, customers, orders, products, quotes, sales, stock, suppliers},
    line::{Layout, Line},
    run::Counted,
    store::{Remembered, known_objects},
};

/// A row with the number under which the file shows it.
#[derive(Debug)]
pub(crate) struct At<T> {
    pub(crate) row: usize,
    pub(crate) what: T,
}

/// What a file wants entered.
#[derive(Debug)]
pub(crate) enum Entries {
    Products(Vec<At<products::Product>>),
    Suppliers(Vec<At<suppliers::Row>>),
    Customers(Vec<At<customers::Row>>),
    Quotes(Vec<At<quotes::Row>>),
    Sales(Vec<At<sales::Row>>),
    Stock(Vec<At<stock::Row>>),
    Orders(Vec<orders::Order>),
}

impl Entries {
    /// Reads every row and notes every fault.
    pub(crate) fn read(
        kind: Kind,
        table: &Table,
        layout: &Layout,
        sites: &SitesByCode,
        lang: Lang,
        faults: &mut Vec<Fault>,
    ) -> Self {
        match kind {
            Kind::Products => {
                let rows = each(table, layout, lang, faults, |line, _| products::read(line, sites));
                Self::Products(once_each(rows, "code", products::Product::key, faults))
            }
            Kind::Suppliers => {
                let rows = each(table, layout, lang, faults, |line, _| suppliers::read(line));
                Self::Suppliers(once_each(rows, "code", suppliers::Row::key, faults))
            }
            Kind::Customers => {
                let rows = each(table, layout, lang, faults, |line, _| customers::read(line));
                Self::Customers(once_each(rows, "reference", customers::Row::key, faults))
            }
            Kind::Quotes => {
                let rows = each(table, layout, lang, faults, |line, _| quotes::read(line));
                Self::Quotes(once_each(rows, "day", quotes::Row::key, faults))
            }
            Kind::Sales => {
                let rows = each(table, layout, lang, faults, |line, _| sales::read(line, sites));
                Self::Sales(once_each(rows, "day", sales::Row::key, faults))
            }
            Kind::Stock => {
                let rows = each(table, layout, lang, faults, |line, _| stock::read(line, sites));
                Self::Stock(once_each(rows, "reference", stock::Row::key, faults))
            }
            Kind::Orders => {
                let rows = each(table, layout, lang, faults, |line, row| orders::read(line, row, sites));
                Self::Orders(orders::gather(rows.into_iter().map(|row| row.what).collect(), faults))
            }
        }
    }

    /// Takes every row by the verb of its context. What is refused is noted and the others go on, so that all faults
    /// are told at once; the caller undoes everything when there is one. A failure of ours ends it.
    pub(crate) async fn enter(
        &self,
        tx: &mut Tx,
        stamp: &Stamp,
        sites: &Sites,
        taken: &mut Taken,
    ) -> Result<(), Problem> {
        match self {
            Self::Products(rows) => {
                let mut known = Products::of(tx, rows.iter().map(|row| row.what.key())).await?;
                for row in rows {
                    let entered = products::enter(tx, stamp, known.take(row.what.key()), &row.what).await;
                    taken.note(Kind::Products, row.row, entered, || None)?;
                }
            }
            Self::Suppliers(rows) => {
                for row in rows {
                    let entered = suppliers::enter(tx, stamp, &row.what).await;
                    taken.note(Kind::Suppliers, row.row, entered, || None)?;
                }
            }
            Self::Customers(rows) => {
                let keys: Vec<&str> = rows.iter().map(|row| row.what.key()).collect();
                let known = known_objects(tx, Kind::Customers, &keys).await?;
                for row in rows {
                    let entered = customers::enter(tx, stamp, &known, &row.what).await;
                    taken.note(Kind::Customers, row.row, entered, || Some((row.what.key().to_owned(), None)))?;
                }
            }
            Self::Quotes(rows) => quotes::enter(tx, stamp, rows, taken).await?,
            Self::Sales(rows) => sales::enter(tx, stamp, rows, taken).await?,
            Self::Stock(rows) => {
                let keys: Vec<&str> = rows.iter().map(|row| row.what.key()).collect();
                let known = known_objects(tx, Kind::Stock, &keys).await?;
                let mut shelves = stock::Shelves::of(tx, rows).await?;
                for row in rows {
                    let entered = stock::enter(tx, stamp, sites, &mut shelves, &known, &row.what).await;
                    let known = || Some((row.what.key().to_owned(), Some(row.what.fingerprint())));
                    taken.note(Kind::Stock, row.row, entered, known)?;
                }
            }
            Self::Orders(orders) => {
                let mut desk = orders::Desk::of(tx, orders).await?;
                for order in orders {
                    let (row, entered) = match orders::enter(tx, stamp, &mut desk, order).await {
                        Ok(entered) => (order.first_row(), Ok(entered)),
                        Err(refused) => (refused.row, Err(refused.problem)),
                    };
                    let known = || Some((order.key().to_owned(), Some(order.fingerprint())));
                    taken.note(Kind::Orders, row, entered, known)?;
                }
            }
        }
        Ok(())
    }
}

/// What became of the rows so far.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) counted: Counted,
    pub(crate) faults: Vec<Fault>,
    pub(crate) remembered: Vec<Remembered>,
}

impl Taken {
    fn note(
        &mut self,
        kind: Kind,
        row: usize,
        entered: Result<Entered, Problem>,
        known: impl FnOnce() -> Option<(String, Option<String>)>,
    ) -> Result<(), Problem> {
        let Some(Entered { change, object }) = self.judged(kind, row, entered)? else { return Ok(()) };
        match change {
            Change::Created => self.counted.created += 1,
            Change::Changed => self.counted.changed += 1,
            Change::Same => self.counted.same += 1,
        }
        if change == Change::Created {
            let new = known().map(|(key, fingerprint)| Remembered { key, object, fingerprint });
            self.remembered.extend(new);
        }
        Ok(())
    }

    /// What came of a row, or nothing if it was refused: then its fault is noted.
    pub(crate) fn judged<T>(&mut self, kind: Kind, row: usize, came: Result<T, Problem>) -> Result<Option<T>, Problem> {
        match came {
            Ok(came) => Ok(Some(came)),
            Err(problem) if problem.status().is_server_error() => Err(problem),
            Err(problem) => {
                self.faults.push(Fault::of(kind, row, problem));
                Ok(None)
            }
        }
    }
}

fn each<T>(
    table: &Table,
    layout: &Layout,
    lang: Lang,
    faults: &mut Vec<Fault>,
    mut read: impl FnMut(&mut Line<'_>, usize) -> Option<T>,
) -> Vec<At<T>> {
    let mut rows = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let mut line = Line::new(layout, row, lang);
        let what = read(&mut line, row.number);
        faults.append(&mut line.faults);
        rows.extend(what.map(|what| At { row: row.number, what }));
    }
    rows
}

/// Two rows with one key: which of them is meant, nobody can say.
fn once_each<T>(
    rows: Vec<At<T>>,
    column: &'static str,
    key: impl Fn(&T) -> &str,
    faults: &mut Vec<Fault>,
) -> Vec<At<T>> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        let named = key(&row.what).to_owned();
        if let Some(earlier) = first.get(&named) {
            let problem = refused("imports/twice").with("key", named).with("first", earlier);
            faults.push(Fault { row: row.row, column: Some(column), problem });
        } else {
            first.insert(named, row.row);
            kept.push(row);
        }
    }
    kept
}
