//! Where an order stands. Each variant holds exactly the facts known by then; each transition consumes the old state.

use kernel::{InvoiceId, Money, ReleaseNoteId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The name of a state, without its facts: what lists filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderStage)]
pub enum Stage {
    /// Promised and priced; the payment is being asked for.
    Placed,
    /// Paid for in principle, waiting for a person.
    Held,
    Accepted,
    Declined,
    Cancelled,
    /// Lots are bound and the release note is out.
    Released,
    /// Weighed, packed and settled.
    Packed,
    /// On its way; invoiced.
    Dispatched,
    HandedOver,
    /// Came back undelivered; refunded.
    Failed,
}

macro_rules! codes {
    ($name:ident { $($variant:ident = $code:literal,)* }) => {
        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }

        store::coded!($name);
    };
}
pub(crate) use codes;

codes!(Stage {
    Placed = "placed",
    Held = "held",
    Accepted = "accepted",
    Declined = "declined",
    Cancelled = "cancelled",
    Released = "released",
    Packed = "packed",
    Dispatched = "dispatched",
    HandedOver = "handed_over",
    Failed = "failed",
});

/// Why a person has to look at an order before it may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewHold {
    /// Nobody has ever answered under the customer's number.
    PhoneUnconfirmed,
    /// The same customer ordered the same a moment ago.
    Duplicate,
    /// More money than this customer's history speaks for.
    AmountAboveHistory,
}

codes!(ReviewHold {
    PhoneUnconfirmed = "phone_unconfirmed",
    Duplicate = "duplicate",
    AmountAboveHistory = "amount_above_history",
});

/// Why an order was not taken after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    CustomerBlocked,
    PaymentDeclined,
    /// A person of the order desk said no.
    ByDesk,
    /// Nobody decided before the delivery window began.
    NotReviewedInTime,
}

codes!(DeclineReason {
    CustomerBlocked = "customer_blocked",
    PaymentDeclined = "payment_declined",
    ByDesk = "by_desk",
    NotReviewedInTime = "not_reviewed_in_time",
});

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    ByCustomer,
    ByDesk,
    /// The payment was never answered and the reservation ran out.
    PaymentTimedOut,
    /// Nothing of the order could be sent.
    NothingToSend,
}

codes!(CancelReason {
    ByCustomer = "by_customer",
    ByDesk = "by_desk",
    PaymentTimedOut = "payment_timed_out",
    NothingToSend = "nothing_to_send",
});

/// Why a delivery came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    CustomerAbsent,
    AddressWrong,
    Refused,
    Damaged,
    TooWarm,
    VehicleBroken,
}

codes!(FailReason {
    CustomerAbsent = "customer_absent",
    AddressWrong = "address_wrong",
    Refused = "refused",
    Damaged = "damaged",
    TooWarm = "too_warm",
    VehicleBroken = "vehicle_broken",
});

/// What was settled when everything was weighed and packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settled {
    pub note: ReleaseNoteId,
    /// What the customer pays.
    pub amount: Money,
}

/// A settled order that has left with its invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invoiced {
    #[serde(flatten)]
    pub settled: Settled,
    pub invoice: InvoiceId,
}

/// ```text
/// placed ─▶ held ─▶ accepted ─▶ released ─▶ packed ─▶ dispatched ─▶ handed_over
///    │       │          │           │                      └──────▶ failed
///    ├───────┼──────────┴───────────┴─▶ cancelled
///    └───────┴─▶ declined
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum OrderState {
    Placed,
    Held { by: ReviewHold },
    Accepted,
    Declined { why: DeclineReason },
    Cancelled { why: CancelReason },
    Released { note: ReleaseNoteId },
    Packed(Settled),
    Dispatched(Invoiced),
    HandedOver(Invoiced),
    Failed { invoiced: Invoiced, why: FailReason },
}

/// The order does not stand where this may be done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the order is {}, not ready to be {wanted}", stage.code())]
pub struct NotReady {
    pub stage: Stage,
    pub wanted: &'static str,
}

impl OrderState {
    pub const fn stage(self) -> Stage {
        match self {
            Self::Placed => Stage::Placed,
            Self::Held { .. } => Stage::Held,
            Self::Accepted => Stage::Accepted,
            Self::Declined { .. } => Stage::Declined,
            Self::Cancelled { .. } => Stage::Cancelled,
            Self::Released { .. } => Stage::Released,
            Self::Packed(_) => Stage::Packed,
            Self::Dispatched(_) => Stage::Dispatched,
            Self::HandedOver(_) => Stage::HandedOver,
            Self::Failed { .. } => Stage::Failed,
        }
    }

