//! The first admin is set up, exactly once, by whoever holds the setup secret (I4).
//!
//! The claim on "set up" is a condition of the write, so of two at once one wins. The first admin is signed in at once.

use axum::{extract::State, http::HeaderMap, response::Response};
use roster_domain::{
    AppRoles, EmailAddress, Error, FieldError, PersonName, Role, User,
    activity::{Action, Actor, Subject, user_changes},
    passwords::{Context, Password},
    tokens::SecretHash,
    users::Profile,
};
use roster_store::{Change, Credential};
use roster_web::{App, Body, Client, ProblemBody, Result, app::random, fields};
use utoipa::ToSchema;

use crate::sessions::started::{Started, start};

fields! {
    /// The first admin.
    #[derive(ToSchema)]
    pub struct SetUp {
        /// Printed by the local installation; in AWS, in the secret that the stack's outputs name.
        setup_secret: String,
        email: EmailAddress,
        name: PersonName,
        #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
        password: Password,
    }
}

/// Set up the first admin
#[utoipa::path(
    post,
    path = "/v1/setup",
    tag = "Setup",
    request_body = SetUp,
    responses(
        (status = 201, description = "The first admin, signed in.", body = Started),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 403, description = "`wrong-setup-secret`", body = ProblemBody),
        (status = 409, description = "`already-set-up`", body = ProblemBody)
    )
)]
pub async fn set_up(
    client: Client,
    headers: HeaderMap,
    State(app): State<App>,
    Body(body): Body<SetUp>,
) -> Result<Response> {
    let expected = app.setup_secret.as_deref().ok_or_else(|| Error::unexpected("ROSTER_SETUP_SECRET is not set"))?;
    // Hashes are compared, in constant time: how much of the secret was right shows nowhere.
    if SecretHash::of_text(&body.setup_secret) != SecretHash::of_text(expected) {
        return Err(Error::WrongSetupSecret.into());
    }
    if app.store.is_set_up().await? {
        return Err(Error::AlreadySetUp.into());
    }
    let settings = app.store.initial_security();
    let context = Context { email: Some(&body.email), name: Some(&body.name), company: None };
    let judged = settings.password_policy().check(&body.password, context);
    judged.map_err(|invalid| FieldError::new("/password", invalid.0))?;
    let password = app.passwords.hash(body.password).await?;

    let now = app.now();
    let profile =
        Profile { email: body.email, name: Some(body.name), role: Role::Admin, app_roles: AppRoles::default() };
    let mut user = User::active(app.user_id(now), profile, now);
    user.last_sign_in_at = Some(now);
    let (session, token) = start(&app, &client, &user, settings, now);
    let parties = (Actor::from(&user), Subject::from(&user));
    let activity = app.activity(now, Action::InstallationSetUp, parties, user_changes(None, Some(&user)), &client);
    let credential = Credential { user: user.id, password, changed_at: now, temporary_until: None };
    let change =
        Change { after: Some(&user), credential: Some(&credential), session: Some(&session), ..Change::default() };
    app.store.set_up(change, random(), &activity).await?;
    Ok(Started::new(&user, &session, &token, now).into_response(&client, &headers, now))
}
