//! Users and what can happen to them.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::Timestamp;

use crate::{
    AppRoles, AppSlug, Caller, EmailAddress, Error, Invalid, MailId, PersonName, Result, Role, RoleSlug, UserId,
    mails::{Delivery, Mail, MailState},
    roles::MAX_APP_ROLES,
};

/// A person.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub email: EmailAddress,
    /// Unknown until the person or an admin tells it.
    pub name: Option<PersonName>,
    pub state: State,
    pub role: Role,
    pub app_roles: AppRoles,
    /// Whether the password must be changed before anything else.
    pub password_temporary: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_sign_in_at: Option<Timestamp>,
    /// Counts the changes that people make; what `If-Match` compares.
    pub version: u64,
    /// Counts every write, those of the system included; known to the store alone.
    pub revision: u64,
    /// Sessions of an earlier generation have ended.
    pub session_generation: u64,
}

/// The life of a user. A state carries what only makes sense in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Invited(Invited),
    Active,
    Suspended(Suspension),
}

/// What is told of an invite. The hashes of its links are kept apart, in [`crate::invites::Invite`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// Counts the renewals; a link of an earlier generation was replaced.
    pub generation: u64,
    pub expires_at: Timestamp,
    /// Whether the expiry is in the activity.
    pub expiry_recorded: bool,
    pub invited_by: String,
    pub sent_at: Option<Timestamp>,
    pub times_sent: u32,
    pub renewal_requested_at: Option<Timestamp>,
    pub delivery: Delivery,
    pub delivery_detail: Option<String>,
    /// The mail that carries this generation's link; none where an admin took the link.
    pub mail: Option<MailId>,
}

impl Invited {
    /// From now on, this mail is the one that carries the invite.
    pub fn be_carried_by(&mut self, mail: &Mail) {
        self.mail = Some(mail.id);
        self.follow(mail);
    }

    /// Whether the mail that carries the invite went out, and nothing was heard since of why it would not be read.
    pub fn is_thought_to_arrive(&self) -> bool {
        self.mail.is_some() && matches!(self.delivery, Delivery::Sent | Delivery::Delivered)
    }

    /// Shows what became of a mail, if it is the one that carries the invite. Whether it is.
    pub fn follow(&mut self, mail: &Mail) -> bool {
        if self.mail != Some(mail.id) {
            return false;
        }
        (self.delivery, self.delivery_detail) = mail.delivery();
        if let MailState::Sent { at, .. } = mail.state
            && self.sent_at != Some(at)
        {
            self.sent_at = Some(at);
            self.times_sent += 1;
        }
        true
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suspension {
    pub reason: Option<String>,
    pub until: Option<Timestamp>,
}

/// What the API calls the state of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Status {
    Invited,
    InviteExpired,
    Active,
    Suspended,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Invited, Self::InviteExpired, Self::Active, Self::Suspended];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::InviteExpired => "invite_expired",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

impl FromStr for Status {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| "A status is invited, invite_expired, active or suspended.".into())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who a new user is.
#[derive(Clone, Debug)]
pub struct Profile {
    pub email: EmailAddress,
    pub name: Option<PersonName>,
    pub role: Role,
    pub app_roles: AppRoles,
}

impl User {
    /// Somebody who can sign in from now on.
    pub fn active(id: UserId, profile: Profile, now: Timestamp) -> Self {
        let Profile { email, name, role, app_roles } = profile;
        Self {
            id,
            email,
            name,
            state: State::Active,
            role,
            app_roles,
            password_temporary: false,
            created_at: now,
            updated_at: now,
            last_sign_in_at: None,
            version: 1,
            revision: 1,
            session_generation: 1,
        }
    }

    /// Somebody who has an invite.
    pub fn invited(id: UserId, profile: Profile, invited: Invited, now: Timestamp) -> Self {
        Self { state: State::Invited(invited), ..Self::active(id, profile, now) }
    }

    /// The status at `now`: an invite and a suspension run out by the clock, whenever that is recorded.
    pub fn status(&self, now: Timestamp) -> Status {
        match &self.state {
            State::Invited(invited) if invited.expires_at <= now => Status::InviteExpired,
            State::Invited(_) => Status::Invited,
            State::Suspended(suspension) if suspension.until.is_none_or(|until| until > now) => Status::Suspended,
            State::Active | State::Suspended(_) => Status::Active,
        }
    }

    pub fn invite(&self) -> Option<&Invited> {
        match &self.state {
            State::Invited(invited) => Some(invited),
            State::Active | State::Suspended(_) => None,
        }
    }

