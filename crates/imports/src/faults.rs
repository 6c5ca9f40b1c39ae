//! What is wrong with a file, row by row, in the reader's language.

use axum::http::StatusCode;
use edge::{FieldError, Problem};
use kernel::{Lang, speech};

use crate::columns::Kind;

/// Faults that are told one by one. A file with more has one fault that repeats, and the first thousand show it.
const TOLD_MAX: usize = 1_000;

/// One thing that is wrong with one row.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) row: usize,
    /// The column at fault, if it is one.
    pub(crate) column: Option<&'static str>,
    pub(crate) problem: Problem,
}

impl Fault {
    /// A refusal of a context. Where it names a field that the file has a column for, that column is at fault.
    pub(crate) fn of(kind: Kind, row: usize, problem: Problem) -> Self {
        let named = problem.named_field().map(|field| field.rsplit('/').next().unwrap_or(field).to_owned());
        let column = named.and_then(|named| kind.columns().iter().find(|column| column.code == named));
        Self { row, column: column.map(|column| column.code), problem }
    }

    fn told(self, kind: Kind, lang: Lang) -> FieldError {
        let title = self.column.and_then(|code| kind.columns().iter().find(|column| column.code == code));
        let title = title.map(|column| column.title(lang));
        let field = match self.column {
            Some(column) => format!("rows/{}/{column}", self.row),
            None => format!("rows/{}", self.row),
        };
        let mut fault = self.problem.as_fault(field, lang);
        let row = ("row", self.row.to_string());
        let reason = ("reason", std::mem::take(&mut fault.detail));
        let told = match title {
            Some(title) => speech::say(lang, "import.in_column", &[row, ("column", title), reason]),
            None => speech::say(lang, "import.in_row", &[row, reason]),
        };
        fault.detail = told.unwrap_or_default();
        fault
    }
}

/// The refusal of a file: every bad row, in the order of the file.
pub(crate) fn refusal(kind: Kind, lang: Lang, rows: usize, mut faults: Vec<Fault>) -> Problem {
    faults.sort_by_key(|fault| fault.row);
    let mut bad: Vec<usize> = faults.iter().map(|fault| fault.row).collect();
    bad.dedup();
    let count = faults.len();
    let told = faults.into_iter().take(TOLD_MAX).map(|fault| fault.told(kind, lang)).collect();
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "imports/bad-rows")
        .with("bad", bad.len())
        .with("rows", rows)
        .with("faults", count)
        .errors(told)
}
