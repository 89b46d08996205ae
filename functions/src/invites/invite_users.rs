//! Many people are invited in one call.

use axum::{Json, extract::State};
use roster_domain::{AppRoles, EmailAddress, Error, FieldError};
use roster_web::{Admin, App, Body, Client, Once, ProblemBody, Result, Rows, fields, read_row};
use serde::Serialize;
use utoipa::ToSchema;

use super::invite_user::{InviteUser, Known, invite, judge};
use crate::bulk::{FirstRows, MAX_ROWS, Results, detail, email_of, in_order};

fields! {
    /// Whom to invite.
    #[derive(ToSchema)]
    pub struct InviteUsers {
        #[schema(value_type = Vec<InviteUser>, max_items = 500)]
        invites: Rows<MAX_ROWS>,
        /// Answers the same, and changes nothing.
        dry_run: Option<bool>,
    }
}

/// What became of a row.
#[derive(Serialize, ToSchema)]
pub struct InviteOutcome {
    email: Option<String>,
    /// `invited`, `exists` or `invalid`.
    #[schema(example = "invited")]
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// With delivery `link`: the link to hand over, given once.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Invite many users
#[utoipa::path(
    post,
    path = "/v1/invites/batch",
    tag = "Invites",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")),
    request_body = InviteUsers,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "An outcome for each row, in order.", body = Results<InviteOutcome>),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 409, description = "`email-not-configured`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn invite_users(
    admin: Admin,
    client: Client,
    State(app): State<App>,
    Body(body): Body<InviteUsers>,
) -> Result<Json<Results<InviteOutcome>>> {
    let emails: Vec<Option<String>> = body.invites.0.iter().map(email_of).collect();
    let rows: Vec<Result<InviteUser, Vec<FieldError>>> = body.invites.0.into_iter().map(read_row).collect();
    let app_roles: Vec<AppRoles> = rows.iter().flatten().filter_map(|row| row.app_roles.clone()).collect();
    let known = Known::read(&app, &app_roles).await?;
    if known.email.is_none() && rows.iter().flatten().any(InviteUser::is_mailed) {
        return Err(Error::EmailNotConfigured.into());
    }
    let good = rows.iter().enumerate().filter_map(|(n, row)| {
        let row = row.as_ref().ok().filter(|row| judge(&admin, &known, row).is_ok())?;
        Some((n, &row.email))
    });
    let first = FirstRows::new(good);
    let holders = if body.dry_run.unwrap_or_default() {
        let addresses: Vec<EmailAddress> = rows.iter().flatten().map(|row| row.email.clone()).collect();
        Some(app.store.holders(&addresses).await?)
    } else {
        None
    };

    let (app, admin, client, known, first, holders) = (&app, &admin, &client, &known, &first, holders.as_ref());
    let results = in_order(rows.into_iter().zip(emails).enumerate(), |(n, (row, email))| async move {
        let row = match row {
            Ok(row) if first.before(n, &row.email).is_none() => row,
            Ok(_) => return InviteOutcome::new(email, "exists").because("An earlier row has this address."),
            Err(errors) => return InviteOutcome::new(email, "invalid").because(&detail(&errors)),
        };
        let outcome = match holders {
            Some(holders) => match (holders.get(row.email.key()), judge(admin, known, &row)) {
                (_, Err(error)) => Err(error),
                (Some(user_id), Ok(())) => Err(Error::EmailTaken { user_id: *user_id, status: None }),
                (None, Ok(())) => return InviteOutcome::new(email, "invited"),
            },
            None => invite(app, admin, client, known, &Once::default(), row).await,
        };
        match outcome {
            Ok(issued) => InviteOutcome {
                user_id: Some(issued.user.id),
                invite_link: issued.invite_link,
                ..InviteOutcome::new(email, "invited")
            },
            Err(Error::EmailTaken { user_id, .. }) => {
                InviteOutcome { user_id: Some(user_id.to_string()), ..InviteOutcome::new(email, "exists") }
            }
            Err(Error::InvalidFields(errors)) => InviteOutcome::new(email, "invalid").because(&detail(&errors)),
            Err(error) => {
                tracing::error!(?error, row = n, "a row of a bulk call failed");
                InviteOutcome::new(email, "invalid").because("This row could not be written; send it again.")
            }
        }
    });
    Ok(Json(Results { results: results.await }))
}

impl InviteOutcome {
    fn new(email: Option<String>, outcome: &'static str) -> Self {
        Self { email, outcome, user_id: None, invite_link: None, detail: None }
    }

    fn because(self, detail: &str) -> Self {
        Self { detail: Some(detail.to_owned()), ..self }
    }
}
