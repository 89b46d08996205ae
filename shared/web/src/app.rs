//! What every operation is given: built once, before the first request.

use std::sync::Arc;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use roster_domain::{
    ActivityId, ApiKeyId, MailId, SessionId, UserId, WebhookId,
    activity::{Action, Activity, Actor, Change, Subject},
    tokens::Secret,
    webhooks::Reach,
};
use roster_store::Store;

use crate::{Client, Passwords};

/// The parts that operations share.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub passwords: Passwords,
    /// What the first admin must know; only the operation that sets up has it.
    pub setup_secret: Option<Arc<str>>,
    /// Where webhooks may be.
    pub webhook_reach: Reach,
}

/// Tells the time. Nothing else in the system asks for it.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The clock of the system.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system is asked for the time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl App {
    /// The present moment, to the millisecond, which is what is stored and shown; never ahead of the clock, so that nothing
    /// ends before its time.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        let to_the_millisecond = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Floor);
        now.round(to_the_millisecond).unwrap_or(now)
    }

    pub fn user_id(&self, now: Timestamp) -> UserId {
        UserId::new(now, random())
    }

    pub fn session_id(&self, now: Timestamp) -> SessionId {
        SessionId::new(now, random())
    }

    pub fn api_key_id(&self, now: Timestamp) -> ApiKeyId {
        ApiKeyId::new(now, random())
    }

    pub fn mail_id(&self, now: Timestamp) -> MailId {
        MailId::new(now, random())
    }

    pub fn webhook_id(&self, now: Timestamp) -> WebhookId {
        WebhookId::new(now, random())
    }

    pub fn activity_id(&self, now: Timestamp) -> ActivityId {
        ActivityId::new(now, random())
    }

    pub fn secret(&self) -> Secret {
        Secret::new(random())
    }

    /// An entry for the activity.
    pub fn activity(
        &self,
        now: Timestamp,
        action: Action,
        (actor, subject): (Actor, Subject),
        changes: Vec<Change>,
        client: &Client,
    ) -> Activity {
        Activity { id: self.activity_id(now), at: now, action, actor, subject, changes, origin: client.origin.clone() }
    }
}

/// Bytes from the system's source of randomness.
///
/// # Panics
///
/// If the system has no randomness to give: nothing safe could be done then.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives randomness");
    bytes
}
