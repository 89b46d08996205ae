//! An API key as the API shows it: never with its secret.

use jiff::Timestamp;
use roster_domain::{Role, api_keys::ApiKey};
use serde::Serialize;
use utoipa::ToSchema;

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyView {
    id: String,
    #[schema(example = "Payroll")]
    name: String,
    #[schema(value_type = Role)]
    role: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    created_by: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

impl From<&ApiKey> for ApiKeyView {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            role: key.role.as_str(),
            created_at: key.created_at,
            created_by: key.created_by.clone(),
            expires_at: key.expires_at,
        }
    }
}
