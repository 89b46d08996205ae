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
