//! One file per kind: its columns, how a row is read, and the verb that takes it.

pub(crate) mod customers;
pub(crate) mod orders;
pub(crate) mod products;
pub(crate) mod quotes;
pub(crate) mod sales;
pub(crate) mod stock;
pub(crate) mod suppliers;

use std::collections::{BTreeMap, BTreeSet};

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
pub(crate) struct Products(BTreeMap<String, Sku>);

/// Codes that are looked up in one question.
const SET: usize = 1_000;

impl Products {
    pub(crate) async fn of<'a>(tx: &mut Tx, codes: impl Iterator<Item = &'a str>) -> Result<Self, Problem> {
        let codes: Vec<&str> = codes.collect::<BTreeSet<_>>().into_iter().collect();
        let mut skus = BTreeMap::new();
        for codes in codes.chunks(SET) {
            skus.extend(catalog::skus_by_code(tx, codes.iter().copied()).await?);
        }
        Ok(Self(skus))
    }

    pub(crate) fn sku(&self, code: &str) -> Result<&Sku, Problem> {
        self.0.get(code).ok_or_else(|| refused("imports/unknown-product").with("code", code).field("product"))
    }

    /// What the catalogue says about a code, to be changed.
    pub(crate) fn take(&mut self, code: &str) -> Option<Sku> {
        self.0.remove(code)
    }
}

pub(crate) fn wrong_measure(code: &str) -> Problem {
    refused("imports/wrong-measure").with("code", code).field("weight")
}
