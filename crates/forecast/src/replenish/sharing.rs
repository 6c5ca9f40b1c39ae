//! Orders that share something: money, room on a truck. And goods that one site has too many of and another too few.

use super::shop::Terms;
use crate::number;

/// What all orders of one morning may take together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    pub money: f64,
    /// On the truck that brings them.
    pub room: f64,
}

impl Limits {
    /// As much as anybody likes.
    pub fn none() -> Self {
        Self { money: f64::INFINITY, room: f64::INFINITY }
    }

    pub fn is_none(&self) -> bool {
        self.money.is_infinite() && self.room.is_infinite()
    }
}

/// What each quantity of one order would cost in the days it can reach, as [`super::policy::Reason::thought`] tells it,
/// and what a unit takes of what is shared.
#[derive(Clone, Debug)]
pub struct Wish {
    /// From the smallest quantity up; the first is what happens without an order.
    pub thought: Vec<(i64, f64)>,
    /// Money for a unit.
    pub price: f64,
    /// Room for a unit.
    pub room: f64,
}

/// Shares money and room among orders: again and again the step that saves most for the scarcer of the two it takes,
/// until nothing that saves anything fits. The quantities, in the order of the wishes.
pub fn share(wishes: &[Wish], money: f64, room: f64) -> Vec<i64> {
    let mut at = vec![0_usize; wishes.len()];
    let (mut money, mut room) = (money, room);
    let (all_money, all_room) = (money.max(1e-9), room.max(1e-9));
    loop {
        let mut best: Option<(usize, usize, f64)> = None;
        for (nth, wish) in wishes.iter().enumerate() {
            let Some((from, cost)) = wish.thought.get(at[nth]).copied() else { continue };
            for (later, (quantity, other)) in wish.thought.iter().enumerate().skip(at[nth] + 1) {
                let units = number::float(quantity - from);
                let (needs_money, needs_room) = (units * wish.price, units * wish.room);
                if *other >= cost || needs_money > money || needs_room > room {
                    continue;
                }
                let takes = (needs_money / all_money).max(needs_room / all_room).max(1e-12);
                let saves = (cost - other) / takes;
                if best.is_none_or(|(_, _, most)| saves > most) {
                    best = Some((nth, later, saves));
                }
            }
        }
        let Some((nth, later, _)) = best else { break };
        let units = number::float(wishes[nth].thought[later].0 - wishes[nth].thought[at[nth]].0);
        money -= units * wishes[nth].price;
        room -= units * wishes[nth].room;
        at[nth] = later;
    }
    wishes.iter().zip(at).map(|(wish, at)| wish.thought.get(at).map_or(0, |(quantity, _)| *quantity)).collect()
}

/// Cuts orders that somebody wrote down without asking what is shared: all by the same share, in whole cases. What falls
/// below the least that is brought is not ordered.
pub fn cut(orders: &[(i64, Terms, Wish)], limits: Limits) -> Vec<i64> {
    let sum =
        |of: fn(&Wish) -> f64| orders.iter().map(|(order, _, wish)| number::float(*order) * of(wish)).sum::<f64>();
    let (money, room) = (sum(|wish| wish.price), sum(|wish| wish.room));
    let fits = |limit: f64, needed: f64| if needed > limit { limit.max(0.0) / needed } else { 1.0 };
    let share = fits(limits.money, money).min(fits(limits.room, room));
    let one = |(order, terms, _): &(i64, Terms, Wish)| {
        if share >= 1.0 {
            return *order;
        }
        let pack = terms.pack.max(1);
        let cases = number::whole((number::float(*order) * share / number::float(pack)).floor()) * pack;
        if cases < terms.minimum { 0 } else { cases }
    };
    orders.iter().map(one).collect()
}

/// Goods to be brought from one site to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub from: usize,
    pub to: usize,
    pub quantity: i64,
}

/// Brings what would end unsold at one site to where as much is lacking, largest need first, as long as a unit saved is
/// worth its way. `spare` and `lacking` are by site.
pub fn transfers(spare: &[i64], lacking: &[i64], saved: f64, way: f64) -> Vec<Transfer> {
    if saved <= way {
        return Vec::new();
    }
    let (mut spare, mut lacking) = (spare.to_vec(), lacking.to_vec());
    let mut transfers = Vec::new();
    loop {
        let most = |left: &[i64]| {
            (0..left.len()).filter(|at| left[*at] > 0).max_by_key(|at| (left[*at], std::cmp::Reverse(*at)))
        };
        let (Some(from), Some(to)) = (most(&spare), most(&lacking)) else { return transfers };
        let quantity = spare[from].min(lacking[to]);
        spare[from] -= quantity;
        lacking[to] -= quantity;
        if from != to {
            transfers.push(Transfer { from, to, quantity });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(saves: &[f64], price: f64) -> Wish {
        let mut cost = 100.0;
        let mut thought = vec![(0, cost)];
        for (nth, saved) in (1_i64..).zip(saves) {
            cost -= saved;
            thought.push((nth * 10, cost));
        }
        Wish { thought, price, room: 1.0 }
    }

    #[test]
    fn scarce_money_goes_where_it_saves_most() {
        let wishes = [wish(&[30.0, 10.0, 1.0], 1.0), wish(&[20.0, 15.0], 1.0)];
        assert_eq!(share(&wishes, 1_000.0, 1_000.0), [30, 20]);
        assert_eq!(share(&wishes, 30.0, 1_000.0), [10, 20]);
        assert_eq!(share(&wishes, 1_000.0, 10.0), [10, 0]);
        assert_eq!(share(&wishes, 0.0, 0.0), [0, 0]);
    }

    #[test]
    fn orders_that_do_not_fit_are_cut_alike() {
        let order = |quantity, pack, minimum| {
            (quantity, Terms { pack, minimum, ..Terms::default() }, Wish { thought: Vec::new(), price: 2.0, room: 1.0 })
        };
        let orders = [order(30, 10, 0), order(20, 1, 0), order(10, 1, 8)];
        assert_eq!(cut(&orders, Limits::none()), [30, 20, 10]);
        assert_eq!(cut(&orders, Limits { money: 60.0, room: 100.0 }), [10, 10, 0]);
        assert_eq!(cut(&orders, Limits { money: 1_000.0, room: 54.0 }), [20, 18, 9]);
        assert_eq!(cut(&orders, Limits { money: 0.0, room: 54.0 }), [0, 0, 0]);
    }

    #[test]
    fn what_would_end_goes_where_it_lacks() {
        let found = transfers(&[8, 0, 3], &[0, 9, 0], 0.9, 0.2);
        assert_eq!(found, [Transfer { from: 0, to: 1, quantity: 8 }, Transfer { from: 2, to: 1, quantity: 1 }]);
        assert!(transfers(&[8], &[8], 0.9, 0.2).is_empty());
        assert!(transfers(&[8, 0], &[0, 9], 0.2, 0.2).is_empty());
    }
}
