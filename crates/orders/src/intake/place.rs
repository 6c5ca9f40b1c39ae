//! Placing an order: allocation, price, window, promise, payment request.

use ::store::{StoreError, Tx};
use accounts::payments::{self, NewPayment};
use catalog::{Channel, Listing, Sku};
use customers::{Confirmation, Customer};
use edge::Revised;
use events::Object;
use kernel::{
    Currency, CustomerId, CustomerOrderId, DeliveryWindowId, Instant, JobId, PaymentId, Quantity, SiteId, Stamp,
};
use ledger::{LedgerRefusal, Want};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IntakeRefusal, LineFault, NewLine, NewOrder,
    events::{OrderPlaced, PlacedLine},
    rules, windows,
};
use crate::{
    allocation::{self, AllocationRefusal, Asked, Choice},
    order::{
        AmountRange, CustomerOrder, LineView, NumberKind, OrderChannel, OrderLine, OrderRefusal, OrderState, Stage,
        add, add_lines, handed_over_to, like_it, line_views, load, next_number, touched,
    },
    people,
    review::{self, DUPLICATE_MINUTES, Facts, Finding, Limits, Phone, Standing, Verdict},
};

/// Who took the order, for whom.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub channel: OrderChannel,
    pub customer: CustomerId,
}

/// An order that was written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Placed {
    pub order: CustomerOrderId,
    pub number: String,
    pub state: Stage,
    /// The job that asks the provider; none when the order was declined before anybody was asked.
    pub authorise: Option<JobId>,
}

/// What the customer is told at once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Acknowledgement {
    pub id: CustomerOrderId,
    /// The number that people say: `SO-TPE-260328-17`.
    pub number: String,
    pub state: Stage,
    /// Why it is held or declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub site: SiteId,
    pub window: DeliveryWindowId,
    pub window_start: Instant,
    pub window_end: Instant,
    /// Until then the order can be cancelled for certain.
    pub cancel_until: Instant,
    pub currency: Currency,
    pub lines: Vec<LineView>,
    /// The estimated amount, what it may come to, and the most that is charged.
    pub range: AmountRange,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentId>,
    pub review: Vec<Finding>,
    pub placed_at: Instant,
    pub revision: i64,
}

