//! What was sold, what will be wanted, and what is proposed to be bought.

use kernel::Date;
use serde_json::{Value, json};

use crate::shop::{Goods, Shop, TODAY, shops, text};

fn back(days: i64) -> Date {
    TODAY.parse::<Date>().unwrap().saturating_sub(jiff::Span::new().days(days))
}

/// Eight weeks in which so much was sold each day, and twice as much on Saturdays.
async fn eight_weeks(shop: &Shop, goods: &Goods, daily: i64) {
    let rows: Vec<Value> = (1..=56)
        .map(|days| {
            let day = back(days);
            let saturday = day.weekday() == jiff::civil::Weekday::Saturday;
            let amount = if saturday { daily * 2 } else { daily };
            json!({ "site": shop.site.id, "sku": goods.sku.id, "day": day, "amount": amount, "revenue": amount / 5,
                    "cost": amount / 10 })
        })
        .collect();
    let done = shop.post("buyer", "/market/sales", json!({ "rows": rows })).await.done();
    assert_eq!((done["created"].as_i64(), done["same"].as_i64()), (Some(56), Some(0)));
    let again = shop.post("buyer", "/market/sales", json!({ "rows": rows })).await.done();
    assert_eq!((again["created"].as_i64(), again["same"].as_i64()), (Some(0), Some(56)));
}

#[tokio::test]
async fn what_was_sold_is_learnt_from() {
    for shop in shops().await {
        eight_weeks(&shop, &shop.spinach, 20_000).await;
        let path = |sku| format!("/market/forecast?site={}&sku={sku}&from={TODAY}&days=2", shop.site.id);

        // 2026-03-28 is a Saturday. Whatever the rule, weeks that are all alike are told alike.
        for (rule, engine) in [
            ("", "ensemble"),
            ("&forecasting=ensemble", "ensemble"),
            ("&forecasting=weekday_profile", "weekday-profile"),
            ("&forecasting=last_week", "last-week"),
        ] {
            let told = shop.get("buyer", &format!("{}{rule}", path(shop.spinach.sku.id))).await.done();
            assert_eq!((told["days"][0]["mean_hundredths"].as_i64()), Some(4_000_000), "{told}");
            assert_eq!((told["days"][1]["mean_hundredths"].as_i64()), Some(2_000_000), "{told}");
            assert_eq!((&told["history_days"], &told["engine"]), (&json!(56), &json!(engine)));
            assert_eq!(told["strays"], json!(null), "{told}");
        }
        let before = shop.get("buyer", &path(shop.spinach.sku.id)).await.done();
        shop.retire_spinach().await;
        assert_eq!(shop.get("buyer", &path(shop.spinach.sku.id)).await.done(), before, "who asks is told");
        let unheard = format!("{}&forecasting=by_the_moon", path(shop.spinach.sku.id));
        assert_eq!(shop.get("buyer", &unheard).await.slug(), "request/malformed");
        assert_eq!(shop.get("buyer", &path(shop.cod.sku.id)).await.slug(), "market/no-history");
        assert_eq!(shop.get("picker", &path(shop.cod.sku.id)).await.slug(), "identity/sign-in-required");
    }
}

#[tokio::test]
async fn a_forecast_that_has_begun_to_stray_says_so() {
    for shop in shops().await {
        // Ten quiet weeks, and then a little more every day.
        let rows: Vec<Value> = (1..=100)
            .map(|days| {
                let amount = 20_000 + (31 - days).max(0) * 1_500;
                json!({ "site": shop.site.id, "sku": shop.spinach.sku.id, "day": back(days), "amount": amount })
            })
            .collect();
        shop.post("buyer", "/market/sales", json!({ "rows": rows })).await.done();
        let path = format!("/market/forecast?site={}&sku={}&from={TODAY}", shop.site.id, shop.spinach.sku.id);
        let told = shop.get("buyer", &path).await.done();
        assert_eq!(told["strays"], "more_came", "{told}");
        // A rule of thumb does not look back on what it said.
        let thumb = shop.get("buyer", &format!("{path}&forecasting=last_week")).await.done();
        assert_eq!(thumb["strays"], json!(null));
    }
}

