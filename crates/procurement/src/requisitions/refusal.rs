//! Why a requisition was refused.

use ::store::StoreError;
use accounts::budgets::BudgetRefusal;
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::{Date, Money};
use ledger::LedgerRefusal;

use super::RequisitionState;
use crate::{
    approvals::ApprovalsRefusal, contracts::ContractsRefusal, market::MarketRefusal, suppliers::SuppliersRefusal,
};

#[derive(Debug, thiserror::Error)]
pub enum RequisitionsRefusal {
    #[error("there is no such requisition")]
    NoSuchRequisition,
    #[error("{number} belongs to another requester")]
    NotYours { number: String },
    #[error("{number} is {from} and cannot become {to}")]
    NoSuchTurn { number: String, from: RequisitionState, to: RequisitionState },
    #[error("{number} is {state} and is not edited any more")]
    NotADraft { number: String, state: RequisitionState },
    #[error("SKU {sku} stands twice for one supplier and day")]
    LineTwice { sku: String },
    #[error("no supplier may deliver SKU {sku} on {needed_by}")]
    NoSupplier { sku: String, needed_by: Date },
    #[error("the requisition comes to more than {most}")]
    TooLarge { most: Money },
    #[error("an override for {up_to} does not cover {value}")]
    OverrideTooSmall { up_to: Money, value: Money },
    #[error("nothing has to be bought for {needed_by}")]
    NothingNeeded { needed_by: Date },
    #[error(transparent)]
    Approvals(Box<ApprovalsRefusal>),
    #[error(transparent)]
    Budget(#[from] BudgetRefusal),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Contracts(#[from] ContractsRefusal),
    #[error(transparent)]
    Ledger(#[from] LedgerRefusal),
    #[error(transparent)]
    Market(#[from] MarketRefusal),
    #[error(transparent)]
    Suppliers(#[from] SuppliersRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ApprovalsRefusal> for RequisitionsRefusal {
    fn from(refusal: ApprovalsRefusal) -> Self {
        Self::Approvals(Box::new(refusal))
    }
}

impl From<RequisitionsRefusal> for Problem {
    fn from(refusal: RequisitionsRefusal) -> Self {
        use RequisitionsRefusal as R;
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            R::NoSuchRequisition => Self::new(StatusCode::NOT_FOUND, "requisitions/no-such-requisition"),
            R::NotYours { number } => Self::new(StatusCode::FORBIDDEN, "requisitions/not-yours").with("number", number),
            R::NoSuchTurn { number, from, to } => {
                conflict("requisitions/no-such-turn").with("number", number).with("from", from).with("to", to)
            }
            R::NotADraft { number, state } => {
                conflict("requisitions/not-a-draft").with("number", number).with("state", state)
            }
            R::LineTwice { sku } => unprocessable("requisitions/line-twice").with("sku", sku).field("lines"),
            R::NoSupplier { sku, needed_by } => {
                conflict("requisitions/no-supplier").with("sku", sku).with("needed_by", needed_by)
            }
            R::TooLarge { most } => unprocessable("requisitions/too-large").with("most", most).field("lines"),
            R::OverrideTooSmall { up_to, value } => {
                conflict("requisitions/override-too-small").with("up_to", up_to).with("value", value)
            }
            R::NothingNeeded { needed_by } => {
                conflict("requisitions/nothing-needed").with("needed_by", needed_by).field("needed_by")
            }
            R::Approvals(refusal) => (*refusal).into(),
            R::Budget(refusal) => refusal.into(),
            R::Catalog(refusal) => refusal.into(),
            R::Contracts(refusal) => refusal.into(),
            R::Ledger(refusal) => refusal.into(),
            R::Market(refusal) => refusal.into(),
            R::Suppliers(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
