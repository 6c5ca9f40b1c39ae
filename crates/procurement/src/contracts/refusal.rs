//! Why an order was refused.

use ::store::StoreError;
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::{Date, Money};

use super::PurchaseOrderState;
use crate::{
    approvals::ApprovalsRefusal,
    suppliers::{SuppliersRefusal, Weekday},
};

#[derive(Debug, thiserror::Error)]
pub enum ContractsRefusal {
    #[error("there is no such purchase order")]
    NoSuchOrder,
    #[error("there is no such line on the purchase order")]
    NoSuchLine,
    #[error("there is no such shipping notice")]
    NoSuchNotice,
    #[error("supplier {supplier} trades in {theirs}, the site in {ours}")]
    OtherCurrency { supplier: String, theirs: &'static str, ours: &'static str },
    #[error("SKU {sku} stands twice on the order")]
    SkuTwice { sku: String },
    #[error("SKU {sku} is retired")]
    Retired { sku: String },
    #[error("SKU {sku} is bought as {measure}")]
    WrongMeasure { sku: String, measure: &'static str },
    #[error("supplier has no price for SKU {sku} on that day, and none was named")]
    NoPrice { sku: String },
    #[error("a price per {base} does not suit SKU {sku}")]
    PriceBaseUnsuited { sku: String, base: &'static str },
    #[error("the line of SKU {sku} is too large")]
    TooLarge { sku: String },
    #[error("deliveries of SKU {sku} by supplier {supplier} are stopped after failed samples")]
    SamplingStopped { supplier: String, sku: String },
    #[error("{value} is below the supplier's minimum order of {minimum}")]
    BelowMinimum { value: Money, minimum: Money },
    #[error("the supplier delivers on {earliest} at the earliest")]
    TooSoon { earliest: Date },
    #[error("the supplier does not deliver on a {day}")]
    NotADeliveryDay { day: Weekday },
    #[error("{number} is {from} and cannot become {to}")]
    NoSuchTurn { number: String, from: PurchaseOrderState, to: PurchaseOrderState },
    #[error("the text that was signed is not the contract of {number}")]
    OtherText { number: String },
    #[error("no goods are expected for {number}, which is {state}")]
    NotExpected { number: String, state: PurchaseOrderState },
    #[error(transparent)]
    Approvals(Box<ApprovalsRefusal>),
    #[error(transparent)]
    Suppliers(#[from] SuppliersRefusal),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ApprovalsRefusal> for ContractsRefusal {
    fn from(refusal: ApprovalsRefusal) -> Self {
        Self::Approvals(Box::new(refusal))
    }
}

impl From<ContractsRefusal> for Problem {
    fn from(refusal: ContractsRefusal) -> Self {
        use ContractsRefusal as R;
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            R::NoSuchOrder => Self::new(StatusCode::NOT_FOUND, "contracts/no-such-order"),
            R::NoSuchLine => Self::new(StatusCode::NOT_FOUND, "contracts/no-such-line"),
            R::NoSuchNotice => Self::new(StatusCode::NOT_FOUND, "contracts/no-such-notice"),
            R::OtherCurrency { supplier, theirs, ours } => unprocessable("contracts/other-currency")
                .with("supplier", supplier)
                .with("theirs", theirs)
                .with("ours", ours),
            R::SkuTwice { sku } => unprocessable("contracts/sku-twice").with("sku", sku),
            R::Retired { sku } => conflict("contracts/retired").with("sku", sku),
            R::WrongMeasure { sku, measure } => {
                unprocessable("contracts/wrong-measure").with("sku", sku).with("measure", measure)
            }
            R::NoPrice { sku } => conflict("contracts/no-price").with("sku", sku),
            R::PriceBaseUnsuited { sku, base } => {
                unprocessable("contracts/price-base-unsuited").with("sku", sku).with("base", base)
            }
            R::TooLarge { sku } => unprocessable("contracts/too-large").with("sku", sku),
            R::SamplingStopped { supplier, sku } => {
                conflict("contracts/sampling-stopped").with("supplier", supplier).with("sku", sku)
            }
            R::BelowMinimum { value, minimum } => {
                conflict("contracts/below-minimum").with("value", value).with("minimum", minimum)
            }
            R::TooSoon { earliest } => conflict("contracts/too-soon").with("earliest", earliest).field("delivery_on"),
            R::NotADeliveryDay { day } => {
                conflict("contracts/not-a-delivery-day").with("day", day).field("delivery_on")
            }
            R::NoSuchTurn { number, from, to } => {
                conflict("contracts/no-such-turn").with("number", number).with("from", from).with("to", to)
            }
            R::OtherText { number } => conflict("contracts/other-text").with("number", number).field("sha256"),
            R::NotExpected { number, state } => {
                conflict("contracts/not-expected").with("number", number).with("state", state)
            }
            R::Approvals(refusal) => (*refusal).into(),
            R::Suppliers(refusal) => refusal.into(),
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
