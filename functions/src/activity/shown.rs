//! An entry of the activity as the API shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use roster_store::{ActivityRecord, Party};
use serde::Serialize;
use utoipa::ToSchema;

/// An entry of the activity: who did what to whom, when and from where.
#[derive(Serialize, ToSchema)]
#[schema(as = Activity)]
pub struct ActivityView {
    #[schema(example = "01JD8ZQ4V9WX6M2N3P5R7S8T9A")]
    id: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(example = "user.invited")]
    action: String,
    actor: PartyView,
    subject: PartyView,
    /// Each changed field, before and after.
    #[schema(value_type = BTreeMap<String, Vec<Option<String>>>, example = json!({ "role": ["member", "admin"] }))]
    changes: BTreeMap<String, (Option<String>, Option<String>)>,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
}

/// Who did something, or to whom or what it was done.
#[derive(Serialize, ToSchema)]
#[schema(as = Party)]
pub struct PartyView {
    /// `user`, `api_key`, `system`, `anonymous`, `address`, `app` or `installation`.
    #[schema(example = "user")]
    kind: String,
    id: Option<String>,
    #[schema(example = "Ada Lovelace")]
    label: Option<String>,
}

impl From<ActivityRecord> for ActivityView {
    fn from(record: ActivityRecord) -> Self {
        Self {
            id: record.id,
            at: record.at,
            action: record.action,
            actor: record.actor.into(),
            subject: record.subject.into(),
            changes: record.changes,
            ip: record.ip,
            user_agent: record.user_agent,
            request_id: record.request_id,
        }
    }
}

impl From<Party> for PartyView {
    fn from(party: Party) -> Self {
        Self { kind: party.kind, id: party.id, label: party.label }
    }
}
