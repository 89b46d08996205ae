//! Apps and their roles.

pub mod create_app;
pub mod get_app;
pub mod list_apps;
