//! A webhook and its deliveries as the API shows them: never with a secret that was given before.

use jiff::Timestamp;
use roster_domain::{
    WebhookId,
    webhooks::{Attempt, Delivery, DeliveryState, DisabledBy, EventType, Outcome, State, Webhook},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    #[schema(value_type = WebhookId)]
    id: String,
    #[schema(format = "uri", example = "https://hooks.example.com/roster")]
    url: String,
    /// `["*"]` for all.
    #[schema(value_type = Vec<EventType>, example = json!(["user.activated", "user.deleted"]))]
    event_types: Vec<&'static str>,
    description: Option<String>,
    enabled: bool,
    /// Why it is not enabled.
    disabled: Option<DisabledView>,
    /// Since when nothing gets through.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// Until when the secret before the last rotation signs, too.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secret_until: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    created_by: String,
}

/// Since when and why a webhook is told no more.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDisabled)]
pub struct DisabledView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = DisabledBy)]
    reason: &'static str,
    /// For people.
    #[schema(example = "Nothing got through to the receiver for three days.")]
    detail: &'static str,
}

impl WebhookView {
    pub(crate) fn new(webhook: &Webhook, now: Timestamp) -> Self {
        let disabled = match webhook.state {
            State::Enabled => None,
            State::Disabled { at, reason } => {
                Some(DisabledView { at, reason: reason.as_str(), detail: reason.sentence() })
            }
        };
        let previous = webhook.previous_secret.as_ref().map(|(_, until)| *until);
        Self {
            id: webhook.id.to_string(),
            url: webhook.url.as_str().to_owned(),
            event_types: webhook.event_types.as_strs(),
            description: webhook.description.as_ref().map(|line| line.as_str().to_owned()),
            enabled: webhook.is_enabled(),
            disabled,
            failing_since: webhook.failing_since,
            previous_secret_until: previous.filter(|until| now < *until),
            created_at: webhook.created_at,
            created_by: webhook.created_by.clone(),
        }
    }
}

/// A webhook with a secret that nobody has seen yet.
#[derive(Serialize, ToSchema)]
pub struct WebhookWithSecret {
    pub(crate) webhook: WebhookView,
    /// What the receiver verifies signatures with; given once, `null` when the answer is repeated.
    #[schema(value_type = Option<String>, required, example = "whsec_…")]
    pub(crate) secret: String,
}

/// An event on its way to a webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct DeliveryView {
    /// The id of the event, which the receiver gets as `webhook-id`.
    #[schema(example = "01JD8ZQ4V9WX6M2N3P5R7S8T9A")]
    id: String,
    #[schema(example = "user.invited")]
    event_type: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// `queued`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    state: &'static str,
    /// How often it was tried.
    #[schema(example = 1)]
    attempts: u32,
    last_attempt: Option<AttemptView>,
    /// When it is tried next.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
}

/// What a try came to: a status, or why there was none.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub struct AttemptView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(example = 204)]
    status: Option<u16>,
    #[schema(example = "There was no answer within 10 seconds.")]
    error: Option<String>,
}

impl From<&Delivery> for DeliveryView {
    fn from(delivery: &Delivery) -> Self {
        let due = match delivery.state {
            DeliveryState::Queued { due_at } => Some(due_at),
            DeliveryState::Delivered | DeliveryState::Failed => None,
        };
        Self {
            id: delivery.event.to_string(),
            event_type: delivery.event_type.clone(),
            created_at: delivery.created_at,
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            last_attempt: delivery.last_attempt.as_ref().map(AttemptView::from),
            next_attempt_at: due,
        }
    }
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        let (status, error) = match &attempt.outcome {
            Outcome::Answered(status) => (Some(*status), None),
            Outcome::Unanswered(reason) => (None, Some(reason.clone())),
        };
        Self { at: attempt.at, status, error }
    }
}
