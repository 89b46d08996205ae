//! One's own account.

pub mod change_password;
pub mod check_access;
pub mod end_my_session;
pub mod get_me;
pub mod list_my_apps;
pub mod list_my_sessions;
pub mod update_me;
