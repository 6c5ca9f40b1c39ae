//! What fulfilment remembers: SQL and rows, nothing else.

mod parcels;
mod settings;
mod tasks;
mod waves;

pub(in crate::fulfilment) use parcels::*;
pub(in crate::fulfilment) use settings::*;
pub(in crate::fulfilment) use tasks::*;
pub(in crate::fulfilment) use waves::*;

use kernel::{Exactness, Quantity};

/// A quantity from its columns.
const fn quantity(pieces: Option<i64>, grams: Option<i64>, exactness: Exactness) -> Quantity {
    Quantity { pieces, grams, exactness }
}

const fn exact(flag: bool) -> Exactness {
    if flag { Exactness::Exact } else { Exactness::Estimated }
}

const fn is_exact(exactness: Exactness) -> bool {
    matches!(exactness, Exactness::Exact)
}
