//! Which part of the log a document covers.

use events::SealedEvent;
use store::{Db, StoreError, Tx};

/// The positions behind `after`, up to and with `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub after: i64,
    pub until: i64,
}

impl Span {
    /// What is sealed now behind `after`, at most so many positions. What is sealed later is another document's.
    pub async fn sealed(db: &Db, after: i64, most: i64) -> Result<Self, StoreError> {
        let tip = db.read(async move |tx: &mut Tx| events::tip(tx).await).await?;
        Ok(Self { after, until: tip.min(after.saturating_add(most)).max(after) })
    }

    /// The events of the span behind a position, in order, at most `limit`.
    pub(crate) async fn page(self, db: &Db, after: i64, limit: i64) -> Result<Vec<SealedEvent>, StoreError> {
        let wanted = limit.min(self.until.saturating_sub(after));
        if wanted <= 0 {
            return Ok(Vec::new());
        }
        db.read(async move |tx: &mut Tx| events::read_after(tx, after, wanted).await).await
    }
}
