//! SQL of stops on the road, parcels aboard and positions.

use catalog::Position;
use kernel::{
    Actor, CourierId, CustomerOrderId, Instant, ParcelId, RunId, SiteId, Stamp, StopId, TemperatureClass, Window,
};
use serde::{Deserialize, Serialize};
use store::{FromRow, Result, Row, Tx, args, row, sql};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    CarriedParcel,
    rules::{
        CustodyStep, ExpectedParcel, Failure, Fix, HandOver, ParcelState, Proof, ProofKind, Quality, Stop, StopSheet,
    },
};
use crate::planning::{
    Eta, RunState, StopState,
    store::{cargo, changed_one, impossible, position, window},
};

/// 23 columns.
macro_rules! stop_columns {
    () => {
        "id, run, sequence, customer_order, customer, attempt, latitude, longitude, window_start, window_end,
         promised_start, promised_end, ambient_grams, ambient_crates, chilled_grams, chilled_crates, frozen_grams,
         frozen_crates, service_ms, eta_at, eta_earliest, eta_latest, revision"
    };
}

macro_rules! parcel_columns {
    () => {
        "p.parcel, p.customer_order, p.label, p.class, p.grams, p.state, p.run"
    };
}

sql! {
    RUN_OF_STOP = "SELECT run FROM stop WHERE id = $1 {keep}";
    STOP = concat!(
        "SELECT ", stop_columns!(), ", state, arrived_at, closed_at, proof, proof_name, proof_hash, proof_photo,
                door_decicelsius, failure, next_step
         FROM stop WHERE id = $1 {lock}"
    );
    OPEN_STOPS = concat!(
        "SELECT ", stop_columns!(), " FROM stop WHERE run = $1 AND state IN ('planned', 'arrived') ORDER BY sequence"
    );
    PLANNED_STOPS = concat!("SELECT ", stop_columns!(), " FROM stop WHERE run = $1 AND state = 'planned' ORDER BY sequence");
    SAVE_STOP = "UPDATE stop
                 SET state = $2, arrived_at = $3, closed_at = $4, proof = $5, proof_name = $6, proof_hash = $7,
                     proof_photo = $8, door_decicelsius = $9, failure = $10, next_step = $11, revision = revision + 1
                 WHERE id = $1 AND revision = $12";
    /// Of a stop that somebody has come to meanwhile it is no longer asked; written as one set, so none may be missed.
    SAVE_ETA = "UPDATE stop
                SET eta_at = CASE WHEN state = 'planned' THEN $2 ELSE eta_at END,
                    eta_earliest = CASE WHEN state = 'planned' THEN $3 ELSE eta_earliest END,
                    eta_latest = CASE WHEN state = 'planned' THEN $4 ELSE eta_latest END
                WHERE id = $1";
    SECOND_TRY = "INSERT INTO stop (id, run, sequence, customer_order, customer, attempt, latitude, longitude,
                      window_start, window_end, promised_start, promised_end, ambient_grams, ambient_crates,
                      chilled_grams, chilled_crates, frozen_grams, frozen_crates, service_ms, door_name, door_phone,
                      door_address, door_note, planned_at, eta_at, eta_earliest, eta_latest, state, revision)
                  SELECT $2, run, (SELECT MAX(m.sequence) + 1 FROM stop m WHERE m.run = stop.run),
                      customer_order, customer, attempt + 1, latitude, longitude, window_start, window_end,
                      promised_start, promised_end, ambient_grams, ambient_crates, chilled_grams, chilled_crates,
                      frozen_grams, frozen_crates, service_ms, door_name, door_phone, door_address, door_note,
                      planned_at, eta_at, eta_earliest, eta_latest, 'planned', 1
                  FROM stop WHERE id = $1";
    DOOR_CODE = "SELECT code FROM door_code WHERE customer_order = $1";
    DOOR_IN_HAND = "SELECT arrived_at, service_ms, latitude, longitude FROM stop
                    WHERE run = $1 AND state = 'arrived' ORDER BY arrived_at DESC, sequence DESC LIMIT 1";
    /// The stop that counts for an order: the open one, else the last. Served by `stop_history`.
    WAY = "SELECT s.id, s.run, s.sequence, s.state, r.state, s.window_start, s.window_end, s.eta_at, s.eta_earliest,
                  s.eta_latest, s.arrived_at, s.closed_at
           FROM stop s JOIN delivery_run r ON r.id = s.run
           WHERE s.customer_order = $1 AND s.state <> 'withdrawn'
           ORDER BY CASE WHEN s.state IN ('planned', 'arrived') THEN 0 ELSE 1 END, s.id DESC LIMIT 1";
    STOPS_BEFORE = "SELECT COUNT(*) FROM stop WHERE run = $1 AND sequence < $2 AND state IN ('planned', 'arrived')";
    AT_RISK = "SELECT s.id, s.run, s.customer_order, r.courier, r.state, r.departs_at, s.window_start, s.window_end,
                      s.eta_at, s.eta_earliest, s.eta_latest
               FROM delivery_run r JOIN stop s ON s.run = r.id
               WHERE r.site = $1 AND r.state IN ('planned', 'loading', 'departed') AND s.state = 'planned'
               ORDER BY s.eta_at, s.id";

    EXPECT_PARCEL = "INSERT INTO carried_parcel (parcel, customer_order, label, class, grams, state)
                     VALUES ($1, $2, $3, $4, $5, 'expected') ON CONFLICT (parcel) DO NOTHING";
    PARCEL = concat!("SELECT ", parcel_columns!(), " FROM carried_parcel p WHERE p.parcel = $1 {lock}");
    /// With the run that its order is on now. Whoever loads has locked the run before.
    PARCEL_TO_LOAD = concat!(
        "SELECT ", parcel_columns!(), ",
                (SELECT s.run FROM stop s WHERE s.customer_order = p.customer_order AND s.state IN ('planned', 'arrived'))
         FROM carried_parcel p WHERE p.parcel = $1 {lock}"
    );
    PARCELS_OF_ORDER = concat!(
        "SELECT ", parcel_columns!(), " FROM carried_parcel p WHERE p.customer_order = $1 ORDER BY p.label, p.parcel"
    );
    /// Of the run's open stops, and whatever else is aboard.
    PARCELS_OF_RUN = concat!(
        "SELECT ", parcel_columns!(), " FROM stop s JOIN carried_parcel p ON p.customer_order = s.customer_order
         WHERE s.run = $1 AND s.state IN ('planned', 'arrived')
         UNION
         SELECT ", parcel_columns!(), " FROM carried_parcel p WHERE p.run = $1 AND p.state = 'loaded'
         ORDER BY label, parcel"
    );
    PARCELS_ABOARD = concat!(
        "SELECT ", parcel_columns!(), " FROM carried_parcel p WHERE p.run = $1 AND p.state = 'loaded'
         ORDER BY p.label, p.parcel"
    );
    MOVE_PARCEL = "UPDATE carried_parcel SET state = $2, run = $3, reason = $4 WHERE parcel = $1";
    ADD_CUSTODY = "INSERT INTO custody (parcel, run, step, at, actor, actor_id) VALUES ($1, $2, $3, $4, $5, $6)";
    CUSTODY = "SELECT run, step, at, actor, actor_id FROM custody WHERE parcel = $1 ORDER BY seq";

    SEQUENCES = "SELECT sequence FROM run_position WHERE run = $1 AND sequence BETWEEN $2 AND $3";
    /// Served by `run_position_time`.
    POSITION_BEFORE = "SELECT at, latitude, longitude FROM run_position
                       WHERE run = $1 AND at <= $2 AND quality = 'good' ORDER BY at DESC, sequence DESC LIMIT 1";
    LAST_POSITION = "SELECT at, latitude, longitude FROM run_position
                     WHERE run = $1 AND quality = 'good' ORDER BY at DESC, sequence DESC LIMIT 1";
    ADD_POSITION = "INSERT INTO run_position (run, sequence, at, latitude, longitude, accuracy_metres, quality,
                        received_at)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    TRACK = "SELECT sequence, at, latitude, longitude, accuracy_metres, quality, received_at FROM run_position
             WHERE run = $1 AND (at > $2 OR (at = $2 AND sequence > $3)) ORDER BY at, sequence LIMIT $4";
}

