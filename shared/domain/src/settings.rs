//! Settings of the installation.

use std::{fmt, str::FromStr};

use crate::{EmailAddress, Invalid, names::one_line, passwords::Policy};

/// What mails need. A fresh installation has none, and sends none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailSettings {
    pub from_address: EmailAddress,
    pub from_name: Option<Line>,
    pub reply_to: Option<EmailAddress>,
    pub company: Option<Line>,
    pub logo_url: Option<WebAddress>,
    /// Where the console is reached; links begin with it.
    pub platform_url: PlatformUrl,
    pub invite_valid_hours: u16,
    pub reset_valid_minutes: u16,
    /// Whether invitees are reminded before their invite runs out.
    pub remind_invitees: bool,
}

impl EmailSettings {
    pub const DEFAULT_INVITE_VALID_HOURS: u16 = 168;
    pub const DEFAULT_RESET_VALID_MINUTES: u16 = 60;
    pub const RESET_VALID_MINUTES: std::ops::RangeInclusive<u16> = 5..=1440;
    pub const DEFAULT_REMIND_INVITEES: bool = true;
}

/// What sign-ins and passwords must keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecuritySettings {
    pub password_min_length: u16,
    /// Wrong passwords from one address that cost nothing, see [`crate::attempts`].
    pub sign_in_attempts: u16,
    pub session_idle_minutes: u16,
    pub session_absolute_hours: u16,
    pub temporary_password_hours: u16,
    /// How long after its end an invite takes its user with it; never, if nothing.
    pub remove_expired_after_days: Option<u16>,
}

impl Default for SecuritySettings {
    fn default() -> Self {
        Self {
            password_min_length: 12,
            sign_in_attempts: 5,
            session_idle_minutes: 1440,
            session_absolute_hours: 168,
            temporary_password_hours: 168,
            remove_expired_after_days: Some(90),
        }
    }
}

impl SecuritySettings {
    /// What an installation keeps to that must be stricter from the first day: NIST SP 800-63B-4 for passwords that
    /// stand alone, and the sessions of its second assurance level.
    pub const STRICT: Self = Self {
        password_min_length: 15,
        sign_in_attempts: 3,
        session_idle_minutes: 60,
        session_absolute_hours: 24,
        temporary_password_hours: 24,
        remove_expired_after_days: Some(90),
    };

    pub fn password_policy(&self) -> Policy {
        Policy { min_length: self.password_min_length }
    }
}

/// One line of text, such as the name of a company.
#[derive(Clone, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, example = "Analytical Engines", min_length = 1, max_length = 100)]
pub struct Line(String); // Invariant: NFC, trimmed, 1 to 100 characters, no control characters.

impl Line {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Line {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        one_line("This", text, 100).map(Self)
    }
}

/// An address on the web: `https`, or `http` on this machine.
#[derive(Clone, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, format = "uri", example = "https://example.com/logo.png", max_length = 500)]
pub struct WebAddress(String);

impl WebAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        parse_url(text).map(|url| Self(url.into()))
    }
}

/// The origin of the console, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, format = "uri", example = "https://users.example.com", max_length = 500)]
pub struct PlatformUrl(String);

