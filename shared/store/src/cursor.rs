//! Cursors: where the next page of a list begins.
//!
//! A cursor names a place in one list only, and is sealed with a key of the installation (HMAC-SHA-256), so that it
//! cannot be edited, nor used with other filters or by another operation. It names the last item looked at rather than
//! a number of items, so it survives inserts and deletes between pages.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use roster_domain::Invalid;
use sha2::Sha256;

use crate::keys::{Entry, Key};

/// A place in an index: behind this item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) key: Key,
    pub(crate) entry: Entry,
}

/// Seals and opens cursors.
#[derive(Clone)]
pub(crate) struct Sealer(pub(crate) [u8; 32]);

const SEAL_BYTES: usize = 16;
/// Separates the parts of a place; no key holds it.
const SEPARATOR: &str = "\u{1e}";

impl Sealer {
    /// `list` names the list with all that decides what is in it.
    pub(crate) fn seal(&self, list: &str, place: &Place) -> String {
        let parts = [&place.key.pk, &place.key.sk, &place.entry.pk, &place.entry.sk].map(String::as_str);
        let text = parts.join(SEPARATOR);
        let mut sealed = self.mac(list, text.as_bytes()).finalize().into_bytes()[..SEAL_BYTES].to_vec();
        sealed.extend_from_slice(text.as_bytes());
        URL_SAFE_NO_PAD.encode(sealed)
    }

    pub(crate) fn open(&self, list: &str, cursor: &str) -> Result<Place, Invalid> {
        let refused = || Invalid::from("This cursor is not one of this list. Start again without a cursor.");
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let (seal, text) = sealed.split_at_checked(SEAL_BYTES).ok_or_else(refused)?;
        self.mac(list, text).verify_truncated_left(seal).map_err(|_| refused())?;
        let text = std::str::from_utf8(text).map_err(|_| refused())?;
        let parts: Vec<&str> = text.split(SEPARATOR).collect();
        let [pk, sk, partition, position] = parts[..] else {
            return Err(refused());
        };
        let key = Key { pk: pk.to_owned(), sk: sk.to_owned() };
        Ok(Place { key, entry: Entry { pk: partition.to_owned(), sk: position.to_owned() } })
    }

    fn mac(&self, list: &str, text: &[u8]) -> Hmac<Sha256> {
        let mut key = [0; 64];
        key[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(&(list.len() as u64).to_be_bytes());
        mac.update(list.as_bytes());
        mac.update(text);
        mac
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::MailRef;

    fn part() -> impl Strategy<Value = String> {
        "[^\u{1e}]{0,60}"
    }

    proptest! {
        #[test]
        fn no_text_passes_for_a_cursor(text in "\\PC{0,200}|[A-Za-z0-9_-]{0,300}") {
            prop_assert!(Sealer([7; 32]).open("users", &text).is_err());
        }

        #[test]
        fn every_place_survives_its_seal(parts in [part(), part(), part(), part()], list in ".{0,60}") {
            let [pk, sk, partition, position] = parts;
            let place = Place { key: Key { pk, sk }, entry: Entry { pk: partition, sk: position } };
            let sealer = Sealer([7; 32]);
            prop_assert_eq!(sealer.open(&list, &sealer.seal(&list, &place)), Ok(place));
        }

        #[test]
        fn any_key_can_be_looked_at(pk in "(USER#|APP#|EMAIL#)?\\PC{0,60}", sk in "(MAIL#|APP)?\\PC{0,60}") {
            crate::keys::user_of_partition(&pk);
            crate::keys::app_of_key(&pk, &sk);
            crate::keys::activity_partition_before(&pk);
            prop_assert_eq!(MailRef::of_key(&pk, &sk).is_some(), sk.starts_with("MAIL#"));
        }
    }

    fn place() -> Place {
        let text = |text: &str| text.to_owned();
        Place {
            key: Key { pk: text("USER#1"), sk: text("USER") },
            entry: Entry { pk: text("USERS"), sk: text("ada@example.com") },
        }
    }

    #[test]
    fn a_cursor_opens_in_its_own_list_and_nowhere_else() {
        let sealer = Sealer([7; 32]);
        let cursor = sealer.seal("users?status=active", &place());

        assert_eq!(sealer.open("users?status=active", &cursor), Ok(place()));
        assert!(sealer.open("users?status=invited", &cursor).is_err());
        assert!(Sealer([8; 32]).open("users?status=active", &cursor).is_err());
    }

    #[test]
    fn an_edited_cursor_is_refused() {
        let sealer = Sealer([7; 32]);
        let cursor = sealer.seal("users", &place());

        for n in 0..cursor.len() {
            let mut edited = cursor.clone().into_bytes();
            edited[n] = if edited[n] == b'A' { b'B' } else { b'A' };
            assert!(sealer.open("users", std::str::from_utf8(&edited).unwrap()).is_err(), "at {n}");
            assert!(sealer.open("users", &cursor[..n]).is_err(), "cut at {n}");
        }
    }
}
