//! 2.1 meets 3.3 and 2.4: goods whose life has ended leave the shelf, the orders that counted on them look for others,
//! and what is left of them is proposed for writing off.

use std::collections::BTreeSet;

use kernel::Stamp;
use orders::allocation;
use store::Tx;
use warehouse::counting;

use crate::FlowRefusal;

/// What is due by the clock alone, every minute: unpaid promises lapse, lots expire, late signatures are asked for one
/// level up. Most minutes bring nothing, so each of them asks one question.
pub async fn sweep(tx: &mut Tx, stamp: &Stamp) -> Result<(), FlowRefusal> {
    orders::sweep(tx, stamp).await?;
    ledger::expire_promises(tx, stamp, stamp.at).await?;
    let expired = ledger::expire_lots(tx, stamp, stamp.at).await?;
    let shelves: BTreeSet<_> = expired.iter().map(|expired| (expired.lot.site, expired.lot.sku)).collect();
    for (site, sku) in shelves {
        allocation::reallocate(tx, stamp, site, sku).await?;
    }
    counting::propose_expired(tx, stamp, &expired).await?;
    procurement::approvals::escalate_late(tx, stamp).await?;
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
