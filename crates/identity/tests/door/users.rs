//! Users, tokens and devices: who is let in, as what, and how far.

use crate::house::{Shop, key, shops};
use axum::http::Method;
use identity::Role;
use kernel::{CourierId, Id, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

fn new_user(login: &str, roles: &[&str]) -> Value {
    json!({ "login": login, "name": "陳小美", "lang": "zh-Hant", "roles": roles, "sites": "all", "password": "a crate of leeks" })
}

#[tokio::test]
async fn an_administrator_lets_people_in_and_shuts_them_out() {
    for shop in shops().await {
        shop.hire("root", Role::Administrator).await;
        let root = shop.browse("root").await.headers();

        let let_in = async |number: u32, body: Value| {
            let headers = [root.clone(), vec![key(number)]].concat();
            shop.call(Method::POST, "/users", &headers, Some(body)).await
        };
        let made = let_in(1, new_user("Mei", &["buyer"])).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        let id = made.body["id"].as_str().unwrap().to_owned();
        let replayed = let_in(1, new_user("Mei", &["buyer"])).await;
        assert_eq!((replayed.status, &replayed.body), (made.status, &made.body), "said again, done once");
        assert_eq!(let_in(1, new_user("Mei", &["picker"])).await.code(), (422, "request/key-reused"));
        assert_eq!(let_in(2, new_user("mei", &["buyer"])).await.code(), (409, "identity/login-taken"));
        let mei = shop.knock("mei", "a crate of leeks").await;
        assert_eq!(mei.status, 200);
        let mei = crate::house::Browser::of(&mei);

        let list = shop.call(Method::GET, "/users?limit=1", &root, None).await;
        assert_eq!(list.body["items"][0]["login"], "mei");
        let next = format!("/users?limit=1&after={}", list.body["next"].as_str().unwrap());
        assert_eq!(shop.call(Method::GET, &next, &root, None).await.body["items"][0]["login"], "root");
        assert_eq!(shop.call(Method::GET, "/users", &mei.headers(), None).await.code(), (403, "identity/not-allowed"));

        // Roles take effect at once, and only on top of what was seen.
        let seen = shop.call(Method::GET, &format!("/users/{id}"), &root, None).await;
        assert_eq!(seen.headers["etag"], "\"1\"");
        let wanted = json!({ "roles": ["picker"], "sites": { "only": [Uuid::from_u128(5)] } });
        let set = async |tag: &str| {
            let headers = [root.clone(), vec![("if-match", tag.to_owned())]].concat();
            shop.call(Method::PUT, &format!("/users/{id}/roles"), &headers, Some(wanted.clone())).await
        };
        assert_eq!(set("\"1\"").await.headers["etag"], "\"2\"");
        assert_eq!(set("\"1\"").await.code(), (412, "request/changed-meanwhile"));
        let me = shop.who(&mei.headers()).await;
        assert_eq!((&me.body["roles"], &me.body["sites"]["only"][0]), (&json!(["picker"]), &json!(Uuid::from_u128(5))));

        let out = [root.clone(), vec![key(5)]].concat();
        assert_eq!(shop.call(Method::POST, &format!("/users/{id}/deactivate"), &out, None).await.status, 204);
        assert_eq!(shop.who(&mei.headers()).await.code(), (401, "identity/session-ended"));
        assert_eq!(shop.knock("mei", "a crate of leeks").await.code(), (401, "identity/wrong-credentials"));
    }
}

#[tokio::test]
async fn what_one_server_changes_every_other_knows_with_the_next_request() {
    for shop in shops().await {
        let neighbour = shop.beside().await;
        let mei = shop.hire("mei", Role::OperationsManager).await;
        shop.hire("root", Role::Administrator).await;
        let (root, browser) = (shop.browse("root").await.headers(), shop.browse("mei").await.headers());
        let made = token(&shop, &browser, 1, &["read_events"]).await;
        let bearer = [("authorization", format!("Bearer {}", made.body["secret"].as_str().unwrap()))];
        // Both have seen her, by session and by token.
        for server in [&shop, &neighbour] {
            assert_eq!(server.who(&browser).await.body["roles"], json!(["operations_manager"]));
            assert_eq!(server.call(Method::GET, "/events", &bearer, None).await.status, 200);
        }

        let wanted = json!({ "roles": ["picker"], "sites": { "only": [Uuid::from_u128(5)] } });
        let set = neighbour.call(Method::PUT, &format!("/users/{mei}/roles"), &root, Some(wanted)).await;
        assert_eq!(set.status, 200, "{:?}", set.body);
        for server in [&shop, &neighbour] {
            let me = server.who(&browser).await;
            assert_eq!(me.body["roles"], json!(["picker"]));
            assert_eq!(me.body["sites"]["only"], json!([Uuid::from_u128(5)]));
            let events = server.call(Method::GET, "/events", &bearer, None).await;
            assert_eq!(events.code(), (403, "identity/not-allowed"));
        }

        let out = [root, vec![key(2)]].concat();
        assert_eq!(shop.call(Method::POST, &format!("/users/{mei}/deactivate"), &out, None).await.status, 204);
        for server in [&shop, &neighbour] {
            assert_eq!(server.who(&browser).await.code(), (401, "identity/session-ended"));
            let events = server.call(Method::GET, "/events", &bearer, None).await;
            assert_eq!(events.code(), (401, "identity/token-refused"));
        }
    }
}

#[tokio::test]
async fn nobody_makes_themselves_more_than_they_are() {
    for shop in shops().await {
        let root_id = shop.hire("root", Role::Administrator).await;
        let root = shop.browse("root").await.headers();

        let wanted = json!({ "roles": ["administrator", "general_manager"], "sites": "all" });
        let own = shop.call(Method::PUT, &format!("/users/{root_id}/roles"), &root, Some(wanted)).await;
        assert_eq!(own.code(), (403, "identity/own-roles"));
        let headers = [root, vec![key(1)]].concat();
        let own = shop.call(Method::POST, &format!("/users/{root_id}/deactivate"), &headers, None).await;
        assert_eq!(own.code(), (403, "identity/own-roles"));
    }
}

#[tokio::test]
async fn a_role_fits_the_person_or_is_refused() {
    for shop in shops().await {
        shop.hire("root", Role::Administrator).await;
        let root = shop.browse("root").await.headers();
        let courier = CourierId::from_uuid(Uuid::from_u128(9));
        let as_courier = |mut user: Value| {
            user["courier"] = json!(courier);
            user
        };

        let keyed = |number: u32| [root.clone(), vec![key(number)]].concat();
        for (number, (body, code)) in (10..).zip([
            (new_user("a", &["courier"]), "identity/role-of-another-kind"),
            (new_user("a", &["customer"]), "identity/role-of-another-kind"),
            (as_courier(new_user("a", &["courier", "buyer"])), "identity/role-of-another-kind"),
            (new_user("a", &[]), "request/invalid"),
            (new_user("a b", &["buyer"]), "request/invalid"),
            (new_user("a", &["king"]), "request/invalid"),
        ]) {
            let refused = shop.call(Method::POST, "/users", &keyed(number), Some(body)).await;
            assert_eq!(refused.code(), (422, code), "{:?}", refused.body);
        }
        let fine = shop.call(Method::POST, "/users", &keyed(1), Some(as_courier(new_user("a", &["courier"])))).await;
        assert_eq!(fine.status, 201);
        let nobody = UserId::from_uuid(Uuid::from_u128(404));
        assert_eq!(shop.call(Method::GET, &format!("/users/{nobody}"), &root, None).await.status, 404);
    }
}

async fn token(shop: &Shop, by: &[(&'static str, String)], number: u32, scopes: &[&str]) -> crate::house::Answer {
    let headers = [by, &[key(number)]].concat();
    let body = json!({ "name": "the scale in aisle 3", "scopes": scopes, "expires_in_days": 30 });
    shop.call(Method::POST, "/tokens", &headers, Some(body)).await
}

#[tokio::test]
async fn a_token_does_what_it_was_made_for_and_no_more() {
    for shop in shops().await {
        let mei = shop.hire("mei", Role::OperationsManager).await;
        shop.hire("root", Role::Administrator).await;
        let browser = shop.browse("mei").await.headers();

        let beyond = token(&shop, &browser, 1, &["read_events", "manage_users"]).await;
        assert_eq!(beyond.code(), (403, "identity/scope-beyond-duties"));
        let made = token(&shop, &browser, 2, &["read_events"]).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        let secret = made.body["secret"].as_str().unwrap();
        assert!(secret.starts_with("fr_") && secret.len() == 46, "{secret}");
        let bearer = [("authorization", format!("Bearer {secret}"))];

        assert_eq!(shop.call(Method::GET, "/events", &bearer, None).await.status, 200);
        assert_eq!(shop.who(&bearer).await.code(), (403, "identity/not-allowed"), "being somebody is a duty too");
        assert_eq!(token(&shop, &bearer, 3, &["read_events"]).await.code(), (403, "identity/not-allowed"));

        // What the owner loses, the token loses.
        let root = shop.browse("root").await.headers();
        let wanted = json!({ "roles": ["picker"], "sites": "all" });
        shop.call(Method::PUT, &format!("/users/{mei}/roles"), &root, Some(wanted)).await;
        assert_eq!(shop.call(Method::GET, "/events", &bearer, None).await.code(), (403, "identity/not-allowed"));
    }
}

#[tokio::test]
async fn a_tokens_secret_is_shown_once() {
    for shop in shops().await {
        shop.hire("mei", Role::OperationsManager).await;
        let browser = shop.browse("mei").await.headers();

        let first = token(&shop, &browser, 1, &["read_events"]).await;
        let replay = token(&shop, &browser, 1, &["read_events"]).await;

        assert_eq!(replay.code(), (409, "identity/secret-shown"));
        let list = shop.call(Method::GET, "/tokens", &browser, None).await;
        assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
        assert_eq!(list.body["items"][0]["scopes"], json!(["read_events"]));
        assert!(!list.body.to_string().contains(first.body["secret"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_token_dies_when_it_is_revoked_or_expires() {
    for shop in shops().await {
        shop.hire("mei", Role::OperationsManager).await;
        shop.hire("kuo", Role::OperationsManager).await;
        let (mei, kuo) = (shop.browse("mei").await.headers(), shop.browse("kuo").await.headers());
        let [revoked, expired] =
            [token(&shop, &mei, 1, &["read_events"]).await, token(&shop, &mei, 2, &["read_events"]).await];
        let bearer = |made: &crate::house::Answer| {
            [("authorization", format!("Bearer {}", made.body["secret"].as_str().unwrap()))]
        };
        let path = format!("/tokens/{}", revoked.body["token"]["id"].as_str().unwrap());

        assert_eq!(shop.call(Method::DELETE, &path, &kuo, None).await.status, 404, "somebody else's");
        assert_eq!(shop.call(Method::GET, "/events", &bearer(&revoked), None).await.status, 200);
        assert_eq!(shop.call(Method::DELETE, &path, &mei, None).await.status, 204);

        let refused = shop.call(Method::GET, "/events", &bearer(&revoked), None).await;
        assert_eq!(refused.code(), (401, "identity/token-refused"));
        shop.pass_minutes(30 * 24 * 60);
        let refused = shop.call(Method::GET, "/events", &bearer(&expired), None).await;
        assert_eq!(refused.code(), (401, "identity/token-refused"));
        for nonsense in ["Bearer fr_nonsense", "Bearer nonsense", "Basic bWVpOm1laQ==", ""] {
            let refused = shop.call(Method::GET, "/events", &[("authorization", nonsense.to_owned())], None).await;
            assert_eq!(refused.code(), (401, "identity/token-refused"), "{nonsense}");
        }
    }
}