    pub fn invite_mut(&mut self) -> Option<&mut Invited> {
        match &mut self.state {
            State::Invited(invited) => Some(invited),
            State::Active | State::Suspended(_) => None,
        }
    }

    /// How the user is called: by name, where it is known, else by address.
    pub fn label(&self) -> &str {
        self.name.as_ref().map_or(self.email.as_str(), PersonName::as_str)
    }

    /// Whether the user counts for the rule that there is always an active admin.
    pub fn is_active_admin(&self) -> bool {
        self.role == Role::Admin && self.state == State::Active
    }

    /// Becomes active by an invite.
    pub fn accept_invite(&mut self, name: PersonName, now: Timestamp) {
        self.state = State::Active;
        self.name = Some(name);
        self.password_temporary = false;
        self.last_sign_in_at = Some(now);
    }

    /// Takes the access away until an admin or the clock gives it back.
    pub fn suspend(&mut self, caller: &Caller, suspension: Suspension) -> Result<()> {
        caller.may_end(self)?;
        if self.invite().is_some() {
            return Err(Error::StillInvited);
        }
        self.state = State::Suspended(suspension);
        self.end_sessions();
        Ok(())
    }

    /// Gives the access back.
    pub fn reactivate(&mut self, caller: &Caller) -> Result<()> {
        caller.may_touch(self)?;
        if self.invite().is_some() {
            return Err(Error::StillInvited);
        }
        self.state = State::Active;
        Ok(())
    }

    /// Ends a suspension whose time is over. Whether there was one.
    pub fn end_suspension(&mut self, now: Timestamp) -> bool {
        let is_over =
            matches!(&self.state, State::Suspended(suspension) if suspension.until.is_some_and(|until| until <= now));
        if is_over {
            self.state = State::Active;
        }
        is_over
    }

    /// The status as it was last recorded: what the activity and the summary tell.
    pub fn recorded_status(&self) -> Status {
        match &self.state {
            State::Invited(invited) if invited.expiry_recorded => Status::InviteExpired,
            State::Invited(_) => Status::Invited,
            State::Active => Status::Active,
            State::Suspended(_) => Status::Suspended,
        }
    }

    /// Changes the profile as far as `caller` may.
    pub fn edit(&mut self, caller: &Caller, edit: Edit) -> Result<()> {
        caller.may_touch(self)?;
        if let Some(role) = edit.role.filter(|role| *role != self.role) {
            caller.may_grant(role)?;
            if caller.is(self.id) {
                return Err(Error::OwnAccount);
            }
            self.role = role;
        }
        if let Some(name) = edit.name {
            self.name = name;
        }
        if let Some(email) = edit.email {
            self.email = email;
        }
        Ok(())
    }

    /// Gives the user `role` in `app`, in place of the one they had there.
    pub fn set_app_role(&mut self, caller: &Caller, app: AppSlug, role: RoleSlug) -> Result<()> {
        caller.may_touch(self)?;
        self.app_roles.insert(app, role);
        if self.app_roles.len() > MAX_APP_ROLES {
            return Err(too_many_app_roles());
        }
        Ok(())
    }

    /// Takes the user's role in `app` away.
    pub fn remove_app_role(&mut self, caller: &Caller, app: &AppSlug) -> Result<()> {
        caller.may_touch(self)?;
        self.app_roles.remove(app);
        Ok(())
    }

    /// Counts a change that somebody made.
    pub fn changed(&mut self, now: Timestamp) {
        self.version += 1;
        self.updated_at = now;
    }

    /// Ends every session of the user, those that start with an older reading of the user included.
    pub fn end_sessions(&mut self) {
        self.session_generation += 1;
    }

