//! An admin creates a user who signs in with a temporary password: onboarding without mail.

use axum::{extract::State, http::StatusCode};
use roster_domain::{
    AppRoles, EmailAddress, Error, PersonName, Role, User,
    activity::{Action, Subject, user_changes},
    users::{Profile, check_app_roles},
};
use roster_store::Change;
use roster_web::{Admin, App, Body, Client, Created, Once, ProblemBody, Result, fields, views::UserView};
use serde::Serialize;
use utoipa::ToSchema;

use super::{changing::temporary_password, update_user::taken_by};
use crate::invites::invite_user::{Known, check_known};

fields! {
    /// A new user.
    #[derive(ToSchema)]
    pub struct CreateUser {
        pub(crate) email: EmailAddress,
        pub(crate) name: Option<PersonName>,
        /// `member`, if nothing is said.
        pub(crate) role: Option<Role>,
        /// A role in each app that the user may enter, by slug.
        #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, example = json!({ "wiki": "basic" }))]
        pub(crate) app_roles: Option<AppRoles>,
    }
}

/// A user who was created.
#[derive(Serialize, ToSchema)]
pub struct UserCreated {
    pub(crate) user: UserView,
    /// To be handed to the user; given once, `null` when the answer is repeated. It must be changed at the first sign-in and
    /// expires.
    #[schema(value_type = Option<String>, required, example = "7kqm-2xfr-9dwt-hn4p-c8ve")]
    pub(crate) temporary_password: String,
}

/// Create a user
#[utoipa::path(
    post,
    path = "/v1/users",
    tag = "Users",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")),
    request_body = CreateUser,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = UserCreated),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 409, description = "`email-taken`, with `user_id` and `user_status`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn create_user(
    admin: Admin,
    client: Client,
    State(app): State<App>,
    once: Once,
    Body(body): Body<CreateUser>,
) -> Result<Created<UserCreated>> {
    let known = Known::read(&app, body.app_roles.as_slice()).await?;
    match create(&app, &admin, &client, &known, &once, body).await {
        Err(Error::EmailTaken { user_id, .. }) => Err(taken_by(&app, user_id).await?.into()),
        created => Ok(Created(created?)),
    }
}

/// Refuses what cannot be created.
pub(crate) fn judge(admin: &Admin, known: &Known, body: &CreateUser) -> Result<(), Error> {
    admin.may_grant(body.role.unwrap_or_default())?;
    body.app_roles.as_ref().map_or(Ok(()), |app_roles| {
        check_app_roles(app_roles)?;
        check_known(app_roles, &known.apps)
    })
}

/// Creates one user.
pub(crate) async fn create(
    app: &App,
    admin: &Admin,
    client: &Client,
    known: &Known,
    once: &Once,
    body: CreateUser,
) -> Result<UserCreated, Error> {
    judge(admin, known, &body)?;
    let now = app.now();
    let id = app.user_id(now);
    let CreateUser { email, name, role, app_roles } = body;
    let (role, app_roles) = (role.unwrap_or_default(), app_roles.unwrap_or_default());
    let mut user = User::active(id, Profile { email, name, role, app_roles }, now);
    user.password_temporary = true;
    let (temporary_password, credential) = temporary_password(app, id, known.security, now).await?;
    let parties = (admin.actor(), Subject::from(&user));
    let activity = app.activity(now, Action::UserCreated, parties, user_changes(None, Some(&user)), client);
    let created = UserCreated { user: UserView::new(&user, now), temporary_password };
    let answer = once.answer(StatusCode::CREATED, &created)?;
    let change =
        Change { after: Some(&user), credential: Some(&credential), answer: answer.as_ref(), ..Change::default() };
    app.store.apply(change, &activity).await?;
    Ok(created)
}
