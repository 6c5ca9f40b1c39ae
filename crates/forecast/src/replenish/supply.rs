//! How goods come: on which days of the week, how late, how much of a delivery is refused at the door, and how much of its
//! life is gone by then. All of it is drawn from luck that does not ask who ordered, so that every buyer meets the same.

use crate::chance::Chance;
use crate::gamma::Gamma;
use crate::number;

const WEEK: i64 = 7;
/// Nobody waits longer for a delivery than this.
const LATE_MOST: usize = 14;
/// More than this share refused on average is no supplier.
const REFUSED_MOST: f64 = 0.9;
/// So many deliveries as agreed are taken to have been seen before the first: one late van is not yet a habit.
const SEEN_BEFORE: usize = 4;
/// Into how many equally likely shares a law of refusals is divided.
const PARTS: usize = 20;

/// How a supplier brings goods.
#[derive(Clone, Debug, PartialEq)]
pub struct Supply {
    /// On which days of the week goods come, Monday first. An order is placed once for each delivery: on the last morning
    /// from which it comes in time, when most is known.
    pub deliveries: Deliveries,
    /// By how many days a van is late. What it brings has the life that was agreed at the door.
    pub late: Days,
    /// How many days of the agreed life are gone at the door.
    pub shorter: Days,
    /// Which share of a delivery is refused at the door. It is not paid.
    pub refused: Refused,
}

impl Default for Supply {
    /// Every morning, in time, and all of it good.
    fn default() -> Self {
        Self { deliveries: Deliveries::daily(), late: Days::none(), shorter: Days::none(), refused: Refused::none() }
    }
}

/// Why somebody cannot be supplied so.
#[derive(Clone, Debug, PartialEq)]
pub enum SupplyError {
    /// Days of the week are 0 (Monday) through 6, and there is at least one.
    NoDelivery,
    NotAWeekday {
        found: usize,
    },
    /// Chances lie between 0 and 1 and add up to one, for at most fourteen days.
    NotALaw {
        sum: f64,
    },
    /// A mean share of 0 through 0.9, that strays by at most twice itself.
    Refusal {
        mean: f64,
        variation: f64,
    },
}

impl std::fmt::Display for SupplyError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoDelivery => write!(out, "nothing comes on any day of the week"),
            Self::NotAWeekday { found } => write!(out, "{found} is no day of the week"),
            Self::NotALaw { sum } => {
                write!(out, "the chances of 0 through {LATE_MOST} days add up to {sum}, or one is no chance")
            }
            Self::Refusal { mean, variation } => {
                write!(
                    out,
                    "refused share {mean} straying by {variation}: 0 through {REFUSED_MOST}, straying by 0 through 2"
                )
            }
        }
    }
}

impl std::error::Error for SupplyError {}

impl Supply {
    /// Whether everything that comes, comes as agreed.
    pub fn is_certain(&self) -> bool {
        self.late.most() == 0 && self.shorter.most() == 0 && self.refused.mean() <= 0.0
    }

    /// Whether an order of `day` (days since a Monday) can be placed: something comes `lead` days later.
    pub fn orders_on(&self, day: i64, lead: usize) -> bool {
        self.deliveries.comes(day + i64::try_from(lead).unwrap_or(0))
    }

    /// For how many days, `day` included, an order of `day` and what is there must do: until goods of the next order come.
    ///
    /// ```
    /// use forecast::replenish::supply::{Deliveries, Supply};
    ///
    /// let supply = Supply { deliveries: Deliveries::on(&[0, 3]).unwrap(), ..Supply::default() };
    /// // Ordered on Wednesday for Thursday; the next goods come on Monday.
    /// assert_eq!(supply.covers(2, 1), 5);
    /// assert!(supply.orders_on(2, 1) && !supply.orders_on(3, 1));
    /// assert_eq!(Supply::default().covers(2, 1), 2);
    /// ```
    pub fn covers(&self, day: i64, lead: usize) -> usize {
        let next = (lead + 1..=lead + 7).find(|ahead| self.deliveries.comes(day + i64::try_from(*ahead).unwrap_or(0)));
        next.unwrap_or(lead + 1)
    }

    /// What of a delivery is taken in whose goods should live so many days. What cannot be sold any more is refused.
    pub(crate) fn taken(quantity: i64, draw: &Draw, life: usize) -> i64 {
        if draw.shorter >= life {
            return 0;
        }
        let refused = (number::float(quantity) * draw.refused + draw.rounding).floor();
        quantity - number::whole(refused).clamp(0, quantity)
    }
}

