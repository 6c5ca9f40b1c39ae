//! Who did it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CourierId, CustomerId, ProbeId, SupplierId, UserId};

/// The one who acts. Every event and every journal entry names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A member of staff, signed in by name.
    Staff(UserId),
    /// A courier on the road, signed in by name.
    Courier(CourierId),
    Customer(CustomerId),
    Supplier(SupplierId),
    /// A sensor, a scale, a gateway.
    Device(ProbeId),
    /// A rule that ran without a hand: a sealer, a sweep, an automatic release.
    System,
    /// Nobody we know: the sign-in page, a public price list.
    Anonymous,
}

impl Actor {
    /// The word under which journals and events file the actor.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Staff(_) => "staff",
            Self::Courier(_) => "courier",
            Self::Customer(_) => "customer",
            Self::Supplier(_) => "supplier",
            Self::Device(_) => "device",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }

    /// The id under that word, if it has one.
    pub fn uuid(self) -> Option<uuid::Uuid> {
        use crate::Id;
        match self {
            Self::Staff(id) => Some(id.uuid()),
            Self::Courier(id) => Some(id.uuid()),
            Self::Customer(id) => Some(id.uuid()),
            Self::Supplier(id) => Some(id.uuid()),
            Self::Device(id) => Some(id.uuid()),
            Self::System | Self::Anonymous => None,
        }
    }

    /// Reads back what [`Actor::noun`] and [`Actor::uuid`] filed.
    pub fn from_filed(noun: &str, id: Option<uuid::Uuid>) -> Option<Self> {
        use crate::Id;
        match (noun, id) {
            ("staff", Some(id)) => Some(Self::Staff(UserId::from_uuid(id))),
            ("courier", Some(id)) => Some(Self::Courier(CourierId::from_uuid(id))),
            ("customer", Some(id)) => Some(Self::Customer(CustomerId::from_uuid(id))),
            ("supplier", Some(id)) => Some(Self::Supplier(SupplierId::from_uuid(id))),
            ("device", Some(id)) => Some(Self::Device(ProbeId::from_uuid(id))),
            ("system", None) => Some(Self::System),
            ("anonymous", None) => Some(Self::Anonymous),
            _ => None,
        }
    }
}
