//! 3.4: released, weighed, settled, invoiced, handed over; or not.

use accounts::{
    Account, WasteCause,
    costing::{self, Booking, Goods},
    invoices,
    payments::PaymentState,
};
use identity::Role;
use kernel::{Currency, CustomerOrderId, InvoiceId, LotId, Money, Quantity};
use ledger::{LotState, Pick, Rest};
use orders::{
    CancelReason, FailReason, Stage, allocation,
    outbound::{self, Difference, Released, Sent, Settlement, ShortReason},
};
use serde_json::{Value, json};

use crate::shop::{Shop, Who, id_of, shops};

const DESK: Who = Who::Staff(Role::OrderDesk);

async fn release(shop: &Shop, order: CustomerOrderId) -> Released {
    shop.run(async move |tx, stamp| outbound::release(tx, stamp, order).await.unwrap()).await
}

/// Picks everything that was bound; the scale says `fish` grams for the fish.
async fn pick(shop: &Shop, released: &Released, fish: i64) -> Vec<Sent> {
    let (site, tote, sku) = (shop.site, shop.tote, shop.fish.id);
    let (day, released) = (shop.time.business_day(shop.app.clock.now()), released.clone());
    shop.run(async move |tx, stamp| {
        let mut sent = Vec::new();
        for line in &released.lines {
            let mut lots: Vec<(LotId, Quantity)> = Vec::new();
            for bound in &line.bound {
                let actual = match (line.sku == sku, bound.quantity.pieces) {
                    (true, Some(pieces)) => Quantity::weighing(pieces, fish),
                    (false, Some(pieces)) => Quantity::pieces(pieces),
                    (_, None) => Quantity::grams(bound.quantity.grams_or_zero()),
                };
                let pick = Pick {
                    reservation: bound.reservation,
                    lot: bound.lot,
                    place: bound.place,
                    actual,
                    to: tote,
                    rest: Rest::Release,
                };
                ledger::consume(tx, stamp, ledger::Cause::of(released.note), day, &pick).await.unwrap();
                lots.push((bound.lot, actual));
            }
            if !lots.is_empty() {
                let quantity = Quantity::sum(lots.iter().map(|(_, quantity)| *quantity)).unwrap();
                sent.push(Sent { order_line: line.order_line, quantity, lots, short: None });
            }
        }
        let _ = site;
        sent
    })
    .await
}

async fn close(shop: &Shop, released: &Released, sent: Vec<Sent>) -> Settlement {
    let note = released.note;
    shop.run(async move |tx, stamp| outbound::close(tx, stamp, note, &sent).await.unwrap()).await
}

async fn dispatch(shop: &Shop, order: CustomerOrderId) -> InvoiceId {
    shop.run(async move |tx, stamp| outbound::dispatch(tx, stamp, &[order]).await.unwrap().remove(0)).await
}

async fn state(shop: &Shop, order: CustomerOrderId) -> Value {
    shop.get(DESK, &format!("/orders/{order}")).await.ok()["state"].clone()
}

