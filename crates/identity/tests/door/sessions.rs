//! Staff at the door: signing in, staying in, and being kept out.

use crate::house::{Browser, NOON, PASSWORD, Shop, key, shops};
use axum::http::Method;
use identity::{Person, Role, SiteScope, Transport};
use kernel::{CourierId, Id, SiteId};
use serde_json::json;
use store::{Tx, args, sql, testing};
use uuid::Uuid;

#[tokio::test]
async fn a_buyer_signs_in_is_known_and_signs_out() {
    for shop in shops().await {
        shop.hire("mei", Role::Buyer).await;

        let answer = shop.knock("Mei", PASSWORD).await;

        assert_eq!(answer.status, 200, "{:?}", answer.body);
        let set = answer.headers["set-cookie"].to_str().unwrap();
        assert!(set.starts_with("freshet_session=") && set.contains("; HttpOnly; SameSite=Lax"), "{set}");
        let browser = Browser::of(&answer);
        let me = shop.who(&browser.headers()).await;
        assert_eq!(me.body["name"], "mei 王");
        assert_eq!(me.body["roles"], json!(["buyer"]));
        assert_eq!(me.body["sites"], "all");
        assert!(me.body["duties"].as_array().unwrap().contains(&json!("request_purchase")));

        let out = shop.call(Method::DELETE, "/session", &browser.headers(), None).await;
        assert_eq!(out.status, 204);
        assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        assert_eq!(shop.who(&browser.headers()).await.code(), (401, "identity/session-ended"));
        let again = shop.call(Method::DELETE, "/session", &browser.headers(), None).await;
        assert_eq!(again.status, 204, "being out is being out");
    }
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_its_host() {
    let shop = Shop::open(testing::sqlite(crate::house::LIST).await, Transport::Tls).await;
    shop.hire("mei", Role::Buyer).await;

    let answer = shop.knock("mei", PASSWORD).await;

    let set = answer.headers["set-cookie"].to_str().unwrap();
    assert!(set.starts_with("__Host-freshet_session=") && set.ends_with("; Secure"), "{set}");
    assert_eq!(shop.who(&[("cookie", answer.cookie())]).await.status, 200);
}

#[tokio::test]
async fn a_stranger_learns_nothing_from_the_door() {
    for shop in shops().await {
        shop.hire("mei", Role::Buyer).await;

        let wrong = shop.knock("mei", "a pound of kale").await;
        let unknown = shop.knock("nobody", PASSWORD).await;

        assert_eq!(wrong.code(), (401, "identity/wrong-credentials"));
        assert_eq!(wrong.body, unknown.body);
        assert_eq!(shop.who(&[]).await.code(), (401, "identity/sign-in-required"));
        let forged = [("cookie", "freshet_session=AAAAAAAA".to_owned())];
        assert_eq!(shop.who(&forged).await.code(), (401, "identity/session-ended"));
    }
}

#[tokio::test]
async fn guessing_gets_slower_and_waiting_helps() {
    for shop in shops().await {
        shop.hire("mei", Role::Buyer).await;
        for _ in 0..5 {
            assert_eq!(shop.knock("mei", "a pound of kale").await.status, 401);
        }

        let slowed = shop.knock("mei", PASSWORD).await;
        assert_eq!(slowed.code(), (429, "identity/too-many-tries"), "even the right password waits");
        assert_eq!(slowed.headers["retry-after"], "1");

        shop.pass_minutes(1);
        assert_eq!(shop.knock("mei", "a pound of kale").await.status, 401);
        assert_eq!(shop.knock("mei", PASSWORD).await.headers["retry-after"], "2");

        shop.pass_minutes(1);
        assert_eq!(shop.knock("mei", PASSWORD).await.status, 200);
        // A right password is forgiven everything.
        assert_eq!(shop.knock("mei", "a pound of kale").await.status, 401);
        assert_eq!(shop.knock("mei", PASSWORD).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_once_are_counted_one_by_one() {
    for shop in shops().await {
        shop.hire("mei", Role::Buyer).await;

        let guesses = (0..24).map(|_| shop.knock("mei", "a pound of kale"));
        let answers = futures(guesses).await;

        let judged = answers.iter().filter(|answer| answer.status == 401).count();
        assert_eq!(judged, 5, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    }
}

async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(output) => {
                done.push(output);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

#[tokio::test]
async fn a_change_without_the_csrf_token_is_refused() {
    for shop in shops().await {
        shop.hire("root", Role::Administrator).await;
        let user = shop.hire("mei", Role::Buyer).await;
        let browser = shop.browse("root").await;
        let path = format!("/users/{user}/deactivate");

        let without = [("cookie", browser.cookie.clone()), key(1)];
        let wrong = [("cookie", browser.cookie.clone()), ("x-csrf-token", shop.browse("mei").await.csrf), key(2)];
        for headers in [&without[..], &wrong[..]] {
            let refused = shop.call(Method::POST, &path, headers, None).await;
            assert_eq!(refused.code(), (403, "identity/forged-request"));
        }

        assert_eq!(shop.who(&without[..1]).await.status, 200, "reading needs none");
        let right = [browser.headers(), vec![key(3)]].concat();
        assert_eq!(shop.call(Method::POST, &path, &right, None).await.status, 204);
    }
}

#[tokio::test]
async fn a_session_ends_when_it_idles_and_when_it_is_old() {
    const HOUR: i64 = 60;
    for shop in shops().await {
        shop.hire("mei", Role::Buyer).await;
        let idle = shop.browse("mei").await;
        let busy = shop.browse("mei").await;

        for _ in 0..12 {
            shop.pass_minutes(14 * HOUR);
            let _ = shop.who(&busy.headers()).await;
        }

        assert_eq!(shop.who(&idle.headers()).await.code(), (401, "identity/session-ended"), "idle too long");
        assert_eq!(shop.who(&busy.headers()).await.code(), (401, "identity/session-ended"), "seven days old");

        let kept = shop.browse("mei").await;
        shop.pass_minutes(14 * HOUR);
        assert_eq!(shop.who(&kept.headers()).await.status, 200);
        shop.pass_minutes(14 * HOUR);
        assert_eq!(shop.who(&kept.headers()).await.status, 200, "the look in between kept it alive");
        let at = shop.app.clock.now().plus_minutes(40 * 24 * HOUR);
        shop.db.write(async move |tx: &mut Tx| identity::sweep(tx, at).await).await.unwrap();
        let left: i64 = shop.db.read(async |tx: &mut Tx| tx.one(SESSIONS, args![]).await).await.unwrap();
        assert_eq!(left, 0);
    }
}

#[tokio::test]
async fn signing_in_again_ends_the_session_one_came_with() {
    for shop in shops().await {
        shop.hire("mei", Role::Buyer).await;
        let planted = shop.browse("mei").await;

        let body = json!({ "login": "mei", "password": PASSWORD });
        let answer = shop.call(Method::POST, "/session", &[("cookie", planted.cookie.clone())], Some(body)).await;

        assert_eq!(answer.status, 200);
        assert_ne!(answer.cookie(), planted.cookie);
        assert_eq!(shop.who(&planted.headers()).await.code(), (401, "identity/session-ended"));
        assert_eq!(shop.who(&Browser::of(&answer).headers()).await.status, 200);
    }
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    for shop in shops().await {
        shop.hire("mei", Role::Buyer).await;
        let (here, elsewhere) = (shop.browse("mei").await, shop.browse("mei").await);

        let change = async |old: &str, new: &str| {
            shop.call(Method::PUT, "/session/password", &here.headers(), Some(json!({ "old": old, "new": new }))).await
        };

        assert_eq!(change("a pound of kale", "two pounds of kale").await.code(), (401, "identity/wrong-credentials"));
        assert_eq!(change(PASSWORD, "short").await.code(), (422, "identity/password-length"));
        assert_eq!(change(PASSWORD, "two pounds of kale").await.status, 204);
        assert_eq!(shop.who(&here.headers()).await.status, 200);
        assert_eq!(shop.who(&elsewhere.headers()).await.code(), (401, "identity/session-ended"));
        assert_eq!(shop.knock("mei", PASSWORD).await.status, 401);
        assert_eq!(shop.knock("mei", "two pounds of kale").await.status, 200);
    }
}

#[tokio::test]
async fn nothing_at_rest_opens_the_door() {
    for shop in shops().await {
        shop.hire("mei", Role::Buyer).await;
        let browser = shop.browse("mei").await;
        let token = browser.cookie.split_once('=').unwrap().1.to_owned();

        let (hash, phc): (Vec<u8>, String) =
            shop.db.read(async |tx: &mut Tx| tx.one(AT_REST, args![]).await).await.unwrap();

        assert!(!hash.windows(8).any(|part| token.as_bytes().windows(8).any(|known| known == part)));
        assert!(phc.starts_with("$argon2id$v=19$"), "{phc}");
    }
}

#[tokio::test]
async fn a_courier_acts_as_the_courier_and_only_where_they_work() {
    for shop in shops().await {
        let courier = CourierId::from_uuid(Uuid::from_u128(77));
        let site = SiteId::from_uuid(Uuid::from_u128(5));
        shop.hire_as("ah-hsiung", Role::Courier, Person::Courier(courier), SiteScope::Only(vec![site])).await;

        let me = shop.knock("ah-hsiung", PASSWORD).await;

        assert_eq!(me.body["actor"], json!({ "kind": "courier", "id": courier }));
        assert_eq!(me.body["sites"], json!({ "only": [site] }));
        assert!(!me.body["duties"].as_array().unwrap().contains(&json!("read_orders")));
    }
}

#[tokio::test]
async fn the_log_knows_who_came_in_but_not_their_name() {
    for shop in shops().await {
        let user = shop.hire("mei", Role::Buyer).await;
        shop.browse("mei").await;
        events::seal(&shop.db, NOON, "test").await.unwrap();
        shop.hire("auditor", Role::FoodSafetyAuditor).await;
        let auditor = shop.browse("auditor").await;

        let told = shop.call(Method::GET, &format!("/objects/user/{user}/events"), &auditor.headers(), None).await;

        let kinds: Vec<_> = told.body["items"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
        assert_eq!(kinds, ["user_created", "signed_in"]);
        assert!(!told.body.to_string().contains("mei"));
        let picker = {
            shop.hire("pick", Role::Picker).await;
            shop.browse("pick").await
        };
        let refused = shop.call(Method::GET, "/events", &picker.headers(), None).await;
        assert_eq!(refused.code(), (403, "identity/not-allowed"));
        let page = shop.call(Method::GET, "/events?after=1&limit=1", &auditor.headers(), None).await;
        assert_eq!((&page.body["items"][0]["position"], &page.body["next"]), (&json!(2), &json!("2")));
    }
}

sql! {
    SESSIONS = "SELECT COUNT(*) FROM session";
    AT_REST = "SELECT s.token_hash, u.password FROM session s JOIN user_account u ON u.id = s.user_id";
}
