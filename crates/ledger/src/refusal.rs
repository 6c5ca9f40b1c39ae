//! Why the ledger refused.

use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::{OrderLineId, Quantity, SiteId, SkuId};
use store::StoreError;

use crate::{LotState, PlaceKind, ReservationState, Unusable, journal::MOVES_MAX};

#[derive(Debug, thiserror::Error)]
pub enum LedgerRefusal {
    #[error("there is no such place")]
    NoSuchPlace,
    #[error("there is no such lot")]
    NoSuchLot,
    #[error("there is no such block")]
    NoSuchBlock,
    #[error("there is no such reservation")]
    NoSuchReservation,
    #[error("the {kind} {code} exists already")]
    PlaceTaken { kind: PlaceKind, code: String },
    #[error("a posting moves something")]
    NothingMoves,
    #[error("more than {MOVES_MAX} moves in one posting")]
    TooManyMoves,
    #[error("goods cannot move from {place} to itself")]
    SamePlace { place: String },
    #[error("{place} belongs to another site")]
    OtherSite { place: String },
    #[error("{quantity} does not suit lot {lot}, which is {measure}")]
    WrongShape { lot: String, measure: &'static str, quantity: Quantity },
    #[error("{quantity} of lot {lot} is not plausible")]
    Implausible { lot: String, quantity: Quantity },
    #[error("{place} has {available} of lot {lot} free, {wanted} wanted")]
    ShortAtPlace { place: String, lot: String, wanted: Quantity, available: Quantity },
    #[error("{available} of SKU {sku} can be promised, {wanted} wanted")]
    ShortStock { order_line: OrderLineId, site: SiteId, sku: SkuId, wanted: Quantity, available: Quantity },
    #[error("lot {lot} may not be used: {why}")]
    LotUnusable { lot: String, why: Unusable },
    #[error("lot {lot} is {from} and cannot become {to}")]
    NoSuchTurn { lot: String, from: LotState, to: LotState },
    #[error("lot {lot} was quarantined by the same person; another one releases it")]
    SecondPersonNeeded { lot: String },
    #[error("a reason is needed")]
    ReasonMissing,
    #[error("a block forbids something")]
    BlocksNothing,
    #[error("the block is already lifted")]
    BlockLifted,
    #[error("nothing of lot {lot} is bound there to this reservation")]
    NotBound { lot: String },
    #[error("the reservation is {state}")]
    ReservationClosed { state: ReservationState },
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LedgerRefusal> for Problem {
    fn from(refusal: LedgerRefusal) -> Self {
        use LedgerRefusal as R;
        let not_found = |slug| Self::new(StatusCode::NOT_FOUND, slug);
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            R::NoSuchPlace => not_found("ledger/no-such-place"),
            R::NoSuchLot => not_found("ledger/no-such-lot"),
            R::NoSuchBlock => not_found("ledger/no-such-block"),
            R::NoSuchReservation => not_found("ledger/no-such-reservation"),
            R::PlaceTaken { kind, code } => conflict("ledger/place-taken").with("kind", kind).with("code", code),
            R::NothingMoves => unprocessable("ledger/nothing-moves"),
            R::TooManyMoves => unprocessable("ledger/too-many-moves").with("limit", MOVES_MAX),
            R::SamePlace { place } => unprocessable("ledger/same-place").with("place", place),
            R::OtherSite { place } => unprocessable("ledger/other-site").with("place", place),
            R::WrongShape { lot, measure, quantity } => {
                unprocessable("ledger/wrong-shape").with("lot", lot).with("measure", measure).with("quantity", quantity)
            }
            R::Implausible { lot, quantity } => {
                unprocessable("ledger/implausible").with("lot", lot).with("quantity", quantity)
            }
            R::ShortAtPlace { place, lot, wanted, available } => conflict("ledger/short-at-place")
                .with("place", place)
                .with("lot", lot)
                .with("wanted", wanted)
                .with("available", available),
            R::ShortStock { order_line, site, sku, wanted, available } => conflict("ledger/short-stock")
                .with("order_line", order_line)
                .with("site", site)
                .with("sku", sku)
                .with("wanted", wanted)
                .with("available", available),
            R::LotUnusable { lot, why } => match why {
                Unusable::NotApproved { state } => {
                    conflict("ledger/lot-not-approved").with("lot", lot).with("state", state)
                }
                Unusable::Blocked { flags } => conflict("ledger/lot-blocked").with("lot", lot).with("flags", flags),
                Unusable::LifeTooShort { until } => {
                    conflict("ledger/lot-life-too-short").with("lot", lot).with("until", until)
                }
            },
            R::NoSuchTurn { lot, from, to } => {
                conflict("ledger/no-such-turn").with("lot", lot).with("from", from).with("to", to)
            }
            R::SecondPersonNeeded { lot } => conflict("ledger/second-person-needed").with("lot", lot),
            R::ReasonMissing => unprocessable("ledger/reason-missing").field("reason"),
            R::BlocksNothing => unprocessable("ledger/blocks-nothing").field("flags"),
            R::BlockLifted => conflict("ledger/block-lifted"),
            R::NotBound { lot } => conflict("ledger/not-bound").with("lot", lot),
            R::ReservationClosed { state } => conflict("ledger/reservation-closed").with("state", state),
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
