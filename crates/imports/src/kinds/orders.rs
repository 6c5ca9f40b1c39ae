//! Orders of others' systems: a row is one line, rows with the same order number are one order. The key is that number.

use std::collections::{BTreeMap, BTreeSet};

use catalog::Change;
use customers::Phone;
use edge::Problem;
use kernel::{AddressId, CustomerId, Id, Quantity, Stamp, Window};
use orders::{
    intake::{self, GRAMS_MAX, NewLine, NewOrder, PIECES_MAX, Taken},
    order::{OrderChannel, Substitution},
};
use serde::Serialize;
use store::Tx;

use super::{Entered, Products, SitesByCode, site};
use crate::{
    cells::{self, refused},
    columns::{Column, Kind, optional, required},
    faults::Fault,
    line::Line,
    store::{KnownKeys, fingerprint, known_objects},
};

pub(crate) const COLUMNS: &[Column] = &[
    required("order", "WEB-20260328-0001"),
    required("customer", "C-00017"),
    required("site", "TPE1"),
    required("delivery_on", "115/03/28"),
    required("from", "10:00"),
    required("to", "12:00"),
    required("product", "0042"),
    optional("pieces", ""),
    optional("weight", "1.5 台斤"),
    optional("substitution", "refund").one_of(&["refund", "none"]),
    required("payment", "sim:ok"),
    optional("note", ""),
];

/// The lines of one order that a file may hold.
const LINES_MAX: usize = 100;

/// A row that was read.
#[derive(Debug)]
pub(crate) struct Row {
    head: Head,
    line: OrderLine,
}

/// What all rows of an order say alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Head {
    order: String,
    customer: String,
    window: Window,
    payment: String,
    note: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct OrderLine {
    #[serde(skip)]
    row: usize,
    product: String,
    quantity: Quantity,
    substitution: Substitution,
}

/// An order with its lines.
#[derive(Debug, Serialize)]
pub(crate) struct Order {
    head: Head,
    lines: Vec<OrderLine>,
}

pub(crate) fn read(line: &mut Line<'_>, row: usize, sites: &SitesByCode) -> Option<Row> {
    let order = line.code("order", 40);
    let customer = line.must("customer", |cell| cells::text(&sheets::Cell::Text(cells::typed(cell)?), 40));
    let time = site(line, "site", sites).map(|site| site.time.clone());
    let day = line.must("delivery_on", cells::date);
    let (from, to) = (line.must("from", cells::minute), line.must("to", cells::minute));
    let window = match (&time, day, from, to) {
        (Some(time), Some(day), Some(from), Some(to)) => {
            let window = Window::new(time.at(day, from), time.at(day, to)).ok();
            if window.is_none() {
                line.fault("to", refused("imports/ends-before-it-begins"));
            }
            window
        }
        _ => None,
    };
    let product = line.code("product", 32);
    let quantity = line.pieces_or_weight(1..=PIECES_MAX, 1..=GRAMS_MAX);
    let substitution = line.choice_if_any("substitution", Substitution::from_code).unwrap_or_default();
    let payment = line.must("payment", |cell| {
        let token = cells::typed(cell)?;
        let plain = token.bytes().all(|byte| byte.is_ascii_graphic()) && token.len() <= 200;
        if plain { Ok(token) } else { Err(refused("imports/not-a-code").with("value", token).with("most", 200)) }
    });
    let note = line.text_if_any("note", 500).unwrap_or_default();
    let head = Head { order: order?, customer: customer?, window: window?, payment: payment?, note };
    let line_read = OrderLine { row, product: product?, quantity: quantity?, substitution };
    line.faults.is_empty().then_some(Row { head, line: line_read })
}

/// Puts the rows of each order together. A row that says something else than the first of its order is at fault.
pub(crate) fn gather(rows: Vec<Row>, faults: &mut Vec<Fault>) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    let mut by_number: BTreeMap<String, usize> = BTreeMap::new();
    for Row { head, line } in rows {
        let row = line.row;
        let mut fault = |column, problem: Problem| faults.push(Fault { row, column: Some(column), problem });
        match by_number.get(&head.order).and_then(|at| orders.get_mut(*at)) {
            None => {
                by_number.insert(head.order.clone(), orders.len());
                orders.push(Order { head, lines: vec![line] });
            }
            Some(order) if order.head != head => {
                fault(order.head.differs_in(&head), refused("imports/order-disagrees").with("order", head.order));
            }
            Some(order) if order.lines.len() >= LINES_MAX => {
                fault("order", refused("imports/order-too-long").with("order", head.order).with("most", LINES_MAX));
            }
            Some(order) => order.lines.push(line),
        }
    }
    orders
}

impl Head {
    /// The first column in which two rows of one order are not alike.
    fn differs_in(&self, other: &Self) -> &'static str {
        if self.customer != other.customer {
            "customer"
        } else if self.window != other.window {
            "delivery_on"
        } else if self.payment != other.payment {
            "payment"
        } else {
            "note"
        }
    }
}

