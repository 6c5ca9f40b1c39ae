//! Step 2.3 溫控. Watches what goods are kept at, raises alarms, stops what was warm for too long, and works out how
//! much life is left.
//!
//! Readings are measurements: they are kept as they come, late and doubled too, and never become events. What is
//! concluded from them is: an excursion, which people answer, act on and close; the exposure of every lot that lay
//! there meanwhile, by the stock journal; the quarantine of those that bore too much, which an inspector decides. It
//! never lengthens a life and never lets a label be extended.

pub mod band;
pub mod curve;
pub mod events;
pub mod excursions;
pub mod haccp;
pub mod http;
pub mod inhibits;
mod life;
pub mod machine;
pub mod payload;
pub mod probes;
pub mod quarantine;
mod record;
mod refusal;
mod store;
pub mod thermal;

pub use excursions::{Closing, Excursion, ExcursionState, NewAction, Rung, Voiding, anything_to_watch, close, watch};
pub use life::{LotTemperature, exposed_lots, look_at_lives, lot_temperature, recompute};
pub use payload::{BATCH_MAX, Spoken};
pub use probes::{NewProbe, Probe, ProbeKind, probe, probe_by_topic, speaks_for, topics_of};
pub use quarantine::{
    Disposition, ExcursionSheet, NewDisposition, Quarantine, QuarantineState, decide, expose, stop_all, void,
};
pub use record::{Recorded, Source, record};
pub use refusal::ColdchainRefusal;
