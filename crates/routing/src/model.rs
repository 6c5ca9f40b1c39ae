//! What has to be brought where, by whom, until when; and the plan that answers it.

use serde::{Deserialize, Serialize};

/// Dimensions of a load: weight and crates of goods that are kept warm, cool and frozen are six already.
pub const DIMENSIONS: usize = 6;
/// Places of one matrix at most: the matrix grows with their square.
pub const PLACES_MAX: usize = 20_000;
/// Numbers in a problem stay below this, so that no sum of them overflows.
pub const NUMBER_MAX: i64 = 1 << 40;
/// What the dearest of all plans of a problem may cost.
const COST_MAX: i128 = 1 << 61;
/// Written in a matrix where no road leads.
pub const UNREACHABLE: i32 = i32::MAX;

/// Weight, volume, crates, cold-box places, or whatever the caller counts. In JSON a shorter list stands for one with
/// zeros behind it.
pub type Load = [i64; DIMENSIONS];

/// From when until when something may *begin*. Both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub opens_ms: i64,
    pub closes_ms: i64,
}

impl Window {
    pub const fn new(opens_ms: i64, closes_ms: i64) -> Self {
        Self { opens_ms, closes_ms }
    }
}

/// Travel between all pairs of places for one kind of vehicle; need not be symmetric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    places: usize,
    /// Row by row: `ms[from * places + to]`; `null` in JSON where no road leads.
    #[serde(with = "gaps")]
    ms: Vec<i32>,
    #[serde(with = "gaps")]
    metres: Vec<i32>,
}

impl Matrix {
    /// Takes both tables row by row.
    pub fn new(places: usize, ms: Vec<i32>, metres: Vec<i32>) -> Result<Self, ModelError> {
        let matrix = Self { places, ms, metres };
        matrix.validate(0)?;
        Ok(matrix)
    }

    pub const fn places(&self) -> usize {
        self.places
    }

    /// How long the way takes, or [`UNREACHABLE`].
    pub fn ms(&self, from: usize, to: usize) -> i32 {
        self.ms[from * self.places + to]
    }

    /// How far the way is, or [`UNREACHABLE`].
    pub fn metres(&self, from: usize, to: usize) -> i32 {
        self.metres[from * self.places + to]
    }

    /// Adds a place at the end: what leads from every known place to it, and from it to every known place.
    pub fn add_place(&mut self, to_it: &[(i32, i32)], from_it: &[(i32, i32)]) -> Result<usize, ModelError> {
        let old = self.places;
        if to_it.len() != old || from_it.len() != old {
            return Err(ModelError::MatrixNotSquare { profile: 0, places: old, cells: to_it.len() + from_it.len() });
        }
        let widen = |table: &[i32], pick: fn(&(i32, i32)) -> i32| {
            let mut wide = Vec::with_capacity((old + 1) * (old + 1));
            for (row, way) in table.chunks_exact(old.max(1)).zip(to_it) {
                wide.extend_from_slice(row);
                wide.push(pick(way));
            }
            wide.extend(from_it.iter().map(pick));
            wide.push(0);
            wide
        };
        self.ms = widen(&self.ms, |way| way.0);
        self.metres = widen(&self.metres, |way| way.1);
        self.places = old + 1;
        Ok(old)
    }

    /// The travel between some of the places.
    #[must_use]
    pub fn part(&self, places: &[usize]) -> Self {
        let cut = |table: &[i32]| {
            let rows = places.iter().map(|&from| &table[from * self.places..(from + 1) * self.places]);
            rows.flat_map(|row| places.iter().map(|&to| row[to])).collect()
        };
        Self { places: places.len(), ms: cut(&self.ms), metres: cut(&self.metres) }
    }

    fn validate(&self, profile: usize) -> Result<(), ModelError> {
        let places = self.places;
        if places > PLACES_MAX {
            return Err(ModelError::TooManyPlaces { places, most: PLACES_MAX });
        }
        for table in [&self.ms, &self.metres] {
            if table.len() != places * places {
                return Err(ModelError::MatrixNotSquare { profile, places, cells: table.len() });
            }
            if let Some(cell) = table.iter().position(|&cell| cell < 0) {
                return Err(ModelError::NegativeTravel { profile, from: cell / places, to: cell % places });
            }
        }
        Ok(())
    }
}

/// JSON has no largest number; a missing road is `null`.
mod gaps {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::UNREACHABLE;

