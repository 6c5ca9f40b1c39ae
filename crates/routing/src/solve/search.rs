//! Ruin and recreate: take strings of neighbouring stops out of some tours, put them back better, and now and then
//! keep what is worse, less and less often.

use super::exact::{Chance, exp, ln};
use super::shop::{NO_ROAD, NONE, Shop};
use super::tours::{Pattern, Tours};

/// Stops taken out of all tours by one ruin, on average.
const RUIN_MEAN: f64 = 10.0;
/// Stops of one string at most.
const STRING_MAX: f64 = 10.0;
/// A split string leaves some of its inside where it is; how often, and how gladly it leaves one more.
const SPLIT_SHARE: f64 = 0.5;
const SPLIT_GROWS: f64 = 0.99;
/// One position in so many is overlooked, so that the greedy does not always do the same.
const BLINK_ONE_IN: usize = 100;
/// Tours of at most so many stops are now and then taken out whole: a share of the iterations that falls with the
/// number of orders, because larger problems have less time per tour.
const WHOLE_TOUR_MAX: usize = 60;
const WHOLE_TOUR_SHARE: f64 = 1.0;
const WHOLE_TOUR_SHARE_MAX: f64 = 0.02;
/// Absent orders near the ruin that try their luck again, when there are many.
const ABSENT_TRIES: usize = 30;
/// How often a tour may be opened at a loss, so that others can join it.
const ADVANCE_SHARE: f64 = 0.2;
/// Vans above the target that may be used in between.
const SURPLUS_VANS: usize = 2;
/// Temperatures in arcs of mean length.
const HOT: f64 = 1.5;
const COLD: f64 = 0.015;
/// Iterations per order after which a search that has time left begins anew from the best, and how hot it is then,
/// measured against the first time.
const CYCLE: f64 = 3000.0;
const CYCLES_MAX: f64 = 32.0;
const REHEAT: f64 = 0.5;

/// Tells how much of the budget is spent.
pub(super) trait Progress {
    /// From 0 to 1, or `None` when it is spent. Asked once per iteration.
    fn spent(&mut self) -> Option<f64>;
}

/// A remembered state: the inner nodes of each used van.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) tours: Vec<(u32, Vec<u32>)>,
    pub(super) cost: i64,
    pub(super) absent: Vec<u32>,
}

impl Record {
    pub(super) fn of(tours: &Tours<'_>) -> Self {
        let mut active = tours.active.clone();
        active.sort_unstable();
        let inner = |van: u32| {
            let nodes = &tours.tours[van as usize].nodes;
            (van, nodes[1..nodes.len() - 1].to_vec())
        };
        Self { tours: active.into_iter().map(inner).collect(), cost: tours.cost, absent: tours.absent.clone() }
    }
}

pub(super) struct Search<'a> {
    pub(super) tours: Tours<'a>,
    shop: &'a Shop,
    chance: Chance,
    movable: Vec<u32>,
    /// Unused vans are offered only as long as fewer than this are used.
    fleet_limit: usize,
    /// Vans beyond this may be used for a while, each for a surcharge: the way to a better plan often leads over one van
    /// more.
    fleet_target: usize,
    surcharge: i64,
    /// With this, an unused van is taken only when nothing else is possible.
    spare_vans: bool,
    work: Vec<u32>,
    keys: Vec<(i64, u32)>,
    marked_in: Vec<u64>,
    mark: u64,
    candidates: Vec<(i64, u32, u32, Pattern)>,
    trial: Vec<u32>,
    fit_for: Vec<u32>,
    /// Orders of `work`, by attempt.
    listed_in: Vec<u64>,
    listing: u64,
    /// What opening a tour may cost more than its first order brings: others will join it.
    advance: i64,
    pub(super) iterations: u64,
    /// −ln u at equal steps of u, to draw from.
    patience: Vec<f64>,
}

/// What orders are put back by, the smallest first.
type SortKey<'k> = Box<dyn Fn(usize) -> i64 + 'k>;

