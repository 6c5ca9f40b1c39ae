use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode};
use edge::{
    ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, IfMatch, Page, Paging, Problem, Tagged, duty, parse,
};
use kernel::{CourierId, Lang, SiteId, SupplierId, UserId};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;

use crate::{
    Identity, Role, SiteScope,
    users::{self, NewUser, Person, User},
};

/// A user to be let in. With a courier or a supplier they speak for that one, else they are staff.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserRequest {
    #[schema(max_length = 60, pattern = "^[A-Za-z0-9._-]+$")]
    login: String,
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    lang: Lang,
    #[serde(default)]
    courier: Option<CourierId>,
    #[serde(default)]
    supplier: Option<SupplierId>,
    #[schema(min_items = 1, max_items = 20)]
    roles: Vec<Role>,
    sites: SiteScope,
    #[schema(min_length = 10, max_length = 200, format = Password)]
    password: String,
}

/// A user who can come in now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct UserMade {
    id: UserId,
}

/// Users by login.
#[utoipa::path(get, path = "/users", tag = "0 identity", operation_id = "list_users", params(Paging),
    responses((status = 200, body = Page<User>), (status = "4XX", body = Problem)))]
pub(super) async fn list_users(
    State(app): State<App>,
    _by: By<duty::ManageUsers>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<User>>, Problem> {
    let (after, rows) = (paging.key::<String>()?.unwrap_or_default(), paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| users::users(tx, &after, rows).await).await?;
    Ok(ApiJson(paging.page(found, |user| user.login.clone())?))
}

/// Let somebody in from now on. What is kept of the request for a replay leaves the password out.
#[utoipa::path(post, path = "/users", tag = "0 identity", operation_id = "create_user", request_body = UserRequest,
    params(IdempotencyKey), responses((status = 201, body = UserMade), (status = "4XX", body = Problem)))]
pub(super) async fn create_user(
    State(app): State<App>,
    identity: Identity,
    by: By<duty::ManageUsers>,
    key: IdempotencyKey,
    ApiJson(request): ApiJson<UserRequest>,
) -> Result<Created<UserMade>, Problem> {
    let person = match (request.courier, request.supplier) {
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("supplier", "a user speaks for one of courier and supplier"));
        }
        (courier, supplier) => Person::of(courier, supplier),
    };
    let (roles, sites) = (&request.roles, &request.sites);
    let key =
        key.over(&(&request.login, &request.name, request.lang, request.courier, request.supplier, roles, sites))?;
    let new = NewUser {
        login: parse::code("login", &request.login, 60)?,
        name: parse::text("name", &request.name, 1, 80)?,
        lang: request.lang,
        person,
        roles: wanted_roles(&request.roles)?,
        sites: wanted_sites(request.sites)?,
        password: Some(identity.hash_password(&request.password).await?),
    };
    let id =
        app.once(&by, key, async move |tx: &mut Tx, stamp| users::create_user(tx, stamp, new.clone()).await).await?;
    Ok(Created(UserMade { id }))
}

/// One user, with the revision as `ETag`.
#[utoipa::path(get, path = "/users/{user}", tag = "0 identity", operation_id = "get_user",
    params(("user" = UserId, Path)), responses((status = 200, body = User), (status = "4XX", body = Problem)))]
pub(super) async fn get_user(
    State(app): State<App>,
    _by: By<duty::ManageUsers>,
    ApiPath(user): ApiPath<UserId>,
) -> Result<Tagged<User>, Problem> {
    app.read(async move |tx: &mut Tx| users::user(tx, user).await).await.map(Tagged)
}

/// The roles that a user shall have, and where.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolesWanted {
    #[schema(min_items = 1, max_items = 20)]
    roles: Vec<Role>,
    sites: SiteScope,
}

/// Give a user these roles at these sites and no others. Nobody changes their own.
#[utoipa::path(put, path = "/users/{user}/roles", tag = "0 identity", operation_id = "set_roles",
    params(("user" = UserId, Path), ("If-Match" = Option<String>, Header)), request_body = RolesWanted,
    responses((status = 200, body = User), (status = "4XX", body = Problem)))]
pub(super) async fn set_roles(
    State(app): State<App>,
    by: By<duty::ManageUsers>,
    ApiPath(user): ApiPath<UserId>,
    IfMatch(seen): IfMatch,
    ApiJson(wanted): ApiJson<RolesWanted>,
) -> Result<Tagged<User>, Problem> {
    let (roles, sites) = (wanted_roles(&wanted.roles)?, wanted_sites(wanted.sites)?);
    app.write(&by, async move |tx: &mut Tx, stamp| {
        users::set_roles(tx, stamp, user, seen, roles.clone(), sites.clone()).await
    })
    .await
    .map(Tagged)
}

/// Shut a user out at once. What they did stays under their id.
#[utoipa::path(post, path = "/users/{user}/deactivate", tag = "0 identity", operation_id = "deactivate_user",
    params(("user" = UserId, Path), IdempotencyKey), responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn deactivate_user(
    State(app): State<App>,
    by: By<duty::ManageUsers>,
    key: IdempotencyKey,
    ApiPath(user): ApiPath<UserId>,
) -> Result<StatusCode, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp| users::deactivate(tx, stamp, user).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn wanted_roles(roles: &[Role]) -> Result<BTreeSet<Role>, Problem> {
    parse::count("roles", roles, 1, 20)?;
    Ok(roles.iter().copied().collect())
}

fn wanted_sites(sites: SiteScope) -> Result<SiteScope, Problem> {
    match sites {
        SiteScope::All => Ok(SiteScope::All),
        SiteScope::Only(sites) => {
            parse::count("sites", &sites, 0, 200)?;
            Ok(SiteScope::Only(sites.into_iter().collect::<BTreeSet<SiteId>>().into_iter().collect()))
        }
    }
}
