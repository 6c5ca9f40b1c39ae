//! Roads from a server: what it is asked in blocks that it takes, and what it told before is not asked again.

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use catalog::Position;
use routing::model::Matrix;
use tokio::sync::Mutex;

use super::{
    NoTravel, Travel, TravelFault, TravelSource, Travelling, osrm,
    pairs::{Cell, Lacking, Pairs},
    valhalla,
};
use crate::planning::rules::VehicleKind;

/// Bytes of an answer at most; a table of the largest block has a tenth of it.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// One call to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub url: String,
    /// JSON to be posted; without it the call is a GET.
    pub body: Option<String>,
    /// Longer answers are not read to their end.
    pub answer_bytes_max: usize,
    pub patience: Duration,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Why nothing of use came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// Nobody was reached, or nobody may be.
    Silent(String),
    TimedOut,
    TooLong,
}

pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<Reply, Unanswered>> + Send + 'a>>;

/// Carries questions out of the house. Never called while a transaction is open.
pub trait Ask: Send + Sync {
    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a>;
}

/// How a server wants to be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Osrm,
    Valhalla,
}

impl Dialect {
    /// Places on each side of a block that a server takes as it comes out of its box.
    const fn side(self) -> usize {
        match self {
            // `max-table-size` 100, squared.
            Self::Osrm => 100,
            // `max_matrix_location_pairs` 2500.
            Self::Valhalla => 50,
        }
    }

    fn question(self, base: &str, profile: &str, from: &[Position], to: &[Position]) -> (String, Option<String>) {
        match self {
            Self::Osrm => (osrm::url(base, profile, from, to), None),
            Self::Valhalla => (valhalla::url(base), Some(valhalla::body(profile, from, to))),
        }
    }

    fn cells(self, reply: &Reply, from: usize, to: usize) -> Result<Vec<Cell>, NoTravel> {
        match self {
            Self::Osrm => osrm::cells(reply, from, to),
            Self::Valhalla => valhalla::cells(reply, from, to),
        }
    }
}

/// A server of roads.
pub struct RoadServer {
    dialect: Dialect,
    base: String,
    /// What each kind of vehicle is called there.
    profiles: BTreeMap<VehicleKind, String>,
    /// For all calls of one plan together.
    patience: Duration,
    out: Arc<dyn Ask>,
    known: BTreeMap<String, Mutex<Pairs>>,
}

impl RoadServer {
    /// `base` is where the server's own paths begin, such as `http://roads:5000`.
    pub fn new(
        dialect: Dialect,
        base: &str,
        profiles: BTreeMap<VehicleKind, String>,
        patience: Duration,
        out: Arc<dyn Ask>,
    ) -> Self {
        let known = profiles.values().map(|profile| (profile.clone(), Mutex::default())).collect();
        Self { dialect, base: base.trim_end_matches('/').to_owned(), profiles, patience, out, known }
    }

    async fn measure(&self, vehicle: VehicleKind, places: &[Position]) -> Result<Matrix, NoTravel> {
        let known = self.profiles.get(&vehicle).and_then(|profile| Some((profile, self.known.get(profile)?)));
        let Some((profile, known)) = known else {
            return Err(NoTravel::new(TravelFault::NoRoads, format!("no profile for {vehicle}")));
        };
        let asking = async {
            let mut known = known.lock().await;
            for lacking in known.lacking(places) {
                self.fetch(profile, places, &lacking, &mut known).await?;
            }
            known.matrix(places)
        };
        tokio::time::timeout(self.patience, asking).await.unwrap_or_else(|_| Err(self.too_slow()))
    }

    async fn fetch(
        &self,
        profile: &str,
        places: &[Position],
        lacking: &Lacking,
        known: &mut Pairs,
    ) -> Result<(), NoTravel> {
        let named = |numbers: &[usize]| -> Vec<Position> {
            numbers.iter().filter_map(|number| places.get(*number)).copied().collect()
        };
        for from in lacking.from.chunks(self.dialect.side()).map(named) {
            for to in lacking.to.chunks(self.dialect.side()).map(named) {
                let cells = self.block(profile, &from, &to).await?;
                let ends = from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to)));
                for ((from, to), cell) in ends.zip(cells) {
                    known.learn(from, to, cell);
                }
            }
        }
        Ok(())
    }

    async fn block(&self, profile: &str, from: &[Position], to: &[Position]) -> Result<Vec<Cell>, NoTravel> {
        let (url, body) = self.dialect.question(&self.base, profile, from, to);
        let question = Question { url, body, answer_bytes_max: ANSWER_BYTES_MAX, patience: self.patience };
        match self.out.ask(&question).await {
            Ok(reply) => self.dialect.cells(&reply, from.len(), to.len()),
            Err(Unanswered::Silent(why)) => Err(NoTravel::new(TravelFault::Silent, why)),
            Err(Unanswered::TimedOut) => Err(self.too_slow()),
            Err(Unanswered::TooLong) => {
                Err(NoTravel::new(TravelFault::TooLong, format!("more than {ANSWER_BYTES_MAX} bytes")))
            }
        }
    }

    fn too_slow(&self) -> NoTravel {
        NoTravel::new(TravelFault::TimedOut, format!("no answer within {} ms", self.patience.as_millis()))
    }
}

impl Travel for RoadServer {
    fn source(&self) -> TravelSource {
        match self.dialect {
            Dialect::Osrm => TravelSource::Osrm,
            Dialect::Valhalla => TravelSource::Valhalla,
        }
    }

    fn between<'a>(&'a self, vehicle: VehicleKind, places: &'a [Position]) -> Travelling<'a> {
        Box::pin(self.measure(vehicle, places))
    }
}
