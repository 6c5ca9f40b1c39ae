//! What a customer says about an order, and what it concerns.

use std::collections::BTreeMap;

use kernel::{
    ComplaintId, CourierId, CustomerId, CustomerOrderId, Id, Instant, LotId, OrderLineId, PhotoId, RatingId, RunId,
    SiteId, SupplierId, UserId, ZoneId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

codes! {
    ComplaintKind {
        Freshness = "freshness",
        Weight = "weight",
        Missing = "missing",
        Wrong = "wrong",
        Damaged = "damaged",
        Temperature = "temperature",
    }
    ComplaintState {
        Made = "made",
        Answered = "answered",
        Closed = "closed",
    }
    #[schema(as = ComplaintFinding)]
    Finding {
        Upheld = "upheld",
        NotUpheld = "not_upheld",
    }
}

/// A rating as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rating {
    pub id: RatingId,
    pub order: CustomerOrderId,
    #[serde(flatten)]
    pub stars: Stars,
    pub text: String,
    /// What the shop should do better; goes to step 6.
    pub suggestion: String,
    pub at: Instant,
}

/// One to five each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stars {
    #[schema(minimum = 1, maximum = 5)]
    pub goods: i64,
    #[schema(minimum = 1, maximum = 5)]
    pub time: i64,
    #[schema(minimum = 1, maximum = 5)]
    pub courier: i64,
}

/// What is known of a complaint from the moment it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComplaintSheet {
    pub id: ComplaintId,
    pub site: SiteId,
    pub order: CustomerOrderId,
    pub order_line: OrderLineId,
    pub customer: CustomerId,
    pub kind: ComplaintKind,
    pub text: String,
    pub photo: Option<PhotoId>,
    pub made_at: Instant,
    pub revision: i64,
}

/// The desk's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub finding: Finding,
    pub text: String,
    pub at: Instant,
}

/// A complaint. Each state knows what has happened by then; a transition consumes the state before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    Made(ComplaintSheet),
    Answered { sheet: ComplaintSheet, answer: Answered },
    Closed { sheet: ComplaintSheet, answer: Answered, at: Instant },
}

/// A complaint that is in another state than the command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComplaintIs(pub ComplaintState);

impl Complaint {
    pub const fn sheet(&self) -> &ComplaintSheet {
        match self {
            Self::Made(sheet) | Self::Answered { sheet, .. } | Self::Closed { sheet, .. } => sheet,
        }
    }

    pub const fn state(&self) -> ComplaintState {
        match self {
            Self::Made(_) => ComplaintState::Made,
            Self::Answered { .. } => ComplaintState::Answered,
            Self::Closed { .. } => ComplaintState::Closed,
        }
    }

    pub const fn given_answer(&self) -> Option<&Answered> {
        match self {
            Self::Made(_) => None,
            Self::Answered { answer, .. } | Self::Closed { answer, .. } => Some(answer),
        }
    }

    pub fn answer(self, answer: Answered) -> Result<Self, ComplaintIs> {
        match self {
            Self::Made(sheet) => Ok(Self::Answered { sheet, answer }),
            other @ (Self::Answered { .. } | Self::Closed { .. }) => Err(ComplaintIs(other.state())),
        }
    }

    pub fn close(self, at: Instant) -> Result<Self, ComplaintIs> {
        match self {
            Self::Answered { sheet, answer } => Ok(Self::Closed { sheet, answer, at }),
            other @ (Self::Made(_) | Self::Closed { .. }) => Err(ComplaintIs(other.state())),
        }
    }
}

/// What a complaint concerns, joined by `flows` from the whole chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComplaintFacts {
    pub lots: Vec<LotId>,
    pub suppliers: Vec<SupplierId>,
    /// Rooms in which the lots lay.
    pub zones: Vec<ZoneId>,
    pub pickers: Vec<UserId>,
    pub couriers: Vec<CourierId>,
    pub runs: Vec<RunId>,
    /// Whatever else is worth a look, in words: `room_peak` → `7.8 °C`, `picked_at` → an instant.
    pub findings: BTreeMap<String, String>,
}

impl ComplaintFacts {
    /// Every thing that the complaint concerns, by noun and id, each once.
    pub fn causes(&self) -> Vec<(&'static str, Uuid)> {
        fn named<I: Id>(ids: &[I]) -> impl Iterator<Item = (&'static str, Uuid)> {
            ids.iter().map(|id| (I::NOUN, id.uuid()))
        }
        let mut causes: Vec<(&'static str, Uuid)> = named(&self.lots)
            .chain(named(&self.suppliers))
            .chain(named(&self.zones))
            .chain(named(&self.pickers))
            .chain(named(&self.couriers))
            .chain(named(&self.runs))
            .collect();
        causes.sort_unstable();
        causes.dedup();
        causes
    }
}
