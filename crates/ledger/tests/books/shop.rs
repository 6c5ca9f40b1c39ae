//! A small shop for the tests of the ledger: one site, one dock, two bins, a pick face, a tote; whatever SKUs and
//! lots a test brings in. Time stands still until a test moves it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use catalog::{NewSite, NewSku, Position, Profile, Sku, TaxClass, TaxClasses};
use kernel::{
    Actor, Currency, Date, Id, IdSource, Instant, Lang, LotId, Measure, OrderLineId, PlaceId, PurchaseOrderId,
    Quantity, ReservationId, SiteId, SiteTime, SkuId, Stamp, TemperatureClass, UserId,
};
use ledger::{
    Binding, Cause, LedgerRefusal, Lot, LotState, Move, NewLot, NewPlace, Opened, Place, PlaceKind, Posted,
    Reservation, Source, Want,
};
use store::{Db, Migration, Tx};
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] =
    &[store::MIGRATION, events::MIGRATION, catalog::MIGRATION, ledger::MIGRATION, events::SEAL_QUEUE_MIGRATION];

pub(crate) const TAIPEI: &str = "Asia/Taipei";

/// Cheap to clone; every clone is the same shop.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) db: Db,
    pub(crate) site: SiteId,
    pub(crate) time: SiteTime,
    pub(crate) supplier: PlaceId,
    pub(crate) dock: PlaceId,
    pub(crate) bin: PlaceId,
    pub(crate) bin2: PlaceId,
    pub(crate) face: PlaceId,
    pub(crate) tote: PlaceId,
    pub(crate) customer: PlaceId,
    pub(crate) waste: PlaceId,
    ids: IdSource,
    now: Arc<AtomicI64>,
    cause: Arc<AtomicU64>,
}

