//! From series to what will be wanted: learn each series, read the year from all of them together, tell.

use std::collections::BTreeMap;

use crate::calendar::Calendar;
use crate::censored::{self, Demand};
use crate::cold::{self, Category, Cold};
use crate::drift::{Drift, Witness};
use crate::effects::{self, Beside, Effects, Evidence};
use crate::ensemble::{self, Blend, Member};
use crate::models::{Model, Paths};
use crate::parts::in_parts;
use crate::quantiles::{self, Miss, Spread};
use crate::replenish::policy::{Ahead, Scenario};
use crate::trees::{self, Likely, Trees};
use crate::{Series, number};

/// How to forecast a set of series of the same kind.
#[derive(Clone, Debug)]
pub struct Engine {
    /// After how many steps it begins anew: 7 for days, 24 for hours.
    pub season: usize,
    /// How many steps ahead.
    pub horizon: usize,
    pub members: Vec<Member>,
    /// Whose festivals may count, for steps that are days. What a series tells of its own days counts anyway.
    pub calendar: Option<Calendar>,
}

/// What series of one kind say of each other, before any of them is learnt.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    /// What is known beside the sales does so much to all of them: learnt before what is judged, and on everything.
    judged: Option<Vec<f64>>,
    whole: Option<Vec<f64>>,
    /// By category, what they tell of products that are new.
    categories: BTreeMap<String, Category>,
    /// What trees that were grown on all of them tell of those that are short, where that made forecasts better.
    trees: Option<Trees>,
}

/// Errors older than this say nothing any more.
const REMEMBERED: usize = 365;
/// Before so many steps no model has found its feet.
const FEET: usize = 56;
/// In fewer seasons than these a mean is all that can be learnt.
pub(crate) const SEASONS_MIN: usize = 3;
/// The year is read from so many series at most; more would say the same.
const WITNESSES: usize = 500;
/// Over how many steps it is judged whether forecasts have begun to stray.
const WATCHED: usize = 28;
/// From which share of the errors on one side on forecasts are taken to stray.
const STRAYED: f64 = 0.75;

/// What was learnt from one series.
#[derive(Clone, Debug)]
pub struct Learnt {
    pub key: String,
    /// The step of the first value.
    pub first: i64,
    pub demand: Demand,
    pub blend: Blend,
    /// Whether the members did better than the last season would have.
    pub used: Used,
    /// What is known beside the sales, where it made forecasts better.
    effects: Option<Effects>,
    /// What its category tells of it, where it is new.
    cold: Option<Cold>,
    /// What trees tell of the steps ahead, where it is short.
    likely: Option<Vec<Likely>>,
}

/// What a product is forecast with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    Members,
    /// They did not beat last season's sales, so these are what counts.
    Floor,
    /// It is new, and its category tells more of it than its own days.
    Category,
    /// It is short: the members tell it together with trees that were grown on all series.
    Trees,
}

/// What will be wanted of one product.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    pub key: String,
    /// The first step that is told.
    pub first: i64,
    /// What is to be expected on average, for each step.
    pub mean: Vec<f64>,
    /// What is passed as often as not: the forecast with the smallest distance.
    pub median: Vec<f64>,
    /// For each step, what each asked level stays above. Never falls with the level, never below zero.
    pub quantiles: Vec<Vec<f64>>,
    pub used: Used,
    /// By what each step is thought to sell more or less than a usual one, for what is known beside its sales; empty where
    /// that did not make forecasts better.
    pub effects: Vec<f64>,
    /// Whether what came lately lay mostly on one side of what had been forecast.
    pub alarm: Option<Alarm>,
}

/// Forecasts have begun to stray: somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    MoreCame,
    LessCame,
}

impl Engine {
    /// For steps of this season.
    pub fn of(season: usize, horizon: usize) -> Self {
        Self { season: season.max(1), horizon: horizon.max(1), members: Member::usual(season.max(1)), calendar: None }
    }

    /// The same, and festivals may count.
    #[must_use]
    pub fn keeping(mut self, calendar: Option<Calendar>) -> Self {
        self.calendar = calendar;
        self
    }

    /// The same with other members, all of them at the engine's season.
    #[must_use]
    pub fn with(mut self, models: &[Model]) -> Self {
        self.members = models.iter().map(|model| Member { model: *model, season: self.season }).collect();
        self
    }

