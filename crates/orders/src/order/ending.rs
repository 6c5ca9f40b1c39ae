//! What an order gives back when it ends before it was released.

use accounts::payments::{self, PaymentState};
use kernel::{PaymentId, Stamp};
use store::{StoreError, Tx};

use super::{CustomerOrder, OrderRefusal, OrderState, lines_of, save};
use crate::{
    intake,
    notices::{self, NewNotice, Params, Template},
};

/// Whether a payment was declined by the provider, or is ours to let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaymentEnd {
    LetGo,
    /// There is nothing to let go.
    DeclinedAlready,
}

/// Ends an order that was not released: its stock, its place in the window and its payment are free again.
pub(crate) async fn end(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &mut CustomerOrder,
    next: OrderState,
    payment: PaymentEnd,
) -> Result<(), OrderRefusal> {
    for line in lines_of(tx, order.id).await? {
        if let Some(promise) = line.promise {
            ledger::release(tx, stamp, promise).await?;
        }
    }
    match (payment, order.payment) {
        (PaymentEnd::LetGo, Some(payment)) => let_go(tx, stamp, payment).await?,
        (PaymentEnd::LetGo, None) | (PaymentEnd::DeclinedAlready, _) => {}
    }
    intake::give_back(tx, order.delivery_window).await?;
    save(tx, stamp, order, next).await
}

/// What is authorised, or about to be, is let go; what has ended already needs nothing.
async fn let_go(tx: &mut Tx, stamp: &Stamp, payment: PaymentId) -> Result<(), OrderRefusal> {
    let Some(known) = payments::payment(tx, payment).await? else { return Ok(()) };
    match known.state {
        PaymentState::Requested | PaymentState::Authorised => {
            payments::intend_void(tx, stamp, payment).await?;
        }
        PaymentState::Captured | PaymentState::Refunded | PaymentState::Declined | PaymentState::Voided => {}
    }
    Ok(())
}

/// Tells the customer of an order something, once per order and `nth`.
pub(crate) async fn tell_customer(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &CustomerOrder,
    template: Template,
    more: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<(), StoreError> {
    let mut params: Params = more.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    params.insert("number".to_owned(), order.number.clone());
    let new = NewNotice {
        customer: order.customer,
        order: Some(order.id),
        template,
        lang: order.lang,
        params,
        dedupe: format!("{}:{}", template.code(), order.id),
    };
    notices::notify(tx, stamp, &new).await.map(|_| ())
}
