//! Who calls, and whether they may.

use std::{collections::BTreeSet, future::Future, marker::PhantomData, ops::Deref, pin::Pin};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header::ACCEPT_LANGUAGE, request::Parts},
};
use kernel::{Actor, Lang, SiteId};

use crate::{App, Duty, Problem, duty::Mark};

/// Recognises callers; `identity` implements it.
pub trait Gate: Send + Sync {
    /// Who sent the request: a session, a token, a signed link, or nobody. A bad credential is refused, not ignored.
    fn admit<'a>(
        &'a self,
        app: &'a App,
        parts: &'a Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>>;
}

/// The one who called, as far as we know them.
#[derive(Clone, Debug)]
pub struct Caller {
    pub actor: Actor,
    /// How screens greet them; empty for nobody.
    pub name: String,
    pub lang: Lang,
    pub duties: BTreeSet<Duty>,
    pub sites: Sites,
}

/// The sites that a caller works for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sites {
    All,
    Only(Vec<SiteId>),
}

impl Sites {
    pub fn include(&self, site: SiteId) -> bool {
        match self {
            Self::All => true,
            Self::Only(sites) => sites.contains(&site),
        }
    }
}

impl Caller {
    pub fn nobody(lang: Lang) -> Self {
        Self {
            actor: Actor::Anonymous,
            name: String::new(),
            lang,
            duties: BTreeSet::new(),
            sites: Sites::Only(Vec::new()),
        }
    }

    pub fn holds(&self, duty: Duty) -> bool {
        self.duties.contains(&duty)
    }

    pub fn works_at(&self, site: SiteId) -> bool {
        self.sites.include(site)
    }

    /// Refuses work at a site that is not the caller's.
    pub fn demand_site(&self, site: SiteId) -> Result<(), Problem> {
        if self.works_at(site) { Ok(()) } else { Err(Problem::not_found()) }
    }

    /// Idempotency keys of one caller never meet those of another.
    pub(crate) fn key_space(&self) -> String {
        match self.actor.uuid() {
            Some(id) => format!("{}:{id}", self.actor.noun()),
            None => self.actor.noun().to_owned(),
        }
    }
}

/// A caller who holds the duty `D`. Whoever does not is refused before the handler begins.
pub struct By<D: Mark> {
    caller: Caller,
    duty: PhantomData<fn() -> D>,
}

impl<D: Mark> Deref for By<D> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<D: Mark> FromRequestParts<App> for By<D> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = app.gate.admit(app, parts).await?;
        if caller.actor == Actor::Anonymous {
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "identity/sign-in-required"));
        }
        if !caller.holds(D::DUTY) {
            return Err(Problem::new(StatusCode::FORBIDDEN, "identity/not-allowed").with("duty", D::DUTY.code()));
        }
        Ok(Self { caller, duty: PhantomData })
    }
}

/// Anybody, signed in or not. Operations that take a guest stand in the golden list of public operations.
pub struct Guest(pub Caller);

impl FromRequestParts<App> for Guest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        app.gate.admit(app, parts).await.map(Self)
    }
}

/// The language a request asks for, before we know who sent it.
pub(crate) fn asked_language(parts: &Parts) -> Lang {
    parts
        .headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|header| header.to_str().ok())
        .and_then(Lang::from_accept_language)
        .unwrap_or_default()
}

impl Caller {
    /// The language that a request's headers ask for.
    pub fn language_of(parts: &Parts) -> Lang {
        asked_language(parts)
    }
}
