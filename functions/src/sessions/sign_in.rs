//! Signing in with address and password.
//!
//! An unknown address takes the same steps as a known one: the same reads, a hash, an activity entry (I9). What stands
//! in the way of a user is told only after the right password.

use axum::{extract::State, http::HeaderMap, response::Response};
use jiff::Timestamp;
use roster_domain::{
    EmailAddress, Error, User,
    activity::{Action, Actor, Change, Subject},
    passwords::{Password, StoredPassword},
    users::State as UserState,
};
use roster_store::Credential;
use roster_web::{App, Body, Client, ProblemBody, Result, fields};
use utoipa::ToSchema;

use super::started::{Started, start};

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
/// With `X-Roster-Request: 1` the answer also sets the console's cookie.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    tag = "Sessions",
    request_body = SignIn,
    responses(
        (status = 201, body = Started),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`invalid-credentials`", body = ProblemBody),
        (status = 403, description = "`account-suspended`", body = ProblemBody)
    )
)]
pub async fn sign_in(
    client: Client,
    headers: HeaderMap,
    State(app): State<App>,
    Body(SignIn { email, password }): Body<SignIn>,
) -> Result<Response> {
    let now = app.now();
    let known = app.store.user_id_of(&email).await?;
    // Nobody has this id; reading it costs what reading somebody costs.
    let id = known.unwrap_or_else(|| app.user_id(Timestamp::UNIX_EPOCH));
    let (user, credential, settings) = app.store.sign_in_reading(id).await?;
    let stored = credential.map(|credential| credential.password);
    let is_right = app.passwords.verify(password.clone(), stored.clone()).await?;
    let subject = user.as_ref().map_or_else(|| Subject::Address { label: email.to_string() }, Subject::from);
    let refused = async |reason: &str| {
        let reason = vec![Change::new("reason", None, Some(reason.to_owned()))];
        let parties = (Actor::Anonymous, subject.clone());
        app.store.record(&app.activity(now, Action::SessionRefused, parties, reason, &client)).await
    };
    let Some(user) = user.filter(|_| is_right) else {
        refused("invalid-credentials").await?;
        return Err(Error::InvalidCredentials.into());
    };
    if let UserState::Suspended(suspension) = user.state {
        refused("account-suspended").await?;
        return Err(Error::AccountSuspended { reason: suspension.reason, until: suspension.until }.into());
    }

    let renewed = match stored.filter(StoredPassword::is_outdated) {
        Some(_) => Some(Credential { user: id, password: app.passwords.hash(password).await?, changed_at: now }),
        None => None,
    };
    let user = User { last_sign_in_at: Some(now), ..user };
    let (session, token) = start(&app, &client, &user, settings, now);
    let parties = (Actor::from(&user), Subject::from(&user));
    let activity = app.activity(now, Action::SessionStarted, parties, Vec::new(), &client);
    match app.store.start_session(&user, &session, renewed.as_ref(), &activity).await {
        // While the password was checked, it was changed, or the user was suspended or deleted.
        Err(Error::Conflict) => Err(Error::InvalidCredentials.into()),
        started => {
            started?;
            Ok(Started::new(&user, &session, &token, now).into_response(&client, &headers, now))
        }
    }
}
