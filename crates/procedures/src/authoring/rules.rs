//! A revision of a procedure, from the draft to the archive.

use kernel::{Actor, Date, Instant, ProcedureId, RevisionId, SiteTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Document;

codes! {
    RevisionState {
        Draft = "draft",
        InReview = "in_review",
        Approved = "approved",
        /// In force, or about to be.
        Published = "published",
        /// Its end is fixed; cases that began before are still judged by it.
        Retired = "retired",
    }
}

/// The revision is in another state than the act needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the revision is {0}")]
pub struct RevisionIs(pub RevisionState);

/// One revision of a procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub id: RevisionId,
    pub procedure: ProcedureId,
    pub number: i64,
    pub document: Document,
    /// The version that came with the program; `None` for a revision that was written here.
    pub shipped: Option<i64>,
    /// What is new, and why.
    pub note: String,
    pub author: Actor,
    pub drafted_at: Instant,
    pub stage: Stage,
}

/// How far a revision has come. Each stage knows what has happened by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    Draft,
    InReview,
    Approved(Approval),
    Published { approval: Approval, validity: Validity },
    Retired { approval: Approval, validity: Validity, until: Instant },
}

/// Who approved it, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    pub by: Actor,
    pub at: Instant,
}

/// From when it counts, and when somebody has to look at it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub from: Instant,
    pub review_due: Date,
}

impl Revision {
    pub const fn state(&self) -> RevisionState {
        match self.stage {
            Stage::Draft => RevisionState::Draft,
            Stage::InReview => RevisionState::InReview,
            Stage::Approved(_) => RevisionState::Approved,
            Stage::Published { .. } => RevisionState::Published,
            Stage::Retired { .. } => RevisionState::Retired,
        }
    }

    pub const fn approval(&self) -> Option<Approval> {
        match self.stage {
            Stage::Draft | Stage::InReview => None,
            Stage::Approved(approval) | Stage::Published { approval, .. } | Stage::Retired { approval, .. } => {
                Some(approval)
            }
        }
    }

    pub const fn validity(&self) -> Option<(Validity, Option<Instant>)> {
        match self.stage {
            Stage::Draft | Stage::InReview | Stage::Approved(_) => None,
            Stage::Published { validity, .. } => Some((validity, None)),
            Stage::Retired { validity, until, .. } => Some((validity, Some(until))),
        }
    }

    pub fn rewrite(self, document: Document, note: String) -> Result<Self, RevisionIs> {
        self.demand(RevisionState::Draft)?;
        Ok(Self { document, note, ..self })
    }

    pub fn submit(self) -> Result<Self, RevisionIs> {
        self.demand(RevisionState::Draft)?;
        Ok(Self { stage: Stage::InReview, ..self })
    }

    pub fn give_back(self) -> Result<Self, RevisionIs> {
        self.demand(RevisionState::InReview)?;
        Ok(Self { stage: Stage::Draft, ..self })
    }

    pub fn approve(self, by: Actor, at: Instant) -> Result<Self, RevisionIs> {
        self.demand(RevisionState::InReview)?;
        Ok(Self { stage: Stage::Approved(Approval { by, at }), ..self })
    }

    /// Puts it in force from an instant on.
    pub fn publish(self, from: Instant) -> Result<Self, RevisionIs> {
        let Stage::Approved(approval) = self.stage else { return Err(RevisionIs(self.state())) };
        let validity = Validity { from, review_due: review_due(from, self.document.review_months) };
        Ok(Self { stage: Stage::Published { approval, validity }, ..self })
    }

    /// Fixes its end: another takes its place, or it is not needed any more.
    pub fn retire(self, until: Instant) -> Result<Self, RevisionIs> {
        let Stage::Published { approval, validity } = self.stage else { return Err(RevisionIs(self.state())) };
        Ok(Self { stage: Stage::Retired { approval, validity, until: until.max(validity.from) }, ..self })
    }

    fn demand(&self, state: RevisionState) -> Result<(), RevisionIs> {
        if self.state() == state { Ok(()) } else { Err(RevisionIs(self.state())) }
    }
}

/// The company has sites in several zones; a review is due by the calendar of none of them.
fn review_due(from: Instant, months: i64) -> Date {
    let day = SiteTime::new("UTC", 0).map_or(Date::MAX, |utc| utc.date(from));
    day.saturating_add(jiff::Span::new().months(months.clamp(1, 60)))
}

/// Where a procedure stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevisionCard {
    pub id: RevisionId,
    pub procedure: ProcedureId,
    /// The step of the workflow.
    pub step: String,
    pub number: i64,
    pub state: RevisionState,
    pub note: String,
    /// Whether it came with the program, as which version.
    pub shipped: Option<i64>,
    pub author: Actor,
    pub drafted_at: Instant,
    pub approver: Option<Actor>,
    pub approved_at: Option<Instant>,
    pub valid_from: Option<Instant>,
    pub valid_until: Option<Instant>,
    #[schema(value_type = Option<String>, format = Date)]
    pub review_due: Option<Date>,
}

impl From<&Revision> for RevisionCard {
    fn from(revision: &Revision) -> Self {
        let (approval, validity) = (revision.approval(), revision.validity());
        Self {
            id: revision.id,
            procedure: revision.procedure,
            step: revision.document.step.clone(),
            number: revision.number,
            state: revision.state(),
            note: revision.note.clone(),
            shipped: revision.shipped,
            author: revision.author,
            drafted_at: revision.drafted_at,
            approver: approval.map(|approval| approval.by),
            approved_at: approval.map(|approval| approval.at),
            valid_from: validity.map(|(validity, _)| validity.from),
            valid_until: validity.and_then(|(_, until)| until),
            review_due: validity.map(|(validity, _)| validity.review_due),
        }
    }
}