#[tokio::test]
async fn strawberries_that_were_gone_at_noon_were_wanted_all_day() {
    for shop in shops().await {
        let day = |days: i64, amount: i64, sold_out: bool| {
            let mut row =
                json!({ "site": shop.site.id, "sku": shop.berries.sku.id, "day": back(days), "amount": amount });
            if sold_out {
                row["shelf"] = json!("sold_out");
                row["share_bp"] = json!(6_000);
            }
            row
        };
        // Every day the boxes were gone when six tenths of the day's demand had come.
        let rows: Vec<Value> = (1..=28).map(|days| day(days, 30, true)).collect();
        shop.post("buyer", "/market/sales", json!({ "rows": rows })).await.done();

        let path = format!("/market/forecast?site={}&sku={}&from={TODAY}&days=1", shop.site.id, shop.berries.sku.id);
        let told = shop.get("buyer", &path).await.done();
        // With nothing but such days, what is usual can only be said to within a tenth.
        let wanted = told["days"][0]["mean_hundredths"].as_i64().unwrap();
        assert!((4_500..=5_500).contains(&wanted), "{wanted}");
        assert_eq!(told["sold_out_days"], 28);
        let thumb = shop.get("buyer", &format!("{path}&forecasting=last_week")).await.done();
        assert_eq!(thumb["days"][0]["mean_hundredths"], 3_000);
    }
}

/// A market report speaks of many products; each is told of its own rows.
#[tokio::test]
async fn each_product_is_told_what_was_said_of_it() {
    for shop in shops().await {
        let quote = |goods: &Goods, day: i64| {
            json!({ "market": "西螺", "sku": goods.sku.id, "day": back(day), "currency": "TWD", "base": { "weight": "kilogram" },
                    "upper": 60, "middle": 50, "lower": 40, "source": "daily report" })
        };
        let rows = [quote(&shop.spinach, 3), quote(&shop.cod, 2), quote(&shop.spinach, 1)];
        shop.post("buyer", "/market/quotes", json!({ "rows": rows })).await.done();

        for (goods, rows) in [(&shop.spinach, 2), (&shop.cod, 1)] {
            let told = shop.events("sku", &json!(goods.sku.id)).await;
            let told = told.iter().rfind(|event| event.kind == "quotes_recorded").expect("it was told");
            let body: Value = serde_json::from_str(told.body.get()).unwrap();
            assert_eq!((&body["rows"], &body["created"]), (&json!(rows), &json!(rows)), "{body}");
        }
    }
}

#[tokio::test]
async fn observations_are_checked_at_the_door() {
    for shop in shops().await {
        let sale = |day: &str| json!({ "site": shop.site.id, "sku": shop.eggs.sku.id, "day": day, "amount": 3 });
        let twice = json!({ "rows": [sale("2026-03-01"), sale("2026-03-01")] });
        let mut odd = sale("2026-03-01");
        odd["share_bp"] = json!(5_000);

        assert_eq!(shop.post("buyer", "/market/sales", twice).await.slug(), "market/row-twice");
        let early = json!({ "rows": [sale(TODAY)] });
        assert_eq!(shop.post("buyer", "/market/sales", early).await.slug(), "market/day-not-over");
        assert_eq!(shop.post("buyer", "/market/sales", json!({ "rows": [odd] })).await.slug(), "request/invalid");
        let by_the_head = shop.post("head", "/market/sales", json!({ "rows": [sale("2026-03-01")] })).await;
        assert_eq!(by_the_head.slug(), "identity/not-allowed");
        let by_a_stranger = shop.post("stranger", "/market/sales", json!({ "rows": [sale("2026-03-01")] })).await;
        assert_eq!(by_a_stranger.slug(), "request/not-found");

        let quote = |middle: i64, base: Value| {
            json!({ "rows": [{ "market": "台北一", "sku": shop.spinach.sku.id, "grade": "上", "day": "2026-03-27",
                               "currency": "TWD", "base": base, "upper": 60, "middle": middle, "lower": 40,
                               "volume_grams": 4_000_000, "source": "農產品批發市場交易行情" }] })
        };
        let kilo = json!({ "weight": "kilogram" });
        let done = shop.post("buyer", "/market/quotes", quote(50, kilo.clone())).await.done();
        assert_eq!(done["created"], 1);
        let changed = shop.post("buyer", "/market/quotes", quote(52, kilo.clone())).await.done();
        assert_eq!((changed["created"].as_i64(), changed["changed"].as_i64()), (Some(0), Some(1)));
        assert_eq!(shop.post("buyer", "/market/quotes", quote(70, kilo)).await.slug(), "request/invalid");
        let by_the_piece = shop.post("buyer", "/market/quotes", quote(50, json!("piece"))).await;
        assert_eq!(by_the_piece.slug(), "market/price-base-unsuited");
        let path = format!("/market/quotes?sku={}&from=2026-03-01&through=2026-03-28", shop.spinach.sku.id);
        assert_eq!(shop.get("buyer", &path).await.done()[0]["middle"], 52);
    }
}

