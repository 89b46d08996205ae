//! What runs out is noted, once, on the user and in the activity: invites, and suspensions with an end.
//!
//! Nothing depends on it being punctual: whoever reads a user judges the time by the clock.

use lambda_runtime::Error;
use roster_domain::{
    UserId,
    activity::{Action, Actor, Subject, user_changes},
};
use roster_store::Change;
use roster_web::{App, Client, decide};
use serde_json::{Value, json};

const BATCH: i32 = 100;

/// Notes every end up to now.
pub async fn expire_invites(app: App, _schedule: Value) -> Result<Value, Error> {
    let mut expired = 0;
    loop {
        let due = app.store.ending(app.now(), BATCH).await?;
        let mut noted = 0;
        for user in &due {
            noted += usize::from(end(&app, *user).await?);
        }
        expired += noted;
        // The index may still show what was noted a moment ago; what is left then is for the next run.
        if noted == 0 {
            return Ok(json!({ "expired": expired }));
        }
    }
}

/// Whether an end was noted; not, if the invite was renewed, accepted or revoked meanwhile, or the suspension lifted.
async fn end(app: &App, id: UserId) -> roster_domain::Result<bool> {
    decide(async || {
        let (before, mut invite) = match app.store.invite(id).await? {
            Some(reading) => (Some(reading.user), Some(reading.invite)),
            None => (app.store.user(id).await?, None),
        };
        let Some(before) = before else {
            return Ok(false);
        };
        let now = app.now();
        let mut after = before.clone();
        let action = if invite.as_mut().is_some_and(|invite| invite.record_expiry(&mut after, now)) {
            Action::InviteExpired
        } else if after.end_suspension(now) {
            Action::UserReactivated
        } else {
            return Ok(false);
        };
        let changes = user_changes(Some(&before), Some(&after));
        let parties = (Actor::System, Subject::from(&after));
        let activity = app.activity(now, action, parties, changes, &Client::default());
        let change =
            Change { before: Some(&before), after: Some(&after), invite: invite.as_ref(), ..Change::default() };
        app.store.apply(change, &activity).await?;
        Ok(true)
    })
    .await
}
