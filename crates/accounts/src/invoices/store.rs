//! SQL of invoices.

use ::store::{FromRow, Param, Result, Row, StoreError, Tx, args, coded, row, sql};
use kernel::{
    AllowanceId, Base, Currency, CustomerId, CustomerOrderId, Date, EntryId, Exactness, Instant, InvoiceId, Money,
    OrderLineId, Price, Quantity, SiteId, Stamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Allowance, AllowanceLine, Handling, Invoice, InvoicePeriod, InvoiceRefusal, InvoiceState, Issued, Line, LineKind,
    NewInvoice,
};
use crate::{TaxClass, tax::ClassTotal};

coded!(LineKind, InvoiceState);

/// Where a line of an order stands on its invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRef {
    pub invoice: InvoiceId,
    pub line: i64,
    pub gross: Money,
    pub allowed: Money,
}

/// A document that the tax office has yet to hear of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingUpload {
    pub seq: i64,
    pub invoice: InvoiceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowance: Option<AllowanceId>,
    /// `issue`, `void` or `allowance`.
    pub what: String,
    pub at: Instant,
}

/// An invoice that is issued and waits to be written.
#[derive(Debug)]
pub(crate) struct Unwritten {
    pub(super) issued: Issued,
    pub(super) period: InvoicePeriod,
    pub(super) day: Date,
    pub(super) net: Money,
    pub(super) entry: EntryId,
    pub(super) new: NewInvoice,
    pub(super) currency: Currency,
}

/// An invoice held against other hands, with what decides about it.
pub(super) struct Locked {
    pub(super) number: String,
    pub(super) state: InvoiceState,
    pub(super) site: SiteId,
    pub(super) order: CustomerOrderId,
    pub(super) customer: CustomerId,
    pub(super) currency: Currency,
    pub(super) gross: Money,
    pub(super) entry: EntryId,
    pub(super) allowances: i64,
    pub(super) uploaded: i64,
}

/// One class of an invoice and what allowances have taken of it.
pub(super) struct Total {
    pub(super) class: TaxClass,
    pub(super) gross: Money,
    pub(super) net: Money,
    pub(super) allowed: Money,
    pub(super) allowed_net: Money,
}

/// Writes invoices whole; their entries are in the journal already.
pub(crate) async fn write(tx: &mut Tx, stamp: &Stamp, invoices: &[Unwritten]) -> Result<()> {
    tx.put_many(INSERT, invoices.iter().map(|invoice| head(stamp, invoice)).collect()).await?;
    let lines = invoices.iter().flat_map(|Unwritten { issued, new, .. }| {
        (1_i64..).zip(&new.lines).map(move |(number, line)| {
            row![
                issued.invoice,
                number,
                line.kind,
                line.order_line,
                line.sku,
                &line.name,
                line.quantity.pieces,
                line.quantity.grams,
                line.price.money,
                line.price.base.code(),
                line.gross,
                line.class.code()
            ]
        })
    });
    tx.put_many(INSERT_LINE, lines.collect()).await?;
    let totals = invoices.iter().flat_map(|Unwritten { issued, .. }| {
        issued.totals.iter().map(move |total| row![issued.invoice, total.class.code(), total.gross, total.net])
    });
    tx.put_many(INSERT_TOTAL, totals.collect()).await?;
    let uploads = invoices.iter().map(|invoice| row![invoice.issued.invoice, None::<AllowanceId>, "issue", stamp.at]);
    tx.put_many(QUEUE_UPLOAD, uploads.collect()).await
}

fn head<'a>(stamp: &Stamp, invoice: &'a Unwritten) -> [Param<'a>; 15] {
    let Unwritten { issued, period, day, net, entry, new, currency } = invoice;
    let (carrier, donation) = match &new.buyer.handling {
        Handling::Member => (None, None),
        Handling::Carrier(carrier) => (Some(carrier.as_str()), None),
        Handling::Donated(code) => (None, Some(code.as_str())),
    };
    row![
        issued.invoice,
        &issued.number,
        new.site,
        period.as_str(),
        new.order,
        new.customer,
        *currency,
        *day,
        stamp.at,
        new.buyer.tax_id.as_ref().map(customers::TaxId::as_str),
        carrier,
        donation,
        issued.gross,
        *net,
        *entry
    ]
}