impl FromRow for StopSheet {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            run: row.get(1)?,
            sequence: row.get(2)?,
            order: row.get(3)?,
            customer: row.get(4)?,
            attempt: row.get(5)?,
            position: position(row, 6)?,
            window: window(row, 8)?,
            first_promise: window(row, 10)?,
            cargo: cargo(row, 12)?,
            service_ms: row.get(18)?,
            eta: eta(row, 19)?,
            revision: row.get(22)?,
        })
    }
}

/// Three columns from `at` on.
pub(super) fn eta(row: &Row<'_>, at: usize) -> Result<Eta> {
    Ok(Eta { at: row.get(at)?, earliest: row.get(at + 1)?, latest: row.get(at + 2)? })
}

impl FromRow for Stop {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let sheet = StopSheet::from_row(row)?;
        let state: StopState = row.get(23)?;
        let times: (Option<Instant>, Option<Instant>) = (row.get(24)?, row.get(25)?);
        match (state, times) {
            (StopState::Planned, (None, None)) => Ok(Self::Planned(sheet)),
            (StopState::Arrived, (Some(at), None)) => Ok(Self::Arrived { sheet, at }),
            (StopState::HandedOver, (Some(arrived_at), Some(at))) => {
                Ok(Self::HandedOver { sheet, arrived_at, at, hand_over: hand_over(row)? })
            }
            (StopState::Failed, (arrived_at, Some(at))) => {
                let failure = Failure { reason: row.get(31)?, next: row.get(32)? };
                Ok(Self::Failed { sheet, arrived_at, at, failure })
            }
            (StopState::Withdrawn, (None, Some(at))) => Ok(Self::Withdrawn { sheet, at }),
            (state, times) => Err(impossible("stop", format!("{state} with {times:?}"))),
        }
    }
}

