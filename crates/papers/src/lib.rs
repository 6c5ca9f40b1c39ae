//! 單據 Papers: what people sign, carry and stick on boxes, as PDF.
//!
//! A paper says what its JSON says and nothing else, in the reader's language; the same facts give the same bytes. The
//! setting itself is done by a program beside this one (`typesetter/`); without it, or without its typefaces, a paper is
//! refused clearly and everything else works.

mod contract;
mod http;
mod return_note;
mod slip;
mod typesetter;
mod words;

pub use http::router;
pub use typesetter::{Paper, TypesettingRefusal, typeset};
