//! The templates of all mails (minijinja). Values are escaped in HTML, and a subject is one line.

use std::sync::OnceLock;

use minijinja::{AutoEscape, Environment, value::Serde};
use serde::Serialize;

/// What a template may show. Which of it a kind of mail has, its template knows.
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
}

/// A role in an app, by the names that people know.
#[derive(Clone, Debug, Serialize)]
pub struct AppRoleName {
    pub app: String,
    pub role: String,
}

/// A mail as people get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub html: String,
    pub text: String,
}

/// A template that cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[error("template: {0}")]
pub struct RenderError(#[from] minijinja::Error);

macro_rules! templates {
    ($($kind:literal),*) => {
        &[
            ("layout.html", include_str!("../templates/layout.html")),
            $(
                (concat!($kind, ".subject"), include_str!(concat!("../templates/", $kind, ".subject"))),
                (concat!($kind, ".html"), include_str!(concat!("../templates/", $kind, ".html"))),
                (concat!($kind, ".txt"), include_str!(concat!("../templates/", $kind, ".txt"))),
            )*
        ]
    };
}

const TEMPLATES: &[(&str, &str)] = templates!["invitation", "password_changed", "email_changed"];

/// Renders the mail of this kind.
pub fn render(kind: &str, values: &Values) -> Result<Rendered, RenderError> {
    #[derive(Serialize)]
    struct WithSubject<'a> {
        subject: &'a str,
        #[serde(flatten)]
        values: &'a Values,
    }

    let environment = environment()?;
    let part = |extension: &str, values: minijinja::Value| {
        environment.get_template(&format!("{kind}.{extension}"))?.render(values)
    };
    let subject = one_line(&part("subject", Serde(values).into())?);
    let values = minijinja::Value::from(Serde(WithSubject { subject: &subject, values }));
    Ok(Rendered { html: part("html", values.clone())?, text: part("txt", values)?, subject })
}

fn environment() -> Result<&'static Environment<'static>, minijinja::Error> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    if let Some(environment) = ENVIRONMENT.get() {
        return Ok(environment);
    }
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, "html")) => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(ENVIRONMENT.get_or_init(|| environment))
}

/// `text` without line breaks and other control characters: what a header can hold.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let text = |text: &str| Some(text.to_owned());
        Values {
            company: "Engines & Co".to_owned(),
            platform_url: "https://users.example.com".to_owned(),
            name: text("<img src=x onerror=alert(1)>"),
            email: "ada@example.com".to_owned(),
            invited_by: text("Eve\r\nBcc: all@example.com"),
            message: text("First line\nsecond <b>line</b>"),
            app_roles: vec![AppRoleName { app: "Wiki".to_owned(), role: "Power user".to_owned() }],
            link: text("https://users.example.com/accept-invite#token=invite_1.2"),
            expires_at: text("1 December 2026, 10:00 UTC"),
            changed_at: text("24 November 2026, 10:00 UTC"),
            old_email: text("ada@old.example"),
            new_email: text("ada@new.example"),
            ..Values::default()
        }
    }

    #[test]
    fn every_kind_renders_and_shows_no_markup_of_others() {
        for kind in ["invitation", "password_changed", "email_changed"] {
            let mail = render(kind, &values()).unwrap();
            assert!(!mail.subject.contains(['\r', '\n']), "{kind}: {:?}", mail.subject);
            assert!(!mail.html.contains("<img src=x") && mail.html.contains("&lt;img src=x"), "{kind}");
            assert!(mail.html.contains("Engines &amp; Co") && mail.text.contains("Engines & Co"), "{kind}");
        }
    }

    #[test]
    fn an_invitation_names_inviter_roles_message_link_and_end() {
        let mail = render("invitation", &values()).unwrap();

        assert_eq!(mail.subject, "Eve Bcc: all@example.com invites you to Engines & Co");
        for part in [&mail.html, &mail.text] {
            for expected in ["Power user in Wiki", "#token=invite_1.2", "1 December 2026, 10:00 UTC", "ada@example.com"]
            {
                assert!(part.contains(expected), "{expected} in {part}");
            }
        }
        assert!(mail.html.contains("second &lt;b&gt;line"));
    }
}
