//! SQL of purchase orders, contracts and notices.

use kernel::{
    ContractId, Date, Instant, PurchaseOrderId, Quantity, ShippingNoticeId, SiteId, SkuId, Stamp, SupplierId,
};
use serde::{Deserialize, Serialize};
use store::{FromRow, Result, Row, Tx, args, row, sql};
use utoipa::ToSchema;

use super::{
    Answered, NoticeLine, PurchaseOrder, PurchaseOrderHead, PurchaseOrderLine, PurchaseOrderState, Reply,
    ShippingNotice, Terms, text::Rendered,
};
use crate::filed;

macro_rules! head_columns {
    () => {
        "id, number, site, supplier, state, currency, delivery_on, requisition, value, placed_by, placed_by_id, \
         placed_at, revision"
    };
}

macro_rules! notice_columns {
    () => {
        "id, purchase_order, site, supplier, eta, vehicle, logger, announced_at"
    };
}

sql! {
    HEAD = concat!("SELECT ", head_columns!(), " FROM purchase_order WHERE id = $1");
    /// Trucks of one order are weighed in one after the other.
    LOCK = "SELECT id FROM purchase_order WHERE id = $1 {lock}";
    /// Served by `purchase_order_by_site`.
    PAGE = concat!(
        "SELECT ", head_columns!(), " FROM purchase_order
         WHERE site = $1 AND (delivery_on, id) < ($2, $3) ORDER BY delivery_on DESC, id DESC LIMIT $4"
    );
    PAGE_IN_STATE = concat!(
        "SELECT ", head_columns!(), " FROM purchase_order
         WHERE site = $1 AND (delivery_on, id) < ($2, $3) AND state = $5
         ORDER BY delivery_on DESC, id DESC LIMIT $4"
    );
    /// Served by `purchase_order_by_supplier`.
    PAGE_OF = concat!(
        "SELECT ", head_columns!(), " FROM purchase_order
         WHERE supplier = $1 AND (delivery_on, id) < ($2, $3) ORDER BY delivery_on DESC, id DESC LIMIT $4"
    );
    ADD_HEAD = concat!(
        "INSERT INTO purchase_order (", head_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    TURN = "UPDATE purchase_order SET state = $3, revision = revision + 1 WHERE id = $1 AND state = $2";
    LINES = "SELECT id, position, sku, pieces, grams, exactness, money, base, value, arrival_max_decicelsius,
                    remaining_life_min_days, weight_tolerance_bp, over_receipt_bp, aql_major, aql_minor, level,
                    concession_cut_bp
             FROM purchase_order_line WHERE purchase_order = $1 ORDER BY position";
    ADD_LINE = "INSERT INTO purchase_order_line (id, purchase_order, position, sku, pieces, grams, exactness, money,
                                                 base, value, arrival_max_decicelsius, remaining_life_min_days,
                                                 weight_tolerance_bp, over_receipt_bp, aql_major, aql_minor, level,
                                                 concession_cut_bp)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    /// Ordered and not yet at a dock. What did not come on its day or the day after is not coming.
    EXPECTED =
        "SELECT o.delivery_on, CAST(COALESCE(l.pieces, 0) AS BIGINT), CAST(COALESCE(l.grams, 0) AS BIGINT),
                CAST(COALESCE((SELECT SUM(a.pieces) FROM arrival_line a
                               WHERE a.purchase_order = o.id AND a.purchase_order_line = l.id), 0) AS BIGINT),
                CAST(COALESCE((SELECT SUM(a.grams) FROM arrival_line a
                               WHERE a.purchase_order = o.id AND a.purchase_order_line = l.id), 0) AS BIGINT)
         FROM purchase_order o JOIN purchase_order_line l ON l.purchase_order = o.id
         WHERE o.site = $1 AND o.state IN ('placed', 'accepted', 'partly_received')
           AND o.delivery_on BETWEEN $2 AND $3 AND l.sku = $4
         ORDER BY o.delivery_on, l.id";
    /// At a dock, and not refused: it will lie on a shelf within the hour.
    AT_DOCK =
        "SELECT CAST(COALESCE(SUM(p.pieces), 0) AS BIGINT), CAST(COALESCE(SUM(p.grams), 0) AS BIGINT)
         FROM arrival r
         JOIN arrival_line a ON a.arrival = r.id
         JOIN arrival_part p ON p.line = a.id
         WHERE r.site = $1 AND a.sku = $2 AND p.whereabouts = 'at_dock'
           AND COALESCE(p.decided, p.disposition) IN ('accept', 'concession')";
    UNJUDGED =
        "SELECT CAST(COALESCE(SUM(a.pieces), 0) AS BIGINT), CAST(COALESCE(SUM(a.grams), 0) AS BIGINT)
         FROM arrival r JOIN arrival_line a ON a.arrival = r.id
         WHERE r.site = $1 AND a.sku = $2 AND a.state = 'weighed'";
    CONTRACT = "SELECT c.id, c.purchase_order, c.text, c.sha256, c.rendered_at, a.answer, a.reason, a.signed_by,
                       a.sha256, a.answered_by, a.answered_by_id, a.answered_at
                FROM contract c LEFT JOIN contract_answer a ON a.contract = c.id
                WHERE c.purchase_order = $1";
    ADD_CONTRACT = "INSERT INTO contract (id, purchase_order, text, sha256, rendered_at) VALUES ($1, $2, $3, $4, $5)";
    ADD_ANSWER = "INSERT INTO contract_answer (contract, answer, reason, signed_by, sha256, answered_by, answered_by_id,
                                               answered_at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    NOTICE = concat!("SELECT ", notice_columns!(), " FROM shipping_notice WHERE id = $1");
    NOTICES_OF =
        concat!("SELECT ", notice_columns!(), " FROM shipping_notice WHERE purchase_order = $1 ORDER BY eta, id");
    ADD_NOTICE =
        concat!("INSERT INTO shipping_notice (", notice_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    NOTICE_LINES = "SELECT purchase_order_line, supplier_lot, harvested_on, produced_on, use_by, cases, pieces, grams,
                           exactness
                    FROM shipping_notice_line WHERE notice = $1 ORDER BY position";
    ADD_NOTICE_LINE = "INSERT INTO shipping_notice_line (notice, position, purchase_order_line, supplier_lot,
                                                         harvested_on, produced_on, use_by, cases, pieces, grams,
                                                         exactness)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
}

