//! SQL of reservations and bindings.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Exactness, Instant, LotId, OrderLineId, PlaceId, Quantity, ReservationId};
use store::{FromRow, Param, Question, Result, Row, Tx, args, row, sql};

use super::{Bound, Reservation, Skip, Skipped, ToPick, promise::in_shape};
use crate::{LedgerRefusal, Lot, journal::Freed, lots::store::lot_columns, quantities};

macro_rules! reservation_columns {
    () => {
        "id, site, sku, order_line, measure, state, wanted_pieces, wanted_grams, pieces, grams, amount, picked_pieces, \
         picked_grams, deliver_by, needed_until, expires_at, placed_at"
    };
}
pub(crate) use reservation_columns;

sql! {
    RESERVATION = concat!("SELECT ", reservation_columns!(), " FROM reservation WHERE id = $1 {hold}");
    OF_LINE =
        concat!("SELECT ", reservation_columns!(), " FROM reservation WHERE order_line = $1 ORDER BY placed_at, id");
    LAPSED = concat!(
        "SELECT ", reservation_columns!(), " FROM reservation
         WHERE expires_at <= $1 AND state IN ('promised', 'uncovered') ORDER BY expires_at, id LIMIT 500"
    );
    ADD = concat!(
        "INSERT INTO reservation (", reservation_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
    );
    SAVE =
        "UPDATE reservation
         SET state = $2, pieces = $3, grams = $4, amount = $5, picked_pieces = $6, picked_grams = $7, expires_at = $8
         WHERE id = $1";
    CONFIRM = "UPDATE reservation SET expires_at = NULL WHERE id = $1";
    BINDINGS_OF =
        "SELECT b.reservation, b.lot, b.place, b.pieces, b.grams, b.amount, l.measure
         FROM binding b JOIN lot l ON l.id = b.lot WHERE b.reservation = $1 ORDER BY b.lot, b.place {hold}";
    BINDINGS_OF_LOT =
        "SELECT b.reservation, b.lot, b.place, b.pieces, b.grams, b.amount, l.measure
         FROM binding b JOIN lot l ON l.id = b.lot WHERE b.lot = $1 ORDER BY b.reservation, b.place";
    BINDINGS_OF_GOODS =
        "SELECT b.reservation, b.lot, b.place, b.pieces, b.grams, b.amount, l.measure
         FROM binding b JOIN lot l ON l.id = b.lot JOIN reservation r ON r.id = b.reservation
         WHERE b.lot = $1 AND b.place = $2 ORDER BY r.placed_at DESC, r.id DESC";
    /// The columns of the lot first, behind them those of the reservation.
    TO_PICK = concat!(
        "SELECT l.*, r.*, b.lot, b.place, b.pieces, b.grams, b.amount, m.measure
         FROM (SELECT ", lot_columns!(), " FROM lot WHERE id = $2) l
         CROSS JOIN (SELECT ", reservation_columns!(), " FROM reservation WHERE id = $1) r
         LEFT JOIN binding b ON b.reservation = r.id LEFT JOIN lot m ON m.id = b.lot
         ORDER BY b.lot, b.place {hold}"
    );
    /// The CHECK of the table refuses what the row does not hold.
    BIND_BALANCE = "UPDATE balance SET bound = bound + $3 WHERE place = $1 AND lot = $2";
    ADD_BINDING =
        "INSERT INTO binding (reservation, lot, place, pieces, grams, amount, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (reservation, lot, place) DO UPDATE
         SET pieces = CASE WHEN excluded.pieces IS NULL THEN binding.pieces
                           ELSE COALESCE(binding.pieces, 0) + excluded.pieces END,
             grams = CASE WHEN excluded.grams IS NULL THEN binding.grams
                          ELSE COALESCE(binding.grams, 0) + excluded.grams END,
             amount = binding.amount + excluded.amount";
    UNBIND_BALANCE = "UPDATE balance SET bound = bound - $3 WHERE place = $1 AND lot = $2";
    KEEP_BINDING =
        "UPDATE binding SET pieces = $4, grams = $5, amount = $6 WHERE reservation = $1 AND lot = $2 AND place = $3";
    DROP_BINDING = "DELETE FROM binding WHERE reservation = $1 AND lot = $2 AND place = $3";
    SKIP =
        "INSERT INTO lot_skip (reservation, lot, why, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (reservation, lot) DO UPDATE SET why = excluded.why, at = excluded.at";
    SKIPPED = "SELECT lot, why FROM lot_skip WHERE reservation = $1 ORDER BY at, lot";
}

