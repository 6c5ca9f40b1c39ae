//! Customers: people and businesses with their door. The key of a row is the reference under which the shop that sent
//! the file knows them; it is kept, and nothing personal beside it.

use catalog::Change;
use customers::{Addressing, Customer, CustomerKind, Lift, NewCustomer, Phone, Standing, TaxId, TaxIdError};
use edge::Problem;
use kernel::{CustomerId, Id, Lang, Stamp};
use sheets::Cell;
use store::Tx;

use super::Entered;
use crate::{
    cells::{self, refused},
    columns::{Column, optional, required},
    line::Line,
    store::KnownKeys,
};

pub(crate) const COLUMNS: &[Column] = &[
    required("reference", "C-00017"),
    required("kind", "business").one_of(&["person", "business"]),
    required("name", "巷口小館"),
    required("phone", "0912-345-678"),
    optional("tax_id", "04595257"),
    optional("languages", "zh-Hant en").one_of(&["zh-Hant", "zh-Hans", "en"]),
    optional("price_group", "restaurants"),
    optional("allergies", ""),
    optional("recipient", "陳先生"),
    required("address", "臺北市內湖區瑞光路1號"),
    optional("floor", "1F"),
    optional("lift", "no").one_of(&["yes", "no", "unknown"]),
    optional("gate_code", ""),
    optional("note", "後門卸貨"),
    optional("latitude", "25.078"),
    optional("longitude", "121.575"),
];

/// A row that was read.
#[derive(Debug)]
pub(crate) struct Row {
    reference: String,
    customer: NewCustomer,
    door: Addressing,
}

pub(crate) fn read(line: &mut Line<'_>) -> Option<Row> {
    let reference = line.code("reference", 40);
    let kind = line.choice("kind", CustomerKind::from_code);
    let name = line.text("name", 80);
    let phone = line.must("phone", phone);
    let tax_id = line.may("tax_id", tax_id);
    if tax_id.is_some() && kind == Some(CustomerKind::Person) {
        line.fault("tax_id", Problem::from(customers::CustomerRefusal::TaxIdOfPerson));
    }
    let langs = line.choices("languages", Lang::from_code);
    let price_group = line.may("price_group", |cell| cells::code(cell, 20));
    let allergies = line.text_if_any("allergies", 300);
    let recipient = line.text_if_any("recipient", 80);
    let text = line.must("address", |cell| {
        let text = cells::text(cell, 200)?;
        if text.chars().count() < 3 { Err(refused("imports/too-short").with("least", 3)) } else { Ok(text) }
    });
    let floor = line.text_if_any("floor", 20);
    let lift = line.choice_if_any("lift", Lift::from_code).unwrap_or(Lift::Unknown);
    let (gate_code, note) = (line.text_if_any("gate_code", 40), line.text_if_any("note", 300));
    let latitude = line.may("latitude", |cell| cells::scaled(cell, 6, -90_000_000, 90_000_000));
    let longitude = line.may("longitude", |cell| cells::scaled(cell, 6, -180_000_000, 180_000_000));
    for (one, other) in [("latitude", "longitude"), ("longitude", "latitude")] {
        if line.is_given(one) && !line.is_given(other) {
            line.fault(other, refused("imports/missing"));
        }
    }

    let (name, text) = (name?, text?);
    let customer = NewCustomer {
        kind: kind?,
        standing: Standing::Registered,
        name: name.clone(),
        tax_id,
        phone: Some(phone?),
        langs,
        price_group,
        allergies,
    };
    let door = Addressing {
        recipient: recipient.unwrap_or(name),
        phone: None,
        text,
        floor,
        lift,
        gate_code,
        note,
        latitude_microdegrees: latitude,
        longitude_microdegrees: longitude,
    };
    let reference = reference?;
    line.faults.is_empty().then_some(Row { reference, customer, door })
}

fn phone(cell: &Cell) -> Result<Phone, Problem> {
    let typed = cells::typed(cell)?;
    Phone::parse(&typed).map_err(|_| refused("imports/not-a-phone").with("value", typed))
}

fn tax_id(cell: &Cell) -> Result<TaxId, Problem> {
    let typed = cells::typed(cell)?;
    TaxId::new(&typed).map_err(|error| match error {
        TaxIdError::Shape => refused("imports/not-a-tax-id").with("value", typed),
        TaxIdError::CheckDigit => refused("imports/tax-id-check-digit").with("value", typed),
    })
}

impl Row {
    pub(crate) fn key(&self) -> &str {
        &self.reference
    }

    fn says_the_same_as(&self, known: &Customer) -> bool {
        let new = &self.customer;
        let langs = if new.langs.is_empty() { vec![Lang::default()] } else { new.langs.clone() };
        (new.kind, &new.name, &new.tax_id, &new.phone, langs, &new.price_group, &new.allergies)
            == (
                known.kind,
                &known.name,
                &known.tax_id,
                &known.phone,
                known.langs.clone(),
                &known.price_group,
                &known.allergies,
            )
    }
}

/// Registers a customer with their door. One who is known by the reference is compared, and never changed by a file:
/// what a person told us outweighs what a list says.
pub(crate) async fn enter(tx: &mut Tx, stamp: &Stamp, known: &KnownKeys, row: &Row) -> Result<Entered, Problem> {
    if let Some(known) = known.get(&row.reference) {
        let customer = CustomerId::from_uuid(known.object);
        let record = customers::customer(tx, customer).await?;
        let doors = customers::addresses(tx, customer).await?;
        let same = record.is_some_and(|record| row.says_the_same_as(&record))
            && doors.iter().any(|door| door.place == row.door);
        if same {
            return Ok(Entered { change: Change::Same, object: known.object });
        }
        return Err(refused("imports/known-otherwise").with("key", &row.reference).field("reference"));
    }
    let customer = customers::move_in(tx, stamp, &row.customer, &row.door).await?;
    Ok(Entered { change: Change::Created, object: customer.uuid() })
}
