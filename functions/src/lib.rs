//! Every operation of Roster: the HTTP and event edge. One file, one operation, one handler, one Lambda function.

pub mod activity;
pub mod api_keys;
pub mod apps;
pub mod aws;
mod bulk;
pub mod document;
pub mod edge;
pub mod events;
pub mod invites;
pub mod me;
pub mod meta;
pub mod operations;
pub mod paging;
pub mod passwords;
pub mod request;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod users;
pub mod webhooks;
