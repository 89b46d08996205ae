//! The API document, made from the annotations of the operations.

use axum::Json;
use serde_json::Value;

use crate::document::document;

/// The API document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Service",
    responses((status = 200, description = "This document, in OpenAPI 3.1.", body = Value))
)]
pub async fn openapi() -> Json<Value> {
    Json(document())
}
