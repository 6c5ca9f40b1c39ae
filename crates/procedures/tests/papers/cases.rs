//! Cases against the written way: on it, without a weighing, late, out of order, and by the revision of their day.

use edge::{Duty, Sites};
use events::{Object, Told};
use kernel::{
    Actor, ArrivalId, CountSheetId, CourierId, CustomerOrderId, ExcursionId, Id, Instant, LotId, ProcedureId,
    RequisitionId, SkuId, Stamp, SupplierId,
};
use procedures::{
    authoring::{self, Document, shipped},
    conformance::{self, Read},
};
use serde::Serialize;
use serde_json::{Value, json};
use store::{StoreError, Tx};

use crate::shop::{Door, MORNING, Shop, shops};

macro_rules! facts {
    ($($name:ident = $kind:literal;)*) => {$(
        #[derive(Clone, Serialize)]
        struct $name {}

        impl Told for $name {
            const KIND: &'static str = $kind;
            const VERSION: i64 = 1;
        }
    )*};
}

facts! {
    GoodsArrived = "goods_arrived";
    GoodsWeighedIn = "goods_weighed_in";
    GoodsJudged = "goods_judged";
    GoodsPutAway = "goods_put_away";
    OrderPlaced = "order_placed";
    OrderCancelled = "order_cancelled";
    OrderReleased = "order_released";
    GoodsWeighed = "goods_weighed";
    GoodsPicked = "goods_picked";
    ParcelPacked = "parcel_packed";
    ParcelStaged = "parcel_staged";
    OrderDispatched = "order_dispatched";
    LineShorted = "line_shorted";
    QuotesRecorded = "quotes_recorded";
    SupplierRegistered = "supplier_registered";
    QualificationRecorded = "qualification_recorded";
    SupplierStandingChanged = "supplier_standing_changed";
    PurchaseOrderPlaced = "purchase_order_placed";
    RequisitionDrafted = "requisition_drafted";
    RequisitionSubmitted = "requisition_submitted";
    RequisitionApproved = "requisition_approved";
    ApprovalGiven = "approval_given";
    TemperatureAlarmRaised = "temperature_alarm_raised";
    TemperatureAlarmAcknowledged = "temperature_alarm_acknowledged";
    TemperatureActionTaken = "temperature_action_taken";
    TemperatureAlarmClosed = "temperature_alarm_closed";
    TemperatureAlarmVoided = "temperature_alarm_voided";
    QuarantineOpened = "quarantine_opened";
    QuarantineDecided = "quarantine_decided";
    CountSheetOpened = "count_sheet_opened";
    StockCounted = "stock_counted";
    CountSheetClosed = "count_sheet_closed";
    CourierTakenOn = "courier_taken_on";
    CourierDocumentNoted = "courier_document_noted";
    CertificateEarned = "certificate_earned";
}

/// Something that goes through the house, told event by event.
struct Case<'a> {
    shop: &'a Shop,
    object: Object,
}

impl Case<'_> {
    async fn tell<B: Told + Clone + Send + Sync + 'static>(&self, minute: i64, body: B) {
        self.shop.tell(Actor::System, minute, self.object, vec![Object::of(self.shop.site)], body).await;
    }
}

fn case<T: Id>(shop: &Shop) -> Case<'_> {
    Case { shop, object: Object::of(shop.mint::<T>()) }
}

fn arrival(shop: &Shop) -> Case<'_> {
    case::<ArrivalId>(shop)
}

fn order(shop: &Shop) -> Case<'_> {
    case::<CustomerOrderId>(shop)
}

/// Picked and packed; what is left out is named.
async fn pack(case: &Case<'_>, released: i64, without: &str) {
    case.tell(released, OrderReleased {}).await;
    if without != "weigh" {
        case.tell(released + 20, GoodsWeighed {}).await;
    }
    case.tell(released + 20, GoodsPicked {}).await;
    case.tell(released + 60, ParcelPacked {}).await;
    case.tell(released + 90, ParcelStaged {}).await;
    case.tell(released + 120, OrderDispatched {}).await;
}

