//! The HTTP edge: how a request becomes values of the domain, and how answers and refusals go out.
//!
//! An operation names in its signature who may call it ([`Admin`], [`Builder`], [`Member`], [`SignedIn`]; nobody
//! named: public) and what it takes ([`Body`], [`Query`], [`Path`]). Extractors run in that order, so a stranger learns
//! nothing about what a request should look like.

pub mod answers;
pub mod app;
mod auth;
mod client;
mod fields;
mod hardening;
mod idempotency;
mod passwords;
mod path;
mod problem;
mod retry;
pub mod views;

pub use answers::{Created, IfMatch, NoContent, WithVersion};
pub use app::{App, Clock};
pub use auth::{Admin, Builder, Former, Member, SignedIn, session_cookie};
pub use client::Client;
pub use fields::{
    Body, FieldValue, Fields, FromFields, Many, OptionalBody, Patch, Query, Ranged, Rows, Text, read_row,
};
pub use hardening::{Manner, harden, method_not_allowed, not_found, with_headers};
pub use idempotency::Once;
pub use passwords::Passwords;
pub use path::Path;
pub use problem::{Problem, ProblemBody, Result};
pub use retry::decide;
