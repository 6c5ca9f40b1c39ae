//! The contract itself: one canonical text for each purchase order, and its hash.
//!
//! The same order always gives the same bytes, so that both sides can show later what was agreed to.

use catalog::{Names, Site, Sku};
use kernel::{Currency, Date, Money, Price, Quantity};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::rules::{PurchaseOrder, Terms};
use crate::suppliers::Supplier;

/// What a contract says, in the order in which it says it. A change of this shape gets a new `form`.
#[derive(Serialize)]
struct ContractText<'a> {
    form: &'static str,
    number: &'a str,
    buyer: Party<'a>,
    seller: Party<'a>,
    #[serde(rename = "delivery_on")]
    day: Date,
    currency: Currency,
    lines: Vec<Line<'a>>,
    value: Money,
    acceptance: &'static [&'static str],
}

#[derive(Serialize)]
struct Party<'a> {
    code: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    position: i64,
    sku: &'a str,
    names: &'a Names,
    quantity: Quantity,
    price: Price,
    value: Money,
    terms: Terms,
}

/// The rules of acceptance that every contract carries; the figures are those of its lines.
const ACCEPTANCE: [&str; 6] = [
    "The buyer pays what was accepted, by the buyer's calibrated scale.",
    "Goods warmer in the core than the limit, or with a fault of safety, are refused whole.",
    "Sampling follows ISO 2859-1 (GB/T 2828.1); the severity follows the seller's record.",
    "Goods with less life than agreed, or failing a sample, are taken with a price cut or not at all.",
    "Refused goods leave with the truck that brought them, or within one day at the seller's cost.",
    "A weight below the announced one by more than the tolerance is a claim.",
];

/// A contract as it is kept.
pub(super) struct Rendered {
    pub(super) text: String,
    /// SHA-256 of the text, in hexadecimal.
    pub(super) sha256: String,
}

/// Writes the contract of an order. `skus` are those of its lines, in their order.
pub(super) fn render(
    order: &PurchaseOrder,
    site: &Site,
    supplier: &Supplier,
    skus: &[Sku],
) -> Result<Rendered, serde_json::Error> {
    let lines = order
        .lines
        .iter()
        .zip(skus)
        .map(|(line, sku)| Line {
            position: line.position,
            sku: &sku.code,
            names: &sku.names,
            quantity: line.quantity,
            price: line.price,
            value: line.value,
            terms: line.terms,
        })
        .collect();
    let text = serde_json::to_string(&ContractText {
        form: "freshet purchase contract 1",
        number: &order.head.number,
        buyer: Party { code: &site.code, name: &site.name },
        seller: Party { code: &supplier.code, name: &supplier.name },
        day: order.head.delivery_on,
        currency: order.head.currency,
        lines,
        value: order.head.value,
        acceptance: &ACCEPTANCE,
    })?;
    let sha256 = hex(&Sha256::digest(text.as_bytes()));
    Ok(Rendered { text, sha256 })
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_text_is_written_in_hexadecimal() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&Sha256::digest(b"abc")), known);
    }
}
