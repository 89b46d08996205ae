//! A suspended user gets their access back.

use axum::extract::State;
use roster_domain::{User, UserId, activity::Action};
use roster_web::{Admin, App, Client, IfMatch, Path, ProblemBody, Result, WithVersion, views::UserView};

use super::changing::{Changing, Extras, shown};

/// Reactivate a user
#[utoipa::path(
    post,
    path = "/v1/users/{id}/reactivate",
    tag = "Users",
    params(
        ("id" = UserId, Path),
        ("If-Match" = Option<String>, Header, description = "The version that the change is meant for.")
    ),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody),
        (status = 409, description = "`still-invited`", body = ProblemBody),
        (status = 412, description = "`stale`", body = ProblemBody)
    )
)]
pub async fn reactivate_user(
    admin: Admin,
    Path(id): Path<UserId>,
    if_match: IfMatch,
    client: Client,
    State(app): State<App>,
) -> Result<WithVersion<UserView>> {
    let changing = Changing { app: &app, caller: &admin, client: &client, if_match, action: Action::UserReactivated };
    let reactivate = |user: &mut User, _| {
        user.reactivate(&admin)?;
        Ok(Extras::default())
    };
    Ok(shown(&app, &changing.user_with_id(id, reactivate).await?))
}
