//! One session of a user ends.

use axum::extract::State;
use roster_domain::{
    Caller, Error, SessionId, User, UserId,
    activity::{Action, Change, Subject},
};
use roster_web::{Admin, App, Client, NoContent, Path, ProblemBody, Result};

/// End a session of a user
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/sessions/{session}",
    tag = "Users",
    params(("id" = UserId, Path), ("session" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The session has ended."),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`, `session-not-found`", body = ProblemBody)
    )
)]
pub async fn end_user_session(
    admin: Admin,
    Path((id, session)): Path<(UserId, SessionId)>,
    client: Client,
    State(app): State<App>,
) -> Result<NoContent> {
    let user = app.store.user(id).await?.ok_or(Error::UserNotFound)?;
    admin.may_touch(&user)?;
    end_session(&app, &admin, &client, &user, session).await?;
    Ok(NoContent)
}

/// Ends a session of `user`, if it goes on.
pub(crate) async fn end_session(
    app: &App,
    caller: &Caller,
    client: &Client,
    user: &User,
    id: SessionId,
) -> Result<(), Error> {
    let now = app.now();
    let found = app.store.session(user.id, id).await?;
    found.filter(|(session, user)| session.is_live(user, now)).ok_or(Error::SessionNotFound)?;
    let changes = vec![Change::new("session", Some(id.to_string()), None)];
    let activity = app.activity(now, Action::SessionEnded, (caller.actor(), Subject::from(user)), changes, client);
    app.store.end_session(user.id, id, &activity).await
}
