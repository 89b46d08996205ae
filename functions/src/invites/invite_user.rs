//! An admin invites somebody: by e-mail, or by a link that the admin hands over.
//!
//! User, claim on the address, invite, outbox entry and activity are one transaction. The mail follows from the table's
//! stream, so a mail that fails never loses an invite.

use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode};
use roster_domain::{
    AppRoles, AppSlug, EmailAddress, Error, FieldError, PersonName, Role, User,
    activity::{Action, Subject, user_changes},
    apps::App as RosterApp,
    invites::Invite,
    settings::{EmailSettings, SecuritySettings},
    users::{Profile, check_app_roles},
};
use roster_store::Change;
use roster_web::{
    Admin, App, Body, Client, Created, FieldValue, Once, ProblemBody, Ranged, Result, fields, views::UserView,
};
use serde_json::Value;
use utoipa::ToSchema;

use super::issued::{DeliveryBy, Issued, hand_over, mail_invite, platform_url};
use crate::users::update_user::taken_by;

fields! {
    /// Whom to invite, and to what.
    #[derive(ToSchema)]
    pub struct InviteUser {
        pub(crate) email: EmailAddress,
        name: Option<PersonName>,
        /// `member`, if nothing is said.
        role: Option<Role>,
        /// A role in each app that the user may enter, by slug.
        #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, example = json!({ "wiki": "basic" }))]
        pub(crate) app_roles: Option<AppRoles>,
        /// Words of the inviter, shown in the mail.
        #[schema(value_type = Option<String>, max_length = 1000)]
        message: Option<InviteMessage>,
        /// For how many hours the invite is valid; the e-mail settings have the default.
        #[schema(value_type = Option<u16>, minimum = 1, maximum = 720)]
        valid_hours: Option<Ranged<1, 720>>,
        /// `email`, if nothing is said.
        delivery: Option<DeliveryBy>,
    }
}

/// Words of the inviter: at most 1000 characters, with line breaks.
pub struct InviteMessage(String);

impl FieldValue for InviteMessage {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        const MAX_CHARS: usize = 1000;
        let text = String::read(value, pointer, errors)?;
        let is_text = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        if text.chars().count() > MAX_CHARS {
            errors.push(FieldError::new(pointer, format!("A message has at most {MAX_CHARS} characters.")));
        } else if !text.chars().all(is_text) {
            errors.push(FieldError::new(pointer, "A message is text, without control characters."));
        } else {
            return Some(Self(text));
        }
        None
    }
}

/// Invite a user
#[utoipa::path(
    post,
    path = "/v1/invites",
    tag = "Invites",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")),
    request_body = InviteUser,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = Issued),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 409, description = "`email-taken`, with `user_id` and `user_status`; `email-not-configured`", body = ProblemBody)
    )
)]
pub async fn invite_user(
    admin: Admin,
    client: Client,
    State(app): State<App>,
    once: Once,
    Body(body): Body<InviteUser>,
) -> Result<Created<Issued>> {
    let known = Known::read(&app, body.app_roles.as_slice()).await?;
    match invite(&app, &admin, &client, &known, &once, body).await {
        Err(Error::EmailTaken { user_id, .. }) => Err(taken_by(&app, user_id).await?.into()),
        invited => Ok(Created(invited?)),
    }
}

/// What invites and new users are judged by.
pub(crate) struct Known {
    pub(crate) email: Option<EmailSettings>,
    pub(crate) security: SecuritySettings,
    pub(crate) apps: Vec<RosterApp>,
}

impl Known {
    /// Reads the settings, and the apps of these roles.
    pub(crate) async fn read(app: &App, app_roles: &[AppRoles]) -> Result<Self, Error> {
        let slugs: BTreeSet<&AppSlug> = app_roles.iter().flat_map(AppRoles::keys).collect();
        let (email, security, apps) = app.store.settings_and_apps(&slugs).await?;
        Ok(Self { email, security, apps })
    }
}

impl InviteUser {
    /// Whether the invite goes out by mail.
    pub(crate) fn is_mailed(&self) -> bool {
        self.delivery.unwrap_or_default() == DeliveryBy::Email
    }
}

/// Refuses what cannot be invited.
pub(crate) fn judge(admin: &Admin, known: &Known, body: &InviteUser) -> Result<(), Error> {
    admin.may_grant(body.role.unwrap_or_default())?;
    if let Some(app_roles) = &body.app_roles {
        check_app_roles(app_roles)?;
        check_known(app_roles, &known.apps)?;
    }
    if body.is_mailed() && known.email.is_none() { Err(Error::EmailNotConfigured) } else { Ok(()) }
}

/// Invites one user.
pub(crate) async fn invite(
    app: &App,
    admin: &Admin,
    client: &Client,
    known: &Known,
    once: &Once,
    body: InviteUser,
) -> Result<Issued, Error> {
    judge(admin, known, &body)?;
    let settings = known.email.as_ref();
    let is_mailed = body.is_mailed();
    let now = app.now();
    let default = settings.map_or(EmailSettings::DEFAULT_INVITE_VALID_HOURS, |set| set.invite_valid_hours);
    let valid_hours = body.valid_hours.map_or(default, |hours| hours.0);
    let (role, app_roles) = (body.role.unwrap_or_default(), body.app_roles.unwrap_or_default());
    let profile = Profile { email: body.email, name: body.name, role, app_roles };
    let id = app.user_id(now);
    let (mut invite, invited) = Invite::new(id, admin, valid_hours, body.message.map(|text| text.0), now);
    let mut user = User::invited(id, profile, invited, now);
    let (mails, invite_link) = if is_mailed {
        (vec![mail_invite(app, &mut invite, &mut user, now)], None)
    } else {
        let url = platform_url(settings.map(|set| &set.platform_url), client)?;
        (Vec::new(), Some(hand_over(app, &mut invite, &url)))
    };
    let parties = (admin.actor(), Subject::from(&user));
    let activity = app.activity(now, Action::UserInvited, parties, user_changes(None, Some(&user)), client);
    let issued = Issued { user: UserView::new(&user, now), invite_link };
    let answer = once.answer(StatusCode::CREATED, &issued)?;
    let change = Change {
        after: Some(&user),
        invite: Some(&invite),
        mails: &mails,
        answer: answer.as_ref(),
        ..Change::default()
    };
    app.store.apply(change, &activity).await?;
    Ok(issued)
}

/// Refuses roles in apps that do not exist, and roles that their apps do not have.
pub(crate) fn check_known(app_roles: &AppRoles, apps: &[RosterApp]) -> Result<(), Error> {
    let refused = app_roles.iter().filter_map(|(slug, role)| {
        let detail = match apps.iter().find(|app| app.slug == *slug) {
            None => format!("There is no app {slug}."),
            Some(app) if !app.has_role(role) => format!("The app {slug} has no role {role}."),
            Some(_) => return None,
        };
        Some(FieldError::new(format!("/app_roles/{slug}"), detail))
    });
    let refused: Vec<FieldError> = refused.collect();
    if refused.is_empty() { Ok(()) } else { Err(Error::InvalidFields(refused)) }
}
