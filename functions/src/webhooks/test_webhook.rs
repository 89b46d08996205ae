//! An admin sees whether a webhook works: an event that tells of nothing takes the way of all others, and is tried once.

use axum::{Json, extract::State, http::StatusCode};
use roster_domain::{
    Error, WebhookId,
    activity::{Action, Change, Subject},
    webhooks::{Delivery, TEST},
};
use roster_web::{Admin, App, Client, Path, ProblemBody, Result};

use super::shown::DeliveryView;
use crate::events::publish::DomainEvent;

/// Send a test event to a webhook
///
/// Its type is `webhook.test`. It is sent once, to a disabled webhook, too; what came of it shows in the deliveries.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/test",
    tag = "Webhooks",
    params(
        ("id" = WebhookId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")
    ),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, description = "The event is on its way.", body = DeliveryView),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`webhook-not-found`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn test_webhook(
    admin: Admin,
    Path(id): Path<WebhookId>,
    client: Client,
    State(app): State<App>,
) -> Result<(StatusCode, Json<DeliveryView>)> {
    let webhook = app.store.webhook(id).await?.ok_or(Error::WebhookNotFound)?;
    let now = app.now();
    let event = app.activity_id(now);
    let parties = (admin.actor(), Subject::from(&webhook));
    let changes = vec![Change::new("delivery", None, Some(event.to_string()))];
    let activity = app.activity(now, Action::WebhookTestRequested, parties, changes, &client);
    let body = DomainEvent::test(event, &activity).message()?;
    let delivery = Delivery::new((id, event), TEST.to_owned(), body, now);
    app.store.request_delivery(None, &delivery, &activity).await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::from(&delivery))))
}
