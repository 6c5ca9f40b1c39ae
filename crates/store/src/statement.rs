//! Statements: one `$1` text each, known by name, rewritten once per engine.

use std::{collections::BTreeSet, sync::OnceLock};

use crate::{
    Result, StoreError,
    cell::Param,
    dialect::{self, Engine, Token},
};

/// One statement. Made by [`sql!`](crate::sql) only, which also registers it for [`Db::prepare_all`](crate::Db).
#[derive(Debug)]
pub struct Stmt {
    name: &'static str,
    text: &'static str,
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
    set: OnceLock<Option<String>>,
    shape: OnceLock<Shape>,
}

#[derive(Debug)]
struct Shape {
    verb: Verb,
    params: usize,
    /// The parameters that choose the rows of an UPDATE: those behind its WHERE.
    keys: Vec<usize>,
    /// The table that it writes to.
    target: Option<String>,
    /// Where its answers may be kept: every word of it, the tables they were read from among them.
    kept_words: Option<BTreeSet<String>>,
    /// They may be kept only until the transaction takes a lock.
    held: bool,
    /// They may be kept by every transaction for ever.
    stays: bool,
    locks: bool,
    /// The tables in which it takes rows away or writes over them.
    alters: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Select,
    Insert,
    Update,
    Delete,
    /// `WITH …` and anything else that has no set form.
    Other,
}

/// A statement that some linked module has declared.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registered(pub &'static Stmt);
inventory::collect!(Registered);