/// Where an order would go.
#[derive(Clone, Copy)]
struct Spot {
    cost: i64,
    van: u32,
    position: u32,
    pattern: Pattern,
    /// The van that would take the tour over, because the order does not fit into the present one.
    takes_over: u32,
}

impl<'a> Search<'a> {
    pub(super) fn new(shop: &'a Shop, seed: u64, spare_vans: bool) -> Self {
        let steps = 4096;
        Self {
            tours: Tours::idle(shop),
            shop,
            chance: Chance::new(seed),
            movable: (0..shop.orders as u32).filter(|&order| !shop.frozen[order as usize]).collect(),
            fleet_limit: usize::MAX,
            fleet_target: usize::MAX,
            surcharge: 0,
            spare_vans,
            work: Vec::new(),
            keys: Vec::new(),
            marked_in: vec![0; shop.vans.len()],
            mark: 0,
            candidates: Vec::new(),
            trial: Vec::new(),
            fit_for: Vec::new(),
            listed_in: vec![0; shop.orders],
            listing: 0,
            advance: 0,
            iterations: 0,
            patience: (0..steps).map(|step| -ln((f64::from(step) + 0.5) / f64::from(steps))).collect(),
        }
    }

    /// Starts from known sequences; what they break is left absent.
    pub(super) fn warm(&mut self, sequences: &[(u32, Vec<u32>)]) {
        self.tours.begin();
        for (van, inner) in sequences {
            let before = self.tours.absent.clone();
            let mut seen = inner.clone();
            seen.sort_unstable();
            let twice = seen.windows(2).any(|pair| pair[0] == pair[1] && self.shop.is_order(pair[0]));
            let free = |order: u32| {
                !self.shop.is_order(order)
                    || (self.tours.tour_of[order as usize] == NONE && !self.shop.frozen[order as usize])
            };
            if twice || !inner.iter().all(|&order| free(order)) {
                continue;
            }
            for &order in inner.iter().filter(|&&order| self.shop.is_order(order)) {
                self.tours.cost -= self.shop.miss[order as usize];
            }
            self.tours.lay(*van, inner);
            if !self.sound(*van) {
                self.tours.absent.clear();
                self.tours.take_out(*van, |_, _| true);
                self.tours.absent = before;
            }
        }
        self.tours.drop_present();
    }

    fn sound(&mut self, van: u32) -> bool {
        let tour = &self.tours.tours[van as usize];
        let room = &self.shop.vans[van as usize].capacity;
        let light = tour.loads.iter().all(|load| load.iter().zip(room).all(|(load, room)| load <= room));
        let fitting = tour.nodes.iter().all(|&node| !self.shop.is_order(node) || self.shop.suits(node, van));
        let roads = tour.arcs.iter().all(|&arc| arc < NO_ROAD);
        let trips = tour.loads.len() <= self.shop.vans[van as usize].trips_left;
        light && fitting && roads && trips && self.tours.refresh(van)
    }

    /// Gives every absent order a place if there is one.
    pub(super) fn construct(&mut self) {
        self.tours.begin();
        self.recreate(None);
    }

