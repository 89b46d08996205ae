//! A new API key. Its secret is shown once.

use axum::{extract::State, http::StatusCode};
use jiff::Timestamp;
use roster_domain::{
    FieldError, Role,
    activity::{Action, Change, Subject},
    api_keys::ApiKey,
    settings::Line,
    tokens::ApiKeyToken,
};
use roster_web::{Admin, App, Body, Client, Created, Once, ProblemBody, Result, fields};
use serde::Serialize;
use utoipa::ToSchema;

use super::shown::ApiKeyView;

fields! {
    /// A new API key.
    #[derive(ToSchema)]
    pub struct CreateApiKey {
        /// What it is for.
        name: Line,
        role: Role,
        /// It never expires, if nothing is said.
        #[schema(value_type = Option<String>, format = DateTime)]
        expires_at: Option<Timestamp>,
    }
}

#[derive(Serialize, ToSchema)]
pub struct ApiKeyCreated {
    api_key: ApiKeyView,
    /// What the program sends as `Authorization: Bearer …`; given once, `null` when the answer is repeated.
    #[schema(value_type = Option<String>, required, example = "key_01JD8ZQ4V9WX6M2N3P5R7S8T9A.…")]
    key: String,
}

/// Create an API key
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    tag = "API keys",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")),
    request_body = CreateApiKey,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = ApiKeyCreated),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn create_api_key(
    admin: Admin,
    client: Client,
    State(app): State<App>,
    once: Once,
    Body(body): Body<CreateApiKey>,
) -> Result<Created<ApiKeyCreated>> {
    let now = app.now();
    if body.expires_at.is_some_and(|end| end <= now) {
        return Err(FieldError::new("/expires_at", "This moment is over; name one that is to come.").into());
    }
    admin.may_grant(body.role)?;
    let token = ApiKeyToken { key: app.api_key_id(now), secret: app.secret() };
    let key = ApiKey {
        id: token.key,
        name: body.name,
        role: body.role,
        secret: token.secret.hash(),
        created_at: now,
        created_by: admin.label.clone(),
        expires_at: body.expires_at,
    };
    let changes = vec![
        Change::new("role", None, Some(key.role.to_string())),
        Change::new("expires_at", None, key.expires_at.map(|end| end.to_string())),
    ];
    let subject = Subject::ApiKey { id: key.id, label: key.name.as_str().to_owned() };
    let activity = app.activity(now, Action::ApiKeyCreated, (admin.actor(), subject), changes, &client);
    let created = ApiKeyCreated { api_key: ApiKeyView::from(&key), key: token.to_string() };
    let answer = once.answer(StatusCode::CREATED, &created)?;
    app.store.create_api_key(&key, &activity, answer.as_ref()).await?;
    Ok(Created(created))
}