/// Declares statements as named constants of type `&'static Stmt`.
///
/// One text serves both engines: `$1` marks, `{lock}` and `{skip_locked}` for row locks. There is no other way to
/// make a statement, so none escapes the test that prepares them all on both engines.
///
/// `{keep}` stands behind a SELECT of what hardly ever changes (a SKU, a place, a site): a transaction that asks it
/// twice with the same arguments gets the first answer again, without a way to the server, unless it has written to
/// one of the tables in between. Behind `{lock}` it says that a row which is locked already need not be locked again.
///
/// `{hold}` does the same for what others change under a lock (a lot, a reservation): the answer is good until this
/// transaction takes a lock that it did not have, because whoever had it may have changed the row.
///
/// `{stay}` stands behind a SELECT of one row by its key from tables that are only ever added to (a site, a place): once
/// seen, the row is known to every transaction of the program. A statement that changes or deletes such a row is a
/// mistake that [`Db::prepare_all`](crate::Db::prepare_all) finds.
///
/// ```
/// store::sql! {
///     /// Earliest use-by first.
///     pub(crate) LOTS = "SELECT id, grams FROM lot WHERE sku = $1 ORDER BY use_by, id {lock}";
///     RESERVE = "UPDATE lot SET reserved = reserved + $1 WHERE id = $2";
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! sql {
    ($($(#[$doc:meta])* $seen:vis $name:ident = $text:expr;)*) => {$(
        $(#[$doc])*
        $seen static $name: &$crate::Stmt = {
            static STATEMENT: $crate::Stmt =
                $crate::Stmt::declared(concat!(module_path!(), "::", stringify!($name)), $text);
            &STATEMENT
        };
        $crate::inventory::submit! { $crate::Registered($name) }
    )*};
}

impl Stmt {
    #[doc(hidden)]
    pub const fn declared(name: &'static str, text: &'static str) -> Self {
        Self {
            name,
            text,
            sqlite: OnceLock::new(),
            postgres: OnceLock::new(),
            set: OnceLock::new(),
            shape: OnceLock::new(),
        }
    }

    /// Where it was declared, as errors name it: `procurement::receiving::store::TERMS`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// As it was written, with its slots.
    pub(crate) const fn text(&self) -> &'static str {
        self.text
    }

    pub(crate) fn params(&self) -> usize {
        self.shape().params
    }

    pub(crate) fn sqlite(&self) -> &str {
        self.sqlite
            .get_or_init(|| dialect::render(Engine::Sqlite, &dialect::tokens(self.text), |number| format!("?{number}")))
    }

    pub(crate) fn postgres(&self) -> &str {
        self.postgres.get_or_init(|| {
            dialect::render(Engine::Postgres, &dialect::tokens(self.text), |number| format!("${number}"))
        })
    }

    /// The text that does the work of many rows in one statement on PostgreSQL, if this statement has such a form.
    /// `types` are those of its parameters, as preparing the row form has shown them.
    pub(crate) fn set(&self, types: &[&str]) -> Option<&str> {
        self.set.get_or_init(|| set_form(&dialect::tokens(self.text), self.verb(), types)).as_deref()
    }

    pub(crate) fn verb(&self) -> Verb {
        self.shape().verb
    }

    pub(crate) fn keeps(&self) -> bool {
        self.shape().kept_words.is_some()
    }

    /// Whether a lock makes its kept answers doubtful.
    pub(crate) fn is_held(&self) -> bool {
        self.shape().held
    }

    /// Whether its rows are the same for everybody and for ever.
    pub(crate) fn stays(&self) -> bool {
        self.shape().stays
    }

    pub(crate) fn locks(&self) -> bool {
        self.shape().locks
    }

    /// Whether this statement may write to a table that `other`, one that keeps, has read.
    pub(crate) fn may_change(&self, other: &Self) -> bool {
        let Some(words) = &other.shape().kept_words else { return true };
        match (self.verb(), &self.shape().target) {
            (Verb::Select, _) => false,
            (_, Some(table)) => words.contains(table),
            (_, None) => true,
        }
    }

    fn shape(&self) -> &Shape {
        self.shape.get_or_init(|| {
            let tokens = dialect::tokens(self.text);
            let verb = match tokens.iter().find(|token| !token.is_silent()) {
                Some(token) if token.is_word("SELECT") => Verb::Select,
                Some(token) if token.is_word("INSERT") => Verb::Insert,
                Some(token) if token.is_word("UPDATE") => Verb::Update,
                Some(token) if token.is_word("DELETE") => Verb::Delete,
                _ => Verb::Other,
            };
            let params = params(&tokens).max().unwrap_or(0);
            let keys = top_level(&tokens, "WHERE").map_or_else(Vec::new, |at| params_of(&tokens[at..]));
            let mut words = tokens.iter().filter_map(|token| token.word());
            let has = |slot| tokens.contains(&Token::Slot(slot));
            let (held, stays, locks) = (has(dialect::HOLD), has(dialect::STAY), has(dialect::LOCK));
            let keeps = verb == Verb::Select && (held || stays || has(dialect::KEEP));
            let (target, kept_words) = match verb {
                Verb::Select if stays => (None, Some(tables(&tokens).map(str::to_lowercase).collect())),
                Verb::Select => (None, keeps.then(|| words.map(str::to_lowercase).collect())),
                Verb::Insert | Verb::Update | Verb::Delete => (words.find(is_table).map(str::to_lowercase), None),
                Verb::Other => (None, None),
            };
            let alters = altered(&tokens);
            Shape { verb, params, keys, target, kept_words, held, stays, locks, alters }
        })
    }

    /// Whether a row that `other` calls staying would not stay.
    pub(crate) fn alters(&self, other: &Self) -> bool {
        let mut read = other.shape().kept_words.iter().flatten();
        other.stays() && read.any(|table| self.shape().alters.contains(table))
    }

    /// SQLite would take a missing parameter for NULL, silently.
    pub(crate) fn expects(&self, count: usize) -> Result<()> {
        let params = self.params();
        if params == count {
            return Ok(());
        }
        Err(self.impossible("parameters", format!("{count} where {params} belong")))
    }

    /// Two rows of one UPDATE that meet the same target apply twice in a loop and once in a set. Refusing them
    /// makes both engines agree; the caller adds them up first.
    pub(crate) fn distinct<const N: usize>(&self, rows: &[[Param<'_>; N]]) -> Result<()> {
        if self.verb() != Verb::Update {
            return Ok(());
        }
        let keys = &self.shape().keys;
        let mut targets: Vec<Vec<&Param<'_>>> =
            rows.iter().map(|row| keys.iter().filter_map(|key| row.get(key - 1)).collect()).collect();
        targets.sort_unstable();
        targets.dedup();
        counted(rows.len(), targets.len())
    }

    pub(crate) fn impossible(&self, column: impl Into<String>, found: impl Into<String>) -> StoreError {
        StoreError::Impossible { statement: self.name, column: column.into(), found: found.into() }
    }
}

/// How many rows an UPDATE was to change against how many it did.
pub(crate) fn counted(expected: usize, found: usize) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(StoreError::Count(wide(expected), wide(found)))
}

pub(crate) fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Every statement linked into this program.
pub(crate) fn registered() -> impl Iterator<Item = &'static Stmt> {
    inventory::iter::<Registered>.into_iter().map(|registered| registered.0)
}

/// Whether a word of a write, the first behind these, names its table.
fn is_table(word: &&str) -> bool {
    !["INSERT", "INTO", "UPDATE", "DELETE", "FROM"].iter().any(|verb| word.eq_ignore_ascii_case(verb))
}

/// The tables that a SELECT reads, each named behind its own FROM or JOIN.
fn tables<'a>(tokens: &'a [Token<'a>]) -> impl Iterator<Item = &'a str> {
    let words: Vec<&str> = tokens.iter().filter_map(|token| token.word()).collect();
    let names = |word: &str| word.eq_ignore_ascii_case("FROM") || word.eq_ignore_ascii_case("JOIN");
    let named: Vec<&str> = words.windows(2).filter(|two| names(two[0])).map(|two| two[1]).collect();
    named.into_iter()
}

/// The tables of which rows are taken away or written over: behind UPDATE, behind DELETE FROM, and the one of an INSERT
/// that updates what it meets.
fn altered(tokens: &[Token<'_>]) -> Vec<String> {
    let words: Vec<String> = tokens.iter().filter_map(|token| token.word()).map(str::to_lowercase).collect();
    let behind = |word: &str| words.iter().position(|found| found == word).and_then(|at| words.get(at + 1));
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).map(String::as_str);
        let next = words.get(at + 1).map(String::as_str);
        let table = match (before, word.as_str(), next) {
            (_, "update", Some("set")) => behind("into"),
            (Some("for"), "update", _) => None,
            (_, "update", _) => words.get(at + 1),
            (_, "delete", Some("from")) => words.get(at + 2),
            _ => None,
        };
        found.extend(table.cloned());
    }
    found
}

fn params<'a>(tokens: &'a [Token<'_>]) -> impl Iterator<Item = usize> + 'a {
    tokens.iter().filter_map(|token| if let Token::Param(number) = token { Some(*number) } else { None })
}

fn params_of(tokens: &[Token<'_>]) -> Vec<usize> {
    let mut found: Vec<usize> = params(tokens).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// How far a token leads into parentheses.
fn steps(token: Token<'_>) -> i32 {
    i32::from(token == Token::Mark("(")) - i32::from(token == Token::Mark(")"))
}

/// Where `word` stands outside every parenthesis.
fn top_level(tokens: &[Token<'_>], word: &str) -> Option<usize> {
    let mut depth = 0;
    tokens.iter().position(|token| {
        depth += steps(*token);
        depth == 0 && token.is_word(word)
    })
}

/// The set form. Nested loops over `unnest` keep both the order of the rows and the order of the locks; a planner
/// that has never seen the table would hash-join a plain `unnest`.
fn set_form(tokens: &[Token<'_>], verb: Verb, types: &[&str]) -> Option<String> {
    if types.is_empty() {
        return None;
    }
    let arrays: Vec<String> = types.iter().enumerate().map(|(i, name)| format!("${}::{name}[]", i + 1)).collect();
    let columns: Vec<String> = (1..=types.len()).map(|number| format!("_{number}")).collect();
    let (arrays, columns) = (arrays.join(", "), columns.join(", "));
    let given = format!("unnest({arrays}) AS given ({columns})");
    let text = |part: &[Token<'_>]| dialect::render(Engine::Postgres, part, |number| format!("given._{number}"));
    match verb {
        Verb::Select => Some(format!(
            "SELECT given.ord, found.* FROM unnest({arrays}) WITH ORDINALITY AS given ({columns}, ord) \
             CROSS JOIN LATERAL ({}) AS found",
            text(tokens)
        )),
        Verb::Insert => {
            let values = top_level(tokens, "VALUES")?;
            let open = values + tokens[values..].iter().position(|token| *token == Token::Mark("("))?;
            let mut depth = 0;
            let close = open
                + tokens[open..].iter().position(|token| {
                    depth += steps(*token);
                    depth == 0
                })?;
            let tail = &tokens[close + 1..];
            // Several rows of VALUES are a set already, and ON CONFLICT cannot see the source of the rows.
            let refuses = tail.iter().find(|token| !token.is_silent()) == Some(&Token::Mark(","));
            if refuses || params(tail).next().is_some() {
                return None;
            }
            let (head, row, tail) = (text(&tokens[..values]), text(&tokens[open + 1..close]), text(tail));
            Some(format!("{head}SELECT {row} FROM {given} WHERE true{tail}"))
        }
        Verb::Update | Verb::Delete => {
            let at = top_level(tokens, "WHERE")?;
            let source = if verb == Verb::Update { "FROM" } else { "USING" };
            if top_level(tokens, source).is_some_and(|taken| verb == Verb::Delete || taken < at) {
                return None;
            }
            Some(format!("{}{source} {given} {}", text(&tokens[..at]), text(&tokens[at..])))
        }
        Verb::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Stmt, Verb};

    #[test]
    fn an_insert_becomes_one_over_unnest() {
        let add = Stmt::declared(
            "add",
            "INSERT INTO lot (id, grams, kind) VALUES ($2, CAST($1 AS BIGINT), 'a,b') ON CONFLICT DO NOTHING",
        );
        assert_eq!(
            add.set(&["int8", "uuid"]),
            Some(
                "INSERT INTO lot (id, grams, kind) SELECT given._2, CAST(given._1 AS BIGINT), 'a,b' \
                  FROM unnest($1::int8[], $2::uuid[]) AS given (_1, _2) WHERE true ON CONFLICT DO NOTHING"
            )
        );
    }

    #[test]
    fn an_update_and_a_delete_join_unnest() {
        let reserve = Stmt::declared(
            "reserve",
            "UPDATE lot SET reserved = reserved + $1 WHERE id = $2 AND reserved + $1 <= on_hand",
        );
        assert_eq!(
            reserve.set(&["int8", "uuid"]),
            Some(
                "UPDATE lot SET reserved = reserved + given._1 FROM unnest($1::int8[], $2::uuid[]) AS given (_1, _2) \
                  WHERE id = given._2 AND reserved + given._1 <= on_hand"
            )
        );
        let drop = Stmt::declared("drop", "DELETE FROM lot WHERE id = $1");
        assert_eq!(
            drop.set(&["uuid"]),
            Some("DELETE FROM lot USING unnest($1::uuid[]) AS given (_1) WHERE id = given._1")
        );
    }

    #[test]
    fn a_select_runs_beside_its_row() {
        let lots = Stmt::declared("lots", "SELECT id FROM lot WHERE sku = $1 ORDER BY use_by {lock}");
        assert_eq!(
            lots.set(&["uuid"]),
            Some(
                "SELECT given.ord, found.* FROM unnest($1::uuid[]) WITH ORDINALITY AS given (_1, ord) \
                  CROSS JOIN LATERAL (SELECT id FROM lot WHERE sku = given._1 ORDER BY use_by FOR UPDATE) AS found"
            )
        );
    }

    #[test]
    fn what_is_kept_is_forgotten_by_a_write_to_its_tables() {
        let sku = Stmt::declared("sku", "SELECT s.id FROM sku s JOIN measure m ON m.sku = s.id WHERE s.id = $1 {keep}");
        assert!(sku.keeps());
        assert_eq!(sku.postgres(), "SELECT s.id FROM sku s JOIN measure m ON m.sku = s.id WHERE s.id = $1 ");
        for (writes, changes) in [
            ("UPDATE sku SET grams = $1 WHERE id = $2", true),
            ("INSERT INTO measure (sku) VALUES ($1)", true),
            ("DELETE FROM lot WHERE sku = $1", false),
            ("INSERT INTO stock_move (sku) VALUES ($1)", false),
            ("WITH gone AS (DELETE FROM lot WHERE id = $1) SELECT 1", true),
            ("SELECT id FROM sku WHERE id = $1 {lock}", false),
        ] {
            assert_eq!(Stmt::declared("it", writes).may_change(&sku), changes, "{writes}");
        }
    }

    #[test]
    fn what_stays_is_altered_by_no_insert_that_only_adds() {
        let note = Stmt::declared("note", "SELECT note, wave, site FROM pick_note WHERE note = $1 {stay}");
        assert!(note.stays() && note.keeps());
        assert_eq!(note.postgres(), "SELECT note, wave, site FROM pick_note WHERE note = $1 ");
        for (writes, changes, alters) in [
            ("INSERT INTO pick_note (note) VALUES ($1)", true, false),
            ("INSERT INTO pick_note (note) VALUES ($1) ON CONFLICT DO NOTHING", true, false),
            ("INSERT INTO pick_note (note) VALUES ($1) ON CONFLICT (note) DO UPDATE SET site = $2", true, true),
            ("UPDATE pick_note SET site = $1 WHERE note = $2", true, true),
            ("DELETE FROM pick_note WHERE note = $1", true, true),
            ("WITH gone AS (SELECT 1) DELETE FROM pick_note", true, true),
            ("WITH due AS (SELECT 1 FROM job FOR UPDATE SKIP LOCKED) UPDATE job SET at = $1", true, false),
            ("UPDATE wave SET site = $1 WHERE id = $2", false, false),
        ] {
            let writes = Stmt::declared("it", writes);
            assert_eq!((writes.may_change(&note), writes.alters(&note)), (changes, alters), "{}", writes.postgres());
        }
    }

    #[test]
    fn what_has_no_set_form_says_so() {
        for text in [
            "INSERT INTO lot (id) VALUES ($1), ($2)",
            "INSERT INTO lot (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET grams = $2",
            "UPDATE lot SET grams = o.grams FROM other o WHERE o.id = $1",
            "WITH a AS (SELECT 1) SELECT $1",
            "UPDATE lot SET grams = $1",
        ] {
            let statement = Stmt::declared("it", text);
            assert_eq!(statement.set(&["int8", "int8"]), None, "{text}");
        }
        assert_eq!(Stmt::declared("it", "-- why\nselect 1").verb(), Verb::Select);
    }
}
