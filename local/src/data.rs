//! The data of a local installation, for commands that look at it, while an installation may run on it, and for those
//! that change it, while none does.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use aws_sdk_dynamodb::{Client, error::BoxError};

use crate::{
    bus::Bus, clock::LocalClock, connector::Connector, engine::Engine, faults::Faults, installation, mailbox::Mailbox,
    recorder::Recorder, state::StateFile, streams::Backlog,
};

/// A client of the table in `directory`, and the clock of that installation.
pub fn open(directory: &Path) -> Result<(Client, LocalClock), BoxError> {
    find(directory)?;
    let clock = LocalClock::load(StateFile::new(Some(directory), "clock.json"))?;
    let connector = Connector {
        engine: Engine::open(directory, None, Backlog::new())?.without_tokens(),
        mailbox: Mailbox::load(StateFile::new(None, "mail.jsonl"), clock.clone())?,
        bus: Bus::load(StateFile::new(None, "events.jsonl"), clock.clone())?,
        recorder: Recorder::default(),
        faults: Faults::default(),
    };
    Ok((connector.dynamodb(), clock))
}

/// Refuses what is no database: the engine would make one of nothing.
fn find(directory: &Path) -> Result<(), BoxError> {
    const BEGIN: &[u8; 16] = b"SQLite format 3\0";
    let path = directory.join("roster.db");
    let mut begin = [0; BEGIN.len()];
    match File::open(&path).and_then(|mut file| file.read_exact(&mut begin)) {
        Ok(()) if begin == *BEGIN => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("There is no data of an installation in {}.", directory.display()).into())
        }
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Err(format!("{} cannot be read: {error}", path.display()).into())
        }
        Ok(()) | Err(_) => Err(format!("{} is no database of an installation.", path.display()).into()),
    }
}

/// Keeps installations from running on `directory` as long as the file is open, for commands that write to it.
pub fn claim(directory: &Path) -> Result<File, BoxError> {
    Ok(installation::claim(directory)?)
}
