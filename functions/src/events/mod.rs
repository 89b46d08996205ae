//! What happens by itself: mail on its way, invites that run out, what deleted users leave behind.
//!
//! Every event may come late, twice or never in time, so each operation reads the present state and decides by it.

pub mod deliver_mail;
pub mod deliver_webhook;
mod delivery;
pub mod expire_invites;
pub mod follow_changes;
pub mod publish;
pub mod record_mail_event;
pub mod retry_mail;
pub mod retry_webhooks;
pub mod sender;
mod stream;
mod webhook_delivery;

pub use delivery::keep;
