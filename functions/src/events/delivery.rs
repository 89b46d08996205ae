//! One mail goes out: it is taken up, its link is minted, its template rendered, SES asked, the outcome noted.
//!
//! The hash of the link is stored before the mail is sent. A crash between sending and noting sends a second mail some
//! minutes later, unless SES has reported of the first by then, and both links work; no mail is lost.

use jiff::{SignedDuration, Timestamp};
use roster_domain::{
    AppRoles, EmailAddress, Error, Result, Status, User,
    activity::{Action, Actor, Change as Field, Subject},
    mails::{Kind, Mail, MailState},
    resets::PasswordReset,
    settings::EmailSettings,
    templates::{CustomTemplate, TemplateFailure},
    tokens::{InviteToken, ResetToken},
};
use roster_mail::{
    AppRoleName, Failure, Fault, Mailer, Notice, Rendered, Tags, Values, default_source, render, render_notice,
};
use roster_store::{Change, MailReading, MailRef};
use roster_web::{App, Client, decide};

/// Sends a mail of the outbox, if it is still due and nobody else does.
pub(crate) async fn deliver(app: &App, mailer: &Mailer, mail: &MailRef) -> Result<()> {
    let Some(mut reading) = app.store.mail(mail).await? else {
        return Ok(());
    };
    let now = app.now();
    if !reading.mail.take_up(now) {
        return Ok(());
    }
    match app.store.note_mail(&reading.mail).await {
        // Somebody else has it, or it is ours and the answer was lost: then it is due again in two minutes.
        Err(Error::Conflict) => return Ok(()),
        noted => noted?,
    }
    reading.mail.revision += 1;
    let given_up = |reason: &str| Outcome::Failed(Failure::Final(reason.to_owned()));
    let outcome = if reading.mail.is_tried_out() {
        given_up("Sending broke off again and again.")
    } else if has_run_out(&reading, now) {
        given_up("The invite ran out before SES took the mail. Renew it.")
    } else if let Some(composed) = compose(app, &reading).await? {
        send(app, mailer, &reading.mail, composed).await?
    } else {
        Outcome::NotNeeded
    };
    note(app, mail, reading, &outcome).await
}

/// Whether the mail is about an invite that has ended while the mail was on its way.
fn has_run_out(reading: &MailReading, now: Timestamp) -> bool {
    let (Kind::Invitation { generation } | Kind::InvitationReminder { generation }) = reading.mail.kind else {
        return false;
    };
    reading.invite.as_ref().is_some_and(|invite| invite.generation == generation && invite.expires_at <= now)
}

/// What became of a mail.
enum Outcome {
    Sent(String),
    Failed(Failure),
    NotNeeded,
}

async fn send(app: &App, mailer: &Mailer, mail: &Mail, composed: Composed) -> Result<Outcome> {
    let rendered = match written(app, mail, &composed).await? {
        Ok(rendered) => rendered,
        Err(fault) => return Ok(Outcome::Failed(Failure::Final(fault.to_string()))),
    };
    let tags = Tags { user: mail.user, mail: mail.id };
    Ok(match mailer.send(&composed.settings, &composed.to, rendered, tags).await {
        Ok(id) => Outcome::Sent(id),
        Err(failure) => Outcome::Failed(failure),
    })
}

/// The mail as its recipient gets it: of the template that an admin wrote or, where that fails, of the default.
async fn written(app: &App, mail: &Mail, composed: &Composed) -> Result<Result<Rendered, Fault>> {
    let Some(kind) = mail.kind.template() else {
        let notice = match mail.kind {
            Kind::WebhookDisabled { .. } => Notice::WebhookDisabled,
            _ => Notice::Test,
        };
        return Ok(render_notice(notice, &composed.values));
    };
    if let Some(custom) = &composed.template {
        match render(kind, &custom.source, &composed.values) {
            Ok(rendered) => return Ok(Ok(rendered)),
            Err(fault) => report(app, custom, &fault).await?,
        }
    }
    Ok(render(kind, default_source(kind), &composed.values))
}

