//! What review meetings tell.

use kernel::{Date, MeetingId, UserId};
use serde::{Deserialize, Serialize};

told! {
    MeetingCalled = "meeting_called" { first: Date, last: Date, items: i64, }
    DecisionTaken = "decision_taken" { item: Option<i64>, text: String, }
    ActionAgreed = "action_agreed" {
        meeting: MeetingId, owner: UserId, due_on: Date, indicator: Option<String>, before: Option<i64>, text: String,
    }
    /// `late` is 1 when it was due before.
    ActionDone = "action_done" { meeting: MeetingId, late: i64, result: String, }
    MeetingClosed = "meeting_closed" { decisions: i64, actions: i64, }
}
