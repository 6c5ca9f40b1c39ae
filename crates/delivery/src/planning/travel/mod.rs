//! Where the ways between doors come from: the great circle, a prepared roads file, or a server of roads.
//!
//! What a source answers is believed only after it was looked at, and a source that fails is never covered up: the
//! vehicles that it was asked for are planned by the great circle, and the plan says so ([`Shortfall`]).

mod file;
mod osrm;
mod pairs;
mod server;
mod valhalla;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    sync::Arc,
};

use catalog::Position;
use routing::{
    model::{self, UNREACHABLE},
    roads::{ATTRIBUTION, Point},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use file::{RoadsFileError, RoadsFiles};
pub use server::{Ask, Asking, Dialect, Question, Reply, RoadServer, Unanswered};

use super::{Brief, distance::Matrix, rules::VehicleKind};

codes! {
    /// By what ways are measured.
    TravelSource {
        /// The great circle times a factor, at the usual speed of the vehicle.
        GreatCircle = "great_circle",
        /// A file of `freshet roads import`.
        File = "file",
        /// A server that speaks as OSRM does.
        Osrm = "osrm",
        /// A server that speaks as Valhalla does.
        Valhalla = "valhalla",
    }
    /// Why roads were of no use to a plan.
    TravelFault {
        /// Nobody has said what vehicles of this kind drive by.
        NoRoads = "no_roads",
        /// No answer came.
        Silent = "silent",
        /// No answer came in time.
        TimedOut = "timed_out",
        /// The server said no.
        Refused = "refused",
        /// The answer was longer than we read.
        TooLong = "too_long",
        /// The answer was not what is documented, or no travel of this world.
        Garbled = "garbled",
        /// From or to one of the places no road leads.
        Unreachable = "unreachable",
    }
}

/// What runs were measured by before there was anything else; answers from then are still replayed.
impl Default for TravelSource {
    fn default() -> Self {
        Self::GreatCircle
    }
}

impl TravelSource {
    /// What is shown with every route that was measured so: all these roads come from OpenStreetMap.
    pub const fn attribution(self) -> Option<&'static str> {
        match self {
            Self::GreatCircle => None,
            Self::File | Self::Osrm | Self::Valhalla => Some(ATTRIBUTION),
        }
    }
}

/// What a plan had to do without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Shortfall {
    /// Vehicles of this kind are planned by the great circle, because their roads were of no use.
    RoadsMissing {
        vehicle: VehicleKind,
        source: TravelSource,
        fault: TravelFault,
        /// For whoever looks after the program.
        detail: String,
    },
    /// The stops are sequenced by insertion, because the route engine refused the problem.
    SearchRefused { detail: String },
}

/// Why a source has no ways, in a word and in more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTravel {
    pub fault: TravelFault,
    pub detail: String,
}

impl NoTravel {
    fn new(fault: TravelFault, detail: impl Into<String>) -> Self {
        // What a stranger sent must not fill our books.
        let detail: String = detail.into().chars().filter(|c| !c.is_control()).take(DETAIL_MAX).collect();
        Self { fault, detail }
    }

    fn garbled(detail: impl Into<String>) -> Self {
        Self::new(TravelFault::Garbled, detail)
    }
}

/// Letters of a detail at most.
const DETAIL_MAX: usize = 200;

/// Metres and milliseconds between places, row by row; [`UNREACHABLE`] where no road leads.
pub type Travelling<'a> = Pin<Box<dyn Future<Output = Result<model::Matrix, NoTravel>> + Send + 'a>>;

/// A source of travel. It may take its time: never called while a transaction is open.
pub trait Travel: Send + Sync {
    fn source(&self) -> TravelSource;

    /// The travel of one kind of vehicle between all of these places.
    fn between<'a>(&'a self, vehicle: VehicleKind, places: &'a [Position]) -> Travelling<'a>;
}

/// The source that a shop plans with; without one it is the great circle.
#[derive(Clone, Default)]
pub struct TravelBy(pub Option<Arc<dyn Travel>>);

/// All ways of a problem. Place 0 is the depot, place `n + 1` the door of visit `n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roads {
    great_circle: Matrix,
    measured: BTreeMap<VehicleKind, model::Matrix>,
}

