//! A review meeting from its agenda to the last action.

use std::{future::Future, pin::Pin, sync::Arc};

use edge::{Duty, Sites};
use events::{Object, Told};
use identity::{Role, SiteScope};
use improvement::{
    meetings::{self, Breach, BreachSource, Breaches, MeetingsRefusal, NewAction, NewDecision, Topic},
    suggestions::{self, NewSuggestion},
};
use kernel::{Actor, CustomerOrderId, Instant, SiteId, Stamp};
use serde::Serialize;
use serde_json::json;
use store::{StoreError, Tx};

use crate::shop::{Shop, shops};

#[derive(Clone, Serialize)]
struct OrderAccepted {
    without_a_hand: i64,
}

impl Told for OrderAccepted {
    const KIND: &'static str = "order_accepted";
    const VERSION: i64 = 1;
}

struct Known;

impl Breaches for Known {
    fn between<'a>(
        &'a self,
        _tx: &'a mut Tx,
        _site: SiteId,
        from: Instant,
        until: Instant,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Breach>, StoreError>> + Send + 'a>> {
        let breach = breach(until.minutes_since(from));
        Box::pin(async { Ok(vec![breach]) })
    }
}

fn breach(worst_minutes: i64) -> Breach {
    Breach { procedure: "1.6".to_owned(), finding: "put_away late".to_owned(), cases: 3, worst_minutes }
}

/// Nine of ten orders needed a hand: far from the target.
async fn a_bad_day(shop: &Shop) {
    for nth in 0..10 {
        let order: CustomerOrderId = shop.mint();
        let body = OrderAccepted { without_a_hand: i64::from(nth == 0) };
        shop.tell(Actor::System, nth, Object::of(order), vec![Object::of(shop.taipei)], body).await;
    }
}

#[tokio::test]
async fn the_system_prepares_the_agenda_and_the_meeting_ends_in_actions() {
    for shop in shops().await {
        a_bad_day(&shop).await;
        let chair = shop.staff();
        let owner = shop.hire("lin", Role::WarehouseLead, SiteScope::Only(vec![shop.taipei])).await;
        let elsewhere = shop.hire("chen", Role::WarehouseLead, SiteScope::Only(vec![shop.tainan])).await;
        let idea = NewSuggestion {
            site: None,
            step: "3.2".to_owned(),
            title: "放寬重複訂單規則".to_owned(),
            text: String::new(),
        };
        shop.by(owner_of(owner), 11, async move |tx: &mut Tx, stamp: &Stamp| {
            suggestions::make(tx, stamp, idea.clone(), None).await
        })
        .await
        .unwrap();
        let site = shop.taipei;
        let called = shop
            .by(chair, 60, async move |tx: &mut Tx, stamp: &Stamp| meetings::call(tx, stamp, site, &[breach(42)]).await)
            .await
            .unwrap();
        let topics: Vec<Topic> = called.agenda.iter().map(|item| item.topic).collect();
        assert_eq!(topics, [Topic::Breach, Topic::Miss, Topic::UnansweredSuggestion]);
        let miss = &called.agenda[1];
        assert_eq!(
            (miss.subject.as_str(), miss.value, miss.target),
            ("accepted_without_a_hand_pct", Some(1_000), Some(9_000))
        );
        let meeting = called.meeting.id;

        let close = async |minutes: &'static str| {
            shop.by(chair, 90, async move |tx: &mut Tx, stamp: &Stamp| {
                meetings::close(tx, stamp, meeting, minutes).await
            })
            .await
        };
        assert!(matches!(close("沒事").await, Err(MeetingsRefusal::NothingDecided)));
        let decide = async |item: i64| {
            shop.by(chair, 70, async move |tx: &mut Tx, stamp: &Stamp| {
                let decision = NewDecision { item: Some(item), text: "調整規則".to_owned() };
                meetings::decide(tx, stamp, meeting, decision).await
            })
            .await
        };
        assert!(matches!(decide(9).await, Err(MeetingsRefusal::NoSuchAgendaItem { nth: 9 })));
        assert_eq!(decide(2).await.unwrap().nth, 1);
        let agree = async |who, due_on: &'static str| {
            shop.by(chair, 75, async move |tx: &mut Tx, stamp: &Stamp| {
                let action = NewAction {
                    text: "放寬重複訂單規則到 10 分鐘".to_owned(),
                    owner: who,
                    due_on: due_on.parse().unwrap(),
                    indicator: Some("accepted_without_a_hand_pct".to_owned()),
                };
                meetings::agree(tx, stamp, meeting, action).await
            })
            .await
        };
        assert!(matches!(agree(elsewhere, "2026-03-30").await, Err(MeetingsRefusal::NoSuchOwner)));
        assert!(matches!(agree(owner, "2026-03-27").await, Err(MeetingsRefusal::DueInThePast { .. })));
        let action = agree(owner, "2026-03-29").await.unwrap();
        assert_eq!(action.before, Some(1_000), "where the figure stood is noted with the action");
        assert_eq!(close("規則已調整").await.unwrap().actions.len(), 1);
        assert!(matches!(decide(1).await, Err(MeetingsRefusal::MeetingClosed)));

        let two_days_later = 3 * 24 * 60;
        let next = shop
            .by(chair, two_days_later, async move |tx: &mut Tx, stamp: &Stamp| {
                meetings::call(tx, stamp, site, &[]).await
            })
            .await
            .unwrap();
        assert_eq!(next.meeting.first.to_string(), "2026-03-29", "it begins where the last one ended");
        assert!(next.agenda.iter().any(|item| item.topic == Topic::OverdueAction));

        let finish = async |by: Actor| {
            let id = action.id;
            shop.by(by, two_days_later, async move |tx: &mut Tx, stamp: &Stamp| {
                meetings::finish(tx, stamp, id, "已上線".to_owned()).await
            })
            .await
        };
        assert!(matches!(finish(chair).await, Err(MeetingsRefusal::NoSuchAction)), "only the owner says it is done");
        assert_eq!(finish(owner_of(owner)).await.unwrap().result.as_deref(), Some("已上線"));
        assert!(matches!(finish(owner_of(owner)).await, Err(MeetingsRefusal::ActionIs { .. })));
    }
}