    /// The reason that the state carries, by its code.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Held { by } => Some(by.code()),
            Self::Declined { why } => Some(why.code()),
            Self::Cancelled { why } => Some(why.code()),
            Self::Failed { why, .. } => Some(why.code()),
            Self::Placed
            | Self::Accepted
            | Self::Released { .. }
            | Self::Packed(_)
            | Self::Dispatched(_)
            | Self::HandedOver(_) => None,
        }
    }

    pub const fn note(self) -> Option<ReleaseNoteId> {
        match self {
            Self::Released { note } => Some(note),
            Self::Packed(settled) => Some(settled.note),
            Self::Dispatched(invoiced) | Self::HandedOver(invoiced) | Self::Failed { invoiced, .. } => {
                Some(invoiced.settled.note)
            }
            Self::Placed | Self::Held { .. } | Self::Accepted | Self::Declined { .. } | Self::Cancelled { .. } => None,
        }
    }

    pub const fn settled(self) -> Option<Settled> {
        match self {
            Self::Packed(settled) => Some(settled),
            Self::Dispatched(invoiced) | Self::HandedOver(invoiced) | Self::Failed { invoiced, .. } => {
                Some(invoiced.settled)
            }
            Self::Placed
            | Self::Held { .. }
            | Self::Accepted
            | Self::Declined { .. }
            | Self::Cancelled { .. }
            | Self::Released { .. } => None,
        }
    }

    pub const fn invoice(self) -> Option<InvoiceId> {
        match self {
            Self::Dispatched(invoiced) | Self::HandedOver(invoiced) | Self::Failed { invoiced, .. } => {
                Some(invoiced.invoice)
            }
            Self::Placed
            | Self::Held { .. }
            | Self::Accepted
            | Self::Declined { .. }
            | Self::Cancelled { .. }
            | Self::Released { .. }
            | Self::Packed(_) => None,
        }
    }

    /// The payment is authorised and no rule objects, or a person has let the order go on.
    pub const fn accept(self) -> Result<Self, NotReady> {
        if matches!(self, Self::Placed | Self::Held { .. }) {
            return Ok(Self::Accepted);
        }
        Err(self.not_ready("accepted"))
    }

    pub const fn hold(self, by: ReviewHold) -> Result<Self, NotReady> {
        let Self::Placed = self else { return Err(self.not_ready("held")) };
        Ok(Self::Held { by })
    }

    /// Only what waits for a person can be let go by one.
    pub const fn release_from_review(self) -> Result<Self, NotReady> {
        let Self::Held { .. } = self else { return Err(self.not_ready("released from review")) };
        Ok(Self::Accepted)
    }

    pub const fn decline(self, why: DeclineReason) -> Result<Self, NotReady> {
        if matches!(self, Self::Placed | Self::Held { .. }) {
            return Ok(Self::Declined { why });
        }
        Err(self.not_ready("declined"))
    }

    /// Until release: from then on hands are at work on it.
    pub const fn cancel(self, why: CancelReason) -> Result<Self, NotReady> {
        if matches!(self, Self::Placed | Self::Held { .. } | Self::Accepted) {
            return Ok(Self::Cancelled { why });
        }
        Err(self.not_ready("cancelled"))
    }

    pub const fn release(self, note: ReleaseNoteId) -> Result<Self, NotReady> {
        let Self::Accepted = self else { return Err(self.not_ready("released")) };
        Ok(Self::Released { note })
    }

    /// Everything is weighed and packed. An order of which nothing could be sent ends here.
    pub fn pack(self, amount: Money) -> Result<Self, NotReady> {
        let Self::Released { note } = self else { return Err(self.not_ready("packed")) };
        if amount.is_zero() {
            return Ok(Self::Cancelled { why: CancelReason::NothingToSend });
        }
        Ok(Self::Packed(Settled { note, amount }))
    }

    /// What is dispatched, before the invoice that a dispatch needs takes its number.
    pub const fn ready_to_dispatch(self) -> Result<Settled, NotReady> {
        let Self::Packed(settled) = self else { return Err(self.not_ready("dispatched")) };
        Ok(settled)
    }

    pub const fn dispatch(self, invoice: InvoiceId) -> Result<Self, NotReady> {
        let Self::Packed(settled) = self else { return Err(self.not_ready("dispatched")) };
        Ok(Self::Dispatched(Invoiced { settled, invoice }))
    }

    pub const fn hand_over(self) -> Result<Self, NotReady> {
        let Self::Dispatched(invoiced) = self else { return Err(self.not_ready("handed over")) };
        Ok(Self::HandedOver(invoiced))
    }

    pub const fn fail(self, why: FailReason) -> Result<Self, NotReady> {
        let Self::Dispatched(invoiced) = self else { return Err(self.not_ready("failed")) };
        Ok(Self::Failed { invoiced, why })
    }

    const fn not_ready(self, wanted: &'static str) -> NotReady {
        NotReady { stage: self.stage(), wanted }
    }

    /// What the columns of a row say; `None` when they contradict each other.
    pub(crate) fn from_columns(columns: &StateColumns<'_>) -> Option<Self> {
        let StateColumns { stage, reason, note, amount, invoice } = *columns;
        let settled = || Some(Settled { note: note?, amount: amount? });
        let invoiced = || Some(Invoiced { settled: settled()?, invoice: invoice? });
        Some(match stage {
            Stage::Placed => Self::Placed,
            Stage::Held => Self::Held { by: ReviewHold::from_code(reason?)? },
            Stage::Accepted => Self::Accepted,
            Stage::Declined => Self::Declined { why: DeclineReason::from_code(reason?)? },
            Stage::Cancelled => Self::Cancelled { why: CancelReason::from_code(reason?)? },
            Stage::Released => Self::Released { note: note? },
            Stage::Packed => Self::Packed(settled()?),
            Stage::Dispatched => Self::Dispatched(invoiced()?),
            Stage::HandedOver => Self::HandedOver(invoiced()?),
            Stage::Failed => Self::Failed { invoiced: invoiced()?, why: FailReason::from_code(reason?)? },
        })
    }
}

