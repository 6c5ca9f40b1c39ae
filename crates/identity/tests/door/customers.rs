//! Customers at the door: a code on the phone, a link in a notice.

use crate::house::{Answer, Browser, NOON, Shop, shops};
use axum::http::Method;
use events::Object;
use identity::{IdentityRefusal, LinkPurpose, Phone, phones::CodeToSend, record_reading};
use kernel::{CustomerId, CustomerOrderId, Id, Lang};
use serde_json::json;
use store::{StoreError, Tx, args, jobs, sql};
use uuid::Uuid;

const PHONE: &str = "0912-345-678";

fn lin() -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(40))
}

async fn enrol(shop: &Shop, customer: CustomerId, phone: &str) -> Result<(), IdentityRefusal> {
    let phone = Phone::parse(phone)?;
    shop.db.write(async move |tx: &mut Tx| identity::enrol_customer(tx, customer, &phone, Lang::ZhHant).await).await
}

async fn ask(shop: &Shop, phone: &str) -> Answer {
    shop.call(Method::POST, "/sign-in-codes", &[], Some(json!({ "phone": phone }))).await
}

async fn confirm(shop: &Shop, asked: &Answer, code: &str) -> Answer {
    let path = format!("/sign-in-codes/{}/confirm", asked.body["challenge"].as_str().expect("a challenge was given"));
    shop.call(Method::POST, &path, &[], Some(json!({ "code": code }))).await
}

/// The codes that are on their way to phones.
async fn sent(shop: &Shop) -> Vec<CodeToSend> {
    let now = shop.app.clock.now().millis();
    let jobs = shop
        .db
        .write::<_, StoreError, _>(async move |tx: &mut Tx| jobs::claim(tx, "sign_in_code", now, 1, 100).await)
        .await
        .expect("the jobs are claimed");
    jobs.iter().map(|job| serde_json::from_str(&job.payload).expect("the payload is a code to send")).collect()
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().expect("six digits") + 1) % 1_000_000)
}

#[tokio::test]
async fn a_customer_comes_in_by_the_code_on_their_phone() {
    for shop in shops().await {
        enrol(&shop, lin(), PHONE).await.unwrap();

        let asked = ask(&shop, "+886 912 345 678").await;
        assert_eq!(asked.status, 202);
        let [to_send] = &sent(&shop).await[..] else { panic!("one code is on its way") };
        assert_eq!((to_send.customer, to_send.code.len()), (lin(), 6));
        let answer = confirm(&shop, &asked, &to_send.code).await;

        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert_eq!(answer.body["actor"], json!({ "kind": "customer", "id": lin() }));
        assert_eq!(answer.body["roles"], json!(["customer"]));
        assert_eq!(shop.who(&Browser::of(&answer).headers()).await.status, 200);
        assert_eq!(confirm(&shop, &asked, &to_send.code).await.code(), (401, "identity/code-refused"), "used");
    }
}

