//! Probes 探頭: what measures, where, under which topic, and until when it is believed.

use ::store::Tx;
use ::store::codes;
use edge::{Problem, Sites, parse};
use events::{Object, tell};
use identity::{
    Secret,
    devices::{Device, enrol_device},
};
use kernel::{Date, DeciCelsius, Instant, PlaceId, ProbeId, SiteId, Stamp, TemperatureClass, ZoneId};
use ledger::Area;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ColdchainRefusal,
    band::{SiteBand, TemperatureBand},
    events::{ProbeCalibrated, ProbeRegistered, ProbeRetired, TemperatureLimitsSet},
    machine::{Over, Voice, Watch},
    store,
};
use crate::works_at;

codes! {
    /// What stands there.
    ProbeKind {
        Probe = "probe",
        /// Sends for probes that cannot send for themselves.
        Gateway = "gateway",
    }
}

codes! {
    ProbeState {
        Working = "working",
        Retired = "retired",
    }
}

/// A probe or a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Probe {
    pub id: ProbeId,
    pub site: SiteId,
    pub code: String,
    pub kind: ProbeKind,
    pub zone: Option<ZoneId>,
    /// One room of the zone, by name.
    pub room: Option<String>,
    /// One place instead of a zone: a van, a cabinet, a dock, a cool-box.
    pub place: Option<PlaceId>,
    pub class: TemperatureClass,
    /// Under which it may publish by MQTT.
    pub topic: String,
    /// Who sends for it.
    pub gateway: Option<ProbeId>,
    #[schema(value_type = Option<String>, format = Date)]
    pub calibrated_on: Option<Date>,
    /// Readings after this day are marked as doubtful.
    #[schema(value_type = Option<String>, format = Date)]
    pub calibration_due: Option<Date>,
    pub state: ProbeState,
    pub registered_at: Instant,
    pub over: Over,
    pub over_since: Option<Instant>,
    pub last_at: Option<Instant>,
    #[schema(value_type = Option<i32>)]
    pub last_value: Option<DeciCelsius>,
    pub silent: bool,
    pub revision: i64,
}

impl Probe {
    pub(super) fn watch(&self) -> Watch {
        Watch {
            over: self.over,
            since: self.over_since,
            heard_at: self.last_at.unwrap_or(self.registered_at),
            last: self.last_value,
            voice: if self.silent { Voice::Silent } else { Voice::Heard },
        }
    }

    pub(super) fn remember(&mut self, watch: &Watch) {
        self.over = watch.over;
        self.over_since = watch.since;
        self.last_at = watch.last.map(|_| watch.heard_at);
        self.last_value = watch.last;
        self.silent = watch.voice == Voice::Silent;
    }

    /// What it watches over; nothing for a gateway.
    pub fn area(&self) -> Option<Area> {
        self.place.map(Area::Place).or(self.zone.map(Area::Zone))
    }

    /// What events of it touch.
    pub(super) fn around(&self) -> Vec<Object> {
        let mut around = vec![Object::of(self.site), Object::of(self.id)];
        around.extend(self.zone.map(Object::of));
        around.extend(self.place.map(Object::of));
        around
    }
}

/// A probe to be registered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProbe {
    pub site: SiteId,
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    #[serde(default = "a_probe")]
    pub kind: ProbeKind,
    #[serde(default)]
    pub zone: Option<ZoneId>,
    #[serde(default)]
    #[schema(max_length = 60)]
    pub room: Option<String>,
    #[serde(default)]
    pub place: Option<PlaceId>,
    /// The class of its zone if nothing is said; a place has none by itself.
    #[serde(default)]
    pub class: Option<TemperatureClass>,
    /// `freshet/probes/{id}/readings` if nothing is said; `zigbee2mqtt/cold-room/A1` and the like otherwise.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub topic: Option<String>,
    #[serde(default)]
    pub gateway: Option<ProbeId>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub calibrated_on: Option<Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub calibration_due: Option<Date>,
}

const fn a_probe() -> ProbeKind {
    ProbeKind::Probe
}

/// Topics of our own form belong to the probe whose id they name.
const OWN_TOPICS: &str = "freshet/";

