//! Laws over random days on the floor.

use kernel::Quantity;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use store::testing::both;
use warehouse::{fulfilment, stock::AuditVerdict};

use crate::shop::{MIGRATIONS, Released, Shop};

/// What befalls one task.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Pick,
    /// So much in a hundred is there.
    Short(i64),
    /// The lot is quarantined before the picker comes.
    Stopped,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        4 => Just(Turn::Pick),
        2 => (0..100_i64).prop_map(Turn::Short),
        1 => Just(Turn::Stopped),
    ];
    proptest::collection::vec(turn, 4..16)
}

/// Whatever happens on the floor, what was picked and what is short make up what was wanted, what is in the parcels is
/// what was picked, and the journal agrees with the shelves.
#[test]
fn nothing_is_lost_between_shelf_and_parcel() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(ProptestConfig { cases: 12, ..ProptestConfig::default() });
    runner
        .run(&turns(), |turns| {
            runtime.block_on(one_day(&turns));
            Ok(())
        })
        .unwrap();
}

async fn one_day(turns: &[Turn]) {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        for (bin, use_by) in [("C-01", "2026-04-01"), ("C-02", "2026-04-02"), ("C-03", "2026-04-03")] {
            shop.stock(&shop.spinach, bin, Quantity::grams(900), use_by).await;
            shop.stock(&shop.eggs, bin, Quantity::pieces(5), use_by).await;
        }
        let wants = [(shop.spinach.id, Quantity::grams(1_200)), (shop.eggs.id, Quantity::pieces(7))];
        let order = shop.claimed(&wants).await;

        let mut turns = turns.iter().copied().cycle();
        while let Some(task) = shop.tasks(&order).await.into_iter().find(|task| task["state"] == "open") {
            befall(&shop, &task, turns.next().unwrap()).await;
        }

        // A lot may have been stopped while its goods lay in a tote; others may then be fetched, and stopped again.
        while put_one_back(&shop, &order).await {
            while let Some(task) = shop.tasks(&order).await.into_iter().find(|task| task["state"] == "open") {
                let path = format!("/waves/{}/claim", order.wave);
                shop.post("picker", &path, json!({ "orders_max": 4 })).await;
                befall(&shop, &task, turns.next().unwrap()).await;
            }
        }
        pack_all(&shop, &order).await;
        let note = order.note;
        let packed = shop.app.db.read(async move |tx: &mut store::Tx| fulfilment::packed(tx, note).await).await;
        let packed = packed.unwrap().expect("all done and packed");
        let tasks = shop.tasks(&order).await;
        for (line, (_, wanted)) in order.lines.iter().zip(&wants) {
            let of_line: Vec<&Value> = tasks.iter().filter(|task| task["order_line"] == json!(line)).collect();
            let sum = |what: &str| -> i64 { of_line.iter().map(|task| promised(&task[what])).sum() };
            assert_eq!(sum("picked") + sum("short"), amount(*wanted), "{of_line:?}");
            let sent = packed.iter().find(|packed| packed.order_line == *line).unwrap();
            assert_eq!(amount(sent.quantity), sum("picked"));
            assert_eq!(sent.short.is_some(), sum("short") > 0);
        }
        let audit = shop.audit().await;
        assert_eq!(audit.verdict, AuditVerdict::Clean, "{audit:?}");
    }
}

async fn befall(shop: &Shop, task: &Value, turn: Turn) {
    let wanted = promised(&task["quantity"]);
    let scale = json!({ "device": "SC-1", "stable": true });
    let weighings = |amount: i64| match task["sku_code"].as_str().unwrap() {
        "SPINACH" => json!([{ "grams": amount, "scale": scale }]),
        _ => json!([{ "pieces": amount }]),
    };
    let tote = if task["class"] == "ambient" { "T001" } else { "T002" };
    let (status, body) = match turn {
        Turn::Pick => shop.pick(task, tote, weighings(wanted)).await,
        Turn::Short(percent) => {
            let found = (wanted * percent / 100).min(wanted - 1);
            let path = format!("/pick-tasks/{}/short", task["id"].as_str().unwrap());
            let body = if found > 0 {
                json!({ "reason": "not_found", "weighings": weighings(found), "tote": tote })
            } else {
                json!({ "reason": "not_found" })
            };
            shop.post("picker", &path, body).await
        }
        Turn::Stopped => {
            let stop = json!({ "to": "quarantined", "reason": "too warm" });
            let path = format!("/lots/{}/state", task["lot"].as_str().unwrap());
            shop.post("inspector", &path, stop).await;
            shop.pick(task, tote, weighings(wanted)).await
        }
    };
    assert!(status.is_success(), "{turn:?} {body}");
}

/// Puts the first task back whose lot may not be packed any more; whether there was one.
async fn put_one_back(shop: &Shop, order: &Released) -> bool {
    for task in shop.tasks(order).await {
        if promised(&task["picked"]) > 0 {
            let path = format!("/pick-tasks/{}/put-back", task["id"].as_str().unwrap());
            let (status, body) = shop.post("packer", &path, json!({})).await;
            if status.is_success() {
                return true;
            }
            assert_eq!(body["code"], "fulfilment/still-fit");
        }
    }
    false
}

async fn pack_all(shop: &Shop, order: &Released) {
    for (class, packaging) in [("ambient", "BOX-A"), ("chilled", "BOX-C")] {
        let tasks = shop.tasks(order).await;
        let inside = tasks.iter().filter(|task| task["class"] == class);
        let grams: i64 = inside.map(|task| task["picked"]["grams"].as_i64().unwrap_or(0)).sum();
        if grams > 0 {
            let body = json!({ "class": class, "packaging": packaging, "gross_grams": grams + 300 });
            let (status, body) = shop.pack(order, body).await;
            assert!(status.is_success(), "{body}");
        }
    }
}

fn amount(quantity: Quantity) -> i64 {
    quantity.pieces.or(quantity.grams).unwrap_or(0)
}

fn promised(quantity: &Value) -> i64 {
    quantity["pieces"].as_i64().or(quantity["grams"].as_i64()).unwrap_or(0)
}
