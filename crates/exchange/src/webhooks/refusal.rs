//! Why a webhook was refused.

use axum::http::StatusCode;
use edge::Problem;
use store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum WebhookRefusal {
    #[error("there is no such webhook")]
    NoSuchWebhook,
    #[error("there is no such message")]
    NoSuchDelivery,
    #[error("the webhook has ended")]
    Ended,
    #[error("the message at position {position} was not given up")]
    NotDead { position: i64 },
    #[error("there are {most} webhooks already")]
    TooMany { most: i64 },
    #[error("the address lies in a private network")]
    PrivateAddress,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WebhookRefusal> for Problem {
    fn from(refusal: WebhookRefusal) -> Self {
        use WebhookRefusal as R;
        match refusal {
            R::NoSuchWebhook => Self::new(StatusCode::NOT_FOUND, "webhooks/no-such-webhook"),
            R::NoSuchDelivery => Self::new(StatusCode::NOT_FOUND, "webhooks/no-such-delivery"),
            R::Ended => Self::new(StatusCode::CONFLICT, "webhooks/ended"),
            R::NotDead { position } => Self::new(StatusCode::CONFLICT, "webhooks/not-dead").with("position", position),
            R::TooMany { most } => Self::new(StatusCode::CONFLICT, "webhooks/too-many").with("most", most),
            R::PrivateAddress => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "webhooks/private-address").field("url"),
            R::Store(error) => Self::from(error),
        }
    }
}
