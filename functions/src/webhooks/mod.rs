//! Webhooks: addresses that are told what happens.

pub mod create_webhook;
pub mod delete_webhook;
pub mod get_webhook;
pub mod list_webhook_deliveries;
pub mod list_webhooks;
pub mod resend_webhook_delivery;
pub mod rotate_webhook_secret;
pub mod shown;
pub mod test_webhook;
pub mod update_webhook;