impl PlatformUrl {
    /// The origin of this host, by `http` on this machine and by `https` elsewhere.
    pub fn of_host(host: &str) -> Result<Self, Invalid> {
        let scheme = if is_loopback(host.rsplit_once(':').map_or(host, |(name, _)| name)) { "http" } else { "https" };
        format!("{scheme}://{host}").parse()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where a new password is set.
    pub fn reset_link(&self, token: &crate::tokens::ResetToken) -> String {
        format!("{}/reset-password#token={token}", self.0)
    }

    /// Where an invite is accepted. The token stands in the fragment, which browsers do not send.
    pub fn invite_link(&self, token: &crate::tokens::InviteToken) -> String {
        format!("{}/accept-invite#token={token}", self.0)
    }
}

impl FromStr for PlatformUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let url = parse_url(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err("This is the address of the console, without a query and without a fragment.".into());
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for PlatformUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn parse_url(text: &str) -> Result<url::Url, Invalid> {
    const MAX_BYTES: usize = 500;
    let refused = || Invalid::from("This is not a web address; it looks like https://users.example.com.");
    let url = url::Url::parse(text.trim()).map_err(|_| refused())?;
    // The standard of URLs lets quotes and more into a host; no name of the web has them.
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    let host = url.host_str().filter(|host| !host.is_empty() && host.chars().all(is_of_name)).ok_or_else(refused)?;
    let is_allowed = url.scheme() == "https" || url.scheme() == "http" && is_loopback(host);
    if !is_allowed {
        Err("Use https; http is for 127.0.0.1 and localhost only.".into())
    } else if !url.username().is_empty() || url.password().is_some() || url.as_str().len() > MAX_BYTES {
        Err(refused())
    } else {
        Ok(url)
    }
}

/// Whether `host`, without a port, is this machine.
pub fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        UserId,
        tokens::{InviteToken, ResetToken},
    };

    #[test]
    fn the_platform_is_reached_by_https_or_on_this_machine() {
        let parsed = |text: &str| text.parse::<PlatformUrl>().map(|url| url.to_string()).map_err(|_| ());
        assert_eq!(parsed("https://users.example.com/"), Ok("https://users.example.com".to_owned()));
        assert_eq!(parsed("https://example.com/roster/"), Ok("https://example.com/roster".to_owned()));
        assert_eq!(parsed("http://127.0.0.1:8080"), Ok("http://127.0.0.1:8080".to_owned()));
        for text in [
            "",
            "users.example.com",
            "http://users.example.com",
            "http://127.0.0.1.evil.example",
            "https://user:password@example.com",
            "https://example.com/?a=b",
            "https://example.com/#top",
            "https://exam\"ple.com",
            "javascript:alert(1)",
            "ftp://example.com",
        ] {
            assert!(parsed(text).is_err(), "{text:?}");
        }
        assert_eq!(PlatformUrl::of_host("127.0.0.1:8080").unwrap().as_str(), "http://127.0.0.1:8080");
        assert_eq!(PlatformUrl::of_host("users.example.com").unwrap().as_str(), "https://users.example.com");
    }

    #[test]
    fn an_address_on_the_web_is_taken_without_credentials_and_up_to_its_length() {
        let long = |bytes: usize| format!("https://example.com/{}", "x".repeat(bytes - 20));
        for text in ["https://example.com/logo.png?v=2", "http://localhost/a.png", "http://[::1]/", &long(500)] {
            assert_eq!(text.parse::<WebAddress>().unwrap().as_str(), text);
        }
        for text in [
            "https://user@example.com/",
            "https://:password@example.com/",
            "http://example.com/",
            "https:///",
            "data:image/png;base64,AAAA",
            &long(501),
        ] {
            assert!(text.parse::<WebAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn links_carry_their_token_in_the_fragment() {
        let platform: PlatformUrl = "https://example.com/roster".parse().unwrap();
        let (user, secret) = (UserId::new(jiff::Timestamp::UNIX_EPOCH, [1; 10]), crate::tokens::Secret::new([7; 32]));
        let (invite, reset) = (InviteToken { user, secret }, ResetToken { user, secret });
        assert_eq!(platform.invite_link(&invite), format!("https://example.com/roster/accept-invite#token={invite}"));
        assert_eq!(platform.reset_link(&reset), format!("https://example.com/roster/reset-password#token={reset}"));
    }

    #[test]
    fn this_machine_is_known_by_three_names() {
        for (host, url) in [
            ("localhost:8080", "http://localhost:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("127.0.0.1", "http://127.0.0.1"),
            ("127.0.0.1.example.com", "https://127.0.0.1.example.com"),
        ] {
            assert_eq!(PlatformUrl::of_host(host).unwrap().to_string(), url);
        }
        assert!(PlatformUrl::of_host("example.com/?a=b").is_err());
    }

    #[test]
    fn passwords_are_as_long_as_the_settings_say() {
        assert_eq!(SecuritySettings::STRICT.password_policy(), Policy { min_length: 15 });
    }
}
