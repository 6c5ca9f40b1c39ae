//! Picking: what the handheld is told.

use axum::http::StatusCode;
use kernel::Quantity;
use ledger::PlaceKind;
use serde_json::json;
use store::testing::both;

use crate::shop::{MIGRATIONS, Shop, grams};

#[tokio::test]
async fn a_line_of_spinach_is_weighed_into_a_tote() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let lot = shop.stock(&shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await;
        let order = shop.claimed(&[(shop.spinach.id, Quantity::grams(500))]).await;
        let task = shop.tasks(&order).await.remove(0);
        assert_eq!((&task["grams_low"], &task["grams_high"]), (&json!(485), &json!(515)));

        let (status, body) = shop.pick(&task, "T001", grams(507)).await;

        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(
            body,
            json!({ "outcome": "picked", "task": task["id"],
            "quantity": { "grams": 507, "exactness": "exact" } })
        );
        assert_eq!(shop.held(lot.lot, shop.place(PlaceKind::Tote, "T001").await).await, Quantity::grams(507));
        assert_eq!(shop.held(lot.lot, lot.place).await, Quantity::grams(9_493));
        let (_, wave) = shop.get("picker", &format!("/waves/{}", order.wave)).await;
        assert_eq!(wave["state"], "finished");
        let path = format!("/order-lines/{}/scale-record", order.lines[0]);
        let (_, record) = shop.get("lead", &path).await;
        assert_eq!(
            (&record["weighings"][0]["grams"], &record["weighings"][0]["device"]),
            (&json!(507), &json!("SC-1"))
        );
    }
}

#[tokio::test]
async fn a_weight_outside_the_band_needs_a_reason() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        shop.stock(&shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await;
        let order = shop.claimed(&[(shop.spinach.id, Quantity::grams(500))]).await;
        let task = shop.tasks(&order).await.remove(0);

        let (status, refused) = shop.pick(&task, "T001", grams(560)).await;
        assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("fulfilment/outside-tolerance")));
        assert_eq!(refused["params"]["reasons"], "indivisible_piece, customer_agreed");

        let mut body = json!({ "scan": task["lot_code"], "bin": task["bin_code"], "tote": "T001",
            "weighings": grams(560), "confirm": { "reason": "last_of_lot" } });
        let (_, refused) = shop.pick_with(&task, body.clone()).await;
        assert_eq!(refused["code"], "fulfilment/outside-tolerance", "whoever gives more has not run out");

        body["confirm"]["reason"] = json!("customer_agreed");
        let (status, picked) = shop.pick_with(&task, body).await;
        assert_eq!((status, &picked["quantity"]["grams"]), (StatusCode::OK, &json!(560)));
    }
}

#[tokio::test]
async fn two_fish_are_weighed_one_by_one() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        shop.stock(&shop.cod, "C-02", Quantity::weighing(6, 4_900), "2026-04-02").await;
        let order = shop.claimed(&[(shop.cod.id, Quantity::pieces(2))]).await;
        let task = shop.tasks(&order).await.remove(0);
        let scale = json!({ "device": "SC-2", "stable": true });

        let one = json!([{ "pieces": 1, "grams": 912, "scale": scale }]);
        let (_, refused) = shop.pick(&task, "T001", one).await;
        assert_eq!(refused["code"], "fulfilment/wrong-count");
        let swinging = json!([{ "pieces": 2, "grams": 1716, "scale": { "device": "SC-2", "stable": false } }]);
        let (_, refused) = shop.pick(&task, "T001", swinging).await;
        assert_eq!(refused["code"], "fulfilment/unstable-scale");

        let both =
            json!([{ "pieces": 1, "grams": 912, "scale": scale }, { "pieces": 1, "grams": 804, "scale": scale }]);
        let (status, body) = shop.pick(&task, "T001", both).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(body["quantity"], json!({ "pieces": 2, "grams": 1716, "exactness": "exact" }));
        let path = format!("/pick-tasks/{}/scale-record", task["id"].as_str().unwrap());
        let (_, record) = shop.get("lead", &path).await;
        assert_eq!(record["weighings"].as_array().unwrap().len(), 2);
        assert_eq!(record["total"], json!({ "pieces": 2, "grams": 1716, "exactness": "exact" }));
    }
}

#[tokio::test]
async fn a_weight_on_the_label_is_taken_for_the_scale() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        shop.stock(&shop.cod, "C-02", Quantity::weighing(6, 4_900), "2026-04-02").await;
        let order = shop.claimed(&[(shop.cod.id, Quantity::pieces(1))]).await;
        let task = shop.tasks(&order).await.remove(0);
        let item = json!({ "site": shop.site, "item": "00123", "sku": shop.cod.id });
        let (status, _) = shop.post("lead", "/label-items", item).await;
        assert_eq!(status, StatusCode::CREATED);

        // `21 IIIII GGGGG C`: item 00085 is no product of ours, item 00123 weighs 850 g.
        let label = |body: &str| {
            let scan = format!("{body}{}", catalog::Gtin::check_digit(body));
            json!({ "scan": scan, "bin": "C-02", "tote": "T001" })
        };
        let (_, refused) = shop.pick_with(&task, label("210008500850")).await;
        assert_eq!((&refused["code"], &refused["params"]["of"]), (&json!("fulfilment/wrong-scan"), &json!("product")));
        let (status, body) = shop.pick_with(&task, label("210012300850")).await;

        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(body["quantity"], json!({ "pieces": 1, "grams": 850, "exactness": "exact" }));
    }
}

