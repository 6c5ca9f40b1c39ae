//! What is known beside the sales: it helps where it does something, and cannot harm where it does nothing.

use std::path::PathBuf;

use forecast::backtest::{Backtest, run};
use forecast::calendar::Calendar;
use forecast::chance::Chance;
use forecast::{Engine, Series, table};

const WEEK: [f64; 7] = [30.0, 25.0, 25.0, 30.0, 40.0, 60.0, 50.0];

fn noise(chance: &mut Chance) -> f64 {
    (0.15 * chance.normal()).exp()
}

/// Strawberries of which every promoted day sells twice as many, and every degree a hundredth more.
fn strawberries(key: u64, days: usize, known: usize, doubles: f64) -> Series {
    let mut chance = Chance::of(7, key);
    let mut promoted = false;
    let (mut sold, mut on_offer, mut degrees) = (Vec::new(), Vec::new(), Vec::new());
    for day in 0..days {
        promoted = if promoted { chance.share() < 0.6 } else { chance.share() < 0.1 };
        let warm = 18.0 + 8.0 * chance.normal();
        let lift = if promoted { doubles } else { 1.0 } * (0.01 * (warm - 18.0)).exp();
        sold.push((WEEK[day % 7] * lift * noise(&mut chance)).round());
        on_offer.push(Some(f64::from(u8::from(promoted))));
        degrees.push(Some(warm));
    }
    let series = Series::of(&format!("strawberries-{key}"), 0, &sold[..known]);
    Series { regressors: vec![on_offer, degrees], ..series }
}

fn past(origins: usize) -> Backtest {
    Backtest { origins, apart: 7, levels: vec![0.1, 0.5, 0.9], threads: 2 }
}

fn blind(panel: &[Series]) -> Vec<Series> {
    panel.iter().map(|series| Series { regressors: Vec::new(), ..series.clone() }).collect()
}

#[test]
fn an_offer_that_doubles_demand_is_learnt_and_told_ahead() {
    let panel: Vec<Series> = (0..3).map(|key| strawberries(key, 307, 300, 2.0)).collect();
    let (engine, blind) = (Engine::of(7, 7), blind(&panel));

    let told = engine.run(&panel, &[0.1, 0.9], 1);
    let (with, without) = (run(&engine, &panel, &past(6)).unwrap(), run(&engine, &blind, &past(6)).unwrap());

    for (told, series) in told.iter().zip(&panel) {
        for (ahead, effect) in told.effects.iter().enumerate() {
            let offered = series.regressors[0][300 + ahead] == Some(1.0);
            let degrees = series.regressors[1][300 + ahead].unwrap();
            let truth = if offered { 2.0 } else { 1.0 } * (0.01 * (degrees - 18.0)).exp();
            assert!((effect / truth - 1.0).abs() < 0.15, "{effect} instead of {truth}");
        }
        assert_eq!(told.effects.len(), 7);
    }
    assert!(with.engine.wape < 0.75 * without.engine.wape, "{} {}", with.engine.wape, without.engine.wape);
    let covered = with.engine.coverage[0].2;
    assert!((0.7..0.9).contains(&covered), "{covered}");
}

#[test]
fn what_does_nothing_changes_next_to_nothing() {
    let panel: Vec<Series> = (0..12)
        .map(|key| {
            let series = strawberries(key, 307, 300, 1.0);
            let mut chance = Chance::of(11, key);
            let dice = (0..307).map(|_| Some(chance.share())).collect();
            let coin = (0..307).map(|_| Some(f64::from(u8::from(chance.share() < 0.2)))).collect();
            Series { regressors: vec![dice, coin], ..series }
        })
        .collect();
    let engine = Engine::of(7, 7);

    let told = engine.run(&panel, &[0.5], 1);
    let (with, without) = (run(&engine, &panel, &past(4)).unwrap(), run(&engine, &blind(&panel), &past(4)).unwrap());

    let used = told.iter().filter(|one| !one.effects.is_empty()).count();
    assert!(used <= 2, "{used} of 12 use what does nothing");
    assert!(with.engine.wape < 1.005 * without.engine.wape, "{} {}", with.engine.wape, without.engine.wape);
}

/// Three years of moon cakes and of rice, of which only the cakes know the moon.
#[test]
fn the_week_before_mid_autumn_is_told_a_year_later() {
    let first = table::day("2022-10-01").unwrap();
    let days = usize::try_from(table::day("2025-09-29").unwrap() - first).unwrap();
    let names = Calendar::Taiwan.names();
    let columns = Calendar::Taiwan.columns(first, days + 14);
    let before = &columns[names.iter().position(|name| name == "mid_autumn_before").unwrap()];
    let series = |key: u64, lift: f64| {
        let mut chance = Chance::of(3, key);
        let sold: Vec<f64> =
            (0..days).map(|day| (WEEK[day % 7] * (lift * before[day]).exp() * noise(&mut chance)).round()).collect();
        Series::of(&key.to_string(), first, &sold)
    };
    let panel: Vec<Series> = (0..3).map(|key| series(key, 1.5)).collect();

    let told = Engine::of(7, 7).keeping(Some(Calendar::Taiwan)).run(&panel, &[0.5], 1);

    // Mid-autumn is 2025-10-06: the last of these days are before it.
    for one in &told {
        let (begin, end) = (one.effects[0], one.effects[6]);
        assert!(begin < 1.3 && end > 3.0, "{:?}", one.effects);
    }
}

#[test]
fn on_public_series_the_calendar_does_no_harm() {
    for name in ["french_bakery_daily.csv", "yaz_restaurant_daily.csv", "m5_foods_daily.csv"] {
        let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
            eprintln!("skipped: no data");
            return;
        };
        let text = std::fs::read_to_string(PathBuf::from(folder).join("forecast").join(name)).unwrap();
        let panel = table::read(&text).unwrap().series;
        let mase = |engine: &Engine| run(engine, &panel, &past(4)).unwrap().engine.mase;
        let (without, with) = (mase(&Engine::of(7, 7)), mase(&Engine::of(7, 7).keeping(Some(Calendar::China))));
        eprintln!("{name}: {with:.4}, without {without:.4}");
        assert!(with < 1.01 * without, "{name}: {with} {without}");
    }
}