    /// What the activity tells of a user, field by field. Never a secret.
    pub(crate) fn described(&self) -> BTreeMap<String, String> {
        let mut fields =
            BTreeMap::from([("email".to_owned(), self.email.to_string()), ("role".to_owned(), self.role.to_string())]);
        fields.insert("status".to_owned(), self.recorded_status().to_string());
        if let State::Suspended(suspension) = &self.state {
            let until = suspension.until.map(|until| until.to_string());
            fields.extend(suspension.reason.clone().map(|reason| ("suspension.reason".to_owned(), reason)));
            fields.extend(until.map(|until| ("suspension.until".to_owned(), until)));
        }
        if let Some(name) = &self.name {
            fields.insert("name".to_owned(), name.to_string());
        }
        if let Some(invited) = self.invite() {
            fields.insert("invite.expires_at".to_owned(), invited.expires_at.to_string());
        }
        if self.password_temporary {
            fields.insert("password_temporary".to_owned(), true.to_string());
        }
        fields.extend(self.app_roles.iter().map(|(app, role)| (format!("app_roles.{app}"), role.to_string())));
        fields
    }
}

/// Refuses more app roles than one transaction can write.
pub fn check_app_roles(app_roles: &AppRoles) -> Result<()> {
    if app_roles.len() > MAX_APP_ROLES { Err(too_many_app_roles()) } else { Ok(()) }
}

fn too_many_app_roles() -> Error {
    let detail = format!("One user has a role in {MAX_APP_ROLES} apps at most.");
    Error::InvalidFields(vec![crate::FieldError::new("/app_roles", detail)])
}

/// What an admin changes of a user; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// `Some(None)` takes the name away.
    pub name: Option<Option<PersonName>>,
    pub email: Option<EmailAddress>,
    pub role: Option<Role>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ApiKeyId, SessionId,
        access::Credential,
        invites::Invite,
        mails::{Fate, Kind, Report},
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn program(role: Role) -> Caller {
        let credential = Credential::ApiKey(ApiKeyId::new(at(0), [1; 10]));
        Caller { credential, label: "Payroll".to_owned(), role }
    }

    fn profile(role: Role) -> Profile {
        Profile { email: "ada@example.com".parse().unwrap(), name: None, role, app_roles: AppRoles::default() }
    }

    fn active(role: Role) -> User {
        User::active(UserId::new(at(0), [1; 10]), profile(role), at(0))
    }

    fn invited(role: Role) -> User {
        let id = UserId::new(at(0), [1; 10]);
        let (_, invited) = Invite::new(id, &program(Role::Admin), 24, None, at(0));
        User::invited(id, profile(role), invited, at(0))
    }

    fn mail(n: u8) -> Mail {
        let (id, to) = (MailId::new(at(0), [n; 10]), "ada@example.com".parse().unwrap());
        Mail::new(id, None, to, Kind::Invitation { generation: 1 }, at(0))
    }

    #[test]
    fn only_the_mail_that_carries_an_invite_tells_how_far_it_came() {
        let mut user = invited(Role::Member);
        let invited = user.invite_mut().unwrap();
        let (mut carries, mut another) = (mail(1), mail(2));
        assert!(!invited.is_thought_to_arrive(), "nothing was mailed");

        invited.be_carried_by(&carries);
        assert_eq!((invited.mail, invited.delivery), (Some(carries.id), Delivery::Queued));
        assert!(!invited.is_thought_to_arrive());
        carries.sent("1".to_owned(), at(60));
        assert!(invited.follow(&carries) && invited.follow(&carries));
        assert_eq!((invited.sent_at, invited.times_sent), (Some(at(60)), 1), "one mail is counted once");
        assert!(invited.is_thought_to_arrive());

        another.sent("2".to_owned(), at(120));
        assert!(!invited.follow(&another));
        assert_eq!((invited.sent_at, invited.times_sent), (Some(at(60)), 1));

        carries.reported("1".to_owned(), Report { fate: Fate::Bounced, detail: None }, at(180));
        assert!(invited.follow(&carries));
        assert_eq!(invited.delivery, Delivery::Bounced);
        assert!(!invited.is_thought_to_arrive());
    }

    #[test]
    fn somebody_without_a_name_is_called_by_address() {
        let mut user = active(Role::Member);
        assert_eq!(user.label(), "ada@example.com");
        user.name = Some("Ada".parse().unwrap());
        assert_eq!(user.label(), "Ada");
    }

    #[test]
    fn an_admin_counts_as_long_as_active() {
        let mut suspended = active(Role::Admin);
        suspended.suspend(&program(Role::Admin), Suspension::default()).unwrap();
        for (user, counts) in [
            (active(Role::Admin), true),
            (active(Role::Builder), false),
            (active(Role::Member), false),
            (invited(Role::Admin), false),
            (suspended, false),
        ] {
            assert_eq!(user.is_active_admin(), counts, "{user:?}");
        }
    }

    #[test]
    fn who_has_not_accepted_is_neither_suspended_nor_reactivated() {
        let mut user = invited(Role::Member);
        let admin = program(Role::Admin);
        assert!(matches!(user.suspend(&admin, Suspension::default()), Err(Error::StillInvited)));
        assert!(matches!(user.reactivate(&admin), Err(Error::StillInvited)));
        assert_eq!(user.status(at(0)), Status::Invited);
    }

