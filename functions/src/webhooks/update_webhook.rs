//! Where a webhook is, what it is told of, and whether.

use axum::{Json, extract::State};
use roster_domain::{
    Error, FieldError, WebhookId,
    activity::{Action, Subject},
    settings::Line,
    webhooks::{DisabledBy, EventType, EventTypes, WebhookUrl},
};
use roster_web::{Admin, App, Body, Client, Patch, Path, ProblemBody, Result, decide, fields};
use utoipa::ToSchema;

use super::{create_webhook::changes, shown::WebhookView};

fields! {
    /// What changes; what is left out stays as it is.
    #[derive(ToSchema)]
    pub struct UpdateWebhook {
        /// Where events are sent: `https`, on the public internet.
        url: Option<WebhookUrl>,
        /// The types of `docs/events`, or `*` for all.
        #[schema(
            value_type = Option<Vec<EventType>>, min_items = 1, max_items = 100, example = json!(["user.activated"])
        )]
        event_types: Option<EventTypes>,
        /// What it is for; `null` takes it away.
        #[schema(value_type = Option<Line>)]
        description: Patch<Line>,
        /// Whether it is told.
        enabled: Option<bool>,
    }
}

/// Change a webhook
#[utoipa::path(
    patch,
    path = "/v1/webhooks/{id}",
    tag = "Webhooks",
    params(("id" = WebhookId, Path)),
    request_body = UpdateWebhook,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WebhookView),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`webhook-not-found`", body = ProblemBody)
    )
)]
pub async fn update_webhook(
    admin: Admin,
    Path(id): Path<WebhookId>,
    client: Client,
    State(app): State<App>,
    Body(body): Body<UpdateWebhook>,
) -> Result<Json<WebhookView>> {
    if let Some(url) = &body.url {
        url.check(app.webhook_reach).map_err(|invalid| FieldError::new("/url", invalid.0))?;
    }
    let now = app.now();
    let changed = decide(async || {
        let before = app.store.webhook(id).await?.ok_or(Error::WebhookNotFound)?;
        let mut after = before.clone();
        after.url = body.url.clone().unwrap_or(after.url);
        after.event_types = body.event_types.clone().unwrap_or(after.event_types);
        match &body.description {
            Patch::Keep => {}
            Patch::Clear => after.description = None,
            Patch::Set(description) => after.description = Some(description.clone()),
        }
        match body.enabled {
            Some(true) if !before.is_enabled() => after.enable(),
            Some(false) if before.is_enabled() => after.disable(DisabledBy::Admin, now),
            _ => {}
        }
        if after == before {
            return Ok(after);
        }
        let parties = (admin.actor(), Subject::from(&after));
        let changes = changes(Some(&before), Some(&after));
        let activity = app.activity(now, Action::WebhookUpdated, parties, changes, &client);
        app.store.update_webhook(&before, &after, &activity, &[]).await?;
        Ok(after)
    })
    .await?;
    Ok(Json(WebhookView::new(&changed, now)))
}
