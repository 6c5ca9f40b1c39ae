//! SQL of supplier invoices.

use kernel::{Id, Instant, Money, PurchaseOrderLineId, SiteId, Stamp, SupplierId, SupplierInvoiceId};
use store::{FromRow, Result, Row, Tx, args, row, sql};
use uuid::Uuid;

use crate::{
    filed,
    receiving::{FoundVariance, InvoiceLine, SupplierInvoice, SupplierInvoiceState, three_way::Variance},
};

macro_rules! invoice_columns {
    () => {
        "id, supplier, site, purchase_order, number, currency, invoiced_on, net, tax, state, booked_by, booked_by_id, \
         booked_at, approved_at, paid_by, paid_by_id, paid_at"
    };
}

sql! {
    INVOICE = concat!("SELECT ", invoice_columns!(), " FROM supplier_invoice WHERE id = $1");
    /// Served by `supplier_invoice_by_site`.
    INVOICES = concat!(
        "SELECT ", invoice_columns!(), " FROM supplier_invoice
         WHERE site = $1 AND (booked_at, id) < ($2, $3) ORDER BY booked_at DESC, id DESC LIMIT $4"
    );
    INVOICES_IN_STATE = concat!(
        "SELECT ", invoice_columns!(), " FROM supplier_invoice
         WHERE site = $1 AND (booked_at, id) < ($2, $3) AND state = $5
         ORDER BY booked_at DESC, id DESC LIMIT $4"
    );
    BY_NUMBER = "SELECT id FROM supplier_invoice WHERE supplier = $1 AND number = $2";
    ADD_INVOICE = concat!(
        "INSERT INTO supplier_invoice (", invoice_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
    );
    APPROVE = "UPDATE supplier_invoice SET state = 'approved', approved_at = $2 WHERE id = $1 AND state = 'blocked'";
    WITHDRAW = "UPDATE supplier_invoice SET state = 'withdrawn' WHERE id = $1 AND state = 'blocked'";
    SET_PAID = "UPDATE supplier_invoice SET state = 'paid', paid_by = $2, paid_by_id = $3, paid_at = $4
                WHERE id = $1 AND state = 'approved'";
    INVOICE_LINES = "SELECT position, purchase_order_line, amount, money, base, value, cleared
                     FROM supplier_invoice_line WHERE invoice = $1 ORDER BY position";
    ADD_INVOICE_LINE = "INSERT INTO supplier_invoice_line (invoice, position, purchase_order_line, amount, money, base,
                                                           value, cleared)
                        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    SET_CLEARED = "UPDATE supplier_invoice_line SET cleared = $3 WHERE invoice = $1 AND position = $2";
    INVOICED = "SELECT l.amount, l.cleared, i.state
                FROM supplier_invoice_line l JOIN supplier_invoice i ON i.id = l.invoice
                WHERE l.purchase_order_line = $1 ORDER BY i.booked_at, i.id";
    VARIANCES = "SELECT variance, released_by, released_by_id, reason
                 FROM supplier_invoice_variance WHERE invoice = $1 AND position = $2 ORDER BY variance";
    FORGET_VARIANCES = "DELETE FROM supplier_invoice_variance
                        WHERE invoice = $1 AND position = $2 AND released_at IS NULL";
    ADD_VARIANCE = "INSERT INTO supplier_invoice_variance (invoice, position, variance) VALUES ($1, $2, $3)
                    ON CONFLICT (invoice, position, variance) DO NOTHING";
    RELEASE = "UPDATE supplier_invoice_variance
               SET released_by = $4, released_by_id = $5, released_at = $6, reason = $7
               WHERE invoice = $1 AND position = $2 AND variance = $3 AND released_at IS NULL";
}

/// An invoice without its lines.
struct BareInvoice(SupplierInvoice);

impl FromRow for BareInvoice {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self(SupplierInvoice {
            id: row.get(0)?,
            supplier: row.get(1)?,
            site: row.get(2)?,
            purchase_order: row.get(3)?,
            number: row.get(4)?,
            currency: row.get(5)?,
            invoiced_on: row.get(6)?,
            net: row.get(7)?,
            tax: row.get(8)?,
            state: row.get(9)?,
            booked_by: filed::actor(row, 10, INVOICE)?,
            booked_at: row.get(12)?,
            approved_at: row.get(13)?,
            paid_by: filed::actor_if_any(row, 14, INVOICE)?,
            paid_at: row.get(16)?,
            lines: Vec::new(),
        }))
    }
}

impl FromRow for InvoiceLine {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            position: row.get(0)?,
            purchase_order_line: row.get(1)?,
            amount: row.get(2)?,
            price: filed::price(row, 3)?,
            value: row.get(5)?,
            cleared: row.get(6)?,
            variances: Vec::new(),
        })
    }
}

impl FromRow for FoundVariance {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { variance: row.get(0)?, released_by: filed::actor_if_any(row, 1, VARIANCES)?, reason: row.get(3)? })
    }
}

