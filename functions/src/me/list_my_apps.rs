//! The apps that one may enter.

use axum::{Json, extract::State};
use roster_web::{
    App, Member, ProblemBody, Result,
    views::{AppView, ListOf},
};
use serde::Serialize;
use utoipa::ToSchema;

/// An app, and one's role in it.
#[derive(Serialize, ToSchema)]
pub struct Access {
    pub(crate) app: AppView,
    #[schema(example = "basic")]
    pub(crate) role: String,
}

/// List the apps I may enter
///
/// All of them: nobody has a role in more than 50.
#[utoipa::path(
    get,
    path = "/v1/me/apps",
    tag = "My account",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<Access>),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`password-change-required`", body = ProblemBody)
    )
)]
pub async fn list_my_apps(Member(me): Member, State(app): State<App>) -> Result<Json<ListOf<Access>>> {
    let apps = app.store.apps_of(&me.user.app_roles).await?;
    let access = apps.iter().filter_map(|app| {
        let role = me.user.app_roles.get(&app.slug)?;
        Some(Access { app: AppView::from(app), role: role.to_string() })
    });
    Ok(Json(ListOf { items: access.collect(), next_cursor: None }))
}