    pub(super) fn serialize<S: Serializer>(table: &[i32], to: S) -> Result<S::Ok, S::Error> {
        let cells: Vec<Option<i32>> = table.iter().map(|&cell| (cell != UNREACHABLE).then_some(cell)).collect();
        cells.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<i32>, D::Error> {
        let cells = Vec::<Option<i32>>::deserialize(from)?;
        Ok(cells.into_iter().map(|cell| cell.unwrap_or(UNREACHABLE)).collect())
    }
}

fn filled_up<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Load, D::Error> {
    let given = Vec::<i64>::deserialize(from)?;
    if given.len() > DIMENSIONS {
        return Err(serde::de::Error::invalid_length(given.len(), &"at most as many numbers as a load has dimensions"));
    }
    let mut load = [0; DIMENSIONS];
    load[..given.len()].copy_from_slice(&given);
    Ok(load)
}

/// Lateness that is allowed and costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoftLate {
    /// Service that begins after this instant is late.
    pub after_ms: i64,
    pub cost_per_ms: i64,
}

/// One door to serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub id: String,
    /// Row and column of the matrices.
    pub place: usize,
    #[serde(default, deserialize_with = "filled_up")]
    pub load: Load,
    /// When service may begin: one of these, in their order, not overlapping. Empty means always.
    #[serde(default)]
    pub windows: Vec<Window>,
    #[serde(default)]
    pub service_ms: i64,
    /// Its trip does not leave the depot before, because it is still being picked.
    #[serde(default)]
    pub release_ms: Option<i64>,
    /// Bits that the vehicle must have.
    #[serde(default)]
    pub skills: u64,
    /// 0 is served first when not all can be; at most 3.
    #[serde(default)]
    pub tier: u8,
    /// What leaving it out costs. Without a prize an order is left out only when there is no way to serve it.
    #[serde(default)]
    pub prize: Option<i64>,
    #[serde(default)]
    pub soft_late: Option<SoftLate>,
    /// From leaving the depot until service begins, at most.
    #[serde(default)]
    pub cold_limit_ms: Option<i64>,
    /// Only this vehicle may bring it, because it is on board already or promised to a person.
    #[serde(default)]
    pub pinned_to: Option<usize>,
}

impl Order {
    /// An order without wishes.
    pub fn at(id: impl Into<String>, place: usize) -> Self {
        Self {
            id: id.into(),
            place,
            load: [0; DIMENSIONS],
            windows: Vec::new(),
            service_ms: 0,
            release_ms: None,
            skills: 0,
            tier: 0,
            prize: None,
            soft_late: None,
            cold_limit_ms: None,
            pinned_to: None,
        }
    }

    #[must_use]
    pub fn within(mut self, window: Window) -> Self {
        self.windows.push(window);
        self
    }

    #[must_use]
    pub fn weighing(mut self, weight: i64) -> Self {
        self.load[0] = weight;
        self
    }
}

/// A rest that the driver takes once, between two stops, before the vehicle is back for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// When it may begin.
    pub window: Window,
    pub length_ms: i64,
}

/// A stop that is done, or that nobody will change any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenStop {
    pub order: usize,
    /// When the vehicle left it or will leave it; nothing before this instant is judged again.
    pub left_ms: i64,
}

/// A trip that has begun. The last one may be continued, the others are over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenTrip {
    pub departed_ms: i64,
    pub stops: Vec<FrozenStop>,
}

/// One vehicle with its driver for one shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vehicle {
    pub id: String,
    /// Which of the matrices it drives by.
    #[serde(default)]
    pub profile: usize,
    /// Where it starts, and where it reloads between trips.
    pub start: usize,
    pub end: usize,
    /// Leaves at the earliest when this opens and is back at the latest when it closes.
    pub shift: Window,
    /// From the first departure to the last return, at most.
    #[serde(default)]
    pub max_duration_ms: Option<i64>,
    #[serde(default)]
    pub rest: Option<Break>,
    #[serde(deserialize_with = "filled_up")]
    pub capacity: Load,
    #[serde(default)]
    pub skills: u64,
    /// For using it at all.
    #[serde(default)]
    pub fixed_cost: i64,
    #[serde(default)]
    pub cost_per_metre: i64,
    #[serde(default)]
    pub cost_per_ms: i64,
    /// Departures from its start, at most; 1 means no reload.
    pub trips_max: usize,
    /// Between coming back and leaving again.
    #[serde(default)]
    pub reload_ms: i64,
    #[serde(default)]
    pub frozen: Vec<FrozenTrip>,
}

