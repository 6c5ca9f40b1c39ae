//! After the match: a difference is let pass by somebody who did not book it, and the money goes out by a third hand.

use ::events::{Object, tell};
use ::store::Tx;
use accounts::{Account, Entry, Posting};
use edge::{Duty, Problem, parse};
use identity::may;
use kernel::{Stamp, SupplierInvoiceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ReceivingRefusal,
    events::{SupplierInvoicePaid, VarianceReleased},
    match_invoice::{self, SupplierInvoice, SupplierInvoiceState},
    papers::papers,
    store,
    three_way::Variance,
};

/// Why somebody lets a difference pass, or sends an invoice back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceReason {
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl InvoiceReason {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.reason = parse::text("reason", &self.reason, 1, 500)?;
        Ok(self)
    }
}

/// Which differences somebody may let pass: the buyer those of quantity, finance those of price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    Quantity,
    Price,
}

impl Released {
    const fn duty(self) -> Duty {
        match self {
            Self::Quantity => Duty::ReleaseInvoiceQuantity,
            Self::Price => Duty::ReleaseInvoicePrice,
        }
    }

    const fn covers(self, variance: Variance) -> bool {
        match (self, variance) {
            (Self::Quantity, Variance::OverReceipt | Variance::QuantityAboveReceipt)
            | (Self::Price, Variance::PriceAboveOrder) => true,
            // An invoice that is ahead of all its goods waits for them: nobody lets that pass.
            (
                Self::Quantity | Self::Price,
                Variance::OverReceipt
                | Variance::NothingReceived
                | Variance::QuantityAboveReceipt
                | Variance::PriceAboveOrder
                | Variance::PriceBelowOrder,
            ) => false,
        }
    }
}

/// Lets the differences of one kind pass. The invoice becomes payable when no other is left.
pub async fn release(
    tx: &mut Tx,
    stamp: &Stamp,
    id: SupplierInvoiceId,
    released: Released,
    new: InvoiceReason,
) -> Result<SupplierInvoice, ReceivingRefusal> {
    let (order, mut invoice) = match_invoice::locked(tx, id).await?;
    may(&[(invoice.booked_by, Duty::BookSupplierInvoices)], stamp.by, released.duty())?;
    let mut variances = Vec::new();
    for line in &mut invoice.lines {
        let waiting = |found: &&mut match_invoice::FoundVariance| {
            found.released_by.is_none() && found.variance.blocks() && released.covers(found.variance)
        };
        for found in line.variances.iter_mut().filter(waiting) {
            found.released_by = Some(stamp.by);
            found.reason = Some(new.reason.clone());
            variances.push((line.position, found.variance));
        }
    }
    if invoice.state != SupplierInvoiceState::Blocked || variances.is_empty() {
        return Err(ReceivingRefusal::NothingToRelease { number: invoice.number });
    }

    for (position, variance) in &variances {
        store::release_variance(tx, stamp, id, *position, *variance, &new.reason).await?;
    }
    let body = VarianceReleased {
        number: invoice.number.clone(),
        variances: variances.into_iter().map(|(_, variance)| variance).collect(),
        reason: new.reason,
    };
    tell(tx, stamp, Object::of(id), &match_invoice::around(&invoice), &body).await?;
    if invoice.waits() {
        return Ok(invoice);
    }
    let papers = papers(tx, &order).await?;
    match_invoice::approve(tx, stamp, &order, &papers, invoice).await
}

/// Marks an approved invoice as paid and books the money out. Nobody pays what they booked, ordered or received.
pub async fn pay(tx: &mut Tx, stamp: &Stamp, id: SupplierInvoiceId) -> Result<SupplierInvoice, ReceivingRefusal> {
    let mut invoice = match_invoice::invoice(tx, id).await?;
    may(&match_invoice::history(tx, &invoice).await?, stamp.by, Duty::PaySuppliers)?;
    if invoice.state != SupplierInvoiceState::Approved || !store::set_paid(tx, stamp, id).await? {
        return Err(ReceivingRefusal::NotPayable { number: invoice.number, state: invoice.state });
    }
    let owed = invoice.net + invoice.tax;
    let memo = format!("supplier invoice {} paid", invoice.number);
    let entry = Entry::new(invoice.site, invoice.currency, accounts::Cause::of(id), memo)
        .with(Posting::debit(Account::SupplierPayable, owed).party(invoice.supplier))
        // What leaves the bank account goes through the same clearing as what reaches it.
        .with(Posting::credit(Account::ProviderClearing, owed));
    if !entry.postings.is_empty() {
        accounts::post(tx, stamp, &entry).await?;
    }
    invoice.state = SupplierInvoiceState::Paid;
    invoice.paid_by = Some(stamp.by);
    invoice.paid_at = Some(stamp.at);
    let body = SupplierInvoicePaid { number: invoice.number.clone(), amount: owed };
    tell(tx, stamp, Object::of(id), &match_invoice::around(&invoice), &body).await?;
    Ok(invoice)
}
