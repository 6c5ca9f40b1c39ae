//! Duties that exclude each other: four eyes where goods and money change hands.
//!
//! Some pairs are kept apart by the roles alone. All of them are kept apart on one object: a step asks
//! [`may`] with what has been done to the order, the lot or the count, and by whom.

use edge::Duty;
use kernel::Actor;

/// Two duties that one person may not perform on one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub one: Duty,
    pub other: Duty,
    pub kept_apart: KeptApart,
    /// What could happen otherwise.
    pub why: &'static str,
}

/// How far a pair is kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptApart {
    /// No role holds both, and nobody does both to one object.
    ByRole,
    /// A role may hold both; nobody does both to one object.
    OnOneObject,
}

const fn by_role(one: Duty, other: Duty, why: &'static str) -> Pair {
    Pair { one, other, kept_apart: KeptApart::ByRole, why }
}

const fn on_one_object(one: Duty, other: Duty, why: &'static str) -> Pair {
    Pair { one, other, kept_apart: KeptApart::OnOneObject, why }
}

/// Every excluding pair of what exists. A pair excludes in both directions.
pub const PAIRS: &[Pair] = &[
    by_role(Duty::ManageSuppliers, Duty::ApproveSuppliers, "a supplier invented and admitted by one hand"),
    by_role(Duty::ManageSuppliers, Duty::PaySuppliers, "a supplier invented and paid by one hand"),
    by_role(Duty::RequestPurchase, Duty::ApproveForBuying, "a wish that grants itself"),
    by_role(Duty::RequestPurchase, Duty::ApproveForDepartment, "a wish that grants itself"),
    by_role(Duty::RequestPurchase, Duty::ApproveForFinance, "a wish that grants itself"),
    by_role(Duty::RequestPurchase, Duty::ApproveAsGeneralManager, "a wish that grants itself"),
    by_role(Duty::RequestPurchase, Duty::ReceiveGoods, "goods ordered and signed for by one hand"),
    by_role(Duty::RequestPurchase, Duty::PaySuppliers, "a wish that pays itself"),
    by_role(Duty::PlacePurchaseOrders, Duty::ReceiveGoods, "goods ordered and signed for by one hand"),
    by_role(Duty::PlacePurchaseOrders, Duty::PaySuppliers, "an order that pays itself"),
    by_role(Duty::ApproveForBuying, Duty::ReceiveGoods, "goods approved and signed for by one hand"),
    by_role(Duty::ApproveForDepartment, Duty::ReceiveGoods, "goods approved and signed for by one hand"),
    by_role(Duty::ApproveForFinance, Duty::ReceiveGoods, "goods approved and signed for by one hand"),
    by_role(Duty::ApproveAsGeneralManager, Duty::ReceiveGoods, "goods approved and signed for by one hand"),
    by_role(Duty::ApproveForBuying, Duty::PaySuppliers, "money approved and sent by one hand"),
    by_role(Duty::ApproveForDepartment, Duty::PaySuppliers, "money approved and sent by one hand"),
    by_role(Duty::ApproveForFinance, Duty::PaySuppliers, "money approved and sent by one hand"),
    by_role(Duty::ApproveAsGeneralManager, Duty::PaySuppliers, "money approved and sent by one hand"),
    by_role(Duty::ReceiveGoods, Duty::PaySuppliers, "goods that never came, paid by who says they did"),
    by_role(Duty::ReceiveGoods, Duty::InspectGoods, "the dock judging its own work"),
    by_role(Duty::BookSupplierInvoices, Duty::PaySuppliers, "an invoice invented and paid by one hand"),
    by_role(Duty::BookSupplierInvoices, Duty::ReleaseInvoiceQuantity, "the clerk waving a difference through"),
    by_role(Duty::BookSupplierInvoices, Duty::ReleaseInvoicePrice, "the clerk waving a difference through"),
    by_role(Duty::CountStock, Duty::ApproveAdjustments, "a theft counted away"),
    by_role(Duty::CountStock, Duty::ApproveLargeAdjustments, "a theft counted away"),
    by_role(Duty::AuthorProcedures, Duty::ApproveProcedures, "a rule that approves itself"),
    // The same trade does both; only never for one lot.
    on_one_object(Duty::InspectGoods, Duty::LiftBlocks, "a doubtful lot freed by who let it in"),
];

/// Somebody has done something to this object that excludes what they want to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("who did {} may not do {} to the same object", .done.code(), .wants.code())]
pub struct Excluded {
    pub done: Duty,
    pub wants: Duty,
}

/// Whether `actor`, who holds `duty`, may perform it on an object to which `history` was done, and by whom.
///
/// Rules of the system exclude nobody and are never excluded: a person stands behind each of them elsewhere.
pub fn may(history: &[(Actor, Duty)], actor: Actor, duty: Duty) -> Result<(), Excluded> {
    if actor == Actor::System {
        return Ok(());
    }
    let own = history.iter().filter(|(who, _)| *who == actor).map(|(_, done)| *done);
    own.into_iter().find(|done| excludes(*done, duty)).map_or(Ok(()), |done| Err(Excluded { done, wants: duty }))
}

