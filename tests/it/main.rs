//! The whole service in one process, through its front door, and what is deployed of it.

// mod apps;
// mod expiry;
mod http;
mod invariants;
mod invites;
// mod lists;
// mod mail;
// mod me;
// mod races;
mod sessions;
// mod settings;
mod setup;
mod support;
mod template;
mod templates;
// mod users;
