//! Every figure is what an independent fold makes of the log and the journal.

use std::{collections::BTreeMap, fs, path::Path};

use accounts::{Account, Cause, Entry, Posting, TaxClass, WasteCause};
use events::{Object, SealedEvent, Told};
use improvement::metrics::{self, Figures};
use kernel::{
    Actor, Currency, CustomerOrderId, Date, Id, Instant, Lang, LotId, Money, OrderLineId, ParcelId, PaymentId,
    PickTaskId, RatingId, SiteId, SkuId, Stamp, StopId,
};
use serde::Serialize;
use serde_json::{Value, json};
use store::{StoreError, Tx};

use crate::shop::{MORNING, Shop, TODAY, shops};

macro_rules! facts {
    ($($name:ident = $kind:literal;)*) => {$(
        #[derive(Clone, Serialize)]
        #[serde(transparent)]
        struct $name(Value);

        impl Told for $name {
            const KIND: &'static str = $kind;
            const VERSION: i64 = 1;
        }
    )*};
}

facts! {
    OrderPlaced = "order_placed";
    OrderAccepted = "order_accepted";
    OrderHeld = "order_held";
    OrderDeclined = "order_declined";
    OrderReleased = "order_released";
    OrderSettled = "order_settled";
    LineShort = "line_short";
    OrderDispatched = "order_dispatched";
    OrderHandedOver = "order_handed_over";
    StopArrived = "stop_arrived";
    StopHandedOver = "stop_handed_over";
    AttemptFailed = "attempt_failed";
    PaymentCaptured = "payment_captured";
    PaymentRefunded = "payment_refunded";
    NoticeSent = "notice_sent";
    NoticeBuried = "notice_buried";
    GoodsPicked = "goods_picked";
    TasksClaimed = "pick_tasks_claimed";
    ParcelPacked = "parcel_packed";
    FeedbackAsked = "feedback_asked";
    RatingGiven = "rating_given";
    ComplaintMade = "complaint_made";
    ComplaintAnswered = "complaint_answered";
    GoodsPutAway = "goods_put_away";
}

/// A small generator of its own, so that the days are the same on every engine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one_in(&mut self, sides: i64) -> bool {
        self.below(sides) == 0
    }
}

