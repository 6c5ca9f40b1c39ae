//! How much to buy of what does not last: a shop in numbers ([`shop`]), rules for its buyer
//! ([`policy`]) who know how goods come ([`supply`]) and their comparison ([`rehearsal`]), the small case that can be solved
//! exactly ([`exact`]), prices for what ends ([`markdown`]) and their decision together with the order ([`joint`]), orders of several sites that share a budget and a truck
//! ([`sharing`]), and the netting of the shop's own proposals ([`net`]).

pub mod clairvoyant;
pub mod exact;
pub mod joint;
pub mod markdown;
mod netting;
pub mod policy;
pub mod rehearsal;
pub mod sharing;
pub mod shop;
pub mod supply;

pub use netting::{Netting, Plan, net};
