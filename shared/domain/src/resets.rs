//! Password resets by mail.
//!
//! Asking changes nothing. A link is bound to the address it was sent to and to the user's session generation, so a
//! password change, a suspension or a change of address voids it, and using it voids it too.

use jiff::{SignedDuration, Timestamp};

use crate::{Error, MailId, Result, User, UserId, tokens::SecretHash};

/// The links of the newest reset that was asked for.
#[derive(Clone, Debug)]
pub struct PasswordReset {
    pub user: UserId,
    /// The mail that carries them: a mail that is sent twice has two.
    pub mail: MailId,
    pub links: Vec<SecretHash>,
    pub email: String,
    pub session_generation: u64,
    pub expires_at: Timestamp,
}

/// For how long such limits count.
pub const LIMIT_WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// How many resets can be asked for one address in an hour.
pub const PER_ADDRESS: u32 = 3;
/// How many resets can be asked from one client address in an hour.
pub const PER_CLIENT: u32 = 30;

impl PasswordReset {
    /// Whether the link with this hash opens the reset of `user` at `now`.
    pub fn check(&self, user: &User, hash: &SecretHash, now: Timestamp) -> Result<()> {
        let is_known = self.links.iter().filter(|link| *link == hash).count() > 0;
        let is_void = self.session_generation != user.session_generation || self.email != user.email.key();
        if !is_known || is_void {
            Err(Error::LinkUnknown)
        } else if self.expires_at <= now {
            Err(Error::LinkExpired)
        } else {
            Ok(())
        }
    }
}
