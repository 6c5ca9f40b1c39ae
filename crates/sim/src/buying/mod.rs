//! Buying: every evening tomorrow's goods are proposed, asked for, signed and ordered; before the shop opens the
//! trucks come, and in the afternoon the suppliers are paid.
//!
//! Nothing reaches a shelf but over the dock. Some suppliers are late, some bring less than they said, some fruit is
//! soft and some crates are warm; what is rejected leaves with the truck that brought it.

mod dock;
mod grades;
mod market;
pub(crate) mod mislabelled;
mod money;
mod order;
mod requisition;
mod suppliers;

use std::collections::BTreeSet;

use kernel::{Date, Instant};
use serde_json::Value;

use crate::{DAY_MS, SimError, day::Doing, papers, shop::number, world::World};

pub(crate) use suppliers::{Supplier, register};

/// What the people of buying know and have to remember.
#[derive(Default)]
pub(crate) struct Book {
    /// By which rule the shop is asked to forecast.
    forecasting: &'static str,
    pub(crate) suppliers: Vec<Supplier>,
    /// Faults that wait for a truck.
    pub(crate) mislabelled: Vec<mislabelled::Waiting>,
    /// For which days and currencies the head of department has lent the signature.
    lent: BTreeSet<(Date, String)>,
    /// Supplier lots are numbered through.
    lots: i64,
}

impl Book {
    /// An empty book of a buyer who lets the shop forecast by a rule.
    pub(crate) fn of(forecasting: &'static str) -> Self {
        Self { forecasting, ..Self::default() }
    }
}

/// What somebody has to do next about a purchase.
#[derive(Clone, Debug)]
pub(crate) enum Errand {
    /// The buyer reads the proposal for a day and submits it.
    Buy { site: usize, day: u32 },
    /// The desk whose turn it is signs what was asked for; behind the last one it is ordered.
    Sign { asked: Box<Asked> },
    /// A supplier reads an order and says yes or no.
    Answer { order: Box<Order> },
    /// The truck is loaded and announced.
    Announce { order: Box<Order> },
    /// The truck stands at the dock and is weighed in.
    Arrive { order: Box<Order>, notice: String, loads: Vec<Load> },
    /// The inspector goes through the lines.
    Inspect { order: Box<Order>, arrival: String, lines: Vec<Weighed> },
    /// What was taken goes to its bins; what was rejected goes back with the truck.
    Clear { order: Box<Order>, arrival: String, taken: Vec<String>, returned: bool },
    /// A second inspector decides about what was quarantined.
    Decide { order: Box<Order>, arrival: String, lots: Vec<Doubtful> },
    /// The supplier's invoice comes, and is paid if it agrees.
    Settle { order: Box<Order> },
    /// The suppliers are graded by what came.
    Grade,
}

/// A requisition on its way from desk to desk.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    id: String,
    site: usize,
    day: u32,
    delivery_on: Date,
    /// Who has yet to sign.
    levels: Vec<String>,
    /// The desk whose turn it is lets it lie until the next one up is asked.
    is_left_lying: bool,
}

/// A purchase order as the simulated people remember it.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) site: usize,
    pub(crate) supplier: usize,
    pub(crate) day: u32,
    pub(crate) delivery_on: Date,
    pub(crate) lines: Vec<Line>,
}

/// A line of it, and what has become of the goods.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    /// Index into the site's SKUs.
    pub(crate) sku: usize,
    pub(crate) pieces: Option<i64>,
    pub(crate) grams: Option<i64>,
    /// In what it is priced by.
    unit: &'static str,
    /// What came, by the papers of the truck, and what of it was taken and is owed.
    shipped: i64,
    taken: i64,
    worth: i64,
    /// A part was taken at a cut price.
    is_cut: bool,
}

impl Line {
    /// A part of the line is ours now, and owed for.
    fn take(&mut self, part: &Value) -> Result<(), SimError> {
        self.taken += part.pointer(&format!("/quantity/{}", self.unit)).and_then(Value::as_i64).unwrap_or(0);
        self.worth += number(part, "worth")?;
        self.is_cut |= number(part, "cut_bp")? > 0;
        Ok(())
    }
}

/// What a truck carries of a line.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    line: usize,
    supplier_lot: String,
    made_on: Date,
    use_by: Date,
    cases: i64,
    pieces: Option<i64>,
    grams: Option<i64>,
}

/// A line that has been weighed in.
#[derive(Clone, Debug)]
pub(crate) struct Weighed {
    line: usize,
    arrival_line: String,
    received: Value,
}

/// A quarantined lot, and what the second inspector will make of it.
#[derive(Clone, Debug)]
pub(crate) struct Doubtful {
    line: usize,
    lot: String,
    disposition: &'static str,
}

/// In minutes after midnight: tomorrow is ordered, and what was doubtful decided, and invoices come.
const BUYING: i64 = 20 * 60;
const DECIDING: i64 = 14 * 60;
const INVOICING: i64 = 16 * 60;

/// Enters the purchases of every day.
pub(crate) fn enter(world: &mut World) {
    for site in 0..world.sites.len() {
        for day in 0..world.days {
            let evening = world.start.plus_millis((i64::from(day) - 1) * DAY_MS).plus_minutes(BUYING - SIX);
            // The first goods are bought in the night in which the shop is founded.
            let at = evening.max(world.now.plus_minutes(5));
            world.agenda.enter(at, Doing::Buying(Errand::Buy { site, day }));
        }
    }
    let over = world.start.plus_millis(i64::from(world.days) * DAY_MS).plus_minutes(-GRADED_BEFORE_MORNING);
    world.agenda.enter(over, Doing::Buying(Errand::Grade));
}

/// After the last day, before the next morning.
const GRADED_BEFORE_MORNING: i64 = 30;

/// The days of the simulation begin at 06:00.
const SIX: i64 = 6 * 60;

/// A time of a day of the simulation, in minutes after midnight.
fn on(world: &World, day: u32, minute: i64) -> Instant {
    world.start.plus_millis(i64::from(day) * DAY_MS).plus_minutes(minute - SIX)
}

pub(crate) async fn run(world: &mut World, errand: Errand) -> Result<(), SimError> {
    match errand {
        Errand::Buy { site, day } => {
            market::observe(world, site).await?;
            requisition::propose(world, site, day).await
        }
        Errand::Sign { asked } => requisition::sign(world, *asked).await,
        Errand::Answer { order } => {
            papers::contract(world, &order).await?;
            order::answer(world, *order).await
        }
        Errand::Announce { order } => order::announce(world, *order).await,
        Errand::Arrive { order, notice, loads } => dock::arrive(world, *order, &notice, loads).await,
        Errand::Inspect { order, arrival, lines } => dock::inspect(world, *order, arrival, lines).await,
        Errand::Clear { order, arrival, taken, returned } => {
            dock::clear(world, &order, &arrival, taken, returned).await
        }
        Errand::Decide { order, arrival, lots } => dock::decide(world, *order, &arrival, lots).await,
        Errand::Settle { order } => money::settle(world, *order).await,
        Errand::Grade => grades::grade(world).await,
    }
}
