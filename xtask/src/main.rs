//! The chores of the workspace that are more than a line of shell.

mod cost;
mod lists;
mod order;
mod planted;
mod speed;
mod supply;
mod weight;

use std::{error::Error, path::PathBuf};

use clap::Parser;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the workspace")]
enum Task {
    /// Measure what start and memory of the shipped functions cost, beside an empty Lambda function
    Weight {
        /// Measure this one, as `sam build` makes it; else it is built here
        #[arg(long)]
        binary: Option<PathBuf>,
    },
    /// Write functions/start.ld: what functions run when they start (needs Valgrind)
    Order,
    /// Measure what each list costs in installations of several sizes (with `--release`: there are many users to write)
    Lists {
        /// The sizes
        #[arg(default_values_t = [100, 10_000, 100_000])]
        users: Vec<usize>,
    },
    /// Measure what requests to a local installation cost the processor, in installations of several sizes
    Speed {
        /// The sizes
        #[arg(default_values_t = [1000, 10_000, 100_000])]
        users: Vec<usize>,
    },
    /// Write docs/cost.md: what operations and months cost in AWS
    Cost {
        /// Measure this one; else the times of the page stay as they are
        #[arg(long)]
        binary: Option<PathBuf>,
    },
    /// Write NOTICE: whose works are shipped, under which licences
    Notice {
        /// Only look whether it is current
        #[arg(long)]
        check: bool,
    },
    /// Print what is shipped, as a bill of materials
    Sbom,
    /// Plant bugs in a copy of the workspace, one at a time, and see whether the tests catch them
    Planted {
        /// A word of those to plant, instead of all
        what: Option<String>,
    },
}

fn main() -> Result<()> {
    match Task::parse() {
        Task::Weight { binary } => weight::print(binary),
        Task::Order => order::write(),
        Task::Lists { users } => lists::print(&users),
        Task::Speed { users } => speed::print(&users),
        Task::Cost { binary } => cost::write(binary),
        Task::Notice { check } => supply::notice(check),
        Task::Sbom => supply::sbom(),
        Task::Planted { what } => planted::print(what.as_deref()),
    }
}
