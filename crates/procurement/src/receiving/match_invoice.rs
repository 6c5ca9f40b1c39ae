//! Three-way match 三單比對: what the supplier asks for, against what was ordered and what was accepted.
//!
//! An invoice that strays waits in the queue until somebody who did not book it lets the difference pass. What is
//! approved becomes payable; paying it is another person's act.

use std::collections::BTreeMap;

use ::events::{Object, tell};
use ::store::Tx;
use accounts::costing::{Booking, SupplierAmounts, supplier_invoiced};
use catalog::Site;
use edge::{Duty, Problem, parse};
use kernel::{
    Actor, Base, Currency, Date, Instant, Money, Price, PurchaseOrderId, PurchaseOrderLineId, Quantity, Ratio, Round,
    SiteId, Stamp, SupplierId, SupplierInvoiceId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ReceivingRefusal,
    events::{InvoicedLine, SupplierInvoiceMatched, SupplierInvoiceWithdrawn},
    papers::{Paper, papers},
    rules, store,
    three_way::Variance,
};
use crate::{
    approvals,
    contracts::{self, ContractsRefusal, PurchaseOrder, PurchaseOrderState},
    dates,
};

codes! {
    /// How far an invoice has come.
    SupplierInvoiceState {
        /// Some line strays, and nobody has let it pass.
        Blocked = "blocked",
        /// Payable.
        Approved = "approved",
        Paid = "paid",
        /// Sent back to the supplier; it counts for nothing.
        Withdrawn = "withdrawn",
    }
}

/// An invoice as the clerk enters it, for one purchase order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSupplierInvoice {
    pub purchase_order: PurchaseOrderId,
    /// The supplier's own number.
    #[schema(min_length = 1, max_length = 40)]
    pub number: String,
    #[schema(value_type = String, format = Date)]
    pub invoiced_on: Date,
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<NewInvoiceLine>,
    /// Tax on top of the lines.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub tax: Money,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvoiceLine {
    /// The line of the purchase order.
    pub purchase_order_line: PurchaseOrderLineId,
    /// In what the line is priced by: pieces, or grams.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub amount: i64,
    /// The price asked for; the order's, if none is named.
    #[serde(default)]
    pub price: Option<Price>,
}

impl NewSupplierInvoice {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.number = parse::text("number", &self.number, 1, 40)?;
        dates::plausible("invoiced_on", self.invoiced_on)?;
        parse::amount("tax", self.tax)?;
        parse::count("lines", &self.lines, 1, 100)?;
        for (at, line) in self.lines.iter().enumerate() {
            parse::within(&format!("lines/{at}/amount"), line.amount, 1, Quantity::MAX)?;
            if let Some(price) = line.price {
                parse::amount(&format!("lines/{at}/price/money"), price.money)?;
            }
        }
        Ok(self)
    }
}

/// A supplier's invoice and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SupplierInvoice {
    pub id: SupplierInvoiceId,
    pub supplier: SupplierId,
    pub site: SiteId,
    pub purchase_order: PurchaseOrderId,
    pub number: String,
    pub currency: Currency,
    #[schema(value_type = String, format = Date)]
    pub invoiced_on: Date,
    pub net: Money,
    pub tax: Money,
    pub state: SupplierInvoiceState,
    pub booked_by: Actor,
    pub booked_at: Instant,
    pub approved_at: Option<Instant>,
    pub paid_by: Option<Actor>,
    pub paid_at: Option<Instant>,
    pub lines: Vec<InvoiceLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceLine {
    pub position: i64,
    pub purchase_order_line: PurchaseOrderLineId,
    pub amount: i64,
    pub price: Price,
    pub value: Money,
    /// How much of what was booked as received it has cleared.
    pub cleared: Money,
    pub variances: Vec<FoundVariance>,
}

/// A difference, and who let it pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundVariance {
    pub variance: Variance,
    pub released_by: Option<Actor>,
    pub reason: Option<String>,
}

