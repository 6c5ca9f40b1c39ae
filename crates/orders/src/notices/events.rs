//! What notices tell. The template and the try; never the words, never the number.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoticeSent {
    pub template: String,
    pub tries: i64,
}

impl events::Told for NoticeSent {
    const KIND: &'static str = "notice_sent";
    const VERSION: i64 = 1;
}

/// It was given up; somebody may want to call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoticeBuried {
    pub template: String,
    pub tries: i64,
    pub failure: String,
}

impl events::Told for NoticeBuried {
    const KIND: &'static str = "notice_buried";
    const VERSION: i64 = 1;
}