/// A state as its row keeps it.
pub(crate) struct StateColumns<'a> {
    pub(crate) stage: Stage,
    pub(crate) reason: Option<&'a str>,
    pub(crate) note: Option<ReleaseNoteId>,
    pub(crate) amount: Option<Money>,
    pub(crate) invoice: Option<InvoiceId>,
}

#[cfg(test)]
mod tests {
    use kernel::{Id, InvoiceId, Money, ReleaseNoteId};
    use store::Uuid;

    use super::*;

    fn every_state() -> Vec<OrderState> {
        let note = ReleaseNoteId::from_uuid(Uuid::from_u128(1));
        let settled = Settled { note, amount: Money(905) };
        let invoiced = Invoiced { settled, invoice: InvoiceId::from_uuid(Uuid::from_u128(2)) };
        vec![
            OrderState::Placed,
            OrderState::Held { by: ReviewHold::Duplicate },
            OrderState::Accepted,
            OrderState::Declined { why: DeclineReason::ByDesk },
            OrderState::Cancelled { why: CancelReason::ByCustomer },
            OrderState::Released { note },
            OrderState::Packed(settled),
            OrderState::Dispatched(invoiced),
            OrderState::HandedOver(invoiced),
            OrderState::Failed { invoiced, why: FailReason::Refused },
        ]
    }

    type Turn = fn(OrderState) -> Result<OrderState, NotReady>;

    /// Which states each transition may start from: all else is refused.
    #[test]
    fn only_the_drawn_ways_lead_on() {
        use Stage::{Accepted, Dispatched, Held, Packed, Placed, Released};
        let ways: [(Turn, &[Stage], Stage); 10] = [
            (OrderState::accept, &[Placed, Held], Stage::Accepted),
            (|state| state.hold(ReviewHold::Duplicate), &[Placed], Stage::Held),
            (OrderState::release_from_review, &[Held], Stage::Accepted),
            (|state| state.decline(DeclineReason::ByDesk), &[Placed, Held], Stage::Declined),
            (|state| state.cancel(CancelReason::ByDesk), &[Placed, Held, Accepted], Stage::Cancelled),
            (|state| state.release(ReleaseNoteId::from_uuid(Uuid::nil())), &[Accepted], Stage::Released),
            (|state| state.pack(Money(1)), &[Released], Stage::Packed),
            (|state| state.dispatch(InvoiceId::from_uuid(Uuid::nil())), &[Packed], Stage::Dispatched),
            (OrderState::hand_over, &[Dispatched], Stage::HandedOver),
            (|state| state.fail(FailReason::Refused), &[Dispatched], Stage::Failed),
        ];
        for (turn, from, to) in ways {
            for state in every_state() {
                match turn(state) {
                    Ok(next) => {
                        assert!(from.contains(&state.stage()), "{state:?}");
                        assert_eq!(next.stage(), to);
                    }
                    Err(refusal) => {
                        assert!(!from.contains(&state.stage()), "{state:?}");
                        assert_eq!(refusal.stage, state.stage());
                    }
                }
            }
        }
    }

    #[test]
    fn an_order_of_which_nothing_was_sent_is_cancelled() {
        let released = OrderState::Released { note: ReleaseNoteId::from_uuid(Uuid::nil()) };
        assert_eq!(released.pack(Money::ZERO), Ok(OrderState::Cancelled { why: CancelReason::NothingToSend }));
    }

    #[test]
    fn a_state_is_read_back_as_it_was_written() {
        for state in every_state() {
            let columns = StateColumns {
                stage: state.stage(),
                reason: state.reason(),
                note: state.note(),
                amount: state.settled().map(|settled| settled.amount),
                invoice: state.invoice(),
            };
            assert_eq!(OrderState::from_columns(&columns), Some(state));
        }
        let torn = StateColumns { stage: Stage::Packed, reason: None, note: None, amount: None, invoice: None };
        assert_eq!(OrderState::from_columns(&torn), None);
    }
}
