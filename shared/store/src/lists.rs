//! Lists: each is a query on one partition of an index, and costs the page.
//!
//! Filters that the index does not serve are judged item by item. One call looks at a limited number of items and
//! answers what it found, with a cursor to go on.

use std::collections::HashMap;

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};
use jiff::Timestamp;
use roster_domain::{
    AppSlug, Error, FieldError, Result, Role, RoleSlug, Status, User, UserId,
    apps::App,
    mails::Delivery,
    names::{fold, prefix, search_terms},
    sessions::Session,
};

use crate::{
    Store,
    cursor::{Place, Sealer},
    items::{Attributes, Installation, Item, OfUser},
    keys::{self, Entry, Key},
    transaction::failed,
};

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next part begins; nothing at the end of the list.
    pub next_cursor: Option<String>,
}

/// Which part of a list is wanted.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// 1 to 100.
    pub limit: usize,
    pub cursor: Option<String>,
}

/// Which users are wanted, and in which order.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// The start of an address or of any word of a name. Those found come in the order of what matched.
    pub q: Option<String>,
    pub status: Option<Status>,
    pub role: Option<Role>,
    pub app: Option<AppSlug>,
    pub app_role: Option<RoleSlug>,
    pub sort: Sort,
}

/// The order of users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Email,
    Name,
    /// Newest first.
    CreatedAt,
}

/// How many items one call looks at for those that match.
const MAX_EXAMINED: usize = 1000;
/// How many items one query reads where not every one matches.
const CHUNK: usize = 100;

/// A partition of an index, or the part of it with these sort keys.
pub(crate) struct Source {
    /// The index; the table itself where it is empty.
    pub(crate) index: &'static str,
    pub(crate) pk: String,
    pub(crate) range: Range,
    pub(crate) forward: bool,
}

pub(crate) enum Range {
    All,
    StartingWith(String),
    UpTo(String),
    From(String),
    Between(String, String),
}

impl Source {
    /// The users with this role, or any, in an app.
    pub(crate) fn app_roles(app: &AppSlug, role: Option<&RoleSlug>) -> Self {
        match role {
            Some(role) => {
                Self::ascending("gsi1", keys::app_partition(app), Range::StartingWith(keys::app_role_prefix(role)))
            }
            None => Self::ascending("gsi2", keys::app_partition(app), Range::All),
        }
    }

    pub(crate) fn ascending(index: &'static str, pk: impl Into<String>, range: Range) -> Self {
        Self { index, pk: pk.into(), range, forward: true }
    }

    fn key_names(&self) -> (&'static str, &'static str) {
        match self.index {
            "gsi1" => ("gsi1pk", "gsi1sk"),
            "gsi2" => ("gsi2pk", "gsi2sk"),
            _ => ("pk", "sk"),
        }
    }

    pub(crate) fn place(&self, item: &Attributes) -> Result<Place> {
        let text = |name: &str| {
            let value = item.get(name).and_then(|value| value.as_s().ok()).cloned();
            value.ok_or_else(|| Error::unexpected(format!("an item in {} has no {name}", self.index)))
        };
        let (pk, sk) = self.key_names();
        let key = Key { pk: text("pk")?, sk: text("sk")? };
        Ok(Place { key, entry: Entry { pk: text(pk)?, sk: text(sk)? } })
    }
}

impl Store {
    /// Access pattern 24: users, by address, name or age, or those who are found by a search or have a role in an app.
    pub async fn users(&self, filter: &UserFilter, page: &PageRequest, now: Timestamp) -> Result<Page<User>> {
        let query = filter.q.as_deref().map(|q| prefix(&fold(q), 120).to_owned());
        let source = filter.source(query.as_deref());
        let is_wanted = |user: &User, place: &Place| {
            filter.matches(user, now) && query.as_deref().is_none_or(|query| is_first_match(user, query, place))
        };
        let chunk = if filter.is_served_by_the_index() { page.limit + 1 } else { CHUNK };
        self.users_of(&filter.list_name(), &source, chunk, page, is_wanted).await
    }

