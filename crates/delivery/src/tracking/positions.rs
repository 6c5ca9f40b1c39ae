//! Positions: measurements of a phone that is sometimes in a tunnel. Late, doubled and disordered batches are taken
//! as they come; the sequence number says what is known already.

use std::collections::BTreeSet;

use ::store::Tx;
use kernel::{RunId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    TrackingRefusal, drivable, eta,
    loading::vehicle_of,
    rules::{Fix, Quality, quality},
    store,
};
use crate::planning::RunState;

/// Positions of one batch: an hour of one every twenty seconds.
pub const FIXES_MAX: usize = 200;

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Received {
    pub accepted: i64,
    /// Known already, by their sequence numbers.
    pub duplicates: i64,
    /// Accepted, but flagged and not used: nobody drives that fast.
    pub teleports: i64,
    /// Accepted, but flagged and not used: measured in our future.
    pub ahead: i64,
}

/// Takes a batch of positions. Sending it again changes nothing.
pub async fn record_positions(
    tx: &mut Tx,
    stamp: &Stamp,
    run: RunId,
    fixes: &[Fix],
) -> Result<Received, TrackingRefusal> {
    let run = drivable(tx, stamp.by, run).await?;
    let on_the_road = match run.state() {
        RunState::Departed => true,
        // What a phone sends when it has signal again after the run.
        RunState::Finished => false,
        state @ (RunState::Planned | RunState::Loading | RunState::Cancelled) => {
            return Err(TrackingRefusal::RunIs { state });
        }
    };
    let id = run.sheet().id;
    let mut known: BTreeSet<i64> =
        match (fixes.iter().map(|fix| fix.sequence).min(), fixes.iter().map(|fix| fix.sequence).max()) {
            (Some(first), Some(last)) => store::sequences(tx, id, first, last).await?.into_iter().collect(),
            _ => BTreeSet::new(),
        };
    let mut in_time: Vec<&Fix> = fixes.iter().collect();
    in_time.sort_by_key(|fix| (fix.at, fix.sequence));
    let mut received = Received::default();
    for fix in in_time {
        if !known.insert(fix.sequence) {
            received.duplicates += 1;
            continue;
        }
        let quality = quality(fix, store::position_before(tx, id, fix.at).await?, stamp.at);
        store::add_position(tx, id, fix, quality, stamp.at).await?;
        received.accepted += 1;
        match quality {
            Quality::Good => {}
            Quality::Teleport => received.teleports += 1,
            Quality::ClockAhead => received.ahead += 1,
        }
    }
    if on_the_road && received.accepted > 0 {
        let vehicle = vehicle_of(tx, &run).await?;
        eta::refresh_from_last_position(tx, stamp.at, &run, &vehicle).await?;
    }
    Ok(received)
}