    /// Learns one series by itself.
    pub fn learn(&self, series: &Series) -> Learnt {
        self.learn_beside(series, &Peers::default())
    }

    /// Learns one series, with what its peers say.
    pub fn learn_beside(&self, series: &Series, peers: &Peers) -> Learnt {
        let demand = censored::demand(&series.steps, self.season);
        let history = &demand.values;
        let first = FEET.max(2 * self.season).min(history.len() / 2).max(1);
        let few = [Member { model: Model::SeasonalWindow, season: self.season }];
        let members = if history.len() < SEASONS_MIN * self.season { &few[..] } else { &self.members };
        let plain = ensemble::blend(history, &demand.shown, members, first, self.horizon);
        let (blend, effects) = match self.with_effects(series, &demand, &plain, members, peers) {
            Some((blend, effects)) => (blend, Some(effects)),
            None => (plain, None),
        };
        let floor = Model::SeasonalNaive.paths(history, self.season, first, self.horizon);
        let error = |paths: &Paths| ensemble::error(paths, history, &demand.shown);
        // Where nothing could be judged yet, the members are the better guess.
        let used = if error(&floor) < error(&blend.paths) { Used::Floor } else { Used::Members };
        let (blend, effects) =
            if used == Used::Floor { (Blend { paths: floor, ..blend }, None) } else { (blend, effects) };
        let cold = cold::is_new(series, self.season, SEASONS_MIN)
            .then(|| peers.categories.get(&series.category)?.tell(series, &demand.values, self.horizon))
            .flatten();
        let used = match &cold {
            Some(cold) if cold.by_category => Used::Category,
            Some(_) => Used::Members,
            None => used,
        };
        let learnt =
            Learnt { key: series.key.clone(), first: series.first, demand, blend, used, effects, cold, likely: None };
        match &peers.trees {
            Some(trees) => self.with_trees(learnt, series, trees),
            None => learnt,
        }
    }

    /// The same beside what trees tell, for a short series that is told by its members alone.
    pub(crate) fn with_trees(&self, learnt: Learnt, series: &Series, trees: &Trees) -> Learnt {
        let alone = learnt.used == Used::Members && learnt.cold.is_none() && learnt.effects.is_none();
        let short = trees::is_short(series.steps.len(), self.season);
        match (alone && short).then(|| trees.tell(series, &learnt.demand)).flatten() {
            Some(likely) => Learnt { used: Used::Trees, likely: Some(likely), ..learnt },
            None => learnt,
        }
    }

    /// The blend with what is known beside the sales, if forecasts of the past were better with what had been learnt of it
    /// before.
    fn with_effects(
        &self,
        series: &Series,
        demand: &Demand,
        plain: &Blend,
        members: &[Member],
        peers: &Peers,
    ) -> Option<(Blend, Effects)> {
        let (history, shown) = (&demand.values, &demand.shown);
        if history.len() < effects::SEASONS_MIN * self.season {
            return None;
        }
        let beside = Beside::of(series, self.calendar, self.horizon)?;
        let (first, judged) = (plain.paths.first(), effects::judged_from(history.len()));
        let blended = |until: usize, peers: Option<&[f64]>| {
            let each = Evidence::of(&beside, demand, until, self.season).effects(peers);
            let effects = Effects::of(&beside, each, history);
            let mut blend = ensemble::blend(&effects.cleaned(history), shown, members, first, self.horizon);
            blend.paths.for_each(|at, told| *told = effects.put_on(*told, at));
            (blend, effects)
        };
        let (early, _) = blended(judged, peers.judged.as_deref());
        let errors = |paths: &Paths| ensemble::errors(paths, history, shown, judged);
        if !effects::help(&errors(&plain.paths), &errors(&early.paths), self.season) {
            return None;
        }
        Some(blended(history.len(), peers.whole.as_deref()))
    }

