//! Series as people keep them: a text of rows `unique_id,ds,y`, one for each product and day.
//!
//! Further columns may tell that the goods ran out (`sold_out`: 0 or 1), which share of the day's demand had come by
//! then (`share`: above 0 through 1), what kind of goods it is (`category`, any text; all are of one kind without it), and
//! anything else that is a number: those are regressors. A date without a row
//! and a row without a `y` are days of which nothing is known, never days without demand; rows without a `y` behind the
//! last day tell what is known ahead. Rows may stand in any order.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{Observation, Series, Shelf, number};

pub use crate::dates::{date, day};

/// Longer series than this are somebody's mistake in a date.
const STEPS_MOST: i64 = 200_000;

/// A text that is no table of sales. Rows are counted as an editor counts lines, the head is row 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// There is not even a head.
    Empty,
    /// The head has no such column.
    NoColumn { name: &'static str },
    /// The head has this column twice.
    ColumnTwice { name: String },
    /// The row has another number of cells than the head.
    Cells { row: usize, found: usize, wanted: usize },
    /// The row names no product.
    NoKey { row: usize },
    /// Neither a date (`2026-03-28`) nor a whole number.
    NotAStep { row: usize, found: String },
    /// Dates here, plain numbers above.
    MixedSteps { row: usize },
    /// Not a number.
    NotANumber { row: usize, column: String, found: String },
    /// Nobody sells less than nothing; returns belong to the day of their sale.
    Negative { row: usize, found: String },
    /// Neither 0 nor 1, or a share that is not above 0 through 1.
    NotAShare { row: usize, column: String, found: String },
    /// The same product and step as an earlier row.
    Twice { row: usize, first_row: usize, key: String, step: String },
    /// The product was of another category in an earlier row.
    OtherCategory { row: usize, key: String, category: String, earlier: String },
    /// The steps of a product lie further apart than any history.
    TooLong { row: usize, key: String },
    /// A column that is known of the past is not known of a step that is to be forecast. No row where the step has none.
    NotAhead { row: Option<usize>, column: String, key: String, step: String },
}

impl std::fmt::Display for TableError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => write!(out, "the file is empty"),
            Self::NoColumn { name } => write!(out, "row 1: no column {name}"),
            Self::ColumnTwice { name } => write!(out, "row 1: column {name} stands there twice"),
            Self::Cells { row, found, wanted } => write!(out, "row {row}: {found} cells, the head has {wanted}"),
            Self::NoKey { row } => write!(out, "row {row}: unique_id is empty"),
            Self::NotAStep { row, found } => {
                write!(out, "row {row}: ds {found:?} is neither a date like 2026-03-28 nor a whole number")
            }
            Self::MixedSteps { row } => write!(out, "row {row}: dates and plain numbers in one file"),
            Self::NotANumber { row, column, found } => write!(out, "row {row}: {column} {found:?} is not a number"),
            Self::Negative { row, found } => write!(out, "row {row}: y {found} is below zero"),
            Self::NotAShare { row, column, found } => {
                let wanted = if column == "share" { "above 0 through 1" } else { "0 or 1" };
                write!(out, "row {row}: {column} {found:?} is not {wanted}")
            }
            Self::Twice { row, first_row, key, step } => {
                write!(out, "row {row}: {key} on {step} stands in row {first_row} already")
            }
            Self::OtherCategory { row, key, category, earlier } => {
                write!(out, "row {row}: {key} is of category {category} here and of {earlier} above")
            }
            Self::TooLong { row, key } => {
                write!(out, "row {row}: {key} spans more than {STEPS_MOST} steps")
            }
            Self::NotAhead { row: Some(row), column, key, step } => {
                write!(out, "row {row}: {column} of {key} is empty on {step}, which is to be forecast")
            }
            Self::NotAhead { row: None, column, key, step } => {
                write!(out, "no row tells {column} of {key} on {step}, which is to be forecast")
            }
        }
    }
}

impl std::error::Error for TableError {}

/// How steps are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    Dates,
    Numbers,
}

/// What a text holds.
#[derive(Clone, Debug)]
pub struct Table {
    pub steps: Steps,
    /// In the order in which they first appear.
    pub series: Vec<Series>,
    /// The names of the regressors, in the order of [`Series::regressors`].
    pub regressors: Vec<String>,
    /// By series, the rows that lie ahead: which step, and where it stands.
    ahead: Vec<BTreeMap<i64, usize>>,
}