/// The contract of an order, and what the supplier said to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contract {
    pub id: ContractId,
    pub purchase_order: PurchaseOrderId,
    /// Canonical JSON: the same order always gives the same bytes.
    pub text: String,
    /// SHA-256 of the text; a signer repeats it.
    pub sha256: String,
    pub rendered_at: Instant,
    pub answered: Option<Answered>,
}

impl FromRow for Contract {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let id = row.get(0)?;
        let reply = match row.get::<Option<String>>(5)?.as_deref() {
            None => None,
            Some("accepted") => Some(Reply::Accept),
            Some("declined") => Some(Reply::Decline { reason: row.get(6)? }),
            Some(other) => return Err(filed::impossible(CONTRACT, "answer", other)),
        };
        let answered = match reply {
            None => None,
            Some(reply) => Some(Answered {
                contract: id,
                reply,
                signed_by: row.get(7)?,
                sha256: row.get(8)?,
                by: filed::actor(row, 9, CONTRACT)?,
                at: row.get(11)?,
            }),
        };
        Ok(Self {
            id,
            purchase_order: row.get(1)?,
            text: row.get(2)?,
            sha256: row.get(3)?,
            rendered_at: row.get(4)?,
            answered,
        })
    }
}

impl FromRow for PurchaseOrderHead {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            number: row.get(1)?,
            site: row.get(2)?,
            supplier: row.get(3)?,
            state: row.get(4)?,
            currency: row.get(5)?,
            delivery_on: row.get(6)?,
            requisition: row.get(7)?,
            value: row.get(8)?,
            placed_by: filed::actor(row, 9, HEAD)?,
            placed_at: row.get(11)?,
            revision: row.get(12)?,
        })
    }
}

