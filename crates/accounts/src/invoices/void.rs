//! Voiding 作廢: as if it had never been, which only the time before the upload allows.

use ::store::{Tx, args};
use events::Object;
use kernel::{InvoiceId, Stamp};

use super::{InvoiceRefusal, InvoiceState, events::InvoiceVoided, store};
use crate::{Cause, journal};

/// Voids an invoice and posts its mirror. Its number stays used.
pub async fn void_invoice(tx: &mut Tx, stamp: &Stamp, invoice: InvoiceId, reason: &str) -> Result<(), InvoiceRefusal> {
    let locked = store::locked(tx, invoice).await?.ok_or(InvoiceRefusal::UnknownInvoice { invoice })?;
    match locked.state {
        InvoiceState::Issued => {}
        InvoiceState::Voided => return Err(InvoiceRefusal::Voided { number: locked.number }),
    }
    if locked.allowances > 0 {
        return Err(InvoiceRefusal::HasAllowances { number: locked.number });
    }
    if locked.uploaded > 0 {
        return Err(InvoiceRefusal::AlreadyUploaded { number: locked.number });
    }
    tx.put(store::VOID, args![invoice]).await?;
    store::queue_upload(tx, stamp, invoice, None, "void").await?;
    journal::reverse(tx, stamp, locked.entry, Cause::of(invoice), "invoice voided").await?;
    let body = InvoiceVoided { number: locked.number, gross: locked.gross, reason: reason.to_owned() };
    let objects = [Object::of(locked.order), Object::of(locked.customer), Object::of(locked.site)];
    events::tell(tx, stamp, Object::of(invoice), &objects, &body).await?;
    Ok(())
}
