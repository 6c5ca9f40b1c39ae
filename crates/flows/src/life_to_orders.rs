//! 2.1 meets 3.3: goods whose life has ended leave the shelf, and the orders that counted on them look for others.

use std::collections::BTreeSet;

use kernel::Stamp;
use orders::allocation;
use store::Tx;

use crate::FlowRefusal;

/// What is due by the clock alone, every minute: unpaid promises lapse, lots expire, credentials are forgotten.
pub async fn sweep(tx: &mut Tx, stamp: &Stamp) -> Result<(), FlowRefusal> {
    orders::sweep(tx, stamp).await?;
    ledger::expire_promises(tx, stamp, stamp.at).await?;
    for site in catalog::sites(tx).await? {
        let expired = ledger::expire_lots(tx, stamp, site.id, stamp.at).await?;
        let skus: BTreeSet<_> = expired.iter().map(|expired| expired.lot.sku).collect();
        for sku in skus {
            allocation::reallocate(tx, stamp, site.id, sku).await?;
        }
    }
    identity::sweep(tx, stamp.at).await?;
    crate::watch(tx, stamp).await?;
    Ok(())
}
