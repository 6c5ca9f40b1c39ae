//! The outbound slip 出庫單 of a release note: what to take, from which lot, one table per temperature class.

use catalog::Site;
use kernel::{Lang, Quantity, TemperatureClass};
use orders::outbound::{Slip, SlipLine};
use serde_json::{Map, Value, json};

use crate::{Paper, words};

pub(crate) fn paper(lang: Lang, site: &Site, slip: &Slip) -> Paper {
    let span = format!("{} – {}", words::moment(&site.time, slip.window_start), site.time.clock_face(slip.window_end));
    let lots = || slip.lines.iter().flat_map(|line| line.lots.iter().map(|lot| lot.quantity));
    let total = Quantity::sum(lots()).unwrap_or(Quantity::NONE);
    let pieces = Quantity { grams: None, ..total };
    let grams = Quantity { pieces: None, ..total };
    let facts = json!({
        "number": slip.number,
        "order": slip.order_number,
        "site": format!("{} {}", site.code, site.name),
        "window": span,
        "state": words::say(lang, &format!("paper.slip.state_{}", slip.state.code()), &[]),
        "remark": slip.remark,
        "classes": TemperatureClass::ALL
            .into_iter()
            .filter_map(|class| of_class(lang, class, slip))
            .collect::<Vec<_>>(),
        "pieces_total": words::quantity(lang, pieces),
        "grams_total": words::quantity(lang, grams),
    });
    let facts = match facts {
        Value::Object(facts) => facts,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    };
    Paper { template: "slip", lang, code: Some(slip.number.clone()), words: words::labels(lang, "slip"), facts }
}

fn of_class(lang: Lang, class: TemperatureClass, slip: &Slip) -> Option<Value> {
    let lines: Vec<Value> =
        slip.lines.iter().filter(|line| line.class == class).map(|line| shown(lang, line)).collect();
    let name = words::say(lang, &format!("import.word.{}", class.code()), &[]);
    (!lines.is_empty()).then(|| json!({ "name": name, "lines": lines }))
}

fn shown(lang: Lang, line: &SlipLine) -> Value {
    let lots: Vec<Value> = line
        .lots
        .iter()
        .map(|lot| json!({ "code": lot.code, "quantity": words::quantity(lang, lot.quantity) }))
        .collect();
    json!({
        "code": line.code,
        "name": words::name(lang, &line.names),
        "ordered": words::quantity(lang, line.ordered),
        "lots": lots,
        "short": line.short.map_or_else(String::new, |_| words::say(lang, "paper.slip.short", &[])),
    })
}
