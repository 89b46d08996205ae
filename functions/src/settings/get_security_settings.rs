//! The security settings.

use axum::{Json, extract::State};
use roster_web::{Admin, App, ProblemBody, Result};

use super::set_security_settings::SecuritySettingsView;

/// Get the security settings
#[utoipa::path(
    get,
    path = "/v1/settings/security",
    tag = "Settings",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SecuritySettingsView),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn get_security_settings(_: Admin, State(app): State<App>) -> Result<Json<SecuritySettingsView>> {
    Ok(Json(app.store.security_settings().await?.into()))
}
