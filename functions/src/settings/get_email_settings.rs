//! The e-mail settings.

use axum::{Json, extract::State};
use roster_web::{Admin, App, ProblemBody, Result};

use super::shown::EmailSettingsView;

/// Get the e-mail settings
#[utoipa::path(
    get,
    path = "/v1/settings/email",
    tag = "Settings",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = EmailSettingsView),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn get_email_settings(_: Admin, State(app): State<App>) -> Result<Json<EmailSettingsView>> {
    let (settings, last_test) = app.store.email_settings_and_last_test().await?;
    Ok(Json(EmailSettingsView::new(settings.as_ref(), last_test.as_ref())))
}