pub(super) async fn queue_upload(
    tx: &mut Tx,
    stamp: &Stamp,
    invoice: InvoiceId,
    allowance: Option<AllowanceId>,
    what: &str,
) -> Result<()> {
    tx.put(QUEUE_UPLOAD, args![invoice, allowance, what, stamp.at]).await
}

/// One invoice whole, if it exists.
pub async fn invoice(tx: &mut Tx, id: InvoiceId) -> Result<Option<Invoice>> {
    match tx.optional::<Invoice>(INVOICE, args![id]).await? {
        Some(head) => whole(tx, head).await.map(Some),
        None => Ok(None),
    }
}

/// The invoice of the order at that site that is not voided, if there is one.
pub async fn live_invoice(tx: &mut Tx, order: CustomerOrderId, site: SiteId) -> Result<Option<Invoice>> {
    match tx.optional::<Invoice>(LIVE, args![order, site]).await? {
        Some(head) => whole(tx, head).await.map(Some),
        None => Ok(None),
    }
}

/// The numbers of such invoices of several orders, each at its site, asked once for all.
pub async fn live_numbers(tx: &mut Tx, orders: &[(CustomerOrderId, SiteId)]) -> Result<Vec<Option<String>>> {
    let asked: Vec<_> = orders.iter().map(|(order, site)| row![*order, *site]).collect();
    let found: Vec<Vec<Invoice>> = tx.all_many(LIVE, &asked).await?;
    Ok(found.into_iter().map(|mut heads| heads.pop().map(|head| head.number)).collect())
}

/// Every invoice of the order, voided ones too, the oldest first.
pub async fn of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<Invoice>> {
    let mut invoices = Vec::new();
    for head in tx.all::<Invoice>(OF_ORDER, args![order]).await? {
        invoices.push(whole(tx, head).await?);
    }
    Ok(invoices)
}

/// Where an order line has been invoiced, if it has: what a remedy takes its allowance from.
pub async fn line_of_order_line(tx: &mut Tx, order_line: OrderLineId) -> Result<Option<LineRef>> {
    let found = tx.optional::<(InvoiceId, i64, Money, Money)>(LINE_OF_ORDER_LINE, args![order_line]).await?;
    Ok(found.map(|(invoice, line, gross, allowed)| LineRef { invoice, line, gross, allowed }))
}

/// Documents that wait for their upload, the oldest first.
pub async fn pending_uploads(tx: &mut Tx, limit: i64) -> Result<Vec<PendingUpload>> {
    type Pending = (i64, InvoiceId, Option<AllowanceId>, String, Instant);
    let rows = tx.all::<Pending>(PENDING_UPLOADS, args![limit]).await?;
    let pending = |(seq, invoice, allowance, what, at)| PendingUpload { seq, invoice, allowance, what, at };
    Ok(rows.into_iter().map(pending).collect())
}

/// The tax office has the document. From here on an invoice cannot be voided.
pub async fn mark_uploaded(tx: &mut Tx, seq: i64) -> Result<(), InvoiceRefusal> {
    // The invoice's own row is taken first, as a void takes it: one of the two comes second and sees the other.
    let invoice = tx.optional::<InvoiceId>(UPLOAD_OF, args![seq]).await?;
    let invoice = invoice.ok_or(InvoiceRefusal::NotWaiting { seq })?;
    locked(tx, invoice).await?;
    if tx.execute(SENT, args![seq]).await? == 1 { Ok(()) } else { Err(InvoiceRefusal::NotWaiting { seq }) }
}

pub(super) async fn locked(tx: &mut Tx, id: InvoiceId) -> Result<Option<Locked>> {
    type Row = (String, InvoiceState, SiteId, CustomerOrderId, CustomerId, Currency, Money, EntryId);
    let Some(found) = tx.optional::<Row>(LOCKED, args![id]).await? else { return Ok(None) };
    let (number, state, site, order, customer, currency, gross, entry) = found;
    let (allowances, uploaded) = tx.one::<(i64, i64)>(LATER, args![id]).await?;
    Ok(Some(Locked { number, state, site, order, customer, currency, gross, entry, allowances, uploaded }))
}

