//! The security settings are made or replaced, as a whole. They hold for what begins from now on: the next password, the
//! next session, the next sign-in.

use axum::{Json, extract::State};
use roster_domain::{
    activity::{Action, Change, Subject},
    settings::SecuritySettings,
};
use roster_web::{Admin, App, Body, Client, Patch, ProblemBody, Ranged, Result, fields};
use serde::Serialize;
use utoipa::ToSchema;

fields! {
    /// What passwords, sign-ins and sessions must keep to. What is left out gets its default.
    #[derive(ToSchema)]
    pub struct SetSecuritySettings {
        /// In characters; 12, if nothing is said, and 15 in a strict installation. NIST SP 800-63B-4 advises 15 where the password is all that is asked.
        #[schema(value_type = Option<u16>, minimum = 12, maximum = 128)]
        password_min_length: Option<Ranged<12, 128>>,
        /// Wrong passwords that are free before pauses begin; 5, if nothing is said, and 3 in a strict installation.
        #[schema(value_type = Option<u16>, minimum = 3, maximum = 100)]
        sign_in_attempts: Option<Ranged<3, 100>>,
        /// A session ends when it is not used for so long; 1440, if nothing is said, and 60 in a strict installation.
        #[schema(value_type = Option<u16>, minimum = 5, maximum = 43200)]
        session_idle_minutes: Option<Ranged<5, 43200>>,
        /// A session ends so long after the sign-in; 168, if nothing is said, and 24 in a strict installation.
        #[schema(value_type = Option<u16>, minimum = 1, maximum = 720)]
        session_absolute_hours: Option<Ranged<1, 720>>,
        /// A temporary password opens nothing after this time; 168, if nothing is said, and 24 in a strict
        /// installation.
        #[schema(value_type = Option<u16>, minimum = 1, maximum = 720)]
        temporary_password_hours: Option<Ranged<1, 720>>,
        /// So many days after an invite has run out, its user is removed; 90, if nothing is said, and never, if `null`.
        #[schema(value_type = Option<u16>, minimum = 1, maximum = 365)]
        remove_expired_after_days: Patch<Ranged<1, 365>>,
    }
}

/// What passwords, sign-ins and sessions must keep to.
#[derive(Serialize, ToSchema)]
#[schema(as = SecuritySettings)]
pub struct SecuritySettingsView {
    #[schema(example = 12)]
    password_min_length: u16,
    #[schema(example = 5)]
    sign_in_attempts: u16,
    #[schema(example = 1440)]
    session_idle_minutes: u16,
    #[schema(example = 168)]
    session_absolute_hours: u16,
    #[schema(example = 168)]
    temporary_password_hours: u16,
    #[schema(example = 90)]
    remove_expired_after_days: Option<u16>,
}

impl From<SecuritySettings> for SecuritySettingsView {
    fn from(settings: SecuritySettings) -> Self {
        Self {
            password_min_length: settings.password_min_length,
            sign_in_attempts: settings.sign_in_attempts,
            session_idle_minutes: settings.session_idle_minutes,
            session_absolute_hours: settings.session_absolute_hours,
            temporary_password_hours: settings.temporary_password_hours,
            remove_expired_after_days: settings.remove_expired_after_days,
        }
    }
}

/// Set the security settings
#[utoipa::path(
    put,
    path = "/v1/settings/security",
    tag = "Settings",
    request_body = SetSecuritySettings,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SecuritySettingsView),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn set_security_settings(
    admin: Admin,
    client: Client,
    State(app): State<App>,
    Body(body): Body<SetSecuritySettings>,
) -> Result<Json<SecuritySettingsView>> {
    let default = app.store.initial_security();
    let before = app.store.security_settings().await?;
    let after = SecuritySettings {
        password_min_length: body.password_min_length.map_or(default.password_min_length, |length| length.0),
        sign_in_attempts: body.sign_in_attempts.map_or(default.sign_in_attempts, |attempts| attempts.0),
        session_idle_minutes: body.session_idle_minutes.map_or(default.session_idle_minutes, |minutes| minutes.0),
        session_absolute_hours: body.session_absolute_hours.map_or(default.session_absolute_hours, |hours| hours.0),
        temporary_password_hours: body
            .temporary_password_hours
            .map_or(default.temporary_password_hours, |hours| hours.0),
        remove_expired_after_days: match body.remove_expired_after_days {
            Patch::Keep => default.remove_expired_after_days,
            Patch::Clear => None,
            Patch::Set(days) => Some(days.0),
        },
    };
    let changes = changes(before, after);
    if !changes.is_empty() {
        let parties = (admin.actor(), Subject::Installation);
        let activity = app.activity(app.now(), Action::SecuritySettingsChanged, parties, changes, &client);
        app.store.put_security_settings(after, &activity).await?;
    }
    Ok(Json(after.into()))
}

fn changes(before: SecuritySettings, after: SecuritySettings) -> Vec<Change> {
    let fields = |settings: SecuritySettings| {
        [
            ("password_min_length", Some(settings.password_min_length)),
            ("sign_in_attempts", Some(settings.sign_in_attempts)),
            ("session_idle_minutes", Some(settings.session_idle_minutes)),
            ("session_absolute_hours", Some(settings.session_absolute_hours)),
            ("temporary_password_hours", Some(settings.temporary_password_hours)),
            ("remove_expired_after_days", settings.remove_expired_after_days),
        ]
    };
    let text = |value: Option<u16>| value.map(|value| value.to_string());
    let both = fields(before).into_iter().zip(fields(after)).filter(|(old, new)| old != new);
    both.map(|((field, old), (_, new))| Change::new(field, text(old), text(new))).collect()
}