/// One order through the shop; minutes count from the morning and may lie in other days.
async fn serve(shop: &Shop, dice: &mut Dice, site: SiteId, placed: i64) {
    let order: CustomerOrderId = shop.mint();
    let customer = shop.customer();
    let own = Object::of(order);
    let around = || vec![Object::of(site)];
    let desk = Actor::System;
    shop.tell(customer, placed, own, around(), OrderPlaced(json!({ "number": "SO" }))).await;
    if dice.one_in(9) {
        shop.tell(desk, placed + 1, own, around(), OrderHeld(json!({ "number": "SO", "by": "payment" }))).await;
        if dice.one_in(2) {
            shop.tell(desk, placed + 5, own, around(), OrderDeclined(json!({ "number": "SO", "why": "address" })))
                .await;
            return;
        }
    }
    let accepted = placed + dice.below(7);
    let alone = dice.below(5).min(1);
    shop.tell(desk, accepted, own, around(), OrderAccepted(json!({ "number": "SO", "without_a_hand": alone }))).await;
    // Notices and payments name no site: they are found through their order.
    let notice: kernel::NoticeId = shop.mint();
    if dice.one_in(12) {
        shop.tell(desk, accepted, Object::of(notice), vec![own], NoticeBuried(json!({ "tries": 5 }))).await;
    } else {
        shop.tell(desk, accepted, Object::of(notice), vec![own], NoticeSent(json!({ "tries": 1 }))).await;
    }
    let released = accepted + 20 + dice.below(40);
    shop.tell(desk, released, own, around(), OrderReleased(json!({ "number": "SO" }))).await;
    let packed = released + 10 + dice.below(90);
    let mut lines = Vec::new();
    for _ in 0..=dice.below(3) {
        let ordered = 500 + dice.below(1_500);
        let difference = ["none", "lighter", "heavier", "capped", "short"][usize::try_from(dice.below(5)).unwrap()];
        let actual = if difference == "short" { 0 } else { ordered + dice.below(61) - 30 };
        if difference == "short" {
            shop.tell(desk, packed, own, around(), LineShort(json!({ "number": "SO" }))).await;
        }
        let (line, sku): (OrderLineId, SkuId) = (shop.mint(), shop.mint());
        lines.push(json!({
            "order_line": line, "sku": sku, "ordered": { "grams": ordered }, "actual": { "grams": actual },
            "amount": 100, "difference": difference, "lots": [],
        }));
    }
    let expected = 300 + dice.below(200);
    let amount = expected + dice.below(41) - 25;
    let settled = json!({ "number": "SO", "amount": amount, "expected": expected, "bound": 900, "lines": lines });
    shop.tell(desk, packed, own, around(), OrderSettled(settled)).await;
    let parcel: ParcelId = shop.mint();
    let weights = json!({ "expected_grams": 4_000, "gross_grams": 4_000 + dice.below(200) - 100 });
    shop.tell(desk, packed, Object::of(parcel), vec![own, Object::of(site)], ParcelPacked(weights)).await;
    let payment: PaymentId = shop.mint();
    shop.tell(desk, packed + 1, Object::of(payment), vec![own], PaymentCaptured(json!({ "amount": amount }))).await;
    let sent = packed + 5 + dice.below(60);
    shop.tell(desk, sent, own, around(), OrderDispatched(json!({ "number": "SO", "amount": amount }))).await;
    sell(shop, site, order, sent, amount, dice.below(200)).await;

    let there = sent + 10 + dice.below(120);
    let stop: StopId = shop.mint();
    let stop = Object::of(stop);
    let expected_at = MORNING.plus_minutes(there + dice.below(31) - 15);
    shop.tell(desk, there, stop, vec![own], StopArrived(json!({ "expected_at": expected_at }))).await;
    let mut attempt = 1;
    if dice.one_in(8) {
        shop.tell(desk, there + 3, stop, vec![own], AttemptFailed(json!({ "attempt": 1 }))).await;
        attempt = 2;
    }
    let kept = if dice.one_in(5) { "late" } else { "on_time" };
    let proof = json!({ "attempt": attempt, "punctuality_of_first_promise": kept });
    shop.tell(desk, there + 4, stop, vec![own], StopHandedOver(proof)).await;
    shop.tell(desk, there + 4, own, around(), OrderHandedOver(json!({ "number": "SO", "in_window": 1 }))).await;
    shop.tell(desk, there + 5, own, vec![], FeedbackAsked(json!({}))).await;
    if dice.one_in(3) {
        let stars = json!({ "stars": { "goods": 3 + dice.below(3), "time": 1 + dice.below(5), "courier": 5 } });
        let rating: RatingId = shop.mint();
        shop.tell(customer, there + 30, Object::of(rating), vec![own], RatingGiven(stars)).await;
    }
    if dice.one_in(7) {
        let complaint: kernel::ComplaintId = shop.mint();
        let complaint = Object::of(complaint);
        shop.tell(customer, there + 40, complaint, vec![own], ComplaintMade(json!({ "site": site }))).await;
        let answered = there + 40 + dice.below(600);
        shop.tell(desk, answered, complaint, vec![own], ComplaintAnswered(json!({}))).await;
        shop.tell(desk, answered, Object::of(payment), vec![own], PaymentRefunded(json!({ "amount": 30 }))).await;
    }
}

/// A sale in the books, its goods, and now and then some waste.
async fn sell(shop: &Shop, site: SiteId, order: CustomerOrderId, minute: i64, amount: i64, cost: i64) {
    shop.by(Actor::System, minute, async move |tx: &mut Tx, stamp: &Stamp| {
        let entry = || Entry::new(site, Currency::Twd, Cause::of(order), "");
        let sale = entry()
            .with(Posting::debit(Account::CustomerReceivable, Money(amount)).order(order))
            .with(Posting::credit(Account::Sales(TaxClass::Exempt), Money(amount)).order(order));
        accounts::post(tx, stamp, &sale).await?;
        if cost > 0 {
            let goods = entry()
                .with(Posting::debit(Account::CostOfGoodsSold, Money(cost)).order(order))
                .with(Posting::credit(Account::GoodsInStock, Money(cost)));
            accounts::post(tx, stamp, &goods).await?;
        }
        for (cause, every) in [(WasteCause::Expiry, 3), (WasteCause::Unexplained, 5), (WasteCause::Theft, 7)] {
            if cost % every == 1 {
                let lost = entry()
                    .with(Posting::debit(Account::Waste(cause), Money(cost)))
                    .with(Posting::credit(Account::GoodsInStock, Money(cost)));
                accounts::post(tx, stamp, &lost).await?;
            }
        }
        Ok::<_, accounts::JournalRefusal>(())
    })
    .await
    .unwrap();
}

