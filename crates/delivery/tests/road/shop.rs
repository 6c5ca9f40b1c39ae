//! A small site with vans and couriers, on each database that can be had.

use catalog::{NewSite, Position, Profile};
use delivery::{
    couriers::{self, Answer, CourierFile, DocumentKind, NewCourier, NewDocument, Syllabus},
    planning::{self, Cargo, Door, Drop, Hold, NewShift, NewVehicle, Shift, Skill, Vehicle, VehicleKind},
    tracking::{self, Departed, ExpectedParcel},
};
use kernel::{
    Actor, CourierId, CourseId, Currency, CustomerId, CustomerOrderId, Id, IdSource, Instant, Lang, Money, ParcelId,
    RunId, SiteId, Stamp, TemperatureClass, UserId, Window,
};
use store::{Migration, StoreError, Tx, testing::TestDb};

pub(crate) const MIGRATIONS: &[Migration] = &[
    store::MIGRATION,
    events::MIGRATION,
    catalog::MIGRATION,
    ledger::MIGRATION,
    delivery::MIGRATION,
    delivery::REMEDIES,
    delivery::COMPLAINT_TRIES,
    delivery::WALKS,
    delivery::HEARD_MIGRATION,
    delivery::TRAVEL_MIGRATION,
    events::SEAL_QUEUE_MIGRATION,
];

/// 2026-03-20 08:00 in Taipei.
pub(crate) const MORNING: Instant = Instant::from_millis(1_773_964_800_000);

pub(crate) struct Shop {
    pub(crate) db: TestDb,
    ids: IdSource,
    pub(crate) site: SiteId,
}

/// The shop on SQLite, and on PostgreSQL where there is one.
pub(crate) async fn shops() -> Vec<Shop> {
    let mut shops = Vec::new();
    for db in store::testing::both(MIGRATIONS).await {
        let ids = IdSource::seeded(42);
        let stamp = Stamp::system(MORNING, &ids);
        let site = db
            .write(async move |tx: &mut Tx| {
                let (draft, time) = taipei().parse().unwrap_or_else(|problem| panic!("{problem}"));
                let site = catalog::open_site(tx, &stamp.again(), draft, time).await;
                Ok::<_, StoreError>(site.unwrap_or_else(|refusal| panic!("{refusal}")).id)
            })
            .await
            .unwrap();
        shops.push(Shop { db, ids, site });
    }
    shops
}

fn taipei() -> NewSite {
    NewSite {
        code: "TP1".to_owned(),
        name: "臺北一倉".to_owned(),
        currency: Currency::Twd,
        time_zone: "Asia/Taipei".to_owned(),
        day_turns_at_minute: 240,
        profile: Profile::Tw,
        position: Position { latitude_microdegrees: 25_040_000, longitude_microdegrees: 121_510_000 },
        delivery_radius_metres: 20_000,
    }
}