    #[test]
    fn the_recorded_status_waits_until_somebody_notes_what_the_clock_did() {
        let mut user = invited(Role::Member);
        let day = 24 * 3600;
        assert_eq!((user.status(at(day - 1)), user.recorded_status()), (Status::Invited, Status::Invited));
        assert_eq!((user.status(at(day)), user.recorded_status()), (Status::InviteExpired, Status::Invited));
        user.invite_mut().unwrap().expiry_recorded = true;
        assert_eq!(user.recorded_status(), Status::InviteExpired);

        let mut user = active(Role::Member);
        assert_eq!(user.recorded_status(), Status::Active);
        user.suspend(&program(Role::Admin), Suspension { reason: None, until: Some(at(60)) }).unwrap();
        assert_eq!((user.status(at(59)), user.recorded_status()), (Status::Suspended, Status::Suspended));
        assert!(!user.end_suspension(at(59)));
        assert_eq!((user.status(at(60)), user.recorded_status()), (Status::Active, Status::Suspended));
        assert!(user.end_suspension(at(60)) && !user.end_suspension(at(60)));
        assert_eq!(user.recorded_status(), Status::Active);
    }

    #[test]
    fn nobody_takes_a_role_from_themselves_or_gives_one_above_their_own() {
        let edit = |role| Edit { role: Some(role), ..Edit::default() };
        for held in Role::ALL {
            let mut user = active(held);
            let themselves = Caller::with_session(&user, SessionId::new(at(0), [1; 10]));
            for role in Role::ALL {
                let edited = user.edit(&themselves, edit(role));
                if role < held {
                    assert!(matches!(edited, Err(Error::OwnAccount)), "{held} to {role}");
                } else {
                    assert_eq!(edited.is_ok(), role == held, "{held} to {role}");
                }
                assert_eq!(user.role, held);
                let edited = active(Role::Member).edit(&program(held), edit(role));
                assert_eq!(edited.is_ok(), role <= held, "{held} makes somebody {role}");
            }
        }
        let mut user = active(Role::Admin);
        let as_admin = Caller::with_session(&user, SessionId::new(at(0), [1; 10]));
        user.edit(&program(Role::Admin), edit(Role::Member)).unwrap();
        assert_eq!(user.role, Role::Member);
        assert!(matches!(user.edit(&as_admin, edit(Role::Admin)), Err(Error::OwnAccount)), "it is not taken back");
    }

    #[test]
    fn an_edit_changes_what_it_names() {
        let (mut user, builder) = (active(Role::Member), program(Role::Builder));
        user.edit(&builder, Edit { name: Some(Some("Ada".parse().unwrap())), ..Edit::default() }).unwrap();
        user.edit(&builder, Edit { email: Some("ada@example.org".parse().unwrap()), ..Edit::default() }).unwrap();
        assert_eq!((user.label(), user.email.as_str(), user.role), ("Ada", "ada@example.org", Role::Member));
        user.edit(&builder, Edit { name: Some(None), ..Edit::default() }).unwrap();
        assert_eq!(user.name, None);
    }

    #[test]
    fn one_user_has_a_role_in_fifty_apps_at_most() {
        let app = |n: usize| format!("app-{n}").parse::<AppSlug>().unwrap();
        let role = |text: &str| text.parse::<RoleSlug>().unwrap();
        let (mut user, builder) = (active(Role::Member), program(Role::Builder));
        for n in 1..=MAX_APP_ROLES {
            user.set_app_role(&builder, app(n), role("basic")).unwrap();
            assert!(check_app_roles(&user.app_roles).is_ok(), "{n}");
        }
        user.set_app_role(&builder, app(1), role("power")).unwrap();
        assert_eq!((user.app_roles.len(), &user.app_roles[&app(1)]), (MAX_APP_ROLES, &role("power")));

        let mut too_many = user.clone();
        assert!(too_many.set_app_role(&builder, app(51), role("basic")).is_err());
        assert!(check_app_roles(&too_many.app_roles).is_err());

        user.remove_app_role(&builder, &app(1)).unwrap();
        assert!(!user.app_roles.contains_key(&app(1)));
        let mut admin = active(Role::Admin);
        assert!(admin.set_app_role(&builder, app(1), role("basic")).is_err(), "nobody touches who is above them");
        assert!(admin.remove_app_role(&builder, &app(1)).is_err());
    }

    #[test]
    fn every_change_makes_another_version() {
        let mut user = active(Role::Member);
        for version in 2..5 {
            user.changed(at(60));
            assert_eq!((user.version, user.updated_at, user.created_at), (version, at(60), at(0)));
        }
    }
}
