//! 顧客 Customers: people and businesses, where they live, what they agreed to, and what we may not know for ever.
//!
//! Knows no order and no payment. Every reading of a whole record by staff is an event that names reader and purpose;
//! everybody else sees a masked one. Events of this crate carry ids and never a name, a number or an address, because
//! the log cannot forget and a customer may ask to be forgotten.

mod phone;
mod refusal;
mod rules;
mod store;
mod tax_id;
mod verbs;

pub mod events;
pub mod http;

pub use http::router;
pub use phone::{Phone, PhoneError};
pub use refusal::CustomerRefusal;
pub use rules::{
    Address, Addressing, Blocked, Choice, Confirmation, Consent, Customer, CustomerKind, Export, Lift, MaskedCustomer,
    NewCustomer, Purpose, ReadPurpose, Standing,
};
pub use store::{address, addresses, addresses_by_id, consents, customer, customers_by_id, find_by_phone, list};
pub use tax_id::{TaxId, TaxIdError};
pub use verbs::{
    add_address, block, confirm_phone, erase, export, has_consented, may_order, move_in, read_whole, record_consent,
    register, sign_up, unblock,
};

/// The tables of this crate.
pub const MIGRATION: ::store::Migration =
    ::store::Migration::new(5, "customers", include_str!("../../../migrations/0005_customers.sql"));
