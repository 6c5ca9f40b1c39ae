//! SQL of verdicts, parts and the suppliers' records.

use std::collections::BTreeMap;

use kernel::{
    Actor, ArrivalId, ArrivalLineId, InspectionId, LotId, PurchaseOrderId, PurchaseOrderLineId, Quantity, SkuId, Stamp,
    SupplierId,
};
use store::{FromRow, Result, Row, Tx, args, row, sql};

use crate::{
    filed,
    receiving::{
        Bar, Decision, Drawn, Fault, FaultClass, Finding, Part, SamplePlan, SamplingStanding, StandsAgainst,
        Whereabouts,
        case::Case,
        sampling::{Conditions, History, LotResult},
    },
};

macro_rules! part_columns {
    () => {
        "p.lot, p.line, p.disposition, p.pieces, p.grams, p.exactness, p.cut_bp, p.reason, p.worth, p.whereabouts, \
         p.decided, p.decided_why, p.decided_by, p.decided_by_id, p.decided_at"
    };
}

macro_rules! history_columns {
    () => {
        "supplier, sku, class, severity, score, recent, accepted_in_a_row, rejected_in_spell, conditions"
    };
}

sql! {
    INSPECTION = "SELECT bar, faults, inspected_by, inspected_by_id FROM inspection WHERE line = $1";
    /// Served by `arrival_line_of`.
    INSPECTIONS_OF_ARRIVAL = "SELECT i.line, i.bar, i.faults FROM inspection i JOIN arrival_line l ON l.id = i.line
                              WHERE l.arrival = $1 ORDER BY l.weighed_at, l.id";
    ADD_INSPECTION = "INSERT INTO inspection (id, line, days_left, bar, faults, inspected_by, inspected_by_id,
                                              inspected_at)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ADD_FINDING = "INSERT INTO inspection_finding (inspection, criterion, outcome, note) VALUES ($1, $2, $3, $4)";
    ADD_SAMPLE = "INSERT INTO inspection_sample (inspection, class, severity, letter, sample, accept, drawn, faulty)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    PART = concat!("SELECT ", part_columns!(), " FROM arrival_part p WHERE p.lot = $1");
    PARTS_OF_LINE =
        concat!("SELECT ", part_columns!(), " FROM arrival_part p WHERE p.line = $1 ORDER BY p.disposition");
    PARTS_OF_ARRIVAL = concat!(
        "SELECT ", part_columns!(), " FROM arrival_part p JOIN arrival_line l ON l.id = p.line
         WHERE l.arrival = $1 ORDER BY l.weighed_at, l.id, p.disposition"
    );
    PARTS_OF_ORDER_LINE = concat!(
        "SELECT ", part_columns!(), " FROM arrival_part p JOIN arrival_line l ON l.id = p.line
         WHERE l.purchase_order_line = $1 ORDER BY l.weighed_at, l.id, p.disposition"
    );
    ADD_PART = "INSERT INTO arrival_part (lot, line, disposition, pieces, grams, exactness, cut_bp, reason, worth,
                                          whereabouts)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    SET_WHEREABOUTS = "UPDATE arrival_part SET whereabouts = $2 WHERE lot = $1";
    SET_DECIDED = "UPDATE arrival_part
                   SET cut_bp = $2, worth = $3, decided = $4, decided_why = $5, decided_by = $6, decided_by_id = $7,
                       decided_at = $8
                   WHERE lot = $1 AND decided IS NULL";
    /// What came for each line of an order. Served by `arrival_line_of_order`.
    CAME = "SELECT purchase_order_line, CAST(SUM(COALESCE(pieces, 0)) AS BIGINT),
                   CAST(SUM(COALESCE(grams, 0)) AS BIGINT)
            FROM arrival_line WHERE purchase_order = $1 GROUP BY purchase_order_line";
    REJECTED = "SELECT l.purchase_order_line, CAST(SUM(COALESCE(p.pieces, 0)) AS BIGINT),
                       CAST(SUM(COALESCE(p.grams, 0)) AS BIGINT)
                FROM arrival_part p JOIN arrival_line l ON l.id = p.line
                WHERE l.purchase_order = $1 AND COALESCE(p.decided, p.disposition) = 'reject'
                GROUP BY l.purchase_order_line";
    HISTORY = concat!(
        "SELECT ", history_columns!(), " FROM sampling_history WHERE supplier = $1 AND sku = $2 AND class = $3"
    );
    LOCKED_HISTORY = concat!(
        "SELECT ", history_columns!(), " FROM sampling_history WHERE supplier = $1 AND sku = $2 AND class = $3 {lock}"
    );
    STANDINGS = concat!(
        "SELECT ", history_columns!(), " FROM sampling_history WHERE supplier = $1 ORDER BY sku, class"
    );
    ENROL = concat!(
        "INSERT INTO sampling_history (", history_columns!(), ")
         VALUES ($1, $2, $3, 'normal', 0, '', 0, 0, 'not_confirmed')
         ON CONFLICT (supplier, sku, class) DO NOTHING"
    );
    SAVE_HISTORY = concat!(
        "INSERT INTO sampling_history (", history_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (supplier, sku, class) DO UPDATE
         SET severity = excluded.severity, score = excluded.score, recent = excluded.recent,
             accepted_in_a_row = excluded.accepted_in_a_row, rejected_in_spell = excluded.rejected_in_spell,
             conditions = excluded.conditions"
    );
}

