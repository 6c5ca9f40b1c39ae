//! Reading: by position, by object, and how far each reader has come.

use edge::{Paging, Problem};
use kernel::{Actor, EventId, Id, Instant};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use store::{Bind, FromRow, Param, Row, StoreError, Tx, args, row, sql};
use utoipa::ToSchema;
use uuid::Uuid;

/// One event as readers get it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SealedEvent {
    /// Its place in the one order, from 1 without gaps.
    pub position: i64,
    pub id: EventId,
    pub at: Instant,
    pub actor: Actor,
    /// What happened, in the past tense: `lot_quarantined`.
    pub kind: String,
    pub version: i64,
    pub subject: Subject,
    /// The other things it touched, sorted by noun and id.
    pub also: Vec<Link>,
    #[schema(value_type = Object)]
    pub body: Box<RawValue>,
}

/// An event as it was told, whether it is sealed or still waits for its position. For those who add up what a span of
/// time has brought; who must miss nothing follows positions.
#[derive(Clone, Debug)]
pub struct ToldEvent {
    pub id: EventId,
    pub at: Instant,
    pub actor: Actor,
    pub kind: String,
    pub version: i64,
    pub subject: Subject,
    /// The other things it touched, sorted by noun and id.
    pub also: Vec<Link>,
    pub body: Box<RawValue>,
}

/// What an event is about, and which of that thing's events it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subject {
    pub noun: String,
    pub id: Uuid,
    /// From 1 without gaps for each subject.
    pub revision: i64,
}

/// A thing that an event touched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Link {
    pub noun: String,
    pub id: Uuid,
}

/// One block of the chain, without its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockHead {
    pub number: i64,
    /// Position of its first event.
    pub first: i64,
    /// Position of its last event.
    pub last: i64,
    /// SHA-256 of the block before, in hexadecimal; zeros for block 1.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub previous_hash: String,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    pub sealed_at: Instant,
}

impl SealedEvent {
    /// The body as its type, for a reader that knows this kind and version.
    pub fn body_as<B: DeserializeOwned>(&self) -> Result<B, serde_json::Error> {
        serde_json::from_str(self.body.get())
    }

    /// The id of the first touched thing of this noun, the subject before the others.
    pub fn touched(&self, noun: &str) -> Option<Uuid> {
        if self.subject.noun == noun {
            return Some(self.subject.id);
        }
        self.also.iter().find(|link| link.noun == noun).map(|link| link.id)
    }
}

impl ToldEvent {
    /// The body as its type, for a reader that knows this kind and version.
    pub fn body_as<B: DeserializeOwned>(&self) -> Result<B, serde_json::Error> {
        serde_json::from_str(self.body.get())
    }

    /// The id of the first touched thing of this noun, the subject before the others.
    pub fn touched(&self, noun: &str) -> Option<Uuid> {
        if self.subject.noun == noun {
            return Some(self.subject.id);
        }
        self.also.iter().find(|link| link.noun == noun).map(|link| link.id)
    }

    fn of(row: EventRow, links: Vec<(String, Uuid)>) -> Self {
        let SealedEvent { id, at, actor, kind, version, subject, body, .. } = row.0;
        let mut also: Vec<Link> = links.into_iter().map(|(noun, id)| Link { noun, id }).collect();
        also.sort_unstable();
        Self { id, at, actor, kind, version, subject, also, body }
    }
}

/// The event that was told last, when, and how many there are; an event's id begins with its instant.
pub async fn latest(tx: &mut Tx) -> Result<Option<(EventId, Instant, i64)>, StoreError> {
    tx.write_what_was_left().await?;
    tx.optional(LATEST, args![]).await
}

sql! {
    LATEST = "SELECT id, at, (SELECT COUNT(*) FROM event) FROM event ORDER BY id DESC LIMIT 1";
}

/// How many kinds one question about a span of time may name.
pub const KINDS_MAX: usize = 64;

