//! The one DynamoDB table: a plain struct over the SDK's client, one method for each access pattern.
//!
//! The access patterns are listed in `docs/architecture.md`, the keys in [`keys`]. There are no scans, and no cache.

mod activity;
mod answers;
mod apps;
mod change;
mod cursor;
mod items;
pub mod keys;
mod lists;
mod operators;
mod passwords;
pub mod schema;
mod seals;
mod seed;
mod summary;
mod templates;
mod transaction;
mod webhooks;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use aws_sdk_dynamodb::{
    Client,
    operation::put_item::PutItemError,
    types::{AttributeValue, DeleteRequest, KeysAndAttributes, WriteRequest},
};
use jiff::Timestamp;
use roster_domain::{
    AppSlug, EmailAddress, Error, MailId, Result, SessionId, User, UserId,
    activity::Activity,
    apps::App,
    invites::Invite,
    mails::Mail,
    sessions::Session,
    settings::{EmailSettings, SecuritySettings},
    tokens::SecretHash,
};
use tokio::sync::OnceCell;

pub use activity::ActivityFilter;
pub use answers::{Answer, Claim, Claimed};
pub use change::Change;
pub use items::{ActivityRecord, Credential, Party};
pub use lists::{Page, PageRequest, Sort, UserFilter};
pub use operators::Voided;
pub use passwords::{Gate, ResetReading};
pub use seals::{Finding, SealedEntry, Verification};
pub use summary::Summary;

use crate::{
    change::unchanged,
    cursor::Sealer,
    items::{Attributes, EmailClaim, Installation, Item},
    keys::Key,
    transaction::{Condition, Transaction, alone, failed, pause},
};

/// The table.
#[derive(Clone)]
pub struct Store {
    client: Client,
    table: String,
    security: SecuritySettings,
    /// Read once: it never changes after the setup.
    sealer: Arc<OnceCell<Sealer>>,
}

/// An invite with all that decides over it.
pub struct InviteReading {
    pub user: User,
    pub invite: Invite,
    pub email_settings: Option<EmailSettings>,
    pub security: SecuritySettings,
}

/// What sending a mail needs.
pub struct MailReading {
    pub mail: Mail,
    pub user: Option<User>,
    pub invite: Option<Invite>,
    pub email_settings: Option<EmailSettings>,
}

/// Names a mail.
#[derive(Clone, Debug)]
pub struct MailRef(Key);

impl MailRef {
    pub fn of(mail: &Mail) -> Self {
        Self(mail.key())
    }

    /// A mail to a user.
    pub fn of_user(user: UserId, mail: MailId) -> Self {
        Self(keys::mail_of(user, mail))
    }

    /// A mail to an address, whosever that is.
    pub fn of_address(to: &EmailAddress, mail: MailId) -> Self {
        Self(keys::mail_to(to, mail))
    }

    /// The mail with this key, if it is one.
    pub fn of_key(pk: &str, sk: &str) -> Option<Self> {
        sk.starts_with(keys::MAIL_PREFIX).then(|| Self(Key { pk: pk.to_owned(), sk: sk.to_owned() }))
    }
}

