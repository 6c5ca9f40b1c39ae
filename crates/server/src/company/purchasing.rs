//! Who must sign a purchase in the demo company, and what may be spent: data, as a shop would enter it.

use std::collections::BTreeSet;

use accounts::budgets::{BudgetKey, NewBudget, open_budget};
use catalog::Profile;
use kernel::{Currency, Date, Money, SiteId, Stamp};
use procurement::{
    approvals::{self, Level, NewApprovalRule},
    suppliers::{self, NewWeights, Shares},
};
use serde::Deserialize;
use store::Tx;

use super::told;
use crate::StartError;

#[derive(Deserialize)]
pub(super) struct Purchasing {
    department: String,
    rules: Vec<Threshold>,
    budget_per_month: PerProfile,
    scorecard: Shares,
}

#[derive(Deserialize)]
struct Threshold {
    currency: Currency,
    level: Level,
    above: Money,
    within_minutes: i64,
}

#[derive(Clone, Copy, Deserialize)]
struct PerProfile {
    tw: Money,
    cn: Money,
}

/// A demonstration runs for weeks, not for seasons.
const MONTHS: i64 = 3;

pub(super) fn plan() -> Result<Purchasing, StartError> {
    serde_json::from_str(include_str!("purchasing.json")).map_err(told)
}

impl Purchasing {
    /// From which amount on who must sign.
    pub(super) async fn set_rules(&self, tx: &mut Tx, stamp: &Stamp) -> Result<(), StartError> {
        let valid_from = Date::constant(2000, 1, 1);
        for Threshold { currency, level, above, within_minutes } in &self.rules {
            let rule = NewApprovalRule {
                currency: *currency,
                level: *level,
                above: *above,
                within_minutes: *within_minutes,
                valid_from,
            };
            approvals::set_rule(tx, stamp, rule).await.map_err(told)?;
        }
        Ok(())
    }

    /// What each part of a supplier's scorecard counts.
    pub(super) async fn set_weights(&self, tx: &mut Tx, stamp: &Stamp) -> Result<(), StartError> {
        let new = NewWeights { shares: self.scorecard, valid_from: Date::constant(2000, 1, 1) };
        suppliers::set_weights(tx, stamp, new).await.map(drop).map_err(told)
    }

    /// Money for every category, this month and the next ones.
    pub(super) async fn open_budgets(
        &self,
        tx: &mut Tx,
        stamp: &Stamp,
        site: SiteId,
        profile: Profile,
        categories: &BTreeSet<String>,
    ) -> Result<(), StartError> {
        let amount = match profile {
            Profile::Tw => self.budget_per_month.tw,
            Profile::Cn => self.budget_per_month.cn,
        };
        let today = catalog::site(tx, site).await.map_err(told)?.time.date(stamp.at).first_of_month();
        for nth in 0..MONTHS {
            let month = today.saturating_add(jiff::Span::new().months(nth));
            for category in categories {
                let key = BudgetKey::of_day(site, &self.department, category, month);
                open_budget(tx, stamp, &NewBudget { key, amount }).await.map_err(told)?;
            }
        }
        Ok(())
    }
}
