//! The whole service in one process, through its front door, and what is deployed of it.

#![expect(clippy::unwrap_used, reason = "what helps a test fails it")]

mod activity;
mod admins;
mod app_roles;
mod apps;
mod bulk;
mod console;
mod deletion;
mod door;
mod events;
mod expiry;
mod export;
mod faults;
mod http;
mod invariants;
mod invites;
mod keys;
mod limits;
mod lists;
mod mail;
mod mail_events;
mod map;
mod matrix;
mod me;
mod passwords;
mod permissions;
mod published;
mod races;
mod receiver;
mod reminders;
mod resets;
mod retention;
mod search;
mod sessions;
mod settings;
mod setup;
mod summary;
mod support;
mod suspension;
mod template;
mod templates;
mod temporary;
mod users;
mod webhooks;
