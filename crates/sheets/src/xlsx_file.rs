//! XLSX: the first sheet, cell by cell, so that a sheet that claims a million columns costs nothing.

use std::io::{self, Cursor, Read};

use calamine::{DataRef, Reader as _, Xlsx};
use zip::ZipArchive;

use crate::{COLUMNS_MAX, Cell, Collector, Table, UNFOLDED_MAX, Unreadable, text};

pub(crate) fn read(bytes: &[u8]) -> Result<Table, Unreadable> {
    demand_small(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| malformed(&error))?;
    let Some(sheet) = book.sheet_names().first().cloned() else { return Err(Unreadable::Empty) };
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|error| malformed(&error))?;
    let mut collector = Collector::default();
    let mut row: Vec<Cell> = Vec::new();
    let mut at = 0_u32;
    while let Some(cell) = cells.next_cell().map_err(|error| malformed(&error))? {
        let (line, column) = cell.get_position();
        let read = cell_of(cell.get_value())?;
        if read.is_empty() {
            continue;
        }
        if line < at {
            return Err(Unreadable::Malformed("the rows do not stand in their order".to_owned()));
        }
        if line > at {
            collector.take(number(at), std::mem::take(&mut row))?;
            at = line;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= COLUMNS_MAX {
            return Err(Unreadable::TooManyColumns);
        }
        if row.len() <= column {
            row.resize(column.saturating_add(1), Cell::Empty);
        }
        if let Some(place) = row.get_mut(column) {
            *place = read;
        }
    }
    collector.take(number(at), row)?;
    Ok(collector.table)
}

/// Programs count rows from one.
fn number(line: u32) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX).saturating_add(1)
}

fn malformed(error: &calamine::XlsxError) -> Unreadable {
    Unreadable::Malformed(error.to_string())
}

/// Unfolds the archive once into nothing and counts: what its directory claims about sizes proves nothing.
fn demand_small(bytes: &[u8]) -> Result<(), Unreadable> {
    let not_a_zip = |error: zip::result::ZipError| Unreadable::Malformed(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(not_a_zip)?;
    let mut left = UNFOLDED_MAX;
    for nth in 0..archive.len() {
        let part = archive.by_index(nth).map_err(not_a_zip)?;
        let unfolded = io::copy(&mut part.take(left.saturating_add(1)), &mut io::sink());
        let unfolded = unfolded.map_err(|error| Unreadable::Malformed(error.to_string()))?;
        left = left.checked_sub(unfolded).ok_or(Unreadable::Unfolds)?;
    }
    Ok(())
}

fn cell_of(value: &DataRef<'_>) -> Result<Cell, Unreadable> {
    Ok(match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(typed) | DataRef::DateTimeIso(typed) | DataRef::DurationIso(typed) => text(typed),
        DataRef::SharedString(typed) => text(typed),
        DataRef::Bool(yes) => Cell::Text(if *yes { "TRUE" } else { "FALSE" }.to_owned()),
        DataRef::Int(number) => Cell::Number(number.to_string()),
        DataRef::Float(number) => Cell::Number(as_shown(*number)),
        DataRef::DateTime(date) => {
            let (year, month, day, hour, minute, ..) = date.to_ymd_hms_milli();
            let implausible = || Unreadable::Malformed("a date out of all calendars".to_owned());
            Cell::Date {
                year: i16::try_from(year).map_err(|_| implausible())?,
                month: i8::try_from(month).map_err(|_| implausible())?,
                day: i8::try_from(day).map_err(|_| implausible())?,
                minute: i64::from(hour) * 60 + i64::from(minute),
            }
        }
        DataRef::Error(error) => Cell::Text(format!("{error}")),
    })
}

/// The fifteen digits that a spreadsheet shows: 0.1 + 0.2 is 0.3 to whoever reads it.
fn as_shown(number: f64) -> String {
    let shown: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    format!("{shown}")
}
