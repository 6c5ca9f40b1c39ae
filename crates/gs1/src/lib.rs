//! What GS1 says about numbers, labels and events: check digits, element strings, in-store labels, Digital Links, and
//! the parts of EPCIS 2.0 that its JSON schema leaves open.
//!
//! Pure: no clock, no database, nothing of the shop. Where today's year matters it is an argument. It reads and writes
//! what stands on a label or in a document and never decides what the shop does with it.
#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod check_digit;
mod dates;
mod elements;
mod identifiers;
mod in_store;
mod link;

pub mod epcis;

pub use check_digit::{check_digit, is_checked};
pub use dates::{LabelDate, label_date};
pub use elements::{ElementString, Unreadable, bracketed, scanned};
pub use in_store::{InStoreLabel, Layout, LayoutError};
pub use link::{fits, gln_of, location, lot_class, party, shipping_unit};
