//! An admin resets a password: by a temporary one that the admin hands over, or by a link in a mail. Sessions end, and
//! the owner is told.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use roster_domain::{
    Error, Invalid, Status, User, UserId,
    activity::Action,
    mails::{Kind, Mail},
};
use roster_web::{Admin, App, Body, Client, IfMatch, Path, ProblemBody, Result, Text, fields, views::UserView};
use serde::Serialize;
use utoipa::ToSchema;

use super::changing::{Changing, Extras, temporary_password, told};

fields! {
    /// How the user gets a new password.
    #[derive(ToSchema)]
    pub struct ResetPassword {
        delivery: ResetBy,
    }
}

/// How a password is reset.
#[derive(Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum ResetBy {
    /// The answer holds a temporary password, once; the old one works no more.
    Show,
    /// The user gets a link by mail; until it is used, the old password works.
    Email,
}

impl std::str::FromStr for ResetBy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "show" => Ok(Self::Show),
            "email" => Ok(Self::Email),
            _ => Err("The delivery is show or email.".into()),
        }
    }
}

impl Text for ResetBy {}

#[derive(Serialize, ToSchema)]
pub struct PasswordShown {
    /// To be handed to the user; given once, `null` when the answer is repeated. It must be changed at the next sign-in and
    /// expires.
    #[schema(value_type = Option<String>, required, example = "7kqm-2xfr-9dwt-hn4p-c8ve")]
    temporary_password: String,
}

#[derive(Serialize, ToSchema)]
pub struct ResetMailed {
    user: UserView,
}

/// Reset a user's password
#[utoipa::path(
    post,
    path = "/v1/users/{id}/password-reset",
    tag = "Users",
    params(
        ("id" = UserId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")
    ),
    request_body = ResetPassword,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "With `show`.", body = PasswordShown),
        (status = 202, description = "With `email`: a mail is on its way.", body = ResetMailed),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody),
        (status = 409, description = "`still-invited`; with `email` also `email-not-configured`, `user-suspended`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn reset_password(
    admin: Admin,
    Path(id): Path<UserId>,
    if_match: IfMatch,
    client: Client,
    State(app): State<App>,
    Body(ResetPassword { delivery }): Body<ResetPassword>,
) -> Result<Response> {
    let (_, _, security, settings) = app.store.password_reading(id).await?;
    let action = Action::PasswordResetByAdmin;
    let changing = Changing { app: &app, caller: &admin, client: &client, if_match, action };
    let check = |user: &User| {
        admin.may_touch(user)?;
        if user.invite().is_some() { Err(Error::StillInvited) } else { Ok(()) }
    };
    if delivery == ResetBy::Email {
        if settings.is_none() {
            return Err(Error::EmailNotConfigured.into());
        }
        let mail_link = |user: &mut User, now| {
            check(user)?;
            if user.status(now) == Status::Suspended {
                return Err(Error::UserSuspended);
            }
            user.end_sessions();
            let mail = Mail::new(app.mail_id(now), None, user.email.clone(), Kind::PasswordReset, now);
            Ok(Extras { mails: vec![mail], is_change: true, ..Extras::default() })
        };
        let user = changing.user_with_id(id, mail_link).await?;
        let body = ResetMailed { user: UserView::new(&user, app.now()) };
        return Ok((StatusCode::ACCEPTED, Json(body)).into_response());
    }
    let (shown, credential) = temporary_password(&app, id, security, app.now()).await?;
    let set = |user: &mut User, now| {
        check(user)?;
        user.end_sessions();
        user.password_temporary = true;
        let mails = told(&app, settings.as_ref(), user, Kind::TemporaryPassword, now);
        let credential = Some(credential.clone());
        Ok(Extras { credential, mails, forget_attempts: true, is_change: true, ..Extras::default() })
    };
    changing.user_with_id(id, set).await?;
    Ok(Json(PasswordShown { temporary_password: shown }).into_response())
}
