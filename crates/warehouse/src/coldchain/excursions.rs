//! Excursions 超溫: an alarm with a name, that somebody answers, acts on and closes.

use ::store::codes;
use ::store::{Question, Tx};
use edge::{Problem, Sites, parse};
use events::{Object, tell};
use kernel::{Actor, DeciCelsius, ExcursionId, Id, Instant, PlaceId, ProbeId, SiteId, Stamp, TemperatureClass, ZoneId};
use ledger::Area;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ColdchainRefusal,
    band::TemperatureBand,
    events::{
        TemperatureActionTaken, TemperatureAlarmAcknowledged, TemperatureAlarmClosed, TemperatureAlarmEscalated,
        TemperatureAlarmRaised, TemperatureAlarmVoided, TemperatureAlarmWorsened, TemperatureRestored,
    },
    machine::{AlarmKind, Over, Turn, Voice, Watch},
    probes::{AllBands, Probe},
    store,
};
use crate::works_at;

codes! {
    /// How far people have come with it.
    ExcursionState {
        Raised = "raised",
        Acknowledged = "acknowledged",
        /// Something was done about it.
        Acted = "acted",
        Closed = "closed",
        /// The probe was wrong, with proof.
        Voided = "voided",
    }
}

codes! {
    /// What was done.
    Action {
        DoorClosed = "door_closed",
        GoodsMoved = "goods_moved",
        TechnicianCalled = "technician_called",
        SettingCorrected = "setting_corrected",
        ProbeChecked = "probe_checked",
        Other = "other",
    }
}

codes! {
    /// What it came from.
    Cause {
        DoorOpen = "door_open",
        UnitFailure = "unit_failure",
        PowerFailure = "power_failure",
        Overload = "overload",
        Defrost = "defrost",
        /// The probe or its battery, radio or gateway.
        Probe = "probe",
        Other = "other",
    }
}

codes! {
    /// Who is called, one after the other, while nobody answers.
    Rung {
        Operator = "operator",
        ShiftLead = "shift_lead",
        /// From here on the goods are stopped as well.
        Quality = "quality",
        Management = "management",
    }
}

impl Rung {
    /// Minutes after the shop knew of it.
    pub const fn minutes(self) -> i64 {
        match self {
            Self::Operator => 0,
            Self::ShiftLead => 15,
            Self::Quality => 30,
            Self::Management => 60,
        }
    }

    const fn above(self) -> Option<Self> {
        match self {
            Self::Operator => Some(Self::ShiftLead),
            Self::ShiftLead => Some(Self::Quality),
            Self::Quality => Some(Self::Management),
            Self::Management => None,
        }
    }

    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Operator => 0,
            Self::ShiftLead => 1,
            Self::Quality => 2,
            Self::Management => 3,
        }
    }

    pub(super) const fn nth(number: i64) -> Self {
        match number {
            i64::MIN..=0 => Self::Operator,
            1 => Self::ShiftLead,
            2 => Self::Quality,
            3.. => Self::Management,
        }
    }
}

/// One excursion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Excursion {
    pub id: ExcursionId,
    pub site: SiteId,
    pub probe: ProbeId,
    pub zone: Option<ZoneId>,
    pub place: Option<PlaceId>,
    pub class: TemperatureClass,
    pub kind: AlarmKind,
    pub state: ExcursionState,
    /// The first reading outside the limit, or the last before the silence.
    pub began_at: Instant,
    /// When it was an alarm, by the readings.
    pub raised_at: Instant,
    /// When the shop knew of it; later when the readings came late.
    pub noticed_at: Instant,
    /// When the cold was back, or the probe spoke again.
    pub ended_at: Option<Instant>,
    /// The warmest reading, or the coldest on the cold side.
    #[schema(value_type = Option<i32>)]
    pub peak: Option<DeciCelsius>,
    pub rung: Rung,
    pub next_rung_at: Option<Instant>,
    pub acknowledged_at: Option<Instant>,
    pub acknowledged_by: Option<Actor>,
    pub acted_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    pub closed_by: Option<Actor>,
    pub cause: Option<Cause>,
    pub note: Option<String>,
    pub revision: i64,
}

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ExcursionAction)]
pub struct Taken {
    pub action: Action,
    pub note: String,
    pub by: Actor,
    pub at: Instant,
}

/// Something done about an excursion.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAlarmAction)]
pub struct NewAction {
    pub action: Action,
    #[schema(min_length = 3, max_length = 500)]
    pub note: String,
}

impl NewAction {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.note = parse::text("note", &self.note, 3, 500)?;
        Ok(self)
    }
}

