//! A case against the written way. Pure: the marks of the case and the document in, the findings out.

use std::collections::BTreeMap;

use kernel::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::authoring::{Document, Presence, ProcedureStep, Sequence, Until};

codes! {
    CaseState {
        Open = "open",
        Ended = "ended",
        /// Given up: nothing is missing from it.
        Abandoned = "abandoned",
    }
    Way {
        On = "on",
        Off = "off",
    }
    FindingKind {
        /// A step that belongs to every case was not done.
        Missing = "missing",
        /// A step was done before one that comes before it.
        Order = "order",
        /// A step was done after its time, or its time is over.
        Late = "late",
        /// Something happened that does not happen on the written way.
        Unexpected = "unexpected",
    }
}

/// The first and the last event of one kind in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub first: Seen,
    pub last: Seen,
}

/// Where and when an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    pub position: i64,
    pub at: Instant,
}

impl Mark {
    pub const fn of(seen: Seen) -> Self {
        Self { first: seen, last: seen }
    }

    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// What the log has of a case, by kind of event.
pub type Marks = BTreeMap<String, Mark>;

/// One way in which a case left the written way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = ConformanceFinding)]
pub struct Finding {
    pub kind: FindingKind,
    /// The step of the procedure, or the event that was not expected.
    pub step: String,
    /// How long after its time it was done, or is open by now.
    pub minutes_over: i64,
    pub at: Instant,
}

/// The longest that a case waited for one of its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConformanceWait)]
pub struct Wait {
    pub step: String,
    pub minutes: i64,
}

/// What a case comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub opened_at: Instant,
    pub end: Option<(CaseState, Instant)>,
    pub findings: Vec<Finding>,
    pub worst: Option<Wait>,
    /// When an open case will be late if nothing happens.
    pub due_at: Option<Instant>,
}

impl Judged {
    pub fn state(&self) -> CaseState {
        self.end.map_or(CaseState::Open, |(state, _)| state)
    }

    pub const fn way(&self) -> Way {
        if self.findings.is_empty() { Way::On } else { Way::Off }
    }
}

/// When the case began: with the first event of any step. `None` when none of them has happened.
pub fn opened_at(document: &Document, marks: &Marks) -> Option<Instant> {
    document.steps.iter().filter_map(|step| mark_of(&step.events, marks)).map(|mark| mark.first.at).min()
}

/// Judges a case as far as the log goes, at `now`.
pub fn judge(document: &Document, marks: &Marks, now: Instant) -> Option<Judged> {
    let opened_at = opened_at(document, marks)?;
    let end = end_of(document, marks);
    let mut judged = Judged { opened_at, end, findings: Vec::new(), worst: None, due_at: None };
    let mut latest: Option<Seen> = None;
    let mut before: Option<&ProcedureStep> = None;
    for step in &document.steps {
        let done = mark_of(&step.events, marks);
        if let (Some(mark), Sequence::InOrder) = (done, step.sequence) {
            if latest.is_some_and(|latest| mark.first < latest) {
                judged.find(FindingKind::Order, &step.code, 0, mark.first.at);
            }
            latest = latest.max(Some(mark.first));
        }
        if let (None, Presence::Always, Some((CaseState::Ended, at)), false) =
            (done, step.presence, end, step.events.is_empty())
        {
            judged.find(FindingKind::Missing, &step.code, 0, at);
        }
        let base = match &step.after {
            Some(code) => document.steps.iter().find(|step| step.code == *code),
            None => before,
        };
        if let Some(base) = base.and_then(|base| mark_of(&base.events, marks)) {
            judged.time(step, base, done, now);
        }
        before = Some(step);
    }
    for kind in &document.unexpected {
        if let Some(mark) = marks.get(kind) {
            judged.find(FindingKind::Unexpected, kind, 0, mark.first.at);
        }
    }
    judged.findings.sort();
    Some(judged)
}

