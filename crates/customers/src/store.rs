//! SQL of customers.

use std::collections::{BTreeMap, BTreeSet};

use ::store::{FromRow, Result, Row, Tx, args, row, sql};
use kernel::{AddressId, CustomerId, Instant, Lang, Stamp};

use crate::{Address, Addressing, Blocked, Confirmation, Consent, Customer, NewCustomer, Phone, TaxId};

/// What stands where personal data stood.
pub(crate) const ERASED: &str = "(erased)";

impl FromRow for Customer {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let blocked = match (row.get::<Option<Instant>>(9)?, row.get::<Option<String>>(10)?) {
            (Some(since), Some(because)) => Some(Blocked { since, because }),
            _ => None,
        };
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            standing: row.get(2)?,
            name: row.get(3)?,
            tax_id: row.get::<Option<Stored<TaxId>>>(4)?.map(|stored| stored.0),
            phone: row.get::<Option<Stored<Phone>>>(5)?.map(|stored| stored.0),
            phone_state: row.get(6)?,
            langs: row.get::<String>(7)?.split(',').filter_map(Lang::from_code).collect(),
            price_group: row.get(8)?,
            blocked,
            allergies: row.get(11)?,
            registered_at: row.get(12)?,
            erased_at: row.get(13)?,
            revision: row.get(14)?,
        })
    }
}

/// A text that was checked when it came in and is checked again when it comes out.
struct Stored<T>(T);

impl ::store::Column for Stored<TaxId> {
    fn decode(cell: ::store::Cell<'_>) -> Result<Self, String> {
        TaxId::new(&String::decode(cell)?).map(Self).map_err(|error| error.to_string())
    }
}

impl ::store::Column for Stored<Phone> {
    fn decode(cell: ::store::Cell<'_>) -> Result<Self, String> {
        Phone::parse(&String::decode(cell)?).map(Self).map_err(|error| error.to_string())
    }
}

impl FromRow for Address {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            customer: row.get(1)?,
            place: Addressing {
                recipient: row.get(2)?,
                phone: row.get::<Option<Stored<Phone>>>(3)?.map(|stored| stored.0),
                text: row.get(4)?,
                floor: row.get(5)?,
                lift: row.get(6)?,
                gate_code: row.get(7)?,
                note: row.get(8)?,
                latitude_microdegrees: row.get(9)?,
                longitude_microdegrees: row.get(10)?,
            },
        })
    }
}

impl FromRow for Consent {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { purpose: row.get(0)?, choice: row.get(1)?, at: row.get(2)? })
    }
}

/// One customer, if known.
pub async fn customer(tx: &mut Tx, id: CustomerId) -> Result<Option<Customer>> {
    tx.optional(CUSTOMER, args![id]).await
}

/// Those of `ids` that are known, in one question.
pub async fn customers_by_id(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = CustomerId>,
) -> Result<BTreeMap<CustomerId, Customer>> {
    let ids: BTreeSet<CustomerId> = ids.into_iter().collect();
    let asked: Vec<_> = ids.iter().map(|id| row![*id]).collect();
    let found: Vec<Vec<Customer>> = tx.all_many(CUSTOMER, &asked).await?;
    Ok(found.into_iter().flatten().map(|customer| (customer.id, customer)).collect())
}

/// The registered customer with that number; failing that, the guest who came with it last.
pub async fn find_by_phone(tx: &mut Tx, phone: &Phone) -> Result<Option<Customer>> {
    tx.optional(BY_PHONE, args![phone.as_str()]).await
}

/// Customers in the order of their registration, from behind `after`.
pub async fn list(tx: &mut Tx, after: Option<CustomerId>, rows: i64) -> Result<Vec<Customer>> {
    match after {
        None => tx.all(FIRST, args![rows]).await,
        Some(after) => tx.all(NEXT, args![after, rows]).await,
    }
}

/// Every address of the customer, the oldest first.
pub async fn addresses(tx: &mut Tx, customer: CustomerId) -> Result<Vec<Address>> {
    tx.all(ADDRESSES, args![customer]).await
}

/// One address, if known. Whose it is stands in it.
pub async fn address(tx: &mut Tx, id: AddressId) -> Result<Option<Address>> {
    tx.optional(ADDRESS, args![id]).await
}

/// Those of `ids` that are known, in one question.
pub async fn addresses_by_id(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = AddressId>,
) -> Result<BTreeMap<AddressId, Address>> {
    let ids: BTreeSet<AddressId> = ids.into_iter().collect();
    let asked: Vec<_> = ids.iter().map(|id| row![*id]).collect();
    let found: Vec<Vec<Address>> = tx.all_many(ADDRESS, &asked).await?;
    Ok(found.into_iter().flatten().map(|address| (address.id, address)).collect())
}

/// Every decision of the customer, the oldest first; the last of a purpose counts.
pub async fn consents(tx: &mut Tx, customer: CustomerId) -> Result<Vec<Consent>> {
    tx.all(CONSENTS, args![customer]).await
}