/// How an excursion is closed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    pub cause: Cause,
    #[schema(min_length = 3, max_length = 500)]
    pub note: String,
}

impl Closing {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.note = parse::text("note", &self.note, 3, 500)?;
        Ok(self)
    }
}

/// Why the probe was wrong.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlarmVoiding)]
pub struct Voiding {
    /// What proves it: a second thermometer, a certificate, the number of the repair.
    #[schema(min_length = 10, max_length = 500)]
    pub proof: String,
}

impl Voiding {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.proof = parse::text("proof", &self.proof, 10, 500)?;
        Ok(self)
    }
}

impl Excursion {
    pub fn area(&self) -> Option<Area> {
        self.place.map(Area::Place).or(self.zone.map(Area::Zone))
    }

    pub(super) fn around(&self) -> Vec<Object> {
        let mut around = vec![Object::of(self.site), Object::of(self.probe)];
        around.extend(self.zone.map(Object::of));
        around.extend(self.place.map(Object::of));
        around
    }

    const fn is_open(&self) -> bool {
        match self.state {
            ExcursionState::Raised | ExcursionState::Acknowledged | ExcursionState::Acted => true,
            ExcursionState::Closed | ExcursionState::Voided => false,
        }
    }

    fn demand_open(&self) -> Result<(), ColdchainRefusal> {
        if self.is_open() { Ok(()) } else { Err(ColdchainRefusal::NotOpen { state: self.state }) }
    }
}

/// Writes down what a turn of the machine means.
pub(super) async fn follow(tx: &mut Tx, stamp: &Stamp, probe: &Probe, turn: Turn) -> Result<(), ColdchainRefusal> {
    match turn {
        Turn::Raised { kind, began_at, at, value } => {
            let known = store::covering(tx, probe.id, kind, began_at, at).await?;
            match known {
                None => raise(tx, stamp, probe, kind, (began_at, at), Some(value)).await,
                Some(known) if known.is_open() => go_on(tx, stamp, probe, known, kind, (began_at, at, value)).await,
                // What people have decided about stays decided.
                Some(_) => Ok(()),
            }
        }
        Turn::Silent { at } => {
            // A probe that never spoke is missed since it was registered.
            let began_at = probe.last_at.unwrap_or(probe.registered_at).min(at);
            match store::covering(tx, probe.id, AlarmKind::Silent, at, at).await? {
                None => raise(tx, stamp, probe, AlarmKind::Silent, (began_at, at), None).await,
                Some(_) => Ok(()),
            }
        }
        Turn::Cleared { at } | Turn::Heard { at } => {
            let silent = matches!(turn, Turn::Heard { .. });
            for known in store::touched_by(tx, probe.id, at).await? {
                if (known.kind == AlarmKind::Silent) == silent && known.began_at <= at && known.ended_at.is_none() {
                    end(tx, stamp, probe, known, at).await?;
                }
            }
            Ok(())
        }
    }
}

async fn raise(
    tx: &mut Tx,
    stamp: &Stamp,
    probe: &Probe,
    kind: AlarmKind,
    (began_at, raised_at): (Instant, Instant),
    value: Option<DeciCelsius>,
) -> Result<(), ColdchainRefusal> {
    let excursion = Excursion {
        id: stamp.mint(),
        site: probe.site,
        probe: probe.id,
        zone: probe.zone,
        place: probe.place,
        class: probe.class,
        kind,
        state: ExcursionState::Raised,
        began_at,
        raised_at,
        noticed_at: stamp.at,
        ended_at: None,
        peak: value,
        rung: Rung::Operator,
        next_rung_at: Some(stamp.at.plus_minutes(Rung::ShiftLead.minutes())),
        acknowledged_at: None,
        acknowledged_by: None,
        acted_at: None,
        closed_at: None,
        closed_by: None,
        cause: None,
        note: None,
        revision: 1,
    };
    store::add_excursion(tx, &excursion).await?;
    let body =
        TemperatureAlarmRaised { probe: probe.code.clone(), kind, class: probe.class, began_at, raised_at, value };
    tell(tx, stamp, Object::of(excursion.id), &excursion.around(), &body).await?;
    Ok(())
}

/// An excursion that is known goes on: it became far too warm, or late readings show that it began sooner or ended
/// later.
async fn go_on(
    tx: &mut Tx,
    stamp: &Stamp,
    probe: &Probe,
    mut known: Excursion,
    kind: AlarmKind,
    (began_at, at, value): (Instant, Instant, DeciCelsius),
) -> Result<(), ColdchainRefusal> {
    let worsened = known.kind == AlarmKind::High && kind == AlarmKind::HighHigh;
    if worsened {
        known.kind = kind;
    }
    known.began_at = known.began_at.min(began_at);
    known.ended_at = None;
    store::save_excursion(tx, &known).await?;
    if worsened {
        let body = TemperatureAlarmWorsened { probe: probe.code.clone(), at, value };
        tell(tx, stamp, Object::of(known.id), &known.around(), &body).await?;
    }
    Ok(())
}

