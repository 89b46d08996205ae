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
