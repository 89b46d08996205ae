//! Deliveries whose next try is due, and those whose first try ended with its process.
//!
//! Each webhook has a list of its own, and a few tries at once, so that receivers that fail hold up no others.

use std::time::Duration;

use futures_util::{StreamExt, future::join_all, stream};
use lambda_runtime::Error;
use roster_domain::webhooks::{Delivery, Webhook};
use roster_web::App;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{sender::Sender, webhook_delivery::take_up};
use crate::operations::Payload;

/// How many deliveries of a webhook are read, and how many are tried, at once.
const BATCH: i32 = 50;
const AT_ONCE: usize = 5;
/// How long tries begin; the rest is for the next run.
const BUDGET: Duration = Duration::from_secs(30);

/// Makes the tries that are due.
pub async fn retry_webhooks(app: App, sender: Sender, _schedule: Payload) -> Result<Value, Error> {
    let end = Instant::now() + BUDGET;
    let webhooks = app.store.webhooks().await?;
    let tried = join_all(webhooks.iter().map(|webhook| retry(&app, &sender, webhook, end))).await;
    let tried: Vec<usize> = tried.into_iter().collect::<roster_domain::Result<_>>()?;
    Ok(json!({ "tried": tried.iter().sum::<usize>() }))
}

/// How many tries were made.
async fn retry(app: &App, sender: &Sender, webhook: &Webhook, end: Instant) -> roster_domain::Result<usize> {
    let mut tried = 0;
    loop {
        let due = app.store.deliveries_due(webhook.id, app.now(), BATCH).await?;
        let attempts = due.into_iter().map(|delivery| take_up_in_time(app, sender, webhook, delivery, end));
        let taken: Vec<_> = stream::iter(attempts).buffer_unordered(AT_ONCE).collect().await;
        let taken: Vec<bool> = taken.into_iter().collect::<roster_domain::Result<_>>()?;
        let taken = taken.into_iter().filter(|taken| *taken).count();
        tried += taken;
        // The index may still show what was taken up a moment ago.
        if taken == 0 {
            return Ok(tried);
        }
    }
}

async fn take_up_in_time(
    app: &App,
    sender: &Sender,
    webhook: &Webhook,
    delivery: Delivery,
    end: Instant,
) -> roster_domain::Result<bool> {
    if Instant::now() < end { take_up(app, sender, webhook, &delivery).await } else { Ok(false) }
}
