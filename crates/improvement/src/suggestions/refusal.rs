//! Why a suggestion was not taken, voted for or answered.

use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use store::StoreError;

use super::SuggestionState;

#[derive(Debug, thiserror::Error)]
pub enum SuggestionsRefusal {
    #[error("there is no such suggestion")]
    NoSuchSuggestion,
    #[error("nobody votes for their own suggestion")]
    OwnSuggestion,
    #[error("the vote was given already")]
    VotedAlready,
    #[error("the suggestion is {state}")]
    SuggestionIs { state: SuggestionState },
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SuggestionsRefusal> for Problem {
    fn from(refusal: SuggestionsRefusal) -> Self {
        use SuggestionsRefusal as R;
        match refusal {
            R::NoSuchSuggestion => Self::new(StatusCode::NOT_FOUND, "suggestions/no-such-suggestion"),
            R::OwnSuggestion => Self::new(StatusCode::CONFLICT, "suggestions/own-suggestion"),
            R::VotedAlready => Self::new(StatusCode::CONFLICT, "suggestions/voted-already"),
            R::SuggestionIs { state } => {
                Self::new(StatusCode::CONFLICT, "suggestions/suggestion-is").with("state", state)
            }
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
