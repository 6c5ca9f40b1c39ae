//! Users: those who sign in by name. Staff, couriers, and the people of a supplier.

use std::collections::BTreeSet;

use edge::{Revised, Sites};
use events::Object;
use kernel::{Actor, CourierId, Instant, Lang, SiteId, Stamp, SupplierId, UserId};
use serde::{Deserialize, Serialize};
use store::{StoreError, Tx, args, row, sql};
use utoipa::ToSchema;

use crate::{
    IdentityRefusal, PasswordHash, Role,
    events::{PasswordChanged, RolesChanged, UserCreated, UserDeactivated},
    roles::Kind,
    sessions,
    throttle::{self, Counted},
    tokens,
};

/// One who shall be able to sign in.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Compared without regard to case.
    pub login: String,
    pub name: String,
    pub lang: Lang,
    pub person: Person,
    pub roles: BTreeSet<Role>,
    pub sites: SiteScope,
    /// Without one nobody can sign in as this user yet.
    pub password: Option<PasswordHash>,
}

/// Whom a user speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    Staff,
    Courier(CourierId),
    Supplier(SupplierId),
}

/// The sites that a user works for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SiteScope {
    All,
    Only(Vec<SiteId>),
}

/// A user, as administrators see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: UserId,
    pub login: String,
    pub name: String,
    pub lang: Lang,
    pub state: UserState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub courier: Option<CourierId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<SupplierId>,
    pub roles: Vec<Role>,
    pub sites: SiteScope,
    pub created_at: Instant,
    pub revision: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    Active,
    Deactivated,
}

impl UserState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deactivated => "deactivated",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Active, Self::Deactivated].into_iter().find(|state| state.code() == code)
    }
}

store::coded!(UserState);

impl Revised for User {
    fn revision(&self) -> i64 {
        self.revision
    }
}

impl Person {
    const fn kind(self) -> Kind {
        match self {
            Self::Staff => Kind::Staff,
            Self::Courier(_) => Kind::Courier,
            Self::Supplier(_) => Kind::Supplier,
        }
    }

    pub(crate) const fn of(courier: Option<CourierId>, supplier: Option<SupplierId>) -> Self {
        match (courier, supplier) {
            (Some(courier), _) => Self::Courier(courier),
            (None, Some(supplier)) => Self::Supplier(supplier),
            (None, None) => Self::Staff,
        }
    }

    /// Who acts when this user does.
    pub(crate) const fn actor(self, user: UserId) -> Actor {
        match self {
            Self::Staff => Actor::Staff(user),
            Self::Courier(courier) => Actor::Courier(courier),
            Self::Supplier(supplier) => Actor::Supplier(supplier),
        }
    }

    const fn courier(self) -> Option<CourierId> {
        match self {
            Self::Courier(courier) => Some(courier),
            Self::Staff | Self::Supplier(_) => None,
        }
    }

    const fn supplier(self) -> Option<SupplierId> {
        match self {
            Self::Supplier(supplier) => Some(supplier),
            Self::Staff | Self::Courier(_) => None,
        }
    }
}

impl SiteScope {
    pub(crate) fn of(every_site: EverySite, sites: Vec<SiteId>) -> Self {
        match every_site {
            EverySite::Yes => Self::All,
            EverySite::No => Self::Only(sites),
        }
    }

    fn every_site(&self) -> EverySite {
        match self {
            Self::All => EverySite::Yes,
            Self::Only(_) => EverySite::No,
        }
    }

    fn listed(&self) -> Vec<SiteId> {
        match self {
            Self::All => Vec::new(),
            Self::Only(sites) => sites.iter().copied().collect::<BTreeSet<_>>().into_iter().collect(),
        }
    }
}

impl From<SiteScope> for Sites {
    fn from(scope: SiteScope) -> Self {
        match scope {
            SiteScope::All => Self::All,
            SiteScope::Only(sites) => Self::Only(sites),
        }
    }
}

impl From<Sites> for SiteScope {
    fn from(sites: Sites) -> Self {
        match sites {
            Sites::All => Self::All,
            Sites::Only(sites) => Self::Only(sites),
        }
    }
}

/// How the table says that a user works everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EverySite {
    Yes,
    No,
}

impl store::Column for EverySite {
    fn decode(cell: store::Cell<'_>) -> Result<Self, String> {
        bool::decode(cell).map(|yes| if yes { Self::Yes } else { Self::No })
    }
}

/// Lets somebody in from now on. For people who administer, and for seeding a new shop.
pub async fn create_user(tx: &mut Tx, stamp: &Stamp, new: NewUser) -> Result<UserId, IdentityRefusal> {
    let login = normal_login(&new.login);
    fitting(&new.roles, new.person)?;
    if tx.optional::<UserId>(BY_LOGIN, args![&login]).await?.is_some() {
        return Err(IdentityRefusal::LoginTaken { login });
    }

    let user: UserId = stamp.mint();
    let password = new.password.as_ref().map(PasswordHash::phc);
    tx.put(
        ADD,
        args![
            user,
            &login,
            &new.name,
            new.lang,
            new.person.courier(),
            new.person.supplier(),
            i64::from(new.sites.every_site() == EverySite::Yes),
            password,
            stamp.at,
        ],
    )
    .await?;
    grant(tx, user, &new.roles, &new.sites).await?;
    let told = UserCreated { roles: new.roles.into_iter().collect(), sites: new.sites };
    events::tell(tx, stamp, Object::of(user), &spoken_for(new.person), &told).await?;
    Ok(user)
}

