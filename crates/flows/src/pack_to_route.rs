//! 3.4 meets 4.1: what is packed is planned onto runs.

use axum::{Extension, extract::State};
use delivery::planning::{
    self, Drop, Plan, PlanningRefusal,
    engine::EngineKind,
    travel::{self, Shortfall, TravelBy},
};
use edge::{ApiJson, App, By, Created, IdempotencyKey, Problem, duty};
use kernel::{DeliveryWindowId, SiteId, Window};
use orders::{intake, outbound};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{FlowRefusal, order_to_drop};

/// The window to be planned.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPlan {
    site: SiteId,
    delivery_window: DeliveryWindowId,
}

/// Plan the packed orders of a window onto runs; every order is on a stop or told why not.
#[utoipa::path(post, path = "/plans", tag = "4.1 planning", operation_id = "plan_window", request_body = NewPlan,
    params(IdempotencyKey), responses((status = 201, body = Plan), (status = "4XX", body = Problem)))]
async fn plan_window(
    State(app): State<App>,
    engine: Option<Extension<EngineKind>>,
    travel: Option<Extension<TravelBy>>,
    by: By<duty::PlanRoutes>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewPlan>,
) -> Result<Created<Plan>, Problem> {
    by.demand_site(new.site)?;
    let asked_at = app.clock.now();
    let brief = app
        .read(async move |tx: &mut Tx| {
            let (window, drops) = drops(tx, new).await?;
            Ok::<_, FlowRefusal>(planning::problem(tx, asked_at, new.site, window, &drops).await?)
        })
        .await?;
    // Measuring and thinking take their time with no transaction open; `keep` refuses a plan whose ground has moved
    // meanwhile.
    let Extension(travel) = travel.unwrap_or_default();
    let survey = travel::survey(&travel, &brief).await;
    let Extension(engine) = engine.unwrap_or_default();
    let thinking = tokio::task::spawn_blocking(move || planning::solve_with(&engine, brief, survey));
    let draft = thinking.await.map_err(|error| Problem::internal(&error))?;
    for shortfall in &draft.shortfalls {
        warn(new, shortfall);
    }
    app.once(&by, key, async move |tx, stamp| {
        let plan = planning::keep(tx, stamp, &draft).await?;
        let stops = plan.runs.iter().flat_map(|run| &run.stops);
        outbound::set_etas(tx, stamp, stops.map(|stop| (stop.order, stop.eta.at)).collect()).await?;
        Ok::<_, FlowRefusal>(plan)
    })
    .await
    .map(Created)
}

/// For whoever looks after the program; whoever plans reads it in the plan.
fn warn(NewPlan { site, delivery_window }: NewPlan, shortfall: &Shortfall) {
    match shortfall {
        Shortfall::RoadsMissing { vehicle, source, fault, detail } => {
            tracing::warn!(
                %site, %delivery_window, %vehicle, %source, %fault, detail,
                "roads were of no use; the plan goes by the great circle"
            );
        }
        Shortfall::SearchRefused { detail } => {
            tracing::warn!(
                %site, %delivery_window, detail,
                "the route engine refused the problem; the plan is made by insertion"
            );
        }
    }
}

async fn drops(tx: &mut Tx, new: NewPlan) -> Result<(Window, Vec<Drop>), FlowRefusal> {
    let window = intake::window(tx, new.site, new.delivery_window).await?.span();
    let known = outbound::deliverable(tx, new.site, new.delivery_window).await?;
    let drops = order_to_drop::drops_of(tx, &known).await?;
    if drops.len() > planning::DROPS_MAX {
        return Err(PlanningRefusal::TooManyDrops { drops: drops.len(), most: planning::DROPS_MAX }.into());
    }
    Ok((window, drops))
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(plan_window))
}
