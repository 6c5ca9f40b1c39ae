//! Step 6 反饋與改進: metrics. Says how fast and how well each step was, and what every figure rests on.
//!
//! A figure is added up from the event log and the money journal when somebody asks: facts that were told once and
//! never change. It reads no table that a verb may update, so the same day has the same figures for ever, but for
//! what is told about it later.

pub(crate) mod http;

mod dictionary;
mod read;
mod refusal;
mod rules;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use ::events::ToldEvent;
use ::store::{StoreError, Tx};
use accounts::{Account, contribution};
use catalog::Site;
use kernel::{Actor, Currency, CustomerOrderId, Date, EventId, Id, Instant, SiteId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use dictionary::Source;
use rules::Scan;

pub use dictionary::{Better, Grain, Indicator, IndicatorCard, IndicatorKind, IndicatorUnit, dictionary, indicator};
pub use refusal::MetricsRefusal;
pub use rules::{Book, Figure, FigureEntry, Miss};

/// Events that one look at the log brings.
const EVENTS_AT_ONCE: i64 = 1_000;
/// What a picker does with a handheld.
const SCANS: [&str; 4] = [PICK, "pick_tasks_claimed", "line_shorted", "pick_task_rebound"];
const PICK: &str = "goods_picked";

/// The figures of some business days of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    pub site: SiteId,
    /// The first business day, and the last.
    #[schema(value_type = String, format = Date)]
    pub first: Date,
    #[schema(value_type = String, format = Date)]
    pub last: Date,
    /// Of the figures whose unit is money.
    pub currency: Currency,
    pub figures: Vec<Figure>,
}

impl Figures {
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }

    /// What missed its target, the farthest off first.
    pub fn misses(&self) -> Vec<Miss<'_>> {
        rules::misses(&self.figures, indicator)
    }
}

/// Every kind of event that some indicator is made of.
pub fn kinds() -> Vec<&'static str> {
    let every: Vec<&'static Indicator> = dictionary().iter().collect();
    let began = every.iter().filter_map(|indicator| match indicator.source {
        Source::Span { from, .. } => Some(from),
        Source::Told(_)
        | Source::Against { .. }
        | Source::Read(..)
        | Source::Pace
        | Source::Journal(_)
        | Source::Orders => None,
    });
    let mut kinds: BTreeSet<&'static str> = kinds_of(&every).into_iter().collect();
    kinds.extend(began);
    kinds.into_iter().collect()
}

/// Every figure of a business day.
pub async fn day(tx: &mut Tx, site: SiteId, day: Date) -> Result<Figures, MetricsRefusal> {
    days(tx, site, day, day).await
}

/// Every figure of some business days together, both included.
pub async fn days(tx: &mut Tx, site: SiteId, first: Date, last: Date) -> Result<Figures, MetricsRefusal> {
    let site = catalog::site(tx, site).await?;
    let wanted: Vec<&'static Indicator> = dictionary().iter().collect();
    let gathered = gather(tx, &site, (first, last), &wanted).await?;
    let figures = wanted
        .iter()
        .map(|indicator| {
            let entries = gathered.get(indicator.name).map(Vec::as_slice).unwrap_or_default();
            rules::figure(indicator, entries)
        })
        .collect();
    Ok(Figures { site: site.id, first, last, currency: site.currency, figures })
}

/// The figure of one indicator over some business days, both included.
pub async fn only(tx: &mut Tx, site: SiteId, days: (Date, Date), name: &str) -> Result<Figure, MetricsRefusal> {
    let wanted = known(name)?;
    let site = catalog::site(tx, site).await?;
    let gathered = gather(tx, &site, days, &[wanted]).await?;
    Ok(rules::figure(wanted, gathered.get(wanted.name).map(Vec::as_slice).unwrap_or_default()))
}