impl Judged {
    /// Holds a step against its time, which runs from `base`.
    fn time(&mut self, step: &ProcedureStep, base: Mark, done: Option<Mark>, now: Instant) {
        let allowed = step.within_minutes.map(|minutes| minutes.saturating_mul(MINUTE));
        if let Some(done) = done {
            let first = done.first.at.since(base.first.at).max(0);
            let (waited, at) = match step.until {
                Until::First => (first, done.first.at),
                Until::Last => (first.max(done.last.at.since(base.last.at)), done.last.at),
            };
            self.waited(&step.code, waited);
            if let Some(over) = allowed.map(|allowed| waited.saturating_sub(allowed)).filter(|over| *over > 0) {
                self.find(FindingKind::Late, &step.code, minutes_up(over), at);
            }
            return;
        }
        let (Some(allowed), Presence::Always, None) = (allowed, step.presence, self.end) else { return };
        let due = base.first.at.plus_millis(allowed);
        if now > due {
            self.waited(&step.code, now.since(base.first.at));
            self.find(FindingKind::Late, &step.code, minutes_up(now.since(due)), due);
        } else {
            self.due_at = Some(self.due_at.map_or(due, |earlier| earlier.min(due)));
        }
    }

    fn waited(&mut self, step: &str, millis: i64) {
        let minutes = millis.div_euclid(MINUTE);
        if self.worst.as_ref().is_none_or(|worst| worst.minutes < minutes) {
            self.worst = Some(Wait { step: step.to_owned(), minutes });
        }
    }

    fn find(&mut self, kind: FindingKind, step: &str, minutes_over: i64, at: Instant) {
        self.findings.push(Finding { kind, step: step.to_owned(), minutes_over, at });
    }
}

const MINUTE: i64 = 60_000;

/// Whoever is a second over is over.
const fn minutes_up(millis: i64) -> i64 {
    millis.saturating_add(MINUTE - 1).div_euclid(MINUTE)
}

fn mark_of(kinds: &[String], marks: &Marks) -> Option<Mark> {
    kinds.iter().filter_map(|kind| marks.get(kind).copied()).reduce(Mark::and)
}

/// A case ends with the first event that ends it, one way or the other.
fn end_of(document: &Document, marks: &Marks) -> Option<(CaseState, Instant)> {
    let ended = mark_of(&document.ends_on, marks).map(|mark| (mark.first, CaseState::Ended));
    let abandoned = mark_of(&document.abandoned_on, marks).map(|mark| (mark.first, CaseState::Abandoned));
    let first = match (ended, abandoned) {
        (Some(ended), Some(abandoned)) => Some(if abandoned.0 < ended.0 { abandoned } else { ended }),
        (one, other) => one.or(other),
    };
    first.map(|(seen, state)| (state, seen.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authoring::shipped;

    fn outbound() -> Document {
        shipped().unwrap().into_iter().find(|document| document.step == "3.4").unwrap()
    }

    fn marks(kinds: &[(&str, i64)]) -> Marks {
        (1..)
            .zip(kinds)
            .map(|(position, (kind, minute))| {
                let at = Instant::from_millis(0).plus_minutes(*minute);
                ((*kind).to_owned(), Mark::of(Seen { position, at }))
            })
            .collect()
    }

    #[test]
    fn the_clock_of_an_open_case_runs() {
        let document = outbound();
        let allowed = document.steps.iter().find_map(|step| step.within_minutes).unwrap();
        let released = marks(&[("order_released", 0)]);
        let minute = |minute: i64| Instant::from_millis(0).plus_minutes(minute);

        let early = judge(&document, &released, minute(1)).unwrap();
        let late = judge(&document, &released, minute(allowed + 5)).unwrap();

        assert_eq!((early.way(), early.due_at), (Way::On, Some(minute(allowed))));
        assert_eq!(
            late.findings.first().map(|finding| (finding.kind, finding.minutes_over)),
            Some((FindingKind::Late, 5))
        );
    }

    #[test]
    fn a_case_of_which_only_the_unexpected_is_known_has_not_begun() {
        assert_eq!(judge(&outbound(), &marks(&[("signed_in", 0)]), Instant::MIN), None);
    }
}
