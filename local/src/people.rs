//! Believable people, for measurements and demonstrations: names in many scripts, in all states that a user can be in.

use jiff::Timestamp;
use roster_domain::{
    ActivityId, AppRoles, Caller, Invalid, Role, SessionId, User, UserId,
    activity::{Action, Activity, Origin, Subject, user_changes},
    invites::Invite,
    passwords::StoredPassword,
    sessions::Session,
    settings::SecuritySettings,
    tokens::Secret,
    users::{Profile, State, Suspension},
};
use roster_store::{Change, Credential};

/// A password that nobody has.
const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// Names as they are written, and as they are in addresses.
pub const GIVEN: [(&str, &str); 9] = [
    ("Ada", "ada"),
    ("Анна", "anna"),
    ("José", "jose"),
    ("فاطمة", "fatima"),
    ("小明", "xiaoming"),
    ("आरव", "aarav"),
    ("Οδυσσέας", "odysseas"),
    ("민준", "minjun"),
    ("さくら", "sakura"),
];
pub const FAMILY: [(&str, &str); 7] = [
    ("Lovelace", "lovelace"),
    ("Иванова", "ivanova"),
    ("García Márquez", "garcia"),
    ("الفهري", "alfihri"),
    ("王", "wang"),
    ("शर्मा", "sharma"),
    ("Nguyễn", "nguyen"),
];

/// A user who is about to be written.
pub struct Newcomer {
    pub user: User,
    credential: Option<Credential>,
    invite: Option<Invite>,
    session: Option<Session>,
    activity: Activity,
}

impl Newcomer {
    /// The user number `n`. Of ten, one is invited; of twenty, one is suspended and one a builder without a name; of
    /// two, one is in the wiki; of fifty, one in the shop; of three active ones, one is signed in.
    pub fn new(n: usize, at: Timestamp, caller: &Caller) -> Result<Self, Invalid> {
        let random = |tag: u8| {
            let mut bytes = [tag; 10];
            bytes[2..].copy_from_slice(&n.to_be_bytes());
            bytes
        };
        let id = UserId::new(at, random(0));
        let (given, family) = (GIVEN[n % GIVEN.len()], FAMILY[n % FAMILY.len()]);
        let is_builder = n % 20 == 7;
        let mut app_roles = AppRoles::new();
        if n.is_multiple_of(2) {
            app_roles.insert("wiki".parse()?, if n.is_multiple_of(4) { "basic" } else { "power" }.parse()?);
        }
        if n.is_multiple_of(50) {
            app_roles.insert("shop".parse()?, "admin".parse()?);
        }
        let profile = Profile {
            email: format!("{}.{}.{n}@example.com", given.1, family.1).parse()?,
            name: if is_builder { None } else { Some(format!("{} {}", given.0, family.0).parse()?) },
            role: if is_builder { Role::Builder } else { Role::Member },
            app_roles,
        };
        let (mut invite, mut credential, mut session) = (None, None, None);
        let user = if n % 10 == 3 {
            // Half of the invites have run out.
            let valid_hours = if n % 20 == 3 { 1 } else { 168 };
            let (open, invited) = Invite::new(id, caller, valid_hours, None, at);
            invite = Some(open);
            User::invited(id, profile, invited, at)
        } else {
            let mut user = User::active(id, profile, at);
            if n % 20 == 9 {
                user.state = State::Suspended(Suspension { reason: Some("On leave.".to_owned()), until: None });
            } else if n.is_multiple_of(3) {
                let keys = (SessionId::new(at, random(1)), Secret::new(roster_web::app::random()));
                session = Some(Session::start(&user, SecuritySettings::default(), keys, (None, None), at).0);
            }
            let password = StoredPassword::from_phc(PHC.to_owned());
            credential = Some(Credential { user: id, password, changed_at: at, temporary_until: None });
            user
        };
        let activity = Activity {
            id: ActivityId::new(at, random(2)),
            at,
            action: if invite.is_some() { Action::UserInvited } else { Action::UserCreated },
            actor: caller.actor(),
            subject: Subject::from(&user),
            changes: user_changes(None, Some(&user)),
            origin: Origin { ip: Some("203.0.113.7".to_owned()), ..Origin::default() },
        };
        Ok(Self { user, credential, invite, session, activity })
    }

    /// What writes the user, see [`roster_store::Store::seed`].
    pub fn change(&self) -> (Change<'_>, Activity) {
        let Self { user, credential, invite, session, activity } = self;
        let (credential, invite, session) = (credential.as_ref(), invite.as_ref(), session.as_ref());
        let change = Change { after: Some(user), credential, invite, session, ..Change::default() };
        (change, activity.clone())
    }
}