#[tokio::test]
async fn what_earns_most_stands_first() {
    for shop in shops().await {
        eight_weeks(&shop, &shop.spinach, 20_000).await;
        eight_weeks(&shop, &shop.eggs, 100).await;
        let path = format!("/market/ranking?site={}&through={}&days=28", shop.site.id, back(1));

        let ranked = shop.get("buyer", &path).await.done();
        assert_eq!((&ranked[0]["sku_code"], &ranked[1]["sku_code"]), (&json!("SPINACH"), &json!("EGGS")));
        assert_eq!((&ranked[0]["by_margin"], &ranked[1]["by_margin"]), (&json!("A"), &json!("C")));
        assert_eq!((&ranked[0]["variability"], ranked[0]["growth_bp"].as_i64()), (&json!("x"), Some(0)));
        // 28 days with four Saturdays.
        assert_eq!(ranked[0]["volume"], 32 * 20_000);
        assert_eq!(ranked[0]["margin"], 32 * 2_000);
    }
}

#[tokio::test]
async fn a_proposal_tells_the_sum_behind_every_number() {
    for shop in shops().await {
        eight_weeks(&shop, &shop.spinach, 20_000).await;
        shop.list_price(&shop.spinach, 60).await;
        let tomorrow = "2026-03-29";
        let ask = json!({ "site": shop.site.id, "needed_by": tomorrow, "department": "purchasing" });

        let proposed = shop.post("buyer", "/requisitions/proposals", ask.clone()).await.done();
        let line = &proposed["lines"][0];
        let sum = &line["explanation"];
        assert_eq!((text(&proposed, "state"), proposed["lines"].as_array().unwrap().len()), ("draft".to_owned(), 1));
        // Sunday's twenty kilos: nothing is there, nothing is on the way, a case holds ten kilos.
        assert_eq!((sum["demand"].as_i64(), sum["demand_before"].as_i64()), (Some(20_000), Some(40_000)));
        let number = |name: &str| sum[name].as_i64().unwrap();
        assert_eq!(number("need"), (number("target") - number("left") - number("inbound")).max(0));
        assert_eq!(number("proposed"), number("cases") * number("case_amount"));
        assert!(number("proposed") >= number("need") && number("proposed") < number("need") + 10_000, "{sum}");
        assert_eq!(line["quantity"]["grams"], sum["proposed"]);
        assert_eq!((number("history_days"), &sum["forecasting"]), (56, &json!("ensemble")));
        // Last week's rule knows no doubt: it wants what it expects.
        let mut by_thumb = ask.clone();
        by_thumb["forecasting"] = json!("last_week");
        let thumb = shop.post("buyer", "/requisitions/proposals", by_thumb).await.done();
        let thumb = &thumb["lines"][0]["explanation"];
        assert_eq!((&thumb["target"], &thumb["forecasting"]), (&json!(20_000), &json!("last_week")));

        // What is ordered already is not ordered again.
        let price = json!({ "money": 60, "base": { "weight": "kilogram" } });
        let order = json!({ "site": shop.site.id, "supplier": shop.farm, "delivery_on": tomorrow, "lines": [
            { "sku": shop.spinach.sku.id, "quantity": { "grams": 100_000 }, "price": price }] });
        shop.post("buyer", "/purchase-orders", order).await.done();
        let nothing = shop.post("buyer", "/requisitions/proposals", ask).await;
        assert_eq!(nothing.slug(), "requisitions/nothing-needed");

        // The buyer changes a number; how it was proposed stays readable.
        let mut wish = json!({ "site": shop.site.id, "department": "purchasing", "reason": "the weekend", "lines": [
            { "sku": shop.spinach.sku.id, "quantity": { "grams": 50_000 }, "needed_by": tomorrow,
              "note": "a wedding on Sunday" }] });
        let path = format!("/requisitions/{}", text(&proposed, "id"));
        let edited = shop.put("buyer", &path, wish.clone()).await.done();
        assert_eq!(edited["lines"][0]["explanation"], *sum);
        assert_eq!(edited["lines"][0]["note"], "a wedding on Sunday");
        wish["department"] = json!("kitchen garden");
        assert_eq!(shop.put("buyer", &path, wish).await.slug(), "request/invalid");
        let by_the_head = json!({ "site": shop.site.id, "needed_by": tomorrow, "department": "purchasing" });
        let refused = shop.post("head", "/requisitions/proposals", by_the_head).await;
        assert_eq!(refused.slug(), "identity/not-allowed");
    }
}
