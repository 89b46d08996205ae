//! A user loses their role in an app. Taking away what is not there is no error.

use axum::extract::State;
use roster_domain::{AppSlug, Error, User, UserId, activity::Action, apps::App as RosterApp};
use roster_web::{App, Builder, Client, IfMatch, Path, ProblemBody, Result, WithVersion, views::UserView};

use super::changing::{Changing, Extras, shown};

/// Take a user's role in an app away
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/app-roles/{app}",
    tag = "Users",
    params(
        ("id" = UserId, Path),
        ("app" = AppSlug, Path),
        ("If-Match" = Option<String>, Header, description = "The version that the change is meant for.")
    ),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`, `unknown-app`", body = ProblemBody),
        (status = 412, description = "`stale`", body = ProblemBody)
    )
)]
pub async fn remove_app_role(
    builder: Builder,
    Path((id, slug)): Path<(UserId, AppSlug)>,
    if_match: IfMatch,
    client: Client,
    State(app): State<App>,
) -> Result<WithVersion<UserView>> {
    let action = Action::AppRoleRemoved;
    let changing = Changing { app: &app, caller: &builder, client: &client, if_match, action };
    let read = || async {
        let (user, target) = app.store.user_and_app(id, &slug).await?;
        Ok((user.ok_or(Error::UserNotFound)?, target))
    };
    let remove = |user: &mut User, target: Option<RosterApp>, _| {
        if target.is_none() && !user.app_roles.contains_key(&slug) {
            return Err(Error::UnknownApp);
        }
        user.remove_app_role(&builder, &slug)?;
        Ok(Extras::default())
    };
    Ok(shown(&app, &changing.user(read, remove).await?))
}