    /// Anneals until the budget is spent; answers the best state seen.
    pub(super) fn improve(&mut self, progress: &mut dyn Progress, from: f64, until: f64) -> Record {
        let mut best = Record::of(&self.tours);
        let arcs = (self.tours.active.len() + self.movable.len()).max(1) as f64;
        let driven: i64 = self.tours.active.iter().map(|&van| self.tours.tours[van as usize].cost).sum();
        let mean_arc = (driven as f64 / arcs).max(1.0);
        let cooling = ln(COLD / HOT);
        let mut temperature = HOT * mean_arc;
        let (mut cycles, mut cycle) = (None, 0u32);
        let mut looked_at = None;
        let began = self.iterations;
        while let Some(spent) = progress.spent() {
            if spent >= until {
                break;
            }
            if looked_at != Some(spent.to_bits()) {
                looked_at = Some(spent.to_bits());
                let share = ((spent - from) / (until - from)).clamp(0.0, 1.0);
                // How fast this machine thinks about this problem shows early enough to plan the rest.
                if cycles.is_none() && share > 0.02 {
                    let expected = (self.iterations - began) as f64 / share;
                    let wanted = expected / (CYCLE * self.movable.len().max(1) as f64);
                    cycles = Some(wanted.round().clamp(1.0, CYCLES_MAX));
                }
                let through = share * cycles.unwrap_or(1.0);
                if through >= f64::from(cycle + 1) {
                    cycle += 1;
                    self.restore(&best);
                }
                let hot = if cycle == 0 { 0.0 } else { ln(REHEAT) };
                let within = (through - f64::from(cycle)).clamp(0.0, 1.0);
                temperature = HOT * mean_arc * exp(hot + (cooling - hot) * within);
            }
            self.iterations += 1;
            let before = self.tours.cost + self.excess();
            self.tours.begin();
            self.ruin_and_recreate();
            let patience = self.patience[self.chance.below(self.patience.len())];
            let after = self.tours.cost + self.excess();
            if (after as f64) < before as f64 + temperature * patience {
                let within = self.tours.active.len() <= self.fleet_target;
                if after < best.cost && within && self.tours.can_be_driven() {
                    best = Record::of(&self.tours);
                }
            } else {
                self.tours.undo();
            }
        }
        best
    }

    /// Takes vans away one by one as long as the others can take over. Orders that are hard to place count more each
    /// time they are left over, as Christiaens and Vanden Berghe do it.
    pub(super) fn reduce_fleet(&mut self, progress: &mut dyn Progress, until: f64) -> Record {
        let mut best = Record::of(&self.tours);
        let mut left_over = vec![0i64; self.shop.orders];
        let mut weight = 0i64;
        let arcs = (self.tours.active.len() + self.movable.len()).max(1) as f64;
        let driven: i64 = self.tours.active.iter().map(|&van| self.tours.tours[van as usize].cost).sum();
        let temperature = 0.1 * (driven as f64 / arcs).max(1.0);
        let vans_at_least = self.vans_at_least();
        while let Some(spent) = progress.spent() {
            if spent >= until {
                break;
            }
            if self.tours.absent.is_empty() && self.tours.can_be_driven() {
                if Record::of(&self.tours).tours.len() < best.tours.len() || self.tours.cost < best.cost {
                    best = Record::of(&self.tours);
                }
                let easiest = self.tours.active.iter().copied().filter(|&van| !self.shop.vans[van as usize].started());
                let hardness = |van: u32| -> i64 {
                    let stops = self.tours.tours[van as usize].nodes.iter();
                    stops.filter(|&&node| self.shop.is_order(node)).map(|&node| left_over[node as usize]).sum()
                };
                let Some(van) = easiest.min_by_key(|&van| (hardness(van), van)) else {
                    break;
                };
                if self.tours.active.len() <= vans_at_least {
                    break;
                }
                self.fleet_limit = self.tours.active.len() - 1;
                self.tours.begin();
                self.tours.take_out(van, |_, _| true);
                weight = self.tours.absent.iter().map(|&order| left_over[order as usize]).sum();
            }
            self.iterations += 1;
            let before = self.tours.cost - self.missed();
            let absent_before = self.tours.absent.len();
            self.tours.begin();
            self.ruin_and_recreate();
            let now: i64 = self.tours.absent.iter().map(|&order| left_over[order as usize]).sum();
            for &order in &self.tours.absent {
                left_over[order as usize] += 1;
            }
            let absent = self.tours.absent.len();
            let patience = self.patience[self.chance.below(self.patience.len())];
            let cheaper = ((self.tours.cost - self.missed()) as f64) < before as f64 + temperature * patience;
            let easier = absent == 0 || now < weight;
            if !(easier || (absent <= absent_before && now == weight && cheaper)) {
                self.tours.undo();
            }
            weight = self.tours.absent.iter().map(|&order| left_over[order as usize]).sum();
        }
        self.fleet_target = best.tours.len();
        // Vans that must all be full leave no way back from one more.
        let surplus = if vans_at_least < self.fleet_target { SURPLUS_VANS } else { 0 };
        self.fleet_limit = self.fleet_target + surplus;
        self.surcharge = driven / (2 * self.tours.active.len().max(1) as i64);
        self.spare_vans = false;
        best
    }

