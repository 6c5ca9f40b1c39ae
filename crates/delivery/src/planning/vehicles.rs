//! Vehicles: opened with their place in the stock journal, withdrawn when their last shift is over.

use ::events::{Object, tell};
use ::store::Tx;
use edge::{Problem, parse};
use kernel::{Money, SiteId, Stamp, TemperatureClass, VehicleId};
use ledger::PlaceKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    PlanningRefusal,
    events::{VehicleOpened, VehicleWithdrawn},
    rules::{Cargo, Skill, Vehicle, VehicleKind, VehicleState},
    store,
};

/// A vehicle to be taken into service.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVehicle {
    pub site: SiteId,
    /// What stands on its door: a plate or a number.
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    pub kind: VehicleKind,
    pub capacity: Cargo,
    #[serde(default)]
    #[schema(max_items = 3)]
    pub skills: Vec<Skill>,
    #[serde(default)]
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub cost_per_run: Money,
    #[serde(default)]
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000)]
    pub cost_per_kilometre: Money,
}

impl NewVehicle {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.code = parse::code("code", &self.code, 20)?;
        for class in TemperatureClass::ALL {
            let hold = self.capacity.of(class);
            parse::within(&format!("capacity/{}/grams", class.code()), hold.grams, 0, Cargo::GRAMS_MAX)?;
            parse::within(&format!("capacity/{}/crates", class.code()), hold.crates, 0, Cargo::CRATES_MAX)?;
        }
        if self.capacity.grams() == 0 {
            return Err(Problem::invalid("capacity", "a vehicle carries something"));
        }
        parse::amount("cost_per_run", self.cost_per_run)?;
        parse::within("cost_per_kilometre", self.cost_per_kilometre.minor(), 0, 1_000_000)?;
        self.skills.sort_unstable();
        self.skills.dedup();
        Ok(self)
    }
}

/// Takes a vehicle into service and opens its place.
pub async fn open_vehicle(tx: &mut Tx, stamp: &Stamp, draft: NewVehicle) -> Result<Vehicle, PlanningRefusal> {
    catalog::site(tx, draft.site).await?;
    if store::vehicle_by_code(tx, draft.site, &draft.code).await?.is_some() {
        return Err(PlanningRefusal::VehicleCodeTaken { code: draft.code });
    }
    let id: VehicleId = stamp.mint();
    let vehicle = Vehicle {
        id,
        site: draft.site,
        code: draft.code,
        kind: draft.kind,
        capacity: draft.capacity,
        skills: draft.skills,
        cost_per_run: draft.cost_per_run,
        cost_per_kilometre: draft.cost_per_kilometre,
        place: ledger::place_for(tx, stamp, draft.site, PlaceKind::Vehicle, id).await?.id,
        state: VehicleState::InService,
        revision: 1,
    };
    store::add_vehicle(tx, &vehicle).await?;
    let body = VehicleOpened { code: vehicle.code.clone(), kind: vehicle.kind, place: vehicle.place };
    tell(tx, stamp, Object::of(vehicle.id), &[Object::of(vehicle.site), Object::of(vehicle.place)], &body).await?;
    Ok(vehicle)
}

/// Takes a vehicle out of service once no shift needs it.
pub async fn withdraw_vehicle(tx: &mut Tx, stamp: &Stamp, vehicle: VehicleId) -> Result<Vehicle, PlanningRefusal> {
    let mut vehicle = store::vehicle(tx, vehicle).await?.ok_or(PlanningRefusal::NoSuchVehicle)?;
    match vehicle.state {
        VehicleState::InService => {}
        VehicleState::Withdrawn => return Err(PlanningRefusal::VehicleWithdrawn { code: vehicle.code }),
    }
    if store::vehicle_has_shifts(tx, vehicle.id, stamp.at).await? {
        return Err(PlanningRefusal::VehicleHasShifts { code: vehicle.code });
    }
    vehicle.state = VehicleState::Withdrawn;
    vehicle.revision += 1;
    store::save_vehicle_state(tx, &vehicle).await?;
    tell(
        tx,
        stamp,
        Object::of(vehicle.id),
        &[Object::of(vehicle.site)],
        &VehicleWithdrawn { code: vehicle.code.clone() },
    )
    .await?;
    Ok(vehicle)
}
