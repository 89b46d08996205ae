//! A user gets a role in an app; invited users too, before they accept.

use axum::extract::State;
use roster_domain::{AppSlug, Error, FieldError, RoleSlug, User, UserId, activity::Action, apps::App as RosterApp};
use roster_web::{
    App, Body, Builder, Client, IfMatch, Path, ProblemBody, Result, WithVersion, fields, views::UserView,
};
use utoipa::ToSchema;

use super::changing::{Changing, Extras, shown};

fields! {
    /// A role in an app.
    #[derive(ToSchema)]
    pub struct SetAppRole {
        role: RoleSlug,
    }
}

/// Give a user a role in an app
#[utoipa::path(
    put,
    path = "/v1/users/{id}/app-roles/{app}",
    tag = "Users",
    params(
        ("id" = UserId, Path),
        ("app" = AppSlug, Path),
        ("If-Match" = Option<String>, Header, description = "The version that the change is meant for.")
    ),
    request_body = SetAppRole,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView),
        (status = 400, description = "`invalid-fields`: the app has no such role", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`, `unknown-app`", body = ProblemBody),
        (status = 412, description = "`stale`", body = ProblemBody)
    )
)]
pub async fn set_app_role(
    builder: Builder,
    Path((id, slug)): Path<(UserId, AppSlug)>,
    if_match: IfMatch,
    client: Client,
    State(app): State<App>,
    Body(SetAppRole { role }): Body<SetAppRole>,
) -> Result<WithVersion<UserView>> {
    let action = Action::AppRoleSet;
    let changing = Changing { app: &app, caller: &builder, client: &client, if_match, action };
    let read = || async {
        let (user, target) = app.store.user_and_app(id, &slug).await?;
        Ok((user.ok_or(Error::UserNotFound)?, target.ok_or(Error::UnknownApp)?))
    };
    let set = |user: &mut User, target: RosterApp, _| {
        if !target.has_role(&role) {
            let detail = format!("The app {slug} has no role {role}; GET /v1/apps/{slug} lists its roles.");
            return Err(Error::InvalidFields(vec![FieldError::new("/role", detail)]));
        }
        user.set_app_role(&builder, slug.clone(), role.clone())?;
        Ok(Extras::default())
    };
    Ok(shown(&app, &changing.user(read, set).await?))
}