impl Vehicle {
    /// A vehicle without limits that costs one per metre.
    pub fn at(id: impl Into<String>, depot: usize, shift: Window) -> Self {
        Self {
            id: id.into(),
            profile: 0,
            start: depot,
            end: depot,
            shift,
            max_duration_ms: None,
            rest: None,
            capacity: [NUMBER_MAX; DIMENSIONS],
            skills: 0,
            fixed_cost: 0,
            cost_per_metre: 1,
            cost_per_ms: 0,
            trips_max: 1,
            reload_ms: 0,
            frozen: Vec::new(),
        }
    }
}

/// Evens work out: what a vehicle is out beyond the even share costs extra.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub even_share_ms: i64,
    pub cost_per_ms: i64,
}

/// All that a plan has to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// One per profile.
    pub matrices: Vec<Matrix>,
    pub orders: Vec<Order>,
    pub vehicles: Vec<Vehicle>,
    #[serde(default)]
    pub balance: Option<Balance>,
}

/// Why a problem is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("{places} places, at most {most} fit into a matrix")]
    TooManyPlaces { places: usize, most: usize },
    #[error("the matrix of profile {profile} has {cells} cells for {places} places")]
    MatrixNotSquare { profile: usize, places: usize, cells: usize },
    #[error("the way from {from} to {to} in profile {profile} is negative")]
    NegativeTravel { profile: usize, from: usize, to: usize },
    #[error("all matrices have the places of the first; that of profile {profile} has {places}")]
    MatricesDiffer { profile: usize, places: usize },
    #[error("there is no vehicle")]
    NoVehicle,
    #[error("{what} names place {place}, which is in no matrix")]
    UnknownPlace { what: String, place: usize },
    #[error("{what} names profile {profile}, which has no matrix")]
    UnknownProfile { what: String, profile: usize },
    #[error("{what}: the window from {opens_ms} to {closes_ms} ends before it begins")]
    NegativeWindow { what: String, opens_ms: i64, closes_ms: i64 },
    #[error("{what}: its windows overlap or are not in their order")]
    WindowsOverlap { what: String },
    #[error("{what}: {field} is {value}, outside of what is allowed")]
    OutOfRange { what: String, field: &'static str, value: i64 },
    #[error("its costs times its times and ways are more than can be added up")]
    CostsTooLarge,
    #[error("no order can be reached from the start of {vehicle} and brought home")]
    UnreachableDepot { vehicle: String },
    #[error("{what} names order {order}, which does not exist")]
    UnknownOrder { what: String, order: usize },
    #[error("order {order} is pinned to vehicle {vehicle}, which does not exist")]
    UnknownVehicle { order: String, vehicle: usize },
    #[error("order {order} is frozen twice")]
    FrozenTwice { order: usize },
    #[error("order {order} is on no route of the plan, or its stop is frozen")]
    NoOpenStop { order: usize },
    #[error("orders {one} and {other} both ride with vehicle {vehicle}")]
    SameVehicle { one: usize, other: usize, vehicle: usize },
    #[error("order {order} is promised to vehicle {vehicle}")]
    PinnedElsewhere { order: usize, vehicle: usize },
}

impl Problem {
    /// Refuses what no plan could answer sensibly. [`crate::solve::solve`] asks it first.
    pub fn validate(&self) -> Result<(), ModelError> {
        let places = self.matrices.first().map_or(0, Matrix::places);
        for (profile, matrix) in self.matrices.iter().enumerate() {
            matrix.validate(profile)?;
            if matrix.places != places {
                return Err(ModelError::MatricesDiffer { profile, places: matrix.places });
            }
        }
        if self.vehicles.is_empty() {
            return Err(ModelError::NoVehicle);
        }
        for order in &self.orders {
            self.validate_order(order, places)?;
        }
        let mut frozen = vec![false; self.orders.len()];
        for vehicle in &self.vehicles {
            self.validate_vehicle(vehicle, places)?;
            for stop in vehicle.frozen.iter().flat_map(|trip| &trip.stops) {
                let Some(seen) = frozen.get_mut(stop.order) else {
                    return Err(ModelError::UnknownOrder { what: vehicle.id.clone(), order: stop.order });
                };
                if std::mem::replace(seen, true) {
                    return Err(ModelError::FrozenTwice { order: stop.order });
                }
            }
        }
        self.validate_costs()
    }

