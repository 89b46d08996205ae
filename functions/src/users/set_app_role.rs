//! A user gets a role in an app; invited users too, before they accept.

use axum::extract::State;
use roster_domain::{
    AppSlug, Error, FieldError, RoleSlug, UserId,
    activity::{Action, Subject, user_changes},
};
use roster_store::Change;
use roster_web::{
    App, Body, Builder, Client, IfMatch, Path, ProblemBody, Result, WithVersion, decide, fields, views::UserView,
};
use utoipa::ToSchema;

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
    let user = decide(async || {
        let (before, target) = app.store.user_and_app(id, &slug).await?;
        let before = before.ok_or(Error::UserNotFound)?;
        let target = target.ok_or(Error::UnknownApp)?;
        if !target.has_role(&role) {
            let detail = format!("The app {slug} has no role {role}; GET /v1/apps/{slug} lists its roles.");
            return Err(Error::InvalidFields(vec![FieldError::new("/role", detail)]));
        }
        if_match.check(before.version)?;
        let mut after = before.clone();
        after.set_app_role(&builder, slug.clone(), role.clone())?;
        let changes = user_changes(Some(&before), Some(&after));
        if changes.is_empty() {
            return Ok(after);
        }
        let now = app.now();
        after.changed(now);
        let parties = (builder.actor(), Subject::from(&after));
        let activity = app.activity(now, Action::AppRoleSet, parties, changes, &client);
        let change = Change { before: Some(&before), after: Some(&after), ..Change::default() };
        app.store.apply(change, &activity).await?;
        Ok(after)
    })
    .await?;
    Ok(WithVersion { version: user.version, body: UserView::new(&user, app.now()) })
}
