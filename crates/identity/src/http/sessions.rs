//! Coming in and going out. Nothing here takes an idempotency key: a second sign-in is a second session, and a stored
//! answer would be a stored secret.

use axum::{
    extract::State,
    http::{StatusCode, header::SET_COOKIE, request::Parts},
    response::{AppendHeaders, IntoResponse},
};
use edge::{ApiJson, ApiPath, App, Duty, Problem};
use kernel::{Actor, Instant, Lang, TokenId};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;

use crate::{
    Identity, IdentityRefusal, Phone, Role, SiteScope,
    gate::{Address, KnownBy, Recognised},
    phones::CodeRequested,
    sessions,
    signing_in::{In, Visitor},
    users,
};

/// A login and its password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    #[schema(max_length = 60)]
    login: String,
    #[schema(max_length = 200, format = Password)]
    password: String,
}

/// Who is signed in, and what they may do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct WhoAmI {
    actor: Actor,
    name: String,
    lang: Lang,
    roles: Vec<Role>,
    duties: Vec<Duty>,
    sites: SiteScope,
    /// Send it as `X-Csrf-Token` with everything but GET. Absent for programs with a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
    /// When the session ends at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

impl From<Recognised> for WhoAmI {
    fn from(recognised: Recognised) -> Self {
        let (csrf_token, expires_at) = match recognised.by {
            KnownBy::Session { csrf, expires_at, .. } => (Some(csrf), Some(expires_at)),
            KnownBy::Token { .. } | KnownBy::Device | KnownBy::Nothing => (None, None),
        };
        let caller = recognised.caller;
        Self {
            actor: caller.actor,
            name: caller.name,
            lang: caller.lang,
            roles: recognised.roles,
            duties: caller.duties.into_iter().collect(),
            sites: caller.sites.into(),
            csrf_token,
            expires_at,
        }
    }
}

/// Sign in by login and password. Answers who one is, and sets the session cookie.
#[utoipa::path(post, path = "/session", tag = "0 identity", operation_id = "sign_in", request_body = Credentials,
    responses((status = 200, body = WhoAmI), (status = "4XX", body = Problem)))]
pub(super) async fn sign_in(
    State(app): State<App>,
    identity: Identity,
    visitor: Visitor,
    ApiJson(credentials): ApiJson<Credentials>,
) -> Result<impl IntoResponse, Problem> {
    let Credentials { login, password } = credentials;
    let is_no_login = login.len() > 240 || login.contains('\0');
    if is_no_login || password.len() > crate::password::PASSWORD_MAX {
        return Err(IdentityRefusal::WrongCredentials.into());
    }
    let inside = identity.sign_in(&app, visitor, &login, &password).await?;
    welcome(&app, &identity, inside).await
}

/// Who am I, what may I do, and which CSRF token goes with this session.
#[utoipa::path(get, path = "/session", tag = "0 identity", operation_id = "who_am_i",
    responses((status = 200, body = WhoAmI), (status = "4XX", body = Problem)))]
pub(super) async fn who_am_i(recognised: Recognised) -> ApiJson<WhoAmI> {
    ApiJson(recognised.into())
}

/// Sign out. Whoever is out already is told the same.
#[utoipa::path(delete, path = "/session", tag = "0 identity", operation_id = "sign_out",
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn sign_out(
    State(app): State<App>,
    identity: Identity,
    parts: Parts,
) -> Result<impl IntoResponse, Problem> {
    match identity.recognise(&app, &parts).await {
        Ok(Recognised { caller, by: KnownBy::Session { id, holder, .. }, .. }) => {
            app.write(&caller, async move |tx: &mut Tx, stamp| sessions::end(tx, stamp, id, holder).await).await?;
        }
        Ok(_) => {}
        // An ended session is what was asked for; a forged request is not.
        Err(problem) if problem.code() == "identity/session-ended" => {}
        Err(problem) => return Err(problem),
    }
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, identity.no_cookie())])))
}

/// A link from a notice.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowedLink {
    #[schema(max_length = 300)]
    link: String,
}

