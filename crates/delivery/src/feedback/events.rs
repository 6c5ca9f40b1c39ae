//! What others may learn from customers.

use kernel::{CourierId, CustomerId, CustomerOrderId, OrderLineId, PhotoId, RunId, SiteId};
use serde::{Deserialize, Serialize};

use super::rules::{ComplaintKind, Finding, Stars};

told! {
    FeedbackAsked = "feedback_asked" { customer: CustomerId, courier: CourierId, run: RunId, }
    RatingGiven = "rating_given" {
        order: CustomerOrderId, customer: CustomerId, courier: CourierId, run: RunId, stars: Stars,
        text: String, suggestion: String,
    }
    ComplaintMade = "complaint_made" {
        site: SiteId, order: CustomerOrderId, order_line: OrderLineId, customer: CustomerId, courier: CourierId,
        run: RunId, complaint_kind: ComplaintKind, text: String, photo: Option<PhotoId>,
    }
    ComplaintJoined = "complaint_joined" { order_line: OrderLineId, causes: usize, }
    ComplaintAnswered = "complaint_answered" { order: CustomerOrderId, customer: CustomerId, finding: Finding, text: String, }
    ComplaintClosed = "complaint_closed" { order: CustomerOrderId, customer: CustomerId, }
}
