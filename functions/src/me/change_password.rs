//! One's own password. All other sessions end, and the owner is told by mail, where mail is set up.

use axum::extract::State;
use roster_domain::{
    Error, FieldError,
    activity::{Action, Change as Field, Subject},
    mails::Kind,
    passwords::{Context, Password},
    sessions::Session,
};
use roster_store::{Change, Credential};
use roster_web::{App, Body, Client, NoContent, ProblemBody, Result, SignedIn, decide, fields};
use utoipa::ToSchema;

use crate::users::changing::told;

fields! {
    /// The password, and the one in its place.
    #[derive(ToSchema)]
    pub struct ChangePassword {
        #[schema(value_type = String, format = Password, max_length = 256)]
        current_password: Password,
        #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
        new_password: Password,
    }
}

/// Change my password
#[utoipa::path(
    post,
    path = "/v1/me/password",
    tag = "My account",
    request_body = ChangePassword,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The password is changed; all other sessions have ended."),
        (status = 400, description = "`invalid-fields`, with what the new password lacks", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`wrong-password`", body = ProblemBody),
        (status = 429, description = "`too-many-attempts`", body = ProblemBody)
    )
)]
pub async fn change_password(
    signed_in: SignedIn,
    client: Client,
    State(app): State<App>,
    Body(ChangePassword { current_password, new_password }): Body<ChangePassword>,
) -> Result<NoContent> {
    let SignedIn { caller, user, session, .. } = signed_in;
    let id = user.id;
    let (user, credential, security, email) = app.store.password_reading(id).await?;
    let user = user.ok_or(Error::Unauthenticated)?;
    if user.session_generation != session.generation {
        return Err(overtaken(&app, &session).await?.into());
    }
    let stored = credential.map(|credential| credential.password);
    // Whoever found an open session must not guess the password with it.
    let gate = app.store.gate(&user.email, &client.network()).await?;
    let now = app.now();
    if let Some(until) = gate.attempts.paused_until(gate.security.sign_in_attempts, now) {
        return Err(Error::TooManyAttempts { retry_after: until.duration_since(now) }.into());
    }
    if !app.passwords.verify(current_password, stored.clone()).await? {
        let reason = vec![Field::new("reason", None, Some("wrong-password".to_owned()))];
        let parties = (caller.actor(), Subject::from(&user));
        let activity = app.activity(now, Action::PasswordChangeRefused, parties, reason, &client);
        app.store.count_failure(&gate, now, &activity).await?;
        return Err(Error::WrongPassword.into());
    }
    let company = email.as_ref().and_then(|email| email.company.as_ref()).map(roster_domain::settings::Line::as_str);
    let context = Context { email: Some(&user.email), name: user.name.as_ref(), company };
    let refused = |reason: String| FieldError::new("/new_password", reason);
    security.password_policy().check(&new_password, context).map_err(|invalid| refused(invalid.0))?;
    if app.passwords.verify(new_password.clone(), stored.clone()).await? {
        return Err(refused("The new password is the old one.".to_owned()).into());
    }
    let password = app.passwords.hash(new_password).await?;

    decide(async || {
        let (before, credential, _, email) = app.store.password_reading(id).await?;
        let before = before.ok_or(Error::Unauthenticated)?;
        let is_still_current = credential.map(|credential| credential.password) == stored;
        if !is_still_current || before.session_generation != session.generation {
            return Err(overtaken(&app, &session).await?);
        }
        let now = app.now();
        let mut after = before.clone();
        after.password_temporary = false;
        after.end_sessions();
        after.changed(now);
        let session = Session { generation: after.session_generation, last_seen_at: now, ..session.clone() };
        let credential = Credential { user: id, password: password.clone(), changed_at: now, temporary_until: None };
        let mails = told(&app, email.as_ref(), &after, Kind::PasswordChanged, now);
        let change = Change {
            before: Some(&before),
            after: Some(&after),
            credential: Some(&credential),
            kept_session: Some(&session),
            mails: &mails,
            forget_attempts: true,
            ..Change::default()
        };
        let parties = (caller.actor(), Subject::from(&after));
        let activity = app.activity(now, Action::PasswordChanged, parties, Vec::new(), &client);
        app.store.apply(change, &activity).await
    })
    .await?;
    Ok(NoContent)
}

/// Why nothing is changed by a session that somebody was ahead of: it has ended, or goes on with another password.
async fn overtaken(app: &App, session: &Session) -> Result<Error, Error> {
    let found = app.store.session(session.user, session.id).await?;
    let goes_on = found.is_some_and(|(session, user)| session.is_live(&user, app.now()));
    Ok(if goes_on { Error::WrongPassword } else { Error::Unauthenticated })
}
