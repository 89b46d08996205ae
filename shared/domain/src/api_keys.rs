//! API keys: credentials of programs. They act with a role of their own and outlive the admin who made them.

use jiff::Timestamp;

use crate::{ApiKeyId, Role, settings::Line, tokens::SecretHash};

/// A credential of a program.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: Line,
    pub role: Role,
    pub secret: SecretHash,
    pub created_at: Timestamp,
    pub created_by: String,
    pub expires_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether the key lets its holder in at `now`.
    pub fn is_valid(&self, secret: &SecretHash, now: Timestamp) -> bool {
        self.secret == *secret && self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_key_lets_in_who_has_its_secret_until_it_ends() {
        let (now, end) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1));
        let (secret, other) = (SecretHash::of_text("secret"), SecretHash::of_text("guess"));
        let key = |expires_at| ApiKey {
            id: ApiKeyId::new(now, [0; 10]),
            name: "Import".parse().unwrap(),
            role: Role::Member,
            secret,
            created_at: now,
            created_by: "Ada".to_owned(),
            expires_at,
        };
        let moment = SignedDuration::from_nanos(1);

        assert!(key(None).is_valid(&secret, end));
        assert!(key(Some(end)).is_valid(&secret, end - moment));
        assert!(!key(Some(end)).is_valid(&secret, end));
        assert!(!key(Some(end)).is_valid(&secret, end + moment));
        for expires_at in [None, Some(end)] {
            assert!(!key(expires_at).is_valid(&other, now));
        }
    }
}
