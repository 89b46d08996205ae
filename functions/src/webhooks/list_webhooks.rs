//! The webhooks, oldest first.

use axum::{Json, extract::State};
use roster_web::{Admin, App, ProblemBody, Result, views::ListOf};

use super::shown::WebhookView;

/// List webhooks
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    tag = "Webhooks",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "All of them, in one page.", body = ListOf<WebhookView>),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn list_webhooks(_: Admin, State(app): State<App>) -> Result<Json<ListOf<WebhookView>>> {
    let (webhooks, now) = (app.store.webhooks().await?, app.now());
    let items = webhooks.iter().map(|webhook| WebhookView::new(webhook, now));
    Ok(Json(ListOf { items: items.collect(), next_cursor: None }))
}
