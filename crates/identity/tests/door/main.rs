//! Identity from outside, through its door, on both engines.

mod customers;
mod house;
mod roles;
mod sessions;
mod users;
