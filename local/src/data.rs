//! The data of a local installation, for commands that look at it. An installation that runs on it goes on undisturbed.

use std::path::Path;

use aws_sdk_dynamodb::{Client, error::BoxError};
use jiff::Timestamp;

use crate::{
    bus::Bus, clock::LocalClock, connector::Connector, engine::Engine, faults::Faults, mailbox::Mailbox,
    recorder::Recorder, state::StateFile, streams::Backlog,
};

/// A client of the table in `directory`, and the present moment by the clock of that installation.
pub fn open(directory: &Path) -> Result<(Client, Timestamp), BoxError> {
    if !directory.join("roster.db").is_file() {
        return Err(format!("There is no data of an installation in {}.", directory.display()).into());
    }
    let clock = LocalClock::load(StateFile::new(Some(directory), "clock.json"))?;
    let connector = Connector {
        engine: Engine::open(directory, None, Backlog::new())?,
        mailbox: Mailbox::load(StateFile::new(None, "mail.jsonl"), clock.clone())?,
        bus: Bus::load(StateFile::new(None, "events.jsonl"), clock.clone())?,
        recorder: Recorder::default(),
        faults: Faults::default(),
    };
    Ok((connector.dynamodb(), clock.now()))
}
