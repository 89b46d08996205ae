//! What a new password must be like, for whoever shows a form for one.

use axum::{Json, extract::State};
use roster_web::{App, Result, views::PasswordPolicy};

/// Get the password policy
#[utoipa::path(
    get,
    path = "/v1/password-policy",
    tag = "Passwords",
    responses((status = 200, body = PasswordPolicy))
)]
pub async fn get_password_policy(State(app): State<App>) -> Result<Json<PasswordPolicy>> {
    Ok(Json(app.store.security_settings().await?.password_policy().into()))
}
