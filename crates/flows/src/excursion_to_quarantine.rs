//! 2.3 meets 2.1, 3.3 and the books: readings come in, lots that were warm for too long are stopped, and the orders
//! that counted on them look for others, all in one transaction. What an inspector condemns leaves the books.

use std::collections::BTreeSet;

use accounts::{
    WasteCause,
    costing::{self, Booking, Goods},
};
use axum::extract::State;
use edge::{ApiBytes, ApiJson, ApiPath, App, By, IdempotencyKey, Problem, Sites, duty, parse};
use kernel::{Actor, DeciCelsius, ExcursionId, Instant, LotId, ProbeId, QuarantineId, SiteId, SkuId, Stamp};
use ledger::{PlaceKind, WasteReason, WriteOff};
use orders::allocation;
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use warehouse::coldchain::{
    self, BATCH_MAX, Closing, ColdchainRefusal, Disposition, Excursion, ExcursionSheet, NewDisposition, Quarantine,
    Recorded, Source, Spoken, Voiding, payload,
};

use crate::FlowRefusal;

/// One reading of a batch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reading {
    /// When it was measured, by the probe's clock.
    at: Instant,
    /// Tenths of a degree.
    #[schema(value_type = i32, minimum = -900, maximum = 900)]
    decicelsius: DeciCelsius,
}

/// Readings in any order; late and doubled ones are welcome.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Readings {
    #[schema(min_items = 1, max_items = 2000)]
    readings: Vec<Reading>,
}

impl Readings {
    fn parse(self) -> Result<Vec<Spoken>, Problem> {
        parse::count("readings", &self.readings, 1, BATCH_MAX)?;
        let implausible = self.readings.iter().position(|reading| !reading.decicelsius.is_plausible());
        if let Some(index) = implausible {
            let field = format!("readings/{index}/decicelsius");
            return Err(Problem::invalid(field, "a reading lies between -90.0 and 90.0 degrees"));
        }
        Ok(self.readings.iter().map(|reading| Spoken { at: Some(reading.at), value: reading.decicelsius }).collect())
    }
}

/// Send readings of one's own probe, or of a probe that one is the gateway of. A reading that is sent twice is one
/// reading, so this command needs no idempotency key.
#[utoipa::path(post, path = "/probes/{probe}/readings", tag = "2.3 cold chain", operation_id = "send_readings",
    request_body = Readings, params(("probe" = ProbeId, Path)),
    responses((status = 200, body = Recorded), (status = "4XX", body = Problem)))]
async fn send_readings(
    State(app): State<App>,
    by: By<duty::RecordReadings>,
    ApiPath(probe): ApiPath<ProbeId>,
    ApiJson(readings): ApiJson<Readings>,
) -> Result<ApiJson<Recorded>, Problem> {
    let spoken = readings.parse()?;
    let Actor::Device(device) = by.actor else { return Err(Problem::not_found()) };
    let sites = by.sites.clone();
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| {
        let known = coldchain::probe(tx, &sites, probe).await?;
        // Another device's probe is not there.
        if !coldchain::speaks_for(device, &known) {
            return Err(ColdchainRefusal::NoSuchProbe.into());
        }
        take_readings(tx, stamp, probe, &spoken, Source::Http).await
    })
    .await
    .map(ApiJson)
}

/// Take in the file of a logger: an instant and a temperature in degrees a line, by comma, semicolon or tab. All lines
/// or none. The first may be a heading.
#[utoipa::path(post, path = "/probes/{probe}/reading-files", tag = "2.3 cold chain",
    operation_id = "take_reading_file",
    request_body(content = String, content_type = "text/csv"), params(("probe" = ProbeId, Path), IdempotencyKey),
    responses((status = 200, body = Recorded), (status = "4XX", body = Problem)))]
