//! Roads: two small countries, a generated city, damaged bytes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a test may stop, says when it is skipped or what it measured, and its towns are small"
)]

mod city;

use std::fs;
use std::path::PathBuf;

use city::{city, scattered};
use proptest::prelude::*;
use routing::roads::{Climb, Graph, MatrixCache, Network, Point, Profile, SavedError, Snapper, Stops, dijkstra, osm};

fn extract(name: &str) -> Option<osm::Extract> {
    let Some(root) = std::env::var_os("FRESHET_TEST_DATA") else {
        println!("skipped: no data");
        return None;
    };
    let bytes = fs::read(PathBuf::from(root).join("routing/osm").join(name)).unwrap();
    Some(osm::read(&bytes).unwrap())
}

fn assert_equal_to_dijkstra(network: &Network, sources: usize, targets: usize) {
    let count = network.graph.len();
    for from in scattered(sources).map(|number| (number % count) as u32) {
        let plain = dijkstra(&network.graph, from);
        for to in scattered(targets).map(|number| (number / 7 % count) as u32).filter(|&to| to != from) {
            assert_eq!(network.hierarchy.between(from, to), plain[to as usize], "{from} to {to}");
        }
    }
}

#[test]
fn ways_in_andorra_and_monaco_are_those_of_dijkstra() {
    for name in ["andorra.osm.pbf", "monaco.osm.pbf"] {
        let Some(extract) = extract(name) else { return };
        for profile in [Profile::Van, Profile::Scooter, Profile::CargoBike] {
            let network = Network::prepare(Graph::build(&extract, profile, Some(8)).unwrap());
            assert!(network.graph.len() > 500, "{name} has {} pieces of road", network.graph.len());
            assert_equal_to_dijkstra(&network, 50, 100);
        }
    }
}

/// A square of four streets, a kilometre each, with two streets out of its corners.
fn square(restrictions: Vec<osm::Restriction>) -> osm::Extract {
    let at = |id, lat, lon| (id, Point { lat: 425_000_000 + lat * 90_000, lon: 15_000_000 + lon * 120_000 });
    let street = |id, nodes: &[i64]| osm::RawWay {
        id,
        nodes: nodes.to_vec(),
        tags: [("highway".to_owned(), "residential".to_owned())].into(),
    };
    osm::Extract {
        nodes: vec![at(1, 0, 0), at(2, 0, 1), at(3, 1, 1), at(4, 1, 0), at(5, -1, 0), at(6, 0, 2)],
        ways: vec![
            street(10, &[1, 2]),
            street(11, &[2, 3]),
            street(12, &[3, 4]),
            street(13, &[4, 1]),
            street(14, &[5, 1]),
            street(15, &[2, 6]),
        ],
        restrictions,
    }
}

#[test]
fn a_forbidden_turn_is_driven_around() {
    let rule = |commands, from_way, via_node, to_way, except: &str| osm::Restriction {
        from_way,
        via_node,
        to_way,
        commands,
        except: except.to_owned(),
    };
    let (south, east) = (Point { lat: 424_950_000, lon: 15_000_000 }, Point { lat: 425_000_000, lon: 15_200_000 });
    let metres = |restrictions, profile| {
        let network = Network::prepare(Graph::build(&square(restrictions), profile, None).unwrap());
        network.way(south, east).unwrap().metres
    };

    let straight = metres(vec![], Profile::Van);
    let forbidden = metres(vec![rule(false, 14, 1, 10, "")], Profile::Van);
    let commanded = metres(vec![rule(true, 14, 1, 13, "")], Profile::Van);
    let bicycle = metres(vec![rule(false, 14, 1, 10, "bicycle")], Profile::CargoBike);

    // Around the other three sides of the square.
    assert!(forbidden > straight + 1_500, "{straight} straight, {forbidden} around");
    assert_eq!(commanded, forbidden);
    assert_eq!(bicycle, straight);
}

