//! `roster-admin`: what operators do at the command line, beside the API. IAM's rights on the table decide who may.
//!
//! Whatever is changed goes through the same transactions as in the API, and stands in the activity as done by the
//! system.

mod activity;
mod people;
mod place;
mod trouble;
mod upkeep;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use activity::Actions;
use clap::{Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};
use place::{Consent, Place};
use roster_domain::{EmailAddress, PersonName};
use roster_store::{Page, PageRequest};
use serde::Serialize;

/// How much is read at a time.
const CHUNK: usize = 500;

/// How long after one seeded user the next one came.
const SEED_STEP: SignedDuration = SignedDuration::from_millis(250);

/// How a shell reports a program that nobody reads from any more: 128 and the number of `SIGPIPE`.
const BROKEN_PIPE: u8 = 141;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// What operators do at the command line
///
/// An installation in AWS is named by its table; region and credentials stand in the environment. This puts those of a
/// profile there: eval "$(aws configure export-credentials --profile NAME --format env)"
#[derive(Parser)]
#[command(name = "roster-admin", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tell how many users there are, and whether anything waits or failed
    Status {
        #[command(flatten)]
        place: Place,
    },
    /// Make somebody an admin, for when no admin can sign in any more
    ///
    /// Prints a temporary password. Whoever has an account with this address keeps it, is active from now on, and signed
    /// out everywhere.
    CreateAdmin {
        #[command(flatten)]
        place: Place,
        /// Their address
        #[arg(long)]
        email: EmailAddress,
        /// Their name; whoever has the address already is called so, too
        #[arg(long)]
        name: Option<PersonName>,
    },
    /// Print all users, or profile, roles, sessions and activity of one person, as lines of JSON
    Export {
        #[command(flatten)]
        place: Place,
        /// The address of the one person
        #[arg(long, value_name = "EMAIL")]
        person: Option<EmailAddress>,
    },
    /// Print the activity as lines of JSON, newest first
    Activity {
        #[command(flatten)]
        place: Place,
        /// Nothing from before this moment, such as 2026-11-24T07:00:00Z
        #[arg(long, value_name = "TIME")]
        from: Option<Timestamp>,
        /// Only this action, such as user.deleted, or those that begin like this, such as user. or app; as often as you like
        #[arg(long = "action", value_name = "ACTION")]
        actions: Vec<Actions>,
    },
    /// Delete a person with all that is kept about them, but for the activity
    ///
    /// Ends with 1 if nothing was found.
    Erase {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        person: people::Named,
    },
    /// Write believable users, for demonstrations and measurements
    Seed {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        consent: Consent,
        /// How many
        users: usize,
        /// The number of the first one, which is in their address
        #[arg(long, default_value_t = 0)]
        from: usize,
    },
    /// After a restore: end all sessions, open invites and temporary passwords, void all links, delete API keys and disable
    /// webhooks
    ///
    /// It takes some requests for each user, and the credentials must last as long. If it breaks off, run it again: what
    /// is done stays done.
    VoidLinksAndSessions {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        consent: Consent,
        /// List API keys, those too that were deleted after the moment that was restored, instead of deleting them
        #[arg(long)]
        keep_api_keys: bool,
    },
    /// Compare the whole activity with its seals
    ///
    /// Note the digest that it prints outside of the installation, and give it with --expect next time: then a chain
    /// that was cut off or made anew is found too. Ends with 1 if anything was removed, altered or never sealed.
    VerifyActivity {
        #[command(flatten)]
        place: Place,
        /// The digest that an earlier run printed
        #[arg(long, value_name = "DIGEST")]
        expect: Option<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let place = command.place().clone();
    match run(command).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if trouble::is_broken_pipe(&*error) => ExitCode::from(BROKEN_PIPE),
        Err(error) => {
            eprintln!("{}", trouble::explain(&*error, &place));
            ExitCode::from(2)
        }
    }
}

impl Command {
    fn place(&self) -> &Place {
        match self {
            Self::Status { place }
            | Self::CreateAdmin { place, .. }
            | Self::Export { place, .. }
            | Self::Activity { place, .. }
            | Self::Erase { place, .. }
            | Self::Seed { place, .. }
            | Self::VoidLinksAndSessions { place, .. }
            | Self::VerifyActivity { place, .. } => place,
        }
    }
}

/// Everything of a list.
async fn all<T>(read: impl AsyncFn(&PageRequest) -> roster_domain::Result<Page<T>>) -> Result<Vec<T>> {
    let mut items = Vec::new();
    each(read, |item| {
        items.push(item);
        Ok(())
    })
    .await?;
    Ok(items)
}

/// Goes through a list, page by page.
async fn each<T>(
    read: impl AsyncFn(&PageRequest) -> roster_domain::Result<Page<T>>,
    mut handle: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut page = PageRequest { limit: CHUNK, cursor: None };
    loop {
        let part = read(&page).await?;
        part.items.into_iter().try_for_each(&mut handle)?;
        page.cursor = part.next_cursor;
        if page.cursor.is_none() {
            return Ok(());
        }
    }
}

fn print_line(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    writeln!(out, "{}", serde_json::to_string(value)?)?;
    Ok(())
}

/// Whether all is as it should be.
async fn run(command: Command) -> Result<bool> {
    let out = &mut io::stdout().lock();
    match command {
        Command::Status { place } => upkeep::status(out, &place.to_read()?).await?,
        Command::CreateAdmin { place, email, name } => {
            people::create_admin(out, &place.to_write()?, email, name).await?;
        }
        Command::Export { place, person: None } => people::export(out, &place.to_read()?.app).await?,
        Command::Export { place, person: Some(email) } => {
            people::export_person(out, &place.to_read()?.app, &email).await?;
        }
        Command::Activity { place, from, actions } => {
            activity::activity(out, &place.to_read()?.app, from, &actions).await?;
        }
        Command::Erase { place, person } => return people::erase(out, &place.to_write()?, &person).await,
        Command::Seed { place, consent, users, from } => {
            let app = &place.to_change_all(&consent)?.app;
            let told = |users| eprintln!("{users} users");
            roster_local::people::populate(app, "roster-admin", users, SEED_STEP, from, told).await?;
        }
        Command::VoidLinksAndSessions { place, consent, keep_api_keys } => {
            upkeep::void_links_and_sessions(out, &place.to_change_all(&consent)?, keep_api_keys).await?;
        }
        Command::VerifyActivity { place, expect } => {
            return upkeep::verify_activity(out, &place.to_read()?.app, expect.as_deref()).await;
        }
    }
    Ok(true)
}
