//! One user.

use axum::extract::State;
use roster_domain::{Error, UserId};
use roster_web::{App, Builder, Path, ProblemBody, Result, WithVersion, views::UserView};

/// Get a user
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    tag = "Users",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView, headers(("ETag" = String, description = "The version."))),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody)
    )
)]
pub async fn get_user(_: Builder, Path(id): Path<UserId>, State(app): State<App>) -> Result<WithVersion<UserView>> {
    let user = app.store.user(id).await?.ok_or(Error::UserNotFound)?;
    Ok(WithVersion { version: user.version, body: UserView::new(&user, app.now()) })
}
