//! Who may deliver what. Pure.

use edge::{Problem, Revised, parse};
use kernel::{
    Actor, Base, Currency, Date, Money, Price, QualificationId, Quantity, Round, SkuId, SupplierId, SupplierPriceId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SuppliersRefusal;
use crate::dates;

codes! {
    /// What a supplier may be asked for.
    SupplierStanding {
        /// Entered, and not yet admitted by a second person.
        Registered = "registered",
        Approved = "approved",
        /// May deliver, and is watched.
        Probation = "probation",
        /// May not be ordered from.
        Suspended = "suspended",
    }
}

codes! {
    /// A paper that a supplier shows.
    QualificationKind {
        /// 營業執照 or company registration.
        Licence = "licence",
        /// 食品經營許可, 食品業者登錄字號.
        FoodBusiness = "food_business",
        /// 產銷履歷.
        Traceability = "traceability",
        /// 有機.
        Organic = "organic",
        /// 農藥殘留檢驗報告.
        ResidueReport = "residue_report",
        /// HACCP or ISO 22000.
        FoodSafetySystem = "food_safety_system",
        /// 動物檢疫合格證明.
        QuarantineCertificate = "quarantine_certificate",
    }
}

codes! {
    Weekday {
        Monday = "monday",
        Tuesday = "tuesday",
        Wednesday = "wednesday",
        Thursday = "thursday",
        Friday = "friday",
        Saturday = "saturday",
        Sunday = "sunday",
    }
}

impl Weekday {
    pub fn of(date: Date) -> Self {
        match date.weekday() {
            jiff::civil::Weekday::Monday => Self::Monday,
            jiff::civil::Weekday::Tuesday => Self::Tuesday,
            jiff::civil::Weekday::Wednesday => Self::Wednesday,
            jiff::civil::Weekday::Thursday => Self::Thursday,
            jiff::civil::Weekday::Friday => Self::Friday,
            jiff::civil::Weekday::Saturday => Self::Saturday,
            jiff::civil::Weekday::Sunday => Self::Sunday,
        }
    }
}

/// Papers that the law asks of everyone who sells food to us (食品安全法 art. 50, 食安法 §8). The others vouch for a
/// claim, and their expiry is told but stops nothing.
const DEMANDED_OF_ALL: [QualificationKind; 2] = [QualificationKind::Licence, QualificationKind::FoodBusiness];

/// Somebody who sells to us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Supplier {
    pub id: SupplierId,
    pub code: String,
    pub name: String,
    pub standing: SupplierStanding,
    /// Categories that the approver has admitted.
    pub categories: Vec<String>,
    /// The currency of its prices; only sites that trade in it order here.
    pub currency: Currency,
    pub lead_time_days: i64,
    pub minimum_order: Money,
    pub delivery_days: Vec<Weekday>,
    pub contact: Contact,
    pub registered_by: Actor,
    pub revision: i64,
}

impl Revised for Supplier {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// Whom to call, and the address that the law wants on every record of incoming goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SupplierContact)]
pub struct Contact {
    #[schema(min_length = 1, max_length = 80)]
    pub person: String,
    #[schema(min_length = 1, max_length = 40)]
    pub phone: String,
    #[serde(default)]
    #[schema(max_length = 120)]
    pub email: String,
    #[schema(min_length = 1, max_length = 200)]
    pub address: String,
}

/// A supplier as a buyer enters it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSupplier {
    #[schema(min_length = 1, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    #[schema(min_length = 1, max_length = 120)]
    pub name: String,
    pub currency: Currency,
    #[schema(minimum = 0, maximum = 90)]
    pub lead_time_days: i64,
    #[serde(default)]
    #[schema(minimum = 0)]
    pub minimum_order: Money,
    /// Every day, if none is named.
    #[serde(default = "every_day")]
    #[schema(min_items = 1, max_items = 7)]
    pub delivery_days: Vec<Weekday>,
    pub contact: Contact,
}

fn every_day() -> Vec<Weekday> {
    Weekday::ALL.to_vec()
}

impl NewSupplier {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.code = parse::code("code", &self.code, 32)?;
        self.name = parse::text("name", &self.name, 1, 120)?;
        parse::within("lead_time_days", self.lead_time_days, 0, 90)?;
        parse::amount("minimum_order", self.minimum_order)?;
        parse::count("delivery_days", &self.delivery_days, 1, 7)?;
        self.delivery_days.sort_unstable();
        self.delivery_days.dedup();
        self.contact = Contact {
            person: parse::text("contact/person", &self.contact.person, 1, 80)?,
            phone: parse::text("contact/phone", &self.contact.phone, 1, 40)?,
            email: parse::text("contact/email", &self.contact.email, 0, 120)?,
            address: parse::text("contact/address", &self.contact.address, 1, 200)?,
        };
        Ok(self)
    }

    pub(super) fn into_supplier(self, id: SupplierId, registered_by: Actor) -> Supplier {
        Supplier {
            id,
            code: self.code,
            name: self.name,
            standing: SupplierStanding::Registered,
            categories: Vec::new(),
            currency: self.currency,
            lead_time_days: self.lead_time_days,
            minimum_order: self.minimum_order,
            delivery_days: self.delivery_days,
            contact: self.contact,
            registered_by,
            revision: 1,
        }
    }
}