impl Table {
    /// Whether every column that is known of a series' past is known of the steps that are to be forecast. The first that
    /// is not is named with its row.
    pub fn known_ahead(&self, horizon: usize) -> Result<(), TableError> {
        for (series, rows) in self.series.iter().zip(&self.ahead) {
            for (name, column) in self.regressors.iter().zip(&series.regressors) {
                let end = series.steps.len();
                if column.iter().take(end).all(Option::is_none) {
                    continue;
                }
                let unknown = (end..end + horizon).find(|at| column.get(*at).copied().flatten().is_none());
                let Some(at) = unknown.and_then(|at| i64::try_from(at).ok()) else { continue };
                let step = series.first.saturating_add(at);
                return Err(TableError::NotAhead {
                    row: rows.get(&step).copied(),
                    column: name.clone(),
                    key: series.key.clone(),
                    step: if self.steps == Steps::Dates { date(step) } else { step.to_string() },
                });
            }
        }
        Ok(())
    }

    /// The same without a column. None if there is no such one.
    #[must_use]
    pub fn without(mut self, name: &str) -> Option<Self> {
        if name == "category" && self.series.iter().any(|series| !series.category.is_empty()) {
            self.series.iter_mut().for_each(|series| series.category.clear());
            return Some(self);
        }
        let at = self.regressors.iter().position(|known| known == name)?;
        self.regressors.remove(at);
        for series in &mut self.series {
            series.regressors.remove(at);
        }
        Some(self)
    }
}

struct Columns {
    key: usize,
    step: usize,
    sold: usize,
    sold_out: Option<usize>,
    share: Option<usize>,
    category: Option<usize>,
    others: Vec<usize>,
    names: Vec<String>,
}

/// One row, read; small, because there may be millions.
struct Row {
    step: i64,
    line: usize,
    /// Not a number where nobody wrote it down.
    sold: f64,
    shelf: Kept,
}

#[derive(Clone, Copy)]
enum Kept {
    Stocked,
    SoldOut(u16),
    SoldOutSometime,
}

/// The rows of one product, and what else they tell, row after row.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    others: Vec<f64>,
    category: String,
}

/// Reads a table.
///
/// ```
/// let table = forecast::table::read("unique_id,ds,y\neggs,2026-03-28,12\neggs,2026-03-30,9\n").unwrap();
/// let eggs = &table.series[0];
/// // Nobody wrote Sunday down.
/// assert_eq!(eggs.steps.iter().map(|step| step.sold).collect::<Vec<_>>(), [Some(12.0), None, Some(9.0)]);
/// ```
pub fn read(text: &str) -> Result<Table, TableError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.is_empty());
    let Some((_, head)) = lines.next() else { return Err(TableError::Empty) };
    let columns = columns(head)?;
    let mut order: Vec<String> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut products: Vec<Rows> = Vec::new();
    let mut last = None;
    let mut steps = None;
    for (line, text) in lines {
        let cells = cells(text);
        if cells.len() != columns.names.len() {
            return Err(TableError::Cells { row: line, found: cells.len(), wanted: columns.names.len() });
        }
        let key = cells[columns.key].as_ref();
        if key.is_empty() {
            return Err(TableError::NoKey { row: line });
        }
        let written = cells[columns.step].as_ref();
        let (kind, step) =
            step(written).ok_or_else(|| TableError::NotAStep { row: line, found: written.to_owned() })?;
        if *steps.get_or_insert(kind) != kind {
            return Err(TableError::MixedSteps { row: line });
        }
        // Rows of a product mostly follow each other.
        let met = last.filter(|place: &usize| order[*place] == key).or_else(|| places.get(key).copied());
        let place = met.unwrap_or(products.len());
        if met.is_none() {
            order.push(key.to_owned());
            places.insert(key.to_owned(), place);
            products.push(Rows::default());
        }
        last = Some(place);
        read_row(line, step, &cells, &columns, &mut products[place])?;
    }
    drop(places);
    let (steps, others) = (steps.unwrap_or(Steps::Dates), columns.others.len());
    if let Some(error) =
        order.iter().zip(&products).filter_map(|(key, rows)| overlap(rows, key, steps)).min_by_key(row_of)
    {
        return Err(error);
    }
    let known = products.iter().flat_map(|product| &product.rows).filter(|row| !row.sold.is_nan());
    let behind = known.map(|row| row.step.saturating_add(1)).max();
    let ahead = products.iter().map(|product| ahead(product, behind)).collect();
    let series: Vec<Series> =
        order.into_iter().zip(products).map(|(key, rows)| begun(series(rows, key, others), behind)).collect();
    let names = columns.others.iter().map(|at| columns.names[*at].clone()).collect();
    Ok(Table { steps, series, regressors: names, ahead })
}