    /// What series say of each other: what is known beside their sales does to all of them, what products are like that are
    /// new, and how short ones go on.
    pub fn peers(&self, panel: &[Series], threads: usize) -> Peers {
        let some: Vec<&Series> =
            panel.iter().filter(|series| self.calendar.is_some() || !series.regressors.is_empty()).collect();
        let every = some.len().div_ceil(WITNESSES).max(1);
        let sample: Vec<&Series> = some.into_iter().step_by(every).collect();
        let seen = in_parts(&sample, threads, |series| {
            let beside = Beside::of(series, self.calendar, self.horizon)?;
            let demand = censored::demand(&series.steps, self.season);
            let steps = demand.values.len();
            let until = |until: usize| Evidence::of(&beside, &demand, until, self.season);
            (steps >= effects::SEASONS_MIN * self.season).then(|| (until(effects::judged_from(steps)), until(steps)))
        });
        let (mut judged, mut whole) = (Evidence::default(), Evidence::default());
        for (early, all) in seen.iter().flatten() {
            judged.add(early);
            whole.add(all);
        }
        let told = |evidence: &Evidence| (seen.len() > 1).then(|| evidence.effects(None));
        let categories = cold::categories(panel, self.season, self.horizon, SEASONS_MIN);
        let trees = trees::trusted(self, panel, threads);
        Peers { judged: told(&judged), whole: told(&whole), categories, trees }
    }

    /// Reads the year from series of days; other steps have none.
    pub fn drift(&self, learnt: &[Learnt]) -> Drift {
        if self.season != 7 {
            return Drift::none();
        }
        let of = |one: &'_ Learnt| one.demand.values.len() > FEET;
        let witnesses: Vec<Witness<'_>> = learnt
            .iter()
            .filter(|one| of(one))
            .map(|one| Witness { first_day: one.first, history: &one.demand.values, paths: &one.blend.paths })
            .collect();
        Drift::read(&witnesses)
    }

    /// Tells what will be wanted behind the end of a series. `levels` are shares between 0 and 1.
    pub fn outlook(&self, learnt: &Learnt, drift: &Drift, levels: &[f64]) -> Outlook {
        let history = &learnt.demand.values;
        let end = history.len();
        let told = |origin: usize, ahead: usize| told(learnt, drift, origin, ahead);
        let mut outlook = Outlook {
            key: learnt.key.clone(),
            first: learnt.step(end),
            mean: Vec::with_capacity(self.horizon),
            median: Vec::with_capacity(self.horizon),
            quantiles: Vec::with_capacity(self.horizon),
            used: learnt.used,
            effects: Vec::new(),
            alarm: alarm(learnt, drift),
        };
        for (ahead, spread) in self.spreads(learnt, drift).into_iter().enumerate() {
            let mean = learnt.cold.as_ref().map_or_else(|| told(end, ahead), |cold| cold.told(ahead));
            outlook.mean.push(learnt.cold.as_ref().map_or(mean + spread.pull, |cold| cold.mean[ahead]));
            outlook.median.push(spread.quantile(mean, 0.5));
            outlook.quantiles.push(rising(levels, |level| spread.quantile(mean, level)));
            outlook.effects.extend(learnt.effects.as_ref().map(|effects| effects.factor(end + ahead)));
        }
        outlook
    }

    /// How far each step ahead may stray, by itself.
    pub(crate) fn spreads(&self, learnt: &Learnt, drift: &Drift) -> Vec<Spread> {
        if let Some(cold) = &learnt.cold {
            return cold.spreads();
        }
        let history = &learnt.demand.values;
        let end = history.len();
        let told = |origin: usize, ahead: usize| told(learnt, drift, origin, ahead);
        let usual = history.iter().sum::<f64>() / number::count(end).max(1.0);
        let begin = end.saturating_sub(REMEMBERED).max(learnt.blend.paths.first());
        let spread = |ahead: usize| {
            let misses: Vec<Miss> = (begin..end.saturating_sub(ahead))
                .flat_map(|origin| {
                    let miss = |came: f64, part: f64| Miss {
                        came,
                        told: told(origin, ahead),
                        ago: end - origin,
                        same: (end - origin).is_multiple_of(self.season),
                        part,
                    };
                    let at = origin + ahead;
                    let shown = learnt.demand.shown[at].then(|| miss(history[at], 1.0));
                    let between = learnt.demand.between[at].unwrap_or_default().map(|came| miss(came, 1.0 / 3.0));
                    let hidden = between.into_iter().filter(move |_| learnt.demand.between[at].is_some());
                    shown.into_iter().chain(hidden)
                })
                .collect();
            match &learnt.likely {
                Some(likely) => Spread::beside(&misses, usual, told(end, ahead), &likely[ahead]),
                None => Spread::of(&misses, usual),
            }
        };
        (0..self.horizon).map(spread).collect()
    }

