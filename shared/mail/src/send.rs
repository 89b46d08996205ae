//! Sending by SES, and what its refusals mean.

use std::{error::Error as StdError, fmt};

use aws_sdk_sesv2::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    types::{Body, Content, Destination, EmailContent, Message, MessageTag},
};
use roster_domain::{EmailAddress, MailId, UserId, settings::EmailSettings};

use crate::Rendered;

/// The way to SES.
#[derive(Clone)]
pub struct Mailer {
    client: Client,
    configuration_set: Option<String>,
}

/// By what SES's later reports find the mail again.
#[derive(Clone, Copy, Debug)]
pub struct Tags {
    pub user: Option<UserId>,
    pub mail: MailId,
}

/// Why a mail was not taken.
#[derive(Debug)]
pub enum Failure {
    /// It may pass: throttling, a fault of SES, no answer.
    Passing(String),
    /// It will not: the address or the sender is refused.
    Final(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Passing(reason) | Self::Final(reason)) = self;
        f.write_str(reason)
    }
}

impl Mailer {
    /// `configuration_set` is where SES reports deliveries and bounces.
    pub fn new(client: Client, configuration_set: Option<String>) -> Self {
        Self { client, configuration_set }
    }

    /// Sends one mail to one address; answers SES's id of it.
    pub async fn send(
        &self,
        settings: &EmailSettings,
        to: &EmailAddress,
        mail: Rendered,
        tags: Tags,
    ) -> Result<String, Failure> {
        let invalid = |error: aws_sdk_sesv2::error::BuildError| Failure::Final(error.to_string());
        let utf8 = |data: String| Content::builder().data(data).charset("UTF-8").build().map_err(invalid);
        let body = Body::builder().html(utf8(mail.html)?).text(utf8(mail.text)?).build();
        let message = Message::builder().subject(utf8(mail.subject)?).body(body).build();
        let tag = |name: &str, value: String| MessageTag::builder().name(name).value(value).build().map_err(invalid);
        let mut message_tags = vec![tag("mail", tags.mail.to_string())?];
        if let Some(user) = tags.user {
            message_tags.push(tag("user", user.to_string())?);
        }
        let sent = self
            .client
            .send_email()
            .from_email_address(sender(settings))
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .set_reply_to_addresses(settings.reply_to.as_ref().map(|address| vec![address.to_string()]))
            .content(EmailContent::builder().simple(message).build())
            .set_email_tags(Some(message_tags))
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        match sent {
            Ok(answer) => Ok(answer.message_id.unwrap_or_default()),
            Err(error) => Err(failure(&error, &settings.from_address, to)),
        }
    }
}

/// The `From` header (RFC 5322, section 3.4): the name as a quoted string, or as an encoded word where it is not ASCII
/// (RFC 2047).
fn sender(settings: &EmailSettings) -> String {
    let address = settings.from_address.as_str();
    match settings.from_name.as_ref().map(roster_domain::settings::Line::as_str) {
        None => address.to_owned(),
        Some(name) if name.is_ascii() => {
            format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Some(name) => {
            use base64::{Engine, engine::general_purpose::STANDARD};
            // An encoded word holds 75 characters at most; 45 bytes make 60 of them.
            let mut words = Vec::new();
            let mut rest = name;
            while !rest.is_empty() {
                let (word, tail) = rest.split_at(rest.floor_char_boundary(45));
                words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
                rest = tail;
            }
            format!("{} <{address}>", words.join(" "))
        }
    }
}

fn failure<E, R>(error: &SdkError<E, R>, from: &EmailAddress, to: &EmailAddress) -> Failure
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    let SdkError::ServiceError(service) = error else {
        let reason = match error {
            SdkError::TimeoutError(_) => "SES did not answer in time.".to_owned(),
            SdkError::DispatchFailure(_) => "SES cannot be reached.".to_owned(),
            other => format!("SES was not understood: {}", DisplayErrorContext(other)),
        };
        return Failure::Passing(reason);
    };
    refusal(service.err().code().unwrap_or_default(), service.err().message().unwrap_or_default(), from, to)
}

