//! The chart of accounts. One site has one of each; what makes them many is the party, order, SKU or lot on a posting.

use catalog::TaxClass;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where money can stand. Debits are positive and credits negative in every account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// 應收帳款: what a customer owes us.
    CustomerReceivable,
    /// What the payment provider has taken for us and not yet paid out.
    ProviderClearing,
    /// Cash in a courier's hand, until it is handed in.
    CourierCash,
    /// 銷貨收入, net of tax, by tax class.
    Sales(TaxClass),
    /// 銷項稅額.
    TaxPayable,
    /// 進項稅額.
    InputTax,
    /// 銷貨退回及折讓, net of tax.
    Refunds,
    /// What we owe a customer as credit for a later order.
    StoreCredit,
    /// 應付帳款: what we owe a supplier, by invoice.
    SupplierPayable,
    /// What we owe a supplier for goods whose invoice has not come.
    GoodsReceivedNotInvoiced,
    /// 存貨 at landed cost, by lot.
    GoodsInStock,
    /// Invoice price against receipt price, where the two differ within tolerance.
    PurchaseVariance,
    /// 銷貨成本.
    CostOfGoodsSold,
    /// 報廢, by cause.
    Waste(WasteCause),
    Packaging,
    /// Picking and packing minutes at their rate.
    Labour,
    DeliveryCost,
    PaymentFees,
    /// The other side of costs that are charged to orders before their bill arrives.
    AccruedCosts,
    CrateDeposits,
    /// Coins that a rounding rule of a site leaves over.
    Rounding,
    /// Money that came from outside before the system was: opening balances.
    Opening,
}

/// Why goods were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WasteCause {
    Spoilage,
    Expiry,
    Damage,
    Theft,
    /// A quality decision after an excursion.
    ColdChain,
    Recall,
    /// A count found less, or more, than the book, and nobody knows why.
    Unexplained,
}

impl WasteCause {
    pub const ALL: [Self; 7] =
        [Self::Spoilage, Self::Expiry, Self::Damage, Self::Theft, Self::ColdChain, Self::Recall, Self::Unexplained];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Spoilage => "spoilage",
            Self::Expiry => "expiry",
            Self::Damage => "damage",
            Self::Theft => "theft",
            Self::ColdChain => "cold_chain",
            Self::Recall => "recall",
            Self::Unexplained => "unexplained",
        }
    }
}

/// Which statement an account belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Statement {
    /// Assets and debts: what stands at the end of a day.
    Balance,
    /// Revenue and cost: what a day has brought.
    Result,
}

impl Account {
    /// The word under which postings file the account.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CustomerReceivable => "customer_receivable",
            Self::ProviderClearing => "provider_clearing",
            Self::CourierCash => "courier_cash",
            Self::Sales(TaxClass::Taxed5) => "sales_taxed_5",
            Self::Sales(TaxClass::Exempt) => "sales_exempt",
            Self::Sales(TaxClass::Zero) => "sales_zero",
            Self::Sales(TaxClass::Vat9) => "sales_vat_9",
            Self::Sales(TaxClass::Vat13) => "sales_vat_13",
            Self::TaxPayable => "tax_payable",
            Self::InputTax => "input_tax",
            Self::Refunds => "refunds",
            Self::StoreCredit => "store_credit",
            Self::SupplierPayable => "supplier_payable",
            Self::GoodsReceivedNotInvoiced => "goods_received_not_invoiced",
            Self::GoodsInStock => "goods_in_stock",
            Self::PurchaseVariance => "purchase_variance",
            Self::CostOfGoodsSold => "cost_of_goods_sold",
            Self::Waste(WasteCause::Spoilage) => "waste_spoilage",
            Self::Waste(WasteCause::Expiry) => "waste_expiry",
            Self::Waste(WasteCause::Damage) => "waste_damage",
            Self::Waste(WasteCause::Theft) => "waste_theft",
            Self::Waste(WasteCause::ColdChain) => "waste_cold_chain",
            Self::Waste(WasteCause::Recall) => "waste_recall",
            Self::Waste(WasteCause::Unexplained) => "waste_unexplained",
            Self::Packaging => "packaging",
            Self::Labour => "labour",
            Self::DeliveryCost => "delivery_cost",
            Self::PaymentFees => "payment_fees",
            Self::AccruedCosts => "accrued_costs",
            Self::CrateDeposits => "crate_deposits",
            Self::Rounding => "rounding",
            Self::Opening => "opening",
        }
    }

    /// Every account, in the order of a trial balance.
    pub fn all() -> Vec<Self> {
        let mut chart = vec![
            Self::CustomerReceivable,
            Self::ProviderClearing,
            Self::CourierCash,
            Self::InputTax,
            Self::GoodsInStock,
            Self::CrateDeposits,
            Self::TaxPayable,
            Self::StoreCredit,
            Self::SupplierPayable,
            Self::GoodsReceivedNotInvoiced,
            Self::AccruedCosts,
            Self::Opening,
        ];
        chart.extend(TaxClass::ALL.iter().copied().map(Self::Sales));
        chart.extend([Self::Refunds, Self::CostOfGoodsSold, Self::PurchaseVariance]);
        chart.extend(WasteCause::ALL.map(Self::Waste));
        chart.extend([Self::Packaging, Self::Labour, Self::DeliveryCost, Self::PaymentFees, Self::Rounding]);
        chart
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().into_iter().find(|account| account.code() == code)
    }

    pub const fn statement(self) -> Statement {
        match self {
            Self::CustomerReceivable
            | Self::ProviderClearing
            | Self::CourierCash
            | Self::InputTax
            | Self::GoodsInStock
            | Self::CrateDeposits
            | Self::TaxPayable
            | Self::StoreCredit
            | Self::SupplierPayable
            | Self::GoodsReceivedNotInvoiced
            | Self::AccruedCosts
            | Self::Opening => Statement::Balance,
            Self::Sales(_)
            | Self::Refunds
            | Self::CostOfGoodsSold
            | Self::PurchaseVariance
            | Self::Waste(_)
            | Self::Packaging
            | Self::Labour
            | Self::DeliveryCost
            | Self::PaymentFees
            | Self::Rounding => Statement::Result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Account;

    #[test]
    fn every_account_has_a_code_of_its_own() {
        let chart = Account::all();
        let codes: BTreeSet<&str> = chart.iter().map(|account| account.code()).collect();

        assert_eq!(codes.len(), chart.len());
        assert!(chart.iter().all(|account| Account::from_code(account.code()) == Some(*account)));
    }
}
