//! 2.1 meets 3.3 and 2.4: goods whose life has ended leave the shelf, the orders that counted on them look for others,
//! and what is left of them is proposed for writing off.

use std::collections::BTreeSet;

use delivery::feedback;
use kernel::{Instant, Stamp};
use orders::allocation;
use procurement::approvals;
use store::{StoreError, Tx};
use warehouse::{coldchain, counting};

use crate::FlowRefusal;

/// What a minute has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// There is something for [`sweep`].
    Sweep,
    /// Complaints have still to be joined with what they concern.
    Complaints,
    /// Nobody has taken up the suggestions inside ratings.
    Suggestions,
    /// Events wait for their positions, or have got them since.
    Log,
}

/// What the clock and the customers have made due, for one who has read the log up to a position. Most minutes
/// bring nothing, so one question is asked for all of it.
pub async fn due(tx: &mut Tx, now: Instant, read_to: i64) -> Result<Vec<Due>, StoreError> {
    let [silent, unanswered] = coldchain::anything_to_watch(now);
    let [complaints, suggestions] = feedback::anything_unheard();
    let [unsealed, sealed] = events::anything_behind(read_to);
    let [orders, promises, lots, signatures, silent, unanswered, complaints, suggestions, unsealed, sealed] = tx
        .any(&[
            orders::anything_to_sweep(now),
            ledger::any_promise_lapsed(now),
            ledger::any_lot_run_out(now),
            approvals::any_signature_late(now),
            silent,
            unanswered,
            complaints,
            suggestions,
            unsealed,
            sealed,
        ])
        .await?;
    let found = [
        (Due::Sweep, orders || promises || lots || signatures || silent || unanswered),
        (Due::Complaints, complaints),
        (Due::Suggestions, suggestions),
        (Due::Log, unsealed || sealed),
    ];
    Ok(found.into_iter().filter_map(|(due, found)| found.then_some(due)).collect())
}

/// What is due by the clock alone: unpaid promises lapse, lots expire, late signatures are asked for one level up, silent
/// probes and unanswered alarms are heard of.
pub async fn sweep(tx: &mut Tx, stamp: &Stamp) -> Result<(), FlowRefusal> {
    orders::sweep(tx, stamp).await?;
    ledger::expire_promises(tx, stamp, stamp.at).await?;
    let expired = ledger::expire_lots(tx, stamp, stamp.at).await?;
    let shelves: BTreeSet<_> = expired.iter().map(|expired| (expired.lot.site, expired.lot.sku)).collect();
    for (site, sku) in shelves {
        allocation::reallocate(tx, stamp, site, sku).await?;
    }
    counting::propose_expired(tx, stamp, &expired).await?;
    approvals::escalate_late(tx, stamp).await?;
    crate::watch(tx, stamp).await?;
    Ok(())
}

/// What may wait a quarter of an hour: lots that nobody has looked at for hours, and once a business day everything
/// unfit that still lies in the house.
pub async fn look_around(tx: &mut Tx, stamp: &Stamp) -> Result<(), FlowRefusal> {
    for site in catalog::sites(tx).await? {
        crate::look_at_lives(tx, stamp, site.id).await?;
        counting::sweep_of_the_day(tx, stamp, &site).await?;
    }
    Ok(())
}
