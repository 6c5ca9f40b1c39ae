//! Who calls, and what they may do: users, roles, sessions, tokens, devices, customers' codes and links, and the
//! duties that exclude each other.
//!
//! [`Identity`] is the gate that `edge` asks for every request. It keeps what people and programs present only as a
//! hash, and no answer tells a stranger whether a login or a phone exists. (A one-time code stands in the payload of
//! the job that sends it, until that job is purged.)
//!
//! A second factor will stand between a right password and its session (`signing_in` is the one way in), and the
//! enrolment of handhelds beside [`devices`].

pub mod devices;
pub mod events;
pub mod exclusion;
pub mod links;
pub mod phones;
pub mod roles;
pub mod sessions;
pub mod tokens;
pub mod users;

mod gate;
mod http;
mod password;
mod reading;
mod refusal;
mod secret;
mod signing_in;
mod standing;
mod throttle;

pub use exclusion::{Excluded, may};
pub use gate::{Identity, IdentitySettings, Transport};
pub use http::router;
pub use links::{LinkPurpose, LinkedObject};
pub use password::{Hashing, PASSWORD_MIN, PasswordHash};
pub use phones::{Phone, enrol_customer, forget_customer};
pub use reading::record_reading;
pub use refusal::IdentityRefusal;
pub use roles::Role;
pub use secret::{Secret, UnderSecret};
pub use users::{NewUser, Person, SiteScope, create_user, deactivate, set_roles};

/// The tables of identity.
pub const MIGRATION: store::Migration =
    store::Migration::new(3, "identity", include_str!("../../../migrations/0003_identity.sql"));

/// Deletes what nobody can use any more: sessions, codes and counters that ended before `at` by more than a day.
pub async fn sweep(tx: &mut store::Tx, at: kernel::Instant) -> Result<(), store::StoreError> {
    const KEPT_MINUTES: i64 = 24 * 60;
    let before = at.plus_minutes(-KEPT_MINUTES);
    sessions::sweep(tx, before).await?;
    phones::sweep(tx, before).await?;
    throttle::sweep(tx, before).await
}
