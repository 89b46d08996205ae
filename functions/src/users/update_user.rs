//! A user's name, address and role.
//!
//! A new address is told to the old and to the new one. An invited user's invite goes to the new address at once.

use axum::extract::State;
use roster_domain::{
    Caller, EmailAddress, Error, PersonName, Role, User, UserId,
    activity::{Action, Subject, user_changes},
    mails::{Kind, Mail},
    users::Edit,
};
use roster_store::Change;
use roster_web::{
    Admin, App, Body, Client, IfMatch, Patch, Path, ProblemBody, Result, WithVersion, decide, fields, views::UserView,
};
use utoipa::ToSchema;

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
    let user = decide(async || {
        let before = app.store.user(id).await?.ok_or(Error::UserNotFound)?;
        if_match.check(before.version)?;
        let mut after = before.clone();
        after.edit(caller, wanted.clone())?;
        let changes = user_changes(Some(&before), Some(&after));
        if changes.is_empty() {
            return Ok(after);
        }
        let now = app.now();
        after.changed(now);
        let (invite, mails) = follow_address(app, caller, &before, &mut after).await?;
        let action = if before.role == after.role { Action::UserUpdated } else { Action::RoleChanged };
        let activity = app.activity(now, action, (caller.actor(), Subject::from(&after)), changes, client);
        let change = Change {
            before: Some(&before),
            after: Some(&after),
            invite: invite.as_ref(),
            mails: &mails,
            ..Change::default()
        };
        app.store.apply(change, &activity).await?;
        Ok(after)
    })
    .await;
    let user = match user {
        Err(Error::EmailTaken { user_id, .. }) => return Err(taken_by(app, user_id).await?),
        user => user?,
    };
    Ok(WithVersion { version: user.version, body: UserView::new(&user, app.now()) })
}

/// What follows from a new address: the invite goes there, or both addresses are told.
async fn follow_address(
    app: &App,
    caller: &Caller,
    before: &User,
    after: &mut User,
) -> Result<(Option<roster_domain::invites::Invite>, Vec<Mail>), Error> {
    if before.email == after.email {
        return Ok((None, Vec::new()));
    }
    let now = app.now();
    if after.invite().is_some() {
        let reading = app.store.invite(after.id).await?.ok_or(Error::Conflict)?;
        let (invite, mail) = reissue(app, caller, reading, after, now)?;
        return Ok((Some(invite), mail.into_iter().collect()));
    }
    if app.store.email_settings().await?.is_none() {
        return Ok((None, Vec::new()));
    }
    let kind = Kind::EmailChanged { old: before.email.to_string(), new: after.email.to_string() };
    let mails = [&before.email, &after.email]
        .map(|address| Mail::new(app.mail_id(now), after.id, address.clone(), kind.clone(), now));
    Ok((None, mails.into()))
}

/// The refusal of an address that is somebody's, with what an admin wants to know of them.
pub(crate) async fn taken_by(app: &App, user_id: UserId) -> Result<Error, Error> {
    let holder = app.store.user(user_id).await?;
    Ok(Error::EmailTaken { user_id, status: holder.map(|user| user.status(app.now())) })
}
