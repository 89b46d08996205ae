//! Wrong passwords counted for a user are forgotten, so that nobody waits for a pause to end.

use axum::extract::State;
use roster_domain::{
    Error, UserId,
    activity::{Action, Subject},
};
use roster_web::{Admin, App, Client, Path, ProblemBody, Result, WithVersion, views::UserView};

use super::changing::shown;

/// Unlock a user
#[utoipa::path(
    post,
    path = "/v1/users/{id}/unlock",
    tag = "Users",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody)
    )
)]
pub async fn unlock_user(
    admin: Admin,
    Path(id): Path<UserId>,
    client: Client,
    State(app): State<App>,
) -> Result<WithVersion<UserView>> {
    let user = app.store.user(id).await?.ok_or(Error::UserNotFound)?;
    admin.may_touch(&user)?;
    let parties = (admin.actor(), Subject::from(&user));
    let activity = app.activity(app.now(), Action::UserUnlocked, parties, Vec::new(), &client);
    app.store.unlock(&user.email, &activity).await?;
    Ok(shown(&app, &user))
}
