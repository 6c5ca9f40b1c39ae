//! What is wanted, who signs it, and what it does to the budgets.

use serde_json::{Value, json};

use crate::shop::{Shop, TODAY, shops, text};

const MONTH: &str = "2026-03";

/// The rules of the trade: a buyer needs nobody up to `free`, then the desks of the matrix.
async fn set_rules(shop: &Shop, free: i64) {
    for (level, above) in [("buying", free), ("department", 2_000), ("finance", 20_000), ("general_manager", 100_000)] {
        let rule = json!({ "currency": "TWD", "level": level, "above": above, "valid_from": TODAY });
        shop.post("gm", "/approval-rules", rule).await.done();
    }
}

async fn open_budget(shop: &Shop, category: &str, amount: i64) {
    let key = json!({ "site": shop.site.id, "department": "purchasing", "category": category, "month": MONTH });
    shop.post("finance", "/budgets", json!({ "key": key, "amount": amount })).await.done();
}

/// A shop where spinach costs 60 a kilo, with so much money for it.
async fn prepare(shop: &Shop, amount: i64) {
    set_rules(shop, 0).await;
    open_budget(shop, "leafy", amount).await;
    shop.list_price(&shop.spinach, 60).await;
}

fn wish(shop: &Shop, kilos: i64) -> Value {
    json!({ "site": shop.site.id, "department": "purchasing", "reason": "the weekend",
            "lines": [{ "sku": shop.spinach.sku.id, "quantity": { "grams": kilos * 1_000 }, "needed_by": TODAY,
                        "specification": { "grade": "A", "origin": "雲林", "arrival_max": 50 } }] })
}

async fn draft(shop: &Shop, who: &str, kilos: i64) -> Value {
    shop.post(who, "/requisitions", wish(shop, kilos)).await.done()
}

fn path(requisition: &Value, verb: &str) -> String {
    format!("/requisitions/{}{verb}", text(requisition, "id"))
}

async fn submit(shop: &Shop, who: &str, kilos: i64) -> Value {
    let drafted = draft(shop, who, kilos).await;
    shop.post(who, &path(&drafted, "/submit"), Value::Null).await.done()
}

async fn approve(shop: &Shop, who: &str, asked: &Value) -> crate::shop::Answer {
    shop.post(who, &path(asked, "/approvals"), json!({ "decision": "approve" })).await
}

async fn say(shop: &Shop, who: &str, asked: &Value, decision: &str) -> crate::shop::Answer {
    let said = json!({ "decision": decision, "reason": "the truck is half empty" });
    shop.post(who, &path(asked, "/approvals"), said).await
}

async fn trail(shop: &Shop, asked: &Value) -> Value {
    shop.get("finance", &path(asked, "/approvals")).await.done()
}

/// The levels of the last round, in the order in which they sign.
async fn levels(shop: &Shop, asked: &Value) -> Vec<String> {
    let trail = trail(shop, asked).await;
    let last = trail["rounds"].as_array().unwrap().last().unwrap();
    last["steps"].as_array().unwrap().iter().map(|step| text(step, "level")).collect()
}

/// Requested, committed, actual, free of the only budget.
async fn money(shop: &Shop) -> [i64; 4] {
    let budgets = shop.get("finance", &format!("/budgets?site={}", shop.site.id)).await.done();
    let budget = &budgets["items"][0];
    ["requested", "committed", "actual", "free"].map(|sum| budget[sum].as_i64().unwrap())
}

