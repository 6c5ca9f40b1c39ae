//! Rules for a buyer, from the rule of thumb to thinking the next days through.

use std::ops::Range;

use super::joint::MarkDown;
use super::shop::{Issue, Morning, Stock, Terms};
use super::supply::{Days, Draw, Refused, Supply, even};
use crate::number;

/// A way the next days may go: what is wanted today, tomorrow, and so on, and how likely that is beside the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    pub weight: f64,
    pub demand: Vec<i64>,
}

/// What is expected, and all the ways it may go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ahead {
    /// What is expected today, tomorrow, …; at least one day more than goods live after they came.
    pub mean: Vec<f64>,
    pub scenarios: Vec<Scenario>,
}

impl Ahead {
    /// What the demand of these days together stays below in the share `level` of all ways.
    pub fn sum_below(&self, days: Range<usize>, level: f64) -> f64 {
        let sum = |one: &Scenario| one.demand.get(days.clone()).unwrap_or_default().iter().sum::<i64>();
        let mut sums: Vec<(i64, f64)> = self.scenarios.iter().map(|one| (sum(one), one.weight)).collect();
        sums.sort_by_key(|(sum, _)| *sum);
        let wanted = level * sums.iter().map(|(_, weight)| weight).sum::<f64>();
        let mut passed = 0.0;
        let reached = sums.iter().find(|(_, weight)| {
            passed += weight;
            passed >= wanted
        });
        reached.or(sums.last()).map_or(0.0, |(sum, _)| number::float(*sum))
    }
}

/// Why so much is ordered.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    pub ordered: i64,
    /// For how many days, today included, what is there and what is ordered must do.
    pub covers: usize,
    /// What is expected over these days, and over those by which goods may be late.
    pub expected: f64,
    /// What is there and on the way.
    pub position: i64,
    /// What of it is expected to end unsold before these goods come.
    pub ending: f64,
    /// What of what is ordered is expected to be refused at the door, in units.
    pub refused: f64,
    /// By which share of its price what ends tonight is to be cheaper; 0 where it is not.
    pub cut: f64,
    /// What each quantity that was thought through would cost on average over the days that it can reach.
    pub thought: Vec<(i64, f64)>,
}

impl Reason {
    /// What the quantity that is ordered would cost.
    fn least(&self) -> f64 {
        self.thought.iter().map(|(_, cost)| *cost).fold(f64::INFINITY, f64::min)
    }
}

/// What of an order is there only because goods are refused or come late or old: in units, against a supplier with whom
/// that never happens. Below zero where goods that may be late or old are better not bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    pub for_refusals: i64,
    pub for_lateness: i64,
    pub for_shorter_life: i64,
}

/// The rule of thumb: what was sold on the same day of last week, brought up from what is there.
pub fn last_week(terms: &Terms, morning: &Morning<'_>, same_day_last_week: &[f64]) -> i64 {
    let wanted: f64 = same_day_last_week.iter().sum();
    terms.whole(wanted - number::float(morning.position()))
}

/// What is expected until goods of the next order come, late vans included.
pub fn expected(terms: &Terms, supply: &Supply, morning: &Morning<'_>, ahead: &Ahead) -> f64 {
    expected_from(terms, supply, morning.date, 0, ahead)
}

fn expected_from(terms: &Terms, supply: &Supply, date: i64, day: usize, ahead: &Ahead) -> f64 {
    let mean = |at: usize| ahead.mean.get(at).copied().unwrap_or(0.0);
    let covers = supply.covers(on(date, day), terms.lead);
    let sum: f64 = (day..day + covers).map(mean).sum();
    sum + supply.late.mean() * sum / number::count(covers)
}

fn on(date: i64, day: usize) -> i64 {
    date + i64::try_from(day).unwrap_or(0)
}

/// Up to a level, and as much more as is expected to end before the order comes (Broekmeulen and van Donselaar, 2009). Of
/// what is on the way as of what is ordered, the expected share is refused.
pub fn up_to(terms: &Terms, supply: &Supply, morning: &Morning<'_>, level: f64, today: f64) -> i64 {
    let ending = (number::float(morning.stock.oldest()) - today).max(0.0);
    let kept = 1.0 - supply.refused.mean();
    let position = number::float(morning.stock.whole()) + kept * number::float(morning.on_the_way());
    terms.whole((level - position + ending) / kept)
}