const fn owner_of(user: kernel::UserId) -> Actor {
    Actor::Staff(user)
}

#[tokio::test]
async fn breaches_come_from_whoever_is_laid_over_the_door() {
    for shop in shops().await {
        let duties = [Duty::HoldMeetings, Duty::Suggest];
        let chair =
            shop.door(shop.staff(), Sites::Only(vec![shop.taipei]), &duties).with(BreachSource(Arc::new(Known)));
        let here = json!({ "site": shop.taipei });

        let (status, called) = chair.post("/meetings", here.clone()).await;
        assert_eq!(status, 201, "{called}");
        assert_eq!(called["agenda"][0]["topic"], json!("breach"));
        // Six days and the four hours since the day turned.
        let span = 6 * 24 * 60 + 4 * 60;
        assert_eq!(called["agenda"][0]["text"], json!(format!("put_away late +{span} min")));
        assert_eq!(called["meeting"]["last"], json!("2026-03-28"));
        assert_eq!(chair.post("/meetings", here.clone()).await.1, called, "the same key is the same meeting");

        let elsewhere = shop.door(shop.staff(), Sites::Only(vec![shop.tainan]), &duties);
        let path = format!("/meetings/{}", called["meeting"]["id"].as_str().unwrap());
        assert_eq!(elsewhere.get(&path).await.0, 404);
        assert_eq!(elsewhere.post("/meetings", here).await.0, 404);
        assert_eq!(elsewhere.post(&format!("{path}/decisions"), json!({ "text": "x" })).await.0, 404);
        assert_eq!(chair.post(&format!("{path}/decisions"), json!({ "item": 1, "text": "加派人手" })).await.0, 201);
        assert_eq!(
            chair.post(&format!("{path}/close"), json!({ "minutes": "如議" })).await.1["meeting"]["state"],
            json!("closed")
        );
        assert_eq!(chair.get(&format!("/actions?site={}", shop.taipei)).await.1["items"], json!([]));
        assert_eq!(chair.get("/actions/mine").await.1["items"], json!([]));
    }
}
