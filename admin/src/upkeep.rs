//! Looking after an installation.

use std::{fs, io::Write};

use jiff::SignedDuration;
use roster_domain::{
    UserId,
    activity::{Action, Actor, Change as Field, Subject, user_changes},
    webhooks::{DisabledBy, Webhook},
};
use roster_functions::events::keep;
use roster_store::{
    ActivityFilter, Change, InviteReading, MailReading, MailRef, PageRequest, UserFilter, Verification, Voided,
};
use roster_web::{App, Client, decide};

use crate::{CHUNK, Result, all, place::Installation};

/// How far back failures are looked for.
const DAYS: i64 = 7;

/// Tells what there is, what waits, and what failed.
pub(crate) async fn status(out: &mut impl Write, installation: &Installation) -> Result<()> {
    let app = &installation.app;
    let now = app.now();
    if !app.store.is_set_up().await? {
        writeln!(out, "not set up")?;
        return Ok(());
    }
    let summary = app.store.summary().await?;
    writeln!(out, "users: {}, as of the last change that was followed up", summary.total)?;
    for (name, count) in summary.by_status.iter().chain(&summary.by_role) {
        writeln!(out, "  {name}: {count}")?;
    }
    let set = |is_set: bool| if is_set { "set" } else { "not set" };
    writeln!(out, "e-mail settings: {}", set(app.store.email_settings().await?.is_some()))?;
    let security = app.store.security_settings().await?;
    writeln!(out, "shortest password: {} characters", security.password_min_length)?;
    let due = app.store.mails_due(now, 100).await?;
    let at_least = if due.len() == 100 { " or more" } else { "" };
    writeln!(out, "mails that are due: {}{at_least}", due.len())?;
    if let Some(oldest) = due.iter().map(|mail| mail.created_at).min() {
        writeln!(out, "  oldest: {oldest}")?;
    }
    writeln!(out, "mails given up in {DAYS} days: {}", failed_mails(app).await?)?;
    writeln!(out, "API keys: {}", all(async |page| app.store.api_keys(page).await).await?.len())?;
    match app.store.newest_seal().await? {
        Some((number, at)) => writeln!(out, "last seal of the activity: {number}, {at}")?,
        None => writeln!(out, "last seal of the activity: none")?,
    }
    if let Some(directory) = &installation.directory {
        let letters = fs::read_to_string(directory.join("dead-letters.jsonl")).unwrap_or_default();
        writeln!(out, "events given up: {}", letters.lines().count())?;
    }
    Ok(())
}

async fn failed_mails(app: &App) -> Result<usize> {
    let from = app.now() - SignedDuration::from_hours(24 * DAYS);
    let action = Some(Action::MailFailed.as_str().to_owned());
    let filter = ActivityFilter { action, from: Some(from), ..ActivityFilter::default() };
    Ok(all(async |page| app.store.activity(&filter, page, app.now()).await).await?.len())
}

/// Voids what lets people and programs in but for passwords of their own, and stops what tells others: what was used,
/// revoked or deleted after the moment that a table was restored to would work again. A second run finds nothing.
pub(crate) async fn void_links_and_sessions(
    out: &mut impl Write,
    installation: &Installation,
    keep_api_keys: bool,
) -> Result<()> {
    let app = &installation.app;
    let parties = (Actor::System, Subject::Installation);
    let activity = app.activity(app.now(), Action::LinksAndSessionsVoided, parties, Vec::new(), &Client::default());
    app.store.record(&activity).await?;
    let mut page = PageRequest { limit: CHUNK, cursor: None };
    let mut sum = Voided::default();
    let (mut seen, mut invites) = (0, 0);
    loop {
        let users = app.store.users(&UserFilter::default(), &page, app.now()).await?;
        for user in &users.items {
            let voided = app.store.void_links_and_sessions(user, app.now()).await?;
            sum.sessions += voided.sessions;
            sum.resets += voided.resets;
            sum.temporary_passwords += voided.temporary_passwords;
            invites += usize::from(user.invite().is_some() && end_invite(app, user.id).await?);
        }
        seen += users.items.len();
        eprintln!("{seen} users");
        page.cursor = users.next_cursor;
        if page.cursor.is_none() {
            break;
        }
    }
    writeln!(out, "sessions ended: {}\nresets voided: {}", sum.sessions, sum.resets)?;
    writeln!(out, "temporary passwords ended, to be reset: {}", sum.temporary_passwords)?;
    writeln!(out, "invites ended, to be renewed: {invites}")?;
    writeln!(out, "mails with links not sent: {}", drop_mails_with_links(app).await?)?;
    void_api_keys(out, app, keep_api_keys).await?;
    disable_webhooks(out, app).await
}

