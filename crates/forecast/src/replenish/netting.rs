//! From what will be wanted to what must be bought: what is there and lasts, what is on the way, whole cases, and no
//! more than sells within its life.

/// Everything that decides how much to buy of one product. Day 0 is today; the goods come on the day behind
/// `demand_before`.
#[derive(Clone, Debug)]
pub struct Netting<'a> {
    /// What is likely to be sold on each day before the goods come.
    pub demand_before: &'a [i64],
    /// What is likely to be sold on each day that the goods must last.
    pub demand: &'a [i64],
    /// What is wanted on the shelf for those days: more than the likely demand, for the days that differ.
    pub target: i64,
    /// What is usable today and still usable on each day, through the last of `demand`. Never rises.
    pub usable: &'a [i64],
    /// What comes on each day from orders that are placed, through the day on which the goods come.
    pub inbound: &'a [i64],
    pub case: i64,
    /// The most that is likely to sell within the life of the goods.
    pub sells_in_life: i64,
}

/// How much to buy, and the sum behind it: `need = target - left - inbound`, in whole cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What of the shelf ends before somebody buys it.
    pub expires: i64,
    /// What of the shelf serves the days that the goods must last.
    pub left: i64,
    /// What is on the way and serves them.
    pub inbound: i64,
    pub need: i64,
    pub cases: i64,
    pub proposed: i64,
}

/// Nets what will be wanted against what is there and on the way. The shelf is sold before what comes fresh, and what
/// ends first before what lasts.
pub fn net(netting: &Netting<'_>) -> Plan {
    let usable = |day: usize| netting.usable.get(day).copied().unwrap_or(0).max(0);
    let (mut shelf, mut fresh, mut expires, mut useful) = (usable(0), 0_i64, 0_i64, 0_i64);
    let before = netting.demand_before.len();
    for (day, wanted) in netting.demand_before.iter().chain(netting.demand).enumerate() {
        if day > 0 {
            let lasts = shelf.min(usable(day));
            expires += shelf - lasts;
            shelf = lasts;
        }
        if day <= before {
            fresh += netting.inbound.get(day).copied().unwrap_or(0).max(0);
        }
        let wanted = (*wanted).max(0);
        let from_shelf = wanted.min(shelf);
        shelf -= from_shelf;
        if day < before {
            fresh -= (wanted - from_shelf).min(fresh);
        } else {
            useful += from_shelf;
        }
    }
    let left = useful + shelf;
    let need = (netting.target - left - fresh).max(0);
    let case = netting.case.max(1);
    let room = (netting.sells_in_life - left - fresh).max(0);
    let cases = (need + case - 1).div_euclid(case).min(room.div_euclid(case));
    Plan { expires, left, inbound: fresh, need, cases, proposed: cases.saturating_mul(case) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spinach<'a>() -> Netting<'a> {
        Netting {
            demand_before: &[40],
            demand: &[50],
            target: 65,
            usable: &[100, 100],
            inbound: &[0, 0],
            case: 10,
            sells_in_life: 150,
        }
    }

    #[test]
    fn what_is_there_and_lasts_need_not_be_bought() {
        assert_eq!(net(&spinach()), Plan { expires: 0, left: 60, inbound: 0, need: 5, cases: 1, proposed: 10 });
        assert_eq!(net(&Netting { inbound: &[0, 20], ..spinach() }).proposed, 0);
    }

    #[test]
    fn what_ends_before_it_is_sold_is_bought_anew() {
        // Seventy of the hundred end tonight, and only forty are sold today.
        let old = net(&Netting { usable: &[100, 30], ..spinach() });
        assert_eq!((old.expires, old.left, old.need, old.proposed), (30, 30, 35, 40));
    }

    #[test]
    fn no_more_is_bought_than_sells_within_its_life() {
        let few = Netting { usable: &[0, 0], case: 40, sells_in_life: 70, ..spinach() };
        assert_eq!((net(&few).need, net(&few).proposed), (65, 40));
    }

    #[test]
    fn goods_on_the_way_serve_the_days_before_too() {
        let early = net(&Netting { usable: &[10, 10], inbound: &[60, 0], ..spinach() });
        assert_eq!((early.left, early.inbound, early.proposed), (0, 30, 40));
    }

    #[test]
    fn whatever_the_numbers_the_sum_holds() {
        for seed in 0..2_000_i64 {
            let draw = |nth: i64, most: i64| (seed * 7_919 + nth * 104_729) % most;
            let (a, b) = (draw(1, 80), draw(2, 80));
            let usable = [a + b, a, a / 2];
            let netting = Netting {
                demand_before: &[draw(3, 50)],
                demand: &[draw(4, 50), draw(5, 50)],
                target: draw(6, 200),
                usable: &usable,
                inbound: &[draw(7, 30), draw(8, 30)],
                case: 1 + draw(9, 20),
                sells_in_life: draw(10, 300),
            };
            let plan = net(&netting);
            assert_eq!(plan.need, (netting.target - plan.left - plan.inbound).max(0), "{netting:?}");
            assert!(plan.proposed < plan.need + netting.case, "{netting:?} {plan:?}");
            assert!(plan.left + plan.expires <= usable[0], "{netting:?} {plan:?}");
            let enough = plan.left + plan.inbound + plan.proposed;
            assert!(plan.proposed == 0 || enough <= netting.sells_in_life, "{netting:?} {plan:?}");
        }
    }
}
