//! What operators do at the command line, and no operation does.

use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::AttributeValue};
use jiff::Timestamp;
use roster_domain::{EmailAddress, Error, Result, UserId};

use crate::{
    MAX_BATCH_OF_WRITES, Store,
    items::Attributes,
    keys::{self, Key},
    lists::{Range, Source},
    seals,
    transaction::{alone, failed},
};

/// What was voided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voided {
    pub sessions: usize,
    pub resets: usize,
    pub invites: usize,
}

impl Store {
    /// Access pattern 80: the newest seal of the activity: its number, and when it was made.
    pub async fn newest_seal(&self) -> Result<Option<(u64, Timestamp)>> {
        let newest = Source { index: "", pk: keys::SEALS.to_owned(), range: Range::All, forward: false };
        let (rows, _) = self.query(&newest, None, 1).await?;
        rows.into_iter().next().map(seals::number_and_time).transpose()
    }

    /// Access pattern 81: what lets somebody in as this user, but for the password, does so no more: sessions and resets
    /// go, and an invite loses its links.
    pub async fn void_links_and_sessions(&self, user: UserId) -> Result<Voided> {
        let (session, reset, invite) = (keys::SESSION_PREFIX, keys::password_reset(user), keys::invite(user));
        let keys = self.keys_of(keys::user_partition(user)).await?;
        let (sessions, resets) =
            (keys.iter().filter(|key| key.sk.starts_with(session)), keys.iter().filter(|key| **key == reset));
        let voided = Voided {
            sessions: sessions.clone().count(),
            resets: resets.clone().count(),
            invites: usize::from(keys.contains(&invite) && self.remove_links(invite).await?),
        };
        self.delete_keys(sessions.chain(resets)).await?;
        Ok(voided)
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

    /// Whether the invite was still there.
    async fn remove_links(&self, invite: Key) -> Result<bool> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(invite.attributes()));
        let update = update
            .update_expression("SET links = :none ADD revision :one")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
        match alone(|| update.clone().send()).await {
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            removed => removed.map(|_| true).map_err(failed),
        }
    }
}

fn key(item: &Attributes) -> Result<Key> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let key = text("pk").zip(text("sk")).map(|(pk, sk)| Key { pk, sk });
    key.ok_or_else(|| Error::unexpected("an item has no key"))
}
