//! The API document, made from the annotations of the operations.

use axum::Json;
use utoipa::openapi::OpenApi;

/// The API document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Service",
    responses((status = 200, description = "This document, in OpenAPI 3.1.", body = serde_json::Value))
)]
pub async fn openapi() -> Json<OpenApi> {
    Json(crate::operations::document())
}
