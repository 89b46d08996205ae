//! An app is deleted, and its roles are taken from every user.
//!
//! From the first write on nobody may enter it. Of a few users the roles are gone when the answer comes; of many,
//! `follow_changes` takes the rest.

use axum::extract::State;
use roster_domain::{
    AppSlug, Error,
    activity::{Action, Subject},
};
use roster_web::{App, Builder, Client, NoContent, Path, ProblemBody, Result, decide};

use super::create_app::changes;
use crate::events::follow_changes::take_some_roles_away;

/// Delete an app
#[utoipa::path(
    delete,
    path = "/v1/apps/{slug}",
    tag = "Apps",
    params(("slug" = AppSlug, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The app is gone; nobody may enter it."),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`unknown-app`", body = ProblemBody)
    )
)]
pub async fn delete_app(
    builder: Builder,
    Path(slug): Path<AppSlug>,
    client: Client,
    State(app): State<App>,
) -> Result<NoContent> {
    decide(async || {
        let found = app.store.app(&slug).await?.ok_or(Error::UnknownApp)?;
        let changes = changes(Some(&found), None);
        let subject = Subject::App { slug: slug.clone(), label: found.name.as_str().to_owned() };
        let activity = app.activity(app.now(), Action::AppDeleted, (builder.actor(), subject), changes, &client);
        app.store.delete_app(&found, &activity).await
    })
    .await?;
    if let Err(error) = take_some_roles_away(&app, &slug).await {
        // The app is deleted; the stream takes the roles that are left.
        tracing::warn!(?error, app = %slug, "roles of a deleted app are left to the stream");
    }
    Ok(NoContent)
}
