//! The activity, as it is read.

use std::iter;

use jiff::Timestamp;
use roster_domain::{ActivityId, Error, Result, UserId};

use crate::{
    Store,
    cursor::Place,
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
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// How many entries, and how many months, one call looks at for those that match.
const MAX_EXAMINED: usize = 1000;
/// How many entries one query reads where not every one matches.
const CHUNK: usize = 100;
/// Activity is kept for 400 days: this many months at most.
const MONTHS: usize = 15;

impl Store {
    /// Access pattern 42: the activity of the installation, newest first, month by month.
    pub async fn activity(
        &self,
        filter: &ActivityFilter,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<ActivityRecord>> {
        let list = format!("activity?{filter:?}");
        let after = self.place_of(&list, page).await?;
        let newest = || keys::activity_partition(filter.to.map_or(now, |to| to.min(now)));
        let first = after.as_ref().map_or_else(newest, |place| place.key.pk.clone());
        let oldest = filter.from.map(keys::activity_partition);
        let months = months(first).take_while(|month| oldest.as_ref().is_none_or(|oldest| month >= oldest));
        self.matching(&list, ("", months), after, filter, page.limit).await
    }

    /// Access pattern 43: the activity around a user, newest first.
    pub async fn user_activity(
        &self,
        user: UserId,
        filter: &ActivityFilter,
        page: &PageRequest,
    ) -> Result<Page<ActivityRecord>> {
        let list = format!("activity-of-{user}?{filter:?}");
        let after = self.place_of(&list, page).await?;
        let partition = iter::once(keys::user_activity_partition(user));
        self.matching(&list, ("gsi1", partition), after, filter, page.limit).await
    }

    /// What matches of these partitions of an index, from the first one on, which `after` is in.
    async fn matching(
        &self,
        list: &str,
        (index, partitions): (&'static str, impl Iterator<Item = String>),
        mut after: Option<Place>,
        filter: &ActivityFilter,
        limit: usize,
    ) -> Result<Page<ActivityRecord>> {
        // One more than wanted tells whether a full page is the last one.
        let chunk = if filter.is_served_by_the_key() { limit + 1 } else { CHUNK };
        let mut partitions = partitions.peekable();
        let mut found = Vec::new();
        let mut examined = 0;
        while let Some(partition) = partitions.next() {
            let source = Source { index, pk: partition, range: filter.range(), forward: false };
            loop {
                let (rows, has_more) = self.query(&source, after.take(), chunk).await?;
                examined += rows.len();
                let mut rows = rows.into_iter();
                while let Some(row) = rows.next() {
                    after = Some(source.place(&row)?);
                    let record: ActivityRecord = serde_dynamo::from_item(row).map_err(Error::unexpected)?;
                    if filter.matches(&record) {
                        found.push(record);
                        if found.len() == limit {
                            let ends = rows.len() == 0 && !has_more && partitions.peek().is_none();
                            let place = after.filter(|_| !ends);
                            return Ok(Page { items: found, next_cursor: self.cursor_at(list, place).await? });
                        }
                    }
                }
                if examined >= MAX_EXAMINED && after.is_some() && (has_more || partitions.peek().is_some()) {
                    return Ok(Page { items: found, next_cursor: self.cursor_at(list, after).await? });
                }
                if !has_more {
                    break;
                }
            }
            after = None;
        }
        Ok(Page { items: found, next_cursor: None })
    }
}

/// This month's partition and those before it, as far back as activity is kept.
pub(crate) fn months(first: String) -> impl Iterator<Item = String> {
    iter::successors(Some(first), |month| keys::activity_partition_before(month)).take(MONTHS)
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
