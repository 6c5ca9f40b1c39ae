//! The public instances: read, their published costs reproduced by the checker, and planned.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a test may stop, says when it is skipped and what it measured, and its costs are small"
)]

use std::fs;
use std::path::PathBuf;

use routing::check::check;
use routing::formats::{Rounding, solomon, solution, vrplib};
use routing::solve::{Budget, Clock, Objective, Settings, solve};

fn folder(name: &str) -> Option<PathBuf> {
    let found = std::env::var_os("FRESHET_TEST_DATA").map(|root| PathBuf::from(root).join("routing").join(name));
    if found.is_none() {
        println!("skipped: no data");
    }
    found
}

/// Several depots, several trips with releases, prizes, a mixed fleet: the published costs, and how many units of them
/// are one of the instance's own.
const PUBLISHED: [(&str, i64, i64); 6] = [
    ("HFVRP-X101-FSMFD", 3_517_024, 100),
    ("MDVRPTW-PR11A", 6_655_548, 1),
    ("MDVRPTW-PR15B", 10_223_105, 1),
    ("MTVRPTWR-C201R0.25", 15_006, 1),
    ("MTVRPTWR-RC205R0.5", 18_190, 1),
    ("PCVRPTW-RC2_10_3", 153_929, 1),
];

#[test]
fn published_costs_of_the_rich_instances_are_reproduced() {
    let Some(folder) = folder("rich") else { return };

    for (name, cost, parts) in PUBLISHED {
        let instance = vrplib::read(&fs::read_to_string(folder.join(format!("{name}.vrp"))).unwrap()).unwrap();
        let known = solution::read(&fs::read_to_string(folder.join(format!("{name}.sol"))).unwrap()).unwrap();
        let plan = known.plan(&instance.problem, instance.depots).unwrap();
        let verdict = check(&instance.problem, &plan);

        assert_eq!(verdict.violations, [], "{name}");
        assert_eq!(verdict.cost.unserved, 0, "{name}");
        // Ten-thousandths of an arc, rounded, do not add up to a unit of the published cost.
        let unit = instance.cost_unit / parts;
        assert_eq!((verdict.cost.total() + unit / 2) / unit, cost, "{name}");
    }
}

#[test]
fn rich_instances_are_planned_soundly() {
    let Some(folder) = folder("rich") else { return };
    for (name, iterations) in
        [("HFVRP-X101-FSMFD", 2_000), ("MDVRPTW-PR11A", 300), ("MTVRPTWR-C201R0.25", 500), ("PCVRPTW-RC2_10_3", 1_000)]
    {
        let instance = vrplib::read(&fs::read_to_string(folder.join(format!("{name}.vrp"))).unwrap()).unwrap();
        let settings = Settings { budget: Budget::iterations(iterations), ..Settings::default() };
        let answer = solve(&instance.problem, None, &settings).unwrap();
        let verdict = check(&instance.problem, &answer.plan);

        assert_eq!(verdict.violations, [], "{name}");
        if verdict.cost.unserved == 0 {
            assert_eq!(verdict.cost.total(), answer.cost, "{name}");
        }
    }
}

#[test]
fn all_solomon_files_are_planned_soundly_for_both_aims() {
    let Some(folder) = folder("vrptw") else { return };
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    files.sort();
    assert!(!files.is_empty());

    for file in files {
        let instance = solomon::read(&fs::read_to_string(&file).unwrap()).unwrap();
        for (rounding, objective) in
            [(Rounding::Dimacs, Objective::CostOnly), (Rounding::Exact, Objective::VehiclesFirst)]
        {
            let problem = instance.problem(rounding).unwrap();
            let settings = Settings { budget: Budget::iterations(1_000), objective, ..Settings::default() };
            let answer = solve(&problem, None, &settings).unwrap();
            let verdict = check(&problem, &answer.plan);

            assert_eq!(verdict.violations, [], "{}", file.display());
            assert_eq!(answer.plan.unassigned, [], "{}", file.display());
            assert_eq!(verdict.cost.total(), answer.cost, "{}", file.display());
            if rounding == Rounding::Exact {
                let routes = solution::Solution::of(&problem, &answer.plan, 1).routes;
                assert_eq!(instance.measure(&routes).1, Ok(()), "{}", file.display());
            }
        }
    }
}

/// The processor time of this thread, as Linux tells it; it counts up when the thread gives way.
struct ThreadTime;

impl Clock for ThreadTime {
    fn now_us(&self) -> u64 {
        std::thread::yield_now();
        let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split(' ').next().unwrap().parse::<u64>().unwrap() / 1_000
    }
}

/// `cargo test --workspace --test instances -- --ignored --nocapture`: half a minute of one core comes within 3 % of
/// every published cost.
#[test]
#[ignore = "measures; takes three minutes"]
fn rich_instances_come_near_their_published_costs() {
    let Some(folder) = folder("rich") else { return };
    let mut far = Vec::new();
    for (name, published, parts) in PUBLISHED {
        let instance = vrplib::read(&fs::read_to_string(folder.join(format!("{name}.vrp"))).unwrap()).unwrap();
        let settings = Settings { budget: Budget::ms(30_000, &ThreadTime), ..Settings::default() };
        let answer = solve(&instance.problem, None, &settings).unwrap();
        let verdict = check(&instance.problem, &answer.plan);

        assert_eq!((verdict.violations, verdict.cost.unserved), (vec![], 0), "{name}");
        let unit = instance.cost_unit as f64 / parts as f64;
        let gap = verdict.cost.total() as f64 / unit / published as f64 * 100.0 - 100.0;
        println!("{name}: {gap:.2} % above {published}, {} iterations", answer.iterations);
        if gap > 3.0 {
            far.push(name);
        }
    }
    assert!(far.is_empty(), "{far:?}");
}