    /// Surcharges of the vans that the plan may not keep.
    fn excess(&self) -> i64 {
        self.tours.active.len().saturating_sub(self.fleet_target) as i64 * self.surcharge
    }

    /// What an unused van costs beside its way.
    fn opening(&self, van: i64) -> i64 {
        if self.tours.active.len() >= self.fleet_target { van + self.surcharge } else { van }
    }

    fn missed(&self) -> i64 {
        self.tours.absent.iter().map(|&order| self.shop.miss[order as usize]).sum()
    }

    /// No fewer vans can carry it all.
    fn vans_at_least(&self) -> usize {
        let needed = (0..self.shop.dimensions).map(|dimension| {
            let all: i64 = self.movable.iter().map(|&order| self.shop.load[order as usize][dimension]).sum();
            let largest = self.shop.vans.iter().map(|van| van.capacity[dimension]).max().unwrap_or(0);
            if largest == 0 { 1 } else { (all + largest - 1) / largest }
        });
        needed.max().unwrap_or(1).max(1) as usize
    }

    /// Goes back to a remembered state.
    pub(super) fn restore(&mut self, record: &Record) {
        self.tours.begin();
        for van in self.tours.active.clone() {
            self.tours.take_out(van, |_, _| true);
        }
        for (van, inner) in &record.tours {
            for &order in inner.iter().filter(|&&node| self.shop.is_order(node)) {
                self.tours.cost -= self.shop.miss[order as usize];
            }
            self.tours.lay(*van, inner);
        }
        self.tours.drop_present();
    }

    pub(super) fn ruin_and_recreate(&mut self) {
        if self.movable.is_empty() {
            return;
        }
        let seed = self.movable[self.chance.below(self.movable.len())];
        let whole_tours = (WHOLE_TOUR_SHARE / self.movable.len() as f64).min(WHOLE_TOUR_SHARE_MAX);
        if self.chance.unit() < whole_tours {
            self.ruin_whole_tour();
        }
        self.ruin(seed);
        self.recreate(Some(seed));
    }

    /// All stops of a short tour, so that a van can be saved.
    fn ruin_whole_tour(&mut self) {
        let mut pick = None;
        for _ in 0..2 {
            if self.tours.active.is_empty() {
                return;
            }
            let van = self.tours.active[self.chance.below(self.tours.active.len())];
            let stops = self.tours.tours[van as usize].stops();
            if stops > 0 && stops <= WHOLE_TOUR_MAX && pick.is_none_or(|(_, fewest)| stops < fewest) {
                pick = Some((van, stops));
            }
        }
        if let Some((van, _)) = pick {
            self.tours.take_out(van, |_, _| true);
        }
    }

    /// Adjacent strings around a seed.
    fn ruin(&mut self, seed: u32) {
        let placed = (self.movable.len() - self.tours.absent.len().min(self.movable.len())) as f64;
        let mean_stops = placed / self.tours.active.len().max(1) as f64;
        let string_max = STRING_MAX.min(mean_stops.max(1.0));
        let tours_max = 4.0 * RUIN_MEAN / (1.0 + string_max) - 1.0;
        let tours = (self.chance.unit() * tours_max + 1.0) as usize;
        let mut ruined = 0;
        let shop = self.shop;
        for &order in &shop.neighbours[seed as usize] {
            if ruined == tours {
                break;
            }
            let van = self.tours.tour_of[order as usize];
            if van == NONE || self.tours.is_touched(van) {
                continue;
            }
            ruined += 1;
            let stops = self.tours.tours[van as usize].stops();
            let longest = string_max.min(stops as f64);
            let length = ((self.chance.unit() * longest + 1.0) as usize).min(stops);
            let at = self.tours.position_of[order as usize] as usize;
            self.cut_string(van, at, length, stops);
        }
    }

