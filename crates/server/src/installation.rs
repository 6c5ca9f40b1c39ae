//! What this database was created as.

use kernel::Instant;
use store::{Db, StoreError, Tx, args, sql};

use crate::{StartError, settings::TimeSetting};

sql! {
    READ = "SELECT clock FROM installation WHERE one = 1";
    INSTALL = "INSERT INTO installation (one, created_at, clock) VALUES (1, $1, $2) ON CONFLICT (one) DO NOTHING";
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
