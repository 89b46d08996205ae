//! Where the installation is that a command looks at or changes.

use std::{
    fs::File,
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

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// The table in AWS, whose region and credentials stand in the environment
    #[arg(long, env = "ROSTER_TABLE")]
    table: Option<String>,
    /// The data directory of a local installation
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
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

    fn open(&self, claim: Option<File>) -> Result<Installation> {
        let (store, clock): (Store, Arc<dyn Clock>) = match (self.data.as_deref(), self.table.clone()) {
            (Some(directory), _) => local(directory)?,
            (None, table) => (aws::store(table.unwrap_or_default())?, Arc::new(SystemClock)),
        };
        let app =
            App { store, clock, passwords: Passwords::new(1), setup_secret: None, webhook_reach: Reach::Internet };
        Ok(Installation { app, directory: self.data.clone(), _claim: claim })
    }
}

fn local(directory: &Path) -> Result<(Store, Arc<dyn Clock>)> {
    let (client, clock) = data::open(directory)?;
    Ok((Store::new(client, TABLE.to_owned()), Arc::new(clock)))
}
