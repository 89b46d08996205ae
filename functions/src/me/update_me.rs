//! One's own name. Address and roles are for admins.

use axum::extract::State;
use roster_domain::{Error, PersonName, users::Edit};
use roster_web::{App, Body, Client, IfMatch, Member, ProblemBody, Result, WithVersion, fields, views::UserView};
use utoipa::ToSchema;

use crate::users::update_user::edit;

fields! {
    /// A change of one's own account.
    #[derive(ToSchema)]
    pub struct UpdateMe {
        name: PersonName,
    }
}

/// Change my name
#[utoipa::path(
    patch,
    path = "/v1/me",
    tag = "My account",
    params(("If-Match" = Option<String>, Header, description = "The version that the change is meant for.")),
    request_body = UpdateMe,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`password-change-required`", body = ProblemBody),
        (status = 412, description = "`stale`", body = ProblemBody)
    )
)]
pub async fn update_me(
    Member(me): Member,
    if_match: IfMatch,
    client: Client,
    State(app): State<App>,
    Body(body): Body<UpdateMe>,
) -> Result<WithVersion<UserView>> {
    let id = me.user.id;
    let wanted = Edit { name: Some(Some(body.name)), ..Edit::default() };
    match edit(&app, &me.caller, &client, id, if_match, &wanted).await {
        Err(Error::UserNotFound) => Err(Error::Unauthenticated.into()),
        edited => Ok(edited?),
    }
}
