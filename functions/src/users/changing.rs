//! How one user is changed: read, decide, write with the activity, and again if somebody else wrote in between.

use jiff::{SignedDuration, Timestamp};
use roster_domain::{
    Caller, Error, Result, User, UserId,
    activity::{Action, Subject, user_changes},
    invites::Invite,
    mails::{Kind, Mail},
    passwords::{Password, temporary},
    settings::{EmailSettings, SecuritySettings},
};
use roster_store::{Change, Credential};
use roster_web::{App, Client, IfMatch, WithVersion, app::random, decide, views::UserView};

/// Who changes a user, and how the activity calls it.
pub(crate) struct Changing<'a> {
    pub(crate) app: &'a App,
    pub(crate) caller: &'a Caller,
    pub(crate) client: &'a Client,
    pub(crate) if_match: IfMatch,
    pub(crate) action: Action,
}

/// What is written together with the user.
#[derive(Default)]
pub(crate) struct Extras {
    pub(crate) action: Option<Action>,
    pub(crate) credential: Option<Credential>,
    pub(crate) invite: Option<Invite>,
    pub(crate) mails: Vec<Mail>,
    pub(crate) forget_attempts: bool,
    /// Whether something is changed that the user's fields do not show, such as the password.
    pub(crate) is_change: bool,
}

impl Changing<'_> {
    /// Changes the user that `read` finds, as `change` says. Where nothing changes, nothing is written.
    pub(crate) async fn user<X, F: Future<Output = Result<(User, X)>>>(
        &self,
        read: impl Fn() -> F,
        change: impl Fn(&mut User, X, Timestamp) -> Result<Extras>,
    ) -> Result<User> {
        decide(async || {
            let (before, context) = read().await?;
            self.if_match.check(before.version)?;
            let now = self.app.now();
            let mut after = before.clone();
            let extras = change(&mut after, context, now)?;
            let changes = user_changes(Some(&before), Some(&after));
            if changes.is_empty() && !extras.is_change {
                return Ok(after);
            }
            after.changed(now);
            let action = extras.action.unwrap_or(self.action);
            let parties = (self.caller.actor(), Subject::from(&after));
            let activity = self.app.activity(now, action, parties, changes, self.client);
            let written = Change {
                before: Some(&before),
                after: Some(&after),
                credential: extras.credential.as_ref(),
                invite: extras.invite.as_ref(),
                mails: &extras.mails,
                forget_attempts: extras.forget_attempts,
                ..Change::default()
            };
            self.app.store.apply(written, &activity).await?;
            Ok(after)
        })
        .await
    }

    /// As [`user`](Self::user), for changes that need nothing but the user.
    pub(crate) async fn user_with_id(
        &self,
        id: UserId,
        change: impl Fn(&mut User, Timestamp) -> Result<Extras>,
    ) -> Result<User> {
        let read = || async { Ok((self.app.store.user(id).await?.ok_or(Error::UserNotFound)?, ())) };
        self.user(read, |user, (), now| change(user, now)).await
    }
}

/// The user as the API shows them, with their version.
pub(crate) fn shown(app: &App, user: &User) -> WithVersion<UserView> {
    WithVersion { version: user.version, body: UserView::new(user, app.now()) }
}

/// A new temporary password of `user`: its text, which is shown once, and what is kept of it.
pub async fn temporary_password(
    app: &App,
    user: UserId,
    security: SecuritySettings,
    now: Timestamp,
) -> Result<(String, Credential)> {
    let text = temporary(random());
    let typed = Password::typed(&text).map_err(|invalid| Error::unexpected(invalid.0))?;
    let password = app.passwords.hash(typed).await?;
    let life = SignedDuration::from_hours(i64::from(security.temporary_password_hours));
    let temporary_until = now.checked_add(life).ok();
    Ok((text, Credential { user, password, changed_at: now, temporary_until }))
}

/// A mail to the user about their account, where mail is set up.
pub(crate) fn told(app: &App, settings: Option<&EmailSettings>, user: &User, kind: Kind, now: Timestamp) -> Vec<Mail> {
    let mail = settings.map(|_| Mail::new(app.mail_id(now), Some(user.id), user.email.clone(), kind, now));
    mail.into_iter().collect()
}
