//! Secrets that prove something: sessions, API keys, invites, password resets.
//!
//! All are 256-bit random, kept only as SHA-256 hashes (a slow hash buys nothing against 256 bits) and compared in
//! constant time. The text form begins with a word that tells what it is, so that a leaked one can be recognised, and
//! names the item that holds its hash, so that finding it is one key read.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{ApiKeyId, SessionId, UserId};

/// 256 random bits.
#[derive(Clone, Copy)]
pub struct Secret([u8; 32]);

impl Secret {
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What is kept of a [`Secret`]. Compares in constant time.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash of a secret that is text, such as the one of the setup.
    pub fn of_text(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// In hexadecimal digits.
    pub fn hex(&self) -> String {
        let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
        self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }
}

impl From<[u8; 32]> for SecretHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// Text that is not a token of the kind that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAToken;

/// Proof of a sign-in.
#[derive(Clone, Debug)]
pub struct SessionToken {
    pub user: UserId,
    pub session: SessionId,
    pub secret: Secret,
}

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident($owner:ident: $id:ty) = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            pub $owner: $id,
            pub secret: Secret,
        }

        impl fmt::Display for $name {
            /// Shows the secret: for whom it is made, once.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}.{}"), self.$owner, URL_SAFE_NO_PAD.encode(self.secret.0))
            }
        }

        impl FromStr for $name {
            type Err = NotAToken;

            fn from_str(text: &str) -> Result<Self, NotAToken> {
                let rest = text.strip_prefix($prefix).and_then(|rest| rest.split_once('.'));
                let (id, secret) = rest.ok_or(NotAToken)?;
                Ok(Self { $owner: id.parse().map_err(|_| NotAToken)?, secret: secret.parse()? })
            }
        }
    )*};
}

tokens! {
    /// The link of an invite.
    InviteToken(user: UserId) = "invite_";
    /// The link of a password reset.
    ResetToken(user: UserId) = "reset_";
    /// What a program sends.
    ApiKeyToken(key: ApiKeyId) = "key_";
}

impl fmt::Display for SessionToken {
    /// Shows the secret: for whom it is made, once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session_{}.{}.{}", self.user, self.session, URL_SAFE_NO_PAD.encode(self.secret.0))
    }
}

impl FromStr for SessionToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let (user, rest) = text.strip_prefix("session_").and_then(|rest| rest.split_once('.')).ok_or(NotAToken)?;
        let (session, secret) = rest.split_once('.').ok_or(NotAToken)?;
        Ok(Self {
            user: user.parse().map_err(|_| NotAToken)?,
            session: session.parse().map_err(|_| NotAToken)?,
            secret: secret.parse()?,
        })
    }
}

impl FromStr for Secret {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAToken)?;
        Ok(Self(bytes.try_into().map_err(|_| NotAToken)?))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn tokens_survive_their_text_form_and_differ_by_one_bit() {
        let user = UserId::new(Timestamp::UNIX_EPOCH, [1; 10]);
        let token = InviteToken { user, secret: Secret::new([7; 32]) };
        let mut other = [7; 32];
        other[31] ^= 1;

        let parsed: InviteToken = token.to_string().parse().unwrap();

        assert_eq!(parsed.user, user);
        assert_eq!(parsed.secret.hash(), token.secret.hash());
        assert_ne!(parsed.secret.hash(), Secret::new(other).hash());
    }

    #[test]
    fn every_kind_of_token_has_a_text_form_of_its_own() {
        fn assert_survives<T: FromStr<Err = NotAToken> + fmt::Display>(token: &T, begins: &str) {
            let text = token.to_string();
            assert!(text.starts_with(begins), "{begins}");
            assert_eq!(text.parse::<T>().map(|token| token.to_string()), Ok(text));
        }
        let (now, secret) = (Timestamp::UNIX_EPOCH, Secret::new([7; 32]));
        let user = UserId::new(now, [1; 10]);
        assert_survives(&SessionToken { user, session: SessionId::new(now, [2; 10]), secret }, "session_");
        assert_survives(&InviteToken { user, secret }, "invite_");
        assert_survives(&ResetToken { user, secret }, "reset_");
        assert_survives(&ApiKeyToken { key: ApiKeyId::new(now, [1; 10]), secret }, "key_");
    }

    #[test]
    fn what_is_kept_of_a_secret_is_its_sha_256() {
        // FIPS 180-4, the example of one block.
        let abc = SecretHash::of_text("abc");
        assert_eq!(abc.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(abc.as_bytes()[..3], [0xba, 0x78, 0x16]);
        assert_eq!(SecretHash::from(*abc.as_bytes()), abc);
        assert_eq!(Secret::new([b'a'; 32]).hash(), SecretHash::of_text(&"a".repeat(32)));
    }

    #[test]
    fn a_token_of_one_kind_is_none_of_another() {
        let user = UserId::new(Timestamp::UNIX_EPOCH, [1; 10]);
        let invite = InviteToken { user, secret: Secret::new([7; 32]) }.to_string();

        assert!(invite.parse::<SessionToken>().is_err());
        for text in ["", "invite_", "invite_x.y", &invite[..invite.len() - 1], &format!("{invite}A")] {
            assert!(text.parse::<InviteToken>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let shown = format!("{:?} {:?}", Secret::new([7; 32]), Secret::new([7; 32]).hash());
        assert_eq!(shown, "Secret(..) SecretHash(..)");
    }
}
