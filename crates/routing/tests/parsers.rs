//! What no parser may do is panic, and what is wrong has a name.

use proptest::prelude::*;
use routing::check::check;
use routing::formats::{FormatError, Rounding, TEXT_MAX, json, pragmatic, solomon, solution, vrplib};
use routing::model::{ModelError, Window};
use routing::solve::{Budget, Objective, Settings, solve};

const SPINACH: &str = "SPINACH

VEHICLE
NUMBER     CAPACITY
  2         200

CUSTOMER
CUST NO.   XCOORD.  YCOORD.    DEMAND    READY TIME  DUE DATE  SERVICE   TIME

    0      40         50          0          0       1236          0
    1      45         68         10          0       1127         90
    2      45         70         30          0       1125         90
";

const COD: &str = "NAME: COD
TYPE: PCVRPTW
DIMENSION: 3
VEHICLES: 1
CAPACITY: 10
SERVICE_TIME: 5
EDGE_WEIGHT_TYPE: EUC_2D
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
DEMAND_SECTION
1 0
2 4
3 4
TIME_WINDOW_SECTION
1 0 100
2 0 50
3 0 60
PRIZE_SECTION
1 0
2 9
3 9
DEPOT_SECTION
1
-1
EOF
";

/// Two doors of a bakery, as its neighbour's planner writes them.
const BREAD: &str = r#"{
  "plan": { "jobs": [
    { "id": "rolls", "deliveries": [ { "places": [ { "location": { "lat": 52.52599, "lng": 13.45413 }, "duration": 300.0,
        "times": [ ["2026-03-02T13:00:00Z", "2026-03-02T17:00:00Z"], ["2026-03-02T09:00:00Z", "2026-03-02T11:30:00+00:00"] ],
        "tag": "cellar" } ], "demand": [2, 1] } ] },
    { "id": "oven", "services": [ { "places": [ { "location": { "lat": 52.5225, "lng": 13.4095 }, "duration": 240.5 } ] } ],
      "skills": { "allOf": ["fitter"] } }
  ] },
  "fleet": { "vehicles": [ { "typeId": "van", "vehicleIds": ["van_1", "van_2"], "profile": { "matrix": "car" },
      "costs": { "fixed": 22.0, "distance": 0.0002, "time": 0.004806 },
      "shifts": [ { "start": { "earliest": "2026-03-02T08:00:00Z", "location": { "lat": 52.5316, "lng": 13.3884 } },
                    "end": { "latest": "2026-03-02T18:00:00Z", "location": { "lat": 52.5316, "lng": 13.3884 } },
                    "reloads": [ { "location": { "lat": 52.5316, "lng": 13.3884 }, "duration": 120.0 } ] } ],
      "capacity": [10, 4], "skills": ["fitter"], "limits": { "maxDuration": 36000.0 } } ],
    "profiles": [ { "name": "car" } ] }
}"#;

#[test]
fn the_problem_of_another_planner_is_planned() {
    let pragmatic::Instance { problem, objective, origin_ms } = pragmatic::read(BREAD, &[]).unwrap();

    assert_eq!((objective, origin_ms), (Objective::VehiclesFirst, 1_772_438_400_000));
    let hours = |opens: i64, closes: i64| Window::new(opens * 1_800_000, closes * 1_800_000);
    let (rolls, oven, van) = (&problem.orders[0], &problem.orders[1], &problem.vehicles[1]);
    assert_eq!(rolls.windows, [hours(2, 7), hours(10, 18)]);
    assert_eq!((rolls.load, rolls.service_ms, oven.service_ms), ([2, 1, 0, 0, 0, 0], 300_000, 240_500));
    assert_eq!((oven.skills, van.skills, van.trips_max, van.reload_ms), (1, 1, 2, 120_000));
    assert_eq!((van.fixed_cost, van.cost_per_metre, van.cost_per_ms), (22_000_000, 200, 5));
    assert_eq!((van.max_duration_ms, van.shift), (Some(36_000_000), hours(0, 20)));
    // Three kilometres as the crow flies at ten metres per second.
    let (metres, ms) = (problem.matrices[0].metres(0, 1), problem.matrices[0].ms(0, 1));
    assert!((3_000..3_100).contains(&metres) && (ms - metres * 100).abs() <= 100, "{metres} m, {ms} ms");
    let settings = Settings { budget: Budget::iterations(100), objective, ..Settings::default() };
    let plan = solve(&problem, None, &settings).unwrap().plan;
    let verdict = check(&problem, &plan);
    assert_eq!((verdict.violations, verdict.cost.unserved, verdict.cost.vehicles), (vec![], 0, 1));
}

