//! What others may learn of an import.

use events::Told;
use serde::{Deserialize, Serialize};

use crate::Kind;

/// A file was taken whole; what its rows did is told by the contexts that took them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileImported {
    pub kind: Kind,
    pub file_sha256: String,
    pub rows: i64,
    pub created: i64,
    pub changed: i64,
    pub same: i64,
}

impl Told for FileImported {
    const KIND: &'static str = "file_imported";
    const VERSION: i64 = 1;
}
