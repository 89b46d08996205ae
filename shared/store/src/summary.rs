//! How many users there are, kept by the table's stream.
//!
//! Beside each user lies as what they are counted. The counts change in the transaction that changes this note, so a
//! record that comes twice, late or out of order changes nothing: what counts is the user as they are now.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use roster_domain::{Error, Result, Role, Status, User, UserId};

use crate::{
    Store,
    items::Counted,
    keys,
    transaction::{Condition, Transaction},
};

/// How many users are counted in one transaction, which takes a hundred items. They should not be many: a change of any
/// of them at the same time repeats it.
const COUNTED_AT_ONCE: usize = 25;

/// How many users there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub total: u64,
    pub by_status: BTreeMap<&'static str, u64>,
    pub by_role: BTreeMap<&'static str, u64>,
}

impl Store {
    /// Access pattern 46: how many users there are.
    pub async fn summary(&self) -> Result<Summary> {
        let key = keys::summary();
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key.attributes())).consistent_read(true);
        let item = get.send().await.map_err(crate::transaction::failed)?.item.unwrap_or_default();
        let count = |name: &str| -> u64 {
            let number = item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
            number.unwrap_or_default()
        };
        Ok(Summary {
            total: count(&attribute("total")),
            by_status: Status::ALL
                .into_iter()
                .map(|status| (status.as_str(), count(&attribute(status.as_str()))))
                .collect(),
            by_role: Role::ALL.into_iter().map(|role| (role.as_str(), count(&attribute(role.as_str())))).collect(),
        })
    }

    /// Access pattern 47: users are counted as what they are now. How many were counted as something else. Fails with
    /// [`Error::Conflict`] if that was done at the same time to one of them.
    pub async fn count_users(&self, ids: &[UserId]) -> Result<usize> {
        let mut counted = 0;
        for some in ids.chunks(COUNTED_AT_ONCE) {
            counted += self.count_some(some).await?;
        }
        Ok(counted)
    }

    async fn count_some(&self, ids: &[UserId]) -> Result<usize> {
        let keys: Vec<_> = ids.iter().map(|id| (keys::user(*id), keys::counted(*id))).collect();
        let mut found = self.read(keys.iter().flat_map(|(user, counted)| [user, counted])).await?;
        let mut changed = Vec::new();
        for (user, key) in keys {
            let (user, counted): (Option<User>, Option<Counted>) = (found.take(&user)?, found.take(&key)?);
            let now = user.as_ref().map(Counted::from);
            if counted != now {
                changed.push((key, counted, now));
            }
        }
        if changed.is_empty() {
            return Ok(0);
        }
        let number = changed.len();
        let mut writes = Transaction::new(self);
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for (key, counted, now) in changed {
            let unchanged = counted.map_or_else(Condition::is_new, |counted| {
                let text = |text: &str| AttributeValue::S(text.to_owned());
                let values = [(":status", text(counted.status.as_str())), (":role", text(counted.role.as_str()))];
                Condition::new("counted_status = :status AND counted_role = :role", values)
            });
            match now {
                Some(now) => writes.put_if(&now, unchanged, |_| Error::Conflict)?,
                None => writes.delete_if(key, unchanged, |_| Error::Conflict)?,
            }
            for (counted, by) in [(counted, -1), (now, 1)] {
                if let Some(counted) = counted {
                    count(&mut counts, counted, by);
                }
            }
        }
        counts.retain(|_, by| *by != 0);
        writes.add(keys::summary(), &counts)?;
        writes.commit().await.map(|()| number)
    }
}

impl From<&User> for Counted {
    fn from(user: &User) -> Self {
        Self { user: user.id, status: user.recorded_status(), role: user.role }
    }
}

/// Adds `by` to what is counted with somebody like this.
pub(crate) fn count(counts: &mut BTreeMap<String, i64>, counted: Counted, by: i64) {
    for name in ["total", counted.status.as_str(), counted.role.as_str()] {
        *counts.entry(attribute(name)).or_default() += by;
    }
}

/// The attribute that counts a status or a role.
fn attribute(name: &str) -> String {
    format!("count_{name}")
}
