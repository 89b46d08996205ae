//! An event is sent once more, with all its tries: after a receiver was mended.

use axum::{Json, extract::State, http::StatusCode};
use roster_domain::{
    ActivityId, Error, WebhookId,
    activity::{Action, Change, Subject},
};
use roster_web::{Admin, App, Client, Path, ProblemBody, Result, decide};

use super::shown::DeliveryView;

/// Send an event to a webhook once more
///
/// It keeps its `webhook-id`, by which a receiver tells that it has seen it.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/deliveries/{delivery}/resend",
    tag = "Webhooks",
    params(
        ("id" = WebhookId, Path),
        ("delivery" = ActivityId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")
    ),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, description = "The event is on its way.", body = DeliveryView),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`webhook-not-found`, `delivery-not-found`", body = ProblemBody),
        (status = 409, description = "`webhook-disabled`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn resend_webhook_delivery(
    admin: Admin,
    Path((id, event)): Path<(WebhookId, ActivityId)>,
    client: Client,
    State(app): State<App>,
) -> Result<(StatusCode, Json<DeliveryView>)> {
    let delivery = decide(async || {
        let (webhook, before) = app.store.webhook_and_delivery(id, event).await?;
        let webhook = webhook.ok_or(Error::WebhookNotFound)?;
        let before = before.ok_or(Error::DeliveryNotFound)?;
        if !webhook.is_enabled() && !before.is_test() {
            return Err(Error::WebhookDisabled);
        }
        let now = app.now();
        let mut after = before.clone();
        after.ask_again(now);
        let parties = (admin.actor(), Subject::from(&webhook));
        let changes = vec![Change::new("delivery", None, Some(event.to_string()))];
        let activity = app.activity(now, Action::WebhookResendRequested, parties, changes, &client);
        app.store.request_delivery(Some(&before), &after, &activity).await?;
        Ok(after)
    })
    .await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::from(&delivery))))
}
