//! What bodies of events and postings contribute to an indicator. Events of other chapters are read by the fields
//! that the dictionary names; a body that lacks them contributes nothing.

use accounts::Account;
use events::ToldEvent;
use kernel::{Instant, Money, Quantity};
use serde::Deserialize;

use super::{dictionary::is_shrinkage, rules::Part};

const YES: Part = Part { part: 1, whole: 1 };
const NO: Part = Part { part: 0, whole: 1 };

const fn yes_if(it_is: bool) -> Part {
    if it_is { YES } else { NO }
}

pub(super) fn dock_to_stock(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct PutAway {
        dock_to_stock_minutes: i64,
    }
    event.body_as::<PutAway>().ok().map(|body| Part::of(body.dock_to_stock_minutes))
}

pub(super) fn accepted_whole(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct Judged {
        parts: Vec<JudgedPart>,
    }
    #[derive(Deserialize)]
    struct JudgedPart {
        disposition: String,
    }
    let body: Judged = event.body_as().ok()?;
    Some(yes_if(body.parts.iter().all(|part| part.disposition == "accept")))
}

#[derive(Deserialize)]
struct Settled {
    amount: Money,
    expected: Money,
    lines: Vec<SettledLine>,
}

#[derive(Deserialize)]
struct SettledLine {
    ordered: Quantity,
    actual: Quantity,
    difference: String,
}

impl SettledLine {
    fn is_short(&self) -> bool {
        self.difference == "short"
    }
}

pub(super) fn full_lines(event: &ToldEvent) -> Option<Part> {
    let body: Settled = event.body_as().ok()?;
    let full = body.lines.iter().filter(|line| !line.is_short()).count();
    Some(Part { part: counted(full), whole: counted(body.lines.len()) })
}

pub(super) fn within_estimate(event: &ToldEvent) -> Option<Part> {
    let body: Settled = event.body_as().ok()?;
    (body.amount > Money::ZERO).then(|| yes_if(body.amount <= body.expected))
}

pub(super) fn weight_error(event: &ToldEvent) -> Option<Part> {
    let body: Settled = event.body_as().ok()?;
    let errors: Vec<i64> = body
        .lines
        .iter()
        .filter(|line| !line.is_short())
        .filter_map(|line| Some(line.actual.grams?.saturating_sub(line.ordered.grams?).saturating_abs()))
        .collect();
    (!errors.is_empty()).then(|| Part { part: errors.iter().sum(), whole: counted(errors.len()) })
}

pub(super) fn parcel_error(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct Packed {
        expected_grams: i64,
        gross_grams: i64,
    }
    let body: Packed = event.body_as().ok()?;
    Some(Part::of(body.gross_grams.saturating_sub(body.expected_grams).saturating_abs()))
}

pub(super) fn without_a_hand(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct Accepted {
        without_a_hand: i64,
    }
    event.body_as::<Accepted>().ok().map(|body| yes_if(body.without_a_hand == 1))
}

#[derive(Deserialize)]
struct Amount {
    amount: Money,
}

pub(super) fn captured(event: &ToldEvent) -> Option<Part> {
    event.body_as::<Amount>().ok().map(|body| Part::of(body.amount.minor()))
}

pub(super) fn refunded(event: &ToldEvent) -> Option<Part> {
    captured(event)
}

pub(super) fn metres(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct Planned {
        metres: i64,
        orders: Vec<serde::de::IgnoredAny>,
    }
    let body: Planned = event.body_as().ok()?;
    Some(Part { part: body.metres, whole: counted(body.orders.len()) })
}

pub(super) fn eta_error(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct Arrived {
        expected_at: Instant,
    }
    let body: Arrived = event.body_as().ok()?;
    Some(Part::of(event.at.since(body.expected_at).saturating_abs() / super::rules::MINUTE))
}

pub(super) fn on_time(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct HandedOver {
        punctuality_of_first_promise: String,
    }
    let body: HandedOver = event.body_as().ok()?;
    Some(yes_if(body.punctuality_of_first_promise == "on_time"))
}

pub(super) fn in_limits(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct Signed {
        minutes_watched: i64,
        minutes_over: i64,
        minutes_silent: i64,
    }
    let Signed { minutes_watched, minutes_over, minutes_silent } = event.body_as().ok()?;
    let outside = minutes_over.saturating_add(minutes_silent);
    Some(Part { part: minutes_watched.saturating_sub(outside), whole: minutes_watched })
}

pub(super) fn first_attempt(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct Attempt {
        attempt: i64,
    }
    let body: Attempt = event.body_as().ok()?;
    (body.attempt == 1).then(|| yes_if(event.kind == "stop_handed_over"))
}

pub(super) fn stars(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct Rated {
        stars: Stars,
    }
    #[derive(Deserialize)]
    struct Stars {
        goods: i64,
        time: i64,
        courier: i64,
    }
    let Rated { stars: Stars { goods, time, courier } } = event.body_as().ok()?;
    Some(Part { part: goods.saturating_add(time).saturating_add(courier), whole: 3 })
}

pub(super) fn in_time(event: &ToldEvent) -> Option<Part> {
    #[derive(Deserialize)]
    struct Done {
        late: i64,
    }
    event.body_as::<Done>().ok().map(|body| yes_if(body.late == 0))
}

pub(super) fn sales(account: Account, amount: Money) -> Option<Part> {
    if let Account::Sales(_) = account { Some(Part::of((-amount).minor())) } else { None }
}

pub(super) fn waste(account: Account, amount: Money) -> Option<Part> {
    let Account::Waste(cause) = account else { return None };
    (!is_shrinkage(cause)).then(|| Part::of(amount.minor()))
}

pub(super) fn shrinkage(account: Account, amount: Money) -> Option<Part> {
    let Account::Waste(cause) = account else { return None };
    is_shrinkage(cause).then(|| Part::of(amount.minor()))
}

pub(super) fn shrinkage_of_sales(account: Account, amount: Money) -> Option<Part> {
    if let Some(lost) = shrinkage(account, amount) {
        return Some(Part { part: lost.part, whole: 0 });
    }
    sales(account, amount).map(|sold| Part { part: 0, whole: sold.part })
}

fn counted(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
