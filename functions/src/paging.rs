//! How much of a list one call gives.

use std::str::FromStr;

use roster_domain::{Invalid, SessionId, User};
use roster_store::PageRequest;
use roster_web::{
    App, Result, Text, fields,
    views::{ListOf, SessionView},
};
use utoipa::IntoParams;

fields! {
    /// Which part of a list.
    #[derive(IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct PageQuery {
        #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
        limit: Option<Limit>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

impl From<PageQuery> for PageRequest {
    fn from(query: PageQuery) -> Self {
        Limit::page(query.limit, query.cursor)
    }
}

/// How many items a page holds: 1 to 100.
#[derive(Clone, Copy)]
pub struct Limit(usize);

impl Limit {
    const DEFAULT: usize = 50;

    pub(crate) fn page(limit: Option<Self>, cursor: Option<String>) -> PageRequest {
        PageRequest { limit: limit.map_or(Self::DEFAULT, |limit| limit.0), cursor }
    }
}

impl FromStr for Limit {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let limit = text.parse().ok().filter(|limit| (1..=100).contains(limit));
        limit.map(Self).ok_or_else(|| "A page holds 1 to 100 items.".into())
    }
}

impl Text for Limit {}

/// The sessions of a user that go on.
pub(crate) async fn live_sessions(
    app: &App,
    user: &User,
    current: Option<SessionId>,
    page: &PageRequest,
) -> Result<ListOf<SessionView>> {
    let now = app.now();
    let page = app.store.sessions(user.id, page).await?;
    let live = page.items.iter().filter(|session| session.is_live(user, now));
    let items = live.map(|session| SessionView::new(session, current == Some(session.id))).collect();
    Ok(ListOf { items, next_cursor: page.next_cursor })
}
