//! What an invitee sees before accepting. Looking consumes nothing.

use axum::{Json, extract::State};
use jiff::Timestamp;
use roster_web::{App, Body, ProblemBody, Result, fields, views::PasswordPolicy};
use serde::Serialize;
use utoipa::ToSchema;

use super::presented::open;

fields! {
    /// The secret of an invite's link.
    #[derive(ToSchema)]
    pub struct PresentInvite {
        /// What stands behind `#token=` in the link.
        pub(crate) token: String,
    }
}

#[derive(Serialize, ToSchema)]
pub struct InspectedInvite {
    #[schema(format = Email, example = "ada@example.com")]
    email: String,
    name: Option<String>,
    company: Option<String>,
    invited_by: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    password_policy: PasswordPolicy,
}

/// Look at an invite
#[utoipa::path(
    post,
    path = "/v1/invites/inspect",
    tag = "Invites",
    request_body = PresentInvite,
    responses(
        (status = 200, body = InspectedInvite),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 404, description = "`invite-unknown`: wrong, revoked or used", body = ProblemBody),
        (status = 410, description = "`invite-expired`; `invite-replaced` by a newer link", body = ProblemBody)
    )
)]
pub async fn inspect_invite(
    State(app): State<App>,
    Body(PresentInvite { token }): Body<PresentInvite>,
) -> Result<Json<InspectedInvite>> {
    let (reading, opens) = open(&app, &token).await?;
    opens?;
    let company = reading.email_settings.and_then(|settings| settings.company);
    Ok(Json(InspectedInvite {
        email: reading.user.email.to_string(),
        name: reading.user.name.as_ref().map(ToString::to_string),
        company: company.map(|company| company.as_str().to_owned()),
        invited_by: reading.user.invite().map(|invited| invited.invited_by.clone()),
        expires_at: reading.invite.expires_at,
        password_policy: reading.security.password_policy().into(),
    }))
}
