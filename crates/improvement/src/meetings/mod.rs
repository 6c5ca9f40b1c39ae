//! Step 6 反饋與改進: meetings. Prepares the agenda of a review meeting from what the records say, keeps its decisions,
//! and follows every action to its end.
//!
//! An action has one owner and one day, and nobody but the owner says that it is done. A closed meeting is not
//! reopened; the next one finds what it left undone on its agenda.

pub mod events;

pub(crate) mod http;
mod refusal;
mod rules;
mod store;

use std::{future::Future, pin::Pin, sync::Arc};

use ::events::{Object, tell};
use ::store::{StoreError, Tx};
use edge::{Problem, parse};
use identity::{SiteScope, users};
use kernel::{ActionItemId, Actor, Date, Instant, MeetingId, SiteId, Stamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{metrics, suggestions};

pub use refusal::MeetingsRefusal;
pub use rules::{ActionItem, ActionState, AgendaItem, Breach, Decision, Meeting, MeetingState, Topic};

/// Who knows which cases left the written way. The server lays `Extension(BreachSource)` over the routes; without it
/// an agenda has no breaches.
pub trait Breaches: Send + Sync + 'static {
    /// Those of a site that were found from one instant to before another.
    fn between<'a>(
        &'a self,
        tx: &'a mut Tx,
        site: SiteId,
        from: Instant,
        until: Instant,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Breach>, StoreError>> + Send + 'a>>;
}

/// The one who knows, as the routes are given it.
#[derive(Clone)]
pub struct BreachSource(pub Arc<dyn Breaches>);

/// A meeting with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeetingSheet {
    pub meeting: Meeting,
    pub agenda: Vec<AgendaItem>,
    pub decisions: Vec<Decision>,
    pub actions: Vec<ActionItem>,
}

/// The span that a meeting called now would look back on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LooksBack {
    pub first: Date,
    pub last: Date,
    pub from: Instant,
    pub until: Instant,
}

/// The business days since the last meeting of the site, a week at most, up to now.
pub async fn looks_back(tx: &mut Tx, site: SiteId, now: Instant) -> Result<LooksBack, MeetingsRefusal> {
    let site = catalog::site(tx, site).await?;
    let before = store::last_day(tx, site.id).await?;
    let (first, last) = rules::looks_back(site.time.business_day(now), before);
    let from = site.time.at(first, site.day_turns_at_minute);
    Ok(LooksBack { first, last, from, until: now })
}

/// Calls a meeting and prepares its agenda: breaches, missed targets, overdue actions, unanswered suggestions.
pub async fn call(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    breaches: &[Breach],
) -> Result<MeetingSheet, MeetingsRefusal> {
    let LooksBack { first, last, .. } = looks_back(tx, site, stamp.at).await?;
    let most = i64::try_from(rules::ITEMS_OF_A_TOPIC).unwrap_or(i64::MAX);
    let figures = metrics::days(tx, site, first, last).await?;
    let overdue = store::overdue(tx, site, last, most).await?;
    let unanswered = suggestions::unanswered(tx, site, most).await?;
    let agenda = rules::agenda(breaches, &figures, &overdue, &unanswered);
    let meeting = Meeting {
        id: stamp.mint(),
        site,
        first,
        last,
        state: MeetingState::Open,
        called_at: stamp.at,
        minutes: None,
        closed_at: None,
    };
    store::add(tx, stamp, &meeting, &agenda).await?;
    let body = events::MeetingCalled { first, last, items: counted(agenda.len()) };
    tell(tx, stamp, Object::of(meeting.id), &[Object::of(site)], &body).await?;
    Ok(MeetingSheet { meeting, agenda, decisions: Vec::new(), actions: Vec::new() })
}

/// A decision to be written down.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMeetingDecision)]
pub struct NewDecision {
    /// The item of the agenda that it answers.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 80)]
    pub item: Option<i64>,
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
}