/// A supplier's record with one product and class, and what people have confirmed about it.
#[derive(Clone, Debug)]
pub(in crate::receiving) struct Standing {
    pub(in crate::receiving) history: History,
    pub(in crate::receiving) conditions: Conditions,
}

impl Standing {
    /// Where everybody begins.
    fn unknown() -> Self {
        Self { history: History::default(), conditions: Conditions::NotConfirmed }
    }
}

/// What was found about a line, as far as a later decision needs it.
pub(in crate::receiving) struct Inspected {
    pub(in crate::receiving) bar: Bar,
    pub(in crate::receiving) faults: String,
    pub(in crate::receiving) by: Actor,
}

impl FromRow for Inspected {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { bar: row.get(0)?, faults: row.get(1)?, by: filed::actor(row, 2, INSPECTION)? })
    }
}

impl FromRow for StandsAgainst {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { line: row.get(0)?, bar: row.get(1)?, faults: row.get(2)? })
    }
}

impl FromRow for Part {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let by = filed::actor_if_any(row, 12, PART)?;
        let decided = match (row.get(10)?, by) {
            (Some(disposition), Some(by)) => Some(Decision { disposition, reason: row.get(11)?, by, at: row.get(14)? }),
            (None, _) | (_, None) => None,
        };
        Ok(Self {
            lot: row.get(0)?,
            line: row.get(1)?,
            disposition: row.get(2)?,
            quantity: filed::quantity(row, 3, PART)?,
            cut_bp: row.get(6)?,
            reason: row.get(7)?,
            worth: row.get(8)?,
            whereabouts: row.get(9)?,
            decided,
        })
    }
}

impl FromRow for SamplingStanding {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let recent: String = row.get(5)?;
        let recent = recent
            .chars()
            .map(|letter| match letter {
                'a' => Ok(LotResult::Accepted),
                'r' => Ok(LotResult::Rejected),
                other => Err(filed::impossible(HISTORY, "recent", other.to_string())),
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            supplier: row.get(0)?,
            sku: row.get(1)?,
            class: row.get(2)?,
            history: History {
                severity: row.get(3)?,
                score: row.get(4)?,
                recent,
                accepted_in_a_row: row.get(6)?,
                rejected_in_spell: row.get(7)?,
            },
            conditions: row.get(8)?,
        })
    }
}

pub(in crate::receiving) async fn inspection(tx: &mut Tx, line: ArrivalLineId) -> Result<Option<Inspected>> {
    tx.optional(INSPECTION, args![line]).await
}

pub(in crate::receiving) async fn inspections_of_arrival(
    tx: &mut Tx,
    arrival: ArrivalId,
) -> Result<Vec<StandsAgainst>> {
    tx.all(INSPECTIONS_OF_ARRIVAL, args![arrival]).await
}

pub(in crate::receiving) async fn add_inspection(
    tx: &mut Tx,
    stamp: &Stamp,
    id: InspectionId,
    case: &Case,
    bar: Bar,
    faults: &[Fault],
) -> Result<()> {
    let faults = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let (days_left, by) = (case.facts().days_left, stamp.by);
    tx.put(ADD_INSPECTION, args![id, case.line.id, days_left, bar, faults, by.noun(), by.uuid(), stamp.at]).await
}

pub(in crate::receiving) async fn add_findings(tx: &mut Tx, id: InspectionId, findings: &[Finding]) -> Result<()> {
    let rows = findings.iter().map(|finding| row![id, finding.criterion, finding.outcome, finding.note.as_deref()]);
    tx.put_many(ADD_FINDING, rows.collect()).await
}

pub(in crate::receiving) async fn add_sample(
    tx: &mut Tx,
    id: InspectionId,
    SamplePlan { class, severity, plan }: SamplePlan,
    drawn: Drawn,
) -> Result<()> {
    let letter = plan.letter.to_string();
    tx.put(ADD_SAMPLE, args![id, class, severity, letter, plan.sample, plan.accept, drawn.drawn, drawn.faulty]).await
}

pub(in crate::receiving) async fn part(tx: &mut Tx, lot: LotId) -> Result<Option<Part>> {
    tx.optional(PART, args![lot]).await
}