fn at(minute: i64) -> Instant {
    MORNING.plus_minutes(minute)
}

/// Seals the log and reads it to its end.
async fn read(shop: &Shop, minute: i64) -> Vec<Read> {
    let now = at(minute);
    while events::seal(&shop.db, now, "test").await.unwrap().events > 0 {}
    let mut reads = Vec::new();
    loop {
        let done: Read = shop
            .db
            .write(async move |tx: &mut Tx| conformance::read_on(tx, now).await)
            .await
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        if done.events > 0 || done.judged > 0 {
            reads.push(done);
        }
        if !done.more {
            return reads;
        }
    }
}

fn clerk(shop: &Shop) -> Door {
    shop.door(shop.staff(), Sites::Only(vec![shop.site]), &[Duty::ReadProcedures])
}

async fn procedure(shop: &Shop, step: &str) -> ProcedureId {
    let (_, procedures) = clerk(shop).get("/procedures").await;
    let found = procedures.as_array().unwrap().iter().find(|procedure| procedure["step"] == step).unwrap();
    found["id"].as_str().unwrap().parse().unwrap()
}

/// The case of one object in one procedure, as the door shows it.
async fn found(shop: &Shop, step: &str, object: &Object) -> Value {
    let procedure = procedure(shop, step).await;
    let path = format!("/conformance/cases?site={}&procedure={procedure}&object={}", shop.site, object.id);
    let (status, page) = clerk(shop).get(&path).await;
    assert_eq!(status, 200, "{page}");
    page["items"][0].clone()
}

fn findings(case: &Value) -> Vec<(String, String, i64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let read =
        |finding: &Value| (text(&finding["kind"]), text(&finding["step"]), finding["minutes_over"].as_i64().unwrap());
    case["findings"].as_array().unwrap_or_else(|| panic!("{case}")).iter().map(read).collect()
}

fn finding(kind: &str, step: &str, minutes: i64) -> (String, String, i64) {
    (kind.to_owned(), step.to_owned(), minutes)
}

#[tokio::test]
async fn an_order_without_a_scale_record_left_the_written_way() {
    for shop in shops().await {
        let (sound, unweighed) = (order(&shop), order(&shop));
        pack(&sound, 0, "nothing").await;
        pack(&unweighed, 5, "weigh").await;
        read(&shop, 200).await;

        let sound = found(&shop, "2.2", &sound.object).await;
        assert_eq!((&sound["way"], &sound["state"], findings(&sound)), (&json!("on"), &json!("ended"), Vec::new()));
        let unweighed = found(&shop, "2.2", &unweighed.object).await;
        assert_eq!(unweighed["way"], json!("off"));
        assert_eq!(findings(&unweighed), [finding("missing", "weigh", 0)]);

        let path = format!("/procedures/{}/conformance?site={}", procedure(&shop, "2.2").await, shop.site);
        let (_, summary) = clerk(&shop).get(&path).await;
        assert_eq!(
            (&summary["ended"], &summary["on_the_way"], &summary["on_the_way_pct"]),
            (&json!(2), &json!(1), &json!(5_000))
        );
        assert_eq!(summary["findings"][0]["step"], json!("weigh"));
        assert_eq!(summary["worst_waits"].as_array().map(Vec::len), Some(2));
    }
}

#[tokio::test]
async fn a_load_that_waited_is_late_by_the_minute() {
    for shop in shops().await {
        let load = arrival(&shop);
        load.tell(0, GoodsArrived {}).await;
        load.tell(41, GoodsWeighedIn {}).await;
        load.tell(60, GoodsJudged {}).await;
        load.tell(100, GoodsPutAway {}).await;
        read(&shop, 120).await;

        let case = found(&shop, "1.6", &load.object).await;
        assert_eq!(findings(&case), [finding("late", "weigh", 11)]);
        assert_eq!(case["worst_wait"], json!({ "step": "weigh", "minutes": 41 }));

        let breaches = {
            let site = shop.site;
            shop.db.read(async move |tx: &mut Tx| conformance::breaches(tx, site, at(0), at(999)).await).await
        };
        let breaches = breaches.unwrap_or_else(|error: StoreError| panic!("{error}"));
        let told: Vec<_> = breaches
            .iter()
            .map(|breach| (breach.procedure.as_str(), breach.step.as_str(), breach.worst_minutes))
            .collect();
        assert_eq!(told, [("1.6", "weigh", 11)]);
    }
}

