//! Somebody has forgotten a password.
//!
//! Whether the address belongs to anybody is decided when the mail is sent, where nobody can measure it: here the same
//! is read and written for every address (I9). Asking changes nothing of the user.

use axum::{Json, extract::State, http::StatusCode};
use roster_domain::{
    EmailAddress, Error,
    activity::{Action, Actor, Subject},
    mails::{Kind, Mail},
};
use roster_web::{App, Body, Client, ProblemBody, Result, fields};
use serde::Serialize;
use utoipa::ToSchema;

fields! {
    /// Whose password is to be reset.
    #[derive(ToSchema)]
    pub struct RequestPasswordReset {
        email: EmailAddress,
    }
}

#[derive(Serialize, ToSchema)]
pub struct PasswordResetRequested {
    #[schema(example = "If the address belongs to an account, a mail is on its way.")]
    detail: &'static str,
}

/// Ask for a password reset
///
/// The answer is the same for every address. 3 times an hour for one address, 30 times for one client.
#[utoipa::path(
    post,
    path = "/v1/password-resets",
    tag = "Passwords",
    request_body = RequestPasswordReset,
    responses(
        (status = 202, body = PasswordResetRequested),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 409, description = "`email-not-configured`", body = ProblemBody),
        (status = 429, description = "`too-many-attempts`", body = ProblemBody)
    )
)]
pub async fn request_password_reset(
    client: Client,
    State(app): State<App>,
    Body(RequestPasswordReset { email }): Body<RequestPasswordReset>,
) -> Result<(StatusCode, Json<PasswordResetRequested>)> {
    let (user, settings) = app.store.address_reading(&email).await?;
    if settings.is_none() {
        return Err(Error::EmailNotConfigured.into());
    }
    let now = app.now();
    let label = email.to_string();
    let subject =
        user.map_or_else(|| Subject::Address { label: label.clone() }, |id| Subject::User { id, label: label.clone() });
    let mail = Mail::new(app.mail_id(now), None, email, Kind::PasswordReset, now);
    let parties = (Actor::Anonymous, subject);
    let activity = app.activity(now, Action::PasswordResetRequested, parties, Vec::new(), &client);
    app.store.ask_password_reset(&mail, &client.network(), &activity).await?;
    let detail = "If the address belongs to an account, a mail is on its way.";
    Ok((StatusCode::ACCEPTED, Json(PasswordResetRequested { detail })))
}