#[tokio::test]
async fn a_wrong_bin_or_lot_is_refused_by_name() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        shop.stock(&shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await;
        let later = shop.stock(&shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-05").await;
        let order = shop.claimed(&[(shop.spinach.id, Quantity::grams(500))]).await;
        let task = shop.tasks(&order).await.remove(0);
        let pick = |scan: &str, bin: &str, tote: &str| json!({ "scan": scan, "bin": bin, "tote": tote, "weighings": grams(500) });
        let lot = task["lot_code"].as_str().unwrap().to_owned();

        let (status, refused) = shop.pick_with(&task, pick(&lot, "C-02", "T001")).await;
        assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("fulfilment/wrong-scan")));
        assert_eq!(refused["params"], json!({ "of": "bin", "expected": "C-01", "scanned": "C-02" }));
        let (_, refused) = shop.pick_with(&task, pick(&later.lot_code, "C-01", "T001")).await;
        assert_eq!(refused["params"], json!({ "of": "lot", "expected": lot, "scanned": later.lot_code }));
        let (_, refused) = shop.pick_with(&task, pick(&lot, "C-01", "T099")).await;
        assert_eq!(refused["code"], "fulfilment/unknown-tote");

        assert_eq!(shop.tasks(&order).await[0]["state"], "open", "nothing of a refused pick is kept");
    }
}

#[tokio::test]
async fn a_lot_that_is_blocked_on_the_way_is_bound_to_another() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let first = shop.stock(&shop.spinach, "C-01", Quantity::grams(5_000), "2026-04-01").await;
        let second = shop.stock(&shop.spinach, "C-03", Quantity::grams(5_000), "2026-04-04").await;
        let order = shop.claimed(&[(shop.spinach.id, Quantity::grams(500))]).await;
        let task = shop.tasks(&order).await.remove(0);
        assert_eq!(task["lot"], json!(first.lot));

        let stop = json!({ "to": "quarantined", "reason": "cold room too warm" });
        let (status, _) = shop.post("inspector", &format!("/lots/{}/state", first.lot), stop).await;
        assert_eq!(status, StatusCode::OK);
        let (status, body) = shop.pick(&task, "T001", grams(500)).await;

        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!((&body["outcome"], &body["reason"]), (&json!("rebound"), &json!("blocked")));
        let (_, why) = shop.get("lead", &format!("/order-lines/{}/claims", order.lines[0])).await;
        assert_eq!(why["claims"][0]["skipped"], json!([{ "lot": first.lot, "why": "set_aside" }]));
        let next = &body["next"][0];
        assert_eq!((&next["lot"], &next["bin_code"]), (&json!(second.lot), &json!("C-03")));
        assert_eq!(next["quantity"]["grams"], 500);
        let (status, body) = shop.pick(next, "T001", grams(498)).await;
        assert_eq!((status, &body["outcome"]), (StatusCode::OK, &json!("picked")), "{body}");
        let (_, wave) = shop.get("picker", &format!("/waves/{}", order.wave)).await;
        assert_eq!((&wave["state"], &wave["tasks_open"]), (&json!("finished"), &json!(0)));
    }
}

#[tokio::test]
async fn what_is_not_there_is_short_with_its_reason() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let lot = shop.stock(&shop.eggs, "A-01", Quantity::pieces(10), "2026-04-20").await;
        let order = shop.claimed(&[(shop.eggs.id, Quantity::pieces(6))]).await;
        let task = shop.tasks(&order).await.remove(0);
        let path = format!("/pick-tasks/{}/short", task["id"].as_str().unwrap());

        let all = json!({ "reason": "damaged", "weighings": [{ "pieces": 6 }], "tote": "T001" });
        let (_, refused) = shop.post("picker", &path, all).await;
        assert_eq!(refused["code"], "fulfilment/nothing-short");

        let some = json!({ "reason": "damaged", "weighings": [{ "pieces": 4 }], "tote": "T001" });
        let (status, body) = shop.post("picker", &path, some).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!((&body["outcome"], &body["short"]["pieces"]), (&json!("short"), &json!(2)));
        assert_eq!(body["quantity"]["pieces"], 4);
        assert_eq!(shop.held(lot.lot, lot.place).await.pieces, Some(6), "what is missing stays until it is counted");
        assert_eq!(shop.audit().await.verdict, warehouse::stock::AuditVerdict::Clean);
    }
}