async fn trade(shop: &Shop) {
    let mut dice = Dice(2_026);
    for nth in 0..40 {
        let site = if nth % 4 == 3 { shop.tainan } else { shop.taipei };
        // From the evening before to the night after: some orders cross the turn of the day at 04:00.
        let placed = dice.below(26 * 60) - 9 * 60;
        serve(shop, &mut dice, site, placed).await;
    }
    let picker = shop.staff();
    let mut minute = 0;
    for nth in 0..30 {
        let task: PickTaskId = shop.mint();
        minute += dice.below(9) + if nth == 15 { 60 } else { 0 };
        let around = vec![Object::of(shop.taipei)];
        if nth % 10 == 0 {
            let wave: kernel::WaveId = shop.mint();
            shop.tell(picker, minute, Object::of(wave), around, TasksClaimed(json!({ "tasks": 10 }))).await;
        } else {
            shop.tell(picker, minute, Object::of(task), around, GoodsPicked(json!({}))).await;
        }
    }
    for minutes in [35, 80, 61, 200, 45] {
        let lot: LotId = shop.mint();
        let body = GoodsPutAway(json!({ "dock_to_stock_minutes": minutes }));
        shop.tell(picker, minutes, Object::of(lot), vec![Object::of(shop.taipei)], body).await;
    }
}

/// Today's events of a site, read as plain JSON by position, and what happened when to each object before.
struct Reading {
    today: Vec<(SealedEvent, Value)>,
    began: BTreeMap<(String, String), Instant>,
}

async fn read(shop: &Shop, site: SiteId) -> Reading {
    while events::seal(&shop.db, MORNING.plus_minutes(9_999), "test").await.unwrap().events > 0 {}
    let all = shop
        .db
        .read(async move |tx: &mut Tx| events::read_after(tx, 0, 1_000_000).await)
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    let own = |event: &SealedEvent| event.touched("site");
    let mut sites = BTreeMap::new();
    for event in &all {
        if let (Some(order), Some(site)) = (event.touched("customer_order"), own(event)) {
            sites.insert(order, site);
        }
    }
    let mut reading = Reading { today: Vec::new(), began: BTreeMap::new() };
    let (from, until) = (MORNING.plus_minutes(-4 * 60), MORNING.plus_minutes(20 * 60));
    for event in all {
        let key = (event.kind.clone(), event.subject.id.to_string());
        reading.began.entry(key).or_insert(event.at);
        let at = own(&event).or_else(|| sites.get(&event.touched("customer_order")?).copied());
        if at == Some(site.uuid()) && from <= event.at && event.at < until {
            let body = serde_json::from_str(event.body.get()).unwrap();
            reading.today.push((event, body));
        }
    }
    reading
}

impl Reading {
    fn of(&self, kind: &str) -> Vec<&(SealedEvent, Value)> {
        self.today.iter().filter(|(event, _)| event.kind == kind).collect()
    }

    fn count(&self, kind: &str) -> i64 {
        i64::try_from(self.of(kind).len()).unwrap()
    }

    fn sum(&self, kind: &str, field: &str) -> i64 {
        self.of(kind).iter().map(|(_, body)| body[field].as_i64().unwrap()).sum()
    }

    fn waits(&self, from: &str, until: &str, unit: i64) -> Vec<i64> {
        let mut waits: Vec<i64> = self
            .of(until)
            .iter()
            .filter_map(|(event, _)| {
                let began = self.began.get(&(from.to_owned(), event.subject.id.to_string()))?;
                Some(event.at.since(*began) / unit)
            })
            .collect();
        waits.sort_unstable();
        waits
    }

    fn lines(&self) -> Vec<Value> {
        let lines = |(_, body): &&(SealedEvent, Value)| body["lines"].as_array().unwrap().clone();
        self.of("order_settled").iter().flat_map(lines).collect()
    }
}

fn percent(part: i64, whole: i64) -> Option<i64> {
    ratio(part * 10_000, whole)
}

/// Half up, by doubling.
fn ratio(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| (2 * part + whole).div_euclid(2 * whole))
}

