//! One order from the dock to the result, and what it was worth.

use accounts::{
    Account, Cause, TaxClass, WasteCause, contribution,
    costing::{self, Booking, Goods, OrderCost, SupplierAmounts},
    invoices::{self, NewRange},
    journal,
    payments::{self, Answer, Rest},
};
use kernel::{LotId, Money, PurchaseOrderId, SkuId, Stamp, SupplierId, SupplierInvoiceId};
use store::Tx;

use crate::shop::shops;

#[tokio::test]
async fn an_order_is_worth_what_the_journal_says() {
    for shop in shops().await {
        let site = shop.taipei.id;
        let range = NewRange { period: "2026-03".to_owned(), prefix: "AB".to_owned(), first: 0, last: 9 };
        shop.run(async move |tx: &mut Tx, stamp: &Stamp| invoices::open_range(tx, stamp, site, &range).await)
            .await
            .unwrap();
        // A lot of 1,000 came in and 310 of it go out with the order; 90 of it spoil.
        let (supplier, sku, lot) = (shop.mint::<SupplierId>(), shop.mint::<SkuId>(), shop.mint::<LotId>());
        let cause = Cause::of(shop.mint::<PurchaseOrderId>());
        let booking = Booking { site, currency: shop.taipei.currency, cause };
        let goods = move |cost| [Goods { sku, lot, cost: Money(cost) }];
        // 525 taxed: 500 net.
        let new = shop.invoice(vec![shop.spinach(600, 525, TaxClass::Taxed5)]);
        let (order, invoice) = (new.order, new.clone());
        let mut payment = shop.payment(600, "sim:ok");
        payment.order = new.order;
        payment.customer = new.customer;
        let bill = shop.mint::<SupplierInvoiceId>();

        shop.run(async move |tx: &mut Tx, stamp: &Stamp| {
            costing::goods_received(tx, stamp, booking, supplier, &goods(1_000)).await?;
            costing::goods_sold(tx, stamp, booking, order, &goods(310)).await?;
            costing::waste(tx, stamp, booking, WasteCause::Spoilage, &goods(90)).await?;
            let minutes = contribution::labour(9, Money(4));
            let costs =
                [(OrderCost::Packaging, Money(12)), (OrderCost::Labour, minutes), (OrderCost::Delivery, Money(48))];
            costing::cost_of_order(tx, stamp, booking, order, &costs).await?;
            let amounts = SupplierAmounts { received: Money(1_000), net: Money(1_004), tax: Money(50) };
            costing::supplier_invoiced(tx, stamp, booking, supplier, bill, amounts).await
        })
        .await
        .unwrap();
        shop.run(async move |tx: &mut Tx, stamp: &Stamp| {
            let done = |fee| Answer::Done { provider_reference: "p".to_owned(), fee: Money(fee) };
            let asked = payments::request(tx, stamp, &payment).await?;
            payments::settle(tx, stamp, asked.job, &done(0)).await?;
            let captured = payments::intend_capture(tx, stamp, asked.payment, Money(525), Rest::Released).await?;
            payments::settle(tx, stamp, captured.job, &done(8)).await
        })
        .await
        .unwrap();
        shop.run(async move |tx: &mut Tx, stamp: &Stamp| invoices::issue_invoice(tx, stamp, &invoice).await)
            .await
            .unwrap();

        let (worth, left) = shop
            .db
            .read(async move |tx: &mut Tx| {
                Ok::<_, store::StoreError>((
                    contribution::of_order(tx, order).await?,
                    journal::value_of_lot(tx, lot).await?,
                ))
            })
            .await
            .unwrap();
        // 500 − 310 − 12 − 36 − 48 − 8
        assert_eq!(worth.total(), Money(86));
        assert_eq!(left, Money(600));
        assert_eq!(shop.owed(order).await, Money::ZERO);
        assert_eq!(shop.on_account(Account::SupplierPayable).await, Money(-1_054));
        assert_eq!(shop.on_account(Account::GoodsReceivedNotInvoiced).await, Money::ZERO);
        assert_eq!(shop.journal_sum(site).await, 0);
        // Contribution less waste and variance is the result of the day.
        let (from, to) = ("2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap());
        let lines =
            shop.db.read(async move |tx: &mut Tx| journal::trial_balance(tx, site, from, to).await).await.unwrap();
        let result: i64 = lines
            .iter()
            .filter(|line| line.statement == accounts::Statement::Result)
            .map(|line| -line.balance.minor())
            .sum();
        assert_eq!(result, 86 - 90 - 4);
    }
}
