//! Invoices: the grams of the scale, numbers without gap or double, and nothing left over.

use std::collections::BTreeSet;

use accounts::{
    Account, Cause, TaxClass,
    invoices::{
        self, Allowance, AllowanceLine, Buyer, Carrier, DonationCode, Handling, Invoice, InvoiceRefusal, InvoiceState,
        Issued, LineKind, NewAllowance, NewInvoice, NewLine, NewRange,
    },
    payments::{self, Answer, Rest},
};
use customers::TaxId;
use kernel::{InvoiceId, Money, Price, Quantity, RemedyId, Stamp};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use store::Tx;

use crate::shop::{MORNING, Shop, own_ids, shops, stamp};

async fn open_range(shop: &Shop, prefix: &str, first: i64, last: i64) -> Result<(), InvoiceRefusal> {
    let new = NewRange { period: "2026-03".to_owned(), prefix: prefix.to_owned(), first, last };
    let site = shop.taipei.id;
    shop.run(async move |tx: &mut Tx, stamp: &Stamp| invoices::open_range(tx, stamp, site, &new).await).await?;
    Ok(())
}

async fn issue(shop: &Shop, new: &NewInvoice) -> Result<Issued, InvoiceRefusal> {
    let new = new.clone();
    shop.run(async move |tx: &mut Tx, stamp: &Stamp| invoices::issue_invoice(tx, stamp, &new).await).await
}

async fn void(shop: &Shop, invoice: InvoiceId) -> Result<(), InvoiceRefusal> {
    shop.run(async move |tx: &mut Tx, stamp: &Stamp| invoices::void_invoice(tx, stamp, invoice, "wrong buyer").await)
        .await
}

async fn allow(shop: &Shop, invoice: InvoiceId, line: i64, gross: i64) -> Result<Allowance, InvoiceRefusal> {
    let new = NewAllowance {
        invoice,
        reason: "soft strawberries".to_owned(),
        cause: Cause::of(shop.mint::<RemedyId>()),
        lines: vec![AllowanceLine { line, quantity: Some(Quantity::grams(5)), gross: Money(gross) }],
    };
    shop.run(async move |tx: &mut Tx, stamp: &Stamp| invoices::issue_allowance(tx, stamp, &new).await).await
}

async fn look(shop: &Shop, invoice: InvoiceId) -> Invoice {
    shop.db.read(async move |tx: &mut Tx| invoices::invoice(tx, invoice).await).await.unwrap().unwrap()
}

fn discount(gross: i64, class: TaxClass) -> NewLine {
    NewLine {
        kind: LineKind::Discount,
        order_line: None,
        sku: None,
        name: "滿額折扣".to_owned(),
        quantity: Quantity::pieces(1),
        price: Price::per_piece(Money(gross)),
        gross: Money(gross),
        class,
    }
}

#[tokio::test]
async fn the_invoice_shows_the_grams_of_the_scale() {
    for shop in shops().await {
        open_range(&shop, "AB", 0, 99_999_999).await.unwrap();
        // 1,240 g at 60 a 台斤 are 124; 875 g at 33 are 48.125, so 48.
        let spinach = shop.spinach(1_240, 60, TaxClass::Exempt);
        let tofu = shop.spinach(875, 33, TaxClass::Taxed5);
        let (order_line, new) = (spinach.order_line.unwrap(), shop.invoice(vec![spinach, tofu]));

        let issued = issue(&shop, &new).await.unwrap();

        let invoice = look(&shop, issued.invoice).await;
        assert_eq!((issued.number.as_str(), invoice.gross, invoice.tax), ("AB00000000", Money(172), Money(2)));
        assert_eq!(invoice.lines[0].quantity, Quantity::grams(1_240));
        assert_eq!(invoice.lines[0].order_line, Some(order_line));
        assert_eq!(shop.owed(new.order).await, Money(172));
        assert_eq!(shop.on_account(Account::Sales(TaxClass::Taxed5)).await, Money(-46));
        assert_eq!(shop.on_account(Account::TaxPayable).await, Money(-2));
        let found = shop
            .db
            .read(async move |tx: &mut Tx| invoices::line_of_order_line(tx, order_line).await)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found.invoice, found.line, found.gross), (issued.invoice, 1, Money(124)));
        assert!(matches!(issue(&shop, &new).await, Err(InvoiceRefusal::AlreadyInvoiced { .. })));
    }
}

