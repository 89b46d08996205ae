//! An invitee whose link has expired asks for a new one. Admins see it on the invite and in the activity.

use axum::{Json, extract::State, http::StatusCode};
use roster_domain::{
    Error,
    activity::{Action, Actor, Subject},
};
use roster_store::Change;
use roster_web::{App, Body, Client, ProblemBody, Result, decide};
use serde::Serialize;
use utoipa::ToSchema;

use super::{inspect_invite::PresentInvite, presented::open};

#[derive(Serialize, ToSchema)]
pub struct RenewalRequested {
    #[schema(example = "requested")]
    renewal: &'static str,
}

/// Ask for a new invite
///
/// For an expired link. Asking again changes nothing. A link that still works needs no renewal and is answered alike.
#[utoipa::path(
    post,
    path = "/v1/invites/request-renewal",
    tag = "Invites",
    request_body = PresentInvite,
    responses(
        (status = 202, description = "The admins see that a new invite is wanted.", body = RenewalRequested),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 404, description = "`invite-unknown`: wrong, revoked or used", body = ProblemBody),
        (status = 410, description = "`invite-replaced` by a newer link", body = ProblemBody)
    )
)]
pub async fn request_renewal(
    client: Client,
    State(app): State<App>,
    Body(PresentInvite { token }): Body<PresentInvite>,
) -> Result<(StatusCode, Json<RenewalRequested>)> {
    decide(async || {
        let (reading, opens) = open(&app, &token).await?;
        match opens {
            Err(Error::InviteExpired) => {}
            opens => return opens,
        }
        let now = app.now();
        let before = reading.user;
        let mut after = before.clone();
        let Some(invited) = after.invite_mut().filter(|invited| invited.renewal_requested_at.is_none()) else {
            return Ok(());
        };
        invited.renewal_requested_at = Some(now);
        after.changed(now);
        let parties = (Actor::Anonymous, Subject::from(&after));
        let activity = app.activity(now, Action::InviteRenewalRequested, parties, Vec::new(), &client);
        let change =
            Change { before: Some(&before), after: Some(&after), invite: Some(&reading.invite), ..Change::default() };
        app.store.apply(change, &activity).await
    })
    .await?;
    Ok((StatusCode::ACCEPTED, Json(RenewalRequested { renewal: "requested" })))
}
