//! Many believable users at once.

use jiff::SignedDuration;
use roster_domain::{
    Caller, Error, Role, access,
    activity::{Action, Actor, Subject},
    apps::{App as RosterApp, starting_roles},
};
use roster_local::people::Newcomer;
use roster_web::{App, Client};

use crate::{Result, place::Installation};

/// How many users are written at a time.
const CHUNK: usize = 500;
/// How long after one user the next one came.
const STEP: SignedDuration = SignedDuration::from_millis(250);
/// The apps in which they have roles.
const APPS: [(&str, &str); 2] = [("wiki", "Wiki"), ("shop", "Shop")];

/// Writes the users with the numbers `from` and following.
pub(crate) async fn seed(installation: &Installation, users: usize, from: usize) -> Result<()> {
    let app = &installation.app;
    for (slug, name) in APPS {
        create_app(app, slug, name).await?;
    }
    let now = app.now();
    let caller = Caller {
        credential: access::Credential::ApiKey(app.api_key_id(now)),
        label: "roster-admin".to_owned(),
        role: Role::Admin,
    };
    let first_at = now - STEP * i32::try_from(users)?;
    for begin in (0..users).step_by(CHUNK) {
        let newcomer = |n: usize| -> Result<Newcomer> {
            Ok(Newcomer::new(from + n, first_at + STEP * i32::try_from(n)?, &caller)?)
        };
        let some = (begin..users.min(begin + CHUNK)).map(newcomer).collect::<Result<Vec<_>>>()?;
        let emails: Vec<_> = some.iter().map(|newcomer| newcomer.user.email.clone()).collect();
        if let Some(taken) = app.store.holders(&emails).await?.keys().next() {
            return Err(format!("{taken} is taken. Begin with a higher number: --from.").into());
        }
        app.store.seed(&some.iter().map(Newcomer::change).collect::<Vec<_>>()).await?;
        eprintln!("{} users", begin + some.len());
    }
    Ok(())
}

async fn create_app(app: &App, slug: &str, name: &str) -> Result<()> {
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
