//! One file per kind: its columns, how a row is read, and the verb that takes it.

pub(crate) mod customers;
pub(crate) mod orders;
pub(crate) mod products;
pub(crate) mod quotes;
pub(crate) mod sales;
pub(crate) mod stock;
pub(crate) mod suppliers;

use std::collections::BTreeMap;

use catalog::{Site, Sku};
use edge::Problem;
use store::Tx;
use uuid::Uuid;

use crate::{
    cells::{self, refused},
    line::Line,
};

pub(crate) use catalog::Change;

/// The sites that the caller works for, by code.
pub(crate) type SitesByCode = BTreeMap<String, Site>;

/// What became of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entered {
    pub(crate) change: Change,
    pub(crate) object: Uuid,
}

/// The site that a column names; another's is told as if there were none.
pub(crate) fn site<'s>(line: &mut Line<'_>, column: &'static str, sites: &'s SitesByCode) -> Option<&'s Site> {
    line.must(column, |cell| {
        let code = cells::typed(cell)?;
        sites.get(&code).ok_or_else(|| refused("imports/unknown-site").with("code", code))
    })
}

/// The products that the rows of a file name, each looked up once.
#[derive(Default)]
pub(crate) struct Products(BTreeMap<String, Option<Sku>>);

impl Products {
    pub(crate) async fn sku(&mut self, tx: &mut Tx, code: &str) -> Result<&Sku, Problem> {
        if !self.0.contains_key(code) {
            self.0.insert(code.to_owned(), catalog::sku_by_code(tx, code).await?);
        }
        let found = self.0.get(code).and_then(Option::as_ref);
        found.ok_or_else(|| refused("imports/unknown-product").with("code", code).field("product"))
    }
}

pub(crate) fn wrong_measure(code: &str) -> Problem {
    refused("imports/wrong-measure").with("code", code).field("weight")
}
