//! Devices: who gives a probe its secret, and what the secret is good for.

use identity::Role;
use serde_json::{Value, json};
use testkit::{
    Login, Opening, Shop,
    api::{Document, NOBODYS_ID},
};

use crate::company::strangers;

#[tokio::test]
async fn a_registered_probe_has_a_secret_of_its_own() {
    for shop in Shop::on_both(Opening { sites: 1, ..Opening::default() }).await {
        let lead = shop.staff("warehouse").await;
        let site = shop.sites().await.remove(0);
        let new = json!({ "site": site.id, "code": "P-1", "kind": "gateway" });
        let probe = shop.post(&lead, "/api/probes", new).await.ok();
        let path = |probe: &str| format!("/api/probes/{probe}/credential");
        let own = path(probe["id"].as_str().unwrap_or_default());

        let made = shop.post(&lead, &own, Value::Null).await.ok();

        assert_eq!(shop.get(&bearer(&made), "/api/session").await.code(), (403, "identity/not-allowed"));
        let unknown = shop.post(&lead, &path(NOBODYS_ID), Value::Null).await;
        assert_eq!(unknown.code(), (404, "coldchain/no-such-probe"), "nobody has registered it");
        let others = strangers(&shop, &Document::generated(), None).await;
        let elsewhere = others.iter().find(|person| person.role == Role::WarehouseLead).expect("a lead");
        let not_theirs = shop.post(&elsewhere.login, &own, Value::Null).await;
        assert_eq!(not_theirs.code(), (404, "coldchain/no-such-probe"), "not their site's");

        let renewed = shop.post(&lead, &own, Value::Null).await.ok();
        assert_eq!(shop.get(&bearer(&made), "/api/session").await.code(), (401, "identity/token-refused"));
        assert_eq!(shop.get(&bearer(&renewed), "/api/session").await.code(), (403, "identity/not-allowed"));
        let retire = format!("/api/probes/{}/retire", probe["id"].as_str().unwrap_or_default());
        shop.post(&lead, &retire, json!({ "reason": "it fell" })).await.ok();
        assert_eq!(shop.post(&lead, &own, Value::Null).await.code(), (409, "coldchain/retired"));
    }
}

fn bearer(made: &Value) -> Login {
    Login::Bearer(made["secret"].as_str().unwrap_or_default().to_owned())
}