/// Whether two duties are a pair.
pub fn excludes(one: Duty, other: Duty) -> bool {
    PAIRS.iter().any(|pair| (pair.one, pair.other) == (one, other) || (pair.other, pair.one) == (one, other))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kernel::{Id, UserId};

    use super::*;
    use crate::roles::{self, Role};

    /// What is done to one purchase, from the wish to the money.
    const OF_ONE_PURCHASE: [Duty; 10] = [
        Duty::RequestPurchase,
        Duty::ApproveForBuying,
        Duty::ApproveForDepartment,
        Duty::ApproveForFinance,
        Duty::ApproveAsGeneralManager,
        Duty::PlacePurchaseOrders,
        Duty::ReceiveGoods,
        Duty::InspectGoods,
        Duty::BookSupplierInvoices,
        Duty::PaySuppliers,
    ];

    /// Requester ≠ approver ≠ receiver ≠ payer.
    const HANDS: [&[Duty]; 4] = [
        &[Duty::RequestPurchase],
        &[Duty::ApproveForBuying, Duty::ApproveForDepartment, Duty::ApproveForFinance, Duty::ApproveAsGeneralManager],
        &[Duty::ReceiveGoods],
        &[Duty::PaySuppliers],
    ];

    fn hands(done: &BTreeSet<Duty>) -> usize {
        HANDS.iter().filter(|hand| hand.iter().any(|duty| done.contains(duty))).count()
    }

    /// Every set of duties that one person can come to have performed on one purchase, whatever the order.
    fn reachable(held: &BTreeSet<Duty>) -> BTreeSet<BTreeSet<Duty>> {
        let person = Actor::Staff(UserId::from_uuid(uuid::Uuid::from_u128(1)));
        let mut found = BTreeSet::from([BTreeSet::new()]);
        let mut open = vec![BTreeSet::new()];
        while let Some(done) = open.pop() {
            let history: Vec<(Actor, Duty)> = done.iter().map(|duty| (person, *duty)).collect();
            for duty in OF_ONE_PURCHASE.into_iter().filter(|duty| held.contains(duty)) {
                if may(&history, person, duty).is_ok() {
                    let next: BTreeSet<Duty> = done.iter().copied().chain([duty]).collect();
                    if found.insert(next.clone()) {
                        open.push(next);
                    }
                }
            }
        }
        found
    }

    #[test]
    fn no_role_holds_both_sides_of_a_pair() {
        for pair in PAIRS.iter().filter(|pair| pair.kept_apart == KeptApart::ByRole) {
            for role in Role::ALL {
                let duties = roles::duties([*role]);
                assert!(
                    !(duties.contains(&pair.one) && duties.contains(&pair.other)),
                    "{role:?} could do both {:?} and {:?}: {}",
                    pair.one,
                    pair.other,
                    pair.why
                );
            }
        }
    }

    /// I8: in every reachable state, whatever roles a person collects, they have been at most one of the four hands.
    #[test]
    fn one_person_is_never_two_hands_of_one_purchase() {
        let mut states = 0;
        for first in Role::ALL {
            for second in Role::ALL {
                for done in reachable(&roles::duties([*first, *second])) {
                    assert!(hands(&done) <= 1, "{first:?} with {second:?} could do {done:?}");
                    states += 1;
                }
            }
        }
        for done in reachable(&roles::duties(Role::ALL.iter().copied())) {
            assert!(hands(&done) <= 1, "with every role: {done:?}");
            states += 1;
        }
        assert!(states > 500, "the search met {states} states only");
    }

    /// The separation leaves the work doable: with every role there is somebody for each hand.
    #[test]
    fn four_people_can_do_what_one_may_not() {
        for hand in HANDS {
            assert!(hand.iter().all(|duty| Role::ALL.iter().any(|role| role.duties().contains(duty))));
        }
    }

    #[test]
    fn an_inspector_does_not_free_the_lot_they_let_in() {
        let inspector = Actor::Staff(UserId::from_uuid(uuid::Uuid::from_u128(1)));
        let colleague = Actor::Staff(UserId::from_uuid(uuid::Uuid::from_u128(2)));
        let lot = [(inspector, Duty::InspectGoods)];

        assert_eq!(
            may(&lot, inspector, Duty::LiftBlocks),
            Err(Excluded { done: Duty::InspectGoods, wants: Duty::LiftBlocks })
        );
        assert_eq!(may(&lot, colleague, Duty::LiftBlocks), Ok(()));
        assert_eq!(may(&lot, Actor::System, Duty::LiftBlocks), Ok(()));
    }

    #[test]
    fn every_duty_has_somebody_to_do_it() {
        for duty in Duty::ALL {
            assert!(Role::ALL.iter().any(|role| role.duties().contains(duty)), "nobody may {duty:?}");
        }
    }
}
