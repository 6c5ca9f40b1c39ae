//! `freshet forecast` as somebody types it: tell, look back, refuse.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn freshet(words: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_freshet")).args(words).current_dir(folder).output().expect("the program runs")
}

/// Twenty weeks of spinach and eggs from a Thursday on; Sundays sell double.
fn sales() -> String {
    let mut text = String::from("unique_id,ds,y\n");
    for (key, usual) in [("spinach", 20), ("eggs", 9)] {
        for day in 0..140_i64 {
            let date = forecast::table::date(20_000 + day);
            let sold = if (20_000 + day) % 7 == 6 { 2 * usual } else { usual + day % 3 };
            writeln!(text, "{key},{date},{sold}").expect("a text grows");
        }
    }
    text
}

#[test]
fn a_week_is_told_for_every_product_and_twice_the_same() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sales.csv"), sales()).unwrap();

    let words = ["forecast", "run", "sales.csv", "--horizon", "7", "--quantiles", "0.1,0.9", "--out"];
    for (out, threads) in [("first.csv", "1"), ("second.csv", "2")] {
        let told = freshet(&[&words[..], &[out, "--threads", threads]].concat(), folder.path());
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    }

    let first = fs::read_to_string(folder.path().join("first.csv")).unwrap();
    assert_eq!(first, fs::read_to_string(folder.path().join("second.csv")).unwrap());
    let rows: Vec<&str> = first.lines().collect();
    assert_eq!((rows[0], rows.len()), ("unique_id,ds,forecast,mean,q0.1,q0.9,alarm", 15));
    let sunday = (0..7).find(|ahead| (20_140 + ahead) % 7 == 6).unwrap();
    let row = rows[1 + usize::try_from(sunday).unwrap()];
    let forecast: f64 = row.split(',').nth(2).unwrap().parse().unwrap();
    assert!((35.0..45.0).contains(&forecast), "{row}");
    assert!(row.starts_with(&format!("spinach,{}", forecast::table::date(20_140 + sunday))), "{row}");
}

#[test]
fn a_look_back_tells_the_engine_and_the_floor() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sales.csv"), sales()).unwrap();

    let told = freshet(&["forecast", "backtest", "sales.csv", "--origins", "4", "--json"], folder.path());

    let report: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((report["series"].as_u64(), report["judged"].as_u64()), (Some(2), Some(56)));
    let (ours, floor) = (report["engine"]["mase"].as_f64().unwrap(), report["floor"]["mase"].as_f64().unwrap());
    assert!(ours > 0.0 && ours < floor, "{report}");
}

/// Breads of 20 weeks and of five, of which a strong week follows each weak one.
#[test]
fn short_series_beside_long_ones_are_told_with_trees_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("unique_id,ds,y\n");
    for nth in 0..14_i64 {
        let days = if nth < 8 { 140 } else { 35 };
        for day in 140 - days..140 {
            let usual = 20 + 3 * nth + day * 7_919 % (5 + nth);
            let sold = if day / 7 % 2 == 0 { usual } else { 2 * usual };
            writeln!(text, "bread-{nth},{},{sold}", forecast::table::date(20_000 + day)).expect("a text grows");
        }
    }
    fs::write(folder.path().join("sales.csv"), text).unwrap();

    let told = freshet(&["forecast", "run", "sales.csv"], folder.path());

    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(said.contains(" short ones told with trees that were grown on all series"), "{said}");
}

#[test]
fn odd_files_and_wishes_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |text: &str, words: &[&str]| {
        fs::write(folder.path().join("odd.csv"), text).unwrap();
        let refused = freshet(&[&["forecast"], words].concat(), folder.path());
        assert!(!refused.status.success());
        String::from_utf8_lossy(&refused.stderr).into_owned()
    };

    let negative = refused("unique_id,ds,y\neggs,2026-03-28,-4\n", &["run", "odd.csv"]);
    let twice = refused("unique_id,ds,y\neggs,2026-03-28,4\neggs,2026-03-28,4\n", &["run", "odd.csv"]);
    let nothing = refused("unique_id,ds,y\n", &["run", "odd.csv"]);
    let short = refused("unique_id,ds,y\neggs,2026-03-28,4\n", &["backtest", "odd.csv"]);
    let level = refused(&sales(), &["run", "odd.csv", "--quantiles", "1.5"]);
    let model = refused(&sales(), &["run", "odd.csv", "--models", "oracle"]);

    assert!(negative.contains("odd.csv: row 2: y -4 is below zero"), "{negative}");
    assert!(twice.contains("row 3: eggs on 2026-03-28 stands in row 2 already"), "{twice}");
    assert!(nothing.contains("no row of sales"), "{nothing}");
    assert!(short.contains("eggs: 1 steps, so many origins and steps ahead need 43"), "{short}");
    assert!(level.contains("--quantiles 1.5: between 0 and 1"), "{level}");
    assert!(model.contains("--models oracle: known are seasonal-naive"), "{model}");
}