/// Thinks every quantity through: each is ordered in every way the next days may go, later orders follow the level, and
/// what that costs on average decides. All quantities meet the same luck.
#[derive(Clone, Copy, Debug)]
pub struct ThinkAhead {
    /// Later orders fill up to what is expected times this.
    pub cover: f64,
}

impl ThinkAhead {
    /// The quantity that costs least, the smallest of equals; nothing on a day on which the supplier takes no order.
    pub fn order(self, terms: &Terms, supply: &Supply, morning: &Morning<'_>, ahead: &Ahead) -> Reason {
        self.cheapest(&Ways::of(terms, supply, morning, ahead), None)
    }

    /// The same, and by how much what ends tonight is to be cheaper: the two that together cost least, the smaller cut of
    /// equals.
    pub fn order_and_mark(
        self,
        terms: &Terms,
        supply: &Supply,
        morning: &Morning<'_>,
        ahead: &Ahead,
        mark: &MarkDown,
    ) -> Reason {
        let ways = Ways::of(terms, supply, morning, ahead);
        let mut best = self.cheapest(&ways, None);
        for cut in mark.choices().skip(1).filter(|_| morning.stock.oldest() > 0) {
            let other = self.cheapest(&ways, Some((mark, cut)));
            if other.least() < best.least() - 1e-9 {
                best = other;
            }
        }
        best
    }

    fn cheapest(self, ways: &Ways<'_>, marked: Option<(&MarkDown, f64)>) -> Reason {
        let (terms, supply, morning, ahead) = (ways.terms, ways.supply, ways.morning, ways.ahead);
        let expected = expected(terms, supply, morning, ahead);
        let today = ahead.mean.first().copied().unwrap_or(0.0);
        let ending = (number::float(morning.stock.oldest()) - today).max(0.0);
        let mut thought: Vec<(i64, f64)> = Vec::new();
        let most = if supply.orders_on(morning.date, terms.lead) {
            terms.whole(2.0 * most(terms, supply, ahead) / ways.kept).max(terms.pack)
        } else {
            0
        };
        let mut quantity = 0;
        let mut risen = 0;
        while quantity <= most && risen < 3 {
            let cost = self.cost(ways, quantity, marked);
            risen = if thought.iter().any(|(_, other)| *other < cost) { risen + 1 } else { 0 };
            thought.push((quantity, cost));
            quantity = terms.whole(number::float(quantity + 1));
        }
        let best = thought.iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(quantity, _)| *quantity);
        Reason {
            ordered: best,
            covers: supply.covers(morning.date, terms.lead),
            expected,
            position: morning.position(),
            ending,
            refused: supply.refused.mean() * number::float(best),
            cut: marked.map_or(0.0, |(_, cut)| cut),
            thought,
        }
    }

    /// What of an order is there for what may happen to it, each by itself.
    pub fn added(self, terms: &Terms, supply: &Supply, morning: &Morning<'_>, ahead: &Ahead) -> Added {
        let order = |supply: &Supply| self.order(terms, supply, morning, ahead).ordered;
        let ordered = order(supply);
        let without = |supply: Supply| ordered - order(&supply);
        Added {
            for_refusals: without(Supply { refused: Refused::none(), ..supply.clone() }),
            for_lateness: without(Supply { late: Days::none(), ..supply.clone() }),
            for_shorter_life: without(Supply { shorter: Days::none(), ..supply.clone() }),
        }
    }

    fn cost(self, ways: &Ways<'_>, quantity: i64, marked: Option<(&MarkDown, f64)>) -> f64 {
        let (terms, supply, morning, ahead) = (ways.terms, ways.supply, ways.morning, ways.ahead);
        let mut on_order = Vec::with_capacity(terms.lead);
        let mut stock = Stock::empty(terms.life);
        let mut late: Vec<(usize, i64, Draw)> = Vec::new();
        let (mut sum, mut weights) = (0.0, 0.0);
        for (nth, scenario) in ahead.scenarios.iter().enumerate() {
            on_order.clear();
            on_order.extend_from_slice(morning.on_order);
            on_order[terms.lead - 1] = quantity;
            stock.clone_from(morning.stock);
            late.clear();
            late.extend(ways.overdue(nth));
            let mut cost = terms.bought * number::float(quantity);
            for day in 0..ways.days.min(scenario.demand.len()) {
                if day > 0 {
                    if on_order[0] > 0 {
                        let draw = ways.draw(nth, day);
                        late.push((day + draw.late, on_order[0], draw));
                    }
                    for (_, quantity, draw) in late.iter().filter(|(comes, ..)| *comes == day) {
                        let taken = Supply::taken(*quantity, draw, terms.life);
                        stock.receive(taken, terms.life - draw.shorter.min(terms.life));
                        cost -= terms.bought * number::float(quantity - taken);
                    }
                    late.retain(|(comes, ..)| *comes > day);
                    on_order.rotate_left(1);
                    // The last orders only matter behind the days that are looked at.
                    let matters = day + terms.lead < ways.days && supply.orders_on(on(morning.date, day), terms.lead);
                    on_order[terms.lead - 1] = if matters {
                        let known = on_order[..terms.lead - 1].iter().sum::<i64>()
                            + late.iter().map(|(_, quantity, _)| quantity).sum::<i64>();
                        self.later(ways, &stock, known, day)
                    } else {
                        0
                    };
                }
                let lacking = match marked {
                    Some((mark, cut)) if day == 0 => {
                        let sale = mark.sell(&mut stock, scenario.demand[day], cut, terms.issue);
                        cost += sale.cost;
                        sale.lacking
                    }
                    _ => stock.sell(scenario.demand[day], terms.issue),
                };
                let outdated = stock.night();
                cost += terms.lost * number::float(lacking)
                    + terms.outdated * number::float(outdated)
                    + terms.held * number::float(stock.whole());
                cost += terms.bought * if day > 0 { number::float(on_order[terms.lead - 1]) } else { 0.0 };
            }
            // What is left is worth what it would cost to buy.
            let coming = on_order.iter().sum::<i64>() + late.iter().map(|(_, quantity, _)| quantity).sum::<i64>();
            cost -= terms.bought * number::float(stock.whole() + coming);
            sum += scenario.weight * cost;
            weights += scenario.weight;
        }
        sum / weights.max(1e-12)
    }

    fn later(self, ways: &Ways<'_>, stock: &Stock, known: i64, day: usize) -> i64 {
        let today = ways.ahead.mean.get(day).copied().unwrap_or(0.0);
        let ending = (number::float(stock.oldest()) - today).max(0.0);
        let position = number::float(stock.whole()) + ways.kept * number::float(known);
        ways.terms.whole((self.cover * ways.expected[day] - position + ending) / ways.kept)
    }
}

