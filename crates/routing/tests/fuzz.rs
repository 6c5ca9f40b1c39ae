//! Whatever is done to a sound file, reading it ends soon, in a named error or in a value that can be worked with.
//!
//! The dice are loaded: every run throws the same. What a reader accepts is used as its callers use it, because a
//! value that panics later was no value.

#![expect(
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a test may stop, and dice are small"
)]

mod city;

use std::panic::{AssertUnwindSafe, catch_unwind};

use city::city;
use routing::check::check;
use routing::formats::{Rounding, json, pragmatic, solomon, solution, vrplib};
use routing::model::{Matrix, Order, Problem, SoftLate, Vehicle, Window};
use routing::roads::{Graph, Network, Point, Profile, osm};
use routing::solve::{Budget, Settings, solve};

/// Numbers without a pattern, the same on every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides.max(1)
    }

    fn stretch(&mut self, of: usize, most: usize) -> std::ops::Range<usize> {
        let from = self.throw(of + 1);
        from..(from + self.throw(most)).min(of)
    }
}

/// What parsers stumble over.
const STONES: [&str; 24] = [
    "0",
    "-1",
    "1",
    "NaN",
    "inf",
    "-0.0",
    "1e308",
    "1e999",
    "-1e-999",
    "999999999",
    "2147483647",
    "4294967295",
    "1099511627776",
    "-1099511627776",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999999",
    "null",
    "\u{0}",
    "鮮",
    "\n\n",
    "{\"a\":",
    "\"",
];

/// A sound file after one to six mishaps, seldom many.
fn damaged(dice: &mut Dice, sound: &[u8], others: &[&[u8]]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    let (some, others_say) = (dice.throw(6), dice.throw(6));
    for _ in 0..=some.min(others_say) {
        let stretch = dice.stretch(bytes.len(), 40);
        match dice.throw(9) {
            0 => {
                if let Some(byte) = bytes.get_mut(stretch.start) {
                    *byte ^= 1 << dice.throw(8);
                }
            }
            1 => bytes.truncate(stretch.start),
            2 => drop(bytes.drain(stretch)),
            3 => {
                let copy = bytes[stretch.clone()].repeat(1 + dice.throw(40));
                drop(bytes.splice(stretch, copy));
            }
            4 => {
                let other = others[dice.throw(others.len())];
                let piece = other[dice.stretch(other.len(), 200)].to_vec();
                drop(bytes.splice(stretch, piece));
            }
            5 => {
                let deep = ["[", "{\"a\":[", "(", "\u{8}"][dice.throw(4)].repeat(1 + dice.throw(2_000));
                drop(bytes.splice(stretch, deep.bytes()));
            }
            // A number becomes another one.
            6 | 7 => {
                let from = bytes.iter().skip(stretch.start).position(u8::is_ascii_digit);
                let from = from.map_or(stretch.start, |far| far + stretch.start);
                let to =
                    bytes[from..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |far| from + far);
                drop(bytes.splice(from..to, STONES[dice.throw(STONES.len())].bytes()));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(stretch.start) {
                    *byte = [0x00, 0xff, 0x7f, 0x80][dice.throw(4)];
                }
            }
        }
    }
    bytes
}

/// Seconds of this thread's own.
fn thread_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).map_or(0.0, |nanos| nanos / 1e9)
}

/// The most memory that this process ever had, in megabytes, where that can be known.
fn megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// One reading may take so long of the thread's own time; the slowest sound ones take milliseconds.
const SECONDS_MAX: f64 = 2.0;
/// All readings of all tests of this file together, which run side by side.
const MEGABYTES_MAX: u64 = 1_024;