#[test]
fn one_day_and_only_zeros_have_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let text = "unique_id,ds,y\none,2026-03-28,12\nnone,2026-03-01,0\nnone,2026-03-28,0\n";
    fs::write(folder.path().join("short.csv"), text).unwrap();

    let told = freshet(&["forecast", "run", "short.csv", "--horizon", "1"], folder.path());

    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(text.contains("one,2026-03-29,12.0000,12.0000"), "{text}");
    assert!(text.contains("none,2026-03-29,0.0000,0.0000,0.0000"), "{text}");
}

/// Twenty-six weeks of bread that sells double on every day of an offer; nobody offers it by the week.
fn offers(known: i64, through: i64) -> String {
    let mut text = String::from("unique_id,ds,y,offer\n");
    for day in 0..through {
        let offer = i64::from(day * 7_919 % 11 < 3);
        let sold = if day < known { ((20 + day * 31 % 5) * (1 + offer)).to_string() } else { String::new() };
        writeln!(text, "bread,{},{sold},{offer}", forecast::table::date(20_000 + day)).expect("a text grows");
    }
    text
}

#[test]
fn an_offer_that_is_known_ahead_is_told_and_one_that_is_not_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sales.csv"), offers(182, 189)).unwrap();
    fs::write(folder.path().join("short.csv"), offers(182, 186)).unwrap();

    let told = freshet(&["forecast", "run", "sales.csv", "--quantiles", "0.9"], folder.path());
    let short = freshet(&["forecast", "run", "short.csv"], folder.path());
    let left_out = freshet(&["forecast", "run", "short.csv", "--without", "offer"], folder.path());
    let unknown = freshet(&["forecast", "run", "short.csv", "--without", "snow"], folder.path());
    let numbered = freshet(&["forecast", "run", "short.csv", "--season", "7", "--calendar", "mars"], folder.path());

    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let rows: Vec<Vec<&str>> = text.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(rows[0], ["unique_id", "ds", "forecast", "mean", "q0.9", "effect", "alarm"]);
    for (ahead, row) in rows[1..].iter().enumerate() {
        let day = 182 + i64::try_from(ahead).unwrap();
        let effect: f64 = row[5].parse().unwrap();
        let truth = if day * 7_919 % 11 < 3 { 2.0 } else { 1.0 };
        assert!((effect / truth - 1.0_f64).abs() < 0.15, "{row:?}");
    }
    let refused = String::from_utf8_lossy(&short.stderr).into_owned();
    let missing = format!("no row tells offer of bread on {}", forecast::table::date(20_186));
    assert!(!short.status.success() && refused.contains(&missing), "{refused}");
    assert!(left_out.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("columns that can be left out are offer"));
    assert!(!numbered.status.success());
}

#[test]
fn a_measure_keeps_festivals_and_has_no_columns_to_leave_out() {
    let folder = tempfile::tempdir().unwrap();
    let bench = |words: &[&str]| freshet(&[&["forecast", "bench", "--series", "1"], words].concat(), folder.path());

    let kept = bench(&["--calendar", "taiwan", "--days", "120", "--json"]);
    let far = bench(&["--calendar", "taiwan", "--days", "20000"]);
    let column = bench(&["--without", "rain"]);

    assert!(kept.status.success(), "{}", String::from_utf8_lossy(&kept.stderr));
    assert!(String::from_utf8_lossy(&far.stderr).contains("--calendar: "), "{far:?}");
    assert!(
        String::from_utf8_lossy(&column.stderr).contains("--without rain: series made for a measure have no columns")
    );
}

/// Twenty weeks of bread and of lunches in four sorts each, and one of each that nobody has sold yet.
#[test]
fn a_product_that_was_never_sold_is_told_from_its_category() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("unique_id,ds,y,category\n");
    for sort in 0..4 {
        for day in 0..140_i64 {
            let date = forecast::table::date(20_000 + day);
            let is_sunday = (20_000 + day) % 7 == 6;
            let noise = day * 7_919 % 5;
            writeln!(text, "bread-{sort},{date},{},bread", (20 + sort) * if is_sunday { 2 } else { 1 } + noise)
                .unwrap();
            writeln!(text, "lunch-{sort},{date},{},lunch", if is_sunday { 2 } else { 60 + noise }).unwrap();
        }
    }
    text.push_str("new-bread,2024-10-07,,bread\nnew-lunch,2024-10-07,,lunch\n");
    fs::write(folder.path().join("sales.csv"), text).unwrap();

    let told = freshet(&["forecast", "run", "sales.csv", "--quantiles", "0.1,0.9"], folder.path());

    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let sunday = forecast::table::date((20_140..20_147).find(|day| day % 7 == 6).unwrap());
    let forecast = |product: &str| -> f64 {
        let row = text.lines().find(|row| row.starts_with(&format!("{product},{sunday}"))).unwrap();
        row.split(',').nth(2).unwrap().parse().unwrap()
    };
    assert!((40.0..55.0).contains(&forecast("new-bread")), "{text}");
    assert!(forecast("new-lunch") < 5.0, "{text}");
    let beside = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(beside.contains("2 new ones told from their category"), "{beside}");
}
