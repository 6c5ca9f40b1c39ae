//! The client, served from inside the program.

use axum::{
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use edge::Problem;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../client/dist"]
struct Client;

/// A file of the client, or its first page for every address that the client routes by itself.
pub(crate) async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return Problem::not_found().into_response();
    }
    let path = if path.is_empty() { "index.html" } else { path };
    if let Some(file) = Client::get(path) {
        return answer(path, file.data.into_owned());
    }
    // An address with an ending asks for a file; one without is a page that the client draws.
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match Client::get("index.html") {
        Some(file) => answer("index.html", file.data.into_owned()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The page that shows the API, from the client's own files.
pub(crate) async fn reference() -> Response {
    match Client::get("api-docs.html") {
        Some(file) => answer("api-docs.html", file.data.into_owned()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

const PAGE_POLICY: &str =
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

fn answer(path: &str, bytes: Vec<u8>) -> Response {
    let kind = match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    };
    // Names under assets/ carry a hash of their content; everything else may change with the next build.
    let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep), (header::CONTENT_SECURITY_POLICY, PAGE_POLICY)];
    (headers, bytes).into_response()
}
