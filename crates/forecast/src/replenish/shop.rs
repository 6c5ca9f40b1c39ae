//! A shop in numbers: goods come in the morning, customers take them, what has reached its last day is thrown away at
//! night. The same days and the same luck for every policy that is compared.

use super::joint::{MarkDown, Sale};
use super::supply::{Draw, Luck, Supply};
use crate::number;

/// Which goods customers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issue {
    /// What ends first is handed out first.
    Fefo,
    /// Customers reach for the freshest.
    Lifo,
}

/// The goods and what their fate costs, for a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// For how many days goods can be sold, the day on which they come included.
    pub life: usize,
    /// How many days after the order they come; 1 is tomorrow morning.
    pub lead: usize,
    /// How many units a case holds.
    pub pack: i64,
    /// The least that a supplier brings.
    pub minimum: i64,
    pub issue: Issue,
    /// What a unit costs to buy, as far as it is not earned back by selling it.
    pub bought: f64,
    /// What a unit costs that somebody wanted and did not get.
    pub lost: f64,
    /// What a unit costs that nobody wanted in time.
    pub outdated: f64,
    /// What a unit costs for a night.
    pub held: f64,
}

impl Default for Terms {
    /// Bread: ordered for tomorrow morning by the piece and sold for three days. A loaf that lacks costs more than one that
    /// is left over, and a night on the shelf next to nothing.
    fn default() -> Self {
        Self {
            life: 3,
            lead: 1,
            pack: 1,
            minimum: 0,
            issue: Issue::Fefo,
            bought: 0.0,
            lost: 0.6,
            outdated: 0.4,
            held: 0.01,
        }
    }
}

impl Terms {
    /// Whole cases, enough of them, and nothing below the least that is brought.
    pub fn whole(&self, wanted: f64) -> i64 {
        let pack = self.pack.max(1);
        let wanted = number::whole(wanted.ceil().max(0.0));
        let cases = (wanted + pack - 1).div_euclid(pack) * pack;
        if cases > 0 && cases < self.minimum { (self.minimum + pack - 1).div_euclid(pack) * pack } else { cases }
    }
}

/// What lies on the shelf, by how many days it can still be sold; first what ends today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stock {
    by_life: Vec<i64>,
}

impl Stock {
    pub fn empty(life: usize) -> Self {
        Self { by_life: vec![0; life.max(1)] }
    }

    /// So much of each life, what ends today first.
    pub fn of(by_life: &[i64]) -> Self {
        Self { by_life: by_life.to_vec() }
    }

    pub fn whole(&self) -> i64 {
        self.by_life.iter().sum()
    }

    /// What ends tonight.
    pub fn oldest(&self) -> i64 {
        self.by_life.first().copied().unwrap_or(0)
    }

    pub fn by_life(&self) -> &[i64] {
        &self.by_life
    }

    /// Goods that can be sold for so many days, today included. What comes too late to be sold is not taken in.
    pub fn receive(&mut self, quantity: i64, life: usize) {
        if let Some(slot) = life.checked_sub(1).and_then(|slot| self.by_life.get_mut(slot)) {
            *slot += quantity;
        }
    }

    /// Hands out what is wanted, as far as it is there. What is lacking.
    pub fn sell(&mut self, wanted: i64, issue: Issue) -> i64 {
        let mut open = wanted.max(0);
        let mut take = |slot: &mut i64| {
            let taken = open.min(*slot);
            *slot -= taken;
            open -= taken;
        };
        match issue {
            Issue::Fefo => self.by_life.iter_mut().for_each(&mut take),
            Issue::Lifo => self.by_life.iter_mut().rev().for_each(&mut take),
        }
        open
    }

    /// Takes out so much of what ends today, as far as it is there. What was taken.
    pub(crate) fn take_oldest(&mut self, quantity: i64) -> i64 {
        let Some(oldest) = self.by_life.first_mut() else { return 0 };
        let taken = quantity.clamp(0, *oldest);
        *oldest -= taken;
        taken
    }

    /// The night: what ended is thrown away, everything else is a day older. What was thrown away.
    pub fn night(&mut self) -> i64 {
        let ended = self.oldest();
        self.by_life.rotate_left(1);
        if let Some(freshest) = self.by_life.last_mut() {
            *freshest = 0;
        }
        ended
    }
}

/// What a buyer sees in the morning, before the doors open: the goods of today have come.
#[derive(Clone, Copy, Debug)]
pub struct Morning<'a> {
    /// Which day of the trial.
    pub day: usize,
    /// The same in days since a Monday.
    pub date: i64,
    pub stock: &'a Stock,
    /// What is due on the next mornings; tomorrow first. Today's order is not among it.
    pub on_order: &'a [i64],
    /// What should have come and has not.
    pub overdue: &'a [Overdue],
}

/// A delivery that is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    pub quantity: i64,
    /// For how many days; 0 if it was due this morning.
    pub days: usize,
}

