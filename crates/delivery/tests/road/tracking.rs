//! Stories of the road, on every database.

use crate::shop::{MORNING, Shop, shops};
use catalog::Position;
use delivery::{
    couriers,
    planning::{Drop, RunState, Skill, StopState, VehicleKind},
    tracking::{
        self, CustodyStep, Failure, FailureReason, Fix, HandOver, LeftBehind, NextStep, Proof, Punctuality,
        TrackingRefusal,
    },
};
use kernel::{
    Actor, CourierId, CustomerOrderId, DeciCelsius, Instant, ParcelId, RunId, Stamp, StopId, TemperatureClass,
};
use store::Tx;

/// A courier on the road with the given drops.
struct Road {
    courier: CourierId,
    run: RunId,
    stops: Vec<StopId>,
    orders: Vec<CustomerOrderId>,
    parcels: Vec<ParcelId>,
}

async fn on_the_road(shop: &Shop, drops: Vec<Drop>) -> Road {
    let road = at_the_dock(shop, drops).await;
    for parcel in &road.parcels {
        shop.load(road.run, *parcel).await.unwrap();
    }
    shop.depart(road.run).await.unwrap();
    road
}

/// The same before the first scan; parcels in the order of the stops.
async fn at_the_dock(shop: &Shop, drops: Vec<Drop>) -> Road {
    let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
    let courier = shop.courier("陳大文").await.courier.id;
    shop.shift(courier, &van, 60, 480).await;
    let plan = shop.plan(&drops).await;
    let [run] = &plan.runs[..] else { panic!("one run: {plan:?}") };
    let mut parcels = Vec::new();
    for stop in &run.stops {
        parcels.push(shop.pack(stop.order, TemperatureClass::Ambient).await);
    }
    Road {
        courier,
        run: run.run,
        stops: run.stops.iter().map(|stop| stop.stop).collect(),
        orders: run.stops.iter().map(|stop| stop.order).collect(),
        parcels,
    }
}

impl Road {
    fn driver(&self) -> Actor {
        Actor::Courier(self.courier)
    }
}

async fn arrive(shop: &Shop, by: Actor, minute: i64, stop: StopId) -> Result<StopId, TrackingRefusal> {
    shop.by(by, minute, async move |tx: &mut Tx, stamp: &Stamp| tracking::arrive(tx, stamp, stop).await).await
}

async fn hand_over(
    shop: &Shop,
    by: Actor,
    minute: i64,
    stop: StopId,
    proof: Proof,
) -> Result<tracking::HandedOver, TrackingRefusal> {
    let done = HandOver { proof, door_temperature: Some(DeciCelsius(41)) };
    shop.by(by, minute, async move |tx: &mut Tx, stamp: &Stamp| tracking::hand_over(tx, stamp, stop, &done).await).await
}

async fn fail(
    shop: &Shop,
    by: Actor,
    minute: i64,
    stop: StopId,
    failure: Failure,
) -> Result<tracking::AttemptOutcome, TrackingRefusal> {
    shop.by(by, minute, async move |tx: &mut Tx, stamp: &Stamp| tracking::fail_attempt(tx, stamp, stop, failure).await)
        .await
}

async fn finish(shop: &Shop, by: Actor, run: RunId) -> Result<RunId, TrackingRefusal> {
    shop.by(by, 300, async move |tx: &mut Tx, stamp: &Stamp| tracking::finish(tx, stamp, run).await).await
}

fn signed() -> Proof {
    Proof::Signature { name: "王小明".to_owned(), sha256: None }
}

async fn way(shop: &Shop, order: CustomerOrderId) -> tracking::OrderEta {
    let found = shop.db.read(async move |tx: &mut Tx| tracking::eta_of_order(tx, order).await).await;
    found.unwrap().unwrap()
}

