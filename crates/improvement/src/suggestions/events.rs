//! What suggestions tell. Never the words: the log cannot forget, and a customer may ask us to.

use kernel::Instant;
use serde::{Deserialize, Serialize};

use super::Triage;

told! {
    SuggestionMade = "suggestion_made" { step: String, due_at: Instant, }
    SuggestionVoted = "suggestion_voted" { votes: i64, }
    /// `late` is 1 when it was due before.
    SuggestionAnswered = "suggestion_answered" { step: String, verdict: Triage, late: i64, }
}