fn rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let mut nth = 0;
    while nth < sorted.len() && (nth + 1) * 100 < percent * sorted.len() {
        nth += 1;
    }
    sorted.get(nth).copied()
}

async fn day(shop: &Shop, site: SiteId) -> Figures {
    let today: Date = TODAY.parse().unwrap();
    shop.db.read(async move |tx: &mut Tx| metrics::day(tx, site, today).await).await.unwrap()
}

async fn balance(shop: &Shop, site: SiteId, wanted: fn(&str) -> bool) -> i64 {
    let today: Date = TODAY.parse().unwrap();
    let lines = shop
        .db
        .read(async move |tx: &mut Tx| accounts::journal::trial_balance(tx, site, today, today).await)
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    lines.iter().filter(|line| wanted(&line.account)).map(|line| line.balance.minor()).sum()
}

#[tokio::test]
async fn every_figure_is_what_an_independent_fold_makes_of_the_log() {
    for shop in shops().await {
        trade(&shop).await;
        for site in [shop.taipei, shop.tainan] {
            let log = read(&shop, site).await;
            let figures = day(&shop, site).await;
            let value = |name: &str| figures.figure(name).unwrap_or_else(|| panic!("{name}")).value;

            for (name, kind) in [
                ("orders_placed", "order_placed"),
                ("orders_accepted", "order_accepted"),
                ("orders_held", "order_held"),
                ("orders_declined", "order_declined"),
                ("orders_cancelled", "order_cancelled"),
                ("orders_dispatched", "order_dispatched"),
                ("orders_handed_over", "order_handed_over"),
                ("lines_shorted", "line_short"),
                ("notices_sent", "notice_sent"),
            ] {
                assert_eq!(value(name), Some(log.count(kind)), "{name}");
            }
            assert!(log.count("order_placed") > 3, "the day is worth measuring");

            let minutes = log.waits("order_placed", "order_dispatched", 60_000);
            assert_eq!(value("order_to_dispatch_minutes"), rank(&minutes, 50));
            assert_eq!(value("order_to_dispatch_minutes_p90"), rank(&minutes, 90));
            assert_eq!(
                value("placed_to_accepted_seconds"),
                rank(&log.waits("order_placed", "order_accepted", 1_000), 50)
            );
            assert_eq!(
                value("release_to_packed_minutes"),
                rank(&log.waits("order_released", "order_settled", 60_000), 50)
            );
            assert_eq!(
                value("complaint_to_answer_minutes"),
                rank(&log.waits("complaint_made", "complaint_answered", 60_000), 50)
            );

            let delivered = log.of("stop_handed_over");
            let kept = delivered.iter().filter(|(_, body)| body["punctuality_of_first_promise"] == "on_time").count();
            let delivered = i64::try_from(delivered.len()).unwrap();
            assert_eq!(value("on_time_in_window_pct"), percent(i64::try_from(kept).unwrap(), delivered));

            let lines = log.lines();
            let all = i64::try_from(lines.len()).unwrap();
            let full: Vec<&Value> = lines.iter().filter(|line| line["difference"] != "short").collect();
            let sent = i64::try_from(full.len()).unwrap();
            assert_eq!(value("line_fill_rate_pct"), percent(sent, all));
            let error = |line: &&Value| {
                (line["actual"]["grams"].as_i64().unwrap() - line["ordered"]["grams"].as_i64().unwrap()).abs()
            };
            assert_eq!(value("pick_weight_error_grams"), ratio(full.iter().map(error).sum(), sent));

            let settled = log.of("order_settled");
            let within =
                settled.iter().filter(|(_, body)| body["amount"].as_i64() <= body["expected"].as_i64()).count();
            let within = i64::try_from(within).unwrap();
            assert_eq!(value("settled_within_estimate_pct"), percent(within, log.count("order_settled")));

            assert_eq!(value("payments_captured"), Some(log.sum("payment_captured", "amount")));
            assert_eq!(value("payments_refunded"), Some(log.sum("payment_refunded", "amount")));
            let (made, through) = (log.count("complaint_made"), log.count("order_handed_over"));
            assert_eq!(value("complaints_per_1000"), ratio(made * 100_000, through));
            let stars: i64 = log
                .of("rating_given")
                .iter()
                .flat_map(|(_, body)| ["goods", "time", "courier"].map(|of| body["stars"][of].as_i64().unwrap()))
                .sum();
            assert_eq!(value("rating_average"), ratio(stars * 100, 3 * log.count("rating_given")));

            let sales = -balance(&shop, site, |account| account.starts_with("sales_")).await;
            let shrunk = balance(&shop, site, |account| ["waste_theft", "waste_unexplained"].contains(&account)).await;
            assert_eq!(value("sales_net"), Some(sales));
            assert_eq!(value("shrinkage_at_cost"), Some(shrunk));
            assert_eq!(value("waste_at_cost"), Some(balance(&shop, site, |account| account == "waste_expiry").await));
            assert_eq!(value("shrinkage_bp"), percent(shrunk, sales));
            let dispatched = log.of("order_dispatched").iter().map(|(event, _)| event.subject.id).collect::<Vec<_>>();
            let mut earned = 0;
            for order in &dispatched {
                let order = CustomerOrderId::from_uuid(*order);
                let contribution = shop
                    .db
                    .read(async move |tx: &mut Tx| accounts::contribution::of_order(tx, order).await)
                    .await
                    .unwrap_or_else(|error: StoreError| panic!("{error}"));
                earned += contribution.total().minor();
            }
            assert_eq!(value("contribution_per_order"), ratio(earned, i64::try_from(dispatched.len()).unwrap()));
        }
        let figures = day(&shop, shop.taipei).await;
        let dock = |name: &str| figures.figure(name).map(|figure| (figure.value, figure.of));
        assert_eq!(dock("dock_to_stock_minutes"), Some((Some(61), 5)));
        assert_eq!(dock("dock_to_stock_minutes_p90"), Some((Some(200), 5)));
        let pace = figures.figure("picks_per_hour").unwrap();
        assert!(pace.value.is_some_and(|pace| pace > 1_000) && pace.of == 28, "{pace:?}");
    }
}

