//! Apps, by slug.

use axum::{Json, extract::State};
use roster_store::PageRequest;
use roster_web::{
    App, Builder, ProblemBody, Query, Result, fields,
    views::{AppView, ListOf},
};
use utoipa::IntoParams;

use crate::paging::Limit;

fields! {
    /// Which part of the list.
    #[derive(IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct ListApps {
        #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
        limit: Option<Limit>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// List apps
#[utoipa::path(
    get,
    path = "/v1/apps",
    tag = "Apps",
    params(ListApps),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<AppView>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn list_apps(
    _: Builder,
    State(app): State<App>,
    Query(query): Query<ListApps>,
) -> Result<Json<ListOf<AppView>>> {
    let page = PageRequest { limit: Limit::or_default(query.limit), cursor: query.cursor };
    let page = app.store.apps(&page).await?;
    Ok(Json(ListOf { items: page.items.iter().map(AppView::from).collect(), next_cursor: page.next_cursor }))
}