impl FromRow for PurchaseOrderLine {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            position: row.get(1)?,
            sku: row.get(2)?,
            quantity: filed::quantity(row, 3, LINES)?,
            price: filed::price(row, 6)?,
            value: row.get(8)?,
            terms: Terms {
                arrival_max: row.get(9)?,
                remaining_life_min_days: row.get(10)?,
                weight_tolerance_bp: row.get(11)?,
                over_receipt_bp: row.get(12)?,
                aql_major: row.get(13)?,
                aql_minor: row.get(14)?,
                level: row.get(15)?,
                concession_cut_bp: row.get(16)?,
            },
        })
    }
}

/// A notice without its lines.
struct NoticeHead(ShippingNotice);

impl FromRow for NoticeHead {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self(ShippingNotice {
            id: row.get(0)?,
            purchase_order: row.get(1)?,
            site: row.get(2)?,
            supplier: row.get(3)?,
            eta: row.get(4)?,
            vehicle: row.get(5)?,
            logger: row.get(6)?,
            announced_at: row.get(7)?,
            lines: Vec::new(),
        }))
    }
}

impl FromRow for NoticeLine {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            purchase_order_line: row.get(0)?,
            supplier_lot: row.get(1)?,
            harvested_on: row.get(2)?,
            produced_on: row.get(3)?,
            use_by: row.get(4)?,
            cases: row.get(5)?,
            quantity: filed::quantity(row, 6, NOTICE_LINES)?,
        })
    }
}

pub(super) async fn order(tx: &mut Tx, id: PurchaseOrderId) -> Result<Option<PurchaseOrder>> {
    let Some(head) = tx.optional::<PurchaseOrderHead>(HEAD, args![id]).await? else { return Ok(None) };
    let lines = tx.all(LINES, args![id]).await?;
    Ok(Some(PurchaseOrder { head, lines }))
}

pub(super) async fn expected(
    tx: &mut Tx,
    site: SiteId,
    sku: SkuId,
    today: Date,
    through: Date,
) -> Result<Vec<(Date, Quantity)>> {
    let yesterday = today.yesterday().unwrap_or(today);
    let ordered: Vec<(Date, i64, i64, i64, i64)> = tx.all(EXPECTED, args![site, yesterday, through, sku]).await?;
    let mut expected: Vec<(Date, Quantity)> = ordered
        .into_iter()
        .map(|(day, pieces, grams, came, weighed)| {
            (day, Quantity::weighing((pieces - came).max(0), (grams - weighed).max(0)))
        })
        .collect();
    for statement in [AT_DOCK, UNJUDGED] {
        let (pieces, grams): (i64, i64) = tx.one(statement, args![site, sku]).await?;
        expected.push((today, Quantity::weighing(pieces, grams)));
    }
    Ok(expected)
}

/// Nobody else changes what is received of the order until this transaction ends.
pub(super) async fn lock(tx: &mut Tx, id: PurchaseOrderId) -> Result<()> {
    tx.optional::<PurchaseOrderId>(LOCK, args![id]).await.map(|_| ())
}

pub(super) async fn add(tx: &mut Tx, order: &PurchaseOrder) -> Result<()> {
    let head = &order.head;
    tx.put(
        ADD_HEAD,
        args![
            head.id,
            &head.number,
            head.site,
            head.supplier,
            head.state,
            head.currency,
            head.delivery_on,
            head.requisition,
            head.value,
            head.placed_by.noun(),
            head.placed_by.uuid(),
            head.placed_at,
            head.revision,
        ],
    )
    .await?;
    let lines = order.lines.iter().map(|line| {
        let (Quantity { pieces, grams, exactness }, terms) = (line.quantity, line.terms);
        row![
            line.id,
            head.id,
            line.position,
            line.sku,
            pieces,
            grams,
            filed::exactness_code(exactness),
            line.price.money,
            line.price.base,
            line.value,
            terms.arrival_max,
            terms.remaining_life_min_days,
            terms.weight_tolerance_bp,
            terms.over_receipt_bp,
            terms.aql_major,
            terms.aql_minor,
            terms.level,
            terms.concession_cut_bp,
        ]
    });
    tx.put_many(ADD_LINE, lines.collect()).await
}

