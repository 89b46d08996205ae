//! Whether the installation still waits for its first admin.

use axum::{Json, extract::State};
use roster_web::{App, Result};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct Setup {
    /// Whether the first admin is still to be set up.
    required: bool,
}

/// Ask whether the first admin is to be set up
#[utoipa::path(get, path = "/v1/setup", tag = "Setup", responses((status = 200, body = Setup)))]
pub async fn get_setup(State(app): State<App>) -> Result<Json<Setup>> {
    Ok(Json(Setup { required: !app.store.is_set_up().await? }))
}
