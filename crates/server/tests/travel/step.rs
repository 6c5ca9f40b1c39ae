//! A small site that plans one window as the running shop does.

use std::sync::Arc;

use catalog::{NewSite, Position, Profile};
use delivery::{
    couriers::{self, DocumentKind, NewCourier, NewDocument},
    planning::{
        self, Cargo, Door, Drop, Hold, NewShift, NewVehicle, Plan, PlannedRun, VehicleKind,
        engine::EngineKind,
        travel::{self, Shortfall, TravelBy, TravelFault, TravelSource},
    },
    tracking,
};
use kernel::{
    Currency, CustomerId, CustomerOrderId, Id, IdSource, Instant, Money, RunId, SiteId, Stamp, UserId, Window,
};
use store::{StoreError, Tx, testing::TestDb};

/// 2026-03-20 08:00 in Taipei.
const MORNING: Instant = Instant::from_millis(1_773_964_800_000);
/// In the streets of the generated city.
pub(crate) const DEPOT: Position = Position { latitude_microdegrees: 25_004_000, longitude_microdegrees: 121_504_000 };

pub(crate) struct Step {
    db: TestDb,
    ids: Arc<IdSource>,
    site: SiteId,
}

impl Step {
    /// A site with one vehicle of each of these kinds and somebody to drive it from nine to three.
    pub(crate) async fn with(kinds: &[VehicleKind]) -> Self {
        let db = store::testing::sqlite(server::MIGRATIONS).await;
        let ids = Arc::new(IdSource::seeded(42));
        let stamp = Stamp::system(MORNING, &ids);
        let kinds = kinds.to_vec();
        let site = db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                let (draft, time) = taipei().parse().unwrap_or_else(|problem| panic!("{problem}"));
                let site = catalog::open_site(tx, &stamp, draft, time).await;
                let site = site.unwrap_or_else(|refusal| panic!("{refusal}")).id;
                for kind in &kinds {
                    staff(tx, &stamp, site, *kind).await;
                }
                Ok::<_, StoreError>(site)
            })
            .await
            .unwrap();
        Self { db, ids, site }
    }

    fn mint<I: Id>(&self) -> I {
        Stamp::system(MORNING, &self.ids).mint()
    }

    pub(crate) fn drop_at(&self, position: Position) -> Drop {
        Drop {
            order: self.mint::<CustomerOrderId>(),
            customer: self.mint::<CustomerId>(),
            position: Some(position),
            window: late_morning(),
            first_promise: late_morning(),
            cargo: Cargo { ambient: Hold { grams: 6_000, crates: 1 }, ..Cargo::default() },
            skills: Vec::new(),
            service_minutes: None,
            door: Door::default(),
        }
    }

    /// The four moves of planning, as the running shop makes them.
    pub(crate) async fn plan(&self, by: &TravelBy, drops: &[Drop]) -> Plan {
        let (site, drops) = (self.site, drops.to_vec());
        let brief = self
            .db
            .read(async move |tx: &mut Tx| planning::problem(tx, MORNING, site, late_morning(), &drops).await)
            .await
            .unwrap();
        let survey = travel::survey(by, &brief).await;
        let draft = planning::solve_with(&EngineKind::default(), brief, survey);
        let stamp = Stamp::system(MORNING, &self.ids);
        let plan =
            self.db.write(async move |tx: &mut Tx| planning::keep(tx, &stamp.again(), &draft).await).await.unwrap();
        assert_eq!(self.standing().await, plan, "what is shown later is what was planned");
        plan
    }

    /// The plan as whoever asks for it later sees it.
    async fn standing(&self) -> Plan {
        let site = self.site;
        let plan = async move |tx: &mut Tx| planning::plan_of(tx, site, late_morning()).await;
        self.db.read(plan).await.unwrap()
    }

    /// The run as dispatchers and couriers see it.
    pub(crate) async fn card(&self, run: RunId) -> tracking::RunCard {
        let detail = async move |tx: &mut Tx| tracking::run_detail(tx, run).await;
        self.db.read(detail).await.unwrap().run
    }

    /// How often the log has told that a plan fell short.
    pub(crate) async fn told(&self) -> i64 {
        self.db.read(async |tx: &mut Tx| tx.one::<i64>(TOLD, store::args![]).await).await.unwrap()
    }
}

store::sql! {
    TOLD = "SELECT COUNT(*) FROM event WHERE kind = 'plan_fell_short'";
}

fn late_morning() -> Window {
    Window::new(MORNING.plus_minutes(120), MORNING.plus_minutes(240)).unwrap()
}

fn taipei() -> NewSite {
    NewSite {
        code: "TP1".to_owned(),
        name: "臺北一倉".to_owned(),
        currency: Currency::Twd,
        time_zone: "Asia/Taipei".to_owned(),
        day_turns_at_minute: 240,
        profile: Profile::Tw,
        position: DEPOT,
        delivery_radius_metres: 20_000,
    }
}

async fn staff(tx: &mut Tx, stamp: &Stamp, site: SiteId, kind: VehicleKind) {
    let room = Hold { grams: 300_000, crates: 40 };
    let vehicle = NewVehicle {
        site,
        code: kind.code().to_owned(),
        kind,
        capacity: Cargo { ambient: room, chilled: room, frozen: Hold::default() },
        skills: Vec::new(),
        cost_per_run: Money(200),
        cost_per_kilometre: Money(6),
    };
    let vehicle = planning::open_vehicle(tx, stamp, vehicle).await.unwrap();
    let paper = |kind| NewDocument { kind, number: "A-123".to_owned(), expires_on: "2030-06-30".parse().unwrap() };
    let courier = NewCourier {
        site,
        name: format!("陳{kind}"),
        phone: "0912-345-678".to_owned(),
        user: Some(stamp.mint::<UserId>()),
        documents: vec![paper(DocumentKind::HealthCertificate), paper(DocumentKind::DrivingLicence)],
    };
    let courier = couriers::take_on(tx, stamp, courier).await.unwrap().courier;
    let (start, end) = (MORNING.plus_minutes(60), MORNING.plus_minutes(420));
    let shift = NewShift { courier: courier.id, vehicle: vehicle.id, start, end };
    planning::set_shift(tx, stamp, shift).await.unwrap();
}

/// A plan of one run.
pub(crate) fn only_run(plan: &Plan) -> &PlannedRun {
    let [run] = &plan.runs[..] else { panic!("one van, one run: {plan:?}") };
    run
}

/// The one fault of a plan whose vehicles are all of one kind.
pub(crate) fn only_fault(plan: &Plan) -> (TravelSource, TravelFault, String) {
    match &plan.shortfalls[..] {
        [Shortfall::RoadsMissing { source, fault, detail, .. }] => (*source, *fault, detail.clone()),
        shortfalls => panic!("one shortfall: {shortfalls:?}"),
    }
}
