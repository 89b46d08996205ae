//! One of one's own sessions ends: a lost phone, a forgotten browser.

use axum::extract::State;
use roster_domain::SessionId;
use roster_web::{App, Client, Member, NoContent, Path, ProblemBody, Result};

use crate::users::end_user_session::end_session;

/// End one of my sessions
#[utoipa::path(
    delete,
    path = "/v1/me/sessions/{id}",
    tag = "My account",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The session has ended."),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`password-change-required`", body = ProblemBody),
        (status = 404, description = "`session-not-found`", body = ProblemBody)
    )
)]
pub async fn end_my_session(
    Member(me): Member,
    Path(id): Path<SessionId>,
    client: Client,
    State(app): State<App>,
) -> Result<NoContent> {
    end_session(&app, &me.caller, &client, &me.user, id).await?;
    Ok(NoContent)
}
