//! Mails to people: the templates, what admins may make of them, and how mails are sent.

mod check;
mod defaults;
mod render;
mod send;

pub use check::check;
pub use defaults::{Notice, Variable, default_source, description, variables};
pub use render::{AppRoleName, Fault, Part, Rendered, Values, render, render_notice};
pub use send::{Failure, Mailer, Tags};
