use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    receiver::Receiver,
    server::{Databases, Login, MORNING, Server},
};

const LET_IN: (&str, &str) = ("FRESHET_WEBHOOKS__ALLOW_PRIVATE", "true");

/// Enters a webhook; answers its id and its secret.
async fn subscribe(server: &Server, admin: &Login, key: &str, url: &str, kinds: &[&str]) -> (String, String) {
    let body = json!({ "name": key, "url": url, "kinds": kinds });
    let (status, made) = server.ask(Method::POST, admin, "/api/webhooks", (key, Some(body))).await;
    assert_eq!(status, 201, "{made}");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&made["webhook"]["id"]), text(&made["secret"]))
}

#[tokio::test]
async fn a_receiver_is_told_again_until_it_says_yes_and_every_message_is_signed() {
    let databases = Databases::new("hooks");
    for database in databases.urls() {
        let mut server = Server::start(&database, &[LET_IN]).await;
        let admin = server.sign_in("admin").await;
        let (receiver, address) = Receiver::listen(2).await;
        let url = format!("http://{address}/told");
        let (webhook, secret) = subscribe(&server, &admin, "first-hook", &url, &["webhook_ended"]).await;
        let (other, _) = subscribe(&server, &admin, "other-hook", &url, &["lot_recalled"]).await;

        let (status, _) =
            server.ask(Method::DELETE, &admin, &format!("/api/webhooks/{other}"), ("end-other", None)).await;
        assert_eq!(status, 204);
        server.pass(&admin, 1_000).await;
        assert_eq!(receiver.messages().len(), 1, "told at once, and refused");
        let deliveries = format!("/api/webhooks/{webhook}/deliveries");
        let (_, waiting) = server.get(&admin, &format!("{deliveries}?state=waiting")).await;
        assert_eq!((&waiting["items"][0]["tries"], &waiting["items"][0]["answer"]), (&json!(1), &json!("503")));

        server.pass(&admin, 60_000).await;
        let messages = receiver.messages();
        assert_eq!(messages.len(), 3, "twice refused, then taken");
        let (_, delivered) = server.get(&admin, &format!("{deliveries}?state=delivered")).await;
        assert_eq!(delivered["items"][0]["tries"], 3);
        server.pass(&admin, 3_600_000).await;
        assert_eq!(receiver.messages().len(), 3, "what was taken is not sent again");

        let event: Value = serde_json::from_str(&messages[0].body).expect("JSON");
        assert_eq!((&event["kind"], &event["subject"]["id"]), (&json!("webhook_ended"), &json!(other)));
        let (_, listed) =
            server.get(&admin, &format!("/api/events?after={}", event["position"].as_i64().unwrap_or(0) - 1)).await;
        assert_eq!(listed["items"][0], event, "as the log itself shows it");
        for message in &messages {
            assert_eq!(message.body, messages[0].body);
            assert_eq!(message.headers["idempotency-key"], event["id"].as_str().expect("an id"));
            assert_eq!(message.headers["freshet-position"], event["position"].to_string());
            let signed = &message.headers["freshet-signature"];
            let seconds = signed.split_once(',').and_then(|(time, _)| time.strip_prefix("t=")).expect("a time");
            let at = kernel::Instant::from_millis(seconds.parse::<i64>().expect("seconds") * 1_000);
            assert!(at.millis() >= MORNING);
            assert_eq!(*signed, exchange::webhooks::signature(&secret, at, &message.body));
            assert_ne!(*signed, exchange::webhooks::signature("whsec_guessed", at, &message.body));
        }
    }
}

#[tokio::test]
async fn what_is_given_up_waits_for_a_person_who_sends_it_again() {
    let databases = Databases::new("dead");
    for database in databases.urls() {
        let mut server = Server::start(&database, &[LET_IN]).await;
        let admin = server.sign_in("admin").await;
        let (receiver, address) = Receiver::listen(usize::MAX).await;
        let url = format!("http://{address}/told");
        let (webhook, _) = subscribe(&server, &admin, "dead-hook", &url, &["webhook_subscribed"]).await;

        for _hour in 0..30 {
            // A session goes to sleep long before the receiver is given up.
            let admin = server.sign_in("admin").await;
            server.pass(&admin, 3_600_000).await;
        }
        let admin = server.sign_in("admin").await;
        let deliveries = format!("/api/webhooks/{webhook}/deliveries");
        let (_, dead) = server.get(&admin, &format!("{deliveries}?state=dead")).await;
        assert_eq!(dead["items"].as_array().map(Vec::len), Some(1), "{dead}");
        assert_eq!((receiver.messages().len(), &dead["items"][0]["tries"]), (20, &json!(20)));

        let position = &dead["items"][0]["position"];
        let again = format!("{deliveries}/{position}/again");
        receiver.set_noes(0);
        let (status, waiting) = server.ask(Method::POST, &admin, &again, ("send-again", None)).await;
        assert_eq!((status, &waiting["state"]), (200, &json!("waiting")));
        server.pass(&admin, 1_000).await;
        let (_, delivered) = server.get(&admin, &format!("{deliveries}?state=delivered")).await;
        assert_eq!(delivered["items"][0]["position"], *position);
        let (status, refused) = server.ask(Method::POST, &admin, &again, ("send-twice", None)).await;
        assert_eq!((status, &refused["code"]), (409, &json!("webhooks/not-dead")));
    }
}

#[tokio::test]
async fn a_webhook_is_entered_by_an_administrator_and_leads_out_of_the_house() {
    let databases = Databases::new("inside");
    for database in databases.urls() {
        let server = Server::start(&database, &[]).await;
        let (admin, picker) = (server.sign_in("admin").await, server.sign_in("picker").await);
        let hook = |url: &str| Some(json!({ "name": "partner", "url": url }));

        for inside in ["https://127.0.0.1/told", "https://[::1]/told", "https://localhost/told", "https://10.0.0.1/"] {
            let (status, refused) =
                server.ask(Method::POST, &admin, "/api/webhooks", ("inside-hook", hook(inside))).await;
            assert_eq!((status, &refused["code"]), (422, &json!("webhooks/private-address")), "{inside}");
        }
        let plain = hook("http://partner.example/told");
        let (status, refused) = server.ask(Method::POST, &admin, "/api/webhooks", ("plain-hook", plain)).await;
        assert_eq!((status, &refused["code"]), (422, &json!("request/invalid")));

        let fine = hook("https://partner.example/told");
        let (status, _) = server.ask(Method::POST, &picker, "/api/webhooks", ("picker-hook", fine.clone())).await;
        assert_eq!(status, 403);
        assert_eq!(server.get(&picker, "/api/webhooks").await.0, 403);
        let (status, made) = server.ask(Method::POST, &admin, "/api/webhooks", ("admin-hook", fine.clone())).await;
        assert_eq!(status, 201, "{made}");
        assert!(made["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));
        let (status, refused) = server.ask(Method::POST, &admin, "/api/webhooks", ("admin-hook", fine)).await;
        assert_eq!((status, &refused["code"]), (409, &json!("identity/secret-shown")), "a secret is shown once");
        let (_, list) = server.get(&admin, "/api/webhooks").await;
        assert!(!list.to_string().contains("whsec_"), "{list}");
    }
}
