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

use super::EpcisExport;
use crate::asked::{LAST_POSITION, Positions};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_epcis))
}

/// The physical steps of the log as an EPCIS 2.0 document. `last-position` of the answer is where the next document
/// begins.
#[utoipa::path(get, path = "/exports/epcis", tag = "0 events", operation_id = "export_epcis", params(Positions),
    responses((status = 200, content_type = "application/ld+json", body = Object), (status = "4XX", body = Problem)))]
async fn export_epcis(
    State(app): State<App>,
    _by: By<duty::ReadEvents>,
    ApiQuery(asked): ApiQuery<Positions>,
) -> Result<Response, Problem> {
    let span = asked.span(&app).await?;
    let export = EpcisExport::over(app.db.clone(), span);
    let pieces = stream::try_unfold(export, async |mut export| {
        let piece = export.next().await?;
        Ok::<_, store::StoreError>(piece.map(|piece| (piece, export)))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/ld+json".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"freshet-epcis.jsonld\"".to_owned()),
        (LAST_POSITION, span.until.to_string()),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
