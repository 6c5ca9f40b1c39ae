use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode};
use edge::{ApiJson, ApiPath, ApiQuery, App, Created, Duty, IdempotencyKey, Page, Paging, Problem, parse};
use kernel::TokenId;
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;

use crate::{
    IdentityRefusal, Secret, UnderSecret,
    gate::Recognised,
    tokens::{self, ApiToken, LIFETIME_DAYS_MAX, NewToken, TOKEN_PREFIX},
};

/// A token for a program.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    /// What it is for, so that one knows later which to revoke.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// What the program may do; no more than its maker may.
    #[schema(min_items = 1, max_items = 100)]
    scopes: Vec<Duty>,
    #[schema(minimum = 1, maximum = 730)]
    expires_in_days: i64,
}

/// A token and its secret, which is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TokenMade {
    token: ApiToken,
    /// Send it as `Authorization: Bearer …`.
    secret: String,
}

/// One's own tokens.
#[utoipa::path(get, path = "/tokens", tag = "0 identity", operation_id = "list_tokens", params(Paging),
    responses((status = 200, body = Page<ApiToken>), (status = "4XX", body = Problem)))]
pub(super) async fn list_tokens(
    State(app): State<App>,
    recognised: Recognised,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<ApiToken>>, Problem> {
    let owner = recognised.user().ok_or(IdentityRefusal::NoTokensForThisCaller)?;
    let (after, rows) = (paging.key::<TokenId>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| tokens::tokens(tx, owner, after, rows).await).await?;
    Ok(ApiJson(paging.page(found, |token| token.id)?))
}

/// Make a token that acts for oneself, with a part of one's duties. Its secret is shown once; a replay is refused.
#[utoipa::path(post, path = "/tokens", tag = "0 identity", operation_id = "create_token", params(IdempotencyKey),
    request_body = TokenRequest, responses((status = 201, body = TokenMade), (status = "4XX", body = Problem)))]
pub(super) async fn create_token(
    State(app): State<App>,
    recognised: Recognised,
    key: IdempotencyKey,
    ApiJson(request): ApiJson<TokenRequest>,
) -> Result<Created<TokenMade>, Problem> {
    let owner = recognised.user().ok_or(IdentityRefusal::NoTokensForThisCaller)?;
    parse::count("scopes", &request.scopes, 1, 100)?;
    let days = parse::within("expires_in_days", request.expires_in_days, 1, LIFETIME_DAYS_MAX)?;
    let new = NewToken {
        name: parse::text("name", &request.name, 1, 80)?,
        scopes: request.scopes.into_iter().collect::<BTreeSet<_>>(),
        expires_at: app.clock.now().plus_minutes(days.saturating_mul(24 * 60)),
    };
    let secret = Secret::new(TOKEN_PREFIX).map_err(IdentityRefusal::from)?;
    let (kept, held) = (secret.clone(), recognised.caller.duties.clone());
    let made = app
        .once(&recognised.caller, key, async move |tx: &mut Tx, stamp| {
            let thing = tokens::create_token(tx, stamp, owner, &held, new.clone(), &kept).await?;
            Ok::<_, IdentityRefusal>(UnderSecret::new(thing, &kept))
        })
        .await?;
    Ok(Created(TokenMade { token: made.shown_with(&secret)?, secret: secret.text().to_owned() }))
}

/// Revoke one of one's own tokens; who manages users revokes anybody's.
#[utoipa::path(delete, path = "/tokens/{token}", tag = "0 identity", operation_id = "revoke_token",
    params(("token" = TokenId, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn revoke_token(
    State(app): State<App>,
    recognised: Recognised,
    ApiPath(token): ApiPath<TokenId>,
) -> Result<StatusCode, Problem> {
    let owner = if recognised.caller.holds(Duty::ManageUsers) {
        None
    } else {
        Some(recognised.user().ok_or(IdentityRefusal::NoSuchToken)?)
    };
    app.write(&recognised.caller, async move |tx: &mut Tx, stamp| tokens::revoke_token(tx, stamp, token, owner).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