impl Order {
    pub(crate) fn key(&self) -> &str {
        &self.head.order
    }

    /// The row that a refusal of the whole order is told at.
    pub(crate) fn first_row(&self) -> usize {
        self.lines.first().map_or(0, |line| line.row)
    }

    /// The row of the line that a refusal names (`lines/2/sku`), or the first.
    pub(crate) fn row_of(&self, problem: &Problem) -> usize {
        let nth = problem.named_field().and_then(|field| field.strip_prefix("lines/")?.split('/').next()?.parse().ok());
        nth.and_then(|nth: usize| self.lines.get(nth)).map_or_else(|| self.first_row(), |line| line.row)
    }

    pub(crate) fn fingerprint(&self) -> String {
        fingerprint(self)
    }
}

/// What the orders of one file ask for again and again.
pub(crate) struct Desk {
    /// The orders of earlier files, and the customers of all.
    orders: KnownKeys,
    customers: KnownKeys,
    products: Products,
    doors: BTreeMap<String, (CustomerId, AddressId)>,
}

impl Desk {
    /// Looks up at once what all orders of the file ask for.
    pub(crate) async fn of(tx: &mut Tx, orders: &[Order]) -> Result<Self, Problem> {
        let numbers: Vec<&str> = orders.iter().map(Order::key).collect();
        let who: BTreeSet<&str> = orders.iter().map(|order| order.head.customer.as_str()).collect();
        let who: Vec<&str> = who.into_iter().collect();
        let products = orders.iter().flat_map(|order| &order.lines).map(|line| line.product.as_str());
        Ok(Self {
            orders: known_objects(tx, Kind::Orders, &numbers).await?,
            customers: known_objects(tx, Kind::Customers, &who).await?,
            products: Products::of(tx, products).await?,
            doors: BTreeMap::new(),
        })
    }
}

/// A refusal of an order, at the row that it is about.
pub(crate) struct Refused {
    pub(crate) row: usize,
    pub(crate) problem: Problem,
}

/// Places an order, by the same door as the shop and the desk.
pub(crate) async fn enter(tx: &mut Tx, stamp: &Stamp, desk: &mut Desk, order: &Order) -> Result<Entered, Refused> {
    let at_first = |problem: Problem| Refused { row: order.first_row(), problem };
    if let Some(known) = desk.orders.get(order.key()) {
        if known.fingerprint.as_deref() == Some(order.fingerprint().as_str()) {
            return Ok(Entered { change: Change::Same, object: known.object });
        }
        return Err(at_first(refused("imports/known-otherwise").with("key", order.key()).field("order")));
    }
    let (customer, address) = door(tx, desk, &order.head.customer).await.map_err(at_first)?;
    let mut lines = Vec::with_capacity(order.lines.len());
    for line in &order.lines {
        let sku = desk.products.sku(&line.product).map_err(|problem| Refused { row: line.row, problem })?;
        lines.push(NewLine { sku: sku.id, quantity: line.quantity, substitution: line.substitution });
    }
    let new = NewOrder {
        customer: Some(customer),
        address,
        window: order.head.window,
        lines,
        payment_token: order.head.payment.clone(),
        note: order.head.note.clone(),
    };
    let new = new.parse().map_err(at_first)?;
    let taken = Taken { channel: OrderChannel::File, customer };
    match intake::place(tx, stamp, taken, &new).await {
        Ok(placed) => Ok(Entered { change: Change::Created, object: placed.order.uuid() }),
        Err(refusal) => {
            let problem = Problem::from(refusal);
            Err(Refused { row: order.row_of(&problem), problem })
        }
    }
}

/// Who orders, and where they live: by the reference of an imported customer, or by telephone.
async fn door(tx: &mut Tx, desk: &mut Desk, who: &str) -> Result<(CustomerId, AddressId), Problem> {
    if let Some(known) = desk.doors.get(who) {
        return Ok(*known);
    }
    let unknown = || refused("imports/unknown-customer").with("reference", who).field("customer");
    let customer = if let Some(known) = desk.customers.get(who) {
        CustomerId::from_uuid(known.object)
    } else {
        let phone = Phone::parse(who).map_err(|_| unknown())?;
        customers::find_by_phone(tx, &phone).await?.ok_or_else(unknown)?.id
    };
    let doors = customers::addresses(tx, customer).await?;
    // The first that a map has found; an order to nowhere is refused by intake in its own words.
    let located = doors.iter().find(|door| door.place.latitude_microdegrees.is_some()).or_else(|| doors.first());
    let address = located.ok_or_else(|| refused("imports/no-address").with("reference", who).field("customer"))?.id;
    desk.doors.insert(who.to_owned(), (customer, address));
    Ok((customer, address))
}