#[test]
fn matrices_of_another_planner_count_instead_of_the_crow() {
    let cells = r#""travelTimes":[0,60,70,61,0,80,71,81,0],"distances":[0,600,700,610,0,800,710,810,0]"#;
    let read = |text: String| pragmatic::read(BREAD, &[text]);

    let named = read(format!(r#"{{"profile":"car",{cells}}}"#)).unwrap().problem;
    assert_eq!((named.matrices[0].ms(2, 1), named.matrices[0].metres(1, 2)), (81_000, 800));
    let closed = read(format!(r#"{{{cells},"errorCodes":[0,1,0,0,0,0,0,0,0]}}"#)).unwrap().problem;
    assert_eq!(closed.matrices[0].ms(0, 1), routing::model::UNREACHABLE);
    let foreign = read(format!(r#"{{"profile":"truck",{cells}}}"#)).unwrap_err();
    assert_eq!(foreign, FormatError::Lacking { what: "the matrix of a profile" });
    let small = read(r#"{"travelTimes":[0,1,1,0],"distances":[0,1,1,0]}"#.to_owned()).unwrap_err();
    assert_eq!(small, FormatError::Model(ModelError::MatrixNotSquare { profile: 0, places: 3, cells: 4 }));
    let hourly = read(format!(r#"{{"profile":"car","timestamp":"2026-03-02T08:00:00Z",{cells}}}"#)).unwrap_err();
    assert_eq!(hourly, FormatError::NotPlanned { whose: String::new(), what: "matrices by the hour" });
}

#[test]
fn what_would_silently_not_be_kept_is_refused_by_name() {
    let refused = |from: &str, to: &str| {
        assert!(BREAD.contains(from), "{from}");
        pragmatic::read(&BREAD.replacen(from, to, 1), &[]).unwrap_err().to_string()
    };

    for (from, to, told) in [
        (r#""services""#, r#""pickups":[{}], "services""#, "job oven: pickups: this is not planned here"),
        (r#""allOf""#, r#""noneOf""#, "job oven: skills of which none is wanted: this is not planned here"),
        (r#""id": "rolls","#, r#""id": "rolls", "value": 3,"#, "job rolls: a value: this is not planned here"),
        (r#""jobs""#, r#""relations":[{}], "jobs""#, "relations: this is not planned here"),
        (r#""reloads""#, r#""breaks":[{}], "reloads""#, "vehicle type van: breaks: this is not planned here"),
        (r#""maxDuration""#, r#""maxDistance""#, "vehicle type van: a limit of distance: this is not planned here"),
        (r#""plan""#, r#""objectives":[{"type":"balance-distance"}],"plan""#, "objectives but unassigned"),
        (r#""plan""#, r#""depots":[],"plan""#, "unknown field `depots`"),
        ("2026-03-02T08:00:00Z", "this morning", "\"this morning\" is not a time"),
        ("52.52599", "152.5", "a latitude or longitude is too large"),
        (r#""matrix": "car""#, r#""matrix": "lorry""#, "names profile 1, which has no matrix"),
    ] {
        let refusal = refused(from, to);
        assert!(refusal.contains(told), "{refusal}");
    }
}

#[test]
fn sound_texts_are_read() {
    let problem = solomon::read(SPINACH).unwrap().problem(Rounding::Dimacs).unwrap();
    assert_eq!((problem.orders.len(), problem.vehicles.len()), (2, 2));

    let instance = vrplib::read(COD).unwrap();
    assert_eq!((instance.depots, instance.problem.orders[0].prize), (1, Some(90)));
    assert_eq!(instance.problem.matrices[0].metres(0, 1), 50);

    let text = serde_json::to_string(&problem).unwrap();
    assert_eq!(json::read(&text).unwrap(), problem);
}

#[test]
fn a_load_of_fewer_dimensions_is_filled_up_and_one_of_more_refused() {
    let problem = solomon::read(SPINACH).unwrap().problem(Rounding::Dimacs).unwrap();
    let with_load = |load: &[i64]| {
        let mut value = serde_json::to_value(&problem).unwrap();
        value["orders"][0]["load"] = load.into();
        value["vehicles"][0]["capacity"] = [200, 9].as_slice().into();
        json::read(&value.to_string())
    };

    let read = with_load(&[10, 3]).unwrap();
    assert_eq!((read.orders[0].load, read.vehicles[0].capacity), ([10, 3, 0, 0, 0, 0], [200, 9, 0, 0, 0, 0]));
    assert!(matches!(with_load(&[1; 7]), Err(FormatError::Json(_))));
}

#[test]
fn a_coordinate_that_is_no_number_is_refused() {
    for word in ["NaN", "inf", "1e300", "spinach"] {
        let text = SPINACH.replacen("45 ", word, 1);
        assert!(matches!(solomon::read(&text), Err(FormatError::NotANumber { line: 11, .. })), "{word}");
        let text = COD.replacen("2 3 4", &format!("2 {word} 4"), 1);
        assert!(matches!(vrplib::read(&text), Err(FormatError::NotANumber { .. } | FormatError::Unexpected { .. })));
    }
}

#[test]
fn a_window_that_ends_before_it_begins_is_refused() {
    let text = COD.replacen("2 0 50", "2 70 50", 1);

    let refusal = vrplib::read(&text).unwrap_err();

    assert!(matches!(refusal, FormatError::Model(ModelError::NegativeWindow { opens_ms: 700, closes_ms: 500, .. })));
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    let text = " ".repeat(TEXT_MAX + 1);

    for refusal in [
        solomon::read(&text).unwrap_err(),
        vrplib::read(&text).unwrap_err(),
        json::read(&text).unwrap_err(),
        solution::read(&text).unwrap_err(),
        pragmatic::read(&text, &[]).unwrap_err(),
    ] {
        assert_eq!(refusal, FormatError::TooLong { bytes: TEXT_MAX + 1, most: TEXT_MAX });
    }
}

#[test]
fn a_depot_that_nobody_reaches_is_refused() {
    let problem = solomon::read(SPINACH).unwrap().problem(Rounding::Dimacs).unwrap();
    let mut value = serde_json::to_value(&problem).unwrap();
    for cell in [1, 2] {
        value["matrices"][0]["ms"][cell] = serde_json::Value::Null;
    }

    let refusal = json::read(&value.to_string()).unwrap_err();

    assert_eq!(refusal, FormatError::Model(ModelError::UnreachableDepot { vehicle: "1".to_owned() }));
}

#[test]
fn missing_and_unknown_sections_are_named() {
    let text = COD.replace("DEMAND_SECTION\n1 0\n2 4\n", "DEMAND_SECTION\n1 0\n");
    assert!(matches!(vrplib::read(&text), Err(FormatError::Incomplete { section: "DEMAND_SECTION", found: 2, .. })));

    let text = COD.replace("PRIZE_SECTION", "BACKHAUL_SECTION");
    assert!(matches!(vrplib::read(&text), Err(FormatError::Unexpected { .. })));

    let text = COD.replace("EDGE_WEIGHT_TYPE: EUC_2D\n", "");
    assert_eq!(vrplib::read(&text).unwrap_err(), FormatError::Missing { section: "EDGE_WEIGHT_TYPE" });
}

#[test]
fn a_solution_that_names_nobody_is_refused() {
    let instance = vrplib::read(COD).unwrap();
    for text in ["Route #1: 7\n", "Route #1: 1\nRoute #2: 2\n", "{\"routes\":[[1]],\"driven_by\":[4]}"] {
        let refusal = solution::read(text).unwrap().plan(&instance.problem, instance.depots);
        assert!(matches!(refusal, Err(FormatError::TooLarge { .. })), "{text}");
    }
}

fn scribbled(text: &'static str) -> impl Strategy<Value = String> {
    let change = (0..text.len(), 0usize..12, "[-0-9a-zA-Z_:.# \n]{0,8}");
    proptest::collection::vec(change, 1..5).prop_map(move |changes| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, cut, put) in changes {
            let at = at.min(bytes.len());
            let until = (at + cut).min(bytes.len());
            bytes.splice(at..until, put.bytes());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scribbled_texts_are_read_or_refused(a in scribbled(SPINACH), b in scribbled(COD), c in ".{0,200}", d in scribbled(BREAD)) {
        for text in [&a, &b, &c, &d] {
            if let Ok(instance) = solomon::read(text) {
                let _refused_or_sound = instance.problem(Rounding::Exact);
            }
            let _refused_or_sound = vrplib::read(text);
            let _refused_or_sound = json::read(text);
            let _refused_or_sound = solution::read(text);
            let _refused_or_sound = pragmatic::read(text, &[]);
            let _refused_or_sound = pragmatic::read(BREAD, std::slice::from_ref(text));
        }
    }
}
