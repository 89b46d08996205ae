//! Whether one may enter an app: what an app asks with its visitor's token.

use axum::{Json, extract::State};
use roster_domain::{AppSlug, Error};
use roster_web::{App, Member, Path, ProblemBody, Result, views::AppView};

use super::list_my_apps::Access;

/// Check my access to an app
#[utoipa::path(
    get,
    path = "/v1/me/access/{app}",
    tag = "My account",
    params(("app" = AppSlug, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Access),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`no-access`, `password-change-required`", body = ProblemBody),
        (status = 404, description = "`unknown-app`", body = ProblemBody)
    )
)]
pub async fn check_access(
    Member(me): Member,
    Path(slug): Path<AppSlug>,
    State(app): State<App>,
) -> Result<Json<Access>> {
    let found = app.store.app(&slug).await?.ok_or(Error::UnknownApp)?;
    let role = me.user.app_roles.get(&slug).ok_or(Error::NoAccess)?;
    Ok(Json(Access { app: AppView::from(&found), role: role.to_string() }))
}
