//! What the stock desk reads and keeps: SQL and rows, nothing else.

use kernel::{Actor, BlockId, Exactness, Instant, LotId, PlaceId, Quantity, SiteId};
use ledger::PlaceKind;
use store::{FromRow, Row, StoreError, Tx, Uuid, args, sql};

use super::{Audit, AuditVerdict, Movement, PlaceCard, PlaceKey, Relative, audit::Counts};

impl FromRow for PlaceCard {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            kind: row.get(2)?,
            code: row.get(3)?,
            zone: row.get(4)?,
            zone_code: row.get(5)?,
            class: row.get(6)?,
            pick_sequence: row.get(7)?,
        })
    }
}

pub(super) async fn place(tx: &mut Tx, id: PlaceId) -> Result<Option<PlaceCard>, StoreError> {
    tx.optional(PLACE, args![id]).await
}

/// In place of a kind: every kind that is opened by hand.
const IN_THE_HOUSE: &str = "in_the_house";

pub(super) async fn places(
    tx: &mut Tx,
    site: SiteId,
    kind: Option<PlaceKind>,
    after: Option<PlaceKey>,
    rows: i64,
) -> Result<Vec<PlaceCard>, StoreError> {
    let kind = kind.map_or(IN_THE_HOUSE, PlaceKind::code);
    let (path, code, after) =
        after.map_or((i64::MIN, String::new(), ""), |(path, code, kind)| (path, code, kind.code()));
    tx.all(PLACES, args![site, kind, path, code, after, rows]).await
}

impl FromRow for Relative {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let quantity = Quantity { pieces: row.get(2)?, grams: row.get(3)?, exactness: Exactness::Exact };
        Ok(Self { lot: row.get(0)?, lot_code: row.get(1)?, quantity })
    }
}

pub(super) async fn parents(tx: &mut Tx, lot: LotId) -> Result<Vec<Relative>, StoreError> {
    tx.all(PARENTS, args![lot]).await
}

pub(super) async fn children(tx: &mut Tx, lot: LotId) -> Result<Vec<Relative>, StoreError> {
    tx.all(CHILDREN, args![lot]).await
}

impl FromRow for Movement {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let exactness: String = row.get(11)?;
        let exactness = if exactness == "exact" { Exactness::Exact } else { Exactness::Estimated };
        let (noun, id): (String, Option<Uuid>) = (row.get(14)?, row.get(15)?);
        Ok(Self {
            seq: row.get(0)?,
            at: row.get(1)?,
            day: row.get(2)?,
            from: row.get(3)?,
            from_kind: row.get(4)?,
            from_code: row.get(5)?,
            to: row.get(6)?,
            to_kind: row.get(7)?,
            to_code: row.get(8)?,
            quantity: Quantity { pieces: row.get(9)?, grams: row.get(10)?, exactness },
            cause_noun: row.get(12)?,
            cause: row.get(13)?,
            by: Actor::from_filed(&noun, id),
        })
    }
}

pub(super) async fn movements(tx: &mut Tx, lot: LotId, after: i64, rows: i64) -> Result<Vec<Movement>, StoreError> {
    tx.all(MOVEMENTS, args![lot, after, rows]).await
}

/// Whose lot a block is on, and who set it.
pub(super) async fn block(tx: &mut Tx, id: BlockId) -> Result<Option<(SiteId, Option<Actor>)>, StoreError> {
    let row: Option<(SiteId, String, Option<Uuid>)> = tx.optional(BLOCK, args![id]).await?;
    Ok(row.map(|(site, noun, id)| (site, Actor::from_filed(&noun, id))))
}

pub(super) async fn count(tx: &mut Tx, site: SiteId) -> Result<Counts, StoreError> {
    let unkept: i64 = tx.one(COUNT_UNKEPT, args![site]).await?;
    let closed: i64 = tx.one(COUNT_CLOSED, args![site]).await?;
    let empty: i64 = tx.one(COUNT_EMPTY, args![site]).await?;
    Ok(Counts {
        moves: tx.one(COUNT_MOVES, args![site]).await?,
        balances: tx.one(COUNT_BALANCES, args![site]).await?,
        balances_differing: tx.one(COUNT_DIFFERING, args![site]).await?,
        reservations: tx.one(COUNT_RESERVATIONS, args![site]).await?,
        reservations_orphan: unkept.saturating_add(closed).saturating_add(empty),
        parcels_differing: tx.one(COUNT_PARCELS, args![site]).await?,
    })
}