/// Sign in as a customer by a link that was sent.
#[utoipa::path(post, path = "/session/link", tag = "0 identity", operation_id = "follow_link",
    request_body = FollowedLink, responses((status = 200, body = WhoAmI), (status = "4XX", body = Problem)))]
pub(super) async fn follow_link(
    State(app): State<App>,
    identity: Identity,
    visitor: Visitor,
    ApiJson(followed): ApiJson<FollowedLink>,
) -> Result<impl IntoResponse, Problem> {
    let inside = identity.follow_link(&app, visitor, &followed.link).await?;
    welcome(&app, &identity, inside).await
}

/// A new password, and the old one as proof.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    #[schema(max_length = 200, format = Password)]
    old: String,
    #[schema(min_length = 10, max_length = 200, format = Password)]
    new: String,
}

/// Change one's own password. Every other session ends.
#[utoipa::path(put, path = "/session/password", tag = "0 identity", operation_id = "change_password",
    request_body = PasswordChange, responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn change_password(
    State(app): State<App>,
    identity: Identity,
    recognised: Recognised,
    Address(address): Address,
    ApiJson(change): ApiJson<PasswordChange>,
) -> Result<StatusCode, Problem> {
    // A program with a token does not take its owner's account over.
    let (Some(user), KnownBy::Session { id: session, .. }) = (recognised.user(), &recognised.by) else {
        return Err(IdentityRefusal::NoTokensForThisCaller.into());
    };
    let (session, password) = (*session, identity.hash_password(&change.new).await?);
    let login = app.read(async move |tx: &mut Tx| users::login_of(tx, user).await).await?;
    let login = login.ok_or(IdentityRefusal::NoSuchUser)?;
    if identity.judge_password(&app, &address, &login, &change.old).await? != Some(user) {
        return Err(IdentityRefusal::WrongCredentials.into());
    }
    app.write(&recognised.caller, async move |tx: &mut Tx, stamp| {
        users::set_password(tx, stamp, user, &login, &address, &password, session).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A phone that shall receive a code.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeRequest {
    #[schema(max_length = 40)]
    phone: String,
}

/// Have a one-time code sent to a customer's phone. Answers the same whether the phone is known or not.
#[utoipa::path(post, path = "/sign-in-codes", tag = "0 identity", operation_id = "request_sign_in_code",
    request_body = CodeRequest, responses((status = 202, body = CodeRequested), (status = "4XX", body = Problem)))]
pub(super) async fn request_code(
    State(app): State<App>,
    identity: Identity,
    visitor: Visitor,
    ApiJson(request): ApiJson<CodeRequest>,
) -> Result<(StatusCode, ApiJson<CodeRequested>), Problem> {
    let phone = Phone::parse(&request.phone)?;
    let requested = identity.request_code(&app, visitor, phone).await?;
    Ok((StatusCode::ACCEPTED, ApiJson(requested)))
}

/// The code that arrived.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeConfirmation {
    #[schema(pattern = "^[0-9]{6}$")]
    code: String,
}

/// Sign in as a customer with the code that arrived. Five tries, ten minutes.
#[utoipa::path(post, path = "/sign-in-codes/{challenge}/confirm", tag = "0 identity",
    operation_id = "confirm_sign_in_code", params(("challenge" = TokenId, Path)), request_body = CodeConfirmation,
    responses((status = 200, body = WhoAmI), (status = "4XX", body = Problem)))]
pub(super) async fn confirm_code(
    State(app): State<App>,
    identity: Identity,
    visitor: Visitor,
    ApiPath(challenge): ApiPath<TokenId>,
    ApiJson(confirmation): ApiJson<CodeConfirmation>,
) -> Result<impl IntoResponse, Problem> {
    let inside = identity.confirm_code(&app, visitor, challenge, confirmation.code).await?;
    welcome(&app, &identity, inside).await
}

async fn welcome(app: &App, identity: &Identity, inside: In) -> Result<impl IntoResponse + use<>, Problem> {
    let recognised = identity.by_session(app, &inside.token, app.clock.now(), None).await?;
    let cookie = identity.cookie(&inside.token, inside.holder.lifetime_ms());
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), ApiJson(WhoAmI::from(recognised))))
}
