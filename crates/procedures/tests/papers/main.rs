//! Chapter 5 on every engine: documents and their revisions, and cases against the written way.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

mod cases;
mod documents;
mod shop;