#[test]
fn rows_columns_tables_and_courses_agree() {
    let Some(extract) = extract("andorra.osm.pbf") else { return };
    let network = Network::prepare(Graph::build(&extract, Profile::Van, None).unwrap());
    let count = network.graph.len();
    let middle = |segment: u32| {
        let course = network.graph.course(segment);
        course[course.len() / 2]
    };
    let doors: Vec<Point> = scattered(40).map(|number| middle((number % count) as u32)).collect();

    let matrix = network.matrix(&doors).unwrap();

    let snapper = Snapper::over(&network.graph);
    let snaps: Vec<_> = doors.iter().map(|&door| snapper.snap(&network.graph, door)).collect();
    let stops = Stops::new(&network.graph, &network.hierarchy, &snaps);
    let mut climb = Climb::new(&network.hierarchy);
    for (from, snap) in snaps.iter().enumerate() {
        let row = stops.row(&mut climb, &network.graph, &network.hierarchy, snap.as_ref());
        let column = stops.column(&mut climb, &network.graph, &network.hierarchy, snap.as_ref().unwrap());
        for to in (0..doors.len()).filter(|&to| to != from) {
            assert_eq!(row[to].map(|(ms, _)| ms as i32), Some(matrix.ms(from, to)));
            assert_eq!(column[to].map(|(ms, _)| ms as i32), Some(matrix.ms(to, from)));
            let way = network.way(doors[from], doors[to]).unwrap();
            assert_eq!((way.ms as i32, way.metres as i32), (matrix.ms(from, to), matrix.metres(from, to)));
            let drawn: f64 = way.points.windows(2).map(|pair| pair[0].metres_to(pair[1])).sum();
            // Every segment is rounded to whole metres, and its ends to a sixteenth of a thousandth.
            let slack = 30.0 + f64::from(way.metres) * 0.02;
            assert!((drawn - f64::from(way.metres)).abs() < slack, "{drawn} drawn, {} driven", way.metres);
        }
    }
}

#[test]
fn what_is_remembered_is_what_would_be_found_again() {
    let network = Network::prepare(city(30));
    let count = network.graph.len();
    let mut doors: Vec<Point> = scattered(60).map(|number| network.graph.course((number % count) as u32)[0]).collect();
    // One door stands in the sea.
    doors.push(Point { lat: 0, lon: 0 });
    let mut known = MatrixCache::over(&network, 50);

    for asked in [&doors[..20], &doors[10..45], &doors[44..], &doors[..], &doors[..3]] {
        assert_eq!(known.matrix(asked).unwrap(), network.matrix(asked).unwrap());
        assert!(known.places() <= 50);
    }
}

#[test]
fn a_generated_city_is_contracted_and_saved() {
    let network = Network::prepare(city(60));

    assert!(network.graph.len() > 9_000);
    assert_equal_to_dijkstra(&network, 10, 100);
    let bytes = network.to_bytes();
    assert_eq!(Network::from_bytes(&bytes).unwrap(), network);
    for at in scattered(50).map(|number| number % bytes.len()) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(matches!(Network::from_bytes(&damaged), Err(SavedError::Foreign | SavedError::Damaged)));
    }
}

/// Seconds that the system has given to this thread, as Linux tells them: others who use the machine do not count.
fn thread_seconds() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// How long the shortest of five tries takes, in seconds.
fn shortest<T>(mut work: impl FnMut() -> T) -> (T, f64) {
    let mut once = || {
        let began = thread_seconds();
        let done = work();
        (done, thread_seconds() - began)
    };
    let (mut done, mut seconds) = once();
    for _ in 0..4 {
        let (again, took) = once();
        done = again;
        seconds = took.min(seconds);
    }
    (done, seconds)
}

/// `cargo test --workspace --test roads -- --ignored --nocapture`: the ratios to Dijkstra, measured in one run.
#[test]
#[ignore = "measures; takes three minutes"]
fn speed_of_tables_against_dijkstra() {
    let andorra = extract("andorra.osm.pbf").map(|extract| Graph::build(&extract, Profile::Van, None).unwrap());
    for (name, graph) in [("Andorra", andorra), ("city", Some(city(250)))] {
        let Some(graph) = graph else { continue };
        let began = thread_seconds();
        let network = Network::prepare(graph);
        let took = thread_seconds() - began;
        println!("{name}: {} directed pieces, prepared in {took:.2} s", network.graph.len());
        let (graph, hierarchy) = (&network.graph, &network.hierarchy);
        let count = graph.len();
        let snapper = Snapper::over(graph);
        let doors = scattered(1_100).map(|number| graph.course((number % count) as u32)[0]);
        let snaps: Vec<_> = doors.map(|door| snapper.snap(graph, door)).collect();
        let (known, new) = snaps.split_at(1_000);

        let ((stops, table), all) = shortest(|| {
            let stops = Stops::new(graph, hierarchy, known);
            let table = stops.table(graph);
            (stops, table)
        });
        let mut climb = Climb::new(hierarchy);
        assert_eq!(stops.row(&mut climb, graph, hierarchy, known[7].as_ref()), table[7]);
        let rows = |climb: &mut Climb| {
            new.iter().map(|from| stops.row(climb, graph, hierarchy, from.as_ref()).len()).sum::<usize>()
        };
        let (cells, thousand) = shortest(|| (0..10).map(|_| rows(&mut climb)).sum::<usize>());
        let sources: Vec<u32> = scattered(100).map(|number| (number % count) as u32).collect();
        let (reached, hundred) =
            shortest(|| sources.iter().map(|&from| dijkstra(graph, from).iter().flatten().count()).sum::<usize>());

        assert_eq!((cells, reached > 100 * count / 2), (1_000_000, true));
        let (row, plain) = (thousand / 1_000.0, hundred / 100.0);
        // Ten thousand pairs, each the same as Dijkstra's.
        assert_equal_to_dijkstra(&network, 100, 100);
        println!("table {all:.6} s, row {row:.6} s, one Dijkstra {plain:.6} s");
        println!("ratio of the table {:.1}, of a row {:.1}", plain * 1_000.0 / all, plain / row);
    }
}