/// Ends an open invite, whose reminder would bring a new link. Whether it was open.
async fn end_invite(app: &App, id: UserId) -> Result<bool> {
    let has_ended = decide(async || {
        let Some(InviteReading { user: before, mut invite, .. }) = app.store.invite(id).await? else {
            return Ok(false);
        };
        let (now, mut after) = (app.now(), before.clone());
        if !invite.end(&mut after, now) {
            return Ok(false);
        }
        let parties = (Actor::System, Subject::from(&after));
        let changes = user_changes(Some(&before), Some(&after));
        let activity = app.activity(now, Action::InviteExpired, parties, changes, &Client::default());
        let change = Change { before: Some(&before), after: Some(&after), invite: Some(&invite), ..Change::default() };
        app.store.apply(change, &activity).await?;
        Ok(true)
    });
    Ok(has_ended.await?)
}

/// Mails that wait would mint new links. How many there were.
async fn drop_mails_with_links(app: &App) -> Result<usize> {
    let waiting = all(async |page| app.store.waiting_mails(page).await).await?;
    let mut dropped = 0;
    for mail in waiting.iter().filter(|mail| mail.kind.carries_link()).map(MailRef::of) {
        let is_dropped = decide(async || {
            let Some(MailReading { mut mail, user, .. }) = app.store.mail(&mail).await? else {
                return Ok(false);
            };
            if !mail.drop_unsent() {
                return Ok(false);
            }
            keep(app, &mail, user.as_ref(), None).await?;
            Ok(true)
        });
        dropped += usize::from(is_dropped.await?);
    }
    Ok(dropped)
}

async fn void_api_keys(out: &mut impl Write, app: &App, are_kept: bool) -> Result<()> {
    for key in all(async |page| app.store.api_keys(page).await).await? {
        if !are_kept {
            let subject = Subject::ApiKey { id: key.id, label: key.name.as_str().to_owned() };
            let changes = vec![Field::new("role", Some(key.role.to_string()), None)];
            let parties = (Actor::System, subject);
            let activity = app.activity(app.now(), Action::ApiKeyDeleted, parties, changes, &Client::default());
            app.store.delete_api_key(key.id, &activity).await?;
        }
        let what = if are_kept { "kept, to be deleted if it was before" } else { "deleted" };
        writeln!(out, "API key {what}: {} {}", key.id, key.name.as_str())?;
    }
    Ok(())
}

async fn disable_webhooks(out: &mut impl Write, app: &App) -> Result<()> {
    for before in app.store.webhooks().await?.into_iter().filter(Webhook::is_enabled) {
        let mut after = before.clone();
        after.disable(DisabledBy::Admin, app.now());
        let parties = (Actor::System, Subject::from(&after));
        let changes = vec![Field::new("enabled", Some("true".to_owned()), Some("false".to_owned()))];
        let activity = app.activity(app.now(), Action::WebhookUpdated, parties, changes, &Client::default());
        app.store.update_webhook(&before, &after, &activity, &[]).await?;
        writeln!(out, "webhook disabled: {} {}", after.id, after.url.origin())?;
    }
    Ok(())
}

/// Whether the activity is as it was sealed.
pub(crate) async fn verify_activity(out: &mut impl Write, app: &App, expect: Option<&str>) -> Result<bool> {
    let Verification { seals, head, findings } = app.store.verify_activity(app.clock.now(), expect).await?;
    writeln!(out, "seals: {seals}\nhead: {head}")?;
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    if findings.is_empty() {
        writeln!(out, "The activity is as it was sealed.")?;
    }
    Ok(findings.is_empty())
}
