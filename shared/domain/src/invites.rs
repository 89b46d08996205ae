//! Invites: single-use, expiring ways to become active.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Caller, Error, Result, User, UserId,
    mails::Delivery,
    tokens::SecretHash,
    users::{Invited, State},
};

/// The secret side of an invite: which links belong to it. What is told of it stands on the user.
#[derive(Clone, Debug)]
pub struct Invite {
    pub user: UserId,
    pub generation: u64,
    pub expires_at: Timestamp,
    pub expiry_recorded: bool,
    /// When the invitee is to be reminded; nothing, if they were, or never will be.
    pub remind_at: Option<Timestamp>,
    /// How long a renewed invite is valid if the admin does not say otherwise.
    pub valid_hours: u16,
    pub message: Option<String>,
    pub links: Vec<Link>,
    /// Counts the writes, new links included; known to the store alone.
    pub revision: u64,
}

/// A link that was sent or handed over.
#[derive(Clone, Debug)]
pub struct Link {
    pub hash: SecretHash,
    pub generation: u64,
}

/// How many links are remembered, so that an old one is answered with "replaced".
pub const MAX_LINKS: usize = 20;

/// For how many hours an invite is valid.
pub const VALID_HOURS: std::ops::RangeInclusive<u16> = 1..=720;

impl Invite {
    /// A new invite, together with what the user's profile tells of it.
    pub fn new(
        user: UserId,
        caller: &Caller,
        valid_hours: u16,
        message: Option<String>,
        now: Timestamp,
    ) -> (Self, Invited) {
        let invite = Self {
            user,
            generation: 1,
            expires_at: expiry(valid_hours, now),
            expiry_recorded: false,
            remind_at: None,
            valid_hours,
            message,
            links: Vec::new(),
            revision: 0,
        };
        let invited = Invited {
            generation: invite.generation,
            expires_at: invite.expires_at,
            expiry_recorded: false,
            invited_by: caller.label.clone(),
            sent_at: None,
            times_sent: 0,
            renewal_requested_at: None,
            delivery: Delivery::None,
            delivery_detail: None,
            mail: None,
        };
        (invite, invited)
    }

    /// A new generation: links of earlier ones are dead, the time starts again.
    pub fn renew(&mut self, user: &mut User, caller: &Caller, valid_hours: Option<u16>, now: Timestamp) -> Result<()> {
        caller.may_touch(user)?;
        let State::Invited(invited) = &mut user.state else {
            return Err(Error::NotInvited);
        };
        self.valid_hours = valid_hours.unwrap_or(self.valid_hours);
        self.generation += 1;
        self.expires_at = expiry(self.valid_hours, now);
        self.expiry_recorded = false;
        self.remind_at = None;
        *invited = Invited {
            generation: self.generation,
            expires_at: self.expires_at,
            expiry_recorded: false,
            invited_by: caller.label.clone(),
            sent_at: None,
            times_sent: invited.times_sent,
            renewal_requested_at: None,
            delivery: Delivery::None,
            delivery_detail: None,
            mail: None,
        };
        Ok(())
    }

    /// Adds a link of the present generation.
    pub fn add_link(&mut self, hash: SecretHash) {
        self.links.push(Link { hash, generation: self.generation });
        let surplus = self.links.len().saturating_sub(MAX_LINKS);
        self.links.drain(..surplus);
    }

    /// Whether the link with this hash opens the invite at `now`. Every link is compared, found or not.
    pub fn check(&self, hash: &SecretHash, now: Timestamp) -> Result<()> {
        let generation = self.links.iter().filter(|link| link.hash == *hash).map(|link| link.generation).max();
        match generation {
            None => Err(Error::InviteUnknown),
            Some(generation) if generation < self.generation => Err(Error::InviteReplaced),
            Some(_) if self.expires_at <= now => Err(Error::InviteExpired),
            Some(_) => Ok(()),
        }
    }

    /// Plans to remind the invitee when a quarter of the time is left.
    pub fn plan_reminder(&mut self, now: Timestamp) {
        self.remind_at = self.expires_at.checked_sub(self.expires_at.duration_since(now) / 4).ok();
    }

    /// When something happens to it by itself: the reminder, or the end as long as it is not recorded.
    pub fn due_at(&self) -> Option<Timestamp> {
        let next = self.remind_at.map_or(self.expires_at, |at| at.min(self.expires_at));
        (!self.expiry_recorded).then_some(next)
    }

    /// Takes up the reminder, if it is due. Whether it was; it is taken up once.
    pub fn take_reminder(&mut self, now: Timestamp) -> bool {
        let is_due = self.expires_at > now && self.remind_at.is_some_and(|at| at <= now);
        if is_due {
            self.remind_at = None;
        }
        is_due
    }

    /// Ends an open invite before its time, and notes that it has run out. The new generation has no link, and mails of
    /// earlier ones bring none. Whether it was open.
    pub fn end(&mut self, user: &mut User, now: Timestamp) -> bool {
        let State::Invited(invited) = &mut user.state else {
            return false;
        };
        if self.expires_at <= now {
            return false;
        }
        self.generation += 1;
        self.expires_at = now;
        self.remind_at = None;
        self.links.clear();
        (invited.generation, invited.expires_at) = (self.generation, self.expires_at);
        (invited.mail, invited.delivery, invited.delivery_detail) = (None, Delivery::None, None);
        self.record_expiry(user, now)
    }