/// What was told of these kinds from one instant to before another, by id, at most `limit` behind `after`. An event's
/// id begins with its instant, so the index of ids is the index of time.
pub async fn told_between(
    tx: &mut Tx,
    kinds: &[&'static str],
    (from, until): (Instant, Instant),
    after: Option<EventId>,
    limit: i64,
) -> Result<Vec<ToldEvent>, StoreError> {
    tx.write_what_was_left().await?;
    let Some(first) = kinds.first() else { return Ok(Vec::new()) };
    if kinds.len() > KINDS_MAX {
        let found = kinds.len().to_string();
        return Err(StoreError::Impossible { statement: "events::told_between", column: "kinds".to_owned(), found });
    }
    let begin = after.unwrap_or_else(|| EventId::from_uuid(Uuid::from_u64_pair(clock_bits(from), 0)));
    let end = EventId::from_uuid(Uuid::from_u64_pair(clock_bits(until), 0));
    let mut arguments: Vec<Param<'_>> = args![begin, end, limit].to_vec();
    arguments.extend((0..KINDS_MAX).map(|nth| kinds.get(nth).unwrap_or(first).bind()));
    let rows: Vec<EventRow> = tx.all(TOLD_BETWEEN, &arguments).await?;
    let keys: Vec<_> = rows.iter().map(|row| row![row.0.id]).collect();
    let links = tx.all_many::<(String, Uuid), 1>(LINKS_OF, &keys).await?;
    Ok(rows.into_iter().zip(links).map(|(row, links)| ToldEvent::of(row, links)).collect())
}

/// When each thing's first event of a kind was told; `None` where there was none.
pub async fn first_told(
    tx: &mut Tx,
    kind: &str,
    noun: &str,
    objects: &[Uuid],
) -> Result<Vec<Option<Instant>>, StoreError> {
    tx.write_what_was_left().await?;
    let keys: Vec<_> = objects.iter().map(|object| row![noun, *object, kind]).collect();
    let found = tx.all_many::<Instant, 3>(FIRST_TOLD, &keys).await?;
    Ok(found.into_iter().map(|rows| rows.first().copied()).collect())
}

/// What the first event of each thing touched under a noun: the site of an order, the supplier of a purchase order.
pub async fn first_touched(
    tx: &mut Tx,
    noun: &str,
    objects: &[Uuid],
    touched: &str,
) -> Result<Vec<Option<Uuid>>, StoreError> {
    tx.write_what_was_left().await?;
    let keys: Vec<_> = objects.iter().map(|object| row![noun, *object, touched]).collect();
    let found = tx.all_many::<Uuid, 3>(FIRST_TOUCHED, &keys).await?;
    Ok(found.into_iter().map(|rows| rows.first().copied()).collect())
}

fn clock_bits(at: Instant) -> u64 {
    (u64::try_from(at.millis()).unwrap_or(0) & 0xFFFF_FFFF_FFFF) << 16
}

/// The events behind `position`, in order, at most `limit`.
pub async fn read_after(tx: &mut Tx, position: i64, limit: i64) -> Result<Vec<SealedEvent>, StoreError> {
    let rows: Vec<EventRow> = tx.all(AFTER, args![position, limit]).await?;
    let Some(last) = rows.last().map(|row| row.0.position) else { return Ok(Vec::new()) };
    let links: Vec<(i64, String, Uuid)> = tx.all(LINKS_BETWEEN, args![position, last]).await?;
    Ok(joined(rows, links))
}

/// Position and kind of the events behind `position`, in order, at most `limit`: for who wants few of them.
pub async fn kinds_after(tx: &mut Tx, position: i64, limit: i64) -> Result<Vec<(i64, String)>, StoreError> {
    tx.all(KINDS_AFTER, args![position, limit]).await
}

/// The sealed events that are about one thing or touched it, in order. What was never told of is refused.
pub async fn of_object(tx: &mut Tx, noun: &str, id: Uuid, paging: &Paging) -> Result<Vec<SealedEvent>, Problem> {
    let after = paging.key::<i64>()?.unwrap_or(0);
    let rows: Vec<EventRow> = tx.all(OF_OBJECT, args![noun, id, after, paging.rows()?]).await?;
    // A thing of today may still wait for the position of its first event.
    if rows.is_empty() && tx.optional::<i64>(EVER_TOLD_OF, args![noun, id]).await?.is_none() {
        return Err(Problem::not_found());
    }
    let found =
        tx.all_many::<(String, Uuid), 1>(LINKS_OF, &rows.iter().map(|row| row![row.0.id]).collect::<Vec<_>>()).await?;
    let positions = rows.iter().map(|row| row.0.position);
    let links = positions.zip(found).flat_map(|(at, links)| links.into_iter().map(move |(noun, id)| (at, noun, id)));
    let links = links.collect();
    Ok(joined(rows, links))
}

/// The position of the last sealed event; 0 before the first.
pub async fn tip(tx: &mut Tx) -> Result<i64, StoreError> {
    let position: Option<i64> = tx.optional(TIP, args![]).await?;
    Ok(position.unwrap_or(0))
}

/// How many events wait for their position, and since when the oldest was told.
pub async fn unsealed(tx: &mut Tx) -> Result<(i64, Option<Instant>), StoreError> {
    tx.one(UNSEALED, args![]).await
}

/// How far `reader` has come; 0 for one that never read.
pub async fn cursor(tx: &mut Tx, reader: &str) -> Result<i64, StoreError> {
    let position: Option<i64> = tx.optional(CURSOR, args![reader]).await?;
    Ok(position.unwrap_or(0))
}

/// How far `reader` has come, and nobody else reads on for it until this transaction ends.
pub async fn claim(tx: &mut Tx, reader: &str) -> Result<i64, StoreError> {
    if let Some(position) = tx.optional(CLAIM, args![reader]).await? {
        return Ok(position);
    }
    tx.put(ENROL, args![reader]).await?;
    tx.one(CLAIM, args![reader]).await
}

/// Notes that `reader` has dealt with everything up to `position`. A cursor never goes back.
pub async fn advance(tx: &mut Tx, reader: &str, position: i64) -> Result<(), StoreError> {
    tx.put(ADVANCE, args![reader, position]).await
}

/// The block heads behind block `number`, in order, at most `limit`.
pub async fn blocks_after(tx: &mut Tx, number: i64, limit: i64) -> Result<Vec<BlockHead>, StoreError> {
    tx.all(BLOCKS, args![number, limit]).await
}

fn joined(rows: Vec<EventRow>, links: Vec<(i64, String, Uuid)>) -> Vec<SealedEvent> {
    let mut links = links.into_iter().peekable();
    let mut events: Vec<SealedEvent> = rows.into_iter().map(|row| row.0).collect();
    for event in &mut events {
        while let Some((_, noun, id)) = links.next_if(|(position, ..)| *position == event.position) {
            event.also.push(Link { noun, id });
        }
        // Sorted here and not by the databases, whose collations differ.
        event.also.sort_unstable();
    }
    events
}

pub(crate) struct EventRow(pub(crate) SealedEvent);

impl FromRow for EventRow {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let impossible = |column: &str, found: String| StoreError::Impossible {
            statement: "events::read",
            column: column.to_owned(),
            found,
        };
        let (actor, actor_id): (String, Option<Uuid>) = (row.get(3)?, row.get(4)?);
        let actor =
            Actor::from_filed(&actor, actor_id).ok_or_else(|| impossible("actor", format!("{actor} {actor_id:?}")))?;
        let body = RawValue::from_string(row.get(10)?).map_err(|error| impossible("body", error.to_string()))?;
        Ok(Self(SealedEvent {
            position: row.get(0)?,
            id: row.get(1)?,
            at: row.get(2)?,
            actor,
            kind: row.get(5)?,
            version: row.get(6)?,
            subject: Subject { noun: row.get(7)?, id: row.get(8)?, revision: row.get(9)? },
            also: Vec::new(),
            body,
        }))
    }
}

