//! A review meeting 流程評審會: what it looks back on, what it decides, who does what until when.

use kernel::{ActionItemId, Date, Instant, MeetingId, SiteId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{metrics::Figures, suggestions::Suggestion};

codes! {
    MeetingState {
        Open = "open",
        Closed = "closed",
    }
    ActionState {
        Open = "open",
        Done = "done",
    }
    /// Why the system puts something before a meeting.
    Topic {
        /// Cases that left the written way.
        Breach = "breach",
        /// A figure that missed its target.
        Miss = "miss",
        OverdueAction = "overdue_action",
        UnansweredSuggestion = "unanswered_suggestion",
    }
}

/// More of one topic is not discussed in one meeting; the worst come first.
pub(super) const ITEMS_OF_A_TOPIC: usize = 20;
/// A meeting looks back on a week at most.
const LOOKS_BACK_DAYS: i64 = 7;

/// Cases of a procedure that left the written way, as whoever checks them counts them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MeetingBreach)]
pub struct Breach {
    /// The step of the workflow whose procedure it is.
    pub procedure: String,
    /// The procedure's own step, and what was wrong with it: `put_away late`.
    pub finding: String,
    pub cases: i64,
    /// How long after its time the worst of them was.
    pub worst_minutes: i64,
}

/// One thing that the system puts before a meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgendaItem {
    /// From 1.
    pub nth: i64,
    pub topic: Topic,
    /// The indicator, or the step of the workflow.
    pub subject: String,
    /// The action or the suggestion.
    pub object: Option<Uuid>,
    /// The figure, or the number of cases.
    pub value: Option<i64>,
    pub target: Option<i64>,
    pub text: String,
}

/// A review meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meeting {
    pub id: MeetingId,
    pub site: SiteId,
    /// The business days that it looks back on.
    #[schema(value_type = String, format = Date)]
    pub first: Date,
    #[schema(value_type = String, format = Date)]
    pub last: Date,
    pub state: MeetingState,
    pub called_at: Instant,
    pub minutes: Option<String>,
    pub closed_at: Option<Instant>,
}

/// Something that a meeting has decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MeetingDecision)]
pub struct Decision {
    pub nth: i64,
    /// The item of the agenda that it answers.
    pub item: Option<i64>,
    pub text: String,
    pub at: Instant,
}

/// Something that somebody has taken on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionItem {
    pub id: ActionItemId,
    pub meeting: MeetingId,
    pub site: SiteId,
    pub text: String,
    pub owner: UserId,
    #[schema(value_type = String, format = Date)]
    pub due_on: Date,
    /// The figure that it is to move, and where that stood.
    pub indicator: Option<String>,
    pub before: Option<i64>,
    pub agreed_at: Instant,
    pub state: ActionState,
    pub result: Option<String>,
    pub done_at: Option<Instant>,
}

/// The business days since the last meeting, a week at most.
pub(super) fn looks_back(today: Date, last_meeting: Option<Date>) -> (Date, Date) {
    let week = (1..LOOKS_BACK_DAYS).fold(today, |day, _| day.yesterday().unwrap_or(day));
    let first = last_meeting.and_then(|last| last.tomorrow().ok()).map_or(week, |after| after.max(week));
    (first.min(today), today)
}

/// What deserves the meeting's time, in the order in which it is discussed.
pub(super) fn agenda(
    breaches: &[Breach],
    figures: &Figures,
    overdue: &[ActionItem],
    unanswered: &[Suggestion],
) -> Vec<AgendaItem> {
    let mut breaches: Vec<&Breach> = breaches.iter().collect();
    breaches.sort_by_key(|breach| {
        (std::cmp::Reverse((breach.cases, breach.worst_minutes)), &breach.procedure, &breach.finding)
    });
    let breaches = breaches.into_iter().map(|breach| AgendaItem {
        nth: 0,
        topic: Topic::Breach,
        subject: breach.procedure.clone(),
        object: None,
        value: Some(breach.cases),
        target: Some(0),
        text: format!("{} +{} min", breach.finding, breach.worst_minutes),
    });
    let misses = figures.misses().into_iter().map(|miss| AgendaItem {
        nth: 0,
        topic: Topic::Miss,
        subject: miss.indicator.name.to_owned(),
        object: None,
        value: Some(miss.value),
        target: Some(miss.target),
        text: miss.indicator.formula.to_owned(),
    });
    let overdue = overdue.iter().map(|action| AgendaItem {
        nth: 0,
        topic: Topic::OverdueAction,
        subject: action.indicator.clone().unwrap_or_default(),
        object: Some(kernel::Id::uuid(action.id)),
        value: None,
        target: None,
        text: format!("{} {}", action.due_on, action.text),
    });
    let unanswered = unanswered.iter().map(|suggestion| AgendaItem {
        nth: 0,
        topic: Topic::UnansweredSuggestion,
        subject: suggestion.step.clone(),
        object: Some(kernel::Id::uuid(suggestion.id)),
        value: Some(suggestion.votes),
        target: None,
        text: suggestion.title.clone(),
    });
    let items = breaches
        .take(ITEMS_OF_A_TOPIC)
        .chain(misses.take(ITEMS_OF_A_TOPIC))
        .chain(overdue.take(ITEMS_OF_A_TOPIC))
        .chain(unanswered.take(ITEMS_OF_A_TOPIC));
    (1..).zip(items).map(|(nth, item)| AgendaItem { nth, ..item }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_meeting_looks_back_to_the_last_one_but_not_beyond_a_week() {
        let today = day("2026-03-28");

        assert_eq!(looks_back(today, None), (day("2026-03-22"), today));
        assert_eq!(looks_back(today, Some(day("2026-03-26"))), (day("2026-03-27"), today));
        assert_eq!(looks_back(today, Some(day("2026-02-01"))), (day("2026-03-22"), today));
        assert_eq!(looks_back(today, Some(today)), (today, today));
    }
}
