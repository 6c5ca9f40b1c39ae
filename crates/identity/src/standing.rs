//! What the gate knows of a user: name, language, roles and sites, remembered until the user's revision moves on.
//!
//! A request asks the database for no more than that revision. Whatever changes a user moves it in the same
//! transaction, so what one process changes is seen by every other with the next request.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use edge::{App, Caller, Duty, Problem};
use kernel::{Lang, SiteId, UserId};
use store::{StoreError, Tx, args, sql};

use crate::{
    Role,
    users::{EverySite, Person, SiteScope},
};

/// Somebody who may sign in, at one revision.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) user: UserId,
    name: String,
    lang: Lang,
    person: Person,
    every_site: EverySite,
    pub(crate) roles: BTreeSet<Role>,
    sites: BTreeSet<SiteId>,
}

impl Standing {
    /// The caller with these duties, in the language that the request asks for or in their own.
    pub(crate) fn caller(&self, asked: Option<Lang>, duties: BTreeSet<Duty>) -> Caller {
        Caller {
            actor: self.person.actor(self.user),
            name: self.name.clone(),
            lang: asked.unwrap_or(self.lang),
            duties,
            sites: SiteScope::of(self.every_site, self.sites.iter().copied().collect()).into(),
        }
    }
}

/// The users that were seen, each as of the revision beside it.
#[derive(Default)]
pub(crate) struct Standings(Mutex<BTreeMap<UserId, (i64, Arc<Standing>)>>);

impl Standings {
    /// A user at this revision or a later one; `None` for one who was shut out in between.
    pub(crate) async fn of(&self, app: &App, user: UserId, revision: i64) -> Result<Option<Arc<Standing>>, Problem> {
        if let Some(known) = self.known(user, revision) {
            return Ok(Some(known));
        }
        let rows = app.look::<_, StoreError, _>(async move |tx: &mut Tx| tx.all(STANDING, args![user]).await).await?;
        Ok(standing(user, rows).map(|(revision, standing)| self.keep(revision, standing)))
    }

    fn known(&self, user: UserId, revision: i64) -> Option<Arc<Standing>> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&user).filter(|(of, _)| *of == revision).map(|(_, standing)| Arc::clone(standing))
    }

    fn keep(&self, revision: i64, standing: Standing) -> Arc<Standing> {
        let standing = Arc::new(standing);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(standing.user, (revision, Arc::clone(&standing)));
        standing
    }
}

/// A user with one of their roles and one of their sites.
struct Part {
    revision: i64,
    name: String,
    lang: Lang,
    person: Person,
    every_site: EverySite,
    role: Option<Role>,
    site: Option<SiteId>,
}

impl store::FromRow for Part {
    fn from_row(row: &store::Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            revision: row.get(0)?,
            name: row.get(1)?,
            lang: row.get(2)?,
            person: Person::of(row.get(3)?, row.get(4)?),
            every_site: row.get(5)?,
            role: row.get(6)?,
            site: row.get(7)?,
        })
    }
}

/// The parts together, and the revision that they have in common.
fn standing(user: UserId, parts: Vec<Part>) -> Option<(i64, Standing)> {
    let roles = parts.iter().filter_map(|part| part.role).collect();
    let sites = parts.iter().filter_map(|part| part.site).collect();
    let Part { revision, name, lang, person, every_site, .. } = parts.into_iter().next()?;
    Some((revision, Standing { user, name, lang, person, every_site, roles, sites }))
}

sql! {
    STANDING = "SELECT u.revision, u.name, u.lang, u.courier, u.supplier, u.every_site, r.role, p.site
                FROM user_account u
                LEFT JOIN user_role r ON r.user_id = u.id
                LEFT JOIN user_site p ON p.user_id = u.id
                WHERE u.id = $1 AND u.state = 'active'";
}