#[tokio::test]
async fn goods_put_away_before_they_were_judged_are_out_of_order() {
    for shop in shops().await {
        let load = arrival(&shop);
        load.tell(0, GoodsArrived {}).await;
        load.tell(5, GoodsWeighedIn {}).await;
        load.tell(9, GoodsPutAway {}).await;
        read(&shop, 10).await;
        let before = found(&shop, "1.6", &load.object).await;
        assert_eq!(findings(&before), [finding("missing", "judge", 0)]);

        load.tell(20, GoodsJudged {}).await;
        read(&shop, 21).await;
        let after = found(&shop, "1.6", &load.object).await;
        assert_eq!(findings(&after), [finding("order", "put_away", 0)], "done, but too late to be in order");
    }
}

#[tokio::test]
async fn an_open_case_becomes_late_while_nothing_happens() {
    for shop in shops().await {
        let load = arrival(&shop);
        load.tell(0, GoodsArrived {}).await;
        read(&shop, 1).await;
        assert_eq!(found(&shop, "1.6", &load.object).await["way"], json!("on"));

        let nothing_new = read(&shop, 47).await;
        assert!(nothing_new.iter().all(|read| read.events == 0 && read.judged == 1), "{nothing_new:?}");
        let waiting = found(&shop, "1.6", &load.object).await;
        assert_eq!((&waiting["state"], findings(&waiting)), (&json!("open"), vec![finding("late", "weigh", 17)]));

        load.tell(50, GoodsWeighedIn {}).await;
        read(&shop, 51).await;
        assert_eq!(findings(&found(&shop, "1.6", &load.object).await), [finding("late", "weigh", 20)]);
    }
}

#[tokio::test]
async fn a_cancelled_order_lacks_nothing_and_a_short_one_is_unexpected() {
    for shop in shops().await {
        let (cancelled, short) = (order(&shop), order(&shop));
        cancelled.tell(0, OrderPlaced {}).await;
        cancelled.tell(1, OrderReleased {}).await;
        cancelled.tell(2, OrderCancelled {}).await;
        short.tell(15, LineShorted {}).await;
        pack(&short, 16, "nothing").await;
        read(&shop, 400).await;

        let cancelled = found(&shop, "2.2", &cancelled.object).await;
        assert_eq!((&cancelled["state"], findings(&cancelled)), (&json!("abandoned"), Vec::new()));
        let short = found(&shop, "2.2", &short.object).await;
        assert_eq!(findings(&short), [finding("unexpected", "line_shorted", 0)]);
    }
}

