//! Templates: a heading, an example, and cells that do not eat the zeros in front of a code.

use rust_xlsxwriter::{Color, DataValidation, Format, FormatBorder, Workbook, XlsxError};

use crate::csv_file;

/// One column of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// In the reader's language.
    pub title: String,
    /// What a good row has there.
    pub example: String,
    /// Said when the heading is pointed at.
    pub note: String,
    /// The only words that the column takes; empty if it takes any.
    pub choices: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("a workbook could not be written: {0}")]
pub struct SheetError(#[from] XlsxError);

/// A template as CSV. The mark in front tells Excel that it is UTF-8.
pub fn template_csv(columns: &[Heading]) -> Vec<u8> {
    let mut out = String::from("\u{feff}");
    csv_file::write(&mut out, columns.iter().map(|column| column.title.as_str()));
    csv_file::write(&mut out, columns.iter().map(|column| column.example.as_str()));
    out.into_bytes()
}

/// How many rows of a template are formatted as text and have their lists to choose from.
const PREPARED_ROWS: u32 = 2_000;

/// A template as a workbook: every cell is text, so that codes keep their zeros; columns with fixed words offer them.
pub fn template_xlsx(name: &str, columns: &[Heading]) -> Result<Vec<u8>, SheetError> {
    let mut book = Workbook::new();
    // A template of today and one of tomorrow are the same bytes.
    let made = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&made));
    let heading = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00E4_F2E7))
        .set_border_bottom(FormatBorder::Thin)
        .set_num_format("@");
    let plain = Format::new().set_num_format("@");
    let sheet = book.add_worksheet();
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, at) in columns.iter().zip(0_u16..) {
        sheet.set_column_format(at, &plain)?;
        let letters = column.title.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum::<u16>();
        sheet.set_column_width(at, f64::from(letters.clamp(8, 40)) + 2.0)?;
        sheet.write_string_with_format(0, at, &column.title, &heading)?;
        if !column.note.is_empty() {
            sheet.insert_note(0, at, &rust_xlsxwriter::Note::new(&column.note))?;
        }
        sheet.write_string_with_format(1, at, &column.example, &plain)?;
        if !column.choices.is_empty() {
            let list = DataValidation::new().allow_list_strings(&column.choices)?;
            sheet.add_data_validation(1, at, PREPARED_ROWS, at, &list)?;
        }
    }
    Ok(book.save_to_buffer()?)
}
