//! The default takes the place of a template that an admin wrote. Where there is none, nothing happens.

use axum::extract::State;
use roster_domain::{
    activity::{Action, Subject},
    templates::TemplateKind,
};
use roster_mail::default_source;
use roster_web::{Admin, App, Client, NoContent, Path, ProblemBody, Result, decide};

use super::set_template::changes;

/// Restore the default of an e-mail template
#[utoipa::path(
    delete,
    path = "/v1/settings/email-templates/{kind}",
    tag = "Settings",
    params(("kind" = TemplateKind, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Mails of this kind are made of the default template."),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`unknown-template`", body = ProblemBody)
    )
)]
pub async fn restore_template(
    admin: Admin,
    Path(kind): Path<TemplateKind>,
    client: Client,
    State(app): State<App>,
) -> Result<NoContent> {
    decide(async || {
        let Some(before) = app.store.template(kind).await? else {
            return Ok(());
        };
        let changes = changes(kind, &before.source, default_source(kind));
        let parties = (admin.actor(), Subject::Installation);
        let activity = app.activity(app.now(), Action::TemplateRestored, parties, changes, &client);
        app.store.delete_template(kind, &activity).await
    })
    .await?;
    Ok(NoContent)
}