#[tokio::test]
async fn what_is_missing_in_one_bin_is_fetched_from_another_lot() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        shop.stock(&shop.eggs, "A-01", Quantity::pieces(4), "2026-04-18").await;
        shop.stock(&shop.eggs, "A-02", Quantity::pieces(10), "2026-04-20").await;
        let order = shop.claimed(&[(shop.eggs.id, Quantity::pieces(6))]).await;
        let tasks = shop.tasks(&order).await;
        assert_eq!(tasks.len(), 2, "four of the first lot, two of the second");

        let path = format!("/pick-tasks/{}/short", tasks[0]["id"].as_str().unwrap());
        let (status, body) = shop.post("picker", &path, json!({ "reason": "not_found" })).await;

        assert_eq!((status, &body["outcome"]), (StatusCode::OK, &json!("rebound")), "{body}");
        assert_eq!(body["next"][0]["id"], tasks[1]["id"], "the walk to the second lot fetches all six");
        assert_eq!(body["next"][0]["quantity"]["pieces"], 6);
        let (status, body) = shop.pick(&body["next"][0], "T001", json!([{ "pieces": 6 }])).await;
        assert_eq!((status, &body["outcome"]), (StatusCode::OK, &json!("picked")), "{body}");
    }
}

#[tokio::test]
async fn only_the_one_who_claimed_it_picks_a_task() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        shop.stock(&shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await;
        let order = shop.claimed(&[(shop.spinach.id, Quantity::grams(500))]).await;
        let task = shop.tasks(&order).await.remove(0);
        let path = format!("/pick-tasks/{}/pick", task["id"].as_str().unwrap());
        let body = json!({ "scan": task["lot_code"], "bin": "C-01", "tote": "T001", "weighings": grams(500) });

        let (status, refused) = shop.post("other picker", &path, body.clone()).await;
        assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("fulfilment/task-not-claimed")));
        let (status, refused) = shop.post("stranger", &path, body.clone()).await;
        assert_eq!((status, &refused["code"]), (StatusCode::NOT_FOUND, &json!("fulfilment/no-such-task")));
        let (status, _) = shop.post("nobody", &path, body.clone()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let (status, _) = shop.post("packer", &path, body.clone()).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (status, _) = shop.post("picker", &path, body.clone()).await;
        assert_eq!(status, StatusCode::OK);
        let (_, refused) = shop.post("picker", &path, body).await;
        assert_eq!(refused["code"], "fulfilment/task-already-done");
    }
}

#[tokio::test]
async fn a_batch_is_walked_bin_by_bin_over_all_its_orders() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        shop.stock(&shop.spinach, "C-02", Quantity::grams(10_000), "2026-04-02").await;
        shop.stock(&shop.eggs, "A-01", Quantity::pieces(30), "2026-04-20").await;
        let first = shop.release(&[(shop.spinach.id, Quantity::grams(500)), (shop.eggs.id, Quantity::pieces(2))]).await;
        let second = shop.add_to(&first, &[(shop.spinach.id, Quantity::grams(300))]).await;

        let (_, one) = shop.post("picker", &format!("/waves/{}/claim", first.wave), json!({ "orders_max": 1 })).await;
        assert_eq!((&one["tasks"], &one["notes"]), (&json!(2), &json!([first.note])));
        let (_, rest) =
            shop.post("other picker", &format!("/waves/{}/claim", first.wave), json!({ "orders_max": 9 })).await;
        assert_eq!(rest["notes"], json!([second.note]));
        let (_, none) = shop.post("picker", &format!("/waves/{}/claim", first.wave), json!({ "orders_max": 9 })).await;
        assert_eq!(none["code"], "fulfilment/nothing-to-claim");

        let (_, walk) = shop.get("lead", &format!("/waves/{}/tasks", first.wave)).await;
        let stops = walk["items"].as_array().unwrap();
        let bins: Vec<_> = stops.iter().map(|stop| stop["bin_code"].as_str().unwrap()).collect();
        assert_eq!(bins, ["A-01", "C-02"]);
        assert_eq!((&stops[1]["total"]["grams"], stops[1]["tasks"].as_array().unwrap().len()), (&json!(800), 2));
        let (_, mine) = shop.get("picker", &format!("/waves/{}/tasks?whose=mine&limit=1", first.wave)).await;
        assert_eq!(mine["items"][0]["bin_code"], "A-01");
        let next = mine["next"].as_str().unwrap();
        let (_, mine) =
            shop.get("picker", &format!("/waves/{}/tasks?whose=mine&limit=1&after={next}", first.wave)).await;
        assert_eq!((&mine["items"][0]["bin_code"], &mine["items"][0]["total"]["grams"]), (&json!("C-02"), &json!(500)));
        assert_eq!(mine["next"], json!(null));
    }
}
