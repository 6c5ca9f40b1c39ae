//! Documents: shipped, written, approved by another, published, read.

use std::{collections::BTreeSet, fs, path::Path};

use edge::{Duty, Sites};
use kernel::{Actor, Lang, Stamp};
use procedures::authoring::{self, AuthoringRefusal, Document, Installed, RevisionState, shipped};
use serde_json::{Value, json};
use store::Tx;

use crate::shop::{Door, Shop, shops};

fn author(shop: &Shop, actor: Actor) -> Door {
    shop.door(actor, Sites::All, &[Duty::AuthorProcedures, Duty::ReadProcedures])
}

fn approver(shop: &Shop, actor: Actor) -> Door {
    shop.door(actor, Sites::All, &[Duty::ApproveProcedures, Duty::ReadProcedures])
}

async fn receiving(door: &Door) -> Value {
    let (status, procedures) = door.get("/procedures").await;
    assert_eq!(status, 200, "{procedures}");
    procedures.as_array().unwrap().iter().find(|procedure| procedure["step"] == "1.6").unwrap().clone()
}

fn rewritten(minutes: i64) -> Document {
    let mut document = shipped().unwrap().into_iter().find(|document| document.step == "1.6").unwrap();
    for step in &mut document.steps {
        if step.code == "weigh" {
            step.within_minutes = Some(minutes);
        }
    }
    document
}

#[test]
fn there_is_a_document_for_every_step_of_the_four_chains_in_three_languages() {
    let documents = shipped().unwrap();
    let steps: Vec<&str> = documents.iter().map(|document| document.step.as_str()).collect();
    let chains = [(1, 6), (2, 4), (3, 5), (4, 5)];
    let expected: Vec<String> =
        chains.iter().flat_map(|(chain, last)| (1..=*last).map(move |step| format!("{chain}.{step}"))).collect();
    assert_eq!(steps, expected);
    for document in &documents {
        for lang in Lang::ALL {
            assert!(!document.title.in_lang(lang).is_empty());
        }
    }
}

#[test]
fn every_event_that_a_document_expects_is_told_somewhere() {
    let told = kinds_in_the_sources();
    assert!(told.contains("order_placed") && told.contains("goods_put_away"), "the search finds what is there");
    for document in shipped().unwrap() {
        for kind in document.kinds() {
            assert!(told.contains(kind), "procedure {} expects {kind}, which nobody tells", document.step);
        }
    }
}

/// Every kind that a source file of the workspace declares as the name of an event.
fn kinds_in_the_sources() -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "tests" && name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let tells = ["Told", "facts! {", "told! {"].iter().any(|word| text.contains(word));
                let declared = text.split(" = \"").skip(1).filter_map(|rest| rest.split_once('"'));
                kinds.extend(declared.filter(|_| tells).map(|(kind, _)| kind.to_owned()));
            }
        }
    }
    kinds
}

#[tokio::test]
async fn installing_again_changes_nothing() {
    for shop in shops().await {
        let again = shop
            .by(Actor::System, 0, async move |tx: &mut Tx, stamp: &Stamp| authoring::install_shipped(tx, stamp).await)
            .await
            .unwrap();

        assert_eq!(again, Installed { published: 0, in_review: 0 });
        let (_, procedures) = author(&shop, shop.staff()).get("/procedures").await;
        assert_eq!(procedures.as_array().map(Vec::len), Some(20));
    }
}

