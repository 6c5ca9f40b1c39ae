//! Couriers' files, courses and months over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, IdempotencyKey, Page, Paging, Problem, duty, parse};
use kernel::{CourierId, CourseId, Date, Id, SiteId, Stamp, UserId};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    Answer, Assessment, Attempted, Courier, CourierFile, CouriersRefusal, Course, NewCourier, NewDocument, Reminder,
    Syllabus, Text, acting, store as rows,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_couriers, take_on_courier))
        .routes(routes!(list_courier_reminders))
        .routes(routes!(show_courier))
        .routes(routes!(note_courier_document))
        .routes(routes!(link_courier_login))
        .routes(routes!(close_courier_file))
        .routes(routes!(assess_courier))
        .routes(routes!(list_courses, teach_course))
        .routes(routes!(show_course))
        .routes(routes!(attempt_course))
        .routes(routes!(show_my_file))
        .routes(routes!(show_my_assessment))
}

/// Which site, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfSite {
    site: SiteId,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The couriers of a site, in the order in which they came.
#[utoipa::path(get, path = "/couriers", tag = "4.2 couriers", operation_id = "list_couriers", params(OfSite),
    responses((status = 200, body = Page<Courier>), (status = "4XX", body = Problem)))]
async fn list_couriers(
    State(app): State<App>,
    by: By<duty::ManageCouriers>,
    ApiQuery(which): ApiQuery<OfSite>,
) -> Result<ApiJson<Page<Courier>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let after = paging.key::<CourierId>()?.unwrap_or_else(|| CourierId::from_uuid(Uuid::nil()));
    let size = paging.rows()?;
    let found = app
        .read(async move |tx: &mut Tx| rows::couriers(tx, which.site, after, size).await.map_err(CouriersRefusal::from))
        .await?;
    paging.page(found, |courier| courier.id).map(ApiJson)
}

/// Take a courier on.
#[utoipa::path(post, path = "/couriers", tag = "4.2 couriers", operation_id = "take_on_courier",
    request_body = NewCourier, params(IdempotencyKey),
    responses((status = 201, body = CourierFile), (status = "4XX", body = Problem)))]
async fn take_on_courier(
    State(app): State<App>,
    by: By<duty::ManageCouriers>,
    key: IdempotencyKey,
    ApiJson(draft): ApiJson<NewCourier>,
) -> Result<Created<CourierFile>, Problem> {
    by.demand_site(draft.site)?;
    let draft = draft.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::take_on(tx, stamp, draft.clone()).await)
        .await
        .map(Created)
}

/// Whose papers, and until when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Until {
    site: SiteId,
    until: Date,
}

/// Papers and certificates that run out by a day or have run out already, soonest first.
#[utoipa::path(get, path = "/couriers/reminders", tag = "4.2 couriers", operation_id = "list_courier_reminders",
    params(Until), responses((status = 200, body = Vec<Reminder>), (status = "4XX", body = Problem)))]
async fn list_courier_reminders(
    State(app): State<App>,
    by: By<duty::ManageCouriers>,
    ApiQuery(which): ApiQuery<Until>,
) -> Result<ApiJson<Vec<Reminder>>, Problem> {
    by.demand_site(which.site)?;
    app.read(async move |tx: &mut Tx| super::reminders(tx, which.site, which.until).await).await.map(ApiJson)
}

/// One courier's file.
#[utoipa::path(get, path = "/couriers/{courier}", tag = "4.2 couriers", operation_id = "show_courier",
    params(("courier" = CourierId, Path)), responses((status = 200, body = CourierFile), (status = "4XX", body = Problem)))]
async fn show_courier(
    State(app): State<App>,
    by: By<duty::ManageCouriers>,
    ApiPath(courier): ApiPath<CourierId>,
) -> Result<ApiJson<CourierFile>, Problem> {
    file_at_own_site(&app, &by, courier).await.map(ApiJson)
}

/// Note a paper that a courier has shown.
#[utoipa::path(post, path = "/couriers/{courier}/documents", tag = "4.2 couriers",
    operation_id = "note_courier_document", request_body = NewDocument,
    params(("courier" = CourierId, Path), IdempotencyKey),
    responses((status = 201, body = CourierFile), (status = "4XX", body = Problem)))]
async fn note_courier_document(
    State(app): State<App>,
    by: By<duty::ManageCouriers>,
    key: IdempotencyKey,
    ApiPath(courier): ApiPath<CourierId>,
    ApiJson(draft): ApiJson<NewDocument>,
) -> Result<Created<CourierFile>, Problem> {
    let document = draft.parse("")?;
    file_at_own_site(&app, &by, courier).await?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::note_document(tx, stamp, courier, document.clone()).await
    })
    .await
    .map(Created)
}

