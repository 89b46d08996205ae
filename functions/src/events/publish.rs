//! Domain events: what happened, for other systems to react to.
//!
//! An event is an entry of the activity without the traces of the request: every change has exactly one, so none is
//! forgotten, and its id tells an event that comes twice.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_eventbridge::{
    Client,
    error::DisplayErrorContext,
    primitives::DateTime,
    types::{PutEventsRequestEntry, PutEventsResultEntry},
};
use jiff::Timestamp;
use roster_domain::{ActivityId, activity::Activity, webhooks::TEST};
use roster_store::{ActivityRecord, Party};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

/// The source of all events.
pub const SOURCE: &str = "roster";
/// The version of the events' form. Another one means that receivers must look again; new fields do not.
const VERSION: u8 = 1;

/// `PutEvents` takes this many events at once, and this many bytes.
const MAX_BATCH: usize = 10;
const MAX_BATCH_BYTES: usize = 256 * 1024;
/// What EventBridge counts of an event beside its detail, generously.
const OVERHEAD_BYTES: usize = 256;
/// How often events that were not taken are sent again before the stream has to give them again.
const ATTEMPTS: u32 = 4;
/// It doubles with each attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// An event, as its `detail` on the bus; described in `docs/events`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DomainEvent {
    pub version: u8,
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub time: Timestamp,
    pub actor: Party,
    pub subject: Party,
    pub changes: BTreeMap<String, (Option<String>, Option<String>)>,
}

impl From<ActivityRecord> for DomainEvent {
    fn from(entry: ActivityRecord) -> Self {
        let ActivityRecord { id, at: time, action: kind, actor, subject, changes, .. } = entry;
        Self { version: VERSION, id, kind, time, actor, subject, changes }
    }
}

impl DomainEvent {
    /// An event that tells of nothing, for who asks in `activity` whether their webhook works.
    pub(crate) fn test(id: ActivityId, activity: &Activity) -> Self {
        let entry = ActivityRecord::from(activity);
        Self { id: id.to_string(), kind: TEST.to_owned(), changes: BTreeMap::new(), ..entry.into() }
    }

    /// What webhooks are sent: the form that the Standard Webhooks specification recommends.
    pub(crate) fn message(&self) -> roster_domain::Result<String> {
        #[derive(Serialize)]
        struct Message<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            timestamp: Timestamp,
            data: &'a DomainEvent,
        }
        let message = Message { kind: &self.kind, timestamp: self.time, data: self };
        serde_json::to_string(&message).map_err(roster_domain::Error::unexpected)
    }
}

/// The bus that events are published to.
#[derive(Clone)]
pub struct Bus {
    client: Client,
    name: String,
}

/// Some events could not be published.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unpublished {
    /// The position of the first of them.
    pub(crate) first: usize,
    pub(crate) reason: String,
}

impl Bus {
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Publishes events, each at least once.
    pub(crate) async fn publish(&self, events: &[DomainEvent]) -> Result<(), Unpublished> {
        let entries = events.iter().map(|event| self.entry(event)).collect::<Result<Vec<_>, _>>();
        let entries = entries.map_err(|error| Unpublished { first: 0, reason: error.to_string() })?;
        let mut left: Vec<usize> = (0..entries.len()).collect();
        for attempt in 0.. {
            let mut refused = Vec::new();
            let mut reason = String::new();
            for batch in batches(&entries, &left) {
                let wanted = batch.iter().map(|n| entries[*n].clone()).collect();
                match self.client.put_events().set_entries(Some(wanted)).send().await {
                    Ok(answer) => {
                        for (n, result) in batch.iter().zip(answer.entries()) {
                            if let Some(why) = refusal(result) {
                                refused.push(*n);
                                reason = why;
                            }
                        }
                    }
                    Err(error) => {
                        refused.extend(batch);
                        reason = DisplayErrorContext(error).to_string();
                    }
                }
            }
            left = refused;
            match left.first() {
                None => break,
                Some(first) if attempt + 1 == ATTEMPTS => return Err(Unpublished { first: *first, reason }),
                Some(_) => sleep(FIRST_PAUSE * 2_u32.pow(attempt)).await,
            }
        }
        Ok(())
    }

    fn entry(&self, event: &DomainEvent) -> serde_json::Result<PutEventsRequestEntry> {
        Ok(PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(&event.kind)
            .time(DateTime::from_millis(event.time.as_millisecond()))
            .detail(serde_json::to_string(event)?)
            .build())
    }
}

fn refusal(result: &PutEventsResultEntry) -> Option<String> {
    let code = result.error_code()?;
    Some(format!("{code}: {}", result.error_message().unwrap_or_default()))
}

/// These events, in their order, as many at once as `PutEvents` takes.
fn batches(entries: &[PutEventsRequestEntry], wanted: &[usize]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for n in wanted {
        let size = entries[*n].detail().map_or(0, str::len) + OVERHEAD_BYTES;
        bytes += size;
        match batches.last_mut() {
            Some(batch) if batch.len() < MAX_BATCH && bytes <= MAX_BATCH_BYTES => batch.push(*n),
            _ => {
                batches.push(vec![*n]);
                bytes = size;
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_holds_ten_events_and_a_quarter_of_a_mebibyte() {
        let entry = |bytes| PutEventsRequestEntry::builder().detail("x".repeat(bytes)).build();
        let sizes = |entries: &[PutEventsRequestEntry]| {
            let wanted: Vec<usize> = (0..entries.len()).collect();
            batches(entries, &wanted).iter().map(Vec::len).collect::<Vec<_>>()
        };

        assert_eq!(sizes(&vec![entry(1); 23]), [10, 10, 3]);
        assert_eq!(sizes(&vec![entry(100_000); 5]), [2, 2, 1]);
        assert_eq!(sizes(&[]), [0; 0]);
    }
}
