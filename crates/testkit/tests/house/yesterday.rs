//! A day of trade is lived through once on each engine; what it left is then tried in every way.

use axum::http::Method;
use sim::{Acknowledged, Pace, Phones, Plan};
use store::testing::{self, Room};
use testkit::{
    Notices, Opening, Shop,
    api::{Document, Known, Operation},
};

use crate::{
    company::{Person, everybody},
    lists::no_faults,
    malformed::{self, Said},
    strangers, twice,
};

#[tokio::test]
async fn what_a_day_left_yields_to_nobody_on_sqlite() {
    it_yields_to_nobody(testing::sqlite_room(), Said::Everything).await;
}

#[tokio::test]
async fn what_a_day_left_yields_to_nobody_on_postgres() {
    let Some(room) = testing::postgres_room().await else { return };
    it_yields_to_nobody(room, Said::WhatEnginesTakeDifferently).await;
}

async fn it_yields_to_nobody(room: Room, said: Said) {
    let yesterday = after_a_day(room).await;
    twice::a_day_sent_twice_is_one_day(&yesterday).await;
    let Yesterday { shop, document, phones, .. } = &yesterday;
    let people = everybody(shop, document, Some(phones)).await;
    let known = explored(shop, document, &people).await;
    strangers::strangers_meet_nothing(&yesterday, &known).await;
    malformed::nonsense_is_refused(&yesterday, &people, known, said).await;
}

/// A shop after a day of trade, and everything that was said to it.
pub(crate) struct Yesterday {
    pub(crate) shop: Shop,
    pub(crate) phones: Phones,
    pub(crate) commands: Vec<Acknowledged>,
    pub(crate) document: Document,
}

/// Lets the simulated company work for a day.
async fn after_a_day(room: Room) -> Yesterday {
    let phones = Phones::listen().await.expect("phones");
    let opening = Opening { sites: 1, notices: Notices::Address(phones.address()) };
    let shop = Shop::open(room, opening).await;
    let plan = Plan {
        address: shop.listen().await,
        broker: shop.hear_sensors().await,
        phones: phones.clone(),
        opens: testkit::FOUNDED.parse().expect("an instant"),
        start: testkit::FIRST_MORNING.parse().expect("an instant"),
        days: 1,
        orders: 12,
        demand: None,
        seed: 5,
        forecasting: "ensemble",
        password: server::DEMO_PASSWORD.to_owned(),
        pace: Pace::Headless,
        faults: sim::Faults::None,
        outages: None,
    };
    let outcome = sim::run(plan).await.expect("a day");
    Yesterday { shop, phones, commands: outcome.acknowledged, document: Document::generated() }
}

/// Finds the operation that a request was for.
pub(crate) fn operation_of<'a>(operations: &'a [Operation], method: &Method, path: &str) -> Option<&'a Operation> {
    let parts: Vec<&str> = path.trim_start_matches("/api").split('?').next().unwrap_or_default().split('/').collect();
    let fits = |operation: &&Operation| {
        let own: Vec<&str> = operation.path.split('/').collect();
        operation.method == *method
            && own.len() == parts.len()
            && own.iter().zip(&parts).all(|(own, part)| own.starts_with('{') || own == part)
    };
    // Of `/runs/late-risk` and `/runs/{run}` the plainer one is meant.
    operations.iter().filter(fits).min_by_key(|operation| operation.path.matches('{').count())
}

/// Reads every list and every thing that can be reached from one, and remembers what there is.
async fn explored(shop: &Shop, document: &Document, people: &[Person]) -> Known {
    let (mut known, mut untrue) = (Known::default(), Vec::new());
    let operations = document.operations();
    let readable: Vec<&Operation> = operations.iter().filter(|operation| operation.method == Method::GET).collect();
    // Twice: what the first round found leads to more.
    for _ in 0..2 {
        for operation in &readable {
            let ready = operation.in_path().next().is_none() || document.leads_somewhere(operation, &known);
            let Some(schema) = operation.answer.as_ref().filter(|_| ready) else { continue };
            let query = document.query_of(operation, &known);
            let address = operation.address(&document.path_of(operation, &known), &query);
            for person in people {
                let answer = shop.get(&person.login, &address).await;
                if answer.status.is_success() {
                    document.ids_in(&answer.body, schema, &mut known);
                    let misfits = document.misfits(&answer.body, schema);
                    untrue.extend(misfits.into_iter().map(|misfit| format!("{}: {misfit}", operation.name())));
                    break;
                }
            }
        }
    }
    untrue.sort();
    untrue.dedup();
    no_faults("answers that are not what the document says", &untrue);
    known
}