impl FromRow for Reservation {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        reservation_behind(row, 0)
    }
}

/// A reservation whose columns stand behind so many others.
fn reservation_behind(row: &Row<'_>, others: usize) -> Result<Reservation> {
    let at = |nth: usize| others.saturating_add(nth);
    let measure = row.get(at(4))?;
    let quantity = |pieces: usize, grams: usize| -> Result<Quantity> {
        Ok(quantities::from_columns(row.get(at(pieces))?, row.get(at(grams))?, Exactness::Exact))
    };
    Ok(Reservation {
        id: row.get(at(0))?,
        site: row.get(at(1))?,
        sku: row.get(at(2))?,
        order_line: row.get(at(3))?,
        measure,
        state: row.get(at(5))?,
        wanted: in_shape(measure, quantity(6, 7)?),
        open: in_shape(measure, quantity(8, 9)?),
        amount: row.get(at(10))?,
        picked: quantity(11, 12)?,
        deliver_by: row.get(at(13))?,
        needed_until: row.get(at(14))?,
        expires_at: row.get(at(15))?,
        placed_at: row.get(at(16))?,
    })
}

/// How many columns of a lot stand before those of the reservation.
const LOT_COLUMNS: usize = 21;

/// One row of what a picker has to know; a binding is in it if there is one.
struct ToPickRow {
    lot: Lot,
    reservation: Reservation,
    bound: Option<Bound>,
}

impl FromRow for ToPickRow {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let reservation = reservation_behind(row, LOT_COLUMNS)?;
        // The binding stands behind the 38 columns of both.
        let bound = match row.get::<Option<LotId>>(38)? {
            Some(lot) => {
                let quantity = quantities::from_columns(row.get(40)?, row.get(41)?, Exactness::Exact);
                let quantity = in_shape(row.get(43)?, quantity);
                Some(Bound { reservation: reservation.id, lot, place: row.get(39)?, quantity, amount: row.get(42)? })
            }
            None => None,
        };
        Ok(Self { lot: Lot::from_row(row)?, reservation, bound })
    }
}

impl FromRow for Bound {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let quantity = quantities::from_columns(row.get(3)?, row.get(4)?, Exactness::Exact);
        Ok(Self {
            reservation: row.get(0)?,
            lot: row.get(1)?,
            place: row.get(2)?,
            quantity: in_shape(row.get(6)?, quantity),
            amount: row.get(5)?,
        })
    }
}

pub(super) async fn by_id(tx: &mut Tx, id: ReservationId) -> Result<Option<Reservation>> {
    tx.optional(RESERVATION, args![id]).await
}

/// All of them, which must exist, in their order.
pub(super) async fn by_ids(tx: &mut Tx, ids: &[ReservationId]) -> Result<Vec<Reservation>, LedgerRefusal> {
    let found: Vec<Vec<Reservation>> =
        tx.all_many(RESERVATION, &ids.iter().map(|id| row![*id]).collect::<Vec<_>>()).await?;
    found.into_iter().map(|mut found| found.pop().ok_or(LedgerRefusal::NoSuchReservation)).collect()
}

pub(super) async fn of_line(tx: &mut Tx, line: OrderLineId) -> Result<Vec<Reservation>> {
    tx.all(OF_LINE, args![line]).await
}

pub(super) fn any_lapsed(now: Instant) -> Question {
    Question::new(LAPSED, args![now])
}

pub(super) async fn lapsed(tx: &mut Tx, now: Instant) -> Result<Vec<Reservation>> {
    tx.all(LAPSED, args![now]).await
}

pub(super) async fn add(tx: &mut Tx, reservations: &[Reservation]) -> Result<()> {
    let rows = reservations
        .iter()
        .map(|new| {
            row![
                new.id,
                new.site,
                new.sku,
                new.order_line,
                new.measure,
                new.state,
                new.wanted.pieces,
                new.wanted.grams,
                new.open.pieces,
                new.open.grams,
                new.amount,
                new.picked.pieces,
                new.picked.grams,
                new.deliver_by,
                new.needed_until,
                new.expires_at,
                new.placed_at,
            ]
        })
        .collect();
    tx.put_many(ADD, rows).await
}

/// Writes what may change of a reservation.
pub(crate) async fn save(tx: &mut Tx, known: &Reservation) -> Result<()> {
    tx.put(SAVE, &changeable(known)).await
}

