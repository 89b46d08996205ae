//! The binary, as people run it: in a process of its own.

#![expect(clippy::unwrap_used, reason = "what helps a test fails it")]

mod load;
mod outage;
mod process;
mod tour;
