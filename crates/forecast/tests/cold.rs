//! Products that nobody has sold yet, or only for days, told from their category.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::path::PathBuf;

use forecast::chance::Chance;
use forecast::drift::Drift;
use forecast::{Engine, Learnt, Series, Used, table};

const HORIZON: usize = 7;

/// Goods of a category: their weekends sell so many times their other days, their levels differ by half.
fn goods(category: &str, weekend: f64, count: u64) -> Vec<Series> {
    let of = |nth: u64| {
        let mut chance = Chance::of(17, nth);
        let level = 40.0 * (0.4 * chance.normal()).exp();
        let sold: Vec<f64> = (0..160)
            .map(|day| level * if day % 7 >= 5 { weekend } else { 1.0 } * (0.2 * chance.normal()).exp())
            .map(f64::round)
            .collect();
        Series { category: category.to_owned(), ..Series::of(&format!("{category}-{nth}"), 0, &sold) }
    };
    (0..count).map(of).collect()
}

/// The set as it was `back` steps before its end, when the `new`th had been sold for `days` days.
fn young(panel: &[Series], back: usize, new: usize, days: usize) -> Vec<Series> {
    let cut = |(nth, series): (usize, &Series)| {
        let end = series.steps.len() - back;
        let mut cut = series.before(end);
        if nth == new {
            cut.steps.drain(..end - days);
            cut.first += i64::try_from(end - days).unwrap();
        }
        cut
    };
    panel.iter().enumerate().map(cut).collect()
}

/// How far the new ones of a set are off, told from their category and from their own days, by all they sold; and which share
/// of their days lay in the band of 80 %.
struct Tried {
    category: f64,
    own: f64,
    covered: f64,
}

fn tried(panel: &[Series], days: usize, origins: usize) -> Tried {
    let engine = Engine::of(7, HORIZON);
    let (mut category, mut own, mut all, mut covered, mut steps) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for back in (0..origins).map(|origin| HORIZON + 14 * origin) {
        for new in 0..panel.len() {
            let known = young(panel, back, new, days);
            let told = |learnt: Learnt| engine.outlook(&learnt, &Drift::none(), &[0.1, 0.9]);
            let beside = told(engine.learn_beside(&known[new], &engine.peers(&known, 1)));
            let alone = told(engine.learn(&known[new]));
            let truth = &panel[new];
            let usual = truth.known().iter().sum::<f64>() / f64::from(u32::try_from(truth.steps.len()).unwrap());
            let begin = truth.steps.len() - back;
            for ahead in 0..HORIZON {
                let came = truth.steps[begin + ahead].sold.unwrap();
                category += (beside.median[ahead] - came).abs() / usual;
                own += (alone.median[ahead] - came).abs() / usual;
                all += came / usual;
                let [low, high] = [0, 1].map(|at| beside.quantiles[ahead][at]);
                covered += f64::from(u8::from((low..=high).contains(&came)));
                steps += 1.0;
            }
        }
    }
    Tried { category: category / all, own: own / all, covered: covered / steps }
}

#[test]
fn new_goods_are_told_better_from_their_category_and_with_honest_doubt() {
    let panel = goods("bread", 1.8, 12);
    for days in [0, 1, 3, 7] {
        let tried = tried(&panel, days, 3);
        assert!(tried.category < 0.95 * tried.own, "{days} days: {} {}", tried.category, tried.own);
        assert!((0.7..=0.95).contains(&tried.covered), "{days} days: {}", tried.covered);
    }
}

#[test]
fn a_new_product_sells_through_the_week_as_its_own_category_does() {
    let mut panel = goods("bread", 2.0, 6);
    panel.extend(goods("lunch", 0.3, 6));
    let fresh = |category: &str| Series { category: category.to_owned(), ..Series::of("new", 160, &[]) };
    panel.extend([fresh("bread"), fresh("lunch"), fresh("toys")]);

    let told = Engine::of(7, HORIZON).run(&panel, &[0.1, 0.5, 0.9], 2);

    let [bread, lunch, toys] = [12, 13, 14].map(|at| &told[at]);
    // Day 160 is a Sunday, and 161 a Monday.
    assert!(bread.median[0] > 1.7 * bread.median[1] && lunch.median[0] < 0.5 * lunch.median[1]);
    assert_eq!([bread.used, lunch.used], [Used::Category; 2]);
    for one in [bread, lunch] {
        let [low, middle, high] = [0, 1, 2].map(|at| one.quantiles[1][at]);
        assert!(0.7 * middle > low && low > 0.0 && high > 1.3 * middle, "{low} {middle} {high}");
    }
    // Of a category of which nothing is known nothing is said.
    assert_eq!((toys.used, toys.median.clone()), (Used::Members, vec![0.0; HORIZON]));
    // Those that are not new are told as ever.
    let old = Engine::of(7, HORIZON).run(&panel[..12], &[0.1, 0.5, 0.9], 1);
    assert_eq!(told[..12], old);
}

#[test]
fn the_ways_of_a_new_product_lie_around_what_is_told() {
    let mut panel = goods("bread", 1.5, 8);
    panel.push(Series { category: "bread".into(), ..Series::of("new", 160, &[]) });
    let engine = Engine::of(7, HORIZON);

    let ahead = engine.ahead(&engine.learn_beside(&panel[8], &engine.peers(&panel, 1)), &Drift::none());

    let mean: f64 = ahead.mean.iter().sum();
    assert!(ahead.sum_below(0..7, 0.1) < mean && mean < ahead.sum_below(0..7, 0.9), "{mean}");
}

#[test]
fn held_out_goods_of_public_sets_lie_in_the_band() {
    for (name, days, better) in [
        ("store_item_daily.csv", 3, 0.7),
        ("store_item_daily.csv", 0, 0.6),
        ("yaz_restaurant_daily.csv", 7, 1.01),
        ("french_bakery_daily.csv", 7, 1.03),
        ("m5_foods_daily.csv", 7, 1.01),
    ] {
        let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
            eprintln!("skipped: no data");
            return;
        };
        let text = std::fs::read_to_string(PathBuf::from(folder).join("forecast").join(name)).unwrap();
        let tried = tried(&table::read(&text).unwrap().series, days, 8);
        eprintln!(
            "{name}, {days} days: WAPE {:.3}, of its own days {:.3}, band of 80 % holds {:.3}",
            tried.category, tried.own, tried.covered
        );
        assert!(tried.category < better * tried.own, "{name} {days}");
        assert!((0.7..=0.95).contains(&tried.covered), "{name} {days}: {}", tried.covered);
    }
}