fn hand_over(row: &Row<'_>) -> Result<HandOver> {
    let proof = match (row.get::<ProofKind>(26)?, row.get::<Option<String>>(27)?, row.get(29)?) {
        // What was said at the door is not kept; that it was right is.
        (ProofKind::Code, None, None) => Proof::Code { code: String::new() },
        (ProofKind::Signature, Some(name), None) => Proof::Signature { name, sha256: row.get(28)? },
        (ProofKind::Photo, None, Some(photo)) => Proof::Photo { photo },
        (kind, name, photo) => return Err(impossible("proof", format!("{kind} with {name:?} and {photo:?}"))),
    };
    Ok(HandOver { proof, door_temperature: row.get(30)? })
}

pub(super) async fn run_of_stop(tx: &mut Tx, stop: StopId) -> Result<Option<RunId>> {
    tx.optional(RUN_OF_STOP, args![stop]).await
}

pub(super) async fn stop(tx: &mut Tx, id: StopId) -> Result<Option<Stop>> {
    tx.optional(STOP, args![id]).await
}

pub(super) async fn open_stops(tx: &mut Tx, run: RunId) -> Result<Vec<StopSheet>> {
    tx.all(OPEN_STOPS, args![run]).await
}

pub(super) async fn planned_stops(tx: &mut Tx, run: RunId) -> Result<Vec<StopSheet>> {
    tx.all(PLANNED_STOPS, args![run]).await
}

/// What a stop's state fills in.
#[derive(Default)]
struct Filled<'a> {
    arrived_at: Option<Instant>,
    closed_at: Option<Instant>,
    hand_over: Option<&'a HandOver>,
    failure: Option<Failure>,
}

/// Writes the state that a transition has led to.
pub(super) async fn save_stop(tx: &mut Tx, stop: &Stop) -> Result<()> {
    let filled = match stop {
        Stop::Planned(_) => Filled::default(),
        Stop::Arrived { at, .. } => Filled { arrived_at: Some(*at), ..Filled::default() },
        Stop::HandedOver { arrived_at, at, hand_over, .. } => Filled {
            arrived_at: Some(*arrived_at),
            closed_at: Some(*at),
            hand_over: Some(hand_over),
            ..Filled::default()
        },
        Stop::Failed { arrived_at, at, failure, .. } => {
            Filled { arrived_at: *arrived_at, closed_at: Some(*at), failure: Some(*failure), ..Filled::default() }
        }
        Stop::Withdrawn { at, .. } => Filled { closed_at: Some(*at), ..Filled::default() },
    };
    let proof = filled.hand_over.map(|hand_over| &hand_over.proof);
    let (name, hash, photo) = match proof {
        Some(Proof::Signature { name, sha256 }) => (Some(name.as_str()), sha256.as_deref(), None),
        Some(Proof::Photo { photo }) => (None, None, Some(*photo)),
        Some(Proof::Code { .. }) | None => (None, None, None),
    };
    let sheet = stop.sheet();
    let done = tx
        .execute(
            SAVE_STOP,
            args![
                sheet.id,
                stop.state(),
                filled.arrived_at,
                filled.closed_at,
                proof.map(Proof::kind),
                name,
                hash,
                photo,
                filled.hand_over.and_then(|hand_over| hand_over.door_temperature),
                filled.failure.map(|failure| failure.reason),
                filled.failure.map(|failure| failure.next),
                sheet.revision,
            ],
        )
        .await?;
    changed_one(done)
}

