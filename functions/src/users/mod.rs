//! Users, as admins and builders see them.

pub(crate) mod changing;
pub mod create_user;
pub mod create_users;
pub mod delete_user;
pub mod delete_users;
pub mod end_user_session;
pub mod end_user_sessions;
pub mod export_users;
pub mod get_user;
pub mod get_users_summary;
pub mod list_user_activity;
pub mod list_user_sessions;
pub mod list_users;
pub mod reactivate_user;
pub mod remove_app_role;
pub mod reset_password;
pub mod set_app_role;
pub mod suspend_user;
pub mod unlock_user;
pub mod update_user;

pub use changing::temporary_password;
