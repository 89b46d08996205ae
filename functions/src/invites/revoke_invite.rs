//! An invite is taken back: the invited user is gone and the address free.

use axum::extract::State;
use roster_domain::{
    Error, UserId,
    activity::{Action, Subject, user_changes},
};
use roster_store::Change;
use roster_web::{Admin, App, Client, NoContent, Path, ProblemBody, Result, decide};

/// Revoke an invite
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/invite",
    tag = "Invites",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The invited user is gone, their address is free."),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody),
        (status = 409, description = "`not-invited`", body = ProblemBody)
    )
)]
pub async fn revoke_invite(
    admin: Admin,
    Path(id): Path<UserId>,
    client: Client,
    State(app): State<App>,
) -> Result<NoContent> {
    decide(async || {
        let user = app.store.user(id).await?.ok_or(Error::UserNotFound)?;
        admin.may_touch(&user)?;
        if user.invite().is_none() {
            return Err(Error::NotInvited);
        }
        let changes = user_changes(Some(&user), None);
        let parties = (admin.actor(), Subject::from(&user));
        let activity = app.activity(app.now(), Action::InviteRevoked, parties, changes, &client);
        app.store.apply(Change { before: Some(&user), ..Change::default() }, &activity).await
    })
    .await?;
    Ok(NoContent)
}
