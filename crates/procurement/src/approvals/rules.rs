//! Who must sign what. Pure.

use std::collections::BTreeSet;

use accounts::budgets::Budget;
use edge::{Duty, Problem, parse};
use kernel::{Actor, Currency, Date, Id, Instant, Money, PurchaseOrderId, SiteId, SkuId, SupplierId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::dates;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl Id for $name {
            const NOUN: &'static str = $noun;

            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        store::ids!($name);
    )*};
}

ids! {
    /// A threshold of one level.
    ApprovalRuleId = "approval_rule";
    /// A signature lent for some days.
    DelegationId = "delegation";
    /// A purchase that was tried without its signatures.
    PurchaseAttemptId = "purchase_attempt";
}

codes! {
    /// Whose signature it is, from the nearest desk to the farthest: they sign in this order.
    Level {
        /// The lead of the buyers.
        Buying = "buying",
        /// The head of the department.
        Department = "department",
        Finance = "finance",
        GeneralManager = "general_manager",
    }
}

impl Level {
    /// What a signer of this level must be trusted with.
    pub const fn duty(self) -> Duty {
        match self {
            Self::Buying => Duty::ApproveForBuying,
            Self::Department => Duty::ApproveForDepartment,
            Self::Finance => Duty::ApproveForFinance,
            Self::GeneralManager => Duty::ApproveAsGeneralManager,
        }
    }

    /// Who is asked when this level is late: the nearest one above that does not sign this purchase anyhow, for nobody
    /// signs twice. Where there is none it stays with the level, which is reminded.
    pub(super) fn stand_in(self, chain: &[Self]) -> Self {
        let free = Self::ALL.iter().find(|above| **above > self && !chain.contains(above));
        free.copied().unwrap_or(self)
    }
}

/// From which amount on a level must sign, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalRule {
    pub id: ApprovalRuleId,
    pub currency: Currency,
    pub level: Level,
    /// Purchases of more than this.
    pub above: Money,
    /// How long the level may take; then one above is asked as well.
    pub within_minutes: i64,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    /// Valid through this day; open if none.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Option<Date>,
    pub set_by: Actor,
    pub set_at: Instant,
}

/// A threshold as it is set. The open one of its level ends on the day before.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApprovalRule {
    pub currency: Currency,
    pub level: Level,
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub above: Money,
    /// How long the level may take; then one above is asked as well.
    #[serde(default = "usual_minutes")]
    #[schema(minimum = 1, maximum = 10_080)]
    pub within_minutes: i64,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
}

/// Half a working day, where nobody has said otherwise.
const fn usual_minutes() -> i64 {
    240
}

/// A week.
const WITHIN_MINUTES_MAX: i64 = 10_080;

impl NewApprovalRule {
    pub fn parse(self) -> Result<Self, Problem> {
        parse::amount("above", self.above)?;
        parse::within("within_minutes", self.within_minutes, 1, WITHIN_MINUTES_MAX)?;
        dates::plausible("valid_from", self.valid_from)?;
        Ok(self)
    }
}

/// How far a budget is overrun with finance's leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Overrun {
    pub category: String,
    pub month: String,
    /// What is asked beyond what is free, in hundredths of a percent of the budget.
    pub over_bp: i64,
}

/// An overrun above this always goes over the desk of finance, whatever the amount.
const OVERRUN_FOR_FINANCE_BP: i64 = 500;

impl Overrun {
    /// What `wanted` is beyond what the budget has free.
    pub fn of(budget: &Budget, wanted: Money) -> Self {
        let over = i128::from((wanted - budget.free).minor()).saturating_mul(10_000);
        let over_bp = over.checked_div(i128::from(budget.amount.minor())).unwrap_or(10_000);
        Self {
            category: budget.category.clone(),
            month: budget.month.clone(),
            over_bp: i64::try_from(over_bp).unwrap_or(i64::MAX),
        }
    }
}

/// What one supplier gets of a requisition, with what the same person asked of it in the days before: purchases are
/// not split to pass below a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SupplierSum {
    pub supplier: SupplierId,
    pub value: Money,
    /// Asked by the same person in the days before, and not refused.
    pub earlier: Money,
}

impl SupplierSum {
    fn amount(&self) -> Money {
        self.value + self.earlier
    }
}

/// What decided who must sign: kept as it was, so that the decision can be read later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApprovalTrace)]
pub struct Trace {
    pub value: Money,
    pub suppliers: Vec<SupplierSum>,
    pub days_summed: i64,
    /// What was held against the rules: the value, or the largest of the sums.
    pub amount: Money,
    pub overrun: Option<Overrun>,
    pub steps: Vec<Asked>,
}

/// One signature that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    pub level: Level,
    pub why: Why,
    #[serde(default = "usual_minutes")]
    pub within_minutes: i64,
}

/// Which rule asks for a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "because", rename_all = "snake_case")]
#[schema(as = ApprovalReason)]
pub enum Why {
    AmountAbove { rule: ApprovalRuleId, above: Money },
    BudgetOverrun { over_bp: i64 },
}