#[tokio::test]
async fn from_the_shelf_to_the_door_every_gram_and_dollar_agrees() {
    for shop in shops().await {
        let order = id_of(&shop.place(shop.ann, "sim:ok").await);
        let window =
            shop.get(DESK, &format!("/orders/{order}")).await.ok()["window"].as_str().unwrap().parse().unwrap();
        let site = shop.site;
        let releasable = shop.read(async move |tx| outbound::releasable(tx, site, window).await.unwrap()).await;
        assert_eq!(releasable, [order]);

        let released = release(&shop, order).await;
        assert_eq!(released.number, "RN-TPE-260328-1");
        let slip = shop.get(DESK, &format!("/release-notes/{}", released.note)).await.ok();
        assert_eq!((&slip["state"], &slip["lines"][0]["lots"][0]["quantity"]["pieces"]), (&json!("open"), &json!(2)));
        let sent = pick(&shop, &released, 1_130).await;
        let settlement = close(&shop, &released, sent).await;

        // 1130 g at 300 per 600 g, the eggs, the spinach as ordered.
        assert_eq!((settlement.amount, settlement.expected, settlement.bound), (Money(710), Money(745), Money(811)));
        assert_eq!(settlement.lines[0].difference, Difference::Lighter);
        let drops = shop.read(async move |tx| outbound::deliverable(tx, site, window).await.unwrap()).await;
        assert_eq!((drops[0].order, drops[0].total_grams()), (order, 1_730));
        shop.do_payments().await;
        let payment = shop.payment(order).await;
        assert_eq!((payment.captured, payment.released), (Money(710), Money(101)));

        let invoice = dispatch(&shop, order).await;
        let issued = shop.read(async move |tx| invoices::invoice(tx, invoice).await.unwrap().unwrap()).await;
        assert_eq!((issued.gross, issued.lines[0].quantity.grams), (Money(710), Some(1_130)));
        assert_eq!(shop.owed(order).await, Money::ZERO, "what is invoiced is what was captured");
        // 1130 g at 200 a kilogram, eggs 40, 600 g of spinach at 30 a kilogram.
        assert_eq!(shop.on_account(Account::CostOfGoodsSold).await, Money(226 + 40 + 18));

        shop.app.clock.advance_to(shop.today(19));
        shop.run(async move |tx, stamp| outbound::hand_over(tx, stamp, order).await.unwrap()).await;
        let sheet = shop.get(Who::Customer(shop.ann.customer), &format!("/orders/{order}/settlement")).await.ok();
        assert_eq!(
            (&sheet["amount"], &sheet["refund"], &sheet["state"]),
            (&json!(710), &json!(35), &json!("handed_over"))
        );
        assert_eq!(sheet["lines"][0]["actual"]["grams"], 1_130);
        assert_eq!(sheet["lines"][0]["lots"].as_array().unwrap().len(), 1, "the way back to the scale");
        let told = shop.told(order).await;
        let expected = [
            "order_placed",
            "order_accepted",
            "order_released",
            "order_settled",
            "order_dispatched",
            "order_handed_over",
        ];
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn orders_that_leave_together_take_together_no_more_than_a_lot_is_worth() {
    for shop in shops().await {
        let mut orders = Vec::new();
        let mut spinach = None;
        for person in [shop.ann, shop.bob] {
            let order = id_of(&shop.place(person, "sim:ok").await);
            let released = release(&shop, order).await;
            spinach = spinach.or(released.lines[2].bound.first().map(|bound| bound.lot));
            let sent = pick(&shop, &released, 1_130).await;
            close(&shop, &released, sent).await;
            orders.push(order);
        }
        // 5000 g at 30 a kilogram; after this loss 20 are left, and each order would take 18.
        let goods = Goods { sku: shop.spinach.id, lot: spinach.unwrap(), cost: Money(130) };
        let booking = Booking { site: shop.site, currency: Currency::Twd, cause: accounts::Cause::of(goods.lot) };
        let (leaving, wasted) = (orders.clone(), WasteCause::Unexplained);
        let sent = shop
            .run(async move |tx, stamp| {
                costing::waste(tx, stamp, booking, wasted, &[goods]).await.unwrap();
                outbound::dispatch(tx, stamp, &leaving).await.unwrap()
            })
            .await;

        assert_eq!(shop.on_account(Account::CostOfGoodsSold).await, Money(2 * (226 + 40) + 18 + 2));
        for (order, invoice) in orders.into_iter().zip(sent) {
            let issued = shop.read(async move |tx| invoices::invoice(tx, invoice).await.unwrap().unwrap()).await;
            assert_eq!((issued.order, issued.gross), (order, Money(710)));
            assert_eq!(state(&shop, order).await, json!(Stage::Dispatched.code()));
        }
    }
}

#[tokio::test]
async fn a_fish_heavier_than_the_bound_is_the_shops_cost() {
    for shop in shops().await {
        let order = id_of(&shop.place(shop.ann, "sim:ok").await);
        let released = release(&shop, order).await;
        let sent = pick(&shop, &released, 1_500).await;
        let settlement = close(&shop, &released, sent).await;
        shop.do_payments().await;

        assert_eq!(settlement.lines[0].difference, Difference::Capped);
        assert_eq!((settlement.lines[0].goods, settlement.lines[0].amount), (Money(750), Money(660)));
        let invoice = dispatch(&shop, order).await;
        let issued = shop.read(async move |tx| invoices::invoice(tx, invoice).await.unwrap().unwrap()).await;
        assert_eq!(issued.gross, settlement.amount);
        assert_eq!((issued.lines[0].gross, issued.lines[1].gross), (Money(750), Money(-90)));
        assert_eq!(shop.owed(order).await, Money::ZERO);
    }
}

#[tokio::test]
async fn a_line_that_fails_before_release_is_told_and_not_charged() {
    for shop in shops().await {
        let order = id_of(&shop.place(shop.ann, "sim:ok").await);
        let (site, sku) = (shop.site, shop.spinach.id);
        let short = shop
            .run(async move |tx, stamp| {
                let lots = ledger::stock(tx, site, ledger::StockFilter::Sku(sku), stamp.at, None, 10).await.unwrap();
                ledger::set_state(tx, stamp, lots[0].lot, LotState::Quarantined, "too warm").await.unwrap();
                allocation::reallocate(tx, stamp, site, sku).await.unwrap()
            })
            .await;
        assert_eq!(short.len(), 1);
        assert_eq!((short[0].order, short[0].sku), (order, sku));
        let again = shop.run(async move |tx, stamp| allocation::reallocate(tx, stamp, site, sku).await.unwrap()).await;
        assert_eq!(again, [], "told once");

        let released = release(&shop, order).await;
        assert_eq!(released.lines[2].short, Some(Quantity::grams(600)));
        let sent = pick(&shop, &released, 1_200).await;
        let settlement = close(&shop, &released, sent).await;

        assert_eq!((settlement.amount, settlement.refund), (Money(685), Money(60)));
        assert_eq!(settlement.lines[2].short, Some(ShortReason::NoStock));
        assert!(shop.told(order).await.contains(&"line_short".to_owned()));
    }
}

#[tokio::test]
async fn an_order_of_which_nothing_is_left_is_cancelled_and_costs_nothing() {
    for shop in shops().await {
        let order = id_of(&shop.place(shop.ann, "sim:ok").await);
        let released = release(&shop, order).await;
        let none = |line: &outbound::ReleasedLine| Sent {
            order_line: line.order_line,
            quantity: Quantity::NONE,
            lots: Vec::new(),
            short: Some(ShortReason::Damaged),
        };
        let sent = released.lines.iter().map(none).collect();
        let settlement = close(&shop, &released, sent).await;
        shop.do_payments().await;

        assert_eq!(settlement.amount, Money::ZERO);
        let seen = shop.get(DESK, &format!("/orders/{order}")).await.ok();
        assert_eq!((&seen["state"], &seen["reason"]), (&json!("cancelled"), &json!("nothing_to_send")));
        assert_eq!(shop.payment(order).await.state, PaymentState::Voided);
    }
}

#[tokio::test]
async fn what_was_released_is_not_cancelled_and_what_was_not_packed_does_not_leave() {
    for shop in shops().await {
        let order = id_of(&shop.place(shop.ann, "sim:ok").await);
        let early = shop
            .run(async move |tx, stamp| outbound::dispatch(tx, stamp, &[order]).await.map_err(|e| e.to_string()))
            .await;
        assert_eq!(early.unwrap_err(), "the order is accepted, not ready to be dispatched");

        let released = release(&shop, order).await;
        let late = shop.post(Who::Customer(shop.ann.customer), &format!("/orders/{order}/cancel"), json!({})).await;
        assert_eq!(late.code(), (409, "orders/not-ready"));
        let sent = pick(&shop, &released, 1_200).await;
        close(&shop, &released, sent.clone()).await;
        let note = released.note;
        let twice = shop
            .run(async move |tx, stamp| outbound::close(tx, stamp, note, &sent).await.map_err(|e| e.to_string()))
            .await;
        assert!(twice.unwrap_err().ends_with("is closed"));
    }
}

#[tokio::test]
async fn a_cancelled_order_gives_everything_back() {
    for shop in shops().await {
        let order = id_of(&shop.place(shop.ann, "sim:ok").await);
        let path = format!("/orders/{order}/cancel");
        let cancelled = shop.post_once(Who::Customer(shop.ann.customer), &path, json!({}), "cancel-1").await.ok();
        let replayed = shop.post_once(Who::Customer(shop.ann.customer), &path, json!({}), "cancel-1").await.ok();
        shop.do_payments().await;

        assert_eq!((&cancelled["reason"], &cancelled), (&json!(CancelReason::ByCustomer.code()), &replayed));
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(10));
        assert_eq!(shop.payment(order).await.state, PaymentState::Voided);
        assert_eq!(shop.told(order).await, ["order_placed", "order_accepted", "order_cancelled"]);
    }
}

#[tokio::test]
async fn goods_that_come_back_are_given_back_in_money() {
    for shop in shops().await {
        let order = id_of(&shop.place(shop.ann, "sim:ok").await);
        let released = release(&shop, order).await;
        let sent = pick(&shop, &released, 1_500).await;
        close(&shop, &released, sent).await;
        let invoice = dispatch(&shop, order).await;

        // The capture is still on its way: the refund waits for it.
        shop.run(async move |tx, stamp| outbound::fail(tx, stamp, order, FailReason::CustomerAbsent).await.unwrap())
            .await;
        assert_eq!(state(&shop, order).await, json!(Stage::Failed.code()));
        shop.do_payments().await;

        let issued = shop.read(async move |tx| invoices::invoice(tx, invoice).await.unwrap().unwrap()).await;
        assert_eq!(issued.allowances[0].gross, issued.gross);
        let payment = shop.payment(order).await;
        assert_eq!((payment.captured, payment.refunded), (Money(805), Money(805)));
        assert_eq!(shop.owed(order).await, Money::ZERO);
    }
}
