//! A webhook is told no more. What was told to it goes with time.

use axum::extract::State;
use roster_domain::{
    Error, WebhookId,
    activity::{Action, Subject},
};
use roster_web::{Admin, App, Client, NoContent, Path, ProblemBody, Result};

use super::create_webhook::changes;

/// Delete a webhook
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{id}",
    tag = "Webhooks",
    params(("id" = WebhookId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "It is told no more."),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`webhook-not-found`", body = ProblemBody)
    )
)]
pub async fn delete_webhook(
    admin: Admin,
    Path(id): Path<WebhookId>,
    client: Client,
    State(app): State<App>,
) -> Result<NoContent> {
    let webhook = app.store.webhook(id).await?.ok_or(Error::WebhookNotFound)?;
    let parties = (admin.actor(), Subject::from(&webhook));
    let changes = changes(Some(&webhook), None);
    let activity = app.activity(app.now(), Action::WebhookDeleted, parties, changes, &client);
    app.store.delete_webhook(id, &activity).await?;
    Ok(NoContent)
}
