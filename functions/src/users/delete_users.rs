//! Many users are deleted in one call. Each keeps to the same rules as one alone.

use std::collections::HashSet;

use axum::{Json, extract::State};
use roster_domain::{Error, UserId};
use roster_web::{Admin, App, Body, Client, IfMatch, ProblemBody, Result, Rows, fields};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::delete_user::delete;
use crate::bulk::{MAX_ROWS, Results, in_order};

fields! {
    /// Whom to delete.
    #[derive(ToSchema)]
    pub struct DeleteUsers {
        #[schema(value_type = Vec<UserId>, max_items = 500)]
        ids: Rows<MAX_ROWS>,
    }
}

/// What became of a row.
#[derive(Serialize, ToSchema)]
pub struct DeleteOutcome {
    id: Value,
    /// `deleted`, `not_found` or `refused`.
    #[schema(example = "deleted")]
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

/// Delete many users
#[utoipa::path(
    post,
    path = "/v1/users/batch-delete",
    tag = "Users",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")),
    request_body = DeleteUsers,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "An outcome for each id, in order.", body = Results<DeleteOutcome>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn delete_users(
    admin: Admin,
    client: Client,
    State(app): State<App>,
    Body(body): Body<DeleteUsers>,
) -> Result<Json<Results<DeleteOutcome>>> {
    let (app, admin, client) = (&app, &admin, &client);
    let row = |(n, id): (usize, Value)| async move {
        let deleted = match user_of(&id) {
            Some(user) => delete(app, admin, client, user, IfMatch::any()).await,
            None => Err(Error::UserNotFound),
        };
        let (outcome, detail) = match deleted {
            Ok(()) => ("deleted", None),
            Err(Error::UserNotFound) => ("not_found", None),
            Err(Error::OwnAccount) => ("refused", Some("This is your own account.")),
            Err(Error::LastAdmin) => ("refused", Some("This is the last active admin.")),
            Err(Error::Forbidden(detail)) => ("refused", Some(detail)),
            Err(error) => {
                tracing::error!(?error, "a row of a bulk call failed");
                ("refused", Some("This user could not be deleted; send the id again."))
            }
        };
        (n, DeleteOutcome { id, outcome, detail })
    };
    // Rows are worked on at once, so those whose id an earlier row has wait: else chance would say which of them deletes.
    let mut named = HashSet::new();
    let rows = body.ids.0.into_iter().enumerate();
    let (first, again): (Vec<_>, Vec<_>) = rows.partition(|(_, id)| named.insert(user_of(id)));
    let mut results = in_order(first, row).await;
    results.extend(in_order(again, row).await);
    results.sort_by_key(|(n, _)| *n);
    Ok(Json(Results { results: results.into_iter().map(|(_, outcome)| outcome).collect() }))
}

/// The user that a row names, if it is an id at all.
fn user_of(row: &Value) -> Option<UserId> {
    row.as_str()?.parse().ok()
}
