//! Invites that have run out are noted, once, on the user and in the activity.
//!
//! Nothing depends on it being punctual: whoever reads an invite judges its time by the clock.

use lambda_runtime::Error;
use roster_domain::{
    UserId,
    activity::{Action, Actor, Subject, user_changes},
};
use roster_store::Change;
use roster_web::{App, Client, decide};
use serde_json::{Value, json};

const BATCH: i32 = 100;

/// Notes every expiry up to now.
pub async fn expire_invites(app: App, _schedule: Value) -> Result<Value, Error> {
    let mut expired = 0;
    loop {
        let due = app.store.invites_to_expire(app.now(), BATCH).await?;
        let mut noted = 0;
        for user in &due {
            noted += usize::from(expire(&app, *user).await?);
        }
        expired += noted;
        // The index may still show what was noted a moment ago; what is left then is for the next run.
        if noted == 0 {
            return Ok(json!({ "expired": expired }));
        }
    }
}

/// Whether an expiry was noted; not, if the invite was renewed, accepted or revoked meanwhile.
async fn expire(app: &App, user: UserId) -> roster_domain::Result<bool> {
    decide(async || {
        let Some(reading) = app.store.invite(user).await? else {
            return Ok(false);
        };
        let now = app.now();
        let (before, mut invite) = (reading.user, reading.invite);
        let mut after = before.clone();
        if !invite.record_expiry(&mut after, now) {
            return Ok(false);
        }
        let changes = user_changes(Some(&before), Some(&after));
        let parties = (Actor::System, Subject::from(&after));
        let activity = app.activity(now, Action::InviteExpired, parties, changes, &Client::default());
        let change = Change { before: Some(&before), after: Some(&after), invite: Some(&invite), ..Change::default() };
        app.store.apply(change, &activity).await?;
        Ok(true)
    })
    .await
}
