//! Settings of the installation.

pub mod get_email_settings;
pub mod get_security_settings;
pub mod get_template;
pub mod list_templates;
pub mod preview_template;
pub mod restore_template;
pub mod send_test_mail;
pub mod set_email_settings;
pub mod set_security_settings;
pub mod set_template;
pub(crate) mod shown;
pub(crate) mod template_shown;
