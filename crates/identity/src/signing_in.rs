//! The ways in. Each counts the try, judges it outside the transaction where that takes long, and opens a session.

use edge::{App, Problem};
use kernel::{Actor, CustomerId, Id, Lang, Stamp, TokenId, UserId};
use store::{StoreError, Tx};

use crate::{
    Identity, IdentityRefusal, LinkPurpose, Phone, Secret,
    events::Means,
    phones::{self, CodeRequested},
    secret::{Verdict, six_digits},
    sessions::{self, Holder},
    throttle::{self, Counted},
    users,
};

/// Somebody at the door.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) address: String,
    pub(crate) lang: Lang,
    /// The session they came with, which ends when a new one begins.
    pub(crate) came_with: Option<Secret>,
}

/// Somebody who is in.
#[derive(Debug)]
pub(crate) struct In {
    pub(crate) token: Secret,
    pub(crate) holder: Holder,
}

impl Identity {
    /// In by login and password.
    pub(crate) async fn sign_in(
        &self,
        app: &App,
        visitor: Visitor,
        login: &str,
        password: &str,
    ) -> Result<In, Problem> {
        let login = users::normal_login(login);
        let user = self.judge_password(app, &visitor.address, &login, password).await?;
        let user = user.ok_or(IdentityRefusal::WrongCredentials)?;

        let (token, stamp) =
            (Secret::new("").map_err(IdentityRefusal::from)?, stamp(app, Actor::Anonymous, visitor.lang));
        let kept = token.clone();
        app.db
            .write(async move |tx: &mut Tx| {
                let mut stamp = stamp.again();
                // Between judging and now an administrator may have shut the door.
                stamp.by = users::actor_of(tx, user).await?.ok_or(IdentityRefusal::WrongCredentials)?;
                let holder = Holder::User(user);
                throttle::forgive(tx, &[Counted::Login(&login), Counted::Address(&visitor.address)]).await?;
                sessions::open(tx, &stamp, holder, Means::Password, &kept, visitor.came_with.as_ref()).await
            })
            .await?;
        Ok(In { token, holder: Holder::User(user) })
    }

    /// The user, if login and password fit. The try is counted before it is judged.
    pub(crate) async fn judge_password(
        &self,
        app: &App,
        address: &str,
        login: &str,
        password: &str,
    ) -> Result<Option<UserId>, Problem> {
        let now = app.clock.now();
        let (name, from) = (login.to_owned(), address.to_owned());
        app.db
            .write(async move |tx: &mut Tx| {
                throttle::count(tx, now, &[Counted::Login(&name), Counted::Address(&from)]).await
            })
            .await?;
        let name = login.to_owned();
        let found = app.read::<_, StoreError, _>(async move |tx: &mut Tx| users::credential(tx, &name).await).await?;
        let (user, kept) = found.map_or((None, None), |(user, kept)| (Some(user), Some(kept)));
        let verdict = self.hasher().verify(kept, password.to_owned()).await?;
        Ok(user.filter(|_| verdict == Verdict::Right))
    }

    /// Sends a code to a phone, if it is a customer's; the answer does not tell.
    pub(crate) async fn request_code(
        &self,
        app: &App,
        visitor: Visitor,
        phone: Phone,
    ) -> Result<CodeRequested, Problem> {
        let code = six_digits().map_err(IdentityRefusal::from)?;
        let (identity, stamp) = (self.clone(), stamp(app, Actor::Anonymous, visitor.lang));
        let requested = app
            .db
            .write(async move |tx: &mut Tx| {
                phones::request_code(tx, &stamp.again(), identity.key(), &phone, &visitor.address, &code).await
            })
            .await?;
        Ok(requested)
    }

    /// In by the code that was sent.
    pub(crate) async fn confirm_code(
        &self,
        app: &App,
        visitor: Visitor,
        challenge: TokenId,
        code: String,
    ) -> Result<In, Problem> {
        let identity = self.clone();
        self.admit_customer(app, visitor, Means::Code, async move |tx: &mut Tx, stamp: &Stamp| {
            phones::try_code(tx, stamp.at, identity.key(), challenge, &code).await
        })
        .await
    }

    /// In by a link that was sent.
    pub(crate) async fn follow_link(&self, app: &App, visitor: Visitor, link: &str) -> Result<In, Problem> {
        let opened = self.open_link(link, LinkPurpose::SignIn, app.clock.now())?;
        if opened.noun != CustomerId::NOUN {
            return Err(IdentityRefusal::LinkRefused.into());
        }
        let customer = CustomerId::from_uuid(opened.id);
        self.admit_customer(app, visitor, Means::Link, async move |tx: &mut Tx, _stamp: &Stamp| {
            Ok(phones::is_enrolled(tx, customer).await?)
        })
        .await
    }

    async fn admit_customer<F>(&self, app: &App, visitor: Visitor, means: Means, judge: F) -> Result<In, Problem>
    where
        F: AsyncFn(&mut Tx, &Stamp) -> Result<Option<CustomerId>, IdentityRefusal> + Send + 'static,
    {
        let token = Secret::new("").map_err(IdentityRefusal::from)?;
        let (kept, stamp) = (token.clone(), stamp(app, Actor::Anonymous, visitor.lang));
        let admitted = app
            .db
            .write(async move |tx: &mut Tx| {
                let mut stamp = stamp.again();
                throttle::count(tx, stamp.at, &[Counted::Address(&visitor.address)]).await?;
                // A wrong code is counted against its challenge, so it is no `Err`: that would undo the counting.
                let Some(customer) = judge(tx, &stamp).await? else { return Ok::<_, IdentityRefusal>(None) };
                // One for this try; one for the request that had the code sent.
                let from = Counted::Address(&visitor.address);
                throttle::forgive(tx, &[from, from]).await?;
                stamp.by = Actor::Customer(customer);
                let holder = Holder::Customer(customer);
                sessions::open(tx, &stamp, holder, means, &kept, visitor.came_with.as_ref()).await?;
                Ok(Some(holder))
            })
            .await?;
        let holder = admitted.ok_or(match means {
            Means::Link => IdentityRefusal::LinkRefused,
            Means::Code | Means::Password => IdentityRefusal::CodeRefused,
        })?;
        Ok(In { token, holder })
    }
}

fn stamp(app: &App, by: Actor, lang: Lang) -> Stamp {
    Stamp::new(app.clock.now(), by, lang, &app.ids)
}
