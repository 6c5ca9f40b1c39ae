//! What delivery must know of an order: where, when, how heavy, how cold. The customer's door comes with it.

use customers::{Addressing, Lift};
use delivery::planning::{Cargo, Door, Drop, Hold};
use kernel::TemperatureClass;
use orders::outbound;
use store::Tx;
use warehouse::fulfilment;

use crate::FlowRefusal;

/// Orders in the words of delivery. Parcels, addresses and customers are asked for once, for all of them.
pub(crate) async fn drops_of(tx: &mut Tx, known: &[outbound::Drop]) -> Result<Vec<Drop>, FlowRefusal> {
    let orders: Vec<_> = known.iter().map(|known| known.order).collect();
    let parcels = fulfilment::classes_of_each(tx, &orders).await?;
    let addresses = customers::addresses_by_id(tx, known.iter().map(|known| known.address)).await?;
    let customers = customers::customers_by_id(tx, known.iter().map(|known| known.customer)).await?;
    let drops = known.iter().zip(parcels).map(|(known, parcels)| {
        let phone = customers.get(&known.customer).and_then(|customer| customer.phone.clone());
        let address = addresses.get(&known.address).map(|address| address.place.clone());
        let door = address.map_or_else(Door::default, |place| door(place, phone, &known.remark));
        drop_of(known, &parcels, door)
    });
    Ok(drops.collect())
}

fn drop_of(known: &outbound::Drop, parcels: &[TemperatureClass], door: Door) -> Drop {
    let mut cargo = Cargo::default();
    for (class, grams) in &known.grams {
        let crates = parcels.iter().filter(|parcel| *parcel == class).count();
        *room(&mut cargo, *class) = Hold { grams: *grams, crates: i64::try_from(crates).unwrap_or(i64::MAX) };
    }
    Drop {
        order: known.order,
        customer: known.customer,
        position: Some(known.position),
        window: known.window,
        first_promise: known.window,
        cargo,
        skills: Vec::new(),
        service_minutes: None,
        door,
    }
}

/// The door as a courier needs it: floor, gate code and lift in one note, the recipient's phone or the customer's own.
fn door(place: Addressing, phone: Option<customers::Phone>, remark: &str) -> Door {
    let floor = place.floor.map(|floor| format!("{floor} F"));
    let lift = match place.lift {
        Lift::Yes | Lift::Unknown => None,
        Lift::No => Some("no lift".to_owned()),
    };
    let remark = Some(remark.to_owned()).filter(|remark| !remark.is_empty());
    let note: Vec<String> = [floor, lift, place.gate_code, place.note, remark].into_iter().flatten().collect();
    let phone = place.phone.or(phone).map(|phone| phone.to_string()).unwrap_or_default();
    Door { name: place.recipient, phone, address: place.text, note: note.join(" · ") }
}

fn room(cargo: &mut Cargo, class: TemperatureClass) -> &mut Hold {
    match class {
        TemperatureClass::Ambient => &mut cargo.ambient,
        TemperatureClass::Chilled => &mut cargo.chilled,
        TemperatureClass::Frozen => &mut cargo.frozen,
    }
}
