//! Stories of planning, on every database.

use crate::shop::{MORNING, late_morning, shops};
use delivery::planning::{
    self, Cargo, Drop, Hold, NewShift, PlanningRefusal, Skill, Unassigned, UnassignedReason, VehicleKind, Withdrawal,
    travel::Shortfall,
};
use kernel::{RunId, Stamp, TemperatureClass};
use store::Tx;

#[tokio::test]
async fn every_statement_is_understood_by_every_database() {
    for shop in shops().await {
        shop.db.prepare_all().await.unwrap();
    }
}

#[tokio::test]
async fn every_drop_is_on_a_run_or_hears_why_not() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
        let courier = shop.courier("陳大文").await.courier;
        shop.shift(courier.id, &van, 60, 360).await;
        let near = [shop.drop(1_000), shop.drop(2_500), shop.drop(-1_800)];
        let lost = Drop { position: None, ..shop.drop(500) };
        let frozen = shop.frozen_drop(700);
        let far = shop.drop(120_000);
        let mut drops = near.to_vec();
        drops.extend([lost.clone(), frozen.clone(), far.clone()]);

        let plan = shop.plan(&drops).await;

        let planned: Vec<_> = plan.runs.iter().flat_map(|run| &run.stops).map(|stop| stop.order).collect();
        assert!(near.iter().all(|drop| planned.contains(&drop.order)), "{plan:?}");
        let reason = |order| plan.unassigned.iter().find(|left| left.order == order).map(|left| left.reason);
        assert_eq!(reason(lost.order), Some(UnassignedReason::AddressNotLocated));
        assert_eq!(reason(frozen.order), Some(UnassignedReason::SkillMissing { skill: Skill::Frozen }));
        assert_eq!(reason(far.order), Some(UnassignedReason::WindowUnreachable));
        let [run] = &plan.runs[..] else { panic!("one van, one run: {plan:?}") };
        assert!(run.stops.iter().all(|stop| {
            late_morning().start() <= stop.eta.at && stop.eta.earliest <= stop.eta.at && stop.eta.at < stop.eta.latest
        }));
        assert_eq!(shop.count("run_planned").await, 1);
    }
}

#[tokio::test]
async fn frozen_goods_ride_with_a_certified_courier_in_a_freezer_van() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-F", VehicleKind::Van, vec![Skill::Frozen]).await;
        let courier = shop.courier("林美玲").await.courier;
        shop.shift(courier.id, &van, 60, 360).await;
        let cod = shop.frozen_drop(1_500);

        let before = shop.plan(std::slice::from_ref(&cod)).await;
        shop.certify(courier.id).await;
        let after = shop.plan(std::slice::from_ref(&cod)).await;

        let reason = UnassignedReason::SkillMissing { skill: Skill::Frozen };
        assert_eq!(before.unassigned, [Unassigned { order: cod.order, reason }]);
        assert_eq!(after.unassigned, []);
        assert_eq!(after.runs[0].stops[0].order, cod.order);
    }
}

#[tokio::test]
async fn a_new_plan_replaces_what_is_planned_and_leaves_what_is_loaded() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
        let bike = shop.vehicle("BIKE-1", VehicleKind::CargoBike, vec![]).await;
        let (chen, lin) = (shop.courier("陳大文").await.courier, shop.courier("林美玲").await.courier);
        shop.shift(chen.id, &van, 60, 360).await;
        let first = [shop.drop(1_000), shop.drop(2_000)];
        let plan = shop.plan(&first).await;
        let loaded = plan.runs[0].run;
        let parcel = shop.pack(first[0].order, TemperatureClass::Ambient).await;
        shop.load(loaded, parcel).await.unwrap();
        shop.shift(lin.id, &bike, 60, 360).await;
        let late = shop.drop(-900);

        let mut drops = first.to_vec();
        drops.push(late.clone());
        let again = shop.plan(&drops).await;
        let once_more = shop.plan(&drops).await;

        let mut under_way = first.iter().map(|drop| drop.order).collect::<Vec<_>>();
        under_way.sort_unstable();
        let mut told = again.under_way.clone();
        told.sort_unstable();
        assert_eq!(told, under_way);
        assert_eq!(again.runs.len(), 1);
        assert_eq!(again.runs[0].stops[0].order, late.order);
        assert_ne!(once_more.runs[0].run, again.runs[0].run);
        assert_eq!(shop.count("run_cancelled").await, 1);
        let detail =
            |run: RunId| shop.at(5, async move |tx: &mut Tx, _: &Stamp| delivery::tracking::run_detail(tx, run).await);
        assert_eq!(detail(loaded).await.unwrap().run.state, planning::RunState::Loading);
        assert_eq!(detail(again.runs[0].run).await.unwrap().run.state, planning::RunState::Cancelled);
    }
}