/// Reads damaged files of a kind, and says of the first that goes wrong how to throw it again.
fn every_mishap_has_a_name(name: &str, rounds: u64, sound: &[&[u8]], read: impl Fn(&[u8]) -> bool) {
    let mut read_whole = 0;
    for bytes in sound {
        assert!(read(bytes), "{name}: what was sound is refused");
    }
    for round in 1..=rounds {
        let mut dice = Dice(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let file = sound[dice.throw(sound.len())];
        let bytes = damaged(&mut dice, file, sound);
        let begun = thread_seconds();
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        let taken = thread_seconds() - begun;
        let whole = outcome.unwrap_or_else(|_| panic!("{name}: round {round} panics over {}", bytes.escape_ascii()));
        read_whole += u64::from(whole);
        assert!(taken < SECONDS_MAX, "{name}: round {round} takes {taken} s over {}", bytes.escape_ascii());
        assert!(megabytes() < MEGABYTES_MAX, "{name}: round {round} takes {} MB", megabytes());
    }
    // Dice that break everything at the first byte would prove nothing.
    assert!(read_whole * 100 > rounds, "{name}: only {read_whole} of {rounds} were read");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whoever reads a problem plans it and checks the plan.
fn planned(problem: &Problem) {
    problem.validate().unwrap();
    let settings = Settings { budget: Budget::iterations(5), ..Settings::default() };
    let plan = solve(problem, None, &settings).unwrap().plan;
    let _verdict = check(problem, &plan);
}

const SPINACH: &str = "SPINACH

VEHICLE
NUMBER     CAPACITY
  2         200

CUSTOMER
CUST NO.   XCOORD.  YCOORD.    DEMAND    READY TIME  DUE DATE  SERVICE   TIME

    0      40         50          0          0       1236          0
    1      45         68         10          0       1127         90
    2      45         70         30          0       1125         90
    3      42.5       66         10         65        146         90
";

const COD: &str = "NAME: COD
TYPE: PCVRPTW
DIMENSION: 4
VEHICLES: 2
CAPACITY: 10
SERVICE_TIME: 5
EDGE_WEIGHT_TYPE: EUC_2D
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
4 6 9
DEMAND_SECTION
1 0
2 4
3 4
4 5
TIME_WINDOW_SECTION
1 0 100
2 0 50
3 0 60
4 0 90
PRIZE_SECTION
1 0
2 9
3 9
4 7
DEPOT_SECTION
1
-1
EOF
";

const HERRING: &str = "NAME : HERRING
COMMENT : (several trips)
TYPE : MTVRPTWR
DIMENSION : 4
VEHICLES : 2
VEHICLES_MAX_DURATION : 400
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1	0	0
2	3	4
3	6	8
4	6	9
RELEASE_TIME_SECTION
1	0
2	4
3	4
4	5
SERVICE_TIME_SECTION
1	0
2	4
3	4
4	5
CAPACITY_SECTION
1 10
2 12
VEHICLES_FIXED_COST_SECTION
1 100
2 120
VEHICLES_UNIT_DISTANCE_COST_SECTION
1 1
2 2
VEHICLES_DEPOT_SECTION
1 1
2 1
VEHICLES_RELOAD_DEPOT_SECTION
1 1
2 1
DEPOT_SECTION
1
-1
EOF
";

const BREAD: &str = r#"{"plan":{"jobs":[
{"id":"rolls","deliveries":[{"places":[{"location":{"lat":52.52599,"lng":13.45413},"duration":300.0,
"times":[["2026-03-02T09:00:00Z","2026-03-02T11:30:00+00:00"],["2026-03-02T13:00:00Z","2026-03-02T17:00:00Z"]],"tag":"cellar"}],"demand":[2,1]}]},
{"id":"oven","services":[{"places":[{"location":{"lat":52.5225,"lng":13.4095},"duration":240.5}]}],"skills":{"allOf":["fitter"]}}]},
"fleet":{"vehicles":[{"typeId":"van","vehicleIds":["van_1","van_2"],"profile":{"matrix":"car"},
"costs":{"fixed":22.0,"distance":0.0002,"time":0.004806},
"shifts":[{"start":{"earliest":"2026-03-02T08:00:00Z","location":{"lat":52.5316,"lng":13.3884}},
"end":{"latest":"2026-03-02T18:00:00Z","location":{"lat":52.5316,"lng":13.3884}},
"reloads":[{"location":{"lat":52.5316,"lng":13.3884},"duration":120.0}]}],
"capacity":[10,4],"skills":["fitter"],"limits":{"maxDuration":36000.0}}],"profiles":[{"name":"car"}]}}"#;

const ROWS: &str = r#"{"profile":"car","travelTimes":[0,60,70,61,0,80,71,81,0],"distances":[0,600,700,610,0,800,710,810,0],"errorCodes":[0,0,0,0,0,0,0,0,0]}"#;

/// A problem of our own with every wish that one can have.
fn wishes() -> Problem {
    let cells = |far: i32| (0..16).map(|cell| if cell % 5 == 0 { 0 } else { far + cell }).collect::<Vec<i32>>();
    let day = Window::new(0, 36_000_000);
    let order = |number: usize| Order {
        service_ms: 60_000,
        release_ms: Some(5_000),
        skills: 1,
        tier: 1,
        prize: (number == 3).then_some(4_000),
        soft_late: Some(SoftLate { after_ms: 1_000_000, cost_per_ms: 3 }),
        cold_limit_ms: Some(7_200_000),
        ..Order::at(format!("order {number}"), number).weighing(10).within(Window::new(0, 9_000_000))
    };
    let van = |id: &str| Vehicle {
        skills: 3,
        fixed_cost: 100,
        cost_per_ms: 2,
        max_duration_ms: Some(20_000_000),
        trips_max: 2,
        reload_ms: 60_000,
        rest: Some(routing::model::Break { window: Window::new(0, 30_000_000), length_ms: 900_000 }),
        ..Vehicle::at(id, 0, day)
    };
    let done = routing::model::FrozenTrip {
        departed_ms: 1_000,
        stops: vec![routing::model::FrozenStop { order: 0, left_ms: 700_000 }],
    };
    let balance = routing::model::Balance { even_share_ms: 3_600_000, cost_per_ms: 1 };
    Problem {
        matrices: vec![Matrix::new(4, cells(600_000), cells(4_000)).unwrap()],
        orders: (1..4).map(order).collect(),
        vehicles: vec![Vehicle { frozen: vec![done], ..van("one") }, van("two")],
        balance: Some(balance),
    }
}

