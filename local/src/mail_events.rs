//! What SES would report of a mail, as EventBridge gives it to the operation that is waiting for it.

use jiff::{SignedDuration, Timestamp};
use roster_functions::operations::Trigger;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{invoker::Invoker, mailbox::Mail};

/// What becomes of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailEvent {
    Delivery,
    /// The address does not exist.
    Bounce,
    /// The receiving server did not take the mail in time.
    TransientBounce,
    Complaint,
    Reject,
    RenderingFailure,
    DeliveryDelay,
}

/// Reports what became of `mail`, with what the other side said. The answer of the operation; nothing, if none waits
/// for such events.
pub async fn report(
    invoker: &Invoker,
    mail: &Mail,
    event: MailEvent,
    detail: Option<&str>,
    now: Timestamp,
) -> Result<Value, String> {
    let event = event_of(mail, event, detail, now);
    let waits = |trigger| matches!(trigger, Trigger::MailEvents(types) if types.iter().any(|name| event["detail-type"] == *name));
    match invoker.event_operations().find(|(_, trigger)| waits(*trigger)) {
        Some((operation, _)) => invoker.invoke(operation.name, &event).await,
        None => Ok(Value::Null),
    }
}

/// The event, in the shape of "Examples of event data" in the developer guide of SES.
pub fn event_of(mail: &Mail, event: MailEvent, detail: Option<&str>, now: Timestamp) -> Value {
    let recipients = |fields: Value| {
        let all = mail.to.iter().map(|to| {
            let mut recipient = json!({ "emailAddress": to });
            if let (Some(recipient), Some(fields)) = (recipient.as_object_mut(), fields.as_object()) {
                recipient.extend(fields.clone());
            }
            recipient
        });
        all.collect::<Value>()
    };
    let (detail_type, event_type, object, told) = match event {
        MailEvent::Delivery => {
            let told = json!({
                "timestamp": now,
                "processingTimeMillis": 546,
                "recipients": mail.to,
                "smtpResponse": detail.unwrap_or("250 2.0.0 OK"),
                "reportingMTA": "a8-50.smtp-out.amazonses.com",
            });
            ("Email Delivered", "Delivery", "delivery", told)
        }
        MailEvent::Bounce | MailEvent::TransientBounce => {
            let (kind, status, usual) = match event {
                MailEvent::Bounce => ("Permanent", "5.1.1", "smtp; 550 5.1.1 user unknown"),
                _ => ("Transient", "4.4.7", "smtp; 550 4.4.7 message expired: unable to deliver in 840 minutes"),
            };
            let said = json!({ "action": "failed", "status": status, "diagnosticCode": detail.unwrap_or(usual) });
            let told = json!({
                "bounceType": kind,
                "bounceSubType": "General",
                "bouncedRecipients": recipients(said),
                "timestamp": now,
                "feedbackId": mail.id,
                "reportingMTA": "dsn; a8-50.smtp-out.amazonses.com",
            });
            ("Email Bounced", "Bounce", "bounce", told)
        }
        MailEvent::Complaint => {
            let told = json!({
                "complainedRecipients": recipients(json!({})),
                "timestamp": now,
                "feedbackId": mail.id,
                "userAgent": "Any mail reader",
                "complaintFeedbackType": detail.unwrap_or("abuse"),
                "arrivalDate": now,
            });
            ("Email Complaint Received", "Complaint", "complaint", told)
        }
        MailEvent::Reject => {
            ("Email Rejected", "Reject", "reject", json!({ "reason": detail.unwrap_or("Bad content") }))
        }
        MailEvent::RenderingFailure => {
            let told = json!({ "templateName": "", "errorMessage": detail.unwrap_or("Attribute is not present") });
            ("Email Rendering Failed", "Rendering Failure", "failure", told)
        }
        MailEvent::DeliveryDelay => {
            let end = now.saturating_add(SignedDuration::from_hours(14)).unwrap_or(now);
            let said =
                json!({ "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 unable to connect to remote host" });
            let told = json!({
                "timestamp": now,
                "delayType": detail.unwrap_or("TransientCommunicationFailure"),
                "expirationTime": end,
                "delayedRecipients": recipients(said),
            });
            ("Email Delivery Delayed", "DeliveryDelay", "deliveryDelay", told)
        }
    };
    let mut tags: Map<String, Value> = mail.tags.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    tags.insert("ses:configuration-set".to_owned(), json!([mail.configuration_set]));
    let resource = mail.configuration_set.iter();
    let resources = resource.map(|set| format!("arn:aws:ses:local:000000000000:configuration-set/{set}"));
    json!({
        "version": "0",
        "id": format!("{:032x}", now.as_nanosecond()),
        "detail-type": detail_type,
        "source": "aws.ses",
        "account": "000000000000",
        "time": now,
        "region": "local",
        "resources": resources.collect::<Value>(),
        "detail": {
            "eventType": event_type,
            object: told,
            "mail": {
                "timestamp": mail.sent_at,
                "source": mail.from,
                "sendingAccountId": "000000000000",
                "messageId": mail.id,
                "destination": mail.to,
                "headersTruncated": false,
                "tags": tags,
            },
        },
    })
}
