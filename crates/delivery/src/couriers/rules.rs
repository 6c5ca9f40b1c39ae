//! Who may drive, what they have learnt, and how a month went.

use kernel::{CertificateId, CourierId, CourseId, Date, SiteId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::planning::Licence;

codes! {
    CourierState {
        Active = "active",
        Left = "left",
    }
    DocumentKind {
        /// 健康證: nobody handles food without it.
        HealthCertificate = "health_certificate",
        DrivingLicence = "driving_licence",
        Insurance = "insurance",
    }
    AttemptResult {
        Passed = "passed",
        Failed = "failed",
    }
}

/// The certificate that opens frozen routes.
pub const FROZEN_HANDLING: &str = "frozen_handling";

/// A courier as their file shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Courier {
    pub id: CourierId,
    pub site: SiteId,
    pub name: String,
    pub phone: String,
    /// Their login, if they have one.
    pub user: Option<UserId>,
    pub state: CourierState,
    pub revision: i64,
}

/// A paper that runs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    pub kind: DocumentKind,
    pub number: String,
    /// The last day on which it counts.
    pub expires_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Certificate {
    pub id: CertificateId,
    pub course: CourseId,
    pub code: String,
    pub earned_on: Date,
    /// The last day on which it counts.
    pub valid_until: Date,
}

/// Why a courier may not be given work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Unfit {
    Left,
    DocumentMissing { document: DocumentKind },
    DocumentExpired { document: DocumentKind, on: Date },
}

/// What a courier may do on a certain day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub unfit: Option<Unfit>,
    pub frozen: FrozenHandling,
}

/// Whether a certificate for frozen goods is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrozenHandling {
    Certified,
    NotCertified,
}

/// What decides where a courier stands: of every paper no more than the days on which it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Papers {
    pub state: CourierState,
    /// With the last day of each. Of one kind there may be several; the one that runs longest counts.
    pub documents: Vec<(DocumentKind, Date)>,
    /// The certificates for [`FROZEN_HANDLING`], each from the day on which it was earned through its last.
    pub frozen: Vec<(Date, Date)>,
}

/// Judges a courier's papers on one day.
pub fn standing(papers: &Papers, day: Date, licence: Licence) -> Standing {
    let needed: &[DocumentKind] = match licence {
        Licence::Needed => &[DocumentKind::HealthCertificate, DocumentKind::DrivingLicence],
        Licence::NotNeeded => &[DocumentKind::HealthCertificate],
    };
    let gap = needed.iter().find_map(|kind| {
        let longest = papers.documents.iter().filter(|(of, _)| of == kind).map(|(_, expires_on)| *expires_on).max();
        match longest {
            None => Some(Unfit::DocumentMissing { document: *kind }),
            Some(on) if on < day => Some(Unfit::DocumentExpired { document: *kind, on }),
            Some(_) => None,
        }
    });
    let unfit = match papers.state {
        CourierState::Left => Some(Unfit::Left),
        CourierState::Active => gap,
    };
    let certified = papers.frozen.iter().any(|(earned_on, valid_until)| *earned_on <= day && day <= *valid_until);
    Standing { unfit, frozen: if certified { FrozenHandling::Certified } else { FrozenHandling::NotCertified } }
}

/// A sentence in the three languages of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    #[schema(min_length = 1, max_length = 2000)]
    pub en: String,
    #[serde(rename = "zh-Hant")]
    #[schema(min_length = 1, max_length = 2000)]
    pub zh_hant: String,
    #[serde(rename = "zh-Hans")]
    #[schema(min_length = 1, max_length = 2000)]
    pub zh_hans: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    pub title: Text,
    pub text: Text,
}

/// One question of the bank, with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankQuestion {
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    pub text: Text,
    #[schema(min_items = 2, max_items = 8)]
    pub choices: Vec<Text>,
    /// Which choice is right, counted from 0.
    #[schema(minimum = 0, maximum = 7)]
    pub right: i64,
}