    /// The ways the steps ahead may go: what is forecast, with the errors that forecasts from each of the last steps had
    /// over all steps ahead, so that a week that strays, strays as weeks do. In whole units.
    pub fn ahead(&self, learnt: &Learnt, drift: &Drift) -> Ahead {
        if let Some(cold) = &learnt.cold {
            return Ahead { mean: cold.mean.clone(), scenarios: cold.scenarios() };
        }
        let history = &learnt.demand.values;
        let (end, paths) = (history.len(), &learnt.blend.paths);
        let told = |origin: usize, ahead: usize| told(learnt, drift, origin, ahead);
        let usual = history.iter().sum::<f64>() / number::count(end).max(1.0);
        let ground = 0.1 * usual + 1e-6;
        let unit = |told: f64| (told + ground).sqrt();
        let error = |origin: usize, ahead: usize| {
            let then = told(origin, ahead);
            (history[origin + ahead] - then) / unit(then)
        };
        let mean: Vec<f64> = (0..self.horizon).map(|ahead| told(end, ahead)).collect();
        let way = |weight: f64, error: &dyn Fn(usize) -> f64| {
            let wanted = mean.iter().enumerate().map(|(ahead, mean)| (mean + error(ahead) * unit(*mean)).max(0.0));
            Scenario { weight, demand: wanted.map(number::whole).collect() }
        };
        let begin = end.saturating_sub(REMEMBERED).max(paths.first());
        let mut through = (end + 1).saturating_sub(self.horizon);
        if through < begin + quantiles::ERRORS_MIN {
            through = end;
        }
        // Of a short history, what has not come yet strays as it did a season earlier, or on as it last did.
        let patched = |origin: usize, ahead: usize| {
            let seen = end - origin;
            let back = (ahead + 1).saturating_sub(seen).div_ceil(self.season) * self.season;
            match origin.checked_sub(back).filter(|earlier| *earlier >= begin) {
                Some(earlier) => error(earlier, ahead),
                None => error(origin, ahead.min(seen - 1)),
            }
        };
        let mut scenarios: Vec<Scenario> = (begin..through)
            .map(|origin| {
                let same = (end - origin).is_multiple_of(self.season);
                way(quantiles::weight(end - origin, same), &|ahead| patched(origin, ahead))
            })
            .collect();
        if let Some(likely) = &learnt.likely {
            scenarios.extend(trees::twins(&scenarios, likely, number::count(quantiles::ERRORS_MIN)));
            let mean = mean.iter().zip(self.spreads(learnt, drift)).map(|(mean, spread)| mean + spread.pull);
            return Ahead { mean: mean.collect(), scenarios };
        }
        if let Some(missing @ 1..) = quantiles::ERRORS_MIN.checked_sub(scenarios.len()) {
            let weight = number::count(missing) / number::count(quantiles::STRAY.len());
            let strays = quantiles::STRAY.map(|share| way(weight, &|_| share * usual.max(1.0) / unit(usual)));
            scenarios.extend(strays);
        }
        Ahead { mean, scenarios }
    }

    /// All of it for a set of series, on so many threads. The answer does not depend on how many.
    ///
    /// ```
    /// use forecast::{Engine, Series};
    ///
    /// let weeks: Vec<f64> = (0..140).map(|day| if day % 7 == 6 { 80.0 } else { 40.0 }).collect();
    /// let told = Engine::of(7, 7).run(&[Series::of("bread", 0, &weeks)], &[0.1, 0.9], 1);
    /// assert_eq!(told[0].median[6].round(), 80.0);
    /// assert!(told[0].quantiles[0][0] <= told[0].quantiles[0][1]);
    /// ```
    pub fn run(&self, panel: &[Series], levels: &[f64], threads: usize) -> Vec<Outlook> {
        let peers = self.peers(panel, threads);
        let drift = self.drift_of(panel, &peers, threads);
        in_parts(panel, threads, |series| self.outlook(&self.learn_beside(series, &peers), &drift, levels))
    }

