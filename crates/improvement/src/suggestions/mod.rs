//! Step 6 反饋與改進: suggestions. Takes what staff, couriers and customers would do better, one vote each, and owes an
//! answer with a reason.
//!
//! It never shows who made a suggestion, and never lets an answer be changed.

pub mod events;

pub(crate) mod http;
mod refusal;
mod rules;
mod store;

use ::events::{Object, tell};
use ::store::{StoreError, Tx};
use edge::{Problem, parse};
use kernel::{Actor, SiteId, Stamp, SuggestionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::workflow;

pub use refusal::SuggestionsRefusal;
pub use rules::{Answer, Suggestion, SuggestionCard, SuggestionState, Triage, Voting};

/// A suggestion to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSuggestion {
    /// The site that it is about; absent when it is about all, or the author belongs to none.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// The step of the workflow that it is about: `2.2`.
    #[schema(min_length = 1, max_length = 3)]
    pub step: String,
    #[schema(min_length = 1, max_length = 120)]
    pub title: String,
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub text: String,
}

impl NewSuggestion {
    pub fn parse(self) -> Result<Self, Problem> {
        Ok(Self {
            site: self.site,
            step: workflow::step("step", &self.step)?,
            title: parse::text("title", &self.title, 1, 120)?,
            text: parse::text("text", &self.text, 0, 2000)?,
        })
    }
}

/// Makes a suggestion in the name of whoever stamped it; `out_of` is what they said elsewhere, if it comes from there.
pub async fn make(
    tx: &mut Tx,
    stamp: &Stamp,
    new: NewSuggestion,
    out_of: Option<Object>,
) -> Result<SuggestionCard, SuggestionsRefusal> {
    if let Some(site) = new.site {
        catalog::site(tx, site).await?;
    }
    let suggestion = Suggestion {
        id: stamp.mint(),
        site: new.site,
        step: new.step,
        author: stamp.by,
        title: new.title,
        text: new.text,
        made_at: stamp.at,
        due_at: rules::due(stamp.at),
        votes: 0,
        answer: None,
    };
    store::add(tx, &suggestion).await?;
    let body = events::SuggestionMade { step: suggestion.step.clone(), due_at: suggestion.due_at };
    let also: Vec<Object> = around(&suggestion).into_iter().chain(out_of).collect();
    tell(tx, stamp, Object::of(suggestion.id), &also, &body).await?;
    Ok(suggestion.card(stamp.by, false))
}

/// Votes for another's suggestion, once.
pub async fn vote(tx: &mut Tx, stamp: &Stamp, id: SuggestionId) -> Result<SuggestionCard, SuggestionsRefusal> {
    let found = store::locked(tx, id).await?;
    let mut suggestion = visible(found, stamp.by)?;
    if suggestion.author == stamp.by {
        return Err(SuggestionsRefusal::OwnSuggestion);
    }
    demand_unanswered(&suggestion)?;
    if !store::vote(tx, id, stamp.by, stamp.at).await? {
        return Err(SuggestionsRefusal::VotedAlready);
    }
    suggestion.votes = suggestion.votes.saturating_add(1);
    let body = events::SuggestionVoted { votes: suggestion.votes };
    tell(tx, stamp, Object::of(id), &around(&suggestion), &body).await?;
    Ok(suggestion.card(stamp.by, true))
}

/// Answers a suggestion, with a reason that its author reads.
pub async fn answer(
    tx: &mut Tx,
    stamp: &Stamp,
    id: SuggestionId,
    verdict: Triage,
    reason: String,
) -> Result<SuggestionCard, SuggestionsRefusal> {
    let found = store::locked(tx, id).await?;
    let mut suggestion = visible(found, stamp.by)?;
    demand_unanswered(&suggestion)?;
    let answer = Answer { verdict, reason, by: stamp.by, at: stamp.at };
    if store::answer(tx, id, &answer).await? == 0 {
        return Err(StoreError::Busy.into());
    }
    let late = i64::from(stamp.at > suggestion.due_at);
    let body = events::SuggestionAnswered { step: suggestion.step.clone(), verdict, late };
    suggestion.answer = Some(answer);
    tell(tx, stamp, Object::of(id), &around(&suggestion), &body).await?;
    Ok(suggestion.card(stamp.by, false))
}

/// The suggestions about a site that nobody has answered, the longest due first.
pub async fn unanswered(tx: &mut Tx, site: SiteId, rows: i64) -> Result<Vec<Suggestion>, StoreError> {
    store::unanswered(tx, site, rows).await
}

/// A suggestion that the reader may see; any other is not there.
fn visible(found: Option<Suggestion>, reader: Actor) -> Result<Suggestion, SuggestionsRefusal> {
    found.filter(|found| found.is_visible_to(reader)).ok_or(SuggestionsRefusal::NoSuchSuggestion)
}

fn demand_unanswered(suggestion: &Suggestion) -> Result<(), SuggestionsRefusal> {
    match suggestion.state() {
        SuggestionState::Made => Ok(()),
        state @ (SuggestionState::Accepted | SuggestionState::Declined) => {
            Err(SuggestionsRefusal::SuggestionIs { state })
        }
    }
}

fn around(suggestion: &Suggestion) -> Vec<Object> {
    suggestion.site.map(Object::of).into_iter().collect()
}
