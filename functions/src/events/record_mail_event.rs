//! What SES reports of a mail after it took it over: that it arrived, waits, came back or was called spam.
//!
//! Reports come late, twice and in any order, also before we noted that the mail was sent, so a mail is found by the
//! tags that it was sent with. What is not there any more gets no note.

use std::collections::HashMap;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use lambda_runtime::Error;
use roster_domain::{
    EmailAddress, MailId, UserId,
    activity::Action,
    mails::{Fate, Kind, Report},
};
use roster_store::{MailReading, MailRef};
use roster_web::{App, decide};
use serde::Deserialize;
use serde_json::{Value, json};

use super::delivery::{in_words, keep, log_given_up};
use crate::operations::Payload;

/// Notes what SES reports.
pub async fn record_mail_event(app: App, event: Payload) -> Result<Value, Error> {
    let event: EventBridgeEvent = serde_json::from_str(event.get())?;
    let Detail { mail, what } = serde_json::from_value(event.detail)?;
    let is_recorded = match mail.reference().zip(what.report()) {
        Some((reference, report)) => record(&app, &reference, &mail.message_id, &report).await?,
        None => false,
    };
    Ok(json!({ "recorded": is_recorded }))
}

/// Whether the report was news of a mail that is still there.
async fn record(app: &App, reference: &MailRef, ses_id: &str, report: &Report) -> roster_domain::Result<bool> {
    decide(async || {
        let Some(MailReading { mut mail, user, .. }) = app.store.mail(reference).await? else {
            return Ok(false);
        };
        let is_of_nobody = user.is_none() && mail.kind != Kind::Test;
        if is_of_nobody || !mail.reported(ses_id.to_owned(), report.clone(), app.now()) {
            return Ok(false);
        }
        let action = match report.fate {
            Fate::Delayed | Fate::Delivered => None,
            Fate::Rejected => Some(Action::MailFailed),
            Fate::Returned | Fate::Bounced => Some(Action::MailBounced),
            Fate::Complained => Some(Action::MailComplained),
        };
        keep(app, &mail, user.as_ref(), action).await?;
        if report.fate == Fate::Rejected {
            log_given_up(&mail);
        }
        Ok(true)
    })
    .await
}

/// What SES tells, as far as we look at it: "Contents of event data", in the developer guide of SES.
#[derive(Deserialize)]
struct Detail {
    mail: Mailed,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mailed {
    message_id: String,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(tag = "eventType")]
enum What {
    Delivery,
    Bounce {
        bounce: Bounce,
    },
    Complaint {
        complaint: Complaint,
    },
    Reject {
        reject: Reject,
    },
    #[serde(rename = "Rendering Failure")]
    RenderingFailure {
        failure: RenderingFailure,
    },
    DeliveryDelay {
        #[serde(rename = "deliveryDelay")]
        delay: DeliveryDelay,
    },
    /// Sent, opened and so on.
    #[serde(other)]
    Other,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Bounce {
    #[serde(rename = "bounceType")]
    kind: String,
    #[serde(rename = "bounceSubType")]
    sub_kind: String,
    #[serde(rename = "bouncedRecipients")]
    recipients: Vec<BouncedRecipient>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BouncedRecipient {
    diagnostic_code: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Complaint {
    complaint_sub_type: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reject {
    reason: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RenderingFailure {
    error_message: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DeliveryDelay {
    delay_type: String,
    expiration_time: Option<Timestamp>,
}

impl Mailed {
    /// Which of our mails it is; none, if somebody else sent it.
    fn reference(&self) -> Option<MailRef> {
        let tag = |name: &str| self.tags.get(name)?.first();
        let mail: MailId = tag("mail")?.parse().ok()?;
        match tag("user") {
            Some(user) => Some(MailRef::of_user(user.parse::<UserId>().ok()?, mail)),
            None => Some(MailRef::of_address(&self.destination.first()?.parse::<EmailAddress>().ok()?, mail)),
        }
    }
}

const SUPPRESSED: &str = "SES sends nothing to this address, for earlier mails to it came back or were called spam. \
    Correct the address, or take it off the suppression list of SES.";

impl What {
    /// What it means, in words for admins; nothing, if it changes nothing.
    fn report(self) -> Option<Report> {
        let (fate, detail) = match self {
            Self::Delivery => return Some(Report { fate: Fate::Delivered, detail: None }),
            Self::Bounce { bounce } => bounce.meaning(),
            Self::Complaint { complaint } => match complaint.complaint_sub_type.as_deref() {
                Some("OnAccountSuppressionList") => (Fate::Complained, SUPPRESSED.to_owned()),
                _ => (Fate::Complained, "The recipient called the mail spam.".to_owned()),
            },
            Self::Reject { reject } => {
                (Fate::Rejected, with_answer("SES took the mail, but does not send it.", &reject.reason))
            }
            Self::RenderingFailure { failure } => {
                (Fate::Rejected, with_answer("SES could not make the mail.", &failure.error_message))
            }
            Self::DeliveryDelay { delay } => (Fate::Delayed, delay.meaning()),
            Self::Other => return None,
        };
        Some(Report { fate, detail: Some(detail) })
    }
}

impl Bounce {
    fn meaning(&self) -> (Fate, String) {
        let (fate, meaning) = match (self.kind.as_str(), self.sub_kind.as_str()) {
            (_, "Suppressed" | "OnAccountSuppressionList") => return (Fate::Bounced, SUPPRESSED.to_owned()),
            ("Permanent", _) => (Fate::Bounced, "The address does not exist or takes no mail. Correct it."),
            (_, "MailboxFull") => (Fate::Returned, "The mailbox is full. Send it again later."),
            (_, "MessageTooLarge") => (Fate::Returned, "The mail is too large for the mailbox."),
            (_, "ContentRejected" | "AttachmentRejected") => {
                (Fate::Returned, "The receiving server refuses what the mail says.")
            }
            ("Transient", _) => (Fate::Returned, "The receiving server did not take the mail. Send it again later."),
            _ => (Fate::Returned, "The mail came back, and nobody says why. Send it again later."),
        };
        let answer = self.recipients.iter().find_map(|recipient| recipient.diagnostic_code.as_deref());
        let answer = answer.unwrap_or_default();
        (fate, with_answer(meaning, answer.strip_prefix("smtp; ").unwrap_or(answer)))
    }
}

impl DeliveryDelay {
    fn meaning(&self) -> String {
        let why = match self.delay_type.as_str() {
            "MailboxFull" => "the mailbox is full",
            "SpamDetected" => "the receiving server takes mails of this sender for spam",
            "RecipientServerError" | "TransientCommunicationFailure" => "the receiving server has a problem",
            "IPFailure" => "the receiving server holds back mails of SES",
            _ => "the mail is held up",
        };
        let until = self.expiration_time.map_or_else(String::new, |end| format!(" until {}", in_words(end)));
        format!("Not delivered yet: {why}. SES keeps trying{until}.")
    }
}

/// A meaning in our words, with what a server answered, cut to what a person reads.
fn with_answer(meaning: &str, answer: &str) -> String {
    const LONGEST: usize = 300;
    let words = answer.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line: String = words.collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
    if line.is_empty() { meaning.to_owned() } else { format!("{meaning} The answer was: {line}") }
}
