//! SQL of arrivals and their lines.

use std::collections::BTreeMap;

use kernel::{Actor, ArrivalId, ArrivalLineId, Date, Id, Instant, LotId, PurchaseOrderId, Quantity, SiteId};
use store::{FromRow, Result, Row, Tx, args, row, sql};
use uuid::Uuid;

use super::inspections::parts_of_line;
use crate::{
    filed,
    receiving::{Arrival, ArrivalLine, ArrivalState, Crate, DueArrival, Reference, SourceRecord, TareProfile},
};

macro_rules! arrival_columns {
    () => {
        "id, number, site, purchase_order, supplier, notice, dock, vehicle, vehicle_decicelsius, state, arrived_by, \
         arrived_by_id, arrived_at"
    };
}

macro_rules! line_columns {
    () => {
        "id, arrival, purchase_order, purchase_order_line, sku, lot, state, cartons, gross_grams, tare_grams, pieces, \
         grams, exactness, core_decicelsius, announced_grams, certificate, trace_lot_code, trace_source, \
         reference_kind, reference_number, received_on, completeness_bp, weighed_by, weighed_by_id, weighed_at"
    };
}

sql! {
    ARRIVAL = concat!("SELECT ", arrival_columns!(), " FROM arrival WHERE id = $1");
    /// Served by `arrival_by_site`.
    ARRIVALS = concat!(
        "SELECT ", arrival_columns!(), " FROM arrival
         WHERE site = $1 AND (arrived_at, id) < ($2, $3) ORDER BY arrived_at DESC, id DESC LIMIT $4"
    );
    /// Served by `arrival_at_dock`.
    AT_DOCK = concat!(
        "SELECT ", arrival_columns!(), " FROM arrival
         WHERE site = $1 AND state = 'at_dock' ORDER BY arrived_at, id LIMIT $2"
    );
    ADD_ARRIVAL = concat!(
        "INSERT INTO arrival (", arrival_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    SET_STATE = "UPDATE arrival SET state = $2 WHERE id = $1 AND state <> $2";
    /// Lines without a verdict, and parts that have not left the dock.
    WAITING = "SELECT (SELECT COUNT(*) FROM arrival_line l WHERE l.arrival = $1 AND l.state = 'weighed')
                    + (SELECT COUNT(*) FROM arrival_part p JOIN arrival_line l ON l.id = p.line
                       WHERE l.arrival = $1 AND p.whereabouts = 'at_dock')";
    /// Notices whose truck has not come, and orders without a notice. Served by `purchase_order_expected`.
    DUE = "SELECT o.id, o.number, o.supplier, o.delivery_on, n.id, n.eta, n.vehicle
           FROM purchase_order o
           LEFT JOIN shipping_notice n ON n.purchase_order = o.id
           WHERE o.site = $1 AND o.state IN ('accepted', 'partly_received') AND o.delivery_on <= $2
             AND NOT EXISTS (SELECT 1 FROM arrival a
                             WHERE a.purchase_order = o.id AND (n.id IS NULL OR a.notice = n.id))
           ORDER BY COALESCE(n.eta, CAST($4 AS BIGINT)), o.delivery_on, o.id
           LIMIT $3";
    LINE = concat!("SELECT ", line_columns!(), " FROM arrival_line WHERE id = $1");
    LINE_OF_LOT = concat!("SELECT ", line_columns!(), " FROM arrival_line WHERE lot = $1");
    LINES_OF = concat!("SELECT ", line_columns!(), " FROM arrival_line WHERE arrival = $1 ORDER BY weighed_at, id");
    ADD_LINE = concat!(
        "INSERT INTO arrival_line (", line_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24, $25)"
    );
    SET_JUDGED = "UPDATE arrival_line SET state = 'judged' WHERE id = $1 AND state = 'weighed'";
    UNJUDGED = "SELECT COUNT(*) FROM arrival_line WHERE purchase_order = $1 AND state = 'weighed'";
    WEIGHED_BY = "SELECT DISTINCT weighed_by, weighed_by_id FROM arrival_line WHERE purchase_order = $1";
    CRATES = "SELECT cartons, gross_grams, tare_grams, profile FROM arrival_crate WHERE line = $1 ORDER BY position";
    ADD_CRATE = "INSERT INTO arrival_crate (line, position, cartons, gross_grams, tare_grams, profile)
                 VALUES ($1, $2, $3, $4, $5, $6)";
    TARE_PROFILES = "SELECT code, name, grams FROM tare_profile ORDER BY code";
    SET_TARE_PROFILE = "INSERT INTO tare_profile (code, name, grams) VALUES ($1, $2, $3)
                        ON CONFLICT (code) DO UPDATE SET name = excluded.name, grams = excluded.grams";
}

