//! How things lie in the table: one type an item, apart from what the domain thinks of them.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::AttributeValue};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use roster_domain::{
    ApiKeyId, AppSlug, EmailAddress, Error, Invalid, MailId, PersonName, Result, Role, RoleSlug, SessionId, Status,
    User, UserId,
    activity::{Activity, Actor, Subject},
    api_keys::ApiKey,
    apps::{App, AppRole},
    invites::{Invite, Link},
    mails::{Delivery, Fate, Kind, Mail, MailState, Report},
    passwords::StoredPassword,
    resets::PasswordReset,
    sessions::Session,
    settings::{EmailSettings, Line, PlatformUrl, SecuritySettings, WebAddress},
    templates::{CustomTemplate, TemplateFailure, TemplateKind, TemplateSource},
    tokens::SecretHash,
    users::{Invited, State, Suspension},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_with::{DisplayFromStr, serde_as};

use crate::keys::{self, Entry, Key};

/// The attributes of an item.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// What is kept as an item.
pub(crate) trait Item: Sized {
    type Stored: Serialize + DeserializeOwned;

    fn key(&self) -> Key;
    fn stored(&self) -> Self::Stored;
    fn restored(stored: Self::Stored) -> Result<Self, Invalid>;

    fn gsi1(&self) -> Option<Entry> {
        None
    }

    fn gsi2(&self) -> Option<Entry> {
        None
    }

    /// When DynamoDB may delete the item. It may take days, so readers judge for themselves.
    fn ends_at(&self) -> Option<Timestamp> {
        None
    }

    fn attributes(&self) -> Result<Attributes> {
        let mut attributes: Attributes = serde_dynamo::to_item(self.stored()).map_err(Error::unexpected)?;
        attributes.extend(self.key().attributes());
        for (index, entry) in [("gsi1", self.gsi1()), ("gsi2", self.gsi2())] {
            if let Some(entry) = entry {
                attributes.insert(format!("{index}pk"), AttributeValue::S(entry.pk));
                attributes.insert(format!("{index}sk"), AttributeValue::S(entry.sk));
            }
        }
        if let Some(end) = self.ends_at() {
            let end = AttributeValue::N(end.as_second().to_string());
            attributes.insert(crate::schema::TTL_ATTRIBUTE.to_owned(), end);
        }
        Ok(attributes)
    }

    fn from_attributes(attributes: Attributes) -> Result<Self> {
        let key = ["pk", "sk"].map(|name| attributes.get(name).and_then(|value| value.as_s().ok()).cloned());
        let unreadable = |reason: &dyn std::fmt::Display| {
            let [pk, sk] = key.clone().map(Option::unwrap_or_default);
            Error::unexpected(format!("the item {pk} {sk} cannot be read: {reason}"))
        };
        let stored = serde_dynamo::from_item(attributes).map_err(|error| unreadable(&error))?;
        Self::restored(stored).map_err(|error| unreadable(&error))
    }
}

