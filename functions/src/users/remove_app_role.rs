//! A user loses their role in an app. Taking away what is not there is no error.

use axum::extract::State;
use roster_domain::{
    AppSlug, Error, UserId,
    activity::{Action, Subject, user_changes},
};
use roster_store::Change;
use roster_web::{App, Builder, Client, IfMatch, Path, ProblemBody, Result, WithVersion, decide, views::UserView};

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
    let user = decide(async || {
        let (before, target) = app.store.user_and_app(id, &slug).await?;
        let before = before.ok_or(Error::UserNotFound)?;
        if target.is_none() && !before.app_roles.contains_key(&slug) {
            return Err(Error::UnknownApp);
        }
        if_match.check(before.version)?;
        let mut after = before.clone();
        after.remove_app_role(&builder, &slug)?;
        let changes = user_changes(Some(&before), Some(&after));
        if changes.is_empty() {
            return Ok(after);
        }
        let now = app.now();
        after.changed(now);
        let parties = (builder.actor(), Subject::from(&after));
        let activity = app.activity(now, Action::AppRoleRemoved, parties, changes, &client);
        let change = Change { before: Some(&before), after: Some(&after), ..Change::default() };
        app.store.apply(change, &activity).await?;
        Ok(after)
    })
    .await?;
    Ok(WithVersion { version: user.version, body: UserView::new(&user, app.now()) })
}
