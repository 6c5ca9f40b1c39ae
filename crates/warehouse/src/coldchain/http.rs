//! The cold chain over HTTP. What also touches orders or money is in `flows`.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Paging, Problem, Tagged, duty, parse};
use identity::{IdentityRefusal, Secret, UnderSecret, devices::DEVICE_PREFIX};
use kernel::{
    Date, DeciCelsius, ExcursionId, Instant, LotId, ProbeId, QuarantineId, SiteId, SkuId, Stamp, TemperatureClass,
};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ColdchainRefusal,
    band::{SiteBand, TemperatureBand},
    excursions::{self, Excursion, NewAction},
    haccp::{self, HaccpDay, Signature},
    inhibits::{self, Inhibit},
    life::{self, LotTemperature},
    probes::{self, Calibration, NewProbe, Probe},
    quarantine::{self, ExcursionSheet, Quarantine},
    record,
    store::Kept,
    thermal::{SkuThermalLaw, ThermalLaw},
};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_bands))
        .routes(routes!(set_band))
        .routes(routes!(list_probes, register_probe))
        .routes(routes!(show_probe))
        .routes(routes!(calibrate_probe))
        .routes(routes!(retire_probe))
        .routes(routes!(enrol_device))
        .routes(routes!(inhibit_alarm))
        .routes(routes!(list_readings))
        .routes(routes!(list_excursions))
        .routes(routes!(show_excursion))
        .routes(routes!(acknowledge_excursion))
        .routes(routes!(act_on_excursion))
        .routes(routes!(list_quarantines))
        .routes(routes!(show_thermal_law, set_thermal_law))
        .routes(routes!(show_lot_temperature))
        .routes(routes!(show_haccp_day))
        .routes(routes!(sign_haccp_day))
}

/// The limits of every temperature class at a site.
#[utoipa::path(get, path = "/sites/{site}/temperature-limits", tag = "2.3 cold chain",
    operation_id = "list_temperature_limits", params(("site" = SiteId, Path)),
    responses((status = 200, body = Vec<SiteBand>), (status = "4XX", body = Problem)))]
async fn list_bands(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(site): ApiPath<SiteId>,
) -> Result<ApiJson<Vec<SiteBand>>, Problem> {
    by.demand_site(site)?;
    app.read(async move |tx: &mut Tx| {
        let mut bands = Vec::new();
        for class in TemperatureClass::ALL {
            bands.push(probes::band_of(tx, site, class).await?);
        }
        Ok::<_, ColdchainRefusal>(bands)
    })
    .await
    .map(ApiJson)
}

/// Say what a class of goods bears at a site.
#[utoipa::path(put, path = "/sites/{site}/temperature-limits/{class}", tag = "2.3 cold chain",
    operation_id = "set_temperature_limits", request_body = TemperatureBand,
    params(("site" = SiteId, Path), ("class" = TemperatureClass, Path)),
    responses((status = 200, body = SiteBand), (status = "4XX", body = Problem)))]
async fn set_band(
    State(app): State<App>,
    by: By<duty::ManageSensors>,
    ApiPath((site, class)): ApiPath<(SiteId, TemperatureClass)>,
    ApiJson(band): ApiJson<TemperatureBand>,
) -> Result<Tagged<SiteBand>, Problem> {
    by.demand_site(site)?;
    let band = band.parse()?;
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| probes::set_band(tx, stamp, site, class, band).await)
        .await
        .map(Tagged)
}

/// Of which site.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfSite {
    site: SiteId,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The probes and gateways of a site, with what they last said.
#[utoipa::path(get, path = "/probes", tag = "2.3 cold chain", operation_id = "list_probes", params(OfSite),
    responses((status = 200, body = Page<Probe>), (status = "4XX", body = Problem)))]
async fn list_probes(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(asked): ApiQuery<OfSite>,
) -> Result<ApiJson<Page<Probe>>, Problem> {
    by.demand_site(asked.site)?;
    let paging = Paging { after: asked.after, limit: asked.limit };
    let (after, rows, site) = (paging.key::<String>()?.unwrap_or_default(), paging.rows()?, asked.site);
    let found = app.read(async move |tx: &mut Tx| probes::probes(tx, site, &after, rows).await).await?;
    paging.page(found, |probe| probe.code.clone()).map(ApiJson)
}

/// Register a probe or a gateway. Its secret is given by `POST /probes/{probe}/credential`.
#[utoipa::path(post, path = "/probes", tag = "2.3 cold chain", operation_id = "register_probe",
    request_body = NewProbe, params(IdempotencyKey),
    responses((status = 201, body = Probe), (status = "4XX", body = Problem)))]
