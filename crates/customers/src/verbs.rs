//! What can be done with a customer's record.

use ::events::{Object, tell};
use ::store::{Tx, args};
use kernel::{AddressId, CustomerId, Lang, Stamp};

use crate::{
    Address, Addressing, Choice, Confirmation, Consent, Customer, CustomerKind, CustomerRefusal, Export, NewCustomer,
    Phone, Purpose, ReadPurpose, Standing,
    events::{
        AddressAdded, ConsentChanged, CustomerBlocked, CustomerRegistered, CustomerUnblocked, PersonalDataErased,
        PersonalDataExported, PersonalDataRead, PhoneConfirmed,
    },
    rules::ADDRESSES_MAX,
    store,
};

/// Enters a customer. Their phone is unconfirmed until a code has come back from it.
pub async fn register(tx: &mut Tx, stamp: &Stamp, new: &NewCustomer) -> Result<Customer, CustomerRefusal> {
    enter(tx, stamp, new, Confirmation::Unconfirmed).await
}

/// The customer who has just proved to hold this phone: the one who is known by it, or a new one.
pub async fn sign_up(
    tx: &mut Tx,
    stamp: &Stamp,
    phone: &Phone,
    name: &str,
    lang: Lang,
) -> Result<Customer, CustomerRefusal> {
    if let Some(known) = store::find_by_phone(tx, phone).await? {
        return confirm_phone(tx, stamp, known.id, phone).await;
    }
    let new = NewCustomer {
        kind: CustomerKind::Person,
        standing: Standing::Registered,
        name: name.to_owned(),
        tax_id: None,
        phone: Some(phone.clone()),
        langs: vec![lang],
        price_group: None,
        allergies: None,
    };
    enter(tx, stamp, &new, Confirmation::Confirmed).await
}

/// A code has come back from the customer's phone. A guest becomes registered by it.
pub async fn confirm_phone(
    tx: &mut Tx,
    stamp: &Stamp,
    id: CustomerId,
    phone: &Phone,
) -> Result<Customer, CustomerRefusal> {
    let known = known(tx, id).await?;
    if known.phone_state == Confirmation::Confirmed && known.phone.as_ref() == Some(phone) {
        return Ok(known);
    }
    let holder = store::find_by_phone(tx, phone).await?;
    if holder.is_some_and(|holder| holder.id != id && holder.standing == Standing::Registered) {
        return Err(CustomerRefusal::PhoneTaken);
    }
    if tx.execute(store::CONFIRM_PHONE, args![id, phone.as_str()]).await? == 0 {
        return Err(CustomerRefusal::ChangedMeanwhile { customer: id });
    }
    tell(tx, stamp, Object::of(id), &[], &PhoneConfirmed {}).await?;
    self::known(tx, id).await
}

/// Adds an address.
pub async fn add_address(
    tx: &mut Tx,
    stamp: &Stamp,
    customer: CustomerId,
    place: &Addressing,
) -> Result<Address, CustomerRefusal> {
    not_erased(&known(tx, customer).await?)?;
    if store::addresses(tx, customer).await?.len() >= ADDRESSES_MAX {
        return Err(CustomerRefusal::TooManyAddresses);
    }
    enter_address(tx, stamp, customer, place).await
}

/// Registers a customer together with their first door.
pub async fn move_in(
    tx: &mut Tx,
    stamp: &Stamp,
    new: &NewCustomer,
    door: &Addressing,
) -> Result<CustomerId, CustomerRefusal> {
    let customer = admit(tx, stamp, new, Confirmation::Unconfirmed).await?;
    enter_address(tx, stamp, customer, door).await?;
    Ok(customer)
}

async fn enter_address(
    tx: &mut Tx,
    stamp: &Stamp,
    customer: CustomerId,
    place: &Addressing,
) -> Result<Address, CustomerRefusal> {
    let id = stamp.mint::<AddressId>();
    store::insert_address(tx, stamp, id, customer, place).await?;
    tell(tx, stamp, Object::of(customer), &[Object::of(id)], &AddressAdded { address: id }).await?;
    Ok(Address { id, customer, place: place.clone() })
}

/// Puts the customer on the block list: their orders are not taken until somebody lifts it.
pub async fn block(
    tx: &mut Tx,
    stamp: &Stamp,
    customer: CustomerId,
    because: &str,
) -> Result<Customer, CustomerRefusal> {
    not_erased(&known(tx, customer).await?)?;
    if tx.execute(store::BLOCK, args![customer, stamp.at, because]).await? == 0 {
        return Err(CustomerRefusal::AlreadyBlocked { customer });
    }
    tell(tx, stamp, Object::of(customer), &[], &CustomerBlocked {}).await?;
    known(tx, customer).await
}

/// Takes the customer off the block list.
pub async fn unblock(tx: &mut Tx, stamp: &Stamp, customer: CustomerId) -> Result<Customer, CustomerRefusal> {
    known(tx, customer).await?;
    if tx.execute(store::UNBLOCK, args![customer]).await? == 0 {
        return Err(CustomerRefusal::NotBlocked { customer });
    }
    tell(tx, stamp, Object::of(customer), &[], &CustomerUnblocked {}).await?;
    known(tx, customer).await
}

/// The customer, if their orders are taken: known, not blocked, not erased.
pub async fn may_order(tx: &mut Tx, customer: CustomerId) -> Result<Customer, CustomerRefusal> {
    let found = known(tx, customer).await?;
    not_erased(&found)?;
    if found.blocked.is_some() {
        return Err(CustomerRefusal::Blocked { customer });
    }
    Ok(found)
}

