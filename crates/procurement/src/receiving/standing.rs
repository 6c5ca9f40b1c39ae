//! The supplier's record with one product: read it, confirm milder sampling, or let a stopped supplier begin again.

use ::events::{Object, tell};
use ::store::Tx;
use kernel::{SkuId, Stamp, SupplierId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ReceivingRefusal,
    events::SupplierSamplingSwitched,
    rules::FaultClass,
    sampling::{Conditions, History, Severity},
    store,
};
use crate::suppliers;

/// How a supplier stands with one product and one class of fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SamplingStanding {
    pub supplier: SupplierId,
    pub sku: SkuId,
    pub class: FaultClass,
    pub history: History,
    /// Whether people have confirmed that sampling may be reduced.
    pub conditions: Conditions,
}

/// What people confirm about a supplier's product.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConditions {
    pub conditions: Conditions,
}

/// The classes that are sampled by record; critical faults are never tolerated and have none.
pub(super) const BY_RECORD: [FaultClass; 2] = [FaultClass::Major, FaultClass::Minor];

/// The records of a supplier, by SKU and class.
pub async fn sampling_standings(tx: &mut Tx, supplier: SupplierId) -> Result<Vec<SamplingStanding>, ReceivingRefusal> {
    let supplier = suppliers::supplier(tx, supplier).await?;
    Ok(store::standings_of(tx, supplier.id).await?)
}

/// Whether a supplier's deliveries of a product are stopped after failed samples.
pub async fn sampling_is_stopped(tx: &mut Tx, supplier: SupplierId, sku: SkuId) -> Result<bool, ::store::StoreError> {
    for class in BY_RECORD {
        if store::history(tx, supplier, sku, class).await?.history.severity == Severity::Stopped {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Confirms, or takes back, that sampling may be reduced: production is steady and the authority agrees.
pub async fn confirm_conditions(
    tx: &mut Tx,
    supplier: SupplierId,
    sku: SkuId,
    conditions: Conditions,
) -> Result<Vec<SamplingStanding>, ReceivingRefusal> {
    let (supplier, sku) = (suppliers::supplier(tx, supplier).await?.id, catalog::sku(tx, sku).await?.id);
    for class in BY_RECORD {
        let standing = store::locked_history(tx, supplier, sku, class).await?;
        store::save_history(tx, supplier, sku, class, &store::Standing { conditions, ..standing }).await?;
    }
    sampling_standings(tx, supplier).await
}

/// The supplier has corrected its ways: stopped sampling begins again, tightened.
pub async fn resume_sampling(
    tx: &mut Tx,
    stamp: &Stamp,
    supplier: SupplierId,
    sku: SkuId,
) -> Result<Vec<SamplingStanding>, ReceivingRefusal> {
    let (supplier, sku) = (suppliers::supplier(tx, supplier).await?.id, catalog::sku(tx, sku).await?);
    if !sampling_is_stopped(tx, supplier, sku.id).await? {
        return Err(ReceivingRefusal::SamplingGoesOn { sku: sku.code });
    }
    for class in BY_RECORD {
        let standing = store::locked_history(tx, supplier, sku.id, class).await?;
        let from = standing.history.severity;
        let history = standing.history.resumed();
        let to = history.severity;
        store::save_history(tx, supplier, sku.id, class, &store::Standing { history, ..standing }).await?;
        if from != to {
            let body = SupplierSamplingSwitched { sku: sku.id, class, from, to };
            tell(tx, stamp, Object::of(supplier), &[Object::of(sku.id)], &body).await?;
        }
    }
    sampling_standings(tx, supplier).await
}
