//! Why the cold chain refuses.

use ::store::StoreError;
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::{Date, Instant};
use ledger::LedgerRefusal;

use super::{excursions::ExcursionState, quarantine::QuarantineState};

#[derive(Debug, thiserror::Error)]
pub enum ColdchainRefusal {
    #[error("there is no such probe")]
    NoSuchProbe,
    #[error("there is no such excursion")]
    NoSuchExcursion,
    #[error("there is no such quarantine")]
    NoSuchQuarantine,
    #[error("there is no such lot")]
    NoSuchLot,
    #[error("there is a probe {code} at this site")]
    CodeTaken { code: String },
    #[error("another probe speaks under the topic {topic}")]
    TopicTaken { topic: String },
    #[error("a probe measures in one zone or in one place")]
    StandsNowhere,
    #[error("the {field} belongs to another site")]
    OtherSite { field: &'static str },
    #[error("{code} is no gateway of this site")]
    NotAGateway { code: String },
    #[error("{code} is a gateway and measures nothing")]
    MeasuresNothing { code: String },
    #[error("probe {code} is retired")]
    Retired { code: String },
    #[error("the reading of {at} comes from the future, it is {now}")]
    FromTheFuture { index: usize, at: Instant, now: Instant },
    #[error("line {line} is no instant and temperature")]
    UnreadableLine { line: usize },
    #[error("{minutes} minutes where {kind} may last {most}")]
    InhibitTooLong { kind: &'static str, minutes: i64, most: i64 },
    #[error("the excursion is {state}")]
    NotOpen { state: ExcursionState },
    #[error("nobody has acknowledged it yet")]
    NotAcknowledged,
    #[error("nothing has been done about it yet")]
    NothingDone,
    #[error("it is still going on")]
    StillRunning,
    #[error("the quarantine is {state}")]
    AlreadyDecided { state: QuarantineState },
    #[error("the day {day} is not over")]
    DayNotOver { day: Date },
    #[error("the day {day} is signed")]
    AlreadySigned { day: Date },
    #[error("{open} alarms of the day are neither closed nor explained")]
    AlarmsOpen { open: i64 },
    #[error("the product ages by no law that was entered")]
    NoLaw,
    #[error(transparent)]
    Ledger(#[from] LedgerRefusal),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ColdchainRefusal> for Problem {
    fn from(refusal: ColdchainRefusal) -> Self {
        use ColdchainRefusal as R;
        let not_found = |slug| Self::new(StatusCode::NOT_FOUND, slug);
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            R::NoSuchProbe => not_found("coldchain/no-such-probe"),
            R::NoSuchExcursion => not_found("coldchain/no-such-excursion"),
            R::NoSuchQuarantine => not_found("coldchain/no-such-quarantine"),
            R::NoSuchLot => not_found("coldchain/no-such-lot"),
            R::CodeTaken { code } => conflict("coldchain/code-taken").with("code", code).field("code"),
            R::TopicTaken { topic } => conflict("coldchain/topic-taken").with("topic", topic).field("topic"),
            R::StandsNowhere => unprocessable("coldchain/stands-nowhere").field("zone"),
            R::OtherSite { field } => unprocessable("coldchain/other-site").field(field),
            R::NotAGateway { code } => unprocessable("coldchain/not-a-gateway").with("code", code).field("gateway"),
            R::MeasuresNothing { code } => conflict("coldchain/measures-nothing").with("code", code),
            R::Retired { code } => conflict("coldchain/retired").with("code", code),
            R::FromTheFuture { index, at, now } => unprocessable("coldchain/from-the-future")
                .with("at", at)
                .with("now", now)
                .field(format!("readings/{index}/at")),
            R::UnreadableLine { line } => {
                unprocessable("coldchain/unreadable-line").with("line", line).field(format!("line {line}"))
            }
            R::InhibitTooLong { kind, minutes, most } => unprocessable("coldchain/inhibit-too-long")
                .with("kind", kind)
                .with("minutes", minutes)
                .with("most", most)
                .field("ends_at"),
            R::NotOpen { state } => conflict("coldchain/not-open").with("state", state),
            R::NotAcknowledged => conflict("coldchain/not-acknowledged"),
            R::NothingDone => conflict("coldchain/nothing-done"),
            R::StillRunning => conflict("coldchain/still-running"),
            R::AlreadyDecided { state } => conflict("coldchain/already-decided").with("state", state),
            R::DayNotOver { day } => conflict("coldchain/day-not-over").with("day", day),
            R::AlreadySigned { day } => conflict("coldchain/already-signed").with("day", day),
            R::AlarmsOpen { open } => conflict("coldchain/alarms-open").with("open", open).field("note"),
            R::NoLaw => not_found("coldchain/no-law"),
            R::Ledger(refusal) => refusal.into(),
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
