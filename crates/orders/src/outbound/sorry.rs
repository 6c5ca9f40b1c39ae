//! What a customer is told when something was wrong with what they were sent.

use ::store::{Tx, Uuid};
use kernel::{CustomerOrderId, Money, SkuId, Stamp};

use super::OutboundRefusal;
use crate::{
    notices::{self, NewNotice, Params, Template},
    order::{CustomerOrder, load},
};

/// Tells the customer that money comes back, once per `cause`; answers the words.
pub async fn tell_refund(
    tx: &mut Tx,
    stamp: &Stamp,
    order: CustomerOrderId,
    cause: Uuid,
    amount: Money,
) -> Result<String, OutboundRefusal> {
    let order = load(tx, order).await?;
    let amount = amount.display(order.currency);
    tell(tx, stamp, &order, Template::RefundGiven, cause, [("amount", amount)]).await
}

/// Tells the customer not to eat what was recalled, once per `cause`; answers the words.
pub async fn tell_recall(
    tx: &mut Tx,
    stamp: &Stamp,
    order: CustomerOrderId,
    cause: Uuid,
    sku: SkuId,
    reason: &str,
) -> Result<String, OutboundRefusal> {
    let order = load(tx, order).await?;
    let goods = catalog::sku(tx, sku).await?.names.in_lang(order.lang).to_owned();
    tell(tx, stamp, &order, Template::LotRecalled, cause, [("goods", goods), ("reason", reason.to_owned())]).await
}

async fn tell<const N: usize>(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &CustomerOrder,
    template: Template,
    cause: Uuid,
    more: [(&str, String); N],
) -> Result<String, OutboundRefusal> {
    let mut params: Params = more.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    params.insert("number".to_owned(), order.number.clone());
    let words = notices::write(template, order.lang, &params);
    let new = NewNotice {
        customer: order.customer,
        order: Some(order.id),
        template,
        lang: order.lang,
        params,
        dedupe: format!("{}:{cause}:{}", template.code(), order.id),
    };
    notices::notify(tx, stamp, &new).await?;
    Ok(words)
}