/// The first few that differ, under each law.
pub(super) async fn examples(tx: &mut Tx, site: SiteId) -> Result<Vec<String>, StoreError> {
    let mut examples = Vec::new();
    for (law, statement) in [("balance", DIFFERING), ("reservation", UNKEPT), ("parcel", PARCELS)] {
        let found: Vec<(String, String)> = tx.all(statement, args![site]).await?;
        examples.extend(found.into_iter().map(|(place, lot)| format!("{law} {place} {lot}")));
    }
    Ok(examples)
}

pub(super) async fn add_audit(
    tx: &mut Tx,
    site: SiteId,
    at: Instant,
    counts: &Counts,
    verdict: AuditVerdict,
    examples: &[String],
) -> Result<i64, StoreError> {
    tx.one(
        ADD_AUDIT,
        args![
            site,
            at,
            counts.moves,
            counts.balances,
            counts.balances_differing,
            counts.reservations,
            counts.reservations_orphan,
            counts.parcels_differing,
            verdict,
            examples.join("\n"),
        ],
    )
    .await
}

impl FromRow for Audit {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let examples: String = row.get(10)?;
        Ok(Self {
            seq: row.get(0)?,
            site: row.get(1)?,
            at: row.get(2)?,
            moves: row.get(3)?,
            balances: row.get(4)?,
            balances_differing: row.get(5)?,
            reservations: row.get(6)?,
            reservations_orphan: row.get(7)?,
            parcels_differing: row.get(8)?,
            verdict: row.get(9)?,
            examples: examples.lines().map(str::to_owned).collect(),
        })
    }
}

pub(super) async fn audits(tx: &mut Tx, site: SiteId, before: i64, rows: i64) -> Result<Vec<Audit>, StoreError> {
    tx.all(AUDITS, args![site, before, rows]).await
}

macro_rules! places {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.site, p.kind, p.code, p.zone, z.code, z.class, p.path
             FROM place p
             LEFT JOIN zone z ON z.id = p.zone ",
            $rest
        )
    };
}

/// Place and lot of every sum that the replay of the journal and the balances do not agree on.
macro_rules! differing {
    () => {
        "SELECT place, lot
         FROM (SELECT to_place AS place, lot, COALESCE(pieces, 0) AS pieces, COALESCE(grams, 0) AS grams
               FROM stock_move WHERE site = $1
               UNION ALL
               SELECT from_place, lot, -COALESCE(pieces, 0), -COALESCE(grams, 0)
               FROM stock_move WHERE site = $1
               UNION ALL
               SELECT place, lot, -pieces, -grams
               FROM balance WHERE site = $1) parts
         GROUP BY place, lot
         HAVING SUM(pieces) <> 0 OR SUM(grams) <> 0"
    };
}

/// Place and lot where not as much is kept as is bound.
macro_rules! unkept {
    () => {
        "SELECT place, lot
         FROM (SELECT place, lot, bound AS amount FROM balance WHERE site = $1
               UNION ALL
               SELECT b.place, b.lot, -b.amount
               FROM binding b JOIN reservation r ON r.id = b.reservation
               WHERE r.site = $1) parts
         GROUP BY place, lot
         HAVING SUM(amount) <> 0"
    };
}

/// Totes, lanes and vans that hold other than what tasks and parcels say.
macro_rules! parcels {
    () => {
        "SELECT place, lot
         FROM (SELECT b.place, b.lot, b.amount
               FROM balance b JOIN place p ON p.id = b.place
               WHERE b.site = $1 AND p.kind IN ('tote', 'staging', 'vehicle')
               UNION ALL
               SELECT k.place, c.lot,
                      -(CASE WHEN l.measure = 'weighed' THEN COALESCE(c.grams, 0) ELSE COALESCE(c.pieces, 0) END)
               FROM parcel k
               JOIN parcel_content c ON c.parcel = k.id
               JOIN lot l ON l.id = c.lot
               WHERE k.site = $1 AND k.state IN ('packed', 'staged', 'loaded')
               UNION ALL
               SELECT t.tote, t.lot,
                      -(CASE WHEN t.measure = 'weighed' THEN COALESCE(t.picked_grams, 0)
                             ELSE COALESCE(t.picked_pieces, 0) END)
               FROM pick_task t
               JOIN pick_note n ON n.note = t.note
               WHERE n.site = $1 AND t.tote IS NOT NULL AND t.parcel IS NULL) parts
         GROUP BY place, lot
         HAVING SUM(amount) <> 0"
    };
}

