//! An admin writes a template. What no mail can be made of is refused, so that it never reaches a recipient.
//!
//! The activity tells the subjects, and of the texts how long they are: whole mails would make it unreadable.

use axum::{Json, extract::State};
use roster_domain::{
    activity::{Action, Change, Subject},
    templates::{CustomTemplate, TemplateKind, TemplateSource},
};
use roster_mail::default_source;
use roster_web::{Admin, App, Body, Client, Path, ProblemBody, Result};

use super::template_shown::{TemplateView, WriteTemplate};

/// Set an e-mail template
#[utoipa::path(
    put,
    path = "/v1/settings/email-templates/{kind}",
    tag = "Settings",
    params(("kind" = TemplateKind, Path)),
    request_body = WriteTemplate,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = TemplateView),
        (
            status = 400,
            description = "`invalid-fields`: line and reason of what does not work, unknown values, the missing link",
            body = ProblemBody
        ),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`unknown-template`", body = ProblemBody)
    )
)]
pub async fn set_template(
    admin: Admin,
    Path(kind): Path<TemplateKind>,
    client: Client,
    State(app): State<App>,
    Body(body): Body<WriteTemplate>,
) -> Result<Json<TemplateView>> {
    let source = body.checked(kind)?;
    let before = app.store.template(kind).await?;
    if let Some(before) = before.as_ref().filter(|before| before.source == source && before.failure.is_none()) {
        return Ok(Json(TemplateView::new(kind, Some(before.clone()))));
    }
    let now = app.now();
    let old = before.as_ref().map_or_else(|| default_source(kind), |before| &before.source);
    let changes = changes(kind, old, &source);
    let activity = app.activity(now, Action::TemplateChanged, (admin.actor(), Subject::Installation), changes, &client);
    let template = CustomTemplate { kind, source, changed_at: now, failure: None };
    app.store.put_template(&template, &activity).await?;
    Ok(Json(TemplateView::new(kind, Some(template))))
}

/// What differs between two templates, as the activity tells it.
pub(crate) fn changes(kind: TemplateKind, old: &TemplateSource, new: &TemplateSource) -> Vec<Change> {
    let length = |text: &str| Some(format!("{} characters", text.chars().count()));
    let mut changes = vec![Change::new("template", None, Some(kind.to_string()))];
    if old.subject != new.subject {
        changes.push(Change::new("subject", Some(old.subject.clone()), Some(new.subject.clone())));
    }
    for (field, old, new) in [("html", &old.html, &new.html), ("text", &old.text, &new.text)] {
        if old != new {
            changes.push(Change::new(field, length(old), length(new)));
        }
    }
    changes
}
