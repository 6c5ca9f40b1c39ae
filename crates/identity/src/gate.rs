//! The gate: who sent a request.

use std::{future::Future, net::SocketAddr, pin::Pin, sync::Arc};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{
        HeaderMap, Method, StatusCode,
        header::{ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE},
        request::Parts,
    },
};
use edge::{App, Caller, Duty, Gate, Problem, Sites};
use events::Object;
use kernel::{Actor, CustomerId, Instant, Lang, SessionId, TokenId, UserId};
use sha2::{Digest, Sha256};
use store::{Db, StoreError, Tx, args, sql};

use crate::{
    Hashing, IdentityRefusal, LinkPurpose, LinkedObject, PasswordHash, Role, Secret,
    devices::{self, DEVICE_PREFIX},
    links,
    password::Hasher,
    roles,
    secret::{self, Verdict, csrf_token, is_csrf_token},
    sessions::{self, Holder},
    signing_in::Visitor,
    standing::Standings,
    tokens::{self, TOKEN_PREFIX},
};

/// What a server says about itself when it opens the gate.
#[derive(Clone, Debug, Default)]
pub struct IdentitySettings {
    /// Signs links and codes. Without it the database keeps one that it made for itself.
    pub link_secret: Option<String>,
    pub transport: Transport,
    pub hashing: Hashing,
}

/// How requests travel, which decides what the session cookie may demand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP, which the server speaks on loopback only.
    #[default]
    Plain,
    Tls,
}

/// The gate of the shop, and the keeper of its keys. Cheap to clone.
///
/// The server puts it into `App::gate`, and lays `Extension(identity)` over [`crate::router`].
#[derive(Clone, Debug)]
pub struct Identity(Arc<Inner>);

struct Inner {
    hasher: Hasher,
    key: [u8; 32],
    transport: Transport,
    standings: Standings,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("transport", &self.transport).finish_non_exhaustive()
    }
}

impl Identity {
    /// Opens the gate over a migrated database.
    pub async fn open(db: &Db, settings: IdentitySettings) -> Result<Self, IdentityRefusal> {
        let key = if let Some(secret) = &settings.link_secret {
            Sha256::digest([b"freshet link key 1\n", secret.as_bytes()].concat()).into()
        } else {
            let fresh = secret::random()?;
            db.write::<_, StoreError, _>(async move |tx: &mut Tx| {
                tx.put(KEEP_KEY, args![&fresh]).await?;
                tx.one::<[u8; 32]>(KEY, args![]).await
            })
            .await?
        };
        let (hasher, transport) = (Hasher::new(settings.hashing), settings.transport);
        Ok(Self(Arc::new(Inner { hasher, key, transport, standings: Standings::default() })))
    }

    /// Hashes a password, aside from everything else.
    pub async fn hash_password(&self, password: &str) -> Result<PasswordHash, IdentityRefusal> {
        self.0.hasher.hash(password.to_owned()).await
    }

    /// The text of a link that opens `object` for `purpose` until `expires_at`.
    pub fn link_for(&self, object: Object, purpose: LinkPurpose, expires_at: Instant) -> String {
        links::write(&self.0.key, object, purpose, expires_at)
    }

    /// What a link opens, if it is ours, for this purpose, and still good.
    pub fn open_link(&self, text: &str, purpose: LinkPurpose, now: Instant) -> Result<LinkedObject, IdentityRefusal> {
        links::read(&self.0.key, text, purpose, now)
    }

    pub(crate) fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    pub(crate) fn key(&self) -> &[u8; 32] {
        &self.0.key
    }

