//! 4.5 meets the books: what a complaint gives back is an allowance on the invoice and a refund of the payment, in one
//! transaction with the remedy, and never more than was paid for the line.

use accounts::{
    Cause,
    invoices::{self, AllowanceLine, LineKind, NewAllowance},
    journal, payments,
};
use axum::extract::State;
use delivery::{
    feedback::{self, Complaint, ComplaintState, Finding},
    remedies::{self, Decider, Remedy, RemedyRefusal},
};
use edge::{ApiPath, App, By, Created, Duty, IdempotencyKey, Problem, Sites, duty};
use kernel::{ComplaintId, Id, Money, RemedyId, Stamp};
use orders::outbound;
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::FlowRefusal;

/// What was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct GivenBack {
    remedy: RemedyId,
    complaint: ComplaintId,
    #[schema(value_type = i64)]
    amount: Money,
    decider: Decider,
}

/// Give a complaint's money back, within what the one who decides may give.
#[utoipa::path(post, path = "/complaints/{complaint}/remedy", tag = "4.5 remedies", operation_id = "give_remedy",
    params(("complaint" = ComplaintId, Path), IdempotencyKey),
    responses((status = 201, body = GivenBack), (status = "4XX", body = Problem)))]
async fn give_remedy(
    State(app): State<App>,
    by: By<duty::AnswerComplaints>,
    key: IdempotencyKey,
    ApiPath(complaint): ApiPath<ComplaintId>,
) -> Result<Created<GivenBack>, Problem> {
    let sites = by.sites.clone();
    let decider = if by.holds(Duty::ApproveRemedies) { Decider::Manager } else { Decider::Desk };
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_own(tx, &sites, complaint).await?;
        give_back(tx, stamp, complaint, decider).await
    })
    .await
    .map(Created)
}

async fn demand_own(tx: &mut Tx, sites: &Sites, complaint: ComplaintId) -> Result<(), FlowRefusal> {
    let found = feedback::complaint(tx, complaint).await?;
    if sites.include(found.sheet().site) { Ok(()) } else { Err(feedback::FeedbackRefusal::NoSuchComplaint.into()) }
}

/// Whether the money of the order has been taken, so that some of it can go back.
pub(crate) async fn is_paid(tx: &mut Tx, complaint: &Complaint) -> Result<bool, FlowRefusal> {
    let payment = payments::live_payment(tx, complaint.sheet().order).await?;
    Ok(payment.is_some_and(|payment| payment.captured > Money::ZERO))
}

/// Decides the refund of a complaint and moves the money.
pub(crate) async fn give_back(
    tx: &mut Tx,
    stamp: &Stamp,
    id: ComplaintId,
    decider: Decider,
) -> Result<GivenBack, FlowRefusal> {
    // Everything that can be refused is refused before anything is written: the rule goes on after a no.
    let complaint = remedies::demand_open(tx, id).await?;
    let sheet = complaint.sheet().clone();
    let nothing = || RemedyRefusal::NothingToRefund { paid: Money::ZERO, refunded: Money::ZERO };
    let line = invoices::line_of_order_line(tx, sheet.order_line).await?.ok_or_else(nothing)?;
    let invoice = invoices::invoice(tx, line.invoice).await?.ok_or_else(nothing)?;
    let billed = invoice.lines.iter().find(|known| known.line == line.line).ok_or_else(nothing)?;
    // A discount belongs to the goods line of its SKU: what was paid for the goods is the sum of the two.
    let of_sku = |known: &&invoices::Line| known.kind == LineKind::Discount && known.sku == billed.sku;
    let discount: Money = invoice.lines.iter().filter(of_sku).map(|known| known.gross).sum();
    let paid = billed.gross + discount;

    let claim = remedies::claim(tx, id, paid).await?;
    let history = remedies::history(tx, sheet.customer, stamp.at).await?;
    let policy = remedies::policy(tx, sheet.site).await?;
    let remedy: Remedy = remedies::decide(claim, history, decider, &policy)?;
    let payment = payments::live_payment(tx, sheet.order).await?.ok_or_else(nothing)?;
    let left = payment.captured - payment.refunding;
    if left < remedy.amount {
        return Err(RemedyRefusal::NotPaidYet { wanted: remedy.amount, left }.into());
    }

    let allowance = NewAllowance {
        invoice: invoice.id,
        reason: format!("complaint: {}", sheet.kind),
        cause: Cause::of(id),
        lines: vec![AllowanceLine { line: line.line, quantity: None, gross: remedy.amount }],
    };
    invoices::issue_allowance(tx, stamp, &allowance).await?;
    payments::intend_refund(tx, stamp, payment.id, remedy.amount).await?;
    let entry = journal::entries_caused_by(tx, id.uuid()).await?.last().map(|entry| entry.id);
    let given = remedies::record(tx, stamp, id, remedy, paid, entry).await?;
    let said = outbound::tell_refund(tx, stamp, sheet.order, id.uuid(), remedy.amount).await?;
    match complaint.state() {
        ComplaintState::Made => {
            feedback::answer(tx, stamp, id, Finding::Upheld, said).await?;
        }
        ComplaintState::Answered | ComplaintState::Closed => {}
    }
    Ok(GivenBack { remedy: given, complaint: id, amount: remedy.amount, decider })
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(give_remedy))
}
