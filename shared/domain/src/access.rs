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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{AppRoles, users::Profile};

    const ROLES: [Role; 3] = [Role::Member, Role::Builder, Role::Admin];

    fn user(n: u8, role: Role) -> User {
        let email = format!("user{n}@example.com").parse().unwrap();
        let profile = Profile { email, name: None, role, app_roles: AppRoles::default() };
        User::active(UserId::new(Timestamp::UNIX_EPOCH, [n; 10]), profile, Timestamp::UNIX_EPOCH)
    }

    /// A person and a program with this role.
    fn callers(role: Role) -> [Caller; 2] {
        let key = Credential::ApiKey(ApiKeyId::new(Timestamp::UNIX_EPOCH, [1; 10]));
        let program = Caller { credential: key, label: "Import".to_owned(), role };
        [Caller::with_session(&user(1, role), SessionId::new(Timestamp::UNIX_EPOCH, [2; 10])), program]
    }

    #[test]
    fn a_role_allows_what_needs_it_or_less() {
        for (held, needed) in ROLES.into_iter().flat_map(|held| ROLES.map(|needed| (held, needed))) {
            for caller in callers(held) {
                assert_eq!(caller.require(needed).is_ok(), needed <= held, "{held:?} needs {needed:?}");
                assert_eq!(caller.may_grant(needed).is_ok(), needed <= held, "{held:?} grants {needed:?}");
                assert_eq!(caller.may_touch(&user(3, needed)).is_ok(), needed <= held, "{held:?} touches {needed:?}");
                assert_eq!(caller.may_end(&user(3, needed)).is_ok(), needed <= held, "{held:?} ends {needed:?}");
            }
        }
    }

    #[test]
    fn nobody_ends_themselves() {
        for role in ROLES {
            let [person, program] = callers(role);
            let themselves = user(1, role);
            assert!(person.is(themselves.id));
            assert!(person.may_touch(&themselves).is_ok());
            assert!(matches!(person.may_end(&themselves), Err(Error::OwnAccount)));
            assert!(!person.is(user(3, role).id));
            assert!(!program.is(themselves.id), "a program is nobody's account");
            assert!(program.may_end(&themselves).is_ok());
        }
    }

    #[test]
    fn with_a_temporary_password_nothing_is_allowed_that_needs_a_role() {
        for role in ROLES {
            let with_temporary = User { password_temporary: true, ..user(1, role) };
            let caller = Caller::with_session(&with_temporary, SessionId::new(Timestamp::UNIX_EPOCH, [2; 10]));
            assert!(matches!(caller.require(Role::Member).unwrap_err(), Error::PasswordChangeRequired));
        }
    }

    #[test]
    fn a_caller_is_known_by_what_they_came_with() {
        let [person, program] = callers(Role::Admin);
        assert_eq!(person.user_id(), Some(user(1, Role::Admin).id));
        assert_eq!(person.session_id(), Some(SessionId::new(Timestamp::UNIX_EPOCH, [2; 10])));
        assert!(matches!(person.actor(), Actor::User { id, .. } if Some(id) == person.user_id()));
        assert_eq!((program.user_id(), program.session_id()), (None, None));
        assert!(matches!(program.actor(), Actor::ApiKey { .. }));
    }
}
