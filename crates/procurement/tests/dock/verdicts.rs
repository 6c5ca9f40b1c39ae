//! Weighing in, judging and sending back.

use axum::http::StatusCode;
use ledger::{LotState, PlaceKind};
use serde_json::{Value, json};

use crate::shop::{Shop, TODAY, shops, text};

fn part(disposition: &str, grams: i64) -> Value {
    json!({ "disposition": disposition, "quantity": { "grams": grams }, "reason": "as found" })
}

#[tokio::test]
async fn warm_spinach_is_refused_whole_and_returned_in_the_same_visit() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&order, 50_000, 112).await;
        let lot = &weighed["line"]["lot"];

        let whole = json!([{ "disposition": "accept", "quantity": { "grams": 50_000 } }]);
        let taken = shop.judge(&weighed, [0, 0, 0], whole).await;
        let cheaper = shop.judge(&weighed, [0, 0, 0], json!([part("concession", 50_000)])).await;
        let verdict = shop.reject(&weighed, [0, 0, 0]).await;
        let back = format!("/arrivals/{}/returns", text(&weighed["line"], "arrival"));
        let returned = shop.post("receiver", &back, json!({ "signed_by": "阿明" })).await.done();

        assert_eq!(taken.slug(), "receiving/not-acceptable");
        assert_eq!(taken.body["params"]["faults"], "11.2 °C > 7.0 °C");
        assert_eq!(cheaper.slug(), "receiving/not-acceptable");
        assert_eq!(verdict["bar"], "taking");
        assert_eq!(verdict["worth"], 0);
        assert_eq!(text(&returned, "number"), "RTV-TPE1-260328-1");
        assert_eq!(returned["debit"], 3_000);
        assert_eq!(returned["signed_by"], "阿明");
        assert_eq!(shop.lies(lot).await, []);
        assert_eq!(shop.lot(lot).await.state, LotState::Rejected);
        assert_eq!(shop.owed(accounts::Account::GoodsReceivedNotInvoiced).await, 0);
        let claims = shop.get("buyer", &format!("/claims?site={}", shop.site.id)).await.done();
        assert_eq!(
            (&claims["items"][0]["kind"], &claims["items"][0]["amount"]),
            (&json!("rejected_goods"), &json!(3_000))
        );
        let report = shop.get("buyer", &format!("/arrivals/{}", text(&weighed["line"], "arrival"))).await.done();
        assert_eq!(report["state"], "cleared");
        let told = shop.told("arrival", &weighed["line"]["arrival"]).await;
        for kind in ["goods_arrived", "goods_weighed_in", "goods_judged", "goods_returned", "claim_raised"] {
            assert!(told.iter().any(|told| told == kind), "{kind} in {told:?}");
        }
        let twice = shop.post("receiver", &back, json!({ "signed_by": "阿明" })).await;
        assert_eq!(twice.slug(), "receiving/nothing-to-return");
    }
}