/// Gives a user these roles at these sites and no others. Nobody changes their own.
pub async fn set_roles(
    tx: &mut Tx,
    stamp: &Stamp,
    user: UserId,
    seen: Option<i64>,
    roles: BTreeSet<Role>,
    sites: SiteScope,
) -> Result<User, IdentityRefusal> {
    if stamp.by == Actor::Staff(user) {
        return Err(IdentityRefusal::OwnRoles);
    }
    let before = changeable(tx, user, seen).await?;
    fitting(&roles, Person::of(before.courier, before.supplier))?;

    tx.put(SET_SITES, args![user, i64::from(sites.every_site() == EverySite::Yes)]).await?;
    tx.put(TAKE_ROLES, args![user]).await?;
    tx.put(TAKE_SITES, args![user]).await?;
    grant(tx, user, &roles, &sites).await?;
    let roles: Vec<Role> = roles.into_iter().collect();
    let told = RolesChanged { before: before.roles.clone(), roles: roles.clone(), sites: sites.clone() };
    events::tell(tx, stamp, Object::of(user), &[], &told).await?;
    let sites = SiteScope::of(sites.every_site(), sites.listed());
    Ok(User { roles, sites, revision: before.revision.saturating_add(1), ..before })
}

/// Shuts a user out: sessions end and tokens die at once. What they did stays under their id.
pub async fn deactivate(tx: &mut Tx, stamp: &Stamp, user: UserId) -> Result<(), IdentityRefusal> {
    if stamp.by == Actor::Staff(user) {
        return Err(IdentityRefusal::OwnRoles);
    }
    changeable(tx, user, None).await?;
    tx.put(DEACTIVATE, args![user]).await?;
    sessions::end_all(tx, user, None, stamp.at).await?;
    tokens::revoke_all(tx, user, stamp.at).await?;
    events::tell(tx, stamp, Object::of(user), &[], &UserDeactivated {}).await?;
    Ok(())
}

/// Replaces a password; every other session of the user ends.
pub(crate) async fn set_password(
    tx: &mut Tx,
    stamp: &Stamp,
    user: UserId,
    login: &str,
    address: &str,
    password: &PasswordHash,
    keep: kernel::SessionId,
) -> Result<(), IdentityRefusal> {
    throttle::forgive(tx, &[Counted::Login(login), Counted::Address(address)]).await?;
    tx.put(SET_PASSWORD, args![user, password.phc()]).await?;
    sessions::end_all(tx, user, Some(keep), stamp.at).await?;
    events::tell(tx, stamp, Object::of(user), &[], &PasswordChanged {}).await?;
    Ok(())
}

/// One user.
pub async fn user(tx: &mut Tx, user: UserId) -> Result<User, IdentityRefusal> {
    let row = tx.optional::<UserRow>(ONE, args![user]).await?.ok_or(IdentityRefusal::NoSuchUser)?;
    let mut users = with_roles(tx, vec![row]).await?;
    users.pop().ok_or(IdentityRefusal::NoSuchUser)
}

/// Users by login, behind one of them.
pub async fn users(tx: &mut Tx, after: &str, rows: i64) -> Result<Vec<User>, StoreError> {
    let rows = tx.all::<UserRow>(LIST, args![after, rows]).await?;
    with_roles(tx, rows).await
}

/// What a sign-in is checked against: the active user of a login, and their password.
pub(crate) async fn credential(tx: &mut Tx, login: &str) -> Result<Option<(UserId, PasswordHash)>, StoreError> {
    let found: Option<(UserId, Option<String>)> = tx.optional(CREDENTIAL, args![login]).await?;
    Ok(found.and_then(|(user, phc)| Some((user, PasswordHash::kept(phc?)))))
}

/// As whom an active user acts.
pub(crate) async fn actor_of(tx: &mut Tx, user: UserId) -> Result<Option<Actor>, StoreError> {
    let found: Option<(Option<CourierId>, Option<SupplierId>)> = tx.optional(SPEAKS_FOR, args![user]).await?;
    Ok(found.map(|(courier, supplier)| Person::of(courier, supplier).actor(user)))
}

/// The login of an active user.
pub(crate) async fn login_of(tx: &mut Tx, user: UserId) -> Result<Option<String>, StoreError> {
    tx.optional(LOGIN_OF, args![user]).await
}

/// Logins are compared in lower case.
pub(crate) fn normal_login(login: &str) -> String {
    login.trim().to_lowercase()
}

