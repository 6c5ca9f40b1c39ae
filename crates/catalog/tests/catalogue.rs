//! The catalogue on both engines: entered once or twice, priced for whom and when.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use catalog::{
    CatalogRefusal, Change, Channel, NewPrice, NewSite, NewSku, NewZone, Position, Profile, Site, TaxClass, TaxClasses,
};
use kernel::{
    Actor, Currency, DeciCelsius, IdSource, Instant, Lang, Measure, Money, Price, SkuId, Stamp, TemperatureClass, Unit,
};
use store::{
    Migration, Tx,
    testing::{self, TestDb},
};

const MIGRATIONS: &[Migration] =
    &[store::MIGRATION, events::MIGRATION, catalog::MIGRATION, events::SEAL_QUEUE_MIGRATION];
const NOON: Instant = Instant::from_millis(1_774_670_400_000);

fn stamp() -> Stamp {
    Stamp::new(NOON, Actor::System, Lang::En, &IdSource::Random)
}

async fn neihu(db: &TestDb) -> Site {
    let stamp = stamp();
    let new = NewSite {
        code: "TPE1".to_owned(),
        name: "Neihu".to_owned(),
        currency: Currency::Twd,
        time_zone: "Asia/Taipei".to_owned(),
        day_turns_at_minute: 240,
        profile: Profile::Tw,
        position: Position { latitude_microdegrees: 25_078_000, longitude_microdegrees: 121_575_000 },
        delivery_radius_metres: 12_000,
    };
    db.write(async move |tx: &mut Tx| {
        let (draft, time) = new.clone().parse().unwrap();
        catalog::open_site(tx, &stamp.again(), draft, time).await
    })
    .await
    .unwrap()
}

fn spinach() -> NewSku {
    NewSku {
        code: "VEG-001".to_owned(),
        names: catalog::Names { en: "Spinach".to_owned(), zh_hant: "菠菜".to_owned(), zh_hans: "菠菜".to_owned() },
        category: "leafy".to_owned(),
        measure: Measure::Weighed,
        nominal_grams: None,
        tolerance_bp: 500,
        estimate_buffer_bp: 200,
        temperature_class: TemperatureClass::Chilled,
        shelf_life_days: Some(5),
        life_at_door_days: 2,
        tax: TaxClasses { tw: TaxClass::Exempt, cn: TaxClass::Exempt },
        gtin: Some("4006381333931".parse().unwrap()),
        allergens: vec![catalog::Allergen::Sulphites, catalog::Allergen::Fish],
        odour: catalog::Odour::Neutral,
        hygiene: catalog::Hygiene::Produce,
        case_amount: 6_000,
        listing: catalog::Listing::Active,
    }
}

async fn enter(db: &TestDb, new: NewSku) -> Result<catalog::Upserted, CatalogRefusal> {
    let stamp = stamp();
    let draft = new.parse().unwrap();
    db.write(async move |tx: &mut Tx| catalog::upsert_sku(tx, &stamp.again(), draft.clone()).await).await
}

async fn price(db: &TestDb, new: NewPrice) -> Result<catalog::PriceEntry, CatalogRefusal> {
    let stamp = stamp();
    db.write(async move |tx: &mut Tx| catalog::set_price(tx, &stamp.again(), &new).await).await
}

fn per_jin(site: &Site, sku: SkuId, money: i64, from: Instant) -> NewPrice {
    let price = Price::per(Unit::TaiwanJin, Money(money));
    NewPrice { site: site.id, sku, channel: None, group: None, price, valid_from: from, valid_until: None }
}

#[tokio::test]
async fn every_statement_fits_the_schema() {
    for db in testing::both(MIGRATIONS).await {
        db.prepare_all().await.unwrap();
    }
}

#[tokio::test]
async fn a_file_entered_twice_changes_nothing_the_second_time() {
    for db in testing::both(MIGRATIONS).await {
        let first = enter(&db, spinach()).await.unwrap();
        let again = enter(&db, spinach()).await.unwrap();
        let dearer = enter(&db, NewSku { case_amount: 5_000, ..spinach() }).await.unwrap();

        assert_eq!((first.change, again.change, dearer.change), (Change::Created, Change::Same, Change::Changed));
        assert_eq!(again.sku, first.sku);
        assert_eq!((dearer.sku.id, dearer.sku.revision), (first.sku.id, 2));
        let id = first.sku.id;
        let read = db.read(async move |tx: &mut Tx| catalog::sku(tx, id).await).await.unwrap();
        assert_eq!(read, dearer.sku);
    }
}

#[tokio::test]
async fn the_measure_stays_and_a_gtin_belongs_to_one() {
    for db in testing::both(MIGRATIONS).await {
        enter(&db, spinach()).await.unwrap();

        let counted = enter(&db, NewSku { measure: Measure::Counted, ..spinach() }).await;
        let twin = enter(&db, NewSku { code: "VEG-002".to_owned(), ..spinach() }).await;

        assert!(matches!(counted, Err(CatalogRefusal::MeasureIsFixed { .. })), "{counted:?}");
        assert!(matches!(twin, Err(CatalogRefusal::GtinTaken { .. })), "{twin:?}");
    }
}

