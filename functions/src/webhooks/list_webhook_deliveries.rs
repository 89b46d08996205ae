//! What a webhook was told, newest first, for 30 days.

use axum::{Json, extract::State};
use roster_domain::{Error, WebhookId};
use roster_store::PageRequest;
use roster_web::{Admin, App, Path, ProblemBody, Query, Result, views::ListOf};

use super::shown::DeliveryView;
use crate::paging::PageQuery;

/// List the deliveries of a webhook
///
/// Newest first; those of the last 30 days.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}/deliveries",
    tag = "Webhooks",
    params(("id" = WebhookId, Path), PageQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<DeliveryView>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`webhook-not-found`", body = ProblemBody)
    )
)]
pub async fn list_webhook_deliveries(
    _: Admin,
    Path(id): Path<WebhookId>,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ListOf<DeliveryView>>> {
    app.store.webhook(id).await?.ok_or(Error::WebhookNotFound)?;
    let page = app.store.deliveries(id, &PageRequest::from(query)).await?;
    Ok(Json(ListOf { items: page.items.iter().map(DeliveryView::from).collect(), next_cursor: page.next_cursor }))
}
