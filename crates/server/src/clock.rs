//! The clock of a demonstration.

use axum::{extract::State, http::StatusCode};
use edge::{ApiJson, App, By, Problem, duty};
use kernel::{Clock, Instant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::worker::Steps;

/// Where the clock shall go.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Move {
    to: Instant,
}

/// Where the clock stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ClockStanding)]
struct Standing {
    at: Instant,
}

/// How far the clock of a demonstration goes in one command.
const LEAP_DAYS_MAX: i64 = 31;

/// Moves the clock of a demonstration and answers when all work due by then is done.
#[utoipa::path(post, path = "/demo/clock", tag = "0 demonstration", operation_id = "move_clock", request_body = Move,
    responses((status = 200, body = Standing), (status = "4XX", body = Problem)))]
async fn move_clock(
    State(app): State<App>,
    axum::Extension(steps): axum::Extension<Steps>,
    _by: By<duty::RunDemonstration>,
    ApiJson(wanted): ApiJson<Move>,
) -> Result<ApiJson<Standing>, Problem> {
    let Clock::Stepped(_) = &app.clock else {
        return Err(Problem::new(StatusCode::CONFLICT, "demonstration/real-clock"));
    };
    if wanted.to < app.clock.now() {
        return Err(Problem::new(StatusCode::CONFLICT, "demonstration/clock-goes-forward")
            .with("now", app.clock.now())
            .field("to"));
    }
    // On the way every due time is stopped at; a leap over years would be worked off for days.
    if wanted.to.since(app.clock.now()) > LEAP_DAYS_MAX * 86_400_000 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "demonstration/leap-too-far")
            .with("days", LEAP_DAYS_MAX)
            .field("to"));
    }
    steps.advance_to(wanted.to).await?;
    Ok(ApiJson(Standing { at: app.clock.now() }))
}

/// The time by the shop's clock.
#[utoipa::path(get, path = "/clock", tag = "0 demonstration", operation_id = "read_clock",
    responses((status = 200, body = Standing), (status = "4XX", body = Problem)))]
async fn read_clock(State(app): State<App>, _by: By<duty::BeSomebody>) -> Result<ApiJson<Standing>, Problem> {
    Ok(ApiJson(Standing { at: app.clock.now() }))
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(move_clock)).routes(routes!(read_clock))
}
