//! What follows from changes of users, apps and the activity.
//!
//! The summary counts users as they are now; a deleted user's rest is removed; roles that an app has no more are taken
//! from its users; the activity is sealed and published. All of it reads the present state, so records may come twice
//! or late. It is one operation because no more than two functions should read a stream (AWS's limit of readers per
//! shard), and mail, which people wait for, is the other.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use aws_lambda_events::dynamodb::{Event, EventRecord};
use lambda_runtime::Error;
use roster_domain::{
    AppSlug, UserId,
    activity::{Action, Actor, Subject, user_changes},
};
use roster_store::{
    ActivityRecord, Change, PageRequest, SealedEntry,
    keys::{ACTIVITY_PREFIX, app_of_key, user_of_partition},
};
use roster_web::{App, Client, decide};
use serde_json::Value;

use super::{
    publish::{Bus, DomainEvent, Unpublished},
    stream,
};
use crate::operations::Payload;

/// An entry of the activity that a record brought.
struct Entry {
    sequence_number: Option<String>,
    sealed: SealedEntry,
    event: DomainEvent,
}

/// Follows up the changes of these stream records.
pub async fn follow_changes(app: App, bus: Bus, event: Payload) -> Result<Value, Error> {
    let event: Event = serde_json::from_str(event.get())?;
    let counted = Vec::from_iter(event.records.iter().filter_map(counted_anew).collect::<BTreeSet<_>>());
    let counting = decide(async || app.store.count_users(&counted).await).await;
    if let Err(error) = &counting {
        tracing::warn!(?error, "users could not be counted together: each is alone");
    }
    let entries = Mutex::new(Vec::new());
    let answer = stream::each(event, async |record| {
        let key = stream::key(&record, "pk").zip(stream::key(&record, "sk"));
        let Some((pk, sk)) = key.map(|(pk, sk)| (pk.to_owned(), sk.to_owned())) else {
            return Ok(());
        };
        if let Some(user) = user_of_partition(&pk) {
            // It comes first: what is left of a deleted user tells as what they were counted.
            if counting.is_err() && counted_anew(&record).is_some() {
                decide(async || app.store.count_users(&[user]).await).await?;
            }
            follow_user(&app, user, &record).await
        } else if let Some(slug) = app_of_key(&pk, &sk) {
            take_roles_away(&app, &slug).await
        } else if pk.starts_with(ACTIVITY_PREFIX) {
            let entry: ActivityRecord =
                serde_dynamo::from_item(record.change.new_image).map_err(roster_domain::Error::unexpected)?;
            let entry = Entry {
                sequence_number: record.change.sequence_number,
                sealed: SealedEntry::new((&pk, &sk), &entry)?,
                event: entry.into(),
            };
            entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
            Ok(())
        } else {
            Ok(())
        }
    })
    .await?;
    let entries = entries.into_inner().unwrap_or_else(PoisonError::into_inner);
    if entries.is_empty() {
        return Ok(answer);
    }
    let now = app.now();
    let sealed: Vec<SealedEntry> = entries.iter().map(|entry| entry.sealed.clone()).collect();
    decide(async || app.store.seal(&sealed, now).await).await?;
    // Last, for it is the one step that depends on another service: counting and sealing are done by now.
    let events: Vec<DomainEvent> = entries.iter().map(|entry| entry.event.clone()).collect();
    match bus.publish(&events).await {
        Ok(()) => Ok(answer),
        Err(Unpublished { first, reason }) => {
            tracing::error!(reason, event.id = events[first].id, "events could not be published");
            Ok(stream::failed_from(entries[first].sequence_number.clone())?)
        }
    }
}

/// The user that a record is about, if they may be counted as something else by now.
fn counted_anew(record: &EventRecord) -> Option<UserId> {
    let (old, new) = (&record.change.old_image, &record.change.new_image);
    let is_counted_alike = ["state", "role"].iter().all(|name| old.get(*name) == new.get(*name));
    stream::key(record, "pk").and_then(user_of_partition).filter(|_| !is_counted_alike)
}

async fn follow_user(app: &App, user: UserId, record: &EventRecord) -> roster_domain::Result<()> {
    let (old, new) = (&record.change.old_image, &record.change.new_image);
    if record.event_name == "REMOVE" {
        app.store.clean_up_user(user).await?;
    } else if has_app_roles(new) && old.get("app_roles") != new.get("app_roles") {
        take_void_roles_away(app, user).await?;
    }
    Ok(())
}

fn has_app_roles(user: &serde_dynamo::Item) -> bool {
    matches!(user.get("app_roles"), Some(serde_dynamo::AttributeValue::M(roles)) if !roles.is_empty())
}

/// Takes the roles in a deleted app from all users who have one.
async fn take_roles_away(app: &App, slug: &AppSlug) -> roster_domain::Result<()> {
    while take_some_roles_away(app, slug).await? > 0 {}
    Ok(())
}

/// Takes the roles in a deleted app from a page of those who have one. How many that were.
pub(crate) async fn take_some_roles_away(app: &App, slug: &AppSlug) -> roster_domain::Result<usize> {
    let page = PageRequest { limit: 100, cursor: None };
    let users = app.store.app_users(slug, None, &page).await?.items;
    if users.is_empty() || app.store.app(slug).await?.is_some() {
        return Ok(0);
    }
    let count = users.len();
    for user in users {
        take_void_roles_away(app, user.id).await?;
    }
    Ok(count)
}

/// Takes the roles from a user that their apps do not have: the app is deleted, or the role was removed from it while
/// the user got it.
async fn take_void_roles_away(app: &App, user: UserId) -> roster_domain::Result<()> {
    decide(async || {
        let Some(before) = app.store.user(user).await? else {
            return Ok(());
        };
        let apps = app.store.apps_of(&before.app_roles).await?;
        let now = app.now();
        let mut after = before.clone();
        after.app_roles.retain(|slug, role| apps.iter().any(|app| app.slug == *slug && app.has_role(role)));
        let changes = user_changes(Some(&before), Some(&after));
        if changes.is_empty() {
            return Ok(());
        }
        after.changed(now);
        let parties = (Actor::System, Subject::from(&after));
        let activity = app.activity(now, Action::AppRoleRemoved, parties, changes, &Client::default());
        let change = Change { before: Some(&before), after: Some(&after), ..Change::default() };
        app.store.apply(change, &activity).await
    })
    .await
}
