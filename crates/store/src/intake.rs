//! The intake: on PostgreSQL, whatever waits at a shard is one transaction, which is what the writer lane does for
//! every verb of the embedded database anyway.

use std::{slice::from_ref, sync::Arc};

use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use crate::{
    Db, Result, StoreError, Tx,
    db::Kind,
    lane::{self, Line, Member},
    statement::counted,
};

/// Requests in one transaction.
const BATCH: usize = 256;
/// Requests in line at one shard; more wait at the door.
const QUEUE: usize = 4096;

/// Takes the hottest requests in batches.
pub struct Intake<Q, A, E>(On<Q, A, E>);

/// Makes a member of the lane from a request.
type Enter<Q, A, E> = dyn Fn(Q) -> (Box<dyn Member>, oneshot::Receiver<Result<A, E>>) + Send + Sync;

enum On<Q, A, E> {
    Lane(Line, Box<Enter<Q, A, E>>),
    Shards(Vec<mpsc::Sender<Asked<Q, A, E>>>),
}

struct Asked<Q, A, E> {
    request: Q,
    reply: oneshot::Sender<Result<A, E>>,
}

impl<Q, A, E> std::fmt::Debug for Intake<Q, A, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            On::Lane(..) => "Intake on the lane",
            On::Shards(_) => "Intake in shards",
        })
    }
}

impl<Q, A, E> Intake<Q, A, E>
where
    Q: Send + Sync + 'static,
    A: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    /// `many` answers each request of a slice, in order; a refusal of one member is part of its answer, for an
    /// `Err` undoes the whole batch and has every member run alone. On PostgreSQL this is called inside the
    /// runtime; as many shards as there are sites, but no more than cores, did best.
    pub fn new(
        db: &Db,
        shards: usize,
        many: impl AsyncFn(&mut Tx, &[Q]) -> Result<Vec<A>, E> + Clone + Send + Sync + 'static,
    ) -> Self {
        if let Kind::Sqlite { lane, .. } = &*db.0 {
            let member = move |request: Q| {
                let many = many.clone();
                lane::waiting(async move |tx: &mut Tx| only(many(tx, from_ref(&request)).await?))
            };
            return Self(On::Lane(lane.clone(), Box::new(member)));
        }
        let runtime = Handle::current();
        let mut lines = Vec::new();
        for number in 1..=shards.max(1) {
            let (line, queue) = mpsc::channel(QUEUE);
            let (db, many, runtime) = (db.clone(), many.clone(), runtime.clone());
            // A thread, because a future that runs a generic verb cannot promise to be Send.
            let shard =
                lane::spawned(&format!("store-intake-{number}"), move || runtime.block_on(serve(&db, many, queue)));
            if let Err(error) = shard {
                tracing::error!(%error, number, "a shard of the intake did not start and refuses its requests");
            }
            lines.push(line);
        }
        Self(On::Shards(lines))
    }

    /// Runs one request with its neighbours; requests of one site keep to one shard, so that batches do not
    /// fight over its rows.
    pub async fn ask(&self, site: u64, request: Q) -> Result<A, E> {
        match &self.0 {
            On::Lane(line, member) => {
                let (member, answer) = member(request);
                line.ask(member, answer).await
            }
            On::Shards(lines) => {
                let (reply, answer) = oneshot::channel();
                let count = u64::try_from(lines.len()).unwrap_or(1);
                let line = usize::try_from(site % count).ok().and_then(|shard| lines.get(shard));
                match line {
                    Some(line) if line.send(Asked { request, reply }).await.is_ok() => {
                        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
                    }
                    _ => Err(StoreError::Closed.into()),
                }
            }
        }
    }
}

async fn serve<Q, A, E>(
    db: &Db,
    many: impl AsyncFn(&mut Tx, &[Q]) -> Result<Vec<A>, E> + Clone + Send + Sync + 'static,
    mut queue: mpsc::Receiver<Asked<Q, A, E>>,
) where
    Q: Send + Sync + 'static,
    A: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    while let Some(first) = queue.recv().await {
        let mut asked = vec![first];
        while asked.len() < BATCH
            && let Ok(next) = queue.try_recv()
        {
            asked.push(next);
        }
        asked.retain(|asked| !asked.reply.is_closed());
        let (requests, replies): (Vec<Q>, Vec<_>) = asked.into_iter().map(|asked| (asked.request, asked.reply)).unzip();
        let requests = Arc::new(requests);
        if replies.len() > 1 {
            let (many, batch) = (many.clone(), Arc::clone(&requests));
            let answers = db
                .write(async move |tx: &mut Tx| {
                    let answers = many(tx, &batch).await?;
                    counted(batch.len(), answers.len())?;
                    Ok::<_, E>(answers)
                })
                .await;
            if let Ok(answers) = answers {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    drop(reply.send(Ok(answer)));
                }
                continue;
            }
        }
        // One bad member must not fail its neighbours.
        for (at, reply) in replies.into_iter().enumerate() {
            let (many, batch) = (many.clone(), Arc::clone(&requests));
            let answer = db.write(async move |tx: &mut Tx| only(many(tx, &batch[at..=at]).await?)).await;
            drop(reply.send(answer));
        }
    }
}

fn only<A, E: From<StoreError>>(mut answers: Vec<A>) -> Result<A, E> {
    let count = answers.len();
    match answers.pop() {
        Some(answer) if count == 1 => Ok(answer),
        _ => Err(counted(1, count).err().unwrap_or(StoreError::Closed).into()),
    }
}
