//! Rows of release notes.

use kernel::{CustomerOrderId, DeliveryWindowId, Instant, ReleaseNoteId, SiteId};
use serde::{Deserialize, Serialize};
use store::{FromRow, Result, Row, Tx, args, sql};
use utoipa::ToSchema;

use crate::order::codes;

/// Whether hands are still at work on a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteState {
    Open,
    Closed,
}

codes!(NoteState {
    Open = "open",
    Closed = "closed",
});

/// One release note 出庫單: what one site sends to one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseNote {
    pub id: ReleaseNoteId,
    pub number: String,
    pub order: CustomerOrderId,
    pub site: SiteId,
    pub window: DeliveryWindowId,
    pub state: NoteState,
    pub opened_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Instant>,
}

macro_rules! note_columns {
    () => {
        "id, number, customer_order, site, delivery_window, state, opened_at, closed_at"
    };
}

sql! {
    ADD = concat!("INSERT INTO release_note (", note_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)");
    NOTE = concat!("SELECT ", note_columns!(), " FROM release_note WHERE id = $1");
    CLOSE = "UPDATE release_note SET state = 'closed', closed_at = $2 WHERE id = $1 AND state = 'open'";
}

impl FromRow for ReleaseNote {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            number: row.get(1)?,
            order: row.get(2)?,
            site: row.get(3)?,
            window: row.get(4)?,
            state: row.get(5)?,
            opened_at: row.get(6)?,
            closed_at: row.get(7)?,
        })
    }
}

pub(super) async fn add(tx: &mut Tx, note: &ReleaseNote) -> Result<()> {
    let arguments = args![note.id, &note.number, note.order, note.site, note.window, note.state, note.opened_at];
    tx.put(ADD, arguments).await
}

pub(super) async fn note(tx: &mut Tx, id: ReleaseNoteId) -> Result<Option<ReleaseNote>> {
    tx.optional(NOTE, args![id]).await
}

pub(super) async fn close(tx: &mut Tx, id: ReleaseNoteId, at: Instant) -> Result<u64> {
    tx.execute(CLOSE, args![id, at]).await
}
