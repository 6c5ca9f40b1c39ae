//! A product that nobody has sold yet, or only for days: told from the level and the week of its category, and from how far
//! such forecasts of its peers would have strayed when they were as new.
//!
//! Each peer is cut to as many steps as the new product has, told from the others, and held against what came. That gives
//! the weight of the product's own days beside the category, the doubt (conformal prediction over peers, as if the new
//! product were one of them), and whether the category told peers better than their own few days; where it did not, these
//! are what counts, with the doubt that they had.

use std::collections::BTreeMap;

use crate::quantiles::Spread;
use crate::replenish::policy::Scenario;
use crate::{Series, number};

/// A peer has so many seasons of history, of which the last serve to test and the others to know its level.
const SEASONS_MIN: usize = 12;
/// Fewer peers are no category.
const PEERS_MIN: usize = 3;
/// More peers would say the same.
const PEERS_MOST: usize = 200;
/// At how many origins, a season apart, peers are held against what came.
const ORIGINS: usize = 6;
/// Over how many seasons before an origin the level and the week of a peer are read.
const READ: usize = 8;
/// Fewer cannot show that the category is better than a product's own days.
const JUDGES_MIN: usize = 5;
/// The category must bring so much of the error, and so many times the doubt of that.
const GAIN_MIN: f64 = 0.01;
const SURE: f64 = 1.5;
/// What is added before forecasts and sales are divided, by what the category usually sells: next to nothing told says
/// nothing of how far much more may stray.
const GROUND: f64 = 0.25;
/// The same before logarithms are taken, so that a few days without a sale are little and not nothing.
const LOG_GROUND: f64 = 0.05;
/// A series without a season is told from so many of its latest steps.
const LATEST: usize = 8;
/// Further ahead than so many seasons nothing is tested; later steps stray like these.
const AHEAD_MOST: usize = 4;

/// What series of one category say to a new one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Category {
    season: usize,
    origins: Vec<Origin>,
}

/// The peers as they were known at one step of the past.
#[derive(Clone, Debug)]
struct Origin {
    peers: Vec<Peer>,
}

#[derive(Clone, Debug)]
struct Peer {
    /// Which of the peers it is, at every origin.
    nth: usize,
    /// The logarithm of what it sold on a usual step.
    level: f64,
    /// What each step of the season sells of that.
    week: Vec<f64>,
    /// How much of what single steps stray from it comes from chance.
    noise: Vec<f64>,
    /// The steps before the origin, latest last, and those behind it; the first of these in its season.
    before: Vec<f64>,
    came: Vec<f64>,
    phase: usize,
}

/// A new product, told.
#[derive(Clone, Debug)]
pub(crate) struct Cold {
    /// What is forecast before anything is said of doubt.
    told: Vec<f64>,
    pub(crate) mean: Vec<f64>,
    /// Whether the category told it, or its own few days did.
    pub(crate) by_category: bool,
    trial: Trial,
    ground: f64,
}

/// How one way of telling new products would have done with the peers.
#[derive(Clone, Debug, Default)]
struct Trial {
    /// By peer and origin, what came by what would have been told, for each step ahead.
    ratios: Vec<(usize, Vec<f64>)>,
    /// All that came and all that would have been told, in units of what each peer usually sells.
    came: f64,
    told: f64,
    /// By peer, all distances in units of what it usually sells.
    distances: BTreeMap<usize, f64>,
}

/// Whether a series is too new to be told from itself.
pub(crate) fn is_new(series: &Series, season: usize, seasons: usize) -> bool {
    series.steps.len() < seasons * season || series.steps.iter().all(|step| step.sold.is_none())
}

/// The categories of a set of series, for those that are new among them. None where nobody is new.
pub(crate) fn categories(
    panel: &[Series],
    season: usize,
    horizon: usize,
    seasons: usize,
) -> BTreeMap<String, Category> {
    let mut categories = BTreeMap::new();
    for series in panel.iter().filter(|series| is_new(series, season, seasons)) {
        if !categories.contains_key(&series.category) {
            let peers: Vec<&Series> = panel.iter().filter(|peer| peer.category == series.category).collect();
            categories.insert(series.category.clone(), Category::of(&peers, season, horizon));
        }
    }
    categories
}

