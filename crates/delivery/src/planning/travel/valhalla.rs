//! What Valhalla is asked for and answers: its time-distance matrix.

use catalog::Position;
use routing::model::UNREACHABLE;
use serde::Deserialize;

use super::{NoTravel, TravelFault, osrm::degrees, pairs::Cell, scaled, server::Reply};

/// Doors further from every road than this have no road; the server itself would go 35 km.
const REACH_METRES: u32 = 2_000;

pub(super) fn url(base: &str) -> String {
    format!("{base}/sources_to_targets")
}

/// Written as text, so that the millionths of a degree stay exact. `costing` is a plain word.
pub(super) fn body(costing: &str, from: &[Position], to: &[Position]) -> String {
    let list = |places: &[Position]| {
        let place = |place: &Position| {
            let (lat, lon) = (degrees(place.latitude_microdegrees), degrees(place.longitude_microdegrees));
            format!("{{\"lat\":{lat},\"lon\":{lon},\"search_cutoff\":{REACH_METRES}}}")
        };
        places.iter().map(place).collect::<Vec<_>>().join(",")
    };
    format!(
        "{{\"sources\":[{}],\"targets\":[{}],\"costing\":\"{costing}\",\"units\":\"kilometers\"}}",
        list(from),
        list(to)
    )
}

#[derive(Deserialize)]
struct Answer {
    sources_to_targets: Vec<Vec<Pair>>,
    units: Option<String>,
}

#[derive(Deserialize)]
struct Pair {
    /// In the units of the answer; none where no road leads.
    distance: Option<f64>,
    /// In seconds.
    time: Option<f64>,
    from_index: Option<usize>,
    to_index: Option<usize>,
}

#[derive(Deserialize)]
struct Refusal {
    error_code: Option<i64>,
    error: Option<String>,
}

/// Row by row, as many as were asked for.
pub(super) fn cells(reply: &Reply, from: usize, to: usize) -> Result<Vec<Cell>, NoTravel> {
    if reply.status != 200 {
        let refusal = serde_json::from_slice(&reply.body).unwrap_or(Refusal { error_code: None, error: None });
        let code = refusal.error_code.map(|code| format!(", error {code}")).unwrap_or_default();
        let text = refusal.error.map(|text| format!(": {text}")).unwrap_or_default();
        return Err(NoTravel::new(TravelFault::Refused, format!("answered {}{code}{text}", reply.status)));
    }
    let answer: Answer = serde_json::from_slice(&reply.body).map_err(|error| NoTravel::garbled(error.to_string()))?;
    if answer.units.as_deref().is_some_and(|units| !matches!(units, "kilometers" | "km")) {
        return Err(NoTravel::garbled("distances in another unit than kilometres"));
    }
    let rows = &answer.sources_to_targets;
    if rows.len() != from || rows.iter().any(|row| row.len() != to) {
        return Err(NoTravel::garbled(format!("a table that is not {from} by {to}")));
    }
    let mut cells = Vec::with_capacity(from * to);
    for (row, pairs) in rows.iter().enumerate() {
        for (column, pair) in pairs.iter().enumerate() {
            let elsewhere = |said: Option<usize>, place: usize| said.is_some_and(|said| said != place);
            if elsewhere(pair.from_index, row) || elsewhere(pair.to_index, column) {
                return Err(NoTravel::garbled("a table in another order than asked for"));
            }
            cells.push(match (pair.time, pair.distance) {
                (Some(seconds), Some(kilometres)) => cell(seconds, kilometres)?,
                _ => (UNREACHABLE, UNREACHABLE),
            });
        }
    }
    Ok(cells)
}

fn cell(seconds: f64, kilometres: f64) -> Result<Cell, NoTravel> {
    let cell = scaled(seconds, 1000.0).zip(scaled(kilometres, 1000.0));
    cell.ok_or_else(|| NoTravel::garbled(format!("{seconds:?} seconds for {kilometres:?} kilometres")))
}
