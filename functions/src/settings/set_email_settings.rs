//! The e-mail settings are made or replaced, as a whole.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use roster_domain::{
    EmailAddress,
    activity::{Action, Change, Subject},
    settings::{EmailSettings, Line, PlatformUrl, WebAddress},
};
use roster_web::{Admin, App, Body, Client, ProblemBody, Ranged, Result, fields};
use utoipa::ToSchema;

use super::shown::EmailSettingsView;

fields! {
    /// Who mails come from, and where their links lead.
    #[derive(ToSchema)]
    pub struct SetEmailSettings {
        /// The sender; in AWS, an identity that SES has verified.
        from_address: EmailAddress,
        from_name: Option<Line>,
        reply_to: Option<EmailAddress>,
        /// Named in mails and on the page that invitees see.
        company: Option<Line>,
        logo_url: Option<WebAddress>,
        /// Where the console is reached; links begin with it.
        platform_url: PlatformUrl,
        /// 168, if nothing is said.
        #[schema(value_type = Option<u16>, minimum = 1, maximum = 720)]
        invite_valid_hours: Option<Ranged<1, 720>>,
        /// 60, if nothing is said.
        #[schema(value_type = Option<u16>, minimum = 5, maximum = 1440)]
        reset_valid_minutes: Option<Ranged<5, 1440>>,
        /// Whether invitees are reminded, once, when a quarter of the time is left; they are, if nothing is said.
        remind_invitees: Option<bool>,
    }
}

/// Set the e-mail settings
#[utoipa::path(
    put,
    path = "/v1/settings/email",
    tag = "Settings",
    request_body = SetEmailSettings,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = EmailSettingsView),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn set_email_settings(
    admin: Admin,
    client: Client,
    State(app): State<App>,
    Body(body): Body<SetEmailSettings>,
) -> Result<Json<EmailSettingsView>> {
    let (before, last_test) = app.store.email_settings_and_last_test().await?;
    let after = EmailSettings {
        from_address: body.from_address,
        from_name: body.from_name,
        reply_to: body.reply_to,
        company: body.company,
        logo_url: body.logo_url,
        platform_url: body.platform_url,
        invite_valid_hours: body.invite_valid_hours.map_or(EmailSettings::DEFAULT_INVITE_VALID_HOURS, |hours| hours.0),
        reset_valid_minutes: body
            .reset_valid_minutes
            .map_or(EmailSettings::DEFAULT_RESET_VALID_MINUTES, |minutes| minutes.0),
        remind_invitees: body.remind_invitees.unwrap_or(EmailSettings::DEFAULT_REMIND_INVITEES),
    };
    let changes = changes(before.as_ref(), &after);
    if !changes.is_empty() {
        let parties = (admin.actor(), Subject::Installation);
        let activity = app.activity(app.now(), Action::EmailSettingsChanged, parties, changes, &client);
        app.store.put_email_settings(&after, &activity).await?;
    }
    Ok(Json(EmailSettingsView::new(Some(&after), last_test.as_ref())))
}

fn changes(before: Option<&EmailSettings>, after: &EmailSettings) -> Vec<Change> {
    let fields = |settings: Option<&EmailSettings>| -> BTreeMap<String, Option<String>> {
        let shown = settings.map(|settings| serde_json::to_value(EmailSettingsView::new(Some(settings), None)));
        let shown = shown.and_then(Result::ok).and_then(|value| value.as_object().cloned()).unwrap_or_default();
        let text = |value: serde_json::Value| match value {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text),
            other => Some(other.to_string()),
        };
        shown.into_iter().map(|(name, value)| (name, text(value))).collect()
    };
    let old = fields(before);
    let new = fields(Some(after)).into_iter();
    let changed = new.map(|(name, value)| {
        let old = old.get(&name).cloned().flatten();
        Change::new(name, old, value)
    });
    changed.filter(|change| change.old != change.new).collect()
}
