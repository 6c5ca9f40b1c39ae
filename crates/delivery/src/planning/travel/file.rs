//! Roads from files that `freshet roads import` has written, one per kind of vehicle.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use catalog::Position;
use routing::{
    model::Matrix,
    roads::{MatrixCache, Network, Point, SavedError, osm::EXTRACT_MAX},
};

use super::{NoTravel, Travel, TravelFault, TravelSource, Travelling, point};
use crate::planning::{DROPS_MAX, rules::VehicleKind};

/// Places that are remembered per file: a plan of the largest size and as many doors of other plans. They take about
/// 130 MB when all are used.
const PLACES_MAX: usize = 2 * DROPS_MAX;

/// Why a file of roads cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RoadsFileError {
    #[error("{path}: {reason}")]
    Unreadable { path: PathBuf, reason: std::io::Error },
    #[error("{path}: {bytes} bytes are too many")]
    TooLong { path: PathBuf, bytes: u64 },
    #[error("{path}: {reason}")]
    Saved { path: PathBuf, reason: SavedError },
}

/// Roads in memory, with the ways that were asked for before.
pub struct RoadsFiles {
    by_vehicle: BTreeMap<VehicleKind, Arc<Mutex<MatrixCache<Arc<Network>>>>>,
}

impl RoadsFiles {
    /// Reads the files; kinds of vehicle that share a file share its memory.
    pub fn open(files: &BTreeMap<VehicleKind, PathBuf>) -> Result<Self, RoadsFileError> {
        let mut opened = BTreeMap::new();
        let mut by_vehicle = BTreeMap::new();
        for (vehicle, path) in files {
            if !opened.contains_key(path) {
                let roads = MatrixCache::over(Arc::new(read(path)?), PLACES_MAX);
                opened.insert(path, Arc::new(Mutex::new(roads)));
            }
            let roads = opened.get(path).map(Arc::clone);
            by_vehicle.extend(roads.map(|roads| (*vehicle, roads)));
        }
        Ok(Self { by_vehicle })
    }

    /// How many places are remembered for a kind of vehicle.
    pub fn remembered(&self, vehicle: VehicleKind) -> usize {
        let roads = self.by_vehicle.get(&vehicle);
        roads.map_or(0, |roads| roads.lock().unwrap_or_else(PoisonError::into_inner).places())
    }

    async fn measure(&self, vehicle: VehicleKind, places: &[Position]) -> Result<Matrix, NoTravel> {
        let Some(roads) = self.by_vehicle.get(&vehicle).map(Arc::clone) else {
            return Err(NoTravel::new(TravelFault::NoRoads, format!("no file of roads for {vehicle}")));
        };
        let points: Option<Vec<Point>> = places.iter().copied().map(point).collect();
        let points = points.ok_or_else(|| NoTravel::garbled("a place is not on the earth"))?;
        // Rows of new doors are searched for: not on a thread that others wait for.
        let search = move || roads.lock().unwrap_or_else(PoisonError::into_inner).matrix(&points);
        let found = tokio::task::spawn_blocking(search).await;
        found
            .map_err(|error| NoTravel::garbled(error.to_string()))?
            .map_err(|error| NoTravel::garbled(error.to_string()))
    }
}

impl Travel for RoadsFiles {
    fn source(&self) -> TravelSource {
        TravelSource::File
    }

    fn between<'a>(&'a self, vehicle: VehicleKind, places: &'a [Position]) -> Travelling<'a> {
        Box::pin(self.measure(vehicle, places))
    }
}

fn read(path: &Path) -> Result<Network, RoadsFileError> {
    let unreadable = |reason| RoadsFileError::Unreadable { path: path.to_owned(), reason };
    let bytes = fs::metadata(path).map_err(unreadable)?.len();
    if usize::try_from(bytes).map_or(true, |bytes| bytes > EXTRACT_MAX) {
        return Err(RoadsFileError::TooLong { path: path.to_owned(), bytes });
    }
    let saved = fs::read(path).map_err(unreadable)?;
    Network::from_bytes(&saved).map_err(|reason| RoadsFileError::Saved { path: path.to_owned(), reason })
}