impl Shop {
    /// Runs a verb of the system at a minute after [`MORNING`].
    pub(crate) async fn at<T, E, F>(&self, minute: i64, verb: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx, &Stamp) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.by(Actor::System, minute, verb).await
    }

    /// The same as somebody.
    pub(crate) async fn by<T, E, F>(&self, actor: Actor, minute: i64, verb: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx, &Stamp) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let stamp = Stamp::new(MORNING.plus_minutes(minute), actor, Lang::En, &self.ids);
        self.db.write(async move |tx: &mut Tx| verb(tx, &stamp.again()).await).await
    }

    pub(crate) fn mint<I: Id>(&self) -> I {
        Stamp::system(MORNING, &self.ids).mint()
    }

    pub(crate) async fn vehicle(&self, code: &str, kind: VehicleKind, skills: Vec<Skill>) -> Vehicle {
        let hold = |grams| Hold { grams, crates: 40 };
        let frozen = if skills.contains(&Skill::Frozen) { hold(100_000) } else { Hold::default() };
        let draft = NewVehicle {
            site: self.site,
            code: code.to_owned(),
            kind,
            capacity: Cargo { ambient: hold(300_000), chilled: hold(200_000), frozen },
            skills,
            cost_per_run: Money(200),
            cost_per_kilometre: Money(6),
        };
        self.at(0, async move |tx: &mut Tx, stamp: &Stamp| planning::open_vehicle(tx, stamp, draft.clone()).await)
            .await
            .unwrap()
    }

    /// A courier with sound papers until the end of the year.
    pub(crate) async fn courier(&self, name: &str) -> CourierFile {
        self.courier_until(name, "2026-12-31").await
    }

    pub(crate) async fn courier_until(&self, name: &str, health: &str) -> CourierFile {
        let paper =
            |kind, until: &str| NewDocument { kind, number: "A-123".to_owned(), expires_on: until.parse().unwrap() };
        let draft = NewCourier {
            site: self.site,
            name: name.to_owned(),
            phone: "0912-345-678".to_owned(),
            user: Some(self.mint::<UserId>()),
            documents: vec![
                paper(DocumentKind::HealthCertificate, health),
                paper(DocumentKind::DrivingLicence, "2030-06-30"),
            ],
        };
        self.at(0, async move |tx: &mut Tx, stamp: &Stamp| couriers::take_on(tx, stamp, draft.clone()).await)
            .await
            .unwrap()
    }

    pub(crate) async fn shift(&self, courier: CourierId, vehicle: &Vehicle, from: i64, until: i64) -> Shift {
        let draft = NewShift {
            courier,
            vehicle: vehicle.id,
            start: MORNING.plus_minutes(from),
            end: MORNING.plus_minutes(until),
        };
        self.at(0, async move |tx: &mut Tx, stamp: &Stamp| planning::set_shift(tx, stamp, draft.clone()).await)
            .await
            .unwrap()
    }

    /// The course that comes with the system, taught here.
    pub(crate) async fn teach(&self) -> (CourseId, Syllabus) {
        let syllabus = couriers::frozen_handling().unwrap();
        let taught = syllabus.clone();
        let course = self
            .at(0, async move |tx: &mut Tx, stamp: &Stamp| couriers::teach(tx, stamp, taught.clone()).await)
            .await
            .unwrap();
        (course.id, syllabus)
    }

    pub(crate) async fn certify(&self, courier: CourierId) {
        let (course, syllabus) = self.teach().await;
        let answers = right_answers(&syllabus);
        self.at(0, async move |tx: &mut Tx, stamp: &Stamp| {
            couriers::attempt(tx, stamp, courier, course, &answers).await
        })
        .await
        .unwrap();
    }

    /// An order for a door so many metres east of the site, in the window 10:00 to 12:00.
    pub(crate) fn drop(&self, metres_east: i64) -> Drop {
        Drop {
            order: self.mint::<CustomerOrderId>(),
            customer: self.mint::<CustomerId>(),
            position: Some(Position {
                latitude_microdegrees: 25_040_000,
                // A metre at this latitude is 9.93 millionths of a degree of longitude.
                longitude_microdegrees: 121_510_000 + metres_east * 993 / 100,
            }),
            window: late_morning(),
            first_promise: late_morning(),
            cargo: Cargo { ambient: Hold { grams: 6_000, crates: 1 }, ..Cargo::default() },
            skills: Vec::new(),
            service_minutes: None,
            door: Door {
                name: "王小明".to_owned(),
                phone: "0922-111-222".to_owned(),
                address: "臺北市信義路五段7號".to_owned(),
                note: "請按電鈴".to_owned(),
            },
        }
    }

    pub(crate) fn frozen_drop(&self, metres_east: i64) -> Drop {
        let cargo = Cargo { frozen: Hold { grams: 2_000, crates: 1 }, ..Cargo::default() };
        Drop { cargo, ..self.drop(metres_east) }
    }

    pub(crate) async fn plan(&self, drops: &[Drop]) -> planning::Plan {
        let (site, drops) = (self.site, drops.to_vec());
        self.at(0, async move |tx: &mut Tx, stamp: &Stamp| {
            planning::plan(tx, stamp, site, late_morning(), &drops).await
        })
        .await
        .unwrap()
    }

    /// Packs an order into one parcel.
    pub(crate) async fn pack(&self, order: CustomerOrderId, class: TemperatureClass) -> ParcelId {
        let parcel: ParcelId = self.mint();
        let expected = ExpectedParcel { parcel, label: format!("P-{parcel}"), class, grams: 6_000 };
        self.at(60, async move |tx: &mut Tx, _stamp: &Stamp| {
            tracking::expect(tx, order, std::slice::from_ref(&expected)).await
        })
        .await
        .unwrap();
        parcel
    }

    pub(crate) async fn load(
        &self,
        run: RunId,
        parcel: ParcelId,
    ) -> Result<tracking::Loaded, tracking::TrackingRefusal> {
        self.at(90, async move |tx: &mut Tx, stamp: &Stamp| tracking::load(tx, stamp, run, parcel).await).await
    }

    pub(crate) async fn depart(&self, run: RunId) -> Result<Departed, tracking::TrackingRefusal> {
        self.at(110, async move |tx: &mut Tx, stamp: &Stamp| tracking::depart(tx, stamp, run, &[]).await).await
    }

    pub(crate) async fn count(&self, kind: &'static str) -> i64 {
        self.db.read(async move |tx: &mut Tx| tx.one::<i64>(EVENTS_OF_KIND, store::args![kind]).await).await.unwrap()
    }
}

store::sql! {
    EVENTS_OF_KIND = "SELECT COUNT(*) FROM event WHERE kind = $1";
}

pub(crate) fn late_morning() -> Window {
    Window::new(MORNING.plus_minutes(120), MORNING.plus_minutes(240)).unwrap()
}

pub(crate) fn right_answers(syllabus: &Syllabus) -> Vec<Answer> {
    let right = |question: &couriers::BankQuestion| Answer { question: question.code.clone(), choice: question.right };
    syllabus.questions.iter().map(right).collect()
}