/// Tells the admins that a template failed, once for each version of it.
async fn report(app: &App, template: &CustomTemplate, fault: &Fault) -> Result<()> {
    if template.failure.is_some() {
        return Ok(());
    }
    let now = app.now();
    let reason = fault.to_string();
    let changes = vec![
        Field::new("template", None, Some(template.kind.to_string())),
        Field::new("reason", None, Some(reason.clone())),
    ];
    let parties = (Actor::System, Subject::Installation);
    let activity = app.activity(now, Action::TemplateFailed, parties, changes, &Client::default());
    let failed = CustomTemplate { failure: Some(TemplateFailure { at: now, reason }), ..template.clone() };
    match app.store.record_template_failure(&failed, &activity).await {
        Err(Error::Conflict) => Ok(()),
        recorded => recorded,
    }
}

/// What a mail is made of.
struct Composed {
    to: EmailAddress,
    settings: EmailSettings,
    /// The one that an admin wrote in place of the default.
    template: Option<CustomTemplate>,
    values: Values,
}

/// What the mail says; nothing, if there is no need for it any more.
async fn compose(app: &App, reading: &MailReading) -> Result<Option<Composed>> {
    let mail = &reading.mail;
    let Some(settings) = &reading.email_settings else {
        return Ok(None);
    };
    let mut values = Values { changed_at: Some(in_words(mail.created_at)), ..Values::of(settings) };
    let Some(kind) = mail.kind.template() else {
        if let Kind::WebhookDisabled { webhook, reason } = &mail.kind {
            values.name = reading.user.as_ref().and_then(|user| user.name.as_ref()).map(ToString::to_string);
            (values.webhook, values.reason) = (Some(webhook.clone()), Some(reason.clone()));
        }
        return Ok(Some(Composed { to: mail.to.clone(), settings: settings.clone(), template: None, values }));
    };
    let Some(user) = &reading.user else {
        return Ok(None);
    };
    let text = |text: &str| Some(text.to_owned());
    let mut values =
        Values { name: user.name.as_ref().map(ToString::to_string), email: user.email.to_string(), ..values };
    match &mail.kind {
        Kind::Invitation { generation } | Kind::InvitationReminder { generation } => {
            let (Some(invited), Some(invite)) = (user.invite(), &reading.invite) else {
                return Ok(None);
            };
            if invite.generation != *generation {
                return Ok(None);
            }
            let token = InviteToken { user: user.id, secret: app.secret() };
            if !app.store.add_invite_link(user.id, *generation, &token.secret.hash()).await? {
                return Ok(None);
            }
            values.invited_by = text(&invited.invited_by);
            values.message = invite.message.clone();
            values.link = text(&settings.platform_url.invite_link(&token));
            values.expires_at = Some(in_words(invite.expires_at));
        }
        Kind::PasswordReset => {
            if user.status(app.now()) != Status::Active {
                return Ok(None);
            }
            let minutes = SignedDuration::from_mins(i64::from(settings.reset_valid_minutes));
            let token = ResetToken { user: user.id, secret: app.secret() };
            let reset = PasswordReset {
                user: user.id,
                mail: mail.id,
                links: vec![token.secret.hash()],
                email: user.email.key().to_owned(),
                session_generation: user.session_generation,
                expires_at: app.now().checked_add(minutes).map_err(Error::unexpected)?,
            };
            if !app.store.put_reset_link(&reset).await? {
                return Ok(None);
            }
            values.link = text(&settings.platform_url.reset_link(&token));
            values.expires_at = Some(in_words(reset.expires_at));
        }
        Kind::EmailChanged { old, new } => {
            values.old_email = text(old);
            values.new_email = text(new);
        }
        Kind::TemporaryPassword | Kind::PasswordChanged | Kind::Welcome | Kind::Test | Kind::WebhookDisabled { .. } => {
        }
    }
    let app_roles = match mail.kind {
        Kind::Invitation { .. } | Kind::InvitationReminder { .. } | Kind::Welcome => &user.app_roles,
        _ => &AppRoles::new(),
    };
    let (template, apps) = app.store.template_and_apps(kind, app_roles).await?;
    values.app_roles = named(app_roles, &apps);
    // Whoever asks for a reset may spell the address in a way that compares equal, but is another mailbox.
    let to = if mail.kind == Kind::PasswordReset { &user.email } else { &mail.to };
    Ok(Some(Composed { to: to.clone(), settings: settings.clone(), template, values }))
}

