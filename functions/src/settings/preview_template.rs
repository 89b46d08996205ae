//! What a mail would look like, before its template is saved. It shows the company and the logo of the e-mail settings
//! and a user who does not exist.

use axum::{Json, extract::State};
use roster_domain::{Error, templates::TemplateKind};
use roster_mail::{Values, render};
use roster_web::{Admin, App, Body, Path, ProblemBody, Result};
use serde::Serialize;
use utoipa::ToSchema;

use super::template_shown::WriteTemplate;

/// A mail as its recipient would get it.
#[derive(Serialize, ToSchema)]
pub struct PreviewedMail {
    subject: String,
    html: String,
    text: String,
}

/// Preview an e-mail template
///
/// Nothing is saved and nothing is sent.
#[utoipa::path(
    post,
    path = "/v1/settings/email-templates/{kind}/preview",
    tag = "Settings",
    params(("kind" = TemplateKind, Path)),
    request_body = WriteTemplate,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The mail, with sample values", body = PreviewedMail),
        (status = 400, description = "`invalid-fields`, as when it is saved", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`unknown-template`", body = ProblemBody)
    )
)]
pub async fn preview_template(
    _: Admin,
    Path(kind): Path<TemplateKind>,
    State(app): State<App>,
    Body(body): Body<WriteTemplate>,
) -> Result<Json<PreviewedMail>> {
    let source = body.checked(kind)?;
    let settings = app.store.email_settings().await?;
    let mail = render(kind, &source, &Values::sample(settings.as_ref()));
    let mail = mail.map_err(|fault| Error::InvalidFields(vec![fault.into()]))?;
    Ok(Json(PreviewedMail { subject: mail.subject, html: mail.html, text: mail.text }))
}