pub(crate) async fn insert(
    tx: &mut Tx,
    stamp: &Stamp,
    id: CustomerId,
    new: &NewCustomer,
    phone_state: Confirmation,
) -> Result<u64> {
    let mut langs: Vec<&str> = new.langs.iter().map(|lang| lang.code()).collect();
    if langs.is_empty() {
        langs.push(Lang::default().code());
    }
    tx.execute(
        INSERT,
        args![
            id,
            new.kind,
            new.standing,
            &new.name,
            new.tax_id.as_ref().map(TaxId::as_str),
            new.phone.as_ref().map(Phone::as_str),
            phone_state,
            langs.join(","),
            new.price_group.as_deref(),
            new.allergies.as_deref(),
            stamp.at
        ],
    )
    .await
}

pub(crate) async fn insert_address(
    tx: &mut Tx,
    stamp: &Stamp,
    id: AddressId,
    customer: CustomerId,
    place: &Addressing,
) -> Result<()> {
    tx.put(
        INSERT_ADDRESS,
        args![
            id,
            customer,
            &place.recipient,
            place.phone.as_ref().map(Phone::as_str),
            &place.text,
            place.floor.as_deref(),
            place.lift,
            place.gate_code.as_deref(),
            place.note.as_deref(),
            place.latitude_microdegrees,
            place.longitude_microdegrees,
            stamp.at
        ],
    )
    .await
}

sql! {
    CUSTOMER = "SELECT id, kind, standing, name, tax_id, phone, phone_state, langs, price_group, blocked_at,
                       blocked_because, allergies, registered_at, erased_at, revision
                FROM customer
                WHERE id = $1";

    /// Index `customer_phone_any`.
    BY_PHONE = "SELECT id, kind, standing, name, tax_id, phone, phone_state, langs, price_group, blocked_at,
                       blocked_because, allergies, registered_at, erased_at, revision
                FROM customer
                WHERE phone = $1
                ORDER BY standing DESC, id DESC
                LIMIT 1";

    FIRST = "SELECT id, kind, standing, name, tax_id, phone, phone_state, langs, price_group, blocked_at,
                    blocked_because, allergies, registered_at, erased_at, revision
             FROM customer
             ORDER BY id
             LIMIT $1";

    NEXT = "SELECT id, kind, standing, name, tax_id, phone, phone_state, langs, price_group, blocked_at,
                   blocked_because, allergies, registered_at, erased_at, revision
            FROM customer
            WHERE id > $1
            ORDER BY id
            LIMIT $2";

    INSERT = "INSERT INTO customer (id, kind, standing, name, tax_id, phone, phone_state, langs, price_group,
                                    allergies, registered_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
              ON CONFLICT DO NOTHING";

    pub(crate) CONFIRM_PHONE = "UPDATE customer
                                SET phone_state = 'confirmed', standing = 'registered', revision = revision + 1
                                WHERE id = $1 AND phone = $2 AND erased_at IS NULL";

    pub(crate) BLOCK = "UPDATE customer
                        SET blocked_at = $2, blocked_because = $3, revision = revision + 1
                        WHERE id = $1 AND blocked_at IS NULL AND erased_at IS NULL";

    pub(crate) UNBLOCK = "UPDATE customer
                          SET blocked_at = NULL, blocked_because = NULL, revision = revision + 1
                          WHERE id = $1 AND blocked_at IS NOT NULL";

    pub(crate) ERASE = "UPDATE customer
                        SET name = $2, tax_id = NULL, phone = NULL, phone_state = 'unconfirmed', allergies = NULL,
                            blocked_because = CASE WHEN blocked_at IS NULL THEN NULL ELSE $2 END,
                            erased_at = $3, revision = revision + 1
                        WHERE id = $1 AND erased_at IS NULL";

    pub(crate) ERASE_ADDRESSES = "UPDATE customer_address
                                  SET recipient = $2, phone = NULL, text = $2, floor = NULL, lift = 'unknown',
                                      gate_code = NULL, note = NULL, latitude_microdegrees = NULL,
                                      longitude_microdegrees = NULL
                                  WHERE customer = $1";

    INSERT_ADDRESS = "INSERT INTO customer_address (id, customer, recipient, phone, text, floor, lift, gate_code, note,
                                                    latitude_microdegrees, longitude_microdegrees, added_at)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

    ADDRESSES = "SELECT id, customer, recipient, phone, text, floor, lift, gate_code, note, latitude_microdegrees,
                        longitude_microdegrees
                 FROM customer_address
                 WHERE customer = $1
                 ORDER BY added_at, id";

    ADDRESS = "SELECT id, customer, recipient, phone, text, floor, lift, gate_code, note, latitude_microdegrees,
                      longitude_microdegrees
               FROM customer_address
               WHERE id = $1";

    CONSENTS = "SELECT purpose, choice, at FROM customer_consent WHERE customer = $1 ORDER BY seq";

    pub(crate) LAST_CHOICE = "SELECT choice
                              FROM customer_consent
                              WHERE customer = $1 AND purpose = $2
                              ORDER BY seq DESC
                              LIMIT 1";

    pub(crate) INSERT_CONSENT = "INSERT INTO customer_consent (customer, purpose, choice, at) VALUES ($1, $2, $3, $4)";
}
