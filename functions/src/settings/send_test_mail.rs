//! An admin sees whether mail arrives. It takes the way of all mails, and its fate shows in the e-mail settings.

use axum::{Json, extract::State, http::StatusCode};
use roster_domain::{
    EmailAddress, Error, MailId,
    activity::{Action, Subject},
    mails::{Kind, Mail},
};
use roster_web::{Admin, App, Body, Client, Once, ProblemBody, Result, fields};
use serde::Serialize;
use utoipa::ToSchema;

fields! {
    /// Where the test mail goes.
    #[derive(ToSchema)]
    pub struct SendTestMail {
        to: EmailAddress,
    }
}

/// A test mail on its way.
#[derive(Serialize, ToSchema)]
pub struct TestMailRequested {
    #[schema(value_type = MailId)]
    mail_id: String,
    #[schema(format = Email)]
    to: String,
}

/// Send a test mail
///
/// Whether it was sent, or why not, shows as `last_test` in `GET /v1/settings/email`.
#[utoipa::path(
    post,
    path = "/v1/settings/email/test",
    tag = "Settings",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")),
    request_body = SendTestMail,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, description = "The mail is on its way.", body = TestMailRequested),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 409, description = "`email-not-configured`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn send_test_mail(
    admin: Admin,
    client: Client,
    State(app): State<App>,
    once: Once,
    Body(SendTestMail { to }): Body<SendTestMail>,
) -> Result<(StatusCode, Json<TestMailRequested>)> {
    app.store.email_settings().await?.ok_or(Error::EmailNotConfigured)?;
    let now = app.now();
    let mail = Mail::new(app.mail_id(now), None, to, Kind::Test, now);
    let answer = TestMailRequested { mail_id: mail.id.to_string(), to: mail.to.to_string() };
    let parties = (admin.actor(), Subject::Address { label: answer.to.clone() });
    let activity = app.activity(now, Action::TestMailRequested, parties, Vec::new(), &client);
    let kept = once.answer(StatusCode::ACCEPTED, &answer)?;
    app.store.request_test_mail(&mail, &activity, kept.as_ref()).await?;
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
