//! Placing an order: who may deliver, for how much, on which terms, in one text with its hash.

use std::collections::BTreeSet;

use ::events::{Object, tell};
use ::store::{StoreError, Tx};
use catalog::{Listing, Site, Sku};
use kernel::{Date, Money, SkuId, Stamp};
use serde::{Deserialize, Serialize};

use super::{
    ContractsRefusal, NewPurchaseOrder, PurchaseOrder, PurchaseOrderHead, PurchaseOrderLine, PurchaseOrderState,
    events::PurchaseOrderPlaced,
    rules::{self, Agreed},
    store, text,
};
use crate::{
    approvals::{self, PurchaseAttempt},
    numbers::{self, Series},
    receiving,
    suppliers::{self, Supplier, Weekday},
};

/// What became of a purchase that nobody has signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Direct {
    Placed(Box<PurchaseOrder>),
    /// Above what a buyer may buy alone. Nothing was bought; that it was tried is kept.
    Refused(Box<PurchaseAttempt>),
}

/// Buys without a requisition, as far as the rules let a buyer do that alone.
pub async fn place_directly(tx: &mut Tx, stamp: &Stamp, new: NewPurchaseOrder) -> Result<Direct, ContractsRefusal> {
    let drawn = draw_up(tx, stamp, &new).await?;
    let skus: Vec<SkuId> = drawn.lines.iter().map(|line| line.sku).collect();
    let unsigned = approvals::Unsigned {
        site: drawn.site.id,
        currency: drawn.site.currency,
        supplier: drawn.supplier.id,
        delivery_on: new.delivery_on,
        value: drawn.value,
        skus: &skus,
    };
    match approvals::tried_unsigned(tx, stamp, unsigned).await? {
        Some(attempt) => Ok(Direct::Refused(Box::new(attempt))),
        None => send(tx, stamp, new, drawn).await.map(|order| Direct::Placed(Box::new(order))),
    }
}

/// Refuses what a supplier would refuse: a requisition asks before anybody signs it.
pub(crate) async fn demand_placeable(
    tx: &mut Tx,
    stamp: &Stamp,
    new: &NewPurchaseOrder,
) -> Result<(), ContractsRefusal> {
    draw_up(tx, stamp, new).await.map(|_| ())
}

/// Places a purchase order with a supplier that may deliver all of it on that day. Whether somebody must have signed
/// it is for the caller to know.
pub async fn place(tx: &mut Tx, stamp: &Stamp, new: NewPurchaseOrder) -> Result<PurchaseOrder, ContractsRefusal> {
    let drawn = draw_up(tx, stamp, &new).await?;
    send(tx, stamp, new, drawn).await
}

/// A purchase order that is agreed upon and not yet sent.
struct Drawn {
    site: Site,
    supplier: Supplier,
    skus: Vec<Sku>,
    lines: Vec<PurchaseOrderLine>,
    value: Money,
}

async fn draw_up(tx: &mut Tx, stamp: &Stamp, new: &NewPurchaseOrder) -> Result<Drawn, ContractsRefusal> {
    let site = catalog::site(tx, new.site).await?;
    let skus = skus_of(tx, new).await?;
    let categories: Vec<&str> = skus.iter().map(|sku| sku.category.as_str()).collect();
    let supplier = suppliers::may_order(tx, new.supplier, &categories, new.delivery_on).await?;
    demand_currency(&supplier, &site)?;
    demand_day(&supplier, site.time.business_day(stamp.at), new.delivery_on)?;
    let lines = agree(tx, stamp, new, &skus, &supplier).await?;
    let value: Money = lines.iter().map(|line| line.value).sum();
    if value < supplier.minimum_order {
        return Err(ContractsRefusal::BelowMinimum { value, minimum: supplier.minimum_order });
    }
    Ok(Drawn { site, supplier, skus, lines, value })
}

