//! A step and its facts as EPCIS JSON-LD. Pure.

use gs1::epcis::{CONTEXT, Namespaces, event_hash};
use kernel::{DeciCelsius, Id, Instant, Measure, Quantity, SiteTime};
use ledger::{Lot, Place};
use serde_json::{Map, Number, Value, json};
use uuid::Uuid;
use warehouse::fulfilment::ParcelSheet;

use super::{
    facts::{Facts, SiteFacts},
    steps::{Goods, Spot, Step, Temperature, What},
};

/// A GS1 lot number has room for so many characters, and so has the name of a spot.
const LOT_MAX: usize = 20;
const SPOT_MAX: usize = 20;

/// The document up to its first event.
pub(super) fn opening() -> String {
    format!(
        "{{\"@context\":[\"{CONTEXT}\"],\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\n\
         \"epcisBody\":{{\"eventList\":[\n"
    )
}

/// The document behind its last event.
pub(super) fn ending(created: Instant) -> String {
    format!("\n]}},\n\"creationDate\":\"{created}\"}}\n")
}

/// One event; `None` when something that it would name is not there, or when there is nothing to say.
pub(super) fn event(step: &Step, facts: &Facts) -> Option<String> {
    let here = facts.sites.get(&site_of(step, facts)?)?;
    let mut event = Map::new();
    event.insert("eventTime".to_owned(), Value::from(local(step.at, &here.site.time)));
    event.insert("eventTimeZoneOffset".to_owned(), Value::from(here.site.time.offset(step.at)));
    event.insert("bizStep".to_owned(), Value::from(step.biz_step));
    if let Some(disposition) = step.disposition {
        event.insert("disposition".to_owned(), Value::from(disposition));
    }
    goods(step, facts, &mut event)?;
    let spot = spot(step, facts, here);
    // Where a customer lives is their own affair and stands in no document that is handed on.
    if step.biz_step != "retail_selling" {
        event.insert("readPoint".to_owned(), json!({ "id": spot }));
    }
    match step.biz_step {
        // What has left is nowhere in the house any more.
        "departing" | "retail_selling" | "shipping" => {}
        // What was put somewhere is there from now on.
        "storing" => {
            event.insert("bizLocation".to_owned(), json!({ "id": spot }));
        }
        _ => {
            event.insert("bizLocation".to_owned(), json!({ "id": house(here) }));
        }
    }
    if !step.papers.is_empty() {
        let paper = |(kind, id): &(&str, Uuid)| json!({ "type": kind, "bizTransaction": paper(*id, here) });
        event.insert("bizTransactionList".to_owned(), step.papers.iter().map(paper).collect());
    }
    if let Some(supplier) = step.from {
        event.insert("sourceList".to_owned(), json!([{ "type": "owning_party", "source": uuid(supplier) }]));
        let ours = here.gln.as_deref().map_or_else(|| uuid(here.site.id.uuid()), gs1::party);
        event.insert("destinationList".to_owned(), json!([{ "type": "owning_party", "destination": ours }]));
    }
    if let Some(temperature) = step.temperature {
        let mut report = json!({ "type": "Temperature" });
        let shown = match temperature {
            Temperature::Core(core) => Some(core),
            Temperature::Alarm(air) => {
                report["exception"] = Value::from("ALARM_CONDITION");
                air
            }
        };
        if let Some(shown) = shown {
            report["value"] = celsius(shown);
            report["uom"] = Value::from("CEL");
        }
        let time = local(step.at, &here.site.time);
        event.insert(
            "sensorElementList".to_owned(),
            json!([{ "sensorMetadata": { "time": time }, "sensorReport": [report] }]),
        );
    }
    let event = Value::Object(event);
    let id = event_hash(&event, &Namespaces::of(&json!({ "@context": [CONTEXT] })));
    let Value::Object(mut event) = event else { return None };
    event.insert("eventID".to_owned(), Value::from(id));
    serde_json::to_string(&event).ok()
}

fn site_of(step: &Step, facts: &Facts) -> Option<Uuid> {
    let of_lot = |lot: &Uuid| facts.lots.get(lot).map(|lot| lot.site.uuid());
    let of_parcel = |parcel: &Uuid| facts.parcels.get(parcel).map(|sheet| sheet.site.uuid());
    step.site.or_else(|| match &step.what {
        What::Goods { goods } => goods.first().and_then(|goods| of_lot(&goods.lot)),
        What::Destroyed { goods } => of_lot(&goods.lot),
        What::Named { lot } | What::Split { whole: lot, .. } => of_lot(lot),
        What::Parcels { parcels } => parcels.first().and_then(of_parcel),
        What::ParcelsOf { orders } => {
            orders.first().and_then(|order| facts.orders.get(order)?.first().and_then(of_parcel))
        }
        What::Packed { parcel } | What::Carried { parcel, .. } => of_parcel(parcel),
    })
}

