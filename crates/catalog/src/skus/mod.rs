//! SKUs 商品: what is bought, kept, sold and counted, each under one code.
//!
//! The measure of a SKU is settled when it is created; stock, prices and orders are kept in it.

pub mod http;
mod rules;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use ::store::Tx;
use events::{Object, tell};
use kernel::{SkuId, Stamp};

pub use rules::{Allergen, Change, Hygiene, Listing, NewSku, Odour, Sku, SkuDraft, TaxClass, TaxClasses, Upserted};

use crate::{
    CatalogRefusal,
    events::{SkuChanged, SkuListed},
};

/// Creates a SKU; refuses when the code is taken.
pub async fn list_sku(tx: &mut Tx, stamp: &Stamp, draft: SkuDraft) -> Result<Sku, CatalogRefusal> {
    if store::by_code(tx, draft.code()).await?.is_some() {
        return Err(CatalogRefusal::CodeTaken { code: draft.code().to_owned() });
    }
    create(tx, stamp, draft).await
}

/// Makes the catalogue say what the draft says about its code, whether the code is new or known. Entering the same
/// file twice changes nothing the second time.
pub async fn upsert_sku(tx: &mut Tx, stamp: &Stamp, draft: SkuDraft) -> Result<Upserted, CatalogRefusal> {
    let known = store::by_code(tx, draft.code()).await?;
    upsert_known(tx, stamp, known, draft).await
}

/// The same for somebody who has already looked what the catalogue says about the code.
pub async fn upsert_known(
    tx: &mut Tx,
    stamp: &Stamp,
    known: Option<Sku>,
    draft: SkuDraft,
) -> Result<Upserted, CatalogRefusal> {
    match known {
        None => Ok(Upserted { sku: create(tx, stamp, draft).await?, change: Change::Created }),
        Some(known) => change(tx, stamp, known, draft).await,
    }
}

/// Changes a known SKU into what the draft says.
async fn change(tx: &mut Tx, stamp: &Stamp, known: Sku, draft: SkuDraft) -> Result<Upserted, CatalogRefusal> {
    let wanted = draft.into_sku(known.id, known.revision);
    if wanted == known {
        return Ok(Upserted { sku: known, change: Change::Same });
    }
    if wanted.measure != known.measure {
        return Err(CatalogRefusal::MeasureIsFixed { code: known.code, measure: known.measure.code() });
    }
    demand_free_gtin(tx, &wanted).await?;
    let sku = Sku { revision: known.revision.saturating_add(1), ..wanted };
    store::change(tx, &sku).await?;
    tell(tx, stamp, Object::of(sku.id), &[], &SkuChanged { before: known, after: sku.clone() }).await?;
    Ok(Upserted { sku, change: Change::Changed })
}

async fn create(tx: &mut Tx, stamp: &Stamp, draft: SkuDraft) -> Result<Sku, CatalogRefusal> {
    let sku = draft.into_sku(stamp.mint(), 1);
    demand_free_gtin(tx, &sku).await?;
    store::add(tx, &sku).await?;
    tell(tx, stamp, Object::of(sku.id), &[], &SkuListed { sku: sku.clone() }).await?;
    Ok(sku)
}

async fn demand_free_gtin(tx: &mut Tx, sku: &Sku) -> Result<(), CatalogRefusal> {
    let Some(gtin) = &sku.gtin else { return Ok(()) };
    match store::by_gtin(tx, gtin).await? {
        Some(other) if other.id != sku.id => {
            Err(CatalogRefusal::GtinTaken { gtin: gtin.to_string(), code: other.code })
        }
        Some(_) | None => Ok(()),
    }
}

/// The SKU, which must exist.
pub async fn sku(tx: &mut Tx, id: SkuId) -> Result<Sku, CatalogRefusal> {
    store::by_id(tx, id).await?.ok_or(CatalogRefusal::NoSuchSku)
}

pub async fn sku_by_code(tx: &mut Tx, code: &str) -> Result<Option<Sku>, CatalogRefusal> {
    Ok(store::by_code(tx, code).await?)
}

/// Those of `ids` that exist.
pub async fn skus_by_id(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = SkuId>,
) -> Result<BTreeMap<SkuId, Sku>, CatalogRefusal> {
    let ids: Vec<SkuId> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    Ok(store::by_ids(tx, &ids).await?.into_iter().map(|sku| (sku.id, sku)).collect())
}

/// Those of `codes` that exist.
pub async fn skus_by_code<'a>(
    tx: &mut Tx,
    codes: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Sku>, CatalogRefusal> {
    let codes: Vec<&str> = codes.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    Ok(store::by_codes(tx, &codes).await?.into_iter().map(|sku| (sku.code.clone(), sku)).collect())
}

/// The SKUs of `codes`, each of which must exist; the first that does not is named.
pub async fn skus_of_codes<'a>(
    tx: &mut Tx,
    codes: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Sku>, CatalogRefusal> {
    let codes: Vec<&str> = codes.into_iter().collect();
    let found = skus_by_code(tx, codes.iter().copied()).await?;
    match codes.into_iter().find(|code| !found.contains_key(*code)) {
        None => Ok(found),
        Some(code) => Err(CatalogRefusal::NoSuchCode { code: code.to_owned() }),
    }
}

/// SKUs by code, beginning after `after`; a category, if given, narrows them.
pub async fn skus(
    tx: &mut Tx,
    category: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Sku>, CatalogRefusal> {
    Ok(store::page(tx, category, after.unwrap_or_default(), limit).await?)
}
