//! What orders ask about the customer they are for. Names, numbers and addresses stay with `customers`: an order
//! keeps ids and a point on the map, so that who asks to be forgotten is.

use std::collections::BTreeMap;

use catalog::Position;
use customers::{Address, Customer, CustomerRefusal, Lift, TaxId};
use kernel::{AddressId, CustomerId, Lang};
use serde::{Deserialize, Serialize};
use store::{StoreError, Tx};
use utoipa::ToSchema;

/// The price group of whoever has none of their own.
pub const PUBLIC_GROUP: &str = "*";

/// Whom and where the goods are for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Absent where the reader need not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// How much of a person a reader needs to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eyes {
    /// The customer's own.
    Whole,
    /// Staff's: the whole record is read in `customers`, for a purpose, and the reading is recorded there.
    Masked,
}

/// The customer, who must exist.
pub(crate) async fn customer(tx: &mut Tx, id: CustomerId) -> Result<Customer, CustomerRefusal> {
    customers::customer(tx, id).await?.ok_or(CustomerRefusal::UnknownCustomer { customer: id })
}

/// An address of this customer; another's is not known.
pub(crate) async fn address_of(
    tx: &mut Tx,
    customer: CustomerId,
    address: AddressId,
) -> Result<Address, CustomerRefusal> {
    let found = customers::address(tx, address).await?.filter(|found| found.customer == customer);
    found.ok_or(CustomerRefusal::UnknownAddress { address })
}

/// Where an address lies, if somebody has found it on the map.
pub(crate) fn position_of(address: &Address) -> Option<Position> {
    Some(Position {
        latitude_microdegrees: address.place.latitude_microdegrees?,
        longitude_microdegrees: address.place.longitude_microdegrees?,
    })
}

/// The price group that a customer buys in.
pub(crate) fn group_of(customer: &Customer) -> &str {
    customer.price_group.as_deref().unwrap_or(PUBLIC_GROUP)
}

/// The language that a notice is written in.
pub(crate) fn lang_of(customer: &Customer) -> Lang {
    customer.lang()
}

/// Where notices to a customer go; none once they asked to be forgotten.
pub(crate) async fn phone_of(tx: &mut Tx, id: CustomerId) -> Result<Option<String>, StoreError> {
    let found = customers::customer(tx, id).await?;
    Ok(found.and_then(|customer| customer.phone).map(|phone| phone.as_str().to_owned()))
}

/// 統一編號 of those who are businesses, for their invoices; each of them must exist.
pub(crate) async fn tax_ids_of(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = CustomerId>,
) -> Result<BTreeMap<CustomerId, Option<TaxId>>, CustomerRefusal> {
    let ids: Vec<CustomerId> = ids.into_iter().collect();
    let mut known = customers::customers_by_id(tx, ids.iter().copied()).await?;
    match ids.iter().find(|id| !known.contains_key(*id)) {
        Some(unknown) => Err(CustomerRefusal::UnknownCustomer { customer: *unknown }),
        None => Ok(known.iter_mut().map(|(id, customer)| (*id, customer.tax_id.take())).collect()),
    }
}

/// The contact as the reader may see it.
pub(crate) async fn contact(
    tx: &mut Tx,
    id: CustomerId,
    address: AddressId,
    eyes: Eyes,
) -> Result<Contact, CustomerRefusal> {
    let customer = customer(tx, id).await?;
    match eyes {
        Eyes::Whole => {
            let address = customers::address(tx, address).await?.map(|address| written(&address));
            let phone = customer.phone.map(|phone| phone.national());
            Ok(Contact { name: customer.name, phone, address })
        }
        Eyes::Masked => {
            let masked = customer.masked();
            Ok(Contact { name: masked.name, phone: masked.phone, address: None })
        }
    }
}

/// The address as one writes it on a parcel.
fn written(address: &Address) -> String {
    let floor = address.place.floor.as_deref().map(|floor| format!(" {floor}")).unwrap_or_default();
    let lift = match address.place.lift {
        Lift::No => " (no lift)",
        Lift::Yes | Lift::Unknown => "",
    };
    format!("{}{floor}{lift}", address.place.text)
}
