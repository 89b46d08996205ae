//! Where one is signed in.

use axum::{Json, extract::State};
use roster_store::PageRequest;
use roster_web::{
    App, Member, ProblemBody, Query, Result,
    views::{ListOf, SessionView},
};

use crate::paging::{PageQuery, live_sessions};

/// List my sessions
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    tag = "My account",
    params(PageQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<SessionView>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`password-change-required`", body = ProblemBody)
    )
)]
pub async fn list_my_sessions(
    Member(me): Member,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ListOf<SessionView>>> {
    let page = PageRequest::from(query);
    Ok(Json(live_sessions(&app, &me.user, Some(me.session.id), &page).await?))
}
