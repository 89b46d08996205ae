//! Mails on their way: entries of the outbox.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};

use crate::{EmailAddress, Invalid, MailId, UserId, templates::TemplateKind};

/// A mail that is to be sent. It is written together with the change that asks for it, so neither is lost.
#[derive(Clone, Debug)]
pub struct Mail {
    pub id: MailId,
    /// Whom it concerns. Nobody is looked up when a password reset is asked for an address: that is done on delivery,
    /// where nobody can measure it.
    pub user: Option<UserId>,
    pub to: EmailAddress,
    pub kind: Kind,
    pub state: MailState,
    /// How often it was taken up to be sent.
    pub attempts: u32,
    pub created_at: Timestamp,
    /// Counts the writes; known to the store alone.
    pub revision: u64,
}

/// What a mail is about, with what only this kind needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Carries the link of an invite of this generation.
    Invitation {
        generation: u64,
    },
    /// Carries one more link of an invite that will soon run out.
    InvitationReminder {
        generation: u64,
    },
    PasswordChanged,
    /// Carries the link of a password reset, if somebody active has the address.
    PasswordReset,
    /// Tells that an admin has set a temporary password, which the admin hands over.
    TemporaryPassword,
    /// Goes to the old and to the new address.
    EmailChanged {
        old: String,
        new: String,
    },
    /// Follows on an accepted invite.
    Welcome,
    /// Shows an admin that mail arrives.
    Test,
    /// Tells an admin that a webhook is told no more, and why.
    WebhookDisabled {
        webhook: String,
        reason: String,
    },
}

impl Kind {
    /// The template that it is made of. What admins are told of the installation has none: it is always the same.
    pub fn template(&self) -> Option<TemplateKind> {
        match self {
            Self::Invitation { .. } => Some(TemplateKind::Invitation),
            Self::InvitationReminder { .. } => Some(TemplateKind::InvitationReminder),
            Self::PasswordChanged => Some(TemplateKind::PasswordChanged),
            Self::PasswordReset => Some(TemplateKind::PasswordReset),
            Self::TemporaryPassword => Some(TemplateKind::TemporaryPassword),
            Self::EmailChanged { .. } => Some(TemplateKind::EmailChanged),
            Self::Welcome => Some(TemplateKind::Welcome),
            Self::Test | Self::WebhookDisabled { .. } => None,
        }
    }

    /// Whether it brings a link that lets somebody in.
    pub fn carries_link(&self) -> bool {
        matches!(self, Self::Invitation { .. } | Self::InvitationReminder { .. } | Self::PasswordReset)
    }

    pub fn as_str(&self) -> &'static str {
        match self {
            Self::WebhookDisabled { .. } => "webhook_disabled",
            kind => kind.template().map_or("test", TemplateKind::as_str),
        }
    }
}

/// Where a mail stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailState {
    /// To be tried at `due_at`, and before that by whoever is told of a new mail.
    Queued { due_at: Timestamp, last_failure: Option<String> },
    /// Taken over by SES under this id, and what SES has reported of it since.
    Sent { at: Timestamp, ses_id: String, report: Option<Report> },
    /// Given up, for this reason.
    Failed { reason: String },
    /// Not needed any more: the invite was renewed, revoked or accepted meanwhile, or its link may not be sent.
    Dropped,
}

/// What SES reports of a mail that it took over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub fate: Fate,
    /// Why, in words for admins, where the mail did not simply arrive.
    pub detail: Option<String>,
}

/// What became of a mail that SES took over. Reports come late, twice and in any order, so what is further down here
/// hides what is above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// SES still tries.
    Delayed,
    Delivered,
    /// SES took it, but does not send it.
    Rejected,
    /// It came back for a reason that may pass.
    Returned,
    /// It came back, and so would every other.
    Bounced,
    /// It arrived, and the recipient called it spam.
    Complained,
}

/// How long a mail is left to whoever was told of it first or has taken it up, and longer than a try can last: two at
/// once would send it twice.
const HELD: SignedDuration = SignedDuration::from_mins(2);

/// How long after a failed try the next one follows; after the last, the mail has failed.
const RETRIES: [SignedDuration; 7] = [
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(8),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(15),
];

