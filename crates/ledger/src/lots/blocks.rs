//! Blocks 凍結: reasons why a lot may not be used for something, lifted one by one.

use std::fmt;

use events::{Object, tell};
use kernel::{Actor, BlockId, Instant, LotId, Stamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use store::{Bind, Cell, Column, FromRow, Param, Result, Row, StoreError, Tx, args, codes, sql};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{around, lot, store as lots};
use crate::{
    LedgerRefusal,
    events::{LotBlockLifted, LotBlocked},
    shelf,
};

codes! {
    /// One use that a block forbids.
    BlockFlag {
        NoPromise = "no_promise",
        NoPick = "no_pick",
        NoShip = "no_ship",
        /// Forbids every use.
        NoSale = "no_sale",
    }
}

impl BlockFlag {
    const fn bit(self) -> i64 {
        match self {
            Self::NoPromise => 1,
            Self::NoPick => 2,
            Self::NoShip => 4,
            Self::NoSale => 8,
        }
    }
}

/// A set of forbidden uses; on the wire a list of their codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ToSchema)]
#[schema(value_type = Vec<BlockFlag>)]
pub struct BlockFlags(i64);

impl BlockFlags {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(15);

    pub const fn of(flag: BlockFlag) -> Self {
        Self(flag.bit())
    }

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both forbid.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn flags(self) -> impl Iterator<Item = BlockFlag> {
        BlockFlag::ALL.iter().copied().filter(move |flag| self.0 & flag.bit() != 0)
    }
}

impl FromIterator<BlockFlag> for BlockFlags {
    fn from_iter<I: IntoIterator<Item = BlockFlag>>(flags: I) -> Self {
        flags.into_iter().fold(Self::NONE, |set, flag| set.and(Self::of(flag)))
    }
}

impl fmt::Display for BlockFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<&str> = self.flags().map(BlockFlag::code).collect();
        f.write_str(&codes.join(", "))
    }
}

impl Serialize for BlockFlags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.flags())
    }
}

impl<'de> Deserialize<'de> for BlockFlags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<BlockFlag>::deserialize(deserializer).map(Self::from_iter)
    }
}

impl Column for BlockFlags {
    fn decode(cell: Cell<'_>) -> Result<Self, String> {
        match i64::decode(cell)? {
            bits @ 0..=15 => Ok(Self(bits)),
            other => Err(format!("{other}, not block flags")),
        }
    }
}

impl<'a> Bind<'a> for BlockFlags {
    fn bind(self) -> Param<'a> {
        self.0.bind()
    }
}

/// A reason why a lot may not be used for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Block {
    pub id: BlockId,
    pub lot: LotId,
    pub flags: BlockFlags,
    pub reason: String,
    pub by: Actor,
    pub at: Instant,
    /// None while it holds.
    pub lifted_at: Option<Instant>,
    pub lift_reason: Option<String>,
}

/// Blocks a lot. Whatever the block forbids ends at once: bindings are undone, and promises that the rest of the
/// shelf cannot cover are marked uncovered.
pub async fn block(
    tx: &mut Tx,
    stamp: &Stamp,
    id: LotId,
    flags: BlockFlags,
    reason: &str,
) -> Result<Block, LedgerRefusal> {
    let known = lot(tx, id).await?;
    if reason.trim().is_empty() {
        return Err(LedgerRefusal::ReasonMissing);
    }
    if flags.is_empty() {
        return Err(LedgerRefusal::BlocksNothing);
    }
    shelf::lock_all_sites(tx, known.sku).await?;
    let block = Block {
        id: stamp.mint(),
        lot: id,
        flags,
        reason: reason.trim().to_owned(),
        by: stamp.by,
        at: stamp.at,
        lifted_at: None,
        lift_reason: None,
    };
    add(tx, &block).await?;
    let forbidden = open_flags(tx, id).await?;
    lots::set_flags(tx, id, forbidden).await?;
    let body = LotBlocked { code: known.code.clone(), flags, reason: block.reason.clone() };
    tell(tx, stamp, Object::of(id), &around(&known), &body).await?;
    shelf::lot_worsened(tx, stamp, id).await?;
    Ok(block)
}

