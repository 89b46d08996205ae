//! An API key ends at once.

use axum::extract::State;
use roster_domain::{
    ApiKeyId, Error,
    activity::{Action, Change, Subject},
};
use roster_web::{Admin, App, Client, NoContent, Path, ProblemBody, Result};

/// Delete an API key
#[utoipa::path(
    delete,
    path = "/v1/api-keys/{id}",
    tag = "API keys",
    params(("id" = ApiKeyId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The key opens nothing any more."),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`api-key-not-found`", body = ProblemBody)
    )
)]
pub async fn delete_api_key(
    admin: Admin,
    Path(id): Path<ApiKeyId>,
    client: Client,
    State(app): State<App>,
) -> Result<NoContent> {
    let key = app.store.api_key(id).await?.ok_or(Error::ApiKeyNotFound)?;
    let changes = vec![Change::new("role", Some(key.role.to_string()), None)];
    let subject = Subject::ApiKey { id, label: key.name.as_str().to_owned() };
    let activity = app.activity(app.now(), Action::ApiKeyDeleted, (admin.actor(), subject), changes, &client);
    app.store.delete_api_key(id, &activity).await?;
    Ok(NoContent)
}