    /// Refuses costs that no sum could hold, were every way driven and everybody as late as can be.
    fn validate_costs(&self) -> Result<(), ModelError> {
        let what = || "the balance".to_owned();
        if let Some(balance) = self.balance {
            in_range(&what, "even_share_ms", balance.even_share_ms)?;
            if !(0..=NUMBER_MAX).contains(&balance.cost_per_ms) {
                return Err(ModelError::OutOfRange { what: what(), field: "cost_per_ms", value: balance.cost_per_ms });
            }
        }
        let longest = |table: &[i32]| {
            let longer = |most: i32, &cell: &i32| if cell == UNREACHABLE { most } else { most.max(cell) };
            i128::from(table.iter().fold(0, longer))
        };
        let far = self.matrices.iter().map(|matrix| longest(&matrix.metres)).max().unwrap_or(0);
        let long = self.matrices.iter().map(|matrix| longest(&matrix.ms)).max().unwrap_or(0);
        let (orders, vehicles) = (self.orders.len() as i128, self.vehicles.len() as i128);
        let trips = self.vehicles.iter().map(|vehicle| vehicle.trips_max as i128 + 1).sum::<i128>();
        let legs = orders + trips;
        let dearest = |of: fn(&Vehicle) -> i64| i128::from(self.vehicles.iter().map(of).max().unwrap_or(0));
        let shift = dearest(|vehicle| vehicle.shift.closes_ms.max(0) + vehicle.shift.opens_ms.min(0).abs());
        let windows = self.orders.iter().flat_map(|order| &order.windows);
        let latest = i128::from(windows.map(|window| window.closes_ms.max(0)).max().unwrap_or(0));
        let service = self.orders.iter().map(|order| i128::from(order.service_ms)).sum::<i128>();
        let reloads = dearest(|vehicle| vehicle.reload_ms) * trips;
        let day = shift.max(latest) + service + reloads + legs * long;
        let late = self.orders.iter().filter_map(|order| order.soft_late);
        let late =
            late.map(|late| (day + i128::from(late.after_ms).abs()) * i128::from(late.cost_per_ms)).sum::<i128>();
        let balance = self.balance.map_or(0, |balance| {
            (day + i128::from(balance.even_share_ms).abs()) * i128::from(balance.cost_per_ms) * vehicles
        });
        let most = legs * far * dearest(|vehicle| vehicle.cost_per_metre)
            + day * dearest(|vehicle| vehicle.cost_per_ms) * vehicles
            + dearest(|vehicle| vehicle.fixed_cost) * vehicles
            + self.orders.iter().filter_map(|order| order.prize).map(i128::from).sum::<i128>()
            + late
            + balance;
        if most > COST_MAX { Err(ModelError::CostsTooLarge) } else { Ok(()) }
    }

