//! A truck stands at the dock.

use ::events::{Object, tell};
use ::store::Tx;
use edge::{Problem, parse};
use kernel::{
    Actor, ArrivalId, DeciCelsius, Instant, PlaceId, PurchaseOrderId, ShippingNoticeId, SiteId, Stamp, SupplierId,
};
use ledger::PlaceKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ReceivingRefusal, events::GoodsArrived, store};
use crate::{
    contracts::{self, ContractsRefusal, ShippingNotice},
    numbers::{self, Series},
};

codes! {
    /// Whether anything of an arrival still waits at the dock.
    ArrivalState {
        AtDock = "at_dock",
        /// All of it is judged, and put away or sent back.
        Cleared = "cleared",
    }
}

/// A truck as the dock reports it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArrival {
    pub purchase_order: PurchaseOrderId,
    /// The notice that announced it, if one did.
    #[serde(default)]
    pub notice: Option<ShippingNoticeId>,
    /// The code of the dock; the site's first, if none is named.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub dock: Option<String>,
    #[schema(min_length = 1, max_length = 20)]
    pub vehicle: String,
    /// Inside the vehicle when its door was opened.
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = -900, maximum = 900)]
    pub vehicle_temperature: Option<DeciCelsius>,
}

impl NewArrival {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.vehicle = parse::text("vehicle", &self.vehicle, 1, 20)?;
        self.dock = self.dock.map(|dock| parse::text("dock", &dock, 1, 40)).transpose()?;
        if self.vehicle_temperature.is_some_and(|inside| !inside.is_plausible()) {
            return Err(Problem::invalid("vehicle_temperature", "a reading lies between -90.0 and 90.0 degrees"));
        }
        Ok(self)
    }
}

/// A truck at the dock, for one purchase order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Arrival {
    pub id: ArrivalId,
    /// The number of the goods receipt: `GRN-TPE1-260328-2`.
    pub number: String,
    pub site: SiteId,
    pub purchase_order: PurchaseOrderId,
    pub supplier: SupplierId,
    pub notice: Option<ShippingNoticeId>,
    pub dock: PlaceId,
    pub vehicle: String,
    #[schema(value_type = Option<i32>)]
    pub vehicle_temperature: Option<DeciCelsius>,
    pub state: ArrivalState,
    pub arrived_by: Actor,
    pub arrived_at: Instant,
}

impl Arrival {
    /// The things that every event of this arrival touches.
    pub(super) fn around(&self) -> [Object; 4] {
        [Object::of(self.id), Object::of(self.purchase_order), Object::of(self.supplier), Object::of(self.site)]
    }
}

/// Opens an arrival for an order that a truck is expected for.
pub async fn arrive(tx: &mut Tx, stamp: &Stamp, new: NewArrival) -> Result<Arrival, ReceivingRefusal> {
    let order = contracts::order(tx, new.purchase_order).await?.head;
    if !order.state.awaits_goods() {
        return Err(ContractsRefusal::NotExpected { number: order.number, state: order.state }.into());
    }
    if let Some(notice) = new.notice {
        demand_own_notice(&contracts::notice(tx, notice).await?, order.id)?;
    }
    let site = catalog::site(tx, order.site).await?;
    let dock = dock(tx, stamp, site.id, new.dock).await?;

    let arrival = Arrival {
        id: stamp.mint(),
        number: numbers::next(tx, Series::GoodsReceipt, &site, site.time.business_day(stamp.at)).await?,
        site: site.id,
        purchase_order: order.id,
        supplier: order.supplier,
        notice: new.notice,
        dock,
        vehicle: new.vehicle,
        vehicle_temperature: new.vehicle_temperature,
        state: ArrivalState::AtDock,
        arrived_by: stamp.by,
        arrived_at: stamp.at,
    };
    store::add_arrival(tx, &arrival).await?;
    let body = GoodsArrived {
        number: arrival.number.clone(),
        purchase_order: order.number,
        notice: arrival.notice,
        vehicle: arrival.vehicle.clone(),
        vehicle_temperature: arrival.vehicle_temperature,
    };
    tell(tx, stamp, Object::of(arrival.id), &arrival.around(), &body).await?;
    Ok(arrival)
}

fn demand_own_notice(notice: &ShippingNotice, order: PurchaseOrderId) -> Result<(), ReceivingRefusal> {
    if notice.purchase_order == order { Ok(()) } else { Err(ContractsRefusal::NoSuchNotice.into()) }
}

/// The dock with this code; without one, the first that the site has, or the one that every site has in the end.
async fn dock(tx: &mut Tx, stamp: &Stamp, site: SiteId, code: Option<String>) -> Result<PlaceId, ReceivingRefusal> {
    if let Some(code) = code {
        let dock = ledger::place_of(tx, site, PlaceKind::Dock, &code).await?;
        return dock.map(|dock| dock.id).ok_or(ReceivingRefusal::NoSuchDock { code });
    }
    if let Some(first) = ledger::places_of(tx, site, PlaceKind::Dock).await?.first() {
        return Ok(first.id);
    }
    Ok(ledger::the_place(tx, stamp, site, PlaceKind::Dock).await?.id)
}

/// The arrival, which must exist.
pub async fn arrival(tx: &mut Tx, id: ArrivalId) -> Result<Arrival, ReceivingRefusal> {
    store::arrival(tx, id).await?.ok_or(ReceivingRefusal::NoSuchArrival)
}

/// An arrival whose last part has left the dock is cleared.
pub(super) async fn clear_when_empty(tx: &mut Tx, id: ArrivalId) -> Result<(), ReceivingRefusal> {
    if store::waiting_at_dock(tx, id).await? == 0 {
        store::clear(tx, id).await?;
    }
    Ok(())
}
