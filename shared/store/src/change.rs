//! Changes of users: the one way in which a user and all that hangs on them is written.
//!
//! From the user before and after follows what else must change with them: the claim on the address (I1), the set of
//! active admins (I3), the rows by which apps list their users, the terms by which people are found. It is one
//! transaction, with the activity entry (I2).

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use roster_domain::{
    Error, Result, User, activity::Activity, invites::Invite, mails::Mail, names::search_terms, sessions::Session,
    users::State,
};

use crate::{
    Claim, Store,
    items::{Attributes, Credential, EmailClaim, OfUser, RoleRow, SearchTerm, SuspensionEnd},
    keys,
    transaction::{Condition, Transaction},
};

/// What is written together with a user.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'a> {
    /// The user as read; nobody, if they are new.
    pub before: Option<&'a User>,
    /// The user as they shall be; nobody, if they are deleted.
    pub after: Option<&'a User>,
    pub credential: Option<&'a Credential>,
    pub invite: Option<&'a Invite>,
    /// A new session.
    pub session: Option<&'a Session>,
    /// A session that goes on in the new generation.
    pub kept_session: Option<&'a Session>,
    /// New mails.
    pub mails: &'a [Mail],
    /// A mail of which something is noted.
    pub noted: Option<&'a Mail>,
    /// Whether the wrong passwords for the user's account are forgotten.
    pub forget_attempts: bool,
    /// The answer to the request, if it is to be given again.
    pub answer: Option<&'a Claim>,
}

impl Store {
    /// Makes a change and notes it in the activity, both or neither.
    ///
    /// Fails with [`Error::Conflict`] if the user, the invite or the mail was written since it was read, with [`Error::EmailTaken`] if
    /// the address is somebody else's, with [`Error::LastAdmin`] if no active admin would be left, and with
    /// [`Error::Unauthenticated`] if the session that was to go on has ended.
    pub async fn apply(&self, change: Change<'_>, activity: &Activity) -> Result<()> {
        self.transaction(change, Some(activity))?.commit().await
    }

    /// Makes a change that is not told in the activity: what the system notes about its own mails.
    pub async fn note(&self, change: Change<'_>) -> Result<()> {
        self.transaction(change, None)?.commit().await
    }

