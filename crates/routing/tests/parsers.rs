//! What no parser may do is panic, and what is wrong has a name.

use proptest::prelude::*;
use routing::formats::{FormatError, Rounding, TEXT_MAX, json, solomon, solution, vrplib};
use routing::model::ModelError;

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
    fn scribbled_texts_are_read_or_refused(a in scribbled(SPINACH), b in scribbled(COD), c in ".{0,200}") {
        for text in [&a, &b, &c] {
            if let Ok(instance) = solomon::read(text) {
                let _refused_or_sound = instance.problem(Rounding::Exact);
            }
            let _refused_or_sound = vrplib::read(text);
            let _refused_or_sound = json::read(text);
            let _refused_or_sound = solution::read(text);
        }
    }
}
