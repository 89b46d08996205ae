//! Where the installation is that a command looks at or changes.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, IsTerminal},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use roster_domain::webhooks::Reach;
use roster_functions::aws;
use roster_local::{data, engine::TABLE};
use roster_store::Store;
use roster_web::{App, Clock, Passwords, app::SystemClock};

use crate::Result;

/// Puts the credentials of a profile into the environment.
pub(crate) const EXPORT: &str = "eval \"$(aws configure export-credentials --profile NAME --format env)\"";

#[derive(Args, Clone)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// The table in AWS, whose region and credentials stand in the environment
    #[arg(long, env = "ROSTER_TABLE", value_parser = table_name)]
    table: Option<String>,
    /// The data directory of a local installation
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Consent {
    /// Do not ask for the name of the table
    #[arg(long)]
    yes: bool,
}

/// An installation, as its operations see it.
pub(crate) struct Installation {
    pub(crate) app: App,
    /// Where its data is, if it is on this machine.
    pub(crate) directory: Option<PathBuf>,
    /// Held while a command changes local data.
    _claim: Option<File>,
}

impl Place {
    /// For commands that change nothing.
    pub(crate) fn to_read(&self) -> Result<Installation> {
        self.open(None)
    }

    /// For commands that change something. A local installation may not run meanwhile; one in AWS may.
    pub(crate) fn to_write(&self) -> Result<Installation> {
        // There must be data, before a claim would make the directory.
        drop(self.open(None)?);
        self.open(self.data.as_deref().map(data::claim).transpose()?)
    }

    /// For commands that change all of an installation. Of a table in AWS, who runs them says once more which it is: its
    /// name may stand in the environment since yesterday.
    pub(crate) fn to_change_all(&self, consent: &Consent) -> Result<Installation> {
        if let (Some(table), false) = (&self.table, consent.yes) {
            if !io::stdin().is_terminal() {
                return Err(format!("This changes all of {self}. Say --yes where nobody can be asked.").into());
            }
            eprint!("This changes all of {self}. Type its name to go on: ");
            if !is_typed(table, io::stdin().lock())? {
                return Err("That is not its name. Nothing was changed.".into());
            }
        }
        self.to_write()
    }

    fn open(&self, claim: Option<File>) -> Result<Installation> {
        let (store, clock): (Store, Arc<dyn Clock>) = match (self.data.as_deref(), self.table.clone()) {
            (Some(directory), _) => local(directory)?,
            (None, table) => (in_aws(table.unwrap_or_default())?, Arc::new(SystemClock)),
        };
        let app =
            App { store, clock, passwords: Passwords::new(1), setup_secret: None, webhook_reach: Reach::Internet };
        Ok(Installation { app, directory: self.data.clone(), _claim: claim })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.data, &self.table) {
            (Some(directory), _) => write!(f, "the data in {}", directory.display()),
            (None, table) => {
                let region = aws::optional("AWS_REGION").unwrap_or_default();
                write!(f, "the table {} in {region}", table.as_deref().unwrap_or_default())
            }
        }
    }
}

fn table_name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("it is empty; the stack's output TableName has it") } else { Ok(text.to_owned()) }
}

fn is_typed(name: &str, mut input: impl BufRead) -> io::Result<bool> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(line.trim() == name)
}

fn in_aws(table: String) -> Result<Store> {
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        if aws::optional(name).is_none() {
            return Err(format!("There are no credentials in the environment: {name} is not set. Run {EXPORT}").into());
        }
    }
    aws::store(table)
}

fn local(directory: &Path) -> Result<(Store, Arc<dyn Clock>)> {
    let (client, clock) = data::open(directory)?;
    Ok((Store::new(client, TABLE.to_owned()), Arc::new(clock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_name_of_the_table_is_consent() {
        assert!(is_typed("roster-Table-1", "roster-Table-1\n".as_bytes()).unwrap());
        for typed in ["", "\n", "y\n", "yes\n", "roster-Table-12\n"] {
            assert!(!is_typed("roster-Table-1", typed.as_bytes()).unwrap(), "{typed}");
        }
    }
}
