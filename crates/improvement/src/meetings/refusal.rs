//! Why a meeting could not go on.

use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use identity::IdentityRefusal;
use kernel::Date;
use store::StoreError;

use super::ActionState;
use crate::metrics::MetricsRefusal;

#[derive(Debug, thiserror::Error)]
pub enum MeetingsRefusal {
    #[error("there is no such meeting")]
    NoSuchMeeting,
    #[error("the meeting is closed")]
    MeetingClosed,
    #[error("nothing has been decided")]
    NothingDecided,
    #[error("the agenda has no item {nth}")]
    NoSuchAgendaItem { nth: i64 },
    #[error("there is no such action")]
    NoSuchAction,
    #[error("the action is {state}")]
    ActionIs { state: ActionState },
    #[error("an action cannot be due on {due_on}, today is {today}")]
    DueInThePast { due_on: Date, today: Date },
    #[error("the owner does not work at the site")]
    NoSuchOwner,
    #[error(transparent)]
    Metrics(#[from] MetricsRefusal),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Identity(#[from] IdentityRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<MeetingsRefusal> for Problem {
    fn from(refusal: MeetingsRefusal) -> Self {
        use MeetingsRefusal as R;
        match refusal {
            R::NoSuchMeeting => Self::new(StatusCode::NOT_FOUND, "meetings/no-such-meeting"),
            R::MeetingClosed => Self::new(StatusCode::CONFLICT, "meetings/meeting-closed"),
            R::NothingDecided => Self::new(StatusCode::CONFLICT, "meetings/nothing-decided"),
            R::NoSuchAgendaItem { nth } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "meetings/no-such-agenda-item")
                .with("nth", nth)
                .field("item"),
            R::NoSuchAction => Self::new(StatusCode::NOT_FOUND, "meetings/no-such-action"),
            R::ActionIs { state } => Self::new(StatusCode::CONFLICT, "meetings/action-is").with("state", state),
            R::DueInThePast { due_on, today } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "meetings/due-in-the-past")
                    .with("due_on", due_on)
                    .with("today", today)
                    .field("due_on")
            }
            R::NoSuchOwner => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "meetings/no-such-owner").field("owner"),
            R::Metrics(refusal) => refusal.into(),
            R::Catalog(refusal) => refusal.into(),
            R::Identity(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