macro_rules! counted {
    ($law:ident) => {
        concat!("SELECT COUNT(*) FROM (", $law!(), ") breaches")
    };
}

macro_rules! named {
    ($law:ident) => {
        concat!(
            "SELECT p.code, l.code FROM (",
            $law!(),
            ") breaches JOIN place p ON p.id = breaches.place JOIN lot l ON l.id = breaches.lot
             ORDER BY p.code, l.code LIMIT 10"
        )
    };
}

sql! {
    PLACE = places!("WHERE p.id = $1");
    PLACES = places!(
        "WHERE p.site = $1
           AND (p.kind = $2 OR (CAST($2 AS TEXT) = 'in_the_house'
                                AND p.kind IN ('dock', 'bin', 'pick_face', 'staging', 'tote')))
           AND (p.path, p.code, p.kind) > ($3, $4, $5)
         ORDER BY p.path, p.code, p.kind
         LIMIT $6"
    );
    PARENTS = "SELECT l.id, l.code, f.pieces, f.grams
               FROM lot_parent f JOIN lot l ON l.id = f.parent
               WHERE f.child = $1 ORDER BY l.id";
    CHILDREN = "SELECT l.id, l.code, f.pieces, f.grams
                FROM lot_parent f JOIN lot l ON l.id = f.child
                WHERE f.parent = $1 ORDER BY l.id";
    // Served by stock_move_of_lot.
    MOVEMENTS = "SELECT m.seq, m.at, m.day, m.from_place, f.kind, f.code, m.to_place, t.kind, t.code, m.pieces,
                        m.grams, m.exactness, m.cause_noun, m.cause, m.actor, m.actor_id
                 FROM stock_move m
                 JOIN place f ON f.id = m.from_place
                 JOIN place t ON t.id = m.to_place
                 WHERE m.lot = $1 AND m.seq > $2
                 ORDER BY m.seq
                 LIMIT $3";
    BLOCK = "SELECT l.site, b.actor, b.actor_id FROM lot_block b JOIN lot l ON l.id = b.lot WHERE b.id = $1";
    COUNT_MOVES = "SELECT COUNT(*) FROM stock_move WHERE site = $1";
    COUNT_BALANCES = "SELECT COUNT(*) FROM balance WHERE site = $1";
    COUNT_RESERVATIONS =
        "SELECT COUNT(*) FROM reservation WHERE site = $1 AND state IN ('promised', 'uncovered', 'bound')";
    COUNT_DIFFERING = counted!(differing);
    DIFFERING = named!(differing);
    COUNT_UNKEPT = counted!(unkept);
    UNKEPT = named!(unkept);
    /// Goods kept for a claim that is over.
    COUNT_CLOSED =
        "SELECT COUNT(*)
         FROM binding b JOIN reservation r ON r.id = b.reservation
         WHERE r.site = $1 AND r.state IN ('consumed', 'released', 'expired')";
    /// Claims that say they are bound and have nothing.
    COUNT_EMPTY =
        "SELECT COUNT(*)
         FROM reservation r
         WHERE r.site = $1 AND r.state = 'bound'
           AND NOT EXISTS (SELECT 1 FROM binding b WHERE b.reservation = r.id)";
    COUNT_PARCELS = counted!(parcels);
    PARCELS = named!(parcels);
    ADD_AUDIT = "INSERT INTO stock_audit (site, at, moves, balances, balances_differing, reservations,
                                          reservations_orphan, parcels_differing, verdict, examples)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 RETURNING seq";
    AUDITS = "SELECT seq, site, at, moves, balances, balances_differing, reservations, reservations_orphan,
                     parcels_differing, verdict, examples
              FROM stock_audit
              WHERE site = $1 AND seq < $2
              ORDER BY seq DESC
              LIMIT $3";
}
