//! A suggestion, from the idea to its answer.

use kernel::{Actor, Instant, SiteId, SuggestionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

codes! {
    SuggestionState {
        Made = "made",
        Accepted = "accepted",
        Declined = "declined",
    }
    Triage {
        Accepted = "accepted",
        Declined = "declined",
    }
    Voting {
        Open = "open",
        Voted = "voted",
        /// One's own, or answered.
        Closed = "closed",
    }
}

/// Somebody waits: a suggestion that lies for longer teaches people to keep the next one to themselves.
const ANSWERED_WITHIN_MINUTES: i64 = 7 * 24 * 60;

/// Until when a suggestion has to be answered.
pub(super) const fn due(made_at: Instant) -> Instant {
    made_at.plus_minutes(ANSWERED_WITHIN_MINUTES)
}

/// What somebody would do better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub id: SuggestionId,
    pub site: Option<SiteId>,
    pub step: String,
    pub author: Actor,
    pub title: String,
    pub text: String,
    pub made_at: Instant,
    pub due_at: Instant,
    pub votes: i64,
    pub answer: Option<Answer>,
}

/// What became of it, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub verdict: Triage,
    pub reason: String,
    pub by: Actor,
    pub at: Instant,
}

impl Suggestion {
    pub const fn state(&self) -> SuggestionState {
        match &self.answer {
            None => SuggestionState::Made,
            Some(Answer { verdict: Triage::Accepted, .. }) => SuggestionState::Accepted,
            Some(Answer { verdict: Triage::Declined, .. }) => SuggestionState::Declined,
        }
    }

    /// Whether `actor` may see it: people who work here see all, a customer what they said themselves.
    pub fn is_visible_to(&self, actor: Actor) -> bool {
        match actor {
            Actor::Customer(_) | Actor::Supplier(_) | Actor::Device(_) | Actor::Anonymous => self.author == actor,
            Actor::Staff(_) | Actor::Courier(_) | Actor::System => true,
        }
    }

    pub(super) fn card(&self, reader: Actor, voted: bool) -> SuggestionCard {
        let voting = if self.author == reader || self.answer.is_some() {
            Voting::Closed
        } else if voted {
            Voting::Voted
        } else {
            Voting::Open
        };
        SuggestionCard {
            id: self.id,
            site: self.site,
            step: self.step.clone(),
            title: self.title.clone(),
            text: self.text.clone(),
            made_at: self.made_at,
            due_at: self.due_at,
            state: self.state(),
            votes: self.votes,
            voting,
            reason: self.answer.as_ref().map(|answer| answer.reason.clone()),
            answered_at: self.answer.as_ref().map(|answer| answer.at),
        }
    }
}

/// A suggestion as its author and their colleagues see it; who it came from is nobody's business here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuggestionCard {
    pub id: SuggestionId,
    pub site: Option<SiteId>,
    /// The step of the workflow that it is about.
    pub step: String,
    pub title: String,
    pub text: String,
    pub made_at: Instant,
    pub due_at: Instant,
    pub state: SuggestionState,
    pub votes: i64,
    /// Whether the reader may vote.
    pub voting: Voting,
    /// Why it was accepted or declined.
    pub reason: Option<String>,
    pub answered_at: Option<Instant>,
}