#[test]
fn texts_of_solomon() {
    every_mishap_has_a_name("solomon", 4_000, &[SPINACH.as_bytes()], |bytes| {
        let Ok(instance) = solomon::read(&text(bytes)) else { return false };
        let problem = instance.problem(Rounding::Exact).and_then(|_| instance.problem(Rounding::Dimacs));
        let _length = instance.measure(&[vec![1, 2], vec![3]]);
        problem.is_ok_and(|problem| {
            planned(&problem);
            true
        })
    });
}

#[test]
fn texts_of_vrplib() {
    every_mishap_has_a_name("vrplib", 4_000, &[COD.as_bytes(), HERRING.as_bytes()], |bytes| {
        vrplib::read(&text(bytes)).is_ok_and(|instance| {
            planned(&instance.problem);
            true
        })
    });
}

#[test]
fn problems_of_another_planner() {
    every_mishap_has_a_name("pragmatic", 4_000, &[BREAD.as_bytes()], |bytes| {
        pragmatic::read(&text(bytes), &[]).is_ok_and(|instance| {
            planned(&instance.problem);
            true
        })
    });
    every_mishap_has_a_name("pragmatic matrices", 4_000, &[ROWS.as_bytes()], |bytes| {
        pragmatic::read(BREAD, &[text(bytes)]).is_ok_and(|instance| {
            planned(&instance.problem);
            true
        })
    });
}

#[test]
fn problems_of_our_own() {
    let problem = serde_json::to_string(&wishes()).unwrap();
    every_mishap_has_a_name("json", 6_000, &[problem.as_bytes()], |bytes| {
        json::read(&text(bytes)).is_ok_and(|problem| {
            planned(&problem);
            true
        })
    });
}

#[test]
fn solutions() {
    let instance = vrplib::read(HERRING).unwrap();
    let ours = r#"{"routes":[[1,0,3],[2]],"driven_by":[1,0],"vehicles":2,"distance":12.5,"cost":20,"unassigned":[{"id":"2","reason":"no_room","relaxation":{"change":"later_window","vehicle":0,"by_ms":7}}]}"#;
    let theirs = "Route #1: 1 0 3\nRoute #2: 2\nCost: 12.5\n";
    every_mishap_has_a_name("solution", 6_000, &[ours.as_bytes(), theirs.as_bytes()], |bytes| {
        let Ok(solution) = solution::read(&text(bytes)) else { return false };
        solution.plan(&instance.problem, instance.depots).is_ok_and(|plan| {
            let _verdict = check(&instance.problem, &plan);
            true
        })
    });
}

/// Whoever has roads asks them.
fn asked(network: &Network) {
    let ends = |number: u32| network.graph.course(number).first().copied();
    let mut places: Vec<Point> = (0..network.graph.len() as u32).step_by(7).take(12).filter_map(ends).collect();
    places.push(Point { lat: 250_004_000, lon: 1_215_004_000 });
    places.push(Point { lat: i32::MIN, lon: i32::MAX });
    let _matrix = network.matrix(&places);
    for pair in places.windows(2) {
        let _way = network.way(pair[0], pair[1]);
    }
}

#[test]
fn saved_roads() {
    let saved = [Network::prepare(city(5)).to_bytes(), Network::prepare(city(8)).to_bytes()];
    let sound: Vec<&[u8]> = saved.iter().map(Vec::as_slice).collect();
    let used = |bytes: &[u8]| {
        Network::from_bytes(bytes).is_ok_and(|network| {
            asked(&network);
            true
        })
    };
    // As it comes from a bad disk: the sum over all bytes knows.
    let mut refused = 0;
    for round in 1..=500 {
        let mut dice = Dice(round * 77_777);
        let bytes = damaged(&mut dice, sound[0], &sound);
        refused += u64::from(bytes != sound[0] && !used(&bytes));
    }
    assert!(refused > 450, "{refused} of 500 were refused");
    // As it comes from somebody who means harm: the sum is right.
    every_mishap_has_a_name("saved roads", 4_000, &sound, |bytes| used(&summed(bytes)));
}

