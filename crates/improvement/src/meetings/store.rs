//! SQL of meetings, decisions and actions.

use kernel::{ActionItemId, Date, Instant, MeetingId, SiteId, Stamp, UserId};
use store::{FromRow, Result, Row, Tx, args, row, sql};
use uuid::Uuid;

use super::{ActionItem, ActionState, AgendaItem, Decision, Meeting};

macro_rules! action_columns {
    () => {
        "id, meeting, site, body, owner, due_on, indicator, before, agreed_at, state, result, done_at"
    };
}

sql! {
    ADD = "INSERT INTO meeting (id, site, first_day, last_day, state, called_by, caller_id, called_at)
           VALUES ($1, $2, $3, $4, 'open', $5, $6, $7)";
    LOCKED = "SELECT id, site, first_day, last_day, state, called_at, minutes, closed_at
              FROM meeting
              WHERE id = $1 {lock}";
    ONE = "SELECT id, site, first_day, last_day, state, called_at, minutes, closed_at
           FROM meeting
           WHERE id = $1";
    /// Served by `meeting_of_site`.
    OF_SITE = "SELECT id, site, first_day, last_day, state, called_at, minutes, closed_at
               FROM meeting
               WHERE site = $1 AND id > $2
               ORDER BY id
               LIMIT $3";
    LAST_DAY = "SELECT MAX(last_day) FROM meeting WHERE site = $1";
    CLOSE = "UPDATE meeting SET state = 'closed', minutes = $2, closed_at = $3 WHERE id = $1 AND state = 'open'";

    ADD_ITEM = "INSERT INTO agenda_item (meeting, nth, topic, subject, object, value, target, body)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    AGENDA = "SELECT nth, topic, subject, object, value, target, body FROM agenda_item WHERE meeting = $1 ORDER BY nth";
    ADD_DECISION = "INSERT INTO decision (meeting, nth, item, body, at) VALUES ($1, $2, $3, $4, $5)";
    DECISIONS = "SELECT nth, item, body, at FROM decision WHERE meeting = $1 ORDER BY nth";

    ADD_ACTION = "INSERT INTO action_item (id, meeting, site, body, owner, due_on, indicator, before, agreed_at, state)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open')";
    ACTION = concat!("SELECT ", action_columns!(), " FROM action_item WHERE id = $1 {lock}");
    ACTIONS = concat!("SELECT ", action_columns!(), " FROM action_item WHERE meeting = $1 ORDER BY id");
    /// Served by `action_item_of_owner`.
    OF_OWNER = concat!(
        "SELECT ", action_columns!(), " FROM action_item WHERE owner = $1 AND id > $2 ORDER BY id LIMIT $3"
    );
    OF_SITE_ACTIONS = concat!(
        "SELECT ", action_columns!(), " FROM action_item
         WHERE site = $1 AND id > $2 AND state IN ($3, $4)
         ORDER BY id
         LIMIT $5"
    );
    /// Served by `action_item_of_site`.
    OVERDUE = concat!(
        "SELECT ", action_columns!(), " FROM action_item
         WHERE site = $1 AND state = 'open' AND due_on < $2
         ORDER BY due_on, id
         LIMIT $3"
    );
    DO_ACTION = "UPDATE action_item SET state = 'done', result = $2, done_at = $3 WHERE id = $1 AND state = 'open'";
}

impl FromRow for Meeting {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (id, site, first, last, state, called_at, minutes, closed_at) = FromRow::from_row(row)?;
        Ok(Self { id, site, first, last, state, called_at, minutes, closed_at })
    }
}

impl FromRow for AgendaItem {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (nth, topic, subject, object, value, target, text) = FromRow::from_row(row)?;
        Ok(Self { nth, topic, subject, object, value, target, text })
    }
}

impl FromRow for Decision {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (nth, item, text, at) = FromRow::from_row(row)?;
        Ok(Self { nth, item, text, at })
    }
}

impl FromRow for ActionItem {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (id, meeting, site, text, owner, due_on, indicator, before, agreed_at, state, result, done_at) =
            FromRow::from_row(row)?;
        Ok(Self { id, meeting, site, text, owner, due_on, indicator, before, agreed_at, state, result, done_at })
    }
}

