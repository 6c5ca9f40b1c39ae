//! 2.1 meets 3.3 and 2.4: goods whose life has ended leave the shelf, the orders that counted on them look for others,
//! and what is left of them is proposed for writing off.

use std::collections::BTreeSet;

use kernel::Stamp;
use orders::allocation;
use store::Tx;
use warehouse::counting;

use crate::FlowRefusal;

/// What is due by the clock alone, every minute: unpaid promises lapse, lots expire, late signatures are asked for one
/// level up.
pub async fn sweep(tx: &mut Tx, stamp: &Stamp) -> Result<(), FlowRefusal> {
    orders::sweep(tx, stamp).await?;
    ledger::expire_promises(tx, stamp, stamp.at).await?;
    for site in catalog::sites(tx).await? {
        let expired = ledger::expire_lots(tx, stamp, site.id, stamp.at).await?;
        let skus: BTreeSet<_> = expired.iter().map(|expired| expired.lot.sku).collect();
        for sku in skus {
            allocation::reallocate(tx, stamp, site.id, sku).await?;
        }
        counting::propose_expired(tx, stamp, &expired).await?;
        counting::sweep_of_the_day(tx, stamp, &site).await?;
    }
    procurement::approvals::escalate_late(tx, stamp).await?;
    crate::watch(tx, stamp).await?;
    Ok(())
}
