//! The database, as the program holds it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Migration, Result, StoreError, Tx, backup,
    dialect::Engine,
    lane::{self, Answer, Line},
    migrate,
    postgres::{Access, Flight, Server},
    readers,
    sqlite::{Embedded, Use},
    statement,
    tx::{self, Alone},
};

/// What an acknowledged write outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlives {
    /// That the machine loses its power: what a shop needs.
    PowerCut,
    /// That the server dies, however suddenly, and the machine goes on: enough for a demonstration.
    SuddenDeath,
}

/// A database. Cheap to clone.
#[derive(Clone)]
pub struct Db(pub(crate) Arc<Kind>);

pub(crate) enum Kind {
    Sqlite { path: PathBuf, lane: Line, readers: Line },
    Postgres(Server),
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.0 {
            Kind::Sqlite { path, .. } => f.debug_tuple("Sqlite").field(path).finish(),
            // The address may hold a password.
            Kind::Postgres(_) => f.write_str("Postgres"),
        }
    }
}

impl Db {
    /// Opens `sqlite:PATH`, making the file if need be, or connects to `postgres://…`.
    ///
    /// Connections to PostgreSQL are made without TLS: over a Unix socket, a private network or a tunnel.
    pub async fn open(url: &str) -> Result<Self> {
        match url.strip_prefix("sqlite:") {
            Some(path) => Self::embedded(file_at(path), Answer::AfterCommit, Outlives::PowerCut),
            None => Self::connect(&server_at(url)?, None).await,
        }
    }

    /// The same, with another promise about what was acknowledged.
    pub async fn open_outliving(url: &str, outlives: Outlives) -> Result<Self> {
        match (url.strip_prefix("sqlite:"), outlives) {
            (Some(path), _) => Self::embedded(file_at(path), Answer::AfterCommit, outlives),
            (None, Outlives::PowerCut) => Self::open(url).await,
            (None, Outlives::SuddenDeath) => {
                let mut server = server_at(url)?;
                let options = server.get_options().unwrap_or_default().to_owned();
                server.options(format!("{options} -c synchronous_commit=off").trim());
                Self::connect(&server, None).await
            }
        }
    }

    /// How many verbs wait for the writer lane; `None` where writers do not stand in one line.
    pub fn lane_depth(&self) -> Option<usize> {
        match &*self.0 {
            Kind::Sqlite { lane, .. } => Some(lane.depth()),
            Kind::Postgres(_) => None,
        }
    }

    /// The same, with a streaming replica of a PostgreSQL server to serve [`Db::read`]. A replica may lag: what has
    /// to follow a write at once is read in a `write`.
    pub async fn open_with_replica(url: &str, replica: &str) -> Result<Self> {
        Self::connect(&server_at(url)?, Some(&server_at(replica)?)).await
    }

    pub(crate) async fn connect(
        config: &tokio_postgres::Config,
        replica: Option<&tokio_postgres::Config>,
    ) -> Result<Self> {
        Ok(Self(Arc::new(Kind::Postgres(Server::connect(config, replica).await?))))
    }

