//! What is said to customers, and how often it is tried. Pure.

use std::collections::BTreeMap;

use identity::LinkPurpose;
use kernel::{Lang, speech};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::order::codes;

/// The occasions on which a customer hears from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// `number`, `window`, `expected`, `bound`, `cancel_until`, `link`.
    OrderConfirmed,
    /// `number`, `reason`.
    OrderDeclined,
    /// `number`.
    OrderCancelled,
    /// `number`, `goods`.
    LineShort,
    /// `number`, `eta`, `link`.
    OrderOnTheWay,
    /// `number`, `amount`, `link`.
    OrderDeliveredRate,
    /// `number`, `reason`.
    OrderFailed,
    /// `number`, `amount`.
    RefundGiven,
    /// `number`, `goods`, `reason`.
    LotRecalled,
    /// `code`, `minutes`.
    SignInCode,
}

codes!(Template {
    OrderConfirmed = "order_confirmed",
    OrderDeclined = "order_declined",
    OrderCancelled = "order_cancelled",
    LineShort = "line_short",
    OrderOnTheWay = "order_on_the_way",
    OrderDeliveredRate = "order_delivered_rate",
    OrderFailed = "order_failed",
    RefundGiven = "refund_given",
    LotRecalled = "lot_recalled",
    SignInCode = "sign_in_code",
});

impl Template {
    /// The key of its sentence.
    pub const fn key(self) -> &'static str {
        match self {
            Self::OrderConfirmed => "notice/order-confirmed",
            Self::OrderDeclined => "notice/order-declined",
            Self::OrderCancelled => "notice/order-cancelled",
            Self::LineShort => "notice/line-short",
            Self::OrderOnTheWay => "notice/order-on-the-way",
            Self::OrderDeliveredRate => "notice/order-delivered-rate",
            Self::OrderFailed => "notice/order-failed",
            Self::RefundGiven => "notice/refund-given",
            Self::LotRecalled => "notice/lot-recalled",
            Self::SignInCode => "notice/sign-in-code",
        }
    }

    /// The page that its private link opens, and what for.
    pub const fn link(self) -> Option<(&'static str, LinkPurpose)> {
        match self {
            Self::OrderConfirmed | Self::OrderOnTheWay => Some(("track", LinkPurpose::Track)),
            Self::OrderDeliveredRate => Some(("rate", LinkPurpose::Rate)),
            Self::OrderDeclined
            | Self::OrderCancelled
            | Self::LineShort
            | Self::OrderFailed
            | Self::RefundGiven
            | Self::LotRecalled
            | Self::SignInCode => None,
        }
    }

    /// The names that its sentence carries.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::OrderConfirmed => &["number", "window", "expected", "bound", "cancel_until", "link"],
            Self::OrderDeclined | Self::OrderFailed => &["number", "reason"],
            Self::OrderCancelled => &["number"],
            Self::LineShort => &["number", "goods"],
            Self::OrderOnTheWay => &["number", "eta", "link"],
            Self::OrderDeliveredRate => &["number", "amount", "link"],
            Self::RefundGiven => &["number", "amount"],
            Self::LotRecalled => &["number", "goods", "reason"],
            Self::SignInCode => &["code", "minutes"],
        }
    }
}

/// The values inside a sentence, by name.
pub type Params = BTreeMap<String, String>;

/// The sentence in the reader's language. A value that was not given shows as its name, which a test forbids.
pub fn write(template: Template, lang: Lang, params: &Params) -> String {
    let given: Vec<speech::Param> =
        template.names().iter().filter_map(|name| params.get(*name).map(|value| (*name, value.clone()))).collect();
    speech::say(lang, template.key(), &given).unwrap_or_else(|| template.key().to_owned())
}

/// Where a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    Queued,
    Sent,
    /// The gateway did not take it; it is tried again.
    Failed,
    /// Tried often enough, or there is nobody to send it to.
    Buried,
}

codes!(NoticeState {
    Queued = "queued",
    Sent = "sent",
    Failed = "failed",
    Buried = "buried",
});

/// A notice is tried so often: over about four hours.
pub const TRIES_MAX: i64 = 10;
const BACKOFF_FIRST_MS: i64 = 15_000;
const BACKOFF_MAX_MS: i64 = 60 * 60_000;

/// How long to wait after the `tries`th try, from 1: twice as long each time. `None` when it is enough.
pub fn backoff_ms(tries: i64) -> Option<i64> {
    if tries >= TRIES_MAX {
        return None;
    }
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0);
    Some(BACKOFF_FIRST_MS.saturating_mul(2_i64.saturating_pow(doublings)).min(BACKOFF_MAX_MS))
}

#[cfg(test)]
mod tests {
    use kernel::Lang;

    use super::*;

    #[test]
    fn every_template_speaks_every_language_and_fills_every_name() {
        for template in Template::ALL.iter().copied() {
            let params: Params =
                template.names().iter().map(|name| ((*name).to_owned(), format!("<{name}>"))).collect();
            for lang in Lang::ALL {
                let sentence = write(template, lang, &params);
                assert_ne!(sentence, template.key(), "{template:?} has no sentence");
                assert!(!sentence.contains('{'), "{template:?} leaves a name open: {sentence}");
                for value in params.values() {
                    assert!(sentence.contains(value), "{template:?} drops {value}: {sentence}");
                }
            }
        }
    }

    #[test]
    fn patience_grows_and_ends() {
        assert_eq!(backoff_ms(1), Some(15_000));
        assert_eq!(backoff_ms(2), Some(30_000));
        assert_eq!(backoff_ms(9), Some(60 * 60_000));
        assert_eq!(backoff_ms(TRIES_MAX), None);
    }
}
