//! What users, sessions and apps look like to clients. No secret and no hash is ever in it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use roster_domain::{
    Role, Status, User,
    apps::{App, AppRole},
    mails::Delivery,
    passwords::Policy,
    sessions::Session,
    users::State,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A user.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    #[schema(example = "01JD8ZQ4V9WX6M2N3P5R7S8T9A")]
    pub id: String,
    #[schema(format = Email, example = "ada@example.com")]
    pub email: String,
    #[schema(example = "Ada Lovelace")]
    pub name: Option<String>,
    #[schema(value_type = Status)]
    pub status: &'static str,
    pub suspension: Option<SuspensionView>,
    #[schema(value_type = Role)]
    pub role: &'static str,
    /// The role in each app that the user may enter, by slug.
    #[schema(example = json!({ "wiki": "basic" }))]
    pub app_roles: BTreeMap<String, String>,
    /// Whether the password must be changed at the next sign-in.
    pub password_temporary: bool,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sign_in_at: Option<Timestamp>,
    /// Counts the changes; what `ETag` holds.
    pub version: u64,
    pub invite: Option<InviteView>,
}

/// Why and until when a user is suspended.
#[derive(Serialize, ToSchema)]
#[schema(as = Suspension)]
pub struct SuspensionView {
    pub reason: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// An invite that was not accepted yet.
#[derive(Serialize, ToSchema)]
#[schema(as = Invite)]
pub struct InviteView {
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    pub invited_by: String,
    pub times_sent: u32,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub renewal_requested_at: Option<Timestamp>,
    #[schema(value_type = Delivery)]
    pub delivery: &'static str,
    /// What there is to know about a mail that did not arrive.
    pub delivery_detail: Option<String>,
}

impl UserView {
    /// The user as they are at `now`.
    pub fn new(user: &User, now: Timestamp) -> Self {
        let suspension = match &user.state {
            State::Suspended(suspension) if user.status(now) == Status::Suspended => {
                Some(SuspensionView { reason: suspension.reason.clone(), until: suspension.until })
            }
            State::Invited(_) | State::Active | State::Suspended(_) => None,
        };
        let invite = user.invite().map(|invited| InviteView {
            sent_at: invited.sent_at,
            expires_at: invited.expires_at,
            invited_by: invited.invited_by.clone(),
            times_sent: invited.times_sent,
            renewal_requested_at: invited.renewal_requested_at,
            delivery: invited.delivery.as_str(),
            delivery_detail: invited.delivery_detail.clone(),
        });
        Self {
            id: user.id.to_string(),
            email: user.email.to_string(),
            name: user.name.as_ref().map(ToString::to_string),
            status: user.status(now).as_str(),
            suspension,
            role: user.role.as_str(),
            app_roles: user.app_roles.iter().map(|(app, role)| (app.to_string(), role.to_string())).collect(),
            password_temporary: user.password_temporary,
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_sign_in_at: user.last_sign_in_at,
            version: user.version,
            invite,
        }
    }
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    pub id: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// To the minute.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl SessionView {
    pub fn new(session: &Session, current: bool) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            user_agent: session.user_agent.clone(),
            ip: session.ip.clone(),
            current,
        }
    }
}

/// An app.
#[derive(Serialize, ToSchema)]
#[schema(as = App)]
pub struct AppView {
    #[schema(example = "wiki")]
    pub slug: String,
    #[schema(example = "Wiki")]
    pub name: String,
    pub url: Option<String>,
    pub description: Option<String>,
    pub roles: Vec<AppRoleView>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A role of an app.
#[derive(Serialize, ToSchema)]
#[schema(as = AppRole)]
pub struct AppRoleView {
    #[schema(example = "basic")]
    pub slug: String,
    #[schema(example = "Basic user")]
    pub name: String,
    pub description: Option<String>,
}

impl From<&App> for AppView {
    fn from(app: &App) -> Self {
        Self {
            slug: app.slug.to_string(),
            name: app.name.as_str().to_owned(),
            url: app.url.as_ref().map(|url| url.as_str().to_owned()),
            description: app.description.as_ref().map(|line| line.as_str().to_owned()),
            roles: app.roles.iter().map(AppRoleView::from).collect(),
            created_at: app.created_at,
        }
    }
}

impl From<&AppRole> for AppRoleView {
    fn from(role: &AppRole) -> Self {
        Self {
            slug: role.slug.to_string(),
            name: role.name.as_str().to_owned(),
            description: role.description.as_ref().map(|line| line.as_str().to_owned()),
        }
    }
}

/// What a new password must be like.
#[derive(Serialize, ToSchema)]
pub struct PasswordPolicy {
    /// In characters (code points).
    #[schema(example = 12)]
    pub min_length: u16,
    #[schema(example = 256)]
    pub max_length: u16,
}

impl From<Policy> for PasswordPolicy {
    fn from(policy: Policy) -> Self {
        Self { min_length: policy.min_length, max_length: 256 }
    }
}

/// A part of a list.
#[derive(Serialize, ToSchema)]
pub struct ListOf<T> {
    pub items: Vec<T>,
    /// Where the next part begins; `null` at the end.
    pub next_cursor: Option<String>,
}