async fn send(
    tx: &mut Tx,
    stamp: &Stamp,
    new: NewPurchaseOrder,
    drawn: Drawn,
) -> Result<PurchaseOrder, ContractsRefusal> {
    let Drawn { site, supplier, skus, lines, value } = drawn;
    let head = PurchaseOrderHead {
        id: stamp.mint(),
        number: numbers::next(tx, Series::PurchaseOrder, &site, site.time.business_day(stamp.at)).await?,
        site: site.id,
        supplier: supplier.id,
        state: PurchaseOrderState::Placed,
        currency: site.currency,
        delivery_on: new.delivery_on,
        requisition: new.requisition,
        value,
        placed_by: stamp.by,
        placed_at: stamp.at,
        revision: 1,
    };
    let order = PurchaseOrder { head, lines };
    let contract = text::render(&order, &site, &supplier, &skus).map_err(|error| StoreError::Impossible {
        statement: "contracts::place",
        column: "text".to_owned(),
        found: error.to_string(),
    })?;
    store::add(tx, &order).await?;
    store::add_contract(tx, stamp, &order, &contract).await?;
    let body = PurchaseOrderPlaced {
        number: order.head.number.clone(),
        delivery_on: order.head.delivery_on,
        value,
        skus: order.lines.iter().map(|line| line.sku).collect(),
        requisition: order.head.requisition,
        sha256: contract.sha256,
    };
    let also = [Object::of(supplier.id), Object::of(site.id)];
    tell(tx, stamp, Object::of(order.head.id), &also, &body).await?;
    Ok(order)
}

/// The SKUs of the lines, in their order; each is traded, and stands once.
async fn skus_of(tx: &mut Tx, new: &NewPurchaseOrder) -> Result<Vec<Sku>, ContractsRefusal> {
    let mut seen = BTreeSet::new();
    let mut skus = Vec::with_capacity(new.lines.len());
    for line in &new.lines {
        let sku = catalog::sku(tx, line.sku).await?;
        if !seen.insert(sku.id) {
            return Err(ContractsRefusal::SkuTwice { sku: sku.code });
        }
        match sku.listing {
            Listing::Active => skus.push(sku),
            Listing::Retired => return Err(ContractsRefusal::Retired { sku: sku.code }),
        }
    }
    Ok(skus)
}

async fn agree(
    tx: &mut Tx,
    stamp: &Stamp,
    new: &NewPurchaseOrder,
    skus: &[Sku],
    supplier: &Supplier,
) -> Result<Vec<PurchaseOrderLine>, ContractsRefusal> {
    let mut lines = Vec::with_capacity(new.lines.len());
    for ((wanted, sku), position) in new.lines.iter().zip(skus).zip(1..) {
        if receiving::sampling_is_stopped(tx, supplier.id, sku.id).await? {
            let supplier = supplier.code.clone();
            return Err(ContractsRefusal::SamplingStopped { supplier, sku: sku.code.clone() });
        }
        let list = suppliers::price_on(tx, supplier.id, sku.id, new.delivery_on).await?;
        let Agreed { quantity, price, value, terms } = rules::agree(sku, wanted, list.map(|list| list.price))?;
        lines.push(PurchaseOrderLine { id: stamp.mint(), position, sku: sku.id, quantity, price, value, terms });
    }
    Ok(lines)
}

fn demand_currency(supplier: &Supplier, site: &Site) -> Result<(), ContractsRefusal> {
    if supplier.currency == site.currency {
        return Ok(());
    }
    Err(ContractsRefusal::OtherCurrency {
        supplier: supplier.code.clone(),
        theirs: supplier.currency.code(),
        ours: site.currency.code(),
    })
}

fn demand_day(supplier: &Supplier, today: Date, wanted: Date) -> Result<(), ContractsRefusal> {
    let earliest = today.saturating_add(jiff::Span::new().days(supplier.lead_time_days));
    if wanted < earliest {
        return Err(ContractsRefusal::TooSoon { earliest });
    }
    let day = Weekday::of(wanted);
    if supplier.delivery_days.contains(&day) { Ok(()) } else { Err(ContractsRefusal::NotADeliveryDay { day }) }
}
