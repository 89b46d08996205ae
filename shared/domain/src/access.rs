//! Who may do what: the one place where it is decided, for people and for API keys.
//!
//! Nobody grants, edits or ends more than they hold.

use crate::{ApiKeyId, Error, Result, Role, SessionId, User, UserId, activity::Actor};

/// Who asks, known by a valid credential.
#[derive(Clone, Debug)]
pub struct Caller {
    pub credential: Credential,
    /// How the caller is called, in mails and in the activity.
    pub label: String,
    pub role: Role,
}

/// By what a caller is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    Session { user: UserId, session: SessionId, password_temporary: bool },
    ApiKey(ApiKeyId),
}

impl Caller {
    /// The caller behind a session of `user`.
    pub fn with_session(user: &User, session: SessionId) -> Self {
        Self {
            credential: Credential::Session { user: user.id, session, password_temporary: user.password_temporary },
            label: user.label().to_owned(),
            role: user.role,
        }
    }

    /// The user, where the caller is one.
    pub fn user_id(&self) -> Option<UserId> {
        match self.credential {
            Credential::Session { user, .. } => Some(user),
            Credential::ApiKey(_) => None,
        }
    }

    /// The session by which the caller is known, where it is one.
    pub fn session_id(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session { session, .. } => Some(session),
            Credential::ApiKey(_) => None,
        }
    }

    pub fn is(&self, user: UserId) -> bool {
        self.user_id() == Some(user)
    }

    /// Whether the caller may do what needs `role`. A temporary password is changed first.
    pub fn require(&self, role: Role) -> Result<()> {
        if let Credential::Session { password_temporary: true, .. } = self.credential {
            return Err(Error::PasswordChangeRequired);
        }
        if self.role < role {
            return Err(Error::Forbidden(match role {
                Role::Admin => "This is for admins.",
                Role::Builder => "This is for builders and admins.",
                Role::Member => "This is not allowed.",
            }));
        }
        Ok(())
    }

    /// Whether the caller may give somebody `role`.
    pub fn may_grant(&self, role: Role) -> Result<()> {
        if role <= self.role { Ok(()) } else { Err(Error::Forbidden("Nobody gives a role above their own.")) }
    }

    /// Whether the caller may change or end anything of `user`.
    pub fn may_touch(&self, user: &User) -> Result<()> {
        if user.role <= self.role {
            Ok(())
        } else {
            Err(Error::Forbidden("Nobody changes a user above their own role."))
        }
    }

    /// As [`may_touch`](Self::may_touch), for what nobody does to themselves: deleting, suspending, demoting.
    pub fn may_end(&self, user: &User) -> Result<()> {
        self.may_touch(user)?;
        if self.is(user.id) { Err(Error::OwnAccount) } else { Ok(()) }
    }

    pub fn actor(&self) -> Actor {
        match self.credential {
            Credential::Session { user, .. } => Actor::User { id: user, label: self.label.clone() },
            Credential::ApiKey(id) => Actor::ApiKey { id, label: self.label.clone() },
        }
    }
}
