//! What can be done with a record.

use customers::{
    Choice, Confirmation, Customer, CustomerKind, CustomerRefusal, NewCustomer, Purpose, ReadPurpose, Standing, TaxId,
};
use kernel::{Actor, CustomerId, Id, IdSource, Lang, UserId};
use store::{Db, StoreError, Tx, args, sql, testing::both};

use crate::{MIGRATIONS, home, phone, run, stamp, wang};

sql! {
    EVENTS = "SELECT kind, actor, actor_id, body FROM event WHERE object = $1 ORDER BY revision";
    NAMES = "SELECT name || COALESCE(phone, '') || COALESCE(tax_id, '') || COALESCE(allergies, '')
                    || COALESCE(blocked_because, '')
             FROM customer
             WHERE id = $1";
    PLACES = "SELECT recipient || COALESCE(phone, '') || text || COALESCE(floor, '') || COALESCE(gate_code, '')
                     || COALESCE(note, '') || COALESCE(CAST(latitude_microdegrees AS TEXT), '')
              FROM customer_address
              WHERE customer = $1";
}

async fn enter(db: &Db, ids: &IdSource, new: NewCustomer) -> Result<Customer, CustomerRefusal> {
    run(db, ids, async move |tx, stamp| customers::register(tx, stamp, &new).await).await
}

async fn events(db: &Db, customer: CustomerId) -> Vec<(String, String, Option<store::Uuid>, String)> {
    db.read(async move |tx: &mut Tx| tx.all(EVENTS, args![customer]).await)
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"))
}

#[tokio::test]
async fn every_statement_fits_the_schema() {
    for db in both(MIGRATIONS).await {
        db.prepare_all().await.unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")));
    }
}