async fn register_probe(
    State(app): State<App>,
    by: By<duty::ManageSensors>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewProbe>,
) -> Result<Created<Probe>, Problem> {
    by.demand_site(new.site)?;
    let new = new.parse()?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| probes::register(tx, stamp, &sites, new.clone()).await)
        .await
        .map(Created)
}

/// One probe.
#[utoipa::path(get, path = "/probes/{probe}", tag = "2.3 cold chain", operation_id = "show_probe",
    params(("probe" = ProbeId, Path)), responses((status = 200, body = Probe), (status = "4XX", body = Problem)))]
async fn show_probe(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(probe): ApiPath<ProbeId>,
) -> Result<ApiJson<Probe>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| probes::probe(tx, &sites, probe).await).await.map(ApiJson)
}

/// Enter a calibration.
#[utoipa::path(put, path = "/probes/{probe}/calibration", tag = "2.3 cold chain", operation_id = "calibrate_probe",
    request_body = Calibration, params(("probe" = ProbeId, Path)),
    responses((status = 200, body = Probe), (status = "4XX", body = Problem)))]
async fn calibrate_probe(
    State(app): State<App>,
    by: By<duty::ManageSensors>,
    ApiPath(probe): ApiPath<ProbeId>,
    ApiJson(calibration): ApiJson<Calibration>,
) -> Result<ApiJson<Probe>, Problem> {
    let calibration = calibration.parse()?;
    let sites = by.sites.clone();
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| {
        probes::calibrate(tx, stamp, &sites, probe, calibration).await
    })
    .await
    .map(ApiJson)
}

/// Why a probe is taken out of use.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Retirement {
    #[schema(min_length = 3, max_length = 200)]
    reason: String,
}

/// Take a probe out of use. Its readings stay.
#[utoipa::path(post, path = "/probes/{probe}/retire", tag = "2.3 cold chain", operation_id = "retire_probe",
    request_body = Retirement, params(("probe" = ProbeId, Path), IdempotencyKey),
    responses((status = 200, body = Probe), (status = "4XX", body = Problem)))]
async fn retire_probe(
    State(app): State<App>,
    by: By<duty::ManageSensors>,
    key: IdempotencyKey,
    ApiPath(probe): ApiPath<ProbeId>,
    ApiJson(retirement): ApiJson<Retirement>,
) -> Result<ApiJson<Probe>, Problem> {
    let reason = parse::text("reason", &retirement.reason, 3, 200)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| probes::retire(tx, stamp, &sites, probe, &reason).await)
        .await
        .map(ApiJson)
}

/// A device's secret, shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct DeviceMade {
    probe: ProbeId,
    /// HTTP: `Authorization: Bearer …`. MQTT: the password, with the probe's id as user name.
    secret: String,
}

/// Give a registered probe a secret of its own. One that it had before is worth nothing from now on; a replay is
/// refused.
#[utoipa::path(post, path = "/probes/{probe}/credential", tag = "2.3 cold chain", operation_id = "enrol_device",
    params(("probe" = ProbeId, Path), IdempotencyKey),
    responses((status = 201, body = DeviceMade), (status = "4XX", body = Problem)))]
async fn enrol_device(
    State(app): State<App>,
    by: By<duty::ManageSensors>,
    key: IdempotencyKey,
    ApiPath(probe): ApiPath<ProbeId>,
) -> Result<Created<DeviceMade>, Problem> {
    let secret = Secret::new(DEVICE_PREFIX).map_err(IdentityRefusal::from)?;
    let (kept, sites) = (secret.clone(), by.sites.clone());
    let made = app
        .once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
            probes::enrol(tx, stamp, &sites, probe, &kept).await?;
            Ok::<_, ColdchainRefusal>(UnderSecret::new(probe, &kept))
        })
        .await?;
    Ok(Created(DeviceMade { probe: made.shown_with(&secret)?, secret: secret.text().to_owned() }))
}

/// Announce a time in which a rise is expected: a door open for loading, a defrost cycle.
#[utoipa::path(post, path = "/probes/{probe}/inhibits", tag = "2.3 cold chain", operation_id = "inhibit_alarm",
    request_body = Inhibit, params(("probe" = ProbeId, Path), IdempotencyKey),
    responses((status = 201, body = Inhibit), (status = "4XX", body = Problem)))]
async fn inhibit_alarm(
    State(app): State<App>,
    by: By<duty::AnswerAlarms>,
    key: IdempotencyKey,
    ApiPath(probe): ApiPath<ProbeId>,
    ApiJson(inhibit): ApiJson<Inhibit>,
) -> Result<Created<Inhibit>, Problem> {
    let inhibit = inhibit.parse()?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        inhibits::inhibit(tx, stamp, &sites, probe, inhibit).await
    })
    .await
    .map(Created)
}

