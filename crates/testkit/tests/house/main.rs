//! Every door of the shop, tried by everybody who has no business behind it, and with everything that is no request.
//!
//! The operations are read from the API's own document, so that one which is added is tried without a word here.
//! What is open to nobody in particular, and what belongs to no site, stands in golden files beside this one.

mod company;
mod crowd;
mod lists;
mod malformed;
mod probes;
mod roles;
mod statements;
mod strangers;
mod twice;
mod yesterday;
