//! The audit log: who did what to whom, when and from where. Never a secret, never a password.

use std::str::FromStr;

use jiff::Timestamp;

use crate::{ActivityId, ApiKeyId, AppSlug, Invalid, User, UserId, WebhookId};

/// One entry.
#[derive(Clone, Debug)]
pub struct Activity {
    pub id: ActivityId,
    pub at: Timestamp,
    pub action: Action,
    pub actor: Actor,
    pub subject: Subject,
    pub changes: Vec<Change>,
    pub origin: Origin,
}

/// Where a request came from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
}

macro_rules! actions {
    ($($name:ident = $text:literal,)*) => {
        /// What happened, in the past tense.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Action {
            $($name,)*
        }

        impl Action {
            /// Every action there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

actions! {
    InstallationSetUp = "installation.set_up",
    SessionStarted = "session.started",
    SessionRefused = "session.refused",
    AccessRefused = "access.refused",
    SessionEnded = "session.ended",
    PasswordChanged = "password.changed",
    UserInvited = "user.invited",
    InviteRenewed = "invite.renewed",
    InviteRevoked = "invite.revoked",
    InviteExpired = "invite.expired",
    InviteReminded = "invite.reminded",
    InviteRenewalRequested = "invite.renewal_requested",
    UserActivated = "user.activated",
    UserUpdated = "user.updated",
    UserDeleted = "user.deleted",
    RoleChanged = "role.changed",
    AppRoleSet = "app_role.set",
    AppRoleRemoved = "app_role.removed",
    UserCreated = "user.created",
    UserSuspended = "user.suspended",
    UserReactivated = "user.reactivated",
    UserUnlocked = "user.unlocked",
    PasswordChangeRefused = "password.change_refused",
    PasswordResetByAdmin = "password.reset_by_admin",
    PasswordResetRequested = "password.reset_requested",
    PasswordReset = "password.reset",
    SessionsEnded = "sessions.ended",
    AppCreated = "app.created",
    AppUpdated = "app.updated",
    AppDeleted = "app.deleted",
    ApiKeyCreated = "api_key.created",
    ApiKeyDeleted = "api_key.deleted",
    SecuritySettingsChanged = "security_settings.changed",
    EmailSettingsChanged = "email_settings.changed",
    TemplateChanged = "template.changed",
    TemplateRestored = "template.restored",
    TemplateFailed = "template.failed",
    TestMailRequested = "test_mail.requested",
    MailFailed = "mail.failed",
    MailBounced = "mail.bounced",
    MailComplained = "mail.complained",
    LinksAndSessionsVoided = "links_and_sessions.voided",
    WebhookCreated = "webhook.created",
    WebhookUpdated = "webhook.updated",
    WebhookDeleted = "webhook.deleted",
    WebhookSecretRotated = "webhook.secret_rotated",
    WebhookDisabled = "webhook.disabled",
    WebhookTestRequested = "webhook.test_requested",
    WebhookResendRequested = "webhook.resend_requested",
}

impl FromStr for Action {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text).ok_or_else(|| "There is no such type.".into())
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    User {
        id: UserId,
        label: String,
    },
    ApiKey {
        id: ApiKeyId,
        label: String,
    },
    /// The installation itself: a schedule, the mail.
    System,
    /// Somebody without a credential.
    Anonymous,
}

/// To whom or what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    User {
        id: UserId,
        label: String,
    },
    /// An address without a user.
    Address {
        label: String,
    },
    App {
        slug: AppSlug,
        label: String,
    },
    ApiKey {
        id: ApiKeyId,
        label: String,
    },
    Webhook {
        id: WebhookId,
        label: String,
    },
    Installation,
}

impl From<&User> for Subject {
    fn from(user: &User) -> Self {
        Self::User { id: user.id, label: user.label().to_owned() }
    }
}

impl From<&User> for Actor {
    fn from(user: &User) -> Self {
        Self::User { id: user.id, label: user.label().to_owned() }
    }
}

/// One field, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

impl Change {
    pub fn new(field: impl Into<String>, old: Option<String>, new: Option<String>) -> Self {
        Self { field: field.into(), old, new }
    }
}

/// What differs between two states of a user, as the activity tells it.
pub fn user_changes(before: Option<&User>, after: Option<&User>) -> Vec<Change> {
    let described = |user: Option<&User>| user.map(User::described).unwrap_or_default();
    let (before, after) = (described(before), described(after));
    let fields: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    fields
        .into_iter()
        .map(|field| Change::new(field, before.get(field).cloned(), after.get(field).cloned()))
        .filter(|change| change.old != change.new)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AppRoles, Role,
        users::{Profile, State, Suspension},
    };

    #[test]
    fn what_differs_between_two_states_is_told_and_nothing_else() {
        let now = Timestamp::UNIX_EPOCH;
        let email = "ada@example.com".parse().unwrap();
        let profile = Profile { email, name: None, role: Role::Member, app_roles: AppRoles::default() };
        let before = User::active(UserId::new(now, [1; 10]), profile, now);
        let suspension = Suspension { reason: Some("On leave".to_owned()), until: Some(now) };
        let after = User {
            name: Some("Ada".parse().unwrap()),
            state: State::Suspended(suspension),
            app_roles: AppRoles::from([("crm".parse().unwrap(), "basic".parse().unwrap())]),
            password_temporary: true,
            last_sign_in_at: Some(now),
            revision: 2,
            ..before.clone()
        };
        let told = |changes: Vec<Change>| {
            let told = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            changes.into_iter().map(|c| format!("{}: {} {}", c.field, told(c.old), told(c.new))).collect::<Vec<_>>()
        };
        assert_eq!(
            told(user_changes(Some(&before), Some(&after))),
            [
                "app_roles.crm: - basic",
                "name: - Ada",
                "password_temporary: - true",
                "status: active suspended",
                "suspension.reason: - On leave",
                "suspension.until: - 1970-01-01T00:00:00Z",
            ]
        );
        assert_eq!(
            told(user_changes(Some(&before), None)),
            ["email: ada@example.com -", "role: member -", "status: active -"]
        );
        assert_eq!(told(user_changes(Some(&after), Some(&after))), [""; 0]);
    }
}
