//! SQL of requisitions.

use kernel::{Instant, Quantity, RequisitionId, SiteId};
use store::{FromRow, Result, Row, Tx, args, row, sql};

use super::{Requisition, RequisitionHead, RequisitionLine, RequisitionState, Specification};
use crate::filed;

macro_rules! head_columns {
    () => {
        "id, number, site, department, currency, state, reason, value, requested_by, requested_by_id, drafted_at, \
         submitted_at, round, revision"
    };
}

sql! {
    HEAD = concat!("SELECT ", head_columns!(), " FROM requisition WHERE id = $1");
    LOCK = "SELECT id FROM requisition WHERE id = $1 {lock}";
    /// Served by `requisition_by_site`.
    PAGE = concat!(
        "SELECT ", head_columns!(), " FROM requisition
         WHERE site = $1 AND (drafted_at, id) < ($2, $3) ORDER BY drafted_at DESC, id DESC LIMIT $4"
    );
    PAGE_IN_STATE = concat!(
        "SELECT ", head_columns!(), " FROM requisition
         WHERE site = $1 AND (drafted_at, id) < ($2, $3) AND state = $5
         ORDER BY drafted_at DESC, id DESC LIMIT $4"
    );
    ADD = concat!(
        "INSERT INTO requisition (", head_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    REWRITE = "UPDATE requisition SET department = $2, reason = $3, value = $4, revision = $5 WHERE id = $1";
    SUBMIT = "UPDATE requisition SET submitted_at = $2, round = $3 WHERE id = $1";
    /// The round and its instant are written before the state that asks for them.
    TURN = "UPDATE requisition SET state = $3, revision = revision + 1 WHERE id = $1 AND state = $2";
    LINES = "SELECT id, position, sku, category, supplier, needed_by, pieces, grams, exactness, money, base, value,
                    grade, size, origin, arrival_max_decicelsius, note, explanation
             FROM requisition_line WHERE requisition = $1 ORDER BY position";
    ADD_LINE = "INSERT INTO requisition_line (id, requisition, position, sku, category, supplier, needed_by, pieces,
                                              grams, exactness, money, base, value, grade, size, origin,
                                              arrival_max_decicelsius, note, explanation)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    DROP_LINES = "DELETE FROM requisition_line WHERE requisition = $1";
}

impl FromRow for RequisitionHead {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            number: row.get(1)?,
            site: row.get(2)?,
            department: row.get(3)?,
            currency: row.get(4)?,
            state: row.get(5)?,
            reason: row.get(6)?,
            value: row.get(7)?,
            requested_by: filed::actor(row, 8, HEAD)?,
            drafted_at: row.get(10)?,
            submitted_at: row.get(11)?,
            round: row.get(12)?,
            revision: row.get(13)?,
        })
    }
}

impl FromRow for RequisitionLine {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let explained: Option<String> = row.get(17)?;
        let explanation = explained
            .map(|text| serde_json::from_str(&text).map_err(|_| filed::impossible(LINES, "explanation", text)))
            .transpose()?;
        Ok(Self {
            id: row.get(0)?,
            position: row.get(1)?,
            sku: row.get(2)?,
            category: row.get(3)?,
            supplier: row.get(4)?,
            needed_by: row.get(5)?,
            quantity: filed::quantity(row, 6, LINES)?,
            price: filed::price(row, 9)?,
            value: row.get(11)?,
            specification: Specification {
                grade: row.get(12)?,
                size: row.get(13)?,
                origin: row.get(14)?,
                arrival_max: row.get(15)?,
            },
            note: row.get(16)?,
            explanation,
        })
    }
}

pub(super) async fn requisition(tx: &mut Tx, id: RequisitionId) -> Result<Option<Requisition>> {
    let Some(head) = tx.optional::<RequisitionHead>(HEAD, args![id]).await? else { return Ok(None) };
    let lines = tx.all(LINES, args![id]).await?;
    Ok(Some(Requisition { head, lines }))
}

pub(super) async fn lock(tx: &mut Tx, id: RequisitionId) -> Result<()> {
    tx.optional::<RequisitionId>(LOCK, args![id]).await.map(|_| ())
}

pub(super) async fn page(
    tx: &mut Tx,
    site: SiteId,
    state: Option<RequisitionState>,
    before: Option<(Instant, RequisitionId)>,
    limit: i64,
) -> Result<Vec<RequisitionHead>> {
    let (at, id) = before.map_or((Instant::MAX, uuid::Uuid::max()), |(at, id)| (at, kernel::Id::uuid(id)));
    match state {
        None => tx.all(PAGE, args![site, at, id, limit]).await,
        Some(state) => tx.all(PAGE_IN_STATE, args![site, at, id, limit, state]).await,
    }
}

pub(super) async fn add(tx: &mut Tx, new: &Requisition) -> Result<()> {
    let head = &new.head;
    tx.put(
        ADD,
        args![
            head.id,
            &head.number,
            head.site,
            &head.department,
            head.currency,
            head.state,
            &head.reason,
            head.value,
            head.requested_by.noun(),
            head.requested_by.uuid(),
            head.drafted_at,
            head.submitted_at,
            head.round,
            head.revision,
        ],
    )
    .await?;
    add_lines(tx, new).await
}

async fn add_lines(tx: &mut Tx, new: &Requisition) -> Result<()> {
    let mut explained = Vec::with_capacity(new.lines.len());
    for line in &new.lines {
        let text = line.explanation.as_ref().map(serde_json::to_string).transpose();
        explained.push(text.map_err(|error| filed::impossible(ADD_LINE, "explanation", error.to_string()))?);
    }
    let lines = new.lines.iter().zip(&explained).map(|(line, explanation)| {
        let (Quantity { pieces, grams, exactness }, wanted) = (line.quantity, &line.specification);
        row![
            line.id,
            new.head.id,
            line.position,
            line.sku,
            &line.category,
            line.supplier,
            line.needed_by,
            pieces,
            grams,
            filed::exactness_code(exactness),
            line.price.money,
            line.price.base,
            line.value,
            &wanted.grade,
            &wanted.size,
            &wanted.origin,
            wanted.arrival_max,
            &line.note,
            explanation.as_deref(),
        ]
    });
    tx.put_many(ADD_LINE, lines.collect()).await
}

pub(super) async fn rewrite(tx: &mut Tx, edited: &Requisition) -> Result<()> {
    let head = &edited.head;
    tx.put(REWRITE, args![head.id, &head.department, &head.reason, head.value, head.revision]).await?;
    tx.put(DROP_LINES, args![head.id]).await?;
    add_lines(tx, edited).await
}

/// Notes the round that begins.
pub(super) async fn submit(tx: &mut Tx, head: &RequisitionHead) -> Result<()> {
    tx.put(SUBMIT, args![head.id, head.submitted_at, head.round]).await
}

/// Whether the requisition stood where it was thought to stand, and has gone on.
pub(super) async fn turn(tx: &mut Tx, id: RequisitionId, from: RequisitionState, to: RequisitionState) -> Result<bool> {
    Ok(tx.execute(TURN, args![id, from, to]).await? == 1)
}
