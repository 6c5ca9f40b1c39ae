//! Who comes in at all: nobody, and everybody with the wrong role.

use std::collections::BTreeMap;

use axum::{body::Body, http::Request};
use edge::Duty;
use identity::Role;
use testkit::{
    Answer, Login, Opening, Shop,
    api::{Document, Known, Operation},
};

use crate::{
    company::everybody,
    lists::{ANYONE, PUBLIC, SHARED, holds, lines, no_faults, stale},
};

/// Knocks without saying anything sensible: what is refused for the caller is refused before a body is read, and what
/// is not refused for the caller changes nothing.
async fn knock(shop: &Shop, document: &Document, operation: &Operation, who: &Login) -> Answer {
    let nothing = Known::default();
    let query = document.query_of(operation, &nothing);
    let address = operation.address(&document.path_of(operation, &nothing), &query);
    let request = Request::builder().method(operation.method.clone()).uri(address);
    let request = request.header("idempotency-key", shop.fresh_key());
    match operation.body {
        Some(_) => shop.send(who, request.header("content-type", "application/json"), Body::from("{")).await,
        None => shop.send(who, request, Body::empty()).await,
    }
}

#[tokio::test]
async fn nobody_comes_in_but_by_the_public_doors() {
    let document = Document::generated();
    for shop in Shop::on_both(Opening::default()).await {
        let mut faults = stale(PUBLIC, &document.operations());
        for operation in document.operations() {
            let answer = knock(&shop, &document, &operation, &Login::Nobody).await;
            let refused = answer.code() == (401, "identity/sign-in-required") && answer.is_problem();
            if refused == holds(PUBLIC, &operation) {
                faults.push(format!("{} answers nobody {:?}", operation.name(), answer.code()));
            }
        }
        no_faults("nobody at the door", &faults);
    }
}

#[tokio::test]
async fn whoever_lacks_the_duty_is_refused_and_whoever_has_it_is_not() {
    let document = Document::generated();
    let operations = document.operations();
    for shop in Shop::on_both(Opening::default()).await {
        let people = everybody(&shop, &document, None).await;
        let mut faults: Vec<String> =
            stale(ANYONE, &operations).into_iter().chain(stale(SHARED, &operations)).collect();
        let mut tried = 0;
        for operation in operations.iter().filter(|operation| !holds(PUBLIC, operation)) {
            let mut answers = BTreeMap::new();
            for person in &people {
                answers.insert(person.role, knock(&shop, &document, operation, &person.login).await);
                tried += 1;
            }
            faults.extend(judged(operation, &answers));
        }
        assert!(tried > 2_000, "{tried} knocks only");
        no_faults("wrong roles", &faults);
    }
}

/// What an operation did wrong with the people who knocked.
fn judged(operation: &Operation, answers: &BTreeMap<Role, Answer>) -> Vec<String> {
    let refused = |answer: &Answer| answer.code() == (403, "identity/not-allowed");
    let name = operation.name();
    let mut faults = Vec::new();
    for (role, answer) in answers {
        if answer.status.is_server_error() || (answer.status.is_client_error() && !answer.is_problem()) {
            faults.push(format!("{name} answers {} {:?} {}", role.code(), answer.code(), answer.body));
        }
    }
    if holds(ANYONE, operation) {
        faults.extend(answers.iter().filter_map(|(role, answer)| shut_out(&name, *role, answer)));
        return faults;
    }
    // The door itself says which duty it wants; it must want the same from everybody.
    let wanted: Vec<&str> = answers
        .values()
        .filter(|answer| refused(answer))
        .filter_map(|answer| answer.body["params"]["duty"].as_str())
        .collect();
    let Some(duty) = wanted.first().and_then(|code| Duty::from_code(code)) else {
        faults.push(format!("{name} refuses nobody for their role"));
        return faults;
    };
    if duty == Duty::BeSomebody {
        faults.push(format!("{name} asks for nothing but a signed-in caller; if that is meant, say so in anyone.txt"));
    }
    for (role, answer) in answers {
        if role.duties().contains(&duty) == refused(answer) {
            faults.push(format!("{name} wants {}, and answers {} {:?}", duty.code(), role.code(), answer.code()));
        }
        if refused(answer) && answer.body["params"]["duty"] != duty.code() {
            faults.push(format!(
                "{name} wants {} from one and {} from another",
                duty.code(),
                answer.body["params"]["duty"]
            ));
        }
    }
    faults
}

/// What is open to everybody who is signed in may still want a duty for what was asked, never one that the caller has.
fn shut_out(name: &str, role: Role, answer: &Answer) -> Option<String> {
    let wanted = answer.body["params"]["duty"].as_str().and_then(Duty::from_code);
    let wanted = wanted.filter(|_| answer.status == 403)?;
    role.duties().contains(&wanted).then(|| format!("{name} wants {} of {}", wanted.code(), role.code()))
}

/// A list that names one operation twice hides that one of the two is meant for something else.
#[test]
fn the_lists_name_each_operation_once() {
    for list in [PUBLIC, ANYONE, SHARED] {
        let named = list.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        assert_eq!(named.filter(|line| !line.is_empty()).count(), lines(list).len());
    }
}
