//! The log as OCEL 2.0: every event with the things it touched, for process mining.
//!
//! A document is a function of the log alone: the same positions give the same bytes. It is written while it is read,
//! page by page; only what must stand at its end, the things and their types, is kept until then.

mod document;
pub(crate) mod http;

use store::{Db, StoreError};

use document::Document;

use crate::span::Span;

/// Events that one look at the database covers.
const EVENTS_AT_ONCE: i64 = 500;
/// Things that one piece of text covers.
const THINGS_AT_ONCE: usize = 500;

/// An OCEL document that is being written.
pub struct OcelExport {
    db: Db,
    span: Span,
    document: Document,
    next: Part,
}

enum Part {
    Events { after: i64 },
    Things,
    Ended,
}

impl OcelExport {
    /// Begins a document over these positions.
    pub fn over(db: Db, span: Span) -> Self {
        Self { db, span, document: Document::default(), next: Part::Events { after: span.after } }
    }

    /// The next piece of the document; `None` after its end.
    pub async fn next(&mut self) -> Result<Option<String>, StoreError> {
        if let Part::Events { after } = self.next {
            let page = self.span.page(&self.db, after, EVENTS_AT_ONCE).await?;
            self.next = page.last().map_or(Part::Things, |last| Part::Events { after: last.position });
            if !page.is_empty() {
                return Ok(Some(self.document.events(&page)));
            }
        }
        match self.next {
            Part::Ended => Ok(None),
            Part::Things | Part::Events { .. } => Ok(Some(self.document.things(THINGS_AT_ONCE).unwrap_or_else(|| {
                self.next = Part::Ended;
                self.document.types()
            }))),
        }
    }
}