    pub(crate) fn embedded(path: &Path, answer: Answer, outlives: Outlives) -> Result<Self> {
        // In memory every reader would have a database of its own.
        if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
            return Err(StoreError::Url("sqlite: wants the path of a file".to_owned()));
        }
        let writer = Embedded::open(path, Use::Write(outlives))?;
        let readers = readers::start(path)?;
        let lane = lane::start(writer, answer)?;
        Ok(Self(Arc::new(Kind::Sqlite { path: path.to_owned(), lane, readers })))
    }

    /// Runs `verb` in one transaction and answers only after it is durable as [`Outlives`] says; an `Err` undoes all of
    /// it.
    ///
    /// A verb may run again (a deadlock, a lost group), so it has no effect but on its `tx`: ids and the clock are
    /// moved in from outside. On the embedded database it runs on the writer's thread with one poll, and may await
    /// nothing but its `tx`. It checks first and writes after: refusing after a write costs its neighbours a run.
    ///
    /// It captures owned values. A captured reference, were it `&'static str`, makes the call not `Send` in the eyes
    /// of the compiler ("implementation is not general enough"); inside a struct it is no trouble.
    pub async fn write<T, E, F>(&self, verb: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.0 {
            Kind::Sqlite { lane, .. } => {
                let (member, answer) = lane::waiting(verb);
                lane.ask(member, answer).await
            }
            Kind::Postgres(server) => server.run(Access::Write, verb).await,
        }
    }

    /// Runs a `verb` that is one statement, durable like any other: a third of the messages of a [`Db::write`]. A second
    /// statement fails, and so does a set of rows or telling of it in the log. Behind the statement nothing is refused:
    /// on PostgreSQL it could not be undone.
    pub async fn act<T, E, F>(&self, verb: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.0 {
            Kind::Sqlite { lane, .. } => {
                let (member, answer) = lane::waiting(async move |tx: &mut Tx| {
                    tx.is_alone(Alone::Statement);
                    verb(tx).await
                });
                lane.ask(member, answer).await
            }
            Kind::Postgres(server) => server.run(Access::Statement, verb).await,
        }
    }

    /// Runs `query` over one snapshot, which holds every write answered before. A write inside it fails.
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.0 {
            Kind::Sqlite { readers, .. } => {
                let (member, answer) = lane::waiting(query);
                readers.ask(member, answer).await
            }
            Kind::Postgres(server) => server.run(Access::Snapshot, query).await,
        }
    }

    /// Runs a `query` that asks one SELECT, and so sees one moment without a transaction around it: a third of the
    /// messages of a [`Db::read`]. It sees every write answered before; a second statement fails.
    pub async fn look<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.0 {
            Kind::Sqlite { readers, .. } => {
                let (member, answer) = lane::waiting(async move |tx: &mut Tx| {
                    tx.is_alone(Alone::Select);
                    query(tx).await
                });
                readers.ask(member, answer).await
            }
            Kind::Postgres(server) => server.run(Access::Look, query).await,
        }
    }

    /// Brings the schema up to the end of `list`: each migration once, in order, in a transaction of its own.
    pub async fn migrate(&self, list: &'static [Migration]) -> Result<()> {
        migrate::run(self, list).await?;
        if let Kind::Postgres(server) = &*self.0 {
            server.forget_statements();
        }
        Ok(())
    }

    /// Prepares every statement linked into this program, and the set forms of those that have one. Answers how
    /// many there are, or what is wrong with each that does not fit the schema.
    pub async fn prepare_all(&self) -> Result<usize, Vec<String>> {
        let told = |error: StoreError| vec![error.to_string()];
        let outcomes = match &*self.0 {
            Kind::Sqlite { .. } => self.read(async |tx| prepare_embedded(tx)).await.map_err(told)?,
            Kind::Postgres(server) => {
                let client = server.client(Access::Write).await.map_err(told)?;
                let mut outcomes = Vec::new();
                for statement in statement::registered() {
                    outcomes.push((statement.name(), Flight::prepare(&client, statement).await));
                }
                outcomes
            }
        };
        let count = outcomes.len();
        let mut wrong: Vec<String> = outcomes
            .into_iter()
            .filter_map(|(name, outcome)| outcome.err().map(|error| format!("{name}: {error}")))
            .chain(altered())
            .collect();
        wrong.sort_unstable();
        if wrong.is_empty() { Ok(count) } else { Err(wrong) }
    }

    /// How the database goes about every statement linked into this program: the name of the statement and the steps
    /// of its plan, as `EXPLAIN` words them, those of its set form behind them. The server's are those for tables as
    /// they are now.
    pub async fn plans(&self) -> Result<Vec<(&'static str, Vec<String>)>> {
        match &*self.0 {
            Kind::Sqlite { .. } => self.read(async |tx| plans_of(tx)).await,
            Kind::Postgres(server) => {
                let client = server.client(Access::Write).await?;
                let mut plans = Vec::new();
                for statement in statement::registered() {
                    plans.push((statement.name(), Flight::plan(&client, statement).await?));
                }
                Ok(plans)
            }
        }
    }

    /// Copies the embedded database to `file` while it is being written, as of one moment.
    pub async fn backup(&self, file: &Path) -> Result<()> {
        match &*self.0 {
            Kind::Sqlite { path, .. } => backup::copy(path.clone(), file.to_owned()).await,
            Kind::Postgres(_) => Err(StoreError::EmbeddedOnly("backup")),
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        match &*self.0 {
            Kind::Sqlite { .. } => Engine::Sqlite,
            Kind::Postgres(_) => Engine::Postgres,
        }
    }
}

/// Statements that write over what others take for unchanging.
fn altered() -> impl Iterator<Item = String> {
    let staying: Vec<_> = statement::registered().filter(|statement| statement.stays()).collect();
    statement::registered().flat_map(move |writes| {
        let found: Vec<String> = staying
            .iter()
            .filter(|read| writes.alters(read))
            .map(|read| format!("{}: alters what {} takes for unchanging", writes.name(), read.name()))
            .collect();
        found
    })
}

fn plans_of(tx: &mut Tx) -> Result<Vec<(&'static str, Vec<String>)>> {
    let tx::On::Sqlite(embedded) = &tx.on else { return Err(StoreError::Closed) };
    embedded.plans()
}

fn prepare_embedded(tx: &mut Tx) -> Result<Vec<(&'static str, Result<()>)>> {
    let tx::On::Sqlite(embedded) = &tx.on else { return Err(StoreError::Closed) };
    Ok(statement::registered().map(|statement| (statement.name(), embedded.prepare(statement))).collect())
}

fn file_at(path: &str) -> &Path {
    Path::new(path.strip_prefix("//").unwrap_or(path))
}

fn server_at(url: &str) -> Result<tokio_postgres::Config> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(StoreError::Url("the address begins with sqlite:, postgres:// or postgresql://".to_owned()));
    }
    url.parse().map_err(|error: tokio_postgres::Error| StoreError::Url(error.to_string()))
}
