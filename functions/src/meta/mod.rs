//! About the service itself.

pub mod health;
pub mod not_found;
pub mod openapi;