impl SupplierInvoice {
    /// Whether some difference still keeps it from being paid.
    pub fn waits(&self) -> bool {
        let variances = self.lines.iter().flat_map(|line| &line.variances);
        variances.into_iter().any(|found| found.variance.blocks() && found.released_by.is_none())
    }
}

/// Books an invoice and holds it against order and receipts. It is payable at once when nothing strays.
pub async fn book_invoice(
    tx: &mut Tx,
    stamp: &Stamp,
    new: NewSupplierInvoice,
) -> Result<SupplierInvoice, ReceivingRefusal> {
    let order = contracts::locked_order(tx, new.purchase_order).await?;
    let site = catalog::site(tx, order.head.site).await?;
    if store::invoice_by_number(tx, order.head.supplier, &new.number).await?.is_some() {
        return Err(ReceivingRefusal::InvoiceKnown { number: new.number });
    }
    let lines = lines(tx, &order, &new).await?;
    demand_tax(tx, &site, &order, &lines, new.tax).await?;
    let invoice = SupplierInvoice {
        id: stamp.mint(),
        supplier: order.head.supplier,
        site: site.id,
        purchase_order: order.head.id,
        number: new.number,
        currency: site.currency,
        invoiced_on: new.invoiced_on,
        net: lines.iter().map(|line| line.value).sum(),
        tax: new.tax,
        state: SupplierInvoiceState::Blocked,
        booked_by: stamp.by,
        booked_at: stamp.at,
        approved_at: None,
        paid_by: None,
        paid_at: None,
        lines,
    };
    store::add_invoice(tx, &invoice).await?;
    settle(tx, stamp, &order, invoice).await
}

/// Holds a waiting invoice against the receipts again: the goods it was ahead of may have come.
pub async fn match_again(
    tx: &mut Tx,
    stamp: &Stamp,
    id: SupplierInvoiceId,
) -> Result<SupplierInvoice, ReceivingRefusal> {
    let (order, invoice) = locked(tx, id).await?;
    match invoice.state {
        SupplierInvoiceState::Blocked => settle(tx, stamp, &order, invoice).await,
        SupplierInvoiceState::Approved | SupplierInvoiceState::Paid | SupplierInvoiceState::Withdrawn => Ok(invoice),
    }
}

/// Sends a blocked invoice back to the supplier: it asks for what is not owed, and a correct one will follow.
pub async fn withdraw(
    tx: &mut Tx,
    stamp: &Stamp,
    id: SupplierInvoiceId,
    reason: &str,
) -> Result<SupplierInvoice, ReceivingRefusal> {
    let (_, mut invoice) = locked(tx, id).await?;
    if invoice.state != SupplierInvoiceState::Blocked {
        return Err(ReceivingRefusal::NotBlocked { number: invoice.number, state: invoice.state });
    }
    store::withdraw(tx, id).await?;
    invoice.state = SupplierInvoiceState::Withdrawn;
    let body = SupplierInvoiceWithdrawn { number: invoice.number.clone(), reason: reason.to_owned() };
    tell(tx, stamp, Object::of(id), &around(&invoice), &body).await?;
    Ok(invoice)
}

/// The invoice with its order, and nobody else matches, releases or receives for that order until the transaction ends.
pub(super) async fn locked(
    tx: &mut Tx,
    id: SupplierInvoiceId,
) -> Result<(PurchaseOrder, SupplierInvoice), ReceivingRefusal> {
    let known = invoice(tx, id).await?;
    let order = contracts::locked_order(tx, known.purchase_order).await?;
    Ok((order, invoice(tx, id).await?))
}

