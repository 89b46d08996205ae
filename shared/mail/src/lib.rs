//! Mails to people: the templates, and how they are sent.

mod send;
mod templates;

pub use send::{Failure, Mailer, Tags};
pub use templates::{AppRoleName, RenderError, Rendered, Values, render};
