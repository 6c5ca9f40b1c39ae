//! SQL of suppliers.

use kernel::{Date, Instant, SkuId, SupplierId, SupplierPriceId};
use store::{FromRow, Result, Row, Tx, args, sql};

use super::rules::{Contact, Qualification, Supplier, SupplierPrice, Weekday};
use crate::filed;

macro_rules! supplier_columns {
    () => {
        "id, code, name, standing, categories, currency, lead_time_days, minimum_order, delivery_days, contact_person, \
         contact_phone, contact_email, contact_address, registered_by, registered_by_id, revision"
    };
}

sql! {
    SUPPLIER = concat!("SELECT ", supplier_columns!(), " FROM supplier WHERE id = $1");
    SUPPLIER_BY_CODE = concat!("SELECT ", supplier_columns!(), " FROM supplier WHERE code = $1");
    SUPPLIERS = concat!("SELECT ", supplier_columns!(), " FROM supplier WHERE code > $1 ORDER BY code LIMIT $2");
    ADD_SUPPLIER = concat!(
        "INSERT INTO supplier (", supplier_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    );
    CHANGE_SUPPLIER =
        "UPDATE supplier
         SET code = $2, name = $3, standing = $4, categories = $5, currency = $6, lead_time_days = $7,
             minimum_order = $8, delivery_days = $9, contact_person = $10, contact_phone = $11, contact_email = $12,
             contact_address = $13, revision = $14
         WHERE id = $1";
    /// Served by `qualification_of`.
    QUALIFICATIONS = "SELECT id, supplier, kind, number, valid_from, valid_until
                      FROM qualification WHERE supplier = $1 ORDER BY kind, valid_until, id";
    EXPIRING = "SELECT q.id, q.supplier, q.kind, q.number, q.valid_from, q.valid_until
                FROM qualification q
                WHERE q.valid_until >= $1 AND q.valid_until <= $2
                  AND NOT EXISTS (SELECT 1 FROM qualification later
                                  WHERE later.supplier = q.supplier AND later.kind = q.kind
                                    AND later.valid_until > q.valid_until)
                ORDER BY q.valid_until, q.id LIMIT $3";
    ADD_QUALIFICATION = "INSERT INTO qualification (id, supplier, kind, number, valid_from, valid_until, recorded_at)
                         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Served by the key `supplier_price_begins_once`.
    PRICES_OF = "SELECT id, supplier, sku, money, base, valid_from, valid_until
                 FROM supplier_price WHERE supplier = $1 AND sku = $2 ORDER BY valid_from {lock}";
    PRICE_ON = "SELECT id, supplier, sku, money, base, valid_from, valid_until
                FROM supplier_price
                WHERE supplier = $1 AND sku = $2 AND valid_from <= $3 AND (valid_until IS NULL OR valid_until >= $3)";
    /// Served by `supplier_price_by_sku`.
    OFFERS = "SELECT id, supplier, sku, money, base, valid_from, valid_until
              FROM supplier_price
              WHERE sku = $1 AND valid_from <= $2 AND (valid_until IS NULL OR valid_until >= $2)
              ORDER BY supplier";
    PRICE_PAGE = "SELECT id, supplier, sku, money, base, valid_from, valid_until
                  FROM supplier_price WHERE supplier = $1 AND id > $2 ORDER BY id LIMIT $3";
    ADD_PRICE = "INSERT INTO supplier_price (id, supplier, sku, money, base, valid_from, valid_until)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)";
    END_PRICE = "UPDATE supplier_price SET valid_until = $2 WHERE id = $1 AND valid_until IS NULL";
}

impl FromRow for Supplier {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (categories, days): (String, String) = (row.get(4)?, row.get(8)?);
        Ok(Self {
            id: row.get(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            standing: row.get(3)?,
            categories: categories.split_ascii_whitespace().map(str::to_owned).collect(),
            currency: row.get(5)?,
            lead_time_days: row.get(6)?,
            minimum_order: row.get(7)?,
            delivery_days: filed::read(&days, Weekday::from_code, SUPPLIER, "delivery_days")?,
            contact: Contact { person: row.get(9)?, phone: row.get(10)?, email: row.get(11)?, address: row.get(12)? },
            registered_by: filed::actor(row, 13, SUPPLIER)?,
            revision: row.get(15)?,
        })
    }
}

