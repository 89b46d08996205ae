//! The template of one kind of mail.

use axum::{Json, extract::State};
use roster_domain::templates::TemplateKind;
use roster_web::{Admin, App, Path, ProblemBody, Result};

use super::template_shown::TemplateView;

/// Get an e-mail template
#[utoipa::path(
    get,
    path = "/v1/settings/email-templates/{kind}",
    tag = "Settings",
    params(("kind" = TemplateKind, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = TemplateView),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`unknown-template`", body = ProblemBody)
    )
)]
pub async fn get_template(
    _: Admin,
    Path(kind): Path<TemplateKind>,
    State(app): State<App>,
) -> Result<Json<TemplateView>> {
    Ok(Json(TemplateView::new(kind, app.store.template(kind).await?)))
}
