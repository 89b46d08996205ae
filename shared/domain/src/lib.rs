//! Types, rules and refusals of user management.
//!
//! Nothing here waits: no I/O, no clock, no AWS, no HTTP. Time and randomness come in as arguments, so every rule can
//! be tried without a mock. `utoipa` only describes values for the API document.

pub mod access;
pub mod activity;
pub mod api_keys;
pub mod apps;
pub mod attempts;
pub mod email;
pub mod error;
pub mod ids;
pub mod invites;
pub mod mails;
pub mod names;
pub mod passwords;
pub mod resets;
pub mod roles;
pub mod sessions;
pub mod settings;
pub mod templates;
pub mod tokens;
pub mod users;
pub mod webhooks;

pub use access::Caller;
pub use email::EmailAddress;
pub use error::{Error, FieldError, Invalid, Result};
pub use ids::{ActivityId, ApiKeyId, MailId, SessionId, UserId, WebhookId};
pub use names::PersonName;
pub use roles::{AppRoles, AppSlug, Role, RoleSlug};
pub use users::{Status, User};
