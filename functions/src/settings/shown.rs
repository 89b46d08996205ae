//! The e-mail settings as the API shows them.

use jiff::Timestamp;
use roster_domain::{
    mails::{Delivery, Mail},
    settings::EmailSettings,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Who mails come from, and where their links lead. All fields are `null` or defaults before they are set.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailSettings)]
pub struct EmailSettingsView {
    /// Whether mail can be sent: whether the settings were made.
    pub(crate) configured: bool,
    #[schema(format = Email)]
    pub(crate) from_address: Option<String>,
    pub(crate) from_name: Option<String>,
    #[schema(format = Email)]
    pub(crate) reply_to: Option<String>,
    pub(crate) company: Option<String>,
    pub(crate) logo_url: Option<String>,
    pub(crate) platform_url: Option<String>,
    pub(crate) invite_valid_hours: u16,
    pub(crate) reset_valid_minutes: u16,
    pub(crate) remind_invitees: bool,
    /// What became of the newest test mail.
    pub(crate) last_test: Option<TestMailView>,
}

/// A test mail, and how far it has come.
#[derive(Serialize, ToSchema)]
#[schema(as = TestMail)]
pub(crate) struct TestMailView {
    #[schema(format = Email)]
    to: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = Delivery)]
    state: &'static str,
    /// Why it was not sent, or not yet.
    detail: Option<String>,
}

impl From<&Mail> for TestMailView {
    fn from(mail: &Mail) -> Self {
        let (state, detail) = mail.delivery();
        Self { to: mail.to.to_string(), at: mail.created_at, state: state.as_str(), detail }
    }
}

impl EmailSettingsView {
    pub(crate) fn new(settings: Option<&EmailSettings>, last_test: Option<&Mail>) -> Self {
        let text = |get: fn(&EmailSettings) -> Option<&str>| settings.and_then(get).map(str::to_owned);
        let defaults = (EmailSettings::DEFAULT_INVITE_VALID_HOURS, EmailSettings::DEFAULT_RESET_VALID_MINUTES);
        let (invite_valid_hours, reset_valid_minutes) =
            settings.map_or(defaults, |set| (set.invite_valid_hours, set.reset_valid_minutes));
        Self {
            configured: settings.is_some(),
            from_address: text(|set| Some(set.from_address.as_str())),
            from_name: text(|set| set.from_name.as_ref().map(roster_domain::settings::Line::as_str)),
            reply_to: text(|set| set.reply_to.as_ref().map(roster_domain::EmailAddress::as_str)),
            company: text(|set| set.company.as_ref().map(roster_domain::settings::Line::as_str)),
            logo_url: text(|set| set.logo_url.as_ref().map(roster_domain::settings::WebAddress::as_str)),
            platform_url: text(|set| Some(set.platform_url.as_str())),
            invite_valid_hours,
            reset_valid_minutes,
            remind_invitees: settings.map_or(EmailSettings::DEFAULT_REMIND_INVITEES, |set| set.remind_invitees),
            last_test: last_test.map(TestMailView::from),
        }
    }
}