#[tokio::test]
async fn a_wish_becomes_an_order_after_its_last_signature_and_the_money_follows() {
    for shop in shops().await {
        prepare(&shop, 50_000).await;
        let asked = submit(&shop, "buyer", 100).await;
        assert_eq!((asked["state"].as_str(), asked["value"].as_i64()), (Some("submitted"), Some(6_000)));
        assert_eq!(levels(&shop, &asked).await, ["buying", "department"]);
        assert_eq!(money(&shop).await, [6_000, 0, 0, 44_000]);

        // The head of department waits for the nearer desk, and nothing is ordered before both have signed.
        assert_eq!(approve(&shop, "head", &asked).await.slug(), "approvals/not-your-step");
        approve(&shop, "buyer_lead", &asked).await.done();
        let early = shop.post("buyer", &path(&asked, "/orders"), Value::Null).await;
        assert_eq!(early.slug(), "requisitions/no-such-turn");
        let waiting = format!("/approvals?site={}&level=department", shop.site.id);
        assert_eq!(shop.get("head", &waiting).await.done()[0]["number"], "PR-TPE1-260328-1");
        let signed = approve(&shop, "head", &asked).await.done();
        assert_eq!(signed["state"], "approved");

        let ordered = shop.post("buyer", &path(&asked, "/orders"), Value::Null).await.done();
        let order = ordered["orders"][0].clone();
        assert_eq!((order["value"].as_i64(), &order["requisition"]), (Some(6_000), &asked["id"]));
        assert_eq!(order["lines"][0]["terms"]["arrival_max"], 50);
        assert_eq!(money(&shop).await, [0, 6_000, 0, 44_000]);
        let twice = shop.post("buyer", &path(&asked, "/orders"), Value::Null).await;
        assert_eq!(twice.slug(), "requisitions/no-such-turn");

        let order = shop.sign(&order).await;
        let weighed = shop.receive(&order, 100_000, 30).await;
        shop.accept(&weighed).await;
        let invoice = json!({ "purchase_order": order["id"], "number": "AB-1", "invoiced_on": TODAY, "lines": [
            { "purchase_order_line": order["lines"][0]["id"], "amount": 100_000 }] });
        shop.post("clerk", "/supplier-invoices", invoice).await.done();
        assert_eq!(money(&shop).await, [0, 0, 6_000, 44_000]);

        let mut kinds = shop.told("requisition", &asked["id"]).await;
        kinds.retain(|kind| !kind.starts_with("budget_"));
        assert_eq!(
            kinds,
            [
                "requisition_drafted",
                "requisition_submitted",
                "approval_given",
                "approval_given",
                "requisition_approved",
                "requisition_ordered"
            ]
        );
        let trail = trail(&shop, &asked).await;
        assert_eq!(trail["rounds"][0]["steps"][1]["why"]["above"], 2_000);
        assert_eq!(trail["steps"][1]["state"], "approved");
    }
}

#[tokio::test]
async fn nobody_approves_their_own_wish_or_signs_twice() {
    for shop in shops().await {
        prepare(&shop, 50_000).await;
        let own = submit(&shop, "everybody", 100).await;
        let others = submit(&shop, "buyer", 100).await;

        let by_themself = approve(&shop, "everybody", &own).await;
        let first = approve(&shop, "everybody", &others).await;
        let second = approve(&shop, "everybody", &others).await;
        let by_the_buyer = approve(&shop, "buyer", &others).await;

        assert_eq!(by_themself.slug(), "approvals/own-requisition");
        assert_eq!(first.done()["state"], "submitted");
        assert_eq!(second.slug(), "approvals/already-signed");
        assert_eq!(by_the_buyer.slug(), "approvals/own-requisition");
        let override_own = shop.post("everybody", "/requisitions", wish(&shop, 10)).await.done();
        let granted = json!({ "reason": "because I want it" });
        let leave = shop.post("everybody", &path(&override_own, "/budget-override"), granted).await;
        assert_eq!(leave.slug(), "approvals/own-requisition");
    }
}

#[tokio::test]
async fn each_role_keeps_to_its_own() {
    for shop in shops().await {
        prepare(&shop, 50_000).await;
        let asked = submit(&shop, "buyer", 100).await;
        let drafted = draft(&shop, "buyer", 10).await;

        let wished = shop.post("receiver", "/requisitions", wish(&shop, 1)).await;
        let signed = approve(&shop, "receiver", &asked).await;
        let elsewhere = approve(&shop, "stranger", &asked).await;
        let others_draft = shop.post("second_buyer", &path(&drafted, "/submit"), Value::Null).await;
        let rules = json!({ "currency": "TWD", "level": "buying", "above": 9, "valid_from": "2026-04-01" });
        let by_the_buyer = shop.post("buyer", "/approval-rules", rules).await;
        let leave = shop.post("head", &path(&drafted, "/budget-override"), json!({ "reason": "it is urgent" })).await;

        assert_eq!(wished.slug(), "identity/not-allowed");
        assert_eq!(signed.slug(), "approvals/not-your-step");
        assert_eq!(elsewhere.slug(), "request/not-found");
        assert_eq!(others_draft.slug(), "requisitions/not-yours");
        assert_eq!(by_the_buyer.slug(), "identity/not-allowed");
        assert_eq!(leave.slug(), "identity/not-allowed");
        assert_eq!(shop.get("stranger", &path(&asked, "")).await.slug(), "request/not-found");
    }
}

