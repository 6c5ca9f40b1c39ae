//! Stories of couriers' files, courses and months, on every database.

use crate::shop::{right_answers, shops};
use delivery::couriers::{self, AttemptResult, CouriersRefusal, Document, DocumentKind, FROZEN_HANDLING};
use kernel::Stamp;
use store::Tx;

const DAY: i64 = 1_440;

#[tokio::test]
async fn an_exam_is_failed_passed_and_limited() {
    for shop in shops().await {
        let (course, syllabus) = shop.teach().await;
        let courier = shop.courier("陳大文").await.courier.id;
        let sit = |minute, answers: Vec<couriers::Answer>| {
            shop.at(minute, async move |tx: &mut Tx, stamp: &Stamp| {
                couriers::attempt(tx, stamp, courier, course, &answers).await
            })
        };
        let guesses = || right_answers(&syllabus).into_iter().take(2).collect::<Vec<_>>();

        let failed = sit(1, guesses()).await.unwrap();
        assert_eq!((failed.number, failed.score_percent, failed.result), (1, 40, AttemptResult::Failed));
        assert_eq!(failed.certificate, None);
        sit(2, guesses()).await.unwrap();
        sit(3, guesses()).await.unwrap();
        let barred = sit(4, right_answers(&syllabus)).await;
        assert!(matches!(barred, Err(CouriersRefusal::NoAttemptLeft { attempts: 3, .. })), "{barred:?}");

        let passed = sit(31 * DAY, right_answers(&syllabus)).await.unwrap();
        let certificate = passed.certificate.unwrap();
        assert_eq!((passed.number, certificate.code.as_str()), (4, FROZEN_HANDLING));
        assert_eq!(certificate.earned_on, "2026-04-20".parse().unwrap());
        assert_eq!(certificate.valid_until, "2027-04-20".parse().unwrap());
        assert_eq!(shop.count("certificate_earned").await, 1);
        assert_eq!(shop.count("course_attempted").await, 4);
    }
}

#[tokio::test]
async fn an_answer_to_a_question_that_was_not_asked_is_refused() {
    for shop in shops().await {
        let (course, _) = shop.teach().await;
        let courier = shop.courier("陳大文").await.courier.id;

        let refused = shop
            .at(1, async move |tx: &mut Tx, stamp: &Stamp| {
                let answers = [couriers::Answer { question: "weather".to_owned(), choice: 0 }];
                couriers::attempt(tx, stamp, courier, course, &answers).await
            })
            .await;

        assert!(matches!(refused, Err(CouriersRefusal::NoSuchQuestion { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_course_that_changes_has_a_new_version_and_the_same_id() {
    for shop in shops().await {
        let (first, syllabus) = shop.teach().await;
        let (again, _) = shop.teach().await;
        let mut longer = syllabus;
        longer.pass_percent = 100;

        let changed = shop
            .at(1, async move |tx: &mut Tx, stamp: &Stamp| couriers::teach(tx, stamp, longer.clone()).await)
            .await
            .unwrap();

        assert_eq!((first, first), (again, changed.id));
        assert_eq!((changed.version, changed.pass_percent), (2, 100));
        assert_eq!(shop.count("course_taught").await, 2);
    }
}

#[tokio::test]
async fn papers_that_run_out_are_reminded_of_until_a_longer_one_is_shown() {
    for shop in shops().await {
        let site = shop.site;
        let courier = shop.courier_until("黃志強", "2026-04-10").await.courier.id;
        let due = || {
            shop.at(1, async move |tx: &mut Tx, _: &Stamp| {
                couriers::reminders(tx, site, "2026-04-30".parse().unwrap()).await
            })
        };

        let before = due().await.unwrap();
        let renewed = Document {
            kind: DocumentKind::HealthCertificate,
            number: "A-124".to_owned(),
            expires_on: "2027-04-10".parse().unwrap(),
        };
        shop.at(2, async move |tx: &mut Tx, stamp: &Stamp| {
            couriers::note_document(tx, stamp, courier, renewed.clone()).await
        })
        .await
        .unwrap();

        assert_eq!(before.len(), 1);
        assert_eq!(
            (before[0].paper.as_str(), before[0].last_day),
            ("health_certificate", "2026-04-10".parse().unwrap())
        );
        assert_eq!(due().await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_month_without_a_run_has_a_score_of_training_alone() {
    for shop in shops().await {
        let courier = shop.courier("陳大文").await.courier.id;
        shop.certify(courier).await;
        let month = |month: &'static str| {
            shop.at(1, async move |tx: &mut Tx, _: &Stamp| couriers::assessment(tx, courier, month).await)
        };

        let march = month("2026-03").await.unwrap();
        assert_eq!((march.figures.attempts, march.on_time_bp, march.total_bp), (0, None, 10_000));
        for wrong in ["2026-3", "2026-13", "March", "2026-03-1"] {
            assert!(matches!(month(wrong).await, Err(CouriersRefusal::NoMonth { .. })), "{wrong}");
        }
    }
}