    fn cookie_name(&self) -> &'static str {
        match self.0.transport {
            Transport::Plain => "freshet_session",
            // The browser takes this name only with Secure, for this host alone and for every path.
            Transport::Tls => "__Host-freshet_session",
        }
    }

    /// The `Set-Cookie` that hands a session to a browser.
    pub(crate) fn cookie(&self, token: &Secret, lifetime_ms: i64) -> String {
        let secure = match self.0.transport {
            Transport::Plain => "",
            Transport::Tls => "; Secure",
        };
        let seconds = lifetime_ms / 1_000;
        format!("{}={}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", self.cookie_name(), token.text())
    }

    /// The `Set-Cookie` that takes it back.
    pub(crate) fn no_cookie(&self) -> String {
        self.cookie(&Secret::known(""), 0)
    }

    /// The session token that a request carries, good or bad.
    pub(crate) fn session_cookie(&self, headers: &HeaderMap) -> Option<Secret> {
        let cookies = headers.get_all(COOKIE).into_iter().filter_map(|header| header.to_str().ok());
        let mut pairs = cookies.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, token) = pairs.find(|(name, token)| *name == self.cookie_name() && !token.is_empty())?;
        Some(Secret::known(token))
    }

    /// Who sent a request, and by what we know.
    pub(crate) async fn recognise(&self, app: &App, parts: &Parts) -> Result<Recognised, Problem> {
        let asked = parts
            .headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|header| header.to_str().ok())
            .and_then(Lang::from_accept_language);
        let now = app.clock.now();
        // A program says who it is in a header, which no foreign page can make a browser send.
        if let Some(header) = parts.headers.get(AUTHORIZATION) {
            let bearer = header.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
            let secret = Secret::known(bearer.ok_or(IdentityRefusal::TokenRefused)?.trim());
            return if secret.text().starts_with(TOKEN_PREFIX) {
                self.by_token(app, secret, now, asked).await
            } else if secret.text().starts_with(DEVICE_PREFIX) {
                by_device(app, secret, asked).await
            } else {
                Err(IdentityRefusal::TokenRefused.into())
            };
        }
        let Some(token) = self.session_cookie(&parts.headers) else {
            let caller = Caller::nobody(asked.unwrap_or_default());
            return Ok(Recognised { caller, roles: Vec::new(), by: KnownBy::Nothing });
        };
        let recognised = self.by_session(app, &token, now, asked).await?;
        if !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            let sent = parts.headers.get(CSRF_HEADER).and_then(|header| header.to_str().ok()).unwrap_or_default();
            match is_csrf_token(&token, sent) {
                Verdict::Right => {}
                Verdict::Wrong => return Err(IdentityRefusal::ForgedRequest.into()),
            }
        }
        Ok(recognised)
    }

    /// Who holds a session, while it lasts.
    pub(crate) async fn by_session(
        &self,
        app: &App,
        token: &Secret,
        now: Instant,
        asked: Option<Lang>,
    ) -> Result<Recognised, Problem> {
        let hash = token.hash();
        let found = app
            .look::<_, StoreError, _>(async move |tx: &mut Tx| tx.optional::<SessionRow>(SESSION, args![&hash]).await)
            .await?;
        let open = found.filter(|session| now < session.idle_until && now < session.expires_at);
        let SessionRow { id, idle_until, expires_at, customer, customer_lang, user } =
            open.ok_or(IdentityRefusal::SessionEnded)?;
        let (holder, caller, roles) = match (customer, user) {
            (Some(customer), _) => {
                let roles = vec![Role::Customer];
                let caller = Caller {
                    actor: Actor::Customer(customer),
                    name: String::new(),
                    lang: asked.or(customer_lang).unwrap_or_default(),
                    duties: roles::duties(roles.iter().copied()),
                    sites: Sites::Only(Vec::new()),
                };
                (Holder::Customer(customer), caller, roles)
            }
            (None, Some((user, revision))) => {
                let standing = self.0.standings.of(app, user, revision).await?.ok_or(IdentityRefusal::SessionEnded)?;
                let caller = standing.caller(asked, roles::duties(standing.roles.iter().copied()));
                (Holder::User(user), caller, standing.roles.iter().copied().collect())
            }
            (None, None) => return Err(IdentityRefusal::SessionEnded.into()),
        };
        // Written now and then, or every look at a page would be a write.
        let full = now.plus_millis(holder.idle_ms());
        if full.since(idle_until) > holder.idle_ms() / 8 {
            app.db.act::<_, StoreError, _>(async move |tx: &mut Tx| sessions::touch(tx, id, full).await).await?;
        }
        Ok(Recognised { caller, roles, by: KnownBy::Session { id, holder, csrf: csrf_token(token), expires_at } })
    }

    async fn by_token(
        &self,
        app: &App,
        secret: Secret,
        now: Instant,
        asked: Option<Lang>,
    ) -> Result<Recognised, Problem> {
        let hash = secret.hash();
        let found = app
            .read::<_, StoreError, _>(async move |tx: &mut Tx| {
                let Some((token, user, revision)) =
                    tx.optional::<(TokenId, UserId, i64)>(TOKEN, args![&hash, now]).await?
                else {
                    return Ok(None);
                };
                Ok(Some((user, revision, tokens::scopes(tx, token).await?)))
            })
            .await?;
        let (user, revision, scopes) = found.ok_or(IdentityRefusal::TokenRefused)?;
        let standing = self.0.standings.of(app, user, revision).await?.ok_or(IdentityRefusal::TokenRefused)?;
        // What the token was made for, as far as its owner still may.
        let duties = roles::duties(standing.roles.iter().copied()).intersection(&scopes).copied().collect();
        let caller = standing.caller(asked, duties);
        Ok(Recognised { caller, roles: standing.roles.iter().copied().collect(), by: KnownBy::Token { user } })
    }
}