/// Whose login.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CourierLogin {
    user: UserId,
}

/// Give a courier their login.
#[utoipa::path(post, path = "/couriers/{courier}/login", tag = "4.2 couriers", operation_id = "link_courier_login",
    request_body = CourierLogin, params(("courier" = CourierId, Path), IdempotencyKey),
    responses((status = 200, body = Courier), (status = "4XX", body = Problem)))]
async fn link_courier_login(
    State(app): State<App>,
    by: By<duty::ManageCouriers>,
    key: IdempotencyKey,
    ApiPath(courier): ApiPath<CourierId>,
    ApiJson(login): ApiJson<CourierLogin>,
) -> Result<ApiJson<Courier>, Problem> {
    file_at_own_site(&app, &by, courier).await?;
    app.once(&by, key, async move |tx: &mut Tx, _stamp: &Stamp| super::link_login(tx, courier, login.user).await)
        .await
        .map(ApiJson)
}

/// Close the file of a courier who leaves.
#[utoipa::path(post, path = "/couriers/{courier}/leave", tag = "4.2 couriers", operation_id = "close_courier_file",
    params(("courier" = CourierId, Path), IdempotencyKey),
    responses((status = 200, body = Courier), (status = "4XX", body = Problem)))]
async fn close_courier_file(
    State(app): State<App>,
    by: By<duty::ManageCouriers>,
    key: IdempotencyKey,
    ApiPath(courier): ApiPath<CourierId>,
) -> Result<ApiJson<Courier>, Problem> {
    file_at_own_site(&app, &by, courier).await?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::leave(tx, stamp, courier).await)
        .await
        .map(ApiJson)
}

/// Which month.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfMonth {
    /// `2026-03`
    #[param(min_length = 7, max_length = 7, pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: String,
}

/// A courier's month: what was counted, and the score.
#[utoipa::path(get, path = "/couriers/{courier}/assessment", tag = "4.2 couriers", operation_id = "assess_courier",
    params(("courier" = CourierId, Path), OfMonth),
    responses((status = 200, body = Assessment), (status = "4XX", body = Problem)))]
async fn assess_courier(
    State(app): State<App>,
    by: By<duty::ManageCouriers>,
    ApiPath(courier): ApiPath<CourierId>,
    ApiQuery(which): ApiQuery<OfMonth>,
) -> Result<ApiJson<Assessment>, Problem> {
    file_at_own_site(&app, &by, courier).await?;
    app.read(async move |tx: &mut Tx| super::assessment(tx, courier, &which.month).await).await.map(ApiJson)
}

/// What is taught.
#[utoipa::path(get, path = "/courses", tag = "4.2 couriers", operation_id = "list_courses",
    responses((status = 200, body = Vec<CourseCard>), (status = "4XX", body = Problem)))]
async fn list_courses(State(app): State<App>, _by: By<duty::BeSomebody>) -> Result<ApiJson<Vec<CourseCard>>, Problem> {
    let courses = app.read(async move |tx: &mut Tx| rows::courses(tx).await.map_err(CouriersRefusal::from)).await?;
    let card = |(id, version, syllabus): (CourseId, i64, Syllabus)| CourseCard {
        id,
        code: syllabus.code,
        version,
        title: syllabus.title,
        validity_days: syllabus.validity_days,
    };
    Ok(ApiJson(courses.into_iter().map(card).collect()))
}

/// A course in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct CourseCard {
    id: CourseId,
    code: String,
    version: i64,
    title: Text,
    validity_days: i64,
}

/// Teach a course, or a new version of it.
#[utoipa::path(post, path = "/courses", tag = "4.2 couriers", operation_id = "teach_course", request_body = Syllabus,
    params(IdempotencyKey), responses((status = 201, body = Course), (status = "4XX", body = Problem)))]
async fn teach_course(
    State(app): State<App>,
    by: By<duty::ManageCouriers>,
    key: IdempotencyKey,
    ApiJson(syllabus): ApiJson<Syllabus>,
) -> Result<Created<Course>, Problem> {
    check(&syllabus)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::teach(tx, stamp, syllabus.clone()).await)
        .await
        .map(Created)
}

