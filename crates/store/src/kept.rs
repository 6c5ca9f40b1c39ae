//! Answers of PostgreSQL that need not be fetched again: in one transaction, or for as long as the program runs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{FromRow, Param, Result, Row, Stmt, cell::RowOn};

/// So many answers of one statement are known at most; then it starts over. Bounds the memory, not the truth.
const KNOWN_AT_MOST: usize = 20_000;

/// The rows that answer a statement, in its row form or its set form.
pub(crate) struct Answer {
    rows: Vec<tokio_postgres::Row>,
    /// Columns in front that belong to the set form.
    skip: usize,
}

impl Answer {
    pub(crate) fn of_row_form(rows: Vec<tokio_postgres::Row>) -> Arc<Self> {
        Arc::new(Self { rows, skip: 0 })
    }

    pub(crate) fn of_set_form(rows: Vec<tokio_postgres::Row>) -> Arc<Self> {
        Arc::new(Self { rows, skip: 1 })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A loop and no chain of iterators: this is compiled where the type is, and there it may stay unoptimised.
    pub(crate) fn read<R: FromRow>(&self, statement: &'static Stmt) -> Result<Vec<R>> {
        let mut read = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            read.push(R::from_row(&Row { statement: statement.name(), on: RowOn::Postgres(row, self.skip) })?);
        }
        Ok(read)
    }
}

/// Answers by statement, of which there are a few, and by what it was asked with, of which there may be thousands.
#[derive(Default)]
pub(crate) struct Kept(Vec<(&'static Stmt, Answers)>);

type Answers = BTreeMap<Vec<Param<'static>>, Arc<Answer>>;

impl Kept {
    pub(crate) fn answer<'a>(&self, statement: &'static Stmt, args: &[Param<'a>]) -> Option<Arc<Answer>> {
        let (_, answers) = self.0.iter().find(|(kept, _)| std::ptr::eq(*kept, statement))?;
        // Kept arguments live for ever and these only now, so the map is looked into as one of such as these.
        let answers: &BTreeMap<Vec<Param<'a>>, Arc<Answer>> = answers;
        answers.get(args).map(Arc::clone)
    }

    pub(crate) fn keep(&mut self, statement: &'static Stmt, args: &[Param<'_>], answer: Arc<Answer>) {
        let args = args.iter().map(Param::owned).collect();
        match self.0.iter_mut().find(|(kept, _)| std::ptr::eq(*kept, statement)) {
            Some((_, answers)) => {
                if answers.len() >= KNOWN_AT_MOST {
                    answers.clear();
                }
                answers.insert(args, answer);
            }
            None => self.0.push((statement, BTreeMap::from([(args, answer)]))),
        }
    }

    /// Drops the answers that `statement` may make untrue, or that may have become so while it waits for a lock.
    pub(crate) fn doubt(&mut self, statement: &Stmt) {
        let doubtful = |kept: &Stmt| statement.may_change(kept) || (statement.locks() && kept.is_held());
        self.0.retain(|(kept, _)| !doubtful(kept));
    }
}

/// Rows that nothing changes and nothing takes away, as far as they were ever asked for: every transaction of this
/// program may have them without a way to the server. Another process may add rows, so only what is there is known.
#[derive(Default)]
pub(crate) struct Known(Mutex<Kept>);

impl Known {
    pub(crate) fn answer(&self, statement: &'static Stmt, args: &[Param<'_>]) -> Option<Arc<Answer>> {
        if !statement.stays() {
            return None;
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).answer(statement, args)
    }

    pub(crate) fn keep(&self, statement: &'static Stmt, args: &[Param<'_>], answer: Arc<Answer>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(statement, args, answer);
    }

    /// After a migration rows may have other columns.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }
}
