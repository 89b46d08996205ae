//! A mail is made of a template and values. Values are escaped in HTML, and a subject is one line.
//!
//! Whatever a template says, making a mail of it takes bounded time and space, and a mail without the link that it is
//! about is a failure: nobody gets it.

use std::{fmt, io, sync::OnceLock};

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, escape_formatter, value::Serde};
use roster_domain::{
    FieldError,
    settings::{EmailSettings, Line, WebAddress},
    templates::{TemplateKind, TemplateSource},
};
use serde::Serialize;

use crate::defaults::{Notice, notice_source, variables};

/// How many steps of the template engine one part of a mail may take: some ten thousand app roles.
const FUEL: u64 = 100_000;
/// How large one part of a mail may get. Gmail cuts what is longer than a tenth of it.
const MAX_BYTES: usize = 1_000_000;

/// What a template may show. Which of it a kind of mail has, [`variables`] knows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Values {
    pub company: String,
    pub platform_url: String,
    pub logo_url: Option<String>,
    pub name: Option<String>,
    pub email: String,
    pub invited_by: Option<String>,
    pub app_roles: Vec<AppRoleName>,
    pub message: Option<String>,
    pub link: Option<String>,
    pub expires_at: Option<String>,
    pub changed_at: Option<String>,
    pub old_email: Option<String>,
    pub new_email: Option<String>,
    pub webhook: Option<String>,
    pub reason: Option<String>,
}

/// A role in an app, by the names that people know.
#[derive(Clone, Debug, Serialize)]
pub struct AppRoleName {
    pub app: String,
    pub role: String,
}

impl Values {
    /// What every mail with these settings shows.
    pub fn of(settings: &EmailSettings) -> Self {
        let platform_url = settings.platform_url.to_string();
        Self {
            company: settings.company.as_ref().map_or(platform_url.as_str(), Line::as_str).to_owned(),
            logo_url: settings.logo_url.as_ref().map(WebAddress::as_str).map(str::to_owned),
            platform_url,
            ..Self::default()
        }
    }

    /// What a mail to somebody who does not exist shows, to see what a template makes of it.
    pub fn sample(settings: Option<&EmailSettings>) -> Self {
        let text = |text: &str| Some(text.to_owned());
        let role = |app: &str, role: &str| AppRoleName { app: app.to_owned(), role: role.to_owned() };
        let common = settings.map_or_else(
            || Self {
                company: "Analytical Engines".to_owned(),
                platform_url: "https://users.example.com".to_owned(),
                ..Self::default()
            },
            Self::of,
        );
        Self {
            name: text("Ada Lovelace"),
            email: "ada@example.com".to_owned(),
            invited_by: text("Charles Babbage"),
            app_roles: vec![role("Wiki", "Power user"), role("Billing", "Basic user")],
            message: text("Welcome to the team!\nAsk me if anything is unclear."),
            link: Some(format!("{}/sample#token=sample_token", common.platform_url)),
            expires_at: text("1 December 2026, 10:00 UTC"),
            changed_at: text("24 November 2026, 10:00 UTC"),
            old_email: text("ada@old.example.com"),
            new_email: text("ada@example.com"),
            ..common
        }
    }

    /// As [`sample`](Self::sample), with nothing that a mail can do without.
    pub(crate) fn bare_sample() -> Self {
        Self { logo_url: None, name: None, app_roles: Vec::new(), message: None, ..Self::sample(None) }
    }
}

/// A mail as people get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub html: String,
    pub text: String,
}

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Subject,
    Html,
    Text,
}

impl Part {
    pub const ALL: [Self; 3] = [Self::Subject, Self::Html, Self::Text];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Html => "html",
            Self::Text => "text",
        }
    }

    pub(crate) fn of(self, source: &TemplateSource) -> &str {
        match self {
            Self::Subject => &source.subject,
            Self::Html => &source.html,
            Self::Text => &source.text,
        }
    }

    /// The name under which the template engine knows it.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Subject => "mail.subject",
            Self::Html => "mail.html",
            Self::Text => "mail.txt",
        }
    }
}

/// What is wrong with a template: a sentence for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    pub part: Part,
    pub line: Option<usize>,
    pub reason: String,
}

impl Fault {
    pub(crate) fn new(part: Part, line: impl Into<Option<usize>>, reason: impl Into<String>) -> Self {
        Self { part, line: line.into(), reason: reason.into() }
    }

    pub(crate) fn of(part: Part, error: &minijinja::Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::OutOfFuel => "It takes too long to make a mail of this; are there loops in loops?".to_owned(),
            ErrorKind::WriteFailure => "The mail gets too large.".to_owned(),
            kind => {
                let reason = error.detail().map_or_else(|| kind.to_string(), str::to_owned);
                let (first, rest) = reason.split_at(reason.chars().next().map_or(0, char::len_utf8));
                format!("{}{rest}.", first.to_uppercase())
            }
        };
        Self::new(part, error.line(), reason)
    }

    pub(crate) fn missing(part: Part, variable: &str) -> Self {
        Self::new(
            part,
            None,
            format!("The mail must show {{{{ {variable} }}}} in every case: it is of no use without."),
        )
    }

    fn detail(&self) -> String {
        match self.line {
            Some(line) if self.part != Part::Subject => format!("Line {line}: {}", self.reason),
            _ => self.reason.clone(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part.as_str(), self.detail())
    }
}

impl From<Fault> for FieldError {
    fn from(fault: Fault) -> Self {
        Self::new(format!("/{}", fault.part.as_str()), fault.detail())
    }
}

