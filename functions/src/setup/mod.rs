//! The first admin of an installation.

pub mod get_setup;
pub mod set_up;