#[tokio::test]
async fn strawberries_are_taken_in_four_parts() {
    for shop in shops().await {
        let order = shop.order_of(&shop.berries, 50).await;
        let weighed = shop.receive(&order, 50_000, 30).await;
        let arrival = text(&weighed["line"], "arrival");

        let parts = json!([
            part("reject", 3_000), part("accept", 40_000), part("quarantine", 2_000),
            { "disposition": "concession", "quantity": { "grams": 5_000 }, "cut_bp": 2_500, "reason": "too soft" },
        ]);
        let verdict = shop.judge(&weighed, [0, 0, 0], parts).await.done();

        let lots: Vec<&Value> = verdict["parts"].as_array().unwrap().iter().map(|part| &part["lot"]).collect();
        assert_eq!(lots[0], &weighed["line"]["lot"], "what is accepted keeps the lot and its labels");
        let states = [LotState::Approved, LotState::Approved, LotState::Quarantined, LotState::Rejected];
        for (lot, (state, grams)) in lots.iter().zip(states.into_iter().zip([40_000, 5_000, 2_000, 3_000])) {
            assert_eq!(shop.lot(lot).await.state, state);
            assert_eq!(shop.lies(lot).await, [(PlaceKind::Dock, grams)]);
        }
        // 40 kg at 60, 5 kg at 45; the quarantined and the rejected are owed nothing.
        assert_eq!(verdict["worth"], 2_400 + 225);
        assert_eq!((shop.value(lots[0]).await, shop.value(lots[1]).await), (2_400, 225));
        assert_eq!(shop.owed(accounts::Account::GoodsReceivedNotInvoiced).await, 2_625);

        // The rejected leave; the quarantined wait for somebody else than who judged them.
        let back = format!("/arrivals/{arrival}/returns");
        let waiting = shop.post("receiver", &back, json!({ "lots": [lots[2]], "signed_by": "阿明" })).await;
        assert_eq!(waiting.slug(), "receiving/quarantine-undecided");
        let kept = shop.post("receiver", &back, json!({ "lots": [lots[0]], "signed_by": "阿明" })).await;
        assert_eq!(kept.slug(), "receiving/not-rejected");
        let returned = shop.post("receiver", &back, json!({ "signed_by": "阿明" })).await.done();
        assert_eq!(returned["lines"][0]["lot"], *lots[3]);
        let decision = format!("/quarantined-lots/{}/decision", lots[2].as_str().unwrap());
        let yes = json!({ "disposition": "accept", "reason": "residue test negative" });
        assert_eq!(shop.post("inspector", &decision, yes.clone()).await.slug(), "receiving/excluded");
        let decided = shop.post("second_inspector", &decision, yes.clone()).await.done();
        assert_eq!((&decided["worth"], &decided["decided"]["disposition"]), (&json!(120), &json!("accept")));
        assert_eq!(shop.lot(lots[2]).await.state, LotState::Approved);
        assert_eq!(shop.owed(accounts::Account::GoodsReceivedNotInvoiced).await, 2_745);
        assert_eq!(shop.post("second_inspector", &decision, yes).await.slug(), "receiving/not-quarantined");
    }
}

#[tokio::test]
async fn quarantined_goods_that_fail_go_back_from_the_bin() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&order, 50_000, 112).await;
        shop.judge(&weighed, [0, 0, 0], json!([part("quarantine", 50_000)])).await.done();
        let lot = &weighed["line"]["lot"];
        shop.post("lead", "/put-aways", json!({ "lot": lot, "bin": "C-01" })).await.done();
        let decision = format!("/quarantined-lots/{}/decision", lot.as_str().unwrap());

        let taken = json!({ "disposition": "concession", "reason": "looks fine" });
        assert_eq!(shop.post("second_inspector", &decision, taken).await.slug(), "receiving/not-acceptable");
        let no = json!({ "disposition": "reject", "reason": "warm in the core" });
        shop.post("second_inspector", &decision, no).await.done();
        let back = format!("/arrivals/{}/returns", text(&weighed["line"], "arrival"));
        shop.post("receiver", &back, json!({ "signed_by": "阿明" })).await.done();

        assert_eq!(shop.lies(lot).await, []);
    }
}

#[tokio::test]
async fn who_weighs_a_line_does_not_judge_it_and_who_ordered_does_not_receive() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let arrival = shop.arrive(&order).await;
        let lines = format!("/arrivals/{arrival}/lines");
        let weighed = shop.post("everybody", &lines, Shop::load(&order, 20_000, 30)).await.done();
        let line = text(&weighed["line"], "id");
        let whole = json!([{ "disposition": "accept", "quantity": { "grams": 20_000 } }]);
        let verdict = shop.verdict(&line, [0, 0, 0], whole).await;
        let path = format!("/arrival-lines/{line}/verdict");

        let own_work = shop.post("everybody", &path, verdict.clone()).await;
        let by_a_receiver = shop.post("colleague", &path, verdict.clone()).await;
        assert_eq!((own_work.status, own_work.slug()), (StatusCode::FORBIDDEN, "receiving/excluded"));
        assert_eq!(by_a_receiver.slug(), "identity/not-allowed");
        shop.post("inspector", &path, verdict.clone()).await.done();
        assert_eq!(shop.post("inspector", &path, verdict).await.slug(), "receiving/already-judged");

        let new = json!({ "site": shop.site.id, "supplier": shop.farm, "delivery_on": TODAY, "lines": [
            { "sku": shop.spinach.sku.id, "quantity": { "grams": 50_000 },
              "price": { "money": 60, "base": { "weight": "kilogram" } } }] });
        let own_order = shop.post("everybody", "/purchase-orders", new).await.done();
        let own_order = shop.sign(&own_order).await;
        let arrival = shop.arrive(&own_order).await;
        let lines = format!("/arrivals/{arrival}/lines");
        let refused = shop.post("everybody", &lines, Shop::load(&own_order, 20_000, 30)).await;
        assert_eq!(refused.slug(), "receiving/excluded");
    }
}

