//! An invitee chooses name and password, and is signed in.
//!
//! The user, written in the same transaction, decides which of several attempts counts: the others read again and find
//! no invite.

use axum::{extract::State, http::HeaderMap, response::Response};
use roster_domain::{
    FieldError, PersonName,
    activity::{Action, Actor, Subject, user_changes},
    mails::Kind,
    passwords::{Context, Password},
};
use roster_store::{Change, Credential};
use roster_web::{App, Body, Client, ProblemBody, Result, decide, fields};
use utoipa::ToSchema;

use super::presented::open;
use crate::{
    sessions::started::{Started, start},
    users::changing::told,
};

fields! {
    /// Who the invitee is from now on.
    #[derive(ToSchema)]
    pub struct AcceptInvite {
        /// What stands behind `#token=` in the link.
        token: String,
        name: PersonName,
        #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
        password: Password,
    }
}

/// Accept an invite
#[utoipa::path(
    post,
    path = "/v1/invites/accept",
    tag = "Invites",
    request_body = AcceptInvite,
    responses(
        (status = 201, description = "The user is active and signed in.", body = Started),
        (status = 400, description = "`invalid-fields`, with what the password lacks", body = ProblemBody),
        (status = 404, description = "`invite-unknown`: wrong, revoked or used", body = ProblemBody),
        (status = 410, description = "`invite-expired`; `invite-replaced` by a newer link", body = ProblemBody)
    )
)]
pub async fn accept_invite(
    client: Client,
    headers: HeaderMap,
    State(app): State<App>,
    Body(AcceptInvite { token, name, password }): Body<AcceptInvite>,
) -> Result<Response> {
    let (reading, opens) = open(&app, &token).await?;
    opens?;
    let company = reading.email_settings.as_ref().and_then(|settings| settings.company.as_ref());
    let company = company.map(roster_domain::settings::Line::as_str);
    let context = Context { email: Some(&reading.user.email), name: Some(&name), company };
    let judged = reading.security.password_policy().check(&password, context);
    judged.map_err(|invalid| FieldError::new("/password", invalid.0))?;
    let password = app.passwords.hash(password).await?;

    let started = decide(async || {
        let (reading, opens) = open(&app, &token).await?;
        opens?;
        let now = app.now();
        let before = reading.user;
        let mut after = before.clone();
        after.accept_invite(name.clone(), now);
        after.changed(now);
        let (session, session_token) = start(&app, &client, &after, reading.security, now);
        let mails = told(&app, reading.email_settings.as_ref(), &after, Kind::Welcome, now);
        let credential =
            Credential { user: after.id, password: password.clone(), changed_at: now, temporary_until: None };
        let changes = user_changes(Some(&before), Some(&after));
        let parties = (Actor::from(&after), Subject::from(&after));
        let activity = app.activity(now, Action::UserActivated, parties, changes, &client);
        let change = Change {
            before: Some(&before),
            after: Some(&after),
            credential: Some(&credential),
            session: Some(&session),
            mails: &mails,
            ..Change::default()
        };
        app.store.apply(change, &activity).await?;
        Ok((Started::new(&after, &session, &session_token, now), now))
    });
    let (started, now) = started.await?;
    Ok(started.into_response(&client, &headers, now))
}
