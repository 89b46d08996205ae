//! The keys of every item. They are built here and nowhere else.
//!
//! | item           | pk               | sk             | gsi1pk             | gsi1sk           | gsi2pk     | gsi2sk           |
//! | -------------- | ---------------- | -------------- | ------------------ | ---------------- | ---------- | ---------------- |
//! | user           | `USER#<id>`      | `USER`         | `USERS`            | `<e-mail>`       | `NAMES`    | `<name>␟<e-mail>` |
//! | e-mail claim   | `EMAIL#<e-mail>` | `EMAIL`        | `SEARCH`           | `<e-mail>`       | `AGES`     | `<id>`           |
//! | search term    | `USER#<id>`      | `TERM#<n>`     | `SEARCH`           | `<term>␟<id>`    |            |                  |
//! | credential     | `USER#<id>`      | `CREDENTIAL`   |                    |                  |            |                  |
//! | invite         | `USER#<id>`      | `INVITE`       | `INVITES`          | `<expiry>␟<id>`  | `EXPIRING` | `<due>␟<id>`     |
//! | session        | `USER#<id>`      | `SESSION#<id>` |                    |                  |            |                  |
//! | role           | `USER#<id>`      | `ROLE#<app>`   | `APP#<app>`        | `<role>␟<e-mail>` | `APP#<app>` | `<e-mail>`      |
//! | suspension     | `USER#<id>`      | `SUSPENSION`   |                    |                  | `EXPIRING` | `<end>␟<id>`     |
//! | password reset | `USER#<id>`      | `RESET`        |                    |                  |            |                  |
//! | counted        | `USER#<id>`      | `COUNTED`      |                    |                  |            |                  |
//! | mail           | `USER#<id>`, or `EMAIL#<e-mail>` | `MAIL#<id>` | `OUTBOX` | `<due>␟<id>`    |            |                  |
//! | wrong passwords | `ATTEMPTS#<e-mail>` | `FROM#<network>`, `ACCOUNT` |      |                  |            |                  |
//! | limit          | `LIMIT#<of what>` | `<window>`    |                    |                  |            |                  |
//! | API key        | `KEY#<id>`       | `KEY`          | `KEYS`             | `<id>`           |            |                  |
//! | answer         | `ANSWER#<caller>` | `<operation>#<key>` |               |                  |            |                  |
//! | activity       | `ACTIVITY#<month>` | `<id>`       | `ACTIVITY#USER#<id>` | `<id>`         |            |                  |
//! | seal           | `SEALS`          | `<number>`     |                    |                  |            |                  |
//! | summary        | `SUMMARY`        | `COUNTS`       |                    |                  |            |                  |
//! | webhook        | `WEBHOOKS`       | `<id>`         |                    |                  |            |                  |
//! | delivery       | `WEBHOOK#<id>`   | `<event>`      | `DUE#<webhook>`    | `<due>␟<event>`  |            |                  |
//! | app            | `APP#<slug>`     | `APP`          | `APPS`             | `<slug>`         |            |                  |
//! | settings       | `SETTINGS`       | `EMAIL`, …     |                    |                  |            |                  |
//! | template       | `SETTINGS`       | `TEMPLATE#<kind>` |                 |                  |            |                  |
//! | installation   | `INSTALLATION`   | `INSTALLATION` |                    |                  |            |                  |
//! | active admins  | `INSTALLATION`   | `ADMINS`       |                    |                  |            |                  |
//!
//! `EXPIRING` and `OUTBOX` are sparse: an invite or a suspension leaves the one when its end is recorded, a mail the
//! other when it is sent or given up. An invite is due twice: when the invitee is to be reminded, and at its end.

use jiff::Timestamp;
use roster_domain::{
    ActivityId, ApiKeyId, AppSlug, EmailAddress, MailId, RoleSlug, SessionId, UserId, WebhookId,
    names::{fold, prefix},
    templates::TemplateKind,
};

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// An entry of an item in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// Ends a part of a sort key; it sorts before every character of text.
const END: char = '\u{1f}';

pub(crate) const USERS: &str = "USERS";
pub(crate) const NAMES: &str = "NAMES";
pub(crate) const AGES: &str = "AGES";
pub(crate) const SEARCH: &str = "SEARCH";
pub(crate) const INVITES: &str = "INVITES";
pub(crate) const EXPIRING: &str = "EXPIRING";
pub(crate) const OUTBOX: &str = "OUTBOX";
pub(crate) const APPS: &str = "APPS";
pub(crate) const WEBHOOKS: &str = "WEBHOOKS";
pub(crate) const API_KEYS: &str = "KEYS";
/// The partition of the seals.
pub const SEALS: &str = "SEALS";
/// How the sort keys of sessions begin.
pub(crate) const SESSION_PREFIX: &str = "SESSION#";
/// How the partitions of activity begin, and the sort key of apps: filters of stream events.
pub const ACTIVITY_PREFIX: &str = "ACTIVITY#";
/// The sort key of apps.
pub const APP: &str = "APP";

/// How the sort keys of mails begin: the filter of the stream events that bring them.
pub const MAIL_PREFIX: &str = "MAIL#";
/// The sort key of users: the filter of the stream events that tell of their end.
pub const USER: &str = "USER";

fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key { pk: pk.into(), sk: sk.into() }
}

fn entry(pk: impl Into<String>, sk: impl Into<String>) -> Entry {
    Entry { pk: pk.into(), sk: sk.into() }
}

/// The partition with everything of a user.
pub fn user_partition(id: UserId) -> String {
    format!("USER#{id}")
}

pub(crate) fn user(id: UserId) -> Key {
    key(user_partition(id), USER)
}

/// Exists while somebody holds `email`. This item is what makes addresses unique.
pub(crate) fn email_claim(email: &EmailAddress) -> Key {
    key(format!("EMAIL#{}", email.key()), "EMAIL")
}

pub(crate) fn search_term(id: UserId, n: usize) -> Key {
    key(user_partition(id), format!("TERM#{n}"))
}

pub(crate) fn credential(id: UserId) -> Key {
    key(user_partition(id), "CREDENTIAL")
}

pub(crate) fn invite(id: UserId) -> Key {
    key(user_partition(id), "INVITE")
}

pub(crate) fn session(user: UserId, id: SessionId) -> Key {
    key(user_partition(user), format!("{SESSION_PREFIX}{id}"))
}

pub(crate) fn role(user: UserId, app: &AppSlug) -> Key {
    key(user_partition(user), format!("ROLE#{app}"))
}

/// A mail lies with the user it concerns, or with the address for which a password reset was asked.
pub(crate) fn mail(user: Option<UserId>, to: &EmailAddress, id: MailId) -> Key {
    user.map_or_else(|| mail_to(to, id), |user| mail_of(user, id))
}

pub(crate) fn mail_of(user: UserId, id: MailId) -> Key {
    key(user_partition(user), format!("{MAIL_PREFIX}{id}"))
}

pub(crate) fn mail_to(to: &EmailAddress, id: MailId) -> Key {
    key(email_claim(to).pk, format!("{MAIL_PREFIX}{id}"))
}

pub(crate) fn suspension(id: UserId) -> Key {
    key(user_partition(id), "SUSPENSION")
}

pub(crate) fn password_reset(id: UserId) -> Key {
    key(user_partition(id), "RESET")
}

pub(crate) fn counted(id: UserId) -> Key {
    key(user_partition(id), "COUNTED")
}

pub(crate) fn summary() -> Key {
    key("SUMMARY", "COUNTS")
}

/// The wrong passwords for an account from one network.
pub(crate) fn attempts_from(email: &EmailAddress, network: &str) -> Key {
    key(format!("ATTEMPTS#{}", email.key()), format!("FROM#{network}"))
}

/// The wrong passwords for an account from everywhere.
pub(crate) fn attempts(email: &EmailAddress) -> Key {
    key(format!("ATTEMPTS#{}", email.key()), "ACCOUNT")
}

/// Names the limit on resets that are asked for an address.
pub(crate) fn resets_of(email: &EmailAddress) -> String {
    format!("RESET#{}", email.key())
}

/// The partition of a limit.
pub(crate) fn limit_partition(what: &str) -> String {
    format!("LIMIT#{what}")
}

/// How often `what` happened since `window_start`.
pub(crate) fn limit(what: &str, window_start: Timestamp) -> Key {
    key(limit_partition(what), sortable(window_start))
}

pub(crate) fn api_key(id: ApiKeyId) -> Key {
    key(format!("KEY#{id}"), "KEY")
}

pub(crate) fn api_keys(id: ApiKeyId) -> Entry {
    entry(API_KEYS, id.to_string())
}

pub(crate) fn webhook(id: WebhookId) -> Key {
    key(WEBHOOKS, id.to_string())
}

/// The partition of what a webhook was told.
pub(crate) fn deliveries_partition(webhook: WebhookId) -> String {
    format!("WEBHOOK#{webhook}")
}

pub(crate) fn delivery(webhook: WebhookId, event: ActivityId) -> Key {
    key(deliveries_partition(webhook), event.to_string())
}

/// The partition of what a webhook is still to be told.
pub(crate) fn due_partition(webhook: WebhookId) -> String {
    format!("DUE#{webhook}")
}

pub(crate) fn due_delivery(webhook: WebhookId, due_at: Timestamp, event: ActivityId) -> Entry {
    entry(due_partition(webhook), format!("{}{END}{event}", sortable(due_at)))
}

/// The answer to a request with an idempotency key. `key_hash` is the hash of the key in hexadecimal digits.
pub(crate) fn answer(caller: &str, operation: &str, key_hash: &str) -> Key {
    key(format!("ANSWER#{caller}"), format!("{operation}#{key_hash}"))
}

pub(crate) fn seal(number: u64) -> Key {
    key(SEALS, format!("{number:020}"))
}

/// Whose partition this is.
pub fn user_of_partition(pk: &str) -> Option<UserId> {
    pk.strip_prefix("USER#")?.parse().ok()
}

/// The claim on the address in whose partition it lies.
pub(crate) fn claim_of_partition(pk: &str) -> Key {
    key(pk, "EMAIL")
}

