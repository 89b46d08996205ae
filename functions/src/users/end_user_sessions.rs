//! A user is signed out everywhere.

use axum::extract::State;
use roster_domain::{User, UserId, activity::Action};
use roster_web::{Admin, App, Client, IfMatch, NoContent, Path, ProblemBody, Result};

use super::changing::{Changing, Extras};

/// End all sessions of a user
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/sessions",
    tag = "Users",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "All sessions have ended."),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody)
    )
)]
pub async fn end_user_sessions(
    admin: Admin,
    Path(id): Path<UserId>,
    if_match: IfMatch,
    client: Client,
    State(app): State<App>,
) -> Result<NoContent> {
    let changing = Changing { app: &app, caller: &admin, client: &client, if_match, action: Action::SessionsEnded };
    let end = |user: &mut User, _| {
        admin.may_touch(user)?;
        user.end_sessions();
        Ok(Extras { is_change: true, ..Extras::default() })
    };
    changing.user_with_id(id, end).await?;
    Ok(NoContent)
}
