//! Templates of mails, as admins may write them.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use crate::Invalid;

/// What a template is for. Each kind has a default, which an admin may replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum TemplateKind {
    Invitation,
    InvitationReminder,
    PasswordReset,
    TemporaryPassword,
    PasswordChanged,
    EmailChanged,
    Welcome,
}

impl TemplateKind {
    pub const ALL: [Self; 7] = [
        Self::Invitation,
        Self::InvitationReminder,
        Self::PasswordReset,
        Self::TemporaryPassword,
        Self::PasswordChanged,
        Self::EmailChanged,
        Self::Welcome,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::InvitationReminder => "invitation_reminder",
            Self::PasswordReset => "password_reset",
            Self::TemporaryPassword => "temporary_password",
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
            Self::Welcome => "welcome",
        }
    }
}

impl FromStr for TemplateKind {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| "There is no such template.".into())
    }
}

impl fmt::Display for TemplateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text of a template, with places for values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSource {
    pub subject: String,
    pub html: String,
    pub text: String,
}

/// A template that an admin wrote in place of the default.
#[derive(Clone, Debug)]
pub struct CustomTemplate {
    pub kind: TemplateKind,
    pub source: TemplateSource,
    pub changed_at: Timestamp,
    /// The first mail that could not be made of it, for which the default was used.
    pub failure: Option<TemplateFailure>,
}

/// Why a template could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFailure {
    pub at: Timestamp,
    pub reason: String,
}
