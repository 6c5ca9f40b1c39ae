use std::io::{Cursor, Write as _};

use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Workbook};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

fn words(row: &Row) -> Vec<&str> {
    row.cells
        .iter()
        .map(|cell| match cell {
            Cell::Text(text) | Cell::Number(text) => text.as_str(),
            Cell::Empty | Cell::Date { .. } => "",
        })
        .collect()
}

#[test]
fn a_csv_of_excel_is_read_with_its_mark_its_quotes_and_its_row_numbers() {
    let file = "\u{feff}代碼;品名\r\n007;\"菠菜,\n產地直送\"\r\n\r\n008;\u{3000}鱈魚 \r\n";

    let table = read(file.as_bytes()).unwrap();

    assert_eq!(table.headings, ["代碼", "品名"]);
    assert_eq!(words(&table.rows[0]), ["007", "菠菜,\n產地直送"]);
    assert_eq!(words(&table.rows[1]), ["008", "鱈魚"]);
    // Excel shows the quoted line break inside row 2, the blank row as 3.
    assert_eq!(table.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn a_text_in_another_encoding_is_refused_and_not_guessed_at() {
    assert_eq!(read(b"\xB5\xE6\xB5\xE6,1\n"), Err(Unreadable::NotUtf8));
    assert_eq!(read(b""), Err(Unreadable::Empty));
    assert_eq!(read(b"\n\n , \n"), Err(Unreadable::Empty));
}

#[test]
fn a_workbook_keeps_zeros_dates_and_decimals() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, title) in (0_u16..).zip(["code", "weight", "day"]) {
        sheet.write(0, at, title).unwrap();
    }
    let day = CellFormat::new().set_num_format("yyyy/m/d");
    sheet.write(3, 0, "0042").unwrap();
    sheet.write(3, 1, 0.1 + 0.2).unwrap();
    sheet.write_with_format(3, 2, ExcelDateTime::from_ymd(2026, 3, 28).unwrap(), &day).unwrap();
    let file = book.save_to_buffer().unwrap();

    let table = read(&file).unwrap();

    assert_eq!(table.headings, ["code", "weight", "day"]);
    assert_eq!(table.rows.len(), 1);
    assert_eq!(table.rows[0].number, 4);
    let expected = [
        Cell::Text("0042".to_owned()),
        Cell::Number("0.3".to_owned()),
        Cell::Date { year: 2026, month: 3, day: 28, minute: 0 },
    ];
    assert_eq!(table.rows[0].cells, expected);
}

#[test]
fn a_template_is_a_table_with_one_row_and_the_same_bytes_every_time() {
    let column = |title: &str, example: &str| Heading {
        title: title.to_owned(),
        example: example.to_owned(),
        note: "說明".to_owned(),
        choices: vec![example.to_owned(), "其他".to_owned()],
    };
    let columns = [column("代碼", "0042"), column("品名", "菠菜")];

    let (csv, xlsx) = (template_csv(&columns), template_xlsx("products", &columns).unwrap());

    for file in [&csv, &xlsx] {
        let table = read(file).unwrap();
        assert_eq!(table.headings, ["代碼", "品名"]);
        assert_eq!(words(&table.rows[0]), ["0042", "菠菜"]);
    }
    assert_eq!(xlsx, template_xlsx("products", &columns).unwrap());
}

#[test]
fn a_file_beyond_the_limits_is_refused() {
    let long = format!("code\n{}\n", "x".repeat(CELL_MAX + 1));
    assert_eq!(read(long.as_bytes()), Err(Unreadable::CellTooLong { row: 2 }));
    let rows = format!("code\n{}", "x\n".repeat(ROWS_MAX + 1));
    assert_eq!(read(rows.as_bytes()), Err(Unreadable::TooManyRows));
    let wide = format!("code\n{}x\n", ",".repeat(COLUMNS_MAX));
    assert_eq!(read(wide.as_bytes()), Err(Unreadable::TooManyColumns));
}

#[test]
fn a_workbook_that_is_a_bomb_is_refused_before_it_unfolds() {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("xl/sharedStrings.xml", SimpleFileOptions::default()).unwrap();
    let zeros = vec![0_u8; 1 << 20];
    for _ in 0..=(UNFOLDED_MAX >> 20) {
        archive.write_all(&zeros).unwrap();
    }
    let file = archive.finish().unwrap().into_inner();
    assert!(file.len() < 1 << 20);

    assert_eq!(read(&file), Err(Unreadable::Unfolds));
    assert!(matches!(read(b"PK\x03\x04 and nothing more"), Err(Unreadable::Malformed(_))));
}
