//! What is written together: the invoices of a whole vehicle and their entries take no more statements than those of
//! one order.

use ::store::{Result, Tx};
use kernel::{Date, EntryId, Stamp};

use crate::{
    Entry,
    invoices::{self, Unwritten},
    journal,
};

/// Entries and invoices that have been judged and have their ids and numbers, and are not in the books yet: whoever
/// fills a sheaf writes it before anybody reads the books.
#[derive(Debug, Default)]
#[must_use = "what is not written is not in the books"]
pub struct Sheaf {
    pub(crate) entries: Vec<(EntryId, Date, Entry)>,
    pub(crate) invoices: Vec<Unwritten>,
}

impl Sheaf {
    /// Writes all of it.
    pub async fn write(self, tx: &mut Tx, stamp: &Stamp) -> Result<()> {
        let entries: Vec<_> = self.entries.iter().map(|(id, day, entry)| (*id, *day, entry)).collect();
        journal::write(tx, stamp, &entries).await?;
        invoices::write(tx, stamp, &self.invoices).await
    }
}
