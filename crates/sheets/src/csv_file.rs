//! CSV (RFC 4180): UTF-8 with or without a mark in front; comma, semicolon or tab, whichever the heading uses most.
//!
//! Read here rather than by a library, because a fault has to name the row that the spreadsheet shows: a blank line is
//! a row, a line break inside quotes is not.

use crate::{CELL_MAX, COLUMNS_MAX, Cell, Collector, Table, Unreadable, text};

pub(crate) fn read(bytes: &[u8]) -> Result<Table, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let whole = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotUtf8)?;
    let delimiter = delimiter(whole);
    let mut collector = Collector::default();
    let mut rest = whole;
    let mut number = 0_usize;
    while !rest.is_empty() {
        number = number.saturating_add(1);
        let (cells, after) = record(rest, delimiter, number)?;
        rest = after;
        collector.take(number, cells)?;
    }
    Ok(collector.table)
}

/// One record, and what comes behind its line break.
fn record(mut rest: &str, delimiter: char, row: usize) -> Result<(Vec<Cell>, &str), Unreadable> {
    let mut cells = Vec::new();
    let mut keep = |cell: Cell| {
        // A line of a million commas is no table; empty cells at the end of one are.
        if cells.len() < COLUMNS_MAX {
            cells.push(cell);
        } else if !cell.is_empty() {
            return Err(Unreadable::TooManyColumns);
        }
        Ok(())
    };
    loop {
        let (typed, after) = if let Some(quoted) = rest.strip_prefix('"') {
            unquoted(quoted, row)?
        } else {
            let end = rest.find([delimiter, '\n', '\r']).unwrap_or(rest.len());
            let (typed, after) = rest.split_at(end);
            (typed.to_owned(), after)
        };
        keep(text(&typed))?;
        if let Some(next) = after.strip_prefix(delimiter) {
            rest = next;
            continue;
        }
        let next = after.strip_prefix('\r').unwrap_or(after);
        let next = next.strip_prefix('\n').unwrap_or(next);
        if next.len() == after.len() && !after.is_empty() {
            return Err(Unreadable::Malformed(format!("row {row}: text behind a closing quote")));
        }
        return Ok((cells, next));
    }
}

/// The text up to the closing quote, doubled quotes made single, and what comes behind.
fn unquoted(mut rest: &str, row: usize) -> Result<(String, &str), Unreadable> {
    let mut typed = String::new();
    loop {
        let unclosed = || Unreadable::Malformed(format!("row {row}: a quote is not closed"));
        let (part, after) = rest.split_once('"').ok_or_else(unclosed)?;
        typed.push_str(part);
        // One quote that is not closed would take the rest of the file with it.
        if typed.len() > CELL_MAX * 8 {
            return Err(Unreadable::CellTooLong { row });
        }
        match after.strip_prefix('"') {
            Some(next) => {
                typed.push('"');
                rest = next;
            }
            None => return Ok((typed, after)),
        }
    }
}

fn delimiter(whole: &str) -> char {
    let heading = whole.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut best = (',', heading.matches(',').count());
    for other in [';', '\t'] {
        let count = heading.matches(other).count();
        // Of those that stand there equally often the first.
        if count > best.1 {
            best = (other, count);
        }
    }
    best.0
}

/// One record as it is written: cells with a delimiter, a quote or a line break go into quotes.
pub(crate) fn write<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (nth, cell) in cells.into_iter().enumerate() {
        if nth > 0 {
            out.push(',');
        }
        if cell.contains([',', ';', '\t', '"', '\n', '\r']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out.push_str("\r\n");
}