    pub(crate) fn transaction(&self, change: Change<'_>, activity: Option<&Activity>) -> Result<Transaction<'_>> {
        let mut writes = Transaction::new(self);
        let Change { before, after, credential, invite, session, kept_session, mails, noted, forget_attempts, answer } =
            change;
        match (before, after) {
            (None, Some(user)) => {
                writes.put_if(user, Condition::is_new(), |_| Error::unexpected("a new user's id is taken"))?;
            }
            (Some(before), Some(after)) => {
                let after = User { revision: before.revision + 1, ..after.clone() };
                writes.put_if(&after, unchanged(before.revision), |_| Error::Conflict)?;
            }
            (Some(user), None) => {
                writes.delete_if(keys::user(user.id), unchanged(user.revision), |_| Error::Conflict)?;
                writes.delete(keys::credential(user.id))?;
            }
            (None, None) => {}
        }
        claim_address(&mut writes, before, after)?;
        keep_admins(&mut writes, before, after)?;
        keep_role_rows(&mut writes, before, after)?;
        keep_search_terms(&mut writes, before, after)?;
        keep_suspension_end(&mut writes, before, after)?;
        if let Some(credential) = credential {
            writes.put(credential)?;
        }
        if let Some(invite) = invite {
            let after = Invite { revision: invite.revision + 1, ..invite.clone() };
            writes.put_if(&after, new_or_unchanged(invite.revision), |_| Error::Conflict)?;
        } else if let Some(user) = before.filter(|user| user.invite().is_some() && !after.is_some_and(is_invited)) {
            writes.delete(keys::invite(user.id))?;
        }
        if let Some(session) = session {
            writes.put(session)?;
        }
        if let Some(session) = kept_session {
            let is_there = Condition::new("attribute_exists(pk)", []);
            writes.put_if(session, is_there, |_| Error::Unauthenticated)?;
        }
        for mail in mails {
            writes.put(mail)?;
        }
        if let Some(mail) = noted {
            let after = Mail { revision: mail.revision + 1, ..mail.clone() };
            writes.put_if(&after, unchanged(mail.revision), |_| Error::Conflict)?;
        }
        if let (true, Some(user), Some(activity)) = (forget_attempts, after, activity) {
            writes.forget_attempts(&user.email, activity.at)?;
        }
        writes.keep_answer(answer)?;
        if let Some(activity) = activity {
            writes.activity(activity)?;
        }
        Ok(writes)
    }
}

fn is_invited(user: &User) -> bool {
    user.invite().is_some()
}

pub(crate) fn unchanged(revision: u64) -> Condition {
    Condition::new("revision = :revision", [(":revision", AttributeValue::N(revision.to_string()))])
}

fn new_or_unchanged(revision: u64) -> Condition {
    let Condition { expression, values } = unchanged(revision);
    Condition { expression: format!("attribute_not_exists(revision) OR {expression}"), values }
}

fn claim_address(writes: &mut Transaction, before: Option<&User>, after: Option<&User>) -> Result<()> {
    if let (Some(before), Some(after)) = (before, after)
        && before.email == after.email
    {
        return Ok(());
    }
    if let Some(user) = before {
        writes.delete(keys::email_claim(&user.email))?;
    }
    if let Some(user) = after {
        let claim = EmailClaim { email: user.email.clone(), user: user.id };
        writes.put_if(&claim, Condition::is_new(), taken)?;
    }
    Ok(())
}

fn taken(claim: Option<Attributes>) -> Error {
    let holder = claim.map(serde_dynamo::from_item::<_, OfUser>);
    match holder {
        Some(Ok(holder)) => Error::EmailTaken { user_id: holder.user_id, status: None },
        _ => Error::unexpected("a claim on an address does not tell whose it is"),
    }
}

fn keep_admins(writes: &mut Transaction, before: Option<&User>, after: Option<&User>) -> Result<()> {
    let (was, is) = (before.filter(|user| user.is_active_admin()), after.filter(|user| user.is_active_admin()));
    let set_of = |user: &User| AttributeValue::Ss(vec![user.id.to_string()]);
    match (was, is) {
        (None, Some(user)) => {
            let values = Condition::new("", [(":ids", set_of(user))]);
            writes.update_if(keys::admins(), "ADD admin_ids :ids", values, |_| Error::LastAdmin)
        }
        (Some(user), None) => {
            let values = [
                (":ids", set_of(user)),
                (":id", AttributeValue::S(user.id.to_string())),
                (":one", AttributeValue::N("1".to_owned())),
            ];
            let others = Condition::new("contains(admin_ids, :id) AND size(admin_ids) > :one", values);
            writes.update_if(keys::admins(), "DELETE admin_ids :ids", others, |_| Error::LastAdmin)
        }
        _ => Ok(()),
    }
}

fn keep_role_rows(writes: &mut Transaction, before: Option<&User>, after: Option<&User>) -> Result<()> {
    let apps: BTreeSet<_> = [before, after].into_iter().flatten().flat_map(|user| user.app_roles.keys()).collect();
    for app in apps {
        let row = |user: Option<&User>| {
            let role = user?.app_roles.get(app)?;
            Some((user?.email.clone(), role.clone()))
        };
        match (row(before), row(after)) {
            (before, Some((email, role))) if before != Some((email.clone(), role.clone())) => {
                let user = after.map(|user| user.id).ok_or(Error::UserNotFound)?;
                writes.put(&RoleRow { user, email, app: app.clone(), role })?;
            }
            (Some(_), None) => {
                let user = before.map(|user| user.id).ok_or(Error::UserNotFound)?;
                writes.delete(keys::role(user, app))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn keep_suspension_end(writes: &mut Transaction, before: Option<&User>, after: Option<&User>) -> Result<()> {
    let end = |user: Option<&User>| match user.map(|user| (&user.state, user.id)) {
        Some((State::Suspended(suspension), user)) => suspension.until.map(|until| SuspensionEnd { user, until }),
        _ => None,
    };
    match (end(before), end(after)) {
        (_, Some(end)) => writes.put(&end),
        (Some(end), None) => writes.delete(keys::suspension(end.user)),
        (None, None) => Ok(()),
    }
}

fn keep_search_terms(writes: &mut Transaction, before: Option<&User>, after: Option<&User>) -> Result<()> {
    let terms = |user: Option<&User>| user.and_then(|user| user.name.as_ref()).map(search_terms).unwrap_or_default();
    let (old, new) = (terms(before), terms(after));
    let Some(user) = before.or(after).map(|user| user.id) else {
        return Ok(());
    };
    for n in 0..old.len().max(new.len()) {
        match (old.get(n), new.get(n)) {
            (old, Some(term)) if old != Some(term) => writes.put(&SearchTerm { user, n, term: term.clone() })?,
            (Some(_), None) => writes.delete(keys::search_term(user, n))?,
            _ => {}
        }
    }
    Ok(())
}