#[tokio::test]
async fn an_invoice_that_does_not_add_up_is_not_issued() {
    for shop in shops().await {
        open_range(&shop, "AB", 0, 9).await.unwrap();
        let mut dear = shop.spinach(1_000, 60, TaxClass::Exempt);
        dear.gross += Money(1);
        let cheap = || shop.spinach(600, 10, TaxClass::Taxed5);
        let foreign = shop.spinach(600, 10, TaxClass::Vat9);
        let mut donated = shop.invoice(vec![cheap()]);
        donated.buyer = Buyer {
            tax_id: Some(TaxId::new("04595257").unwrap()),
            handling: Handling::Donated(DonationCode::new("25885").unwrap()),
        };

        let refused = async |lines| issue(&shop, &shop.invoice(lines)).await.unwrap_err();

        assert!(matches!(refused(vec![dear]).await, InvoiceRefusal::LineMismatch { line: 1, .. }));
        assert!(matches!(refused(vec![foreign]).await, InvoiceRefusal::ForeignTaxClass { .. }));
        assert!(matches!(refused(Vec::new()).await, InvoiceRefusal::LineCount { count: 0 }));
        let too_much = vec![cheap(), discount(-11, TaxClass::Taxed5)];
        assert!(matches!(refused(too_much).await, InvoiceRefusal::NegativeClass { gross: Money(-1), .. }));
        let whole = vec![cheap(), discount(-10, TaxClass::Taxed5)];
        assert!(matches!(refused(whole).await, InvoiceRefusal::NothingToInvoice));
        assert!(matches!(issue(&shop, &donated).await, Err(InvoiceRefusal::DonatedByBusiness)));
        assert_eq!(issue(&shop, &shop.invoice(vec![cheap()])).await.unwrap().number, "AB00000000");
    }
}

