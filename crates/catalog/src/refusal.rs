//! Why the catalogue refused.

use axum::http::StatusCode;
use edge::Problem;
use kernel::{Instant, SkuId};
use store::StoreError;

use crate::{Profile, TaxClass};

#[derive(Debug, thiserror::Error)]
pub enum CatalogRefusal {
    #[error("there is no such site")]
    NoSuchSite,
    #[error("there is no such zone")]
    NoSuchZone,
    #[error("there is no such SKU")]
    NoSuchSku,
    #[error("there is no SKU with code {code}")]
    NoSuchCode { code: String },
    #[error("the code {code} is taken")]
    CodeTaken { code: String },
    #[error("the GTIN {gtin} belongs to SKU {code}")]
    GtinTaken { gtin: String, code: String },
    #[error("SKU {code} is measured as {measure}, and stock kept in it forbids a change")]
    MeasureIsFixed { code: String, measure: &'static str },
    #[error("tax class {class} does not exist in profile {profile}")]
    TaxClassOfOtherLaw { class: &'static str, profile: &'static str },
    #[error("a price per {base} does not suit goods measured as {measure}")]
    PriceBaseUnsuited { base: &'static str, measure: &'static str },
    #[error("a price of the same list is already valid from {from}")]
    PriceOverlaps { from: Instant },
    #[error("{from} has passed under another price; a price that was shown stays")]
    PriceInThePast { from: Instant },
    #[error("SKU {sku} has no price at that time")]
    NoPrice { sku: SkuId },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CatalogRefusal {
    pub(crate) fn tax_class(class: TaxClass, profile: Profile) -> Self {
        Self::TaxClassOfOtherLaw { class: class.code(), profile: profile.code() }
    }
}

impl From<CatalogRefusal> for Problem {
    fn from(refusal: CatalogRefusal) -> Self {
        match refusal {
            CatalogRefusal::NoSuchSite => Self::new(StatusCode::NOT_FOUND, "catalog/no-such-site"),
            CatalogRefusal::NoSuchZone => Self::new(StatusCode::NOT_FOUND, "catalog/no-such-zone"),
            CatalogRefusal::NoSuchSku => Self::new(StatusCode::NOT_FOUND, "catalog/no-such-sku"),
            CatalogRefusal::NoSuchCode { code } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "catalog/no-such-code").with("code", code)
            }
            CatalogRefusal::CodeTaken { code } => {
                Self::new(StatusCode::CONFLICT, "catalog/code-taken").with("code", code).field("code")
            }
            CatalogRefusal::GtinTaken { gtin, code } => Self::new(StatusCode::CONFLICT, "catalog/gtin-taken")
                .with("gtin", gtin)
                .with("code", code)
                .field("gtin"),
            CatalogRefusal::MeasureIsFixed { code, measure } => {
                Self::new(StatusCode::CONFLICT, "catalog/measure-is-fixed")
                    .with("code", code)
                    .with("measure", measure)
                    .field("measure")
            }
            CatalogRefusal::TaxClassOfOtherLaw { class, profile } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "catalog/tax-class-of-other-law")
                    .with("class", class)
                    .with("profile", profile)
                    .field(format!("tax/{profile}"))
            }
            CatalogRefusal::PriceBaseUnsuited { base, measure } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "catalog/price-base-unsuited")
                    .with("base", base)
                    .with("measure", measure)
                    .field("price/base")
            }
            CatalogRefusal::PriceOverlaps { from } => {
                Self::new(StatusCode::CONFLICT, "catalog/price-overlaps").with("from", from).field("valid_from")
            }
            CatalogRefusal::PriceInThePast { from } => {
                Self::new(StatusCode::CONFLICT, "catalog/price-in-the-past").with("from", from).field("valid_from")
            }
            CatalogRefusal::NoPrice { sku } => Self::new(StatusCode::CONFLICT, "catalog/no-price").with("sku", sku),
            CatalogRefusal::Store(error) => Self::from(error),
        }
    }
}
