//! One try to tell a webhook of an event, and what follows from it.
//!
//! A try begins with a write that one worker alone can make, so that no two send the same at once; if the process ends
//! in the middle, the delivery is due again later. The receiver may then get it twice, with the same `webhook-id`.

use roster_domain::{
    Error, Result,
    activity::{Action, Actor, Change, Subject},
    mails::{Kind, Mail},
    webhooks::{Delivery, DisabledBy, State, Webhook},
};
use roster_web::{App, Client, app::random, decide};

use super::sender::{Message, Sender};

/// Makes the next try of a delivery, if it is due and nobody else has taken it up. Whether it was taken up.
pub(crate) async fn take_up(app: &App, sender: &Sender, webhook: &Webhook, before: &Delivery) -> Result<bool> {
    let now = app.now();
    if !before.is_due(now) {
        return Ok(false);
    }
    let is_wanted = webhook.is_enabled() || before.is_test();
    let mut taken = before.clone();
    if is_wanted {
        taken.begin(now);
    } else {
        taken.give_up();
    }
    match app.store.put_delivery(before, &taken).await {
        Err(Error::Conflict) => return Ok(false),
        put => put?,
    }
    if is_wanted {
        attempt(app, sender, webhook, taken).await?;
    }
    Ok(true)
}

/// Makes the try of a delivery that has begun.
pub(crate) async fn attempt(app: &App, sender: &Sender, webhook: &Webhook, begun: Delivery) -> Result<()> {
    let (id, at) = (begun.event.to_string(), app.now());
    let signatures = webhook.signatures(&id, at, &begun.body);
    let message = Message { id: &id, timestamp: at.as_second(), signatures, body: begun.body.clone() };
    let outcome = sender.send(&webhook.url, message).await;
    let mut after = begun.clone();
    after.note(outcome, app.now(), random::<1>()[0]);
    match app.store.put_delivery(&begun, &after).await {
        // An admin asked for it again meanwhile.
        Err(Error::Conflict) => return Ok(()),
        put => put?,
    }
    note(app, webhook, &after).await
}

/// Notes on the webhook what the try shows of the receiver.
async fn note(app: &App, webhook: &Webhook, delivery: &Delivery) -> Result<()> {
    let noted = |webhook: &Webhook| {
        let mut noted = webhook.clone();
        noted.note(delivery, app.now());
        noted
    };
    if noted(webhook) == *webhook {
        return Ok(());
    }
    decide(async || {
        let Some(before) = app.store.webhook(webhook.id).await? else {
            return Ok(());
        };
        let after = noted(&before);
        match after.state {
            _ if after == before => Ok(()),
            State::Disabled { reason, .. } if before.is_enabled() => disable(app, &before, &after, reason).await,
            _ => app.store.note_webhook(&before, &after).await,
        }
    })
    .await
}

/// A webhook is told no more; every active admin gets to know.
async fn disable(app: &App, before: &Webhook, after: &Webhook, reason: DisabledBy) -> Result<()> {
    let now = app.now();
    let (admins, settings) = app.store.active_admins().await?;
    let mails = admins.into_iter().filter(|_| settings.is_some()).map(|admin| {
        let kind = Kind::WebhookDisabled { webhook: after.label().to_owned(), reason: reason.sentence().to_owned() };
        Mail::new(app.mail_id(now), Some(admin.id), admin.email, kind, now)
    });
    let changes = vec![
        Change::new("enabled", Some("true".to_owned()), Some("false".to_owned())),
        Change::new("reason", None, Some(reason.sentence().to_owned())),
    ];
    let parties = (Actor::System, Subject::from(after));
    let activity = app.activity(now, Action::WebhookDisabled, parties, changes, &Client::default());
    app.store.update_webhook(before, after, &activity, &mails.collect::<Vec<_>>()).await
}