/// Everything that may happen to what is ordered, worked out once for all quantities.
struct Ways<'a> {
    terms: &'a Terms,
    supply: &'a Supply,
    morning: &'a Morning<'a>,
    ahead: &'a Ahead,
    /// How many days are looked through: as long as the order can be sold.
    days: usize,
    kept: f64,
    /// By day, what is expected until goods of the order after that day's come.
    expected: Vec<f64>,
    /// For each way, what happens to each delivery that is late already, and to what is due on each of the days. Empty where
    /// all comes as agreed.
    draws: Vec<Draw>,
}

impl<'a> Ways<'a> {
    fn of(terms: &'a Terms, supply: &'a Supply, morning: &'a Morning<'a>, ahead: &'a Ahead) -> Self {
        let days = terms.lead + terms.life + supply.late.most();
        let expected = (0..days).map(|day| expected_from(terms, supply, morning.date, day, ahead)).collect();
        let kept = 1.0 - supply.refused.mean();
        let mut ways = Self { terms, supply, morning, ahead, days, kept, expected, draws: Vec::new() };
        if !supply.is_certain() {
            ways.draws = ways.drawn();
        }
        ways
    }

    fn width(&self) -> usize {
        self.morning.overdue.len() + self.days
    }

    fn drawn(&self) -> Vec<Draw> {
        let roots = even(4 * self.width());
        let draw = |way: usize, slot: usize| {
            let luck = |kind: usize| ((number::count(way) + 1.0) * roots[4 * slot + kind]).fract();
            let draw = Draw::of(self.supply, [luck(0), luck(1), luck(2), luck(3)]);
            match self.morning.overdue.get(slot) {
                Some(overdue) => Draw { late: self.supply.late.above(overdue.days + 1, luck(0)), ..draw },
                None => draw,
            }
        };
        let each = |way| (0..self.width()).map(move |slot| draw(way, slot));
        (0..self.ahead.scenarios.len()).flat_map(each).collect()
    }

