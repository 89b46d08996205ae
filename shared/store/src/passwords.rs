//! What stands before a password: wrong ones that were counted, resets that were asked for.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use roster_domain::{
    EmailAddress, Error, MailId, Result, User, UserId,
    activity::Activity,
    attempts::{ACCOUNT_CEILING, Attempts, Failures},
    mails::Mail,
    resets::{LIMIT_WINDOW, PER_ADDRESS, PER_CLIENT, PasswordReset},
    settings::{EmailSettings, SecuritySettings},
};
use serde::Deserialize;
use tokio::try_join;

use crate::{
    Store,
    items::{self, Attributes, EmailClaim, Item},
    keys::{self, Key},
    transaction::{Condition, Transaction, alone, failed},
};

/// What is known before a password is looked at.
pub struct Gate {
    /// Whose the address is.
    pub user: Option<UserId>,
    pub attempts: Attempts,
    pub security: SecuritySettings,
    from_address: Key,
    everywhere: Key,
}

/// A password reset with all that decides over it.
pub struct ResetReading {
    pub user: User,
    pub reset: PasswordReset,
    pub security: SecuritySettings,
    pub email_settings: Option<EmailSettings>,
}

#[derive(Deserialize)]
struct StoredFailures {
    #[serde(default)]
    failures: u32,
    last_at: Timestamp,
    unlocked_at: Option<Timestamp>,
}

/// How long wrong passwords are kept: those of one address, and those of an account.
const ADDRESS_MEMORY: SignedDuration = SignedDuration::from_hours(24);
const ACCOUNT_MEMORY: SignedDuration = SignedDuration::from_hours(24 * 30);

impl Store {
    /// Access pattern 27: what stands before a sign-in to this account from this network.
    pub async fn gate(&self, email: &EmailAddress, network: &str) -> Result<Gate> {
        let (claim, security) = (keys::email_claim(email), keys::security_settings());
        let (from_address, everywhere) = (keys::attempts_from(email, network), keys::attempts(email));
        let mut found = self.read([&claim, &from_address, &everywhere, &security]).await?;
        let mut failures = |key: &Key| -> Result<Option<StoredFailures>> {
            found.take_raw(key).map(serde_dynamo::from_item).transpose().map_err(Error::unexpected)
        };
        let (address, account) = (failures(&from_address)?, failures(&everywhere)?);
        let counted = |stored: &StoredFailures| Failures { count: stored.failures, last_at: stored.last_at };
        let attempts = Attempts {
            from_address: address.as_ref().map(counted),
            from_everywhere: account.as_ref().map(counted),
            unlocked_at: account.and_then(|account| account.unlocked_at),
        };
        let user = found.take::<EmailClaim>(&claim)?.map(|claim| claim.user);
        let security = found.take(&security)?.unwrap_or(self.security);
        Ok(Gate { user, attempts, security, from_address, everywhere })
    }

    /// Access pattern 28: a wrong password. It is counted before it is answered; if it cannot be, it is not answered.
    ///
    /// These are writes of their own and no transaction: hundreds at once must all count, and none may fail because of
    /// another.
    pub async fn count_failure(&self, gate: &Gate, now: Timestamp, activity: &Activity) -> Result<()> {
        let forgotten = gate.attempts.from_address.filter(|_| gate.attempts.counted_from_address(now).is_none());
        let address = async {
            match forgotten {
                Some(old) => self.restart_failures(&gate.from_address, old, now).await,
                None => self.add_failure(&gate.from_address, now, ADDRESS_MEMORY).await,
            }
        };
        let account = self.add_failure(&gate.everywhere, now, ACCOUNT_MEMORY);
        try_join!(address, account, self.record(activity)).map(drop)
    }

