//! A shop with two sites, one of each law, on every engine that can be had here.

use std::sync::atomic::{AtomicU64, Ordering};

use accounts::{
    Account, TaxClass,
    invoices::{Buyer, LineKind, NewInvoice, NewLine},
    payments::NewPayment,
};
use catalog::{NewSite, Position, Profile, Site};
use kernel::{
    Actor, Currency, CustomerId, CustomerOrderId, IdSource, Instant, Lang, Money, OrderLineId, Price, Quantity, Round,
    SkuId, Stamp, Unit,
};
use store::{Db, Migration, StoreError, Tx, testing::TestDb};

pub(crate) static MIGRATIONS: &[Migration] = &[
    store::MIGRATION,
    events::MIGRATION,
    identity::MIGRATION,
    catalog::MIGRATION,
    customers::MIGRATION,
    accounts::MIGRATION,
    events::SEAL_QUEUE_MIGRATION,
];

/// 2026-03-28 08:00 in Taipei.
pub(crate) const MORNING: Instant = Instant::from_millis(1_774_656_000_000);

pub(crate) struct Shop {
    pub(crate) db: TestDb,
    pub(crate) taipei: Site,
    pub(crate) shanghai: Site,
    pub(crate) ids: IdSource,
}

/// The shop on every engine.
pub(crate) async fn shops() -> Vec<Shop> {
    let mut shops = Vec::new();
    for db in store::testing::both(MIGRATIONS).await {
        let ids = IdSource::seeded(7);
        let taipei = open(&db, &ids, "TPE", Currency::Twd, "Asia/Taipei", Profile::Tw).await;
        let shanghai = open(&db, &ids, "SHA", Currency::Cny, "Asia/Shanghai", Profile::Cn).await;
        shops.push(Shop { db, taipei, shanghai, ids });
    }
    shops
}

async fn open(db: &Db, ids: &IdSource, code: &str, currency: Currency, zone: &str, profile: Profile) -> Site {
    let draft = NewSite {
        code: code.to_owned(),
        name: code.to_owned(),
        currency,
        time_zone: zone.to_owned(),
        day_turns_at_minute: 120,
        profile,
        position: Position { latitude_microdegrees: 25_000_000, longitude_microdegrees: 121_000_000 },
        delivery_radius_metres: 9_000,
    };
    let (draft, time) = draft.parse().unwrap();
    let stamp = stamp(ids, MORNING);
    db.write(async move |tx: &mut Tx| catalog::open_site(tx, &stamp.again(), draft.clone(), time.clone()).await)
        .await
        .unwrap()
}

pub(crate) fn stamp(ids: &IdSource, at: Instant) -> Stamp {
    Stamp::new(at, Actor::System, Lang::En, ids)
}

impl Shop {
    /// Runs one verb in a transaction of its own, in the morning.
    pub(crate) async fn run<T, E, F>(&self, verb: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx, &Stamp) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run_at(MORNING, verb).await
    }

    pub(crate) async fn run_at<T, E, F>(&self, at: Instant, verb: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx, &Stamp) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let stamp = stamp(&self.ids, at);
        self.db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                verb(tx, &stamp).await
            })
            .await
    }

    pub(crate) fn mint<I: kernel::Id>(&self) -> I {
        stamp(&self.ids, MORNING).mint()
    }

    /// A payment of a new order in Taipei.
    pub(crate) fn payment(&self, bound: i64, token: &str) -> NewPayment {
        NewPayment {
            order: self.mint(),
            customer: self.mint(),
            site: self.taipei.id,
            currency: self.taipei.currency,
            bound: Money(bound),
            token: token.to_owned(),
        }
    }

    /// An invoice of a new order in Taipei.
    pub(crate) fn invoice(&self, lines: Vec<NewLine>) -> NewInvoice {
        let order = self.mint::<CustomerOrderId>();
        NewInvoice {
            site: self.taipei.id,
            order,
            customer: self.mint::<CustomerId>(),
            cause: accounts::Cause::of(order),
            lines,
            buyer: Buyer::default(),
        }
    }

    /// So many grams at so much a 台斤.
    pub(crate) fn spinach(&self, grams: i64, per_jin: i64, class: TaxClass) -> NewLine {
        let (quantity, price) = (Quantity::grams(grams), Price::per(Unit::TaiwanJin, Money(per_jin)));
        NewLine {
            kind: LineKind::Goods,
            order_line: Some(self.mint::<OrderLineId>()),
            sku: Some(self.mint::<SkuId>()),
            name: "菠菜".to_owned(),
            quantity,
            price,
            gross: price.of(quantity, Round::HalfUp).unwrap(),
            class,
        }
    }

    /// What the whole journal of the site sums to, account by account.
    pub(crate) async fn journal_sum(&self, site: kernel::SiteId) -> i64 {
        let (from, to) = ("1970-01-01".parse().unwrap(), "9000-01-01".parse().unwrap());
        let lines = self
            .db
            .read(async move |tx: &mut Tx| accounts::journal::trial_balance(tx, site, from, to).await)
            .await
            .unwrap();
        lines.iter().map(|line| line.balance.minor()).sum()
    }

    pub(crate) async fn on_account(&self, account: Account) -> Money {
        let (site, from, to) = (self.taipei.id, "1970-01-01".parse().unwrap(), "9000-01-01".parse().unwrap());
        let lines = self
            .db
            .read(async move |tx: &mut Tx| accounts::journal::trial_balance(tx, site, from, to).await)
            .await
            .unwrap();
        lines.iter().find(|line| line.account == account.code()).map_or(Money::ZERO, |line| line.balance)
    }

    pub(crate) async fn owed(&self, order: CustomerOrderId) -> Money {
        self.db.read(async move |tx: &mut Tx| accounts::journal::order_receivable(tx, order).await).await.unwrap()
    }
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Ids of their own for every task of a crowd.
pub(crate) fn own_ids() -> IdSource {
    IdSource::seeded(1_000_000 + NEXT.fetch_add(1, Ordering::Relaxed))
}