#[tokio::test]
async fn a_run_goes_from_the_first_scan_to_the_last_door() {
    for shop in shops().await {
        let road = on_the_road(&shop, vec![shop.drop(1_000), shop.drop(2_000)]).await;
        let (by, &[first, second]) = (road.driver(), &road.stops[..]) else { panic!("two stops") };

        arrive(&shop, by, 121, first).await.unwrap();
        let code = way(&shop, road.orders[0]).await.code.unwrap();
        let wrong = if code == "000000" { "111111" } else { "000000" };
        let refused = hand_over(&shop, by, 122, first, Proof::Code { code: wrong.to_owned() }).await;
        assert!(matches!(refused, Err(TrackingRefusal::WrongCode)), "{refused:?}");
        let done = hand_over(&shop, by, 123, first, Proof::Code { code }).await.unwrap();
        assert_eq!((done.parcels, done.punctuality), (vec![road.parcels[0]], Punctuality::OnTime));

        let too_early = hand_over(&shop, by, 124, second, signed()).await;
        assert!(matches!(too_early, Err(TrackingRefusal::StopIs { state: StopState::Planned })), "{too_early:?}");
        assert!(matches!(finish(&shop, by, road.run).await, Err(TrackingRefusal::StopsOpen { stops: 1 })));
        arrive(&shop, by, 130, second).await.unwrap();
        hand_over(&shop, by, 250, second, signed()).await.unwrap();
        finish(&shop, by, road.run).await.unwrap();

        let after = way(&shop, road.orders[0]).await;
        assert_eq!((after.state, after.run_state, after.code), (StopState::HandedOver, RunState::Finished, None));
        for (kind, told) in [
            ("parcel_loaded", 2),
            ("run_departed", 1),
            ("stop_arrived", 2),
            ("stop_handed_over", 2),
            ("run_finished", 1),
        ] {
            assert_eq!(shop.count(kind).await, told, "{kind}");
        }
        // The second door was reached in time and handed over ten minutes after the window.
        let courier = road.courier;
        let month = shop
            .at(400, async move |tx: &mut Tx, _: &Stamp| couriers::assessment(tx, courier, "2026-03").await)
            .await
            .unwrap();
        assert_eq!((month.figures.runs, month.figures.handed_over, month.figures.on_time), (1, 2, 1));
        assert_eq!((month.on_time_bp, month.first_attempt_bp), (Some(5_000), Some(10_000)));
    }
}

#[tokio::test]
async fn a_parcel_of_another_run_is_refused_at_the_dock() {
    for shop in shops().await {
        let road = at_the_dock(&shop, vec![shop.drop(1_000)]).await;
        let stranger = shop.pack(shop.mint(), TemperatureClass::Ambient).await;

        let refused = shop.load(road.run, stranger).await;
        let loaded = shop.load(road.run, road.parcels[0]).await.unwrap();
        let again = shop.load(road.run, road.parcels[0]).await.unwrap();
        let unknown = shop.load(road.run, shop.mint()).await;

        assert!(matches!(refused, Err(TrackingRefusal::WrongRun { belongs_to: None, .. })), "{refused:?}");
        assert!(matches!(unknown, Err(TrackingRefusal::NoSuchParcel)), "{unknown:?}");
        assert_eq!((loaded.missing, &loaded), (0, &again));
        assert_eq!(shop.count("parcel_loaded").await, 1);
    }
}

#[tokio::test]
async fn a_run_does_not_leave_while_a_parcel_is_missing_unless_it_is_left_behind_by_name() {
    for shop in shops().await {
        let road = at_the_dock(&shop, vec![shop.drop(1_000), shop.drop(2_000)]).await;
        let (run, left) = (road.run, road.orders[1]);
        shop.load(run, road.parcels[0]).await.unwrap();

        let refused = shop.depart(run).await;
        assert!(matches!(refused, Err(TrackingRefusal::ParcelsMissing { missing: 1, .. })), "{refused:?}");
        let departed = shop
            .by(road.driver(), 111, async move |tx: &mut Tx, stamp: &Stamp| {
                let behind = LeftBehind { order: left, parcel: None, reason: "crate broken".to_owned() };
                tracking::depart(tx, stamp, run, &[behind]).await
            })
            .await
            .unwrap();

        assert_eq!(departed.left_behind, [left]);
        assert_eq!(departed.orders.iter().map(|order| order.order).collect::<Vec<_>>(), [road.orders[0]]);
        // The order waits for the next plan, and its parcel may come aboard another run.
        let waiting = shop.db.read(async move |tx: &mut Tx| tracking::eta_of_order(tx, left).await).await.unwrap();
        assert_eq!(waiting, None);
        assert_eq!(shop.count("parcel_left_behind").await, 1);
    }
}

#[tokio::test]
async fn a_run_with_an_order_that_is_not_packed_stays_at_the_dock() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
        let courier = shop.courier("陳大文").await.courier.id;
        shop.shift(courier, &van, 60, 480).await;
        let drops = [shop.drop(1_000), shop.drop(1_500)];
        let run = shop.plan(&drops).await.runs[0].run;
        let parcel = shop.pack(drops[0].order, TemperatureClass::Chilled).await;
        shop.load(run, parcel).await.unwrap();

        let loading = shop.at(91, async move |tx: &mut Tx, _: &Stamp| tracking::loading(tx, run).await).await.unwrap();
        let refused = shop.depart(run).await;

        assert_eq!((loading.aboard.len(), &loading.missing[..]), (1, &[][..]));
        assert_eq!(loading.not_packed, [drops[1].order]);
        assert!(matches!(refused, Err(TrackingRefusal::OrdersNotPacked { orders: 1 })), "{refused:?}");
    }
}