#[test]
fn no_place_is_found_off_the_earth() {
    for (lat, lon) in [(f64::NAN, 0.0), (0.0, f64::INFINITY), (91.0, 0.0), (0.0, -181.0)] {
        assert_eq!(Point::degrees(lat, lon), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_are_refused_or_read(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _refused_or_read = osm::read(&noise);
        let _refused_or_read = Network::from_bytes(&noise);
        // A header that promises a raw block of noise.
        let mut blob = vec![0x0a];
        blob.extend(varint(noise.len()));
        blob.extend(&noise);
        let mut header = vec![0x0a, 7];
        header.extend(b"OSMData");
        header.push(0x18);
        header.extend(varint(blob.len()));
        let mut bytes = (header.len() as u32).to_be_bytes().to_vec();
        bytes.extend(header);
        bytes.extend(blob);
        let _refused_or_read = osm::read(&bytes);
    }
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

#[test]
fn an_extract_that_is_too_long_or_has_no_road_is_refused_by_name() {
    let bytes = osm::EXTRACT_MAX + 1;
    let too_long = osm::ExtractError::TooLong { bytes, most: osm::EXTRACT_MAX };
    assert_eq!(osm::read(&vec![0; bytes]).unwrap_err(), too_long);
    let nothing = Graph::build(&osm::Extract::default(), Profile::Van, None);
    assert_eq!(nothing.unwrap_err(), osm::ExtractError::NoRoads);
    let mut footpath = square(Vec::new());
    for way in &mut footpath.ways {
        way.tags.insert("highway".to_owned(), "steps".to_owned());
    }
    assert_eq!(Graph::build(&footpath, Profile::Van, None).unwrap_err(), osm::ExtractError::NoRoads);
}

#[test]
fn two_islands_have_no_way_between_them() {
    // The square, and one street fifty kilometres away from it.
    let mut islands = square(Vec::new());
    let far = |id, lon| (id, Point { lat: 425_000_000, lon: 20_000_000 + lon });
    islands.nodes.extend([far(7, 0), far(8, 100_000)]);
    let tags = islands.ways[0].tags.clone();
    islands.ways.push(osm::RawWay { id: 16, nodes: vec![7, 8], tags });
    let network = Network::prepare(Graph::build(&islands, Profile::Van, None).unwrap());
    let (here, there) = (Point { lat: 425_000_000, lon: 15_000_000 }, Point { lat: 425_000_000, lon: 20_050_000 });

    assert_eq!(network.way(here, there), None);
    let matrix = network.matrix(&[here, there]).unwrap();
    assert_eq!((matrix.ms(0, 1), matrix.metres(1, 0)), (routing::model::UNREACHABLE, routing::model::UNREACHABLE));
}

#[test]
fn a_road_across_half_the_earth_is_none() {
    let mut square = square(Vec::new());
    square.nodes.push((9, Point { lat: -330_000_000, lon: 1_510_000_000 }));
    let tags = square.ways[0].tags.clone();
    let whole = Graph::build(&square, Profile::Van, None).unwrap();
    square.ways.push(osm::RawWay { id: 17, nodes: vec![6, 9], tags });
    assert_eq!(Graph::build(&square, Profile::Van, None).unwrap().len(), whole.len());
}
