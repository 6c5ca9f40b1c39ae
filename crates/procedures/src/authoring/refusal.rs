//! Why a procedure was not changed.

use axum::http::StatusCode;
use edge::Problem;
use identity::Excluded;
use kernel::Instant;
use store::StoreError;

use super::{RevisionIs, RevisionState, ShippedBroken};

#[derive(Debug, thiserror::Error)]
pub enum AuthoringRefusal {
    #[error("there is no such procedure")]
    NoSuchProcedure,
    #[error("there is no such revision")]
    NoSuchRevision,
    #[error("the revision is {state}")]
    RevisionIs { state: RevisionState },
    #[error("revision {number} is on its way already")]
    RevisionOnItsWay { number: i64 },
    #[error("the document is for step {found}, the procedure for step {step}")]
    OtherStep { step: String, found: String },
    #[error("only its author rewrites a draft")]
    NotTheAuthor,
    #[error("the author of a revision may not approve it")]
    AuthorApproves,
    #[error("it cannot have counted since {from}")]
    ValidInThePast { from: Instant },
    #[error(transparent)]
    Shipped(#[from] ShippedBroken),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RevisionIs> for AuthoringRefusal {
    fn from(RevisionIs(state): RevisionIs) -> Self {
        Self::RevisionIs { state }
    }
}

impl From<Excluded> for AuthoringRefusal {
    fn from(_: Excluded) -> Self {
        Self::AuthorApproves
    }
}

impl From<AuthoringRefusal> for Problem {
    fn from(refusal: AuthoringRefusal) -> Self {
        use AuthoringRefusal as R;
        match refusal {
            R::NoSuchProcedure => Self::new(StatusCode::NOT_FOUND, "authoring/no-such-procedure"),
            R::NoSuchRevision => Self::new(StatusCode::NOT_FOUND, "authoring/no-such-revision"),
            R::RevisionIs { state } => Self::new(StatusCode::CONFLICT, "authoring/revision-is").with("state", state),
            R::RevisionOnItsWay { number } => {
                Self::new(StatusCode::CONFLICT, "authoring/revision-on-its-way").with("number", number)
            }
            R::OtherStep { step, found } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "authoring/other-step")
                .with("step", step)
                .with("found", found)
                .field("document/step"),
            R::NotTheAuthor => Self::new(StatusCode::FORBIDDEN, "authoring/not-the-author"),
            R::AuthorApproves => Self::new(StatusCode::FORBIDDEN, "authoring/author-approves"),
            R::ValidInThePast { from } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "authoring/valid-in-the-past")
                .with("from", from)
                .field("valid_from"),
            R::Shipped(broken) => Self::internal(&broken),
            R::Store(error) => error.into(),
        }
    }
}
