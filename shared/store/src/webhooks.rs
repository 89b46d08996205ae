//! Webhooks and their deliveries.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use roster_domain::{
    ActivityId, Error, Invalid, Result, User, UserId, WebhookId,
    activity::Activity,
    mails::Mail,
    settings::EmailSettings,
    webhooks::{
        Attempt, Delivery, DeliveryState, DisabledBy, EventTypes, MAX_WEBHOOKS, Outcome, SigningSecret, State, Webhook,
        WebhookUrl,
    },
};
use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, serde_as};

use crate::{
    Store,
    items::Item,
    keys::{self, Entry, Key},
    lists::{Page, PageRequest, Range, Source},
    transaction::{Condition, Transaction},
};

/// How long a delivery is kept after its event.
const DELIVERY_KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How many admins are told at most: their mails are in one transaction.
const MAX_TOLD: usize = 50;

impl Store {
    /// Access pattern 70: all webhooks, oldest first.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>> {
        let all = Source { index: "", pk: keys::WEBHOOKS.to_owned(), range: Range::All, forward: true };
        // Two admins at once may make one too many.
        let (rows, _) = self.query(&all, None, 2 * MAX_WEBHOOKS).await?;
        rows.into_iter().map(Webhook::from_attributes).collect()
    }

    /// Access pattern 71: a webhook by id.
    pub async fn webhook(&self, id: WebhookId) -> Result<Option<Webhook>> {
        self.get(keys::webhook(id)).await
    }

    /// Access pattern 72: a new webhook.
    pub async fn create_webhook(&self, webhook: &Webhook, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        writes.put_if(webhook, Condition::is_new(), |_| Error::unexpected("a new webhook's id is taken"))?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 73: a webhook is changed, and mails tell of it. Fails with [`Error::Conflict`] if it was written
    /// meanwhile.
    pub async fn update_webhook(
        &self,
        before: &Webhook,
        after: &Webhook,
        activity: &Activity,
        mails: &[Mail],
    ) -> Result<()> {
        let mut writes = Transaction::new(self);
        writes.put_if(&next(before, after), unchanged(before), |_| Error::Conflict)?;
        for mail in mails {
            writes.put(mail)?;
        }
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 74: since when nothing gets through to a webhook. Fails with [`Error::Conflict`] if it was written
    /// meanwhile.
    pub async fn note_webhook(&self, before: &Webhook, after: &Webhook) -> Result<()> {
        self.put_if(next(before, after).attributes()?, unchanged(before)).await
    }

    /// Access pattern 75: a webhook is deleted. Its deliveries go with time.
    pub async fn delete_webhook(&self, id: WebhookId, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        let exists = Condition::new("attribute_exists(pk)", []);
        writes.delete_if(keys::webhook(id), exists, |_| Error::WebhookNotFound)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 76: the deliveries of a webhook, newest first.
    pub async fn deliveries(&self, webhook: WebhookId, page: &PageRequest) -> Result<Page<Delivery>> {
        let pk = keys::deliveries_partition(webhook);
        let source = Source { index: "", pk, range: Range::All, forward: false };
        self.page_of(&format!("deliveries-of-{webhook}"), &source, page).await
    }

    /// Access pattern 77: the deliveries of a webhook that are due, longest due first.
    pub async fn deliveries_due(&self, webhook: WebhookId, now: Timestamp, limit: i32) -> Result<Vec<Delivery>> {
        let due = self.query_until("gsi1", &keys::due_partition(webhook), now, limit).await?;
        due.into_iter().map(Delivery::from_attributes).collect()
    }

    /// Access pattern 78: a new delivery. Fails with [`Error::Conflict`] if there is one of this event already.
    pub async fn queue_delivery(&self, delivery: &Delivery) -> Result<()> {
        self.put_if(delivery.attributes()?, Condition::is_new()).await
    }

    /// Access pattern 79: where a delivery stands. Fails with [`Error::Conflict`] if somebody else has taken it up
    /// meanwhile.
    pub async fn put_delivery(&self, before: &Delivery, after: &Delivery) -> Result<()> {
        self.put_if(after.attributes()?, stands(before)).await
    }

    /// Access pattern 83: a webhook and one of its deliveries.
    pub async fn webhook_and_delivery(
        &self,
        webhook: WebhookId,
        event: ActivityId,
    ) -> Result<(Option<Webhook>, Option<Delivery>)> {
        let (webhook, delivery) = (keys::webhook(webhook), keys::delivery(webhook, event));
        let mut found = self.read([&webhook, &delivery]).await?;
        Ok((found.take(&webhook)?, found.take(&delivery)?))
    }

    /// Access pattern 84: an admin asks for a delivery, a new one or once more. Fails with [`Error::Conflict`] if it was
    /// written meanwhile.
    pub async fn request_delivery(
        &self,
        before: Option<&Delivery>,
        delivery: &Delivery,
        activity: &Activity,
    ) -> Result<()> {
        let mut writes = Transaction::new(self);
        let unchanged = before.map_or_else(Condition::is_new, stands);
        writes.put_if(delivery, unchanged, |_| Error::Conflict)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 85: the active admins, and the e-mail settings: whom to tell, and how.
    pub async fn active_admins(&self) -> Result<(Vec<User>, Option<EmailSettings>)> {
        let (admins, settings) = (keys::admins(), keys::email_settings());
        let mut found = self.read([&admins, &settings]).await?;
        let ids = found.0.remove(&admins).map(serde_dynamo::from_item::<_, Admins>).transpose();
        let ids = ids.map_err(Error::unexpected)?.map(|admins| admins.admin_ids).unwrap_or_default();
        let users: Vec<_> = ids.into_iter().take(MAX_TOLD).map(keys::user).collect();
        let mut admins = self.read(&users).await?;
        let users = users.iter().filter_map(|user| admins.take(user).transpose()).collect::<Result<_>>()?;
        Ok((users, found.take(&settings)?))
    }
}

fn next(before: &Webhook, after: &Webhook) -> Webhook {
    Webhook { version: before.version + 1, ..after.clone() }
}

fn unchanged(webhook: &Webhook) -> Condition {
    Condition::new("version = :version", [(":version", AttributeValue::N(webhook.version.to_string()))])
}

/// That a delivery is queued for the same moment, or is queued no more.
fn stands(delivery: &Delivery) -> Condition {
    match delivery.gsi1() {
        Some(due) => Condition::new("gsi1sk = :due", [(":due", AttributeValue::S(due.sk))]),
        None => Condition::new("attribute_exists(pk) AND attribute_not_exists(gsi1sk)", []),
    }
}

/// The set of the active admins.
#[serde_as]
#[derive(Deserialize)]
struct Admins {
    #[serde_as(as = "BTreeSet<DisplayFromStr>")]
    admin_ids: BTreeSet<UserId>,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredWebhook {
    #[serde_as(as = "DisplayFromStr")]
    id: WebhookId,
    url: String,
    event_types: Vec<String>,
    description: Option<String>,
    state: StoredState,
    secret: String,
    previous_secret: Option<StoredSecret>,
    failing_since: Option<Timestamp>,
    created_at: Timestamp,
    created_by: String,
    version: u64,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum StoredState {
    Enabled,
    Disabled {
        at: Timestamp,
        #[serde_as(as = "DisplayFromStr")]
        reason: DisabledBy,
    },
}

#[derive(Serialize, Deserialize)]
struct StoredSecret {
    secret: String,
    until: Timestamp,
}

impl Item for Webhook {
    type Stored = StoredWebhook;

    fn key(&self) -> Key {
        keys::webhook(self.id)
    }

    fn stored(&self) -> StoredWebhook {
        let state = match self.state {
            State::Enabled => StoredState::Enabled,
            State::Disabled { at, reason } => StoredState::Disabled { at, reason },
        };
        let previous = self.previous_secret.as_ref();
        StoredWebhook {
            id: self.id,
            url: self.url.as_str().to_owned(),
            event_types: self.event_types.as_strs().into_iter().map(str::to_owned).collect(),
            description: self.description.as_ref().map(|line| line.as_str().to_owned()),
            state,
            secret: self.secret.reveal(),
            previous_secret: previous.map(|(secret, until)| StoredSecret { secret: secret.reveal(), until: *until }),
            failing_since: self.failing_since,
            created_at: self.created_at,
            created_by: self.created_by.clone(),
            version: self.version,
        }
    }

    fn restored(stored: StoredWebhook) -> Result<Self, Invalid> {
        let event_types = if stored.event_types.iter().any(|name| name == EventTypes::ALL) {
            EventTypes::All
        } else {
            // A type may be gone by now.
            EventTypes::These(stored.event_types.iter().filter_map(|name| name.parse().ok()).collect())
        };
        let previous = stored.previous_secret.map(|StoredSecret { secret, until }| {
            let secret: SigningSecret = secret.parse()?;
            Ok::<_, Invalid>((secret, until))
        });
        Ok(Self {
            id: stored.id,
            url: stored.url.parse::<WebhookUrl>()?,
            event_types,
            description: stored.description.map(|line| line.parse()).transpose()?,
            state: match stored.state {
                StoredState::Enabled => State::Enabled,
                StoredState::Disabled { at, reason } => State::Disabled { at, reason },
            },
            secret: stored.secret.parse()?,
            previous_secret: previous.transpose()?,
            failing_since: stored.failing_since,
            created_at: stored.created_at,
            created_by: stored.created_by,
            version: stored.version,
        })
    }
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredDelivery {
    #[serde_as(as = "DisplayFromStr")]
    webhook: WebhookId,
    #[serde_as(as = "DisplayFromStr")]
    event: ActivityId,
    event_type: String,
    body: String,
    state: StoredDeliveryState,
    attempts: u32,
    last_attempt: Option<StoredAttempt>,
    created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum StoredDeliveryState {
    Queued { due_at: Timestamp },
    Delivered,
    Failed,
}

#[derive(Serialize, Deserialize)]
struct StoredAttempt {
    at: Timestamp,
    /// Nothing, if there was no answer.
    status: Option<u16>,
    error: Option<String>,
}

impl Item for Delivery {
    type Stored = StoredDelivery;

    fn key(&self) -> Key {
        keys::delivery(self.webhook, self.event)
    }

    fn gsi1(&self) -> Option<Entry> {
        match self.state {
            DeliveryState::Queued { due_at } => Some(keys::due_delivery(self.webhook, due_at, self.event)),
            DeliveryState::Delivered | DeliveryState::Failed => None,
        }
    }

    fn ends_at(&self) -> Option<Timestamp> {
        self.created_at.checked_add(DELIVERY_KEPT).ok()
    }

    fn stored(&self) -> StoredDelivery {
        let attempt = self.last_attempt.clone().map(|Attempt { at, outcome }| {
            let (status, error) = match outcome {
                Outcome::Answered(status) => (Some(status), None),
                Outcome::Unanswered(reason) => (None, Some(reason)),
            };
            StoredAttempt { at, status, error }
        });
        StoredDelivery {
            webhook: self.webhook,
            event: self.event,
            event_type: self.event_type.clone(),
            body: self.body.clone(),
            state: match self.state {
                DeliveryState::Queued { due_at } => StoredDeliveryState::Queued { due_at },
                DeliveryState::Delivered => StoredDeliveryState::Delivered,
                DeliveryState::Failed => StoredDeliveryState::Failed,
            },
            attempts: self.attempts,
            last_attempt: attempt,
            created_at: self.created_at,
        }
    }

    fn restored(stored: StoredDelivery) -> Result<Self, Invalid> {
        let attempt = stored.last_attempt.map(|StoredAttempt { at, status, error }| {
            let outcome = status.map_or_else(|| Outcome::Unanswered(error.unwrap_or_default()), Outcome::Answered);
            Attempt { at, outcome }
        });
        Ok(Self {
            webhook: stored.webhook,
            event: stored.event,
            event_type: stored.event_type,
            body: stored.body,
            state: match stored.state {
                StoredDeliveryState::Queued { due_at } => DeliveryState::Queued { due_at },
                StoredDeliveryState::Delivered => DeliveryState::Delivered,
                StoredDeliveryState::Failed => DeliveryState::Failed,
            },
            attempts: stored.attempts,
            last_attempt: attempt,
            created_at: stored.created_at,
        })
    }
}
