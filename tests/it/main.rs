//! The whole service in one process, through its front door, and what is deployed of it.

#![expect(clippy::unwrap_used, reason = "what helps a test fails it")]

mod apps;
mod door;
mod events;
mod expiry;
mod http;
mod invariants;
mod invites;
mod limits;
mod lists;
mod mail;
mod map;
mod matrix;
mod me;
mod passwords;
mod permissions;
mod races;
mod resets;
mod sessions;
mod settings;
mod setup;
mod support;
mod template;
mod templates;
mod temporary;
mod users;
