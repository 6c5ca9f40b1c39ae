//! Words that are stored, sent and shown under one code each.

pub(crate) use store::codes;