fn row_of(error: &TableError) -> usize {
    if let TableError::Twice { row, .. } | TableError::TooLong { row, .. } = error { *row } else { 0 }
}

/// The first row that stands where another stands already, or too far from all others.
fn overlap(product: &Rows, key: &str, steps: Steps) -> Option<TableError> {
    let mut order: Vec<(i64, usize)> = product.rows.iter().map(|row| (row.step, row.line)).collect();
    order.sort_unstable();
    let twice = order.windows(2).filter(|pair| pair[0].0 == pair[1].0).min_by_key(|pair| pair[1].1).map(|pair| {
        let step = if steps == Steps::Dates { date(pair[0].0) } else { pair[0].0.to_string() };
        TableError::Twice { row: pair[1].1, first_row: pair[0].1, key: key.to_owned(), step }
    });
    let (first, last) = (order.first()?, order.last()?);
    let far = last.0.abs_diff(first.0) > STEPS_MOST.unsigned_abs();
    twice.or_else(|| far.then(|| TableError::TooLong { row: first.1.max(last.1), key: key.to_owned() }))
}

fn columns(head: &str) -> Result<Columns, TableError> {
    let names: Vec<String> = cells(head).into_iter().map(|name| name.to_lowercase()).collect();
    if let Some(name) = names.iter().enumerate().find_map(|(at, name)| names[..at].contains(name).then_some(name)) {
        return Err(TableError::ColumnTwice { name: name.clone() });
    }
    let place = |wanted: &str| names.iter().position(|name| name == wanted);
    let needed = |name: &'static str| place(name).ok_or(TableError::NoColumn { name });
    let (key, step, sold) = (needed("unique_id")?, needed("ds")?, needed("y")?);
    let (sold_out, share, category) = (place("sold_out"), place("share"), place("category"));
    let own = [Some(key), Some(step), Some(sold), sold_out, share, category];
    let others = (0..names.len()).filter(|at| !own.contains(&Some(*at))).collect();
    Ok(Columns { key, step, sold, sold_out, share, category, others, names })
}

fn read_row(
    line: usize,
    step: i64,
    cells: &[Cow<'_, str>],
    columns: &Columns,
    into: &mut Rows,
) -> Result<(), TableError> {
    let sold = number_in(line, cells, columns, columns.sold)?;
    if sold.is_some_and(|sold| sold < 0.0) {
        return Err(TableError::Negative { row: line, found: cells[columns.sold].trim().to_owned() });
    }
    let within = |column: Option<usize>, allowed: fn(f64) -> bool| {
        let Some(at) = column else { return Ok(None) };
        let number = number_in(line, cells, columns, at)?;
        if number.is_none_or(allowed) {
            return Ok(number);
        }
        let (column, found) = (columns.names[at].clone(), cells[at].trim().to_owned());
        Err(TableError::NotAShare { row: line, column, found })
    };
    let flag = within(columns.sold_out, |flag| [0.0, 1.0].contains(&flag))?.map(|flag| flag > 0.5);
    let share = within(columns.share, |share| share > 0.0 && share <= 1.0)?;
    let shelf = match (flag, share) {
        (Some(false), _) | (None, None) => Kept::Stocked,
        (_, Some(share)) => Kept::SoldOut(u16::try_from(number::whole(share * 10_000.0).max(1)).unwrap_or(10_000)),
        (Some(true), None) => Kept::SoldOutSometime,
    };
    let category = columns.category.map_or("", |at| cells[at].trim());
    if !category.is_empty() && into.category != category {
        if !into.category.is_empty() {
            let (key, earlier) = (cells[columns.key].to_string(), into.category.clone());
            return Err(TableError::OtherCategory { row: line, key, category: category.to_owned(), earlier });
        }
        category.clone_into(&mut into.category);
    }
    into.rows.push(Row { step, line, sold: sold.unwrap_or(f64::NAN), shelf });
    for at in &columns.others {
        into.others.push(number_in(line, cells, columns, *at)?.unwrap_or(f64::NAN));
    }
    Ok(())
}

fn number_in(line: usize, cells: &[Cow<'_, str>], columns: &Columns, at: usize) -> Result<Option<f64>, TableError> {
    let cell = cells[at].trim();
    if cell.is_empty() || cell.eq_ignore_ascii_case("nan") {
        return Ok(None);
    }
    match cell.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        Ok(_) | Err(_) => {
            Err(TableError::NotANumber { row: line, column: columns.names[at].clone(), found: cell.to_owned() })
        }
    }
}

/// The cells of a line. Quotes keep commas together, doubled quotes stand for one.
pub fn cells(line: &str) -> Vec<Cow<'_, str>> {
    let line = line.trim_end_matches('\r');
    if !line.contains('"') {
        return line.split(',').map(Cow::Borrowed).collect();
    }
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let doubled = letter == '"' && quoted && letters.peek() == Some(&'"');
        match letter {
            '"' if !doubled => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => {
                if doubled {
                    letters.next();
                }
                if let Some(cell) = cells.last_mut() {
                    cell.push(letter);
                }
            }
        }
    }
    cells.into_iter().map(Cow::Owned).collect()
}

