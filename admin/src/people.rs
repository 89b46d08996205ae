//! What is done to people, and told of them.

use std::{collections::BTreeMap, io::Write};

use roster_domain::{
    EmailAddress, Error, PersonName, Role, User, UserId,
    activity::{Action, Actor, Subject, user_changes},
    mails::{Kind, Mail},
    users::{Profile, State},
};
use roster_functions::users::temporary_password;
use roster_store::{ActivityFilter, ActivityRecord, Change, UserFilter};
use roster_web::{
    App, Client, decide,
    views::{SessionView, UserView},
};
use serde::Serialize;

use crate::{Result, all, each, place::Installation, print_line};

/// What the activity calls somebody who was erased.
const ERASED: &str = "erased";

/// Who is meant.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Named {
    /// Their address
    #[arg(long)]
    email: Option<EmailAddress>,
    /// Their id: also of somebody who is deleted already, when something of them was left
    #[arg(long)]
    id: Option<UserId>,
}

/// What is told of one person: neither hashes, nor mails, nor counted attempts.
#[derive(Serialize)]
struct Person {
    user: UserView,
    sessions: Vec<SessionView>,
    /// What they did, and what was done to them.
    activity: Vec<ActivityRecord>,
}

/// Makes whoever has this address an admin who can sign in; somebody new, if nobody has it.
pub(crate) async fn create_admin(
    out: &mut impl Write,
    installation: &Installation,
    email: EmailAddress,
    name: Option<PersonName>,
) -> Result<()> {
    let app = &installation.app;
    if !app.store.is_set_up().await? {
        return Err("Nobody has set this installation up. Create its first admin with the setup secret.".into());
    }
    let password = decide(async || make_admin(app, &email, name.clone()).await).await?;
    writeln!(out, "{email} is an admin.\ntemporary password: {password}")?;
    Ok(())
}

/// Gives the role of an admin and a temporary password, which is returned.
async fn make_admin(app: &App, email: &EmailAddress, name: Option<PersonName>) -> roster_domain::Result<String> {
    let now = app.now();
    let before = match holder(app, email).await? {
        Some(id) => app.store.user(id).await?,
        None => None,
    };
    let mut after = before.clone().unwrap_or_else(|| {
        let profile = Profile { email: email.clone(), name: None, role: Role::Admin, app_roles: BTreeMap::new() };
        User::active(app.user_id(now), profile, now)
    });
    (after.role, after.state, after.password_temporary) = (Role::Admin, State::Active, true);
    after.name = name.or(after.name);
    let action = match &before {
        None => Action::UserCreated,
        Some(before) if before.role != Role::Admin => Action::RoleChanged,
        Some(_) => Action::PasswordResetByAdmin,
    };
    if before.is_some() {
        after.end_sessions();
        after.changed(now);
    }
    let (_, _, security, email_settings) = app.store.password_reading(after.id).await?;
    let (password, credential) = temporary_password(app, after.id, security, now).await?;
    let told = before.as_ref().and(email_settings);
    let told =
        told.map(|_| Mail::new(app.mail_id(now), Some(after.id), after.email.clone(), Kind::TemporaryPassword, now));
    let mails: Vec<Mail> = told.into_iter().collect();
    let parties = (Actor::System, Subject::from(&after));
    let changes = user_changes(before.as_ref(), Some(&after));
    let activity = app.activity(now, action, parties, changes, &Client::default());
    let change = Change {
        before: before.as_ref(),
        after: Some(&after),
        credential: Some(&credential),
        mails: &mails,
        forget_attempts: before.is_some(),
        ..Change::default()
    };
    app.store.apply(change, &activity).await?;
    Ok(password)
}

/// Prints all users.
pub(crate) async fn export(out: &mut impl Write, app: &App) -> Result<()> {
    let read = async |page: &_| app.store.users(&UserFilter::default(), page, app.now()).await;
    each(read, |user| print_line(out, &UserView::new(&user, app.now()))).await
}

/// Prints profile, roles, sessions and activity of one person.
pub(crate) async fn export_person(out: &mut impl Write, app: &App, email: &EmailAddress) -> Result<()> {
    let user = somebody(app, email).await?;
    let sessions = all(async |page| app.store.sessions(user.id, page).await).await?;
    let person = Person {
        activity: activity_around(app, user.id).await?,
        sessions: sessions.iter().map(|session| SessionView::new(session, false)).collect(),
        user: UserView::new(&user, app.now()),
    };
    print_line(out, &person)
}

/// Deletes a person with all that is kept about them. The activity stays as it was sealed, until it expires; what is
/// added to it does not name them. Whether there was anything.
pub(crate) async fn erase(out: &mut impl Write, installation: &Installation, person: &Named) -> Result<bool> {
    let app = &installation.app;
    let id = match (person.id, &person.email) {
        (Some(id), _) => id,
        (None, Some(email)) => somebody(app, email).await?.id,
        (None, None) => return Err("Say who is meant, with --email or --id.".into()),
    };
    let user = app.store.user(id).await?;
    if let Some(user) = &user {
        decide(async || delete(app, user.id).await).await?;
    }
    // The count comes first: it needs to know as what they were counted.
    let counted = decide(async || app.store.count_users(&[id]).await).await?;
    let left = app.store.clean_up_user(id).await?;
    if let Some(user) = &user {
        app.store.clean_up_address(&user.email).await?;
    }
    let entries = activity_around(app, id).await?;
    let is_found = user.is_some() || counted + left > 0;
    writeln!(out, "{}", if is_found { format!("{id} is erased.") } else { format!("Nothing was found of {id}.") })?;
    writeln!(out, "{} entries of the activity tell of {id} until they expire, each after 400 days.", entries.len())?;
    Ok(is_found)
}

/// Deletes a user; what is added to the activity does not name them.
async fn delete(app: &App, id: UserId) -> roster_domain::Result<()> {
    let user = app.store.user(id).await?.ok_or(Error::UserNotFound)?;
    let subject = Subject::User { id, label: ERASED.to_owned() };
    let parties = (Actor::System, subject);
    let activity = app.activity(app.now(), Action::UserDeleted, parties, Vec::new(), &Client::default());
    app.store.apply(Change { before: Some(&user), ..Change::default() }, &activity).await
}

async fn holder(app: &App, email: &EmailAddress) -> roster_domain::Result<Option<UserId>> {
    let holders = app.store.holders(std::slice::from_ref(email)).await?;
    Ok(holders.get(email.key()).copied())
}

async fn somebody(app: &App, email: &EmailAddress) -> Result<User> {
    let user = match holder(app, email).await? {
        Some(id) => app.store.user(id).await?,
        None => None,
    };
    user.ok_or_else(|| format!("Nobody has the address {email}.").into())
}

/// What somebody did, and what was done to them, oldest first. It reads the whole activity.
async fn activity_around(app: &App, user: UserId) -> Result<Vec<ActivityRecord>> {
    let every = ActivityFilter::default();
    let theirs = ActivityFilter { actor: Some(user.to_string()), ..ActivityFilter::default() };
    let to_them = all(async |page| app.store.user_activity(user, &every, page).await).await?;
    let by_them = all(async |page| app.store.activity(&theirs, page, app.now()).await).await?;
    let entries = to_them.into_iter().chain(by_them).map(|entry| (entry.id.clone(), entry));
    Ok(entries.collect::<BTreeMap<_, _>>().into_values().collect())
}