/// How long ago a purchase still counts as a part of this one.
pub const DAYS_SUMMED: i64 = 7;

/// Decides who must sign, in which order, and why.
pub(super) fn route(
    rules: &[ApprovalRule],
    value: Money,
    suppliers: Vec<SupplierSum>,
    overrun: Option<Overrun>,
) -> Trace {
    let amount = suppliers.iter().map(SupplierSum::amount).fold(value, Money::max);
    let mut steps = Vec::new();
    for level in Level::ALL {
        let rule = rules.iter().find(|rule| rule.level == *level && amount > rule.above);
        let over = overrun.as_ref().filter(|over| *level == Level::Finance && over.over_bp > OVERRUN_FOR_FINANCE_BP);
        let (why, within_minutes) = match (rule, over) {
            (Some(rule), _) => (Why::AmountAbove { rule: rule.id, above: rule.above }, rule.within_minutes),
            (None, Some(over)) => (Why::BudgetOverrun { over_bp: over.over_bp }, usual_minutes()),
            (None, None) => continue,
        };
        steps.push(Asked { level: *level, why, within_minutes });
    }
    Trace { value, suppliers, days_summed: DAYS_SUMMED, amount, overrun, steps }
}

/// The rule that lets the smallest purchases pass, and up to which amount.
pub(super) fn limit(rules: &[ApprovalRule]) -> Option<&ApprovalRule> {
    rules.iter().min_by_key(|rule| (rule.above, rule.level))
}

/// One signature of a round: asked for, and perhaps given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalStep {
    pub round: i64,
    pub position: i64,
    pub level: Level,
    pub state: StepState,
    pub decided_by: Option<Actor>,
    /// Whose signature it stands for, where a delegate signed.
    pub on_behalf_of: Option<UserId>,
    pub delegation: Option<DelegationId>,
    pub comment: Option<String>,
    pub decided_at: Option<Instant>,
    pub within_minutes: i64,
    /// Absent until it is its turn.
    pub due_at: Option<Instant>,
    /// Who was asked as well, because it was late.
    pub escalated_to: Option<Level>,
    pub escalated_at: Option<Instant>,
}

impl ApprovalStep {
    /// Whether one of these levels is asked to sign.
    pub(super) fn asks(&self, levels: &[Level]) -> bool {
        levels.contains(&self.level) || self.escalated_to.is_some_and(|above| levels.contains(&above))
    }

    /// Whether somebody with these duties signs it by their own right.
    pub(super) fn may_be_signed_with(&self, duties: &BTreeSet<Duty>) -> bool {
        let mut asked = [Some(self.level), self.escalated_to].into_iter().flatten();
        asked.any(|level| duties.contains(&level.duty()))
    }
}

codes! {
    /// What became of a signature that was asked for.
    StepState {
        Open = "open",
        Approved = "approved",
        Rejected = "rejected",
        /// Sent back for revision.
        Returned = "returned",
    }
}

/// What a signer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ApprovalDecision)]
pub enum Decision {
    Approve {
        #[serde(default)]
        #[schema(max_length = 500)]
        comment: String,
    },
    /// No, for good.
    Reject {
        #[schema(min_length = 1, max_length = 500)]
        reason: String,
    },
    /// Back to the requester, who may change it and ask again.
    Return {
        #[schema(min_length = 1, max_length = 500)]
        reason: String,
    },
}

impl Decision {
    pub fn parse(self) -> Result<Self, Problem> {
        Ok(match self {
            Self::Approve { comment } => Self::Approve { comment: parse::text("comment", &comment, 0, 500)? },
            Self::Reject { reason } => Self::Reject { reason: parse::text("reason", &reason, 1, 500)? },
            Self::Return { reason } => Self::Return { reason: parse::text("reason", &reason, 1, 500)? },
        })
    }

    pub(super) const fn state(&self) -> StepState {
        match self {
            Self::Approve { .. } => StepState::Approved,
            Self::Reject { .. } => StepState::Rejected,
            Self::Return { .. } => StepState::Returned,
        }
    }

    pub(super) fn said(&self) -> Option<&str> {
        let text = match self {
            Self::Approve { comment } => comment,
            Self::Reject { reason } | Self::Return { reason } => reason,
        };
        Some(text.as_str()).filter(|text| !text.is_empty())
    }
}

/// A signature lent for some days: an approver on leave does not stop the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delegation {
    pub id: DelegationId,
    pub delegator: UserId,
    pub delegate: UserId,
    pub level: Level,
    pub currency: Currency,
    /// The largest purchase that the delegate may sign.
    pub limit: Money,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
    pub reason: String,
    pub made_at: Instant,
    pub ended_at: Option<Instant>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDelegation {
    pub delegate: UserId,
    pub level: Level,
    pub currency: Currency,
    #[schema(value_type = i64, minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub limit: Money,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
    #[schema(min_length = 1, max_length = 300)]
    pub reason: String,
}

