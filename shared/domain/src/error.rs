//! What can be refused, in our words and without HTTP. `web` gives each its status.

use std::error::Error as StdError;

use jiff::{SignedDuration, Timestamp};

use crate::{Status, UserId};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("some fields are not valid")]
    InvalidFields(Vec<FieldError>),

    #[error("sign in first")]
    Unauthenticated,
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("change the temporary password first")]
    PasswordChangeRequired,
    #[error("this operation is for a person who is signed in, not for an API key")]
    SessionRequired,

    #[error("the setup secret is wrong")]
    WrongSetupSecret,
    #[error("the installation has its first admin already")]
    AlreadySetUp,

    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    #[error("the account is suspended")]
    AccountSuspended { reason: Option<String>, until: Option<Timestamp> },
    #[error("the temporary password has expired")]
    TemporaryPasswordExpired,
    #[error("too many attempts")]
    TooManyAttempts { retry_after: SignedDuration },
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("there is no such reset link")]
    LinkUnknown,
    #[error("the reset link has expired")]
    LinkExpired,
    #[error("there is no such session")]
    SessionNotFound,
    #[error("there is no such API key")]
    ApiKeyNotFound,
    #[error("there is no such webhook")]
    WebhookNotFound,
    #[error("there is no such delivery")]
    DeliveryNotFound,
    #[error("the installation has as many webhooks as it may have")]
    TooManyWebhooks,
    #[error("the webhook is disabled")]
    WebhookDisabled,
    #[error("the idempotency key belongs to another request")]
    IdempotencyKeyReused,

    #[error("there is no such user")]
    UserNotFound,
    #[error("the address belongs to a user already")]
    EmailTaken { user_id: UserId, status: Option<Status> },
    #[error("the e-mail settings are missing")]
    EmailNotConfigured,
    #[error("the user is not invited")]
    NotInvited,
    #[error("the user has not accepted the invite yet")]
    StillInvited,
    #[error("the user is suspended")]
    UserSuspended,
    #[error("the invite has expired")]
    InviteExpired,
    #[error("a newer invite was sent")]
    InviteReplaced,
    #[error("there is no such invite")]
    InviteUnknown,
    #[error("the account of the caller itself")]
    OwnAccount,
    #[error("the last active admin")]
    LastAdmin,
    /// Written by somebody else since it was read. Who decides read it again and decides anew.
    #[error("written by somebody else in between")]
    Conflict,
    /// The caller's `If-Match` names another version than the current one.
    #[error("changed by somebody else")]
    Stale { version: u64 },

    #[error("there is no such app")]
    UnknownApp,
    #[error("there is no such template")]
    UnknownTemplate,
    #[error("an app has this slug already")]
    SlugTaken,
    #[error("users have the role that is to be removed")]
    RoleInUse { role: crate::RoleSlug, count: u64 },
    #[error("the user may not enter the app")]
    NoAccess,

    /// The same request is still running elsewhere.
    #[error("the first request with this idempotency key has no answer yet")]
    IdempotencyKeyInUse,

    /// The store is throttled, conflicted or out of reach for the moment.
    #[error("the service is busy")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// A fault of ours. The source goes to the log, never to the caller.
    #[error("unexpected")]
    Unexpected(#[source] Box<dyn StdError + Send + Sync>),
}

impl Error {
    pub fn unexpected(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unexpected(source.into())
    }
}

/// Why a value is not valid: a sentence for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

impl From<&str> for Invalid {
    fn from(detail: &str) -> Self {
        Self(detail.to_owned())
    }
}

/// A field that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where it stands in the body, as a JSON Pointer (RFC 6901).
    pub pointer: String,
    pub detail: String,
}

impl FieldError {
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}
