//! Step 4.2 配送員管理. Keeps couriers' files, teaches and examines them, and reckons how a month went.
//!
//! A paper that has run out blocks new work from the day after, without a hand; the certificate for frozen goods
//! opens frozen routes. It never judges by opinion: every figure of an assessment is counted from stops and ratings.

pub mod events;

pub(crate) mod http;
mod refusal;
mod rules;
pub(crate) mod store;

use std::collections::BTreeMap;

use ::events::{Object, tell};
use ::store::{StoreError, Tx};
use edge::{Problem, parse};
use kernel::{Actor, CertificateId, CourierId, CourseId, Date, SiteId, SiteTime, Stamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use refusal::{CouriersRefusal, unfit};
pub use rules::{
    ATTEMPTS_WITHIN_DAYS, Answer, Assessment, AttemptResult, BankQuestion, Certificate, Courier, CourierState, Course,
    Document, DocumentKind, FROZEN_HANDLING, FrozenHandling, Lesson, MonthFigures, Papers, Question, Standing,
    Syllabus, Text, Unfit, assess, frozen_handling, mark, standing,
};

use crate::planning::Licence;

/// Chilled goods at the door are at most so warm, in tenths of a degree.
pub const CHILLED_AT_DOOR_MAX: i64 = 70;
/// Frozen goods at the door are at most so warm, in tenths of a degree.
pub const FROZEN_AT_DOOR_MAX: i64 = -120;

const DAY_MS: i64 = 86_400_000;

/// A courier to be taken on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCourier {
    pub site: SiteId,
    #[schema(min_length = 1, max_length = 80)]
    pub name: String,
    #[schema(min_length = 3, max_length = 30)]
    pub phone: String,
    /// Their login, if they have one already.
    #[serde(default)]
    pub user: Option<UserId>,
    #[serde(default)]
    #[schema(max_items = 10)]
    pub documents: Vec<NewDocument>,
}

/// A paper that was shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDocument {
    pub kind: DocumentKind,
    #[schema(min_length = 1, max_length = 60)]
    pub number: String,
    /// The last day on which it counts.
    pub expires_on: Date,
}

impl NewDocument {
    pub fn parse(self, field: &str) -> Result<Document, Problem> {
        let number = parse::text(&format!("{field}number"), &self.number, 1, 60)?;
        Ok(Document { kind: self.kind, number, expires_on: self.expires_on })
    }
}

impl NewCourier {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.name = parse::text("name", &self.name, 1, 80)?;
        self.phone = parse::text("phone", &self.phone, 3, 30)?;
        parse::count("documents", &self.documents, 0, 10)?;
        for (at, document) in self.documents.iter_mut().enumerate() {
            document.number = document.clone().parse(&format!("documents/{at}/"))?.number;
        }
        Ok(self)
    }
}

/// A courier's whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CourierFile {
    pub courier: Courier,
    /// Of each kind the one that runs longest comes first.
    pub documents: Vec<Document>,
    pub certificates: Vec<Certificate>,
}

/// Takes a courier on.
pub async fn take_on(tx: &mut Tx, stamp: &Stamp, draft: NewCourier) -> Result<CourierFile, CouriersRefusal> {
    let site = catalog::site(tx, draft.site).await?;
    if let Some(user) = draft.user
        && store::courier_of_user(tx, user).await?.is_some()
    {
        return Err(CouriersRefusal::LoginTaken);
    }
    let courier = Courier {
        id: stamp.mint(),
        site: site.id,
        name: draft.name,
        phone: draft.phone,
        user: draft.user,
        state: CourierState::Active,
        revision: 1,
    };
    store::add_courier(tx, &courier).await?;
    tell(tx, stamp, Object::of(courier.id), &[Object::of(site.id)], &events::CourierTakenOn { site: site.id }).await?;
    for NewDocument { kind, number, expires_on } in draft.documents {
        note(tx, stamp, courier.id, &Document { kind, number, expires_on }).await?;
    }
    file(tx, courier.id).await
}

/// Notes a paper that a courier has shown. Older ones stay in the file.
pub async fn note_document(
    tx: &mut Tx,
    stamp: &Stamp,
    courier: CourierId,
    document: Document,
) -> Result<CourierFile, CouriersRefusal> {
    let courier = working(tx, courier).await?;
    note(tx, stamp, courier.id, &document).await?;
    file(tx, courier.id).await
}

/// Gives a courier their login.
pub async fn link_login(tx: &mut Tx, courier: CourierId, user: UserId) -> Result<Courier, CouriersRefusal> {
    let mut courier = working(tx, courier).await?;
    if store::courier_of_user(tx, user).await?.is_some_and(|other| other.id != courier.id) {
        return Err(CouriersRefusal::LoginTaken);
    }
    courier.user = Some(user);
    store::save_courier(tx, &mut courier).await?;
    Ok(courier)
}