async fn changeable(tx: &mut Tx, user: UserId, seen: Option<i64>) -> Result<User, IdentityRefusal> {
    let row = tx.optional::<UserRow>(ONE_LOCKED, args![user]).await?.ok_or(IdentityRefusal::NoSuchUser)?;
    let mut users = with_roles(tx, vec![row]).await?;
    let found = users.pop().ok_or(IdentityRefusal::NoSuchUser)?;
    if found.state != UserState::Active {
        return Err(IdentityRefusal::NoSuchUser);
    }
    if seen.is_some_and(|seen| seen != found.revision) {
        return Err(IdentityRefusal::ChangedMeanwhile);
    }
    Ok(found)
}

fn fitting(roles: &BTreeSet<Role>, person: Person) -> Result<(), IdentityRefusal> {
    if roles.is_empty() {
        return Err(IdentityRefusal::NoRole);
    }
    match roles.iter().find(|role| role.kind() != person.kind()) {
        Some(role) => Err(IdentityRefusal::RoleOfAnotherKind { role: *role }),
        None => Ok(()),
    }
}

fn spoken_for(person: Person) -> Vec<Object> {
    match person {
        Person::Staff => Vec::new(),
        Person::Courier(courier) => vec![Object::of(courier)],
        Person::Supplier(supplier) => vec![Object::of(supplier)],
    }
}

async fn grant(tx: &mut Tx, user: UserId, roles: &BTreeSet<Role>, sites: &SiteScope) -> Result<(), StoreError> {
    tx.put_many(GIVE_ROLE, roles.iter().map(|role| row![user, *role]).collect()).await?;
    tx.put_many(GIVE_SITE, sites.listed().into_iter().map(|site| row![user, site]).collect()).await
}

async fn with_roles(tx: &mut Tx, rows: Vec<UserRow>) -> Result<Vec<User>, StoreError> {
    let ids: Vec<_> = rows.iter().map(|row| row![row.user.id]).collect();
    let roles = tx.all_many::<Role, 1>(ROLES, &ids).await?;
    let sites = tx.all_many::<SiteId, 1>(SITES, &ids).await?;
    let users = rows.into_iter().zip(roles).zip(sites).map(|((row, mut roles), mut sites)| {
        roles.sort_unstable();
        sites.sort_unstable();
        User { roles, sites: SiteScope::of(row.every_site, sites), ..row.user }
    });
    Ok(users.collect())
}

struct UserRow {
    user: User,
    every_site: EverySite,
}

impl store::FromRow for UserRow {
    fn from_row(row: &store::Row<'_>) -> Result<Self, StoreError> {
        let user = User {
            id: row.get(0)?,
            login: row.get(1)?,
            name: row.get(2)?,
            lang: row.get(3)?,
            state: row.get(4)?,
            courier: row.get(5)?,
            supplier: row.get(6)?,
            roles: Vec::new(),
            sites: SiteScope::Only(Vec::new()),
            created_at: row.get(8)?,
            revision: row.get(9)?,
        };
        Ok(Self { user, every_site: row.get(7)? })
    }
}

sql! {
    BY_LOGIN = "SELECT id FROM user_account WHERE login = $1";
    ADD = "INSERT INTO user_account
               (id, login, name, lang, state, courier, supplier, every_site, password, created_at, revision)
           VALUES ($1, $2, $3, $4, 'active', $5, $6, $7, $8, $9, 1)";
    GIVE_ROLE = "INSERT INTO user_role (user_id, role) VALUES ($1, $2)";
    GIVE_SITE = "INSERT INTO user_site (user_id, site) VALUES ($1, $2)";
    TAKE_ROLES = "DELETE FROM user_role WHERE user_id = $1";
    TAKE_SITES = "DELETE FROM user_site WHERE user_id = $1";
    SET_SITES = "UPDATE user_account SET every_site = $2, revision = revision + 1 WHERE id = $1";
    SET_PASSWORD = "UPDATE user_account SET password = $2, revision = revision + 1 WHERE id = $1";
    DEACTIVATE = "UPDATE user_account SET state = 'deactivated', revision = revision + 1 WHERE id = $1";
    CREDENTIAL = "SELECT id, password FROM user_account WHERE login = $1 AND state = 'active'";
    SPEAKS_FOR = "SELECT courier, supplier FROM user_account WHERE id = $1 AND state = 'active'";
    LOGIN_OF = "SELECT login FROM user_account WHERE id = $1 AND state = 'active'";
    ONE = "SELECT id, login, name, lang, state, courier, supplier, every_site, created_at, revision
           FROM user_account
           WHERE id = $1";
    ONE_LOCKED = "SELECT id, login, name, lang, state, courier, supplier, every_site, created_at, revision
                  FROM user_account
                  WHERE id = $1
                  {lock}";
    LIST = "SELECT id, login, name, lang, state, courier, supplier, every_site, created_at, revision
            FROM user_account
            WHERE login > $1
            ORDER BY login
            LIMIT $2";
    ROLES = "SELECT role FROM user_role WHERE user_id = $1";
    SITES = "SELECT site FROM user_site WHERE user_id = $1";
}
