//! I7: every command of a day sent a second time, under its own key, changes nothing and is answered as it was.

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::{Login, Shop};

use crate::yesterday::{Yesterday, operation_of};

pub(crate) async fn a_day_sent_twice_is_one_day(yesterday: &Yesterday) {
    let Yesterday { shop, phones, commands, document } = yesterday;
    let operations = document.operations();
    let mut logins: BTreeMap<String, Login> = BTreeMap::new();
    let auditor = shop.staff("auditor").await;
    // Whoever commanded something is signed in again before the count, for coming in is told to the log as well.
    for command in commands {
        if !logins.contains_key(&command.who) {
            let login = match phone_of(&command.who, commands) {
                None => shop.staff(&command.who).await,
                Some(phone) => {
                    let challenge = shop.ask_for_code(&phone).await;
                    shop.confirm(&challenge, &phones.take_code(&phone).expect("a code")).await
                }
            };
            logins.insert(command.who.clone(), login);
        }
    }
    shop.let_it_work().await;
    let before = told(shop, &auditor).await;
    let mut repeated = 0;

    for command in commands {
        let operation = operation_of(&operations, &command.method, &command.path).expect("a known operation");
        let is_keyed = operation.parameters.iter().any(|parameter| parameter.name == "Idempotency-Key");
        // What is only tried leaves nothing, not even its key.
        if !is_keyed || command.path.ends_with("?dry_run=true") {
            continue;
        }
        let answer = shop.post_under(&logins[&command.who], &command.key, &command.path, &command.body).await;
        if command.answer.get("secret").is_some() {
            assert_eq!(answer.code(), (409, "identity/secret-shown"), "a secret is shown once");
        } else {
            assert!(answer.status.is_success(), "{} {:?} {}", command.path, answer.code(), answer.body);
            assert_eq!(
                answer.headers.get("idempotent-replayed").map(axum::http::HeaderValue::as_bytes),
                Some(&b"true"[..]),
                "{}",
                command.path
            );
            assert_eq!(answer.body.get("id"), command.answer.get("id"), "{}", command.path);
        }
        repeated += 1;
    }

    assert!(repeated >= 50, "{repeated} commands only");
    shop.let_it_work().await;
    assert_eq!(told(shop, &auditor).await, before, "a repeated command told something");
    let findings = auditor::audit(&shop.database()).await.expect("an audit");
    assert!(findings.is_clean(), "{:?}", findings.laws);
}

/// What a customer of the simulation gave the desk as their phone; nobody else has one there.
fn phone_of(who: &str, commands: &[sim::Acknowledged]) -> Option<String> {
    let nth: usize = who.strip_prefix("customer-")?.parse().ok()?;
    let registered = commands.iter().filter(|command| command.path == "/api/customers");
    registered.skip(nth).find_map(|command| command.body["phone"].as_str().map(str::to_owned))
}

/// How many events the log holds, by its kind; but for those of the test, which signs in to let the shop work.
async fn told(shop: &Shop, reader: &Login) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = shop.get(reader, &format!("/api/events?limit=200{after}")).await.ok();
        for event in page["items"].as_array().into_iter().flatten() {
            *kinds.entry(event["kind"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    kinds.remove("signed_in");
    kinds
}
