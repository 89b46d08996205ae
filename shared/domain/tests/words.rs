//! Words that stand in the table and in answers, and so never change: each is read as it is written, and nothing else is.

#![expect(clippy::unwrap_used, reason = "what helps a test fails it")]

use std::{
    fmt::{Debug, Display},
    str::FromStr,
};

use roster_domain::{
    Role, Status,
    activity::Action,
    mails::{Delivery, Fate},
    templates::TemplateKind,
    webhooks::DisabledBy,
};

fn are_words_of<T: FromStr<Err: Debug> + Display>(words: &[&str]) {
    for word in words {
        assert_eq!(word.parse::<T>().unwrap().to_string(), *word);
    }
    for text in ["", "xyzzy", &words[0].to_uppercase()] {
        assert!(text.parse::<T>().is_err(), "{text:?}");
    }
}

#[test]
fn every_word_is_read_as_it_is_written() {
    are_words_of::<Role>(&["member", "builder", "admin"]);
    are_words_of::<Status>(&["invited", "invite_expired", "active", "suspended"]);
    are_words_of::<DisabledBy>(&["admin", "gone", "failing"]);
    are_words_of::<Fate>(&["delayed", "delivered", "rejected", "returned", "bounced", "complained"]);
    are_words_of::<Delivery>(&["none", "queued", "sent", "delivered", "bounced", "complained", "failed"]);
    are_words_of::<TemplateKind>(&[
        "invitation",
        "invitation_reminder",
        "password_reset",
        "temporary_password",
        "password_changed",
        "email_changed",
        "welcome",
    ]);
}

#[test]
fn every_type_of_activity_is_read_as_it_is_written() {
    for action in Action::ALL {
        assert_eq!(action.as_str().parse(), Ok(*action));
        assert!(action.as_str().split_once('.').is_some(), "{action:?}");
    }
    assert!("user.invented".parse::<Action>().is_err());
}