impl Morning<'_> {
    pub fn position(&self) -> i64 {
        self.stock.whole() + self.on_the_way()
    }

    /// What was ordered and has not come.
    pub fn on_the_way(&self) -> i64 {
        self.on_order.iter().sum::<i64>() + self.overdue.iter().map(|late| late.quantity).sum::<i64>()
    }
}

/// What came of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Result {
    pub wanted: i64,
    pub sold: i64,
    pub ordered: i64,
    /// What of it was refused at the door.
    pub refused: i64,
    /// What was sold at a lower price, and what of it to customers who came only for that; these were not wanted before.
    pub marked: i64,
    pub drawn: i64,
    pub outdated: i64,
    pub held: i64,
    pub cost: f64,
}

impl Result {
    /// Cost for each unit wanted.
    pub fn cost_per_unit(&self) -> f64 {
        self.cost / number::float(self.wanted).max(1.0)
    }

    /// The share of what was wanted that was there.
    pub fn fill(&self) -> f64 {
        number::float(self.sold) / number::float(self.wanted).max(1.0)
    }

    /// The share of what was ordered that was thrown away.
    pub fn waste(&self) -> f64 {
        number::float(self.outdated) / number::float(self.ordered).max(1.0)
    }

    fn add_day(&mut self, wanted: i64, lacking: i64, outdated: i64, held: i64, terms: &Terms) {
        let float = number::float;
        self.wanted += wanted;
        self.sold += wanted - lacking;
        self.outdated += outdated;
        self.held += held;
        self.cost += terms.lost * float(lacking) + terms.outdated * float(outdated) + terms.held * float(held);
    }
}

/// Lets a buyer work through the days. It begins with empty shelves and nothing on order, and what is ordered on the
/// last days still comes and may outlast the trial.
///
/// ```
/// use forecast::replenish::shop::{Terms, trial};
///
/// let terms = Terms { life: 2, ..Terms::default() };
/// // Ten are wanted daily and ten ordered daily: only the first day has nothing.
/// let result = trial(&terms, &[10; 5], |_| 10);
/// assert_eq!((result.sold, result.outdated), (40, 0));
/// ```
pub fn trial(terms: &Terms, demand: &[i64], mut buyer: impl FnMut(&Morning<'_>) -> i64) -> Result {
    let (supply, luck) = (Supply::default(), Luck::of(0, ""));
    let mut shop = Shop::open(terms, &supply, &luck, 0);
    for wanted in demand {
        shop.receive();
        let order = buyer(&shop.morning());
        shop.trade(order, *wanted);
    }
    shop.result
}

/// A shop that is being worked through, day by day: [`Shop::receive`], look at the [`Shop::morning`], [`Shop::trade`].
#[derive(Clone, Debug)]
pub struct Shop<'a> {
    terms: &'a Terms,
    supply: &'a Supply,
    luck: &'a Luck,
    first: i64,
    day: usize,
    stock: Stock,
    on_order: Vec<i64>,
    late: Vec<Late>,
    overdue: Vec<Overdue>,
    pub result: Result,
}

/// What is late, and the day on which it will come, which nobody knows.
#[derive(Clone, Copy, Debug)]
struct Late {
    quantity: i64,
    due: usize,
    comes: usize,
    draw: Draw,
}

impl<'a> Shop<'a> {
    /// With empty shelves and nothing on order. The first day is so many days after a Monday.
    pub fn open(terms: &'a Terms, supply: &'a Supply, luck: &'a Luck, first: i64) -> Self {
        Self {
            terms,
            supply,
            luck,
            first,
            day: 0,
            stock: Stock::empty(terms.life),
            on_order: vec![0; terms.lead.max(1)],
            late: Vec::new(),
            overdue: Vec::new(),
            result: Result::default(),
        }
    }

    fn date(&self) -> i64 {
        self.first + i64::try_from(self.day).unwrap_or(0)
    }

    /// What is due comes, unless it is late, and what was late and comes today.
    pub fn receive(&mut self) {
        let due = self.on_order[0];
        self.on_order.rotate_left(1);
        let last = self.on_order.len() - 1;
        self.on_order[last] = 0;
        if due > 0 {
            let draw = self.luck.draw(self.supply, self.date());
            self.late.push(Late { quantity: due, due: self.day, comes: self.day + draw.late, draw });
        }
        let today = self.day;
        for late in self.late.iter().filter(|late| late.comes <= today) {
            let taken = Supply::taken(late.quantity, &late.draw, self.terms.life);
            self.stock.receive(taken, self.terms.life.saturating_sub(late.draw.shorter));
            self.result.refused += late.quantity - taken;
            self.result.cost -= self.terms.bought * number::float(late.quantity - taken);
        }
        self.late.retain(|late| late.comes > today);
        self.overdue.clear();
        self.overdue.extend(self.late.iter().map(|late| Overdue { quantity: late.quantity, days: today - late.due }));
    }

