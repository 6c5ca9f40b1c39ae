//! The bound of a buyer who knows all days to come, against the same days as a mixed-integer program.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use forecast::chance::Chance;
use forecast::replenish::{clairvoyant::least_cost, shop::Terms};
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome, Variable};

/// What lies on the shelf of one day, by how many days it can still be sold, and what of it is sold.
struct Shelf {
    stock: Vec<Variable>,
    sold: Vec<Variable>,
}

/// The least cost of these days, where whoever hands out may choose from which end.
fn by_solver(terms: &Terms, demand: &[i64]) -> f64 {
    let float = |whole: i64| f64::from(i32::try_from(whole).unwrap());
    let most = demand.iter().sum::<i64>() / terms.pack + 1;
    let mut days = Problem::new(OptimizationDirection::Minimize);
    let mut yesterday: Option<Shelf> = None;
    for (day, wanted) in demand.iter().enumerate() {
        let amount = |problem: &mut Problem, cost: f64| problem.add_var(cost, (0.0, f64::INFINITY));
        let stock: Vec<Variable> = (0..terms.life).map(|_| amount(&mut days, 0.0)).collect();
        let sold: Vec<Variable> = (0..terms.life).map(|_| amount(&mut days, 0.0)).collect();
        let lacking = amount(&mut days, terms.lost);
        let mut served: Vec<(Variable, f64)> = sold.iter().map(|sold| (*sold, 1.0)).collect();
        served.push((lacking, 1.0));
        days.add_constraint(served, ComparisonOp::Eq, float(*wanted));
        for (left, (stock, sold)) in stock.iter().zip(&sold).enumerate() {
            // What ends tonight is thrown away, the rest costs its night.
            let rest = amount(&mut days, if left == 0 { terms.outdated } else { terms.held });
            days.add_constraint([(*stock, 1.0), (*sold, -1.0), (rest, -1.0)], ComparisonOp::Eq, 0.0);
        }
        let cases = days.add_integer_var(0.0, (0, if day == 0 { 0 } else { i32::try_from(most).unwrap() }));
        days.add_constraint([(stock[terms.life - 1], 1.0), (cases, -float(terms.pack))], ComparisonOp::Eq, 0.0);
        for (left, stock) in stock.iter().enumerate().take(terms.life - 1) {
            match &yesterday {
                Some(shelf) => days.add_constraint(
                    [(*stock, 1.0), (shelf.stock[left + 1], -1.0), (shelf.sold[left + 1], 1.0)],
                    ComparisonOp::Eq,
                    0.0,
                ),
                None => days.add_constraint([(*stock, 1.0)], ComparisonOp::Eq, 0.0),
            }
        }
        yesterday = Some(Shelf { stock, sold });
    }
    match days.solve().unwrap() {
        SolveOutcome::Solution(found) => found.objective(),
        interrupted @ SolveOutcome::Interrupted(_) => panic!("{interrupted:?}"),
    }
}

/// A number from 0 to below `most`.
fn below(chance: &mut Chance, most: i32) -> i64 {
    let share = f64::from(most) * chance.share();
    i64::try_from((1..most).filter(|passed| f64::from(*passed) <= share).count()).unwrap()
}

#[test]
fn the_bound_is_what_a_solver_of_integer_programs_finds() {
    for seed in 0..12 {
        let mut chance = Chance::of(41, seed);
        let life = usize::try_from(2 + below(&mut chance, 3)).unwrap();
        let pack = 1 + below(&mut chance, 5);
        let demand: Vec<i64> = (0..10).map(|_| below(&mut chance, 9)).collect();
        // Where a night costs nothing, whoever knows all days does best to hand out what ends first.
        let terms = Terms { life, pack, held: 0.0, ..Terms::default() };
        let (told, found) = (least_cost(&terms, &demand).unwrap(), by_solver(&terms, &demand));
        assert!((told - found).abs() < 1e-6, "{terms:?} {demand:?}: {told}, the solver {found}");
        // Where it costs something, throwing away tonight what would end tomorrow may save a night.
        let terms = Terms { held: 0.01, ..terms };
        let (told, found) = (least_cost(&terms, &demand).unwrap(), by_solver(&terms, &demand));
        assert!(found < told + 1e-6 && told < found + 0.2, "{terms:?} {demand:?}: {told}, the solver {found}");
    }
}
