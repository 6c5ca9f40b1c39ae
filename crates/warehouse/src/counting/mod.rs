//! Step 2.4 盤點: blind counts, a second look by another person, adjustments that a third signs, and the daily search
//! for what has run out, up to its disposal before a witness.
//!
//! It never shows the book to who counts, and never makes the book agree with a shelf unless two people have signed.
//! Goods and money are corrected in one transaction.

pub mod events;
pub mod http;

mod adjust;
mod dispose;
mod plan;
mod refusal;
mod rules;
mod sheets;
mod shrink;
mod store;

pub use adjust::{Adjustment, Approval, approve, reject};
pub use dispose::{
    ExpirySweep, Weighing, WriteOff, propose_expired, propose_write_off, sweep_of_the_day, weigh, withdraw, witness,
};
pub use plan::plan;
pub use refusal::CountingRefusal;
pub use rules::{
    AdjustmentReason, AdjustmentState, Authority, Count, CountLine, CountLineState, CountPlace, CountProposal,
    CountRules, CountSheet, CountSheetState, DisposalReason, Judged, WriteOffState, judge,
};
pub use sheets::{CountEntry, CountVariance, close, enter, open, sheet, variances};
pub use shrink::{Shrink, ShrinkLine, WasteLine, shrink};
