//! About the service itself.

mod console;
pub mod health;
pub mod not_found;
pub mod openapi;