impl Category {
    fn of(series: &[&Series], season: usize, horizon: usize) -> Self {
        let horizon = horizon.min(AHEAD_MOST * season);
        let long: Vec<&&Series> =
            series.iter().filter(|one| one.steps.len() >= SEASONS_MIN * season + horizon).collect();
        let every = long.len().div_ceil(PEERS_MOST).max(1);
        let peers: Vec<&&Series> = long.into_iter().step_by(every).collect();
        let origin = |back: usize| {
            let peers = peers.iter().enumerate();
            let peers = peers.filter_map(|(nth, series)| Peer::of(nth, series, back, season, horizon)).collect();
            Origin { peers }
        };
        let origins = (0..=ORIGINS).map(|back| origin(if back == 0 { 0 } else { horizon + (back - 1) * season }));
        Self { season, origins: origins.filter(|origin| origin.peers.len() >= PEERS_MIN).collect() }
    }

    /// Tells a series that is new, from its category or, where peers were told better so, from its own few days. None where
    /// there are too few peers.
    pub(crate) fn tell(&self, series: &Series, values: &[f64], horizon: usize) -> Option<Cold> {
        let (now, past) = self.origins.split_first()?;
        if past.is_empty() {
            return None;
        }
        let own: Vec<(usize, f64)> = series
            .steps
            .iter()
            .zip(values)
            .enumerate()
            .filter(|(_, (step, _))| step.sold.is_some())
            .map(|(at, (_, value))| (phase(series.first, at, self.season), *value))
            .collect();
        let trust = Trust::learnt(past, own.len(), self.season);
        let others = Known::of(now, None, self.season);
        let begin = phase(series.first, series.steps.len(), self.season);
        let by_category = self.tried(past, own.len(), &trust, |known, own, phase| known.tell(own, &trust, phase));
        let by_own = self.tried(past, own.len(), &trust, |_, own, phase| alone(own, phase, self.season));
        let is_better = own.is_empty() || by_category.beats(&by_own);
        let trial = if is_better { by_category } else { by_own.centred() };
        let ground = GROUND * others.level_of(&own, &trust);
        let told: Vec<f64> = (0..horizon)
            .map(|ahead| (begin + ahead) % self.season)
            .map(|phase| if is_better { others.tell(&own, &trust, phase) } else { alone(&own, phase, self.season) })
            .collect();
        let mean = told.iter().map(|told| told * trial.came / trial.told.max(1e-9)).collect();
        Some(Cold { told, mean, by_category: is_better, trial, ground })
    }

    /// How a way of telling would have done with peers of which only so many steps were known.
    fn tried(
        &self,
        past: &[Origin],
        days: usize,
        trust: &Trust,
        tell: impl Fn(&Known, &[(usize, f64)], usize) -> f64,
    ) -> Trial {
        let mut trial = Trial::default();
        for origin in past {
            for (at, peer) in origin.peers.iter().enumerate() {
                let others = Known::of(origin, Some(at), self.season);
                let own = peer.own(days, self.season);
                let ground = GROUND * others.level_of(&own, trust);
                let told = |ahead: usize| tell(&others, &own, (peer.phase + ahead) % self.season);
                let came = || peer.came.iter().enumerate();
                let usual = peer.level.exp().max(1e-9);
                trial.came += peer.came.iter().sum::<f64>() / usual;
                trial.told += (0..peer.came.len()).map(told).sum::<f64>() / usual;
                let distance: f64 = came().map(|(ahead, came)| (told(ahead) - came).abs()).sum();
                *trial.distances.entry(peer.nth).or_default() += distance / usual;
                let ratios = came().map(|(ahead, came)| (came + ground) / (told(ahead) + ground));
                trial.ratios.push((peer.nth, ratios.collect()));
            }
        }
        trial
    }
}

impl Trial {
    /// Whether it told peers better than another did, beyond chance.
    fn beats(&self, other: &Self) -> bool {
        let gains: Vec<f64> =
            self.distances.iter().zip(&other.distances).map(|((_, own), (_, other))| other - own).collect();
        let count = number::count(gains.len()).max(1.0);
        let mean = gains.iter().sum::<f64>() / count;
        let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        let judged = gains.len() >= JUDGES_MIN;
        judged
            && mean * count > GAIN_MIN * other.distances.values().sum::<f64>()
            && mean > SURE * (variance / count).sqrt()
    }

    /// The same with as much above as below what was told. Where a product's own days are the better forecast, the errors of
    /// its peers say how far it may stray, and not to which side; so the middle is moved, and the outermost stay.
    fn centred(mut self) -> Self {
        let mut all: Vec<f64> = self.ratios.iter().flat_map(|(_, ratios)| ratios).copied().collect();
        number::sort(&mut all);
        let middle = all.get(all.len() / 2).copied().unwrap_or(1.0).max(1e-3);
        for ratio in self.ratios.iter_mut().flat_map(|(_, ratios)| ratios) {
            let below = all.partition_point(|other| other < ratio);
            let through = all.partition_point(|other| other <= ratio);
            let rank = number::count(below + through) / number::count(2 * all.len());
            *ratio /= middle.powf(1.0 - (2.0 * rank - 1.0).abs());
        }
        self
    }

