//! Answers with a status of their own.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::ApiJson;

/// 201 with the thing that now exists.
#[derive(Clone, Copy, Debug)]
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, ApiJson(self.0)).into_response()
    }
}
