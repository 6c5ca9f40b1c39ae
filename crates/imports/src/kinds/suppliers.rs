//! Suppliers: those who may be admitted, with the two papers that the law asks of all. The key of a row is the code.

use catalog::Change;
use edge::Problem;
use kernel::{Currency, Id, Money, Stamp};
use procurement::suppliers::{self, Contact, NewQualification, NewSupplier, QualificationKind, Supplier, Weekday};
use store::Tx;

use super::Entered;
use crate::{
    cells::{self, refused},
    columns::{Column, optional, required},
    line::Line,
};

pub(crate) const COLUMNS: &[Column] = &[
    required("code", "YUNLIN-01"),
    required("name", "雲林蔬菜合作社"),
    required("currency", "TWD").one_of(&["TWD", "CNY"]),
    required("lead_time_days", "1"),
    optional("minimum_order", "3000"),
    optional("delivery_days", "monday wednesday friday").one_of(&[
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]),
    required("contact", "林小姐"),
    required("phone", "05-5971234"),
    optional("email", "sales@example.org"),
    required("address", "雲林縣西螺鎮中山路1號"),
    optional("licence_number", "04595257"),
    optional("licence_from", "113/01/01"),
    optional("licence_until", "117/12/31"),
    optional("food_number", "P-104595257-00000-1"),
    optional("food_from", "113/01/01"),
    optional("food_until", "117/12/31"),
];

/// A row that was read.
#[derive(Debug)]
pub(crate) struct Row {
    supplier: NewSupplier,
    papers: Vec<NewQualification>,
}

/// The columns of a paper: its number, from when, until when.
const PAPERS: [(QualificationKind, [&str; 3]); 2] = [
    (QualificationKind::Licence, ["licence_number", "licence_from", "licence_until"]),
    (QualificationKind::FoodBusiness, ["food_number", "food_from", "food_until"]),
];

pub(crate) fn read(line: &mut Line<'_>) -> Option<Row> {
    let code = line.code("code", 32);
    let name = line.text("name", 120);
    let currency = line.choice("currency", Currency::from_code);
    let lead_time_days = line.must("lead_time_days", |cell| cells::whole(cell, 0, 90));
    let minimum_order = line.money_if_any("minimum_order", currency.unwrap_or(Currency::Twd)).unwrap_or(Money::ZERO);
    let mut delivery_days = line.choices("delivery_days", Weekday::from_code);
    if delivery_days.is_empty() {
        delivery_days = Weekday::ALL.to_vec();
    }
    delivery_days.sort_unstable();
    delivery_days.dedup();
    let person = line.text("contact", 80);
    let phone = line.must("phone", |cell| cells::text(&sheets::Cell::Text(cells::typed(cell)?), 40));
    let email = line.text_if_any("email", 120).unwrap_or_default();
    let address = line.text("address", 200);
    let papers = PAPERS.iter().filter_map(|(kind, columns)| paper(line, *kind, columns)).collect();

    let supplier = NewSupplier {
        code: code?,
        name: name?,
        currency: currency?,
        lead_time_days: lead_time_days?,
        minimum_order,
        delivery_days,
        contact: Contact { person: person?, phone: phone?, email, address: address? },
    };
    line.faults.is_empty().then_some(Row { supplier, papers })
}

/// A paper, if the row has one: number and both days belong together.
fn paper(
    line: &mut Line<'_>,
    kind: QualificationKind,
    [number, from, until]: &[&'static str; 3],
) -> Option<NewQualification> {
    if ![number, from, until].iter().any(|column| line.is_given(column)) {
        return None;
    }
    let paper_number = line.must(number, |cell| cells::text(&sheets::Cell::Text(cells::typed(cell)?), 60));
    let (valid_from, valid_until) = (line.must(from, cells::date), line.must(until, cells::date));
    let paper = NewQualification { kind, number: paper_number?, valid_from: valid_from?, valid_until: valid_until? };
    if paper.valid_until < paper.valid_from {
        line.fault(until, refused("imports/ends-before-it-begins"));
        return None;
    }
    Some(paper)
}

impl Row {
    pub(crate) fn key(&self) -> &str {
        &self.supplier.code
    }

    fn says_the_same_as(&self, known: &Supplier) -> bool {
        let new = &self.supplier;
        (&new.name, new.currency, new.lead_time_days, new.minimum_order, &new.delivery_days, &new.contact)
            == (
                &known.name,
                known.currency,
                known.lead_time_days,
                known.minimum_order,
                &known.delivery_days,
                &known.contact,
            )
    }
}

/// Enters or changes a supplier. Whether it may deliver stays with the one who admits it.
pub(crate) async fn enter(tx: &mut Tx, stamp: &Stamp, row: &Row) -> Result<Entered, Problem> {
    let (supplier, mut change) = match suppliers::supplier_by_code(tx, &row.supplier.code).await? {
        None => (suppliers::register(tx, stamp, row.supplier.clone()).await?, Change::Created),
        Some(known) if row.says_the_same_as(&known) => (known, Change::Same),
        Some(known) => (suppliers::change(tx, stamp, known, row.supplier.clone()).await?, Change::Changed),
    };
    if !row.papers.is_empty() {
        let known = suppliers::qualifications(tx, supplier.id).await?;
        for paper in &row.papers {
            let same = |old: &suppliers::Qualification| {
                (old.kind, &old.number, old.valid_from, old.valid_until)
                    == (paper.kind, &paper.number, paper.valid_from, paper.valid_until)
            };
            if !known.iter().any(same) {
                suppliers::qualify(tx, stamp, supplier.id, paper.clone()).await?;
                if change == Change::Same {
                    change = Change::Changed;
                }
            }
        }
    }
    Ok(Entered { change, object: supplier.id.uuid() })
}
