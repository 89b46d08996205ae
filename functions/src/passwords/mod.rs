//! Passwords that were forgotten, and what a new one must be like.

pub mod complete_password_reset;
pub mod get_password_policy;
pub mod request_password_reset;