#[tokio::test]
async fn frozen_parcels_are_asked_for_their_certificate_again_at_the_dock() {
    for shop in shops().await {
        let road = at_the_dock(&shop, vec![shop.drop(1_000)]).await;
        let frozen = shop.pack(road.orders[0], TemperatureClass::Frozen).await;

        let refused = shop.load(road.run, frozen).await;

        assert!(matches!(refused, Err(TrackingRefusal::NotForFrozen { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_health_certificate_that_ran_out_since_the_plan_stops_the_loading() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![Skill::Frozen]).await;
        let courier = shop.courier_until("黃志強", "2026-03-20").await.courier.id;
        shop.shift(courier, &van, 60, 480).await;
        let drop = shop.drop(1_000);
        let run = shop.plan(std::slice::from_ref(&drop)).await.runs[0].run;
        let parcel = shop.pack(drop.order, TemperatureClass::Ambient).await;

        let next_day =
            shop.at(1_440, async move |tx: &mut Tx, stamp: &Stamp| tracking::load(tx, stamp, run, parcel).await).await;

        assert!(matches!(next_day, Err(TrackingRefusal::CourierUnfit(_))), "{next_day:?}");
        assert!(shop.load(run, parcel).await.is_ok());
    }
}

#[tokio::test]
async fn an_absent_customer_is_tried_again_and_then_the_goods_come_back() {
    for shop in shops().await {
        let road = on_the_road(&shop, vec![shop.drop(1_000), shop.drop(2_000)]).await;
        let (by, run, parcel) = (road.driver(), road.run, road.parcels[0]);
        let absent = |next| Failure { reason: FailureReason::CustomerAbsent, next };

        arrive(&shop, by, 121, road.stops[0]).await.unwrap();
        let first = fail(&shop, by, 125, road.stops[0], absent(NextStep::TryAgainLater)).await.unwrap();
        let again = first.again.unwrap();
        assert_eq!((way(&shop, road.orders[0]).await.stop, first.parcels), (again, vec![parcel]));
        arrive(&shop, by, 130, road.stops[1]).await.unwrap();
        hand_over(&shop, by, 133, road.stops[1], signed()).await.unwrap();
        arrive(&shop, by, 140, again).await.unwrap();
        let second = fail(&shop, by, 145, again, absent(NextStep::BackToWarehouse)).await.unwrap();
        assert_eq!(second.again, None);

        let aboard = finish(&shop, by, run).await;
        assert!(matches!(aboard, Err(TrackingRefusal::ParcelsAboard { parcels: 1, .. })), "{aboard:?}");
        let returned = shop
            .at(200, async move |tx: &mut Tx, stamp: &Stamp| tracking::take_back(tx, stamp, run, parcel).await)
            .await
            .unwrap();
        assert_eq!(returned.order, road.orders[0]);
        finish(&shop, by, run).await.unwrap();

        let courier = road.courier;
        let month = shop
            .at(400, async move |tx: &mut Tx, _: &Stamp| couriers::assessment(tx, courier, "2026-03").await)
            .await
            .unwrap();
        let figures = month.figures;
        assert_eq!((figures.attempts, figures.first_attempts, figures.first_attempts_handed_over), (3, 2, 1));
    }
}

#[tokio::test]
async fn refused_goods_are_not_offered_again() {
    for shop in shops().await {
        let road = on_the_road(&shop, vec![shop.drop(1_000)]).await;
        let failure = Failure { reason: FailureReason::Refused, next: NextStep::TryAgainLater };

        let refused = fail(&shop, road.driver(), 121, road.stops[0], failure).await;

        assert!(matches!(refused, Err(TrackingRefusal::NotOfferedAgain { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_run_is_there_for_its_own_courier_only() {
    for shop in shops().await {
        let road = on_the_road(&shop, vec![shop.drop(1_000)]).await;
        let other = Actor::Courier(shop.courier("林美玲").await.courier.id);
        let (courier, stranger) = (road.courier, shop.mint::<CourierId>());

        let arrived = arrive(&shop, other, 121, road.stops[0]).await;
        let mine = shop.db.read(async move |tx: &mut Tx| tracking::my_run(tx, courier).await).await.unwrap();
        let none = shop.db.read(async move |tx: &mut Tx| tracking::my_run(tx, stranger).await).await;

        assert!(matches!(arrived, Err(TrackingRefusal::NoSuchStop)), "{arrived:?}");
        assert!(matches!(none, Err(TrackingRefusal::NoRun)), "{none:?}");
        assert_eq!(mine.stops[0].door.as_ref().map(|door| door.name.as_str()), Some("王小明"));
        assert_eq!(mine.stops[0].parcels.len(), 1);
    }
}

fn fix(sequence: i64, minute: i64, metres_east: i64) -> Fix {
    Fix {
        sequence,
        at: MORNING.plus_minutes(minute),
        position: Position {
            latitude_microdegrees: 25_040_000,
            longitude_microdegrees: 121_510_000 + metres_east * 993 / 100,
        },
        accuracy_metres: 15,
    }
}

#[tokio::test]
async fn positions_come_late_doubled_and_in_disorder_and_count_once() {
    for shop in shops().await {
        let road = on_the_road(&shop, vec![shop.drop(8_000)]).await;
        let (by, run) = (road.driver(), road.run);
        let send = |minute, fixes: Vec<Fix>| {
            shop.by(by, minute, async move |tx: &mut Tx, stamp: &Stamp| {
                tracking::record_positions(tx, stamp, run, &fixes).await
            })
        };
        let drive = || vec![fix(3, 118, 2_400), fix(1, 112, 400), fix(2, 115, 1_400)];

        let first = send(119, drive()).await.unwrap();
        let again = send(120, drive()).await.unwrap();
        let mixed = send(121, vec![fix(2, 115, 1_400), fix(4, 121, 3_400), fix(4, 121, 9_999)]).await.unwrap();
        let jump = send(122, vec![fix(5, 122, 60_000), fix(6, 500, 3_600)]).await.unwrap();

        assert_eq!((first.accepted, first.duplicates, first.teleports), (3, 0, 0));
        assert_eq!((again.accepted, again.duplicates), (0, 3));
        assert_eq!((mixed.accepted, mixed.duplicates), (1, 2));
        assert_eq!((jump.accepted, jump.teleports, jump.ahead), (2, 1, 1));
        // The van was last seen where a van can be, and the only stop is near enough to be shown.
        let seen = way(&shop, road.orders[0]).await.courier_at.unwrap();
        assert_eq!(seen, fix(4, 121, 3_400).position);
    }
}

#[tokio::test]
async fn an_expected_arrival_follows_the_van_and_names_its_own_doubt() {
    for shop in shops().await {
        let road = on_the_road(&shop, vec![shop.drop(8_000)]).await;
        let (by, run, order) = (road.driver(), road.run, road.orders[0]);
        let before = way(&shop, order).await.eta.unwrap();
        let width = |eta: delivery::planning::Eta| eta.latest.since(eta.earliest);

        // Stuck near the depot until one o'clock.
        let stuck = shop
            .by(by, 235, async move |tx: &mut Tx, stamp: &Stamp| {
                tracking::record_positions(tx, stamp, run, &[fix(1, 234, 500)]).await
            })
            .await;
        stuck.unwrap();
        let after = way(&shop, order).await.eta.unwrap();
        let site = shop.site;
        let now: Instant = MORNING.plus_minutes(235);
        let risks = shop.db.read(async move |tx: &mut Tx| tracking::late_risk(tx, site, now).await).await.unwrap();

        assert!(after.at > before.at);
        assert!(after.earliest < after.at && after.at < after.latest && width(after) > 0);
        assert_eq!(risks.len(), 1);
        assert_eq!((risks[0].order, risks[0].advice), (order, tracking::Advice::TellCustomer));
        assert!(risks[0].minutes_to_promise < 0);
    }
}

#[tokio::test]
async fn the_chain_of_custody_names_every_hand() {
    for shop in shops().await {
        let road = on_the_road(&shop, vec![shop.drop(1_000)]).await;
        let (by, parcel) = (road.driver(), road.parcels[0]);
        arrive(&shop, by, 121, road.stops[0]).await.unwrap();
        hand_over(&shop, by, 122, road.stops[0], signed()).await.unwrap();

        let chain = shop.db.read(async move |tx: &mut Tx| tracking::custody(tx, parcel).await).await.unwrap();

        let links: Vec<_> = chain.iter().map(|link| (link.step, link.by)).collect();
        assert_eq!(links, [(CustodyStep::Loaded, Actor::System), (CustodyStep::HandedOver, by)]);
    }
}
