//! What OSRM is asked for and answers: its *table* service, version 1.

use std::fmt::Write as _;

use catalog::Position;
use routing::model::UNREACHABLE;
use serde::Deserialize;

use super::{NoTravel, TravelFault, pairs::Cell, scaled, server::Reply};

/// Doors further from every road than this have no road: the server itself would take one in another country.
const REACH_METRES: f64 = 2_000.0;

/// `{base}/table/v1/{profile}/{lon,lat;…}`, sources first where they are not the destinations too.
pub(super) fn url(base: &str, profile: &str, from: &[Position], to: &[Position]) -> String {
    let mut url = format!("{base}/table/v1/{profile}/");
    let all = if from == to { from.to_vec() } else { [from, to].concat() };
    for (number, place) in all.iter().enumerate() {
        let separator = if number == 0 { "" } else { ";" };
        // Writing to a text does not fail.
        let _written = write!(
            url,
            "{separator}{},{}",
            degrees(place.longitude_microdegrees),
            degrees(place.latitude_microdegrees)
        );
    }
    url.push_str("?annotations=duration,distance");
    if from != to {
        let list = |numbers: std::ops::Range<usize>| numbers.map(|n| n.to_string()).collect::<Vec<_>>().join(";");
        let (sources, destinations) = (list(0..from.len()), list(from.len()..all.len()));
        let _written = write!(url, "&sources={sources}&destinations={destinations}");
    }
    url
}

/// Exact, because the millionths are whole.
pub(super) fn degrees(microdegrees: i64) -> String {
    let (sign, size) = (if microdegrees < 0 { "-" } else { "" }, microdegrees.unsigned_abs());
    format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000)
}

#[derive(Deserialize)]
struct Table {
    code: String,
    message: Option<String>,
    durations: Option<Vec<Vec<Option<f64>>>>,
    distances: Option<Vec<Vec<Option<f64>>>>,
    sources: Option<Vec<Option<Waypoint>>>,
    destinations: Option<Vec<Option<Waypoint>>>,
}

/// Where a place met the roads.
#[derive(Deserialize)]
struct Waypoint {
    /// Metres from the place.
    distance: Option<f64>,
}

/// Row by row, as many as were asked for.
pub(super) fn cells(reply: &Reply, from: usize, to: usize) -> Result<Vec<Cell>, NoTravel> {
    let table: Result<Table, _> = serde_json::from_slice(&reply.body);
    let table = match table {
        Ok(table) => table,
        Err(_) if reply.status != 200 => {
            return Err(NoTravel::new(TravelFault::Refused, format!("answered {}", reply.status)));
        }
        Err(error) => return Err(NoTravel::garbled(error.to_string())),
    };
    if table.code != "Ok" || reply.status != 200 {
        let message = table.message.unwrap_or_default();
        return Err(NoTravel::new(
            TravelFault::Refused,
            format!("answered {}, {}: {message}", reply.status, table.code),
        ));
    }
    let (Some(durations), Some(distances)) = (&table.durations, &table.distances) else {
        return Err(NoTravel::garbled("durations or distances are missing"));
    };
    let rows = |list: &[Vec<Option<f64>>]| list.len() == from && list.iter().all(|row| row.len() == to);
    if !rows(durations) || !rows(distances) {
        return Err(NoTravel::garbled(format!("a table that is not {from} by {to}")));
    }
    let mut cells = Vec::with_capacity(from * to);
    for (row, (durations, distances)) in durations.iter().zip(distances).enumerate() {
        for (column, (seconds, metres)) in durations.iter().zip(distances).enumerate() {
            let off_road = is_far(table.sources.as_ref(), row) || is_far(table.destinations.as_ref(), column);
            cells.push(match (seconds, metres) {
                (Some(seconds), Some(metres)) if !off_road => cell(*seconds, *metres)?,
                _ => (UNREACHABLE, UNREACHABLE),
            });
        }
    }
    Ok(cells)
}

fn is_far(waypoints: Option<&Vec<Option<Waypoint>>>, number: usize) -> bool {
    let waypoint = waypoints.and_then(|waypoints| waypoints.get(number)?.as_ref());
    waypoint.and_then(|waypoint| waypoint.distance).is_some_and(|metres| !(0.0..=REACH_METRES).contains(&metres))
}

fn cell(seconds: f64, metres: f64) -> Result<Cell, NoTravel> {
    let cell = scaled(seconds, 1000.0).zip(scaled(metres, 1.0));
    cell.ok_or_else(|| NoTravel::garbled(format!("{seconds:?} seconds for {metres:?} metres")))
}
