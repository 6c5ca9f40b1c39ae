//! What an order is worth: revenue net of tax less everything that serving it has cost.
//!
//! Waste and markdown are shown apart and charged to product and site, never to an order.

use catalog::TaxClass;
use kernel::{CustomerOrderId, Money};
use serde::{Deserialize, Serialize};
use store::{Result, Tx, args, sql};
use utoipa::ToSchema;

use crate::Account;

/// The parts of an order's contribution, each as a positive amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contribution {
    /// Sales net of tax.
    pub revenue: Money,
    pub refunds: Money,
    /// Lots at landed cost.
    pub goods: Money,
    pub packaging: Money,
    /// Picking and packing minutes at their rate.
    pub labour: Money,
    /// The share of the route.
    pub delivery: Money,
    pub payment_fee: Money,
}

impl Contribution {
    /// What is left of the revenue.
    pub fn total(self) -> Money {
        self.revenue - self.refunds - self.goods - self.packaging - self.labour - self.delivery - self.payment_fee
    }

    /// Adds one account of the order to its part; accounts of the balance sheet and of waste have none.
    fn add(&mut self, account: Account, amount: Money) {
        match account {
            Account::Sales(TaxClass::Taxed5 | TaxClass::Exempt | TaxClass::Zero | TaxClass::Vat9 | TaxClass::Vat13) => {
                self.revenue -= amount;
            }
            Account::Refunds => self.refunds += amount,
            Account::CostOfGoodsSold => self.goods += amount,
            Account::Packaging => self.packaging += amount,
            Account::Labour => self.labour += amount,
            Account::DeliveryCost => self.delivery += amount,
            Account::PaymentFees => self.payment_fee += amount,
            Account::CustomerReceivable
            | Account::ProviderClearing
            | Account::CourierCash
            | Account::TaxPayable
            | Account::InputTax
            | Account::StoreCredit
            | Account::SupplierPayable
            | Account::GoodsReceivedNotInvoiced
            | Account::GoodsInStock
            | Account::PurchaseVariance
            | Account::Waste(_)
            | Account::AccruedCosts
            | Account::CrateDeposits
            | Account::Rounding
            | Account::Opening => {}
        }
    }
}

/// The minutes of a hand at a rate per minute.
pub fn labour(minutes: i64, per_minute: Money) -> Money {
    Money(minutes.saturating_mul(per_minute.minor()))
}

/// The contribution of an order, summed from the journal.
pub async fn of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Contribution> {
    let mut contribution = Contribution::default();
    for (code, amount) in tx.all::<(String, Money)>(BY_ACCOUNT, args![order]).await? {
        if let Some(account) = Account::from_code(&code) {
            contribution.add(account, amount);
        }
    }
    Ok(contribution)
}

sql! {
    /// Index `money_posting_order`.
    BY_ACCOUNT = "SELECT account, CAST(COALESCE(SUM(amount), 0) AS BIGINT)
                  FROM money_posting
                  WHERE customer_order = $1
                  GROUP BY account
                  ORDER BY account";
}

#[cfg(test)]
mod tests {
    use super::{Contribution, Money, labour};

    #[test]
    fn the_vector_of_the_kpi_dictionary_holds() {
        // In cents: 500.00 − 20.00 − 310.00 − 12.00 − 9 min × 3.50 − 48.00 − 7.50 = 71.00
        let order = Contribution {
            revenue: Money(50_000),
            refunds: Money(2_000),
            goods: Money(31_000),
            packaging: Money(1_200),
            labour: labour(9, Money(350)),
            delivery: Money(4_800),
            payment_fee: Money(750),
        };

        assert_eq!(order.total(), Money(7_100));
    }
}
