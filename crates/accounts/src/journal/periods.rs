//! Which day an entry belongs to, and the days that are closed.

use ::store::{Tx, args, sql};
use catalog::Site;
use kernel::{Date, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Entry, JournalRefusal};
use crate::journal::events::BooksLocked;

/// The books of a site are closed through this day.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Lock {
    pub site: SiteId,
    #[schema(value_type = String, format = Date)]
    pub locked_through: Date,
}

/// Closes the books of a site through a past day. They are never opened again.
pub async fn lock_period(tx: &mut Tx, stamp: &Stamp, site: SiteId, through: Date) -> Result<Lock, JournalRefusal> {
    let found = known_site(tx, site).await?;
    let locked_through = tx.optional::<Date>(LOCKED_THROUGH, args![site]).await?;
    let refused = || JournalRefusal::CannotLock { asked: through, locked_through };
    // Today's entries are still being written: locking today would race with them.
    if through >= found.time.business_day(stamp.at) || locked_through.is_some_and(|before| through <= before) {
        return Err(refused());
    }
    if tx.execute(LOCK, args![site, through, stamp.at]).await? == 0 {
        return Err(refused());
    }
    events::tell(tx, stamp, events::Object::of(site), &[], &BooksLocked { locked_through: through }).await?;
    Ok(Lock { site, locked_through: through })
}

/// The day that the entry will be filed under; refuses a closed one, and a currency that the site does not trade in.
pub(super) async fn open_day(tx: &mut Tx, stamp: &Stamp, entry: &Entry) -> Result<Date, JournalRefusal> {
    let site = known_site(tx, entry.site).await?;
    if site.currency != entry.currency {
        return Err(JournalRefusal::ForeignCurrency { given: entry.currency, traded: site.currency });
    }
    let day = entry.day.unwrap_or_else(|| site.time.business_day(stamp.at));
    match tx.optional::<Date>(LOCKED_THROUGH, args![entry.site]).await? {
        Some(locked_through) if day <= locked_through => Err(JournalRefusal::PeriodLocked { day, locked_through }),
        Some(_) | None => Ok(day),
    }
}

pub(crate) async fn known_site(tx: &mut Tx, site: SiteId) -> Result<Site, JournalRefusal> {
    Ok(catalog::site(tx, site).await?)
}

sql! {
    LOCKED_THROUGH = "SELECT locked_through FROM books_lock WHERE site = $1 {keep}";

    LOCK = "INSERT INTO books_lock (site, locked_through, at)
            VALUES ($1, $2, $3)
            ON CONFLICT (site) DO UPDATE
            SET locked_through = excluded.locked_through, at = excluded.at
            WHERE books_lock.locked_through < excluded.locked_through";
}
