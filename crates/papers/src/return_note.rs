//! The return note 退貨單: what leaves with the truck that brought it, why, and whom it was handed to.

use ::store::Tx;
use catalog::{Site, Sku};
use edge::Problem;
use kernel::{Lang, Quantity};
use ledger::Lot;
use procurement::{
    contracts,
    receiving::{self, Arrival, ReturnedLot, SupplierReturn},
    suppliers::{self, Supplier},
};
use serde_json::{Map, Value, json};

use crate::{Paper, words};

/// A return with everything that its paper names.
pub(crate) struct Returned {
    pub(crate) back: SupplierReturn,
    site: Site,
    supplier: Supplier,
    arrival: Arrival,
    purchase_order: String,
    lines: Vec<(ReturnedLot, Lot, Sku)>,
}

pub(crate) async fn returned(tx: &mut Tx, back: SupplierReturn) -> Result<Returned, Problem> {
    let mut lines = Vec::with_capacity(back.lines.len());
    for line in &back.lines {
        let lot = ledger::lot(tx, line.lot).await?;
        let sku = catalog::sku(tx, lot.sku).await?;
        lines.push((line.clone(), lot, sku));
    }
    Ok(Returned {
        site: catalog::site(tx, back.site).await?,
        supplier: suppliers::supplier(tx, back.supplier).await?,
        arrival: receiving::arrival(tx, back.arrival).await?,
        purchase_order: contracts::order(tx, back.purchase_order).await?.head.number,
        lines,
        back,
    })
}

pub(crate) fn paper(lang: Lang, returned: &Returned) -> Paper {
    let Returned { back, site, supplier, arrival, purchase_order, lines } = returned;
    let total = Quantity::sum(back.lines.iter().map(|line| line.quantity)).unwrap_or(Quantity::NONE);
    let handed_over = [("by", back.signed_by.clone()), ("at", words::moment(&site.time, back.returned_at))];
    let facts = json!({
        "number": back.number,
        "site": { "code": site.code, "name": site.name },
        "supplier": { "code": supplier.code, "name": supplier.name },
        "purchase_order": purchase_order,
        "arrival": arrival.number,
        "vehicle": arrival.vehicle,
        "arrived_at": words::moment(&site.time, arrival.arrived_at),
        "lines": lines.iter().zip(1..).map(|(line, nth)| shown(lang, site, nth, line)).collect::<Vec<_>>(),
        "pieces_total": words::quantity(lang, Quantity { grams: None, ..total }),
        "grams_total": words::quantity(lang, Quantity { pieces: None, ..total }),
        "debit": words::money(site.currency, back.debit),
        "handed_over": words::say(lang, "paper.return_note.handed_over_to", &handed_over),
    });
    let facts = match facts {
        Value::Object(facts) => facts,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    };
    let words = words::labels(lang, "return_note");
    Paper { template: "return_note", lang, code: Some(back.number.clone()), words, facts }
}

fn shown(lang: Lang, site: &Site, position: i64, (line, lot, sku): &(ReturnedLot, Lot, Sku)) -> Value {
    json!({
        "position": position,
        "sku": sku.code,
        "name": words::name(lang, &sku.names),
        "lot": lot.code,
        "supplier_lot": lot.supplier_lot.as_deref().unwrap_or_default(),
        "quantity": words::quantity(lang, line.quantity),
        "reason": line.reason,
        "value": words::money(site.currency, line.value),
    })
}
