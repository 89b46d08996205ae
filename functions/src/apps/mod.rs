//! Apps and their roles.

pub mod create_app;
pub mod delete_app;
pub mod get_app;
pub mod list_app_users;
pub mod list_apps;
pub mod update_app;
