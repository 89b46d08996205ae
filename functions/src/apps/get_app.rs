//! One app.

use axum::{Json, extract::State};
use roster_domain::{AppSlug, Error};
use roster_web::{App, Builder, Path, ProblemBody, Result, views::AppView};

/// Get an app
#[utoipa::path(
    get,
    path = "/v1/apps/{slug}",
    tag = "Apps",
    params(("slug" = AppSlug, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AppView),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`unknown-app`", body = ProblemBody)
    )
)]
pub async fn get_app(_: Builder, Path(slug): Path<AppSlug>, State(app): State<App>) -> Result<Json<AppView>> {
    let found = app.store.app(&slug).await?.ok_or(Error::UnknownApp)?;
    Ok(Json(AppView::from(&found)))
}