impl Roads {
    pub fn great_circle(places: &[Position]) -> Self {
        Self { great_circle: Matrix::between(places), measured: BTreeMap::new() }
    }

    /// Vehicles of this kind drive by these ways.
    #[must_use]
    pub fn with(mut self, vehicle: VehicleKind, ways: model::Matrix) -> Self {
        self.measured.insert(vehicle, ways);
        self
    }

    /// Metres by the great circle, whatever drives.
    pub fn metres(&self, from: usize, to: usize) -> i64 {
        self.great_circle.metres(from, to)
    }

    /// What this kind of vehicle drives by, if it is not the great circle.
    pub fn measured(&self, vehicle: VehicleKind) -> Option<&model::Matrix> {
        self.measured.get(&vehicle)
    }
}

/// What was found out about the ways of a brief.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    pub(super) roads: Roads,
    pub(super) measured_by: BTreeMap<VehicleKind, TravelSource>,
    pub(super) shortfalls: Vec<Shortfall>,
}

impl Survey {
    /// By the great circle, as wished.
    pub fn great_circle(brief: &Brief) -> Self {
        let roads = Roads::great_circle(&brief.places);
        Self { roads, measured_by: BTreeMap::new(), shortfalls: Vec::new() }
    }

    pub fn shortfalls(&self) -> &[Shortfall] {
        &self.shortfalls
    }
}

/// Measures all ways of a brief. Where the source has none, the great circle takes its place and a shortfall says so.
pub async fn survey(by: &TravelBy, brief: &Brief) -> Survey {
    let mut survey = Survey::great_circle(brief);
    let Some(travel) = by.0.as_ref().filter(|_| !brief.visits.is_empty()) else { return survey };
    let source = travel.source();
    let vehicles: BTreeSet<VehicleKind> = brief.tours.iter().map(|tour| tour.kind).collect();
    for vehicle in vehicles {
        let answer = travel.between(vehicle, &brief.places).await;
        match answer.and_then(|ways| whole(brief, ways)) {
            Ok(ways) => {
                survey.roads = survey.roads.with(vehicle, ways);
                survey.measured_by.insert(vehicle, source);
            }
            Err(NoTravel { fault, detail }) => {
                survey.shortfalls.push(Shortfall::RoadsMissing { vehicle, source, fault, detail });
            }
        }
    }
    survey
}

/// Refuses ways that leave a place out: a plan that mixes roads with guesses would prefer the guesses.
fn whole(brief: &Brief, ways: model::Matrix) -> Result<model::Matrix, NoTravel> {
    let places = brief.places.len();
    if ways.places() != places {
        return Err(NoTravel::garbled(format!("{} places where {places} were asked for", ways.places())));
    }
    let gap = |from: usize, to: usize| ways.ms(from, to) == UNREACHABLE || ways.metres(from, to) == UNREACHABLE;
    let gaps = |place: usize| (0..places).filter(|other| gap(place, *other) || gap(*other, place)).count();
    // The place that is cut off from most of the others is the one to look at.
    let (worst, place) = (0..places)
        .map(|place| (gaps(place), place))
        .max_by_key(|(gaps, place)| (*gaps, places - place))
        .unwrap_or((0, 0));
    if worst == 0 {
        return Ok(ways);
    }
    let whose = place.checked_sub(1).and_then(|visit| brief.visits.get(visit));
    let name = whose.map_or_else(|| "the depot".to_owned(), |visit| format!("order {}", visit.order));
    let detail = format!("no road leads between {name} and {worst} of the other places");
    Err(NoTravel::new(TravelFault::Unreachable, detail))
}

/// In the unit of the roads, which are ten times finer.
fn point(at: Position) -> Option<Point> {
    let unit = |microdegrees: i64| i32::try_from(microdegrees * 10).ok();
    Some(Point { lat: unit(at.latitude_microdegrees)?, lon: unit(at.longitude_microdegrees)? })
}

/// A number of a stranger in our unit; nothing that is negative, endless or out of this world.
#[expect(clippy::float_arithmetic, reason = "servers of roads write decimal fractions; what is kept is whole")]
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "within the range that was looked at")]
fn scaled(number: f64, by: f64) -> Option<i32> {
    let scaled = (number * by).round();
    (0.0..f64::from(UNREACHABLE / 2)).contains(&scaled).then_some(scaled as i32)
}