impl FromRow for BlockHead {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.get(0)?,
            first: row.get(1)?,
            last: row.get(2)?,
            previous_hash: hex(&row.get::<Vec<u8>>(3)?),
            hash: hex(&row.get::<Vec<u8>>(4)?),
            sealed_at: row.get(5)?,
        })
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

sql! {
    AFTER = "SELECT s.position, e.id, e.at, e.actor, e.actor_id, e.kind, e.version, e.noun, e.object, e.revision, e.body
             FROM event_seal s
             JOIN event e ON e.id = s.event
             WHERE s.position > $1
             ORDER BY s.position
             LIMIT $2";
    KINDS_AFTER = "SELECT s.position, e.kind
                   FROM event_seal s
                   JOIN event e ON e.id = s.event
                   WHERE s.position > $1
                   ORDER BY s.position
                   LIMIT $2";
    LINKS_BETWEEN = "SELECT s.position, o.noun, o.object
                     FROM event_seal s
                     JOIN event_object o ON o.event = s.event
                     WHERE s.position > $1 AND s.position <= $2
                     ORDER BY s.position";
    OF_OBJECT = "SELECT s.position, e.id, e.at, e.actor, e.actor_id, e.kind, e.version, e.noun, e.object, e.revision, e.body
                 FROM (SELECT id FROM event WHERE noun = $1 AND object = $2
                       UNION
                       SELECT event FROM event_object WHERE noun = $1 AND object = $2) touched
                 JOIN event_seal s ON s.event = touched.id
                 JOIN event e ON e.id = touched.id
                 WHERE s.position > $3
                 ORDER BY s.position
                 LIMIT $4";
    EVER_TOLD_OF = "SELECT CAST(1 AS BIGINT) FROM event WHERE noun = $1 AND object = $2
                    UNION ALL
                    SELECT CAST(1 AS BIGINT) FROM event_object WHERE noun = $1 AND object = $2
                    LIMIT 1";
    LINKS_OF = "SELECT noun, object FROM event_object WHERE event = $1";
    /// Index `event_id`.
    TOLD_BETWEEN = "SELECT CAST(0 AS BIGINT), e.id, e.at, e.actor, e.actor_id, e.kind, e.version, e.noun, e.object,
                           e.revision, e.body
                    FROM event e
                    WHERE e.id > $1 AND e.id < $2
                      AND e.kind IN ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                                     $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27,
                                     $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39,
                                     $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51,
                                     $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63,
                                     $64, $65, $66, $67)
                    ORDER BY e.id
                    LIMIT $3";
    /// Index `event_order_of_subject`.
    FIRST_TOLD = "SELECT at
                  FROM event
                  WHERE noun = $1 AND object = $2 AND kind = $3
                  ORDER BY revision
                  LIMIT 1";
    FIRST_TOUCHED = "SELECT o.object
                     FROM event e
                     JOIN event_object o ON o.event = e.id
                     WHERE e.noun = $1 AND e.object = $2 AND e.revision = 1 AND o.noun = $3
                     ORDER BY o.object
                     LIMIT 1";
    UNSEALED = "SELECT COUNT(*), MIN(e.at)
                FROM event_unsealed u
                JOIN event e ON e.id = u.event";
    TIP = "SELECT position FROM event_tip WHERE one = 1";
    CURSOR = "SELECT position FROM event_reader WHERE reader = $1";
    CLAIM = "SELECT position FROM event_reader WHERE reader = $1 {lock}";
    ENROL = "INSERT INTO event_reader (reader, position) VALUES ($1, 0) ON CONFLICT (reader) DO NOTHING";
    ADVANCE = "INSERT INTO event_reader (reader, position) VALUES ($1, $2)
               ON CONFLICT (reader) DO UPDATE
               SET position = excluded.position WHERE event_reader.position < excluded.position";
    BLOCKS = "SELECT number, first, last, previous_hash, hash, sealed_at
              FROM event_block
              WHERE number > $1
              ORDER BY number
              LIMIT $2";
}
