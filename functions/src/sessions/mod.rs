//! Signing in and out.

pub mod get_session;
pub mod sign_in;
pub mod sign_out;
pub mod started;