/// A course as it is taught: written by the trainer, versioned by every change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Syllabus {
    /// What its certificate is called, and what routes ask for.
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    pub title: Text,
    /// So much must be right.
    #[schema(minimum = 1, maximum = 100)]
    pub pass_percent: i64,
    /// So many failed attempts within [`ATTEMPTS_WITHIN_DAYS`] days; then a trainer has to help.
    #[schema(minimum = 1, maximum = 20)]
    pub attempts_max: i64,
    #[schema(minimum = 1, maximum = 3650)]
    pub validity_days: i64,
    #[schema(min_items = 1, max_items = 50)]
    pub lessons: Vec<Lesson>,
    #[schema(min_items = 1, max_items = 100)]
    pub questions: Vec<BankQuestion>,
}

/// Failed attempts are forgotten after so many days.
pub const ATTEMPTS_WITHIN_DAYS: i64 = 30;

/// The course that comes with the system: how to keep frozen goods frozen.
pub fn frozen_handling() -> Result<Syllabus, serde_json::Error> {
    serde_json::from_str(include_str!("frozen_handling.json"))
}

/// A course as learners see it: the questions without their answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Course {
    pub id: CourseId,
    pub code: String,
    pub version: i64,
    pub title: Text,
    pub pass_percent: i64,
    pub attempts_max: i64,
    pub validity_days: i64,
    pub lessons: Vec<Lesson>,
    pub questions: Vec<Question>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Question {
    pub code: String,
    pub text: Text,
    pub choices: Vec<Text>,
}

impl Course {
    pub(super) fn of(id: CourseId, version: i64, syllabus: Syllabus) -> Self {
        let question = |bank: BankQuestion| Question { code: bank.code, text: bank.text, choices: bank.choices };
        Self {
            id,
            code: syllabus.code,
            version,
            title: syllabus.title,
            pass_percent: syllabus.pass_percent,
            attempts_max: syllabus.attempts_max,
            validity_days: syllabus.validity_days,
            lessons: syllabus.lessons,
            questions: syllabus.questions.into_iter().map(question).collect(),
        }
    }
}

/// One answer of an exam.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    #[schema(min_length = 1, max_length = 40)]
    pub question: String,
    #[schema(minimum = 0, maximum = 7)]
    pub choice: i64,
}

/// Marks an exam: the share of the bank's questions answered right, in whole percent, rounded down.
/// A question that was not answered is wrong; the first answer to a question counts.
pub fn mark(questions: &[BankQuestion], answers: &[Answer]) -> i64 {
    let right = questions.iter().filter(|question| {
        let given = answers.iter().find(|answer| answer.question == question.code);
        given.is_some_and(|answer| answer.choice == question.right)
    });
    let (right, asked) = (count(right.count()), count(questions.len()));
    if asked == 0 { 0 } else { right * 100 / asked }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What a month of runs came to. All counts are of stops closed in the month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthFigures {
    pub runs: i64,
    /// Doors rung at.
    pub attempts: i64,
    pub handed_over: i64,
    /// Handed over inside the window that was promised first.
    pub on_time: i64,
    /// First attempts, and those of them that were handed over.
    pub first_attempts: i64,
    pub first_attempts_handed_over: i64,
    pub ratings: i64,
    /// The sum of the courier's ratings, one to five each.
    pub courtesy_sum: i64,
    /// Chilled and frozen hand-overs, and those of them whose measured temperature was within the limit.
    pub cold_hand_overs: i64,
    pub cold_within_limit: i64,
    pub complaints_upheld: i64,
}

/// A courier's month, in basis points of the best possible. A part without facts is left out of the total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assessment {
    pub courier: CourierId,
    /// `2026-03`.
    pub month: String,
    pub figures: MonthFigures,
    pub on_time_bp: Option<i64>,
    pub first_attempt_bp: Option<i64>,
    pub rating_bp: Option<i64>,
    pub temperature_bp: Option<i64>,
    pub training_bp: i64,
    pub total_bp: i64,
}

/// Weights of the parts, together 100 (06 G): on time, first attempt, rating, temperature, training.
const WEIGHTS: [i64; 5] = [40, 20, 20, 10, 10];

