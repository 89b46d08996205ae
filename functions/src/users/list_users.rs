//! Users, a page at a time.

use axum::{Json, extract::State};
use roster_domain::{AppSlug, Error, FieldError, Invalid, Role, RoleSlug, Status};
use roster_store::{Sort, UserFilter};
use roster_web::{
    App, Builder, ProblemBody, Query, Result, Text, fields,
    views::{ListOf, UserView},
};
use utoipa::IntoParams;

use crate::paging::Limit;

fields! {
    /// Which users, and in which order.
    #[derive(IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct ListUsers {
        /// The start of the e-mail address or of any word of the name, in any letter case. Those found come in the
        /// order of what matched.
        #[param(value_type = Option<String>, example = "ada")]
        q: Option<SearchText>,
        #[param(inline)]
        status: Option<Status>,
        #[param(inline)]
        role: Option<Role>,
        /// Who has a role in this app.
        #[param(value_type = Option<String>)]
        app: Option<AppSlug>,
        /// Who has this role, in `app`.
        #[param(value_type = Option<String>)]
        app_role: Option<RoleSlug>,
        /// `email`, `name` or `-created_at` (newest first).
        #[param(value_type = Option<String>, example = "email")]
        sort: Option<SortBy>,
        #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
        limit: Option<Limit>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// What is searched: a few letters.
pub struct SearchText(String);

impl std::str::FromStr for SearchText {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const MAX_CHARS: usize = 100;
        if text.chars().count() > MAX_CHARS {
            return Err(Invalid(format!("Search for {MAX_CHARS} characters at most.")));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Text for SearchText {}

/// The name of an order.
pub struct SortBy(Sort);

impl std::str::FromStr for SortBy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "email" => Ok(Self(Sort::Email)),
            "name" => Ok(Self(Sort::Name)),
            "-created_at" => Ok(Self(Sort::CreatedAt)),
            _ => Err("Sort by email, name or -created_at.".into()),
        }
    }
}

impl Text for SortBy {}

/// List users
///
/// Filters combine. Where no index serves a combination, a page may hold fewer users than `limit` and still be followed
/// by others: go on while there is a `next_cursor`.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "Users",
    params(ListUsers),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<UserView>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn list_users(
    _: Builder,
    State(app): State<App>,
    Query(query): Query<ListUsers>,
) -> Result<Json<ListOf<UserView>>> {
    if query.app_role.is_some() && query.app.is_none() {
        let refused = FieldError::new("/app", "Name the app whose role is meant.");
        return Err(Error::InvalidFields(vec![refused]).into());
    }
    let filter = UserFilter {
        q: query.q.map(|text| text.0).filter(|text| !text.trim().is_empty()),
        status: query.status,
        role: query.role,
        app: query.app,
        app_role: query.app_role,
        sort: query.sort.map(|sort| sort.0).unwrap_or_default(),
    };
    let now = app.now();
    let page = Limit::page(query.limit, query.cursor);
    let page = app.store.users(&filter, &page, now).await?;
    let items = page.items.iter().map(|user| UserView::new(user, now)).collect();
    Ok(Json(ListOf { items, next_cursor: page.next_cursor }))
}