/// The same for several, in the order of their ids.
pub(super) async fn save_all(tx: &mut Tx, known: &[Reservation]) -> Result<()> {
    let rows: BTreeMap<ReservationId, _> = known.iter().map(|known| (known.id, changeable(known))).collect();
    tx.put_many(SAVE, rows.into_values().collect()).await
}

fn changeable(known: &Reservation) -> [Param<'static>; 8] {
    row![
        known.id,
        known.state,
        known.open.pieces,
        known.open.grams,
        known.amount,
        known.picked.pieces,
        known.picked.grams,
        known.expires_at,
    ]
}

pub(super) async fn confirm(tx: &mut Tx, ids: &BTreeSet<ReservationId>) -> Result<()> {
    tx.put_many(CONFIRM, ids.iter().map(|id| row![*id]).collect()).await
}

/// Nothing if the reservation or the lot is not there.
pub(super) async fn to_pick(tx: &mut Tx, reservation: ReservationId, lot: LotId) -> Result<Option<ToPick>> {
    let rows: Vec<ToPickRow> = tx.all(TO_PICK, args![reservation, lot]).await?;
    let mut found: Option<ToPick> = None;
    for ToPickRow { lot, reservation, bound } in rows {
        found.get_or_insert(ToPick { reservation, lot, bounds: Vec::new() }).bounds.extend(bound);
    }
    Ok(found)
}

pub(super) async fn bindings_of(tx: &mut Tx, reservation: ReservationId) -> Result<Vec<Bound>> {
    tx.all(BINDINGS_OF, args![reservation]).await
}

/// The bindings of each, in their order.
pub(super) async fn bindings_of_each(tx: &mut Tx, reservations: &[ReservationId]) -> Result<Vec<Vec<Bound>>> {
    tx.all_many(BINDINGS_OF, &reservations.iter().map(|id| row![*id]).collect::<Vec<_>>()).await
}

pub(crate) async fn bindings_of_lot(tx: &mut Tx, lot: LotId) -> Result<Vec<Bound>> {
    tx.all(BINDINGS_OF_LOT, args![lot]).await
}

/// The bindings on a lot in a place, the latest placed first.
pub(super) async fn bindings_of_goods(tx: &mut Tx, lot: LotId, place: PlaceId) -> Result<Vec<Bound>> {
    tx.all(BINDINGS_OF_GOODS, args![lot, place]).await
}

/// Binds goods to reservations. What several of them take of a lot in one place is written as one sum, and the places
/// in the order of their keys.
pub(super) async fn bind(tx: &mut Tx, at: Instant, bounds: &[Bound]) -> Result<()> {
    let mut sums: BTreeMap<(PlaceId, LotId), i64> = BTreeMap::new();
    for bound in bounds {
        let sum = sums.entry((bound.place, bound.lot)).or_default();
        *sum = sum.saturating_add(bound.amount);
    }
    let taken = sums.into_iter().map(|((place, lot), amount)| row![place, lot, amount]);
    tx.put_many(BIND_BALANCE, taken.collect()).await?;
    let rows = bounds.iter().map(|bound| {
        let quantity = bound.quantity;
        row![bound.reservation, bound.lot, bound.place, quantity.pieces, quantity.grams, bound.amount, at]
    });
    tx.put_many(ADD_BINDING, rows.collect()).await
}

pub(super) async fn unbind(tx: &mut Tx, freed: Freed) -> Result<()> {
    tx.put_many(UNBIND_BALANCE, vec![row![freed.place, freed.lot, freed.amount]]).await
}

pub(super) async fn keep_bound(tx: &mut Tx, bound: &Bound) -> Result<()> {
    tx.put(
        KEEP_BINDING,
        args![bound.reservation, bound.lot, bound.place, bound.quantity.pieces, bound.quantity.grams, bound.amount,],
    )
    .await
}

pub(super) async fn drop_bound(tx: &mut Tx, bound: &Bound) -> Result<()> {
    tx.put(DROP_BINDING, args![bound.reservation, bound.lot, bound.place]).await
}

pub(super) async fn skip(tx: &mut Tx, at: Instant, skipped: &[(ReservationId, Skipped)]) -> Result<()> {
    let rows = skipped.iter().map(|(reservation, skipped)| row![*reservation, skipped.lot, skipped.why, at]);
    tx.put_many(SKIP, rows.collect()).await
}

pub(super) async fn skipped(tx: &mut Tx, reservation: ReservationId) -> Result<Vec<(LotId, Skip)>> {
    tx.all(SKIPPED, args![reservation]).await
}