pub(super) async fn lines(tx: &mut Tx, id: InvoiceId) -> Result<Vec<Line>> {
    tx.all(LINES, args![id]).await
}

pub(super) async fn totals(tx: &mut Tx, id: InvoiceId) -> Result<Vec<Total>> {
    tx.all(TOTALS, args![id]).await
}

type AllowanceRow = (AllowanceId, i64, Date, String, Money, Money);

async fn whole(tx: &mut Tx, mut invoice: Invoice) -> Result<Invoice> {
    invoice.lines = lines(tx, invoice.id).await?;
    invoice.totals = totals(tx, invoice.id).await?.into_iter().map(Total::issued).collect();
    for (id, nth, day, reason, gross, net) in tx.all::<AllowanceRow>(ALLOWANCES, args![invoice.id]).await? {
        let number = format!("{}-{nth}", invoice.number);
        let lines = tx.all::<AllowanceLine>(ALLOWANCE_LINES, args![id]).await?;
        invoice.allowances.push(Allowance { id, number, day, reason, gross, net, tax: gross - net, lines });
    }
    Ok(invoice)
}

impl Total {
    fn issued(self) -> ClassTotal {
        ClassTotal { class: self.class, gross: self.gross, net: self.net, tax: self.gross - self.net }
    }
}

fn read_class(row: &Row<'_>, at: usize) -> Result<TaxClass> {
    let code = row.get::<String>(at)?;
    TaxClass::from_code(&code).ok_or_else(|| impossible("class", code))
}

/// What an invoice shows has been weighed: its quantities are exact.
fn quantity(row: &Row<'_>, at: usize) -> Result<Quantity> {
    Ok(Quantity { pieces: row.get(at)?, grams: row.get(at + 1)?, exactness: Exactness::Exact })
}

fn impossible(column: &str, found: String) -> StoreError {
    StoreError::Impossible { statement: "accounts::invoices", column: column.to_owned(), found }
}

impl FromRow for Invoice {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (gross, net) = (row.get::<Money>(12)?, row.get::<Money>(13)?);
        Ok(Self {
            id: row.get(0)?,
            number: row.get(1)?,
            site: row.get(2)?,
            order: row.get(3)?,
            customer: row.get(4)?,
            currency: row.get(5)?,
            day: row.get(6)?,
            at: row.get(7)?,
            state: row.get(8)?,
            buyer_tax_id: row.get(9)?,
            carrier: row.get(10)?,
            donation: row.get(11)?,
            gross,
            net,
            tax: gross - net,
            lines: Vec::new(),
            totals: Vec::new(),
            allowances: Vec::new(),
            entry: row.get(14)?,
        })
    }
}

impl FromRow for Line {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let base = row.get::<String>(8)?;
        let base = Base::from_code(&base).ok_or_else(|| impossible("price_base", base))?;
        Ok(Self {
            line: row.get(0)?,
            kind: row.get(1)?,
            order_line: row.get(2)?,
            sku: row.get(3)?,
            name: row.get(4)?,
            quantity: quantity(row, 5)?,
            price: Price { money: row.get(7)?, base },
            gross: row.get(9)?,
            class: read_class(row, 10)?,
            allowed: row.get(11)?,
        })
    }
}

impl FromRow for Total {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            class: read_class(row, 0)?,
            gross: row.get(1)?,
            net: row.get(2)?,
            allowed: row.get(3)?,
            allowed_net: row.get(4)?,
        })
    }
}

impl FromRow for AllowanceLine {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let taken = quantity(row, 1)?;
        let counted = taken.pieces.is_some() || taken.grams.is_some();
        Ok(Self { line: row.get(0)?, quantity: counted.then_some(taken), gross: row.get(3)? })
    }
}