/// What an approver decides about a supplier.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStanding {
    pub standing: SupplierStanding,
    /// The categories that it may deliver from now on.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub categories: Vec<String>,
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl NewStanding {
    pub fn parse(mut self) -> Result<Self, Problem> {
        parse::count("categories", &self.categories, 0, 50)?;
        for (at, category) in self.categories.iter().enumerate() {
            parse::code(&format!("categories/{at}"), category, 32)?;
        }
        self.categories.sort_unstable();
        self.categories.dedup();
        self.reason = parse::text("reason", &self.reason, 1, 500)?;
        if self.standing == SupplierStanding::Registered {
            return Err(Problem::invalid("standing", "an approver admits, watches or suspends"));
        }
        Ok(self)
    }
}

/// A paper with its number and its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Qualification {
    pub id: QualificationId,
    pub supplier: SupplierId,
    pub kind: QualificationKind,
    pub number: String,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    /// Valid through this day.
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
}

impl Qualification {
    fn covers(&self, day: Date) -> bool {
        self.valid_from <= day && day <= self.valid_until
    }
}

/// A paper as it is entered. A renewed one is entered beside the old, which stays for the record.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewQualification {
    pub kind: QualificationKind,
    #[schema(min_length = 1, max_length = 60)]
    pub number: String,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
}

impl NewQualification {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.number = parse::text("number", &self.number, 1, 60)?;
        dates::plausible("valid_from", self.valid_from)?;
        dates::plausible("valid_until", self.valid_until)?;
        if self.valid_until < self.valid_from {
            return Err(Problem::invalid("valid_until", "a paper ends after it begins"));
        }
        Ok(self)
    }
}

/// What a supplier asks for a SKU, tax excluded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SupplierPrice {
    pub id: SupplierPriceId,
    pub supplier: SupplierId,
    pub sku: SkuId,
    pub price: Price,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    /// Valid through this day; open if none.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Option<Date>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSupplierPrice {
    pub sku: SkuId,
    pub price: Price,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Option<Date>,
}

impl NewSupplierPrice {
    pub fn parse(self) -> Result<Self, Problem> {
        parse::amount("price/money", self.price.money)?;
        dates::plausible("valid_from", self.valid_from)?;
        dates::plausible_if_any("valid_until", self.valid_until)?;
        if self.valid_until.is_some_and(|until| until < self.valid_from) {
            return Err(Problem::invalid("valid_until", "a price ends after it begins"));
        }
        Ok(self)
    }
}

/// What a new price does to the list that it joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Joins,
    /// The open price before it ends on the day before.
    Ends(SupplierPriceId, Date),
}

/// Fits a price into the list of its SKU, which is sorted by `valid_from`; the day that is taken is the refusal.
pub(super) fn fit(list: &[SupplierPrice], from: Date, until: Option<Date>) -> Result<Effect, Date> {
    let mut effect = Effect::Joins;
    for known in list {
        let begins_after = until.is_some_and(|until| known.valid_from > until);
        let ended_before = known.valid_until.is_some_and(|until| until < from);
        if begins_after || ended_before {
            continue;
        }
        match (known.valid_until, from.yesterday()) {
            (None, Ok(eve)) if known.valid_from <= eve => effect = Effect::Ends(known.id, eve),
            _ => return Err(known.valid_from),
        }
    }
    Ok(effect)
}

/// Whether a truck of the supplier can be there on that day if it is ordered today.
pub(super) fn delivers(supplier: &Supplier, today: Date, on: Date) -> bool {
    let earliest = today.saturating_add(jiff::Span::new().days(supplier.lead_time_days));
    on >= earliest && supplier.delivery_days.contains(&Weekday::of(on))
}

/// What a thousand pieces, or a ton, cost: large enough that prices per 台斤 and per kilo compare exactly.
pub(super) fn comparable(price: Price) -> Option<Money> {
    let much = match price.base {
        Base::Piece => Quantity::pieces(1_000),
        Base::Weight(_) => Quantity::grams(1_000_000),
    };
    price.of(much, Round::HalfUp)
}