/// Days of the week on which goods come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deliveries {
    on: [bool; 7],
}

impl Deliveries {
    pub fn daily() -> Self {
        Self { on: [true; 7] }
    }

    /// On these days of the week, Monday is 0.
    pub fn on(weekdays: &[usize]) -> Result<Self, SupplyError> {
        let mut on = [false; 7];
        for weekday in weekdays {
            *on.get_mut(*weekday).ok_or(SupplyError::NotAWeekday { found: *weekday })? = true;
        }
        if on.contains(&true) { Ok(Self { on }) } else { Err(SupplyError::NoDelivery) }
    }

    /// Whether something comes on a day (days since a Monday).
    pub fn comes(&self, day: i64) -> bool {
        usize::try_from(day.rem_euclid(WEEK)).ok().and_then(|weekday| self.on.get(weekday)).is_some_and(|on| *on)
    }

    /// The most days that lie between two deliveries.
    pub fn apart_most(&self) -> usize {
        let gap = |from: i64| (1..=WEEK).find(|days| self.comes(from + days)).unwrap_or(WEEK);
        let most = (0..WEEK).filter(|day| self.comes(*day)).map(gap).max().unwrap_or(1);
        usize::try_from(most).unwrap_or(1)
    }
}

/// How likely it is that something takes 0, 1, 2, … days more than agreed.
#[derive(Clone, Debug, PartialEq)]
pub struct Days {
    chances: Vec<f64>,
}

impl Days {
    /// Always as agreed.
    pub fn none() -> Self {
        Self { chances: vec![1.0] }
    }

    /// By the chances of no day, one day, …; they add up to one.
    pub fn of(chances: &[f64]) -> Result<Self, SupplyError> {
        let sum: f64 = chances.iter().sum();
        let odd = chances.len() > LATE_MOST + 1 || chances.iter().any(|chance| !(0.0..=1.0).contains(chance));
        if odd || (sum - 1.0).abs() > 1e-6 {
            return Err(SupplyError::NotALaw { sum });
        }
        Ok(Self { chances: chances.to_vec() })
    }

    /// From the days that were seen, one number for each delivery. More than fourteen count as fourteen.
    ///
    /// ```
    /// use forecast::replenish::supply::Days;
    ///
    /// assert_eq!(Days::learnt(&[]), Days::none());
    /// assert!((Days::learnt(&[0, 0, 0, 2, 0, 1]).mean() - 0.3).abs() < 1e-12);
    /// ```
    pub fn learnt(seen: &[usize]) -> Self {
        let most = seen.iter().copied().max().unwrap_or(0).min(LATE_MOST);
        let all = number::count(seen.len() + SEEN_BEFORE);
        let of = |days: usize| seen.iter().filter(|seen| (**seen).min(LATE_MOST) == days).count();
        let chance = |days| number::count(of(days) + if days == 0 { SEEN_BEFORE } else { 0 }) / all;
        Self { chances: (0..=most).map(chance).collect() }
    }

    pub fn mean(&self) -> f64 {
        self.chances.iter().enumerate().map(|(days, chance)| number::count(days) * chance).sum()
    }

    /// The most days there may be.
    pub fn most(&self) -> usize {
        self.chances.iter().rposition(|chance| *chance > 0.0).unwrap_or(0)
    }

    /// The days of a luck of 0 through 1.
    pub(crate) fn at(&self, luck: f64) -> usize {
        self.above(0, luck)
    }

    /// The same where fewer than `least` are out of the question.
    pub(crate) fn above(&self, least: usize, luck: f64) -> usize {
        let most = self.most().max(least);
        let left: f64 = self.chances.iter().skip(least).sum();
        let mut passed = 0.0;
        for (days, chance) in self.chances.iter().enumerate().skip(least) {
            passed += chance;
            if luck * left < passed {
                return days;
            }
        }
        most
    }
}

/// Which share of a delivery is refused at the door, and how likely that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// From the smallest share up, with its chance.
    shares: Vec<(f64, f64)>,
}

impl Refused {
    /// Everything is good.
    pub fn none() -> Self {
        Self { shares: vec![(0.0, 1.0)] }
    }

