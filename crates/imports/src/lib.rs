//! 匯入 Imports: files from outside become what people would have typed.
//!
//! A file is read whole, every row is judged, and either all of it is taken in one transaction or nothing is; then
//! every bad row is named with its column and its reason. Every row goes through the verb of the context that keeps
//! such things, so that a file can do nothing that a person could not. A row that comes again changes nothing.

mod cells;
mod columns;
mod entries;
mod events;
mod faults;
mod kinds;
mod line;
mod run;
mod store;
mod templates;

pub mod http;

pub use columns::Kind;
pub use events::FileImported;
pub use http::router;
pub use run::{Halt, ImportRunId, ImportedFile, ImportedRow, Keeping, Parsed, Report, import, read};
pub use sheets::Format;
pub use templates::template;

/// The tables of this crate; those of the contexts come before.
pub const MIGRATION: ::store::Migration =
    ::store::Migration::new(80, "imports", include_str!("../../../migrations/0080_imports.sql"));