/// Whether a supplier may be asked to deliver these categories on that day. Refuses by the first reason, in the order
/// in which a buyer can do something about it.
pub(super) fn may_order(
    supplier: &Supplier,
    papers: &[Qualification],
    categories: &[&str],
    on: Date,
) -> Result<(), SuppliersRefusal> {
    let code = || supplier.code.clone();
    match supplier.standing {
        SupplierStanding::Approved | SupplierStanding::Probation => {}
        SupplierStanding::Registered => return Err(SuppliersRefusal::NotApproved { supplier: code() }),
        SupplierStanding::Suspended => return Err(SuppliersRefusal::Suspended { supplier: code() }),
    }
    for kind in DEMANDED_OF_ALL {
        let mut of_kind = papers.iter().filter(|paper| paper.kind == kind).peekable();
        if of_kind.peek().is_none() {
            return Err(SuppliersRefusal::QualificationMissing { supplier: code(), kind });
        }
        let latest = of_kind.clone().map(|paper| paper.valid_until).max();
        if !of_kind.any(|paper| paper.covers(on)) {
            let valid_until = latest.unwrap_or(on);
            return Err(SuppliersRefusal::QualificationExpired { supplier: code(), kind, valid_until, on });
        }
    }
    let foreign = categories.iter().find(|wanted| !supplier.categories.iter().any(|known| known == **wanted));
    match foreign {
        Some(category) => {
            Err(SuppliersRefusal::CategoryNotApproved { supplier: code(), category: (*category).to_owned() })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Unit};
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn farm() -> Supplier {
        Supplier {
            id: SupplierId::from_uuid(Uuid::nil()),
            code: "YUNLIN".to_owned(),
            name: "雲林蔬菜合作社".to_owned(),
            standing: SupplierStanding::Approved,
            categories: vec!["leafy".to_owned()],
            currency: Currency::Twd,
            lead_time_days: 1,
            minimum_order: Money(1_000),
            delivery_days: every_day(),
            contact: Contact {
                person: "林小姐".to_owned(),
                phone: "05-1234567".to_owned(),
                email: String::new(),
                address: "雲林縣西螺鎮".to_owned(),
            },
            registered_by: Actor::System,
            revision: 1,
        }
    }

    fn papers(until: &str) -> Vec<Qualification> {
        DEMANDED_OF_ALL
            .map(|kind| Qualification {
                id: QualificationId::from_uuid(Uuid::nil()),
                supplier: farm().id,
                kind,
                number: "A-1".to_owned(),
                valid_from: day("2025-01-01"),
                valid_until: day(until),
            })
            .to_vec()
    }

    #[test]
    fn an_approved_farm_with_its_papers_may_deliver_what_it_was_admitted_for() {
        let on = day("2026-03-28");
        assert!(may_order(&farm(), &papers("2026-03-28"), &["leafy"], on).is_ok());
        let fish = may_order(&farm(), &papers("2026-03-28"), &["leafy", "fish"], on);
        assert!(matches!(fish, Err(SuppliersRefusal::CategoryNotApproved { category, .. }) if category == "fish"));
    }

    #[test]
    fn a_paper_that_ends_the_day_before_blocks_the_order() {
        let late = may_order(&farm(), &papers("2026-03-27"), &["leafy"], day("2026-03-28"));
        assert!(matches!(late, Err(SuppliersRefusal::QualificationExpired { .. })));
        let none = may_order(&farm(), &[], &["leafy"], day("2026-03-28"));
        assert!(matches!(none, Err(SuppliersRefusal::QualificationMissing { .. })));
    }

    #[test]
    fn nobody_orders_from_a_suspended_or_an_unknown_farm() {
        let of = |standing| {
            may_order(&Supplier { standing, ..farm() }, &papers("2027-01-01"), &["leafy"], day("2026-03-28"))
        };
        assert!(of(SupplierStanding::Probation).is_ok());
        assert!(matches!(of(SupplierStanding::Suspended), Err(SuppliersRefusal::Suspended { .. })));
        assert!(matches!(of(SupplierStanding::Registered), Err(SuppliersRefusal::NotApproved { .. })));
    }

    #[test]
    fn a_later_price_ends_the_open_one_and_overlaps_no_other() {
        let entry = |id: u128, from: &str, until: Option<&str>| SupplierPrice {
            id: SupplierPriceId::from_uuid(Uuid::from_u128(id)),
            supplier: farm().id,
            sku: SkuId::from_uuid(Uuid::nil()),
            price: Price::per(Unit::Kilogram, Money(60)),
            valid_from: day(from),
            valid_until: until.map(day),
        };
        let list = [entry(1, "2026-01-01", Some("2026-01-31")), entry(2, "2026-02-01", None)];

        let next = fit(&list, day("2026-03-01"), None);
        assert_eq!(next, Ok(Effect::Ends(list[1].id, day("2026-02-28"))));
        assert_eq!(fit(&list, day("2026-01-15"), Some(day("2026-01-20"))), Err(day("2026-01-01")));
        assert_eq!(fit(&list, day("2026-02-01"), None), Err(day("2026-02-01")));
        assert_eq!(fit(&list, day("2025-12-01"), Some(day("2025-12-31"))), Ok(Effect::Joins));
    }
}
