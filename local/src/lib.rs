//! The local installation: the operations that AWS runs as Lambda functions, in one process on a laptop.
//!
//! Nothing of the system is written twice for it. Requests become API Gateway events and go through `lambda_http`
//! (`front_door`), the unmodified AWS clients talk to an embedded engine, a mailbox and a bus (`connector`), and
//! the table's stream, the schedules and the events are delivered as Lambda delivers them (`streams`, `schedules`,
//! `bus`). Each test starts an installation of its own, see [`Installation`].

pub mod bus;
pub mod clock;
pub mod connector;
pub mod data;
pub mod engine;
pub mod faults;
pub mod front_door;
pub mod installation;
pub mod invoker;
mod journal;
pub mod local_api;
pub mod mail_events;
pub mod mailbox;
pub mod people;
pub mod recorder;
pub mod schedules;
pub mod state;
pub mod streams;

pub use installation::{AwsUrls, Installation, Options, StartError};
