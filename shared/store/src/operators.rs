//! What operators do at the command line, and no operation does.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use roster_domain::{EmailAddress, Error, Result, User, UserId, mails::Mail};

use crate::{
    MAX_BATCH_OF_WRITES, Store,
    items::{Attributes, Credential, is_refused},
    keys::{self, Key},
    lists::{Page, PageRequest, Range, Source},
    seals,
    transaction::{alone, failed},
};

/// What was voided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voided {
    pub sessions: usize,
    pub resets: usize,
    pub temporary_passwords: usize,
}

impl Store {
    /// Access pattern 80: the newest seal of the activity: its number, and when it was made.
    pub async fn newest_seal(&self) -> Result<Option<(u64, Timestamp)>> {
        let newest = Source { index: "", pk: keys::SEALS.to_owned(), range: Range::All, forward: false };
        let (rows, _) = self.query(&newest, None, 1).await?;
        rows.into_iter().next().map(seals::number_and_time).transpose()
    }

    /// Access pattern 81: what lets somebody in as this user, but for a password of their own, does so no more: sessions and
    /// resets go, and a temporary password expires.
    pub async fn void_links_and_sessions(&self, user: &User, now: Timestamp) -> Result<Voided> {
        let reset = keys::password_reset(user.id);
        let keys = self.keys_of(keys::user_partition(user.id)).await?;
        let sessions = keys.iter().filter(|key| key.sk.starts_with(keys::SESSION_PREFIX));
        let resets = keys.iter().filter(|key| **key == reset);
        self.delete_keys(sessions.clone().chain(resets.clone())).await?;
        let has_expired = user.password_temporary && self.expire_temporary_password(user.id, now).await?;
        Ok(Voided { sessions: sessions.count(), resets: resets.count(), temporary_passwords: usize::from(has_expired) })
    }

    /// Access pattern 82: what is left of an address that nobody has any more is removed: mails to it, wrong passwords and
    /// resets that were asked for. How many items went.
    pub async fn clean_up_address(&self, email: &EmailAddress) -> Result<usize> {
        let (claim, attempts) = (keys::email_claim(email), keys::attempts(email));
        let mut keys = self.keys_of(claim.pk.clone()).await?;
        // Whoever has the address by now keeps it.
        keys.retain(|key| *key != claim);
        for partition in [attempts.pk, keys::limit_partition(&keys::resets_of(email))] {
            keys.extend(self.keys_of(partition).await?);
        }
        self.delete_keys(keys.iter()).await?;
        Ok(keys.len())
    }

    /// Access pattern 86: mails that wait, whenever they are due.
    pub async fn waiting_mails(&self, page: &PageRequest) -> Result<Page<Mail>> {
        self.page_of("outbox", &Source::ascending("gsi1", keys::OUTBOX, Range::All), page).await
    }

    /// The keys of everything in a partition.
    async fn keys_of(&self, pk: String) -> Result<Vec<Key>> {
        let source = Source { index: "", pk, range: Range::All, forward: true };
        let mut pages = self.query_of(&source).projection_expression("pk, sk").into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let items = page.map_err(failed)?.items.unwrap_or_default();
            keys.extend(items.iter().map(key).collect::<Result<Vec<_>>>()?);
        }
        Ok(keys)
    }

    async fn delete_keys(&self, keys: impl Iterator<Item = &Key>) -> Result<()> {
        let keys: Vec<Attributes> = keys.map(|key| key.clone().attributes()).collect();
        for some in keys.chunks(MAX_BATCH_OF_WRITES) {
            self.delete_all(some).await?;
        }
        Ok(())
    }

    /// Whether there was a temporary password that still opened something.
    async fn expire_temporary_password(&self, user: UserId, now: Timestamp) -> Result<bool> {
        let credential: Option<Credential> = self.get(keys::credential(user)).await?;
        let until = credential.and_then(|credential| credential.temporary_until).filter(|until| *until > now);
        let Some(until) = until else {
            return Ok(false);
        };
        let update = self.client.update_item().table_name(&self.table);
        let update = update
            .set_key(Some(keys::credential(user).attributes()))
            .update_expression("SET temporary_until = :now")
            .condition_expression("temporary_until = :until")
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .expression_attribute_values(":until", AttributeValue::S(until.to_string()));
        match alone(|| update.clone().send()).await {
            // Another password was set meanwhile.
            Err(error) if error.as_service_error().is_some_and(is_refused) => Ok(false),
            updated => updated.map(|_| true).map_err(failed),
        }
    }
}

fn key(item: &Attributes) -> Result<Key> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let key = text("pk").zip(text("sk")).map(|(pk, sk)| Key { pk, sk });
    key.ok_or_else(|| Error::unexpected("an item has no key"))
}