pub(super) async fn add(tx: &mut Tx, stamp: &Stamp, meeting: &Meeting, agenda: &[AgendaItem]) -> Result<()> {
    let Meeting { id, site, first, last, .. } = *meeting;
    tx.put(ADD, args![id, site, first, last, stamp.by.noun(), stamp.by.uuid(), stamp.at]).await?;
    let rows = agenda.iter().map(|item| {
        let AgendaItem { nth, topic, subject, object, value, target, text } = item;
        row![id, *nth, topic.code(), subject, *object, *value, *target, text]
    });
    tx.put_many(ADD_ITEM, rows.collect()).await
}

pub(super) async fn locked(tx: &mut Tx, id: MeetingId) -> Result<Option<Meeting>> {
    tx.optional(LOCKED, args![id]).await
}

pub(super) async fn one(tx: &mut Tx, id: MeetingId) -> Result<Option<Meeting>> {
    tx.optional(ONE, args![id]).await
}

pub(super) async fn of_site(tx: &mut Tx, site: SiteId, after: Uuid, rows: i64) -> Result<Vec<Meeting>> {
    tx.all(OF_SITE, args![site, after, rows]).await
}

pub(super) async fn last_day(tx: &mut Tx, site: SiteId) -> Result<Option<Date>> {
    tx.one(LAST_DAY, args![site]).await
}

pub(super) async fn close(tx: &mut Tx, id: MeetingId, minutes: &str, at: Instant) -> Result<u64> {
    tx.execute(CLOSE, args![id, minutes, at]).await
}

pub(super) async fn agenda(tx: &mut Tx, id: MeetingId) -> Result<Vec<AgendaItem>> {
    tx.all(AGENDA, args![id]).await
}

pub(super) async fn add_decision(tx: &mut Tx, id: MeetingId, decision: &Decision) -> Result<()> {
    tx.put(ADD_DECISION, args![id, decision.nth, decision.item, &decision.text, decision.at]).await
}

pub(super) async fn decisions(tx: &mut Tx, id: MeetingId) -> Result<Vec<Decision>> {
    tx.all(DECISIONS, args![id]).await
}

pub(super) async fn add_action(tx: &mut Tx, action: &ActionItem) -> Result<()> {
    let ActionItem { id, meeting, site, text, owner, due_on, indicator, before, agreed_at, .. } = action;
    let agreed = args![*id, *meeting, *site, text, *owner, *due_on, indicator.as_deref(), *before, *agreed_at];
    tx.put(ADD_ACTION, agreed).await
}

pub(super) async fn action(tx: &mut Tx, id: ActionItemId) -> Result<Option<ActionItem>> {
    tx.optional(ACTION, args![id]).await
}

pub(super) async fn actions(tx: &mut Tx, meeting: MeetingId) -> Result<Vec<ActionItem>> {
    tx.all(ACTIONS, args![meeting]).await
}

pub(super) async fn of_owner(tx: &mut Tx, owner: UserId, after: Uuid, rows: i64) -> Result<Vec<ActionItem>> {
    tx.all(OF_OWNER, args![owner, after, rows]).await
}

pub(super) async fn actions_of_site(
    tx: &mut Tx,
    site: SiteId,
    state: Option<ActionState>,
    after: Uuid,
    rows: i64,
) -> Result<Vec<ActionItem>> {
    let [one, other] = state.map_or([ActionState::Open, ActionState::Done], |state| [state; 2]);
    tx.all(OF_SITE_ACTIONS, args![site, after, one, other, rows]).await
}

pub(super) async fn overdue(tx: &mut Tx, site: SiteId, today: Date, rows: i64) -> Result<Vec<ActionItem>> {
    tx.all(OVERDUE, args![site, today, rows]).await
}

pub(super) async fn do_action(tx: &mut Tx, id: ActionItemId, result: &str, at: Instant) -> Result<u64> {
    tx.execute(DO_ACTION, args![id, result, at]).await
}
