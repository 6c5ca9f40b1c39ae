use std::{fs, path::PathBuf};

use serde_json::Value;

use super::*;

/// The public test data, where there is any.
fn vectors(file: &str) -> Option<Value> {
    let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
        println!("skipped: no data");
        return None;
    };
    let text = fs::read_to_string(PathBuf::from(folder).join("sampling").join(file)).expect("the vectors can be read");
    Some(serde_json::from_str(&text).expect("the vectors are JSON"))
}

fn severity(name: &str) -> Severity {
    Severity::from_code(name).expect("a severity of the standard")
}

fn level(name: &str) -> Level {
    serde_json::from_value(Value::from(name)).expect("a level of the standard")
}

#[test]
fn a_carton_load_gets_the_printed_plan() {
    let aql = |code| Aql::from_code(code).expect("a column of the table");
    let drawn = |units, code, severity| {
        let plan = plan(units, Level::II, aql(code), severity);
        (plan.letter, plan.sample, plan.accept)
    };
    assert_eq!(drawn(200, "1.0", Severity::Normal), ('H', 50, 1));
    assert_eq!(drawn(150, "1.0", Severity::Normal), ('E', 13, 0));
    assert_eq!(drawn(2000, "1.0", Severity::Tightened), ('K', 125, 2));
    assert_eq!(drawn(2000, "1.0", Severity::Reduced), ('K', 50, 2));
    assert_eq!(drawn(600_000, "2.5", Severity::Normal), ('N', 500, 21));
}

#[test]
fn a_load_smaller_than_its_sample_is_inspected_whole() {
    let plan = plan(8, Level::II, Aql::from_code("0.65").expect("a column"), Severity::Normal);
    assert_eq!((plan.sample, plan.accept, plan.coverage), (8, 0, Coverage::WholeLoad));
}

#[test]
fn every_cell_equals_the_printed_tables() {
    let Some(tables) = vectors("single_plans.json") else { return };
    let mut cells = 0;
    for (table, rows) in tables["plans"].as_object().expect("three tables") {
        for (letter, row) in rows.as_object().expect("rows by letter") {
            for (aql, cell) in row.as_array().expect("26 columns").iter().enumerate() {
                if cell.is_null() {
                    continue;
                }
                let at = "ABCDEFGHJKLMNPQRS".find(letter.as_str()).expect("a code letter");
                let found = tables::resolve(at, aql, severity(table));
                let expected = (cell[0].as_str(), cell[1].as_i64(), cell[2].as_i64());
                let letter_found = found.letter.to_string();
                assert_eq!(
                    (Some(letter_found.as_str()), Some(found.sample), Some(found.accept)),
                    expected,
                    "{table} {letter} {aql}"
                );
                cells += 1;
            }
        }
    }
    assert!(cells >= 3 * 16 * 26, "only {cells} cells were compared");
}

#[test]
fn every_load_finds_its_letter() {
    let Some(table) = vectors("code_letters.json") else { return };
    for row in table["rows"].as_array().expect("rows") {
        for name in ["S-1", "S-2", "S-3", "S-4", "I", "II", "III"] {
            for edge in ["min", "max"] {
                let Some(units) = row[edge].as_i64() else { continue };
                let at = tables::letter(units, level(name));
                assert_eq!("ABCDEFGHJKLMNPQR".get(at..=at), row[name].as_str(), "{units} {name}");
            }
        }
    }
}

#[test]
fn every_plan_vector_is_met() {
    let Some(vectors) = vectors("vectors.json") else { return };
    for case in vectors["plans"].as_array().expect("plans") {
        let aql = Aql::from_code(case["aql"].as_str().expect("aql")).expect("a column");
        let units = case["lot"].as_i64().expect("lot");
        let plan = plan(
            units,
            level(case["level"].as_str().expect("level")),
            aql,
            severity(case["state"].as_str().expect("state")),
        );
        assert_eq!(Some(plan.letter.to_string().as_str()), case["final"].as_str(), "{case}");
        assert_eq!((Some(plan.sample), Some(plan.accept)), (case["n"].as_i64(), case["ac"].as_i64()), "{case}");
        assert_eq!(Some(plan.coverage == Coverage::WholeLoad), case["full"].as_bool(), "{case}");
    }
}

#[test]
fn every_switching_trace_is_followed() {
    let Some(vectors) = vectors("switching_vectors.json") else { return };
    let (units, aql) = (vectors["lot"].as_i64().expect("lot"), Aql::from_code("1.0").expect("a column"));
    for (name, trace) in vectors["traces"].as_object().expect("traces") {
        let mut history = History::default();
        for step in trace.as_array().expect("steps") {
            assert_eq!(step[0].as_str(), Some(history.severity.code()), "{name} {step}");
            if history.severity == Severity::Stopped {
                continue;
            }
            let drawn = plan(units, Level::II, aql, history.severity);
            assert_eq!((step[1].as_i64(), step[2].as_i64()), (Some(drawn.sample), Some(drawn.accept)), "{name} {step}");
            let faulty = step[3].as_i64().expect("d");
            assert_eq!(step[4].as_bool(), Some(drawn.accepts(faulty)), "{name} {step}");
            history = history.after(drawn, stricter(units, Level::II, aql), faulty, Conditions::SteadyAndApproved);
            assert_eq!(step[5].as_i64(), Some(history.score), "{name} {step}");
            assert_eq!(step[6].as_str(), Some(history.severity.code()), "{name} {step}");
        }
    }
}

#[test]
fn a_stopped_supplier_resumes_under_tightened_sampling() {
    let stopped = History { severity: Severity::Stopped, rejected_in_spell: 5, ..History::default() };
    assert_eq!(stopped.resumed(), History { severity: Severity::Tightened, ..History::default() });
    assert_eq!(History::default().resumed(), History::default());
}
