//! Rows of notices.

use kernel::{CustomerId, CustomerOrderId, Instant, JobId, Lang, NoticeId, SiteId};
use store::{FromRow, Result, Row, StoreError, Tx, args, sql};

use super::{Notice, NoticeState, Template};

macro_rules! notice_columns {
    () => {
        "id, dedupe, customer, customer_order, template, lang, params, state, tries, failure, made_at, done_at"
    };
}

sql! {
    ADD = "INSERT INTO notice (id, dedupe, customer, customer_order, template, lang, params, state, job, made_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $9)
           ON CONFLICT (dedupe) DO NOTHING";
    NOTICE = concat!("SELECT ", notice_columns!(), " FROM notice WHERE id = $1");
    SENT = "UPDATE notice SET state = 'sent', tries = tries + 1, failure = NULL, done_at = $2
            WHERE id = $1 AND state IN ('queued', 'failed')";
    FAILED = "UPDATE notice SET state = 'failed', tries = tries + 1, failure = $2
              WHERE id = $1 AND state IN ('queued', 'failed')";
    BURIED = "UPDATE notice SET state = 'buried', tries = tries + 1, failure = $2, done_at = $3
              WHERE id = $1 AND state IN ('queued', 'failed')";
    /// Served by `notice_of_order`.
    OF_ORDER = concat!("SELECT ", notice_columns!(), " FROM notice WHERE customer_order = $1 ORDER BY made_at, id");
    /// Served by `notice_by_age`.
    PAGE = concat!(
        "SELECT ", notice_columns!(), " FROM notice
         WHERE (made_at > $1 OR (made_at = $1 AND id > $2)) AND (CAST($3 AS TEXT) IS NULL OR state = $3)
           AND (CAST($4 AS UUID) IS NULL
                OR (SELECT o.site FROM customer_order o WHERE o.id = notice.customer_order) = $4)
         ORDER BY made_at, id LIMIT $5"
    );
}

impl FromRow for Notice {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let params: String = row.get(6)?;
        let params = serde_json::from_str(&params).map_err(|error| StoreError::Impossible {
            statement: NOTICE.name(),
            column: "params".to_owned(),
            found: error.to_string(),
        })?;
        Ok(Self {
            id: row.get(0)?,
            dedupe: row.get(1)?,
            customer: row.get(2)?,
            order: row.get(3)?,
            template: row.get(4)?,
            lang: row.get(5)?,
            params,
            state: row.get(7)?,
            tries: row.get(8)?,
            failure: row.get(9)?,
            made_at: row.get(10)?,
            done_at: row.get(11)?,
        })
    }
}

/// A notice to be written down.
pub(super) struct NewRow<'a> {
    pub(super) id: NoticeId,
    pub(super) dedupe: &'a str,
    pub(super) customer: CustomerId,
    pub(super) order: Option<CustomerOrderId>,
    pub(super) template: Template,
    pub(super) lang: Lang,
    pub(super) params: &'a str,
    pub(super) job: JobId,
    pub(super) at: Instant,
}

/// How many rows were written: none when the key was there already.
pub(super) async fn add(tx: &mut Tx, new: &NewRow<'_>) -> Result<u64> {
    tx.execute(
        ADD,
        args![new.id, new.dedupe, new.customer, new.order, new.template, new.lang, new.params, new.job, new.at],
    )
    .await
}

pub(super) async fn notice(tx: &mut Tx, id: NoticeId) -> Result<Option<Notice>> {
    tx.optional(NOTICE, args![id]).await
}

pub(super) async fn sent(tx: &mut Tx, id: NoticeId, at: Instant) -> Result<u64> {
    tx.execute(SENT, args![id, at]).await
}

pub(super) async fn failed(tx: &mut Tx, id: NoticeId, failure: &str) -> Result<u64> {
    tx.execute(FAILED, args![id, failure]).await
}

pub(super) async fn buried(tx: &mut Tx, id: NoticeId, failure: &str, at: Instant) -> Result<u64> {
    tx.execute(BURIED, args![id, failure, at]).await
}

pub(super) async fn of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<Notice>> {
    tx.all(OF_ORDER, args![order]).await
}

pub(super) async fn page(
    tx: &mut Tx,
    after: Option<(Instant, NoticeId)>,
    state: Option<NoticeState>,
    site: Option<SiteId>,
    limit: i64,
) -> Result<Vec<Notice>> {
    let (at, id) = match after {
        Some((at, id)) => (at, Some(id)),
        None => (Instant::from_millis(-1), None),
    };
    tx.all(PAGE, args![at, id, state, site, limit]).await
}
