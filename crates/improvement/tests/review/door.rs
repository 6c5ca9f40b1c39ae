//! Indicators through the door.

use edge::{Duty, Sites};
use events::{Object, Told};
use kernel::{Actor, CustomerOrderId};
use serde::Serialize;
use serde_json::{Value, json};

use crate::shop::{TODAY, shops};

#[derive(Clone, Serialize)]
struct OrderPlaced {}

impl Told for OrderPlaced {
    const KIND: &'static str = "order_placed";
    const VERSION: i64 = 1;
}

#[tokio::test]
async fn a_figure_leads_page_by_page_to_its_events() {
    for shop in shops().await {
        for minute in 0..5 {
            let order: CustomerOrderId = shop.mint();
            shop.tell(Actor::System, minute, Object::of(order), vec![Object::of(shop.taipei)], OrderPlaced {}).await;
        }
        let door = shop.door(shop.staff(), Sites::Only(vec![shop.taipei]), &[Duty::ReadIndicators]);

        let (status, day) = door.get(&format!("/indicators/day?site={}&day={TODAY}", shop.taipei)).await;
        assert_eq!(status, 200, "{day}");
        let placed =
            day["figures"].as_array().unwrap().iter().find(|figure| figure["name"] == "orders_placed").unwrap();
        assert_eq!(placed, &json!({ "name": "orders_placed", "value": 5, "unit": "count", "of": 5 }));

        let first = format!("/indicators/orders_placed/entries?site={}&day={TODAY}&limit=2", shop.taipei);
        let (mut path, mut seen) = (first.clone(), Vec::<Value>::new());
        loop {
            let (status, page) = door.get(&path).await;
            assert_eq!(status, 200, "{page}");
            seen.extend(page["items"].as_array().unwrap().iter().map(|entry| entry["id"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("{first}&after={next}");
        }
        seen.dedup();
        assert_eq!(seen.len(), 5);
    }
}

#[tokio::test]
async fn figures_are_for_those_who_may_read_them() {
    for shop in shops().await {
        let here = Sites::Only(vec![shop.taipei]);
        let manager = shop.door(shop.staff(), here.clone(), &[Duty::ReadIndicators]);
        let picker = shop.door(shop.staff(), here, &[Duty::PickGoods]);
        let day = format!("/indicators/day?site={}&day={TODAY}", shop.taipei);
        let other = format!("/indicators/day?site={}&day={TODAY}", shop.tainan);

        assert_eq!(picker.get(&day).await.0, 403);
        assert_eq!(picker.get("/indicators").await.0, 403);
        assert_eq!(manager.get(&other).await.0, 404);
        let unknown = format!("/indicators/happiness/entries?site={}&day={TODAY}", shop.taipei);
        assert_eq!(manager.get(&unknown).await.1["code"], json!("metrics/no-such-indicator"));
        assert_eq!(manager.get(&format!("{day}&week=1")).await.0, 400);

        let (_, dictionary) = manager.get("/indicators").await;
        let fill = dictionary.as_array().unwrap().iter().find(|card| card["name"] == "line_fill_rate_pct").unwrap();
        assert_eq!(
            (&fill["label"], &fill["unit"], &fill["kind"]),
            (&json!("訂單行滿足率"), &json!("basis_points"), &json!("effect"))
        );
        assert_eq!(
            (&fill["owner"], &fill["target"], &fill["step"]),
            (&json!("warehouse_lead"), &json!(9_300), &json!("3.4"))
        );
    }
}