#[tokio::test]
async fn one_order_comes_on_two_trucks_and_not_a_third() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 100).await;
        let path = format!("/purchase-orders/{}", text(&order, "id"));
        let state = async || text(&shop.get("buyer", &path).await.done(), "state");

        let first = shop.receive(&order, 60_000, 30).await;
        assert_eq!(state().await, "partly_received");
        shop.accept(&first).await;
        assert_eq!(state().await, "partly_received");
        let arrival = shop.arrive(&order).await;
        let lines = format!("/arrivals/{arrival}/lines");
        let too_much = shop.post("receiver", &lines, Shop::load(&order, 45_001, 30)).await;
        let second = shop.post("receiver", &lines, Shop::load(&order, 38_000, 30)).await.done();
        assert_eq!(state().await, "partly_received");
        shop.accept(&second).await;
        let third =
            shop.post("receiver", "/arrivals", json!({ "purchase_order": order["id"], "vehicle": "ABC" })).await;

        assert_eq!(too_much.slug(), "receiving/over-receipt");
        assert_eq!(too_much.body["params"]["room"], "45000");
        assert_eq!(state().await, "received");
        assert_eq!(third.slug(), "contracts/not-expected");
    }
}

#[tokio::test]
async fn what_was_rejected_leaves_room_for_better() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let warm = shop.receive(&order, 50_000, 112).await;
        shop.reject(&warm, [0, 0, 0]).await;

        let fresh = shop.receive(&order, 50_000, 30).await;
        shop.accept(&fresh).await;

        let order = shop.get("buyer", &format!("/purchase-orders/{}", text(&order, "id"))).await.done();
        assert_eq!(order["state"], "received");
    }
}

#[tokio::test]
async fn short_life_is_a_concession_and_never_plainly_accepted() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let arrival = shop.arrive(&order).await;
        let mut load = Shop::load(&order, 50_000, 30);
        load["label"]["harvested_on"] = json!("2026-03-23");
        let weighed = shop.post("receiver", &format!("/arrivals/{arrival}/lines"), load).await.done();
        let line = text(&weighed["line"], "id");
        let form = shop.get("inspector", &format!("/arrival-lines/{line}/form")).await.done();

        assert_eq!(weighed["days_left"], 1);
        assert_eq!((&form["facts"]["days_left"], &form["facts"]["days_wanted"]), (&json!(1), &json!(3)));
        assert_eq!(form["bar"], "acceptance");
        let whole = json!([{ "disposition": "accept", "quantity": { "grams": 50_000 } }]);
        let plainly = shop.judge(&weighed, [0, 0, 0], whole).await;
        assert_eq!(plainly.slug(), "receiving/not-acceptable");
        let verdict = shop.judge(&weighed, [0, 0, 0], json!([part("concession", 50_000)])).await.done();
        // The contract's cut of a tenth.
        assert_eq!(verdict["worth"], 2_700);
    }
}