#[tokio::test]
async fn reading_again_from_the_beginning_comes_to_the_same() {
    for shop in shops().await {
        let (sound, unweighed, load) = (order(&shop), order(&shop), arrival(&shop));
        pack(&sound, 0, "nothing").await;
        load.tell(10, GoodsArrived {}).await;
        // In two sittings first, then all at once.
        read(&shop, 20).await;
        load.tell(80, GoodsWeighedIn {}).await;
        pack(&unweighed, 30, "weigh").await;
        read(&shop, 300).await;
        let case = || format!("/conformance/cases?site={}", shop.site);
        let first = clerk(&shop).get(&case()).await.1;

        shop.by(Actor::System, 300, async move |tx: &mut Tx, _stamp: &Stamp| {
            tx.execute(FORGET, store::args![conformance::READER]).await
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
        let again = read(&shop, 300).await;

        assert!(again.iter().any(|read| read.events > 0), "it was read again");
        let second = clerk(&shop).get(&case()).await.1;
        assert_eq!(first, second);
        assert!(first["items"].as_array().is_some_and(|cases| cases.len() > 6), "{first}");
    }
}

store::sql! {
    FORGET = "DELETE FROM event_reader WHERE reader = $1";
}

#[tokio::test]
async fn a_case_is_judged_by_the_revision_of_its_day() {
    for shop in shops().await {
        let before = arrival(&shop);
        before.tell(0, GoodsArrived {}).await;
        let procedure = procedure(&shop, "1.6").await;
        let mut strict: Document = shipped().unwrap().into_iter().find(|document| document.step == "1.6").unwrap();
        strict.steps[1].within_minutes = Some(10);
        let (author, boss) = (shop.staff(), shop.staff());
        let drafted = shop
            .by(author, 1, async move |tx: &mut Tx, stamp: &Stamp| {
                let drafted = authoring::draft(tx, stamp, procedure, strict.clone(), "更快".to_owned()).await?;
                authoring::submit(tx, stamp, drafted.id).await
            })
            .await
            .unwrap();
        shop.by(boss, 2, async move |tx: &mut Tx, stamp: &Stamp| {
            authoring::approve(tx, stamp, drafted.id).await?;
            authoring::publish(tx, stamp, drafted.id, Some(at(10))).await
        })
        .await
        .unwrap();
        let after = arrival(&shop);
        after.tell(15, GoodsArrived {}).await;
        before.tell(25, GoodsWeighedIn {}).await;
        after.tell(40, GoodsWeighedIn {}).await;
        read(&shop, 41).await;

        let before = found(&shop, "1.6", &before.object).await;
        let after = found(&shop, "1.6", &after.object).await;
        assert_eq!((&before["revision"], findings(&before)), (&json!(1), Vec::new()));
        assert_eq!((&after["revision"], findings(&after)), (&json!(2), vec![finding("late", "weigh", 15)]));
    }
}

#[tokio::test]
async fn a_requisition_is_followed_from_its_draft_to_the_last_signature() {
    for shop in shops().await {
        let (swift, slow) = (case::<RequisitionId>(&shop), case::<RequisitionId>(&shop));
        for (requisition, submitted) in [(&swift, 20), (&slow, 500)] {
            requisition.tell(0, RequisitionDrafted {}).await;
            requisition.tell(submitted, RequisitionSubmitted {}).await;
            requisition.tell(submitted + 10, ApprovalGiven {}).await;
        }
        swift.tell(40, RequisitionApproved {}).await;
        read(&shop, 1_000).await;

        assert_eq!(findings(&found(&shop, "1.3", &swift.object).await), []);
        assert_eq!(findings(&found(&shop, "1.4", &swift.object).await), []);
        assert_eq!(findings(&found(&shop, "1.3", &slow.object).await), [finding("late", "submit", 20)]);
        let waiting = found(&shop, "1.4", &slow.object).await;
        assert_eq!((&waiting["state"], findings(&waiting)), (&json!("open"), vec![finding("late", "decide", 20)]));
    }
}

#[tokio::test]
async fn what_is_asked_for_without_a_look_at_the_market_left_the_way() {
    for shop in shops().await {
        let (spinach, truffles) = (case::<SkuId>(&shop), case::<SkuId>(&shop));
        spinach.tell(0, QuotesRecorded {}).await;
        let also = vec![spinach.object, truffles.object, Object::of(shop.site)];
        shop.tell(Actor::System, 9, Object::of(shop.mint::<RequisitionId>()), also, RequisitionSubmitted {}).await;
        read(&shop, 10).await;

        assert_eq!(findings(&found(&shop, "1.1", &spinach.object).await), []);
        assert_eq!(findings(&found(&shop, "1.1", &truffles.object).await), [finding("missing", "observe", 0)]);
    }
}

#[tokio::test]
async fn a_supplier_who_was_ordered_from_before_the_papers_came_left_the_way() {
    for shop in shops().await {
        let supplier = case::<SupplierId>(&shop);
        supplier.tell(0, SupplierRegistered {}).await;
        supplier.tell(5, SupplierStandingChanged {}).await;
        supplier.tell(9, PurchaseOrderPlaced {}).await;
        supplier.tell(15, QualificationRecorded {}).await;
        read(&shop, 20).await;

        let case = found(&shop, "1.2", &supplier.object).await;
        assert_eq!((&case["state"], findings(&case)), (&json!("ended"), vec![finding("order", "admit", 0)]));
    }
}

#[tokio::test]
async fn an_alarm_that_nobody_answers_is_late_and_its_lots_wait_for_a_decision() {
    for shop in shops().await {
        let (alarm, broken_probe) = (case::<ExcursionId>(&shop), case::<ExcursionId>(&shop));
        alarm.tell(0, TemperatureAlarmRaised {}).await;
        broken_probe.tell(0, TemperatureAlarmRaised {}).await;
        read(&shop, 40).await;
        let waiting = found(&shop, "2.3", &alarm.object).await;
        assert_eq!((&waiting["state"], findings(&waiting)), (&json!("open"), vec![finding("late", "answer", 25)]));

        let lot = Object::of(shop.mint::<LotId>());
        let also = vec![lot, Object::of(shop.site)];
        shop.tell(Actor::System, 41, alarm.object, also.clone(), QuarantineOpened {}).await;
        alarm.tell(42, TemperatureAlarmAcknowledged {}).await;
        alarm.tell(50, TemperatureActionTaken {}).await;
        alarm.tell(200, TemperatureAlarmClosed {}).await;
        shop.tell(Actor::System, 41 + 490, alarm.object, also, QuarantineDecided {}).await;
        broken_probe.tell(12, TemperatureAlarmVoided {}).await;
        read(&shop, 2_000).await;

        let case = found(&shop, "2.3", &alarm.object).await;
        let late = vec![finding("late", "answer", 27), finding("late", "decide", 10)];
        assert_eq!((&case["state"], findings(&case)), (&json!("ended"), late));
        let voided = found(&shop, "2.3", &broken_probe.object).await;
        assert_eq!(voided["state"], json!("abandoned"));
    }
}

#[tokio::test]
async fn counts_and_couriers_are_followed_too() {
    for shop in shops().await {
        let (counted, uncounted) = (case::<CountSheetId>(&shop), case::<CountSheetId>(&shop));
        for sheet in [&counted, &uncounted] {
            sheet.tell(0, CountSheetOpened {}).await;
        }
        counted.tell(30, StockCounted {}).await;
        for sheet in [&counted, &uncounted] {
            sheet.tell(60, CountSheetClosed {}).await;
        }
        let courier = case::<CourierId>(&shop);
        courier.tell(0, CourierTakenOn {}).await;
        courier.tell(1, CourierDocumentNoted {}).await;
        courier.tell(90, CertificateEarned {}).await;
        read(&shop, 100).await;

        assert_eq!(findings(&found(&shop, "2.4", &counted.object).await), []);
        assert_eq!(findings(&found(&shop, "2.4", &uncounted.object).await), [finding("missing", "count", 0)]);
        let courier = found(&shop, "4.2", &courier.object).await;
        assert_eq!((&courier["state"], findings(&courier)), (&json!("ended"), vec![finding("missing", "train", 0)]));
    }
}

#[tokio::test]
async fn cases_of_another_site_are_not_shown() {
    for shop in shops().await {
        let load = arrival(&shop);
        load.tell(0, GoodsArrived {}).await;
        read(&shop, 1).await;
        let path = format!("/conformance/cases?site={}", shop.site);
        let stranger = shop.door(shop.staff(), Sites::Only(vec![shop.mint()]), &[Duty::ReadProcedures]);
        let customer = shop.door(Actor::Customer(shop.mint()), Sites::Only(Vec::new()), &[Duty::PlaceOrders]);

        assert_eq!(clerk(&shop).get(&path).await.1["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(stranger.get(&path).await.0, 404);
        assert_eq!(customer.get(&path).await.0, 403);
        let summary = format!("/procedures/{}/conformance?site={}", procedure(&shop, "1.6").await, shop.site);
        assert_eq!(stranger.get(&summary).await.0, 404);
        assert_eq!(clerk(&shop).get(&format!("{path}&way=off")).await.1["items"], json!([]));
    }
}
