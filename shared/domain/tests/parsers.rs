//! Whatever text comes, it is parsed or refused, and what is let in keeps to its rules and stays what it is when it is
//! written and read again.

use std::{fmt::Display, str::FromStr};

use jiff::Timestamp;
use proptest::{collection::vec, prelude::*};
use roster_domain::{
    ActivityId, ApiKeyId, AppSlug, EmailAddress, MailId, PersonName, Role, RoleSlug, SessionId, Status, UserId,
    attempts::network,
    names::{MAX_SEARCH_TERMS, fold, search_terms},
    passwords::{Context, Password, Policy, StoredPassword},
    settings::{Line, PlatformUrl, WebAddress, is_loopback},
    templates::TemplateKind,
    tokens::{ApiKeyToken, InviteToken, ResetToken, SessionToken},
};

/// Anything, and what is nearly right.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,120}",
        vec(any::<char>(), 0..300).prop_map(|text| text.into_iter().collect()),
        "[a-zA-Z0-9.@_%+ \"'-]{0,80}",
        "[a-zäßéİıſKﬀａ＠．ﷺΣς\u{300}-\u{36f}\u{202e}\u{2028}\u{a0}]{1,20}@[a-zİßK．.-]{1,20}\\.[a-z]{2,5}",
        "[a-z0-9-]{0,45}",
        "(invite|reset|key)_[0-7][0-9A-HJKMNP-TV-Z]{25}\\.[0-9A-Za-z_-]{40,46}",
        "session_[0-7][0-9A-Z]{25}\\.[0-7][0-9A-Z]{25}\\.[0-9A-Za-z_-]{43}",
        "[0-9A-Za-z]{26}",
        "(https?|javascript|file)://[\\PC]{0,30}(:[0-9]{0,6})?(/[\\PC]{0,20})?",
        "[0-9a-fA-F:.]{2,45}",
        "\\$argon2id\\$v=19\\$m=[0-9]{1,12},t=[0-9]{0,3},p=1\\$[A-Za-z0-9+/]{0,30}\\$[A-Za-z0-9+/]{0,50}",
    ]
}

/// What is let in, after it was seen to be the same when written and read again.
fn read<T: FromStr + Display>(text: &str) -> Result<Option<T>, TestCaseError> {
    let Ok(value) = text.parse::<T>() else {
        return Ok(None);
    };
    let written = value.to_string();
    let again = written.parse::<T>().map_err(|_| TestCaseError::fail(format!("{written:?} is refused")))?;
    prop_assert_eq!(again.to_string(), written);
    Ok(Some(value))
}

fn is_one_line(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains(char::is_control) && text.chars().count() <= 100
}

proptest! {
    #[test]
    fn addresses(text in text()) {
        if let Some(address) = read::<EmailAddress>(&text)? {
            for form in [address.as_str(), address.key()] {
                prop_assert!(form.len() <= EmailAddress::MAX_BYTES && !form.contains(char::is_control), "{form:?}");
                prop_assert!(!form.contains(char::is_whitespace) || form.contains('"'), "{form:?}");
            }
            let by_key: Option<EmailAddress> = read(address.key())?;
            prop_assert_eq!(by_key.map(|found| found.key().to_owned()), Some(address.key().to_owned()), "{}", address);
            prop_assert!(!address.local_part().is_empty());
        }
    }

    #[test]
    fn names(text in text()) {
        if let Some(name) = read::<PersonName>(&text)? {
            prop_assert!(is_one_line(name.as_str()), "{name}");
            let terms = search_terms(&name);
            prop_assert!(terms.len() <= MAX_SEARCH_TERMS && terms.iter().all(|term| term.len() <= 120), "{terms:?}");
        }
        if let Ok(line) = text.parse::<Line>() {
            prop_assert!(is_one_line(line.as_str()), "{line:?}");
        }
    }

    #[test]
    fn what_is_searched(text in text()) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
    }

    #[test]
    fn slugs_and_words(text in text()) {
        for slug in [read::<AppSlug>(&text)?.map(|slug| slug.to_string()), read::<RoleSlug>(&text)?.map(|slug| slug.to_string())] {
            prop_assert!(slug.is_none_or(|slug| slug == text && slug.len() <= 40 && !slug.contains(['#', '/', '.'])));
        }
        for word in [read::<Role>(&text)?.map(|role| role.to_string()), read::<Status>(&text)?.map(|status| status.to_string()),
            read::<TemplateKind>(&text)?.map(|kind| kind.to_string())]
        {
            prop_assert!(word.is_none_or(|word| word == text));
        }
    }

    #[test]
    fn ids(text in text()) {
        let made = [
            read::<UserId>(&text)?.map(UserId::made_at),
            read::<SessionId>(&text)?.map(SessionId::made_at),
            read::<ApiKeyId>(&text)?.map(ApiKeyId::made_at),
            read::<MailId>(&text)?.map(MailId::made_at),
            read::<ActivityId>(&text)?.map(ActivityId::made_at),
        ];
        prop_assert!(made.iter().flatten().all(|at| *at >= Timestamp::UNIX_EPOCH), "{made:?}");
    }

    #[test]
    fn tokens(text in text()) {
        let kinds = [
            read::<InviteToken>(&text)?.map(|_| "invite_"),
            read::<ResetToken>(&text)?.map(|_| "reset_"),
            read::<ApiKeyToken>(&text)?.map(|_| "key_"),
            read::<SessionToken>(&text)?.map(|_| "session_"),
        ];
        prop_assert!(kinds.iter().flatten().count() <= 1, "it is a token of two kinds");
        prop_assert!(kinds.iter().flatten().all(|kind| text.starts_with(kind)));
    }

    #[test]
    fn passwords(text in text(), times in 1..40_usize) {
        let text = text.repeat(times);
        let Ok(password) = Password::typed(&text) else {
            prop_assert!(text.chars().count() > 64, "what is this short is taken");
            return Ok(());
        };
        let shown = format!("{password:?}");
        prop_assert_eq!(shown, "Password(..)");
        let (email, name) = ("lovelace@example.com".parse().ok(), text.parse().ok());
        let context = Context { email: email.as_ref(), name: name.as_ref(), company: Some(&text) };
        let judged = Policy { min_length: 12 }.check(&password, context);
        prop_assert!(judged.is_ok() || judged.is_err_and(|reason| !reason.0.is_empty()));
        StoredPassword::from_phc(text).is_outdated();
    }

    #[test]
    fn addresses_on_the_web(text in text()) {
        for address in [text.parse::<WebAddress>().map(|address| address.as_str().to_owned()),
            text.parse::<PlatformUrl>().map(|address| address.to_string()), PlatformUrl::of_host(&text).map(|address| address.to_string())]
            .into_iter()
            .flatten()
        {
            let host = address.split_once("://").map(|(_, rest)| rest.split(['/', ':', '?', '#']).next().unwrap_or_default());
            let is_here = is_loopback(host.unwrap_or_default()) || address.starts_with("http://[::1]");
            prop_assert!(address.starts_with("https://") || is_here, "{address}");
            prop_assert!(!address.contains(['"', '<', '>', ' ']) && address.is_ascii() && address.len() <= 500, "{address}");
        }
    }

    #[test]
    fn networks(text in text()) {
        let counted = network(&text);
        prop_assert!(counted == text || counted.len() <= 24, "{counted}");
    }
}