async fn take_reading_file(
    State(app): State<App>,
    by: By<duty::ManageSensors>,
    key: IdempotencyKey,
    ApiPath(probe): ApiPath<ProbeId>,
    file: ApiBytes,
) -> Result<ApiJson<Recorded>, Problem> {
    let spoken = lines_of(&file.bytes)?;
    parse::count("readings", &spoken, 1, BATCH_MAX)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        coldchain::probe(tx, &sites, probe).await?;
        take_readings(tx, stamp, probe, &spoken, Source::File).await
    })
    .await
    .map(ApiJson)
}

fn lines_of(bytes: &[u8]) -> Result<Vec<Spoken>, Problem> {
    let text = String::from_utf8_lossy(bytes);
    let mut spoken = Vec::new();
    for (nth, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match payload::csv_line(line) {
            Some(reading) => spoken.push(reading),
            None if nth == 0 => {}
            None => return Err(ColdchainRefusal::UnreadableLine { line: nth.saturating_add(1) }.into()),
        }
    }
    Ok(spoken)
}

/// Keeps readings, judges them, and looks after the goods that they concern.
pub async fn take_readings(
    tx: &mut Tx,
    stamp: &Stamp,
    probe: ProbeId,
    spoken: &[Spoken],
    source: Source,
) -> Result<Recorded, FlowRefusal> {
    let recorded = coldchain::record(tx, stamp, probe, spoken, source).await?;
    for excursion in &recorded.excursions {
        if let Some((site, stopped)) = coldchain::expose(tx, stamp, *excursion).await? {
            look_for_others(tx, stamp, site, stopped).await?;
        }
    }
    Ok(recorded)
}

/// What is due by the clock alone, every minute: silent probes and unanswered alarms.
pub async fn watch(tx: &mut Tx, stamp: &Stamp) -> Result<(), FlowRefusal> {
    for unanswered in coldchain::watch(tx, stamp).await? {
        let stopped = coldchain::stop_all(tx, stamp, &unanswered).await?;
        look_for_others(tx, stamp, unanswered.site, stopped).await?;
    }
    Ok(())
}

/// Looks again at lots that nobody has looked at for hours: what they went through may have shortened their lives.
pub async fn look_at_lives(tx: &mut Tx, stamp: &Stamp, site: SiteId) -> Result<(), FlowRefusal> {
    let shortened = coldchain::look_at_lives(tx, stamp, site).await?;
    look_for_others(tx, stamp, site, shortened).await
}

async fn look_for_others(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    skus: impl IntoIterator<Item = SkuId>,
) -> Result<(), FlowRefusal> {
    let skus: BTreeSet<SkuId> = skus.into_iter().collect();
    for sku in skus {
        allocation::reallocate(tx, stamp, site, sku).await?;
    }
    Ok(())
}

/// Close an excursion that is over, with its cause. The lives of the lots that lay there are worked out anew.
#[utoipa::path(post, path = "/excursions/{excursion}/close", tag = "2.3 cold chain",
    operation_id = "close_excursion", request_body = Closing,
    params(("excursion" = ExcursionId, Path), IdempotencyKey),
    responses((status = 200, body = Excursion), (status = "4XX", body = Problem)))]
async fn close_excursion(
    State(app): State<App>,
    by: By<duty::AnswerAlarms>,
    key: IdempotencyKey,
    ApiPath(excursion): ApiPath<ExcursionId>,
    ApiJson(closing): ApiJson<Closing>,
) -> Result<ApiJson<Excursion>, Problem> {
    let closing = closing.parse()?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let closed = coldchain::close(tx, stamp, &sites, excursion, &closing).await?;
        recompute(tx, stamp, closed.site, closed.id).await?;
        Ok::<_, FlowRefusal>(closed)
    })
    .await
    .map(ApiJson)
}

/// Declare, with proof, that the probe was wrong: what was stopped for it is free again.
#[utoipa::path(post, path = "/excursions/{excursion}/void", tag = "2.3 cold chain",
    operation_id = "void_excursion", request_body = Voiding,
    params(("excursion" = ExcursionId, Path), IdempotencyKey),
    responses((status = 200, body = ExcursionSheet), (status = "4XX", body = Problem)))]