impl Revised for Acknowledgement {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// Places an order. Everything it takes is taken in this transaction, or nothing is.
pub async fn place(tx: &mut Tx, stamp: &Stamp, taken: Taken, new: &NewOrder) -> Result<Placed, IntakeRefusal> {
    let mut customer = people::customer(tx, taken.customer).await?;
    let proven = proven_phone(&customer, taken);
    if proven.is_some() {
        customer.phone_state = Confirmation::Confirmed;
    }
    let address = people::address_of(tx, customer.id, new.address).await?;
    let door = people::position_of(&address).ok_or(IntakeRefusal::AddressNotLocated)?;
    let wanted = goods(tx, &new.lines).await?;
    let asked = Asked {
        door,
        window: new.window,
        lines: &wanted,
        channel: price_list(taken.channel),
        group: people::group_of(&customer),
        now: stamp.at,
    };
    let choice = allocation::choose(tx, &asked).await?;
    let mut lines = priced(tx, stamp, new, &wanted, &choice).await?;
    let range = rules::sum(lines.iter().map(|line| &line.range));
    let limits = Limits::of(choice.site.currency);
    if range.expected < limits.minimum {
        return Err(IntakeRefusal::below_minimum(range.expected, limits.minimum, choice.site.currency));
    }
    let facts = facts(tx, stamp, taken, &customer, &choice, range, lines.len()).await?;
    let findings = review::judge(&facts, limits);

    // From here on it is written.
    if let Some(phone) = proven {
        customers::confirm_phone(tx, stamp, customer.id, &phone).await?;
    }
    let mut order = CustomerOrder {
        id: stamp.mint(),
        number: String::new(),
        site: choice.site.id,
        customer: customer.id,
        channel: taken.channel,
        lang: people::lang_of(&customer),
        delivery_window: choice.window,
        window: new.window,
        cancel_until: choice.cut_off,
        address: address.id,
        position: door,
        distance_metres: choice.distance_metres,
        note: new.note.clone(),
        currency: choice.site.currency,
        range,
        payment: None,
        state: OrderState::Placed,
        placed_at: stamp.at,
        changed_at: stamp.at,
        eta: None,
        revision: 1,
    };
    let declined = match review::outcome(&findings) {
        Verdict::Decline(why) => Some(why),
        Verdict::Pass | Verdict::Hold(_) => None,
    };
    let authorise = match declined {
        Some(why) => {
            order.state = OrderState::Declined { why };
            None
        }
        None => Some(take_all(tx, stamp, &mut order, &mut lines, &new.payment_token).await?),
    };
    order.number = next_number(tx, stamp, &choice.site, NumberKind::SalesOrder).await?;
    let line_count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    add(tx, stamp, &order, line_count).await?;
    add_lines(tx, order.id, &lines).await?;
    allocation::record(tx, order.id, &choice.candidates).await?;
    review::record(tx, stamp, order.id, &findings).await?;
    tell(tx, stamp, &order, &lines).await?;
    if let Some(why) = declined {
        review::tell_declined(tx, stamp, &order, why).await?;
    }
    Ok(Placed { order: order.id, number: order.number, state: order.state.stage(), authorise })
}

/// The phone that the customer has shown to hold without our having noted it: a registered customer's own session
/// exists only because a code, or a link, that was sent to that phone has come back.
fn proven_phone(customer: &Customer, taken: Taken) -> Option<customers::Phone> {
    match (taken.channel, customer.phone_state) {
        (OrderChannel::Shop, Confirmation::Unconfirmed) if customer.standing == customers::Standing::Registered => {
            customer.phone.clone()
        }
        (OrderChannel::Shop | OrderChannel::Desk | OrderChannel::File, _) => None,
    }
}

/// What became of an order, for whom it concerns.
pub async fn acknowledge(tx: &mut Tx, order: CustomerOrderId) -> Result<Acknowledgement, OrderRefusal> {
    let order = load(tx, order).await?;
    let lines = line_views(tx, order.id).await?;
    let review = review::findings(tx, order.id).await?;
    Ok(Acknowledgement {
        id: order.id,
        number: order.number,
        state: order.state.stage(),
        reason: order.state.reason().map(str::to_owned),
        site: order.site,
        window: order.delivery_window,
        window_start: order.window.start(),
        window_end: order.window.end(),
        cancel_until: order.cancel_until,
        currency: order.currency,
        lines,
        range: order.range,
        payment: order.payment,
        review,
        placed_at: order.placed_at,
        revision: order.revision,
    })
}

/// The price list that an order is charged by.
pub(super) const fn price_list(channel: OrderChannel) -> Channel {
    match channel {
        OrderChannel::Shop => Channel::Storefront,
        OrderChannel::Desk => Channel::Desk,
        OrderChannel::File => Channel::Api,
    }
}

/// The products of the lines, each asked for the way it is sold.
async fn goods(tx: &mut Tx, lines: &[NewLine]) -> Result<Vec<(Sku, Quantity)>, IntakeRefusal> {
    let skus = catalog::skus_by_id(tx, lines.iter().map(|line| line.sku)).await?;
    let mut wanted = Vec::with_capacity(lines.len());
    for (line, asked) in lines.iter().enumerate() {
        let sku = skus.get(&asked.sku).cloned().ok_or(IntakeRefusal::UnknownSku { line })?;
        if sku.listing == Listing::Retired {
            return Err(IntakeRefusal::Delisted { line, code: sku.code });
        }
        let quantity = rules::ordered(sku.measure, asked.quantity).map_err(|fault| match fault {
            LineFault::WrongMeasure { measure } => IntakeRefusal::WrongMeasure { line, measure },
            LineFault::TooMuch { most } => IntakeRefusal::TooMuch { line, most },
        })?;
        wanted.push((sku, quantity));
    }
    Ok(wanted)
}

/// The lines at the prices of the chosen site.
async fn priced(
    tx: &mut Tx,
    stamp: &Stamp,
    new: &NewOrder,
    wanted: &[(Sku, Quantity)],
    choice: &Choice,
) -> Result<Vec<OrderLine>, IntakeRefusal> {
    let zones = catalog::zones_of(tx, choice.site.id).await?;
    let mut lines = Vec::with_capacity(wanted.len());
    for (line, (((sku, ordered), priced), asked)) in wanted.iter().zip(&choice.prices).zip(&new.lines).enumerate() {
        let estimate = rules::estimate(sku, *priced, *ordered).ok_or(IntakeRefusal::TooLarge { line })?;
        lines.push(OrderLine {
            id: stamp.mint(),
            nth: i64::try_from(line).unwrap_or(i64::MAX),
            sku: sku.id,
            measure: sku.measure,
            class: sku.temperature_class,
            zone: allocation::zone_for(&zones, sku.temperature_class),
            ordered: *ordered,
            estimated: estimate.quantity,
            price: priced.price,
            price_source: priced.source,
            tax: sku.tax_class(choice.site.profile),
            range: estimate.range,
            substitution: asked.substitution,
            promise: None,
            sent: None,
            short: None,
        });
    }
    Ok(lines)
}

async fn facts(
    tx: &mut Tx,
    stamp: &Stamp,
    taken: Taken,
    customer: &customers::Customer,
    choice: &Choice,
    range: AmountRange,
    lines: usize,
) -> Result<Facts, StoreError> {
    let received = handed_over_to(tx, customer.id).await?;
    let phone = match (customer.phone_state, taken.channel) {
        (Confirmation::Confirmed, _) => Phone::Confirmed,
        // The desk has just spoken with them; a file comes from a business that we know.
        (Confirmation::Unconfirmed, OrderChannel::Desk | OrderChannel::File) => Phone::Known,
        (Confirmation::Unconfirmed, OrderChannel::Shop) if received > 0 => Phone::Known,
        (Confirmation::Unconfirmed, OrderChannel::Shop) => Phone::Unconfirmed,
    };
    let since = stamp.at.plus_minutes(-DUPLICATE_MINUTES);
    let line_count = i64::try_from(lines).unwrap_or(i64::MAX);
    let like_it = like_it(tx, customer.id, since, choice.window, range.expected, line_count).await?;
    Ok(Facts {
        distance_metres: choice.distance_metres,
        radius_metres: choice.site.delivery_radius_metres,
        phone,
        like_it,
        expected: range.expected,
        bound: range.bound,
        standing: if customer.blocked.is_some() { Standing::Blocked } else { Standing::Good },
        received,
        lines,
    })
}

/// Takes the stock, the place in the window, and asks for the payment.
async fn take_all(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &mut CustomerOrder,
    lines: &mut [OrderLine],
    token: &str,
) -> Result<JobId, IntakeRefusal> {
    let wants: Vec<Want> = lines
        .iter()
        .map(|line| Want {
            order_line: line.id,
            site: order.site,
            sku: line.sku,
            quantity: line.ordered,
            deliver_by: order.window.end(),
            expires_at: Some(promised_until(stamp.at)),
        })
        .collect();
    let promised = ledger::promise(tx, stamp, &wants).await.map_err(|refusal| short_of(refusal, lines))?;
    for line in lines.iter_mut() {
        line.promise = promised.iter().find(|promise| promise.order_line == line.id).map(|promise| promise.id);
    }
    windows::take(tx, order.delivery_window, stamp.at).await?;
    let payment = NewPayment {
        order: order.id,
        customer: order.customer,
        site: order.site,
        currency: order.currency,
        bound: order.range.bound,
        token: token.to_owned(),
    };
    let intent = payments::request(tx, stamp, &payment).await?;
    order.payment = Some(intent.payment);
    Ok(intent.job)
}

/// The order gives an unpaid promise back itself; should nobody come to do it, the promise lapses a little later.
const fn promised_until(placed_at: Instant) -> Instant {
    rules::unpaid_until(placed_at).plus_minutes(rules::UNPAID_MINUTES)
}

/// Somebody was quicker between choosing and promising: the line that is short is named as allocation would.
fn short_of(refusal: LedgerRefusal, lines: &[OrderLine]) -> IntakeRefusal {
    let LedgerRefusal::ShortStock { order_line, wanted, available, .. } = &refusal else { return refusal.into() };
    let Some((line, short)) = lines.iter().enumerate().find(|(_, line)| line.id == *order_line) else {
        return refusal.into();
    };
    let (wanted, available) = (short.measure.promised(*wanted), short.measure.promised(*available).max(0));
    AllocationRefusal::ShortStock { line, wanted, available }.into()
}

async fn tell(tx: &mut Tx, stamp: &Stamp, order: &CustomerOrder, lines: &[OrderLine]) -> Result<(), StoreError> {
    let body = OrderPlaced {
        number: order.number.clone(),
        channel: order.channel.code().to_owned(),
        window_start: order.window.start(),
        window_end: order.window.end(),
        range: order.range,
        lines: lines
            .iter()
            .map(|line| PlacedLine {
                sku: line.sku,
                promised: line.measure.promised(line.ordered),
                expected: line.range.expected,
            })
            .collect(),
        distance_metres: order.distance_metres,
    };
    let mut objects = touched(order).to_vec();
    objects.extend(lines.iter().map(|line| Object::of(line.sku)));
    ::events::tell(tx, stamp, Object::of(order.id), &objects, &body).await.map(|_| ())
}