/// Writes what the step is about.
fn goods(step: &Step, facts: &Facts, event: &mut Map<String, Value>) -> Option<()> {
    let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
    match &step.what {
        What::Goods { goods } => {
            let element = |goods: &Goods| Some(element(facts.lots.get(&goods.lot)?, goods.quantity));
            let elements: Vec<Value> = goods.iter().filter_map(element).collect();
            if elements.is_empty() {
                return None;
            }
            put("type", Value::from("ObjectEvent"));
            put("action", Value::from("OBSERVE"));
            put("quantityList", Value::from(elements));
        }
        What::Destroyed { goods } => {
            put("type", Value::from("ObjectEvent"));
            put("action", Value::from("DELETE"));
            put("quantityList", json!([element(facts.lots.get(&goods.lot)?, goods.quantity)]));
        }
        What::Named { lot } => {
            let lot = facts.lots.get(lot)?;
            if suppliers_name(lot).is_some() {
                // The supplier has named it already.
                return None;
            }
            put("type", Value::from("ObjectEvent"));
            put("action", Value::from("ADD"));
            put("quantityList", json!([element(lot, None)]));
            put("ilmd", ilmd(lot));
        }
        What::Parcels { parcels } => {
            put("type", Value::from("ObjectEvent"));
            put("action", Value::from("OBSERVE"));
            put("epcList", parcels.iter().map(|id| facts.parcels.get(id).map(unit)).collect::<Option<Value>>()?);
        }
        What::ParcelsOf { orders } => {
            let parcels = orders.iter().filter_map(|order| facts.orders.get(order)).flatten();
            let units: Vec<Value> = parcels.filter_map(|id| facts.parcels.get(id).map(unit)).collect();
            put("type", Value::from("ObjectEvent"));
            put("action", Value::from("OBSERVE"));
            put("epcList", Value::from(units));
        }
        What::Packed { parcel } => {
            let sheet = facts.parcels.get(parcel)?;
            let content = |content: &warehouse::fulfilment::ParcelContent| {
                Some(element(facts.lots.get(&content.lot.uuid())?, Some(content.quantity)))
            };
            put("type", Value::from("AggregationEvent"));
            put("action", Value::from("ADD"));
            put("parentID", unit(sheet));
            put("childQuantityList", sheet.contents.iter().map(content).collect::<Option<Value>>()?);
        }
        What::Carried { vehicle, parcel } => {
            put("type", Value::from("AggregationEvent"));
            put("action", Value::from("ADD"));
            put("parentID", Value::from(uuid(*vehicle)));
            put("childEPCs", json!([unit(facts.parcels.get(parcel)?)]));
        }
        What::Split { whole, part, quantity, by } => {
            let (whole, part) = (facts.lots.get(whole)?, facts.lots.get(part)?);
            if class(whole) == class(part) {
                // Under the supplier's name both are one lot still.
                return None;
            }
            put("type", Value::from("TransformationEvent"));
            put("inputQuantityList", json!([element(whole, Some(*quantity))]));
            put("outputQuantityList", json!([element(part, Some(*quantity))]));
            put("transformationID", Value::from(uuid(*by)));
        }
    }
    Some(())
}

/// The key under which the supplier's label names the goods.
fn suppliers_name(lot: &Lot) -> Option<(&str, &str)> {
    let lot_number = lot.supplier_lot.as_deref().filter(|number| gs1::fits(number, LOT_MAX))?;
    Some((lot.gtin.as_deref()?, lot_number))
}

/// The supplier's name for the goods, or ours with the product's number, or a bare id where the product has none.
fn class(lot: &Lot) -> String {
    match (suppliers_name(lot), lot.gtin.as_deref()) {
        (Some((gtin, number)), _) => gs1::lot_class(gtin, number),
        (None, Some(gtin)) if gs1::fits(&lot.code, LOT_MAX) => gs1::lot_class(gtin, &lot.code),
        (None, _) => uuid(lot.id.uuid()),
    }
}

