//! `roster-admin`: what operators do at the command line, beside the API.

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use aws_sdk_dynamodb::Client;
use clap::{Args, Parser, Subcommand};
use roster_functions::aws;
use roster_local::{data, engine::TABLE};
use roster_store::{Store, Verification};
use roster_web::{Clock, app::SystemClock};

/// What operators do at the command line
#[derive(Parser)]
#[command(name = "roster-admin", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compare the whole activity with its seals
    ///
    /// Note the digest that it prints outside of the installation, and give it with --expect next time: then a chain
    /// that was cut off or made anew is found too. Ends with 1 if anything was removed or altered.
    VerifyActivity {
        #[command(flatten)]
        place: Place,
        /// The digest that an earlier run printed
        #[arg(long, value_name = "DIGEST")]
        expect: Option<String>,
    },
}

/// Where the installation is.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// The table in AWS, whose region and credentials stand in the environment
    #[arg(long, env = "ROSTER_TABLE")]
    table: Option<String>,
    /// The data directory of a local installation
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command::VerifyActivity { place, expect } = Arguments::parse().command;
    match verify_activity(place, expect.as_deref()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Whether the activity is as it was sealed.
async fn verify_activity(place: Place, expect: Option<&str>) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let (store, now) = match (place.data, place.table) {
        (Some(directory), _) => {
            let (client, now) = data::open(&directory)?;
            (store(client, TABLE), now)
        }
        (None, table) => (store(aws::dynamodb()?, &table.unwrap_or_default()), SystemClock.now()),
    };
    let Verification { seals, head, findings } = store.verify_activity(now, expect).await?;
    let mut out = io::stdout();
    writeln!(out, "seals: {seals}\nhead: {head}")?;
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    if findings.is_empty() {
        writeln!(out, "The activity is as it was sealed.")?;
    }
    Ok(findings.is_empty())
}

fn store(client: Client, table: &str) -> Store {
    Store::new(client, table.to_owned())
}
