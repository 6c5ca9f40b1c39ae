//! Step 3.1 訂單接收. Takes orders: from the shop, the order desk and files, by one door and the same rules.
//!
//! In one transaction a site is chosen, every line priced, a place in the window and the stock taken, and the payment
//! asked for; the answer tells at once what became of it. It never takes an order that it cannot promise, and never
//! shows one price and charges another.

mod place;
mod refusal;
mod rules;
mod shop;
mod windows;

pub mod events;
pub mod http;

#[cfg(test)]
mod tests;

pub use place::{Acknowledgement, Placed, Taken, acknowledge, place};
pub use refusal::IntakeRefusal;
pub use rules::{
    Estimate, GRAMS_MAX, LineFault, NewLine, NewOrder, PIECES_MAX, UNPAID_MINUTES, estimate, ordered, sum, unpaid_until,
};
pub use shop::{Product, products};
pub use windows::{
    CAPACITY_MAX, Capacity, DeliveryWindow, NewWindow, OfferedWindow, offered, open_window, resize_window, window,
};
pub(crate) use windows::{give_back, offer};
