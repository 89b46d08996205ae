//! Users, as admins and builders see them.

pub mod delete_user;
pub mod get_user;
pub mod list_users;
pub mod remove_app_role;
pub mod set_app_role;
pub mod update_user;