    /// Access pattern 29: an account is unlocked: wrong passwords so far count no more.
    pub async fn unlock(&self, email: &EmailAddress, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        writes.forget_attempts(email, activity.at)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 30: whose an address is, and the e-mail settings.
    pub async fn address_reading(&self, email: &EmailAddress) -> Result<(Option<UserId>, Option<EmailSettings>)> {
        let (claim, settings) = (keys::email_claim(email), keys::email_settings());
        let mut found = self.read([&claim, &settings]).await?;
        let claim: Option<EmailClaim> = found.take(&claim)?;
        Ok((claim.map(|claim| claim.user), found.take(&settings)?))
    }

    /// Access pattern 31: a reset is asked for an address, if that does not happen too often.
    pub async fn ask_password_reset(&self, mail: &Mail, network: &str, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        let now = activity.at;
        limit(&mut writes, &keys::resets_of(&mail.to), PER_ADDRESS, now)?;
        limit(&mut writes, &format!("RESET#FROM#{network}"), PER_CLIENT, now)?;
        writes.put(mail)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 32: a reset, and what decides over it.
    pub async fn password_reset(&self, user: UserId) -> Result<Option<ResetReading>> {
        let (user, reset) = (keys::user(user), keys::password_reset(user));
        let (security, email) = (keys::security_settings(), keys::email_settings());
        let mut found = self.read([&user, &reset, &security, &email]).await?;
        let Some((user, reset)) = found.take(&user)?.zip(found.take(&reset)?) else {
            return Ok(None);
        };
        let security = found.take(&security)?.unwrap_or(self.security);
        Ok(Some(ResetReading { user, reset, security, email_settings: found.take(&email)? }))
    }

    /// Access pattern 33: a link of a reset, in place of those of mails that were asked for before. Whether it is the
    /// newest; [`Error::Conflict`], if another was put meanwhile.
    pub async fn put_reset_link(&self, link: &PasswordReset) -> Result<bool> {
        let key = link.key();
        let current: Option<PasswordReset> = self.get(key).await?;
        let mut reset = link.clone();
        let seen: Option<MailId> = current.as_ref().map(|current| current.mail);
        match current {
            Some(current) if current.mail > link.mail => return Ok(false),
            Some(current) if current.mail == link.mail => reset.links.extend(current.links),
            _ => {}
        }
        let condition = match seen {
            Some(mail) => Condition::new("mail = :mail", [(":mail", AttributeValue::S(mail.to_string()))]),
            None => Condition::is_new(),
        };
        self.put_if(reset.attributes()?, condition).await.map(|()| true)
    }

    async fn add_failure(&self, key: &Key, now: Timestamp, memory: SignedDuration) -> Result<()> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key.clone().attributes()));
        let update = update
            .update_expression("ADD failures :one SET last_at = :now, expires_at_epoch = :end")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .expression_attribute_values(":end", memory_end(now, memory));
        alone(|| update.clone().send()).await.map(drop).map_err(failed)
    }

    /// Counts from one again, unless somebody else did since.
    async fn restart_failures(&self, key: &Key, old: Failures, now: Timestamp) -> Result<()> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key.clone().attributes()));
        let update = update
            .update_expression("SET failures = :one, last_at = :now, expires_at_epoch = :end")
            .condition_expression("last_at = :old")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .expression_attribute_values(":old", AttributeValue::S(old.last_at.to_string()))
            .expression_attribute_values(":end", memory_end(now, ADDRESS_MEMORY));
        match alone(|| update.clone().send()).await {
            Err(error) if error.as_service_error().is_some_and(items::is_refused) => {
                self.add_failure(key, now, ADDRESS_MEMORY).await
            }
            sent => sent.map(drop).map_err(failed),
        }
    }
}

impl Gate {
    /// Lets a right password through if no limit was reached since the gate was read, and forgets the wrong ones. Past a
    /// limit it is answered like a wrong one: else many guesses at once would tell the right one.
    pub(crate) fn pass(&self, writes: &mut Transaction, email: &EmailAddress) -> Result<()> {
        debug_assert_eq!(self.everywhere, keys::attempts(email), "the gate of another account");
        let number = |n: u32| AttributeValue::N(n.to_string());
        let below = |free: u32, seen: Option<Failures>, more: Option<(&'static str, AttributeValue)>| {
            let values = [(":free", number(free)), (":seen", number(seen.map_or(0, |failures| failures.count)))];
            let expression = "attribute_not_exists(failures) OR failures < :free OR failures = :seen";
            Condition::new(expression, values.into_iter().chain(more))
        };
        let of_address = below(u32::from(self.security.sign_in_attempts), self.attempts.from_address, None);
        writes.delete_if(self.from_address.clone(), of_address, |_| Error::InvalidCredentials)?;
        // Other addresses are still to be judged by when an admin unlocked the account.
        let unlocked = self.attempts.unlocked_at.map(|at| (":unlocked", AttributeValue::S(at.to_string())));
        let forgets = unlocked.is_none();
        let of_account = below(ACCOUNT_CEILING, self.attempts.from_everywhere, unlocked);
        if forgets {
            writes.delete_if(self.everywhere.clone(), of_account, |_| Error::InvalidCredentials)
        } else {
            let expression = "SET unlocked_at = :unlocked, last_at = :unlocked REMOVE failures";
            writes.update_if(self.everywhere.clone(), expression, of_account, |_| Error::InvalidCredentials)
        }
    }
}

/// Counts one more of `what` in this window of time, at most `max`.
fn limit(writes: &mut Transaction, what: &str, max: u32, now: Timestamp) -> Result<()> {
    let length = LIMIT_WINDOW.as_secs();
    let start = now.as_second().div_euclid(length) * length;
    let start = Timestamp::from_second(start).map_err(Error::unexpected)?;
    let retry_after = start.saturating_add(LIMIT_WINDOW).map_or(LIMIT_WINDOW, |end| end.duration_since(now));
    let values = [
        (":one", AttributeValue::N("1".to_owned())),
        (":max", AttributeValue::N(max.to_string())),
        (":end", memory_end(start, LIMIT_WINDOW)),
    ];
    let below = Condition::new("attribute_not_exists(happened) OR happened < :max", values);
    let expression = "ADD happened :one SET expires_at_epoch = :end";
    writes.update_if(keys::limit(what, start), expression, below, move |_| Error::TooManyAttempts { retry_after })
}

pub(crate) fn account_memory_end(now: Timestamp) -> AttributeValue {
    memory_end(now, ACCOUNT_MEMORY)
}

fn memory_end(now: Timestamp, memory: SignedDuration) -> AttributeValue {
    AttributeValue::N((now.as_second() + memory.as_secs()).to_string())
}

impl crate::Found {
    fn take_raw(&mut self, key: &Key) -> Option<Attributes> {
        self.0.remove(key)
    }
}