impl NewProbe {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.code = parse::code("code", &self.code, 40)?;
        self.room = self.room.map(|room| parse::text("room", &room, 1, 60)).transpose()?;
        if let Some(topic) = &self.topic {
            let topic = parse::text("topic", topic, 1, 200)?;
            if topic.contains(['#', '+', '\n']) || topic.starts_with('$') || topic.starts_with('/') {
                return Err(Problem::invalid(
                    "topic",
                    "a topic to publish under has no wildcards and no leading $ or /",
                ));
            }
            if topic.starts_with(OWN_TOPICS) {
                return Err(Problem::invalid("topic", "topics under freshet/ are given by the house"));
            }
            self.topic = Some(topic);
        }
        match (self.calibrated_on, self.calibration_due) {
            (Some(on), Some(due)) if due < on => {
                Err(Problem::invalid("calibration_due", "a calibration is not due before it was done"))
            }
            _ => Ok(self),
        }
    }
}

/// A calibration, as its certificate says.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    #[schema(value_type = String, format = Date)]
    pub calibrated_on: Date,
    #[schema(value_type = String, format = Date)]
    pub calibration_due: Date,
}

impl Calibration {
    pub fn parse(self) -> Result<Self, Problem> {
        if self.calibration_due < self.calibrated_on {
            return Err(Problem::invalid("calibration_due", "a calibration is not due before it was done"));
        }
        Ok(self)
    }
}

/// Registers a probe or a gateway. The draft has passed [`NewProbe::parse`].
pub async fn register(tx: &mut Tx, stamp: &Stamp, sites: &Sites, new: NewProbe) -> Result<Probe, ColdchainRefusal> {
    if !works_at(sites, new.site) {
        return Err(catalog::CatalogRefusal::NoSuchSite.into());
    }
    catalog::site(tx, new.site).await?;
    let class = stands_where(tx, &new).await?;
    if store::probe_by_code(tx, new.site, &new.code).await?.is_some() {
        return Err(ColdchainRefusal::CodeTaken { code: new.code });
    }
    if let Some(gateway) = new.gateway {
        let gateway = store::probe(tx, gateway).await?.ok_or(ColdchainRefusal::NoSuchProbe)?;
        if gateway.kind != ProbeKind::Gateway || gateway.site != new.site {
            return Err(ColdchainRefusal::NotAGateway { code: gateway.code });
        }
    }
    let id: ProbeId = stamp.mint();
    let topic = new.topic.unwrap_or_else(|| format!("{OWN_TOPICS}probes/{id}/readings"));
    if store::probe_by_topic(tx, &topic).await?.is_some() {
        return Err(ColdchainRefusal::TopicTaken { topic });
    }
    let probe = Probe {
        id,
        site: new.site,
        code: new.code,
        kind: new.kind,
        zone: new.zone,
        room: new.room,
        place: new.place,
        class,
        topic,
        gateway: new.gateway,
        calibrated_on: new.calibrated_on,
        calibration_due: new.calibration_due,
        state: ProbeState::Working,
        registered_at: stamp.at,
        over: Over::Fine,
        over_since: None,
        last_at: None,
        last_value: None,
        silent: false,
        revision: 1,
    };
    store::add_probe(tx, &probe).await?;
    let body =
        ProbeRegistered { code: probe.code.clone(), kind: probe.kind, class: probe.class, topic: probe.topic.clone() };
    tell(tx, stamp, Object::of(id), &probe.around(), &body).await?;
    Ok(probe)
}

/// Its temperature class, by where it stands.
async fn stands_where(tx: &mut Tx, new: &NewProbe) -> Result<TemperatureClass, ColdchainRefusal> {
    match (new.kind, new.zone, new.place) {
        (_, Some(zone), None) => {
            let zone = catalog::zone(tx, zone).await?;
            if zone.site != new.site {
                return Err(ColdchainRefusal::OtherSite { field: "zone" });
            }
            Ok(new.class.unwrap_or(zone.class))
        }
        (_, None, Some(place)) => {
            let place = ledger::place(tx, place).await?;
            if place.site != new.site {
                return Err(ColdchainRefusal::OtherSite { field: "place" });
            }
            new.class.ok_or(ColdchainRefusal::StandsNowhere)
        }
        (ProbeKind::Gateway, None, None) => Ok(new.class.unwrap_or(TemperatureClass::Ambient)),
        (ProbeKind::Probe, None, None) | (_, Some(_), Some(_)) => Err(ColdchainRefusal::StandsNowhere),
    }
}