#[tokio::test]
async fn a_budget_that_is_short_or_missing_stops_the_wish_until_finance_says_why() {
    for shop in shops().await {
        prepare(&shop, 5_000).await;
        let drafted = draft(&shop, "buyer", 100).await;
        let foreign = json!({ "site": shop.site.id, "department": "kitchen", "reason": "soup", "lines": [
            { "sku": shop.spinach.sku.id, "quantity": { "grams": 10_000 }, "needed_by": TODAY }] });
        let foreign = shop.post("buyer", "/requisitions", foreign).await.done();

        let short = shop.post("buyer", &path(&drafted, "/submit"), Value::Null).await;
        let missing = shop.post("buyer", &path(&foreign, "/submit"), Value::Null).await;
        assert_eq!((short.slug(), missing.slug()), ("budgets/over-budget", "budgets/unknown-budget"));
        assert_eq!(money(&shop).await, [0, 0, 0, 5_000]);

        let why = json!({ "reason": "typhoon, the market is closed on Monday" });
        shop.post("finance", &path(&drafted, "/budget-override"), why).await.done();
        let asked = shop.post("buyer", &path(&drafted, "/submit"), Value::Null).await.done();
        assert_eq!(levels(&shop, &asked).await, ["buying", "department", "finance"]);
        assert_eq!(money(&shop).await, [6_000, 0, 0, -1_000]);
        let trail = trail(&shop, &asked).await;
        assert_eq!(trail["rounds"][0]["overrun"]["over_bp"], 2_000);
        assert_eq!(trail["rounds"][0]["steps"][2]["why"]["because"], "budget_overrun");
        assert_eq!(trail["overrides"][0]["reason"], "typhoon, the market is closed on Monday");
    }
}

#[tokio::test]
async fn an_override_covers_what_finance_has_seen_and_no_more() {
    for shop in shops().await {
        prepare(&shop, 5_000).await;
        let drafted = draft(&shop, "buyer", 100).await;
        let why = json!({ "reason": "typhoon, the market is closed on Monday" });
        shop.post("finance", &path(&drafted, "/budget-override"), why).await.done();

        shop.put("buyer", &path(&drafted, ""), wish(&shop, 200)).await.done();
        let grown = shop.post("buyer", &path(&drafted, "/submit"), Value::Null).await;

        assert_eq!(grown.slug(), "requisitions/override-too-small");
    }
}

#[tokio::test]
async fn a_purchase_in_two_halves_is_one_purchase() {
    for shop in shops().await {
        prepare(&shop, 50_000).await;
        let first = submit(&shop, "buyer", 25).await;
        let second = submit(&shop, "buyer", 25).await;
        let somebody_elses = submit(&shop, "second_buyer", 25).await;

        assert_eq!(levels(&shop, &first).await, ["buying"]);
        assert_eq!(levels(&shop, &second).await, ["buying", "department"]);
        assert_eq!(levels(&shop, &somebody_elses).await, ["buying"]);
        let trail = trail(&shop, &second).await;
        assert_eq!(
            (&trail["rounds"][0]["amount"], &trail["rounds"][0]["suppliers"][0]["earlier"]),
            (&json!(3_000), &json!(1_500))
        );
        say(&shop, "buyer_lead", &first, "reject").await.done();
        shop.wait_minutes(60);
        assert_eq!(levels(&shop, &submit(&shop, "buyer", 5).await).await, ["buying"]);
    }
}

