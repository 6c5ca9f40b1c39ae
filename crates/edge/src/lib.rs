//! The door of every step: who calls, what they sent, how we answer and how we refuse.
//!
//! No routes live here. Every `http.rs` uses these extractors, so that a bad request is refused in one voice
//! (problem+json, a stable slug, the field, the reader's language) and leaves nothing behind.

mod app;
mod by_name;
mod caller;
mod extract;
mod fingerprint;
mod key;
mod page;
mod problem;
mod reply;
mod revision;

pub mod duty;
pub mod parse;

pub use app::{App, Workman};
pub use caller::{By, Caller, Gate, Guest, Sites};
pub use duty::Duty;
pub use extract::{ApiBytes, ApiJson, ApiPath, ApiQuery};
pub use fingerprint::{BODY_MAX_BYTES, UPLOAD_MAX_BYTES, fingerprint};
pub use key::IdempotencyKey;
pub use page::{Cursor, Page, Paging};
pub use problem::{FieldError, Problem, Refused, RequestId, speak};
pub use reply::Created;
pub use revision::{IfMatch, Revised, Tagged};
