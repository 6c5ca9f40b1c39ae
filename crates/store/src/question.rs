//! Questions: whether a SELECT would find anything, several in one way to the server and back.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    Param, Result, Stmt,
    dialect::{self, Engine, Token},
    statement::Verb,
};

/// Whether a SELECT would find a row; asked with [`Tx::any`](crate::Tx::any). Rows are looked at and not locked.
#[derive(Clone, Debug)]
pub struct Question {
    pub(crate) statement: &'static Stmt,
    pub(crate) args: Vec<Param<'static>>,
}

impl Question {
    pub fn new(statement: &'static Stmt, args: &[Param<'_>]) -> Self {
        Self { statement, args: args.iter().map(Param::owned).collect() }
    }

    /// Refuses what is no SELECT, or lacks an argument.
    pub(crate) fn sound(&self) -> Result<()> {
        self.statement.expects(self.args.len())?;
        match self.statement.verb() {
            Verb::Select => Ok(()),
            Verb::Insert | Verb::Update | Verb::Delete | Verb::Other => {
                Err(self.statement.impossible("question", "a statement that writes"))
            }
        }
    }
}

/// The one SELECT that answers all of these at PostgreSQL, a column each. Whoever asks, asks the same again and again,
/// so that it is put together once.
pub(crate) fn together(questions: &[Question]) -> Arc<str> {
    static KNOWN: Mutex<BTreeMap<Vec<&'static str>, Arc<str>>> = Mutex::new(BTreeMap::new());
    let names = questions.iter().map(|question| question.statement.name()).collect();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.entry(names).or_insert_with(|| text(questions.iter().map(|question| question.statement)).into()))
}

fn text(statements: impl Iterator<Item = &'static Stmt>) -> String {
    let mut before = 0;
    let columns: Vec<String> = statements
        .map(|statement| {
            let mut tokens = dialect::tokens(statement.text());
            // A comment at the end would take the parenthesis in.
            tokens.retain(|token| !matches!(token, Token::Slot(_) | Token::Comment(_)));
            let asked = dialect::render(Engine::Postgres, &tokens, |number| format!("${}", number + before));
            before += statement.params();
            format!("EXISTS ({asked})")
        })
        .collect();
    format!("SELECT {}", columns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::Stmt;

    #[test]
    fn parameters_are_counted_on_and_nothing_is_locked() {
        static LATE: Stmt = Stmt::declared("late", "SELECT id FROM lot WHERE grams < $1 AND site = $2 {lock}");
        static WAITS: Stmt = Stmt::declared("waits", "SELECT 1 FROM job WHERE due < $1 LIMIT $2 {skip_locked} -- $3");
        assert_eq!(
            text([&LATE, &WAITS].into_iter()),
            "SELECT EXISTS (SELECT id FROM lot WHERE grams < $1 AND site = $2 ), \
             EXISTS (SELECT 1 FROM job WHERE due < $3 LIMIT $4  )"
        );
    }
}
