//! A user's name, address and role.
//!
//! A new address is told to the old and to the new one. An invited user's invite goes to the new address at once.

use axum::extract::State;
use roster_domain::{
    Caller, EmailAddress, Error, PersonName, Role, User, UserId, activity::Action, invites::Invite, mails::Kind,
    settings::EmailSettings, users::Edit,
};
use roster_web::{
    Admin, App, Body, Client, IfMatch, Patch, Path, ProblemBody, Result, WithVersion, fields, views::UserView,
};
use utoipa::ToSchema;

use super::changing::{Changing, Extras, shown, told};
use crate::invites::issued::reissue;

fields! {
    /// What changes; what is left out stays as it is.
    #[derive(ToSchema)]
    pub struct UpdateUser {
        /// `null` takes the name away.
        #[schema(value_type = Option<PersonName>)]
        name: Patch<PersonName>,
        email: Option<EmailAddress>,
        role: Option<Role>,
    }
}

/// Change a user
#[utoipa::path(
    patch,
    path = "/v1/users/{id}",
    tag = "Users",
    params(
        ("id" = UserId, Path),
        ("If-Match" = Option<String>, Header, description = "The version that the change is meant for.")
    ),
    request_body = UpdateUser,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody),
        (status = 409, description = "`email-taken`, `own-account`, `last-admin`, `email-not-configured`", body = ProblemBody),
        (status = 412, description = "`stale`", body = ProblemBody)
    )
)]
pub async fn update_user(
    admin: Admin,
    Path(id): Path<UserId>,
    if_match: IfMatch,
    client: Client,
    State(app): State<App>,
    Body(body): Body<UpdateUser>,
) -> Result<WithVersion<UserView>> {
    let name = match body.name {
        Patch::Keep => None,
        Patch::Clear => Some(None),
        Patch::Set(name) => Some(Some(name)),
    };
    let wanted = Edit { name, email: body.email, role: body.role };
    Ok(edit(&app, &admin, &client, id, if_match, &wanted).await?)
}

/// Changes a user as far as `caller` may.
pub(crate) async fn edit(
    app: &App,
    caller: &Caller,
    client: &Client,
    id: UserId,
    if_match: IfMatch,
    wanted: &Edit,
) -> Result<WithVersion<UserView>, Error> {
    let changing = Changing { app, caller, client, if_match, action: Action::UserUpdated };
    let read = || async {
        let user = app.store.user(id).await?.ok_or(Error::UserNotFound)?;
        if wanted.email.as_ref().is_none_or(|email| *email == user.email) {
            return Ok((user, None));
        }
        let settings = app.store.email_settings().await?;
        let invite = match user.invite() {
            Some(_) => Some(app.store.invite(id).await?.ok_or(Error::Conflict)?.invite),
            None => None,
        };
        Ok((user, Some((invite, settings))))
    };
    let alter = |user: &mut User, address: Option<(Option<Invite>, Option<EmailSettings>)>, now| {
        let before = user.clone();
        user.edit(caller, wanted.clone())?;
        let action = (user.role != before.role).then_some(Action::RoleChanged);
        let extras = match address {
            None => Extras::default(),
            // The invite goes to the new address.
            Some((Some(invite), settings)) => {
                let (invite, mail) = reissue(app, caller, (invite, settings.as_ref()), user, now)?;
                Extras { invite: Some(invite), mails: mail.into_iter().collect(), ..Extras::default() }
            }
            // Both addresses are told.
            Some((None, settings)) => {
                let kind = Kind::EmailChanged { old: before.email.to_string(), new: user.email.to_string() };
                let both = [&before, user].map(|user| told(app, settings.as_ref(), user, kind.clone(), now));
                Extras { mails: both.concat(), ..Extras::default() }
            }
        };
        Ok(Extras { action, ..extras })
    };
    match changing.user(read, alter).await {
        Err(Error::EmailTaken { user_id, .. }) => Err(taken_by(app, user_id).await?),
        user => Ok(shown(app, &user?)),
    }
}

/// The refusal of an address that is somebody's, with what an admin wants to know of them.
pub(crate) async fn taken_by(app: &App, user_id: UserId) -> Result<Error, Error> {
    let holder = app.store.user(user_id).await?;
    Ok(Error::EmailTaken { user_id, status: holder.map(|user| user.status(app.now())) })
}
