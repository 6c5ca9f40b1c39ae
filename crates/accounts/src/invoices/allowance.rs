//! Allowances 折讓: what is taken back of an invoice after it has been issued.

use std::collections::BTreeMap;

use ::store::{Tx, args, row};
use events::Object;
use kernel::{AllowanceId, Money, Stamp};

use super::{
    Allowance, InvoiceRefusal, InvoiceState, Line, LineKind, NewAllowance,
    events::AllowanceIssued,
    store::{self, Total},
};
use crate::{Account, Entry, Posting, TaxClass, journal::periods::known_site, post, tax};

/// Issues an allowance and posts it: debit refunds and tax payable, credit customer receivable. All allowances
/// together take back no line more than whole, and no class.
pub async fn issue_allowance(tx: &mut Tx, stamp: &Stamp, new: &NewAllowance) -> Result<Allowance, InvoiceRefusal> {
    let unknown = InvoiceRefusal::UnknownInvoice { invoice: new.invoice };
    let locked = store::locked(tx, new.invoice).await?.ok_or(unknown)?;
    match locked.state {
        InvoiceState::Issued => {}
        InvoiceState::Voided => return Err(InvoiceRefusal::Voided { number: locked.number }),
    }
    let lines = store::lines(tx, new.invoice).await?;
    let totals = store::totals(tx, new.invoice).await?;
    let taken = by_class(new, &lines)?;
    let parts = parts(&taken, &totals)?;
    let gross: Money = parts.iter().map(|part| part.gross).sum();
    let net: Money = parts.iter().map(|part| part.net).sum();

    let site = known_site(tx, locked.site).await?;
    let entry = Entry::new(locked.site, locked.currency, new.cause, "allowance")
        .with(Posting::debit(Account::Refunds, net).order(locked.order))
        .with(Posting::debit(Account::TaxPayable, gross - net).order(locked.order))
        .with(Posting::credit(Account::CustomerReceivable, gross).party(locked.customer).order(locked.order));
    let entry = post(tx, stamp, &entry).await?;

    let allowance = Allowance {
        id: stamp.mint::<AllowanceId>(),
        number: format!("{}-{}", locked.number, locked.allowances + 1),
        day: site.time.date(stamp.at),
        reason: new.reason.clone(),
        gross,
        net,
        tax: gross - net,
        lines: new.lines.clone(),
    };
    let row = args![
        allowance.id,
        new.invoice,
        locked.allowances + 1,
        allowance.day,
        stamp.at,
        &allowance.reason,
        gross,
        net,
        entry
    ];
    tx.put(store::INSERT_ALLOWANCE, row).await?;
    let rows = allowance.lines.iter().map(|line| {
        let quantity = line.quantity.unwrap_or_default();
        row![allowance.id, line.line, quantity.pieces, quantity.grams, line.gross]
    });
    tx.put_many(store::INSERT_ALLOWANCE_LINE, rows.collect()).await?;
    let rows = allowance.lines.iter().map(|line| row![new.invoice, line.line, line.gross]);
    tx.put_many(store::ALLOW_LINE, rows.collect()).await?;
    let rows = parts.iter().map(|part| row![new.invoice, part.class.code(), part.gross, part.net]);
    tx.put_many(store::ALLOW_TOTAL, rows.collect()).await?;
    store::queue_upload(tx, stamp, new.invoice, Some(allowance.id), "allowance").await?;

    let body = AllowanceIssued { number: allowance.number.clone(), gross, net, reason: new.reason.clone() };
    let objects = [Object::of(locked.order), Object::of(locked.customer), Object::of(allowance.id)];
    events::tell(tx, stamp, Object::of(new.invoice), &objects, &body).await?;
    Ok(allowance)
}

struct Part {
    class: TaxClass,
    gross: Money,
    net: Money,
}

/// What is taken back of each class; refuses a line that has less left.
fn by_class(new: &NewAllowance, lines: &[Line]) -> Result<BTreeMap<TaxClass, Money>, InvoiceRefusal> {
    if new.lines.is_empty() || new.lines.len() > lines.len() {
        return Err(InvoiceRefusal::LineCount { count: new.lines.len() });
    }
    let mut wanted = BTreeMap::<i64, Money>::new();
    let mut classes = BTreeMap::<TaxClass, Money>::new();
    for taken in &new.lines {
        let line = lines.iter().find(|line| line.line == taken.line && line.kind != LineKind::Discount);
        let line = line.ok_or(InvoiceRefusal::UnknownLine { line: taken.line })?;
        let left = line.gross - line.allowed;
        // A line that is named twice would be taken back twice.
        if taken.gross <= Money::ZERO || taken.gross > left || wanted.insert(taken.line, taken.gross).is_some() {
            return Err(InvoiceRefusal::AboveLine { line: taken.line, wanted: taken.gross, left });
        }
        *classes.entry(line.class).or_default() += taken.gross;
    }
    Ok(classes)
}

/// The net part is what the class's net falls by, so that a class that is taken back whole leaves no coin of tax.
fn parts(taken: &BTreeMap<TaxClass, Money>, totals: &[Total]) -> Result<Vec<Part>, InvoiceRefusal> {
    let mut parts = Vec::new();
    for (&class, &wanted) in taken {
        let refused = |left| InvoiceRefusal::AboveClass { class, wanted, left };
        let Some(total) = totals.iter().find(|total| total.class == class) else { return Err(refused(Money::ZERO)) };
        let left = total.gross - total.allowed;
        if wanted > left {
            return Err(refused(left));
        }
        let net = tax::net(class, total.allowed + wanted).ok_or_else(|| refused(left))? - total.allowed_net;
        parts.push(Part { class, gross: wanted, net });
    }
    Ok(parts)
}