    fn validate_order(&self, order: &Order, places: usize) -> Result<(), ModelError> {
        let what = || format!("order {}", order.id);
        if order.place >= places {
            return Err(ModelError::UnknownPlace { what: what(), place: order.place });
        }
        for (field, value) in [("service_ms", order.service_ms), ("tier", i64::from(order.tier) * (NUMBER_MAX / 3))]
            .into_iter()
            .chain(order.load.iter().map(|&load| ("load", load)))
            .chain(order.prize.map(|prize| ("prize", prize)))
            .chain(order.cold_limit_ms.map(|limit| ("cold_limit_ms", limit)))
            .chain(order.soft_late.map(|late| ("soft_late", late.cost_per_ms)))
        {
            if !(0..=NUMBER_MAX).contains(&value) {
                return Err(ModelError::OutOfRange { what: what(), field, value });
            }
        }
        if let Some(release_ms) = order.release_ms {
            in_range(&what, "release_ms", release_ms)?;
        }
        if let Some(late) = order.soft_late {
            in_range(&what, "soft_late", late.after_ms)?;
        }
        let mut free_from = i64::MIN;
        for window in &order.windows {
            valid_window(&what, window)?;
            if window.opens_ms < free_from {
                return Err(ModelError::WindowsOverlap { what: what() });
            }
            free_from = window.closes_ms;
        }
        match order.pinned_to {
            Some(vehicle) if vehicle >= self.vehicles.len() => {
                Err(ModelError::UnknownVehicle { order: order.id.clone(), vehicle })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn validate_vehicle(&self, vehicle: &Vehicle, places: usize) -> Result<(), ModelError> {
        let what = || format!("vehicle {}", vehicle.id);
        for place in [vehicle.start, vehicle.end] {
            if place >= places {
                return Err(ModelError::UnknownPlace { what: what(), place });
            }
        }
        let Some(matrix) = self.matrices.get(vehicle.profile) else {
            return Err(ModelError::UnknownProfile { what: what(), profile: vehicle.profile });
        };
        valid_window(&what, &vehicle.shift)?;
        for (field, value) in [
            ("fixed_cost", vehicle.fixed_cost),
            ("cost_per_metre", vehicle.cost_per_metre),
            ("cost_per_ms", vehicle.cost_per_ms),
            ("reload_ms", vehicle.reload_ms),
        ]
        .into_iter()
        .chain(vehicle.capacity.iter().map(|&load| ("capacity", load)))
        .chain(vehicle.max_duration_ms.map(|limit| ("max_duration_ms", limit)))
        .chain(vehicle.rest.map(|rest| ("rest", rest.length_ms)))
        {
            if !(0..=NUMBER_MAX).contains(&value) {
                return Err(ModelError::OutOfRange { what: what(), field, value });
            }
        }
        if let Some(rest) = &vehicle.rest {
            valid_window(&what, &rest.window)?;
        }
        if vehicle.trips_max == 0 || vehicle.trips_max > 100 {
            return Err(ModelError::OutOfRange { what: what(), field: "trips_max", value: vehicle.trips_max as i64 });
        }
        if vehicle.frozen.len() > vehicle.trips_max {
            return Err(ModelError::OutOfRange { what: what(), field: "frozen", value: vehicle.frozen.len() as i64 });
        }
        for trip in &vehicle.frozen {
            in_range(&what, "departed_ms", trip.departed_ms)?;
            for stop in &trip.stops {
                in_range(&what, "left_ms", stop.left_ms)?;
            }
        }
        let reached = |order: &Order| {
            matrix.ms(vehicle.start, order.place) != UNREACHABLE && matrix.ms(order.place, vehicle.end) != UNREACHABLE
        };
        if !self.orders.is_empty() && !self.orders.iter().any(reached) {
            return Err(ModelError::UnreachableDepot { vehicle: vehicle.id.clone() });
        }
        Ok(())
    }
}

fn valid_window(what: &dyn Fn() -> String, window: &Window) -> Result<(), ModelError> {
    in_range(what, "window", window.opens_ms)?;
    in_range(what, "window", window.closes_ms)?;
    if window.closes_ms < window.opens_ms {
        let Window { opens_ms, closes_ms } = *window;
        return Err(ModelError::NegativeWindow { what: what(), opens_ms, closes_ms });
    }
    Ok(())
}

fn in_range(what: &dyn Fn() -> String, field: &'static str, value: i64) -> Result<(), ModelError> {
    if (-NUMBER_MAX..=NUMBER_MAX).contains(&value) {
        Ok(())
    } else {
        Err(ModelError::OutOfRange { what: what(), field, value })
    }
}

/// One departure from the depot and the orders it brings, in their sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    pub departs_ms: i64,
    pub orders: Vec<usize>,
}

/// Where the driver rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// How many orders of the route are served before it; 0 means before the first departure's first stop.
    pub after_orders: usize,
    pub begins_ms: i64,
}

/// What one vehicle does. Vehicles that stay at home have no route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub vehicle: usize,
    pub trips: Vec<Trip>,
    #[serde(default)]
    pub rest: Option<Rest>,
}

impl Route {
    /// Its orders in their sequence.
    pub fn orders(&self) -> impl Iterator<Item = usize> {
        self.trips.iter().flat_map(|trip| trip.orders.iter().copied())
    }
}

/// Why an order has no place in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Reason {
    /// No road leads there and back for any vehicle that may bring it.
    Unreachable,
    /// No vehicle has what it asks for, or the one it is pinned to has not.
    NoSkill,
    /// No vehicle could carry it even empty.
    TooLarge,
    /// No vehicle could be there in time even if it did nothing else.
    OutOfTime,
    /// It fits into a vehicle, but all are full or busy with others.
    NoRoom,
    /// Serving it costs more than its prize.
    NotWorthIt,
}

/// The smallest change that would give an unassigned order a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Relaxation {
    /// Its last window closes so much later.
    LaterWindow { vehicle: usize, by_ms: i64 },
    /// The vehicle's shift is so much longer.
    LongerShift { vehicle: usize, by_ms: i64 },
    /// The vehicle carries so much more.
    MoreRoom { vehicle: usize, dimension: usize, by: i64 },
    /// One more vehicle like this one.
    AnotherVehicle { like: usize },
    /// Its prize is so much higher.
    HigherPrize { by: i64 },
    /// Nothing that we could change alone.
    None,
}

/// An order without a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unassigned {
    pub order: usize,
    #[serde(flatten)]
    pub reason: Reason,
    pub relaxation: Relaxation,
}

/// The answer to a problem: every order is on a route or unassigned with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub routes: Vec<Route>,
    pub unassigned: Vec<Unassigned>,
}
