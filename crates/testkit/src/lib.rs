//! A shop in a box: the whole program on a database of its own, with a clock that only the test moves.
//!
//! A test talks to it as the world does, through the public API, signed in as somebody; it never reaches behind the
//! counter. What a step's own tests need of its tables stays with the step.

pub mod api;
mod goods;
mod people;
pub mod scenario;
mod shop;

pub use goods::{Resident, Site, Slot};
pub use people::{Answer, Login};
pub use shop::{FIRST_MORNING, FOUNDED, Notices, Opening, Shop};