/// Counted goods in pieces, everything that is paid by weight in kilograms.
fn element(lot: &Lot, quantity: Option<Quantity>) -> Value {
    let class = class(lot);
    let (pieces, grams) = quantity.map_or((None, None), |quantity| (quantity.pieces, quantity.grams));
    match (lot.measure, pieces, grams) {
        (Measure::Counted, Some(pieces), _) => json!({ "epcClass": class, "quantity": pieces }),
        (Measure::Weighed | Measure::CatchWeight, _, Some(grams)) => {
            json!({ "epcClass": class, "quantity": kilograms(grams), "uom": "KGM" })
        }
        _ => json!({ "epcClass": class }),
    }
}

fn ilmd(lot: &Lot) -> Value {
    let mut facts = Map::new();
    facts.insert("cbvmda:lotNumber".to_owned(), Value::from(lot.code.clone()));
    for (name, date) in [
        ("cbvmda:harvestStartDate", lot.harvested_on),
        ("gs1:productionDate", lot.produced_on),
        ("cbvmda:itemExpirationDate", lot.use_by),
    ] {
        if let Some(date) = date {
            facts.insert(name.to_owned(), Value::from(date.to_string()));
        }
    }
    if let Some(origin) = &lot.origin {
        facts.insert("gs1:provenanceStatement".to_owned(), Value::from(origin.clone()));
    }
    Value::Object(facts)
}

fn unit(sheet: &ParcelSheet) -> Value {
    Value::from(if gs1::is_checked(&sheet.code) && sheet.code.len() == 18 {
        gs1::shipping_unit(&sheet.code)
    } else {
        uuid(sheet.id.uuid())
    })
}

fn house(here: &SiteFacts) -> String {
    here.gln.as_deref().map_or_else(|| uuid(here.site.id.uuid()), |gln| gs1::location(gln, None))
}

/// The spot where it was seen: the place, or else the house.
fn spot(step: &Step, facts: &Facts, here: &SiteFacts) -> String {
    let place = |id: &Uuid| facts.places.get(id).map(|place: &Place| place.code.as_str());
    let (code, bare) = match &step.spot {
        None => return house(here),
        Some(Spot::Place(id)) => (place(id), Some(*id)),
        Some(Spot::Code(code)) => (Some(code.as_str()), None),
    };
    match (here.gln.as_deref(), code.filter(|code| gs1::fits(code, SPOT_MAX)), bare) {
        (Some(gln), Some(code), _) => gs1::location(gln, Some(code)),
        (_, _, Some(id)) => uuid(id),
        (_, _, None) => house(here),
    }
}

fn paper(id: Uuid, here: &SiteFacts) -> String {
    here.gln.as_deref().map_or_else(|| uuid(id), |gln| format!("urn:epcglobal:cbv:bt:{gln}:{}", id.hyphenated()))
}

fn uuid(id: Uuid) -> String {
    format!("urn:uuid:{}", id.hyphenated())
}

/// `2026-03-28T18:05:00.000+08:00`: the clock on the wall of the site.
fn local(at: Instant, time: &SiteTime) -> String {
    let (minute, millis) = (time.minute_of_day(at), at.millis().rem_euclid(60_000));
    let (hour, minute) = (minute.div_euclid(60), minute.rem_euclid(60));
    let (second, millis) = (millis.div_euclid(1_000), millis.rem_euclid(1_000));
    format!("{}T{hour:02}:{minute:02}:{second:02}.{millis:03}{}", time.date(at), time.offset(at))
}

fn kilograms(grams: i64) -> Value {
    decimal(&format!("{}.{:03}", grams.div_euclid(1_000), grams.rem_euclid(1_000)))
}

fn celsius(temperature: DeciCelsius) -> Value {
    let text = temperature.to_string();
    decimal(text.trim_end_matches(" °C"))
}

/// A number as it is written; no arithmetic touches it.
fn decimal(text: &str) -> Value {
    serde_json::from_str::<Number>(text).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilograms_are_written_to_the_gram() {
        assert_eq!(kilograms(480_000).to_string(), "480.0");
        assert_eq!(kilograms(1_005).to_string(), "1.005");
        assert_eq!(celsius(DeciCelsius(-5)).to_string(), "-0.5");
        assert_eq!(celsius(DeciCelsius(34)).to_string(), "3.4");
    }

    #[test]
    fn a_time_is_the_clock_on_the_wall() {
        let taipei = SiteTime::new("Asia/Taipei", 240).expect("a known zone");
        let at: Instant = "2026-03-28T16:05:07.089Z".parse().expect("an instant");
        assert_eq!(local(at, &taipei), "2026-03-29T00:05:07.089+08:00");
    }
}