async fn end(
    tx: &mut Tx,
    stamp: &Stamp,
    probe: &Probe,
    mut known: Excursion,
    at: Instant,
) -> Result<(), ColdchainRefusal> {
    known.ended_at = Some(at.max(known.began_at));
    store::save_excursion(tx, &known).await?;
    let minutes = at.minutes_since(known.began_at);
    let body = TemperatureRestored { probe: probe.code.clone(), kind: known.kind, at, minutes };
    tell(tx, stamp, Object::of(known.id), &known.around(), &body).await?;
    Ok(())
}

/// Late readings may show that an alarm had no ground; it has ended all the same, and people close it.
pub(super) async fn end_what_is_over(
    tx: &mut Tx,
    stamp: &Stamp,
    probe: &Probe,
    watch: &Watch,
) -> Result<(), ColdchainRefusal> {
    let is_fine = match watch.over {
        Over::Fine | Over::PendingHigh | Over::PendingLow => true,
        Over::High | Over::HighHigh | Over::Low => false,
    };
    for known in store::touched_by(tx, probe.id, watch.heard_at).await? {
        let over = match known.kind {
            AlarmKind::Silent => watch.voice == Voice::Heard,
            AlarmKind::High | AlarmKind::HighHigh | AlarmKind::Low => is_fine,
        };
        if known.ended_at.is_none() && over {
            end(tx, stamp, probe, known, watch.heard_at).await?;
        }
    }
    Ok(())
}

/// The excursion, if its site is the caller's.
pub async fn excursion(tx: &mut Tx, sites: &Sites, id: ExcursionId) -> Result<Excursion, ColdchainRefusal> {
    match store::excursion(tx, id).await? {
        Some(found) if works_at(sites, found.site) => Ok(found),
        Some(_) | None => Err(ColdchainRefusal::NoSuchExcursion),
    }
}

async fn for_change(tx: &mut Tx, sites: &Sites, id: ExcursionId) -> Result<(Excursion, String), ColdchainRefusal> {
    match store::excursion_for_change(tx, id).await? {
        Some(found) if works_at(sites, found.site) => {
            found.demand_open()?;
            let code = store::probe(tx, found.probe).await?.map_or_else(String::new, |probe| probe.code);
            Ok((found, code))
        }
        Some(_) | None => Err(ColdchainRefusal::NoSuchExcursion),
    }
}

/// The excursions of a site, latest first.
pub async fn excursions(
    tx: &mut Tx,
    site: SiteId,
    only_open: bool,
    before: Option<(Instant, ExcursionId)>,
    rows: i64,
) -> Result<Vec<Excursion>, ColdchainRefusal> {
    Ok(store::excursions(tx, site, only_open, before, rows).await?)
}

/// Answers an alarm. The ladder stops; what was stopped of the goods stays stopped. A second answer changes nothing.
pub async fn acknowledge(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ExcursionId,
) -> Result<Excursion, ColdchainRefusal> {
    let (mut known, probe) = for_change(tx, sites, id).await?;
    if known.state != ExcursionState::Raised {
        return Ok(known);
    }
    known.state = ExcursionState::Acknowledged;
    known.acknowledged_at = Some(stamp.at);
    known.acknowledged_by = Some(stamp.by);
    known.next_rung_at = None;
    store::save_excursion(tx, &known).await?;
    let minutes = stamp.at.minutes_since(known.noticed_at);
    let body = TemperatureAlarmAcknowledged { probe, minutes };
    tell(tx, stamp, Object::of(id), &known.around(), &body).await?;
    excursion(tx, sites, id).await
}

/// Writes down what was done about it.
pub async fn act(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ExcursionId,
    new: &NewAction,
) -> Result<Excursion, ColdchainRefusal> {
    let (mut known, probe) = for_change(tx, sites, id).await?;
    if known.state == ExcursionState::Raised {
        return Err(ColdchainRefusal::NotAcknowledged);
    }
    store::add_action(tx, stamp, id, new.action, &new.note).await?;
    known.state = ExcursionState::Acted;
    known.acted_at = known.acted_at.or(Some(stamp.at));
    store::save_excursion(tx, &known).await?;
    let body = TemperatureActionTaken { probe, action: new.action, note: new.note.clone() };
    tell(tx, stamp, Object::of(id), &known.around(), &body).await?;
    excursion(tx, sites, id).await
}

