//! Files of rows: CSV and XLSX as people keep them, in; templates and lists, out.
//!
//! A cell is a text, a number as its sheet shows it, or a date; nobody calculates here and nothing is guessed. Knows no
//! product and no order. Whatever a stranger sends is read within limits, a bomb as well as a list.

mod csv_file;
mod template;
mod xlsx_file;

pub use template::{Heading, SheetError, template_csv, template_xlsx};

/// The most rows of one file, the heading not counted: more is several files.
pub const ROWS_MAX: usize = 50_000;
/// The most columns that are looked at.
pub const COLUMNS_MAX: usize = 60;
/// The longest text of one cell.
pub const CELL_MAX: usize = 2_000;
/// The most that a workbook may unfold to.
pub const UNFOLDED_MAX: u64 = 200 << 20;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Xlsx,
}

impl Format {
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    pub fn from_ending(ending: &str) -> Option<Self> {
        [Self::Csv, Self::Xlsx].into_iter().find(|format| format.ending().eq_ignore_ascii_case(ending))
    }

    /// What the bytes are: a workbook is a zip archive, and everything else is meant as CSV.
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"PK\x03\x04") { Self::Xlsx } else { Self::Csv }
    }
}

/// A file as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub headings: Vec<String>,
    /// Rows with something in them.
    pub rows: Vec<Row>,
}

/// One row, under the number that the reader's own program shows beside it: the heading is row 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub number: usize,
    pub cells: Vec<Cell>,
}

/// What stands in a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cell {
    #[default]
    Empty,
    /// As it was typed, without the blanks around it.
    Text(String),
    /// A number cell of a workbook, as a plain decimal. Zeros that stood in front of it are gone.
    Number(String),
    /// A date cell of a workbook: year, month, day, and minutes after midnight.
    Date { year: i16, month: i8, day: i8, minute: i64 },
}

impl Cell {
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

/// Why a file is not a table that we read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the file is empty")]
    Empty,
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("not a table: {0}")]
    Malformed(String),
    #[error("more than {ROWS_MAX} rows")]
    TooManyRows,
    #[error("more than {COLUMNS_MAX} columns")]
    TooManyColumns,
    #[error("row {row} has a cell of more than {CELL_MAX} characters")]
    CellTooLong { row: usize },
    #[error("the workbook unfolds to more than {UNFOLDED_MAX} bytes")]
    Unfolds,
}

/// Reads a file: of a workbook the first sheet. The first row with something in it holds the headings.
pub fn read(bytes: &[u8]) -> Result<Table, Unreadable> {
    let table = match Format::of(bytes) {
        Format::Csv => csv_file::read(bytes)?,
        Format::Xlsx => xlsx_file::read(bytes)?,
    };
    if table.headings.is_empty() { Err(Unreadable::Empty) } else { Ok(table) }
}

/// Takes the rows of a sheet one by one and keeps to the limits.
#[derive(Default)]
struct Collector {
    table: Table,
}

impl Collector {
    fn take(&mut self, number: usize, mut cells: Vec<Cell>) -> Result<(), Unreadable> {
        while cells.last().is_some_and(Cell::is_empty) {
            cells.pop();
        }
        if cells.is_empty() {
            return Ok(());
        }
        if cells.len() > COLUMNS_MAX {
            return Err(Unreadable::TooManyColumns);
        }
        let too_long = |cell: &Cell| matches!(cell, Cell::Text(text) if text.chars().count() > CELL_MAX);
        if cells.iter().any(too_long) {
            return Err(Unreadable::CellTooLong { row: number });
        }
        if self.table.headings.is_empty() {
            self.table.headings = cells.into_iter().map(shown).collect();
            return Ok(());
        }
        if self.table.rows.len() >= ROWS_MAX {
            return Err(Unreadable::TooManyRows);
        }
        self.table.rows.push(Row { number, cells });
        Ok(())
    }
}

fn shown(cell: Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) | Cell::Number(text) => text,
        Cell::Date { year, month, day, .. } => format!("{year:04}-{month:02}-{day:02}"),
    }
}

fn text(typed: &str) -> Cell {
    // A full-width blank is a blank to everybody who typed it.
    let typed = typed.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{3000}');
    if typed.is_empty() { Cell::Empty } else { Cell::Text(typed.to_owned()) }
}

#[cfg(test)]
mod tests;
