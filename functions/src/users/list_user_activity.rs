//! What happened around a user.

use axum::{Json, extract::State};
use roster_domain::UserId;
use roster_store::{ActivityFilter, PageRequest};
use roster_web::{Admin, App, Path, ProblemBody, Query, Result, views::ListOf};

use crate::{activity::shown::ActivityView, paging::PageQuery};

/// List a user's activity
///
/// Newest first. It stays when the user is deleted.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/activity",
    tag = "Activity",
    params(("id" = UserId, Path), PageQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<ActivityView>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody)
    )
)]
pub async fn list_user_activity(
    _: Admin,
    Path(id): Path<UserId>,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ListOf<ActivityView>>> {
    let page = app.store.user_activity(id, &ActivityFilter::default(), &PageRequest::from(query)).await?;
    let items = page.items.into_iter().map(ActivityView::from).collect();
    Ok(Json(ListOf { items, next_cursor: page.next_cursor }))
}
