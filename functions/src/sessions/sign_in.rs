//! Signing in with address and password.
//!
//! An unknown address takes the same steps as a known one: the same reads, a hash, an activity entry (I9). What stands
//! in the way of a user is told only after the right password.

use axum::{extract::State, http::HeaderMap, response::Response};
use jiff::Timestamp;
use roster_domain::{
    EmailAddress, Error, Status, User,
    activity::{Action, Actor, Change, Subject},
    passwords::{Password, StoredPassword},
    users::{State as UserState, Suspension},
};
use roster_store::Credential;
use roster_web::{App, Body, Client, Former, ProblemBody, Result, decide, fields};
use utoipa::ToSchema;

use super::{
    sign_out::end,
    started::{Started, start},
};

fields! {
    /// Who signs in.
    #[derive(ToSchema)]
    pub struct SignIn {
        email: EmailAddress,
        #[schema(value_type = String, format = Password, max_length = 256)]
        password: Password,
    }
}

/// Sign in
///
/// After 5 wrong passwords for an account from one client address (a setting), that address pauses for this account: a
/// minute, then twice as long with each further one, an hour at most. After 100 wrong ones in a row from everywhere, the
/// account pauses. A session that the request carries ends. With `X-Roster-Request: 1` the answer also sets the console's
/// cookie.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    tag = "Sessions",
    request_body = SignIn,
    responses(
        (status = 201, body = Started),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`invalid-credentials`", body = ProblemBody),
        (status = 403, description = "After the right password: `account-suspended`, `temporary-password-expired`", body = ProblemBody),
        (status = 429, description = "`too-many-attempts`", body = ProblemBody)
    )
)]
pub async fn sign_in(
    Former(former): Former,
    client: Client,
    headers: HeaderMap,
    State(app): State<App>,
    Body(SignIn { email, password }): Body<SignIn>,
) -> Result<Response> {
    let now = app.now();
    let gate = app.store.gate(&email, &client.network()).await?;
    let refused = |subject: Subject, reason: &str| {
        let reason = vec![Change::new("reason", None, Some(reason.to_owned()))];
        app.activity(now, Action::SessionRefused, (Actor::Anonymous, subject), reason, &client)
    };
    let label = || email.to_string();
    let holder =
        gate.user.map_or_else(|| Subject::Address { label: label() }, |id| Subject::User { id, label: label() });
    if let Some(until) = gate.attempts.paused_until(gate.security.sign_in_attempts, now) {
        app.store.record(&refused(holder, "too-many-attempts")).await?;
        return Err(Error::TooManyAttempts { retry_after: until.duration_since(now) }.into());
    }
    // Nobody has this id; reading it costs what reading somebody costs.
    let id = gate.user.unwrap_or_else(|| app.user_id(Timestamp::UNIX_EPOCH));
    // While the password is checked, it may be changed, and the user moved, suspended or deleted.
    let started = decide(async || {
        let (user, credential) = app.store.user_and_credential(id).await?;
        let stored = credential.as_ref().map(|credential| credential.password.clone());
        let is_right = app.passwords.verify(password.clone(), stored.clone()).await?;
        let subject = user.as_ref().map_or(holder.clone(), Subject::from);
        let is_theirs = |user: &User| user.email.key() == email.key();
        let known = user.filter(|user| is_right && is_theirs(user)).zip(credential);
        let Some((user, credential)) = known else {
            app.store.count_failure(&gate, now, &refused(subject, "invalid-credentials")).await?;
            return Err(Error::InvalidCredentials);
        };
        let barred = match &user.state {
            UserState::Suspended(Suspension { reason, until }) if user.status(now) == Status::Suspended => {
                Some(("account-suspended", Error::AccountSuspended { reason: reason.clone(), until: *until }))
            }
            _ if credential.temporary_until.is_some_and(|until| until <= now) => {
                Some(("temporary-password-expired", Error::TemporaryPasswordExpired))
            }
            _ => None,
        };
        if let Some((reason, error)) = barred {
            app.store.record(&refused(subject, reason)).await?;
            return Err(error);
        }
        let renewed = match stored.filter(StoredPassword::is_outdated) {
            Some(_) => Some(Credential { password: app.passwords.hash(password.clone()).await?, ..credential }),
            None => None,
        };
        let user = User { last_sign_in_at: Some(now), ..user };
        let (session, token) = start(&app, &client, &user, gate.security, now);
        let parties = (Actor::from(&user), Subject::from(&user));
        let activity = app.activity(now, Action::SessionStarted, parties, Vec::new(), &client);
        match app.store.start_session(&user, &session, renewed.as_ref(), &gate, &activity).await {
            Err(Error::InvalidCredentials) => {
                app.store.record(&refused(subject, "too-many-attempts")).await?;
                Err(Error::InvalidCredentials)
            }
            started => started.map(|()| Started::new(&user, &session, &token, now)),
        }
    });
    let started = started.await?;
    // OWASP ASVS 5.0, 7.2.4: nothing that was known before opens anything.
    if let Some(former) = former {
        match end(&app, &client, &former).await {
            Err(Error::SessionNotFound) => {}
            ended => ended?,
        }
    }
    Ok(started.into_response(&client, &headers, now))
}
