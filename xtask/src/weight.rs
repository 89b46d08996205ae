//! The size of the shipped binary and the cost of its start, beside the least that a Lambda function can be.

#![expect(clippy::print_stdout, reason = "printing the table is what this is for")]

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use roster_tests::runtime_api::Function;
use serde_json::Value;

const STARTS: usize = 30;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Subject {
    name: &'static str,
    binary: PathBuf,
    handler: &'static str,
    starts: Vec<Start>,
}

/// One start of a process, up to its first poll for an event.
struct Start {
    wall: Duration,
    cpu: Duration,
    memory: u64,
}

/// Builds, measures and prints a table in Markdown.
pub(crate) fn print() -> Result<()> {
    // One package at a time: built together they would share features, and code with them.
    let bootstrap = build("roster-functions")?;
    let empty = build("xtask-empty")?;
    let subject = |name, binary: &Path, handler| Subject { name, binary: binary.into(), handler, starts: Vec::new() };
    let mut subjects = [
        subject("an empty function", &empty, "empty"),
        subject("`health`", &bootstrap, "health"),
        subject("`list_users`", &bootstrap, "list_users"),
    ];

    // In turns, so that whatever else the machine does meets all of them.
    for _ in 0..STARTS {
        for subject in &mut subjects {
            let start = Start::of(&subject.binary, subject.handler)?;
            subject.starts.push(start);
        }
    }

    println!("{STARTS} starts each, in turns; to the first poll for an event.\n");
    println!("| function | binary, bytes | wall p50 (min), ms | CPU p50 (min), ms | resident p50, MB |");
    println!("| --- | --- | --- | --- | --- |");
    for Subject { name, binary, starts, .. } in subjects {
        let size = fs::metadata(binary)?.len();
        let wall = p50_and_min(starts.iter().map(|start| milliseconds(start.wall)));
        let cpu = p50_and_min(starts.iter().map(|start| milliseconds(start.cpu)));
        let mut memory: Vec<_> = starts.iter().map(|start| start.memory).collect();
        memory.sort_unstable();
        let tenths = memory[memory.len() / 2] / 100_000;
        println!("| {name} | {size} | {wall} | {cpu} | {}.{} |", tenths / 10, tenths % 10);
    }
    Ok(())
}

impl Start {
    fn of(binary: &Path, handler: &str) -> Result<Self> {
        let function = Function::start(binary, handler, &[("ROSTER_TABLE", "roster")])?;
        let usage = function.usage()?;
        Ok(Self { wall: function.started_in, cpu: usage.cpu, memory: usage.memory })
    }
}

/// Builds `package` as it is shipped and tells where its binary lies.
fn build(package: &str) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--message-format=json-render-diagnostics", "--package", package])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{package} does not build").into());
    }
    let messages = String::from_utf8(output.stdout)?;
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.ok_or_else(|| format!("{package} has no binary").into())
}

fn p50_and_min(values: impl Iterator<Item = f64>) -> String {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    format!("{:.1} ({:.1})", values[values.len() / 2], values[0])
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