    fn cut_string(&mut self, van: u32, at: usize, length: usize, stops: usize) {
        let mut kept = 0;
        if length > 1 && length < stops && self.chance.unit() < SPLIT_SHARE {
            kept = 1;
            while length + kept < stops && self.chance.unit() > SPLIT_GROWS {
                kept += 1;
            }
        }
        let span = length + kept;
        // The string begins so that it holds the position and stays within 1..=stops.
        let first_min = at.saturating_sub(span - 1).max(1);
        let first_max = at.min(stops + 1 - span);
        let first = first_min + self.chance.below(first_max - first_min + 1);
        let kept_from = if kept > 0 { first + 1 + self.chance.below(length - 1) } else { usize::MAX };
        let kept_until = kept_from.saturating_add(kept);
        self.tours.take_out(van, |position, _| {
            position >= first && position < first + span && !(position >= kept_from && position < kept_until)
        });
    }

    /// Puts absent orders back, one after the other, each where it costs least.
    fn recreate(&mut self, seed: Option<u32>) {
        self.listing += 1;
        self.work.clear();
        let old = self.tours.absent_before();
        match seed {
            Some(seed) if old > 4 * ABSENT_TRIES => {
                self.work.extend_from_slice(&self.tours.absent[old..]);
                for &order in &self.work {
                    self.listed_in[order as usize] = self.listing;
                }
                let shop = self.shop;
                let (tour_of, listed_in, listing) = (&self.tours.tour_of, &self.listed_in, self.listing);
                let waits = |order: u32| {
                    let index = order as usize;
                    tour_of[index] == NONE && !shop.frozen[index] && listed_in[index] != listing
                };
                let near = shop.neighbours[seed as usize].iter().copied();
                self.work.extend(near.filter(|&order| waits(order)).take(ABSENT_TRIES));
            }
            Some(_) | None => self.work.extend_from_slice(&self.tours.absent),
        }
        self.advance = match seed {
            _ if !self.shop.prizes => 0,
            None => self.shop.mandatory / 2,
            Some(_) if self.chance.unit() < ADVANCE_SHARE => {
                (self.chance.unit() * (self.shop.mandatory / 2) as f64) as i64
            }
            Some(_) => 0,
        };
        self.sort_work();
        for index in 0..self.work.len() {
            let order = self.work[index];
            if let Some(spot) = self.cheapest_spot(order) {
                let mut van = spot.van;
                if spot.takes_over != NONE {
                    self.tours.hand_over(van, spot.takes_over);
                    van = spot.takes_over;
                }
                self.tours.put_in(order, van, spot.position as usize, spot.pattern);
            }
        }
        self.tours.drop_present();
        if self.shop.prizes {
            self.drop_unworthy();
        }
        if self.shop.refits.iter().any(|refits| !refits.is_empty()) {
            self.refit();
        }
    }

