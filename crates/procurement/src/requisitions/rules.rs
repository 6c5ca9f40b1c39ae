//! Requisitions and their lines. Pure.

use std::collections::BTreeMap;

use accounts::budgets::BudgetKey;
use edge::{Problem, Revised, parse};
use kernel::{
    Actor, Currency, Date, DeciCelsius, Instant, Money, Price, Quantity, RequisitionId, RequisitionLineId, SiteId,
    SkuId, SupplierId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Explanation;
use crate::{
    contracts::{NewPurchaseOrder, NewPurchaseOrderLine, NewTerms},
    dates,
};

codes! {
    /// How far a requisition has come.
    RequisitionState {
        /// Its requester still writes.
        Draft = "draft",
        /// Waits for signatures.
        Submitted = "submitted",
        /// Signed by all; may be ordered.
        Approved = "approved",
        Rejected = "rejected",
        /// Purchase orders were made of it.
        Ordered = "ordered",
        /// Given up by its requester.
        Withdrawn = "withdrawn",
    }
}

impl RequisitionState {
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Draft, Self::Submitted | Self::Withdrawn)
                | (Self::Submitted, Self::Draft | Self::Approved | Self::Rejected | Self::Withdrawn)
                | (Self::Approved, Self::Ordered | Self::Withdrawn)
        )
    }

    /// Whether money is set aside for it.
    pub const fn holds_money(self) -> bool {
        match self {
            Self::Submitted | Self::Approved => true,
            Self::Draft | Self::Rejected | Self::Ordered | Self::Withdrawn => false,
        }
    }
}

/// What exactly is wanted, beyond the SKU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    #[serde(default)]
    #[schema(max_length = 40)]
    pub grade: String,
    #[serde(default)]
    #[schema(max_length = 40)]
    pub size: String,
    #[serde(default)]
    #[schema(max_length = 80)]
    pub origin: String,
    /// Warmer than this in the core, the goods are refused; customary if none is named.
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = -900, maximum = 900)]
    pub arrival_max: Option<DeciCelsius>,
}

/// A requisition as a buyer writes it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRequisition {
    pub site: SiteId,
    /// Whose budget pays.
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9._-]+$")]
    pub department: String,
    /// What it is for.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    #[schema(min_items = 1, max_items = 200)]
    pub lines: Vec<NewRequisitionLine>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRequisitionLine {
    pub sku: SkuId,
    /// In what the SKU is bought by: pieces, or grams of loose goods.
    pub quantity: Quantity,
    #[schema(value_type = String, format = Date)]
    pub needed_by: Date,
    /// The cheapest that may deliver on that day, if none is named.
    #[serde(default)]
    pub supplier: Option<SupplierId>,
    /// The supplier's list price of that day, if none is named.
    #[serde(default)]
    pub price: Option<Price>,
    #[serde(default)]
    pub specification: Specification,
    /// Why the quantity is what it is, where it differs from the proposal.
    #[serde(default)]
    #[schema(max_length = 300)]
    pub note: String,
}

/// The longest list that somebody reads before signing it.
pub(super) const LINES_MAX: usize = 200;

impl NewRequisition {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.department = parse::code("department", &self.department, 40)?;
        self.reason = parse::text("reason", &self.reason, 1, 500)?;
        parse::count("lines", &self.lines, 1, LINES_MAX)?;
        for (at, line) in self.lines.iter_mut().enumerate() {
            parse::quantity(&format!("lines/{at}/quantity"), line.quantity)?;
            dates::plausible(&format!("lines/{at}/needed_by"), line.needed_by)?;
            if let Some(price) = line.price {
                parse::amount(&format!("lines/{at}/price/money"), price.money)?;
            }
            line.note = parse::text(&format!("lines/{at}/note"), &line.note, 0, 300)?;
            let wanted = &mut line.specification;
            wanted.grade = parse::text(&format!("lines/{at}/specification/grade"), &wanted.grade, 0, 40)?;
            wanted.size = parse::text(&format!("lines/{at}/specification/size"), &wanted.size, 0, 40)?;
            wanted.origin = parse::text(&format!("lines/{at}/specification/origin"), &wanted.origin, 0, 80)?;
            if wanted.arrival_max.is_some_and(|limit| !limit.is_plausible()) {
                let reason = "a limit lies between -90.0 and 90.0 degrees";
                return Err(Problem::invalid(format!("lines/{at}/specification/arrival_max"), reason));
            }
        }
        Ok(self)
    }
}