#[tokio::test]
async fn a_code_bears_five_tries() {
    for shop in shops().await {
        enrol(&shop, lin(), PHONE).await.unwrap();
        let asked = ask(&shop, PHONE).await;
        let code = sent(&shop).await[0].code.clone();

        for _ in 0..5 {
            assert_eq!(confirm(&shop, &asked, &wrong(&code)).await.code(), (401, "identity/code-refused"));
        }

        assert_eq!(confirm(&shop, &asked, &code).await.code(), (401, "identity/code-refused"));
    }
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes_and_until_the_next() {
    for shop in shops().await {
        enrol(&shop, lin(), PHONE).await.unwrap();
        let first = ask(&shop, PHONE).await;
        let first_code = sent(&shop).await[0].code.clone();
        shop.pass_minutes(1);
        let second = ask(&shop, PHONE).await;
        let second_code = sent(&shop).await[1].code.clone();

        assert_eq!(confirm(&shop, &first, &first_code).await.code(), (401, "identity/code-refused"), "replaced");
        shop.pass_minutes(10);
        assert_eq!(confirm(&shop, &second, &second_code).await.code(), (401, "identity/code-refused"), "too late");
    }
}

#[tokio::test]
async fn a_strangers_phone_is_answered_like_a_customers() {
    for shop in shops().await {
        enrol(&shop, lin(), PHONE).await.unwrap();

        let (known, unknown) = (ask(&shop, PHONE).await, ask(&shop, "0987-654-321").await);

        assert_eq!((known.status, unknown.status), (unknown.status, known.status));
        assert_eq!(known.body["expires_at"], unknown.body["expires_at"]);
        assert_eq!(sent(&shop).await.len(), 1, "nothing is sent to a stranger");
        assert_eq!(confirm(&shop, &unknown, "000000").await.code(), (401, "identity/code-refused"));
        assert_eq!(ask(&shop, "spinach").await.code(), (422, "identity/not-a-phone"));
    }
}

#[tokio::test]
async fn nobodys_phone_is_flooded() {
    for shop in shops().await {
        enrol(&shop, lin(), PHONE).await.unwrap();
        for _ in 0..3 {
            assert_eq!(ask(&shop, PHONE).await.status, 202);
        }

        assert_eq!(ask(&shop, PHONE).await.code(), (429, "identity/too-many-tries"));
        assert_eq!(sent(&shop).await.len(), 3);
        // The right code is forgiven.
        shop.pass_minutes(1);
        let asked = ask(&shop, PHONE).await;
        let code = sent(&shop).await.last().expect("it was sent").code.clone();
        assert_eq!(confirm(&shop, &asked, &code).await.status, 200);
        assert_eq!(ask(&shop, PHONE).await.status, 202);
    }
}

#[tokio::test]
async fn a_phone_belongs_to_one_customer_and_can_be_forgotten() {
    for shop in shops().await {
        let other = CustomerId::from_uuid(Uuid::from_u128(41));
        enrol(&shop, lin(), PHONE).await.unwrap();
        assert!(matches!(enrol(&shop, other, PHONE).await, Err(IdentityRefusal::PhoneTaken)));
        let asked = ask(&shop, PHONE).await;
        let browser = Browser::of(&confirm(&shop, &asked, &sent(&shop).await[0].code).await);

        shop.db.write(async |tx: &mut Tx| identity::forget_customer(tx, lin()).await).await.unwrap();

        assert_eq!(shop.who(&browser.headers()).await.code(), (401, "identity/session-ended"));
        enrol(&shop, other, PHONE).await.unwrap();
    }
}

#[tokio::test]
async fn a_link_signs_its_customer_in_until_it_expires() {
    for shop in shops().await {
        enrol(&shop, lin(), PHONE).await.unwrap();
        let until = NOON.plus_minutes(60);
        let follow =
            async |link: String| shop.call(Method::POST, "/session/link", &[], Some(json!({ "link": link }))).await;
        let order = CustomerOrderId::from_uuid(Uuid::from_u128(4));
        let stranger = CustomerId::from_uuid(Uuid::from_u128(41));
        let link = |object: Object, purpose| shop.identity.link_for(object, purpose, until);

        assert_eq!(follow(link(Object::of(lin()), LinkPurpose::SignIn)).await.status, 200);
        for refused in [
            link(Object::of(lin()), LinkPurpose::Track),
            link(Object::of(order), LinkPurpose::SignIn),
            link(Object::of(stranger), LinkPurpose::SignIn),
            "nonsense".to_owned(),
        ] {
            assert_eq!(follow(refused.clone()).await.code(), (401, "identity/link-refused"), "{refused}");
        }
        shop.pass_minutes(60);
        let late = follow(link(Object::of(lin()), LinkPurpose::SignIn)).await;
        assert_eq!(late.code(), (401, "identity/link-refused"));
    }
}

#[tokio::test]
async fn reading_personal_data_is_told() {
    for shop in shops().await {
        let stamp = shop.stamp();
        shop.db
            .write::<_, StoreError, _>(async move |tx: &mut Tx| {
                record_reading(tx, &stamp.again(), Object::of(lin()), "answer_complaint").await
            })
            .await
            .unwrap();

        let told: (String, String) = shop.db.read(async |tx: &mut Tx| tx.one(TOLD, args![]).await).await.unwrap();

        assert_eq!(told, ("personal_data_read".to_owned(), "{\"purpose\":\"answer_complaint\"}".to_owned()));
    }
}

#[tokio::test]
async fn every_statement_fits_both_engines() {
    for shop in shops().await {
        shop.db.prepare_all().await.unwrap();
    }
}

sql! {
    TOLD = "SELECT kind, body FROM event";
}