pub(in crate::receiving) async fn invoice(tx: &mut Tx, id: SupplierInvoiceId) -> Result<Option<SupplierInvoice>> {
    let bare = tx.optional(INVOICE, args![id]).await?;
    match bare {
        Some(bare) => whole(tx, bare).await.map(Some),
        None => Ok(None),
    }
}

pub(in crate::receiving) async fn invoices(
    tx: &mut Tx,
    site: SiteId,
    state: Option<SupplierInvoiceState>,
    before: Option<(Instant, SupplierInvoiceId)>,
    limit: i64,
) -> Result<Vec<SupplierInvoice>> {
    let (at, id) = before.map_or((Instant::MAX, Uuid::max()), |(at, id)| (at, id.uuid()));
    let bare: Vec<BareInvoice> = match state {
        None => tx.all(INVOICES, args![site, at, id, limit]).await?,
        Some(state) => tx.all(INVOICES_IN_STATE, args![site, at, id, limit, state]).await?,
    };
    let mut invoices = Vec::with_capacity(bare.len());
    for invoice in bare {
        invoices.push(whole(tx, invoice).await?);
    }
    Ok(invoices)
}

async fn whole(tx: &mut Tx, BareInvoice(mut invoice): BareInvoice) -> Result<SupplierInvoice> {
    invoice.lines = tx.all(INVOICE_LINES, args![invoice.id]).await?;
    for line in &mut invoice.lines {
        line.variances = tx.all(VARIANCES, args![invoice.id, line.position]).await?;
    }
    Ok(invoice)
}

pub(in crate::receiving) async fn invoice_by_number(
    tx: &mut Tx,
    supplier: SupplierId,
    number: &str,
) -> Result<Option<SupplierInvoiceId>> {
    tx.optional(BY_NUMBER, args![supplier, number]).await
}

pub(in crate::receiving) async fn add_invoice(tx: &mut Tx, invoice: &SupplierInvoice) -> Result<()> {
    tx.put(
        ADD_INVOICE,
        args![
            invoice.id,
            invoice.supplier,
            invoice.site,
            invoice.purchase_order,
            &invoice.number,
            invoice.currency,
            invoice.invoiced_on,
            invoice.net,
            invoice.tax,
            invoice.state,
            invoice.booked_by.noun(),
            invoice.booked_by.uuid(),
            invoice.booked_at,
            invoice.approved_at,
            invoice.paid_by.map(kernel::Actor::noun),
            invoice.paid_by.and_then(kernel::Actor::uuid),
            invoice.paid_at,
        ],
    )
    .await?;
    let lines = invoice.lines.iter().map(|line| {
        row![
            invoice.id,
            line.position,
            line.purchase_order_line,
            line.amount,
            line.price.money,
            line.price.base,
            line.value,
            line.cleared,
        ]
    });
    tx.put_many(ADD_INVOICE_LINE, lines.collect()).await
}

/// Files what strays on a line now. What somebody has let pass stays on record.
pub(in crate::receiving) async fn replace_variances(
    tx: &mut Tx,
    invoice: SupplierInvoiceId,
    line: &InvoiceLine,
) -> Result<()> {
    tx.put(FORGET_VARIANCES, args![invoice, line.position]).await?;
    let rows = line.variances.iter().map(|found| row![invoice, line.position, found.variance]);
    tx.put_many(ADD_VARIANCE, rows.collect()).await
}

pub(in crate::receiving) async fn release_variance(
    tx: &mut Tx,
    stamp: &Stamp,
    invoice: SupplierInvoiceId,
    position: i64,
    variance: Variance,
    reason: &str,
) -> Result<()> {
    tx.put(RELEASE, args![invoice, position, variance, stamp.by.noun(), stamp.by.uuid(), stamp.at, reason]).await
}

pub(in crate::receiving) async fn approve(tx: &mut Tx, invoice: &SupplierInvoice) -> Result<()> {
    tx.put(APPROVE, args![invoice.id, invoice.approved_at]).await?;
    let lines = invoice.lines.iter().map(|line| row![invoice.id, line.position, line.cleared]);
    tx.put_many(SET_CLEARED, lines.collect()).await
}

pub(in crate::receiving) async fn withdraw(tx: &mut Tx, id: SupplierInvoiceId) -> Result<()> {
    tx.put(WITHDRAW, args![id]).await
}

/// Whether the invoice was payable, and is paid now.
pub(in crate::receiving) async fn set_paid(tx: &mut Tx, stamp: &Stamp, id: SupplierInvoiceId) -> Result<bool> {
    Ok(tx.execute(SET_PAID, args![id, stamp.by.noun(), stamp.by.uuid(), stamp.at]).await? == 1)
}

/// Every amount that was invoiced of a line of an order: how much, what it has cleared, and how its invoice stands.
pub(in crate::receiving) async fn invoiced_of_order_line(
    tx: &mut Tx,
    line: PurchaseOrderLineId,
) -> Result<Vec<(i64, Money, SupplierInvoiceState)>> {
    tx.all(INVOICED, args![line]).await
}