#[tokio::test]
async fn a_plan_made_on_ground_that_moved_is_not_kept() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
        let courier = shop.courier("陳大文").await.courier;
        let shift = shop.shift(courier.id, &van, 60, 360).await;
        let (site, drops) = (shop.site, vec![shop.drop(1_000)]);
        let brief = shop
            .at(0, async move |tx: &mut Tx, stamp: &Stamp| {
                planning::problem(tx, stamp.at, site, late_morning(), &drops).await
            })
            .await
            .unwrap();
        let draft = planning::solve(brief);
        shop.at(1, async move |tx: &mut Tx, stamp: &Stamp| planning::cancel_shift(tx, stamp, shift.id).await)
            .await
            .unwrap();

        let kept = shop.at(2, async move |tx: &mut Tx, stamp: &Stamp| planning::keep(tx, stamp, &draft).await).await;

        assert!(matches!(kept, Err(PlanningRefusal::PlanOutdated)), "{kept:?}");
    }
}

#[tokio::test]
async fn a_plan_that_the_route_engine_refused_says_so_until_the_next() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
        let courier = shop.courier("陳大文").await.courier;
        shop.shift(courier.id, &van, 60, 360).await;
        let near = [shop.drop(1_000), shop.drop(2_500)];
        // More than the route engine counts.
        let cargo = Cargo { ambient: Hold { grams: 1 << 41, crates: 1 }, ..Cargo::default() };
        let monster = Drop { cargo, ..shop.drop(500) };
        let mut drops = near.to_vec();
        drops.push(monster.clone());
        let site = shop.site;
        let standing = async || {
            let plan = async move |tx: &mut Tx| planning::plan_of(tx, site, late_morning()).await;
            shop.db.read(plan).await.unwrap()
        };

        let plan = shop.plan(&drops).await;

        let [Shortfall::SearchRefused { detail }] = &plan.shortfalls[..] else { panic!("{plan:?}") };
        assert!(detail.contains("load is 2199023255552"), "{detail}");
        let reason = UnassignedReason::LargerThanAnyVehicle;
        assert_eq!(plan.unassigned, [Unassigned { order: monster.order, reason }]);
        assert_eq!(plan.runs[0].stops.len(), 2);
        assert_eq!((standing().await.shortfalls, shop.count("plan_fell_short").await), (plan.shortfalls, 1));
        let plan = shop.plan(&near).await;
        assert_eq!((&plan.shortfalls[..], &standing().await.shortfalls[..]), (&[][..], &[][..]));
        assert_eq!(shop.count("plan_fell_short").await, 1);
    }
}

#[tokio::test]
async fn an_expired_health_certificate_blocks_the_shift_and_the_plan() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
        let courier = shop.courier_until("黃志強", "2026-03-19").await.courier;
        let draft = NewShift { courier: courier.id, vehicle: van.id, start: MORNING, end: MORNING.plus_minutes(300) };

        let refused = shop
            .at(0, async move |tx: &mut Tx, stamp: &Stamp| planning::set_shift(tx, stamp, draft.clone()).await)
            .await;

        assert!(matches!(refused, Err(PlanningRefusal::CourierUnfit(_))), "{refused:?}");
        let plan = shop.plan(&[shop.drop(800)]).await;
        assert_eq!(plan.unassigned[0].reason, UnassignedReason::NoVehicle);
    }
}

