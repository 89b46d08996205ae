//! One's own account.

pub mod change_password;
pub mod get_me;
pub mod update_me;