    /// The drift of a set of series, from a sample where there are many, and none where no series is long enough.
    pub fn drift_of(&self, panel: &[Series], peers: &Peers, threads: usize) -> Drift {
        let long = Drift::DAYS_MIN + FEET;
        let told: Vec<&Series> = panel.iter().filter(|series| series.steps.len() > long).collect();
        if self.season != 7 || told.is_empty() {
            return Drift::none();
        }
        let every = told.len().div_ceil(WITNESSES);
        let sample: Vec<&Series> = told.into_iter().step_by(every).collect();
        self.drift(&in_parts(&sample, threads, |series| self.learn_beside(series, peers)))
    }
}

impl Learnt {
    fn step(&self, at: usize) -> i64 {
        self.first + i64::try_from(at).unwrap_or(0)
    }
}

/// What would have been forecast from `origin` for so many steps later.
fn told(learnt: &Learnt, drift: &Drift, origin: usize, ahead: usize) -> f64 {
    let told = learnt.blend.paths.from(origin).get(ahead);
    told.map_or(0.0, |told| told * drift.factor(learnt.step(origin), ahead))
}

/// Quantiles in the order of their levels as asked, none below one of a lower level.
fn rising(levels: &[f64], quantile: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..levels.len()).collect();
    order.sort_by(|a, b| levels[*a].total_cmp(&levels[*b]));
    let mut told = vec![0.0; levels.len()];
    let mut highest: f64 = 0.0;
    for at in order {
        highest = highest.max(quantile(levels[at]));
        told[at] = highest;
    }
    told
}

/// Whether the errors of the last weeks lie on one side.
pub(crate) fn alarm(learnt: &Learnt, drift: &Drift) -> Option<Alarm> {
    let end = learnt.demand.values.len();
    let begin = end.saturating_sub(WATCHED);
    if end < 2 * WATCHED || begin < learnt.blend.paths.first() {
        return None;
    }
    let errors = (begin..end).map(|origin| learnt.demand.values[origin] - told(learnt, drift, origin, 0));
    let (sum, distance) = errors.fold((0.0, 0.0), |(sum, all), error: f64| (sum + error, all + error.abs()));
    match sum / distance {
        share if share >= STRAYED => Some(Alarm::MoreCame),
        share if share <= -STRAYED => Some(Alarm::LessCame),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook(sold: &[f64]) -> Outlook {
        let told = Engine::of(7, 7).run(&[Series::of("spinach", 3, sold)], &[0.9, 0.1, 0.5], 2);
        told.into_iter().next().expect("one series, one outlook")
    }

    #[test]
    fn quantiles_stand_as_asked_and_never_cross() {
        let sold: Vec<f64> = (0..200).map(|day| f64::from(day * 7_919 % 31)).collect();
        let told = outlook(&sold);
        assert_eq!(told.first, 203);
        for step in &told.quantiles {
            assert!(step[1] <= step[2] && step[2] <= step[0] && step[1] >= 0.0, "{step:?}");
        }
    }

    #[test]
    fn one_day_nothing_and_only_zeros_have_an_answer() {
        assert_eq!(outlook(&[12.0]).mean, [12.0; 7]);
        assert!(outlook(&[12.0]).quantiles[0][0] > 12.0);
        assert_eq!(outlook(&[]).mean, [0.0; 7]);
        let zeros = outlook(&[0.0; 100]);
        assert_eq!((zeros.mean.clone(), zeros.median.clone()), (vec![0.0; 7], vec![0.0; 7]));
        assert_eq!(zeros.quantiles[6], [0.0, 0.0, 0.0]);
    }

    #[test]
    fn threads_do_not_change_the_answer() {
        let panel: Vec<Series> = (0..5_i32)
            .map(|nth| {
                let sold: Vec<f64> = (0..120).map(|day| f64::from((day * (nth + 3)) % 17)).collect();
                Series::of(&nth.to_string(), 0, &sold)
            })
            .collect();
        let engine = Engine::of(7, 7);
        assert_eq!(engine.run(&panel, &[0.8], 1), engine.run(&panel, &[0.8], 3));
    }

    #[test]
    fn a_demand_that_breaks_away_is_told() {
        let sold: Vec<f64> =
            (0..200).map(|day| if day < 180 { 20.0 } else { 20.0 + f64::from(day - 180) * 9.0 }).collect();
        assert_eq!(outlook(&sold).alarm, Some(Alarm::MoreCame));
        assert_eq!(outlook(&[20.0; 200]).alarm, None);
    }
}