#[test]
fn nonsense_is_refused_at_the_door() {
    let refused = |new: NewSku| new.parse().unwrap_err().code();
    assert_eq!(refused(NewSku { measure: Measure::CatchWeight, ..spinach() }), "request/invalid");
    assert_eq!(refused(NewSku { life_at_door_days: 5, ..spinach() }), "request/invalid");
    assert_eq!(refused(NewSku { code: "VEG 001".to_owned(), ..spinach() }), "request/invalid");
    let tax = TaxClasses { tw: TaxClass::Vat9, cn: TaxClass::Vat9 };
    assert_eq!(refused(NewSku { tax, ..spinach() }), "catalog/tax-class-of-other-law");
}

#[tokio::test]
async fn a_later_price_ends_the_earlier_and_the_most_particular_holds() {
    for db in testing::both(MIGRATIONS).await {
        let site = neihu(&db).await;
        let sku = enter(&db, spinach()).await.unwrap().sku.id;
        let tomorrow = NOON.plus_minutes(1440);
        let first = price(&db, per_jin(&site, sku, 60, NOON)).await.unwrap();
        let later = price(&db, per_jin(&site, sku, 66, tomorrow)).await.unwrap();
        let mut own = per_jin(&site, sku, 50, NOON);
        own.group = Some("restaurant".to_owned());
        let own = price(&db, own).await.unwrap();
        let mut desk = per_jin(&site, sku, 63, NOON);
        desk.channel = Some(Channel::Desk);
        let desk = price(&db, desk).await.unwrap();

        let id = site.id;
        let asked = async |channel: Channel, group: &str, at: Instant| {
            let group = group.to_owned();
            db.read(async move |tx: &mut Tx| catalog::price_at(tx, id, sku, channel, &group, at).await).await
        };

        assert_eq!(asked(Channel::Storefront, "retail", NOON).await.unwrap().source, first.id);
        assert_eq!(asked(Channel::Storefront, "retail", tomorrow.plus_millis(-1)).await.unwrap().source, first.id);
        assert_eq!(asked(Channel::Storefront, "retail", tomorrow).await.unwrap().source, later.id);
        assert_eq!(asked(Channel::Desk, "retail", tomorrow).await.unwrap().source, desk.id);
        assert_eq!(asked(Channel::Desk, "restaurant", tomorrow).await.unwrap().source, own.id);
        let before = asked(Channel::Desk, "retail", NOON.plus_millis(-1)).await;
        assert!(matches!(before, Err(CatalogRefusal::NoPrice { .. })), "{before:?}");

        let kept = db.read(async move |tx: &mut Tx| catalog::price_by_id(tx, first.id).await).await.unwrap();
        assert_eq!(kept.unwrap().valid_until, Some(tomorrow));
        let listed = db
            .read(async move |tx: &mut Tx| {
                catalog::product_list(tx, id, Channel::Storefront, "retail", NOON, None, 10).await
            })
            .await
            .unwrap();
        assert_eq!(listed.iter().map(|(sku, priced)| (sku.id, priced.source)).collect::<Vec<_>>(), [(sku, first.id)]);
    }
}

#[tokio::test]
async fn a_price_per_piece_does_not_suit_loose_goods_nor_one_that_rewrites_yesterday() {
    for db in testing::both(MIGRATIONS).await {
        let site = neihu(&db).await;
        let sku = enter(&db, spinach()).await.unwrap().sku.id;
        let mut per_piece = per_jin(&site, sku, 60, NOON);
        per_piece.price = Price::per_piece(Money(60));
        price(&db, per_jin(&site, sku, 60, NOON.plus_minutes(-60))).await.unwrap();

        let unsuited = price(&db, per_piece).await;
        let past = price(&db, per_jin(&site, sku, 55, NOON.plus_minutes(-30))).await;

        assert!(matches!(unsuited, Err(CatalogRefusal::PriceBaseUnsuited { .. })), "{unsuited:?}");
        assert!(matches!(past, Err(CatalogRefusal::PriceInThePast { .. })), "{past:?}");
    }
}

#[tokio::test]
async fn a_site_knows_its_day_and_its_zones() {
    for db in testing::both(MIGRATIONS).await {
        let site = neihu(&db).await;
        let (id, stamp) = (site.id, stamp());
        let cold = NewZone {
            code: "C1".to_owned(),
            class: TemperatureClass::Chilled,
            low: DeciCelsius(0),
            high: DeciCelsius(70),
        };
        let zone = db
            .write(async move |tx: &mut Tx| catalog::open_zone(tx, &stamp.again(), id, cold.clone()).await)
            .await
            .unwrap();

        let (read, zones) = db
            .read(async move |tx: &mut Tx| {
                Ok::<_, CatalogRefusal>((catalog::site(tx, id).await?, catalog::zones_of(tx, id).await?))
            })
            .await
            .unwrap();
        assert_eq!(zones, [zone]);
        // 03:59 on the 29th in Taipei still belongs to the 28th.
        let before_turn = read.time.at("2026-03-29".parse().unwrap(), 239);
        assert_eq!(read.time.business_day(before_turn).to_string(), "2026-03-28");
    }
}
