//! Why the couriers' desk refused.

use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use store::StoreError;

use super::rules::Unfit;

#[derive(Debug, thiserror::Error)]
pub enum CouriersRefusal {
    #[error("there is no such courier")]
    NoSuchCourier,
    #[error("the courier has left")]
    HasLeft,
    #[error("the login belongs to another courier")]
    LoginTaken,
    #[error("there is no such course")]
    NoSuchCourse,
    #[error("the exam has no question {question}")]
    NoSuchQuestion { question: String },
    #[error("all {attempts} attempts of {days} days are used up")]
    NoAttemptLeft { attempts: i64, days: i64 },
    #[error("{month} is not a month such as 2026-03")]
    NoMonth { month: String },
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CouriersRefusal> for Problem {
    fn from(refusal: CouriersRefusal) -> Self {
        use CouriersRefusal as R;
        match refusal {
            R::NoSuchCourier => Self::new(StatusCode::NOT_FOUND, "couriers/no-such-courier"),
            R::HasLeft => Self::new(StatusCode::CONFLICT, "couriers/has-left"),
            R::LoginTaken => Self::new(StatusCode::CONFLICT, "couriers/login-taken").field("user"),
            R::NoSuchCourse => Self::new(StatusCode::NOT_FOUND, "couriers/no-such-course"),
            R::NoSuchQuestion { question } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "couriers/no-such-question")
                .with("question", question)
                .field("answers"),
            R::NoAttemptLeft { attempts, days } => Self::new(StatusCode::CONFLICT, "couriers/no-attempt-left")
                .with("attempts", attempts)
                .with("days", days),
            R::NoMonth { month } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "couriers/no-month").with("month", month).field("month")
            }
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}

/// A courier who may not be given work, and why.
pub fn unfit(why: Unfit) -> Problem {
    match why {
        Unfit::Left => Problem::new(StatusCode::CONFLICT, "couriers/has-left"),
        Unfit::DocumentMissing { document } => {
            Problem::new(StatusCode::CONFLICT, "couriers/document-missing").with("document", document)
        }
        Unfit::DocumentExpired { document, on } => {
            Problem::new(StatusCode::CONFLICT, "couriers/document-expired").with("document", document).with("on", on)
        }
    }
}
