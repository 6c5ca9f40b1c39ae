//! The independent auditor: re-derives what the books say from the journals and the log, and compares.
//!
//! It shares no code with those who keep the books. It reads tables, adds up by itself and names the entries that
//! disagree. It never repairs: a correction is a posted adjustment that people sign.

mod chain;
mod laws;

use std::fmt;

use serde::Serialize;
use store::{Db, StoreError};

/// What an audit found, law by law.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    pub laws: Vec<Finding>,
}

/// One law: how many entries were held against it, and those that break it.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub law: &'static str,
    pub checked: i64,
    /// The entries that disagree, a handful at most.
    pub breaches: Vec<Breach>,
}

/// One entry that disagrees.
#[derive(Clone, Debug, Serialize)]
pub struct Breach {
    pub noun: String,
    pub id: String,
    pub expected: i64,
    pub found: i64,
}

/// A handful of entries shows what is wrong; a thousand hide it.
const BREACHES_TOLD: i64 = 5;

impl Findings {
    pub fn is_clean(&self) -> bool {
        self.broken() == 0
    }

    pub fn broken(&self) -> usize {
        self.laws.iter().filter(|finding| !finding.breaches.is_empty()).count()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.breaches.is_empty() { "holds " } else { "BROKEN" };
        write!(f, "{verdict} {:>9}  {}", self.checked, self.law)?;
        for breach in &self.breaches {
            let Breach { noun, id, expected, found } = breach;
            write!(f, "\n       {noun} {id}: expected {expected}, found {found}")?;
        }
        Ok(())
    }
}

/// Audits the database behind `url` as it is now.
pub async fn audit(url: &str) -> Result<Findings, StoreError> {
    let db = Db::open(url).await?;
    audit_open(&db).await
}

/// Audits an open database.
pub async fn audit_open(db: &Db) -> Result<Findings, StoreError> {
    let mut findings = Vec::new();
    for law in laws::LAWS {
        let (checked, breaches) = db
            .read(async move |tx: &mut store::Tx| {
                let checked: i64 = tx.one(law.counted, store::args![]).await?;
                let breaches: Vec<(String, uuid::Uuid, i64, i64)> =
                    tx.all(law.breaches, store::args![BREACHES_TOLD]).await?;
                Ok::<_, StoreError>((checked, breaches))
            })
            .await?;
        let breaches = breaches
            .into_iter()
            .map(|(noun, id, expected, found)| Breach { noun, id: id.to_string(), expected, found })
            .collect();
        findings.push(Finding { law: law.says, checked, breaches });
    }
    findings.push(chain::blocks_are_whole(db).await?);
    Ok(Findings { laws: findings })
}

/// What stands in the place of an id where a whole table disagrees.
pub(crate) fn nothing() -> String {
    uuid::Uuid::nil().to_string()
}
