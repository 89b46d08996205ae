//! A new password by the link of a mail. All sessions end, the owner is told, and nobody is signed in by it.

use axum::extract::State;
use roster_domain::{
    Error, FieldError, Status,
    activity::{Action, Actor, Subject, user_changes},
    mails::Kind,
    passwords::{Context, Password},
    tokens::ResetToken,
};
use roster_store::{Change, Credential, ResetReading};
use roster_web::{App, Body, Client, NoContent, ProblemBody, Result, decide, fields};
use utoipa::ToSchema;

use crate::users::changing::told;

fields! {
    /// The secret of a link, and the new password.
    #[derive(ToSchema)]
    pub struct CompletePasswordReset {
        /// What stands behind `#token=` in the link.
        token: String,
        #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
        new_password: Password,
    }
}

/// Set a new password with a reset link
#[utoipa::path(
    post,
    path = "/v1/password-resets/complete",
    tag = "Passwords",
    request_body = CompletePasswordReset,
    responses(
        (status = 204, description = "The password is changed; all sessions have ended. Sign in with it."),
        (status = 400, description = "`invalid-fields`, with what the password lacks", body = ProblemBody),
        (status = 404, description = "`link-unknown`: wrong, used, or void", body = ProblemBody),
        (status = 410, description = "`link-expired`", body = ProblemBody)
    )
)]
pub async fn complete_password_reset(
    client: Client,
    State(app): State<App>,
    Body(CompletePasswordReset { token, new_password }): Body<CompletePasswordReset>,
) -> Result<NoContent> {
    let token: ResetToken = token.parse().map_err(|_| Error::LinkUnknown)?;
    let reading = open(&app, &token).await?;
    let company = reading.email_settings.as_ref().and_then(|settings| settings.company.as_ref());
    let company = company.map(roster_domain::settings::Line::as_str);
    let context = Context { email: Some(&reading.user.email), name: reading.user.name.as_ref(), company };
    let judged = reading.security.password_policy().check(&new_password, context);
    judged.map_err(|invalid| FieldError::new("/new_password", invalid.0))?;
    let password = app.passwords.hash(new_password).await?;

    decide(async || {
        let reading = open(&app, &token).await?;
        let now = app.now();
        let before = reading.user;
        let mut after = before.clone();
        after.password_temporary = false;
        after.end_sessions();
        after.changed(now);
        let credential =
            Credential { user: after.id, password: password.clone(), changed_at: now, temporary_until: None };
        let mails = told(&app, reading.email_settings.as_ref(), &after, Kind::PasswordChanged, now);
        let change = Change {
            before: Some(&before),
            after: Some(&after),
            credential: Some(&credential),
            mails: &mails,
            forget_attempts: true,
            ..Change::default()
        };
        let changes = user_changes(Some(&before), Some(&after));
        let parties = (Actor::from(&after), Subject::from(&after));
        let activity = app.activity(now, Action::PasswordReset, parties, changes, &client);
        app.store.apply(change, &activity).await
    })
    .await?;
    Ok(NoContent)
}

async fn open(app: &App, token: &ResetToken) -> roster_domain::Result<ResetReading> {
    let reading = app.store.password_reset(token.user).await?.ok_or(Error::LinkUnknown)?;
    let now = app.now();
    reading.reset.check(&reading.user, &token.secret.hash(), now)?;
    if reading.user.status(now) == Status::Active { Ok(reading) } else { Err(Error::LinkUnknown) }
}
