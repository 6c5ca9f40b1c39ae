//! The one append-only log: what happened, told in the transaction that made it so.
//!
//! A verb calls [`tell`]; nothing global is locked, so writers never queue for the log. A sealer ([`seal`]) gives
//! committed events their gap-free position, in an order that respects each object's own, and links them by hash
//! in blocks. Readers follow positions only: whatever commits late gets a late position, so nobody skips it.
//!
//! Nothing here is ever changed or deleted; the tables refuse it.

mod chain;
mod feed;
mod http;
mod read;
mod seal;
mod tell;

pub use chain::{Break, Chain, HeadsBroken, check_block, check_heads, export_heads, verify_chain};
pub use feed::{Feed, Follower};
pub use http::router;
pub use read::{
    BlockHead, KINDS_MAX, Link, SealedEvent, Subject, ToldEvent, advance, blocks_after, claim, cursor, first_told,
    first_touched, kinds_after, latest, of_object, read_after, tip, told_between, unsealed,
};
pub use seal::{BATCH_MAX, Sealed, anything_behind, seal};
pub use tell::{Object, Told, tell};

/// The tables of the log.
pub const MIGRATION: store::Migration =
    store::Migration::new(2, "events", include_str!("../../../migrations/0002_events.sql")).with(
        include_str!("../../../migrations/0002_events.sqlite.sql"),
        include_str!("../../../migrations/0002_events.postgres.sql"),
    );
/// What is told waits for its position without being told to.
pub const SEAL_QUEUE_MIGRATION: store::Migration =
    store::Migration::new(104, "seal_queue", include_str!("../../../migrations/0104_seal_queue.sql")).with(
        include_str!("../../../migrations/0104_seal_queue.sqlite.sql"),
        include_str!("../../../migrations/0104_seal_queue.postgres.sql"),
    );
