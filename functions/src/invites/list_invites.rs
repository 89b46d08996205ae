//! Users with an invite that is open or has expired, soonest expiry first.

use std::str::FromStr;

use axum::{Json, extract::State};
use roster_domain::{Invalid, Status, mails::Delivery};
use roster_web::{
    Admin, App, ProblemBody, Query, Result, Text, fields,
    views::{ListOf, UserView},
};
use utoipa::IntoParams;

use crate::paging::Limit;

fields! {
    /// Which invites.
    #[derive(IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct ListInvites {
        /// `invited` (open) or `invite_expired`.
        #[param(value_type = Option<String>, example = "invited")]
        status: Option<InviteStatus>,
        /// How far their mail has come; several states with commas between them.
        #[param(value_type = Option<String>, example = "bounced,complained,failed")]
        delivery: Option<Deliveries>,
        #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
        limit: Option<Limit>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// A status of somebody with an invite.
pub struct InviteStatus(Status);

impl FromStr for InviteStatus {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let status = text.parse().ok().filter(|status| matches!(status, Status::Invited | Status::InviteExpired));
        status.map(Self).ok_or_else(|| "The status of an invite is invited or invite_expired.".into())
    }
}

impl Text for InviteStatus {}

/// States of mails.
pub struct Deliveries(Vec<Delivery>);

impl FromStr for Deliveries {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl Text for Deliveries {}

/// List invites
#[utoipa::path(
    get,
    path = "/v1/invites",
    tag = "Invites",
    params(ListInvites),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ListOf<UserView>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn list_invites(
    _: Admin,
    State(app): State<App>,
    Query(query): Query<ListInvites>,
) -> Result<Json<ListOf<UserView>>> {
    let now = app.now();
    let page = Limit::page(query.limit, query.cursor);
    let deliveries = query.delivery.map(|delivery| delivery.0).unwrap_or_default();
    let page = app.store.invited_users(query.status.map(|status| status.0), &deliveries, &page, now).await?;
    let items = page.items.iter().map(|user| UserView::new(user, now)).collect();
    Ok(Json(ListOf { items, next_cursor: page.next_cursor }))
}
