//! The audit log: who did what to whom, when and from where. Never a secret, never a password.

use jiff::Timestamp;

use crate::{ActivityId, ApiKeyId, AppSlug, User, UserId};

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

/// What happened, in the past tense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    InstallationSetUp,
    SessionStarted,
    SessionRefused,
    AccessRefused,
    SessionEnded,
    PasswordChanged,
    UserInvited,
    InviteRenewed,
    InviteRevoked,
    InviteExpired,
    InviteReminded,
    InviteRenewalRequested,
    UserActivated,
    UserUpdated,
    UserDeleted,
    RoleChanged,
    AppRoleSet,
    AppRoleRemoved,
    UserCreated,
    UserSuspended,
    UserReactivated,
    UserUnlocked,
    PasswordChangeRefused,
    PasswordResetByAdmin,
    PasswordResetRequested,
    PasswordReset,
    SessionsEnded,
    AppCreated,
    AppUpdated,
    AppDeleted,
    ApiKeyCreated,
    ApiKeyDeleted,
    SecuritySettingsChanged,
    EmailSettingsChanged,
    TemplateChanged,
    TemplateRestored,
    TemplateFailed,
    TestMailRequested,
    MailFailed,
    MailBounced,
    MailComplained,
}

impl Action {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InstallationSetUp => "installation.set_up",
            Self::SessionStarted => "session.started",
            Self::SessionRefused => "session.refused",
            Self::AccessRefused => "access.refused",
            Self::SessionEnded => "session.ended",
            Self::PasswordChanged => "password.changed",
            Self::UserInvited => "user.invited",
            Self::InviteRenewed => "invite.renewed",
            Self::InviteRevoked => "invite.revoked",
            Self::InviteExpired => "invite.expired",
            Self::InviteReminded => "invite.reminded",
            Self::InviteRenewalRequested => "invite.renewal_requested",
            Self::UserActivated => "user.activated",
            Self::UserUpdated => "user.updated",
            Self::UserDeleted => "user.deleted",
            Self::RoleChanged => "role.changed",
            Self::AppRoleSet => "app_role.set",
            Self::AppRoleRemoved => "app_role.removed",
            Self::UserCreated => "user.created",
            Self::UserSuspended => "user.suspended",
            Self::UserReactivated => "user.reactivated",
            Self::UserUnlocked => "user.unlocked",
            Self::PasswordChangeRefused => "password.change_refused",
            Self::PasswordResetByAdmin => "password.reset_by_admin",
            Self::PasswordResetRequested => "password.reset_requested",
            Self::PasswordReset => "password.reset",
            Self::SessionsEnded => "sessions.ended",
            Self::AppCreated => "app.created",
            Self::AppUpdated => "app.updated",
            Self::AppDeleted => "app.deleted",
            Self::ApiKeyCreated => "api_key.created",
            Self::ApiKeyDeleted => "api_key.deleted",
            Self::SecuritySettingsChanged => "security_settings.changed",
            Self::EmailSettingsChanged => "email_settings.changed",
            Self::TemplateChanged => "template.changed",
            Self::TemplateRestored => "template.restored",
            Self::TemplateFailed => "template.failed",
            Self::TestMailRequested => "test_mail.requested",
            Self::MailFailed => "mail.failed",
            Self::MailBounced => "mail.bounced",
            Self::MailComplained => "mail.complained",
        }
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
