//! The nightly self-audit 夜間自查: the journal replayed against what the tables say is there.

use ::store::Tx;
use events::{Object, tell};
use kernel::{Instant, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{StockRefusal, events::StockAudited, store};

/// What an audit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditVerdict {
    Clean,
    /// Something differs; a person looks, and corrects by a posted adjustment.
    Breach,
}

impl AuditVerdict {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Breach => "breach",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Clean, Self::Breach].into_iter().find(|verdict| verdict.code() == code)
    }
}

::store::coded!(AuditVerdict);

/// One audit of one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Audit {
    pub seq: i64,
    pub site: SiteId,
    pub at: Instant,
    /// Moves replayed.
    pub moves: i64,
    /// Balances compared with them.
    pub balances: i64,
    pub balances_differing: i64,
    /// Reservations that are promised or bound.
    pub reservations: i64,
    /// Claims without goods, and goods kept for no claim.
    pub reservations_orphan: i64,
    /// Totes, lanes and vans that hold other than what their tasks and parcels say.
    pub parcels_differing: i64,
    pub verdict: AuditVerdict,
    /// The first that differ, as `law place lot`.
    pub examples: Vec<String>,
}

/// What the laws counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) moves: i64,
    pub(super) balances: i64,
    pub(super) balances_differing: i64,
    pub(super) reservations: i64,
    pub(super) reservations_orphan: i64,
    pub(super) parcels_differing: i64,
}

impl Counts {
    const fn verdict(&self) -> AuditVerdict {
        if self.balances_differing == 0 && self.reservations_orphan == 0 && self.parcels_differing == 0 {
            AuditVerdict::Clean
        } else {
            AuditVerdict::Breach
        }
    }
}

/// Replays a site's journal from its first move, compares it with the balances, looks for reservations without goods
/// and for parcels that are not where they say, and keeps the result.
pub async fn audit(tx: &mut Tx, stamp: &Stamp, site: SiteId) -> Result<Audit, StockRefusal> {
    catalog::site(tx, site).await?;
    let counts = store::count(tx, site).await?;
    let verdict = counts.verdict();
    let examples = match verdict {
        AuditVerdict::Clean => Vec::new(),
        AuditVerdict::Breach => store::examples(tx, site).await?,
    };
    let seq = store::add_audit(tx, site, stamp.at, &counts, verdict, &examples).await?;
    let body = StockAudited {
        verdict,
        moves: counts.moves,
        balances_differing: counts.balances_differing,
        reservations_orphan: counts.reservations_orphan,
        parcels_differing: counts.parcels_differing,
        examples: examples.clone(),
    };
    tell(tx, stamp, Object::of(site), &[], &body).await?;
    Ok(Audit {
        seq,
        site,
        at: stamp.at,
        moves: counts.moves,
        balances: counts.balances,
        balances_differing: counts.balances_differing,
        reservations: counts.reservations,
        reservations_orphan: counts.reservations_orphan,
        parcels_differing: counts.parcels_differing,
        verdict,
        examples,
    })
}

/// The audits of a site, latest first.
pub async fn audits(tx: &mut Tx, site: SiteId, before: Option<i64>, rows: i64) -> Result<Vec<Audit>, StockRefusal> {
    Ok(store::audits(tx, site, before.unwrap_or(i64::MAX), rows).await?)
}