#[tokio::test]
async fn a_buyer_is_named_on_the_invoice() {
    for shop in shops().await {
        open_range(&shop, "AB", 0, 9).await.unwrap();
        let mut new = shop.invoice(vec![shop.spinach(600, 10, TaxClass::Taxed5)]);
        new.buyer = Buyer {
            tax_id: Some(TaxId::new("04595257").unwrap()),
            handling: Handling::Carrier(Carrier::new("/ABC+123").unwrap()),
        };

        let issued = issue(&shop, &new).await.unwrap();

        let invoice = look(&shop, issued.invoice).await;
        assert_eq!(invoice.buyer_tax_id.as_deref(), Some("04595257"));
        assert_eq!((invoice.carrier.as_deref(), invoice.donation), (Some("/ABC+123"), None));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_writers_leave_no_gap_and_no_double() {
    for shop in shops().await {
        open_range(&shop, "AB", 100, 139).await.unwrap();
        open_range(&shop, "CD", 500, 999).await.unwrap();

        let mut writers = Vec::new();
        for writer in 0..16 {
            let (db, ids) = (shop.db.clone(), own_ids());
            let drafts: Vec<_> = (0..8).map(|_| shop.invoice(vec![shop.spinach(600, 10, TaxClass::Exempt)])).collect();
            writers.push(tokio::spawn(async move {
                let mut numbers = Vec::new();
                for (nth, draft) in drafts.into_iter().enumerate() {
                    let stamp = stamp(&ids, MORNING);
                    // Some change their mind when they have the number already: it goes to another.
                    let regrets = (writer + nth) % 5 == 0;
                    let issued = db
                        .write(async move |tx: &mut Tx| {
                            let stamp = stamp.again();
                            let issued = invoices::issue_invoice(tx, &stamp, &draft).await?;
                            if regrets { Err(InvoiceRefusal::NothingToInvoice) } else { Ok(issued) }
                        })
                        .await;
                    match issued {
                        Ok(issued) => numbers.push(issued.number),
                        Err(InvoiceRefusal::NothingToInvoice) => assert!(regrets),
                        Err(other) => panic!("{other}"),
                    }
                }
                numbers
            }));
        }
        let mut numbers = Vec::new();
        for writer in writers {
            numbers.extend(writer.await.unwrap());
        }

        let distinct: BTreeSet<&String> = numbers.iter().collect();
        assert_eq!(distinct.len(), numbers.len());
        let expected: BTreeSet<String> = (100..140)
            .map(|number| format!("AB{number:08}"))
            .chain((500..).map(|number| format!("CD{number:08}")))
            .take(numbers.len())
            .collect();
        assert_eq!(numbers.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}

#[tokio::test]
async fn exhausted_numbers_are_told_before_anything_is_booked() {
    for shop in shops().await {
        open_range(&shop, "AB", 7, 7).await.unwrap();
        assert!(matches!(open_range(&shop, "AB", 0, 7).await, Err(InvoiceRefusal::RangeOverlaps { .. })));
        assert!(matches!(open_range(&shop, "ab", 0, 1).await, Err(InvoiceRefusal::BadRange { .. })));
        issue(&shop, &shop.invoice(vec![shop.spinach(600, 10, TaxClass::Exempt)])).await.unwrap();

        let new = shop.invoice(vec![shop.spinach(600, 10, TaxClass::Exempt)]);
        let refused = issue(&shop, &new).await;

        assert!(matches!(refused, Err(InvoiceRefusal::NumbersExhausted { period }) if period == "2026-03"));
        assert_eq!(shop.owed(new.order).await, Money::ZERO);
        // The next two months have no range of their own yet.
        let may = MORNING.plus_minutes(40 * 24 * 60);
        let late = new.clone();
        let refused = shop
            .run_at(may, async move |tx: &mut Tx, stamp: &Stamp| invoices::issue_invoice(tx, stamp, &late).await)
            .await;
        assert!(matches!(refused, Err(InvoiceRefusal::NumbersExhausted { period }) if period == "2026-05"));
    }
}

#[tokio::test]
async fn the_mainland_counts_on_and_on() {
    for shop in shops().await {
        for expected in ["CN00000001", "CN00000002"] {
            let mut new = shop.invoice(vec![shop.spinach(1_200, 1_090, TaxClass::Vat9)]);
            new.site = shop.shanghai.id;

            let issued = issue(&shop, &new).await.unwrap();

            assert_eq!(issued.number, expected);
            assert_eq!((issued.totals[0].net, issued.totals[0].tax), (Money(2_000), Money(180)));
        }
    }
}

#[tokio::test]
async fn a_void_is_as_if_it_had_never_been() {
    for shop in shops().await {
        open_range(&shop, "AB", 0, 9).await.unwrap();
        let new = shop.invoice(vec![shop.spinach(600, 105, TaxClass::Taxed5)]);
        let issued = issue(&shop, &new).await.unwrap();

        void(&shop, issued.invoice).await.unwrap();

        assert_eq!(shop.owed(new.order).await, Money::ZERO);
        assert_eq!(shop.on_account(Account::TaxPayable).await, Money::ZERO);
        assert_eq!(look(&shop, issued.invoice).await.state, InvoiceState::Voided);
        assert!(matches!(void(&shop, issued.invoice).await, Err(InvoiceRefusal::Voided { .. })));
        assert_eq!(issue(&shop, &new).await.unwrap().number, "AB00000001");
    }
}

#[tokio::test]
async fn an_uploaded_invoice_is_answered_with_an_allowance() {
    for shop in shops().await {
        open_range(&shop, "AB", 0, 9).await.unwrap();
        let new = shop.invoice(vec![shop.spinach(600, 105, TaxClass::Taxed5)]);
        let issued = issue(&shop, &new).await.unwrap();
        let waiting = shop.db.read(async move |tx: &mut Tx| invoices::pending_uploads(tx, 9).await).await.unwrap();
        let seq = waiting[0].seq;
        shop.db.write(async move |tx: &mut Tx| invoices::mark_uploaded(tx, seq).await).await.unwrap();

        let refused = void(&shop, issued.invoice).await;
        let allowance = allow(&shop, issued.invoice, 1, 21).await.unwrap();

        assert!(matches!(refused, Err(InvoiceRefusal::AlreadyUploaded { .. })));
        assert_eq!((allowance.number.as_str(), allowance.net, allowance.tax), ("AB00000000-1", Money(20), Money(1)));
        assert_eq!(shop.owed(new.order).await, Money(84));
        assert_eq!(shop.on_account(Account::Refunds).await, Money(20));
        let waiting = shop.db.read(async move |tx: &mut Tx| invoices::pending_uploads(tx, 9).await).await.unwrap();
        assert_eq!(waiting.iter().map(|one| one.what.as_str()).collect::<Vec<_>>(), ["allowance"]);
    }
}

#[tokio::test]
async fn an_invoice_taken_back_coin_by_coin_leaves_no_tax() {
    for shop in shops().await {
        open_range(&shop, "AB", 0, 9).await.unwrap();
        let new = shop.invoice(vec![
            shop.spinach(600, 31, TaxClass::Taxed5),
            shop.spinach(600, 12, TaxClass::Taxed5),
            discount(-3, TaxClass::Taxed5),
        ]);
        let issued = issue(&shop, &new).await.unwrap();

        for _ in 0..31 {
            allow(&shop, issued.invoice, 1, 1).await.unwrap();
        }
        assert!(matches!(allow(&shop, issued.invoice, 1, 1).await, Err(InvoiceRefusal::AboveLine { .. })));
        assert!(matches!(allow(&shop, issued.invoice, 3, 1).await, Err(InvoiceRefusal::UnknownLine { line: 3 })));
        // The discount was never paid, so it cannot be paid back.
        assert!(matches!(
            allow(&shop, issued.invoice, 2, 10).await,
            Err(InvoiceRefusal::AboveClass { left: Money(9), .. })
        ));
        allow(&shop, issued.invoice, 2, 9).await.unwrap();

        assert_eq!(shop.owed(new.order).await, Money::ZERO);
        assert_eq!(shop.on_account(Account::TaxPayable).await, Money::ZERO);
        assert!(matches!(void(&shop, issued.invoice).await, Err(InvoiceRefusal::HasAllowances { .. })));
        assert_eq!(look(&shop, issued.invoice).await.allowances.len(), 32);
    }
}

/// Settles an order as the day does: authorised, weighed, invoiced, captured, and here and there paid back.
async fn settled(shop: &Shop, new: &NewInvoice, bound: i64, allowances: &[(usize, i64)]) -> (Money, Money, Money) {
    let mut payment = shop.payment(bound, "sim:ok");
    payment.order = new.order;
    payment.customer = new.customer;
    let yes = || Answer::Done { provider_reference: "p-1".to_owned(), fee: Money::ZERO };
    let settle = async |job| {
        let answer = yes();
        shop.run(async move |tx: &mut Tx, stamp: &Stamp| payments::settle(tx, stamp, job, &answer).await).await.unwrap()
    };
    let asked = payment.clone();
    let intent =
        shop.run(async move |tx: &mut Tx, stamp: &Stamp| payments::request(tx, stamp, &asked).await).await.unwrap();
    settle(intent.job).await;
    let issued = issue(shop, new).await.unwrap();
    let (id, gross) = (intent.payment, issued.gross);
    let capture = shop
        .run(async move |tx: &mut Tx, stamp: &Stamp| {
            payments::intend_capture(tx, stamp, id, gross, Rest::Released).await
        })
        .await
        .unwrap();
    settle(capture.job).await;
    let mut allowed = Money::ZERO;
    for (line, wanted) in allowances {
        let line = i64::try_from(line % new.lines.len()).unwrap() + 1;
        let Ok(allowance) = allow(shop, issued.invoice, line, *wanted).await else { continue };
        let amount = allowance.gross;
        let refund = shop
            .run(async move |tx: &mut Tx, stamp: &Stamp| payments::intend_refund(tx, stamp, id, amount).await)
            .await
            .unwrap();
        settle(refund.job).await;
        allowed += amount;
    }
    let after = shop.db.read(async move |tx: &mut Tx| payments::payment(tx, id).await).await.unwrap().unwrap();
    (issued.gross - allowed, after.captured, after.refunded)
}

#[test]
fn what_was_charged_less_refunded_is_what_the_lines_say() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shops = runtime.block_on(shops());
    for shop in &shops {
        runtime.block_on(open_range(shop, "AB", 0, 99_999)).unwrap();
        let class = prop_oneof![Just(TaxClass::Taxed5), Just(TaxClass::Exempt), Just(TaxClass::Zero)];
        let line = (1_i64..5_000, 1_i64..400, class, 0_i64..3);
        let orders = (
            proptest::collection::vec(line, 1..8),
            0_i64..200,
            proptest::collection::vec((0_usize..16, 1_i64..300), 0..6),
        );
        let mut runner = TestRunner::new(Config { cases: 40, ..Config::default() });
        let law = runner.run(&orders, |(weighed, fee, allowances)| {
            let mut lines = Vec::new();
            for (grams, price, class, off) in weighed {
                let goods = shop.spinach(grams, price, class);
                if goods.gross > Money(off) && off > 0 {
                    lines.push(discount(-off, class));
                }
                lines.push(goods);
            }
            lines.push(NewLine { kind: LineKind::Fee, ..discount(fee, TaxClass::Taxed5) });
            let gross: Money = lines.iter().map(|line| line.gross).sum();
            prop_assume!(gross > Money::ZERO);
            let new = shop.invoice(lines);

            let bound = gross.minor() + 50;
            let (final_lines, charged, refunded) = runtime.block_on(settled(shop, &new, bound, &allowances));

            prop_assert_eq!(final_lines, charged - refunded);
            prop_assert_eq!(runtime.block_on(shop.owed(new.order)), Money::ZERO);
            Ok(())
        });
        law.unwrap();
        assert_eq!(runtime.block_on(shop.journal_sum(shop.taipei.id)), 0);
    }
}
