//! The audit log.

pub mod list_activity;
pub mod shown;
