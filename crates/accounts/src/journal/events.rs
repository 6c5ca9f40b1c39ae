//! What the books tell.

use kernel::Date;
use serde::{Deserialize, Serialize};

/// The books of a site were closed through a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BooksLocked {
    pub locked_through: Date,
}

impl events::Told for BooksLocked {
    const KIND: &'static str = "books_locked";
    const VERSION: i64 = 1;
}