#[tokio::test]
async fn nobody_drives_two_vehicles_at_once() {
    for shop in shops().await {
        let (one, two) = (
            shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await,
            shop.vehicle("VAN-2", VehicleKind::Van, vec![]).await,
        );
        let courier = shop.courier("陳大文").await.courier;
        shop.shift(courier.id, &one, 60, 360).await;
        let draft = NewShift {
            courier: courier.id,
            vehicle: two.id,
            start: MORNING.plus_minutes(300),
            end: MORNING.plus_minutes(500),
        };

        let refused = shop
            .at(0, async move |tx: &mut Tx, stamp: &Stamp| planning::set_shift(tx, stamp, draft.clone()).await)
            .await;

        assert!(matches!(refused, Err(PlanningRefusal::ShiftOverlaps { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn an_order_that_is_called_off_leaves_its_run() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
        let courier = shop.courier("陳大文").await.courier;
        shop.shift(courier.id, &van, 60, 360).await;
        let drops = [shop.drop(1_000), shop.drop(2_000)];
        let run = shop.plan(&drops).await.runs[0].run;
        let order = drops[0].order;
        let off = || shop.at(3, async move |tx: &mut Tx, stamp: &Stamp| planning::withdraw(tx, stamp, order).await);

        assert_eq!(off().await.unwrap(), Withdrawal::Withdrawn { run });
        assert_eq!(off().await.unwrap(), Withdrawal::NotPlanned);
        let detail = shop
            .at(4, async move |tx: &mut Tx, _: &Stamp| delivery::tracking::run_detail(tx, run).await)
            .await
            .unwrap();
        assert_eq!(detail.stops.iter().map(|stop| stop.order).collect::<Vec<_>>(), [drops[1].order]);
    }
}

#[tokio::test]
async fn a_second_tour_of_the_same_shift_waits_for_the_first() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
        let courier = shop.courier("陳大文").await.courier;
        shop.shift(courier.id, &van, 60, 540).await;
        let morning = shop.plan(&[shop.drop(3_000)]).await;
        let afternoon = kernel::Window::new(MORNING.plus_minutes(200), MORNING.plus_minutes(400)).unwrap();
        let drop = Drop { window: afternoon, first_promise: afternoon, ..shop.drop(1_000) };
        let (site, drops) = (shop.site, vec![drop]);

        let later = shop
            .at(0, async move |tx: &mut Tx, stamp: &Stamp| planning::plan(tx, stamp, site, afternoon, &drops).await)
            .await
            .unwrap();

        assert!(later.runs[0].departs_at >= morning.runs[0].returns_at.plus_millis(planning::LOADING_MS));
        assert_eq!(shop.count("run_cancelled").await, 0);
    }
}

#[tokio::test]
async fn a_van_that_is_late_on_the_road_is_not_planned_as_if_it_were_back() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
        let courier = shop.courier("陳大文").await.courier;
        shop.shift(courier.id, &van, 60, 540).await;
        let morning = shop.drop(3_000);
        let run = shop.plan(std::slice::from_ref(&morning)).await.runs[0].clone();
        let parcel = shop.pack(morning.order, TemperatureClass::Ambient).await;
        shop.load(run.run, parcel).await.unwrap();
        shop.depart(run.run).await.unwrap();
        let afternoon = kernel::Window::new(MORNING.plus_minutes(240), MORNING.plus_minutes(420)).unwrap();
        let drop = Drop { window: afternoon, first_promise: afternoon, ..shop.drop(1_000) };
        let (site, drops) = (shop.site, vec![drop]);

        // One in the afternoon: the morning run should have been back long ago and is not.
        let later = shop
            .at(300, async move |tx: &mut Tx, stamp: &Stamp| planning::plan(tx, stamp, site, afternoon, &drops).await)
            .await
            .unwrap();

        assert!(run.returns_at < MORNING.plus_minutes(300));
        assert!(later.runs[0].departs_at >= MORNING.plus_minutes(300).plus_millis(planning::LOADING_MS));
    }
}
