//! What comes with time is done, once: invitees are reminded, the ends of invites and suspensions are noted on the user
//! and in the activity, and who let an invite pass long ago is removed.
//!
//! Nothing depends on it being punctual: whoever reads a user judges the time by the clock.

use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Error;
use roster_domain::{
    UserId,
    activity::{Action, Actor, Change as Field, Subject, user_changes},
    mails::Kind,
    users::Invited,
};
use roster_store::{Change, InviteReading};
use roster_web::{App, Client, decide};
use serde_json::{Value, json};

use crate::{invites::issued::carry, operations::Payload};

const BATCH: i32 = 100;

/// Does all that is due by now.
pub async fn expire_invites(app: App, _schedule: Payload) -> Result<Value, Error> {
    let (mut expired, mut reminded, mut removed) = (0, 0, 0);
    loop {
        let mut done = 0;
        for user in app.store.ending(app.now(), BATCH).await? {
            let due = do_what_is_due(&app, user).await?;
            done += usize::from(!matches!(due, Due::Nothing));
            expired += usize::from(matches!(due, Due::End));
            reminded += usize::from(matches!(due, Due::Reminder));
        }
        // The index may still show what was noted a moment ago; what is left then is for the next run.
        if done == 0 {
            break;
        }
    }
    if let Some(days) = app.store.security_settings().await?.remove_expired_after_days {
        let before = app.now().checked_sub(SignedDuration::from_hours(24 * i64::from(days)))?;
        loop {
            let mut done = 0;
            for user in app.store.expired_before(before, BATCH).await? {
                done += usize::from(remove(&app, user, before, days).await?);
            }
            removed += done;
            if done == 0 {
                break;
            }
        }
    }
    Ok(json!({ "expired": expired, "reminded": reminded, "removed": removed }))
}

/// What there was to do for a user.
enum Due {
    /// Nothing: the invite was renewed, accepted or revoked meanwhile, or the suspension lifted.
    Nothing,
    /// A reminder that is not wanted.
    NoReminder,
    Reminder,
    /// The end of an invite or of a suspension.
    End,
}

async fn do_what_is_due(app: &App, id: UserId) -> roster_domain::Result<Due> {
    decide(async || {
        let Some(InviteReading { user: before, mut invite, email_settings, .. }) = app.store.invite(id).await? else {
            return end_suspension(app, id).await;
        };
        let now = app.now();
        let mut after = before.clone();
        let mut mails = Vec::new();
        let (due, action) = if invite.record_expiry(&mut after, now) {
            (Due::End, Some(Action::InviteExpired))
        } else if !invite.take_reminder(now) {
            return Ok(Due::Nothing);
        } else if email_settings.is_some_and(|settings| settings.remind_invitees)
            && before.invite().is_some_and(Invited::is_thought_to_arrive)
        {
            mails.push(carry(app, &mut after, Kind::InvitationReminder { generation: invite.generation }, now));
            (Due::Reminder, Some(Action::InviteReminded))
        } else {
            (Due::NoReminder, None)
        };
        let (invite, mails) = (Some(&invite), mails.as_slice());
        let change = Change { before: Some(&before), after: Some(&after), invite, mails, ..Change::default() };
        write(app, change, action, now).await?;
        Ok(due)
    })
    .await
}

async fn end_suspension(app: &App, id: UserId) -> roster_domain::Result<Due> {
    let Some(before) = app.store.user(id).await? else {
        return Ok(Due::Nothing);
    };
    let now = app.now();
    let mut after = before.clone();
    if !after.end_suspension(now) {
        return Ok(Due::Nothing);
    }
    let change = Change { before: Some(&before), after: Some(&after), ..Change::default() };
    write(app, change, Some(Action::UserReactivated), now).await?;
    Ok(Due::End)
}

/// Writes a change of a user, and in the activity what people want to know of it.
async fn write(app: &App, change: Change<'_>, action: Option<Action>, now: Timestamp) -> roster_domain::Result<()> {
    let Some((action, after)) = action.zip(change.after) else {
        return app.store.note(change).await;
    };
    let parties = (Actor::System, Subject::from(after));
    let activity = app.activity(now, action, parties, user_changes(change.before, change.after), &Client::default());
    app.store.apply(change, &activity).await
}

/// Whether the user was removed; not, if there is no invite any more that ran out before that time.
async fn remove(app: &App, id: UserId, before: Timestamp, days: u16) -> roster_domain::Result<bool> {
    decide(async || {
        let user = app.store.user(id).await?;
        let Some(user) = user.filter(|user| user.invite().is_some_and(|invited| invited.expires_at <= before)) else {
            return Ok(false);
        };
        let mut changes = user_changes(Some(&user), None);
        let reason = format!("The invite ran out {days} days ago.");
        changes.push(Field::new("reason", None, Some(reason)));
        let parties = (Actor::System, Subject::from(&user));
        let activity = app.activity(app.now(), Action::UserDeleted, parties, changes, &Client::default());
        app.store.apply(Change { before: Some(&user), ..Change::default() }, &activity).await?;
        Ok(true)
    })
    .await
}
