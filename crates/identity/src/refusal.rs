//! Why identity refuses, and how that is told.

use axum::http::StatusCode;
use edge::{Duty, Problem};
use store::StoreError;

use crate::{Role, secret::NoRandomness};

/// Everything that identity refuses.
#[derive(Debug, thiserror::Error)]
pub enum IdentityRefusal {
    /// An unknown login, a deactivated user and a wrong password are told alike.
    #[error("login and password do not fit")]
    WrongCredentials,
    #[error("too many tries; the next one in {seconds} s")]
    TooManyTries { seconds: i64 },
    #[error("the session has ended")]
    SessionEnded,
    #[error("the session's CSRF token is missing or wrong")]
    ForgedRequest,
    #[error("the token is unknown, expired or revoked")]
    TokenRefused,
    #[error("the link is forged, expired or for something else")]
    LinkRefused,
    /// Wrong, expired, replaced or tried too often: told alike.
    #[error("the code is not or no longer right")]
    CodeRefused,
    #[error("that is not a phone number")]
    NotAPhone,
    #[error("the phone belongs to another customer")]
    PhoneTaken,
    #[error("the login {login} is taken")]
    LoginTaken { login: String },
    #[error("a password has {min} characters at least and {max} bytes at most")]
    PasswordLength { min: usize, max: usize },
    #[error("nobody changes their own roles")]
    OwnRoles,
    #[error("{} is not a role for this kind of user", .role.code())]
    RoleOfAnotherKind { role: Role },
    #[error("a user has one role at least")]
    NoRole,
    #[error("there is no such user, or it is deactivated")]
    NoSuchUser,
    #[error("the user was changed meanwhile")]
    ChangedMeanwhile,
    #[error("there is no such token")]
    NoSuchToken,
    #[error("a token cannot do what its maker may not: {}", .duty.code())]
    ScopeBeyondDuties { duty: Duty },
    #[error("tokens belong to users who sign in by password")]
    NoTokensForThisCaller,
    #[error("the token exists already and its secret is shown only once")]
    SecretShown,
    #[error("a password could not be hashed: {0}")]
    Unhashable(String),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<IdentityRefusal> for Problem {
    fn from(refusal: IdentityRefusal) -> Self {
        use IdentityRefusal as R;
        match refusal {
            R::WrongCredentials => Self::new(StatusCode::UNAUTHORIZED, "identity/wrong-credentials"),
            R::TooManyTries { seconds } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "identity/too-many-tries").with("seconds", seconds)
            }
            R::SessionEnded => Self::new(StatusCode::UNAUTHORIZED, "identity/session-ended"),
            R::ForgedRequest => Self::new(StatusCode::FORBIDDEN, "identity/forged-request"),
            R::TokenRefused => Self::new(StatusCode::UNAUTHORIZED, "identity/token-refused"),
            R::LinkRefused => Self::new(StatusCode::UNAUTHORIZED, "identity/link-refused"),
            R::CodeRefused => Self::new(StatusCode::UNAUTHORIZED, "identity/code-refused"),
            R::NotAPhone => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "identity/not-a-phone").field("phone"),
            R::PhoneTaken => Self::new(StatusCode::CONFLICT, "identity/phone-taken").field("phone"),
            R::LoginTaken { login } => {
                Self::new(StatusCode::CONFLICT, "identity/login-taken").with("login", login).field("login")
            }
            R::PasswordLength { min, max } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "identity/password-length")
                .with("min", min)
                .with("max", max)
                .field("password"),
            R::OwnRoles => Self::new(StatusCode::FORBIDDEN, "identity/own-roles"),
            R::RoleOfAnotherKind { role } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "identity/role-of-another-kind")
                    .with("role", role.code())
                    .field("roles")
            }
            R::NoRole => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "identity/no-role").field("roles"),
            R::NoSuchUser | R::NoSuchToken => Self::not_found(),
            R::ChangedMeanwhile => Self::new(StatusCode::PRECONDITION_FAILED, "request/changed-meanwhile"),
            R::ScopeBeyondDuties { duty } => Self::new(StatusCode::FORBIDDEN, "identity/scope-beyond-duties")
                .with("duty", duty.code())
                .field("scopes"),
            R::NoTokensForThisCaller => Self::new(StatusCode::FORBIDDEN, "identity/no-tokens-here"),
            R::SecretShown => Self::new(StatusCode::CONFLICT, "identity/secret-shown"),
            R::Unhashable(_) | R::NoRandomness(_) => Self::internal(&refusal),
            R::Store(error) => Self::from(error),
        }
    }
}
