//! The chores of the workspace that are more than a line of shell.

mod weight;

use std::error::Error;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the workspace")]
enum Task {
    /// Measure what start and memory of the shipped functions cost, beside an empty Lambda function
    Weight,
}

fn main() -> Result<(), Box<dyn Error>> {
    match Task::parse() {
        Task::Weight => weight::print(),
    }
}
