//! A new secret. The old one signs beside it for a day, so that the receiver can follow in its own time.

use axum::{Json, extract::State};
use roster_domain::{
    Error, WebhookId,
    activity::{Action, Subject},
    webhooks::SigningSecret,
};
use roster_web::{Admin, App, Client, Path, ProblemBody, Result, app::random, decide};

use super::shown::{WebhookView, WebhookWithSecret};

/// Rotate the secret of a webhook
///
/// For 24 hours requests carry a signature by the new secret and one by the old.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/rotate-secret",
    tag = "Webhooks",
    params(
        ("id" = WebhookId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")
    ),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WebhookWithSecret),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`webhook-not-found`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn rotate_webhook_secret(
    admin: Admin,
    Path(id): Path<WebhookId>,
    client: Client,
    State(app): State<App>,
) -> Result<Json<WebhookWithSecret>> {
    let now = app.now();
    let secret = SigningSecret::new(random());
    let rotated = decide(async || {
        let before = app.store.webhook(id).await?.ok_or(Error::WebhookNotFound)?;
        let mut after = before.clone();
        after.rotate_secret(secret.clone(), now);
        let parties = (admin.actor(), Subject::from(&after));
        let activity = app.activity(now, Action::WebhookSecretRotated, parties, Vec::new(), &client);
        app.store.update_webhook(&before, &after, &activity, &[]).await?;
        Ok(after)
    })
    .await?;
    Ok(Json(WebhookWithSecret { webhook: WebhookView::new(&rotated, now), secret: secret.reveal() }))
}
