//! Settings of the installation.

pub mod get_email_settings;
pub mod get_security_settings;
pub mod set_email_settings;
pub mod set_security_settings;
pub(crate) mod shown;
