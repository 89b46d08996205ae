//! Seals over the activity: a chain of digests, so that an entry that is removed or altered is found.
//!
//! They are made from the table's stream, in the manner of the digest files of `CloudTrail`, so that no change waits for
//! another. Each seal holds the digests of entries and the digest of the seal before it. Cutting off the end of the
//! chain is found by comparing its head with one that was noted elsewhere.

use std::{collections::HashSet, fmt};

use jiff::{SignedDuration, Timestamp};
use roster_domain::{ActivityId, Error, Result, tokens::SecretHash};
use serde::{Deserialize, Serialize};

use crate::{
    Store, activity,
    items::{ACTIVITY_KEPT, ActivityRecord, Attributes},
    keys::{self, Key},
    lists::{Range, Source},
    transaction::Condition,
};

/// One seal, over the entries that one event brought.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seal {
    number: u64,
    /// The digest of the seal before; nothing for the first.
    previous: String,
    entries: Vec<SealedEntry>,
    digest: String,
    sealed_at: Timestamp,
}

/// An entry as it was when it was sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedEntry {
    pk: String,
    sk: String,
    digest: String,
}

impl SealedEntry {
    /// The entry with this key.
    pub fn new((pk, sk): (&str, &str), entry: &ActivityRecord) -> Result<Self> {
        Ok(Self { pk: pk.to_owned(), sk: sk.to_owned(), digest: digest_of_entry(entry)? })
    }

    fn id(&self) -> Option<ActivityId> {
        self.sk.parse().ok()
    }

    fn key(&self) -> Key {
        Key { pk: self.pk.clone(), sk: self.sk.clone() }
    }
}

/// What is wrong with the activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A sealed entry is gone before its time.
    Removed { entry: String },
    /// A sealed entry says something else than when it was sealed.
    Altered { entry: String },
    /// No seal has this entry: it was written behind the API's back, its seal was cut off, or it was never followed up.
    Unsealed { entry: String },
    /// A seal is gone or altered.
    BrokenChain { number: u64 },
    /// No seal has the digest that was noted elsewhere: the end of the chain was cut off, or all of it made anew.
    Unknown { digest: String },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed { entry } => write!(f, "The entry {entry} was removed."),
            Self::Altered { entry } => write!(f, "The entry {entry} was altered."),
            Self::Unsealed { entry } => write!(f, "The entry {entry} has no seal."),
            Self::BrokenChain { number } => write!(f, "Seal {number} was removed or altered."),
            Self::Unknown { digest } => write!(
                f,
                "No seal has the digest {digest}: the end of the chain was cut off, or all of it was made anew."
            ),
        }
    }
}

/// Within this time, entries are sealed unless something is wrong.
const SEALED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What a look at the whole activity found.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    pub seals: u64,
    /// The digest of the newest seal: what to note elsewhere.
    pub head: String,
    pub findings: Vec<Finding>,
}

impl Store {
    /// Access pattern 50: entries of the activity are sealed, next in the chain. Fails with [`Error::Conflict`] if
    /// others were sealed at the same time.
    pub async fn seal(&self, entries: &[SealedEntry], now: Timestamp) -> Result<()> {
        let newest = Source { index: "", pk: keys::SEALS.to_owned(), range: Range::All, forward: false };
        let (rows, _) = self.query(&newest, None, 1).await?;
        let head = rows.into_iter().next().map(read).transpose()?;
        let number = head.as_ref().map_or(0, |head| head.number + 1);
        let previous = head.map(|head| head.digest).unwrap_or_default();
        let mut seal = Seal { number, previous, entries: entries.to_vec(), digest: String::new(), sealed_at: now };
        seal.digest = seal.own_digest();
        let mut attributes: Attributes = serde_dynamo::to_item(&seal).map_err(Error::unexpected)?;
        attributes.extend(keys::seal(number).attributes());
        self.put_if(attributes, Condition::is_new()).await
    }

