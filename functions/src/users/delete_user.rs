//! A user is deleted.
//!
//! The user and all that makes them usable go in one transaction, and the address is free at once. Sessions and mails,
//! of which there may be many, can do nothing without the user; `follow_changes` removes them.

use axum::extract::State;
use roster_domain::{
    Error, UserId,
    activity::{Action, Subject, user_changes},
};
use roster_store::Change;
use roster_web::{Admin, App, Client, IfMatch, NoContent, Path, ProblemBody, Result, decide};

/// Delete a user
#[utoipa::path(
    delete,
    path = "/v1/users/{id}",
    tag = "Users",
    params(
        ("id" = UserId, Path),
        ("If-Match" = Option<String>, Header, description = "The version that is meant.")
    ),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The user is gone, their address is free."),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody),
        (status = 409, description = "`own-account`, `last-admin`", body = ProblemBody),
        (status = 412, description = "`stale`", body = ProblemBody)
    )
)]
pub async fn delete_user(
    admin: Admin,
    Path(id): Path<UserId>,
    if_match: IfMatch,
    client: Client,
    State(app): State<App>,
) -> Result<NoContent> {
    delete(&app, &admin, &client, id, if_match).await?;
    Ok(NoContent)
}

/// Deletes one user.
pub(crate) async fn delete(
    app: &App,
    admin: &Admin,
    client: &Client,
    id: UserId,
    if_match: IfMatch,
) -> Result<(), Error> {
    decide(async || {
        let user = app.store.user(id).await?.ok_or(Error::UserNotFound)?;
        if_match.check(user.version)?;
        admin.may_end(&user)?;
        let changes = user_changes(Some(&user), None);
        let parties = (admin.actor(), Subject::from(&user));
        let activity = app.activity(app.now(), Action::UserDeleted, parties, changes, client);
        app.store.apply(Change { before: Some(&user), ..Change::default() }, &activity).await
    })
    .await
}
