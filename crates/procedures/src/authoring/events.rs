//! What others may learn about procedures.

use kernel::{Date, Instant, ProcedureId};
use serde::{Deserialize, Serialize};

told! {
    ProcedureDrafted = "procedure_drafted" { procedure: ProcedureId, step: String, number: i64, note: String, }
    ProcedureRewritten = "procedure_rewritten" { step: String, number: i64, note: String, }
    ProcedureSubmitted = "procedure_submitted" { step: String, number: i64, }
    ProcedureGivenBack = "procedure_given_back" { step: String, number: i64, reason: String, }
    ProcedureApproved = "procedure_approved" { step: String, number: i64, }
    /// The people concerned are to read it; training on the one before is outdated.
    ProcedurePublished = "procedure_published" {
        step: String, number: i64, valid_from: Instant, review_due: Date, shipped: Option<i64>,
    }
    ProcedureRetired = "procedure_retired" { step: String, number: i64, valid_until: Instant, reason: String, }
    ProcedureAcknowledged = "procedure_acknowledged" { step: String, number: i64, }
}
