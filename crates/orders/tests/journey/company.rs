//! What the shop is made of: its site, its goods and their prices, its shelves, its customers.

use catalog::{Listing, NewPrice, NewSite, NewSku, NewZone, Position, Profile, Sku, TaxClass, TaxClasses};
use customers::{Addressing, Confirmation, CustomerKind, Lift, NewCustomer, Phone, Standing};
use kernel::{
    AddressId, Currency, CustomerId, DeciCelsius, Instant, Lang, Measure, Money, PlaceId, Price, SiteId, Stamp,
    TemperatureClass, Unit,
};
use ledger::{NewPlace, PlaceKind};
use store::Tx;

pub(crate) const TAIPEI: &str = "Asia/Taipei";

/// Somebody with a door.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) customer: CustomerId,
    pub(crate) address: AddressId,
}

pub(crate) struct Company {
    pub(crate) site: SiteId,
    pub(crate) goods: [Sku; 3],
    pub(crate) places: [PlaceId; 3],
    pub(crate) people: [Person; 2],
}

pub(crate) async fn found(tx: &mut Tx, stamp: &Stamp) -> Company {
    let new = NewSite {
        code: "TPE".to_owned(),
        name: "Neihu".to_owned(),
        currency: Currency::Twd,
        time_zone: TAIPEI.to_owned(),
        day_turns_at_minute: 240,
        profile: Profile::Tw,
        position: Position { latitude_microdegrees: 25_078_000, longitude_microdegrees: 121_575_000 },
        delivery_radius_metres: 12_000,
    };
    let (draft, time) = new.parse().unwrap();
    let site = catalog::open_site(tx, stamp, draft, time).await.unwrap().id;
    let chilled =
        NewZone { code: "C1".to_owned(), class: TemperatureClass::Chilled, low: DeciCelsius(0), high: DeciCelsius(50) };
    catalog::open_zone(tx, stamp, site, chilled).await.unwrap();
    let range = accounts::invoices::NewRange {
        period: "2026-03".to_owned(),
        prefix: "AB".to_owned(),
        first: 10_000_000,
        last: 10_000_999,
    };
    accounts::invoices::open_range(tx, stamp, site, &range).await.unwrap();
    let goods = [
        list(tx, stamp, site, "FISH", Measure::CatchWeight, Price::per(Unit::TaiwanJin, Money(300))).await,
        list(tx, stamp, site, "EGGS", Measure::Counted, Price::per_piece(Money(85))).await,
        list(tx, stamp, site, "SPINACH", Measure::Weighed, Price::per(Unit::TaiwanJin, Money(60))).await,
    ];
    let mut places = Vec::new();
    for (kind, code) in [(PlaceKind::Supplier, "farm"), (PlaceKind::Bin, "A1"), (PlaceKind::Tote, "T1")] {
        let new = NewPlace { site, kind, code: code.to_owned(), zone: None, holder: None, path: 1 };
        places.push(ledger::open_place(tx, stamp, new).await.unwrap().id);
    }
    let people = [enter(tx, stamp, "Ann", "0912345678").await, enter(tx, stamp, "Bob", "0987654321").await];
    Company { site, goods, places: places.try_into().unwrap(), people }
}

async fn list(tx: &mut Tx, stamp: &Stamp, site: SiteId, code: &str, measure: Measure, price: Price) -> Sku {
    let new = NewSku {
        code: code.to_owned(),
        names: catalog::Names::alike(code),
        category: "fresh".to_owned(),
        measure,
        nominal_grams: (measure == Measure::CatchWeight).then_some(600),
        tolerance_bp: 1_000,
        estimate_buffer_bp: 0,
        temperature_class: TemperatureClass::Chilled,
        shelf_life_days: None,
        life_at_door_days: 0,
        tax: TaxClasses { tw: TaxClass::Exempt, cn: TaxClass::Vat9 },
        gtin: None,
        allergens: Vec::new(),
        odour: catalog::Odour::Neutral,
        hygiene: catalog::Hygiene::Produce,
        case_amount: 1,
        listing: Listing::Active,
    };
    let sku = catalog::list_sku(tx, stamp, new.parse().unwrap()).await.unwrap();
    let price =
        NewPrice { site, sku: sku.id, channel: None, group: None, price, valid_from: Instant::MIN, valid_until: None };
    catalog::set_price(tx, stamp, &price).await.unwrap();
    sku
}

/// A customer with a confirmed phone, about a kilometre from the site.
pub(crate) async fn enter(tx: &mut Tx, stamp: &Stamp, name: &str, phone: &str) -> Person {
    let phone = Phone::parse(phone).unwrap();
    let new = NewCustomer {
        kind: CustomerKind::Person,
        standing: Standing::Registered,
        name: name.to_owned(),
        tax_id: None,
        phone: Some(phone.clone()),
        langs: vec![Lang::En],
        price_group: None,
        allergies: None,
    };
    let customer = customers::register(tx, stamp, &new).await.unwrap().id;
    let confirmed = customers::confirm_phone(tx, stamp, customer, &phone).await.unwrap();
    assert_eq!(confirmed.phone_state, Confirmation::Confirmed);
    Person { customer, address: live_at(tx, stamp, customer, 25_087_000).await }
}

pub(crate) async fn live_at(tx: &mut Tx, stamp: &Stamp, customer: CustomerId, latitude: i64) -> AddressId {
    let door = Addressing {
        recipient: "Ann".to_owned(),
        phone: None,
        text: "1 Ruiguang Road".to_owned(),
        floor: Some("5F".to_owned()),
        lift: Lift::Yes,
        gate_code: None,
        note: None,
        latitude_microdegrees: Some(latitude),
        longitude_microdegrees: Some(121_575_000),
    };
    customers::add_address(tx, stamp, customer, &door).await.unwrap().id
}