    fn sort_work(&mut self) {
        let shop = self.shop;
        self.chance.shuffle(&mut self.work);
        let draw = self.chance.below(if shop.timed { 17 } else { 11 });
        let key: Option<SortKey<'_>> = match draw {
            0..4 => None,
            4..8 => Some(Box::new(|order| -shop.load[order].iter().sum::<i64>())),
            8..10 => Some(Box::new(|order| -i64::from(shop.far[order]))),
            10 => Some(Box::new(|order| i64::from(shop.far[order]))),
            11..13 => Some(Box::new(|order| shop.closes[order] - shop.opens[order])),
            13..15 => Some(Box::new(|order| shop.opens[order])),
            _ => Some(Box::new(|order| -shop.closes[order])),
        };
        if let Some(key) = key {
            self.keys.clear();
            self.keys.extend(self.work.iter().map(|&order| (key(order as usize), order)));
            self.keys.sort_by_key(|&(key, _)| key);
            self.work.clear();
            self.work.extend(self.keys.iter().map(|&(_, order)| order));
        }
    }

    /// Lets go of stops that cost more than they bring, and of tours that do so as a whole.
    fn drop_unworthy(&mut self) {
        let shop = self.shop;
        self.fit_for.clear();
        self.fit_for.extend(self.tours.touched());
        for index in 0..self.fit_for.len() {
            let van = self.fit_for[index];
            let tour = &self.tours.tours[van as usize];
            if shop.vans[van as usize].started() || tour.stops() == 0 {
                continue;
            }
            let orders = tour.nodes.iter().filter(|&&node| shop.is_order(node));
            let brings: i64 = orders.map(|&order| shop.miss[order as usize]).sum();
            if tour.cost > brings {
                self.tours.take_out(van, |_, _| true);
                continue;
            }
            if !shop.plain {
                continue;
            }
            let (grid, per_metre) = (shop.grid(van), shop.vans[van as usize].per_metre);
            let worst = (1..tour.nodes.len() - 1).find(|&position| {
                let shortcut = grid.arc(tour.nodes[position - 1], tour.nodes[position + 1]);
                let saved = i64::from(tour.arcs[position] + tour.arcs[position + 1] - shortcut) * per_metre;
                saved > shop.miss[tour.nodes[position] as usize] && tour.stops() > 1
            });
            if let Some(worst) = worst {
                self.tours.take_out(van, |position, _| position == worst);
            }
        }
    }

    /// Tours of a mixed fleet go to the cheapest van that can drive them.
    fn refit(&mut self) {
        self.fit_for.clear();
        self.fit_for.extend(self.tours.touched());
        for index in 0..self.fit_for.len() {
            let van = self.fit_for[index];
            let tour = &self.tours.tours[van as usize];
            if tour.stops() == 0 {
                continue;
            }
            let (now, class) = (tour.cost, self.shop.vans[van as usize].class);
            let mut cheapest = (now, NONE);
            for &other in &self.shop.refits[class] {
                let Some(next) = self.tours.next_idle(other) else { continue };
                let taker = &self.shop.vans[next as usize];
                let light = tour.loads.iter().all(|load| load.iter().zip(&taker.capacity).all(|(l, c)| l <= c));
                let now_van = &self.shop.vans[van as usize];
                let cost = now + taker.fixed - now_van.fixed + (taker.per_metre - now_van.per_metre) * tour.metres;
                if light && cost < cheapest.0 {
                    cheapest = (cost, next);
                }
            }
            if cheapest.1 != NONE {
                self.tours.hand_over(van, cheapest.1);
            }
        }
    }

    fn cheapest_spot(&mut self, order: u32) -> Option<Spot> {
        let shop = self.shop;
        // Without a prize an order goes wherever it can.
        let most = shop.miss[order as usize];
        let mut best = Spot { cost: most.max(1), van: NONE, position: 0, pattern: Pattern::Alone, takes_over: NONE };
        self.candidates.clear();
        self.mark += 1;
        // With many tours only those that pass near the order are looked at.
        let few = self.tours.active.len() <= 12;
        if few {
            for index in 0..self.tours.active.len() {
                let van = self.tours.active[index];
                self.scan(order, van, &mut best);
            }
        } else {
            for &other in &shop.neighbours[order as usize][1..] {
                let van = self.tours.tour_of[other as usize];
                if van != NONE && self.marked_in[van as usize] != self.mark {
                    self.marked_in[van as usize] = self.mark;
                    self.scan(order, van, &mut best);
                }
            }
            // Vans on the road with nothing left to do have no stop that could be near.
            for index in 0..self.tours.active.len() {
                let van = self.tours.active[index];
                if self.tours.tours[van as usize].stops() == 0 {
                    self.scan(order, van, &mut best);
                }
            }
        }
        if !shop.plain {
            self.judge_candidates(order, &mut best);
        }
        if (best.van == NONE || !self.spare_vans) && self.tours.active.len() < self.fleet_limit {
            if best.van == NONE && most < shop.mandatory {
                best.cost = most.saturating_add(self.advance).max(1);
            }
            self.candidates.clear();
            for class in 0..shop.classes.len() {
                if let Some(van) = self.tours.next_idle(class) {
                    self.scan(order, van, &mut best);
                }
            }
            if !shop.plain {
                self.judge_candidates(order, &mut best);
            }
        }
        if best.van == NONE && !few {
            // Nobody near can; somebody far may.
            best.cost = most.max(1);
            self.candidates.clear();
            for index in 0..self.tours.active.len() {
                let van = self.tours.active[index];
                if self.marked_in[van as usize] != self.mark {
                    self.scan(order, van, &mut best);
                }
            }
            if !shop.plain {
                self.judge_candidates(order, &mut best);
            }
        }
        (best.van != NONE).then_some(best)
    }

    /// Looks at every position of one tour.
    fn scan(&mut self, order: u32, number: u32, best: &mut Spot) {
        let shop = self.shop;
        if !shop.suits(order, number) {
            return;
        }
        let van = &shop.vans[number as usize];
        let grid = &shop.grids[van.profile];
        let tour = &self.tours.tours[number as usize];
        let row = order as usize * grid.nodes;
        let (to, from) = (&grid.metres_to[row..row + grid.nodes], &grid.metres[row..row + grid.nodes]);
        let (time_to, time_from) = (&grid.time_to[row..row + grid.nodes], &grid.time[row..row + grid.nodes]);
        let mut extra = shop.moved(order, number);
        if tour.stops() == 0 && !van.started() {
            extra += self.opening(van.fixed);
        }
        let (mut per_metre, mut takes_over) = (van.per_metre, NONE);
        let one_trip = tour.loads.len() == 1;
        let (mut best_cost, mut best_position) = (best.cost, 0);
        if one_trip && !shop.fits(&tour.loads[0], order, &van.capacity) {
            match self.larger_van(order, number) {
                Some((more, rate, taker)) if shop.plain => {
                    (per_metre, takes_over) = (rate, taker);
                    extra += more;
                }
                Some(_) | None if van.trips_left == 1 => return,
                Some(_) | None => {}
            }
        }
        let crowded = |position: usize| {
            takes_over == NONE && !shop.fits(&tour.loads[usize::from(tour.trip_of[position - 1])], order, &van.capacity)
        };
        let may_crowd = van.trips_left > 1;
        let (opens, closes, service) =
            (shop.opens[order as usize], shop.closes[order as usize], shop.service[order as usize]);
        let nodes = &tour.nodes[..];
        let length = nodes.len();
        let (arcs, ready, late) = (&tour.arcs[..length], &tour.ready[..length], &tour.late[..length]);
        let first = late.partition_point(|&latest| latest < opens.saturating_add(service)).max(1);
        for position in first..length {
            let left = ready[position - 1];
            if left > closes {
                break;
            }
            let (before, after) = (nodes[position - 1] as usize, nodes[position] as usize);
            let cost = i64::from(to[before] + from[after] - arcs[position]) * per_metre + extra;
            if cost >= best_cost {
                continue;
            }
            let arrives = left + i64::from(time_to[before]);
            let Some(begins) = shop.begins(order, arrives) else { continue };
            if begins + service + i64::from(time_from[after]) > late[position]
                || to[before] >= NO_ROAD
                || from[after] >= NO_ROAD
            {
                continue;
            }
            if may_crowd && crowded(position) {
                continue;
            }
            if !shop.plain {
                self.candidates.push((cost, number, position as u32, Pattern::Alone));
                continue;
            }
            if self.chance.below(BLINK_ONE_IN) == 0 {
                continue;
            }
            (best_cost, best_position) = (cost, position);
        }
        if best_position > 0 {
            *best = Spot {
                cost: best_cost,
                van: number,
                position: best_position as u32,
                pattern: Pattern::Alone,
                takes_over,
            };
        }
        let carried_alone = shop.fits(&[0; crate::model::DIMENSIONS], order, &van.capacity);
        if may_crowd && carried_alone && tour.loads.len() < van.trips_left && tour.stops() > 0 {
            // A trip of its own: out and back, beside any depot of the tour.
            let depot = van.depot as usize;
            let out = i64::from(to[depot]) + i64::from(from[depot]);
            for position in 1..length {
                let at_depot = position > 1 && !shop.is_order(nodes[position - 1]);
                let at_start = position == 1 && !van.started();
                if (at_depot || at_start) && out * per_metre + extra < best_cost {
                    self.candidates.push((out * per_metre + extra, number, position as u32, Pattern::BeforeDepot));
                }
            }
            let last = nodes[length - 2] as usize;
            let end = nodes[length - 1] as usize;
            let home = i64::from(grid.arc(last as u32, depot as u32)) + i64::from(to[depot]) + i64::from(from[end]);
            let cost = (home - i64::from(arcs[length - 1])) * per_metre + extra;
            if cost < best_cost {
                self.candidates.push((cost, number, length as u32 - 1, Pattern::AfterDepot));
            }
        }
    }

    /// The cheapest unused van that could take a tour over with one order more: what it costs more, what a metre
    /// costs then, and its number.
    fn larger_van(&self, order: u32, number: u32) -> Option<(i64, i64, u32)> {
        let shop = self.shop;
        let (van, tour) = (&shop.vans[number as usize], &self.tours.tours[number as usize]);
        let takers = shop.refits[van.class].iter().filter_map(|&class| self.tours.next_idle(class));
        let fitting = takers.filter(|&taker| shop.fits(&tour.loads[0], order, &shop.vans[taker as usize].capacity));
        let priced = fitting.map(|taker| {
            let other = &shop.vans[taker as usize];
            let started_at = if tour.stops() == 0 { 0 } else { other.fixed - van.fixed };
            (started_at + (other.per_metre - van.per_metre) * tour.metres, other.per_metre, taker)
        });
        priced.min_by_key(|&(more, _, taker)| (more, taker))
    }

    /// Asks the whole truth about promising positions, cheapest promise first.
    fn judge_candidates(&mut self, order: u32, best: &mut Spot) {
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.sort_by_key(|&(cost, van, position, _)| (cost, van, position));
        for &(promise, van, position, pattern) in &candidates {
            if promise >= best.cost {
                break;
            }
            if self.chance.below(BLINK_ONE_IN) == 0 {
                continue;
            }
            let tour = &self.tours.tours[van as usize];
            let depot = self.shop.vans[van as usize].depot;
            let (head, tail) = tour.nodes.split_at(position as usize);
            self.trial.clear();
            self.trial.extend_from_slice(head);
            match pattern {
                Pattern::Alone => self.trial.push(order),
                Pattern::BeforeDepot => self.trial.extend_from_slice(&[order, depot]),
                Pattern::AfterDepot => self.trial.extend_from_slice(&[depot, order]),
            }
            self.trial.extend_from_slice(tail);
            let now = tour.cost - tour.moved;
            if let Some(cost) = self.tours.timing.cost(self.shop, van, &self.trial) {
                let opens = tour.stops() == 0 && !self.shop.vans[van as usize].started();
                let more = cost - now + self.shop.moved(order, van) + if opens { self.opening(0) } else { 0 };
                if more < best.cost {
                    *best = Spot { cost: more, van, position, pattern, takes_over: NONE };
                }
            }
        }
        self.candidates = candidates;
    }
}
