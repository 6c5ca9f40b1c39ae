//! The engine against the public series: as good as it was when it was taken in, within a little.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::path::PathBuf;

use forecast::backtest::{Backtest, Report, against, run};
use forecast::masking::{Mask, Stock, Written, masked};
use forecast::replenish::rehearsal::{Outcome, Policy, Rehearsal};
use forecast::{Engine, Series, table};

/// The best that reference models reach on each set over four weeks (MASE of the mean of three of them).
const SETS: [(&str, f64); 4] = [
    ("french_bakery_daily.csv", 0.703),
    ("yaz_restaurant_daily.csv", 0.757),
    ("m5_foods_daily.csv", 0.879),
    ("store_item_daily.csv", 0.814),
];

fn series(name: &str) -> Option<Vec<Series>> {
    let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
        eprintln!("skipped: no data");
        return None;
    };
    let text = std::fs::read_to_string(PathBuf::from(folder).join("forecast").join(name)).ok()?;
    Some(table::read(&text).unwrap().series)
}

fn report(engine: &Engine, panel: &[Series], origins: usize) -> Report {
    let past = Backtest { origins, apart: engine.horizon, levels: vec![0.1, 0.5, 0.9], threads: 2 };
    run(engine, panel, &past).unwrap()
}

#[test]
fn no_set_is_told_worse_than_by_the_reference_and_all_together_better() {
    let (mut ours, mut reference) = (0.0, 0.0);
    for (name, wanted) in SETS {
        let Some(panel) = series(name) else { return };
        let report = report(&Engine::of(7, 7), &panel, 4);
        eprintln!("{name}: {:.4}, reference {wanted}", report.engine.mase);
        assert!(report.engine.mase <= 1.02 * wanted, "{name}: {}", report.engine.mase);
        assert!(report.engine.mase < report.floor.mase && report.mean.mase < report.floor.mase, "{name}");
        ours += report.engine.mase;
        reference += wanted;
    }
    assert!(ours <= 0.97 * reference, "{ours} {reference}");
}

#[test]
fn hours_are_told_by_the_day_and_the_week() {
    let Some(panel) = series("m4_hourly.csv") else { return };
    let report = report(&Engine::of(24, 48), &panel, 1);
    eprintln!("m4_hourly: {:.4}", report.engine.mase);
    assert!(report.engine.mase <= 1.065, "{}", report.engine.mase);
}

#[test]
fn eight_of_ten_days_lie_in_the_band_of_eight_tenths() {
    let mut pooled = 0.0;
    for (name, _) in SETS {
        let Some(panel) = series(name) else { return };
        // Half a year, so that the test ends while somebody waits.
        let covered = report(&Engine::of(7, 7), &panel, 26).engine.coverage[0].2;
        eprintln!("{name}: {covered:.4}");
        assert!((0.75..=0.85).contains(&covered), "{name}: {covered}");
        pooled += covered / 4.0;
    }
    assert!((0.77..=0.83).contains(&pooled), "{pooled}");
}

/// Copies that ran out on 15 % of the days, and nobody wrote down when.
#[test]
fn most_of_what_running_out_costs_is_thought_back() {
    let past = Backtest { origins: 4, apart: 7, levels: vec![0.5], threads: 2 };
    for name in ["m5_foods_daily.csv", "french_bakery_daily.csv"] {
        let Some(panel) = series(name) else { return };
        let (panel, engine) = (&panel[..4], Engine::of(7, 7));
        let whole = run(&engine, panel, &past).unwrap().engine;
        let learnt_from = |written: Written| {
            let copies = |seed: u64| -> Vec<Series> {
                let mask = Mask { sold_out: 0.15, written, stock: Stock::Level, seed };
                panel.iter().map(|series| masked(series, 7, mask)).collect()
            };
            let scores = [11, 12, 13].map(|seed| against(&engine, &copies(seed), panel, &past).unwrap().engine);
            (
                scores.iter().map(|score| score.wape).sum::<f64>() / 3.0,
                scores.iter().map(|score| score.bias).sum::<f64>() / 3.0,
            )
        };
        let ((blind, _), (thought, bias)) = (learnt_from(Written::Nothing), learnt_from(Written::Day));
        let regained = (blind - thought) / (blind - whole.wape);
        eprintln!("{name}: {regained:.3} of {:+.4}, bias off by {:+.4}", blind - whole.wape, bias - whole.bias);
        assert!(regained > 0.5 && (bias - whole.bias).abs() < 0.04, "{name}");
    }
}

#[test]
fn the_buyer_that_thinks_halves_the_cost_of_last_weeks_rule() {
    let Some(panel) = series("french_bakery_daily.csv") else { return };
    // Some of the products over some of the days; all of them take a minute.
    let stage = Rehearsal { days: 92, threads: 2, ..Rehearsal::default() }.stage(&panel[..6]).unwrap();
    let (ours, floor) = (stage.play(stage.tuned(2), 2), stage.play(Policy::LastWeek, 2));
    let ratio = |(ours, floor): (&Outcome, &Outcome)| ours.whole.cost_per_unit() / floor.whole.cost_per_unit();
    let mean = ours.iter().zip(&floor).map(ratio).sum::<f64>() / 6.0;
    eprintln!("cost {mean:.4} of last week's rule");
    assert!(mean < 0.65, "{mean}");
    assert!(ours.iter().zip(&floor).all(|(ours, floor)| ours.whole.cost < floor.whole.cost));
    // Nobody pays less than a buyer who knows all days.
    let least = stage.least_cost_per_unit(2);
    for (ours, least) in ours.iter().zip(&least) {
        let (ours, least) = (ours.whole.cost_per_unit(), least.unwrap());
        assert!(least > 0.0 && least < ours, "{ours} {least}");
    }
}
