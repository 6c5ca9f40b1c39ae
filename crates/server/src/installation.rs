//! What this database was created as.

use kernel::{Clock, Id, IdSource, Instant};
use store::{Db, StoreError, Tx, args, sql};

use crate::{StartError, settings::TimeSetting};

sql! {
    READ = "SELECT clock FROM installation WHERE one = 1";
    INSTALL = "INSERT INTO installation (one, created_at, clock) VALUES (1, $1, $2) ON CONFLICT (one) DO NOTHING";
}

/// Where a demonstration's clock stands, and where its ids come from: as it was told on the first morning, and after
/// that where the books end. The ids of a start that comes later begin elsewhere, or they would be those of the first.
pub(crate) async fn went_on(db: &Db, start: Instant, seed: u64) -> Result<(Clock, IdSource), StartError> {
    let latest = db.read(async |tx: &mut Tx| events::latest(tx).await).await?;
    Ok(match latest {
        None => (Clock::stepped(start), IdSource::seeded(seed)),
        Some((event, at, told)) => {
            let (high, low) = event.uuid().as_u64_pair();
            // Of two events of one instant the later need not have the higher id; only their number always grows.
            let told = u64::try_from(told).unwrap_or(0).rotate_left(40);
            (Clock::stepped(start.max(at)), IdSource::seeded(seed ^ high.rotate_left(17) ^ low ^ told))
        }
    })
}

/// Notes on the first start how time passes here. A clock that does not fit the database is refused ever after.
pub(crate) async fn install(db: &Db, time: TimeSetting, at: Instant) -> Result<(), StartError> {
    let wanted = match time {
        TimeSetting::Real => "real",
        TimeSetting::Stepped => "stepped",
    };
    let clock: String = db
        .write(async move |tx: &mut Tx| -> Result<String, StoreError> {
            tx.execute(INSTALL, args![at, wanted]).await?;
            tx.one(READ, args![]).await
        })
        .await?;
    match (clock.as_str(), time) {
        ("real", TimeSetting::Stepped) => Err(StartError::NotADemonstration),
        // A demonstration that is served in real time would find its promises years away.
        ("stepped", TimeSetting::Real) => Err(StartError::OnlyADemonstration),
        _ => Ok(()),
    }
}