/// Compares every line, files what strays, and makes the invoice payable when nothing stands against it.
async fn settle(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &PurchaseOrder,
    mut invoice: SupplierInvoice,
) -> Result<SupplierInvoice, ReceivingRefusal> {
    let papers = papers(tx, order).await?;
    for line in &mut invoice.lines {
        let Some(paper) = papers.get(&line.purchase_order_line) else { continue };
        let found = paper.compare(line.price)?;
        // What has been let pass stays so; what is gone is gone.
        let known = std::mem::take(&mut line.variances);
        line.variances = found
            .into_iter()
            .map(|variance| {
                let before = known.iter().find(|known| known.variance == variance).cloned();
                before.unwrap_or(FoundVariance { variance, released_by: None, reason: None })
            })
            .collect();
        store::replace_variances(tx, invoice.id, line).await?;
    }
    if invoice.waits() {
        tell_matched(tx, stamp, &invoice).await?;
        return Ok(invoice);
    }
    approve(tx, stamp, order, &papers, invoice).await
}

/// Nothing stands against the invoice any more: it becomes payable, and clears what was booked when the goods came.
/// An order that is received and invoiced to the end is closed.
pub(super) async fn approve(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &PurchaseOrder,
    papers: &BTreeMap<PurchaseOrderLineId, Paper>,
    mut invoice: SupplierInvoice,
) -> Result<SupplierInvoice, ReceivingRefusal> {
    for line in &mut invoice.lines {
        line.cleared = papers.get(&line.purchase_order_line).map_or(Money::ZERO, |paper| paper.clears(line.amount));
    }
    invoice.state = SupplierInvoiceState::Approved;
    invoice.approved_at = Some(stamp.at);
    store::approve(tx, &invoice).await?;
    let booking = Booking { site: invoice.site, currency: invoice.currency, cause: accounts::Cause::of(invoice.id) };
    let received = invoice.lines.iter().map(|line| line.cleared).sum();
    let amounts = SupplierAmounts { received, net: invoice.net, tax: invoice.tax };
    supplier_invoiced(tx, stamp, booking, invoice.supplier, invoice.id, amounts).await?;
    spend(tx, stamp, order, &invoice).await?;
    tell_matched(tx, stamp, &invoice).await?;
    close_when_settled(tx, stamp, order, papers, &invoice).await?;
    Ok(invoice)
}

/// What was committed of the budgets is spent.
async fn spend(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &PurchaseOrder,
    invoice: &SupplierInvoice,
) -> Result<(), ReceivingRefusal> {
    let mut invoiced = Vec::with_capacity(invoice.lines.len());
    for line in &invoice.lines {
        invoiced.push((order.line(line.purchase_order_line)?.sku, line.value));
    }
    approvals::spend(tx, stamp, &order.head, &invoiced).await.map_err(ContractsRefusal::from)?;
    Ok(())
}

async fn close_when_settled(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &PurchaseOrder,
    papers: &BTreeMap<PurchaseOrderLineId, Paper>,
    invoice: &SupplierInvoice,
) -> Result<(), ReceivingRefusal> {
    let amount = |line: &PurchaseOrderLineId| {
        let of_line = invoice.lines.iter().find(|invoiced| invoiced.purchase_order_line == *line);
        of_line.map_or(0, |invoiced| invoiced.amount)
    };
    let settled = papers.iter().all(|(line, paper)| paper.is_settled_with(amount(line)));
    if settled && order.head.state == PurchaseOrderState::Received {
        contracts::close(tx, stamp, order.head.id, "received and invoiced").await?;
    }
    Ok(())
}