/// What identifies a requisition and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequisitionHead {
    pub id: RequisitionId,
    /// `PR-TPE1-260328-3`.
    pub number: String,
    pub site: SiteId,
    pub department: String,
    pub currency: Currency,
    pub state: RequisitionState,
    pub reason: String,
    /// What its lines are estimated to come to, tax excluded.
    pub value: Money,
    pub requested_by: Actor,
    pub drafted_at: Instant,
    pub submitted_at: Option<Instant>,
    /// How often it was submitted.
    pub round: i64,
    pub revision: i64,
}

/// One product of a requisition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequisitionLine {
    pub id: RequisitionLineId,
    pub position: i64,
    pub sku: SkuId,
    /// Decides which budget pays.
    pub category: String,
    pub supplier: SupplierId,
    #[schema(value_type = String, format = Date)]
    pub needed_by: Date,
    pub quantity: Quantity,
    pub price: Price,
    pub value: Money,
    pub specification: Specification,
    pub note: String,
    /// How the proposed quantity came about; none for a line written by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// A requisition with everything that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Requisition {
    #[serde(flatten)]
    pub head: RequisitionHead,
    pub lines: Vec<RequisitionLine>,
}

impl Revised for Requisition {
    fn revision(&self) -> i64 {
        self.head.revision
    }
}

impl Requisition {
    /// What each supplier is to be paid.
    pub fn by_supplier(&self) -> BTreeMap<SupplierId, Money> {
        let mut sums = BTreeMap::new();
        for line in &self.lines {
            *sums.entry(line.supplier).or_insert(Money::ZERO) += line.value;
        }
        sums
    }

    /// Which budgets pay, and how much each.
    pub fn by_budget(&self) -> Vec<(BudgetKey, Money)> {
        let mut sums: BTreeMap<(String, String), (BudgetKey, Money)> = BTreeMap::new();
        for line in &self.lines {
            let key = self.budget_of(line);
            let sum = sums.entry((key.category.clone(), key.month.clone())).or_insert((key, Money::ZERO));
            sum.1 += line.value;
        }
        sums.into_values().filter(|(_, value)| *value > Money::ZERO).collect()
    }

    /// The budget that pays a line: of its category, in the month in which it is needed.
    pub fn budget_of(&self, line: &RequisitionLine) -> BudgetKey {
        BudgetKey::of_day(self.head.site, &self.head.department, &line.category, line.needed_by)
    }

    /// The purchase orders that fulfil it: one for each supplier and day, with its lines.
    pub fn orders(&self) -> Vec<(NewPurchaseOrder, Vec<&RequisitionLine>)> {
        let mut groups: BTreeMap<(Date, SupplierId), Vec<&RequisitionLine>> = BTreeMap::new();
        for line in &self.lines {
            groups.entry((line.needed_by, line.supplier)).or_default().push(line);
        }
        groups
            .into_iter()
            .map(|((delivery_on, supplier), lines)| {
                let wanted = |line: &&RequisitionLine| NewPurchaseOrderLine {
                    sku: line.sku,
                    quantity: asked(line),
                    // What was signed is what is ordered, whatever the price list says by then.
                    price: Some(line.price),
                    terms: NewTerms { arrival_max: line.specification.arrival_max, ..NewTerms::default() },
                };
                let order = NewPurchaseOrder {
                    site: self.head.site,
                    supplier,
                    delivery_on,
                    requisition: Some(self.head.id),
                    lines: lines.iter().map(wanted).collect(),
                };
                (order, lines)
            })
            .collect()
    }
}

/// The quantity as the buyer wrote it, without the weight that was estimated from it.
fn asked(line: &RequisitionLine) -> Quantity {
    match line.quantity.pieces {
        Some(pieces) => Quantity::pieces(pieces),
        None => Quantity::grams(line.quantity.grams_or_zero()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_ordered_that_was_not_approved() {
        use RequisitionState as S;
        for from in S::ALL {
            assert_eq!(from.may_become(S::Ordered), *from == S::Approved, "{from}");
            assert!(!S::Ordered.may_become(*from) && !S::Rejected.may_become(*from), "{from}");
        }
        assert!(S::Submitted.may_become(S::Draft));
        assert!(!S::Approved.may_become(S::Draft));
    }
}