impl Store {
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table, security: SecuritySettings::default(), sealer: Arc::default() }
    }

    /// The same, with these security settings until an admin chooses others.
    #[must_use]
    pub fn with_security(self, security: SecuritySettings) -> Self {
        Self { security, ..self }
    }

    /// The security settings that are in force until an admin chooses others.
    pub fn initial_security(&self) -> SecuritySettings {
        self.security
    }

    /// Access pattern 1: a user by id.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        self.get(keys::user(id)).await
    }

    /// Access pattern 2: who is behind a session.
    pub async fn session(&self, user: UserId, session: SessionId) -> Result<Option<(Session, User)>> {
        let (session, user) = (keys::session(user, session), keys::user(user));
        let mut found = self.read([&session, &user]).await?;
        Ok(found.take(&session)?.zip(found.take(&user)?))
    }

    /// Access pattern 3: who holds each of many addresses.
    pub async fn holders(&self, emails: &[EmailAddress]) -> Result<HashMap<String, UserId>> {
        let mut claims: Vec<(Key, String)> =
            emails.iter().map(|email| (keys::email_claim(email), email.key().to_owned())).collect();
        claims.sort_by(|a, b| a.1.cmp(&b.1));
        claims.dedup();
        let mut holders = HashMap::new();
        for some in claims.chunks(MAX_BATCH) {
            let mut found = self.read(some.iter().map(|(key, _)| key)).await?;
            for (key, email) in some {
                holders.extend(found.take::<EmailClaim>(key)?.map(|claim| (email.clone(), claim.user)));
            }
        }
        Ok(holders)
    }

    /// Access pattern 4: a user with credential. Nobody's id is read like anybody's.
    pub async fn user_and_credential(&self, user: UserId) -> Result<(Option<User>, Option<Credential>)> {
        let (user, credential) = (keys::user(user), keys::credential(user));
        let mut found = self.read([&user, &credential]).await?;
        Ok((found.take(&user)?, found.take(&credential)?))
    }

    /// Access pattern 5: a session begins, if no limit was reached meanwhile, else [`Error::InvalidCredentials`], and if the
    /// user's sessions were not ended, else [`Error::Conflict`]. Wrong passwords counted before are forgotten.
    ///
    /// Signing in neither counts as a change of the user nor meets one: it writes two attributes of its own.
    pub async fn start_session(
        &self,
        user: &User,
        session: &Session,
        credential: Option<&Credential>,
        gate: &Gate,
        activity: &Activity,
    ) -> Result<()> {
        let mut writes = Transaction::new(self);
        gate.pass(&mut writes, &user.email)?;
        let unchanged = Condition::new(
            "session_generation = :generation",
            [
                (":generation", AttributeValue::N(user.session_generation.to_string())),
                (":now", AttributeValue::S(session.created_at.to_string())),
                (":one", AttributeValue::N("1".to_owned())),
            ],
        );
        let expression = "SET last_sign_in_at = :now ADD revision :one";
        writes.update_if(keys::user(user.id), expression, unchanged, |_| Error::Conflict)?;
        writes.put(session)?;
        if let Some(credential) = credential {
            writes.put(credential)?;
        }
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 6: a session is in use.
    pub async fn touch_session(&self, session: &Session, now: Timestamp) -> Result<()> {
        let touch = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(session.key().attributes()))
            .update_expression("SET last_seen_at = :now")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()));
        match alone(|| touch.clone().send()).await {
            Err(error) if error.as_service_error().is_some_and(items::is_refused) => Ok(()),
            touched => touched.map(drop).map_err(failed),
        }
    }

    /// Access pattern 7: a session ends, once: else [`Error::SessionNotFound`].
    pub async fn end_session(&self, user: UserId, session: SessionId, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        let is_there = Condition::new("attribute_exists(pk)", []);
        writes.delete_if(keys::session(user, session), is_there, |_| Error::SessionNotFound)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 8: whether the first admin was set up.
    pub async fn is_set_up(&self) -> Result<bool> {
        let installation: Option<Installation> = self.get(keys::installation()).await?;
        Ok(installation.is_some())
    }

    /// Access pattern 9: the first admin, once (I4).
    pub async fn set_up(&self, change: Change<'_>, cursor_key: [u8; 32], activity: &Activity) -> Result<()> {
        let mut writes = self.transaction(change, Some(activity))?;
        let installation = Installation { set_up_at: activity.at, cursor_key };
        writes.put_if(&installation, Condition::is_new(), |_| Error::AlreadySetUp)?;
        match writes.commit().await {
            // Before the setup nobody has an address: the same person was first.
            Err(Error::EmailTaken { .. }) => Err(Error::AlreadySetUp),
            committed => committed,
        }
    }

    /// Access pattern 10: an invite, and what decides over it.
    pub async fn invite(&self, user: UserId) -> Result<Option<InviteReading>> {
        let (user, invite) = (keys::user(user), keys::invite(user));
        let (email, security) = (keys::email_settings(), keys::security_settings());
        let mut found = self.read([&user, &invite, &email, &security]).await?;
        let Some((user, invite)) = found.take(&user)?.zip(found.take(&invite)?) else {
            return Ok(None);
        };
        let email_settings = found.take(&email)?;
        let security = found.take(&security)?.unwrap_or(self.security);
        Ok(Some(InviteReading { user, invite, email_settings, security }))
    }

    /// Access pattern 11: whose invite has run out, or suspension ended, and is not noted to have, or who is to be
    /// reminded of an invite; oldest first.
    pub async fn ending(&self, now: Timestamp, limit: i32) -> Result<Vec<UserId>> {
        self.ids_until("gsi2", keys::EXPIRING, now, limit).await
    }

    /// Access pattern 62: whose invite ran out before a time, oldest first.
    pub async fn expired_before(&self, time: Timestamp, limit: i32) -> Result<Vec<UserId>> {
        self.ids_until("gsi1", keys::INVITES, time, limit).await
    }

    /// Access pattern 12: mails that are due, longest due first.
    pub async fn mails_due(&self, now: Timestamp, limit: i32) -> Result<Vec<Mail>> {
        let due = self.query_until("gsi1", keys::OUTBOX, now, limit).await?;
        due.into_iter().map(Mail::from_attributes).collect()
    }

    /// Access pattern 13: a mail, and what sending it needs. Of a mail to an address, whose the address is.
    pub async fn mail(&self, mail: &MailRef) -> Result<Option<MailReading>> {
        let email = keys::email_settings();
        let mut keys = vec![mail.0.clone(), email.clone()];
        match keys::user_of_partition(&mail.0.pk) {
            Some(user) => keys.extend([keys::user(user), keys::invite(user)]),
            None => keys.push(keys::claim_of_partition(&mail.0.pk)),
        }
        let mut found = self.read(&keys).await?;
        let Some(read) = found.take::<Mail>(&mail.0)? else {
            return Ok(None);
        };
        let email_settings = found.take(&email)?;
        let (user, invite) = match read.user {
            Some(user) => (found.take(&keys::user(user))?, found.take(&keys::invite(user))?),
            None => match found.take::<EmailClaim>(&keys::claim_of_partition(&mail.0.pk))? {
                Some(claim) => (self.user(claim.user).await?, None),
                None => (None, None),
            },
        };
        Ok(Some(MailReading { mail: read, user, invite, email_settings }))
    }

    /// Access pattern 87: something is noted of a mail. Fails with [`Error::Conflict`] if the mail was written since it was
    /// read, also by this note itself, where the answer to it was lost.
    pub async fn note_mail(&self, mail: &Mail) -> Result<()> {
        let after = Mail { revision: mail.revision + 1, ..mail.clone() };
        self.put_if(after.attributes()?, unchanged(mail.revision)).await
    }

    /// Access pattern 14: one more link of an invite, unless the invite was renewed or has ended. Whether it was added.
    pub async fn add_invite_link(&self, user: UserId, generation: u64, hash: &SecretHash) -> Result<bool> {
        let add = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::invite(user).attributes()))
            .update_expression("SET links = list_append(links, :link) ADD revision :one")
            .condition_expression("generation = :generation")
            .expression_attribute_values(":link", AttributeValue::L(vec![items::link_attribute(hash, generation)]))
            .expression_attribute_values(":generation", AttributeValue::N(generation.to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
        match alone(|| add.clone().send()).await {
            Err(error) if error.as_service_error().is_some_and(items::is_refused) => Ok(false),
            added => added.map(|_| true).map_err(failed),
        }
    }

    /// Access pattern 15: an app by slug.
    pub async fn app(&self, slug: &AppSlug) -> Result<Option<App>> {
        self.get(keys::app(slug)).await
    }

    /// Access pattern 16: a user and an app.
    pub async fn user_and_app(&self, user: UserId, app: &AppSlug) -> Result<(Option<User>, Option<App>)> {
        let (user, app) = (keys::user(user), keys::app(app));
        let mut found = self.read([&user, &app]).await?;
        Ok((found.take(&user)?, found.take(&app)?))
    }

    /// Access pattern 17: the settings, and the apps with these slugs, as far as there are.
    pub async fn settings_and_apps(
        &self,
        slugs: &BTreeSet<&AppSlug>,
    ) -> Result<(Option<EmailSettings>, SecuritySettings, Vec<App>)> {
        let (email, security) = (keys::email_settings(), keys::security_settings());
        let apps: Vec<Key> = slugs.iter().map(|slug| keys::app(slug)).collect();
        let wanted: Vec<&Key> = [&email, &security].into_iter().chain(&apps).collect();
        let mut found = Found::default();
        for some in wanted.chunks(MAX_BATCH) {
            found.0.extend(self.read(some.iter().copied()).await?.0);
        }
        let settings = found.take(&email)?;
        let security: Option<SecuritySettings> = found.take(&security)?;
        let apps = apps.iter().filter_map(|app| found.take(app).transpose()).collect::<Result<_>>()?;
        Ok((settings, security.unwrap_or(self.security), apps))
    }

    /// Access pattern 52: the security settings.
    pub async fn security_settings(&self) -> Result<SecuritySettings> {
        let settings: Option<SecuritySettings> = self.get(keys::security_settings()).await?;
        Ok(settings.unwrap_or(self.security))
    }

    /// Access pattern 53: other security settings.
    pub async fn put_security_settings(&self, settings: SecuritySettings, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        writes.put(&settings)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 19: the e-mail settings.
    pub async fn email_settings(&self) -> Result<Option<EmailSettings>> {
        self.get(keys::email_settings()).await
    }

    /// Access pattern 20: other e-mail settings.
    pub async fn put_email_settings(&self, settings: &EmailSettings, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        writes.put(settings)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 21: an activity entry of its own: something was refused, nothing was changed.
    pub async fn record(&self, activity: &Activity) -> Result<()> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(items::activity_attributes(activity)?));
        alone(|| put.clone().send()).await.map(drop).map_err(failed)
    }

    /// Access pattern 22: a user with credential, settings of security and of mail: what a new password is judged by.
    pub async fn password_reading(
        &self,
        user: UserId,
    ) -> Result<(Option<User>, Option<Credential>, SecuritySettings, Option<EmailSettings>)> {
        let (security, email) = (keys::security_settings(), keys::email_settings());
        let (user, credential) = (keys::user(user), keys::credential(user));
        let mut found = self.read([&user, &credential, &security, &email]).await?;
        let security: Option<SecuritySettings> = found.take(&security)?;
        Ok((found.take(&user)?, found.take(&credential)?, security.unwrap_or(self.security), found.take(&email)?))
    }

    /// Access pattern 23: what is left of a deleted user is removed. How many items went.
    pub async fn clean_up_user(&self, user: UserId) -> Result<usize> {
        let mut removed = 0;
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", AttributeValue::S(keys::user_partition(user)))
                .projection_expression("pk, sk")
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failed)?;
            let left = page.items.unwrap_or_default();
            let is_the_user =
                |key: &Attributes| key.get("sk").is_some_and(|sk| sk == &AttributeValue::S(keys::USER.into()));
            if left.iter().any(is_the_user) {
                return Ok(0);
            }
            removed += left.len();
            for some in left.chunks(MAX_BATCH_OF_WRITES) {
                self.delete_all(some).await?;
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(removed);
            }
        }
    }

    async fn delete_all(&self, keys: &[Attributes]) -> Result<()> {
        let request = |key: &Attributes| {
            let delete = DeleteRequest::builder().set_key(Some(key.clone())).build();
            delete.map(|delete| WriteRequest::builder().delete_request(delete).build()).map_err(Error::unexpected)
        };
        self.write_all(keys.iter().map(request).collect::<Result<_>>()?).await
    }

    /// Makes all writes of one batch, in any order.
    async fn write_all(&self, writes: Vec<WriteRequest>) -> Result<()> {
        let mut left = HashMap::from([(self.table.clone(), writes)]);
        for attempt in 0.. {
            let answer = self.client.batch_write_item().set_request_items(Some(left)).send().await.map_err(failed)?;
            left = answer.unprocessed_items.unwrap_or_default();
            if left.is_empty() {
                break;
            }
            if attempt == MAX_ROUNDS {
                return Err(Error::Unavailable("a batch of writes stays unprocessed".into()));
            }
            pause(attempt).await;
        }
        Ok(())
    }

    /// Writes one item, or fails with [`Error::Conflict`] where the condition does. It is half the price of a transaction.
    async fn put_if(&self, item: Attributes, condition: Condition) -> Result<()> {
        let mut put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put = put.condition_expression(condition.expression);
        for (name, value) in condition.values {
            put = put.expression_attribute_values(name, value);
        }
        match alone(|| put.clone().send()).await {
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Err(Error::Conflict)
            }
            put => put.map(drop).map_err(failed),
        }
    }

    async fn get<T: Item>(&self, key: Key) -> Result<Option<T>> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key.attributes())).consistent_read(true);
        let answer = get.send().await.map_err(failed)?;
        answer.item.map(T::from_attributes).transpose()
    }

    /// The items with these keys, as far as there are: one strongly consistent batch.
    async fn read<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) -> Result<Found> {
        self.batch(keys, true).await
    }

    async fn batch<'k>(&self, keys: impl IntoIterator<Item = &'k Key>, consistent: bool) -> Result<Found> {
        let keys = keys.into_iter().map(|key| key.clone().attributes()).collect();
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent);
        let mut left = HashMap::from([(self.table.clone(), wanted.build().map_err(Error::unexpected)?)]);
        let mut found = Found::default();
        for attempt in 0.. {
            let answer = self.client.batch_get_item().set_request_items(Some(left)).send().await.map_err(failed)?;
            for item in answer.responses.into_iter().filter_map(|mut tables| tables.remove(&self.table)).flatten() {
                found.add(item);
            }
            left = answer.unprocessed_keys.unwrap_or_default();
            if left.is_empty() {
                break;
            }
            if attempt == MAX_ROUNDS {
                return Err(Error::Unavailable("a batch of reads stays unprocessed".into()));
            }
            pause(attempt).await;
        }
        Ok(found)
    }
}

/// How many items one batch reads.
const MAX_BATCH: usize = 100;
/// How many items one batch writes.
const MAX_BATCH_OF_WRITES: usize = 25;
/// How often the rest of a batch is asked for again.
const MAX_ROUNDS: u32 = 6;

/// What a batch of reads found.
#[derive(Default)]
struct Found(HashMap<Key, Attributes>);

impl Found {
    fn add(&mut self, item: Attributes) {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        if let (Some(pk), Some(sk)) = (text("pk"), text("sk")) {
            self.0.insert(Key { pk, sk }, item);
        }
    }

    fn take<T: Item>(&mut self, key: &Key) -> Result<Option<T>> {
        self.0.remove(key).map(T::from_attributes).transpose()
    }
}