/// From when to when; a day back from now if nothing is said.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichReadings {
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Instant>,
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Instant>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The readings of a probe, by their time.
#[utoipa::path(get, path = "/probes/{probe}/readings", tag = "2.3 cold chain", operation_id = "list_readings",
    params(("probe" = ProbeId, Path), WhichReadings),
    responses((status = 200, body = Page<Kept>), (status = "4XX", body = Problem)))]
async fn list_readings(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(probe): ApiPath<ProbeId>,
    ApiQuery(asked): ApiQuery<WhichReadings>,
) -> Result<ApiJson<Page<Kept>>, Problem> {
    const DAY_MINUTES: i64 = 24 * 60;
    let now = app.clock.now();
    let from = asked.from.unwrap_or(now.plus_minutes(-DAY_MINUTES));
    let until = asked.until.unwrap_or(now.plus_minutes(DAY_MINUTES));
    let paging = Paging { after: asked.after, limit: asked.limit };
    let (after, rows, sites) = (paging.key::<(Instant, DeciCelsius)>()?, paging.rows()?, by.sites.clone());
    let found = app
        .read(async move |tx: &mut Tx| {
            probes::probe(tx, &sites, probe).await?;
            record::readings(tx, probe, (from, until), after, rows).await
        })
        .await?;
    paging.page(found, |kept| (kept.at, kept.decicelsius)).map(ApiJson)
}

/// Which excursions or quarantines of a site.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichCases {
    site: SiteId,
    /// Only those that wait for somebody.
    #[serde(default)]
    open: bool,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The excursions of a site, latest first.
#[utoipa::path(get, path = "/excursions", tag = "2.3 cold chain", operation_id = "list_excursions",
    params(WhichCases), responses((status = 200, body = Page<Excursion>), (status = "4XX", body = Problem)))]
async fn list_excursions(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(asked): ApiQuery<WhichCases>,
) -> Result<ApiJson<Page<Excursion>>, Problem> {
    by.demand_site(asked.site)?;
    let paging = Paging { after: asked.after, limit: asked.limit };
    let (before, rows) = (paging.key::<(Instant, ExcursionId)>()?, paging.rows()?);
    let (site, open) = (asked.site, asked.open);
    let found = app.read(async move |tx: &mut Tx| excursions::excursions(tx, site, open, before, rows).await).await?;
    paging.page(found, excursions::key).map(ApiJson)
}

/// One excursion with what was done, which lots lay there, and what was decided: the deviation record.
#[utoipa::path(get, path = "/excursions/{excursion}", tag = "2.3 cold chain", operation_id = "show_excursion",
    params(("excursion" = ExcursionId, Path)),
    responses((status = 200, body = ExcursionSheet), (status = "4XX", body = Problem)))]
async fn show_excursion(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(excursion): ApiPath<ExcursionId>,
) -> Result<ApiJson<ExcursionSheet>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| quarantine::sheet(tx, &sites, excursion).await).await.map(ApiJson)
}

/// Answer an alarm: the ladder stops.
#[utoipa::path(post, path = "/excursions/{excursion}/acknowledge", tag = "2.3 cold chain",
    operation_id = "acknowledge_excursion", params(("excursion" = ExcursionId, Path), IdempotencyKey),
    responses((status = 200, body = Excursion), (status = "4XX", body = Problem)))]
async fn acknowledge_excursion(
    State(app): State<App>,
    by: By<duty::AnswerAlarms>,
    key: IdempotencyKey,
    ApiPath(excursion): ApiPath<ExcursionId>,
) -> Result<ApiJson<Excursion>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        excursions::acknowledge(tx, stamp, &sites, excursion).await
    })
    .await
    .map(ApiJson)
}

/// Write down what was done about an excursion.
#[utoipa::path(post, path = "/excursions/{excursion}/actions", tag = "2.3 cold chain",
    operation_id = "act_on_excursion", request_body = NewAction,
    params(("excursion" = ExcursionId, Path), IdempotencyKey),
    responses((status = 201, body = Excursion), (status = "4XX", body = Problem)))]
async fn act_on_excursion(
    State(app): State<App>,
    by: By<duty::AnswerAlarms>,
    key: IdempotencyKey,
    ApiPath(excursion): ApiPath<ExcursionId>,
    ApiJson(action): ApiJson<NewAction>,
) -> Result<Created<Excursion>, Problem> {
    let action = action.parse()?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        excursions::act(tx, stamp, &sites, excursion, &action).await
    })
    .await
    .map(Created)
}

