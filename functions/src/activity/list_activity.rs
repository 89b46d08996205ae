//! What happened in the installation.

use axum::{Json, extract::State};
use jiff::Timestamp;
use roster_domain::{FieldError, Invalid, UserId};
use roster_store::ActivityFilter;
use roster_web::{Admin, App, ProblemBody, Query, Result, Text, fields, views::ListOf};
use utoipa::IntoParams;

use super::shown::ActivityView;
use crate::paging::Limit;

fields! {
    /// Which entries.
    #[derive(IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct ListActivity {
        /// What happened, such as `user.invited`.
        #[param(value_type = Option<String>, example = "user.invited")]
        action: Option<Word>,
        /// The id of the user or API key who did it.
        #[param(value_type = Option<String>)]
        actor: Option<Word>,
        /// The id of the user to whom it was done.
        subject: Option<UserId>,
        #[param(value_type = Option<String>, format = DateTime)]
        from: Option<Timestamp>,
        #[param(value_type = Option<String>, format = DateTime)]
        to: Option<Timestamp>,
        #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
        limit: Option<Limit>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// One short word.
pub struct Word(String);

impl std::str::FromStr for Word {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_word =
            (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if is_word {
            Ok(Self(text.to_owned()))
        } else {
            Err("This has 1 to 64 letters, digits, dots and lines.".into())
        }
    }
}

impl Text for Word {}

/// List the activity
///
/// Newest first. A page may hold fewer entries than `limit` and still be followed by others: go on while there is a
/// `next_cursor`.
#[utoipa::path(
    get,
    path = "/v1/activity",
    tag = "Activity",
    params(ListActivity),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<ActivityView>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn list_activity(
    _: Admin,
    State(app): State<App>,
    Query(query): Query<ListActivity>,
) -> Result<Json<ListOf<ActivityView>>> {
    if query.from.zip(query.to).is_some_and(|(from, to)| to < from) {
        return Err(FieldError::new("/to", "This is before `from`.").into());
    }
    let filter = ActivityFilter {
        action: query.action.map(|word| word.0),
        actor: query.actor.map(|word| word.0),
        from: query.from,
        to: query.to,
    };
    let page = Limit::page(query.limit, query.cursor);
    let page = match query.subject {
        Some(user) => app.store.user_activity(user, &filter, &page).await?,
        None => app.store.activity(&filter, &page, app.now()).await?,
    };
    let items = page.items.into_iter().map(ActivityView::from).collect();
    Ok(Json(ListOf { items, next_cursor: page.next_cursor }))
}
