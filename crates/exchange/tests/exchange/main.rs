//! What others read, asked for over HTTP on both databases.

mod ocel;
mod shop;
