//! An invite is sent again, or its link taken anew, also after expiry or a bounce. Earlier links are dead.

use axum::{Json, extract::State, http::StatusCode};
use roster_domain::{
    Error, UserId,
    activity::{Action, Subject, user_changes},
};
use roster_store::{Change, InviteReading};
use roster_web::{
    Admin, App, Client, Once, OptionalBody, Path, ProblemBody, Ranged, Result, decide, fields, views::UserView,
};
use utoipa::ToSchema;

use super::issued::{DeliveryBy, Issued, hand_over, mail_invite, platform_url};

fields! {
    /// How to renew the invite.
    #[derive(ToSchema)]
    pub struct RenewInvite {
        /// `email`, if nothing is said.
        delivery: Option<DeliveryBy>,
        /// For how many hours the renewed invite is valid; as many as the one before, if nothing is said.
        #[schema(value_type = Option<u16>, minimum = 1, maximum = 720)]
        valid_hours: Option<Ranged<1, 720>>,
    }
}

/// Renew an invite
#[utoipa::path(
    post,
    path = "/v1/users/{id}/invite",
    tag = "Invites",
    params(
        ("id" = UserId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")
    ),
    request_body = Option<RenewInvite>,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, description = "Renewed; a mail is on its way.", body = Issued),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody),
        (status = 409, description = "`not-invited`, `email-not-configured`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn renew_invite(
    admin: Admin,
    Path(id): Path<UserId>,
    client: Client,
    State(app): State<App>,
    once: Once,
    OptionalBody(body): OptionalBody<RenewInvite>,
) -> Result<(StatusCode, Json<Issued>)> {
    let delivery = body.delivery.unwrap_or_default();
    let valid_hours = body.valid_hours.map(|hours| hours.0);
    let issued = decide(async || {
        let Some(reading) = app.store.invite(id).await? else {
            let user = app.store.user(id).await?;
            return Err(user.map_or(Error::UserNotFound, |_| Error::NotInvited));
        };
        let InviteReading { user: before, mut invite, email_settings: settings, .. } = reading;
        if delivery == DeliveryBy::Email && settings.is_none() {
            return Err(Error::EmailNotConfigured);
        }
        let now = app.now();
        let mut after = before.clone();
        invite.renew(&mut after, &admin, valid_hours, now)?;
        after.changed(now);
        let (mails, invite_link) = match delivery {
            DeliveryBy::Email => (vec![mail_invite(&app, &mut invite, &mut after, now)], None),
            DeliveryBy::Link => {
                let url = platform_url(settings.as_ref().map(|set| &set.platform_url), &client)?;
                (Vec::new(), Some(hand_over(&app, &mut invite, &url)))
            }
        };
        let changes = user_changes(Some(&before), Some(&after));
        let parties = (admin.actor(), Subject::from(&after));
        let activity = app.activity(now, Action::InviteRenewed, parties, changes, &client);
        let issued = Issued { user: UserView::new(&after, now), invite_link };
        let answer = once.answer(StatusCode::ACCEPTED, &issued)?;
        let change = Change {
            before: Some(&before),
            after: Some(&after),
            invite: Some(&invite),
            mails: &mails,
            answer: answer.as_ref(),
            ..Change::default()
        };
        app.store.apply(change, &activity).await?;
        Ok(issued)
    })
    .await?;
    Ok((StatusCode::ACCEPTED, Json(issued)))
}
