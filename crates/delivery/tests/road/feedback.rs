//! Stories of what customers say and what they get, on every database.

use delivery::{
    feedback::{
        self, ComplaintFacts, ComplaintKind, ComplaintState, FeedbackRefusal, Finding, NewComplaint, NewRating,
        NotJoined,
    },
    planning::VehicleKind,
    remedies::{self, Decider, History, Policy, RemedyRefusal},
    tracking::{self, HandOver, Proof},
};
use edge::Duty;
use kernel::{
    Actor, ComplaintId, Currency, CustomerId, CustomerOrderId, LotId, Money, OrderLineId, Stamp, SupplierId,
    TemperatureClass,
};
use serde_json::json;
use store::{StoreError, Tx};

use crate::{
    door::Door,
    shop::{MORNING, Shop, shops},
};

/// An order that is at its customer's.
pub(crate) struct Delivered {
    pub(crate) order: CustomerOrderId,
    pub(crate) customer: CustomerId,
    pub(crate) line: OrderLineId,
}

pub(crate) async fn delivered(shop: &Shop) -> Delivered {
    let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
    let courier = shop.courier("陳大文").await.courier.id;
    shop.shift(courier, &van, 60, 480).await;
    let drop = shop.drop(1_000);
    let plan = shop.plan(std::slice::from_ref(&drop)).await;
    let (run, stop) = (plan.runs[0].run, plan.runs[0].stops[0].stop);
    let parcel = shop.pack(drop.order, TemperatureClass::Ambient).await;
    shop.load(run, parcel).await.unwrap();
    shop.depart(run).await.unwrap();
    let (order, customer, line) = (drop.order, drop.customer, shop.mint());
    shop.by(Actor::Courier(courier), 125, async move |tx: &mut Tx, stamp: &Stamp| {
        tracking::arrive(tx, stamp, stop).await?;
        let proof = Proof::Signature { name: "王小明".to_owned(), sha256: None };
        tracking::hand_over(tx, stamp, stop, &HandOver { proof, door_temperature: None }).await
    })
    .await
    .unwrap();
    shop.at(126, async move |tx: &mut Tx, stamp: &Stamp| {
        feedback::ask(tx, stamp, order, customer, &[line]).await?;
        feedback::ask(tx, stamp, order, customer, &[line]).await
    })
    .await
    .unwrap();
    Delivered { order, customer, line }
}

fn five_stars() -> NewRating {
    NewRating { goods: 5, time: 4, courier: 5, text: "很新鮮".to_owned(), suggestion: "少一點塑膠".to_owned() }
}

async fn rate(shop: &Shop, by: Actor, order: CustomerOrderId) -> Result<feedback::Rating, FeedbackRefusal> {
    shop.by(by, 200, async move |tx: &mut Tx, stamp: &Stamp| feedback::rate(tx, stamp, order, five_stars()).await).await
}

async fn complain(
    shop: &Shop,
    done: &Delivered,
    line: OrderLineId,
    kind: ComplaintKind,
) -> Result<ComplaintId, FeedbackRefusal> {
    let order = done.order;
    shop.by(Actor::Customer(done.customer), 210, async move |tx: &mut Tx, stamp: &Stamp| {
        let draft = NewComplaint { order_line: line, kind, text: "葉子爛了".to_owned(), photo: None };
        Ok(feedback::complain(tx, stamp, order, draft).await?.sheet().id)
    })
    .await
}

#[tokio::test]
async fn a_customer_rates_their_own_order_once() {
    for shop in shops().await {
        let done = delivered(&shop).await;
        let stranger = Actor::Customer(shop.mint());

        let theirs = rate(&shop, stranger, done.order).await;
        let first = rate(&shop, Actor::Customer(done.customer), done.order).await.unwrap();
        let second = rate(&shop, Actor::Customer(done.customer), done.order).await;
        let unknown = rate(&shop, Actor::Customer(done.customer), shop.mint()).await;

        assert!(matches!(theirs, Err(FeedbackRefusal::NoSuchOrder)), "{theirs:?}");
        assert_eq!((first.stars.goods, first.stars.time, first.stars.courier), (5, 4, 5));
        assert!(matches!(second, Err(FeedbackRefusal::RatedAlready)), "{second:?}");
        assert!(matches!(unknown, Err(FeedbackRefusal::NoSuchOrder)), "{unknown:?}");
        assert_eq!((shop.count("feedback_asked").await, shop.count("rating_given").await), (1, 1));
    }
}