impl FromRow for Arrival {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            number: row.get(1)?,
            site: row.get(2)?,
            purchase_order: row.get(3)?,
            supplier: row.get(4)?,
            notice: row.get(5)?,
            dock: row.get(6)?,
            vehicle: row.get(7)?,
            vehicle_temperature: row.get(8)?,
            state: row.get(9)?,
            arrived_by: filed::actor(row, 10, ARRIVAL)?,
            arrived_at: row.get(12)?,
        })
    }
}

/// A line without its crates and parts.
struct BareLine(ArrivalLine);

impl FromRow for BareLine {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let reference = match (row.get(18)?, row.get(19)?) {
            (Some(kind), Some(number)) => Some(Reference { kind, number }),
            (None, _) | (_, None) => None,
        };
        Ok(Self(ArrivalLine {
            id: row.get(0)?,
            arrival: row.get(1)?,
            purchase_order: row.get(2)?,
            purchase_order_line: row.get(3)?,
            sku: row.get(4)?,
            lot: row.get(5)?,
            state: row.get(6)?,
            cartons: row.get(7)?,
            gross_grams: row.get(8)?,
            tare_grams: row.get(9)?,
            received: filed::quantity(row, 10, LINE)?,
            core: row.get(13)?,
            announced_grams: row.get(14)?,
            record: SourceRecord {
                certificate: row.get(15)?,
                lot_code: row.get(16)?,
                source: row.get(17)?,
                reference,
                received_on: row.get(20)?,
                completeness_bp: row.get(21)?,
            },
            weighed_by: filed::actor(row, 22, LINE)?,
            weighed_at: row.get(24)?,
            crates: Vec::new(),
            parts: Vec::new(),
        }))
    }
}

impl FromRow for Crate {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { cartons: row.get(0)?, gross_grams: row.get(1)?, tare_grams: row.get(2)?, profile: row.get(3)? })
    }
}

impl FromRow for DueArrival {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            purchase_order: row.get(0)?,
            number: row.get(1)?,
            supplier: row.get(2)?,
            delivery_on: row.get(3)?,
            notice: row.get(4)?,
            eta: row.get(5)?,
            vehicle: row.get(6)?,
        })
    }
}

pub(in crate::receiving) async fn arrival(tx: &mut Tx, id: ArrivalId) -> Result<Option<Arrival>> {
    tx.optional(ARRIVAL, args![id]).await
}

pub(in crate::receiving) async fn arrivals(
    tx: &mut Tx,
    site: SiteId,
    before: Option<(Instant, ArrivalId)>,
    limit: i64,
) -> Result<Vec<Arrival>> {
    let (at, id) = before.map_or((Instant::MAX, Uuid::max()), |(at, id)| (at, id.uuid()));
    tx.all(ARRIVALS, args![site, at, id, limit]).await
}

pub(in crate::receiving) async fn at_dock(tx: &mut Tx, site: SiteId, limit: i64) -> Result<Vec<Arrival>> {
    tx.all(AT_DOCK, args![site, limit]).await
}

pub(in crate::receiving) async fn due(tx: &mut Tx, site: SiteId, through: Date, limit: i64) -> Result<Vec<DueArrival>> {
    tx.all(DUE, args![site, through, limit, Instant::MAX]).await
}

pub(in crate::receiving) async fn add_arrival(tx: &mut Tx, arrival: &Arrival) -> Result<()> {
    tx.put(
        ADD_ARRIVAL,
        args![
            arrival.id,
            &arrival.number,
            arrival.site,
            arrival.purchase_order,
            arrival.supplier,
            arrival.notice,
            arrival.dock,
            &arrival.vehicle,
            arrival.vehicle_temperature,
            arrival.state,
            arrival.arrived_by.noun(),
            arrival.arrived_by.uuid(),
            arrival.arrived_at,
        ],
    )
    .await
}

/// How much of an arrival still waits: for a verdict, or to leave the dock.
pub(in crate::receiving) async fn waiting_at_dock(tx: &mut Tx, id: ArrivalId) -> Result<i64> {
    tx.one(WAITING, args![id]).await
}

pub(in crate::receiving) async fn clear(tx: &mut Tx, id: ArrivalId) -> Result<()> {
    tx.put(SET_STATE, args![id, ArrivalState::Cleared]).await
}