#[tokio::test]
async fn a_number_names_one_registered_customer() {
    for db in both(MIGRATIONS).await {
        let ids = IdSource::seeded(1);
        let guest = enter(&db, &ids, NewCustomer { standing: Standing::Guest, ..wang("0912345678") }).await.unwrap();
        let known = enter(&db, &ids, wang("0912-345-678")).await.unwrap();

        let again = enter(&db, &ids, wang("+886912345678")).await;
        let found = db
            .read(async |tx: &mut Tx| customers::find_by_phone(tx, &phone("0912345678")).await)
            .await
            .unwrap()
            .unwrap();

        assert!(matches!(again, Err(CustomerRefusal::PhoneTaken)));
        assert_eq!((found.id, found.lang()), (known.id, Lang::ZhHant));
        assert_ne!(guest.id, known.id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_at_once_one_is_registered() {
    for db in both(MIGRATIONS).await {
        let mut asked = Vec::new();
        for seed in 0..16 {
            let db = Db::clone(&db);
            asked.push(tokio::spawn(async move { enter(&db, &IdSource::seeded(seed), wang("0912345678")).await }));
        }
        let mut entered = 0;
        for one in asked {
            match one.await.unwrap() {
                Ok(_) => entered += 1,
                Err(CustomerRefusal::PhoneTaken) => {}
                Err(other) => panic!("{other}"),
            }
        }

        assert_eq!(entered, 1);
    }
}

#[tokio::test]
async fn a_code_from_the_phone_makes_somebody_of_a_guest() {
    for db in both(MIGRATIONS).await {
        let ids = IdSource::seeded(1);
        let guest = enter(&db, &ids, NewCustomer { standing: Standing::Guest, ..wang("0912345678") }).await.unwrap();

        let sign_up = async || {
            run(&db, &ids, async |tx, stamp| {
                customers::sign_up(tx, stamp, &phone("0912345678"), "小明", Lang::En).await
            })
            .await
            .unwrap()
        };
        let (first, second) = (sign_up().await, sign_up().await);

        assert_eq!(
            (first.id, first.standing, first.phone_state),
            (guest.id, Standing::Registered, Confirmation::Confirmed)
        );
        assert_eq!(second, first);
        let new =
            run(&db, &ids, async |tx, stamp| customers::sign_up(tx, stamp, &phone("0933000111"), "林", Lang::En).await)
                .await
                .unwrap();
        assert_eq!((new.phone_state, new.langs), (Confirmation::Confirmed, vec![Lang::En]));
    }
}

#[tokio::test]
async fn a_business_has_a_tax_id_and_a_person_has_none() {
    for db in both(MIGRATIONS).await {
        let ids = IdSource::seeded(1);
        let tax_id = || Some(TaxId::new("04595257").unwrap());

        let person = enter(&db, &ids, NewCustomer { tax_id: tax_id(), ..wang("0912345678") }).await;
        let nameless = enter(&db, &ids, NewCustomer { phone: None, ..wang("0912345678") }).await;
        let new = NewCustomer { kind: CustomerKind::Business, tax_id: tax_id(), ..wang("0227208889") };
        let business = enter(&db, &ids, new).await.unwrap();

        assert!(matches!(person, Err(CustomerRefusal::TaxIdOfPerson)));
        assert!(matches!(nameless, Err(CustomerRefusal::PhoneMissing)));
        assert_eq!(business.tax_id, tax_id());
    }
}

#[tokio::test]
async fn a_blocked_customer_may_not_order() {
    for db in both(MIGRATIONS).await {
        let ids = IdSource::seeded(1);
        let id = enter(&db, &ids, wang("0912345678")).await.unwrap().id;

        run(&db, &ids, async move |tx, stamp| customers::block(tx, stamp, id, "never at home").await).await.unwrap();
        let twice = run(&db, &ids, async move |tx, stamp| customers::block(tx, stamp, id, "again").await).await;
        let refused = db.read(async move |tx: &mut Tx| customers::may_order(tx, id).await).await;
        run(&db, &ids, async move |tx, stamp| customers::unblock(tx, stamp, id).await).await.unwrap();
        let allowed = db.read(async move |tx: &mut Tx| customers::may_order(tx, id).await).await;

        assert!(matches!(twice, Err(CustomerRefusal::AlreadyBlocked { .. })));
        assert!(matches!(refused, Err(CustomerRefusal::Blocked { .. })));
        assert_eq!(allowed.unwrap().id, id);
    }
}

#[tokio::test]
async fn the_last_word_on_a_purpose_counts() {
    for db in both(MIGRATIONS).await {
        let ids = IdSource::seeded(1);
        let id = enter(&db, &ids, wang("0912345678")).await.unwrap().id;
        let asked = async || {
            db.read(async move |tx: &mut Tx| customers::has_consented(tx, id, Purpose::Marketing).await).await.unwrap()
        };
        assert_eq!(asked().await, Choice::Withdrawn);

        for choice in [Choice::Given, Choice::Withdrawn, Choice::Given] {
            run(&db, &ids, async move |tx, stamp| {
                customers::record_consent(tx, stamp, id, Purpose::Marketing, choice).await
            })
            .await
            .unwrap();
            assert_eq!(asked().await, choice);
        }

        let all = db.read(async move |tx: &mut Tx| customers::consents(tx, id).await).await.unwrap();
        assert_eq!(all.len(), 3);
    }
}

#[tokio::test]
async fn whoever_reads_the_whole_record_is_named() {
    for db in both(MIGRATIONS).await {
        let ids = IdSource::seeded(1);
        let id = enter(&db, &ids, wang("0912345678")).await.unwrap().id;
        let reader: UserId = stamp(&ids, Actor::System).mint();
        let reading = stamp(&ids, Actor::Staff(reader));

        let whole = db
            .write(async move |tx: &mut Tx| {
                customers::read_whole(tx, &reading.again(), id, ReadPurpose::Complaint).await
            })
            .await
            .unwrap();

        assert_eq!(whole.customer.name, "王小明");
        let told = events(&db, id).await.pop().unwrap();
        assert_eq!(
            told,
            (
                "personal_data_read".to_owned(),
                "staff".to_owned(),
                Some(reader.uuid()),
                r#"{"purpose":"complaint"}"#.to_owned()
            )
        );
    }
}

#[tokio::test]
async fn after_an_erasure_nothing_personal_is_left() {
    for db in both(MIGRATIONS).await {
        let ids = IdSource::seeded(1);
        let id = enter(&db, &ids, wang("0912345678")).await.unwrap().id;
        run(&db, &ids, async move |tx, stamp| customers::add_address(tx, stamp, id, &home()).await).await.unwrap();
        run(&db, &ids, async move |tx, stamp| customers::block(tx, stamp, id, "shouts at couriers").await)
            .await
            .unwrap();

        run(&db, &ids, async move |tx, stamp| customers::erase(tx, stamp, id).await).await.unwrap();

        let left: String = db
            .read(async move |tx: &mut Tx| tx.one(NAMES, args![id]).await)
            .await
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        assert_eq!(left, "(erased)(erased)");
        let left: String = db
            .read(async move |tx: &mut Tx| tx.one(PLACES, args![id]).await)
            .await
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        assert_eq!(left, "(erased)(erased)");
        let log = events(&db, id).await;
        assert_eq!(log.last().map(|event| event.0.as_str()), Some("personal_data_erased"));
        for personal in ["王", "0912345678", "市府路", "花生", "4711", "shouts"] {
            assert!(log.iter().all(|event| !event.3.contains(personal)), "{personal}");
        }
        // The number is free for another, and the old record takes nothing more.
        enter(&db, &ids, wang("0912345678")).await.unwrap();
        let twice = run(&db, &ids, async move |tx, stamp| customers::erase(tx, stamp, id).await).await;
        assert!(matches!(twice, Err(CustomerRefusal::Erased { .. })));
        let more = run(&db, &ids, async move |tx, stamp| customers::add_address(tx, stamp, id, &home()).await).await;
        assert!(matches!(more, Err(CustomerRefusal::Erased { .. })));
    }
}

#[tokio::test]
async fn a_customer_takes_all_of_their_data_away() {
    for db in both(MIGRATIONS).await {
        let ids = IdSource::seeded(1);
        let id = enter(&db, &ids, wang("0912345678")).await.unwrap().id;
        run(&db, &ids, async move |tx, stamp| customers::add_address(tx, stamp, id, &home()).await).await.unwrap();

        let taken = run(&db, &ids, async move |tx, stamp| customers::export(tx, stamp, id).await).await.unwrap();

        assert_eq!((taken.customer.id, taken.addresses.len()), (id, 1));
        assert_eq!(taken.addresses[0].place, home());
        let address = taken.addresses[0].id;
        let found = db.read(async move |tx: &mut Tx| customers::address(tx, address).await).await.unwrap().unwrap();
        assert_eq!(found.customer, id);
    }
}

#[tokio::test]
async fn the_list_of_addresses_has_an_end() {
    for db in both(MIGRATIONS).await {
        let ids = IdSource::seeded(1);
        let id = enter(&db, &ids, wang("0912345678")).await.unwrap().id;
        let add =
            async || run(&db, &ids, async move |tx, stamp| customers::add_address(tx, stamp, id, &home()).await).await;

        for _ in 0..20 {
            add().await.unwrap();
        }

        assert!(matches!(add().await, Err(CustomerRefusal::TooManyAddresses)));
    }
}
