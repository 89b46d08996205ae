//! E-mail addresses.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use email_address::Options;
use unicode_normalization::UnicodeNormalization;

use crate::Invalid;

/// An e-mail address: what was typed, for display and for mail, and the form in which addresses compare.
///
/// Two addresses are equal when they differ only in letter case or in Unicode composition.
#[derive(Clone)]
pub struct EmailAddress {
    typed: String,
    /// Invariant: NFKC, in lower case. At most [`EmailAddress::MAX_BYTES`] bytes.
    key: String,
}

impl EmailAddress {
    /// RFC 5321, section 4.5.3.1.3, less the angle brackets.
    pub const MAX_BYTES: usize = 254;

    /// The address as it was typed.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form in which addresses compare, and by which they are found.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The part before the `@`, in the form in which addresses compare.
    pub fn local_part(&self) -> &str {
        self.key.rsplit_once('@').map_or(&self.key, |(local, _)| local)
    }
}

impl FromStr for EmailAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let typed: String = text.trim().nfc().collect();
        if typed.is_empty() {
            return Err("Enter an e-mail address.".into());
        }
        // NFKC can undo what lower-casing did, and the reverse; once more settles it.
        let key: String = typed.nfkc().collect::<String>().to_lowercase().nfkc().collect();
        if typed.len().max(key.len()) > Self::MAX_BYTES {
            return Err("An e-mail address has at most 254 characters.".into());
        }
        let options = Options::default().without_display_text().without_domain_literal().with_required_tld();
        let is_address = |text: &str| {
            email_address::EmailAddress::parse_with_options(text, options).is_ok() && !text.contains(char::is_control)
        };
        // The comparable form is checked too: a compatibility character may hide an `@` or a dot.
        if is_address(&typed) && is_address(&key) {
            Ok(Self { typed, key })
        } else {
            Err("This is not an e-mail address; it looks like name@example.com.".into())
        }
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl utoipa::PartialSchema for EmailAddress {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::Custom("email".to_owned())))
            .max_length(Some(Self::MAX_BYTES))
            .examples(["ada@example.com"])
            .into()
    }
}

impl utoipa::ToSchema for EmailAddress {}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> EmailAddress {
        text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    #[test]
    fn odd_but_valid_addresses_are_taken_as_typed() {
        for text in [
            "Ada@Example.com",
            "o'brien+tag@example.co.uk",
            "\"john doe\"@example.com",
            "用户@例子.公司",
            "jürgen@exämple.de",
            "a@b.io",
        ] {
            assert_eq!((parse(text).as_str(), &*parse(text).to_string()), (text, text));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "a b@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "Ada <ada@example.com>",
            "ada@exam ple.com",
            "ada@[127.0.0.1]",
            "ada@x..com",
            "ada\u{ff20}example.com",
            &format!("{}@example.com", "a".repeat(300)),
        ] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_address_has_at_most_254_characters() {
        let of_length = |length: usize| {
            let domain = ["b".repeat(63), "c".repeat(63), "d".repeat(length - 197), "com".to_owned()].join(".");
            format!("{}@{domain}", "a".repeat(64))
        };
        assert_eq!(parse(&of_length(254)).as_str().len(), 254);
        let refused = of_length(255).parse::<EmailAddress>().unwrap_err();
        assert!(refused.to_string().contains("at most 254"), "{refused}");
    }

    #[test]
    fn addresses_compare_without_letter_case_and_composition() {
        assert_eq!(parse("ADA@EXAMPLE.COM"), parse(" ada@example.com "));
        assert_eq!(parse("J\u{fc}rgen@example.com"), parse("ju\u{308}rgen@example.com"));
        assert_eq!(parse("\u{212a}ai@example.com"), parse("kai@example.com"), "the Kelvin sign is a k");
        assert_ne!(parse("ada@example.com"), parse("ada+1@example.com"));
    }
}