/// The lines as they will be kept: each of the order, each once, priced by the order's base.
async fn lines(
    tx: &mut Tx,
    order: &PurchaseOrder,
    new: &NewSupplierInvoice,
) -> Result<Vec<InvoiceLine>, ReceivingRefusal> {
    let mut lines: Vec<InvoiceLine> = Vec::with_capacity(new.lines.len());
    for (asked, position) in new.lines.iter().zip(1..) {
        let agreed = order.line(asked.purchase_order_line)?;
        let sku = catalog::sku(tx, agreed.sku).await?;
        if lines.iter().any(|known| known.purchase_order_line == agreed.id) {
            return Err(ReceivingRefusal::LineTwice { sku: sku.code });
        }
        let price = asked.price.unwrap_or(agreed.price);
        if price.base != agreed.price.base {
            return Err(ReceivingRefusal::OtherBase { sku: sku.code, base: agreed.price.base.code() });
        }
        let quantity = match price.base {
            Base::Piece => Quantity::pieces(asked.amount),
            Base::Weight(_) => Quantity::grams(asked.amount),
        };
        let value = rules::worth(price, quantity, 0).ok_or(ReceivingRefusal::TooMuchMoney)?;
        lines.push(InvoiceLine {
            position,
            purchase_order_line: agreed.id,
            amount: asked.amount,
            price,
            value,
            cleared: Money::ZERO,
            variances: Vec::new(),
        });
    }
    Ok(lines)
}

/// Refuses more tax than the law puts on these goods. Less is common: small farms invoice without.
async fn demand_tax(
    tx: &mut Tx,
    site: &Site,
    order: &PurchaseOrder,
    lines: &[InvoiceLine],
    tax: Money,
) -> Result<(), ReceivingRefusal> {
    let mut most = Money::ZERO;
    for line in lines {
        let sku = catalog::sku(tx, order.line(line.purchase_order_line)?.sku).await?;
        let rate = Ratio::new(sku.tax_class(site.profile).rate_bp(), 10_000);
        let tax = rate.and_then(|rate| rate.times(line.value.minor(), Round::Up)).unwrap_or(0);
        most += Money(tax);
    }
    if tax > most { Err(ReceivingRefusal::TooMuchTax { tax, most }) } else { Ok(()) }
}

async fn tell_matched(tx: &mut Tx, stamp: &Stamp, invoice: &SupplierInvoice) -> Result<(), ReceivingRefusal> {
    let line = |line: &InvoiceLine| InvoicedLine {
        purchase_order_line: line.purchase_order_line,
        amount: line.amount,
        value: line.value,
        variances: line.variances.iter().map(|found| found.variance).collect(),
    };
    let body = SupplierInvoiceMatched {
        number: invoice.number.clone(),
        state: invoice.state,
        net: invoice.net,
        tax: invoice.tax,
        lines: invoice.lines.iter().map(line).collect(),
    };
    tell(tx, stamp, Object::of(invoice.id), &around(invoice), &body).await?;
    Ok(())
}

pub(super) fn around(invoice: &SupplierInvoice) -> [Object; 3] {
    [Object::of(invoice.purchase_order), Object::of(invoice.supplier), Object::of(invoice.site)]
}

/// What was done to an invoice and the order behind it, and by whom: duties that exclude each other are held
/// against it.
pub(super) async fn history(tx: &mut Tx, invoice: &SupplierInvoice) -> Result<Vec<(Actor, Duty)>, ReceivingRefusal> {
    let order = contracts::order(tx, invoice.purchase_order).await?;
    let mut done =
        vec![(invoice.booked_by, Duty::BookSupplierInvoices), (order.head.placed_by, Duty::PlacePurchaseOrders)];
    let weighed_by = store::weighed_by_of_order(tx, invoice.purchase_order).await?;
    done.extend(weighed_by.into_iter().map(|by| (by, Duty::ReceiveGoods)));
    Ok(done)
}

/// The invoice, which must exist.
pub async fn invoice(tx: &mut Tx, id: SupplierInvoiceId) -> Result<SupplierInvoice, ReceivingRefusal> {
    store::invoice(tx, id).await?.ok_or(ReceivingRefusal::NoSuchInvoice)
}

/// Invoices of a site, latest first; a state, if given, narrows them. Those that are blocked are the mismatch queue.
pub async fn invoices(
    tx: &mut Tx,
    site: SiteId,
    state: Option<SupplierInvoiceState>,
    before: Option<(Instant, SupplierInvoiceId)>,
    limit: i64,
) -> Result<Vec<SupplierInvoice>, ReceivingRefusal> {
    Ok(store::invoices(tx, site, state, before, limit).await?)
}