/// Another line comes off a truck whose first ones have left the dock already.
pub(in crate::receiving) async fn reopen(tx: &mut Tx, id: ArrivalId) -> Result<()> {
    tx.put(SET_STATE, args![id, ArrivalState::AtDock]).await
}

/// The line with its crates and parts.
pub(in crate::receiving) async fn line(tx: &mut Tx, id: ArrivalLineId) -> Result<Option<ArrivalLine>> {
    let bare = tx.optional(LINE, args![id]).await?;
    match bare {
        Some(bare) => whole(tx, bare).await.map(Some),
        None => Ok(None),
    }
}

/// The line that a lot was opened for; lots that were split off later have none.
pub(in crate::receiving) async fn line_of_lot(tx: &mut Tx, lot: LotId) -> Result<Option<ArrivalLine>> {
    let bare = tx.optional(LINE_OF_LOT, args![lot]).await?;
    match bare {
        Some(bare) => whole(tx, bare).await.map(Some),
        None => Ok(None),
    }
}

pub(in crate::receiving) async fn lines_of_arrival(tx: &mut Tx, id: ArrivalId) -> Result<Vec<ArrivalLine>> {
    let bare: Vec<BareLine> = tx.all(LINES_OF, args![id]).await?;
    let mut lines = Vec::with_capacity(bare.len());
    for line in bare {
        lines.push(whole(tx, line).await?);
    }
    Ok(lines)
}

async fn whole(tx: &mut Tx, BareLine(mut line): BareLine) -> Result<ArrivalLine> {
    line.crates = tx.all(CRATES, args![line.id]).await?;
    line.parts = parts_of_line(tx, line.id).await?;
    Ok(line)
}

pub(in crate::receiving) async fn add_line(tx: &mut Tx, line: &ArrivalLine) -> Result<()> {
    let Quantity { pieces, grams, exactness } = line.received;
    let record = &line.record;
    let reference = record.reference.as_ref();
    tx.put(
        ADD_LINE,
        args![
            line.id,
            line.arrival,
            line.purchase_order,
            line.purchase_order_line,
            line.sku,
            line.lot,
            line.state,
            line.cartons,
            line.gross_grams,
            line.tare_grams,
            pieces,
            grams,
            filed::exactness_code(exactness),
            line.core,
            line.announced_grams,
            record.certificate.as_deref(),
            record.lot_code.as_deref(),
            record.source.as_deref(),
            reference.map(|reference| reference.kind),
            reference.map(|reference| reference.number.as_str()),
            record.received_on,
            record.completeness_bp,
            line.weighed_by.noun(),
            line.weighed_by.uuid(),
            line.weighed_at,
        ],
    )
    .await?;
    let crates = line.crates.iter().zip(1_i64..).map(|(each, position)| {
        row![line.id, position, each.cartons, each.gross_grams, each.tare_grams, each.profile.as_deref()]
    });
    tx.put_many(ADD_CRATE, crates.collect()).await
}

pub(in crate::receiving) async fn set_judged(tx: &mut Tx, id: ArrivalLineId) -> Result<()> {
    tx.put(SET_JUDGED, args![id]).await?;
    Ok(())
}

pub(in crate::receiving) async fn unjudged_of_order(tx: &mut Tx, order: PurchaseOrderId) -> Result<i64> {
    tx.one(UNJUDGED, args![order]).await
}

/// Everybody who has weighed in goods of an order.
pub(in crate::receiving) async fn weighed_by_of_order(tx: &mut Tx, order: PurchaseOrderId) -> Result<Vec<Actor>> {
    let rows: Vec<(String, Option<Uuid>)> = tx.all(WEIGHED_BY, args![order]).await?;
    let actor = |(noun, id): (String, Option<Uuid>)| {
        Actor::from_filed(&noun, id).ok_or_else(|| filed::impossible(WEIGHED_BY, "weighed_by", noun))
    };
    rows.into_iter().map(actor).collect()
}

pub(in crate::receiving) async fn tare_profiles(tx: &mut Tx) -> Result<BTreeMap<String, TareProfile>> {
    let rows: Vec<(String, String, i64)> = tx.all(TARE_PROFILES, args![]).await?;
    Ok(rows.into_iter().map(|(code, name, grams)| (code.clone(), TareProfile { code, name, grams })).collect())
}

pub(in crate::receiving) async fn set_tare_profile(tx: &mut Tx, profile: &TareProfile) -> Result<()> {
    tx.put(SET_TARE_PROFILE, args![&profile.code, &profile.name, profile.grams]).await
}
