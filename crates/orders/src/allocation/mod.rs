//! Step 3.3 訂單分配. Chooses the site that serves an order, and looks for other goods when those of an order fail.
//!
//! The nearest site whose area covers the door, which delivers in the wanted window with room left, sells every line
//! and has it in goods that are good enough when they arrive. Every site that was looked at is kept with what it
//! lacked. It never splits an order over two sites and never chooses a site that would have to hope.

mod distance;
mod reallocate;
mod rules;
mod store;

use ::store::{StoreError, Tx};
use axum::http::StatusCode;
use catalog::{CatalogRefusal, Channel, Position, Priced, Site, Sku};
use edge::Problem;
use kernel::{CustomerOrderId, DeliveryWindowId, Instant, Quantity, SkuId, TemperatureClass, Window, ZoneId};
use ledger::LedgerRefusal;

pub use distance::great_circle_metres;
pub use reallocate::{Reallocated, reallocate};
pub use rules::{Candidate, Suitability, WindowOffer, most_telling, nearest_first, room};

use crate::intake;

/// What somebody wants, where and when.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub door: Position,
    pub window: Window,
    pub lines: &'a [(Sku, Quantity)],
    pub channel: Channel,
    /// The customer's price group.
    pub group: &'a str,
    pub now: Instant,
}

/// The site that serves, at its prices.
#[derive(Clone, Debug)]
pub struct Choice {
    pub site: Site,
    pub window: DeliveryWindowId,
    pub cut_off: Instant,
    pub distance_metres: i64,
    /// In the order of the lines.
    pub prices: Vec<Priced>,
    /// Every site that was looked at, nearest first.
    pub candidates: Vec<Candidate>,
}

