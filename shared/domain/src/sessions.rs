//! Sessions: proof of a sign-in.

use jiff::{SignedDuration, Timestamp};

use crate::{
    SessionId, Status, User, UserId,
    settings::SecuritySettings,
    tokens::{Secret, SecretHash, SessionToken},
};

/// One sign-in.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub secret: SecretHash,
    /// Valid while the user's generation is the same.
    pub generation: u64,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// The end, however busy the session is.
    pub expires_at: Timestamp,
    /// The end, when it is not used for so long.
    pub idle_minutes: u16,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
}

/// How exactly `last_seen_at` is kept: a write for every request would buy nothing.
const SEEN_RESOLUTION: SignedDuration = SignedDuration::from_mins(1);

impl Session {
    /// A session of `user` and its token, which is given out once.
    pub fn start(
        user: &User,
        settings: SecuritySettings,
        (id, secret): (SessionId, Secret),
        (ip, user_agent): (Option<String>, Option<String>),
        now: Timestamp,
    ) -> (Self, SessionToken) {
        let absolute = SignedDuration::from_hours(i64::from(settings.session_absolute_hours));
        let session = Self {
            id,
            user: user.id,
            secret: secret.hash(),
            generation: user.session_generation,
            created_at: now,
            last_seen_at: now,
            expires_at: now.saturating_add(absolute).unwrap_or(Timestamp::MAX),
            idle_minutes: settings.session_idle_minutes,
            user_agent,
            ip,
        };
        (session, SessionToken { user: user.id, session: id, secret })
    }

    /// Whether the session lets the holder of this secret in at `now`.
    pub fn is_valid(&self, user: &User, secret: &SecretHash, now: Timestamp) -> bool {
        self.secret == *secret && self.is_live(user, now)
    }

    /// Whether the session goes on at `now`. Either limit ends it; so does whatever ended the user's sessions.
    pub fn is_live(&self, user: &User, now: Timestamp) -> bool {
        let idle = SignedDuration::from_mins(i64::from(self.idle_minutes));
        self.user == user.id
            && self.generation == user.session_generation
            && user.status(now) == Status::Active
            && now < self.expires_at
            && now.duration_since(self.last_seen_at) < idle
    }

    /// Whether `last_seen_at` is old enough to be written anew.
    pub fn is_to_be_touched(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_seen_at) >= SEEN_RESOLUTION
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AppRoles, Role, users::Profile};

    #[test]
    fn a_session_goes_on_to_the_last_moment_of_either_limit() {
        let at = |minute| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        let just_before = |minute| at(minute) - SignedDuration::from_nanos(1);
        let email = "ada@example.com".parse().unwrap();
        let profile = Profile { email, name: None, role: Role::Member, app_roles: AppRoles::default() };
        let user = User::active(UserId::new(at(0), [1; 10]), profile, at(0));
        let settings =
            SecuritySettings { session_idle_minutes: 30, session_absolute_hours: 1, ..SecuritySettings::default() };
        let ids = (SessionId::new(at(0), [1; 10]), Secret::new([7; 32]));
        let (mut session, token) = Session::start(&user, settings, ids, (None, None), at(0));

        let lets_in = |session: &Session, now| session.is_valid(&user, &token.secret.hash(), now);
        assert!(lets_in(&session, just_before(30)) && !lets_in(&session, at(30)) && !lets_in(&session, at(31)));
        assert!(!session.is_to_be_touched(just_before(1)) && session.is_to_be_touched(at(1)));
        session.last_seen_at = at(29);
        assert!(lets_in(&session, at(30)));
        session.last_seen_at = at(59);
        assert!(lets_in(&session, just_before(60)) && !lets_in(&session, at(60)) && !lets_in(&session, at(61)));

        assert!(!session.is_valid(&user, &Secret::new([8; 32]).hash(), at(59)));
        let another = User { id: UserId::new(at(0), [2; 10]), ..user.clone() };
        let ended = User { session_generation: user.session_generation + 1, ..user.clone() };
        assert!(!session.is_live(&another, at(59)) && !session.is_live(&ended, at(59)));
    }
}
