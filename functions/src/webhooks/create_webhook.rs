//! A new webhook. Its secret is shown once.

use axum::extract::State;
use roster_domain::{
    Error, FieldError,
    activity::{Action, Change, Subject},
    settings::Line,
    webhooks::{EventType, EventTypes, MAX_WEBHOOKS, SigningSecret, State as WebhookState, Webhook, WebhookUrl},
};
use roster_web::{Admin, App, Body, Client, Created, ProblemBody, Result, app::random, fields};
use utoipa::ToSchema;

use super::shown::{WebhookView, WebhookWithSecret};

fields! {
    /// A new webhook.
    #[derive(ToSchema)]
    pub struct CreateWebhook {
        /// Where events are sent: `https`, on the public internet.
        url: WebhookUrl,
        /// The types of `docs/events`, or `*` for all.
        #[schema(value_type = Vec<EventType>, min_items = 1, max_items = 100, example = json!(["user.activated"]))]
        event_types: EventTypes,
        /// What it is for.
        description: Option<Line>,
    }
}

/// Create a webhook
///
/// Events are sent as the Standard Webhooks specification says, signed with the secret.
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    tag = "Webhooks",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")),
    request_body = CreateWebhook,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = WebhookWithSecret),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 409, description = "`too-many-webhooks`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn create_webhook(
    admin: Admin,
    client: Client,
    State(app): State<App>,
    Body(body): Body<CreateWebhook>,
) -> Result<Created<WebhookWithSecret>> {
    body.url.check(app.webhook_reach).map_err(|invalid| FieldError::new("/url", invalid.0))?;
    if app.store.webhooks().await?.len() >= MAX_WEBHOOKS {
        return Err(Error::TooManyWebhooks.into());
    }
    let now = app.now();
    let webhook = Webhook {
        id: app.webhook_id(now),
        url: body.url,
        event_types: body.event_types,
        description: body.description,
        state: WebhookState::Enabled,
        secret: SigningSecret::new(random()),
        previous_secret: None,
        failing_since: None,
        created_at: now,
        created_by: admin.label.clone(),
        version: 1,
    };
    let parties = (admin.actor(), Subject::from(&webhook));
    let activity = app.activity(now, Action::WebhookCreated, parties, changes(None, Some(&webhook)), &client);
    app.store.create_webhook(&webhook, &activity).await?;
    let secret = webhook.secret.reveal();
    Ok(Created(WebhookWithSecret { webhook: WebhookView::new(&webhook, now), secret }))
}

/// What differs between two states of a webhook, as the activity tells it: of the address only where it is, for what
/// follows may hold a secret of the receiver.
pub(crate) fn changes(before: Option<&Webhook>, after: Option<&Webhook>) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut compare = |field: &str, has_changed: bool, described: fn(&Webhook) -> Option<String>| {
        if has_changed {
            changes.push(Change::new(field, before.and_then(described), after.and_then(described)));
        }
    };
    let differ =
        |same: fn(&Webhook, &Webhook) -> bool| before.zip(after).is_none_or(|(before, after)| !same(before, after));
    compare("url", differ(|a, b| a.url == b.url), |webhook| Some(webhook.url.origin()));
    compare("event_types", differ(|a, b| a.event_types == b.event_types), |webhook| {
        Some(webhook.event_types.to_string())
    });
    compare("description", differ(|a, b| a.description == b.description), |webhook| {
        webhook.description.as_ref().map(|line| line.as_str().to_owned())
    });
    compare("enabled", differ(|a, b| a.is_enabled() == b.is_enabled()), |webhook| {
        Some(webhook.is_enabled().to_string())
    });
    changes
}