/// Why no site serves.
#[derive(Debug, thiserror::Error)]
pub enum AllocationRefusal {
    #[error("no site delivers there")]
    OutOfArea { nearest_metres: Option<i64> },
    #[error("nobody delivers there from {} to {}", window.start(), window.end())]
    WindowUnknown { window: Window },
    #[error("orders for this window were taken until {cut_off}")]
    PastCutOff { cut_off: Instant },
    #[error("the window has its {capacity} orders")]
    WindowFull { capacity: i64 },
    #[error("line {line} has no price")]
    NoPrice { line: usize },
    #[error("line {line} wants {wanted}, {available} can be promised")]
    ShortStock { line: usize, wanted: i64, available: i64 },
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Ledger(#[from] LedgerRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AllocationRefusal> for Problem {
    fn from(refusal: AllocationRefusal) -> Self {
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        match refusal {
            AllocationRefusal::OutOfArea { nearest_metres } => {
                let metres = nearest_metres.map_or_else(|| "–".to_owned(), |metres| metres.to_string());
                conflict("allocation/out-of-area").with("nearest_metres", metres).field("address")
            }
            AllocationRefusal::WindowUnknown { window } => conflict("allocation/window-unknown")
                .with("start", window.start())
                .with("end", window.end())
                .field("window"),
            AllocationRefusal::PastCutOff { cut_off } => {
                conflict("allocation/past-cut-off").with("cut_off", cut_off).field("window")
            }
            AllocationRefusal::WindowFull { capacity } => {
                conflict("allocation/window-full").with("capacity", capacity).field("window")
            }
            AllocationRefusal::NoPrice { line } => {
                conflict("allocation/no-price").with("line", line + 1).field(format!("lines/{line}/sku"))
            }
            AllocationRefusal::ShortStock { line, wanted, available } => conflict("allocation/short-stock")
                .with("line", line + 1)
                .with("wanted", wanted)
                .with("available", available)
                .field(format!("lines/{line}/quantity")),
            AllocationRefusal::Catalog(refusal) => refusal.into(),
            AllocationRefusal::Ledger(refusal) => refusal.into(),
            AllocationRefusal::Store(error) => error.into(),
        }
    }
}

/// Chooses the site. Reads only: the promise that follows makes it true, or refuses.
pub async fn choose(tx: &mut Tx, asked: &Asked<'_>) -> Result<Choice, AllocationRefusal> {
    let sites = catalog::sites(tx).await?;
    let order = nearest_first(sites.iter().map(|site| (site.id, site.position)), asked.door);
    let mut candidates = Vec::with_capacity(order.len());
    let mut chosen = None;
    for (id, distance_metres) in order {
        let Some(site) = sites.iter().find(|site| site.id == id) else { continue };
        let suitability = if chosen.is_some() {
            Suitability::NotNeeded
        } else {
            match judge(tx, asked, site, distance_metres).await? {
                Ok((window, cut_off, prices)) => {
                    chosen = Some((site.clone(), window, cut_off, distance_metres, prices));
                    Suitability::Chosen
                }
                Err(lacks) => lacks,
            }
        };
        candidates.push(Candidate { site: id, distance_metres, suitability });
    }
    let Some((site, window, cut_off, distance_metres, prices)) = chosen else {
        return Err(refusal(asked, &candidates));
    };
    Ok(Choice { site, window, cut_off, distance_metres, prices, candidates })
}

type Suits = Result<(DeliveryWindowId, Instant, Vec<Priced>), Suitability>;

/// Whether one site could serve, asked in the order from what is cheap to know to what is dear.
async fn judge(tx: &mut Tx, asked: &Asked<'_>, site: &Site, distance_metres: i64) -> Result<Suits, AllocationRefusal> {
    if distance_metres > site.delivery_radius_metres {
        return Ok(Err(Suitability::OutOfArea { radius_metres: site.delivery_radius_metres }));
    }
    let offer = intake::offer(tx, site.id, asked.window).await?;
    let window = match room(offer, asked.now) {
        Ok(window) => window,
        Err(lacks) => return Ok(Err(lacks)),
    };
    let skus: Vec<&Sku> = asked.lines.iter().map(|(sku, _)| sku).collect();
    let ids: Vec<SkuId> = skus.iter().map(|sku| sku.id).collect();
    let mut prices = Vec::with_capacity(ids.len());
    let list = catalog::prices_at(tx, site.id, &ids, asked.channel, asked.group, asked.now).await?;
    for (line, priced) in list.into_iter().enumerate() {
        match priced {
            Some(priced) => prices.push(priced),
            None => return Ok(Err(Suitability::NoPrice { line })),
        }
    }
    let offers = ledger::availabilities(tx, site.id, &skus, asked.window.end()).await?;
    for (line, ((sku, quantity), available)) in asked.lines.iter().zip(offers).enumerate() {
        let (wanted, available) = (sku.measure.promised(*quantity), sku.measure.promised(available).max(0));
        if wanted > available {
            return Ok(Err(Suitability::ShortStock { line, wanted, available }));
        }
    }
    let cut_off = offer.map_or(asked.now, |offer| offer.cut_off);
    Ok(Ok((window, cut_off, prices)))
}

/// What is told when no site serves: what the one that came furthest lacked.
fn refusal(asked: &Asked<'_>, candidates: &[Candidate]) -> AllocationRefusal {
    let out_of_area = || AllocationRefusal::OutOfArea {
        nearest_metres: candidates.first().map(|candidate| candidate.distance_metres),
    };
    match most_telling(candidates).map(|candidate| &candidate.suitability) {
        Some(Suitability::WindowUnknown) => AllocationRefusal::WindowUnknown { window: asked.window },
        Some(Suitability::PastCutOff { cut_off }) => AllocationRefusal::PastCutOff { cut_off: *cut_off },
        Some(Suitability::WindowFull { capacity }) => AllocationRefusal::WindowFull { capacity: *capacity },
        Some(Suitability::NoPrice { line }) => AllocationRefusal::NoPrice { line: *line },
        Some(Suitability::ShortStock { line, wanted, available }) => {
            AllocationRefusal::ShortStock { line: *line, wanted: *wanted, available: *available }
        }
        Some(Suitability::OutOfArea { .. } | Suitability::Chosen | Suitability::NotNeeded) | None => out_of_area(),
    }
}

/// The zone of a site where goods of a class are kept: the first by code.
pub(crate) fn zone_for(zones: &[catalog::Zone], class: TemperatureClass) -> Option<ZoneId> {
    zones.iter().find(|zone| zone.class == class).map(|zone| zone.id)
}

/// Keeps the sites that were looked at with the order.
pub(crate) async fn record(tx: &mut Tx, order: CustomerOrderId, candidates: &[Candidate]) -> Result<(), StoreError> {
    store::add(tx, order, candidates).await
}

/// Why the order is served from where it is.
pub async fn candidates(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<Candidate>, StoreError> {
    store::of_order(tx, order).await
}
