//! The templates that mails are made of unless an admin wrote others, and which values they may show.
//!
//! All have one layout. It is put around them here and not by the template language, so that an admin who edits one
//! sees, and may change, the whole mail.

use std::sync::LazyLock;

use roster_domain::templates::{TemplateKind, TemplateSource};

/// A value that a template may show.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    pub name: &'static str,
    pub description: &'static str,
    /// Without it the mail is of no use.
    pub required: bool,
}

/// A default template before it is put into the layout.
struct Design {
    description: &'static str,
    /// What it may show beside [`COMMON`].
    own: &'static [Variable],
    subject: &'static str,
    /// Content and footer.
    html: &'static str,
    text: &'static str,
    button: Option<Button>,
}

struct Button {
    label: &'static str,
    address: &'static str,
}

const LAYOUT: &str = include_str!("../templates/layout.html");
const BUTTON: &str = include_str!("../templates/button.html");

const fn optional(name: &'static str, description: &'static str) -> Variable {
    Variable { name, description, required: false }
}

const COMMON: &[Variable] = &[
    optional("company", "The company of the e-mail settings, or the address of the platform"),
    optional("platform_url", "Where people sign in"),
    optional("logo_url", "The logo of the e-mail settings; may be empty"),
    optional("name", "The name of the user; may be empty"),
    optional("email", "The e-mail address of the user"),
];

const LINK: Variable = Variable { name: "link", description: "The link that the mail is about", required: true };
const EXPIRES_AT: Variable = optional("expires_at", "Until when the link works, such as 1 December 2026, 10:00 UTC");
const CHANGED_AT: Variable = optional("changed_at", "When it happened, such as 1 December 2026, 10:00 UTC");
const APP_ROLES: Variable = optional("app_roles", "The roles of the user, a list of app and role; may be empty");

macro_rules! design {
    ($name:literal, $description:literal, $own:expr, $button:expr) => {
        Design {
            description: $description,
            own: $own,
            subject: include_str!(concat!("../templates/", $name, ".subject")),
            html: include_str!(concat!("../templates/", $name, ".html")),
            text: include_str!(concat!("../templates/", $name, ".txt")),
            button: $button,
        }
    };
}

const TEST: Design = design!("test", "Shows that mail arrives", &[CHANGED_AT], None);

const WEBHOOK_DISABLED: Design = design!(
    "webhook_disabled",
    "Tells an admin that a webhook is told no more",
    &[CHANGED_AT, optional("webhook", "What the webhook is for"), optional("reason", "Why it was disabled")],
    None
);

/// What admins are told of the installation. Nobody writes other templates for it.
#[derive(Clone, Copy, Debug)]
pub enum Notice {
    /// Mail arrives.
    Test,
    WebhookDisabled,
}

const INVITATION: &[Variable] = &[
    LINK,
    EXPIRES_AT,
    optional("invited_by", "Who invites"),
    APP_ROLES,
    optional("message", "What the admin wrote to the invitee; may be empty"),
];
const ACCEPT: Option<Button> = Some(Button { label: "Accept the invite", address: "{{ link }}" });

fn design(kind: TemplateKind) -> &'static Design {
    match kind {
        TemplateKind::Invitation => {
            &const { design!("invitation", "Invites somebody, with the link that makes them active", INVITATION, ACCEPT) }
        }
        TemplateKind::InvitationReminder => {
            &const {
                design!(
                    "invitation_reminder",
                    "Reminds somebody of an invite that will soon run out",
                    INVITATION,
                    ACCEPT
                )
            }
        }
        TemplateKind::PasswordReset => {
            &const {
                design!(
                    "password_reset",
                    "Lets somebody who forgot their password choose a new one",
                    &[LINK, EXPIRES_AT],
                    Some(Button { label: "Choose a new password", address: "{{ link }}" })
                )
            }
        }
        TemplateKind::TemporaryPassword => {
            &const {
                design!(
                    "temporary_password",
                    "Tells a user that an admin gave them a temporary password, never which",
                    &[CHANGED_AT],
                    None
                )
            }
        }
        TemplateKind::PasswordChanged => {
            &const { design!("password_changed", "Tells a user that their password was changed", &[CHANGED_AT], None) }
        }
        TemplateKind::EmailChanged => {
            &const {
                design!(
                    "email_changed",
                    "Tells the old and the new address of a user that one replaced the other",
                    &[
                        CHANGED_AT,
                        optional("old_email", "The address up to now"),
                        optional("new_email", "The address from now on"),
                    ],
                    None
                )
            }
        }
        TemplateKind::Welcome => {
            &const {
                design!(
                    "welcome",
                    "Follows when an invite was accepted",
                    &[APP_ROLES],
                    Some(Button { label: "Sign in", address: "{{ platform_url }}" })
                )
            }
        }
    }
}

/// What the template is for, in words for admins.
pub fn description(kind: TemplateKind) -> &'static str {
    design(kind).description
}

/// What a template of this kind may show.
pub fn variables(kind: TemplateKind) -> impl Iterator<Item = &'static Variable> {
    COMMON.iter().chain(design(kind).own)
}

/// The template that is used as long as no admin wrote another.
pub fn default_source(kind: TemplateKind) -> &'static TemplateSource {
    static SOURCES: LazyLock<[TemplateSource; TemplateKind::ALL.len()]> =
        LazyLock::new(|| TemplateKind::ALL.map(|kind| whole(design(kind))));
    &SOURCES[kind as usize]
}

pub(crate) fn notice_source(notice: Notice) -> &'static TemplateSource {
    static TEST_SOURCE: LazyLock<TemplateSource> = LazyLock::new(|| whole(&TEST));
    static WEBHOOK_DISABLED_SOURCE: LazyLock<TemplateSource> = LazyLock::new(|| whole(&WEBHOOK_DISABLED));
    match notice {
        Notice::Test => &TEST_SOURCE,
        Notice::WebhookDisabled => &WEBHOOK_DISABLED_SOURCE,
    }
}

fn whole(design: &Design) -> TemplateSource {
    let (content, footer) = design.html.split_once("<!-- footer -->\n").unwrap_or((design.html, ""));
    let button = design.button.as_ref().map_or_else(String::new, |button| {
        BUTTON.replace("<!-- label -->", button.label).replace("<!-- address -->", button.address)
    });
    let html = LAYOUT
        .replace("<!-- content -->\n", content)
        .replace("<!-- footer -->\n", footer)
        .replace("<!-- button -->\n", &button);
    TemplateSource { subject: design.subject.to_owned(), html, text: design.text.to_owned() }
}
