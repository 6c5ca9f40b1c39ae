//! EPCIS 2.0: the words of its vocabulary, the hash that names an event, and a check of what the schema leaves open.

mod check;
mod hash;
mod uri;
mod vocabulary;

pub use check::{Fault, faults};
pub use hash::{Namespaces, event_hash, pre_hash};
pub use uri::canonical;
pub use vocabulary::{BIZ_STEPS, BIZ_TRANSACTIONS, DISPOSITIONS, PARTIES};

/// What every document of ours names as the meaning of its words.
pub const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
