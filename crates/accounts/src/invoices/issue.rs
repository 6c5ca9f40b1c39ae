//! Issuing: lines and buyer judged, classes added up, posted, told, and only then given a number.

use ::store::Tx;
use events::Object;
use kernel::{InvoiceId, Money, Stamp};

use super::{InvoiceRefusal, Issued, NewInvoice, Unwritten, events::InvoiceIssued, numbers, rules, store};
use crate::{
    Account, Entry, Posting, Sheaf,
    journal::{periods::known_site, post_into},
    tax::ClassTotal,
};

/// Issues an invoice and posts it: debit customer receivable, credit sales by class and tax payable.
pub async fn issue_invoice(tx: &mut Tx, stamp: &Stamp, new: &NewInvoice) -> Result<Issued, InvoiceRefusal> {
    let live = store::live_numbers(tx, &[(new.order, new.site)]).await?.pop().flatten();
    let mut sheaf = Sheaf::default();
    let issued = issue_into(tx, stamp, &mut sheaf, new.clone(), live).await?;
    sheaf.write(tx, stamp).await?;
    Ok(issued)
}

/// The same for one of several orders, whose live invoices were asked for together by
/// [`live_numbers`](super::live_numbers) and which are written together.
pub async fn issue_into(
    tx: &mut Tx,
    stamp: &Stamp,
    sheaf: &mut Sheaf,
    new: NewInvoice,
    live: Option<String>,
) -> Result<Issued, InvoiceRefusal> {
    let site = known_site(tx, new.site).await?;
    let totals = rules::judge(&new, site.profile)?;
    if let Some(number) = live {
        return Err(InvoiceRefusal::AlreadyInvoiced { order: new.order, number });
    }
    let invoice = stamp.mint::<InvoiceId>();
    let gross: Money = totals.iter().map(|total| total.gross).sum();
    let net: Money = totals.iter().map(|total| total.net).sum();
    let entry = post_into(tx, stamp, sheaf, entry(&new, site.currency, &totals)).await?;
    // The law counts by the wall calendar, also where the business day goes on past midnight.
    let day = site.time.date(stamp.at);
    let numbers::Number { text: number, period } = numbers::take(tx, &site, day).await?;
    let objects = [Object::of(new.order), Object::of(new.customer), Object::of(new.site)];
    let body = InvoiceIssued { number: number.clone(), gross, net };
    events::tell(tx, stamp, Object::of(invoice), &objects, &body).await?;
    let (issued, currency) = (Issued { invoice, number, gross, totals }, site.currency);
    sheaf.invoices.push(Unwritten { issued: issued.clone(), period, day, net, entry, new, currency });
    Ok(issued)
}

fn entry(new: &NewInvoice, currency: kernel::Currency, totals: &[ClassTotal]) -> Entry {
    let gross: Money = totals.iter().map(|total| total.gross).sum();
    let tax: Money = totals.iter().map(|total| total.tax).sum();
    let owed = Posting::debit(Account::CustomerReceivable, gross).party(new.customer).order(new.order);
    let mut entry = Entry::new(new.site, currency, new.cause, "invoice").with(owed);
    for total in totals {
        entry = entry.with(Posting::credit(Account::Sales(total.class), total.net).order(new.order));
    }
    entry.with(Posting::credit(Account::TaxPayable, tax).order(new.order))
}
