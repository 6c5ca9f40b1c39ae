//! Step 1.2 供應商選擇. The register of those who may deliver: their papers, categories, prices and habits.
//!
//! An order may go only to a supplier that a second person has admitted and whose papers are valid on the day of
//! delivery. Once in a period each is graded by what really happened. Never lets the one who entered a supplier admit it.

mod evaluation;
pub mod events;
pub mod http;
mod refusal;
mod rules;
mod store;

use ::events::{Object, tell};
use ::store::Tx;
use catalog::Sku;
use edge::Duty;
use identity::exclusion::may;
use kernel::{Currency, Date, Money, Price, SkuId, Stamp, SupplierId};

pub use evaluation::{
    Grade, NewScorecard, NewWeights, Score, ScorePart, Scorecard, ScorecardWeights, Shares, WeightsId, evaluate,
    scorecards, set_weights, weights,
};
pub use refusal::SuppliersRefusal;
pub use rules::{
    Contact, NewQualification, NewStanding, NewSupplier, NewSupplierPrice, Qualification, QualificationKind, Supplier,
    SupplierPrice, SupplierStanding, Weekday,
};

use crate::receiving;
use events::{QualificationRecorded, SupplierChanged, SupplierPriceSet, SupplierRegistered, SupplierStandingChanged};
use rules::Effect;

/// Enters a supplier; nobody may order from it until somebody else has admitted it.
pub async fn register(tx: &mut Tx, stamp: &Stamp, new: NewSupplier) -> Result<Supplier, SuppliersRefusal> {
    if store::by_code(tx, &new.code).await?.is_some() {
        return Err(SuppliersRefusal::CodeTaken { code: new.code });
    }
    let supplier = new.into_supplier(stamp.mint(), stamp.by);
    store::add(tx, &supplier).await?;
    tell(tx, stamp, Object::of(supplier.id), &[], &SupplierRegistered { code: supplier.code.clone() }).await?;
    Ok(supplier)
}

/// Changes what a buyer knows about a supplier. SupplierStanding and categories are the approver's.
pub async fn change(
    tx: &mut Tx,
    stamp: &Stamp,
    known: Supplier,
    new: NewSupplier,
) -> Result<Supplier, SuppliersRefusal> {
    if new.code != known.code && store::by_code(tx, &new.code).await?.is_some() {
        return Err(SuppliersRefusal::CodeTaken { code: new.code });
    }
    let wanted = Supplier {
        standing: known.standing,
        categories: known.categories.clone(),
        revision: known.revision + 1,
        ..new.into_supplier(known.id, known.registered_by)
    };
    store::change(tx, &wanted).await?;
    tell(tx, stamp, Object::of(wanted.id), &[], &SupplierChanged { code: wanted.code.clone() }).await?;
    Ok(wanted)
}

/// Admits, watches or suspends a supplier.
pub async fn decide_standing(
    tx: &mut Tx,
    stamp: &Stamp,
    id: SupplierId,
    new: NewStanding,
) -> Result<Supplier, SuppliersRefusal> {
    let known = supplier(tx, id).await?;
    may(&[(known.registered_by, Duty::ManageSuppliers)], stamp.by, Duty::ApproveSuppliers)
        .map_err(|_| SuppliersRefusal::OwnSupplier { supplier: known.code.clone() })?;
    let decided =
        Supplier { standing: new.standing, categories: new.categories, revision: known.revision + 1, ..known.clone() };
    store::change(tx, &decided).await?;
    let body = SupplierStandingChanged {
        from: known.standing,
        to: decided.standing,
        categories: decided.categories.clone(),
        reason: new.reason,
    };
    tell(tx, stamp, Object::of(id), &[], &body).await?;
    Ok(decided)
}

/// Records a paper.
pub async fn qualify(
    tx: &mut Tx,
    stamp: &Stamp,
    id: SupplierId,
    new: NewQualification,
) -> Result<Qualification, SuppliersRefusal> {
    let known = supplier(tx, id).await?;
    let paper = Qualification {
        id: stamp.mint(),
        supplier: known.id,
        kind: new.kind,
        number: new.number,
        valid_from: new.valid_from,
        valid_until: new.valid_until,
    };
    store::add_qualification(tx, &paper, stamp.at).await?;
    let body = QualificationRecorded { kind: paper.kind, number: paper.number.clone(), valid_until: paper.valid_until };
    tell(tx, stamp, Object::of(id), &[Object::of(paper.id)], &body).await?;
    Ok(paper)
}