/// Closes the file of a courier who leaves. Shifts ahead of them are left out of plans from now on.
pub async fn leave(tx: &mut Tx, stamp: &Stamp, courier: CourierId) -> Result<Courier, CouriersRefusal> {
    let mut courier = working(tx, courier).await?;
    courier.state = CourierState::Left;
    store::save_courier(tx, &mut courier).await?;
    let body = events::CourierLeft { site: courier.site };
    tell(tx, stamp, Object::of(courier.id), &[Object::of(courier.site)], &body).await?;
    Ok(courier)
}

/// The courier's file.
pub async fn file(tx: &mut Tx, courier: CourierId) -> Result<CourierFile, CouriersRefusal> {
    let courier = store::courier(tx, courier).await?.ok_or(CouriersRefusal::NoSuchCourier)?;
    let documents = store::documents(tx, courier.id).await?;
    let certificates = store::certificates(tx, courier.id).await?;
    Ok(CourierFile { courier, documents, certificates })
}

/// What a courier may do on a day.
pub async fn standing_on(
    tx: &mut Tx,
    courier: CourierId,
    day: Date,
    licence: Licence,
) -> Result<Standing, CouriersRefusal> {
    let papers = papers_of(tx, [courier]).await?;
    papers.get(&courier).map(|papers| standing(papers, day, licence)).ok_or(CouriersRefusal::NoSuchCourier)
}

/// What decides where several couriers stand, asked once for all; of one who is not there, nothing.
pub async fn papers_of(
    tx: &mut Tx,
    couriers: impl IntoIterator<Item = CourierId>,
) -> Result<BTreeMap<CourierId, Papers>, StoreError> {
    store::papers(tx, couriers).await
}

/// The courier, with their row locked until the end of the transaction.
pub async fn courier_for_change(tx: &mut Tx, courier: CourierId) -> Result<Option<Courier>, StoreError> {
    store::courier_for_change(tx, courier).await
}

/// The courier behind a login, for the sign-in.
pub async fn courier_of_user(tx: &mut Tx, user: UserId) -> Result<Option<Courier>, StoreError> {
    store::courier_of_user(tx, user).await
}

/// The courier who acts; anybody else is told that there is none.
pub fn acting(by: Actor) -> Result<CourierId, CouriersRefusal> {
    match by {
        Actor::Courier(courier) => Ok(courier),
        Actor::Staff(_)
        | Actor::Customer(_)
        | Actor::Supplier(_)
        | Actor::Device(_)
        | Actor::System
        | Actor::Anonymous => Err(CouriersRefusal::NoSuchCourier),
    }
}

/// Teaches a course, or a new version of it under the same code. Certificates already earned stay.
pub async fn teach(tx: &mut Tx, stamp: &Stamp, syllabus: Syllabus) -> Result<Course, CouriersRefusal> {
    let (id, version) = match store::course_by_code(tx, &syllabus.code).await? {
        Some((id, version, taught)) if taught == syllabus => return Ok(Course::of(id, version, taught)),
        Some((id, version, _)) => (id, version + 1),
        None => (stamp.mint(), 1),
    };
    store::save_course(tx, id, version, &syllabus).await?;
    let body = events::CourseTaught { code: syllabus.code.clone(), version };
    tell(tx, stamp, Object::of(id), &[], &body).await?;
    Ok(Course::of(id, version, syllabus))
}

/// One sitting of an exam, marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attempted {
    pub course: CourseId,
    pub number: i64,
    pub score_percent: i64,
    pub pass_percent: i64,
    pub result: AttemptResult,
    pub certificate: Option<Certificate>,
}

/// Sits the exam of a course. Whoever passes has the certificate in the same moment.
pub async fn attempt(
    tx: &mut Tx,
    stamp: &Stamp,
    courier: CourierId,
    course: CourseId,
    answers: &[Answer],
) -> Result<Attempted, CouriersRefusal> {
    let courier = working(tx, courier).await?;
    let (version, syllabus) = store::course(tx, course).await?.ok_or(CouriersRefusal::NoSuchCourse)?;
    for answer in answers {
        if !syllabus.questions.iter().any(|question| question.code == answer.question) {
            return Err(CouriersRefusal::NoSuchQuestion { question: answer.question.clone() });
        }
    }
    let since = stamp.at.plus_millis(-ATTEMPTS_WITHIN_DAYS * DAY_MS);
    let failed = store::failed_attempts(tx, course, courier.id, since).await?;
    if failed >= syllabus.attempts_max {
        return Err(CouriersRefusal::NoAttemptLeft { attempts: syllabus.attempts_max, days: ATTEMPTS_WITHIN_DAYS });
    }
    let number = store::attempts(tx, course, courier.id).await? + 1;
    let score_percent = mark(&syllabus.questions, answers);
    let result = if score_percent >= syllabus.pass_percent { AttemptResult::Passed } else { AttemptResult::Failed };
    let attempted =
        Attempted { course, number, score_percent, pass_percent: syllabus.pass_percent, result, certificate: None };
    store::add_attempt(tx, courier.id, version, &attempted, answers, stamp.at).await?;
    let body = events::CourseAttempted { course, number, score_percent, result };
    tell(tx, stamp, Object::of(courier.id), &[Object::of(course)], &body).await?;
    match result {
        AttemptResult::Failed => Ok(attempted),
        AttemptResult::Passed => {
            let certificate = certify(tx, stamp, &courier, course, &syllabus).await?;
            Ok(Attempted { certificate: Some(certificate), ..attempted })
        }
    }
}