impl Mail {
    pub fn new(id: MailId, user: Option<UserId>, to: EmailAddress, kind: Kind, now: Timestamp) -> Self {
        let due_at = now.saturating_add(HELD).unwrap_or(Timestamp::MAX);
        let state = MailState::Queued { due_at, last_failure: None };
        Self { id, user, to, kind, state, attempts: 0, created_at: now, revision: 1 }
    }

    /// Takes the mail up, for nobody else to do so meanwhile. Whether it is due: a new one is due to who is told of it.
    pub fn take_up(&mut self, now: Timestamp) -> bool {
        let MailState::Queued { due_at, .. } = &mut self.state else {
            return false;
        };
        if *due_at > now && self.attempts > 0 {
            return false;
        }
        *due_at = now.saturating_add(HELD).unwrap_or(Timestamp::MAX);
        self.attempts += 1;
        true
    }

    /// Whether all tries are used up. Tries that break off leave nothing but their number.
    pub fn is_tried_out(&self) -> bool {
        self.attempts as usize > RETRIES.len() + 1
    }

    /// Notes a failure that may pass: the mail is tried again later, a limited number of times.
    pub fn try_again(&mut self, reason: String, now: Timestamp) {
        let pause = (self.attempts as usize).checked_sub(1).and_then(|tried| RETRIES.get(tried));
        self.state = match pause.and_then(|pause| now.checked_add(*pause).ok()) {
            Some(due_at) => MailState::Queued { due_at, last_failure: Some(reason) },
            None => MailState::Failed { reason },
        };
    }

    /// Takes a mail that waits out of the outbox, unsent. Whether it waited.
    pub fn drop_unsent(&mut self) -> bool {
        let waits = matches!(self.state, MailState::Queued { .. });
        if waits {
            self.state = MailState::Dropped;
        }
        waits
    }

    /// Notes a failure that no later try would mend.
    pub fn give_up(&mut self, reason: String) {
        self.state = MailState::Failed { reason };
    }

    pub fn sent(&mut self, ses_id: String, now: Timestamp) {
        self.state = MailState::Sent { at: now, ses_id, report: None };
    }

    /// Notes what SES reports of the mail. Whether it is news.
    ///
    /// A report may come before we noted that the mail was sent, or after we gave up on it for want of an answer: SES
    /// has it, and no other try is needed.
    pub fn reported(&mut self, ses_id: String, report: Report, now: Timestamp) -> bool {
        if !matches!(self.state, MailState::Sent { .. }) {
            self.sent(ses_id, now);
        }
        match &mut self.state {
            MailState::Sent { report: known, .. } if known.as_ref().is_none_or(|known| known.fate < report.fate) => {
                *known = Some(report);
                true
            }
            _ => false,
        }
    }

    /// What the admin sees of it on the invite.
    pub fn delivery(&self) -> (Delivery, Option<String>) {
        match &self.state {
            MailState::Queued { last_failure, .. } => (Delivery::Queued, last_failure.clone()),
            MailState::Sent { report: None, .. } => (Delivery::Sent, None),
            MailState::Sent { report: Some(Report { fate, detail }), .. } => (fate.delivery(), detail.clone()),
            MailState::Failed { reason } => (Delivery::Failed, Some(reason.clone())),
            MailState::Dropped => (Delivery::None, None),
        }
    }
}

impl Fate {
    const ALL: [Self; 6] =
        [Self::Delayed, Self::Delivered, Self::Rejected, Self::Returned, Self::Bounced, Self::Complained];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Returned => "returned",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    fn delivery(self) -> Delivery {
        match self {
            Self::Delayed => Delivery::Sent,
            Self::Delivered => Delivery::Delivered,
            Self::Rejected => Delivery::Failed,
            Self::Returned | Self::Bounced => Delivery::Bounced,
            Self::Complained => Delivery::Complained,
        }
    }
}

impl FromStr for Fate {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|fate| fate.as_str() == text).ok_or_else(|| "No such fate of a mail.".into())
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far the mail of an invite has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Delivery {
    /// Nothing was mailed: the admin took the link.
    None,
    Queued,
    Sent,
    Delivered,
    Bounced,
    Complained,
    Failed,
}