pub(super) async fn parts_of_line(tx: &mut Tx, line: ArrivalLineId) -> Result<Vec<Part>> {
    tx.all(PARTS_OF_LINE, args![line]).await
}

pub(in crate::receiving) async fn parts_of_arrival(tx: &mut Tx, arrival: ArrivalId) -> Result<Vec<Part>> {
    tx.all(PARTS_OF_ARRIVAL, args![arrival]).await
}

pub(in crate::receiving) async fn parts_of_order_line(tx: &mut Tx, line: PurchaseOrderLineId) -> Result<Vec<Part>> {
    tx.all(PARTS_OF_ORDER_LINE, args![line]).await
}

pub(in crate::receiving) async fn add_part(tx: &mut Tx, part: &Part) -> Result<()> {
    let Quantity { pieces, grams, exactness } = part.quantity;
    tx.put(
        ADD_PART,
        args![
            part.lot,
            part.line,
            part.disposition,
            pieces,
            grams,
            filed::exactness_code(exactness),
            part.cut_bp,
            &part.reason,
            part.worth,
            part.whereabouts,
        ],
    )
    .await
}

pub(in crate::receiving) async fn set_whereabouts(tx: &mut Tx, lot: LotId, at: Whereabouts) -> Result<()> {
    tx.put(SET_WHEREABOUTS, args![lot, at]).await
}

pub(in crate::receiving) async fn set_decided(tx: &mut Tx, part: &Part, decision: &Decision) -> Result<()> {
    tx.put(
        SET_DECIDED,
        args![
            part.lot,
            part.cut_bp,
            part.worth,
            decision.disposition,
            &decision.reason,
            decision.by.noun(),
            decision.by.uuid(),
            decision.at,
        ],
    )
    .await
}

/// What came for each line of an order and was not rejected.
pub(in crate::receiving) async fn kept_of_order(
    tx: &mut Tx,
    order: PurchaseOrderId,
) -> Result<BTreeMap<PurchaseOrderLineId, Quantity>> {
    let came: Vec<(PurchaseOrderLineId, i64, i64)> = tx.all(CAME, args![order]).await?;
    let rejected: Vec<(PurchaseOrderLineId, i64, i64)> = tx.all(REJECTED, args![order]).await?;
    let mut kept: BTreeMap<PurchaseOrderLineId, Quantity> =
        came.into_iter().map(|(line, pieces, grams)| (line, Quantity::weighing(pieces, grams))).collect();
    for (line, pieces, grams) in rejected {
        if let Some(quantity) = kept.get_mut(&line) {
            *quantity = quantity.minus(Quantity::weighing(pieces, grams)).unwrap_or(*quantity);
        }
    }
    Ok(kept)
}

pub(in crate::receiving) async fn history(
    tx: &mut Tx,
    supplier: SupplierId,
    sku: SkuId,
    class: FaultClass,
) -> Result<Standing> {
    let found: Option<SamplingStanding> = tx.optional(HISTORY, args![supplier, sku, class]).await?;
    Ok(found.map_or_else(Standing::unknown, |found| Standing { history: found.history, conditions: found.conditions }))
}

/// The same, and nobody else takes it further until the transaction ends.
pub(in crate::receiving) async fn locked_history(
    tx: &mut Tx,
    supplier: SupplierId,
    sku: SkuId,
    class: FaultClass,
) -> Result<Standing> {
    let known: Option<SamplingStanding> = tx.optional(LOCKED_HISTORY, args![supplier, sku, class]).await?;
    let standing = if let Some(known) = known {
        known
    } else {
        // Two first loads are judged one after the other, too: the row that both wait for is made before it is read.
        tx.put(ENROL, args![supplier, sku, class]).await?;
        tx.one(LOCKED_HISTORY, args![supplier, sku, class]).await?
    };
    Ok(Standing { history: standing.history, conditions: standing.conditions })
}

pub(in crate::receiving) async fn standings_of(tx: &mut Tx, supplier: SupplierId) -> Result<Vec<SamplingStanding>> {
    tx.all(STANDINGS, args![supplier]).await
}

pub(in crate::receiving) async fn save_history(
    tx: &mut Tx,
    supplier: SupplierId,
    sku: SkuId,
    class: FaultClass,
    Standing { history, conditions }: &Standing,
) -> Result<()> {
    let letter = |result: &LotResult| match result {
        LotResult::Accepted => 'a',
        LotResult::Rejected => 'r',
    };
    let recent: String = history.recent.iter().map(letter).collect();
    tx.put(
        SAVE_HISTORY,
        args![
            supplier,
            sku,
            class,
            history.severity,
            history.score,
            recent,
            history.accepted_in_a_row,
            history.rejected_in_spell,
            *conditions,
        ],
    )
    .await
}