/// Which app has this key.
pub fn app_of_key(pk: &str, sk: &str) -> Option<AppSlug> {
    pk.strip_prefix("APP#").filter(|_| sk == APP)?.parse().ok()
}

pub(crate) fn activity(at: Timestamp, id: ActivityId) -> Key {
    key(activity_partition(at), id.to_string())
}

/// The partition of the month before that of `partition`; nothing if it is not that of a month.
pub(crate) fn activity_partition_before(partition: &str) -> Option<String> {
    let (year, month) = partition.strip_prefix(ACTIVITY_PREFIX)?.split_once('-')?;
    let (year, month): (i32, u8) = (year.parse().ok()?, month.parse().ok()?);
    let (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
    Some(format!("{ACTIVITY_PREFIX}{year:04}-{month:02}"))
}

/// The partition of the month of `at`.
pub(crate) fn activity_partition(at: Timestamp) -> String {
    format!("{ACTIVITY_PREFIX}{}", at.strftime("%Y-%m"))
}

pub(crate) fn app(slug: &AppSlug) -> Key {
    key(app_partition(slug), APP)
}

pub(crate) fn email_settings() -> Key {
    key("SETTINGS", "EMAIL")
}

pub(crate) fn security_settings() -> Key {
    key("SETTINGS", "SECURITY")
}

/// The template that an admin wrote in place of the default.
pub(crate) fn template(kind: TemplateKind) -> Key {
    key("SETTINGS", format!("TEMPLATE#{kind}"))
}

/// Names the newest test mail.
pub(crate) fn last_test() -> Key {
    key("SETTINGS", "LAST_TEST")
}

pub(crate) fn installation() -> Key {
    key("INSTALLATION", "INSTALLATION")
}

/// The set of the ids of all active admins.
pub(crate) fn admins() -> Key {
    key("INSTALLATION", "ADMINS")
}

pub(crate) fn users_by_email(email: &EmailAddress) -> Entry {
    entry(USERS, email.key())
}

/// Nameless users come first, by address.
pub(crate) fn users_by_name(name: Option<&str>, email: &EmailAddress) -> Entry {
    let folded = fold(name.unwrap_or_default());
    entry(NAMES, format!("{}{END}{}", prefix(&folded, 256), email.key()))
}

pub(crate) fn users_by_age(id: UserId) -> Entry {
    entry(AGES, id.to_string())
}

pub(crate) fn search_by_email(email: &EmailAddress) -> Entry {
    entry(SEARCH, fold(email.key()))
}

pub(crate) fn search_by_name(term: &str, id: UserId) -> Entry {
    entry(SEARCH, format!("{term}{END}{id}"))
}

pub(crate) fn invites_by_expiry(expires_at: Timestamp, id: UserId) -> Entry {
    entry(INVITES, format!("{}{END}{id}", sortable(expires_at)))
}

/// Invites that run out or are to be reminded of, and suspensions that end.
pub(crate) fn expiring(at: Timestamp, id: UserId) -> Entry {
    entry(EXPIRING, format!("{}{END}{id}", sortable(at)))
}

pub(crate) fn outbox(due_at: Timestamp, id: MailId) -> Entry {
    entry(OUTBOX, format!("{}{END}{id}", sortable(due_at)))
}

/// Sorts after every entry of `at` and before those of later moments.
pub(crate) fn until(at: Timestamp) -> String {
    const AFTER_END: char = ' ';
    format!("{}{AFTER_END}", sortable(at))
}

/// The partition of an app, and of the roles in it.
pub(crate) fn app_partition(slug: &AppSlug) -> String {
    format!("APP#{slug}")
}

pub(crate) fn app_users(app: &AppSlug, email: &EmailAddress) -> Entry {
    entry(app_partition(app), email.key())
}

pub(crate) fn app_users_by_role(app: &AppSlug, role: &RoleSlug, email: &EmailAddress) -> Entry {
    entry(app_partition(app), format!("{role}{END}{}", email.key()))
}

/// How the entries of one role begin in the partition of its app.
pub(crate) fn app_role_prefix(role: &RoleSlug) -> String {
    format!("{role}{END}")
}

pub(crate) fn apps(slug: &AppSlug) -> Entry {
    entry(APPS, slug.as_str())
}

pub(crate) fn activity_of_user(user: UserId, id: ActivityId) -> Entry {
    entry(user_activity_partition(user), id.to_string())
}

pub(crate) fn user_activity_partition(user: UserId) -> String {
    format!("{ACTIVITY_PREFIX}USER#{user}")
}

/// A time as text that sorts like it, to the millisecond.
fn sortable(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_at_a_moment_sorts_before_its_end() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let id = UserId::new(at(0), [255; 10]);

        assert!(expiring(at(100), id).sk < until(at(100)));
        assert!(expiring(at(101), id).sk > until(at(100)));
    }

    #[test]
    fn nameless_users_sort_first_and_longer_names_after_shorter() {
        let email = "zoe@example.com".parse().unwrap();
        let names = [None, Some("Ada"), Some("ada b"), Some("Adam")].map(|name| users_by_name(name, &email).sk);
        assert!(names.is_sorted(), "{names:?}");
    }
}
