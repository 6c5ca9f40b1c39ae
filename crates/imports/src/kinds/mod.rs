//! One file per kind: its columns, how a row is read, and the verb that takes it.

pub(crate) mod customers;
pub(crate) mod orders;
pub(crate) mod products;
pub(crate) mod stock;
pub(crate) mod suppliers;

use std::collections::BTreeMap;

use catalog::Site;
use edge::Problem;
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

pub(crate) fn unknown_product(code: &str) -> Problem {
    refused("imports/unknown-product").with("code", code).field("product")
}