/// A paper or certificate that runs out soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reminder {
    pub courier: CourierId,
    pub name: String,
    /// `health_certificate`, `driving_licence`, `insurance`, or the code of a certificate.
    pub paper: String,
    pub last_day: Date,
}

/// What runs out by `until` or has run out already, soonest first; of each kind only the paper that runs longest.
pub async fn reminders(tx: &mut Tx, site: SiteId, until: Date) -> Result<Vec<Reminder>, CouriersRefusal> {
    let mut reminders = store::papers_until(tx, site, until).await?;
    reminders
        .sort_by(|a, b| (a.last_day, &a.name, &a.paper, a.courier).cmp(&(b.last_day, &b.name, &b.paper, b.courier)));
    Ok(reminders)
}

/// The figures and the score of a courier's month; `month` is `2026-03`.
pub async fn assessment(tx: &mut Tx, courier: CourierId, month: &str) -> Result<Assessment, CouriersRefusal> {
    let courier = store::courier(tx, courier).await?.ok_or(CouriersRefusal::NoSuchCourier)?;
    let site = catalog::site(tx, courier.site).await?;
    let (first, next) = month_of(month)?;
    let span = (site.time.at(first, 0), site.time.at(next, 0));
    let figures = store::month_figures(tx, courier.id, span).await?;
    let last = next.yesterday().map_err(|_| no_month(month))?;
    let frozen = standing_on(tx, courier.id, last, Licence::NotNeeded).await?.frozen;
    Ok(assess(courier.id, month.to_owned(), figures, frozen))
}

/// The first day of a month and of the next.
fn month_of(month: &str) -> Result<(Date, Date), CouriersRefusal> {
    let first: Date = format!("{month}-01").parse().map_err(|_| no_month(month))?;
    let next = first.last_of_month().tomorrow().map_err(|_| no_month(month))?;
    // `2026-3` and `2026-03-0` are not months, whatever a lenient reader makes of them.
    if month.len() == 7 { Ok((first, next)) } else { Err(no_month(month)) }
}

fn no_month(month: &str) -> CouriersRefusal {
    CouriersRefusal::NoMonth { month: month.chars().take(20).collect() }
}

async fn certify(
    tx: &mut Tx,
    stamp: &Stamp,
    courier: &Courier,
    course: CourseId,
    syllabus: &Syllabus,
) -> Result<Certificate, CouriersRefusal> {
    let site = catalog::site(tx, courier.site).await?;
    let certificate = Certificate {
        id: stamp.mint::<CertificateId>(),
        course,
        code: syllabus.code.clone(),
        earned_on: site.time.date(stamp.at),
        valid_until: last_day(&site.time, stamp, syllabus.validity_days),
    };
    store::add_certificate(tx, courier.id, &certificate).await?;
    let body = events::CertificateEarned {
        courier: courier.id,
        course,
        code: certificate.code.clone(),
        valid_until: certificate.valid_until,
    };
    tell(tx, stamp, Object::of(certificate.id), &[Object::of(courier.id), Object::of(course)], &body).await?;
    Ok(certificate)
}

fn last_day(time: &SiteTime, stamp: &Stamp, validity_days: i64) -> Date {
    time.date(stamp.at.plus_millis(validity_days * DAY_MS))
}

async fn note(tx: &mut Tx, stamp: &Stamp, courier: CourierId, document: &Document) -> Result<(), StoreError> {
    store::add_document(tx, courier, document, stamp.at).await?;
    let body = events::CourierDocumentNoted { document: document.kind, expires_on: document.expires_on };
    tell(tx, stamp, Object::of(courier), &[], &body).await?;
    Ok(())
}

async fn working(tx: &mut Tx, courier: CourierId) -> Result<Courier, CouriersRefusal> {
    let courier = store::courier_for_change(tx, courier).await?.ok_or(CouriersRefusal::NoSuchCourier)?;
    match courier.state {
        CourierState::Active => Ok(courier),
        CourierState::Left => Err(CouriersRefusal::HasLeft),
    }
}