    /// Access pattern 25: users with an invite, soonest expiry first; those whose mail is in one of these states.
    pub async fn invited_users(
        &self,
        status: Option<Status>,
        deliveries: &[Delivery],
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<User>> {
        let range = match status {
            Some(Status::Invited) => Range::From(keys::until(now)),
            Some(Status::InviteExpired) => Range::UpTo(keys::until(now)),
            _ => Range::All,
        };
        let source = Source::ascending("gsi1", keys::INVITES, range);
        let wanted: Vec<&str> = deliveries.iter().map(|delivery| delivery.as_str()).collect();
        let list = format!("invites?{}&{}", status.map_or("", Status::as_str), wanted.join(","));
        let chunk = if deliveries.is_empty() { page.limit + 1 } else { CHUNK };
        let is_wanted = |user: &User, _: &Place| {
            user.invite().is_some_and(|invited| deliveries.is_empty() || deliveries.contains(&invited.delivery))
        };
        self.users_of(&list, &source, chunk, page, is_wanted).await
    }

    /// Access pattern 26: apps by slug.
    pub async fn apps(&self, page: &PageRequest) -> Result<Page<App>> {
        self.page_of("apps", &Source::ascending("gsi1", keys::APPS, Range::All), page).await
    }

    /// Access pattern 48: the users of an app, by address.
    pub async fn app_users(&self, app: &AppSlug, role: Option<&RoleSlug>, page: &PageRequest) -> Result<Page<User>> {
        let source = Source::app_roles(app, role);
        let list = format!("app-users?{app}&{}", role.map_or("", RoleSlug::as_str));
        let is_wanted =
            |user: &User, _: &Place| user.app_roles.get(app).is_some_and(|has| role.is_none_or(|role| has == role));
        self.users_of(&list, &source, page.limit + 1, page, is_wanted).await
    }

    /// Access pattern 49: the sessions of a user, oldest first, those that have ended included.
    pub async fn sessions(&self, user: UserId, page: &PageRequest) -> Result<Page<Session>> {
        let range = Range::StartingWith(keys::SESSION_PREFIX.to_owned());
        self.page_of(&format!("sessions-of-{user}"), &Source::ascending("", keys::user_partition(user), range), page)
            .await
    }

    /// A page of a list in which every item counts.
    pub(crate) async fn page_of<T: Item>(&self, list: &str, source: &Source, page: &PageRequest) -> Result<Page<T>> {
        let (rows, next_cursor) = self.rows_of(list, source, page).await?;
        let items = rows.into_iter().map(T::from_attributes).collect::<Result<_>>()?;
        Ok(Page { items, next_cursor })
    }

    async fn rows_of(
        &self,
        list: &str,
        source: &Source,
        page: &PageRequest,
    ) -> Result<(Vec<Attributes>, Option<String>)> {
        let after = self.place_of(list, page).await?;
        let (mut rows, goes_on) = self.query(source, after, page.limit + 1).await?;
        // DynamoDB ends a page at 1 MB, however few rows that are.
        let has_more = goes_on || rows.len() > page.limit;
        rows.truncate(page.limit);
        let end = rows.last().map(|row| source.place(row)).transpose()?;
        let next_cursor = self.cursor_at(list, end.filter(|_| has_more)).await?;
        Ok((rows, next_cursor))
    }

    async fn users_of(
        &self,
        list: &str,
        source: &Source,
        chunk: usize,
        page: &PageRequest,
        is_wanted: impl Fn(&User, &Place) -> bool,
    ) -> Result<Page<User>> {
        let mut after = self.place_of(list, page).await?;
        let mut found = Vec::new();
        let mut examined = 0;
        loop {
            let (rows, has_more) = self.query(source, after.clone(), chunk).await?;
            let places = rows.iter().map(|row| source.place(row)).collect::<Result<Vec<_>>>()?;
            let final_row = places.len().saturating_sub(1);
            let users = self.users_behind(rows).await?;
            for (n, (user, place)) in users.into_iter().zip(places).enumerate() {
                if let Some(user) = user.filter(|user| is_wanted(user, &place)) {
                    found.push(user);
                }
                let is_last = n == final_row && !has_more;
                after = Some(place);
                if found.len() == page.limit {
                    let next_cursor = self.cursor_at(list, after.filter(|_| !is_last)).await?;
                    return Ok(Page { items: found, next_cursor });
                }
            }
            examined += final_row + 1;
            if !has_more || examined >= MAX_EXAMINED {
                let next_cursor = self.cursor_at(list, after.filter(|_| has_more)).await?;
                return Ok(Page { items: found, next_cursor });
            }
        }
    }

    /// The user of each row: the row itself, or whom it points to; nobody, if they are gone.
    async fn users_behind(&self, rows: Vec<Attributes>) -> Result<Vec<Option<User>>> {
        if rows.first().is_none_or(|row| !row.contains_key("user_id")) {
            return rows.into_iter().map(|row| User::from_attributes(row).map(Some)).collect();
        }
        let ids = rows.into_iter().map(|row| serde_dynamo::from_item(row).map(|row: OfUser| row.user_id));
        let ids = ids.collect::<Result<Vec<UserId>, _>>().map_err(Error::unexpected)?;
        let mut wanted: Vec<UserId> = ids.clone();
        wanted.sort_unstable();
        wanted.dedup();
        let mut users = HashMap::new();
        for some in wanted.chunks(100) {
            let keys: Vec<Key> = some.iter().map(|id| keys::user(*id)).collect();
            let mut found = self.batch(&keys, false).await?;
            for (id, key) in some.iter().zip(&keys) {
                users.extend(found.take::<User>(key)?.map(|user| (*id, user)));
            }
        }
        Ok(ids.iter().map(|id| users.get(id).cloned()).collect())
    }

    /// Reads up to `limit` rows behind `after`, and tells whether there are more.
    pub(crate) async fn query(
        &self,
        source: &Source,
        after: Option<Place>,
        limit: usize,
    ) -> Result<(Vec<Attributes>, bool)> {
        let (pk, sk) = source.key_names();
        let start = after.map(|place| {
            let mut start = place.key.attributes();
            if !source.index.is_empty() {
                start.insert(pk.to_owned(), AttributeValue::S(place.entry.pk));
                start.insert(sk.to_owned(), AttributeValue::S(place.entry.sk));
            }
            start
        });
        let query = self.query_of(source).limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let answer = query.set_exclusive_start_key(start).send().await.map_err(failed)?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key.is_some()))
    }

    /// A query of the whole source. The table itself is read strongly.
    pub(crate) fn query_of(&self, source: &Source) -> QueryFluentBuilder {
        let (pk, sk) = source.key_names();
        let bound = |text: &String| Some(AttributeValue::S(text.clone()));
        let (range, first, last) = match &source.range {
            Range::All => (String::new(), None, None),
            Range::StartingWith(start) => (format!(" AND begins_with({sk}, :first)"), bound(start), None),
            Range::UpTo(end) => (format!(" AND {sk} <= :first"), bound(end), None),
            Range::From(start) => (format!(" AND {sk} > :first"), bound(start), None),
            Range::Between(start, end) => (format!(" AND {sk} BETWEEN :first AND :last"), bound(start), bound(end)),
        };
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{pk} = :pk{range}"))
            .expression_attribute_values(":pk", AttributeValue::S(source.pk.clone()))
            .scan_index_forward(source.forward);
        query = if source.index.is_empty() { query.consistent_read(true) } else { query.index_name(source.index) };
        for (name, value) in [(":first", first), (":last", last)] {
            if let Some(value) = value {
                query = query.expression_attribute_values(name, value);
            }
        }
        query
    }

    pub(crate) async fn query_until(
        &self,
        index: &'static str,
        pk: &str,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Attributes>> {
        let source = Source::ascending(index, pk, Range::UpTo(keys::until(now)));
        let limit = usize::try_from(limit).unwrap_or(1);
        self.query(&source, None, limit).await.map(|(rows, _)| rows)
    }

    pub(crate) async fn ids_until(
        &self,
        index: &'static str,
        pk: &str,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<UserId>> {
        let rows = self.query_until(index, pk, now, limit).await?.into_iter();
        let ids = rows.map(|row| serde_dynamo::from_item(row).map(|row: OfUser| row.user_id));
        ids.collect::<Result<_, _>>().map_err(Error::unexpected)
    }

    pub(crate) async fn place_of(&self, list: &str, page: &PageRequest) -> Result<Option<Place>> {
        let Some(cursor) = &page.cursor else {
            return Ok(None);
        };
        let place = self.sealer().await?.open(list, cursor);
        let refused = |reason: roster_domain::Invalid| Error::InvalidFields(vec![FieldError::new("/cursor", reason.0)]);
        place.map(Some).map_err(refused)
    }

    pub(crate) async fn cursor_at(&self, list: &str, place: Option<Place>) -> Result<Option<String>> {
        match place {
            Some(place) => Ok(Some(self.sealer().await?.seal(list, &place))),
            None => Ok(None),
        }
    }

    async fn sealer(&self) -> Result<&Sealer> {
        let read = async || {
            let installation: Option<Installation> = self.get(keys::installation()).await?;
            installation
                .map(|installation| Sealer(installation.cursor_key))
                .ok_or_else(|| Error::unexpected("a list was asked for before the setup"))
        };
        self.sealer.get_or_try_init(read).await
    }
}

impl UserFilter {
    fn source(&self, query: Option<&str>) -> Source {
        if let Some(query) = query {
            return Source::ascending("gsi1", keys::SEARCH, Range::StartingWith(query.to_owned()));
        }
        match (self.sort, &self.app, &self.app_role) {
            (Sort::Email, Some(app), role) => Source::app_roles(app, role.as_ref()),
            (Sort::Email, None, _) => Source::ascending("gsi1", keys::USERS, Range::All),
            (Sort::Name, ..) => Source::ascending("gsi2", keys::NAMES, Range::All),
            (Sort::CreatedAt, ..) => {
                Source { index: "gsi2", pk: keys::AGES.to_owned(), range: Range::All, forward: false }
            }
        }
    }

    /// Whether every item of the source matches. A search finds some users twice, but not many.
    fn is_served_by_the_index(&self) -> bool {
        let has_no_filter = self.status.is_none() && self.role.is_none();
        let serves_apps = match &self.app {
            Some(_) => self.q.is_none() && self.sort == Sort::Email,
            None => self.app_role.is_none(),
        };
        has_no_filter && serves_apps
    }

    fn matches(&self, user: &User, now: Timestamp) -> bool {
        self.status.is_none_or(|status| user.status(now) == status)
            && self.role.is_none_or(|role| user.role == role)
            && self.app.as_ref().is_none_or(|app| user.app_roles.contains_key(app))
            && self.app_role.as_ref().is_none_or(|role| {
                let mut roles = user.app_roles.iter();
                roles.any(|(app, has)| has == role && self.app.as_ref().is_none_or(|wanted| wanted == app))
            })
    }

    /// Names the list with all that decides what is in it: a cursor of one is none of another.
    fn list_name(&self) -> String {
        format!("users?{self:?}")
    }
}

/// Whether this place is the first at which `query` finds the user: so that nobody is listed twice.
fn is_first_match(user: &User, query: &str, place: &Place) -> bool {
    let by_email = keys::search_by_email(&user.email);
    let terms = user.name.as_ref().map(search_terms).unwrap_or_default();
    let by_name = terms.iter().map(|term| keys::search_by_name(term, user.id));
    let matching = by_name.chain([by_email]).map(|entry| entry.sk).filter(|sk| sk.starts_with(query));
    matching.min().is_some_and(|first| first == place.entry.sk)
}
