//! From the dock to the shelf.

use ledger::PlaceKind;
use serde_json::json;

use crate::shop::shops;

#[tokio::test]
async fn spinach_reaches_a_cold_bin_and_the_clock_stops() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&order, 50_000, 30).await;
        let lot = &weighed["line"]["lot"];
        let scan = |bin: &str| json!({ "lot": lot, "bin": bin });
        let unjudged = shop.post("lead", "/put-aways", scan("C-01")).await;
        shop.accept(&weighed).await;
        shop.wait_minutes(25);

        let warm = shop.post("lead", "/put-aways", scan("D-01")).await;
        let frozen = shop.post("lead", "/put-aways", scan("F-01")).await;
        let nowhere = shop.post("lead", "/put-aways", scan("X-99")).await;
        let half = json!({ "lot": lot, "bin": "C-01", "quantity": { "grams": 20_000 } });
        let first = shop.post("lead", "/put-aways", half).await.done();
        shop.wait_minutes(10);
        let second = shop.post("lead", "/put-aways", scan("C-02")).await.done();
        let nothing_left = shop.post("lead", "/put-aways", scan("C-02")).await;

        assert_eq!(unjudged.slug(), "receiving/not-judged");
        assert_eq!((warm.slug(), frozen.slug()), ("receiving/wrong-zone", "receiving/wrong-zone"));
        assert_eq!(nowhere.slug(), "receiving/no-such-bin");
        assert_eq!((&first["dock_to_stock_minutes"], &second["dock_to_stock_minutes"]), (&json!(25), &json!(35)));
        assert_eq!(second["quantity"]["grams"], 30_000);
        assert_eq!(nothing_left.slug(), "receiving/not-at-dock");
        let mut lies = shop.lies(lot).await;
        lies.sort_unstable_by_key(|(_, grams)| *grams);
        assert_eq!(lies, [(PlaceKind::Bin, 20_000), (PlaceKind::Bin, 30_000)]);
        let report =
            shop.get("buyer", &format!("/arrivals/{}", weighed["line"]["arrival"].as_str().unwrap())).await.done();
        assert_eq!(
            (&report["state"], &report["lines"][0]["parts"][0]["whereabouts"]),
            (&json!("cleared"), &json!("put_away"))
        );
    }
}

#[tokio::test]
async fn bins_are_offered_by_lane_and_room() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 100).await;
        let morning = shop.receive(&order, 30_000, 30).await;
        shop.accept(&morning).await;
        let lot = morning["line"]["lot"].as_str().unwrap();
        shop.post("lead", "/put-aways", json!({ "lot": lot, "bin": "C-02" })).await.done();
        let noon = shop.receive(&order, 30_000, 30).await;
        shop.accept(&noon).await;
        let offers = format!("/lots/{}/put-away-suggestions", noon["line"]["lot"].as_str().unwrap());

        let offered = shop.get("lead", &offers).await.done();
        let bears = json!({ "site": shop.site.id, "bin": "C-02", "grams": 50_000 });
        shop.put("everybody", "/bin-capacities", bears).await.done();
        let with_a_limit = shop.get("lead", &offers).await.done();
        let full = shop.post("lead", "/put-aways", json!({ "lot": noon["line"]["lot"], "bin": "C-02" })).await;

        assert_eq!((&offered[0]["code"], &offered[0]["lane"]), (&json!("C-02"), &json!("same_date")));
        assert_eq!((&offered[1]["code"], &offered[1]["lane"]), (&json!("C-01"), &json!("empty")));
        assert_eq!(with_a_limit.as_array().unwrap().len(), 1);
        assert_eq!(full.slug(), "receiving/bin-full");
        assert_eq!(full.body["params"]["room"], "20000");
    }
}

#[tokio::test]
async fn raw_fish_is_kept_apart_from_open_spinach() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let spinach = shop.receive(&order, 50_000, 30).await;
        shop.accept(&spinach).await;
        let lot = &spinach["line"]["lot"];
        shop.post("lead", "/put-aways", json!({ "lot": lot, "bin": "C-01" })).await.done();
        let price = json!({ "money": 300, "base": { "weight": "kilogram" } });
        let order = shop.order(json!([{ "sku": shop.cod.sku.id, "quantity": { "pieces": 10 }, "price": price }])).await;
        let arrival = shop.arrive(&order).await;
        let cod = json!({
            "purchase_order_line": order["lines"][0]["id"], "pieces": 10, "core": 20,
            "crates": [{ "gross_grams": 19_000, "tare": { "grams": 1_000 } }],
            "label": { "supplier_lot": "F1", "harvested_on": crate::shop::TODAY },
            "trace": { "reference": { "kind": "invoice", "number": "I-1" } },
        });
        let cod = shop.post("receiver", &format!("/arrivals/{arrival}/lines"), cod).await.done();
        shop.accept(&cod).await;

        let beside = shop.post("lead", "/put-aways", json!({ "lot": cod["line"]["lot"], "bin": "C-01" })).await;
        let apart = shop.post("lead", "/put-aways", json!({ "lot": cod["line"]["lot"], "bin": "C-02" })).await;

        assert_eq!(beside.slug(), "receiving/kept-apart");
        assert_eq!(beside.body["params"]["neighbour"], "SPINACH");
        apart.done();
    }
}

#[tokio::test]
async fn rejected_goods_are_not_put_away() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&order, 50_000, 112).await;
        shop.reject(&weighed, [0, 0, 0]).await;
        let scan = json!({ "lot": weighed["line"]["lot"], "bin": "C-01" });
        assert_eq!(shop.post("lead", "/put-aways", scan).await.slug(), "receiving/rejected");
    }
}