pub(crate) fn person(nth: u128) -> Actor {
    Actor::Staff(UserId::from_uuid(Uuid::from_u128(nth)))
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

impl Shop {
    /// Opens at 10:00 on Saturday, 28 March 2026, Taipei.
    pub(crate) async fn open(db: &Db) -> Self {
        let ids = IdSource::seeded(7);
        let time = SiteTime::new(TAIPEI, 240).unwrap();
        let now = time.at(date("2026-03-28"), 600);
        let stamp = Stamp::new(now, person(1), Lang::En, &ids);
        let new = NewSite {
            code: "TPE1".to_owned(),
            name: "Neihu".to_owned(),
            currency: Currency::Twd,
            time_zone: TAIPEI.to_owned(),
            day_turns_at_minute: 240,
            profile: Profile::Tw,
            position: Position { latitude_microdegrees: 25_078_000, longitude_microdegrees: 121_575_000 },
            delivery_radius_metres: 12_000,
        };
        let (site, places) = db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                let (draft, time) = new.clone().parse().unwrap();
                let site = catalog::open_site(tx, &stamp, draft, time).await?.id;
                let mut places = Vec::new();
                for (kind, code, path) in [
                    (PlaceKind::Supplier, "supplier", 0),
                    (PlaceKind::Dock, "dock", 0),
                    (PlaceKind::Bin, "bin", 2),
                    (PlaceKind::Bin, "bin2", 3),
                    (PlaceKind::PickFace, "face", 1),
                    (PlaceKind::Tote, "tote", 0),
                    (PlaceKind::Customer, "customer", 0),
                    (PlaceKind::Waste, "waste", 0),
                ] {
                    let place = NewPlace { site, kind, code: code.to_owned(), zone: None, holder: None, path };
                    places.push(ledger::open_place(tx, &stamp, place).await?.id);
                }
                Ok::<_, LedgerRefusal>((site, places))
            })
            .await
            .unwrap();
        let [supplier, dock, bin, bin2, face, tote, customer, waste] = places.try_into().unwrap();
        Self {
            db: db.clone(),
            site,
            time,
            supplier,
            dock,
            bin,
            bin2,
            face,
            tote,
            customer,
            waste,
            ids,
            now: Arc::new(AtomicI64::new(now.millis())),
            cause: Arc::new(AtomicU64::new(1)),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_millis(self.now.load(Ordering::SeqCst))
    }

    pub(crate) fn set_now(&self, at: Instant) {
        self.now.store(at.millis(), Ordering::SeqCst);
    }

    pub(crate) fn stamp_of(&self, who: Actor) -> Stamp {
        Stamp::new(self.now(), who, Lang::En, &self.ids)
    }

    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp_of(person(1))
    }

    pub(crate) fn day(&self) -> Date {
        self.time.business_day(self.now())
    }

    pub(crate) fn cause(&self) -> Cause {
        let nth = self.cause.fetch_add(1, Ordering::SeqCst);
        Cause::of(PurchaseOrderId::from_uuid(Uuid::from_u128(u128::from(nth))))
    }

    pub(crate) fn line(nth: u128) -> OrderLineId {
        OrderLineId::from_uuid(Uuid::from_u128(nth))
    }

    /// Runs one verb in a transaction of its own.
    pub(crate) async fn run<T, F>(&self, verb: F) -> Result<T, LedgerRefusal>
    where
        F: AsyncFn(&mut Tx, &Stamp) -> Result<T, LedgerRefusal> + Send + 'static,
        T: Send + 'static,
    {
        self.run_as(person(1), verb).await
    }

    pub(crate) async fn run_as<T, F>(&self, who: Actor, verb: F) -> Result<T, LedgerRefusal>
    where
        F: AsyncFn(&mut Tx, &Stamp) -> Result<T, LedgerRefusal> + Send + 'static,
        T: Send + 'static,
    {
        let stamp = self.stamp_of(who);
        self.db.write(async move |tx: &mut Tx| verb(tx, &stamp.again()).await).await
    }

    pub(crate) async fn sku(&self, new: NewSku) -> Sku {
        let stamp = self.stamp();
        self.db
            .write(async move |tx: &mut Tx| {
                let draft = new.clone().parse().unwrap();
                catalog::list_sku(tx, &stamp.again(), draft).await.map_err(LedgerRefusal::from)
            })
            .await
            .unwrap()
    }

    pub(crate) async fn lot(&self, new: NewLot) -> Opened {
        self.run(async move |tx, stamp| ledger::open_lot(tx, stamp, new.clone()).await).await.unwrap()
    }

    /// A lot that has passed inspection.
    pub(crate) async fn sound_lot(&self, new: NewLot) -> Lot {
        let lot = self.lot(new).await.lot.id;
        self.turn(lot, LotState::Approved, person(1)).await.unwrap()
    }

    pub(crate) async fn turn(&self, lot: LotId, to: LotState, who: Actor) -> Result<Lot, LedgerRefusal> {
        self.run_as(who, async move |tx, stamp| ledger::set_state(tx, stamp, lot, to, "seen").await).await
    }

    pub(crate) async fn carry(
        &self,
        lot: LotId,
        from: PlaceId,
        to: PlaceId,
        quantity: Quantity,
    ) -> Result<Posted, LedgerRefusal> {
        let (cause, site, day) = (self.cause(), self.site, self.day());
        let each = Move { lot, from, to, quantity };
        self.run(async move |tx, stamp| ledger::post(tx, stamp, cause, site, day, &[each]).await).await
    }

    /// A sound lot on the shelf, as receiving leaves it.
    pub(crate) async fn stocked(&self, new: NewLot, quantity: Quantity, bin: PlaceId) -> Lot {
        let lot = self.sound_lot(new).await;
        self.carry(lot.id, self.supplier, self.dock, quantity).await.unwrap();
        self.carry(lot.id, self.dock, bin, quantity).await.unwrap();
        lot
    }

    pub(crate) fn want(&self, line: u128, sku: SkuId, quantity: Quantity, deliver_by: Instant) -> Want {
        Want { order_line: Self::line(line), site: self.site, sku, quantity, deliver_by, expires_at: None }
    }

    pub(crate) async fn promise(&self, want: Want) -> Result<Reservation, LedgerRefusal> {
        self.run(async move |tx, stamp| {
            let mut promised = ledger::promise(tx, stamp, &[want]).await?;
            Ok(promised.remove(0))
        })
        .await
    }

    pub(crate) async fn bind(&self, id: ReservationId) -> Result<Binding, LedgerRefusal> {
        self.run(async move |tx, stamp| ledger::bind(tx, stamp, id).await).await
    }

    pub(crate) async fn reservation(&self, id: ReservationId) -> Reservation {
        self.db.read(async move |tx: &mut Tx| ledger::reservation(tx, id).await).await.unwrap()
    }

    pub(crate) async fn available(&self, sku: SkuId, deliver_by: Instant) -> Quantity {
        let site = self.site;
        self.db.read(async move |tx: &mut Tx| ledger::availability(tx, site, sku, deliver_by).await).await.unwrap()
    }

    pub(crate) async fn place_called(&self, code: &str) -> Place {
        let (site, code) = (self.site, code.to_owned());
        self.db
            .read(async move |tx: &mut Tx| {
                for kind in PlaceKind::ALL {
                    if let Some(place) = ledger::place_of(tx, site, *kind, &code).await? {
                        return Ok::<_, LedgerRefusal>(place);
                    }
                }
                panic!("no place {code}")
            })
            .await
            .unwrap()
    }

    /// What lies of a lot in a place.
    pub(crate) async fn held(&self, lot: LotId, place: PlaceId) -> Quantity {
        let (site, now) = (self.site, self.now());
        let filter = ledger::StockFilter::Lot(lot);
        let lines = self.db.read(async move |tx: &mut Tx| ledger::stock(tx, site, filter, now, None, 200).await).await;
        lines.unwrap().into_iter().find(|line| line.place == place).map_or(Quantity::NONE, |line| line.on_hand)
    }

    /// The end of a wall-clock minute: `18:00` on a date.
    pub(crate) fn at(&self, day: &str, minute: i64) -> Instant {
        self.time.at(date(day), minute)
    }
}

pub(crate) fn sku(code: &str, measure: Measure) -> NewSku {
    NewSku {
        code: code.to_owned(),
        names: catalog::Names::alike(code),
        category: "test".to_owned(),
        measure,
        nominal_grams: (measure == Measure::CatchWeight).then_some(600),
        tolerance_bp: 500,
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
        listing: catalog::Listing::Active,
    }
}

pub(crate) fn lot_of(shop: &Shop, sku: SkuId, use_by: Option<&str>) -> NewLot {
    NewLot {
        site: shop.site,
        sku,
        gtin: None,
        supplier_lot: None,
        supplier: None,
        produced_on: None,
        harvested_on: None,
        use_by: use_by.map(date),
        origin: None,
        source: Source::of(PurchaseOrderId::from_uuid(Uuid::from_u128(1))),
        cost: None,
    }
}