/// Makes a mail of a template, the default or another.
pub fn render(kind: TemplateKind, source: &TemplateSource, values: &Values) -> Result<Rendered, Fault> {
    let mail = rendered(source, values)?;
    if variables(kind).any(|variable| variable.required) {
        // What follows on the `#` is the same in HTML and in text; what precedes it may be escaped.
        let token = values.link.as_deref().and_then(|link| link.split_once('#')).map(|(_, token)| token);
        for (part, shown) in [(Part::Html, &mail.html), (Part::Text, &mail.text)] {
            if token.is_none_or(|token| !shown.contains(token)) {
                return Err(Fault::missing(part, "link"));
            }
        }
    }
    Ok(mail)
}

/// Makes a mail that tells an admin of the installation.
pub fn render_notice(notice: Notice, values: &Values) -> Result<Rendered, Fault> {
    rendered(notice_source(notice), values)
}

fn rendered(source: &TemplateSource, values: &Values) -> Result<Rendered, Fault> {
    let values = Value::from(Serde(values));
    Ok(Rendered {
        subject: one_line(&rendered_part(Part::Subject, source, &values)?),
        html: rendered_part(Part::Html, source, &values)?,
        text: rendered_part(Part::Text, source, &values)?,
    })
}

fn rendered_part(part: Part, source: &TemplateSource, values: &Value) -> Result<String, Fault> {
    let mut mail = Limited(Vec::new());
    let made = environment()
        .template_from_named_str(part.file(), part.of(source))
        .and_then(|template| template.render_captured_to(values.clone(), &mut mail).map(drop));
    made.map_err(|error| Fault::of(part, &error))?;
    String::from_utf8(mail.0).map_err(|error| Fault::new(part, None, error.to_string()))
}

pub(crate) fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|name| {
            if name == Part::Html.file() { AutoEscape::Html } else { AutoEscape::None }
        });
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        // What is not there shows as nothing, not as "none".
        environment.set_formatter(
            |output, state, value| {
                if value.is_none() { Ok(()) } else { escape_formatter(output, state, value) }
            },
        );
        environment
    })
}

/// Takes as much as a part of a mail may hold.
struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `text` without line breaks and other control characters: what a header can hold.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::default_source;

    fn values() -> Values {
        let text = |text: &str| Some(text.to_owned());
        Values {
            company: "Engines & Co".to_owned(),
            name: text("<img src=x onerror=alert(1)>"),
            invited_by: text("Eve\r\nBcc: all@example.com"),
            message: text("First line\nsecond <b>line</b>"),
            app_roles: vec![AppRoleName { app: "Wiki".to_owned(), role: "Power user".to_owned() }],
            link: text("https://users.example.com/accept-invite#token=invite_1.2"),
            ..Values::sample(None)
        }
    }

    fn by_default(kind: TemplateKind, values: &Values) -> Rendered {
        render(kind, default_source(kind), values).unwrap()
    }

    #[test]
    fn every_kind_renders_and_shows_no_markup_of_others() {
        for kind in TemplateKind::ALL {
            let mail = by_default(kind, &values());
            assert!(!mail.subject.contains(['\r', '\n']), "{kind}: {:?}", mail.subject);
            assert!(!mail.html.contains("<img src=x") && mail.html.contains("&lt;img src=x"), "{kind}");
            assert!(mail.html.contains("Engines &amp; Co") && mail.text.contains("Engines & Co"), "{kind}");
            for part in [&mail.subject, &mail.html, &mail.text] {
                assert!(!part.contains("<!-- "), "{kind}: {part}");
            }
        }
        let test = render_notice(Notice::Test, &values()).unwrap();
        assert_eq!(test.subject, "Test mail of Engines & Co");
        assert!(test.html.contains("24 November 2026") && test.text.contains("24 November 2026"));
    }

    #[test]
    fn an_invitation_names_inviter_roles_message_link_and_end() {
        let mail = by_default(TemplateKind::Invitation, &values());

        assert_eq!(mail.subject, "Eve Bcc: all@example.com invites you to Engines & Co");
        for part in [&mail.html, &mail.text] {
            for expected in ["Power user in Wiki", "#token=invite_1.2", "1 December 2026, 10:00 UTC", "ada@example.com"]
            {
                assert!(part.contains(expected), "{expected} in {part}");
            }
        }
        assert!(mail.html.contains("second &lt;b&gt;line"));
    }

    #[test]
    fn a_button_works_in_outlook_too() {
        for kind in [TemplateKind::Invitation, TemplateKind::PasswordReset] {
            let html = by_default(kind, &values()).html;
            assert_eq!(html.matches("#token=invite_1.2\"").count(), 3, "VML, link and plain address: {html}");
            assert!(html.contains("<v:roundrect href=\"https:&#x2f;&#x2f;users.example.com"), "{html}");
        }
    }

    #[test]
    fn what_is_not_there_shows_as_nothing() {
        let source = TemplateSource {
            subject: "Hello {{ name }}".to_owned(),
            html: "[{{ name }}]".to_owned(),
            text: "[{{ message }}]".to_owned(),
        };

        let mail = render(TemplateKind::Welcome, &source, &Values::bare_sample()).unwrap();

        assert_eq!((mail.subject.as_str(), mail.html.as_str(), mail.text.as_str()), ("Hello", "[]", "[]"));
    }

    #[test]
    fn a_mail_without_its_link_is_none() {
        let source = TemplateSource {
            subject: "Hello".to_owned(),
            html: "{% if name != 'Eve' %}{{ link }}{% endif %}".to_owned(),
            text: "{{ link }}".to_owned(),
        };
        let eve = Values { name: Some("Eve".to_owned()), ..values() };

        assert!(render(TemplateKind::Invitation, &source, &values()).is_ok());
        let fault = render(TemplateKind::Invitation, &source, &eve).unwrap_err();
        assert_eq!(fault.to_string(), "html: The mail must show {{ link }} in every case: it is of no use without.");
    }
}