/// Lifts one block; the lot stays blocked by any other. Promises that waited for the goods are covered again.
pub async fn lift(tx: &mut Tx, stamp: &Stamp, block: BlockId, reason: &str) -> Result<Block, LedgerRefusal> {
    let known: Block = tx.optional(BLOCK, args![block]).await?.ok_or(LedgerRefusal::NoSuchBlock)?;
    if known.lifted_at.is_some() {
        return Err(LedgerRefusal::BlockLifted);
    }
    if reason.trim().is_empty() {
        return Err(LedgerRefusal::ReasonMissing);
    }
    let of = lot(tx, known.lot).await?;
    shelf::lock_all_sites(tx, of.sku).await?;
    let lifted = Block { lifted_at: Some(stamp.at), lift_reason: Some(reason.trim().to_owned()), ..known };
    tx.put(LIFT, args![block, stamp.at, reason.trim(), stamp.by.noun(), stamp.by.uuid()]).await?;
    let forbidden = open_flags(tx, lifted.lot).await?;
    lots::set_flags(tx, lifted.lot, forbidden).await?;
    let body = LotBlockLifted { code: of.code.clone(), flags: lifted.flags, reason: reason.trim().to_owned() };
    tell(tx, stamp, Object::of(lifted.lot), &around(&of), &body).await?;
    shelf::lot_improved(tx, stamp, lifted.lot).await?;
    Ok(lifted)
}

/// The blocks of a lot, lifted ones too, oldest first.
pub async fn blocks_of(tx: &mut Tx, lot: LotId) -> Result<Vec<Block>, LedgerRefusal> {
    Ok(tx.all(BLOCKS, args![lot]).await?)
}

/// A part that is split off a blocked lot is blocked for the same reasons.
pub(super) async fn inherit(tx: &mut Tx, stamp: &Stamp, whole: LotId, part: LotId) -> Result<(), LedgerRefusal> {
    let mut flags = BlockFlags::NONE;
    for block in blocks_of(tx, whole).await?.into_iter().filter(|block| block.lifted_at.is_none()) {
        flags = flags.and(block.flags);
        add(tx, &Block { id: stamp.mint(), lot: part, ..block }).await?;
    }
    if !flags.is_empty() {
        lots::set_flags(tx, part, flags).await?;
    }
    Ok(())
}

async fn add(tx: &mut Tx, block: &Block) -> Result<()> {
    tx.put(ADD, args![block.id, block.lot, block.flags, &block.reason, block.by.noun(), block.by.uuid(), block.at])
        .await
}

/// What the open blocks of a lot forbid together.
async fn open_flags(tx: &mut Tx, lot: LotId) -> Result<BlockFlags> {
    let open: Vec<BlockFlags> = tx.all(OPEN, args![lot]).await?;
    Ok(open.into_iter().fold(BlockFlags::NONE, BlockFlags::and))
}

impl FromRow for Block {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            lot: row.get(1)?,
            flags: row.get(2)?,
            reason: row.get(3)?,
            by: filed_actor(&row.get::<String>(4)?, row.get(5)?, BLOCK.name())?,
            at: row.get(6)?,
            lifted_at: row.get(7)?,
            lift_reason: row.get(8)?,
        })
    }
}

/// The actor under the word and id that a table keeps.
pub(crate) fn filed_actor(noun: &str, id: Option<Uuid>, statement: &'static str) -> Result<Actor> {
    Actor::from_filed(noun, id).ok_or_else(|| StoreError::Impossible {
        statement,
        column: "actor".to_owned(),
        found: format!("{noun} {id:?}"),
    })
}

sql! {
    BLOCK = "SELECT id, lot, flags, reason, actor, actor_id, at, lifted_at, lift_reason FROM lot_block WHERE id = $1";
    BLOCKS = "SELECT id, lot, flags, reason, actor, actor_id, at, lifted_at, lift_reason
              FROM lot_block WHERE lot = $1 ORDER BY at, id";
    OPEN = "SELECT flags FROM lot_block WHERE lot = $1 AND lifted_at IS NULL";
    ADD = "INSERT INTO lot_block (id, lot, flags, reason, actor, actor_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LIFT = "UPDATE lot_block SET lifted_at = $2, lift_reason = $3, lifter = $4, lifter_id = $5
            WHERE id = $1 AND lifted_at IS NULL";
}
