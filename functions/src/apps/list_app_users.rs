//! Who may enter an app.

use axum::{Json, extract::State};
use roster_domain::{AppSlug, Error, RoleSlug};
use roster_web::{
    App, Builder, Path, ProblemBody, Query, Result, fields,
    views::{ListOf, UserView},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::paging::Limit;

fields! {
    /// Which users of an app.
    #[derive(IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct ListAppUsers {
        /// Who has this role.
        #[param(value_type = Option<String>)]
        role: Option<RoleSlug>,
        #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
        limit: Option<Limit>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// A user of an app.
#[derive(Serialize, ToSchema)]
pub struct AppUser {
    user: UserView,
    #[schema(example = "basic")]
    role: String,
}

/// List the users of an app
#[utoipa::path(
    get,
    path = "/v1/apps/{slug}/users",
    tag = "Apps",
    params(("slug" = AppSlug, Path), ListAppUsers),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<AppUser>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`unknown-app`", body = ProblemBody)
    )
)]
pub async fn list_app_users(
    _: Builder,
    Path(slug): Path<AppSlug>,
    State(app): State<App>,
    Query(query): Query<ListAppUsers>,
) -> Result<Json<ListOf<AppUser>>> {
    app.store.app(&slug).await?.ok_or(Error::UnknownApp)?;
    let page = Limit::page(query.limit, query.cursor);
    let page = app.store.app_users(&slug, query.role.as_ref(), &page).await?;
    let now = app.now();
    let users = page.items.iter().filter_map(|user| {
        let role = user.app_roles.get(&slug)?.to_string();
        Some(AppUser { user: UserView::new(user, now), role })
    });
    Ok(Json(ListOf { items: users.collect(), next_cursor: page.next_cursor }))
}