#[tokio::test]
async fn nobody_is_asked_about_an_order_that_did_not_arrive() {
    for shop in shops().await {
        let (order, customer) = (shop.mint(), shop.mint());

        let refused = shop
            .at(1, async move |tx: &mut Tx, stamp: &Stamp| feedback::ask(tx, stamp, order, customer, &[]).await)
            .await;

        assert!(matches!(refused, Err(FeedbackRefusal::NotHandedOver)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_complaint_finds_its_lot_and_is_answered_and_closed() {
    for shop in shops().await {
        let done = delivered(&shop).await;
        let (lot, supplier): (LotId, SupplierId) = (shop.mint(), shop.mint());

        let strange = complain(&shop, &done, shop.mint(), ComplaintKind::Freshness).await;
        let complaint = complain(&shop, &done, done.line, ComplaintKind::Freshness).await.unwrap();
        let again = complain(&shop, &done, done.line, ComplaintKind::Freshness).await;
        assert!(matches!(strange, Err(FeedbackRefusal::NoSuchLine)), "{strange:?}");
        assert!(matches!(again, Err(FeedbackRefusal::ComplainedAlready { .. })), "{again:?}");

        let facts = ComplaintFacts {
            lots: vec![lot, lot],
            suppliers: vec![supplier],
            findings: [("room_peak".to_owned(), "7.8 °C".to_owned())].into(),
            ..ComplaintFacts::default()
        };
        let joined = facts.clone();
        shop.at(211, async move |tx: &mut Tx, stamp: &Stamp| {
            feedback::join(tx, stamp, complaint, &joined).await?;
            feedback::join(tx, stamp, complaint, &joined).await
        })
        .await
        .unwrap();
        let about = shop.db.read(async move |tx: &mut Tx| feedback::complaints_about(tx, lot, MORNING).await).await;
        assert_eq!(about.unwrap(), 1);

        let early =
            shop.at(212, async move |tx: &mut Tx, stamp: &Stamp| feedback::close(tx, stamp, complaint).await).await;
        assert!(matches!(early, Err(FeedbackRefusal::ComplaintIs { state: ComplaintState::Made })), "{early:?}");
        let closed = shop
            .at(213, async move |tx: &mut Tx, stamp: &Stamp| {
                feedback::answer(tx, stamp, complaint, Finding::Upheld, "已退款".to_owned()).await?;
                feedback::close(tx, stamp, complaint).await
            })
            .await
            .unwrap();
        assert_eq!(closed.state(), ComplaintState::Closed);
    }
}

#[tokio::test]
async fn a_refund_is_kept_once_and_never_exceeds_what_was_paid() {
    for shop in shops().await {
        let done = delivered(&shop).await;
        let fresh = complain(&shop, &done, done.line, ComplaintKind::Freshness).await.unwrap();
        let weight = complain(&shop, &done, done.line, ComplaintKind::Weight).await.unwrap();
        let (site, customer) = (shop.site, done.customer);
        let refund = |complaint: ComplaintId| {
            shop.at(220, async move |tx: &mut Tx, stamp: &Stamp| {
                let claim = remedies::claim(tx, complaint, Money(120)).await?;
                let policy = remedies::policy(tx, site).await?;
                let history = remedies::history(tx, customer, stamp.at).await?;
                assert_eq!(history, History { orders: 1, complaints: 2 });
                let remedy = remedies::decide(claim, history, Decider::Rule, &policy)?;
                remedies::record(tx, stamp, complaint, remedy, Money(120), None).await?;
                Ok::<_, RemedyRefusal>(remedy)
            })
        };

        assert_eq!(refund(weight).await.unwrap().amount, Money(24));
        assert_eq!(refund(fresh).await.unwrap().amount, Money(96));
        let again = refund(fresh).await;

        assert!(matches!(again, Err(RemedyRefusal::NothingToRefund { .. })), "{again:?}");
        let kept = shop.db.read(async move |tx: &mut Tx| remedies::refunded(tx, fresh).await).await.unwrap();
        assert_eq!((kept, shop.count("remedy_given").await), (Some(Money(96)), 2));
    }
}

#[tokio::test]
async fn a_site_may_have_rules_of_its_own() {
    for shop in shops().await {
        let site = shop.site;
        let own =
            Policy { share_bp: [(ComplaintKind::Weight, 5_000)].into(), limit: [(Decider::Rule, Money(100))].into() };

        let policy = shop
            .at(1, async move |tx: &mut Tx, stamp: &Stamp| {
                remedies::set_policy(tx, stamp, site, &own).await?;
                remedies::policy(tx, site).await
            })
            .await
            .unwrap();

        let house = Policy::house(Currency::Twd);
        assert_eq!(policy.share_bp.get(&ComplaintKind::Weight), Some(&5_000));
        assert_eq!(policy.share_bp.get(&ComplaintKind::Missing), house.share_bp.get(&ComplaintKind::Missing));
        assert_eq!(policy.limit.get(&Decider::Rule), Some(&Money(100)));
    }
}

#[tokio::test]
async fn a_complaint_waits_to_be_joined_and_keeps_its_probable_causes() {
    for shop in shops().await {
        let done = delivered(&shop).await;
        let complaint = complain(&shop, &done, done.line, ComplaintKind::Freshness).await.unwrap();
        let waiting = shop.db.read(async |tx: &mut Tx| feedback::unjoined(tx, 10).await).await.unwrap();
        assert_eq!(waiting, [complaint]);

        let evidence = feedback::Evidence {
            kind: ComplaintKind::Freshness,
            others_of_lots: 2,
            others_of_picker: 0,
            others_of_run: 0,
            stopped_lots: 0,
            door: None,
        };
        let (noted, at) = (feedback::rank(&evidence), shop.mint::<LotId>());
        let causes = noted.clone();
        shop.at(211, async move |tx: &mut Tx, stamp: &Stamp| {
            let facts = ComplaintFacts { lots: vec![at], ..ComplaintFacts::default() };
            feedback::join(tx, stamp, complaint, &facts).await?;
            feedback::note_causes(tx, complaint, &causes).await?;
            // Joined again, the causes are replaced and not doubled.
            feedback::note_causes(tx, complaint, &causes).await?;
            remedies::review(tx, complaint, remedies::Verdict::LeftToPerson, Some("remedies/above-limit"), stamp.at)
                .await?;
            Ok::<_, FeedbackRefusal>(())
        })
        .await
        .unwrap();

        let waiting = shop.db.read(async |tx: &mut Tx| feedback::unjoined(tx, 10).await).await.unwrap();
        let kept = shop.db.read(async move |tx: &mut Tx| feedback::likely_causes(tx, complaint).await).await.unwrap();
        let review = shop.db.read(async move |tx: &mut Tx| remedies::reviewed(tx, complaint).await).await.unwrap();
        assert!(waiting.is_empty());
        assert_eq!(kept, noted);
        assert_eq!(kept[0].cause, feedback::CauseKind::Goods);
        assert_eq!(review.and_then(|review| review.why).as_deref(), Some("remedies/above-limit"));
    }
}

#[tokio::test]
async fn a_complaint_that_cannot_be_joined_is_left_to_the_desk_after_some_tries() {
    for shop in shops().await {
        let done = delivered(&shop).await;
        let complaint = complain(&shop, &done, done.line, ComplaintKind::Weight).await.unwrap();
        let sound = complain(&shop, &done, done.line, ComplaintKind::Freshness).await.unwrap();
        let desk = Door::of(&shop, Actor::Staff(shop.mint()), &[Duty::AnswerComplaints], vec![shop.site]);
        let left = format!("/complaints?site={}&state=made&review=left_to_person", shop.site);

        let mut tries = Vec::new();
        for minute in 1..=feedback::JOIN_TRIES {
            assert_eq!(desk.get(&left).await.1["items"], json!([]), "nobody is asked before try {minute}");
            let tried = shop.at(211 + minute, async move |tx: &mut Tx, stamp: &Stamp| {
                feedback::note_not_joined(tx, complaint, "the lot cannot be read", stamp.at).await
            });
            tries.push(tried.await.unwrap_or_else(|error: StoreError| panic!("{error}")));
        }

        assert_eq!(tries.pop(), Some(NotJoined::LeftToPerson));
        assert!(tries.iter().all(|tried| *tried == NotJoined::TryAgain), "{tries:?}");
        let waiting = shop.db.read(async |tx: &mut Tx| feedback::unjoined(tx, 10).await).await.unwrap();
        assert_eq!(waiting, [sound], "what is left to a person is not tried any more");
        let (_, listed) = desk.get(&left).await;
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(listed["items"][0]["id"], json!(complaint));
        let (_, shown) = desk.get(&format!("/complaints/{complaint}")).await;
        assert_eq!(shown["review"]["why"], json!("feedback/not-joined"));
        let (_, all) = desk.get(&format!("/complaints?site={}", shop.site)).await;
        assert_eq!(all["items"].as_array().map(Vec::len), Some(2));
    }
}

#[tokio::test]
async fn what_a_rating_suggests_is_heard_once() {
    for shop in shops().await {
        let done = delivered(&shop).await;
        rate(&shop, Actor::Customer(done.customer), done.order).await.unwrap();

        let said = shop.db.read(async |tx: &mut Tx| feedback::unheard_suggestions(tx, 10).await).await.unwrap();
        assert_eq!((said.len(), said[0].text.as_str(), said[0].customer), (1, "少一點塑膠", done.customer));
        let (rating, suggestion) = (said[0].rating, shop.mint());
        shop.at(230, async move |tx: &mut Tx, stamp: &Stamp| {
            feedback::heard(tx, rating, suggestion, stamp.at).await?;
            Ok::<_, FeedbackRefusal>(())
        })
        .await
        .unwrap();

        let said = shop.db.read(async |tx: &mut Tx| feedback::unheard_suggestions(tx, 10).await).await.unwrap();
        assert!(said.is_empty());
    }
}