/// The lots that wait for a quality decision, or have had it, latest first.
#[utoipa::path(get, path = "/quarantines", tag = "2.3 cold chain", operation_id = "list_quarantines",
    params(WhichCases), responses((status = 200, body = Page<Quarantine>), (status = "4XX", body = Problem)))]
async fn list_quarantines(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(asked): ApiQuery<WhichCases>,
) -> Result<ApiJson<Page<Quarantine>>, Problem> {
    by.demand_site(asked.site)?;
    let paging = Paging { after: asked.after, limit: asked.limit };
    let (before, rows) = (paging.key::<(Instant, QuarantineId)>()?, paging.rows()?);
    let (site, open) = (asked.site, asked.open);
    let found = app.read(async move |tx: &mut Tx| quarantine::quarantines(tx, site, open, before, rows).await).await?;
    paging.page(found, |quarantine| (quarantine.opened_at, quarantine.id)).map(ApiJson)
}

/// How a product ages by temperature.
#[utoipa::path(get, path = "/skus/{sku}/thermal-law", tag = "2.3 cold chain", operation_id = "show_thermal_law",
    params(("sku" = SkuId, Path)), responses((status = 200, body = SkuThermalLaw), (status = "4XX", body = Problem)))]
async fn show_thermal_law(
    State(app): State<App>,
    _by: By<duty::ReadCatalog>,
    ApiPath(sku): ApiPath<SkuId>,
) -> Result<Tagged<SkuThermalLaw>, Problem> {
    app.read(async move |tx: &mut Tx| life::law(tx, sku).await).await.map(Tagged)
}

/// Say how a product ages by temperature. Lots are looked at again by it.
#[utoipa::path(put, path = "/skus/{sku}/thermal-law", tag = "2.3 cold chain", operation_id = "set_thermal_law",
    request_body = ThermalLaw, params(("sku" = SkuId, Path)),
    responses((status = 200, body = SkuThermalLaw), (status = "4XX", body = Problem)))]
async fn set_thermal_law(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    ApiPath(sku): ApiPath<SkuId>,
    ApiJson(law): ApiJson<ThermalLaw>,
) -> Result<Tagged<SkuThermalLaw>, Problem> {
    let law = law.parse()?;
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| life::set_law(tx, stamp, sku, law.clone()).await)
        .await
        .map(Tagged)
}

/// What a lot was kept at, and what that left of its life.
#[utoipa::path(get, path = "/lots/{lot}/temperature", tag = "2.3 cold chain", operation_id = "show_lot_temperature",
    params(("lot" = LotId, Path)), responses((status = 200, body = LotTemperature), (status = "4XX", body = Problem)))]
async fn show_lot_temperature(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(lot): ApiPath<LotId>,
) -> Result<ApiJson<LotTemperature>, Problem> {
    let (sites, now) = (by.sites.clone(), app.clock.now());
    app.read(async move |tx: &mut Tx| life::lot_temperature(tx, &sites, lot, now).await).await.map(ApiJson)
}

/// The HACCP record of a business day.
#[utoipa::path(get, path = "/sites/{site}/haccp/{day}", tag = "2.3 cold chain", operation_id = "show_haccp_day",
    params(("site" = SiteId, Path), ("day" = String, Path, format = Date)),
    responses((status = 200, body = HaccpDay), (status = "4XX", body = Problem)))]
async fn show_haccp_day(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath((site, day)): ApiPath<(SiteId, Date)>,
) -> Result<ApiJson<HaccpDay>, Problem> {
    by.demand_site(site)?;
    let now = app.clock.now();
    app.read(async move |tx: &mut Tx| haccp::day(tx, site, day, now).await).await.map(ApiJson)
}

/// Sign a day off, with every alarm of it closed or explained.
#[utoipa::path(post, path = "/sites/{site}/haccp/{day}/sign", tag = "2.3 cold chain",
    operation_id = "sign_haccp_day", request_body = Signature,
    params(("site" = SiteId, Path), ("day" = String, Path, format = Date), IdempotencyKey),
    responses((status = 201, body = HaccpDay), (status = "4XX", body = Problem)))]
async fn sign_haccp_day(
    State(app): State<App>,
    by: By<duty::InspectGoods>,
    key: IdempotencyKey,
    ApiPath((site, day)): ApiPath<(SiteId, Date)>,
    ApiJson(signature): ApiJson<Signature>,
) -> Result<Created<HaccpDay>, Problem> {
    by.demand_site(site)?;
    let signature = signature.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| haccp::sign(tx, stamp, site, day, &signature).await)
        .await
        .map(Created)
}
