//! Why a signature was refused.

use ::store::StoreError;
use accounts::budgets::BudgetRefusal;
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use identity::IdentityRefusal;
use kernel::{Currency, Date, Money};

use super::Level;
use crate::requisitions::{RequisitionState, RequisitionsRefusal};

#[derive(Debug, thiserror::Error)]
pub enum ApprovalsRefusal {
    #[error("no approval rules in {} are valid on {on}", currency.code())]
    NoRules { currency: Currency, on: Date },
    #[error("a rule of {level} begins on {from} already")]
    RuleBegins { level: Level, from: Date },
    #[error("{number} is {state} and waits for nobody's signature")]
    NotSubmitted { number: String, state: RequisitionState },
    #[error("who asked for {number} does not approve it")]
    OwnRequisition { number: String },
    #[error("who has signed {number} does not sign it again")]
    AlreadySigned { number: String },
    #[error("{number} waits for the signature of {level}")]
    NotYourStep { number: String, level: Level },
    #[error("the delegation of {level} reaches to {limit}, the purchase to {amount}")]
    AboveDelegation { level: Level, limit: Money, amount: Money },
    #[error("a delegate who is in the chain of {number} already does not sign for another")]
    AlreadyInChain { number: String },
    #[error("only who signs for {level} lends that signature")]
    NotYoursToLend { level: Level },
    #[error("nobody lends a signature to themself")]
    OwnDelegate,
    #[error("the duties of the delegate exclude signing for {level}")]
    UnfitDelegate { level: Level },
    #[error("there is no such delegation")]
    NoSuchDelegation,
    #[error("{value} needs signatures: a buyer needs nobody up to {limit}")]
    ApprovalMissing { value: Money, amount: Money, limit: Money, missing: String },
    #[error("an override needs a draft, and {number} is {state}")]
    NotADraft { number: String, state: RequisitionState },
    #[error(transparent)]
    Budget(#[from] BudgetRefusal),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Identity(#[from] IdentityRefusal),
    #[error(transparent)]
    Requisitions(Box<RequisitionsRefusal>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RequisitionsRefusal> for ApprovalsRefusal {
    fn from(refusal: RequisitionsRefusal) -> Self {
        Self::Requisitions(Box::new(refusal))
    }
}

impl From<ApprovalsRefusal> for Problem {
    fn from(refusal: ApprovalsRefusal) -> Self {
        use ApprovalsRefusal as R;
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let forbidden = |slug| Self::new(StatusCode::FORBIDDEN, slug);
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            R::NoRules { currency, on } => {
                conflict("approvals/no-rules").with("currency", currency.code()).with("on", on)
            }
            R::RuleBegins { level, from } => {
                conflict("approvals/rule-begins").with("level", level).with("from", from).field("valid_from")
            }
            R::NotSubmitted { number, state } => {
                conflict("approvals/not-submitted").with("number", number).with("state", state)
            }
            R::OwnRequisition { number } => forbidden("approvals/own-requisition").with("number", number),
            R::AlreadySigned { number } => forbidden("approvals/already-signed").with("number", number),
            R::NotYourStep { number, level } => {
                forbidden("approvals/not-your-step").with("number", number).with("level", level)
            }
            R::AboveDelegation { level, limit, amount } => {
                forbidden("approvals/above-delegation").with("level", level).with("limit", limit).with("amount", amount)
            }
            R::AlreadyInChain { number } => forbidden("approvals/already-in-chain").with("number", number),
            R::NotYoursToLend { level } => forbidden("approvals/not-yours-to-lend").with("level", level).field("level"),
            R::OwnDelegate => unprocessable("approvals/own-delegate").field("delegate"),
            R::UnfitDelegate { level } => conflict("approvals/unfit-delegate").with("level", level).field("delegate"),
            R::NoSuchDelegation => Self::new(StatusCode::NOT_FOUND, "approvals/no-such-delegation"),
            R::ApprovalMissing { value, amount, limit, missing } => conflict("approvals/approval-missing")
                .with("value", value)
                .with("amount", amount)
                .with("limit", limit)
                .with("missing", missing),
            R::NotADraft { number, state } => {
                conflict("approvals/not-a-draft").with("number", number).with("state", state)
            }
            R::Budget(refusal) => refusal.into(),
            R::Catalog(refusal) => refusal.into(),
            R::Identity(refusal) => refusal.into(),
            R::Requisitions(refusal) => (*refusal).into(),
            R::Store(error) => error.into(),
        }
    }
}