/// Where a page sends its CSRF token back.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";

impl Gate for Identity {
    fn admit<'a>(
        &'a self,
        app: &'a App,
        parts: &'a Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        Box::pin(async move { self.recognise(app, parts).await.map(|recognised| recognised.caller) })
    }
}

impl FromRequestParts<App> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::internal(&NotLaid))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("Extension(identity) does not lie over the identity router")]
struct NotLaid;

/// A caller, with what only identity needs to know of them. As an extractor it demands somebody.
pub(crate) struct Recognised {
    pub(crate) caller: Caller,
    pub(crate) roles: Vec<Role>,
    pub(crate) by: KnownBy,
}

/// What we know a caller by.
pub(crate) enum KnownBy {
    Nothing,
    Session { id: SessionId, holder: Holder, csrf: String, expires_at: Instant },
    Token { user: UserId },
    Device,
}

impl FromRequestParts<App> for Recognised {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let identity = Identity::from_request_parts(parts, app).await?;
        let recognised = identity.recognise(app, parts).await?;
        if recognised.caller.actor == Actor::Anonymous {
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "identity/sign-in-required"));
        }
        recognised.demand(Duty::BeSomebody)?;
        Ok(recognised)
    }
}

impl Recognised {
    pub(crate) fn demand(&self, duty: Duty) -> Result<(), Problem> {
        if self.caller.holds(duty) {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "identity/not-allowed").with("duty", duty.code()))
    }

    /// The user behind the caller; customers and devices are none.
    pub(crate) fn user(&self) -> Option<UserId> {
        match self.by {
            KnownBy::Session { holder: Holder::User(user), .. } | KnownBy::Token { user } => Some(user),
            KnownBy::Session { holder: Holder::Customer(_), .. } | KnownBy::Nothing | KnownBy::Device => None,
        }
    }
}

/// Where a request came from, as far as throttling cares. Forwarding headers are not believed.
pub(crate) struct Address(pub(crate) String);

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let identity = Identity::from_request_parts(parts, app).await?;
        let Address(address) = Address::from_request_parts(parts, app).await?;
        Ok(Self { address, lang: Caller::language_of(parts), came_with: identity.session_cookie(&parts.headers) })
    }
}

impl FromRequestParts<App> for Address {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(from.map_or_else(|| "unknown".to_owned(), |ConnectInfo(address)| address.ip().to_string())))
    }
}

async fn by_device(app: &App, secret: Secret, asked: Option<Lang>) -> Result<Recognised, Problem> {
    let found = app
        .look::<_, StoreError, _>(async move |tx: &mut Tx| devices::device_of(tx, &secret).await)
        .await?
        .ok_or(IdentityRefusal::TokenRefused)?;
    let roles = vec![Role::Device];
    let caller = Caller {
        actor: Actor::Device(found.probe),
        name: String::new(),
        lang: asked.unwrap_or_default(),
        duties: roles::duties(roles.iter().copied()),
        sites: Sites::Only(vec![found.site]),
    };
    Ok(Recognised { caller, roles, by: KnownBy::Device })
}

struct SessionRow {
    id: SessionId,
    idle_until: Instant,
    expires_at: Instant,
    customer: Option<CustomerId>,
    customer_lang: Option<Lang>,
    /// With their revision.
    user: Option<(UserId, i64)>,
}

impl store::FromRow for SessionRow {
    fn from_row(row: &store::Row<'_>) -> Result<Self, StoreError> {
        let (user, revision): (Option<UserId>, Option<i64>) = (row.get(5)?, row.get(6)?);
        Ok(Self {
            id: row.get(0)?,
            idle_until: row.get(1)?,
            expires_at: row.get(2)?,
            customer: row.get(3)?,
            customer_lang: row.get(4)?,
            user: user.zip(revision),
        })
    }
}

sql! {
    KEEP_KEY = "INSERT INTO signing_key (one, secret) VALUES (1, $1) ON CONFLICT (one) DO NOTHING";
    KEY = "SELECT secret FROM signing_key WHERE one = 1";
    SESSION = "SELECT s.id, s.idle_until, s.expires_at, s.customer, c.lang, u.id, u.revision
               FROM session s
               LEFT JOIN customer_login c ON c.customer = s.customer
               LEFT JOIN user_account u ON u.id = s.user_id AND u.state = 'active'
               WHERE s.token_hash = $1 AND s.ended_at IS NULL";
    TOKEN = "SELECT t.id, u.id, u.revision
             FROM api_token t
             JOIN user_account u ON u.id = t.user_id AND u.state = 'active'
             WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND t.expires_at > $2";
}