#[tokio::test]
async fn a_label_that_outlives_its_harvest_is_told_and_quarantined() {
    for shop in shops().await {
        let order = shop.order_of(&shop.berries, 50).await;
        let arrival = shop.arrive(&order).await;
        let mut load = Shop::load(&order, 20_000, 30);
        load["label"]["use_by"] = json!("2026-04-20");
        let weighed = shop.post("receiver", &format!("/arrivals/{arrival}/lines"), load).await.done();

        assert_eq!(weighed["label"]["label"], "outlives_goods");
        assert_eq!(weighed["days_left"], 5);
        let told = shop.told("lot", &weighed["line"]["lot"]).await;
        assert!(told.iter().any(|kind| kind == "label_outlives_goods"), "{told:?}");

        let line = text(&weighed["line"], "id");
        let form = shop.get("inspector", &format!("/arrival-lines/{line}/form")).await.done();
        let fault = json!({ "fault": "label_outlives_goods", "use_by": "2026-04-20", "lives_through": "2026-04-02" });
        assert_eq!((&form["bar"], &form["faults"]), (&json!("taking"), &json!([fault])));
        let whole = json!([{ "disposition": "accept", "quantity": { "grams": 20_000 } }]);
        assert_eq!(shop.judge(&weighed, [0, 0, 0], whole).await.slug(), "receiving/not-acceptable");
        let cheaper = json!([part("concession", 20_000)]);
        assert_eq!(shop.judge(&weighed, [0, 0, 0], cheaper).await.slug(), "receiving/not-acceptable");
        shop.judge(&weighed, [0, 0, 0], json!([part("quarantine", 20_000)])).await.done();

        assert_eq!(shop.lot(&weighed["line"]["lot"]).await.state, ledger::LotState::Quarantined);
        let report = shop.get("buyer", &format!("/arrivals/{arrival}")).await.done();
        assert_eq!(report["inspections"][0]["line"], weighed["line"]["id"]);
        assert_eq!(report["inspections"][0]["faults"], "label_outlives_goods: 2026-04-20 > 2026-04-02");
        // What the label says stays false: a second person sends the goods back.
        let lot = text(&weighed["line"], "lot");
        let path = format!("/quarantined-lots/{lot}/decision");
        let sold = json!({ "disposition": "accept", "reason": "looks fresh" });
        assert_eq!(shop.post("second_inspector", &path, sold).await.slug(), "receiving/not-acceptable");
        let back = json!({ "disposition": "reject", "reason": "false date" });
        shop.post("second_inspector", &path, back).await.done();
    }
}

#[tokio::test]
async fn a_label_within_the_life_of_the_goods_stands_against_nothing() {
    for shop in shops().await {
        let order = shop.order_of(&shop.berries, 50).await;
        let arrival = shop.arrive(&order).await;
        let mut load = Shop::load(&order, 20_000, 30);
        load["label"]["use_by"] = json!("2026-04-02");
        let weighed = shop.post("receiver", &format!("/arrivals/{arrival}/lines"), load).await.done();
        shop.accept(&weighed).await;

        let report = shop.get("buyer", &format!("/arrivals/{arrival}")).await.done();
        assert_eq!(
            (&report["inspections"][0]["bar"], &report["inspections"][0]["faults"]),
            (&json!("nothing"), &json!(""))
        );
    }
}

#[tokio::test]
async fn two_rejections_tighten_the_sampling_and_five_more_stop_the_supplier() {
    for shop in shops().await {
        let sampling = format!("/suppliers/{}/sampling", shop.farm);
        let major = async || {
            let standings = shop.get("buyer", &sampling).await.done();
            let standings = standings.as_array().unwrap().clone();
            let major = standings.into_iter().find(|standing| standing["class"] == "major").unwrap();
            text(&major["history"], "severity")
        };
        let faulty = async || {
            let order = shop.order_of(&shop.spinach, 100).await;
            let weighed = shop.receive(&order, 100_000, 30).await;
            let verdict = shop.reject(&weighed, [0, 9, 0]).await;
            assert_eq!(verdict["bar"], "acceptance");
        };

        faulty().await;
        assert_eq!(major().await, "normal");
        faulty().await;
        assert_eq!(major().await, "tightened");
        for _ in 0..5 {
            faulty().await;
        }
        assert_eq!(major().await, "stopped");

        let new = json!({ "site": shop.site.id, "supplier": shop.farm, "delivery_on": TODAY, "lines": [
            { "sku": shop.spinach.sku.id, "quantity": { "grams": 50_000 },
              "price": { "money": 60, "base": { "weight": "kilogram" } } }] });
        let blocked = shop.post("buyer", "/purchase-orders", new.clone()).await;
        assert_eq!(blocked.slug(), "contracts/sampling-stopped");
        let resume = format!("{sampling}/{}/resume", shop.spinach.sku.id);
        shop.post("head", &resume, Value::Null).await.done();
        assert_eq!(major().await, "tightened");
        shop.post("buyer", "/purchase-orders", new).await.done();
        let told = shop.told("supplier", &json!(shop.farm)).await;
        assert_eq!(told.iter().filter(|kind| *kind == "supplier_sampling_switched").count(), 3);
    }
}