pub(super) async fn save_etas(tx: &mut Tx, etas: Vec<(StopId, Eta)>) -> Result<()> {
    let rows = etas.into_iter().map(|(stop, eta)| row![stop, eta.at, eta.earliest, eta.latest]);
    tx.put_many(SAVE_ETA, rows.collect()).await
}

pub(super) async fn add_second_try(tx: &mut Tx, failed: StopId, again: StopId) -> Result<()> {
    changed_one(tx.execute(SECOND_TRY, args![failed, again]).await?)
}

pub(super) async fn door_code(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<String>> {
    tx.optional(DOOR_CODE, args![order]).await
}

/// Since when the courier stands before a door, how long that takes, and where it is.
pub(super) async fn door_in_hand(tx: &mut Tx, run: RunId) -> Result<Option<(Instant, i64, Position)>> {
    struct Door(Instant, i64, Position);
    impl FromRow for Door {
        fn from_row(row: &Row<'_>) -> Result<Self> {
            Ok(Self(row.get(0)?, row.get(1)?, position(row, 2)?))
        }
    }
    let door: Option<Door> = tx.optional(DOOR_IN_HAND, args![run]).await?;
    Ok(door.map(|Door(at, service_ms, from)| (at, service_ms, from)))
}

/// An order's way, as far as it is known.
pub(super) struct Way {
    pub(super) stop: StopId,
    pub(super) run: RunId,
    pub(super) sequence: i64,
    pub(super) state: StopState,
    pub(super) run_state: RunState,
    pub(super) window: Window,
    pub(super) eta: Eta,
    pub(super) arrived_at: Option<Instant>,
    pub(super) closed_at: Option<Instant>,
}

impl FromRow for Way {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            stop: row.get(0)?,
            run: row.get(1)?,
            sequence: row.get(2)?,
            state: row.get(3)?,
            run_state: row.get(4)?,
            window: window(row, 5)?,
            eta: eta(row, 7)?,
            arrived_at: row.get(10)?,
            closed_at: row.get(11)?,
        })
    }
}

pub(super) async fn way_of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<Way>> {
    tx.optional(WAY, args![order]).await
}

pub(super) async fn stops_before(tx: &mut Tx, run: RunId, sequence: i64) -> Result<i64> {
    tx.one(STOPS_BEFORE, args![run, sequence]).await
}

/// A stop that has not been reached.
pub(super) struct AtRisk {
    pub(super) stop: StopId,
    pub(super) run: RunId,
    pub(super) order: CustomerOrderId,
    pub(super) courier: CourierId,
    pub(super) run_state: RunState,
    pub(super) departs_at: Instant,
    pub(super) window: Window,
    pub(super) eta: Eta,
}

impl FromRow for AtRisk {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            stop: row.get(0)?,
            run: row.get(1)?,
            order: row.get(2)?,
            courier: row.get(3)?,
            run_state: row.get(4)?,
            departs_at: row.get(5)?,
            window: window(row, 6)?,
            eta: eta(row, 8)?,
        })
    }
}

pub(super) async fn stops_at_risk(tx: &mut Tx, site: SiteId) -> Result<Vec<AtRisk>> {
    tx.all(AT_RISK, args![site]).await
}

impl FromRow for CarriedParcel {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (parcel, order, label, class, grams, state, run) = FromRow::from_row(row)?;
        let class: TemperatureClass = class;
        let state: ParcelState = state;
        Ok(Self { parcel, order, label, class, grams, state, run })
    }
}

pub(super) async fn expect_parcels(tx: &mut Tx, order: CustomerOrderId, parcels: &[ExpectedParcel]) -> Result<()> {
    let rows = parcels
        .iter()
        .map(|ExpectedParcel { parcel, label, class, grams }| row![*parcel, order, label, *class, *grams]);
    tx.put_many(EXPECT_PARCEL, rows.collect()).await
}

pub(super) async fn parcel_for_change(tx: &mut Tx, parcel: ParcelId) -> Result<Option<CarriedParcel>> {
    tx.optional(PARCEL, args![parcel]).await
}

/// The parcel and the run that it belongs on.
pub(super) async fn parcel_to_load(tx: &mut Tx, parcel: ParcelId) -> Result<Option<(CarriedParcel, Option<RunId>)>> {
    struct ToLoad(CarriedParcel, Option<RunId>);
    impl FromRow for ToLoad {
        fn from_row(row: &Row<'_>) -> Result<Self> {
            Ok(Self(CarriedParcel::from_row(row)?, row.get(7)?))
        }
    }
    let found: Option<ToLoad> = tx.optional(PARCEL_TO_LOAD, args![parcel]).await?;
    Ok(found.map(|ToLoad(carried, run)| (carried, run)))
}

