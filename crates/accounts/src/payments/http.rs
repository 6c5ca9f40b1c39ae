//! Payments on the wire: seen by the customer who pays and by those who keep the books.

use ::store::Tx;
use axum::{extract::State, http::StatusCode};
use edge::{ApiJson, ApiPath, App, By, Caller, Duty, Problem, duty};
use kernel::{Actor, CustomerOrderId};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Payment, PaymentRefusal, store};

/// Read the payments of an order.
#[utoipa::path(get, path = "/customer-orders/{order}/payments", tag = "0 accounts", operation_id = "list_order_payments",
    params(("order" = CustomerOrderId, Path)),
    responses((status = 200, body = Vec<Payment>), (status = "4XX", body = Problem)))]
async fn order_payments(
    State(app): State<App>,
    by: By<duty::BeSomebody>,
    ApiPath(order): ApiPath<CustomerOrderId>,
) -> Result<ApiJson<Vec<Payment>>, Problem> {
    let mut payments = app.read(async move |tx: &mut Tx| store::of_order(tx, order).await).await?;
    payments.retain(|payment| may_see(&by, payment));
    if payments.is_empty() { Err(Problem::not_found()) } else { Ok(ApiJson(payments)) }
}

fn may_see(caller: &Caller, payment: &Payment) -> bool {
    match caller.actor {
        Actor::Customer(customer) => customer == payment.customer,
        Actor::Staff(_)
        | Actor::Courier(_)
        | Actor::Supplier(_)
        | Actor::Device(_)
        | Actor::System
        | Actor::Anonymous => caller.holds(Duty::ReadAccounts) && caller.works_at(payment.site),
    }
}

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(order_payments))
}

impl From<PaymentRefusal> for Problem {
    fn from(refusal: PaymentRefusal) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code);
        match refusal {
            PaymentRefusal::UnknownPayment { .. } | PaymentRefusal::UnknownStep { .. } => Self::not_found(),
            PaymentRefusal::BoundOutOfRange { bound } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "payments/bound-out-of-range").with("bound", bound)
            }
            PaymentRefusal::TokenOutOfRange => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "payments/token-out-of-range")
                    .with("max", super::TOKEN_MAX)
                    .field("payment_token")
            }
            PaymentRefusal::AlreadyRequested { order, payment } => {
                conflict("payments/already-requested").with("order", order).with("payment", payment)
            }
            PaymentRefusal::NothingToMove { amount } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "payments/nothing-to-move").with("amount", amount)
            }
            PaymentRefusal::NotReady { state, kind } => {
                conflict("payments/not-ready").with("state", state.code()).with("step", kind.code())
            }
            PaymentRefusal::AboveBound { wanted, left } => {
                conflict("payments/above-bound").with("wanted", wanted).with("left", left)
            }
            PaymentRefusal::AboveCaptured { wanted, left } => {
                conflict("payments/above-captured").with("wanted", wanted).with("left", left)
            }
            PaymentRefusal::StepOpen { payment } => conflict("payments/step-open").with("payment", payment),
            PaymentRefusal::AnswerDoesNotFit { kind } => {
                conflict("payments/answer-does-not-fit").with("step", kind.code())
            }
            PaymentRefusal::Journal(refusal) => Self::from(refusal),
            PaymentRefusal::Store(error) => Self::from(error),
        }
    }
}