#[tokio::test]
async fn who_wrote_a_revision_neither_approves_nor_publishes_it() {
    for shop in shops().await {
        // Somebody who was given both duties by mistake.
        let both = [Duty::AuthorProcedures, Duty::ApproveProcedures, Duty::ReadProcedures];
        let lin = shop.door(shop.staff(), Sites::All, &both);
        let chen = approver(&shop, shop.staff());
        let procedure = receiving(&lin).await;
        let drafts = format!("/procedures/{}/revisions", procedure["id"].as_str().unwrap());
        let manuscript = json!({ "document": rewritten(20), "note": "過磅縮短為二十分鐘" });

        let (status, drafted) = lin.post(&drafts, manuscript.clone()).await;
        assert_eq!(status, 201, "{drafted}");
        let path = format!("/procedure-revisions/{}", drafted["revision"]["id"].as_str().unwrap());
        let (_, second) = lin.post(&drafts, json!({ "document": rewritten(9), "note": "另一版" })).await;
        assert_eq!(second["code"], json!("authoring/revision-on-its-way"));
        assert_eq!(chen.post(&format!("{path}/approve"), json!({})).await.1["code"], json!("authoring/revision-is"));
        assert_eq!(chen.put(&path, manuscript.clone()).await.0, 403, "an approver writes nothing");
        assert_eq!(lin.put(&path, json!({ "document": rewritten(25), "note": "二十五分鐘" })).await.0, 200);
        assert_eq!(lin.post(&format!("{path}/submit"), json!({})).await.1["state"], json!("in_review"));

        let (status, refused) = lin.post(&format!("{path}/approve"), json!({})).await;
        assert_eq!((status.as_u16(), &refused["code"]), (403, &json!("authoring/author-approves")));
        assert_eq!(
            chen.post(&format!("{path}/give-back"), json!({ "reason": "請附依據" })).await.1["state"],
            json!("draft")
        );
        let id = drafted["revision"]["id"].as_str().unwrap().parse().unwrap();
        let author: Actor = serde_json::from_value(drafted["revision"]["author"].clone()).unwrap();
        let other = shop.staff();
        let submit = async |by| {
            shop.by(by, 1, async move |tx: &mut Tx, stamp: &Stamp| authoring::submit(tx, stamp, id).await).await
        };
        let approve = async |by| {
            shop.by(by, 2, async move |tx: &mut Tx, stamp: &Stamp| authoring::approve(tx, stamp, id).await).await
        };
        let publish = async |by| {
            shop.by(by, 3, async move |tx: &mut Tx, stamp: &Stamp| authoring::publish(tx, stamp, id, None).await).await
        };
        submit(author).await.unwrap();
        assert!(matches!(approve(author).await, Err(AuthoringRefusal::AuthorApproves)));
        assert_eq!(approve(other).await.unwrap().state(), RevisionState::Approved);
        assert!(matches!(publish(author).await, Err(AuthoringRefusal::AuthorApproves)));
        assert_eq!(publish(other).await.unwrap().state(), RevisionState::Published);

        let (_, sheet) = chen.get(&format!("/procedures/{}", procedure["id"].as_str().unwrap())).await;
        let states: Vec<&Value> = sheet["revisions"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
        assert_eq!(states, [&json!("retired"), &json!("published")]);
        assert_eq!(sheet["revisions"][0]["valid_until"], sheet["revisions"][1]["valid_from"]);
        assert_eq!(sheet["revisions"][1]["review_due"], json!("2027-03-28"));
    }
}

#[tokio::test]
async fn a_reader_confirms_once() {
    for shop in shops().await {
        let packer = shop.staff();
        let door = shop.door(packer, Sites::Only(vec![shop.site]), &[Duty::ReadProcedures]);
        let procedure = receiving(&door).await;
        assert_eq!(procedure["acknowledged_at"], Value::Null);
        let revision = procedure["current"]["id"].as_str().unwrap();
        let path = format!("/procedure-revisions/{revision}/acknowledgements");

        assert_eq!(door.post(&path, json!({})).await.0, 201);
        assert_eq!(door.post(&path, json!({})).await.0, 201);
        assert_ne!(receiving(&door).await["acknowledged_at"], Value::Null);
        assert_eq!(door.get(&path).await.0, 403);
        let (_, readers) = author(&shop, shop.staff()).get(&path).await;
        assert_eq!(readers["items"].as_array().map(Vec::len), Some(1));

        let drafts = format!("/procedures/{}/revisions", procedure["id"].as_str().unwrap());
        assert_eq!(door.post(&drafts, json!({ "document": rewritten(20), "note": "x" })).await.0, 403);
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_followed_is_refused() {
    for shop in shops().await {
        let door = author(&shop, shop.staff());
        let procedure = receiving(&door).await;
        let drafts = format!("/procedures/{}/revisions", procedure["id"].as_str().unwrap());
        let draft = async |change: fn(&mut Document)| {
            let mut document = rewritten(20);
            change(&mut document);
            door.post(&drafts, json!({ "document": document, "note": "改版" })).await.1
        };

        let twice = draft(|document| document.steps[1].code = document.steps[0].code.clone()).await;
        assert_eq!(twice["field"], json!("steps/1/code"));
        let unknown = draft(|document| document.steps[1].after = Some("sleep".to_owned())).await;
        assert_eq!(unknown["field"], json!("steps/1/after"));
        let endless = draft(|document| document.ends_on.clear()).await;
        assert_eq!(endless["field"], json!("ends_on"));
        let shouted = draft(|document| document.steps[0].events = vec!["Goods Arrived".to_owned()]).await;
        assert_eq!(shouted["code"], json!("request/invalid"));
        let other = draft(|document| document.step = "2.2".to_owned()).await;
        assert_eq!(other["code"], json!("authoring/other-step"));
    }
}