impl NewDecision {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.text = parse::text("text", &self.text, 1, 2000)?;
        Ok(self)
    }
}

/// Writes a decision down.
pub async fn decide(
    tx: &mut Tx,
    stamp: &Stamp,
    meeting: MeetingId,
    new: NewDecision,
) -> Result<Decision, MeetingsRefusal> {
    let meeting = open_meeting(tx, meeting).await?;
    if let Some(nth) = new.item {
        let agenda = store::agenda(tx, meeting.id).await?;
        if !agenda.iter().any(|item| item.nth == nth) {
            return Err(MeetingsRefusal::NoSuchAgendaItem { nth });
        }
    }
    let nth = counted(store::decisions(tx, meeting.id).await?.len()).saturating_add(1);
    let decision = Decision { nth, item: new.item, text: new.text, at: stamp.at };
    store::add_decision(tx, meeting.id, &decision).await?;
    let body = events::DecisionTaken { item: decision.item, text: decision.text.clone() };
    tell(tx, stamp, Object::of(meeting.id), &[Object::of(meeting.site)], &body).await?;
    Ok(decision)
}

/// An action to be agreed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAction {
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
    pub owner: UserId,
    #[schema(value_type = String, format = Date)]
    pub due_on: Date,
    /// The figure that it is to move; where that stands is noted with it.
    #[serde(default)]
    #[schema(max_length = 60)]
    pub indicator: Option<String>,
}

impl NewAction {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.text = parse::text("text", &self.text, 1, 2000)?;
        Ok(self)
    }
}

/// Agrees an action: one owner, one day, and the figure it is to move.
pub async fn agree(
    tx: &mut Tx,
    stamp: &Stamp,
    meeting: MeetingId,
    new: NewAction,
) -> Result<ActionItem, MeetingsRefusal> {
    let meeting = open_meeting(tx, meeting).await?;
    let site = catalog::site(tx, meeting.site).await?;
    let today = site.time.business_day(stamp.at);
    if new.due_on < today {
        return Err(MeetingsRefusal::DueInThePast { due_on: new.due_on, today });
    }
    demand_owner(tx, new.owner, meeting.site).await?;
    let before = match &new.indicator {
        Some(name) => stands_at(tx, &meeting, name).await?,
        None => None,
    };
    let action = ActionItem {
        id: stamp.mint(),
        meeting: meeting.id,
        site: meeting.site,
        text: new.text,
        owner: new.owner,
        due_on: new.due_on,
        indicator: new.indicator,
        before,
        agreed_at: stamp.at,
        state: ActionState::Open,
        result: None,
        done_at: None,
    };
    store::add_action(tx, &action).await?;
    let body = events::ActionAgreed {
        meeting: meeting.id,
        owner: action.owner,
        due_on: action.due_on,
        indicator: action.indicator.clone(),
        before,
        text: action.text.clone(),
    };
    let also = [Object::of(meeting.id), Object::of(meeting.site), Object::of(action.owner)];
    tell(tx, stamp, Object::of(action.id), &also, &body).await?;
    Ok(action)
}

/// Reports one's own action as done, with what came of it.
pub async fn finish(
    tx: &mut Tx,
    stamp: &Stamp,
    action: ActionItemId,
    result: String,
) -> Result<ActionItem, MeetingsRefusal> {
    let mut action = store::action(tx, action).await?.ok_or(MeetingsRefusal::NoSuchAction)?;
    if stamp.by != Actor::Staff(action.owner) {
        return Err(MeetingsRefusal::NoSuchAction);
    }
    if action.state == ActionState::Done {
        return Err(MeetingsRefusal::ActionIs { state: action.state });
    }
    if store::do_action(tx, action.id, &result, stamp.at).await? == 0 {
        return Err(StoreError::Busy.into());
    }
    let today = catalog::site(tx, action.site).await?.time.business_day(stamp.at);
    let body =
        events::ActionDone { meeting: action.meeting, late: i64::from(today > action.due_on), result: result.clone() };
    let also = [Object::of(action.meeting), Object::of(action.site)];
    tell(tx, stamp, Object::of(action.id), &also, &body).await?;
    action.state = ActionState::Done;
    action.result = Some(result);
    action.done_at = Some(stamp.at);
    Ok(action)
}

