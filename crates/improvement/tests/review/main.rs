//! Chapter 6 on every engine: figures against an independent fold, suggestions, meetings, and who may see them.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

mod door;
mod figures;
mod meetings;
mod shop;
mod suggestions;
