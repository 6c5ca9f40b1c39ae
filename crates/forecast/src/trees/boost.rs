//! Boosted trees for one quantile: each round a small tree is grown on which side of the forecast so far things came, its
//! leaves take the quantile of what is left there, and a tenth of it is added (Friedman, 2001; Ke et al., 2017, for
//! features in bins).

use crate::number;

/// What every learner of this kind begins with (Friedman, 2001): small steps, and enough of them to arrive.
const PACE: f64 = 0.1;
const ROUNDS: usize = 50;
/// How often a tree asks before it answers. Three questions hear of things that only count together.
const DEPTH: usize = 3;
/// A leaf stands for so many rows at least.
const LEAF_MIN: f64 = 20.0;
/// How many rows without any news each leaf is taken to have beside its own.
const DOUBT: f64 = 1.0;
/// So many bins tell the values of a feature apart, read from so many rows.
const BINS: usize = 32;
const BINS_READ: usize = 4_000;

/// What is known of many cases, and what came of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows<const WIDTH: usize> {
    pub(crate) features: Vec<[f64; WIDTH]>,
    pub(crate) came: Vec<f64>,
    pub(crate) weights: Vec<f64>,
}

/// Trees that tell one quantile together.
#[derive(Clone, Debug)]
pub(crate) struct Forest<const WIDTH: usize> {
    base: f64,
    trees: Vec<Vec<Node>>,
}

#[derive(Clone, Copy, Debug)]
enum Node {
    /// What is added here.
    Leaf(f64),
    /// Values of the feature up to the edge go left, and the node to the right of it follows at once.
    Split { feature: usize, edge: f64, left: usize },
}

/// A place where rows part.
#[derive(Clone, Copy, Debug)]
struct Cut {
    gain: f64,
    feature: usize,
    bin: usize,
}

/// Sums over some rows: which way they pull, and what they weigh.
#[derive(Clone, Copy, Debug, Default)]
struct Pull {
    sum: f64,
    weight: f64,
}

impl<const WIDTH: usize> Rows<WIDTH> {
    pub(crate) fn add(&mut self, features: [f64; WIDTH], came: f64, weight: f64) {
        self.features.push(features);
        self.came.push(came);
        self.weights.push(weight);
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.features.extend_from_slice(&other.features);
        self.came.extend_from_slice(&other.came);
        self.weights.extend_from_slice(&other.weights);
    }
}

impl<const WIDTH: usize> Forest<WIDTH> {
    /// Learns the quantile `level` of what came. None of fewer rows than two leaves need.
    pub(crate) fn learnt(rows: &Rows<WIDTH>, level: f64) -> Option<Self> {
        let count = number::count(rows.came.len());
        let sum: f64 = rows.weights.iter().sum();
        if count < 2.0 * LEAF_MIN || sum <= 0.0 {
            return None;
        }
        let weights: Vec<f64> = rows.weights.iter().map(|weight| weight * count / sum).collect();
        let bins = Bins::of(&rows.features);
        let base = quantile(&mut rows.came.iter().copied().zip(weights.iter().copied()).collect::<Vec<_>>(), level);
        let mut told = vec![base; rows.came.len()];
        let mut pulls = vec![Pull::default(); rows.came.len()];
        let mut trees = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            for (at, pull) in pulls.iter_mut().enumerate() {
                let side = if rows.came[at] > told[at] { level } else { level - 1.0 };
                *pull = Pull { sum: weights[at] * side, weight: weights[at] };
            }
            trees.push(bins.grown(&pulls, &rows.came, &mut told, level));
        }
        Some(Self { base, trees })
    }

    pub(crate) fn tell(&self, features: &[f64; WIDTH]) -> f64 {
        let added = |tree: &Vec<Node>| {
            let mut at = 0;
            loop {
                match tree.get(at) {
                    Some(Node::Leaf(added)) => return *added,
                    Some(Node::Split { feature, edge, left }) => {
                        at = left + usize::from(features[*feature] > *edge);
                    }
                    None => return 0.0,
                }
            }
        };
        self.base + self.trees.iter().map(added).sum::<f64>()
    }
}

/// The features of all rows in bins, by feature.
struct Bins {
    edges: Vec<Vec<f64>>,
    columns: Vec<Vec<u8>>,
}

impl Bins {
    fn of<const WIDTH: usize>(features: &[[f64; WIDTH]]) -> Self {
        let every = features.len().div_ceil(BINS_READ).max(1);
        let edges: Vec<Vec<f64>> =
            (0..WIDTH).map(|feature| edges(features.iter().step_by(every).map(|row| row[feature]).collect())).collect();
        let bin = |edges: &[f64], value: f64| u8::try_from(edges.partition_point(|edge| *edge < value)).unwrap_or(0);
        let column =
            |(feature, edges): (usize, &Vec<f64>)| features.iter().map(|row| bin(edges, row[feature])).collect();
        let columns = edges.iter().enumerate().map(column).collect();
        Self { edges, columns }
    }