pub(super) async fn parcels_of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<CarriedParcel>> {
    tx.all(PARCELS_OF_ORDER, args![order]).await
}

pub(super) async fn parcels_of_run(tx: &mut Tx, run: RunId) -> Result<Vec<CarriedParcel>> {
    tx.all(PARCELS_OF_RUN, args![run]).await
}

pub(super) async fn parcels_aboard(tx: &mut Tx, run: RunId) -> Result<Vec<CarriedParcel>> {
    tx.all(PARCELS_ABOARD, args![run]).await
}

/// Adds a link to the chain of custody of each parcel and moves them along it.
pub(super) async fn move_parcels(
    tx: &mut Tx,
    stamp: &Stamp,
    parcels: &[ParcelId],
    run: RunId,
    step: CustodyStep,
    reason: Option<&str>,
) -> Result<()> {
    let (state, on) = match step {
        CustodyStep::Loaded => (ParcelState::Loaded, Some(run)),
        CustodyStep::HandedOver => (ParcelState::HandedOver, Some(run)),
        CustodyStep::LeftBehind => (ParcelState::LeftBehind, None),
        CustodyStep::Returned => (ParcelState::Returned, None),
    };
    // By their ids, as everybody locks them.
    let mut moved = parcels.to_vec();
    moved.sort_unstable();
    tx.put_many(MOVE_PARCEL, moved.into_iter().map(|parcel| row![parcel, state, on, reason]).collect()).await?;
    let links = parcels.iter().map(|parcel| row![*parcel, run, step, stamp.at, stamp.by.noun(), stamp.by.uuid()]);
    tx.put_many(ADD_CUSTODY, links.collect()).await
}

/// One link of a parcel's chain of custody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustodyLink {
    pub run: RunId,
    pub step: CustodyStep,
    pub at: Instant,
    pub by: Actor,
}

impl FromRow for CustodyLink {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (run, step, at, noun, id): (RunId, CustodyStep, Instant, String, Option<Uuid>) = FromRow::from_row(row)?;
        let by = Actor::from_filed(&noun, id).ok_or_else(|| impossible("actor", noun))?;
        Ok(Self { run, step, at, by })
    }
}

pub(super) async fn custody(tx: &mut Tx, parcel: ParcelId) -> Result<Vec<CustodyLink>> {
    tx.all(CUSTODY, args![parcel]).await
}

/// A moment and a place.
struct Seen(Instant, Position);

impl FromRow for Seen {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self(row.get(0)?, position(row, 1)?))
    }
}

pub(super) async fn sequences(tx: &mut Tx, run: RunId, first: i64, last: i64) -> Result<Vec<i64>> {
    tx.all(SEQUENCES, args![run, first, last]).await
}

/// The last good position that was measured no later than `at`.
pub(super) async fn position_before(tx: &mut Tx, run: RunId, at: Instant) -> Result<Option<(Instant, Position)>> {
    let seen: Option<Seen> = tx.optional(POSITION_BEFORE, args![run, at]).await?;
    Ok(seen.map(|Seen(at, position)| (at, position)))
}

pub(super) async fn last_position(tx: &mut Tx, run: RunId) -> Result<Option<(Instant, Position)>> {
    let seen: Option<Seen> = tx.optional(LAST_POSITION, args![run]).await?;
    Ok(seen.map(|Seen(at, position)| (at, position)))
}

pub(super) async fn add_position(tx: &mut Tx, run: RunId, fix: &Fix, quality: Quality, now: Instant) -> Result<()> {
    let Position { latitude_microdegrees, longitude_microdegrees } = fix.position;
    tx.put(
        ADD_POSITION,
        args![
            run,
            fix.sequence,
            fix.at,
            latitude_microdegrees,
            longitude_microdegrees,
            fix.accuracy_metres,
            quality,
            now
        ],
    )
    .await
}

/// One position of a run's track.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct TrackPoint {
    pub(super) sequence: i64,
    pub(super) at: Instant,
    pub(super) position: Position,
    pub(super) accuracy_metres: i64,
    pub(super) quality: Quality,
    pub(super) received_at: Instant,
}

impl FromRow for TrackPoint {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            sequence: row.get(0)?,
            at: row.get(1)?,
            position: position(row, 2)?,
            accuracy_metres: row.get(4)?,
            quality: row.get(5)?,
            received_at: row.get(6)?,
        })
    }
}

pub(super) async fn track(tx: &mut Tx, run: RunId, after: (Instant, i64), rows: i64) -> Result<Vec<TrackPoint>> {
    tx.all(TRACK, args![run, after.0, after.1, rows]).await
}
