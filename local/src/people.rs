//! Believable people, for measurements and demonstrations: names in many scripts, in all states that a user can be in.

use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Error as BoxError;
use roster_domain::{
    ActivityId, AppRoles, Caller, EmailAddress, Error, Invalid, Role, SessionId, User, UserId, access,
    activity::{Action, Activity, Actor, Origin, Subject, user_changes},
    apps::{App as RosterApp, starting_roles},
    invites::Invite,
    passwords::StoredPassword,
    sessions::Session,
    settings::SecuritySettings,
    tokens::Secret,
    users::{Profile, State, Suspension},
};
use roster_store::{Change, Credential};
use roster_web::{App, Client};

use crate::{Installation, schedules};

/// A password that nobody has.
const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// As it is written, and as it is in addresses.
type Name = (&'static str, &'static str);

/// Given names.
pub const GIVEN: [Name; 9] = [
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
/// Family names.
pub const FAMILY: [Name; 7] = [
    ("Lovelace", "lovelace"),
    ("Иванова", "ivanova"),
    ("García Márquez", "garcia"),
    ("الفهري", "alfihri"),
    ("王", "wang"),
    ("शर्मा", "sharma"),
    ("Nguyễn", "nguyen"),
];

/// The apps in which they have roles.
const APPS: [(&str, &str); 2] = [("wiki", "Wiki"), ("shop", "Shop")];
/// How many users are written at a time.
const CHUNK: usize = 500;
/// How many are there for somebody who wants to look around, and how long after one the next one came: over twelve days,
/// so that lists and charts show what they will.
const DEMO: (usize, SignedDuration) = (120, SignedDuration::from_mins(145));

/// Fills an installation for somebody who wants to look around, if none of these people is there yet.
pub async fn demonstrate(installation: &Installation) -> Result<(), BoxError> {
    const RECORDS_IT: &str = "expire_invites";
    let app = installation.app();
    let (users, step) = DEMO;
    let emails = (0..users).map(email).collect::<Result<Vec<_>, _>>()?;
    if app.store.holders(&emails).await?.is_empty() {
        populate(app, "roster --demo", users, step, 0, |_| {}).await?;
        // Of the invites that have run out by now, lists say so at once, and their counts when it is recorded.
        installation.invoke(RECORDS_IT, schedules::event(RECORDS_IT, app.now())).await?;
    }
    Ok(())
}

/// Writes so many users, of whom the first has the number `from`, as if `actor` had added one each `step` until now;
/// `told` hears how many are written.
///
/// An error where one of them is there already.
pub async fn populate(
    app: &App,
    actor: &str,
    users: usize,
    step: SignedDuration,
    from: usize,
    told: impl Fn(usize),
) -> Result<(), BoxError> {
    for (slug, name) in APPS {
        create_app(app, slug, name).await?;
    }
    let now = app.now();
    let caller = Caller {
        credential: access::Credential::ApiKey(app.api_key_id(now)),
        label: actor.to_owned(),
        role: Role::Admin,
    };
    let first_at = now - step * i32::try_from(users)?;
    for begin in (0..users).step_by(CHUNK) {
        let newcomer = |n: usize| -> Result<Newcomer, BoxError> {
            Ok(Newcomer::new(from + n, first_at + step * i32::try_from(n)?, &caller)?)
        };
        let some = (begin..users.min(begin + CHUNK)).map(newcomer).collect::<Result<Vec<_>, _>>()?;
        let emails: Vec<_> = some.iter().map(|newcomer| newcomer.user.email.clone()).collect();
        if let Some(taken) = app.store.holders(&emails).await?.keys().next() {
            return Err(format!("{taken} is taken. Begin with a higher number: --from.").into());
        }
        app.store.seed(&some.iter().map(Newcomer::change).collect::<Vec<_>>()).await?;
        told(begin + some.len());
    }
    Ok(())
}

/// The names of the user number `n`.
fn named(n: usize) -> (Name, Name) {
    (GIVEN[n % GIVEN.len()], FAMILY[n % FAMILY.len()])
}

/// The address of the user number `n`.
fn email(n: usize) -> Result<EmailAddress, Invalid> {
    let (given, family) = named(n);
    format!("{}.{}.{n}@example.com", given.1, family.1).parse()
}

async fn create_app(app: &App, slug: &str, name: &str) -> Result<(), BoxError> {
    let now = app.now();
    let new = RosterApp {
        slug: slug.parse()?,
        name: name.parse()?,
        url: None,
        description: None,
        roles: starting_roles(),
        created_at: now,
        version: 1,
    };
    let subject = Subject::App { slug: new.slug.clone(), label: name.to_owned() };
    let activity = app.activity(now, Action::AppCreated, (Actor::System, subject), Vec::new(), &Client::default());
    match app.store.create_app(&new, &activity, None).await {
        Err(Error::SlugTaken) => Ok(()),
        created => Ok(created?),
    }
}

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
        let (given, family) = named(n);
        let is_builder = n % 20 == 7;
        let mut app_roles = AppRoles::new();
        if n.is_multiple_of(2) {
            app_roles.insert("wiki".parse()?, if n.is_multiple_of(4) { "basic" } else { "power" }.parse()?);
        }
        if n.is_multiple_of(50) {
            app_roles.insert("shop".parse()?, "admin".parse()?);
        }
        let profile = Profile {
            email: email(n)?,
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