    /// Access pattern 51: the whole activity is compared with its seals, and these with the digest of an earlier head,
    /// where one was noted. It reads all of it, twice.
    pub async fn verify_activity(&self, now: Timestamp, noted: Option<&str>) -> Result<Verification> {
        let source = Source { index: "", pk: keys::SEALS.to_owned(), range: Range::All, forward: true };
        let mut verification = Verification::default();
        let mut sealed = HashSet::new();
        let mut after = None;
        let mut missing = noted;
        loop {
            let (rows, has_more) = self.query(&source, after, 100).await?;
            after = rows.last().map(|row| source.place(row)).transpose()?;
            for seal in rows.into_iter().map(read) {
                let seal: Seal = seal?;
                let mut found = crate::Found::default();
                let mut keys: Vec<Key> = seal.entries.iter().map(SealedEntry::key).collect();
                keys.sort_by(|a, b| (&a.pk, &a.sk).cmp(&(&b.pk, &b.sk)));
                keys.dedup();
                for some in keys.chunks(100) {
                    found.0.extend(self.read(some).await?.0);
                }
                verification.check(&seal, &found, now);
                sealed.extend(seal.entries.iter().filter_map(SealedEntry::id));
                missing = missing.filter(|digest| *digest != seal.digest);
            }
            if !has_more {
                verification.findings.extend(missing.map(|digest| Finding::Unknown { digest: digest.to_owned() }));
                verification.findings.extend(self.unsealed(&sealed, now).await?);
                return Ok(verification);
            }
        }
    }

    /// The entries that should be among the sealed ones by now, and are not.
    async fn unsealed(&self, sealed: &HashSet<ActivityId>, now: Timestamp) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for pk in activity::months(keys::activity_partition(now)) {
            let source = Source { index: "", pk, range: Range::All, forward: true };
            let mut after = None;
            loop {
                let (rows, has_more) = self.query(&source, after, 1000).await?;
                after = rows.last().map(|row| source.place(row)).transpose()?;
                for row in &rows {
                    let Key { pk, sk } = source.place(row)?.key;
                    let id: Option<ActivityId> = sk.parse().ok();
                    let is_due = id.is_none_or(|id| now.duration_since(id.made_at()) > SEALED_WITHIN);
                    if is_due && id.is_none_or(|id| !sealed.contains(&id)) {
                        findings.push(Finding::Unsealed { entry: format!("{pk} {sk}") });
                    }
                }
                if !has_more {
                    break;
                }
            }
        }
        Ok(findings)
    }
}

impl Verification {
    fn check(&mut self, seal: &Seal, found: &crate::Found, now: Timestamp) {
        if seal.number != self.seals || seal.previous != self.head || seal.digest != seal.own_digest() {
            self.findings.push(Finding::BrokenChain { number: self.seals.min(seal.number) });
        }
        self.seals = seal.number + 1;
        self.head.clone_from(&seal.digest);
        for sealed in &seal.entries {
            let entry = format!("{} {}", sealed.pk, sealed.sk);
            match found.0.get(&sealed.key()) {
                None if !sealed.may_be_gone(now) => {
                    self.findings.push(Finding::Removed { entry });
                }
                Some(found) if !sealed.is(found) => self.findings.push(Finding::Altered { entry }),
                None | Some(_) => {}
            }
        }
    }
}

impl SealedEntry {
    /// Whether the time is over for which entries are kept; it is counted in whole seconds.
    fn may_be_gone(&self, now: Timestamp) -> bool {
        let made_at = self.id().map(ActivityId::made_at);
        made_at.is_some_and(|made_at| now.duration_since(made_at) > ACTIVITY_KEPT - SignedDuration::from_secs(1))
    }

    fn is(&self, found: &Attributes) -> bool {
        let entry = serde_dynamo::from_item::<_, ActivityRecord>(found.clone()).ok();
        entry.and_then(|entry| digest_of_entry(&entry).ok()).is_some_and(|digest| digest == self.digest)
    }
}

impl Seal {
    fn own_digest(&self) -> String {
        let entries = self.entries.iter().map(|entry| format!("{} {} {}", entry.pk, entry.sk, entry.digest));
        let lines = [self.number.to_string(), self.previous.clone()].into_iter().chain(entries);
        digest(&lines.collect::<Vec<_>>().join("\n"))
    }
}

/// The number of a seal, and when it was made.
pub(crate) fn number_and_time(row: Attributes) -> Result<(u64, Timestamp)> {
    read(row).map(|seal| (seal.number, seal.sealed_at))
}

fn read(row: Attributes) -> Result<Seal> {
    serde_dynamo::from_item(row).map_err(Error::unexpected)
}

/// The digest of what an entry tells.
fn digest_of_entry(entry: &ActivityRecord) -> Result<String> {
    serde_json::to_string(entry).map(|text| digest(&text)).map_err(Error::unexpected)
}

/// SHA-256 in hexadecimal digits.
fn digest(text: &str) -> String {
    SecretHash::of_text(text).hex()
}
