//! What others may learn from the couriers' files.

use kernel::{CourierId, CourseId, Date, SiteId};
use serde::{Deserialize, Serialize};

use super::rules::{AttemptResult, DocumentKind};

told! {
    CourierTakenOn = "courier_taken_on" { site: SiteId, }
    CourierLeft = "courier_left" { site: SiteId, }
    CourierDocumentNoted = "courier_document_noted" { document: DocumentKind, expires_on: Date, }
    CourseTaught = "course_taught" { code: String, version: i64, }
    CourseAttempted = "course_attempted" {
        course: CourseId, number: i64, score_percent: i64, result: AttemptResult,
    }
    CertificateEarned = "certificate_earned" {
        courier: CourierId, course: CourseId, code: String, valid_until: Date,
    }
}
