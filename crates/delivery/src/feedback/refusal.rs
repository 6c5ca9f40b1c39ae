//! Why feedback was not taken.

use axum::http::StatusCode;
use edge::Problem;
use store::StoreError;

use super::rules::{ComplaintIs, ComplaintKind, ComplaintState};

#[derive(Debug, thiserror::Error)]
pub enum FeedbackRefusal {
    #[error("there is no such order")]
    NoSuchOrder,
    #[error("the order has not been handed over")]
    NotHandedOver,
    #[error("the order has been rated already")]
    RatedAlready,
    #[error("the order has no such line")]
    NoSuchLine,
    #[error("a complaint about {kind} was already made for this line")]
    ComplainedAlready { kind: ComplaintKind },
    #[error("there is no such complaint")]
    NoSuchComplaint,
    #[error("the complaint is {state}")]
    ComplaintIs { state: ComplaintState },
    #[error("what the complaint concerns could not be found")]
    NotJoined,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ComplaintIs> for FeedbackRefusal {
    fn from(ComplaintIs(state): ComplaintIs) -> Self {
        Self::ComplaintIs { state }
    }
}

impl From<FeedbackRefusal> for Problem {
    fn from(refusal: FeedbackRefusal) -> Self {
        use FeedbackRefusal as R;
        match refusal {
            R::NoSuchOrder => Self::new(StatusCode::NOT_FOUND, "feedback/no-such-order"),
            R::NotHandedOver => Self::new(StatusCode::CONFLICT, "feedback/not-handed-over"),
            R::RatedAlready => Self::new(StatusCode::CONFLICT, "feedback/rated-already"),
            R::NoSuchLine => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "feedback/no-such-line").field("order_line"),
            R::ComplainedAlready { kind } => {
                Self::new(StatusCode::CONFLICT, "feedback/complained-already").with("kind", kind)
            }
            R::NoSuchComplaint => Self::new(StatusCode::NOT_FOUND, "feedback/no-such-complaint"),
            R::ComplaintIs { state } => Self::new(StatusCode::CONFLICT, "feedback/complaint-is").with("state", state),
            R::NotJoined => Self::new(StatusCode::CONFLICT, "feedback/not-joined"),
            R::Store(error) => error.into(),
        }
    }
}
