//! Roads from a file.

use std::{collections::BTreeMap, sync::Arc};

use catalog::Position;
use delivery::planning::{
    Drop, VehicleKind,
    travel::{RoadsFiles, Shortfall, TravelBy, TravelFault, TravelSource},
};
use routing::roads::{ATTRIBUTION, Network, Point};
use server::PlanningSettings;

use crate::{
    city::city,
    step::{DEPOT, Step, only_fault, only_run},
};

/// Corners of the city's streets, in whole millionths of a degree.
fn corners(network: &Network, count: u32) -> Vec<Position> {
    let pieces = u32::try_from(network.graph.len()).unwrap();
    let corner = |number: u32| {
        let [at, ..] = network.graph.course(number * (pieces / count))[..] else { panic!("a piece of road has ends") };
        Position { latitude_microdegrees: i64::from(at.lat / 10), longitude_microdegrees: i64::from(at.lon / 10) }
    };
    (0..count).map(corner).collect()
}

fn point(at: Position) -> Point {
    let unit = |microdegrees: i64| i32::try_from(microdegrees * 10).unwrap();
    Point { lat: unit(at.latitude_microdegrees), lon: unit(at.longitude_microdegrees) }
}

#[tokio::test]
async fn a_window_is_planned_by_the_streets_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::prepare(city(24));
    let path = folder.path().join("van.roads");
    std::fs::write(&path, network.to_bytes()).unwrap();
    let files = Arc::new(RoadsFiles::open(&BTreeMap::from([(VehicleKind::Van, path.clone())])).unwrap());
    let by_file = TravelBy(Some(files.clone()));
    let step = Step::with(&[VehicleKind::Van]).await;
    let doors = corners(&network, 6);
    let drops: Vec<Drop> = doors.iter().map(|door| step.drop_at(*door)).collect();

    let crow = step.plan(&TravelBy::default(), &drops).await;
    let plan = step.plan(&by_file, &drops).await;
    let again = step.plan(&by_file, &drops[..4]).await;

    assert_eq!(
        (&crow.shortfalls[..], only_run(&crow).measured_by, crow.attribution.as_deref()),
        (&[][..], TravelSource::GreatCircle, None)
    );
    assert_eq!(
        (&plan.shortfalls[..], plan.unassigned.len(), plan.attribution.as_deref()),
        (&[][..], 0, Some(ATTRIBUTION))
    );
    let run = only_run(&plan);
    assert_eq!(run.measured_by, TravelSource::File);
    // The depot, the doors in the sequence of the run, the depot.
    let mut course = vec![point(DEPOT)];
    course.extend(run.stops.iter().map(|stop| {
        let drop = drops.iter().find(|drop| drop.order == stop.order).unwrap();
        point(drop.position.unwrap())
    }));
    course.push(point(DEPOT));
    let ways = network.matrix(&course).unwrap();
    let metres: i64 = (1..course.len()).map(|to| i64::from(ways.metres(to - 1, to))).sum();
    assert_eq!(run.metres, metres);
    assert_ne!(run.metres, only_run(&crow).metres);
    assert_eq!(run.stops[0].eta.at.since(run.departs_at), i64::from(ways.ms(0, 1)));
    let home = course.len() - 2;
    let leaves = run.stops[home - 1].eta.at.plus_millis(drops[0].service_ms());
    assert_eq!(run.returns_at.since(leaves), i64::from(ways.ms(home, home + 1)));
    // The second plan knew all of its doors.
    assert_eq!(files.remembered(VehicleKind::Van), 7);
    assert_eq!(only_run(&again).measured_by, TravelSource::File);
    let card = step.card(only_run(&again).run).await;
    assert_eq!((card.measured_by, card.attribution.as_deref()), (TravelSource::File, Some(ATTRIBUTION)));
    assert_eq!(step.told().await, 0);
}

#[tokio::test]
async fn a_door_without_a_road_and_a_bike_without_a_map_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::prepare(city(12));
    let path = folder.path().join("van.roads");
    std::fs::write(&path, network.to_bytes()).unwrap();
    let settings = PlanningSettings {
        roads: TravelSource::File,
        roads_van: Some(path.display().to_string()),
        ..PlanningSettings::default()
    };
    let by_file = server::travel(&settings).unwrap();
    let at_sea = Position { latitude_microdegrees: 25_100_000, ..DEPOT };

    let step = Step::with(&[VehicleKind::Van]).await;
    let mut drops: Vec<Drop> = corners(&network, 4).iter().map(|door| step.drop_at(*door)).collect();
    drops.push(step.drop_at(at_sea));
    let crow = step.plan(&TravelBy::default(), &drops).await;
    let plan = step.plan(&by_file, &drops).await;
    let (source, fault, detail) = only_fault(&plan);
    assert_eq!((source, fault), (TravelSource::File, TravelFault::Unreachable));
    assert_eq!(detail, format!("no road leads between order {} and 5 of the other places", drops[4].order));
    assert_eq!(
        (only_run(&plan).metres, only_run(&plan).measured_by),
        (only_run(&crow).metres, TravelSource::GreatCircle)
    );
    assert_eq!((plan.attribution.as_deref(), step.told().await), (None, 1));
    // Without that door the same streets serve, and the plan of the window says nothing more.
    let plan = step.plan(&by_file, &drops[..4]).await;
    assert_eq!((&plan.shortfalls[..], only_run(&plan).measured_by), (&[][..], TravelSource::File));

    let step = Step::with(&[VehicleKind::Van, VehicleKind::CargoBike]).await;
    let drops: Vec<Drop> = corners(&network, 4).iter().map(|door| step.drop_at(*door)).collect();
    let plan = step.plan(&by_file, &drops).await;
    let [Shortfall::RoadsMissing { vehicle, fault, .. }] = &plan.shortfalls[..] else { panic!("{plan:?}") };
    assert_eq!((*vehicle, *fault), (VehicleKind::CargoBike, TravelFault::NoRoads));
}

#[tokio::test]
async fn a_file_that_is_none_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("van.roads");
    let open = || {
        let van = Some(path.display().to_string());
        let settings = PlanningSettings { roads: TravelSource::File, roads_van: van, ..PlanningSettings::default() };
        server::travel(&settings).map(|_| ()).unwrap_err().to_string()
    };
    assert!(open().contains("van.roads: No such file"), "{}", open());
    std::fs::write(&path, b"spinach").unwrap();
    assert!(open().contains("no road network"), "{}", open());
    let mut bytes = Network::prepare(city(4)).to_bytes();
    bytes[40] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(open().contains("is damaged"), "{}", open());
}