    /// Notes that the invite has run out, if it has and nobody noted it before.
    pub fn record_expiry(&mut self, user: &mut User, now: Timestamp) -> bool {
        let State::Invited(invited) = &mut user.state else {
            return false;
        };
        if self.expiry_recorded || self.expires_at > now || invited.generation != self.generation {
            return false;
        }
        self.expiry_recorded = true;
        invited.expiry_recorded = true;
        true
    }
}

fn expiry(valid_hours: u16, now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(i64::from(valid_hours))).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{
        ApiKeyId, AppRoles, MailId, Role, Status,
        access::Credential,
        mails::{Kind, Mail},
        users::Profile,
    };

    fn hours(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn caller() -> Caller {
        let credential = Credential::ApiKey(ApiKeyId::new(hours(0), [0; 10]));
        Caller { credential, label: "Ada".to_owned(), role: Role::Admin }
    }

    #[test]
    fn an_invite_is_due_when_a_quarter_is_left_then_at_its_end_and_then_no_more() {
        let caller = caller();
        let (mut invite, _) = Invite::new(UserId::new(hours(0), [1; 10]), &caller, 40, None, hours(0));
        assert_eq!(invite.due_at(), Some(hours(40)));

        invite.plan_reminder(hours(0));
        assert_eq!(invite.due_at(), Some(hours(30)));
        assert!(!invite.take_reminder(hours(30) - SignedDuration::from_nanos(1)));
        assert!(invite.take_reminder(hours(30)));
        assert!(!invite.take_reminder(hours(30)), "it is taken up once");
        assert_eq!(invite.due_at(), Some(hours(40)));

        invite.plan_reminder(hours(0));
        assert!(!invite.take_reminder(hours(40)), "nobody is reminded of what has ended");
        invite.expiry_recorded = true;
        assert_eq!(invite.due_at(), None);
    }

    #[test]
    fn an_expiry_is_recorded_from_its_moment_on_and_once() {
        let caller = caller();
        let id = UserId::new(hours(0), [1; 10]);
        let (mut invite, invited) = Invite::new(id, &caller, 40, None, hours(0));
        let email = "grace@example.com".parse().unwrap();
        let profile = Profile { email, name: None, role: Role::Member, app_roles: AppRoles::default() };
        let mut user = User::invited(id, profile, invited, hours(0));
        let mut renewed = invite.clone();
        renewed.renew(&mut user.clone(), &caller, Some(10), hours(0)).unwrap();
        assert_eq!((renewed.generation, renewed.expires_at), (2, hours(10)));
        assert!(!renewed.record_expiry(&mut user, hours(40)), "it is the end of another invite");

        assert!(!invite.record_expiry(&mut user, hours(40) - SignedDuration::from_nanos(1)));
        assert!(invite.record_expiry(&mut user, hours(40)));
        assert!(!invite.record_expiry(&mut user, hours(40)));
        assert!(invite.expiry_recorded && user.invite().is_some_and(|invited| invited.expiry_recorded));
    }

    #[test]
    fn an_invite_that_is_ended_has_run_out_and_takes_its_links_and_its_mail_along() {
        let id = UserId::new(hours(0), [1; 10]);
        let (mut invite, invited) = Invite::new(id, &caller(), 40, None, hours(0));
        let email: crate::EmailAddress = "grace@example.com".parse().unwrap();
        let profile = Profile { email: email.clone(), name: None, role: Role::Member, app_roles: AppRoles::default() };
        let mut user = User::invited(id, profile, invited, hours(0));
        let hash = SecretHash::of_text("a secret");
        invite.add_link(hash);
        invite.plan_reminder(hours(0));
        let kind = Kind::Invitation { generation: invite.generation };
        let mut mail = Mail::new(MailId::new(hours(0), [0; 10]), Some(id), email, kind, hours(0));
        user.invite_mut().unwrap().be_carried_by(&mail);

        assert!(invite.end(&mut user, hours(1)));

        assert_eq!(user.recorded_status(), Status::InviteExpired);
        assert!(matches!(invite.check(&hash, hours(1)), Err(Error::InviteUnknown)));
        assert_eq!((invite.generation, invite.due_at(), invite.take_reminder(hours(39))), (2, None, false));
        mail.sent("1".to_owned(), hours(2));
        let invited = user.invite_mut().unwrap();
        assert!(!invited.follow(&mail) && invited.delivery == Delivery::None, "it carries the invite no more");
        assert_eq!((invited.generation, invited.expires_at), (2, hours(1)));
        assert!(!invite.end(&mut user, hours(2)), "it has ended");
        invite.renew(&mut user, &caller(), None, hours(3)).unwrap();
        assert_eq!((invite.generation, invite.due_at()), (3, Some(hours(43))));
    }
}
