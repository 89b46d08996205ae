//! API keys, oldest first, those that have expired included.

use axum::{Json, extract::State};
use roster_store::PageRequest;
use roster_web::{Admin, App, ProblemBody, Query, Result, views::ListOf};

use super::shown::ApiKeyView;
use crate::paging::PageQuery;

/// List API keys
#[utoipa::path(
    get,
    path = "/v1/api-keys",
    tag = "API keys",
    params(PageQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<ApiKeyView>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn list_api_keys(
    _: Admin,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ListOf<ApiKeyView>>> {
    let page = app.store.api_keys(&PageRequest::from(query)).await?;
    Ok(Json(ListOf { items: page.items.iter().map(ApiKeyView::from).collect(), next_cursor: page.next_cursor }))
}