/// Nobody is on leave for longer without somebody being appointed.
const DELEGATED_DAYS_MAX: i64 = 60;

impl NewDelegation {
    pub fn parse(mut self) -> Result<Self, Problem> {
        parse::amount("limit", self.limit)?;
        if self.limit.is_zero() {
            return Err(Problem::invalid("limit", "a delegate who may sign nothing is none"));
        }
        dates::plausible("valid_from", self.valid_from)?;
        dates::plausible("valid_until", self.valid_until)?;
        if self.valid_until < self.valid_from {
            return Err(Problem::invalid("valid_until", "a delegation ends after it begins"));
        }
        let last = self.valid_from.saturating_add(jiff::Span::new().days(DELEGATED_DAYS_MAX));
        if self.valid_until > last {
            return Err(Problem::invalid(
                "valid_until",
                format!("a delegation lasts {DELEGATED_DAYS_MAX} days at most"),
            ));
        }
        self.reason = parse::text("reason", &self.reason, 1, 300)?;
        Ok(self)
    }
}

/// A purchase that somebody tried without the signatures that it needs. Nothing was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PurchaseAttempt {
    pub id: PurchaseAttemptId,
    pub site: SiteId,
    pub supplier: SupplierId,
    #[schema(value_type = String, format = Date)]
    pub delivery_on: Date,
    pub currency: Currency,
    pub value: Money,
    /// With what the same person bought of the same supplier, unsigned, in the days before.
    pub amount: Money,
    /// Up to which amount a buyer needs nobody.
    pub limit: Money,
    /// Whose signatures were missing.
    pub missing: Vec<Level>,
    /// The rule that says so.
    pub rule: ApprovalRuleId,
    pub tried_by: Actor,
    pub tried_at: Instant,
}

/// What is known of a purchase that nobody has signed.
#[derive(Clone, Debug)]
pub struct Unsigned<'a> {
    pub site: SiteId,
    pub currency: Currency,
    pub supplier: SupplierId,
    pub delivery_on: Date,
    pub value: Money,
    pub skus: &'a [SkuId],
}

/// A budget's part of a purchase order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Commitment {
    pub(super) purchase_order: PurchaseOrderId,
    pub(super) budget: kernel::BudgetId,
    pub(super) requisition: kernel::RequisitionId,
    pub(super) committed: Money,
    /// What of it invoices, or the end of the order, have freed again.
    pub(super) freed: Money,
}

impl Commitment {
    pub(super) fn open(&self) -> Money {
        self.committed - self.freed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Vec<ApprovalRule> {
        [(Level::Buying, 0), (Level::Department, 2_000), (Level::Finance, 20_000), (Level::GeneralManager, 100_000)]
            .into_iter()
            .map(|(level, above)| ApprovalRule {
                id: ApprovalRuleId::from_uuid(Uuid::from_u128(1)),
                currency: Currency::Cny,
                level,
                above: Money(above),
                within_minutes: 30,
                valid_from: Date::constant(2026, 1, 1),
                valid_until: None,
                set_by: Actor::System,
                set_at: Instant::from_millis(0),
            })
            .collect()
    }

    fn levels(value: i64, earlier: i64, overrun: Option<i64>) -> Vec<Level> {
        let supplier = SupplierId::from_uuid(Uuid::nil());
        let sums = vec![SupplierSum { supplier, value: Money(value), earlier: Money(earlier) }];
        let overrun =
            overrun.map(|over_bp| Overrun { category: "fish".to_owned(), month: "2026-03".to_owned(), over_bp });
        route(&rules(), Money(value), sums, overrun).steps.into_iter().map(|step| step.level).collect()
    }

    #[test]
    fn the_dearer_the_purchase_the_more_desks_it_crosses() {
        use Level::{Buying, Department, Finance, GeneralManager};
        assert_eq!(levels(2_000, 0, None), [Buying]);
        assert_eq!(levels(2_001, 0, None), [Buying, Department]);
        assert_eq!(levels(20_000, 0, None), [Buying, Department]);
        assert_eq!(levels(100_000, 0, None), [Buying, Department, Finance]);
        assert_eq!(levels(100_001, 0, None), [Buying, Department, Finance, GeneralManager]);
    }

    #[test]
    fn a_purchase_in_two_halves_is_one_purchase() {
        assert_eq!(levels(1_500, 0, None), levels(2_000, 0, None));
        assert_eq!(levels(1_500, 1_500, None), levels(3_000, 0, None));
    }

    #[test]
    fn a_large_overrun_always_goes_over_the_desk_of_finance() {
        assert_eq!(levels(100, 0, Some(500)), [Level::Buying]);
        assert_eq!(levels(100, 0, Some(501)), [Level::Buying, Level::Finance]);
    }

    #[test]
    fn a_buyer_needs_nobody_up_to_the_lowest_threshold() {
        let rules = rules();
        assert_eq!(limit(&rules).map(|rule| (rule.level, rule.above)), Some((Level::Buying, Money(0))));
        assert_eq!(limit(&[]), None);
    }
}
