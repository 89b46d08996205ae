//! The whole service in one process, through its front door, and what is deployed of it.

mod door;
mod permissions;
mod template;