impl Key {
    pub(crate) fn attributes(self) -> Attributes {
        HashMap::from([("pk".to_owned(), AttributeValue::S(self.pk)), ("sk".to_owned(), AttributeValue::S(self.sk))])
    }
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredUser {
    #[serde_as(as = "DisplayFromStr")]
    id: UserId,
    #[serde_as(as = "DisplayFromStr")]
    email: EmailAddress,
    #[serde_as(as = "Option<DisplayFromStr>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<PersonName>,
    state: StoredState,
    #[serde_as(as = "DisplayFromStr")]
    role: Role,
    #[serde_as(as = "BTreeMap<DisplayFromStr, DisplayFromStr>")]
    #[serde(default)]
    app_roles: BTreeMap<AppSlug, RoleSlug>,
    #[serde(default)]
    password_temporary: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Option<Timestamp>,
    version: u64,
    revision: u64,
    session_generation: u64,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum StoredState {
    Invited {
        generation: u64,
        expires_at: Timestamp,
        #[serde(default)]
        expiry_recorded: bool,
        invited_by: String,
        sent_at: Option<Timestamp>,
        times_sent: u32,
        renewal_requested_at: Option<Timestamp>,
        #[serde_as(as = "DisplayFromStr")]
        delivery: Delivery,
        delivery_detail: Option<String>,
        #[serde_as(as = "Option<DisplayFromStr>")]
        mail: Option<MailId>,
    },
    Active,
    Suspended {
        reason: Option<String>,
        until: Option<Timestamp>,
    },
}

impl Item for User {
    type Stored = StoredUser;

    fn key(&self) -> Key {
        keys::user(self.id)
    }

    fn gsi1(&self) -> Option<Entry> {
        Some(keys::users_by_email(&self.email))
    }

    fn gsi2(&self) -> Option<Entry> {
        Some(keys::users_by_name(self.name.as_ref().map(PersonName::as_str), &self.email))
    }

    fn stored(&self) -> StoredUser {
        let user = self.clone();
        let state = match user.state {
            State::Invited(invited) => StoredState::Invited {
                generation: invited.generation,
                expires_at: invited.expires_at,
                expiry_recorded: invited.expiry_recorded,
                invited_by: invited.invited_by,
                sent_at: invited.sent_at,
                times_sent: invited.times_sent,
                renewal_requested_at: invited.renewal_requested_at,
                delivery: invited.delivery,
                delivery_detail: invited.delivery_detail,
                mail: invited.mail,
            },
            State::Active => StoredState::Active,
            State::Suspended(Suspension { reason, until }) => StoredState::Suspended { reason, until },
        };
        StoredUser {
            id: user.id,
            email: user.email,
            name: user.name,
            state,
            role: user.role,
            app_roles: user.app_roles,
            password_temporary: user.password_temporary,
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_sign_in_at: user.last_sign_in_at,
            version: user.version,
            revision: user.revision,
            session_generation: user.session_generation,
        }
    }

    fn restored(stored: StoredUser) -> Result<Self, Invalid> {
        let state = match stored.state {
            StoredState::Invited {
                generation,
                expires_at,
                expiry_recorded,
                invited_by,
                sent_at,
                times_sent,
                renewal_requested_at,
                delivery,
                delivery_detail,
                mail,
            } => State::Invited(Invited {
                generation,
                expires_at,
                expiry_recorded,
                invited_by,
                sent_at,
                times_sent,
                renewal_requested_at,
                delivery,
                delivery_detail,
                mail,
            }),
            StoredState::Active => State::Active,
            StoredState::Suspended { reason, until } => State::Suspended(Suspension { reason, until }),
        };
        Ok(Self {
            id: stored.id,
            email: stored.email,
            name: stored.name,
            state,
            role: stored.role,
            app_roles: stored.app_roles,
            password_temporary: stored.password_temporary,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            last_sign_in_at: stored.last_sign_in_at,
            version: stored.version,
            revision: stored.revision,
            session_generation: stored.session_generation,
        })
    }
}

/// Who holds an address.
pub(crate) struct EmailClaim {
    pub(crate) email: EmailAddress,
    pub(crate) user: UserId,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredEmailClaim {
    #[serde_as(as = "DisplayFromStr")]
    email: EmailAddress,
    #[serde_as(as = "DisplayFromStr")]
    user_id: UserId,
}

impl Item for EmailClaim {
    type Stored = StoredEmailClaim;

    fn key(&self) -> Key {
        keys::email_claim(&self.email)
    }

    fn gsi1(&self) -> Option<Entry> {
        Some(keys::search_by_email(&self.email))
    }

    fn gsi2(&self) -> Option<Entry> {
        Some(keys::users_by_age(self.user))
    }

    fn stored(&self) -> StoredEmailClaim {
        StoredEmailClaim { email: self.email.clone(), user_id: self.user }
    }

    fn restored(stored: StoredEmailClaim) -> Result<Self, Invalid> {
        Ok(Self { email: stored.email, user: stored.user_id })
    }
}

/// What an item in an index says of whose it is.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct OfUser {
    #[serde_as(as = "DisplayFromStr")]
    pub(crate) user_id: UserId,
}

/// One way to find a user by name.
pub(crate) struct SearchTerm {
    pub(crate) user: UserId,
    pub(crate) n: usize,
    pub(crate) term: String,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredSearchTerm {
    #[serde_as(as = "DisplayFromStr")]
    user_id: UserId,
    n: usize,
    term: String,
}

impl Item for SearchTerm {
    type Stored = StoredSearchTerm;

    fn key(&self) -> Key {
        keys::search_term(self.user, self.n)
    }

    fn gsi1(&self) -> Option<Entry> {
        Some(keys::search_by_name(&self.term, self.user))
    }

    fn stored(&self) -> StoredSearchTerm {
        StoredSearchTerm { user_id: self.user, n: self.n, term: self.term.clone() }
    }

    fn restored(stored: StoredSearchTerm) -> Result<Self, Invalid> {
        Ok(Self { user: stored.user_id, n: stored.n, term: stored.term })
    }
}

/// The row by which an app lists its users.
pub(crate) struct RoleRow {
    pub(crate) user: UserId,
    pub(crate) email: EmailAddress,
    pub(crate) app: AppSlug,
    pub(crate) role: RoleSlug,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredRoleRow {
    #[serde_as(as = "DisplayFromStr")]
    user_id: UserId,
    #[serde_as(as = "DisplayFromStr")]
    email: EmailAddress,
    #[serde_as(as = "DisplayFromStr")]
    app: AppSlug,
    #[serde_as(as = "DisplayFromStr")]
    role: RoleSlug,
}

impl Item for RoleRow {
    type Stored = StoredRoleRow;

    fn key(&self) -> Key {
        keys::role(self.user, &self.app)
    }

    fn gsi1(&self) -> Option<Entry> {
        Some(keys::app_users_by_role(&self.app, &self.role, &self.email))
    }

    fn gsi2(&self) -> Option<Entry> {
        Some(keys::app_users(&self.app, &self.email))
    }

    fn stored(&self) -> StoredRoleRow {
        let (email, app, role) = (self.email.clone(), self.app.clone(), self.role.clone());
        StoredRoleRow { user_id: self.user, email, app, role }
    }

    fn restored(stored: StoredRoleRow) -> Result<Self, Invalid> {
        Ok(Self { user: stored.user_id, email: stored.email, app: stored.app, role: stored.role })
    }
}

/// How a user proves who they are.
#[derive(Clone, Debug)]
pub struct Credential {
    pub user: UserId,
    pub password: StoredPassword,
    pub changed_at: Timestamp,
    /// Until when a temporary password opens anything.
    pub temporary_until: Option<Timestamp>,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredCredential {
    #[serde_as(as = "DisplayFromStr")]
    user_id: UserId,
    phc: String,
    changed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temporary_until: Option<Timestamp>,
}

impl Item for Credential {
    type Stored = StoredCredential;

    fn key(&self) -> Key {
        keys::credential(self.user)
    }

    fn stored(&self) -> StoredCredential {
        StoredCredential {
            user_id: self.user,
            phc: self.password.as_phc().to_owned(),
            changed_at: self.changed_at,
            temporary_until: self.temporary_until,
        }
    }

    fn restored(stored: StoredCredential) -> Result<Self, Invalid> {
        let StoredCredential { user_id: user, phc, changed_at, temporary_until } = stored;
        let password = StoredPassword::from_phc(phc);
        Ok(Self { user, password, changed_at, temporary_until })
    }
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredInvite {
    #[serde_as(as = "DisplayFromStr")]
    user_id: UserId,
    generation: u64,
    expires_at: Timestamp,
    #[serde(default)]
    expiry_recorded: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remind_at: Option<Timestamp>,
    valid_hours: u16,
    message: Option<String>,
    links: Vec<StoredLink>,
    #[serde(default)]
    revision: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredLink {
    hash: String,
    generation: u64,
}

impl Item for Invite {
    type Stored = StoredInvite;

    fn key(&self) -> Key {
        keys::invite(self.user)
    }

    fn gsi1(&self) -> Option<Entry> {
        Some(keys::invites_by_expiry(self.expires_at, self.user))
    }

    fn gsi2(&self) -> Option<Entry> {
        self.due_at().map(|at| keys::expiring(at, self.user))
    }

    fn stored(&self) -> StoredInvite {
        let links =
            self.links.iter().map(|link| StoredLink { hash: hash_text(&link.hash), generation: link.generation });
        StoredInvite {
            user_id: self.user,
            generation: self.generation,
            expires_at: self.expires_at,
            expiry_recorded: self.expiry_recorded,
            remind_at: self.remind_at,
            valid_hours: self.valid_hours,
            message: self.message.clone(),
            links: links.collect(),
            revision: self.revision,
        }
    }

    fn restored(stored: StoredInvite) -> Result<Self, Invalid> {
        let links = stored.links.into_iter().map(|link| {
            let hash = hash_from_text(&link.hash)?;
            Ok(Link { hash, generation: link.generation })
        });
        Ok(Self {
            user: stored.user_id,
            generation: stored.generation,
            expires_at: stored.expires_at,
            expiry_recorded: stored.expiry_recorded,
            remind_at: stored.remind_at,
            valid_hours: stored.valid_hours,
            message: stored.message,
            links: links.collect::<Result<_, Invalid>>()?,
            revision: stored.revision,
        })
    }
}

fn hash_text(hash: &SecretHash) -> String {
    STANDARD.encode(hash.as_bytes())
}

fn hash_from_text(text: &str) -> Result<SecretHash, Invalid> {
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.map(SecretHash::from).ok_or_else(|| "a hash is damaged".into())
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredSession {
    #[serde_as(as = "DisplayFromStr")]
    id: SessionId,
    #[serde_as(as = "DisplayFromStr")]
    user_id: UserId,
    secret_hash: String,
    generation: u64,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    expires_at: Timestamp,
    idle_minutes: u16,
    user_agent: Option<String>,
    ip: Option<String>,
}

impl Item for Session {
    type Stored = StoredSession;

    fn key(&self) -> Key {
        keys::session(self.user, self.id)
    }

    fn ends_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }

    fn stored(&self) -> StoredSession {
        StoredSession {
            id: self.id,
            user_id: self.user,
            secret_hash: hash_text(&self.secret),
            generation: self.generation,
            created_at: self.created_at,
            last_seen_at: self.last_seen_at,
            expires_at: self.expires_at,
            idle_minutes: self.idle_minutes,
            user_agent: self.user_agent.clone(),
            ip: self.ip.clone(),
        }
    }

    fn restored(stored: StoredSession) -> Result<Self, Invalid> {
        Ok(Self {
            id: stored.id,
            user: stored.user_id,
            secret: hash_from_text(&stored.secret_hash)?,
            generation: stored.generation,
            created_at: stored.created_at,
            last_seen_at: stored.last_seen_at,
            expires_at: stored.expires_at,
            idle_minutes: stored.idle_minutes,
            user_agent: stored.user_agent,
            ip: stored.ip,
        })
    }
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredMail {
    #[serde_as(as = "DisplayFromStr")]
    id: MailId,
    #[serde_as(as = "Option<DisplayFromStr>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde_as(as = "DisplayFromStr")]
    to: EmailAddress,
    kind: StoredKind,
    state: StoredMailState,
    attempts: u32,
    created_at: Timestamp,
    #[serde(default)]
    revision: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum StoredKind {
    Invitation { generation: u64 },
    InvitationReminder { generation: u64 },
    PasswordChanged,
    PasswordReset,
    TemporaryPassword,
    EmailChanged { old: String, new: String },
    Welcome,
    Test,
    WebhookDisabled { webhook: String, reason: String },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum StoredMailState {
    Queued {
        due_at: Timestamp,
        last_failure: Option<String>,
    },
    Sent {
        at: Timestamp,
        ses_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<StoredReport>,
    },
    Failed {
        reason: String,
    },
    Dropped,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
struct StoredReport {
    #[serde_as(as = "DisplayFromStr")]
    fate: Fate,
    detail: Option<String>,
}

/// For how long a mail is kept in the outbox after it was asked for.
const MAIL_KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

impl Item for Mail {
    type Stored = StoredMail;

    fn key(&self) -> Key {
        keys::mail(self.user, &self.to, self.id)
    }

    fn gsi1(&self) -> Option<Entry> {
        match self.state {
            MailState::Queued { due_at, .. } => Some(keys::outbox(due_at, self.id)),
            MailState::Sent { .. } | MailState::Failed { .. } | MailState::Dropped => None,
        }
    }

    fn ends_at(&self) -> Option<Timestamp> {
        self.created_at.checked_add(MAIL_KEPT).ok()
    }

    fn stored(&self) -> StoredMail {
        let kind = match self.kind.clone() {
            Kind::Invitation { generation } => StoredKind::Invitation { generation },
            Kind::InvitationReminder { generation } => StoredKind::InvitationReminder { generation },
            Kind::PasswordChanged => StoredKind::PasswordChanged,
            Kind::PasswordReset => StoredKind::PasswordReset,
            Kind::TemporaryPassword => StoredKind::TemporaryPassword,
            Kind::EmailChanged { old, new } => StoredKind::EmailChanged { old, new },
            Kind::Welcome => StoredKind::Welcome,
            Kind::Test => StoredKind::Test,
            Kind::WebhookDisabled { webhook, reason } => StoredKind::WebhookDisabled { webhook, reason },
        };
        let state = match self.state.clone() {
            MailState::Queued { due_at, last_failure } => StoredMailState::Queued { due_at, last_failure },
            MailState::Sent { at, ses_id, report } => {
                let report = report.map(|Report { fate, detail }| StoredReport { fate, detail });
                StoredMailState::Sent { at, ses_id, report }
            }
            MailState::Failed { reason } => StoredMailState::Failed { reason },
            MailState::Dropped => StoredMailState::Dropped,
        };
        StoredMail {
            id: self.id,
            user_id: self.user,
            to: self.to.clone(),
            kind,
            state,
            attempts: self.attempts,
            created_at: self.created_at,
            revision: self.revision,
        }
    }

    fn restored(stored: StoredMail) -> Result<Self, Invalid> {
        let kind = match stored.kind {
            StoredKind::Invitation { generation } => Kind::Invitation { generation },
            StoredKind::InvitationReminder { generation } => Kind::InvitationReminder { generation },
            StoredKind::PasswordChanged => Kind::PasswordChanged,
            StoredKind::PasswordReset => Kind::PasswordReset,
            StoredKind::TemporaryPassword => Kind::TemporaryPassword,
            StoredKind::EmailChanged { old, new } => Kind::EmailChanged { old, new },
            StoredKind::Welcome => Kind::Welcome,
            StoredKind::Test => Kind::Test,
            StoredKind::WebhookDisabled { webhook, reason } => Kind::WebhookDisabled { webhook, reason },
        };
        let state = match stored.state {
            StoredMailState::Queued { due_at, last_failure } => MailState::Queued { due_at, last_failure },
            StoredMailState::Sent { at, ses_id, report } => {
                let report = report.map(|StoredReport { fate, detail }| Report { fate, detail });
                MailState::Sent { at, ses_id, report }
            }
            StoredMailState::Failed { reason } => MailState::Failed { reason },
            StoredMailState::Dropped => MailState::Dropped,
        };
        Ok(Self {
            id: stored.id,
            user: stored.user_id,
            to: stored.to,
            kind,
            state,
            attempts: stored.attempts,
            created_at: stored.created_at,
            revision: stored.revision,
        })
    }
}

/// For how long the activity is kept.
pub(crate) const ACTIVITY_KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

/// One entry of the activity as it is stored, and as it is read: what it tells is text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActivityRecord {
    pub id: String,
    pub at: Timestamp,
    pub action: String,
    pub actor: Party,
    pub subject: Party,
    pub changes: BTreeMap<String, (Option<String>, Option<String>)>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
}

/// Who did something, or to whom it was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Party {
    pub kind: String,
    pub id: Option<String>,
    pub label: Option<String>,
}

impl Party {
    fn new(kind: &str, id: impl Into<Option<String>>, label: impl Into<Option<String>>) -> Self {
        Self { kind: kind.to_owned(), id: id.into(), label: label.into() }
    }
}

pub(crate) fn activity_key(activity: &Activity) -> Key {
    keys::activity(activity.at, activity.id)
}

impl From<&Activity> for ActivityRecord {
    fn from(activity: &Activity) -> Self {
        let actor = match activity.actor.clone() {
            Actor::User { id, label } => Party::new("user", id.to_string(), label),
            Actor::ApiKey { id, label } => Party::new("api_key", id.to_string(), label),
            Actor::System => Party::new("system", None, None),
            Actor::Anonymous => Party::new("anonymous", None, None),
        };
        let subject = match activity.subject.clone() {
            Subject::User { id, label } => Party::new("user", id.to_string(), label),
            Subject::Address { label } => Party::new("address", None, label),
            Subject::App { slug, label } => Party::new("app", slug.to_string(), label),
            Subject::ApiKey { id, label } => Party::new("api_key", id.to_string(), label),
            Subject::Webhook { id, label } => Party::new("webhook", id.to_string(), label),
            Subject::Installation => Party::new("installation", None, None),
        };
        let changes = activity.changes.iter().map(|change| {
            let values = (change.old.clone(), change.new.clone());
            (change.field.clone(), values)
        });
        Self {
            id: activity.id.to_string(),
            at: activity.at,
            action: activity.action.as_str().to_owned(),
            actor,
            subject,
            changes: changes.collect(),
            ip: activity.origin.ip.clone(),
            user_agent: activity.origin.user_agent.clone(),
            request_id: activity.origin.request_id.clone(),
        }
    }
}

pub(crate) fn activity_attributes(activity: &Activity) -> Result<Attributes> {
    let entry = match activity.subject {
        Subject::User { id, .. } => Some(keys::activity_of_user(id, activity.id)),
        _ => None,
    };
    let mut attributes: Attributes =
        serde_dynamo::to_item(ActivityRecord::from(activity)).map_err(Error::unexpected)?;
    attributes.extend(activity_key(activity).attributes());
    if let Some(entry) = entry {
        attributes.insert("gsi1pk".to_owned(), AttributeValue::S(entry.pk));
        attributes.insert("gsi1sk".to_owned(), AttributeValue::S(entry.sk));
    }
    if let Ok(end) = activity.at.checked_add(ACTIVITY_KEPT) {
        let end = AttributeValue::N(end.as_second().to_string());
        attributes.insert(crate::schema::TTL_ATTRIBUTE.to_owned(), end);
    }
    Ok(attributes)
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredApp {
    #[serde_as(as = "DisplayFromStr")]
    slug: AppSlug,
    name: String,
    url: Option<String>,
    description: Option<String>,
    roles: Vec<StoredAppRole>,
    created_at: Timestamp,
    version: u64,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
struct StoredAppRole {
    #[serde_as(as = "DisplayFromStr")]
    slug: RoleSlug,
    name: String,
    description: Option<String>,
}

impl Item for App {
    type Stored = StoredApp;

    fn key(&self) -> Key {
        keys::app(&self.slug)
    }

    fn gsi1(&self) -> Option<Entry> {
        Some(keys::apps(&self.slug))
    }

    fn stored(&self) -> StoredApp {
        let roles = self.roles.iter().map(|role| StoredAppRole {
            slug: role.slug.clone(),
            name: role.name.as_str().to_owned(),
            description: role.description.as_ref().map(line_text),
        });
        StoredApp {
            slug: self.slug.clone(),
            name: self.name.as_str().to_owned(),
            url: self.url.as_ref().map(|url| url.as_str().to_owned()),
            description: self.description.as_ref().map(line_text),
            roles: roles.collect(),
            created_at: self.created_at,
            version: self.version,
        }
    }

    fn restored(stored: StoredApp) -> Result<Self, Invalid> {
        let roles = stored.roles.into_iter().map(|role| {
            let description = parsed::<Line>(role.description)?;
            Ok(AppRole { slug: role.slug, name: role.name.parse()?, description })
        });
        Ok(Self {
            slug: stored.slug,
            name: stored.name.parse()?,
            url: parsed::<WebAddress>(stored.url)?,
            description: parsed(stored.description)?,
            roles: roles.collect::<Result<_, Invalid>>()?,
            created_at: stored.created_at,
            version: stored.version,
        })
    }
}

fn line_text(line: &Line) -> String {
    line.as_str().to_owned()
}

fn parsed<T: std::str::FromStr<Err = Invalid>>(text: Option<String>) -> Result<Option<T>, Invalid> {
    text.map(|text| text.parse()).transpose()
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredEmailSettings {
    #[serde_as(as = "DisplayFromStr")]
    from_address: EmailAddress,
    from_name: Option<String>,
    #[serde_as(as = "Option<DisplayFromStr>")]
    reply_to: Option<EmailAddress>,
    company: Option<String>,
    logo_url: Option<String>,
    #[serde_as(as = "DisplayFromStr")]
    platform_url: PlatformUrl,
    invite_valid_hours: u16,
    reset_valid_minutes: u16,
    #[serde(default = "remind_invitees")]
    remind_invitees: bool,
}

fn remind_invitees() -> bool {
    EmailSettings::DEFAULT_REMIND_INVITEES
}

impl Item for EmailSettings {
    type Stored = StoredEmailSettings;

    fn key(&self) -> Key {
        keys::email_settings()
    }

    fn stored(&self) -> StoredEmailSettings {
        StoredEmailSettings {
            from_address: self.from_address.clone(),
            from_name: self.from_name.as_ref().map(line_text),
            reply_to: self.reply_to.clone(),
            company: self.company.as_ref().map(line_text),
            logo_url: self.logo_url.as_ref().map(|url| url.as_str().to_owned()),
            platform_url: self.platform_url.clone(),
            invite_valid_hours: self.invite_valid_hours,
            reset_valid_minutes: self.reset_valid_minutes,
            remind_invitees: self.remind_invitees,
        }
    }

    fn restored(stored: StoredEmailSettings) -> Result<Self, Invalid> {
        Ok(Self {
            from_address: stored.from_address,
            from_name: parsed(stored.from_name)?,
            reply_to: stored.reply_to,
            company: parsed(stored.company)?,
            logo_url: parsed(stored.logo_url)?,
            platform_url: stored.platform_url,
            invite_valid_hours: stored.invite_valid_hours,
            reset_valid_minutes: stored.reset_valid_minutes,
            remind_invitees: stored.remind_invitees,
        })
    }
}

/// Which mail was the newest test.
pub(crate) struct LastTest {
    pub(crate) mail: MailId,
    pub(crate) to: EmailAddress,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredLastTest {
    #[serde_as(as = "DisplayFromStr")]
    mail: MailId,
    #[serde_as(as = "DisplayFromStr")]
    to: EmailAddress,
}

impl Item for LastTest {
    type Stored = StoredLastTest;

    fn key(&self) -> Key {
        keys::last_test()
    }

    fn stored(&self) -> StoredLastTest {
        StoredLastTest { mail: self.mail, to: self.to.clone() }
    }

    fn restored(stored: StoredLastTest) -> Result<Self, Invalid> {
        Ok(Self { mail: stored.mail, to: stored.to })
    }
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredTemplate {
    #[serde_as(as = "DisplayFromStr")]
    kind: TemplateKind,
    subject: String,
    html: String,
    text: String,
    changed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<StoredTemplateFailure>,
}

#[derive(Serialize, Deserialize)]
struct StoredTemplateFailure {
    at: Timestamp,
    reason: String,
}

impl Item for CustomTemplate {
    type Stored = StoredTemplate;

    fn key(&self) -> Key {
        keys::template(self.kind)
    }

    fn stored(&self) -> StoredTemplate {
        let TemplateSource { subject, html, text } = self.source.clone();
        let failure = self.failure.clone().map(|TemplateFailure { at, reason }| StoredTemplateFailure { at, reason });
        StoredTemplate { kind: self.kind, subject, html, text, changed_at: self.changed_at, failure }
    }

    fn restored(stored: StoredTemplate) -> Result<Self, Invalid> {
        let source = TemplateSource { subject: stored.subject, html: stored.html, text: stored.text };
        let failure = stored.failure.map(|StoredTemplateFailure { at, reason }| TemplateFailure { at, reason });
        Ok(Self { kind: stored.kind, source, changed_at: stored.changed_at, failure })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredSecuritySettings {
    password_min_length: u16,
    sign_in_attempts: u16,
    session_idle_minutes: u16,
    session_absolute_hours: u16,
    temporary_password_hours: u16,
    #[serde(default = "remove_expired_after_days")]
    remove_expired_after_days: Option<u16>,
}

fn remove_expired_after_days() -> Option<u16> {
    SecuritySettings::default().remove_expired_after_days
}

impl Item for SecuritySettings {
    type Stored = StoredSecuritySettings;

    fn key(&self) -> Key {
        keys::security_settings()
    }

    fn stored(&self) -> StoredSecuritySettings {
        StoredSecuritySettings {
            password_min_length: self.password_min_length,
            sign_in_attempts: self.sign_in_attempts,
            session_idle_minutes: self.session_idle_minutes,
            session_absolute_hours: self.session_absolute_hours,
            temporary_password_hours: self.temporary_password_hours,
            remove_expired_after_days: self.remove_expired_after_days,
        }
    }

    fn restored(stored: StoredSecuritySettings) -> Result<Self, Invalid> {
        Ok(Self {
            password_min_length: stored.password_min_length,
            sign_in_attempts: stored.sign_in_attempts,
            session_idle_minutes: stored.session_idle_minutes,
            session_absolute_hours: stored.session_absolute_hours,
            temporary_password_hours: stored.temporary_password_hours,
            remove_expired_after_days: stored.remove_expired_after_days,
        })
    }
}

/// Exists once the first admin was set up.
pub(crate) struct Installation {
    pub(crate) set_up_at: Timestamp,
    /// What list cursors are sealed with.
    pub(crate) cursor_key: [u8; 32],
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredInstallation {
    set_up_at: Timestamp,
    cursor_key: String,
}

impl Item for Installation {
    type Stored = StoredInstallation;

    fn key(&self) -> Key {
        keys::installation()
    }

    fn stored(&self) -> StoredInstallation {
        StoredInstallation { set_up_at: self.set_up_at, cursor_key: STANDARD.encode(self.cursor_key) }
    }

    fn restored(stored: StoredInstallation) -> Result<Self, Invalid> {
        let cursor_key = STANDARD.decode(stored.cursor_key).ok().and_then(|key| key.try_into().ok());
        let cursor_key = cursor_key.ok_or(Invalid("the cursor key is damaged".to_owned()))?;
        Ok(Self { set_up_at: stored.set_up_at, cursor_key })
    }
}

/// Whether an update was refused by its condition.
pub(crate) fn is_refused(error: &UpdateItemError) -> bool {
    error.is_conditional_check_failed_exception()
}

/// A link as an element of a stored invite.
pub(crate) fn link_attribute(hash: &SecretHash, generation: u64) -> AttributeValue {
    AttributeValue::M(HashMap::from([
        ("hash".to_owned(), AttributeValue::S(hash_text(hash))),
        ("generation".to_owned(), AttributeValue::N(generation.to_string())),
    ]))
}

/// When a suspension ends by itself. It exists while there is such an end.
pub(crate) struct SuspensionEnd {
    pub(crate) user: UserId,
    pub(crate) until: Timestamp,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredSuspensionEnd {
    #[serde_as(as = "DisplayFromStr")]
    user_id: UserId,
    until: Timestamp,
}

impl Item for SuspensionEnd {
    type Stored = StoredSuspensionEnd;

    fn key(&self) -> Key {
        keys::suspension(self.user)
    }

    fn gsi2(&self) -> Option<Entry> {
        Some(keys::expiring(self.until, self.user))
    }

    fn stored(&self) -> StoredSuspensionEnd {
        StoredSuspensionEnd { user_id: self.user, until: self.until }
    }

    fn restored(stored: StoredSuspensionEnd) -> Result<Self, Invalid> {
        Ok(Self { user: stored.user_id, until: stored.until })
    }
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredPasswordReset {
    #[serde_as(as = "DisplayFromStr")]
    user_id: UserId,
    #[serde_as(as = "DisplayFromStr")]
    mail: MailId,
    links: Vec<String>,
    email: String,
    session_generation: u64,
    expires_at: Timestamp,
}

impl Item for PasswordReset {
    type Stored = StoredPasswordReset;

    fn key(&self) -> Key {
        keys::password_reset(self.user)
    }

    /// A day later, so that an expired link is told from an unknown one.
    fn ends_at(&self) -> Option<Timestamp> {
        self.expires_at.checked_add(SignedDuration::from_hours(24)).ok()
    }

    fn stored(&self) -> StoredPasswordReset {
        StoredPasswordReset {
            user_id: self.user,
            mail: self.mail,
            links: self.links.iter().map(hash_text).collect(),
            email: self.email.clone(),
            session_generation: self.session_generation,
            expires_at: self.expires_at,
        }
    }

    fn restored(stored: StoredPasswordReset) -> Result<Self, Invalid> {
        let links = stored.links.iter().map(|link| hash_from_text(link)).collect::<Result<_, Invalid>>()?;
        Ok(Self {
            user: stored.user_id,
            mail: stored.mail,
            links,
            email: stored.email,
            session_generation: stored.session_generation,
            expires_at: stored.expires_at,
        })
    }
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredApiKey {
    #[serde_as(as = "DisplayFromStr")]
    id: ApiKeyId,
    name: String,
    #[serde_as(as = "DisplayFromStr")]
    role: Role,
    secret_hash: String,
    created_at: Timestamp,
    created_by: String,
    expires_at: Option<Timestamp>,
}

impl Item for ApiKey {
    type Stored = StoredApiKey;

    fn key(&self) -> Key {
        keys::api_key(self.id)
    }

    fn gsi1(&self) -> Option<Entry> {
        Some(keys::api_keys(self.id))
    }

    fn stored(&self) -> StoredApiKey {
        StoredApiKey {
            id: self.id,
            name: self.name.as_str().to_owned(),
            role: self.role,
            secret_hash: hash_text(&self.secret),
            created_at: self.created_at,
            created_by: self.created_by.clone(),
            expires_at: self.expires_at,
        }
    }

    fn restored(stored: StoredApiKey) -> Result<Self, Invalid> {
        Ok(Self {
            id: stored.id,
            name: stored.name.parse()?,
            role: stored.role,
            secret: hash_from_text(&stored.secret_hash)?,
            created_at: stored.created_at,
            created_by: stored.created_by,
            expires_at: stored.expires_at,
        })
    }
}

/// As what a user is counted in the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) user: UserId,
    pub(crate) status: Status,
    pub(crate) role: Role,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredCounted {
    #[serde_as(as = "DisplayFromStr")]
    user_id: UserId,
    // `status` and `role` are reserved words of DynamoDB's expressions.
    #[serde_as(as = "DisplayFromStr")]
    counted_status: Status,
    #[serde_as(as = "DisplayFromStr")]
    counted_role: Role,
}

impl Item for Counted {
    type Stored = StoredCounted;

    fn key(&self) -> Key {
        keys::counted(self.user)
    }

    fn stored(&self) -> StoredCounted {
        StoredCounted { user_id: self.user, counted_status: self.status, counted_role: self.role }
    }

    fn restored(stored: StoredCounted) -> Result<Self, Invalid> {
        Ok(Self { user: stored.user_id, status: stored.counted_status, role: stored.counted_role })
    }
}
