//! API tokens: for programs that act for a user, with a part of that user's duties and for a limited time.

use std::collections::BTreeSet;

use edge::Duty;
use events::Object;
use kernel::{Instant, Stamp, TokenId, UserId};
use serde::{Deserialize, Serialize};
use store::{StoreError, Tx, args, row, sql};
use utoipa::ToSchema;

use crate::{
    IdentityRefusal, Secret,
    events::{TokenCreated, TokenRevoked},
};

/// What every token's text begins with.
pub const TOKEN_PREFIX: &str = "fr_";
/// No token outlives two years.
pub const LIFETIME_DAYS_MAX: i64 = 730;

/// A token, as its owner sees it in a list. The secret is never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiToken {
    pub id: TokenId,
    pub name: String,
    pub scopes: Vec<Duty>,
    pub created_at: Instant,
    pub expires_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Instant>,
}

/// A token that somebody wants.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub name: String,
    pub scopes: BTreeSet<Duty>,
    pub expires_at: Instant,
}

/// Makes a token of `owner` under `secret`, with no more than what its maker may do now.
pub async fn create_token(
    tx: &mut Tx,
    stamp: &Stamp,
    owner: UserId,
    held: &BTreeSet<Duty>,
    new: NewToken,
    secret: &Secret,
) -> Result<ApiToken, IdentityRefusal> {
    if let Some(duty) = new.scopes.iter().find(|duty| !held.contains(duty)) {
        return Err(IdentityRefusal::ScopeBeyondDuties { duty: *duty });
    }
    let token: TokenId = stamp.mint();
    tx.put(ADD, args![token, &secret.hash(), owner, &new.name, stamp.at, new.expires_at]).await?;
    tx.put_many(ADD_SCOPE, new.scopes.iter().map(|duty| row![token, duty.code()]).collect()).await?;
    let scopes: Vec<Duty> = new.scopes.into_iter().collect();
    let told = TokenCreated { scopes: scopes.clone(), expires_at: new.expires_at };
    events::tell(tx, stamp, Object::of(token), &[Object::of(owner)], &told).await?;
    let (name, expires_at) = (new.name, new.expires_at);
    Ok(ApiToken { id: token, name, scopes, created_at: stamp.at, expires_at, revoked_at: None })
}

/// Revokes a token of `owner`; without one, anybody's.
pub async fn revoke_token(
    tx: &mut Tx,
    stamp: &Stamp,
    token: TokenId,
    owner: Option<UserId>,
) -> Result<(), IdentityRefusal> {
    let found: Option<UserId> = tx.optional(OWNER, args![token]).await?;
    let found = found.filter(|found| owner.is_none_or(|owner| owner == *found)).ok_or(IdentityRefusal::NoSuchToken)?;
    if tx.execute(REVOKE, args![token, stamp.at]).await? == 1 {
        events::tell(tx, stamp, Object::of(token), &[Object::of(found)], &TokenRevoked {}).await?;
    }
    Ok(())
}

/// The tokens of a user, behind one of them.
pub async fn tokens(
    tx: &mut Tx,
    owner: UserId,
    after: Option<TokenId>,
    rows: i64,
) -> Result<Vec<ApiToken>, StoreError> {
    let after = after.map_or_else(uuid::Uuid::nil, kernel::Id::uuid);
    let found = tx.all::<(TokenId, String, Instant, Instant, Option<Instant>)>(LIST, args![owner, after, rows]).await?;
    let ids: Vec<_> = found.iter().map(|row| row![row.0]).collect();
    let scopes = tx.all_many::<String, 1>(SCOPES, &ids).await?;
    let tokens = found.into_iter().zip(scopes).map(|((id, name, created_at, expires_at, revoked_at), scopes)| {
        ApiToken { id, name, scopes: known(&scopes).into_iter().collect(), created_at, expires_at, revoked_at }
    });
    Ok(tokens.collect())
}

pub(crate) async fn revoke_all(tx: &mut Tx, owner: UserId, at: Instant) -> Result<(), StoreError> {
    tx.put(REVOKE_ALL, args![owner, at]).await
}

/// What a token may be used for.
pub(crate) async fn scopes(tx: &mut Tx, token: TokenId) -> Result<BTreeSet<Duty>, StoreError> {
    Ok(known(&tx.all::<String>(SCOPES, args![token]).await?))
}

/// A duty that no longer exists allows nothing.
fn known(scopes: &[String]) -> BTreeSet<Duty> {
    scopes.iter().filter_map(|code| Duty::from_code(code)).collect()
}

sql! {
    ADD = "INSERT INTO api_token (id, token_hash, user_id, name, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    ADD_SCOPE = "INSERT INTO api_token_scope (token, duty) VALUES ($1, $2)";
    OWNER = "SELECT user_id FROM api_token WHERE id = $1";
    REVOKE = "UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    REVOKE_ALL = "UPDATE api_token SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";
    LIST = "SELECT id, name, created_at, expires_at, revoked_at
            FROM api_token
            WHERE user_id = $1 AND id > $2
            ORDER BY id
            LIMIT $3";
    SCOPES = "SELECT duty FROM api_token_scope WHERE token = $1";
}
