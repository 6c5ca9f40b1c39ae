//! SQL of suggestions and votes.

use kernel::{Actor, Instant, SiteId, SuggestionId};
use store::{FromRow, Result, Row, StoreError, Tx, args, row, sql};
use uuid::Uuid;

use super::{Answer, Suggestion, SuggestionState, Triage};

macro_rules! columns {
    () => {
        "id, site, step, author, author_id, title, body, made_at, due_at, votes, state, reason, answerer, answerer_id,
         answered_at"
    };
}

sql! {
    ADD = "INSERT INTO suggestion (id, site, step, author, author_id, title, body, made_at, due_at, state)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'made')";
    LOCKED = concat!("SELECT ", columns!(), " FROM suggestion WHERE id = $1 {lock}");
    ONE = concat!("SELECT ", columns!(), " FROM suggestion WHERE id = $1");
    /// Served by `suggestion_by_author`.
    BY_AUTHOR = concat!(
        "SELECT ", columns!(), " FROM suggestion
         WHERE author_id = $1 AND author = $2 AND id > $3
         ORDER BY id
         LIMIT $4"
    );
    OF_SITE = concat!(
        "SELECT ", columns!(), " FROM suggestion
         WHERE (site = $1 OR site IS NULL) AND id > $2 AND state IN ($3, $4, $5)
         ORDER BY id
         LIMIT $6"
    );
    /// Served by `suggestion_unanswered`.
    UNANSWERED = concat!(
        "SELECT ", columns!(), " FROM suggestion
         WHERE state = 'made' AND (site = $1 OR site IS NULL)
         ORDER BY due_at, id
         LIMIT $2"
    );
    VOTE = "INSERT INTO suggestion_vote (suggestion, voter, voter_id, at)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING";
    COUNT = "UPDATE suggestion SET votes = votes + 1 WHERE id = $1 AND state = 'made'";
    VOTED = "SELECT suggestion FROM suggestion_vote WHERE suggestion = $1 AND voter = $2 AND voter_id = $3";
    ANSWER = "UPDATE suggestion
              SET state = $2, reason = $3, answerer = $4, answerer_id = $5, answered_at = $6
              WHERE id = $1 AND state = 'made'";
}

impl FromRow for Suggestion {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let author = actor(&row.get::<String>(3)?, row.get(4)?)?;
        let verdict = match row.get::<SuggestionState>(10)? {
            SuggestionState::Made => None,
            SuggestionState::Accepted => Some(Triage::Accepted),
            SuggestionState::Declined => Some(Triage::Declined),
        };
        let said: (Option<String>, Option<String>, Option<Uuid>, Option<Instant>) =
            (row.get(11)?, row.get(12)?, row.get(13)?, row.get(14)?);
        let answer = match (verdict, said) {
            (None, (None, None, None, None)) => None,
            (Some(verdict), (Some(reason), Some(by), id, Some(at))) => {
                Some(Answer { verdict, reason, by: actor(&by, id)?, at })
            }
            (verdict, said) => return Err(impossible("state", format!("{verdict:?} with {said:?}"))),
        };
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            step: row.get(2)?,
            author,
            title: row.get(5)?,
            text: row.get(6)?,
            made_at: row.get(7)?,
            due_at: row.get(8)?,
            votes: row.get(9)?,
            answer,
        })
    }
}

fn actor(noun: &str, id: Option<Uuid>) -> Result<Actor> {
    Actor::from_filed(noun, id).ok_or_else(|| impossible("actor", format!("{noun} {id:?}")))
}

fn impossible(column: &str, found: String) -> StoreError {
    StoreError::Impossible { statement: "improvement::suggestions", column: column.to_owned(), found }
}

pub(super) async fn add(tx: &mut Tx, new: &Suggestion) -> Result<()> {
    let (author, author_id) = (new.author.noun(), new.author.uuid());
    let made = args![new.id, new.site, &new.step, author, author_id, &new.title, &new.text, new.made_at, new.due_at];
    tx.put(ADD, made).await
}

pub(super) async fn locked(tx: &mut Tx, id: SuggestionId) -> Result<Option<Suggestion>> {
    tx.optional(LOCKED, args![id]).await
}

pub(super) async fn one(tx: &mut Tx, id: SuggestionId) -> Result<Option<Suggestion>> {
    tx.optional(ONE, args![id]).await
}

pub(super) async fn by_author(tx: &mut Tx, author: Actor, after: Uuid, rows: i64) -> Result<Vec<Suggestion>> {
    tx.all(BY_AUTHOR, args![author.uuid(), author.noun(), after, rows]).await
}

pub(super) async fn of_site(
    tx: &mut Tx,
    site: SiteId,
    state: Option<SuggestionState>,
    after: Uuid,
    rows: i64,
) -> Result<Vec<Suggestion>> {
    let [first, second, third] = match state {
        Some(state) => [state; 3],
        None => [SuggestionState::Made, SuggestionState::Accepted, SuggestionState::Declined],
    };
    tx.all(OF_SITE, args![site, after, first, second, third, rows]).await
}

pub(super) async fn unanswered(tx: &mut Tx, site: SiteId, rows: i64) -> Result<Vec<Suggestion>> {
    tx.all(UNANSWERED, args![site, rows]).await
}

/// Answers whether the vote is new.
pub(super) async fn vote(tx: &mut Tx, id: SuggestionId, voter: Actor, at: Instant) -> Result<bool> {
    let new = tx.execute(VOTE, args![id, voter.noun(), voter.uuid(), at]).await? == 1;
    if new {
        tx.put(COUNT, args![id]).await?;
    }
    Ok(new)
}

/// For which of these the reader has voted, in their order.
pub(super) async fn voted(tx: &mut Tx, found: &[Suggestion], voter: Actor) -> Result<Vec<bool>> {
    let Some(voter_id) = voter.uuid() else { return Ok(vec![false; found.len()]) };
    let keys: Vec<_> = found.iter().map(|one| row![one.id, voter.noun(), voter_id]).collect();
    let votes = tx.all_many::<SuggestionId, 3>(VOTED, &keys).await?;
    Ok(votes.into_iter().map(|rows| !rows.is_empty()).collect())
}

pub(super) async fn answer(tx: &mut Tx, id: SuggestionId, answer: &Answer) -> Result<u64> {
    let Answer { verdict, reason, by, at } = answer;
    tx.execute(ANSWER, args![id, verdict.code(), reason, by.noun(), by.uuid(), *at]).await
}
