//! Which events of the log are physical steps, and what each says. Pure: it knows bodies and no tables.
//!
//! The words are the Core Business Vocabulary's. A body that does not have the fields of its kind is no step: an older
//! version is never misread.

use events::SealedEvent;
use kernel::{DeciCelsius, Instant, Quantity};
use serde::Deserialize;
use uuid::Uuid;

/// One physical step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) at: Instant,
    /// Where it happened; the site of the first lot if the event names none.
    pub(super) site: Option<Uuid>,
    pub(super) what: What,
    pub(super) biz_step: &'static str,
    pub(super) disposition: Option<&'static str>,
    /// The spot inside the site.
    pub(super) spot: Option<Spot>,
    /// The papers it belongs to.
    pub(super) papers: Vec<(&'static str, Uuid)>,
    /// The supplier whose goods they were.
    pub(super) from: Option<Uuid>,
    /// Of the goods, or of the air around a probe that raised an alarm.
    pub(super) temperature: Option<Temperature>,
}

/// What a probe showed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Temperature {
    Core(DeciCelsius),
    /// Nothing, if the alarm is that the probe is silent.
    Alarm(Option<DeciCelsius>),
}

/// What was done to which goods.
#[derive(Clone, Debug)]
pub(super) enum What {
    Goods {
        goods: Vec<Goods>,
    },
    /// Goods that are no more.
    Destroyed {
        goods: Goods,
    },
    /// A lot gets its number.
    Named {
        lot: Uuid,
    },
    Parcels {
        parcels: Vec<Uuid>,
    },
    /// All parcels of these orders.
    ParcelsOf {
        orders: Vec<Uuid>,
    },
    /// Goods come together in a parcel.
    Packed {
        parcel: Uuid,
    },
    /// A parcel goes onto a vehicle.
    Carried {
        vehicle: Uuid,
        parcel: Uuid,
    },
    /// A part of a lot becomes a lot of its own.
    Split {
        whole: Uuid,
        part: Uuid,
        quantity: Quantity,
        by: Uuid,
    },
}

/// Goods of one lot; how much, where the event says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goods {
    pub(super) lot: Uuid,
    pub(super) quantity: Option<Quantity>,
}

#[derive(Clone, Debug)]
pub(super) enum Spot {
    /// A place of the ledger.
    Place(Uuid),
    /// A code that is unique within the site.
    Code(String),
}

#[derive(Deserialize)]
struct WeighedIn {
    lot: Uuid,
    received: Quantity,
    core: Option<DeciCelsius>,
}

#[derive(Deserialize)]
struct Judged {
    parts: Vec<JudgedPart>,
}

#[derive(Deserialize)]
struct JudgedPart {
    lot: Uuid,
    disposition: String,
    quantity: Quantity,
}

#[derive(Deserialize)]
struct Returned {
    lines: Vec<ReturnedLot>,
}

#[derive(Deserialize)]
struct ReturnedLot {
    lot: Uuid,
    quantity: Quantity,
}

#[derive(Deserialize)]
struct PutAway {
    bin: String,
    quantity: Quantity,
}

#[derive(Deserialize)]
struct StockOpened {
    lot: Uuid,
    place: Uuid,
    quantity: Quantity,
}

#[derive(Deserialize)]
struct Split {
    parent: Uuid,
    child: Uuid,
    quantity: Quantity,
}

#[derive(Deserialize)]
struct Picked {
    lot: Uuid,
    bin: Uuid,
    quantity: Quantity,
}

#[derive(Deserialize)]
struct Counted {
    place: Uuid,
    counted: Quantity,
}

#[derive(Deserialize)]
struct Disposed {
    lot: Uuid,
    place: Uuid,
    quantity: Quantity,
}

#[derive(Deserialize)]
struct Alarm {
    value: Option<DeciCelsius>,
}

#[derive(Deserialize)]
struct Staged {
    lane: String,
}

#[derive(Deserialize)]
struct Loaded {
    vehicle: Uuid,
}

#[derive(Deserialize)]
struct ToDock {
    dock: Uuid,
}

#[derive(Deserialize)]
struct Departed {
    orders: Vec<Uuid>,
}