#[tokio::test]
async fn a_purchase_above_the_limit_without_a_signature_is_refused_and_seen() {
    for shop in shops().await {
        set_rules(&shop, 1_000).await;
        shop.list_price(&shop.spinach, 60).await;
        let buy = |kilos: i64| {
            json!({ "site": shop.site.id, "supplier": shop.farm, "delivery_on": TODAY, "lines": [
                { "sku": shop.spinach.sku.id, "quantity": { "grams": kilos * 1_000 } }] })
        };

        shop.post("buyer", "/purchase-orders", buy(15)).await.done();
        let split = shop.post("buyer", "/purchase-orders", buy(5)).await;
        let large = shop.post_with("key-of-the-large", "second_buyer", "/purchase-orders", buy(500)).await;
        let again = shop.post_with("key-of-the-large", "second_buyer", "/purchase-orders", buy(500)).await;
        let mut disguised = buy(500);
        disguised["requisition"] = json!("01890000-0000-7000-8000-000000000000");
        let disguised = shop.post("buyer", "/purchase-orders", disguised).await;

        assert_eq!(split.slug(), "approvals/approval-missing");
        assert_eq!((large.slug(), &large.body), ("approvals/approval-missing", &again.body));
        assert!(!disguised.status.is_success());
        let list = format!("/purchase-attempts?site={}", shop.site.id);
        let seen = shop.get("auditor", &list).await.done();
        let seen = seen["items"].as_array().unwrap();
        assert_eq!(seen.len(), 2, "{seen:?}");
        let large = seen.iter().find(|one| one["value"] == 30_000).unwrap();
        assert_eq!((large["limit"].as_i64(), large["amount"].as_i64()), (Some(1_000), Some(30_000)));
        assert_eq!(large["missing"], json!(["buying", "department", "finance"]));
        assert_eq!(large["tried_by"]["id"], json!(shop.users["second_buyer"]));
        let split = seen.iter().find(|one| one["value"] == 300).unwrap();
        assert_eq!(split["amount"], 1_200);
        assert_eq!(shop.told("purchase_attempt", &large["id"]).await, ["unapproved_purchase_tried"]);
        let placed = shop.get("buyer", &format!("/purchase-orders?site={}", shop.site.id)).await.done();
        assert_eq!(placed["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_approver_on_leave_does_not_stop_the_shop() {
    for shop in shops().await {
        prepare(&shop, 500_000).await;
        let lend = |delegate: &str, limit: i64| {
            json!({ "delegate": shop.users[delegate], "level": "department", "currency": "TWD", "limit": limit,
                    "valid_from": TODAY, "valid_until": "2026-03-29", "reason": "two days in Hualien" })
        };
        let asked = submit(&shop, "buyer", 100).await;
        let large = submit(&shop, "second_buyer", 200).await;
        approve(&shop, "buyer_lead", &asked).await.done();
        approve(&shop, "buyer_lead", &large).await.done();

        assert_eq!(approve(&shop, "deputy", &asked).await.slug(), "approvals/not-your-step");
        assert_eq!(shop.post("head", "/delegations", lend("buyer", 9)).await.slug(), "approvals/unfit-delegate");
        assert_eq!(shop.post("head", "/delegations", lend("finance", 9)).await.slug(), "approvals/unfit-delegate");
        assert_eq!(shop.post("head", "/delegations", lend("head", 9)).await.slug(), "approvals/own-delegate");
        assert_eq!(shop.post("deputy", "/delegations", lend("lead", 9)).await.slug(), "approvals/not-yours-to-lend");
        let lent = shop.post("head", "/delegations", lend("deputy", 10_000)).await.done();

        let signed = approve(&shop, "deputy", &asked).await.done();
        assert_eq!(signed["state"], "approved");
        assert_eq!(trail(&shop, &asked).await["steps"][1]["on_behalf_of"], json!(shop.users["head"]));
        assert_eq!(approve(&shop, "deputy", &large).await.slug(), "approvals/above-delegation");
        let end = format!("/delegations/{}/end", text(&lent, "id"));
        assert_eq!(shop.post("deputy", &end, Value::Null).await.slug(), "approvals/no-such-delegation");
        shop.post("head", "/delegations", lend("deputy", 50_000)).await.done();
        shop.wait_minutes(2 * 24 * 60);
        assert_eq!(approve(&shop, "deputy", &large).await.slug(), "approvals/not-your-step");
        assert_eq!(approve(&shop, "head", &large).await.done()["state"], "approved");
    }
}

#[tokio::test]
async fn a_late_signature_is_asked_for_further_up_and_never_of_who_signs_anyhow() {
    for shop in shops().await {
        prepare(&shop, 500_000).await;
        let asked = submit(&shop, "buyer", 100).await;
        let waiting = |level: &str| format!("/approvals?site={}&level={level}", shop.site.id);
        let listed = async |level: &str| shop.get("auditor", &waiting(level)).await.done();

        shop.wait_minutes(240);
        shop.look_for_late_signatures().await;
        assert_eq!(listed("finance").await, json!([]), "not a minute early");
        shop.wait_minutes(1);
        shop.look_for_late_signatures().await;
        shop.look_for_late_signatures().await;

        let late = listed("finance").await;
        assert_eq!((&late[0]["id"], late.as_array().map(Vec::len)), (&asked["id"], Some(1)));
        assert_eq!(
            (&late[0]["turn"]["level"], &late[0]["turn"]["escalated_to"]),
            (&json!("buying"), &json!("finance"))
        );
        assert_eq!(listed("buying").await[0]["id"], asked["id"], "the desk that was asked first still sees it");
        let told = shop.told("requisition", &asked["id"]).await;
        assert_eq!(told.iter().filter(|kind| *kind == "approval_escalated").count(), 1, "{told:?}");
        assert_eq!(
            approve(&shop, "head", &asked).await.slug(),
            "approvals/not-your-step",
            "the head signs next anyhow"
        );
        assert_eq!(approve(&shop, "gm", &asked).await.slug(), "approvals/not-your-step");
        approve(&shop, "finance", &asked).await.done();

        assert_eq!(listed("finance").await, json!([]));
        shop.wait_minutes(239);
        shop.look_for_late_signatures().await;
        assert_eq!(listed("finance").await, json!([]), "the clock of the head began with the turn of the head");
        assert_eq!(approve(&shop, "head", &asked).await.done()["state"], "approved");
        let steps = trail(&shop, &asked).await["steps"].clone();
        assert_eq!(steps[0]["decided_by"]["id"], json!(shop.users["finance"]));
    }
}

#[tokio::test]
async fn what_is_returned_rejected_withdrawn_or_declined_gives_its_money_back() {
    for shop in shops().await {
        prepare(&shop, 50_000).await;
        let asked = submit(&shop, "buyer", 100).await;
        let back = say(&shop, "buyer_lead", &asked, "return").await.done();
        assert_eq!((back["state"].as_str(), money(&shop).await), (Some("draft"), [0, 0, 0, 50_000]));
        shop.put("buyer", &path(&asked, ""), wish(&shop, 20)).await.done();
        let again = shop.post("buyer", &path(&asked, "/submit"), Value::Null).await.done();
        assert_eq!((again["round"].as_i64(), money(&shop).await), (Some(2), [1_200, 0, 0, 48_800]));
        let no = say(&shop, "buyer_lead", &asked, "reject").await.done();
        assert_eq!((no["state"].as_str(), money(&shop).await), (Some("rejected"), [0, 0, 0, 50_000]));
        assert_eq!(approve(&shop, "buyer_lead", &asked).await.slug(), "approvals/not-submitted");

        let asked = submit(&shop, "second_buyer", 30).await;
        approve(&shop, "buyer_lead", &asked).await.done();
        let given_up = json!({ "reason": "the customer has called off" });
        shop.post("second_buyer", &path(&asked, "/withdraw"), given_up).await.done();
        assert_eq!(money(&shop).await, [0, 0, 0, 50_000]);

        let asked = submit(&shop, "buyer", 30).await;
        approve(&shop, "buyer_lead", &asked).await.done();
        let ordered = shop.post("buyer", &path(&asked, "/orders"), Value::Null).await.done();
        assert_eq!(money(&shop).await, [0, 1_800, 0, 48_200]);
        let order = format!("/supplier/purchase-orders/{}", text(&ordered["orders"][0], "id"));
        let contract = shop.get(&shop.farmer(), &format!("{order}/contract")).await.done();
        let no = json!({ "reply": { "answer": "decline", "reason": "frost" }, "signed_by": "林小姐",
                         "sha256": contract["sha256"] });
        shop.post(&shop.farmer(), &format!("{order}/answer"), no).await.done();
        assert_eq!(money(&shop).await, [0, 0, 0, 50_000]);
    }
}

#[tokio::test]
async fn what_a_supplier_would_refuse_is_said_before_anybody_signs() {
    for shop in shops().await {
        prepare(&shop, 50_000).await;
        let small = draft(&shop, "buyer", 1).await;
        let no = json!({ "standing": "suspended", "categories": ["leafy"], "reason": "warm trucks" });
        let below = shop.post("buyer", &path(&small, "/submit"), Value::Null).await;
        assert_eq!(below.slug(), "contracts/below-minimum");
        let drafted = draft(&shop, "buyer", 100).await;
        shop.post("head", &format!("/suppliers/{}/standing", shop.farm), no).await.done();
        assert_eq!(shop.post("buyer", &path(&drafted, "/submit"), Value::Null).await.slug(), "suppliers/suspended");
        assert_eq!(shop.post("buyer", "/requisitions", wish(&shop, 9)).await.slug(), "requisitions/no-supplier");
    }
}

/// A small generator of our own: the same stories on both engines.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % below).unwrap()
    }
}

/// Whatever is asked, signed, refused, ordered and declined: requested + committed + actual + free is the budget, what
/// is requested belongs to wishes that wait, and what is committed to orders that stand.
#[tokio::test]
async fn the_budget_is_conserved_whatever_happens() {
    for shop in shops().await {
        prepare(&shop, 40_000).await;
        let mut dice = Dice(7);
        let mut wishes: Vec<Value> = Vec::new();
        let mut orders: Vec<Value> = Vec::new();
        for _ in 0..70 {
            let any = wishes.get(dice.roll(6)).or(wishes.last()).cloned();
            match (dice.roll(8), any) {
                (0..=1, _) | (_, None) => {
                    let kilos = i64::try_from(5 + dice.roll(150)).unwrap();
                    wishes.insert(0, draft(&shop, "buyer", kilos).await);
                }
                (2, Some(asked)) => drop(shop.post("buyer", &path(&asked, "/submit"), Value::Null).await),
                (3..=4, Some(asked)) => {
                    let signer = ["buyer_lead", "head", "finance"][dice.roll(3)];
                    approve(&shop, signer, &asked).await;
                }
                (5, Some(asked)) => {
                    let no = ["return", "reject"][dice.roll(2)];
                    say(&shop, "buyer_lead", &asked, no).await;
                }
                (6, Some(asked)) => {
                    let ordered = shop.post("buyer", &path(&asked, "/orders"), Value::Null).await;
                    if ordered.status.is_success() {
                        orders.push(ordered.body["orders"][0].clone());
                    }
                }
                (_, Some(asked)) => {
                    if let Some(order) = orders.pop() {
                        let end = format!("/purchase-orders/{}/cancel", text(&order, "id"));
                        shop.post("buyer", &end, json!({ "reason": "changed our mind" })).await.done();
                    } else {
                        shop.post("buyer", &path(&asked, "/withdraw"), json!({ "reason": "not needed" })).await;
                    }
                }
            }
            let [requested, committed, actual, free] = money(&shop).await;
            assert_eq!(requested + committed + actual + free, 40_000);
            assert!(free >= 0 && actual == 0);
            let list = format!("/requisitions?site={}&limit=200", shop.site.id);
            let all = shop.get("buyer", &list).await.done();
            let waiting = all["items"].as_array().unwrap().iter();
            let waiting = waiting.filter(|one| one["state"] == "submitted" || one["state"] == "approved");
            assert_eq!(waiting.map(|one| one["value"].as_i64().unwrap()).sum::<i64>(), requested);
            assert_eq!(orders.iter().map(|order| order["value"].as_i64().unwrap()).sum::<i64>(), committed);
        }
        assert!(!orders.is_empty() || wishes.len() > 5);
    }
}
