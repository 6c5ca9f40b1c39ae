//! The documents that come with the program, one for each step of the four chains.

use super::Document;

/// A document that came with the program and cannot be read: a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("the shipped procedure {nth} cannot be read: {why}")]
pub struct ShippedBroken {
    pub nth: usize,
    pub why: String,
}

macro_rules! documents {
    ($($name:literal)*) => {
        const DOCUMENTS: &[&str] = &[$(include_str!(concat!("../../documents/", $name, ".json")),)*];
    };
}

documents! {
    "1.1" "1.2" "1.3" "1.4" "1.5" "1.6"
    "2.1" "2.2" "2.3" "2.4"
    "3.1" "3.2" "3.3" "3.4" "3.5"
    "4.1" "4.2" "4.3" "4.4" "4.5"
}

/// The shipped documents, in the order of the workflow.
pub fn shipped() -> Result<Vec<Document>, ShippedBroken> {
    let read = |(nth, text): (usize, &&str)| {
        let document: Document =
            serde_json::from_str(text).map_err(|error| ShippedBroken { nth, why: error.to_string() })?;
        document.check().map_err(|problem| ShippedBroken { nth, why: format!("{problem:?}") })?;
        Ok(document)
    };
    DOCUMENTS.iter().enumerate().map(read).collect()
}
