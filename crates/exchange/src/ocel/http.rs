//! The export over HTTP.

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use edge::{ApiQuery, App, By, Problem, duty};
use futures_util::stream;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::OcelExport;
use crate::asked::{LAST_POSITION, Positions};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_ocel))
}

/// The log as an OCEL 2.0 document: every event with the things it touched. `last-position` of the answer is where
/// the next document begins.
#[utoipa::path(get, path = "/exports/ocel", tag = "0 events", operation_id = "export_ocel", params(Positions),
    responses((status = 200, content_type = "application/json", body = Object), (status = "4XX", body = Problem)))]
async fn export_ocel(
    State(app): State<App>,
    _by: By<duty::ReadEvents>,
    ApiQuery(asked): ApiQuery<Positions>,
) -> Result<Response, Problem> {
    let span = asked.span(&app).await?;
    let export = OcelExport::over(app.db.clone(), span);
    let pieces = stream::try_unfold(export, async |mut export| {
        let piece = export.next().await?;
        Ok::<_, store::StoreError>(piece.map(|piece| (piece, export)))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"freshet-ocel.json\"".to_owned()),
        (LAST_POSITION, span.until.to_string()),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
