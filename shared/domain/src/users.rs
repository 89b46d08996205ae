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
            if role < self.role && caller.is(self.id) {
                return Err(Error::OwnAccount);
            }
            caller.may_grant(role)?;
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