async fn void_excursion(
    State(app): State<App>,
    by: By<duty::LiftBlocks>,
    key: IdempotencyKey,
    ApiPath(excursion): ApiPath<ExcursionId>,
    ApiJson(voiding): ApiJson<Voiding>,
) -> Result<ApiJson<ExcursionSheet>, Problem> {
    let voiding = voiding.parse()?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        coldchain::void(tx, stamp, &sites, excursion, &voiding).await
    })
    .await
    .map(ApiJson)
}

async fn recompute(tx: &mut Tx, stamp: &Stamp, site: SiteId, excursion: ExcursionId) -> Result<(), FlowRefusal> {
    let mut shortened = BTreeSet::new();
    for lot in coldchain::exposed_lots(tx, excursion).await? {
        shortened.extend(coldchain::recompute(tx, stamp, lot).await?);
    }
    look_for_others(tx, stamp, site, shortened).await
}

/// Decide about a lot that was stopped: release it, release it with less life, or destroy it.
#[utoipa::path(post, path = "/quarantines/{quarantine}/decide", tag = "2.3 cold chain",
    operation_id = "decide_quarantine", request_body = NewDisposition,
    params(("quarantine" = QuarantineId, Path), IdempotencyKey),
    responses((status = 200, body = Quarantine), (status = "4XX", body = Problem)))]
async fn decide_quarantine(
    State(app): State<App>,
    by: By<duty::LiftBlocks>,
    key: IdempotencyKey,
    ApiPath(quarantine): ApiPath<QuarantineId>,
    ApiJson(new): ApiJson<NewDisposition>,
) -> Result<ApiJson<Quarantine>, Problem> {
    let new = new.parse()?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| decided(tx, stamp, &sites, quarantine, &new).await)
        .await
        .map(ApiJson)
}

async fn decided(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: QuarantineId,
    new: &NewDisposition,
) -> Result<Quarantine, FlowRefusal> {
    let (quarantine, lot) = coldchain::decide(tx, stamp, sites, id, new).await?;
    match new.decision {
        Disposition::Release => {}
        Disposition::ShortenLife { .. } => look_for_others(tx, stamp, quarantine.site, [lot.sku]).await?,
        Disposition::Destroy => destroy(tx, stamp, quarantine.site, lot.id, lot.sku, id).await?,
    }
    Ok(quarantine)
}

/// All of a lot that is still in the house goes to waste, and its worth out of the books. What is in totes and parcels
/// is put back first, by those who packed it.
async fn destroy(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    lot: LotId,
    sku: SkuId,
    cause: QuarantineId,
) -> Result<(), FlowRefusal> {
    let known = catalog::site(tx, site).await?;
    let day = known.time.business_day(stamp.at);
    let lot_now = ledger::lot(tx, lot).await?;
    let (mut taken, mut left) = (0_i64, 0_i64);
    for line in ledger::stock(tx, site, ledger::StockFilter::Lot(lot), stamp.at, None, PLACES_MAX).await? {
        let amount = lot_now.measure.promised(line.on_hand);
        left = left.saturating_add(amount);
        if line.place_kind.is_shelf() || line.place_kind == PlaceKind::Dock {
            taken = taken.saturating_add(amount);
            let off = WriteOff { lot, place: line.place, quantity: None, reason: WasteReason::Temperature };
            ledger::write_off(tx, stamp, ledger::Cause::of(cause), day, &off).await?;
        }
    }
    let value = accounts::journal::value_of_lot(tx, lot).await?;
    let cost = costing::share(value, taken, left);
    if taken > 0 && cost != kernel::Money::ZERO {
        let booking = Booking { site, currency: known.currency, cause: accounts::Cause::of(cause) };
        costing::waste(tx, stamp, booking, WasteCause::ColdChain, &[Goods { sku, lot, cost }]).await?;
    }
    Ok(())
}

/// Places that one lot lies in at most.
const PLACES_MAX: i64 = 200;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(send_readings))
        .routes(routes!(take_reading_file))
        .routes(routes!(close_excursion))
        .routes(routes!(void_excursion))
        .routes(routes!(decide_quarantine))
}