sql! {
    INSERT = "INSERT INTO invoice (id, number, site, period, customer_order, customer, currency, day, at, buyer_tax_id,
                                   carrier, donation, gross, net, state, entry)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'issued', $15)";

    INSERT_LINE = "INSERT INTO invoice_line (invoice, line, kind, order_line, sku, name, pieces, grams, price,
                                             price_base, gross, class)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

    INSERT_TOTAL = "INSERT INTO invoice_total (invoice, class, gross, net) VALUES ($1, $2, $3, $4)";

    QUEUE_UPLOAD = "INSERT INTO invoice_upload (invoice, allowance, what, state, at)
                    VALUES ($1, $2, $3, 'pending', $4)";

    INVOICE = "SELECT id, number, site, customer_order, customer, currency, day, at, state, buyer_tax_id, carrier,
                      donation, gross, net, entry
               FROM invoice
               WHERE id = $1";

    /// Index `invoice_live`.
    LIVE = "SELECT id, number, site, customer_order, customer, currency, day, at, state, buyer_tax_id, carrier,
                   donation, gross, net, entry
            FROM invoice
            WHERE customer_order = $1 AND site = $2 AND state = 'issued'";

    /// Index `invoice_order`.
    OF_ORDER = "SELECT id, number, site, customer_order, customer, currency, day, at, state, buyer_tax_id, carrier,
                       donation, gross, net, entry
                FROM invoice
                WHERE customer_order = $1
                ORDER BY at, id";

    LOCKED = "SELECT number, state, site, customer_order, customer, currency, gross, entry
              FROM invoice
              WHERE id = $1 {lock}";

    LATER = "SELECT (SELECT COUNT(*) FROM allowance WHERE invoice = $1),
                    (SELECT COUNT(*) FROM invoice_upload WHERE invoice = $1 AND state = 'sent')";

    LINES = "SELECT line, kind, order_line, sku, name, pieces, grams, price, price_base, gross, class, allowed
             FROM invoice_line
             WHERE invoice = $1
             ORDER BY line";

    TOTALS = "SELECT class, gross, net, allowed, allowed_net FROM invoice_total WHERE invoice = $1 ORDER BY class";

    ALLOWANCES = "SELECT id, nth, day, reason, gross, net FROM allowance WHERE invoice = $1 ORDER BY nth";

    ALLOWANCE_LINES = "SELECT line, pieces, grams, gross FROM allowance_line WHERE allowance = $1 ORDER BY line";

    /// Index `invoice_line_order_line`.
    LINE_OF_ORDER_LINE = "SELECT l.invoice, l.line, l.gross, l.allowed
                          FROM invoice_line l
                          JOIN invoice i ON i.id = l.invoice
                          WHERE l.order_line = $1 AND l.kind = 'goods' AND i.state = 'issued'";

    pub(super) VOID = "UPDATE invoice SET state = 'voided' WHERE id = $1 AND state = 'issued'";

    pub(super) INSERT_ALLOWANCE = "INSERT INTO allowance (id, invoice, nth, day, at, reason, gross, net, entry)
                                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    pub(super) INSERT_ALLOWANCE_LINE = "INSERT INTO allowance_line (allowance, line, pieces, grams, gross)
                                        VALUES ($1, $2, $3, $4, $5)";

    pub(super) ALLOW_LINE = "UPDATE invoice_line
                             SET allowed = allowed + $3
                             WHERE invoice = $1 AND line = $2 AND allowed + $3 <= gross";

    pub(super) ALLOW_TOTAL = "UPDATE invoice_total
                              SET allowed = allowed + $3, allowed_net = allowed_net + $4
                              WHERE invoice = $1 AND class = $2 AND allowed + $3 <= gross";

    /// Index `invoice_upload_pending`.
    PENDING_UPLOADS = "SELECT seq, invoice, allowance, what, at
                       FROM invoice_upload
                       WHERE state = 'pending'
                       ORDER BY seq
                       LIMIT $1";

    UPLOAD_OF = "SELECT invoice FROM invoice_upload WHERE seq = $1";

    SENT = "UPDATE invoice_upload SET state = 'sent' WHERE seq = $1 AND state = 'pending'";
}
