//! One webhook.

use axum::{Json, extract::State};
use roster_domain::{Error, WebhookId};
use roster_web::{Admin, App, Path, ProblemBody, Result};

use super::shown::WebhookView;

/// Get a webhook
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}",
    tag = "Webhooks",
    params(("id" = WebhookId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WebhookView),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`webhook-not-found`", body = ProblemBody)
    )
)]
pub async fn get_webhook(_: Admin, Path(id): Path<WebhookId>, State(app): State<App>) -> Result<Json<WebhookView>> {
    let webhook = app.store.webhook(id).await?.ok_or(Error::WebhookNotFound)?;
    Ok(Json(WebhookView::new(&webhook, app.now())))
}