    /// So much on average; deliveries stray by `variation` times that (the gamma law, up to the whole delivery).
    ///
    /// ```
    /// use forecast::replenish::supply::Refused;
    ///
    /// assert!((Refused::around(0.05, 1.0).unwrap().mean() - 0.05).abs() < 1e-9);
    /// ```
    pub fn around(mean: f64, variation: f64) -> Result<Self, SupplyError> {
        if !(0.0..=REFUSED_MOST).contains(&mean) || !(0.0..=2.0).contains(&variation) {
            return Err(SupplyError::Refusal { mean, variation });
        }
        if mean <= 0.0 || variation < 0.01 {
            return Ok(Self { shares: vec![(mean, 1.0)] });
        }
        let law = Gamma::of(mean, mean * variation.powi(2));
        let middle = |part: usize| (number::count(part) + 0.5) / number::count(PARTS);
        let mut shares: Vec<f64> = (0..PARTS).map(|part| law.quantile_above(0.0, middle(part))).collect();
        // The middles of the parts lack the far end, and nothing is refused twice: what lacks is put on again.
        for _ in 0..PARTS {
            let lacks = mean * number::count(PARTS) / shares.iter().sum::<f64>().max(1e-12);
            for share in &mut shares {
                *share = (*share * lacks).min(1.0);
            }
        }
        Ok(Self { shares: shares.into_iter().map(|share| (share, 1.0 / number::count(PARTS))).collect() })
    }

    /// From deliveries that were seen: what each brought, and what of it was refused. One that brought nothing says nothing.
    pub fn learnt(seen: &[(i64, i64)]) -> Self {
        let share = |(brought, refused): &(i64, i64)| {
            (*brought > 0).then(|| (number::float(*refused) / number::float(*brought)).clamp(0.0, 1.0))
        };
        let mut shares: Vec<f64> = seen.iter().filter_map(share).chain([0.0; SEEN_BEFORE]).collect();
        number::sort(&mut shares);
        let chance = 1.0 / number::count(shares.len());
        if shares.iter().all(|share| *share <= 0.0) {
            return Self::none();
        }
        Self { shares: shares.into_iter().map(|share| (share, chance)).collect() }
    }

    /// The share that is refused on average.
    pub fn mean(&self) -> f64 {
        self.shares.iter().map(|(share, chance)| share * chance).sum()
    }

    /// The share of a luck of 0 through 1.
    pub(crate) fn at(&self, luck: f64) -> f64 {
        let mut passed = 0.0;
        for (share, chance) in &self.shares {
            passed += chance;
            if luck < passed {
                return *share;
            }
        }
        self.shares.last().map_or(0.0, |(share, _)| *share)
    }
}

/// What happens to one delivery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Draw {
    pub(crate) late: usize,
    pub(crate) shorter: usize,
    pub(crate) refused: f64,
    /// Whether the last unit of a broken number is refused: above 0 through 1.
    pub(crate) rounding: f64,
}

impl Draw {
    pub(crate) const AS_AGREED: Self = Self { late: 0, shorter: 0, refused: 0.0, rounding: 0.0 };

    /// Of four lucks of 0 through 1: of the van, of the life, and two of the door.
    pub(crate) fn of(supply: &Supply, lucks: [f64; 4]) -> Self {
        let [late, shorter, refused, rounding] = lucks;
        Self {
            late: supply.late.at(late),
            shorter: supply.shorter.at(shorter),
            refused: supply.refused.at(refused),
            rounding,
        }
    }
}

/// The luck of one product: the same for every buyer, whatever was ordered before.
#[derive(Clone, Debug)]
pub struct Luck {
    seed: u64,
    product: u64,
}

/// The vans have their luck beside that of every product.
const VANS: u64 = 0x0076_16e5;

impl Luck {
    /// Of a seed and the name of a product.
    pub fn of(seed: u64, product: &str) -> Self {
        // Fowler, Noll and Vo: the luck of a product does not hang on the file it stands in.
        let product = product
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self { seed, product }
    }

    /// Of the delivery that is due on a day. A van that is late is late with everything that it brings.
    pub(crate) fn draw(&self, supply: &Supply, due: i64) -> Draw {
        if supply.is_certain() {
            return Draw::AS_AGREED;
        }
        let day = u64::from_ne_bytes(due.to_ne_bytes());
        let van = Chance::of(self.seed ^ VANS, day).share();
        let mut door = Chance::of(self.seed ^ self.product, day);
        Draw::of(supply, [van, door.share(), door.share(), door.share()])
    }
}