/// What it means, in words for admins, that SES refused a mail.
fn refusal(code: &str, detail: &str, from: &EmailAddress, to: &EmailAddress) -> Failure {
    let names = |address: &EmailAddress| detail.to_lowercase().contains(&address.as_str().to_lowercase());
    let meaning = match code {
        "MessageRejected" if detail.contains("not verified") && names(to) => {
            "SES is in its sandbox, where it mails to verified addresses only. Ask AWS for production access, then send \
             again."
                .to_owned()
        }
        "MessageRejected" if detail.contains("not verified") => {
            format!("SES does not know the sender {from}. Verify it, or its domain, in SES, then send again.")
        }
        "MessageRejected" => format!("SES refused the mail: {detail}"),
        "MailFromDomainNotVerifiedException" => {
            "The domain of the sender is not verified in SES. Verify it, then send again.".to_owned()
        }
        "AccountSuspendedException" => {
            "SES has suspended sending for this AWS account. Ask AWS Support, then send again.".to_owned()
        }
        "AccessDeniedException" => {
            format!("Roster may mail only as the SES identity that it was deployed for, and {from} is not of it.")
        }
        "BadRequestException" if ["address", "domain"].iter().any(|part| detail.to_lowercase().contains(part)) => {
            format!("SES cannot mail to this address: {detail} Correct it.")
        }
        "BadRequestException" | "NotFoundException" => format!("SES cannot send with these settings: {detail}"),
        "TooManyRequestsException" | "LimitExceededException" => {
            return Failure::Passing("SES sends no more for the moment: its sending limit is reached.".to_owned());
        }
        "SendingPausedException" => return Failure::Passing("Sending is paused in SES.".to_owned()),
        _ => return Failure::Passing(format!("SES failed: {code} {detail}")),
    };
    Failure::Final(meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(from_name: Option<&str>) -> EmailSettings {
        EmailSettings {
            from_address: "users@example.com".parse().unwrap(),
            from_name: from_name.map(|name| name.parse().unwrap()),
            reply_to: None,
            company: None,
            logo_url: None,
            platform_url: "https://users.example.com".parse().unwrap(),
            invite_valid_hours: 168,
            reset_valid_minutes: 60,
            remind_invitees: true,
        }
    }

    #[test]
    fn a_sender_s_name_cannot_change_the_header() {
        assert_eq!(sender(&settings(None)), "users@example.com");
        assert_eq!(
            sender(&settings(Some("Eve\" <eve@example.com>"))),
            "\"Eve\\\" <eve@example.com>\" <users@example.com>"
        );
        assert_eq!(sender(&settings(Some("Zoë"))), "=?UTF-8?B?Wm/Dqw==?= <users@example.com>");
    }
    #[test]
    fn a_refusal_says_what_to_do_and_whether_another_try_helps() {
        let (from, to) = ("users@example.com".parse().unwrap(), "ada@example.org".parse().unwrap());
        let unverified = |address: &str| {
            format!(
                "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: {address}"
            )
        };
        for (code, detail, expected) in [
            ("MessageRejected", unverified("Ada@example.org").as_str(), "Ask AWS for production access"),
            (
                "MessageRejected",
                &unverified("users@example.com"),
                "does not know the sender users@example.com. Verify it",
            ),
            ("MessageRejected", "Virus found.", "SES refused the mail: Virus found."),
            ("MailFromDomainNotVerifiedException", "", "Verify it"),
            ("AccountSuspendedException", "", "Ask AWS Support"),
            ("AccessDeniedException", "User: arn:aws:sts::1:x is not authorized", "users@example.com is not of it"),
            ("BadRequestException", "Domain contains dot-dot.", "Correct it."),
            ("BadRequestException", "Invalid template.", "with these settings"),
            ("NotFoundException", "Configuration set <roster> does not exist.", "with these settings"),
        ] {
            let failure = refusal(code, detail, &from, &to);
            assert!(matches!(&failure, Failure::Final(meaning) if meaning.contains(expected)), "{failure:?}");
        }
        for code in
            ["TooManyRequestsException", "LimitExceededException", "SendingPausedException", "InternalFailure", ""]
        {
            let failure = refusal(code, "", &from, &to);
            assert!(matches!(failure, Failure::Passing(_)), "{code}: {failure:?}");
        }
    }
}
