//! One mail goes out: its link is minted, its template rendered, SES asked, the outcome noted.
//!
//! The hash of the link is stored before the mail is sent. A crash between sending and noting sends a second mail, and
//! both links work; no mail is lost.

use jiff::{SignedDuration, Timestamp};
use roster_domain::{
    Error, Result, Status,
    activity::{Action, Actor, Change as Field, Subject},
    mails::{Kind, Mail, MailState},
    resets::PasswordReset,
    settings::EmailSettings,
    tokens::{InviteToken, ResetToken},
};
use roster_mail::{AppRoleName, Failure, Mailer, Tags, Values, render};
use roster_store::{Change, MailReading, MailRef};
use roster_web::{App, Client, decide};

/// Sends a mail of the outbox, if it is still due.
pub(crate) async fn deliver(app: &App, mailer: &Mailer, mail: &MailRef) -> Result<()> {
    let Some(reading) = app.store.mail(mail).await? else {
        return Ok(());
    };
    let now = app.now();
    let MailState::Queued { due_at, .. } = reading.mail.state else {
        return Ok(());
    };
    if due_at > now {
        return Ok(());
    }
    let outcome = match compose(app, &reading).await? {
        Some((settings, values)) => send(mailer, &settings, &reading.mail, &values).await,
        None => Outcome::NotNeeded,
    };
    note(app, mail, &outcome).await
}

/// What became of a mail.
enum Outcome {
    Sent(String),
    Failed(Failure),
    NotNeeded,
}

async fn send(mailer: &Mailer, settings: &EmailSettings, mail: &Mail, values: &Values) -> Outcome {
    let rendered = match render(mail.kind.template(), values) {
        Ok(rendered) => rendered,
        Err(error) => return Outcome::Failed(Failure::Final(error.to_string())),
    };
    let tags = Tags { user: mail.user, mail: mail.id };
    match mailer.send(settings, &mail.to, rendered, tags).await {
        Ok(id) => Outcome::Sent(id),
        Err(failure) => Outcome::Failed(failure),
    }
}

/// What the mail says; nothing, if there is no need for it any more.
async fn compose(app: &App, reading: &MailReading) -> Result<Option<(EmailSettings, Values)>> {
    let (Some(user), Some(settings)) = (&reading.user, &reading.email_settings) else {
        return Ok(None);
    };
    let mail = &reading.mail;
    let text = |text: &str| Some(text.to_owned());
    let company = settings.company.as_ref().map_or(settings.platform_url.as_str(), |company| company.as_str());
    let mut values = Values {
        company: company.to_owned(),
        platform_url: settings.platform_url.to_string(),
        logo_url: settings.logo_url.as_ref().map(|url| url.as_str().to_owned()),
        name: user.name.as_ref().map(ToString::to_string),
        email: user.email.to_string(),
        ..Values::default()
    };
    match &mail.kind {
        Kind::Invitation { generation } => {
            let (Some(invited), Some(invite)) = (user.invite(), &reading.invite) else {
                return Ok(None);
            };
            if invite.generation != *generation || invite.expires_at <= app.now() {
                return Ok(None);
            }
            let token = InviteToken { user: user.id, secret: app.secret() };
            if !app.store.add_invite_link(user.id, *generation, &token.secret.hash()).await? {
                return Ok(None);
            }
            let apps = app.store.apps_of(&user.app_roles).await?;
            let names = user.app_roles.iter().map(|(slug, role)| {
                let app = apps.iter().find(|app| app.slug == *slug);
                let role_name = app.and_then(|app| app.roles.iter().find(|known| known.slug == *role));
                AppRoleName {
                    app: app.map_or(slug.as_str(), |app| app.name.as_str()).to_owned(),
                    role: role_name.map_or(role.as_str(), |role| role.name.as_str()).to_owned(),
                }
            });
            values.app_roles = names.collect();
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
        Kind::TemporaryPassword => values.changed_at = Some(in_words(mail.created_at)),
        Kind::PasswordChanged => values.changed_at = Some(in_words(mail.created_at)),
        Kind::EmailChanged { old, new } => {
            values.changed_at = Some(in_words(mail.created_at));
            values.old_email = text(old);
            values.new_email = text(new);
        }
    }
    Ok(Some((settings.clone(), values)))
}

/// A time as people read it, such as "1 December 2026, 10:00 UTC".
fn in_words(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// Notes the outcome on the mail and, where it carried an invite, on the user; a final failure also in the activity.
async fn note(app: &App, mail_ref: &MailRef, outcome: &Outcome) -> Result<()> {
    decide(async || {
        let Some(MailReading { mut mail, user: before, .. }) = app.store.mail(mail_ref).await? else {
            return Ok(());
        };
        let now = app.now();
        match outcome {
            Outcome::Sent(ses_id) => mail.sent(ses_id.clone(), now),
            Outcome::Failed(Failure::Passing(reason)) => mail.try_again(reason.clone(), now),
            Outcome::Failed(Failure::Final(reason)) => mail.give_up(reason.clone()),
            Outcome::NotNeeded => mail.state = MailState::Dropped,
        }
        let mut after = before.clone();
        let carried = after.as_mut().and_then(|user| user.invite_mut()).filter(|invited| invited.mail == Some(mail.id));
        let is_on_invite = carried.is_some();
        if let Some(invited) = carried {
            (invited.delivery, invited.delivery_detail) = mail.delivery();
            if let MailState::Sent { at, .. } = mail.state {
                invited.sent_at = Some(at);
                invited.times_sent += 1;
            }
        }
        let mails = [mail];
        let change = Change {
            before: before.as_ref().filter(|_| is_on_invite),
            after: after.as_ref().filter(|_| is_on_invite),
            mails: &mails,
            ..Change::default()
        };
        let [mail] = &mails;
        match (&mail.state, before.as_ref()) {
            (MailState::Failed { reason }, Some(user)) => {
                let changes = vec![
                    Field::new("mail", None, Some(mail.kind.template().to_owned())),
                    Field::new("reason", None, Some(reason.clone())),
                ];
                let parties = (Actor::System, Subject::from(user));
                let activity = app.activity(now, Action::MailFailed, parties, changes, &Client::default());
                app.store.apply(change, &activity).await
            }
            _ => app.store.note(change).await,
        }
    })
    .await
    .map_err(|error| match error {
        Error::EmailTaken { .. } => Error::unexpected("a note on a mail moved an address"),
        error => error,
    })
}