/// Writes down that the customer has agreed to a purpose, or no longer does.
pub async fn record_consent(
    tx: &mut Tx,
    stamp: &Stamp,
    customer: CustomerId,
    purpose: Purpose,
    choice: Choice,
) -> Result<Consent, CustomerRefusal> {
    not_erased(&known(tx, customer).await?)?;
    tx.put(store::INSERT_CONSENT, args![customer, purpose, choice, stamp.at]).await?;
    tell(tx, stamp, Object::of(customer), &[], &ConsentChanged { purpose, choice }).await?;
    Ok(Consent { purpose, choice, at: stamp.at })
}

/// Whether the customer's last word on the purpose was yes. Silence is no.
pub async fn has_consented(tx: &mut Tx, customer: CustomerId, purpose: Purpose) -> Result<Choice, CustomerRefusal> {
    let last = tx.optional::<Choice>(store::LAST_CHOICE, args![customer, purpose]).await?;
    Ok(last.unwrap_or(Choice::Withdrawn))
}

/// The whole record, read by a member of staff for a purpose; that they did is an event.
pub async fn read_whole(
    tx: &mut Tx,
    stamp: &Stamp,
    customer: CustomerId,
    purpose: ReadPurpose,
) -> Result<Export, CustomerRefusal> {
    let whole = whole(tx, customer).await?;
    tell(tx, stamp, Object::of(customer), &[], &PersonalDataRead { purpose }).await?;
    Ok(whole)
}

/// All that this crate holds about the customer, for the customer. Orders and invoices are added by those who keep them.
pub async fn export(tx: &mut Tx, stamp: &Stamp, customer: CustomerId) -> Result<Export, CustomerRefusal> {
    let whole = whole(tx, customer).await?;
    tell(tx, stamp, Object::of(customer), &[], &PersonalDataExported {}).await?;
    Ok(whole)
}

/// Replaces every personal datum by nothing. The row stays, because orders and invoices point at it; what the law
/// makes us keep stands on those invoices. The caller has seen to it that no order is still on its way.
pub async fn erase(tx: &mut Tx, stamp: &Stamp, customer: CustomerId) -> Result<(), CustomerRefusal> {
    known(tx, customer).await?;
    if tx.execute(store::ERASE, args![customer, store::ERASED, stamp.at]).await? == 0 {
        return Err(CustomerRefusal::Erased { customer });
    }
    let addresses = tx.execute(store::ERASE_ADDRESSES, args![customer, store::ERASED]).await?;
    identity::forget_customer(tx, customer).await?;
    let addresses = i64::try_from(addresses).unwrap_or(i64::MAX);
    tell(tx, stamp, Object::of(customer), &[], &PersonalDataErased { addresses }).await?;
    Ok(())
}

pub(crate) async fn whole(tx: &mut Tx, customer: CustomerId) -> Result<Export, CustomerRefusal> {
    let found = known(tx, customer).await?;
    let addresses = store::addresses(tx, customer).await?;
    let consents = store::consents(tx, customer).await?;
    Ok(Export { customer: found, addresses, consents })
}

async fn enter(
    tx: &mut Tx,
    stamp: &Stamp,
    new: &NewCustomer,
    phone_state: Confirmation,
) -> Result<Customer, CustomerRefusal> {
    let id = admit(tx, stamp, new, phone_state).await?;
    known(tx, id).await
}

async fn admit(
    tx: &mut Tx,
    stamp: &Stamp,
    new: &NewCustomer,
    phone_state: Confirmation,
) -> Result<CustomerId, CustomerRefusal> {
    new.check()?;
    if let (Standing::Registered, Some(phone)) = (new.standing, &new.phone) {
        let holder = store::find_by_phone(tx, phone).await?;
        if holder.is_some_and(|holder| holder.standing == Standing::Registered) {
            return Err(CustomerRefusal::PhoneTaken);
        }
    }
    let id = stamp.mint::<CustomerId>();
    // Index `customer_phone` settles who of two at once was first.
    if store::insert(tx, stamp, id, new, phone_state).await? == 0 {
        return Err(CustomerRefusal::PhoneTaken);
    }
    if let (Standing::Registered, Some(phone)) = (new.standing, &new.phone) {
        let lang = new.langs.first().copied().unwrap_or_default();
        enrol(tx, id, phone, lang).await?;
    }
    let body = CustomerRegistered { kind: new.kind, standing: new.standing };
    tell(tx, stamp, Object::of(id), &[], &body).await?;
    Ok(id)
}

/// Whoever holds the phone of a registered customer can sign in as that customer.
async fn enrol(tx: &mut Tx, customer: CustomerId, phone: &Phone, lang: Lang) -> Result<(), CustomerRefusal> {
    let Ok(phone) = identity::Phone::parse(phone.as_str()) else { return Ok(()) };
    match identity::enrol_customer(tx, customer, &phone, lang).await {
        Ok(()) => Ok(()),
        Err(identity::IdentityRefusal::Store(error)) => Err(error.into()),
        Err(_) => Err(CustomerRefusal::PhoneTaken),
    }
}

async fn known(tx: &mut Tx, customer: CustomerId) -> Result<Customer, CustomerRefusal> {
    store::customer(tx, customer).await?.ok_or(CustomerRefusal::UnknownCustomer { customer })
}

fn not_erased(customer: &Customer) -> Result<(), CustomerRefusal> {
    match customer.erased_at {
        Some(_) => Err(CustomerRefusal::Erased { customer: customer.id }),
        None => Ok(()),
    }
}
