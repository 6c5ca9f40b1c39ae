//! What identity tells the log: ids and codes, never a name, a phone or a secret.

use edge::Duty;
use events::Told;
use kernel::{Instant, SiteId};
use serde::{Deserialize, Serialize};

use crate::{Role, SiteScope};

macro_rules! told {
    ($($name:ty = $kind:literal;)*) => {$(
        impl Told for $name {
            const KIND: &'static str = $kind;
            const VERSION: i64 = 1;
        }
    )*};
}

/// Somebody can come in from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserCreated {
    pub roles: Vec<Role>,
    pub sites: SiteScope,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RolesChanged {
    pub before: Vec<Role>,
    pub roles: Vec<Role>,
    pub sites: SiteScope,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserDeactivated {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PasswordChanged {}

/// How somebody came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    Password,
    Code,
    Link,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    pub means: Means,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedOut {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenCreated {
    pub scopes: Vec<Duty>,
    pub expires_at: Instant,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenRevoked {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceEnrolled {
    pub site: SiteId,
}

/// Somebody looked at a person's data, and for what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PersonalDataRead {
    pub purpose: String,
}

told! {
    UserCreated = "user_created";
    RolesChanged = "roles_changed";
    UserDeactivated = "user_deactivated";
    PasswordChanged = "password_changed";
    SignedIn = "signed_in";
    SignedOut = "signed_out";
    TokenCreated = "token_created";
    TokenRevoked = "token_revoked";
    DeviceEnrolled = "device_enrolled";
    PersonalDataRead = "personal_data_read";
}
