//! The activity, as it is read.

use jiff::Timestamp;
use roster_domain::{ActivityId, Error, Result, UserId};

use crate::{
    Store,
    items::ActivityRecord,
    keys,
    lists::{Page, PageRequest, Range, Source},
};

/// Which entries are wanted.
#[derive(Clone, Debug, Default)]
pub struct ActivityFilter {
    pub action: Option<String>,
    /// The id of who did it.
    pub actor: Option<String>,
    /// The user to whom it was done.
    pub subject: Option<UserId>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// How many entries, and how many months, one call looks at for those that match.
const MAX_EXAMINED: usize = 1000;
/// How many entries one query reads where not every one matches.
const CHUNK: usize = 100;
/// Activity is kept for 400 days: this many months at most.
const MONTHS: i32 = 15;

impl Store {
    /// Access pattern 42: the activity of the installation, newest first, month by month, or about a user.
    pub async fn activity(
        &self,
        filter: &ActivityFilter,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<ActivityRecord>> {
        let list = format!("activity?{filter:?}");
        let mut after = self.place_of(&list, page).await?;
        let newest = || keys::activity_partition(filter.to.map_or(now, |to| to.min(now)));
        let (index, first) = match filter.subject {
            Some(user) => ("gsi1", keys::user_activity_partition(user)),
            None => ("", after.as_ref().map_or_else(newest, |place| place.key.pk.clone())),
        };
        let mut partition = first;
        let oldest = filter.from.map(keys::activity_partition);
        let chunk = if filter.is_served_by_the_key() { page.limit } else { CHUNK };
        let mut found = Vec::new();
        let mut examined = 0;
        for _ in 0..MONTHS {
            loop {
                let source = Source::descending(index, partition.clone(), filter.range());
                let (rows, has_more) = self.query(&source, after.take(), chunk).await?;
                examined += rows.len();
                for row in rows {
                    let place = source.place(&row)?;
                    let record: ActivityRecord = serde_dynamo::from_item(row).map_err(Error::unexpected)?;
                    after = Some(place);
                    if filter.matches(&record) {
                        found.push(record);
                        if found.len() == page.limit {
                            return Ok(Page { items: found, next_cursor: self.cursor_at(&list, after).await? });
                        }
                    }
                }
                if examined >= MAX_EXAMINED && (has_more || after.is_some()) {
                    return Ok(Page { items: found, next_cursor: self.cursor_at(&list, after).await? });
                }
                if !has_more {
                    break;
                }
            }
            after = None;
            let Some(before) = keys::activity_partition_before(&partition) else { break };
            if oldest.as_ref().is_some_and(|oldest| before < *oldest) {
                break;
            }
            partition = before;
        }
        Ok(Page { items: found, next_cursor: None })
    }

    /// Access pattern 43: the activity around a user, newest first.
    pub async fn user_activity(&self, user: UserId, page: &PageRequest) -> Result<Page<ActivityRecord>> {
        let source = Source::descending("gsi1", keys::user_activity_partition(user), Range::All);
        let (rows, next_cursor) = self.rows_of(&format!("activity-of-{user}"), &source, page).await?;
        let items = rows.into_iter().map(serde_dynamo::from_item).collect::<Result<_, _>>();
        Ok(Page { items: items.map_err(Error::unexpected)?, next_cursor })
    }
}

impl ActivityFilter {
    /// Ids begin with their time.
    fn range(&self) -> Range {
        let first = |at: Timestamp| ActivityId::new(at, [0; 10]).to_string();
        let last = |at: Timestamp| ActivityId::new(at, [255; 10]).to_string();
        match (self.from, self.to) {
            (None, None) => Range::All,
            (from, to) => Range::Between(from.map_or_else(String::new, first), to.map_or_else(|| "~".to_owned(), last)),
        }
    }

    /// Whether every entry of the range matches.
    fn is_served_by_the_key(&self) -> bool {
        self.action.is_none() && self.actor.is_none()
    }

    fn matches(&self, record: &ActivityRecord) -> bool {
        self.action.as_ref().is_none_or(|action| record.action == *action)
            && self.actor.as_ref().is_none_or(|actor| record.actor.id.as_ref() == Some(actor))
    }
}

impl Source {
    fn descending(index: &'static str, pk: String, range: Range) -> Self {
        Self { index, pk, range, forward: false }
    }
}