    pub fn morning(&self) -> Morning<'_> {
        Morning {
            day: self.day,
            date: self.date(),
            stock: &self.stock,
            on_order: &self.on_order,
            overdue: &self.overdue,
        }
    }

    /// Whether the supplier takes an order today.
    pub fn orders_today(&self) -> bool {
        self.supply.orders_on(self.date(), self.terms.lead)
    }

    /// Orders, sells what is wanted as far as it is there, and ends the day. On a day on which no order can be placed none is.
    pub fn trade(&mut self, order: i64, wanted: i64) {
        self.day_of(order, wanted, |stock, issue| Sale { lacking: stock.sell(wanted, issue), ..Sale::default() });
    }

    /// The same, and what ends tonight is cheaper by the share `cut`.
    pub fn trade_marked(&mut self, order: i64, wanted: i64, mark: &MarkDown, cut: f64) {
        self.day_of(order, wanted, |stock, issue| mark.sell(stock, wanted, cut, issue));
    }

    fn day_of(&mut self, order: i64, wanted: i64, sell: impl FnOnce(&mut Stock, Issue) -> Sale) {
        let order = if self.orders_today() { order.max(0) } else { 0 };
        let last = self.on_order.len() - 1;
        self.on_order[last] = order;
        self.result.ordered += order;
        self.result.cost += self.terms.bought * number::float(order);
        let sale = sell(&mut self.stock, self.terms.issue);
        let outdated = self.stock.night();
        self.result.marked += sale.usual + sale.drawn;
        self.result.drawn += sale.drawn;
        self.result.cost += sale.cost;
        self.result.add_day(wanted, sale.lacking, outdated, self.stock.whole(), self.terms);
        self.day += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::supply::{Days, Deliveries, Refused};
    use super::*;

    #[test]
    fn the_oldest_goes_first_or_the_freshest_and_nothing_is_lost_from_the_books() {
        let mut fefo = Stock::of(&[4, 0, 6]);
        assert_eq!(fefo.sell(5, Issue::Fefo), 0);
        assert_eq!(fefo.by_life(), [0, 0, 5]);
        let mut lifo = Stock::of(&[4, 0, 6]);
        assert_eq!((lifo.sell(12, Issue::Lifo), lifo.whole()), (2, 0));
        let mut old = Stock::of(&[4, 1, 6]);
        assert_eq!((old.night(), old.by_life().to_vec()), (4, vec![1, 6, 0]));
    }

    #[test]
    fn what_is_ordered_is_sold_thrown_away_or_still_there() {
        for seed in 0..200_i64 {
            let demand: Vec<i64> = (0..40).map(|day| (seed * 31 + day * 7_919) % 23).collect();
            let terms = Terms { lead: 2, pack: 5, minimum: 10, ..Terms::default() };
            let mut there = 0;
            let result = trial(&terms, &demand, |morning| {
                there = morning.position();
                terms.whole(number::float((seed + 40) % 37))
            });
            let last = terms.whole(number::float((seed + 40) % 37));
            let left = result.ordered - result.sold - result.outdated;
            // The shelf of the last morning and the last order, less what that day took.
            assert!(left >= 0 && left <= there + last, "{result:?} {there}");
        }
    }

    #[test]
    fn cases_are_whole_and_the_least_is_kept() {
        let terms = Terms { pack: 6, minimum: 10, ..Terms::default() };
        assert_eq!([-4.0, 0.0, 0.2, 11.9, 12.1].map(|wanted| terms.whole(wanted)), [0, 0, 12, 12, 18]);
    }

    #[test]
    fn whatever_is_late_or_refused_the_books_agree() {
        let supply = Supply {
            deliveries: Deliveries::on(&[0, 2, 5]).unwrap(),
            late: Days::of(&[0.5, 0.3, 0.2]).unwrap(),
            shorter: Days::of(&[0.8, 0.2]).unwrap(),
            refused: Refused::around(0.2, 1.0).unwrap(),
        };
        let terms = Terms { lead: 2, life: 3, bought: 1.0, lost: 0.0, outdated: 0.0, held: 0.0, ..Terms::default() };
        for seed in 0..50 {
            let luck = Luck::of(seed, "cod");
            let mut shop = Shop::open(&terms, &supply, &luck, 0);
            for day in 0..60_i64 {
                shop.receive();
                assert!(shop.morning().overdue.iter().all(|late| late.days < 2 && late.quantity == 20));
                shop.trade(20, (day * 7_919 + 3) % 13);
            }
            // Ordered on three days of seven; nothing is on the way for longer than lead and lateness.
            let result = shop.result;
            assert!((24..=27).contains(&(result.ordered / 20)), "{result:?}");
            assert!(result.refused > 0 && result.outdated > 0);
            let left = result.ordered - result.refused - result.sold - result.outdated;
            assert_eq!(left, shop.morning().position(), "{result:?}");
            assert!((result.cost - number::float(result.ordered - result.refused)).abs() < 1e-6);
        }
    }
}
