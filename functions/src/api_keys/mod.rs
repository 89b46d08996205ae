//! API keys: credentials of programs.

pub mod create_api_key;
pub mod delete_api_key;
pub mod list_api_keys;
pub mod shown;