/// Lucks that lie as evenly as can be, for the ways that are thought through: the multiples of the roots of primes
/// (Richtmyer, 1951).
pub(crate) fn even(count: usize) -> Vec<f64> {
    let mut primes: Vec<u32> = Vec::with_capacity(count);
    let mut number: u32 = 2;
    while primes.len() < count {
        if primes.iter().take_while(|prime| *prime * *prime <= number).all(|prime| !number.is_multiple_of(*prime)) {
            primes.push(number);
        }
        number += 1;
    }
    primes.into_iter().map(|prime| f64::from(prime).sqrt().fract()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_come_as_often_as_they_are() {
        let supply = Supply {
            late: Days::of(&[0.7, 0.2, 0.1]).unwrap(),
            refused: Refused::around(0.1, 1.0).unwrap(),
            ..Supply::default()
        };
        let luck = Luck::of(7, "cod");
        let draws: Vec<Draw> = (0..20_000).map(|day| luck.draw(&supply, day)).collect();
        let share = |of: &dyn Fn(&Draw) -> f64| draws.iter().map(of).sum::<f64>() / 20_000.0;
        assert!((share(&|draw| number::count(draw.late)) - 0.4).abs() < 0.02);
        assert!((share(&|draw| f64::from(u8::from(draw.late == 2))) - 0.1).abs() < 0.01);
        // Of ten units one is refused on average, though a tenth of a unit cannot be.
        let taken = share(&|draw| number::float(Supply::taken(3, draw, 4)));
        assert!((taken - 2.7).abs() < 0.02, "{taken}");
        assert_eq!(draws[0], luck.draw(&supply, 0));
        assert_ne!(draws, (0..20_000).map(|day| Luck::of(7, "eggs").draw(&supply, day)).collect::<Vec<_>>());
        // The same van brings both.
        let late = |product: &str| (0..99).map(|day| Luck::of(7, product).draw(&supply, day).late).collect::<Vec<_>>();
        assert_eq!(late("cod"), late("eggs"));
    }

    #[test]
    fn what_is_late_already_is_no_longer_in_time() {
        let late = Days::of(&[0.7, 0.2, 0.1]).unwrap();
        assert_eq!([0.0, 0.66, 0.67, 0.99].map(|luck| late.above(1, luck)), [1, 1, 2, 2]);
        assert_eq!([0.0, 0.69, 0.71, 0.95].map(|luck| late.at(luck)), [0, 0, 1, 2]);
        assert_eq!(late.above(5, 0.3), 5);
    }

    #[test]
    fn deliveries_on_some_days_must_do_until_the_next() {
        let twice = Deliveries::on(&[0, 3]).unwrap();
        assert_eq!((twice.apart_most(), Deliveries::daily().apart_most()), (4, 1));
        assert_eq!(Deliveries::on(&[5]).unwrap().apart_most(), 7);
        assert_eq!(Deliveries::on(&[7]), Err(SupplyError::NotAWeekday { found: 7 }));
        assert_eq!(Deliveries::on(&[]), Err(SupplyError::NoDelivery));
    }

    #[test]
    fn what_was_seen_is_believed_by_and_by() {
        let once = Refused::learnt(&[(10, 10)]);
        assert!((once.mean() - 0.2).abs() < 1e-12, "{once:?}");
        let often = Refused::learnt(&[(40, 4); 96]);
        assert!((often.mean() - 0.096).abs() < 1e-12);
        assert_eq!(Refused::learnt(&[(0, 0), (5, 0)]), Refused::none());
        assert!(Days::learnt(&[1; 96]).mean() > 0.95);
    }

    #[test]
    fn what_is_no_law_is_refused() {
        assert_eq!(Days::of(&[0.5, 0.4]), Err(SupplyError::NotALaw { sum: 0.9 }));
        assert!(Days::of(&[1.5, -0.5]).is_err());
        assert!(Refused::around(0.95, 0.0).is_err() && Refused::around(0.1, 3.0).is_err());
        for (mean, variation) in [(0.02, 0.5), (0.3, 1.0), (0.5, 0.5)] {
            let told = Refused::around(mean, variation).unwrap().mean();
            assert!((told - mean).abs() < 0.005, "{mean} {variation}: {told}");
        }
    }
}