fn check(syllabus: &Syllabus) -> Result<(), Problem> {
    parse::code("code", &syllabus.code, 40)?;
    three("title", &syllabus.title)?;
    parse::within("pass_percent", syllabus.pass_percent, 1, 100)?;
    parse::within("attempts_max", syllabus.attempts_max, 1, 20)?;
    parse::within("validity_days", syllabus.validity_days, 1, 3650)?;
    parse::count("lessons", &syllabus.lessons, 1, 50)?;
    for (at, lesson) in syllabus.lessons.iter().enumerate() {
        three(&format!("lessons/{at}/title"), &lesson.title)?;
        three(&format!("lessons/{at}/text"), &lesson.text)?;
    }
    parse::count("questions", &syllabus.questions, 1, 100)?;
    for (at, question) in syllabus.questions.iter().enumerate() {
        let field = format!("questions/{at}");
        parse::code(&format!("{field}/code"), &question.code, 40)?;
        if syllabus.questions.iter().take(at).any(|other| other.code == question.code) {
            return Err(Problem::invalid(format!("{field}/code"), "two questions have this code"));
        }
        three(&format!("{field}/text"), &question.text)?;
        parse::count(&format!("{field}/choices"), &question.choices, 2, 8)?;
        for (nth, choice) in question.choices.iter().enumerate() {
            three(&format!("{field}/choices/{nth}"), choice)?;
        }
        let last = i64::try_from(question.choices.len()).unwrap_or(i64::MAX) - 1;
        parse::within(&format!("{field}/right"), question.right, 0, last)?;
    }
    Ok(())
}

fn three(field: &str, text: &Text) -> Result<(), Problem> {
    for words in [&text.en, &text.zh_hant, &text.zh_hans] {
        parse::text(field, words, 1, 2000)?;
    }
    Ok(())
}

/// One course: its lessons, and its questions without their answers.
#[utoipa::path(get, path = "/courses/{course}", tag = "4.2 couriers", operation_id = "show_course",
    params(("course" = CourseId, Path)), responses((status = 200, body = Course), (status = "4XX", body = Problem)))]
async fn show_course(
    State(app): State<App>,
    _by: By<duty::BeSomebody>,
    ApiPath(course): ApiPath<CourseId>,
) -> Result<ApiJson<Course>, Problem> {
    let found =
        app.read(async move |tx: &mut Tx| rows::course(tx, course).await?.ok_or(CouriersRefusal::NoSuchCourse)).await?;
    Ok(ApiJson(Course::of(course, found.0, found.1)))
}

/// The answers of one sitting.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Answers {
    #[schema(max_items = 100)]
    answers: Vec<Answer>,
}

/// Sit the exam of a course; whoever passes has the certificate at once.
#[utoipa::path(post, path = "/courses/{course}/attempts", tag = "4.2 couriers", operation_id = "attempt_course",
    request_body = Answers, params(("course" = CourseId, Path), IdempotencyKey),
    responses((status = 201, body = Attempted), (status = "4XX", body = Problem)))]
async fn attempt_course(
    State(app): State<App>,
    by: By<duty::DriveRuns>,
    key: IdempotencyKey,
    ApiPath(course): ApiPath<CourseId>,
    ApiJson(Answers { answers }): ApiJson<Answers>,
) -> Result<Created<Attempted>, Problem> {
    parse::count("answers", &answers, 0, 100)?;
    let courier = acting(by.actor)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::attempt(tx, stamp, courier, course, &answers).await
    })
    .await
    .map(Created)
}

/// The caller's own file.
#[utoipa::path(get, path = "/my/courier-file", tag = "4.2 couriers", operation_id = "show_my_file",
    responses((status = 200, body = CourierFile), (status = "4XX", body = Problem)))]
async fn show_my_file(State(app): State<App>, by: By<duty::DriveRuns>) -> Result<ApiJson<CourierFile>, Problem> {
    let courier = acting(by.actor)?;
    app.read(async move |tx: &mut Tx| super::file(tx, courier).await).await.map(ApiJson)
}

/// The caller's own month.
#[utoipa::path(get, path = "/my/assessment", tag = "4.2 couriers", operation_id = "show_my_assessment",
    params(OfMonth), responses((status = 200, body = Assessment), (status = "4XX", body = Problem)))]
async fn show_my_assessment(
    State(app): State<App>,
    by: By<duty::DriveRuns>,
    ApiQuery(which): ApiQuery<OfMonth>,
) -> Result<ApiJson<Assessment>, Problem> {
    let courier = acting(by.actor)?;
    app.read(async move |tx: &mut Tx| super::assessment(tx, courier, &which.month).await).await.map(ApiJson)
}

/// The file, if its site is one of the caller's.
async fn file_at_own_site(app: &App, by: &Caller, courier: CourierId) -> Result<CourierFile, Problem> {
    let file = app.read(async move |tx: &mut Tx| super::file(tx, courier).await).await?;
    by.demand_site(file.courier.site)?;
    Ok(file)
}