/// The probe, if its site is the caller's.
pub async fn probe(tx: &mut Tx, sites: &Sites, id: ProbeId) -> Result<Probe, ColdchainRefusal> {
    match store::probe(tx, id).await? {
        Some(probe) if works_at(sites, probe.site) => Ok(probe),
        Some(_) | None => Err(ColdchainRefusal::NoSuchProbe),
    }
}

/// The probes of a site, by code.
pub async fn probes(tx: &mut Tx, site: SiteId, after: &str, rows: i64) -> Result<Vec<Probe>, ColdchainRefusal> {
    Ok(store::probes(tx, site, after, rows).await?)
}

/// The probe that speaks under a topic.
pub async fn probe_by_topic(tx: &mut Tx, topic: &str) -> Result<Option<Probe>, ColdchainRefusal> {
    Ok(store::probe_by_topic(tx, topic).await?)
}

/// The topics that a device may publish under: its own, and those of the probes that it sends for.
pub async fn topics_of(tx: &mut Tx, device: ProbeId) -> Result<Vec<String>, ColdchainRefusal> {
    Ok(store::topics_of(tx, device).await?)
}

/// Whether a device may speak for a probe.
pub fn speaks_for(device: ProbeId, probe: &Probe) -> bool {
    device == probe.id || probe.gateway == Some(device)
}

/// Enters a calibration; later readings are believed again.
pub async fn calibrate(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ProbeId,
    calibration: Calibration,
) -> Result<Probe, ColdchainRefusal> {
    let known = probe(tx, sites, id).await?;
    let Calibration { calibrated_on, calibration_due } = calibration;
    store::set_calibration(tx, id, calibrated_on, calibration_due).await?;
    let body = ProbeCalibrated { code: known.code.clone(), calibrated_on, calibration_due };
    tell(tx, stamp, Object::of(id), &known.around(), &body).await?;
    probe(tx, sites, id).await
}

/// Takes a probe out of use. Its readings stay.
pub async fn retire(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ProbeId,
    reason: &str,
) -> Result<Probe, ColdchainRefusal> {
    let known = probe(tx, sites, id).await?;
    if known.state == ProbeState::Retired {
        return Err(ColdchainRefusal::Retired { code: known.code });
    }
    store::retire(tx, id).await?;
    store::end_running(tx, id, stamp.at).await?;
    let body = ProbeRetired { code: known.code.clone(), reason: reason.to_owned() };
    tell(tx, stamp, Object::of(id), &known.around(), &body).await?;
    probe(tx, sites, id).await
}

/// Gives a working probe its secret; one that it had before is worth nothing from now on.
pub async fn enrol(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ProbeId,
    secret: &Secret,
) -> Result<(), ColdchainRefusal> {
    let known = probe(tx, sites, id).await?;
    if known.state == ProbeState::Retired {
        return Err(ColdchainRefusal::Retired { code: known.code });
    }
    Ok(enrol_device(tx, stamp, Device { probe: id, site: known.site }, secret).await?)
}

/// The temperature band of a class at a site.
pub async fn band_of(tx: &mut Tx, site: SiteId, class: TemperatureClass) -> Result<SiteBand, ColdchainRefusal> {
    let own = store::band(tx, site, class).await?;
    Ok(own.unwrap_or(SiteBand::of_the_house(site, class)))
}

/// What every class bears at every site.
#[derive(Default)]
pub(super) struct AllBands(Vec<SiteBand>);

impl AllBands {
    pub(super) async fn read(tx: &mut Tx) -> Result<Self, ColdchainRefusal> {
        Ok(Self(store::all_bands(tx).await?))
    }

    pub(super) fn of(&self, site: SiteId, class: TemperatureClass) -> TemperatureBand {
        let own = self.0.iter().find(|own| own.site == site && own.class == class);
        own.copied().unwrap_or(SiteBand::of_the_house(site, class)).band
    }
}

/// Says what a class of goods bears at a site. The next reading is judged by it.
pub async fn set_band(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    class: TemperatureClass,
    band: TemperatureBand,
) -> Result<SiteBand, ColdchainRefusal> {
    catalog::site(tx, site).await?;
    store::set_band(tx, site, class, &band).await?;
    tell(tx, stamp, Object::of(site), &[], &TemperatureLimitsSet { class, limits: band }).await?;
    band_of(tx, site, class).await
}