/// Closes an excursion that is over, with its cause. What it cost its goods in life is counted from now on.
pub async fn close(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ExcursionId,
    closing: &Closing,
) -> Result<Excursion, ColdchainRefusal> {
    let (mut known, probe) = for_change(tx, sites, id).await?;
    match known.state {
        ExcursionState::Raised => return Err(ColdchainRefusal::NotAcknowledged),
        ExcursionState::Acknowledged => return Err(ColdchainRefusal::NothingDone),
        ExcursionState::Acted | ExcursionState::Closed | ExcursionState::Voided => {}
    }
    if known.ended_at.is_none() {
        return Err(ColdchainRefusal::StillRunning);
    }
    known.state = ExcursionState::Closed;
    known.closed_at = Some(stamp.at);
    known.closed_by = Some(stamp.by);
    known.cause = Some(closing.cause);
    known.note = Some(closing.note.clone());
    store::save_excursion(tx, &known).await?;
    let body = TemperatureAlarmClosed { probe, cause: closing.cause, note: closing.note.clone() };
    tell(tx, stamp, Object::of(id), &known.around(), &body).await?;
    excursion(tx, sites, id).await
}

/// Declares that the probe was wrong. Its readings of that time count for nothing.
pub(super) async fn void(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ExcursionId,
    voiding: &Voiding,
) -> Result<Excursion, ColdchainRefusal> {
    let (mut known, probe) = for_change(tx, sites, id).await?;
    known.state = ExcursionState::Voided;
    known.ended_at = known.ended_at.or(Some(stamp.at.max(known.began_at)));
    known.next_rung_at = None;
    known.closed_at = Some(stamp.at);
    known.closed_by = Some(stamp.by);
    known.cause = Some(Cause::Probe);
    known.note = Some(voiding.proof.clone());
    store::save_excursion(tx, &known).await?;
    let body = TemperatureAlarmVoided { probe, proof: voiding.proof.clone() };
    tell(tx, stamp, Object::of(id), &known.around(), &body).await?;
    excursion(tx, sites, id).await
}

/// Excursions that one sweep takes up the ladder; the rest is for the next.
const LADDER_MAX: i64 = 200;

/// Whether there is anything for [`watch`]: a probe that may have fallen silent, an alarm that nobody has answered.
pub fn anything_to_watch(now: Instant) -> [Question; 2] {
    let of_the_house = TemperatureClass::ALL.map(|class| TemperatureBand::of_class(class).missing_minutes);
    let soonest = of_the_house.into_iter().min().unwrap_or_default();
    [store::any_fallen_silent(now, soonest), store::any_due_on_ladder(now)]
}

/// What time alone brings: probes that fell silent, and alarms that nobody answered. Says of which alarms the goods
/// have to be stopped now.
pub async fn watch(tx: &mut Tx, stamp: &Stamp) -> Result<Vec<Excursion>, ColdchainRefusal> {
    let quiet = store::quiet_probes(tx, stamp.at.plus_minutes(-1)).await?;
    let bands = if quiet.is_empty() { AllBands::default() } else { AllBands::read(tx).await? };
    for mut probe in quiet {
        let band = bands.of(probe.site, probe.class);
        let mut watch = probe.watch();
        if let Some(turn) = watch.fall_silent(&band, stamp.at) {
            probe.silent = true;
            store::remember(tx, &probe).await?;
            follow(tx, stamp, &probe, turn).await?;
        }
    }
    let mut stopped = Vec::new();
    for mut known in store::due_on_ladder(tx, stamp.at, LADDER_MAX).await? {
        let Some(rung) = known.rung.above() else { continue };
        known.rung = rung;
        known.next_rung_at = rung.above().map(|next| known.noticed_at.plus_minutes(next.minutes()));
        store::save_excursion(tx, &known).await?;
        let probe = store::probe(tx, known.probe).await?.map_or_else(String::new, |probe| probe.code);
        let body = TemperatureAlarmEscalated { probe, rung, minutes: stamp.at.minutes_since(known.noticed_at) };
        tell(tx, stamp, Object::of(known.id), &known.around(), &body).await?;
        if rung == Rung::Quality {
            stopped.push(known);
        }
    }
    Ok(stopped)
}

/// Where the next page begins.
pub fn key(excursion: &Excursion) -> (Instant, ExcursionId) {
    (excursion.raised_at, excursion.id)
}

/// `excursion 0199…`: how reasons name it.
pub(super) fn name(id: ExcursionId) -> String {
    format!("{} {id}", ExcursionId::NOUN)
}
