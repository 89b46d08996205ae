//! Apps, by slug.

use axum::{Json, extract::State};
use roster_store::PageRequest;
use roster_web::{
    App, Builder, ProblemBody, Query, Result,
    views::{AppView, ListOf},
};

use crate::paging::PageQuery;

/// List apps
#[utoipa::path(
    get,
    path = "/v1/apps",
    tag = "Apps",
    params(PageQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<AppView>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn list_apps(
    _: Builder,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ListOf<AppView>>> {
    let page = app.store.apps(&PageRequest::from(query)).await?;
    Ok(Json(ListOf { items: page.items.iter().map(AppView::from).collect(), next_cursor: page.next_cursor }))
}
