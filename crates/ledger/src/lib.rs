//! 庫存帳: where every gram is, how it came there, and who may have it.
//!
//! Stock is a double-entry journal: a move has a `from` and a `to`, nothing appears and nothing vanishes, and what a
//! place holds is the sum of its moves ([`post`]). Goods of one origin and one life are a lot; one function
//! ([`usable`]) says whether a lot may be listed, promised, bound, picked, packed or shipped. An order is first
//! promised goods that will be good enough when they arrive, without a lot ([`promise`]); lots are bound when its wave
//! is released, first what expires first ([`bind`]); the pick consumes the binding through the journal ([`consume`]).
//!
//! At every commit what is promised and bound is covered by usable goods. When a lot fails, the reservations that it
//! can no longer cover are marked in the same transaction ([`uncovered`]), the latest placed first; there is no job
//! that repairs.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod journal;
mod lots;
mod places;
mod quantities;
mod refusal;
mod reserve;
mod shelf;
mod stays;
mod stock;
mod trace;
mod usable;

pub mod events;

pub use journal::{
    Cause, Correction, Expired, Filed, MOVES_MAX, Move, Moved, Posted, WasteReason, WriteOff, any_lot_run_out, correct,
    expire_lots, held_at, moves_of_cause, moves_of_lot, post, post_each, write_off,
};
pub use lots::{
    Block, BlockFlag, BlockFlags, Label, Lot, LotState, LotTurn, NewLot, Opened, Parent, Source, block, blocks_of,
    lift, lot, lot_by_code, lots_by_id, lots_of_source, lots_of_supplier_lot, open_lot, set_state, shorten_life,
    split_lot, turns_of,
};
pub use places::{
    Holder, NewPlace, Place, PlaceKind, open_place, place, place_for, place_of, places_in, places_of, the_place,
};
pub use refusal::LedgerRefusal;
pub use reserve::{
    Binding, Bound, Consumed, Pick, Reservation, ReservationState, Rest, Skip, Skipped, ToPick, Want,
    any_promise_lapsed, bind, bind_each, bind_what_there_is, bounds_of, confirm, consume, expire_promises, promise,
    rebind_excluding, release, reservation, reservations, reservations_of, skipped, to_pick, uncovered,
};
pub use shelf::{availabilities, availability, availability_of_all, lock_shelves, needed_until};
pub use stays::{Area, Stay, lots_in, stays_of};
pub use stock::{OnShelf, StockFilter, StockKey, StockLine, sku_stock, stock};
pub use trace::{Leg, MassBalance, Remains, Trace, TracedLot, backward, forward};
#[doc(hidden)]
pub use usable::usable_in_sql;
pub use usable::{LotLife, Purpose, Unusable, demand_each_usable, demand_usable, usable};

/// The tables of this crate; those of the catalogue come before.
pub const MIGRATION: store::Migration =
    store::Migration::new(6, "ledger", include_str!("../../../migrations/0006_ledger.sql")).with(
        include_str!("../../../migrations/0006_ledger.sqlite.sql"),
        include_str!("../../../migrations/0006_ledger.postgres.sql"),
    );

/// Indexes that both engines use.
pub const WALKS_MIGRATION: store::Migration =
    store::Migration::new(100, "shelf_walks", include_str!("../../../migrations/0100_shelf_walks.sql"));