/// What the figure of one indicator rests on, oldest first.
pub async fn entries(tx: &mut Tx, site: SiteId, day: Date, name: &str) -> Result<Vec<FigureEntry>, MetricsRefusal> {
    let wanted = known(name)?;
    let site = catalog::site(tx, site).await?;
    let mut gathered = gather(tx, &site, (day, day), &[wanted]).await?;
    Ok(rules::in_order(gathered.remove(wanted.name).unwrap_or_default()))
}

fn known(name: &str) -> Result<&'static Indicator, MetricsRefusal> {
    indicator(name).ok_or_else(|| MetricsRefusal::NoSuchIndicator { name: name.to_owned() })
}

/// The instants at which the business days begin and end.
fn span(site: &Site, first: Date, last: Date) -> (Instant, Instant) {
    let next = last.tomorrow().unwrap_or(last);
    (site.time.at(first, site.day_turns_at_minute), site.time.at(next, site.day_turns_at_minute))
}

type Gathered = BTreeMap<&'static str, Vec<FigureEntry>>;

async fn gather(
    tx: &mut Tx,
    site: &Site,
    (first, last): (Date, Date),
    wanted: &[&'static Indicator],
) -> Result<Gathered, StoreError> {
    let told = told_at(tx, site, span(site, first, last), &kinds_of(wanted)).await?;
    let mut gathered = Gathered::new();
    let mut earlier = Earlier::default();
    for indicator in wanted {
        let entries = match indicator.source {
            Source::Told(kind) => of_kinds(&told, &[kind]).map(|event| entry(event, rules::Part::of(1))).collect(),
            Source::Against { part, whole } => {
                let counts = |kinds: &[&str], event: &ToldEvent| i64::from(kinds.contains(&event.kind.as_str()));
                let either = |event: &&ToldEvent| counts(part, event).saturating_add(counts(whole, event)) > 0;
                let brings = |event: &ToldEvent| rules::Part { part: counts(part, event), whole: counts(whole, event) };
                told.iter().filter(either).map(|event| entry(event, brings(event))).collect()
            }
            Source::Read(kinds, read) => {
                of_kinds(&told, kinds).filter_map(|event| read(event).map(|part| entry(event, part))).collect()
            }
            Source::Span { from, until, of, unit_ms } => {
                let ends: Vec<&ToldEvent> = told.iter().filter(|event| event.kind == until).collect();
                earlier.since(tx, &ends, (from, of), unit_ms).await?
            }
            Source::Pace => rules::paces(of_kinds(&told, &SCANS).filter_map(scan).collect()),
            Source::Journal(read) => journal(tx, site.id, (first, last), read).await?,
            Source::Orders => contributions(tx, of_kinds(&told, &[DISPATCHED]).collect()).await?,
        };
        gathered.insert(indicator.name, entries);
    }
    Ok(gathered)
}

const DISPATCHED: &str = "order_dispatched";

fn kinds_of(wanted: &[&'static Indicator]) -> Vec<&'static str> {
    let mut kinds = BTreeSet::new();
    for indicator in wanted {
        match indicator.source {
            Source::Told(kind) | Source::Span { until: kind, .. } => {
                kinds.insert(kind);
            }
            Source::Against { part, whole } => kinds.extend(part.iter().chain(whole)),
            Source::Read(read, _) => kinds.extend(read),
            Source::Pace => kinds.extend(SCANS),
            Source::Orders => {
                kinds.insert(DISPATCHED);
            }
            Source::Journal(_) => {}
        }
    }
    kinds.into_iter().collect()
}

fn of_kinds<'a>(told: &'a [ToldEvent], kinds: &'a [&str]) -> impl Iterator<Item = &'a ToldEvent> {
    told.iter().filter(|event| kinds.contains(&event.kind.as_str()))
}

fn entry(event: &ToldEvent, part: rules::Part) -> FigureEntry {
    FigureEntry { book: Book::Event, id: event.id.uuid(), at: event.at, part: part.part, whole: part.whole }
}

fn scan(event: &ToldEvent) -> Option<Scan> {
    let Actor::Staff(by) = event.actor else { return None };
    Some(Scan { by: by.uuid(), at: event.at, event: event.id.uuid(), is_pick: event.kind == PICK })
}

/// What was told about a site. An event that names no site belongs to that of the order it touches.
async fn told_at(
    tx: &mut Tx,
    site: &Site,
    span: (Instant, Instant),
    kinds: &[&'static str],
) -> Result<Vec<ToldEvent>, StoreError> {
    let mut told = Vec::new();
    let mut sites: BTreeMap<Uuid, Option<Uuid>> = BTreeMap::new();
    let mut after: Option<EventId> = None;
    loop {
        let page = ::events::told_between(tx, kinds, span, after, EVENTS_AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(told) };
        after = Some(last.id);
        let unplaced: BTreeSet<Uuid> = page
            .iter()
            .filter(|event| event.touched(SiteId::NOUN).is_none())
            .filter_map(|event| event.touched(CustomerOrderId::NOUN))
            .filter(|order| !sites.contains_key(order))
            .collect();
        let orders: Vec<Uuid> = unplaced.into_iter().collect();
        let found = ::events::first_touched(tx, CustomerOrderId::NOUN, &orders, SiteId::NOUN).await?;
        sites.extend(orders.into_iter().zip(found));
        told.extend(page.into_iter().filter(|event| {
            let own = event.touched(SiteId::NOUN);
            let through_order = || sites.get(&event.touched(CustomerOrderId::NOUN)?).copied().flatten();
            own.or_else(through_order) == Some(site.id.uuid())
        }));
    }
}

/// When things began, as far as it was looked up.
#[derive(Default)]
struct Earlier(BTreeMap<(&'static str, Uuid), Option<Instant>>);

impl Earlier {
    async fn since(
        &mut self,
        tx: &mut Tx,
        ends: &[&ToldEvent],
        (from, of): (&'static str, &'static str),
        unit_ms: i64,
    ) -> Result<Vec<FigureEntry>, StoreError> {
        let wanted: BTreeSet<Uuid> = ends
            .iter()
            .filter_map(|end| end.touched(of))
            .filter(|object| !self.0.contains_key(&(from, *object)))
            .collect();
        let wanted: Vec<Uuid> = wanted.into_iter().collect();
        let found = ::events::first_told(tx, from, of, &wanted).await?;
        self.0.extend(wanted.into_iter().map(|object| (from, object)).zip(found));
        let entries = ends.iter().filter_map(|end| {
            let began = self.0.get(&(from, end.touched(of)?)).copied().flatten()?;
            Some(entry(end, rules::Part::of(end.at.since(began).div_euclid(unit_ms))))
        });
        Ok(entries.collect())
    }
}

async fn journal(
    tx: &mut Tx,
    site: SiteId,
    days: (Date, Date),
    read: fn(Account, kernel::Money) -> Option<rules::Part>,
) -> Result<Vec<FigureEntry>, StoreError> {
    let nothing = kernel::Money::ZERO;
    let accounts: Vec<Account> =
        Account::all().into_iter().filter(|account| read(*account, nothing).is_some()).collect();
    let mut sums: BTreeMap<Uuid, FigureEntry> = BTreeMap::new();
    for posting in store::postings(tx, site, &accounts, days).await? {
        let Some(part) = read(posting.account, posting.amount) else { continue };
        let sum = sums.entry(posting.entry).or_insert(FigureEntry {
            book: Book::Entry,
            id: posting.entry,
            at: posting.at,
            part: 0,
            whole: 0,
        });
        sum.part = sum.part.saturating_add(part.part);
        sum.whole = sum.whole.saturating_add(part.whole);
    }
    Ok(sums.into_values().collect())
}

async fn contributions(tx: &mut Tx, dispatched: Vec<&ToldEvent>) -> Result<Vec<FigureEntry>, StoreError> {
    let mut entries = Vec::with_capacity(dispatched.len());
    for event in dispatched {
        let order = CustomerOrderId::from_uuid(event.subject.id);
        let total = contribution::of_order(tx, order).await?.total();
        entries.push(entry(event, rules::Part::of(total.minor())));
    }
    Ok(entries)
}
