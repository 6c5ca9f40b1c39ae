//! The contract 合同 of a purchase order: exactly the text that was hashed, set for people.

use std::collections::BTreeMap;

use catalog::{Names, Site};
use edge::Problem;
use kernel::{Currency, Date, Lang, Money, Price, Quantity, speech};
use procurement::contracts::{Contract, PurchaseOrder, Reply, Terms};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Paper, words};

/// The contract text as it is kept.
#[derive(Deserialize)]
struct Text {
    form: String,
    number: String,
    buyer: Party,
    seller: Party,
    delivery_on: Date,
    currency: Currency,
    lines: Vec<Line>,
    value: Money,
    acceptance: Vec<String>,
}

#[derive(Deserialize)]
struct Party {
    code: String,
    name: String,
}

#[derive(Deserialize)]
struct Line {
    position: i64,
    sku: String,
    names: Names,
    quantity: Quantity,
    price: Price,
    value: Money,
    terms: Terms,
}

/// The rules of acceptance that have a translation, by the number of their key.
const RULES: std::ops::RangeInclusive<usize> = 1..=6;

pub(crate) fn paper(lang: Lang, site: &Site, order: &PurchaseOrder, contract: &Contract) -> Result<Paper, Problem> {
    let text: Text = serde_json::from_str(&contract.text).map_err(|error| Problem::internal(&error))?;
    let placed = words::moment(&site.time, order.head.placed_at);
    let facts = json!({
        "number": text.number,
        "form": text.form,
        "buyer": { "code": text.buyer.code, "name": text.buyer.name },
        "seller": { "code": text.seller.code, "name": text.seller.name },
        "delivery_on": text.delivery_on.to_string(),
        "currency": text.currency.code(),
        "value": words::money(text.currency, text.value),
        "lines": text.lines.iter().map(|line| shown(lang, text.currency, line)).collect::<Vec<_>>(),
        "acceptance": text.acceptance.iter().map(|rule| translated(lang, rule)).collect::<Vec<_>>(),
        "penalties": penalties(lang, &text.lines),
        "buyer_signed": words::say(lang, "paper.contract.placed_at", &[("at", placed)]),
        "seller_signed": answered(lang, site, contract),
        "sha256": contract.sha256,
    });
    let facts = match facts {
        Value::Object(facts) => facts,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    };
    Ok(Paper { template: "contract", lang, code: Some(text.number), words: words::labels(lang, "contract"), facts })
}

fn shown(lang: Lang, currency: Currency, line: &Line) -> Value {
    let terms = &line.terms;
    let none = || words::say(lang, "paper.contract.no_limit", &[]);
    let life = words::say(lang, "paper.contract.days", &[("days", terms.remaining_life_min_days.to_string())]);
    let sampling = words::say(
        lang,
        "paper.contract.aql",
        &[
            ("major", terms.aql_major.code().to_owned()),
            ("minor", terms.aql_minor.code().to_owned()),
            ("level", terms.level.code().to_owned()),
        ],
    );
    json!({
        "position": line.position,
        "sku": line.sku,
        "name": words::name(lang, &line.names),
        "quantity": words::quantity(lang, line.quantity),
        "price": words::price(lang, currency, line.price),
        "value": words::money(currency, line.value),
        "arrival_max": terms.arrival_max.map_or_else(none, |limit| limit.to_string()),
        "life_min": life,
        "weight_tolerance": words::percent(terms.weight_tolerance_bp),
        "over_receipt": words::percent(terms.over_receipt_bp),
        "sampling": sampling,
    })
}

/// The contract speaks English; its rules have words of the trade in each language. One that has none is shown as it
/// stands, for it was agreed so.
fn translated(lang: Lang, rule: &str) -> String {
    let key = RULES
        .map(|nth| format!("paper.rule.{nth}"))
        .find(|key| speech::say(Lang::En, key, &[]).is_some_and(|known| known == rule));
    key.map_or_else(|| rule.to_owned(), |key| words::say(lang, &key, &[]))
}

/// What faults cost the seller, as the terms of the lines say it: lines with the same terms share a sentence.
fn penalties(lang: Lang, lines: &[Line]) -> Vec<String> {
    let mut by_terms: BTreeMap<(i64, i64), Vec<String>> = BTreeMap::new();
    for line in lines {
        let key = (line.terms.concession_cut_bp, line.terms.weight_tolerance_bp);
        by_terms.entry(key).or_default().push(line.position.to_string());
    }
    let mut sentences: Vec<String> = by_terms
        .into_iter()
        .map(|((cut, tolerance), positions)| {
            let params = [
                ("cut", words::percent(cut)),
                ("tolerance", words::percent(tolerance)),
                ("lines", positions.join(", ")),
            ];
            words::say(lang, "paper.contract.penalty_of_lines", &params)
        })
        .collect();
    sentences.push(words::say(lang, "paper.contract.penalty_of_refused", &[]));
    sentences
}

fn answered(lang: Lang, site: &Site, contract: &Contract) -> String {
    let Some(answered) = &contract.answered else {
        return words::say(lang, "paper.contract.not_answered", &[]);
    };
    let by = ("by", answered.signed_by.clone());
    let at = ("at", words::moment(&site.time, answered.at));
    match &answered.reply {
        Reply::Accept => words::say(lang, "paper.contract.accepted", &[by, at]),
        Reply::Decline { reason } => words::say(lang, "paper.contract.declined", &[by, at, ("reason", reason.clone())]),
    }
}
