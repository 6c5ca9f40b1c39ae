//! Step 3.4 出庫單. Sends what was accepted: releases, settles by the scale, invoices, hands over, or takes back.
//!
//! The release note is made when lots are bound and closes when everything is weighed and packed; its close fixes
//! the final amounts, captures them within the bound and lets go of the rest. The invoice is issued when the goods
//! leave, for exactly those grams. Nothing here ever charges above what was authorised, and no released order is
//! cancelled: what cannot be sent is not charged.

mod close;
mod dispatch;
mod drops;
mod fail;
mod release;
mod rules;
mod sheet;
mod sorry;
mod store;

pub mod events;
pub mod http;

#[cfg(test)]
mod tests;

use ::store::StoreError;
use axum::http::StatusCode;
use edge::Problem;
use kernel::ReleaseNoteId;

pub use close::close;
pub(crate) use close::tell_short;
pub use dispatch::{dispatch, hand_over};
pub use drops::{Drop, deliverable, drop_of, lines_on_board, set_etas};
pub use events::OrderCancelled;
pub use fail::{REFUND, Refunded, cancel, fail, refund};
pub use release::{Released, ReleasedLine, order_of, releasable, release};
pub use rules::{Difference, Due, Sent, SettleRefusal, SettledLine, Settlement, ShortReason, settle};
pub use sheet::{Sheet, SheetLine, Slip, SlipLine, SlipLot, sheet, slip};
pub use sorry::{tell_recall, tell_refund};
pub use store::{NoteState, ReleaseNote};

use crate::order::{NotReady, OrderRefusal};

/// Why an order cannot be sent as it is wanted.
#[derive(Debug, thiserror::Error)]
pub enum OutboundRefusal {
    #[error("there is no release note {note}")]
    NoSuchNote { note: ReleaseNoteId },
    #[error("release note {note} is closed")]
    NoteClosed { note: ReleaseNoteId },
    #[error(transparent)]
    Settle(#[from] SettleRefusal),
    #[error(transparent)]
    Order(#[from] OrderRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

macro_rules! through_order {
    ($($refusal:ty),* $(,)?) => {$(
        impl From<$refusal> for OutboundRefusal {
            fn from(refusal: $refusal) -> Self {
                Self::Order(refusal.into())
            }
        }
    )*};
}

through_order!(
    NotReady,
    accounts::JournalRefusal,
    accounts::invoices::InvoiceRefusal,
    accounts::payments::PaymentRefusal,
    catalog::CatalogRefusal,
    customers::CustomerRefusal,
    ledger::LedgerRefusal,
);

impl From<OutboundRefusal> for Problem {
    fn from(refusal: OutboundRefusal) -> Self {
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            OutboundRefusal::NoSuchNote { .. } => Self::not_found(),
            OutboundRefusal::NoteClosed { note } => conflict("outbound/note-closed").with("note", note),
            OutboundRefusal::Settle(refusal) => match refusal {
                SettleRefusal::UnknownLine { line } => unprocessable("outbound/unknown-line").with("line", line),
                SettleRefusal::MissingLine { line } => unprocessable("outbound/missing-line").with("line", line),
                SettleRefusal::MoreThanOrdered { line, ordered, sent } => unprocessable("outbound/more-than-ordered")
                    .with("line", line)
                    .with("ordered", ordered)
                    .with("sent", sent),
                SettleRefusal::NotWeighed { line } => unprocessable("outbound/not-weighed").with("line", line),
                SettleRefusal::LotsDisagree { line, lots, sent } => {
                    unprocessable("outbound/lots-disagree").with("line", line).with("lots", lots).with("sent", sent)
                }
                SettleRefusal::ShortUnexplained { line } => {
                    unprocessable("outbound/short-unexplained").with("line", line)
                }
                SettleRefusal::TooLarge { line } => unprocessable("outbound/too-large").with("line", line),
            },
            OutboundRefusal::Order(refusal) => refusal.into(),
            OutboundRefusal::Store(error) => error.into(),
        }
    }
}
