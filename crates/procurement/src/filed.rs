//! How values that take several columns, or a list in one, stand in a row.

use kernel::{Actor, Base, Exactness, Money, Price, Quantity};
use store::{Result, Row, Stmt, StoreError};
use uuid::Uuid;

/// A value that no verb of ours has written.
pub(crate) fn impossible(statement: &'static Stmt, column: &str, found: impl Into<String>) -> StoreError {
    StoreError::Impossible { statement: statement.name(), column: column.to_owned(), found: found.into() }
}

/// The actor whose word stands in column `at` and whose id stands behind it.
pub(crate) fn actor(row: &Row<'_>, at: usize, statement: &'static Stmt) -> Result<Actor> {
    let (noun, id): (String, Option<Uuid>) = (row.get(at)?, row.get(at + 1)?);
    Actor::from_filed(&noun, id).ok_or_else(|| impossible(statement, "actor", format!("{noun} {id:?}")))
}

/// The actor of two columns that are both empty while nobody has acted.
pub(crate) fn actor_if_any(row: &Row<'_>, at: usize, statement: &'static Stmt) -> Result<Option<Actor>> {
    match row.get::<Option<String>>(at)? {
        None => Ok(None),
        Some(_) => actor(row, at, statement).map(Some),
    }
}

/// Pieces, grams and exactness from column `at` on.
pub(crate) fn quantity(row: &Row<'_>, at: usize, statement: &'static Stmt) -> Result<Quantity> {
    let code: String = row.get(at + 2)?;
    let exactness = match code.as_str() {
        "exact" => Exactness::Exact,
        "estimated" => Exactness::Estimated,
        _ => return Err(impossible(statement, "exactness", code)),
    };
    Ok(Quantity { pieces: row.get(at)?, grams: row.get(at + 1)?, exactness })
}

pub(crate) const fn exactness_code(exactness: Exactness) -> &'static str {
    match exactness {
        Exactness::Exact => "exact",
        Exactness::Estimated => "estimated",
    }
}

/// Money and base from column `at` on.
pub(crate) fn price(row: &Row<'_>, at: usize) -> Result<Price> {
    Ok(Price { money: row.get::<Money>(at)?, base: row.get::<Base>(at + 1)? })
}

/// Codes side by side with a space between: a set small enough to be read in one glance.
pub(crate) fn written<'a>(codes: impl IntoIterator<Item = &'a str>) -> String {
    codes.into_iter().collect::<Vec<_>>().join(" ")
}

/// Reads back what [`written`] wrote.
pub(crate) fn read<T>(
    text: &str,
    from_code: impl Fn(&str) -> Option<T>,
    statement: &'static Stmt,
    column: &str,
) -> Result<Vec<T>> {
    let known = |code| from_code(code).ok_or_else(|| impossible(statement, column, code));
    text.split_ascii_whitespace().map(known).collect()
}