    /// How many errors there are that do not hang on each other: as many as peers where each strays to its own side, as
    /// many as steps where none does (the design effect of Kish, 1965).
    fn worth(&self) -> f64 {
        let mut groups: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (nth, ratios) in &self.ratios {
            groups.entry(*nth).or_default().extend(ratios.iter().map(|ratio| ratio.max(1e-3).ln()));
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / number::count(values.len()).max(1.0);
        let (count, all) = (number::count(groups.len()), number::count(groups.values().map(Vec::len).sum()));
        let each = all / count.max(1.0);
        let means: Vec<f64> = groups.values().map(|group| mean(group)).collect();
        let middle = mean(&means);
        let between = each * means.iter().map(|own| (own - middle).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        let strays =
            groups.values().zip(&means).flat_map(|(group, mean)| group.iter().map(move |log| (log - mean).powi(2)));
        let within = strays.sum::<f64>() / (all - count).max(1.0);
        let together = ((between - within) / (between + (each - 1.0) * within).max(1e-12)).clamp(0.0, 1.0);
        all / (1.0 + (each - 1.0) * together)
    }
}

fn phase(first: i64, at: usize, season: usize) -> usize {
    let step = first.saturating_add(i64::try_from(at).unwrap_or(0));
    usize::try_from(step.rem_euclid(i64::try_from(season).unwrap_or(1).max(1))).unwrap_or(0)
}

/// What a series tells of itself: by the same steps of its seasons where it has two of them, and by its latest steps where it
/// has not.
fn alone(own: &[(usize, f64)], phase: usize, season: usize) -> f64 {
    if own.len() >= 2 * season {
        return window(own, phase);
    }
    let latest = &own[own.len().saturating_sub(LATEST)..];
    latest.iter().map(|(_, sold)| sold).sum::<f64>() / number::count(latest.len()).max(1.0)
}

/// The mean of the same steps of its seasons, or of all where there is none.
fn window(own: &[(usize, f64)], phase: usize) -> f64 {
    let mean = |of: &dyn Fn(&&(usize, f64)) -> bool| {
        let (sum, count) =
            own.iter().filter(of).fold((0.0, 0.0), |(sum, count), (_, value)| (sum + value, count + 1.0));
        (count > 0.0).then(|| sum / count)
    };
    mean(&|(at, _)| *at == phase).or_else(|| mean(&|_| true)).unwrap_or(0.0)
}

impl Peer {
    /// As it was known `back` steps before its end. None for one that has sold nothing then.
    fn of(nth: usize, series: &Series, back: usize, season: usize, horizon: usize) -> Option<Self> {
        let at = series.steps.len().checked_sub(back)?;
        let begin = at.saturating_sub(READ * season);
        if at - begin < READ * season {
            return None;
        }
        let sold = |at: usize| series.steps[at].sold;
        let known: Vec<(usize, f64)> =
            (begin..at).filter_map(|at| Some((phase(series.first, at, season), sold(at)?))).collect();
        let level = known.iter().map(|(_, sold)| sold).sum::<f64>() / number::count(known.len()).max(1.0);
        if level <= 0.0 {
            return None;
        }
        let week: Vec<f64> = (0..season).map(|phase| window(&known, phase) / level).collect();
        let noise = (0..season).map(|phase| {
            let same =
                known.iter().filter(|(at, _)| *at == phase).map(|(_, sold)| (sold / level - week[phase]).powi(2));
            same.sum::<f64>() / number::count(READ - 1)
        });
        Some(Self {
            nth,
            level: level.ln(),
            noise: noise.collect(),
            week,
            before: (begin..at).map(|at| sold(at).unwrap_or(level)).collect(),
            came: (at..(at + horizon).min(series.steps.len())).map(|at| sold(at).unwrap_or(level)).collect(),
            phase: phase(series.first, at, season),
        })
    }

    /// Its last so many steps: all that would have been known of it, had it been new.
    fn own(&self, count: usize, season: usize) -> Vec<(usize, f64)> {
        let known = self.before.len();
        let count = count.min(known);
        let of = |back: usize| ((self.phase + season * (1 + back / season) - back) % season, self.before[known - back]);
        (1..=count).rev().map(of).collect()
    }
}

/// How far a product's own days are trusted beside its category.
struct Trust {
    /// How far levels of peers lie apart, and how far a level of so many days is off, in squares of logarithms.
    apart: f64,
    off: f64,
    /// How many days of its own weigh as much as the category, for a step of the season.
    days: f64,
}

impl Trust {
    fn learnt(past: &[Origin], days: usize, season: usize) -> Self {
        let (mut apart, mut off, mut levels) = (0.0, 0.0, 0.0);
        let (mut weeks, mut noise) = (0.0, 0.0);
        for origin in past {
            let all = Known::of(origin, None, season);
            for peer in &origin.peers {
                apart += (peer.level - all.level).powi(2);
                let came = peer.came.iter().sum::<f64>() / number::count(peer.came.len()).max(1.0);
                let own = all.own_level(&peer.own(days, season)).unwrap_or(all.level);
                let ground = all.ground();
                off += ((came + ground).ln() - own).powi(2);
                levels += 1.0;
                for (phase, week) in peer.week.iter().enumerate() {
                    weeks += (week - all.week[phase]).powi(2);
                    noise += peer.noise[phase];
                }
            }
        }
        let count = f64::max(levels, 1.0);
        // What weeks of peers differ by is partly the chance of the days from which they are read.
        let differ = (weeks - noise / number::count(READ)).max(1e-3 * weeks.max(1e-9));
        Self { apart: apart / count, off: (off / count).max(1e-6), days: (noise / differ).clamp(1.0, 1e6) }
    }

    /// The weight of the product's own level.
    fn own(&self) -> f64 {
        self.apart / (self.apart + self.off)
    }
}

/// What a category knows at one origin, one of its peers left out.
struct Known {
    level: f64,
    week: Vec<f64>,
}

impl Known {
    fn of(origin: &Origin, without: Option<usize>, season: usize) -> Self {
        let peers = || origin.peers.iter().enumerate().filter(|(nth, _)| Some(*nth) != without).map(|(_, peer)| peer);
        let count = number::count(peers().count()).max(1.0);
        let level = peers().map(|peer| peer.level).sum::<f64>() / count;
        let week = (0..season).map(|phase| peers().map(|peer| peer.week[phase]).sum::<f64>() / count);
        Self { level, week: week.collect() }
    }

    fn ground(&self) -> f64 {
        LOG_GROUND * self.level.exp()
    }

    /// The level of a product, as far as its own days are trusted.
    fn level_of(&self, own: &[(usize, f64)], trust: &Trust) -> f64 {
        match self.own_level(own) {
            Some(level) => trust.own() * level + (1.0 - trust.own()) * self.level,
            None => self.level,
        }
        .exp()
    }

    /// The logarithm of a level of a few days: what they sold by what the category sells on such days.
    fn own_level(&self, own: &[(usize, f64)]) -> Option<f64> {
        let usual: f64 = own.iter().map(|(phase, _)| self.week[*phase]).sum();
        let sold: f64 = own.iter().map(|(_, sold)| sold).sum();
        (usual > 0.0).then(|| (sold / usual + self.ground()).ln())
    }

    fn tell(&self, own: &[(usize, f64)], trust: &Trust, phase: usize) -> f64 {
        let level = self.level_of(own, trust);
        let same = own.iter().filter(|(at, _)| *at == phase);
        let (sum, count) = same.fold((0.0, 0.0), |(sum, count), (_, sold)| (sum + sold / level.max(1e-9), count + 1.0));
        level * (sum + trust.days * self.week[phase]) / (count + trust.days)
    }
}

impl Cold {
    pub(crate) fn told(&self, ahead: usize) -> f64 {
        self.told.get(ahead).copied().unwrap_or(0.0)
    }

    /// How far each step may stray from what is told.
    pub(crate) fn spreads(&self) -> Vec<Spread> {
        let all: Vec<f64> = self.trial.ratios.iter().flat_map(|(_, ratios)| ratios).copied().collect();
        let worth = self.trial.worth();
        self.told.iter().map(|told| Spread::of_ratios(&all, *told, self.ground, worth)).collect()
    }

    /// The ways the steps ahead may go: as they went with each of the peers.
    pub(crate) fn scenarios(&self) -> Vec<Scenario> {
        let way = |ratios: &Vec<f64>| {
            let wanted = |(ahead, told): (usize, &f64)| {
                number::whole(((told + self.ground) * ratios[ahead % ratios.len()] - self.ground).max(0.0))
            };
            Scenario { weight: 1.0, demand: self.told.iter().enumerate().map(wanted).collect() }
        };
        self.trial.ratios.iter().map(|(_, ratios)| ratios).filter(|ratios| !ratios.is_empty()).map(way).collect()
    }
}