    /// One tree, by whose leaves what is told moves on.
    fn grown(&self, pulls: &[Pull], came: &[f64], told: &mut [f64], level: f64) -> Vec<Node> {
        let mut nodes = vec![Node::Leaf(0.0)];
        let mut open: Vec<(usize, Vec<usize>)> = vec![(0, (0..pulls.len()).collect())];
        for depth in 0..=DEPTH {
            let mut deeper = Vec::new();
            for (node, rows) in open {
                let cut = (depth < DEPTH).then(|| self.cut(&rows, pulls)).flatten();
                let Some(cut) = cut else {
                    let rest = |at: &usize| (came[*at] - told[*at], pulls[*at].weight);
                    let mut rest: Vec<(f64, f64)> = rows.iter().map(rest).collect();
                    let added = PACE * quantile(&mut rest, level);
                    for at in rows {
                        told[at] += added;
                    }
                    nodes[node] = Node::Leaf(added);
                    continue;
                };
                let column = &self.columns[cut.feature];
                let (left, right) = rows.into_iter().partition(|at| usize::from(column[*at]) <= cut.bin);
                let edge = self.edges[cut.feature][cut.bin];
                nodes[node] = Node::Split { feature: cut.feature, edge, left: nodes.len() };
                deeper.extend([(nodes.len(), left), (nodes.len() + 1, right)]);
                nodes.extend([Node::Leaf(0.0), Node::Leaf(0.0)]);
            }
            open = deeper;
        }
        nodes
    }

    /// Where rows part that pull to different sides, most of all such places.
    fn cut(&self, rows: &[usize], pulls: &[Pull]) -> Option<Cut> {
        let score = |pull: Pull| pull.sum * pull.sum / (pull.weight + DOUBT);
        let mut best: Option<Cut> = None;
        for (feature, column) in self.columns.iter().enumerate() {
            let mut bins = [Pull::default(); BINS + 1];
            for at in rows {
                bins[usize::from(column[*at])].add(pulls[*at]);
            }
            let mut all = Pull::default();
            for bin in &bins {
                all.add(*bin);
            }
            let mut left = Pull::default();
            for (bin, pull) in bins.iter().enumerate().take(self.edges[feature].len()) {
                left.add(*pull);
                let right = Pull { sum: all.sum - left.sum, weight: all.weight - left.weight };
                if left.weight < LEAF_MIN || right.weight < LEAF_MIN {
                    continue;
                }
                let gain = score(left) + score(right) - score(all);
                if gain > best.map_or(1e-9, |best| best.gain) {
                    best = Some(Cut { gain, feature, bin });
                }
            }
        }
        best
    }
}

impl Pull {
    fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.weight += other.weight;
    }
}

/// The highest values of all bins but the last: as many values in each, or one value where there are few.
fn edges(mut values: Vec<f64>) -> Vec<f64> {
    number::sort(&mut values);
    let count = values.len();
    let mut edges: Vec<f64> =
        (1..BINS).filter_map(|bin| values.get((bin * count / BINS).checked_sub(1)?)).copied().collect();
    edges.dedup();
    let highest = values.last().copied().unwrap_or(0.0);
    edges.retain(|edge| *edge < highest);
    edges
}

/// The value that the share `level` of all weight does not pass.
fn quantile(values: &mut [(f64, f64)], level: f64) -> f64 {
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let wanted = level * values.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut passed = 0.0;
    for (value, weight) in values.iter() {
        passed += weight;
        if passed >= wanted {
            return *value;
        }
    }
    values.last().map_or(0.0, |(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What came is ten times the first feature, give or take ten evenly; the second says nothing.
    fn rows(count: usize) -> Rows<2> {
        let mut rows = Rows::default();
        for at in 0..count {
            let first = number::count(at % 5);
            let stray = number::count(at * 7_919 % 2_001) / 100.0 - 10.0;
            rows.add([first, number::count(at * 31 % 17)], 10.0 * first + stray, 1.0);
        }
        rows
    }

    #[test]
    fn each_quantile_is_learnt_where_it_lies() {
        for level in [0.1, 0.5, 0.9] {
            let forest = Forest::learnt(&rows(4_000), level).expect("enough rows");
            for first in [0.0, 2.0, 4.0] {
                let (told, truth) = (forest.tell(&[first, 8.0]), 10.0 * first + 20.0 * level - 10.0);
                assert!((told - truth).abs() < 1.5, "{level} {first}: {told} instead of {truth}");
            }
        }
    }

    #[test]
    fn heavier_rows_count_for_more_and_few_rows_for_nothing() {
        let mut rows = Rows::default();
        for at in 0..100 {
            let heavy = at % 2 == 0;
            rows.add([1.0], if heavy { 5.0 } else { 1.0 }, if heavy { 3.0 } else { 1.0 });
        }
        let forest = Forest::learnt(&rows, 0.5).expect("enough rows");
        assert!((forest.tell(&[1.0]) - 5.0).abs() < 1e-9);
        assert!(Forest::learnt(&Rows::<1>::default(), 0.5).is_none());
    }
}
