//! Times in which a rise is expected: bounded, recorded, and never an excuse for a room that is far too warm.

use ::store::Tx;
use ::store::codes;
use edge::{Problem, Sites};
use events::{Object, tell};
use kernel::{Instant, ProbeId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ColdchainRefusal, events::AlarmInhibited, probes, store};

codes! {
    InhibitKind {
        /// Loading, with the door open.
        DoorOpen = "door_open",
        Defrost = "defrost",
    }
}

impl InhibitKind {
    /// Longer is no loading and no defrost, but a fault.
    const fn minutes_max(self) -> i64 {
        match self {
            Self::DoorOpen => 30,
            Self::Defrost => 60,
        }
    }
}

/// A time in which a rise is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Inhibit {
    pub kind: InhibitKind,
    pub starts_at: Instant,
    pub ends_at: Instant,
}

impl Inhibit {
    pub fn parse(self) -> Result<Self, Problem> {
        if self.starts_at >= self.ends_at {
            return Err(Problem::invalid("ends_at", "it ends after it starts"));
        }
        let (minutes, most) = (self.ends_at.minutes_since(self.starts_at), self.kind.minutes_max());
        if minutes > most {
            return Err(ColdchainRefusal::InhibitTooLong { kind: self.kind.code(), minutes, most }.into());
        }
        Ok(self)
    }
}

/// Announces a time in which a rise of a probe is expected. Nothing that has been judged is taken back.
pub async fn inhibit(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ProbeId,
    new: Inhibit,
) -> Result<Inhibit, ColdchainRefusal> {
    let probe = probes::probe(tx, sites, id).await?;
    // A door that was open yesterday excuses nobody today.
    let new = Inhibit { starts_at: new.starts_at.max(stamp.at.min(new.ends_at.plus_millis(-1))), ..new };
    store::add_inhibit(tx, stamp, id, &new).await?;
    let body = AlarmInhibited { kind: new.kind, starts_at: new.starts_at, ends_at: new.ends_at };
    tell(tx, stamp, Object::of(id), &probe.around(), &body).await?;
    Ok(new)
}