/// With the sum that belongs to the bytes before it.
fn summed(bytes: &[u8]) -> Vec<u8> {
    let body = &bytes[..bytes.len().saturating_sub(8)];
    let sum = body
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    [body, &sum.to_le_bytes()].concat()
}

mod pbf {
    //! As much of the extract format as a small town needs.

    fn varint(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    const fn zigzag(number: i64) -> u64 {
        (number << 1 ^ number >> 63).cast_unsigned()
    }

    fn field(number: u64, body: &[u8]) -> Vec<u8> {
        [varint(number << 3 | 2), varint(body.len() as u64), body.to_vec()].concat()
    }

    fn number(field: u64, value: u64) -> Vec<u8> {
        [varint(field << 3), varint(value)].concat()
    }

    fn deltas(numbers: &[i64]) -> Vec<u8> {
        let before = std::iter::once(&0).chain(numbers);
        numbers.iter().zip(before).flat_map(|(now, before)| varint(zigzag(now - before))).collect()
    }

    fn block(kind: &str, blob: &[u8]) -> Vec<u8> {
        let header = [field(1, kind.as_bytes()), number(3, blob.len() as u64)].concat();
        [&(header.len() as u32).to_be_bytes()[..], &header, blob].concat()
    }

    /// A grid of streets, with one turn that is forbidden.
    pub(super) fn town(side: i64, packed: bool) -> Vec<u8> {
        let strings = [
            "",
            "highway",
            "residential",
            "maxspeed",
            "30",
            "type",
            "restriction",
            "no_left_turn",
            "from",
            "via",
            "to",
        ];
        let table: Vec<u8> = strings.iter().flat_map(|text| field(1, text.as_bytes())).collect();
        let ids: Vec<i64> = (1..=side * side).collect();
        let at = |step: i64, from: i64| from + step * 9_000;
        let lats: Vec<i64> = ids.iter().map(|id| at((id - 1) / side, 425_000_000)).collect();
        let lons: Vec<i64> = ids.iter().map(|id| at((id - 1) % side, 15_000_000)).collect();
        let dense = [field(1, &deltas(&ids)), field(8, &deltas(&lats)), field(9, &deltas(&lons))].concat();
        let mut group = field(2, &dense);
        for line in 0..side {
            for nodes in [
                (0..side).map(|step| line * side + step + 1).collect::<Vec<_>>(),
                (0..side).map(|step| step * side + line + 1).collect(),
            ] {
                let id = 100 + line * 2 + i64::from(nodes[1] - nodes[0] > 1);
                let way =
                    [number(1, id.cast_unsigned()), field(2, &[1, 3]), field(3, &[2, 4]), field(8, &deltas(&nodes))];
                group.extend(field(3, &way.concat()));
            }
        }
        let members = deltas(&[100, 1, 101]);
        let relation =
            [field(2, &[5, 6]), field(3, &[6, 7]), field(8, &[8, 9, 10]), field(9, &members), field(10, &[1, 0, 1])];
        group.extend(field(4, &relation.concat()));
        let data = [field(1, &table), field(2, &group)].concat();
        let head = [field(4, b"OsmSchema-V0.6"), field(4, b"DenseNodes")].concat();
        let blob = |block: &[u8]| if packed { field(3, &stored(block)) } else { field(1, block) };
        [block("OSMHeader", &blob(&head)), block("OSMData", &blob(&data))].concat()
    }

    /// Deflate without compressing: what is changed within stays readable.
    fn stored(bytes: &[u8]) -> Vec<u8> {
        let length = bytes.len() as u16;
        let (mut a, mut b) = (1_u32, 0_u32);
        for byte in bytes {
            a = (a + u32::from(*byte)) % 65_521;
            b = (b + a) % 65_521;
        }
        let head = [&[0x78, 0x01, 0x01][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
        [&head[..], bytes, &(b << 16 | a).to_be_bytes()].concat()
    }
}

#[test]
fn extracts() {
    let towns = [pbf::town(4, false), pbf::town(6, true)];
    let sound: Vec<&[u8]> = towns.iter().map(Vec::as_slice).collect();
    every_mishap_has_a_name("extract", 3_000, &sound, |bytes| {
        let Ok(extract) = osm::read(bytes) else { return false };
        for profile in [Profile::Van, Profile::CargoBike] {
            let Ok(graph) = Graph::build(&extract, profile, Some(8)) else { return false };
            let network = Network::prepare(graph);
            asked(&network);
            assert_eq!(Network::from_bytes(&network.to_bytes()).unwrap(), network);
        }
        true
    });
}
