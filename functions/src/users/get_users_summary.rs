//! How many users there are. It costs the same at any size: the table's stream keeps the counts.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use roster_web::{App, Builder, ProblemBody, Result};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct UsersSummary {
    total: u64,
    #[schema(example = json!({ "invited": 2, "invite_expired": 0, "active": 40, "suspended": 1 }))]
    by_status: BTreeMap<&'static str, u64>,
    #[schema(example = json!({ "admin": 2, "builder": 3, "member": 38 }))]
    by_role: BTreeMap<&'static str, u64>,
}

/// Count users
///
/// The counts follow changes within seconds.
#[utoipa::path(
    get,
    path = "/v1/users/summary",
    tag = "Users",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UsersSummary),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn get_users_summary(_: Builder, State(app): State<App>) -> Result<Json<UsersSummary>> {
    let summary = app.store.summary().await?;
    let (by_status, by_role) = (summary.by_status, summary.by_role);
    Ok(Json(UsersSummary { total: summary.total, by_status, by_role }))
}
