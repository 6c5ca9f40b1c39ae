//! Suggestions: one vote each, an answer with a reason, and nobody reads what a customer said but themselves and us.

use edge::{Duty, Sites};
use improvement::suggestions::{self, NewSuggestion, SuggestionState, SuggestionsRefusal, Triage, Voting};
use kernel::{Actor, SiteId, Stamp};
use serde_json::json;
use store::Tx;

use crate::shop::{Shop, shops};

const WEEK: i64 = 7 * 24 * 60;

fn idea(site: Option<SiteId>) -> NewSuggestion {
    NewSuggestion {
        site,
        step: "2.2".to_owned(),
        title: "冰袋放在包裝台旁".to_owned(),
        text: "每單少走二十步".to_owned(),
    }
}

async fn suggest(shop: &Shop, author: Actor, site: Option<SiteId>) -> suggestions::SuggestionCard {
    shop.by(author, 0, async move |tx: &mut Tx, stamp: &Stamp| suggestions::make(tx, stamp, idea(site), None).await)
        .await
        .unwrap()
}

#[tokio::test]
async fn everybody_has_one_vote_and_none_for_themselves() {
    for shop in shops().await {
        let (author, packer, courier) = (shop.staff(), shop.staff(), Actor::Courier(shop.mint()));
        let id = suggest(&shop, author, Some(shop.taipei)).await.id;
        let vote = async |by: Actor| {
            shop.by(by, 1, async move |tx: &mut Tx, stamp: &Stamp| suggestions::vote(tx, stamp, id).await).await
        };

        assert_eq!(vote(packer).await.unwrap().votes, 1);
        assert_eq!(vote(courier).await.map(|card| (card.votes, card.voting)).unwrap(), (2, Voting::Voted));
        assert!(matches!(vote(packer).await, Err(SuggestionsRefusal::VotedAlready)));
        assert!(matches!(vote(author).await, Err(SuggestionsRefusal::OwnSuggestion)));

        let door = shop.door(packer, Sites::All, &[Duty::Suggest]);
        let (_, seen) = door.get(&format!("/suggestions/{id}")).await;
        assert_eq!((&seen["votes"], &seen["voting"]), (&json!(2), &json!("voted")));
    }
}

#[tokio::test]
async fn the_author_reads_what_became_of_it() {
    for shop in shops().await {
        let (author, lead) = (shop.staff(), shop.staff());
        let made = suggest(&shop, author, None).await;
        assert_eq!(made.due_at.minutes_since(made.made_at), WEEK);
        let id = made.id;
        let answer = async |minute: i64| {
            shop.by(lead, minute, async move |tx: &mut Tx, stamp: &Stamp| {
                suggestions::answer(tx, stamp, id, Triage::Accepted, "下週起試行".to_owned()).await
            })
            .await
        };

        assert_eq!(answer(90).await.unwrap().state, SuggestionState::Accepted);
        let again = answer(91).await;
        assert!(matches!(again, Err(SuggestionsRefusal::SuggestionIs { state: SuggestionState::Accepted })));

        let door = shop.door(author, Sites::Only(vec![shop.taipei]), &[Duty::Suggest]);
        let (_, mine) = door.get("/suggestions/mine").await;
        assert_eq!(mine["items"][0]["reason"], json!("下週起試行"));
        assert_eq!(mine["items"][0]["state"], json!("accepted"));
        let (_, open) = door.get(&format!("/suggestions?site={}&state=made", shop.taipei)).await;
        assert_eq!(open["items"], json!([]));
    }
}

#[tokio::test]
async fn a_customer_sees_their_own_and_no_other() {
    for shop in shops().await {
        let customer = shop.customer();
        let door = shop.door(customer, Sites::Only(Vec::new()), &[Duty::Suggest]);
        let idea = json!({ "step": "4.3", "title": "請不要按門鈴", "text": "寶寶在睡覺" });
        let (status, made) = door.post("/suggestions", idea).await;
        assert_eq!(status, 201, "{made}");
        let path = format!("/suggestions/{}", made["id"].as_str().unwrap());

        let stranger = shop.door(shop.customer(), Sites::Only(Vec::new()), &[Duty::Suggest]);
        let packer = shop.door(shop.staff(), Sites::Only(vec![shop.taipei]), &[Duty::Suggest]);
        assert_eq!(door.get(&path).await.0, 200);
        assert_eq!(packer.get(&path).await.0, 200);
        assert_eq!(stranger.get(&path).await.0, 404);
        assert_eq!(stranger.post(&format!("{path}/votes"), json!({})).await.0, 404);
        assert_eq!(
            packer.post(&format!("{path}/answer"), json!({ "verdict": "declined", "reason": "x" })).await.0,
            403
        );
        assert_eq!(door.get(&format!("/suggestions?site={}", shop.taipei)).await.0, 404);
        let nowhere = json!({ "step": "9.9", "title": "x" });
        assert_eq!(packer.post("/suggestions", nowhere).await.1["field"], json!("step"));
    }
}