#[tokio::test]
async fn a_form_that_is_not_filled_in_judges_nothing() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&order, 50_000, 30).await;
        let line = text(&weighed["line"], "id");
        let path = format!("/arrival-lines/{line}/verdict");
        let whole = json!([{ "disposition": "accept", "quantity": { "grams": 50_000 } }]);
        let verdict = shop.verdict(&line, [0, 0, 0], whole).await;

        let mut unread = verdict.clone();
        unread["findings"].as_array_mut().unwrap().pop();
        let mut doubled = verdict.clone();
        doubled["findings"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "criterion": "eyes_and_gills", "outcome": "conforms" }));
        let mut undrawn = verdict.clone();
        undrawn["drawn"][1]["drawn"] = json!(0);
        let mut rotten = verdict.clone();
        rotten["findings"][1]["outcome"] = json!("deviates");
        let mut light = verdict;
        light["parts"][0]["quantity"]["grams"] = json!(49_999);

        assert_eq!(shop.post("inspector", &path, unread).await.slug(), "receiving/findings-missing");
        assert_eq!(shop.post("inspector", &path, doubled).await.slug(), "receiving/findings-missing");
        assert_eq!(shop.post("inspector", &path, undrawn).await.slug(), "receiving/too-few-drawn");
        assert_eq!(shop.post("inspector", &path, rotten).await.slug(), "receiving/not-acceptable");
        assert_eq!(shop.post("inspector", &path, light).await.slug(), "receiving/parts-do-not-add-up");
        assert_eq!(shop.lies(&weighed["line"]["lot"]).await, [(PlaceKind::Dock, 50_000)]);
    }
}

#[tokio::test]
async fn spinach_without_its_papers_does_not_come_in() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let arrival = shop.arrive(&order).await;
        let lines = format!("/arrivals/{arrival}/lines");
        let mut nameless = Shop::load(&order, 10_000, 30);
        nameless["label"]["supplier_lot"] = Value::Null;
        nameless["trace"] = json!({});
        let mut unborn = Shop::load(&order, 10_000, 30);
        unborn["label"]["harvested_on"] = json!("2026-03-29");
        let mut endless = Shop::load(&order, 10_000, 30);
        endless["label"]["use_by"] = json!("9999-12-31");
        let mut unprobed = Shop::load(&order, 10_000, 30);
        unprobed["core"] = Value::Null;

        let refused = shop.post("receiver", &lines, nameless).await;
        assert_eq!(refused.slug(), "receiving/source-incomplete");
        assert_eq!(refused.body["params"]["missing"], "lot_code, reference");
        assert_eq!(shop.post("receiver", &lines, unborn).await.slug(), "receiving/made-in-the-future");
        assert_eq!(shop.post("receiver", &lines, endless).await.slug(), "request/invalid");
        assert_eq!(shop.post("receiver", &lines, unprobed).await.slug(), "receiving/probe-missing");
        let weighed = shop.post("receiver", &lines, Shop::load(&order, 10_000, 30)).await.done();
        // All but the certificate.
        assert_eq!(weighed["line"]["record"]["completeness_bp"], 8_750);
        assert_eq!(weighed["line"]["record"]["source"], "雲林蔬菜合作社, 雲林縣西螺鎮中山路1號");
    }
}

#[tokio::test]
async fn less_on_the_scale_than_was_announced_is_a_claim() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let path = format!("/supplier/purchase-orders/{}/shipping-notices", text(&order, "id"));
        let notice = json!({ "eta": "2026-03-27T23:00:00Z", "vehicle": "ABC-1234", "logger": "L-7", "lines": [{
            "purchase_order_line": order["lines"][0]["id"], "supplier_lot": "A7", "cases": 5,
            "quantity": { "grams": 50_000 } }] });
        let notice = shop.post(&shop.farmer(), &path, notice).await.done();
        let due = format!("/docks/schedule?site={}&through={TODAY}", shop.site.id);
        assert_eq!(shop.get("receiver", &due).await.done()["due"][0]["vehicle"], "ABC-1234");
        let truck = json!({ "purchase_order": order["id"], "notice": notice["id"], "vehicle": "ABC-1234" });
        let arrival = text(&shop.post("receiver", "/arrivals", truck).await.done(), "id");
        let schedule = shop.get("receiver", &due).await.done();
        assert_eq!((&schedule["due"], &schedule["at_dock"][0]["id"]), (&json!([]), &json!(arrival)));

        let mut load = Shop::load(&order, 48_000, 30);
        load["trace"] = json!({});
        let weighed = shop.post("receiver", &format!("/arrivals/{arrival}/lines"), load).await.done();

        assert_eq!(weighed["claim"]["kind"], "short_weight");
        assert_eq!(weighed["claim"]["quantity"]["grams"], 2_000);
        assert_eq!(weighed["claim"]["amount"], 120);
        assert_eq!(weighed["line"]["record"]["reference"]["kind"], "shipping_notice");
    }
}