/// The rows behind the last one that tells what was sold, or from `behind` on where none does.
fn ahead(product: &Rows, behind: Option<i64>) -> BTreeMap<i64, usize> {
    let last = product.rows.iter().filter(|row| !row.sold.is_nan()).map(|row| row.step.saturating_add(1)).max();
    let begin = last.or(behind);
    product
        .rows
        .iter()
        .filter(|row| begin.is_some_and(|begin| row.step >= begin))
        .map(|row| (row.step, row.line))
        .collect()
}

/// A product of which nothing was ever sold has no past: it begins with what is still to be sold of the others.
fn begun(series: Series, behind: Option<i64>) -> Series {
    let Some(behind) = behind.filter(|_| series.steps.iter().all(|step| step.sold.is_none())) else { return series };
    let shifted = |column: &Vec<Option<f64>>| -> Vec<Option<f64>> {
        let known = (series.first..).zip(column).filter(|(step, _)| *step >= behind);
        let mut shifted = Vec::new();
        for (step, value) in known {
            let at = usize::try_from(step - behind).unwrap_or(0);
            shifted.resize(at, None);
            shifted.push(*value);
        }
        shifted
    };
    let regressors = series.regressors.iter().map(shifted).collect();
    Series { first: behind, steps: Vec::new(), regressors, ..series }
}

fn series(product: Rows, key: String, regressors: usize) -> Series {
    let Rows { rows, others, category } = product;
    let first = rows.iter().map(|row| row.step).min().unwrap_or(0);
    let last = rows.iter().map(|row| row.step).max().unwrap_or(0);
    // Rows without a number behind the last one with one lie ahead; where there is none at all, all are unknown.
    let through = rows.iter().filter(|row| !row.sold.is_nan()).map(|row| row.step).max().unwrap_or(last);
    let length = |through: i64| usize::try_from(through - first + 1).unwrap_or(0);
    let mut steps = vec![Observation { sold: None, shelf: Shelf::Stocked }; length(through)];
    let mut known = vec![vec![None; length(last)]; regressors];
    for (nth, row) in rows.iter().enumerate() {
        let Ok(at) = usize::try_from(row.step - first) else { continue };
        if let Some(slot) = steps.get_mut(at) {
            let shelf = match row.shelf {
                Kept::Stocked => Shelf::Stocked,
                Kept::SoldOut(share) => Shelf::SoldOut { share_bp: i64::from(share) },
                Kept::SoldOutSometime => Shelf::SoldOutSometime,
            };
            *slot = Observation { sold: Some(row.sold).filter(|sold| !sold.is_nan()), shelf };
        }
        for (column, known) in known.iter_mut().enumerate() {
            known[at] = Some(others[nth * regressors + column]).filter(|number| !number.is_nan());
        }
    }
    Series { key, category, first, steps, regressors: known }
}

