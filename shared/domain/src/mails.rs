//! Mails on their way: entries of the outbox.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};

use crate::{EmailAddress, Invalid, MailId, UserId, templates::TemplateKind};

/// A mail that is to be sent. It is written together with the change that asks for it, so neither is lost.
#[derive(Clone, Debug)]
pub struct Mail {
    pub id: MailId,
    /// Whom it concerns. Nobody is looked up when a password reset is asked for an address: that is done on delivery,
    /// where nobody can measure it.
    pub user: Option<UserId>,
    pub to: EmailAddress,
    pub kind: Kind,
    pub state: MailState,
    /// How often sending was tried.
    pub attempts: u32,
    pub created_at: Timestamp,
}

/// What a mail is about, with what only this kind needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Carries the link of an invite of this generation.
    Invitation {
        generation: u64,
    },
    PasswordChanged,
    /// Carries the link of a password reset, if somebody active has the address.
    PasswordReset,
    /// Tells that an admin has set a temporary password, which the admin hands over.
    TemporaryPassword,
    /// Goes to the old and to the new address.
    EmailChanged {
        old: String,
        new: String,
    },
    /// Follows on an accepted invite.
    Welcome,
    /// Shows an admin that mail arrives.
    Test,
}

impl Kind {
    /// The template that it is made of; a test mail has none, for it is always the same.
    pub fn template(&self) -> Option<TemplateKind> {
        match self {
            Self::Invitation { .. } => Some(TemplateKind::Invitation),
            Self::PasswordChanged => Some(TemplateKind::PasswordChanged),
            Self::PasswordReset => Some(TemplateKind::PasswordReset),
            Self::TemporaryPassword => Some(TemplateKind::TemporaryPassword),
            Self::EmailChanged { .. } => Some(TemplateKind::EmailChanged),
            Self::Welcome => Some(TemplateKind::Welcome),
            Self::Test => None,
        }
    }

    pub fn as_str(&self) -> &'static str {
        self.template().map_or("test", TemplateKind::as_str)
    }
}

/// Where a mail stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailState {
    /// To be tried at `due_at`.
    Queued { due_at: Timestamp, last_failure: Option<String> },
    /// Taken over by SES under this id.
    Sent { at: Timestamp, ses_id: String },
    /// Given up, for this reason.
    Failed { reason: String },
    /// Not needed any more: the invite was renewed, revoked or accepted meanwhile.
    Dropped,
}

/// How long after a failed try the next one follows; after the last, the mail has failed.
const RETRIES: [SignedDuration; 7] = [
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(8),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(15),
];

impl Mail {
    pub fn new(id: MailId, user: Option<UserId>, to: EmailAddress, kind: Kind, now: Timestamp) -> Self {
        let state = MailState::Queued { due_at: now, last_failure: None };
        Self { id, user, to, kind, state, attempts: 0, created_at: now }
    }

    /// Notes a failure that may pass: the mail is tried again later, a limited number of times.
    pub fn try_again(&mut self, reason: String, now: Timestamp) {
        let pause = RETRIES.get(self.attempts as usize);
        self.attempts += 1;
        self.state = match pause.and_then(|pause| now.checked_add(*pause).ok()) {
            Some(due_at) => MailState::Queued { due_at, last_failure: Some(reason) },
            None => MailState::Failed { reason },
        };
    }

    /// Notes a failure that no later try would mend.
    pub fn give_up(&mut self, reason: String) {
        self.attempts += 1;
        self.state = MailState::Failed { reason };
    }

    pub fn sent(&mut self, ses_id: String, now: Timestamp) {
        self.attempts += 1;
        self.state = MailState::Sent { at: now, ses_id };
    }

    /// What the admin sees of it on the invite.
    pub fn delivery(&self) -> (Delivery, Option<String>) {
        match &self.state {
            MailState::Queued { last_failure, .. } => (Delivery::Queued, last_failure.clone()),
            MailState::Sent { .. } => (Delivery::Sent, None),
            MailState::Failed { reason } => (Delivery::Failed, Some(reason.clone())),
            MailState::Dropped => (Delivery::None, None),
        }
    }
}

/// How far the mail of an invite has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Delivery {
    /// Nothing was mailed: the admin took the link.
    None,
    Queued,
    Sent,
    Delivered,
    Bounced,
    Complained,
    Failed,
}

impl Delivery {
    const ALL: [Self; 7] =
        [Self::None, Self::Queued, Self::Sent, Self::Delivered, Self::Bounced, Self::Complained, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for Delivery {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|delivery| delivery.as_str() == text).ok_or_else(|| "No such delivery state.".into())
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