#[tokio::test]
async fn eggs_are_counted_and_cod_is_counted_and_weighed() {
    for shop in shops().await {
        let lines = json!([
            { "sku": shop.eggs.sku.id, "quantity": { "pieces": 100 }, "price": { "money": 8, "base": "piece" } },
            { "sku": shop.cod.sku.id, "quantity": { "pieces": 10 },
              "price": { "money": 300, "base": { "weight": "kilogram" } } },
        ]);
        let order = shop.order(lines).await;
        let arrival = shop.arrive(&order).await;
        let path = format!("/arrivals/{arrival}/lines");
        let label = json!({ "supplier_lot": "A7", "produced_on": TODAY });
        let trace = json!({ "reference": { "kind": "invoice", "number": "I-1" } });
        let eggs = json!({ "purchase_order_line": order["lines"][0]["id"], "pieces": 100, "core": 60, "label": label,
                           "trace": trace });
        let crates = json!([{ "gross_grams": 19_000, "tare": { "grams": 1_000 }, "cartons": 2 }]);
        let cod = json!({ "purchase_order_line": order["lines"][1]["id"], "pieces": 10, "crates": crates, "core": 20,
                          "label": label, "trace": trace });

        let eggs = shop.post("receiver", &path, eggs).await.done();
        let cod = shop.post("receiver", &path, cod).await.done();
        assert_eq!((&eggs["line"]["cartons"], &cod["line"]["cartons"]), (&json!(10), &json!(2)));
        let broken = json!([
            { "disposition": "accept", "quantity": { "pieces": 94 } },
            { "disposition": "reject", "quantity": { "pieces": 6 }, "reason": "broken" },
        ]);
        let eggs = shop.judge(&eggs, [0, 0, 0], broken).await.done();
        let big_and_small = json!([
            { "disposition": "accept", "quantity": { "pieces": 7, "grams": 13_300 } },
            { "disposition": "reject", "quantity": { "pieces": 3, "grams": 4_700 }, "reason": "too small" },
        ]);
        let cod = shop.judge(&cod, [0, 0, 0], big_and_small).await.done();

        assert_eq!(eggs["worth"], 94 * 8);
        assert_eq!(cod["worth"], 3_990);
        assert_eq!(shop.lies(&eggs["parts"][1]["lot"]).await, [(PlaceKind::Dock, 6)]);
        assert_eq!(shop.lies(&cod["parts"][0]["lot"]).await, [(PlaceKind::Dock, 7)]);
    }
}

#[tokio::test]
async fn a_replay_of_the_scale_weighs_once() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let arrival = shop.arrive(&order).await;
        let path = format!("/arrivals/{arrival}/lines");
        let load = Shop::load(&order, 20_000, 30);

        let first = shop.post_with("handheld-0001", "receiver", &path, load.clone()).await.done();
        shop.wait_minutes(3);
        let replay = shop.post_with("handheld-0001", "receiver", &path, load.clone()).await.done();
        let heavier = Shop::load(&order, 25_000, 30);
        let other = shop.post_with("handheld-0001", "receiver", &path, heavier).await;

        assert_eq!(first, replay);
        assert_eq!(other.slug(), "request/key-reused");
        let report = shop.get("receiver", &format!("/arrivals/{arrival}")).await.done();
        assert_eq!(report["lines"].as_array().unwrap().len(), 1);
        assert_eq!(report["lines"][0]["crates"].as_array().unwrap().len(), 2);
        assert_eq!(shop.lies(&first["line"]["lot"]).await, [(PlaceKind::Dock, 20_000)]);
    }
}

#[tokio::test]
async fn an_order_that_the_buyer_closed_is_still_judged() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&order, 50_000, 30).await;
        let close = format!("/purchase-orders/{}/close", text(&order, "id"));
        shop.post("buyer", &close, json!({ "reason": "the rest is not coming" })).await.done();

        shop.accept(&weighed).await;

        let order = shop.get("buyer", &format!("/purchase-orders/{}", text(&order, "id"))).await.done();
        assert_eq!(order["state"], "closed");
    }
}
