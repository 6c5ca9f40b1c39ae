//! The physical steps of the log as EPCIS 2.0 events, for partners and for a recall.
//!
//! Goods are named by their GS1 keys where they have some and by a UUID where they have none; nothing is invented. An
//! event's id is its hash, so that two documents that overlap name one event alike. What the shop decided without
//! touching goods (a promise, an approval) is no event here.

mod facts;
pub(crate) mod http;
mod render;
mod steps;

use store::{Db, StoreError, Tx};

use crate::span::Span;
use facts::Facts;

/// Events that one look at the database covers.
const EVENTS_AT_ONCE: i64 = 500;

/// An EPCIS document that is being written.
pub struct EpcisExport {
    db: Db,
    span: Span,
    next: Part,
    /// When the last event of the span was told: the document says that it was made then, and so is the same when it
    /// is asked for again.
    told_at: kernel::Instant,
}

enum Part {
    Beginning,
    Events { after: i64, first: First },
    Ended,
}

/// Whether a comma is due.
#[derive(Clone, Copy)]
enum First {
    Yes,
    No,
}

impl EpcisExport {
    /// Begins a document over these positions.
    pub fn over(db: Db, span: Span) -> Self {
        Self { db, span, next: Part::Beginning, told_at: kernel::Instant::MIN }
    }

    /// The next piece of the document; `None` after its end.
    pub async fn next(&mut self) -> Result<Option<String>, StoreError> {
        loop {
            match self.next {
                Part::Beginning => {
                    self.next = Part::Events { after: self.span.after, first: First::Yes };
                    return Ok(Some(render::opening()));
                }
                Part::Events { after, first } => {
                    let page = self.span.page(&self.db, after, EVENTS_AT_ONCE).await?;
                    let Some(last) = page.last() else {
                        self.next = Part::Ended;
                        return Ok(Some(render::ending(self.told_at)));
                    };
                    self.told_at = last.at;
                    let steps: Vec<steps::Step> = page.iter().flat_map(steps::of_event).collect();
                    let wanted = facts::Wanted::by(&steps);
                    let facts: Facts =
                        self.db.read(async move |tx: &mut Tx| facts::read(tx, wanted.clone()).await).await?;
                    let events: Vec<String> = steps.iter().filter_map(|step| render::event(step, &facts)).collect();
                    if events.is_empty() {
                        self.next = Part::Events { after: last.position, first };
                        continue;
                    }
                    self.next = Part::Events { after: last.position, first: First::No };
                    let comma = match first {
                        First::Yes => "",
                        First::No => ",\n",
                    };
                    return Ok(Some(format!("{comma}{}", events.join(",\n"))));
                }
                Part::Ended => return Ok(None),
            }
        }
    }
}