/// The roles by the names that people know, as far as there are any.
fn named(app_roles: &AppRoles, apps: &[roster_domain::apps::App]) -> Vec<AppRoleName> {
    let names = app_roles.iter().map(|(slug, role)| {
        let app = apps.iter().find(|app| app.slug == *slug);
        let role_name = app.and_then(|app| app.roles.iter().find(|known| known.slug == *role));
        AppRoleName {
            app: app.map_or(slug.as_str(), |app| app.name.as_str()).to_owned(),
            role: role_name.map_or(role.as_str(), |role| role.name.as_str()).to_owned(),
        }
    });
    names.collect()
}

/// A time as people read it, such as "1 December 2026, 10:00 UTC".
pub(crate) fn in_words(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// Notes the outcome on the mail that was taken up, unless it is known by now: SES may have reported of it meanwhile.
async fn note(app: &App, mail: &MailRef, taken_up: MailReading, outcome: &Outcome) -> Result<()> {
    match note_on(app, taken_up, outcome).await {
        Err(Error::Conflict) => {}
        noted => return noted,
    }
    decide(async || match app.store.mail(mail).await? {
        Some(reading) => note_on(app, reading, outcome).await,
        None => Ok(()),
    })
    .await
}

async fn note_on(app: &App, MailReading { mut mail, user, .. }: MailReading, outcome: &Outcome) -> Result<()> {
    if !matches!(mail.state, MailState::Queued { .. }) {
        return Ok(());
    }
    let now = app.now();
    match outcome {
        Outcome::Sent(ses_id) => mail.sent(ses_id.clone(), now),
        Outcome::Failed(Failure::Passing(reason)) => mail.try_again(reason.clone(), now),
        Outcome::Failed(Failure::Final(reason)) => mail.give_up(reason.clone()),
        Outcome::NotNeeded => mail.state = MailState::Dropped,
    }
    let is_given_up = matches!(mail.state, MailState::Failed { .. });
    if is_given_up {
        log_given_up(&mail);
    }
    keep(app, &mail, user.as_ref(), is_given_up.then_some(Action::MailFailed)).await
}

/// The line of the log that an alarm waits for.
pub(crate) fn log_given_up(mail: &Mail) {
    tracing::error!(mail.id = %mail.id, mail.kind = mail.kind.as_str(), "a mail was given up");
}

/// Writes what became of a mail: on the mail, on the user where it is the one that carries their invite, and in the
/// activity where admins have to know.
pub async fn keep(app: &App, mail: &Mail, before: Option<&User>, action: Option<Action>) -> Result<()> {
    let mut after = before.cloned();
    let carries = after.as_mut().and_then(User::invite_mut).is_some_and(|invited| invited.follow(mail));
    let change = Change {
        before: before.filter(|_| carries),
        after: after.as_ref().filter(|_| carries),
        noted: Some(mail),
        ..Change::default()
    };
    let Some(action) = action else {
        return if carries { app.store.note(change).await } else { app.store.note_mail(mail).await };
    };
    let (_, reason) = mail.delivery();
    let changes =
        vec![Field::new("mail", None, Some(mail.kind.as_str().to_owned())), Field::new("reason", None, reason)];
    let subject = before.map_or_else(|| Subject::Address { label: mail.to.to_string() }, Subject::from);
    let activity = app.activity(app.now(), action, (Actor::System, subject), changes, &Client::default());
    app.store.apply(change, &activity).await
}
