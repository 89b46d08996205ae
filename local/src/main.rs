//! `roster`: a working installation on this machine.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use mimalloc::MiMalloc;
use roster_domain::settings::SecuritySettings;
use roster_local::{Installation, Options, people};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A request makes thousands of small allocations, on its way through JSON above all.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Runs Roster on this machine.
#[derive(Parser)]
#[command(name = "roster", version)]
struct Arguments {
    /// The port to listen on, at 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The directory that keeps the data
    #[arg(long, default_value = ".roster", conflicts_with = "ephemeral")]
    data: PathBuf,
    /// Keep nothing
    #[arg(long)]
    ephemeral: bool,
    /// Fill it with believable people, to look around
    #[arg(long)]
    demo: bool,
    /// Ask for longer passwords and end sessions earlier, as long as no admin has chosen security settings
    #[arg(long)]
    strict: bool,
    /// What lets somebody create the first admin; generated and kept with the data when not given. Meant to be set in
    /// the environment: everybody on a machine sees its command lines
    #[arg(long, env = "ROSTER_SETUP_SECRET", hide = true)]
    setup_secret: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("ROSTER_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// One thread answers, for the engine does one thing at a time. To hand work on to a second one costs more than that would
/// do. Passwords are hashed on threads of their own.
#[tokio::main(worker_threads = 1)]
async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut options = Options::persistent(arguments.data);
    options.port = arguments.port;
    options.setup_secret = arguments.setup_secret.filter(|secret| !secret.is_empty());
    if arguments.ephemeral {
        options.data = None;
    }
    if arguments.strict {
        options.security = SecuritySettings::STRICT;
    }
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let installation = Installation::start(options).await?;
    if arguments.demo {
        people::demonstrate(&installation).await?;
    }
    welcome(&installation).await?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    installation.stop().await;
    Ok(())
}

async fn welcome(installation: &Installation) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "listening on {}", installation.url())?;
    if installation.is_setup_required().await {
        writeln!(out, "setup secret: {}", installation.setup_secret())?;
        writeln!(out, "open {} and create the first admin with it", installation.url())?;
    }
    out.flush()
}