/// Whether the order stood where it was thought to stand, and has gone on.
pub(super) async fn turn(
    tx: &mut Tx,
    id: PurchaseOrderId,
    from: PurchaseOrderState,
    to: PurchaseOrderState,
) -> Result<bool> {
    Ok(tx.execute(TURN, args![id, from, to]).await? == 1)
}

/// Where a list begins that runs backwards from the latest day.
fn before(key: Option<(Date, PurchaseOrderId)>) -> (Date, uuid::Uuid) {
    key.map_or((Date::MAX, uuid::Uuid::max()), |(day, id)| (day, kernel::Id::uuid(id)))
}

pub(super) async fn page(
    tx: &mut Tx,
    site: SiteId,
    state: Option<PurchaseOrderState>,
    key: Option<(Date, PurchaseOrderId)>,
    limit: i64,
) -> Result<Vec<PurchaseOrderHead>> {
    let (day, id) = before(key);
    match state {
        None => tx.all(PAGE, args![site, day, id, limit]).await,
        Some(state) => tx.all(PAGE_IN_STATE, args![site, day, id, limit, state]).await,
    }
}

pub(super) async fn page_of(
    tx: &mut Tx,
    supplier: SupplierId,
    key: Option<(Date, PurchaseOrderId)>,
    limit: i64,
) -> Result<Vec<PurchaseOrderHead>> {
    let (day, id) = before(key);
    tx.all(PAGE_OF, args![supplier, day, id, limit]).await
}

pub(super) async fn contract(tx: &mut Tx, order: PurchaseOrderId) -> Result<Option<Contract>> {
    tx.optional(CONTRACT, args![order]).await
}

pub(super) async fn add_contract(tx: &mut Tx, stamp: &Stamp, order: &PurchaseOrder, contract: &Rendered) -> Result<()> {
    let id: ContractId = stamp.mint();
    tx.put(ADD_CONTRACT, args![id, order.head.id, &contract.text, &contract.sha256, stamp.at]).await
}

pub(super) async fn add_answer(tx: &mut Tx, answered: &Answered) -> Result<()> {
    let (answer, reason) = match &answered.reply {
        Reply::Accept => ("accepted", None),
        Reply::Decline { reason } => ("declined", Some(reason.as_str())),
    };
    tx.put(
        ADD_ANSWER,
        args![
            answered.contract,
            answer,
            reason,
            &answered.signed_by,
            &answered.sha256,
            answered.by.noun(),
            answered.by.uuid(),
            answered.at,
        ],
    )
    .await
}

pub(super) async fn notice(tx: &mut Tx, id: ShippingNoticeId) -> Result<Option<ShippingNotice>> {
    let Some(NoticeHead(mut notice)) = tx.optional(NOTICE, args![id]).await? else { return Ok(None) };
    notice.lines = tx.all(NOTICE_LINES, args![id]).await?;
    Ok(Some(notice))
}

pub(super) async fn notices_of(tx: &mut Tx, order: PurchaseOrderId) -> Result<Vec<ShippingNotice>> {
    let heads: Vec<NoticeHead> = tx.all(NOTICES_OF, args![order]).await?;
    let mut notices = Vec::with_capacity(heads.len());
    for NoticeHead(mut notice) in heads {
        notice.lines = tx.all(NOTICE_LINES, args![notice.id]).await?;
        notices.push(notice);
    }
    Ok(notices)
}

pub(super) async fn add_notice(tx: &mut Tx, notice: &ShippingNotice) -> Result<()> {
    tx.put(
        ADD_NOTICE,
        args![
            notice.id,
            notice.purchase_order,
            notice.site,
            notice.supplier,
            notice.eta,
            &notice.vehicle,
            notice.logger.as_deref(),
            notice.announced_at,
        ],
    )
    .await?;
    let lines = notice.lines.iter().zip(1_i64..).map(|(line, position)| {
        row![
            notice.id,
            position,
            line.purchase_order_line,
            &line.supplier_lot,
            line.harvested_on,
            line.produced_on,
            line.use_by,
            line.cases,
            line.quantity.pieces,
            line.quantity.grams,
            filed::exactness_code(line.quantity.exactness),
        ]
    });
    tx.put_many(ADD_NOTICE_LINE, lines.collect()).await
}