impl FromRow for Qualification {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            supplier: row.get(1)?,
            kind: row.get(2)?,
            number: row.get(3)?,
            valid_from: row.get(4)?,
            valid_until: row.get(5)?,
        })
    }
}

impl FromRow for SupplierPrice {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            supplier: row.get(1)?,
            sku: row.get(2)?,
            price: filed::price(row, 3)?,
            valid_from: row.get(5)?,
            valid_until: row.get(6)?,
        })
    }
}

pub(super) async fn by_id(tx: &mut Tx, id: SupplierId) -> Result<Option<Supplier>> {
    tx.optional(SUPPLIER, args![id]).await
}

pub(super) async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Supplier>> {
    tx.optional(SUPPLIER_BY_CODE, args![code]).await
}

pub(super) async fn page(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Supplier>> {
    tx.all(SUPPLIERS, args![after, limit]).await
}

pub(super) async fn add(tx: &mut Tx, supplier: &Supplier) -> Result<()> {
    tx.put(
        ADD_SUPPLIER,
        args![
            supplier.id,
            &supplier.code,
            &supplier.name,
            supplier.standing,
            supplier.categories.join(" "),
            supplier.currency,
            supplier.lead_time_days,
            supplier.minimum_order,
            days(supplier),
            &supplier.contact.person,
            &supplier.contact.phone,
            &supplier.contact.email,
            &supplier.contact.address,
            supplier.registered_by.noun(),
            supplier.registered_by.uuid(),
            supplier.revision,
        ],
    )
    .await
}

pub(super) async fn change(tx: &mut Tx, supplier: &Supplier) -> Result<()> {
    tx.put(
        CHANGE_SUPPLIER,
        args![
            supplier.id,
            &supplier.code,
            &supplier.name,
            supplier.standing,
            supplier.categories.join(" "),
            supplier.currency,
            supplier.lead_time_days,
            supplier.minimum_order,
            days(supplier),
            &supplier.contact.person,
            &supplier.contact.phone,
            &supplier.contact.email,
            &supplier.contact.address,
            supplier.revision,
        ],
    )
    .await
}

fn days(supplier: &Supplier) -> String {
    filed::written(supplier.delivery_days.iter().map(|day| day.code()))
}

pub(super) async fn qualifications_of(tx: &mut Tx, supplier: SupplierId) -> Result<Vec<Qualification>> {
    tx.all(QUALIFICATIONS, args![supplier]).await
}

pub(super) async fn expiring(tx: &mut Tx, on: Date, through: Date, limit: i64) -> Result<Vec<Qualification>> {
    tx.all(EXPIRING, args![on, through, limit]).await
}

pub(super) async fn add_qualification(tx: &mut Tx, paper: &Qualification, at: Instant) -> Result<()> {
    tx.put(
        ADD_QUALIFICATION,
        args![paper.id, paper.supplier, paper.kind, &paper.number, paper.valid_from, paper.valid_until, at],
    )
    .await
}

pub(super) async fn prices_of(tx: &mut Tx, supplier: SupplierId, sku: SkuId) -> Result<Vec<SupplierPrice>> {
    tx.all(PRICES_OF, args![supplier, sku]).await
}

pub(super) async fn price_on(tx: &mut Tx, supplier: SupplierId, sku: SkuId, on: Date) -> Result<Option<SupplierPrice>> {
    tx.optional(PRICE_ON, args![supplier, sku, on]).await
}

/// What every supplier asks for a SKU on a day.
pub(super) async fn offers(tx: &mut Tx, sku: SkuId, on: Date) -> Result<Vec<SupplierPrice>> {
    tx.all(OFFERS, args![sku, on]).await
}

pub(super) async fn price_page(
    tx: &mut Tx,
    supplier: SupplierId,
    after: Option<SupplierPriceId>,
    limit: i64,
) -> Result<Vec<SupplierPrice>> {
    let after = after.map_or_else(uuid::Uuid::nil, kernel::Id::uuid);
    tx.all(PRICE_PAGE, args![supplier, after, limit]).await
}

pub(super) async fn add_price(tx: &mut Tx, price: &SupplierPrice) -> Result<()> {
    tx.put(
        ADD_PRICE,
        args![
            price.id,
            price.supplier,
            price.sku,
            price.price.money,
            price.price.base,
            price.valid_from,
            price.valid_until
        ],
    )
    .await
}

pub(super) async fn end_price(tx: &mut Tx, price: SupplierPriceId, last: Date) -> Result<()> {
    tx.put(END_PRICE, args![price, last]).await
}