    /// What happens in a way to what is due on a day.
    fn draw(&self, way: usize, day: usize) -> Draw {
        let at = way * self.width() + self.morning.overdue.len() + day;
        self.draws.get(at).copied().unwrap_or(Draw::AS_AGREED)
    }

    /// When what is late already comes in a way.
    fn overdue(&self, way: usize) -> impl Iterator<Item = (usize, i64, Draw)> {
        self.morning.overdue.iter().enumerate().map(move |(slot, overdue)| {
            let draw = self.draws.get(way * self.width() + slot).copied();
            // A buyer who knows of no lateness expects what is late on the next morning.
            let draw = draw.unwrap_or(Draw { late: overdue.days + 1, ..Draw::AS_AGREED });
            (draw.late - overdue.days, overdue.quantity, draw)
        })
    }
}

/// The most that the days could want which an order can serve.
fn most(terms: &Terms, supply: &Supply, ahead: &Ahead) -> f64 {
    let reach = terms.life + supply.late.most();
    let served = |scenario: &Scenario| scenario.demand.iter().skip(terms.lead).take(reach).sum::<i64>();
    number::float(ahead.scenarios.iter().map(served).max().unwrap_or(0))
}

/// What of a stock is expected to end unsold, by day, when so much is wanted each day and nothing else comes.
pub fn expected_ending(stock: &Stock, means: &[f64], issue: Issue) -> Vec<i64> {
    let mut stock = stock.clone();
    means
        .iter()
        .map(|mean| {
            stock.sell(number::whole(*mean), issue);
            stock.night()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead(demand: &[&[i64]]) -> Ahead {
        let scenarios: Vec<Scenario> =
            demand.iter().map(|demand| Scenario { weight: 1.0, demand: demand.to_vec() }).collect();
        let mean = |day: usize| {
            let sum: i64 = scenarios.iter().map(|scenario| scenario.demand[day]).sum();
            number::float(sum) / number::count(scenarios.len())
        };
        Ahead { mean: (0..4).map(mean).collect(), scenarios }
    }

    #[test]
    fn a_certain_demand_is_ordered_just() {
        let stock = Stock::of(&[0, 10, 0]);
        let morning = Morning { day: 0, date: 0, stock: &stock, on_order: &[0], overdue: &[] };
        let reason = ThinkAhead { cover: 1.0 }.order(
            &Terms::default(),
            &Supply::default(),
            &morning,
            &ahead(&[&[10, 12, 10, 10]]),
        );
        assert_eq!(reason.ordered, 12);
        assert_eq!((reason.position, reason.thought[0].0), (10, 0));
    }

    #[test]
    fn what_ends_tonight_is_replaced() {
        let stock = Stock::of(&[8, 0, 0]);
        let morning = Morning { day: 0, date: 0, stock: &stock, on_order: &[0], overdue: &[] };
        assert_eq!(up_to(&Terms::default(), &Supply::default(), &morning, 20.0, 5.0), 15);
        assert_eq!(expected_ending(&stock, &[5.0, 5.0], Issue::Fefo), [3, 0]);
    }

    #[test]
    fn the_dearer_it_is_to_lack_the_more_is_ordered() {
        let stock = Stock::empty(3);
        let morning = Morning { day: 0, date: 0, stock: &stock, on_order: &[0], overdue: &[] };
        let uncertain = ahead(&[&[5, 2, 2, 2], &[5, 9, 9, 9], &[5, 20, 4, 4]]);
        let order = |lost: f64| {
            ThinkAhead { cover: 1.0 }
                .order(&Terms { lost, ..Terms::default() }, &Supply::default(), &morning, &uncertain)
                .ordered
        };
        assert!(order(0.1) < order(0.6) && order(0.6) <= order(5.0));
    }
}