impl Delivery {
    const ALL: [Self; 7] =
        [Self::None, Self::Queued, Self::Sent, Self::Delivered, Self::Bounced, Self::Complained, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for Delivery {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|delivery| delivery.as_str() == text);
        found.ok_or_else(|| Invalid(format!("A delivery is {}.", Self::ALL.map(Self::as_str).join(", "))))
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(state: MailState) -> Mail {
        let (id, now) = (MailId::new(Timestamp::UNIX_EPOCH, [0; 10]), Timestamp::UNIX_EPOCH);
        Mail { state, ..Mail::new(id, None, "ada@example.com".parse().unwrap(), Kind::Welcome, now) }
    }

    #[test]
    fn a_mail_is_taken_up_by_one_at_a_time_and_not_for_ever() {
        let mut now = Timestamp::UNIX_EPOCH;
        let due_at = now + HELD;
        let mut mail = mail(MailState::Queued { due_at, last_failure: None });
        let mut tries = 0;
        while !mail.is_tried_out() && tries < 100 {
            assert!(mail.take_up(now) && !mail.take_up(now), "whoever is second leaves it alone");
            now += HELD;
            tries += 1;
        }
        assert_eq!(tries, RETRIES.len() + 2, "the last one only says so");
        mail.give_up("It broke off.".to_owned());
        assert!(!mail.take_up(now));
    }

    #[test]
    fn the_worst_report_stays_in_whatever_order_they_come() {
        let report = |fate| Report { fate, detail: None };
        let now = Timestamp::UNIX_EPOCH;
        let states = [
            MailState::Queued { due_at: now, last_failure: None },
            MailState::Sent { at: now, ses_id: "1".to_owned(), report: None },
            MailState::Failed { reason: "SES did not answer in time.".to_owned() },
            MailState::Dropped,
        ];
        for state in states {
            for first in Fate::ALL {
                for second in Fate::ALL {
                    let mut mail = mail(state.clone());
                    assert!(mail.reported("1".to_owned(), report(first), now));
                    assert_eq!(mail.reported("1".to_owned(), report(second), now), second > first);
                    let worst = Some(report(first.max(second)));
                    assert_eq!(mail.state, MailState::Sent { at: now, ses_id: "1".to_owned(), report: worst });
                }
            }
        }
    }

    #[test]
    fn a_mail_that_fails_is_tried_for_a_day_and_then_has_failed() {
        let mut mail = mail(MailState::Queued { due_at: Timestamp::UNIX_EPOCH, last_failure: None });
        let mut now = Timestamp::UNIX_EPOCH;
        for pause in RETRIES {
            assert!(mail.take_up(now));
            mail.try_again("Throttled.".to_owned(), now);
            assert_eq!(mail.delivery(), (Delivery::Queued, Some("Throttled.".to_owned())));
            now += pause;
            assert!(!mail.clone().take_up(now - SignedDuration::from_nanos(1)), "not before it is due");
        }
        assert!(mail.take_up(now) && !mail.is_tried_out());
        mail.try_again("Throttled.".to_owned(), now);
        assert_eq!(mail.state, MailState::Failed { reason: "Throttled.".to_owned() });
        assert_eq!(now.duration_since(Timestamp::UNIX_EPOCH).as_hours(), 23);
    }

    #[test]
    fn a_mail_that_is_given_up_says_why() {
        let mut mail = mail(MailState::Queued { due_at: Timestamp::UNIX_EPOCH, last_failure: None });
        mail.give_up("The address is on the suppression list.".to_owned());
        assert_eq!(mail.delivery(), (Delivery::Failed, Some("The address is on the suppression list.".to_owned())));
    }

    #[test]
    fn only_a_mail_that_waits_is_dropped() {
        let mut mail = mail(MailState::Queued { due_at: Timestamp::UNIX_EPOCH, last_failure: None });
        assert!(mail.drop_unsent() && !mail.drop_unsent());
        assert!(!mail.take_up(Timestamp::MAX));
        mail.sent("1".to_owned(), Timestamp::UNIX_EPOCH);
        assert!(!mail.drop_unsent() && matches!(mail.state, MailState::Sent { .. }));
    }

    #[test]
    fn a_kind_is_called_as_its_template_where_it_has_one() {
        for (kind, name, template) in [
            (Kind::Invitation { generation: 1 }, "invitation", Some(TemplateKind::Invitation)),
            (Kind::PasswordReset, "password_reset", Some(TemplateKind::PasswordReset)),
            (Kind::Test, "test", None),
            (Kind::WebhookDisabled { webhook: String::new(), reason: String::new() }, "webhook_disabled", None),
        ] {
            assert_eq!((kind.as_str(), kind.template()), (name, template));
        }
    }
}