/// Closes a meeting that has decided something.
pub async fn close(
    tx: &mut Tx,
    stamp: &Stamp,
    meeting: MeetingId,
    minutes: &str,
) -> Result<MeetingSheet, MeetingsRefusal> {
    let meeting = open_meeting(tx, meeting).await?;
    let sheet = sheet_of(tx, meeting).await?;
    if sheet.decisions.is_empty() && sheet.actions.is_empty() {
        return Err(MeetingsRefusal::NothingDecided);
    }
    if store::close(tx, sheet.meeting.id, minutes, stamp.at).await? == 0 {
        return Err(StoreError::Busy.into());
    }
    let body =
        events::MeetingClosed { decisions: counted(sheet.decisions.len()), actions: counted(sheet.actions.len()) };
    tell(tx, stamp, Object::of(sheet.meeting.id), &[Object::of(sheet.meeting.site)], &body).await?;
    let closed = Meeting {
        state: MeetingState::Closed,
        minutes: Some(minutes.to_owned()),
        closed_at: Some(stamp.at),
        ..sheet.meeting
    };
    Ok(MeetingSheet { meeting: closed, ..sheet })
}

/// One meeting with its agenda, decisions and actions.
pub async fn sheet(tx: &mut Tx, meeting: MeetingId) -> Result<MeetingSheet, MeetingsRefusal> {
    let meeting = store::one(tx, meeting).await?.ok_or(MeetingsRefusal::NoSuchMeeting)?;
    Ok(sheet_of(tx, meeting).await?)
}

async fn sheet_of(tx: &mut Tx, meeting: Meeting) -> Result<MeetingSheet, StoreError> {
    let agenda = store::agenda(tx, meeting.id).await?;
    let decisions = store::decisions(tx, meeting.id).await?;
    let actions = store::actions(tx, meeting.id).await?;
    Ok(MeetingSheet { meeting, agenda, decisions, actions })
}

async fn open_meeting(tx: &mut Tx, meeting: MeetingId) -> Result<Meeting, MeetingsRefusal> {
    let meeting = store::locked(tx, meeting).await?.ok_or(MeetingsRefusal::NoSuchMeeting)?;
    match meeting.state {
        MeetingState::Open => Ok(meeting),
        MeetingState::Closed => Err(MeetingsRefusal::MeetingClosed),
    }
}

/// Somebody on the staff who works at the site and has not left.
async fn demand_owner(tx: &mut Tx, owner: UserId, site: SiteId) -> Result<(), MeetingsRefusal> {
    let found = match users::user(tx, owner).await {
        Ok(found) => found,
        Err(identity::IdentityRefusal::NoSuchUser) => return Err(MeetingsRefusal::NoSuchOwner),
        Err(refusal) => return Err(refusal.into()),
    };
    let works_here = match &found.sites {
        SiteScope::All => true,
        SiteScope::Only(sites) => sites.contains(&site),
    };
    let is_staff = found.supplier.is_none() && found.courier.is_none();
    if works_here && is_staff && found.state == users::UserState::Active {
        Ok(())
    } else {
        Err(MeetingsRefusal::NoSuchOwner)
    }
}

/// Where a figure stood over the days of the meeting.
async fn stands_at(tx: &mut Tx, meeting: &Meeting, name: &str) -> Result<Option<i64>, MeetingsRefusal> {
    let figures = metrics::only(tx, meeting.site, (meeting.first, meeting.last), name).await?;
    Ok(figures.value)
}

fn counted(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