fn step(written: &str) -> Option<(Steps, i64)> {
    let written = written.trim();
    if let Ok(number) = written.parse::<i64>() {
        return Some((Steps::Numbers, number));
    }
    // A time of day behind the date is that of the export, not of the sale.
    let date = written.get(..10).filter(|_| written.len() == 10 || written[10..].starts_with([' ', 'T']))?;
    day(date).map(|day| (Steps::Dates, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read(text).expect_err("refused").to_string()
    }

    #[test]
    fn rows_in_any_order_with_gaps_become_whole_series() {
        let table =
            read("ds,unique_id,y\n2026-03-30,eggs,9\n2026-03-28,eggs,12\n2026-03-29,\"cod, whole\",1\n").unwrap();
        assert_eq!(table.steps, Steps::Dates);
        assert_eq!(table.series.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["eggs", "cod, whole"]);
        let sold: Vec<Option<f64>> = table.series[0].steps.iter().map(|step| step.sold).collect();
        assert_eq!(sold, [Some(12.0), None, Some(9.0)]);
    }

    #[test]
    fn a_missing_value_is_unknown_and_behind_the_last_it_lies_ahead() {
        let table = read("unique_id,ds,y,rain\neggs,1,,0\neggs,2,5,1\neggs,3,,\neggs,4,6,0\neggs,5,,1\n").unwrap();
        let eggs = &table.series[0];
        assert_eq!(eggs.steps.len(), 4);
        assert_eq!(eggs.steps[2].sold, None);
        assert_eq!(eggs.regressors, [[Some(0.0), Some(1.0), None, Some(0.0), Some(1.0)]]);
        assert_eq!(table.regressors, ["rain"]);
    }

    #[test]
    fn what_is_known_of_the_past_must_be_known_ahead() {
        let table = |tail: &str| read(&format!("unique_id,ds,y,rain\neggs,1,5,0\neggs,2,6,1\n{tail}")).unwrap();
        assert_eq!(table("eggs,3,,1\neggs,4,,0\n").known_ahead(2), Ok(()));
        let empty = table("eggs,3,,1\neggs,4,,\n").known_ahead(2).expect_err("empty").to_string();
        assert_eq!(empty, "row 5: rain of eggs is empty on 4, which is to be forecast");
        let missing = table("eggs,3,,1\n").known_ahead(2).expect_err("missing").to_string();
        assert_eq!(missing, "no row tells rain of eggs on 4, which is to be forecast");
        assert_eq!(table("").without("rain").unwrap().known_ahead(7), Ok(()));
        assert!(table("").without("snow").is_none());
    }

    #[test]
    fn a_product_that_was_never_sold_begins_behind_the_others() {
        let table =
            read("unique_id,ds,y,rain,category\neggs,1,5,0,cold\neggs,2,6,1,\nnew,2,,7,cold\nnew,4,,8,\nodd,9,,,\n")
                .unwrap();
        let [eggs, new, odd] = &table.series[..] else { panic!("three products") };
        assert_eq!((new.first, new.steps.len(), new.category.as_str()), (3, 0, "cold"));
        // What is known of the days that are over is gone, the third day is unknown.
        assert_eq!(new.regressors, [[None, Some(8.0)]]);
        assert_eq!((odd.first, odd.category.as_str(), eggs.category.as_str()), (3, "", "cold"));
        assert!(table.without("category").unwrap().series.iter().all(|one| one.category.is_empty()));
        let other = refused("unique_id,ds,y,category\na,1,1,cold\na,2,1,dry\n");
        assert_eq!(other, "row 3: a is of category dry here and of cold above");
    }

    #[test]
    fn a_day_that_ran_out_says_so() {
        let table = read("unique_id,ds,y,sold_out,share\na,1,5,1,0.6\na,2,5,1,\na,3,5,0,\na,4,5,,\n").unwrap();
        let shelves: Vec<Shelf> = table.series[0].steps.iter().map(|step| step.shelf).collect();
        let known = Shelf::SoldOut { share_bp: 6_000 };
        assert_eq!(shelves, [known, Shelf::SoldOutSometime, Shelf::Stocked, Shelf::Stocked]);
    }

    #[test]
    fn every_odd_row_is_named() {
        assert_eq!(refused(""), "the file is empty");
        assert_eq!(refused("unique_id,ds\n"), "row 1: no column y");
        assert_eq!(refused("unique_id,ds,y,y\n"), "row 1: column y stands there twice");
        assert_eq!(refused("unique_id,ds,y\neggs,1\n"), "row 2: 2 cells, the head has 3");
        assert_eq!(refused("unique_id,ds,y\n,1,2\n"), "row 2: unique_id is empty");
        assert_eq!(refused("unique_id,ds,y\neggs,1,-2\n"), "row 2: y -2 is below zero");
        assert_eq!(refused("unique_id,ds,y\neggs,1,many\n"), "row 2: y \"many\" is not a number");
        assert_eq!(refused("unique_id,ds,y\neggs,1,inf\n"), "row 2: y \"inf\" is not a number");
        assert_eq!(
            refused("unique_id,ds,y\neggs,2026-02-30,1\n"),
            "row 2: ds \"2026-02-30\" is neither a date like 2026-03-28 nor a whole number"
        );
        assert_eq!(refused("unique_id,ds,y\neggs,1,1\n\neggs,1,2\n"), "row 4: eggs on 1 stands in row 2 already");
        assert_eq!(refused("unique_id,ds,y\na,1,1\nb,2026-03-28,1\n"), "row 3: dates and plain numbers in one file");
        assert_eq!(refused("unique_id,ds,y,share\na,1,1,1.5\n"), "row 2: share \"1.5\" is not above 0 through 1");
        assert_eq!(refused("unique_id,ds,y,sold_out\na,1,1,2\n"), "row 2: sold_out \"2\" is not 0 or 1");
        assert_eq!(refused("unique_id,ds,y\na,1,1\na,900000,1\n"), "row 3: a spans more than 200000 steps");
    }
}
