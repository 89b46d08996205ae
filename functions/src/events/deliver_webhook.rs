//! An event is told to the webhooks that want it, to all at once: one that is slow holds up no other.
//!
//! Each webhook gets a delivery of its own, under the event's id, so an event that comes twice is told once. What fails is
//! taken up by `retry_webhooks`.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use futures_util::future::join_all;
use lambda_runtime::Error;
use roster_domain::{
    activity::Action,
    webhooks::{Delivery, Webhook},
};
use roster_web::App;
use serde_json::{Value, json};

use super::{
    publish::DomainEvent,
    sender::Sender,
    webhook_delivery::{attempt, take_up},
};
use crate::operations::Payload;

/// Tells of an event of the bus.
pub async fn deliver_webhook(app: App, sender: Sender, event: Payload) -> Result<Value, Error> {
    let event: DomainEvent = serde_json::from_str::<EventBridgeEvent<_>>(event.get())?.detail;
    let webhooks = app.store.webhooks().await?;
    let told = webhooks.iter().filter(|webhook| webhook.wants(&event.kind));
    let told = join_all(told.map(|webhook| tell(&app, &sender, webhook, &event)));
    let (told, asked_for) = futures_util::join!(told, deliver_what_was_asked_for(&app, &sender, &event));
    asked_for?;
    let told: Vec<()> = told.into_iter().collect::<roster_domain::Result<_>>()?;
    Ok(json!({ "told": told.len() }))
}

async fn tell(app: &App, sender: &Sender, webhook: &Webhook, event: &DomainEvent) -> roster_domain::Result<()> {
    let now = app.now();
    let id = event.id.parse().map_err(roster_domain::Error::unexpected)?;
    let mut delivery = Delivery::new((webhook.id, id), event.kind.clone(), event.message()?, now);
    // A receiver that fails is asked by the schedule, a few times at once, and not by every event that happens.
    let is_tried_now = webhook.failing_since.is_none();
    if is_tried_now {
        delivery.begin(now);
    }
    match app.store.queue_delivery(&delivery).await {
        Err(roster_domain::Error::Conflict) => Ok(()),
        Ok(()) if is_tried_now => attempt(app, sender, webhook, delivery).await,
        queued => queued,
    }
}

/// That an admin asked for a delivery is an event, too. The schedule would come to it within a minute; people who wait for
/// it are better served at once.
async fn deliver_what_was_asked_for(app: &App, sender: &Sender, event: &DomainEvent) -> roster_domain::Result<()> {
    let asks = [Action::WebhookTestRequested, Action::WebhookResendRequested];
    if !asks.iter().any(|action| action.as_str() == event.kind) {
        return Ok(());
    }
    let webhook = event.subject.id.as_ref().and_then(|id| id.parse().ok());
    let delivery = event.changes.get("delivery").and_then(|(_, id)| id.as_ref()?.parse().ok());
    let Some((webhook, delivery)) = webhook.zip(delivery) else {
        return Ok(());
    };
    match app.store.webhook_and_delivery(webhook, delivery).await? {
        (Some(webhook), Some(delivery)) => take_up(app, sender, &webhook, &delivery).await.map(drop),
        _ => Ok(()),
    }
}
