//! The data of a local installation, for commands that look at it, while an installation may run on it, and for those
//! that change it, while none does.

use std::{fs::File, path::Path};

use aws_sdk_dynamodb::{Client, error::BoxError};

use crate::{
    bus::Bus, clock::LocalClock, connector::Connector, engine::Engine, faults::Faults, installation, mailbox::Mailbox,
    recorder::Recorder, state::StateFile, streams::Backlog,
};

/// A client of the table in `directory`, and the clock of that installation.
pub fn open(directory: &Path) -> Result<(Client, LocalClock), BoxError> {
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
    Ok((connector.dynamodb(), clock))
}

/// Keeps installations from running on `directory` as long as the file is open, for commands that write to it.
pub fn claim(directory: &Path) -> Result<File, BoxError> {
    Ok(installation::claim(directory)?)
}