/// Scores a month.
pub fn assess(courier: CourierId, month: String, figures: MonthFigures, frozen: FrozenHandling) -> Assessment {
    let share = |part: i64, whole: i64| (whole > 0).then(|| part * 10_000 / whole);
    let on_time_bp = share(figures.on_time, figures.handed_over);
    let first_attempt_bp = share(figures.first_attempts_handed_over, figures.first_attempts);
    // One star is nothing, five are everything.
    let rating_bp = share(figures.courtesy_sum - figures.ratings, figures.ratings * 4);
    let temperature_bp = share(figures.cold_within_limit, figures.cold_hand_overs);
    let training_bp = match frozen {
        FrozenHandling::Certified => 10_000,
        FrozenHandling::NotCertified => 0,
    };
    let parts = [on_time_bp, first_attempt_bp, rating_bp, temperature_bp, Some(training_bp)];
    let known = || parts.iter().zip(WEIGHTS).filter_map(|(part, weight)| part.map(|score| (score, weight)));
    let weight: i64 = known().map(|(_, weight)| weight).sum();
    let sum: i64 = known().map(|(score, weight)| score * weight).sum();
    Assessment {
        courier,
        month,
        figures,
        on_time_bp,
        first_attempt_bp,
        rating_bp,
        temperature_bp,
        training_bp,
        total_bp: if weight > 0 { sum / weight } else { 0 },
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, IdSource, Instant, Stamp};

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn papers(documents: &[(DocumentKind, &str)]) -> Papers {
        let documents = documents.iter().map(|(kind, until)| (*kind, day(until))).collect();
        Papers { state: CourierState::Active, documents, frozen: Vec::new() }
    }

    #[test]
    fn an_expired_health_certificate_blocks_from_the_day_after() {
        let papers =
            papers(&[(DocumentKind::HealthCertificate, "2026-03-31"), (DocumentKind::DrivingLicence, "2030-01-01")]);
        let on = |text| standing(&papers, day(text), Licence::Needed).unfit;

        assert_eq!(on("2026-03-31"), None);
        let expired = Unfit::DocumentExpired { document: DocumentKind::HealthCertificate, on: day("2026-03-31") };
        assert_eq!(on("2026-04-01"), Some(expired));
    }

    #[test]
    fn a_cargo_bike_needs_no_licence_and_a_van_does() {
        let papers = papers(&[(DocumentKind::HealthCertificate, "2026-12-31")]);
        let with = |licence| standing(&papers, day("2026-04-01"), licence).unfit;

        assert_eq!(with(Licence::NotNeeded), None);
        assert_eq!(with(Licence::Needed), Some(Unfit::DocumentMissing { document: DocumentKind::DrivingLicence }));
    }

    #[test]
    fn the_course_that_comes_with_the_system_can_be_passed_and_failed() {
        let course = frozen_handling().unwrap();
        assert_eq!(course.code, FROZEN_HANDLING);
        let all: Vec<Answer> = course
            .questions
            .iter()
            .map(|question| Answer { question: question.code.clone(), choice: question.right })
            .collect();

        assert_eq!(mark(&course.questions, &all), 100);
        assert_eq!(mark(&course.questions, &[]), 0);
        assert!(
            course
                .questions
                .iter()
                .all(|question| { usize::try_from(question.right).is_ok_and(|right| right < question.choices.len()) })
        );
    }

    #[test]
    fn a_month_is_scored_by_what_is_known() {
        let stamp = Stamp::system(Instant::from_millis(0), &IdSource::seeded(1));
        let courier = CourierId::from_uuid(stamp.mint::<CourierId>().uuid());
        let figures = MonthFigures {
            attempts: 100,
            handed_over: 90,
            on_time: 81,
            first_attempts: 95,
            first_attempts_handed_over: 76,
            ..MonthFigures::default()
        };

        let month = assess(courier, "2026-03".to_owned(), figures, FrozenHandling::Certified);

        assert_eq!((month.on_time_bp, month.first_attempt_bp, month.rating_bp), (Some(9000), Some(8000), None));
        // (9000 × 40 + 8000 × 20 + 10000 × 10) ÷ 70
        assert_eq!(month.total_bp, 8857);
    }
}