#[tokio::test]
async fn the_business_day_turns_at_four() {
    for shop in shops().await {
        let order = || Object::of(shop.mint::<CustomerOrderId>());
        let around = || vec![Object::of(shop.taipei)];
        for minute in [-4 * 60 - 1, -4 * 60, 20 * 60 - 1, 20 * 60] {
            shop.tell(Actor::System, minute, order(), around(), OrderPlaced(json!({}))).await;
        }

        let figures = day(&shop, shop.taipei).await;

        assert_eq!(figures.figure("orders_placed").map(|figure| figure.value), Some(Some(2)));
        let nothing = figures.figure("line_fill_rate_pct").unwrap();
        assert_eq!((nothing.value, nothing.of), (None, 0), "of no line there is no rate");
        assert_eq!(day(&shop, shop.tainan).await.figure("orders_placed").map(|figure| figure.of), Some(0));
    }
}

#[tokio::test]
async fn an_entry_of_a_figure_is_there_once_and_adds_up() {
    for shop in shops().await {
        trade(&shop).await;
        let figures = day(&shop, shop.taipei).await;
        let today: Date = TODAY.parse().unwrap();
        for figure in figures.figures {
            let (site, name) = (shop.taipei, figure.name.clone());
            let entries =
                shop.db.read(async move |tx: &mut Tx| metrics::entries(tx, site, today, &name).await).await.unwrap();
            assert_eq!(i64::try_from(entries.len()).unwrap(), figure.of, "{}", figure.name);
            let mut ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), entries.len(), "{}", figure.name);
        }
    }
}

#[test]
fn the_dictionary_speaks_three_languages_and_of_events_that_exist() {
    let told = kinds_in_the_sources();
    for kind in metrics::kinds() {
        assert!(told.contains(&kind.to_owned()), "nobody tells {kind}");
    }
    for indicator in metrics::dictionary() {
        for lang in Lang::ALL {
            let label = indicator.card(lang).label;
            assert_ne!(label, indicator.name, "{} has no label in {}", indicator.name, lang.code());
        }
        assert!(metrics::indicator(indicator.name).is_some_and(|found| found.step == indicator.step));
    }
    assert!(metrics::kinds().len() <= events::KINDS_MAX);
}

/// Every kind that a source file of the workspace tells.
fn kinds_in_the_sources() -> Vec<String> {
    let mut kinds = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "tests" && name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let declared = text.split(" = \"").skip(1).filter_map(|rest| rest.split_once('"'));
                kinds.extend(declared.map(|(kind, _)| kind.to_owned()));
            }
        }
    }
    kinds
}
