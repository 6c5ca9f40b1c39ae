//! Templates: the headings of a kind in the reader's language, with an example row.

use kernel::{Lang, speech};
use sheets::{Format, Heading, SheetError};

use crate::columns::{Kind, Need, spoken};

/// A file to be filled in. The same bytes for the same kind, language and format.
pub fn template(kind: Kind, format: Format, lang: Lang) -> Result<Vec<u8>, SheetError> {
    let columns: Vec<Heading> = kind
        .columns()
        .iter()
        .map(|column| {
            let note = match column.need {
                Need::Required => "import.note.required",
                Need::Optional => "import.note.optional",
            };
            let choices: Vec<String> = column.words.iter().map(|word| spoken(lang, word)).collect();
            Heading {
                title: column.title(lang),
                example: if column.words.contains(&column.example) {
                    spoken(lang, column.example)
                } else {
                    column.example.to_owned()
                },
                note: speech::say(lang, note, &[("column", column.code.to_owned())]).unwrap_or_default(),
                choices: if takes_several(column.code) { Vec::new() } else { choices },
            }
        })
        .collect();
    match format {
        Format::Csv => Ok(sheets::template_csv(&columns)),
        Format::Xlsx => sheets::template_xlsx(kind.code(), &columns),
    }
}

/// Columns that take several words at once offer no list to choose one from.
fn takes_several(column: &str) -> bool {
    ["allergens", "delivery_days", "languages"].contains(&column)
}