/// The steps that one event of the log is, most often none or one.
pub(super) fn of_event(event: &SealedEvent) -> Vec<Step> {
    let step = |what: What, biz_step: &'static str, disposition: &'static str| Step {
        at: event.at,
        site: event.touched("site"),
        what,
        biz_step,
        disposition: Some(disposition),
        spot: None,
        papers: Vec::new(),
        from: None,
        temperature: None,
    };
    let subject = event.subject.id;
    let observed = |goods: Vec<Goods>| What::Goods { goods };
    let one = |lot: Uuid, quantity: Quantity| vec![Goods { lot, quantity: Some(quantity) }];
    let parcel = || What::Parcels { parcels: vec![subject] };
    let papers = |wanted: &[(&'static str, &str)]| {
        let paper = |(kind, noun): &(&'static str, &str)| Some((*kind, event.touched(noun)?));
        wanted.iter().filter_map(paper).collect::<Vec<_>>()
    };
    // For the customer the order is a purchase order: the vocabulary has no word for the other side of it.
    let customers_paper = || papers(&[("po", "customer_order")]);
    let steps = match event.kind.as_str() {
        "goods_arrived" => Some(Step {
            spot: Some(Spot::Code(DOCK.to_owned())),
            papers: papers(&[("po", "purchase_order"), ("recadv", "arrival")]),
            from: event.touched("supplier"),
            ..step(What::Parcels { parcels: Vec::new() }, "arriving", "in_progress")
        }),
        "goods_weighed_in" => read::<WeighedIn>(event).map(|body| Step {
            spot: Some(Spot::Code(DOCK.to_owned())),
            papers: papers(&[("po", "purchase_order"), ("recadv", "arrival")]),
            from: event.touched("supplier"),
            temperature: body.core.map(Temperature::Core),
            ..step(observed(one(body.lot, body.received)), "receiving", "in_progress")
        }),
        "lot_opened" => Some(step(What::Named { lot: subject }, "commissioning", "active")),
        "goods_judged" => {
            let Some(body) = read::<Judged>(event) else { return Vec::new() };
            let papers = papers(&[("testres", "inspection")]);
            return body
                .parts
                .into_iter()
                .map(|part| {
                    // Goods taken with a fault are not what was agreed.
                    let conforms = part.disposition == "accept";
                    let disposition = if conforms { "conformant" } else { "non_conformant" };
                    Step {
                        spot: Some(Spot::Code(DOCK.to_owned())),
                        papers: papers.clone(),
                        ..step(observed(one(part.lot, part.quantity)), "inspecting", disposition)
                    }
                })
                .collect();
        }
        "lot_quarantined" => {
            Some(step(observed(vec![Goods { lot: subject, quantity: None }]), "holding", "non_sellable_other"))
        }
        "lot_recalled" => Some(step(observed(vec![Goods { lot: subject, quantity: None }]), "holding", "recalled")),
        "lot_expired" => Some(step(observed(vec![Goods { lot: subject, quantity: None }]), "holding", "expired")),
        "goods_returned" => read::<Returned>(event).map(|body| {
            let goods = body.lines.iter().map(|line| Goods { lot: line.lot, quantity: Some(line.quantity) }).collect();
            Step {
                spot: Some(Spot::Code(DOCK.to_owned())),
                papers: papers(&[("rma", "supplier_return"), ("po", "purchase_order")]),
                ..step(observed(goods), "shipping", "returned")
            }
        }),
        "goods_put_away" => read::<PutAway>(event).map(|body| Step {
            spot: Some(Spot::Code(body.bin)),
            ..step(observed(one(subject, body.quantity)), "storing", "sellable_not_accessible")
        }),
        "stock_opened" => read::<StockOpened>(event).map(|body| Step {
            spot: Some(Spot::Place(body.place)),
            ..step(observed(one(body.lot, body.quantity)), "storing", "sellable_not_accessible")
        }),
        "stock_counted" => read::<Counted>(event).map(|body| Step {
            spot: Some(Spot::Place(body.place)),
            ..step(observed(one(subject, body.counted)), "cycle_counting", "sellable_accessible")
        }),
        "goods_disposed" => read::<Disposed>(event).map(|body| Step {
            spot: Some(Spot::Place(body.place)),
            ..step(
                What::Destroyed { goods: Goods { lot: body.lot, quantity: Some(body.quantity) } },
                "destroying",
                "destroyed",
            )
        }),
        "temperature_alarm_raised" => read::<Alarm>(event).map(|body| Step {
            disposition: None,
            temperature: Some(Temperature::Alarm(body.value)),
            ..step(What::Parcels { parcels: Vec::new() }, "sensor_reporting", "")
        }),
        "lot_split" => read::<Split>(event).map(|body| {
            use kernel::Id;
            let by = event.id.uuid();
            let what = What::Split { whole: body.parent, part: body.child, quantity: body.quantity, by };
            step(what, "repackaging", "in_progress")
        }),
        "goods_picked" => read::<Picked>(event).map(|body| Step {
            spot: Some(Spot::Place(body.bin)),
            papers: customers_paper(),
            ..step(observed(one(body.lot, body.quantity)), "picking", "in_progress")
        }),
        "goods_put_back" => read::<Picked>(event).map(|body| Step {
            spot: Some(Spot::Place(body.bin)),
            ..step(observed(one(body.lot, body.quantity)), "storing", "sellable_not_accessible")
        }),
        "parcel_packed" => {
            let packed = step(What::Packed { parcel: subject }, "packing", "in_progress");
            let closed = step(parcel(), "packing", "container_closed");
            return vec![Step { papers: customers_paper(), ..packed }, closed];
        }
        "parcel_staged" => read::<Staged>(event).map(|body| Step {
            spot: Some(Spot::Code(body.lane)),
            ..step(parcel(), "staging_outbound", "in_progress")
        }),
        // The road tells of the same loading; only the floor names the vehicle, and is believed.
        "parcel_loaded" => read::<Loaded>(event)
            .map(|body| step(What::Carried { vehicle: body.vehicle, parcel: subject }, "loading", "in_progress")),
        "parcel_unloaded" => Some(step(parcel(), "unloading", "in_progress")),
        "run_departed" => read::<Departed>(event).map(|body| Step {
            papers: vec![("bol", subject)],
            ..step(What::ParcelsOf { orders: body.orders }, "departing", "in_transit")
        }),
        "parcel_handed_over" => {
            Some(Step { papers: customers_paper(), ..step(parcel(), "retail_selling", "retail_sold") })
        }
        "parcel_returned" => read::<ToDock>(event).map(|body| Step {
            spot: Some(Spot::Place(body.dock)),
            papers: papers(&[("rma", "customer_order")]),
            ..step(parcel(), "receiving", "returned")
        }),
        _ => None,
    };
    steps.into_iter().collect()
}

/// Where loads come in and go back.
const DOCK: &str = "DOCK";

fn read<B: serde::de::DeserializeOwned>(event: &SealedEvent) -> Option<B> {
    event.body_as().ok()
}
