//! The templates of all kinds of mail.

use axum::{Json, extract::State};
use roster_domain::templates::TemplateKind;
use roster_web::{Admin, App, ProblemBody, Result, views::ListOf};

use super::template_shown::TemplateView;

/// List the e-mail templates
#[utoipa::path(
    get,
    path = "/v1/settings/email-templates",
    tag = "Settings",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "Each kind once, in one page.", body = ListOf<TemplateView>),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn list_templates(_: Admin, State(app): State<App>) -> Result<Json<ListOf<TemplateView>>> {
    let mut custom = app.store.templates().await?;
    let items = TemplateKind::ALL.map(|kind| {
        let position = custom.iter().position(|template| template.kind == kind);
        TemplateView::new(kind, position.map(|position| custom.swap_remove(position)))
    });
    Ok(Json(ListOf { items: items.into(), next_cursor: None }))
}