/// Enters a price. An open price of the same SKU ends on the day before.
pub async fn set_price(
    tx: &mut Tx,
    stamp: &Stamp,
    id: SupplierId,
    new: NewSupplierPrice,
) -> Result<SupplierPrice, SuppliersRefusal> {
    let known = supplier(tx, id).await?;
    let sku = catalog::sku(tx, new.sku).await?;
    if !new.price.suits(sku.measure) {
        let (base, measure) = (new.price.base.code(), sku.measure.code());
        return Err(SuppliersRefusal::PriceBaseUnsuited { base, measure });
    }
    let list = store::prices_of(tx, known.id, sku.id).await?;
    let effect = rules::fit(&list, new.valid_from, new.valid_until)
        .map_err(|from| SuppliersRefusal::PriceOverlaps { sku: sku.code.clone(), from })?;
    let price = SupplierPrice {
        id: stamp.mint(),
        supplier: known.id,
        sku: sku.id,
        price: new.price,
        valid_from: new.valid_from,
        valid_until: new.valid_until,
    };
    match effect {
        Effect::Joins => {}
        Effect::Ends(open, eve) => store::end_price(tx, open, eve).await?,
    }
    store::add_price(tx, &price).await?;
    let body = SupplierPriceSet { price: price.price, valid_from: price.valid_from, valid_until: price.valid_until };
    tell(tx, stamp, Object::of(known.id), &[Object::of(sku.id)], &body).await?;
    Ok(price)
}

/// Whether a supplier may be asked to deliver these categories on that day.
pub async fn may_order(
    tx: &mut Tx,
    id: SupplierId,
    categories: &[&str],
    on: Date,
) -> Result<Supplier, SuppliersRefusal> {
    let known = supplier(tx, id).await?;
    let papers = store::qualifications_of(tx, known.id).await?;
    rules::may_order(&known, &papers, categories, on)?;
    Ok(known)
}

/// The supplier, which must exist.
pub async fn supplier(tx: &mut Tx, id: SupplierId) -> Result<Supplier, SuppliersRefusal> {
    store::by_id(tx, id).await?.ok_or(SuppliersRefusal::NoSuchSupplier)
}

pub async fn supplier_by_code(tx: &mut Tx, code: &str) -> Result<Option<Supplier>, SuppliersRefusal> {
    Ok(store::by_code(tx, code).await?)
}

/// Suppliers by code, beginning after `after`.
pub async fn suppliers(tx: &mut Tx, after: Option<&str>, limit: i64) -> Result<Vec<Supplier>, SuppliersRefusal> {
    Ok(store::page(tx, after.unwrap_or_default(), limit).await?)
}

/// The papers of a supplier, by kind and end.
pub async fn qualifications(tx: &mut Tx, id: SupplierId) -> Result<Vec<Qualification>, SuppliersRefusal> {
    let known = supplier(tx, id).await?;
    Ok(store::qualifications_of(tx, known.id).await?)
}

/// Papers that end between `on` and `through` and that no later one of their kind replaces, the first to end first.
pub async fn expiring(
    tx: &mut Tx,
    on: Date,
    through: Date,
    limit: i64,
) -> Result<Vec<Qualification>, SuppliersRefusal> {
    Ok(store::expiring(tx, on, through, limit).await?)
}

/// The supplier's price of a SKU on a day.
pub async fn price_on(
    tx: &mut Tx,
    id: SupplierId,
    sku: SkuId,
    on: Date,
) -> Result<Option<SupplierPrice>, SuppliersRefusal> {
    Ok(store::price_on(tx, id, sku, on).await?)
}

/// The supplier that asks least for a SKU, of those that may deliver it on that day, with its price. What asks the same
/// is told apart by its code.
pub(crate) async fn cheapest(
    tx: &mut Tx,
    currency: Currency,
    sku: &Sku,
    today: Date,
    on: Date,
) -> Result<Option<(Supplier, Price)>, SuppliersRefusal> {
    let mut best: Option<(Money, Supplier, Price)> = None;
    for offer in store::offers(tx, sku.id, on).await? {
        let supplier = supplier(tx, offer.supplier).await?;
        let papers = store::qualifications_of(tx, supplier.id).await?;
        let may = rules::may_order(&supplier, &papers, &[sku.category.as_str()], on).is_ok();
        let Some(cost) = rules::comparable(offer.price).filter(|_| may && offer.price.suits(sku.measure)) else {
            continue;
        };
        if supplier.currency != currency || !rules::delivers(&supplier, today, on) {
            continue;
        }
        if receiving::sampling_is_stopped(tx, supplier.id, sku.id).await? {
            continue;
        }
        let better = best.as_ref().is_none_or(|(known, holder, _)| (cost, &supplier.code) < (*known, &holder.code));
        if better {
            best = Some((cost, supplier, offer.price));
        }
    }
    Ok(best.map(|(_, supplier, price)| (supplier, price)))
}

/// The price list of a supplier, by SKU and day.
pub async fn prices(
    tx: &mut Tx,
    id: SupplierId,
    after: Option<kernel::SupplierPriceId>,
    limit: i64,
) -> Result<Vec<SupplierPrice>, SuppliersRefusal> {
    let known = supplier(tx, id).await?;
    Ok(store::price_page(tx, known.id, after, limit).await?)
}
