//! Where a user is signed in.

use axum::{Json, extract::State};
use roster_domain::{Error, UserId};
use roster_store::PageRequest;
use roster_web::{
    Admin, App, Path, ProblemBody, Query, Result,
    views::{ListOf, SessionView},
};

use crate::paging::{PageQuery, live_sessions};

/// List a user's sessions
#[utoipa::path(
    get,
    path = "/v1/users/{id}/sessions",
    tag = "Users",
    params(("id" = UserId, Path), PageQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<SessionView>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody)
    )
)]
pub async fn list_user_sessions(
    admin: Admin,
    Path(id): Path<UserId>,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ListOf<SessionView>>> {
    let user = app.store.user(id).await?.ok_or(Error::UserNotFound)?;
    Ok(Json(live_sessions(&app, &user, admin.session_id(), &PageRequest::from(query)).await?))
}
