//! The size of the shipped binary and the cost of its start, beside the least that a Lambda function can be.
//!
//! The functions read from the embedded engine over HTTP, which runs in this process, unoptimised: of times, those on a
//! processor are the function's own, while the wall waits for the engine too.

#![expect(clippy::print_stdout, reason = "printing the table is what this is for")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use roster_functions::aws::variable;
use roster_local::{Installation, Options, bus::BUS, engine::TABLE};
use roster_tests::runtime_api::Function;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::Result;

const STARTS: usize = 30;
const REQUESTS: usize = 200;

struct Subject {
    name: &'static str,
    binary: PathBuf,
    handler: &'static str,
    event: String,
    starts: Vec<Start>,
}

/// One start of a process: up to its first poll for an event, and on to its first answer.
struct Start {
    wall: Duration,
    cpu: Duration,
    memory: u64,
    wall_to_answer: Duration,
    cpu_to_answer: Duration,
}

/// Measures `binary`, or one that it builds, and prints a table in Markdown.
pub(crate) fn print(binary: Option<PathBuf>) -> Result<()> {
    // One package at a time: built together they would share features, and code with them.
    let bootstrap = binary.map_or_else(|| build("roster-functions", "release"), Ok)?;
    let empty = build("xtask-empty", "release")?;
    let node = install("node")?;
    let runtime = Runtime::new()?;
    let installation = runtime.block_on(Installation::start(Options { serve_aws: true, ..Options::ephemeral() }))?;
    let environment = environment(&installation)?;
    let token = &set_up(&bootstrap, &installation, &environment)?;

    let ours = |name, handler| -> Result<_> {
        Ok(Subject { name, binary: bootstrap.clone(), handler, event: event(handler, token)?, starts: Vec::new() })
    };
    let mut subjects = [
        Subject { name: "an empty function", binary: empty, handler: "empty", event: "{}".into(), starts: Vec::new() },
        Subject {
            name: "one read in Node, with the AWS SDK",
            binary: node,
            handler: "node",
            event: "{}".into(),
            starts: Vec::new(),
        },
        ours("`health`", "health")?,
        ours("`get_me`", "get_me")?,
        ours("`list_users`", "list_users")?,
        ours("`sign_in`", "sign_in")?,
    ];
    // In turns, so that whatever else the machine does meets all of them. Caches are as one more start leaves them that does
    // not count, and not as answers do: those of a sign-in fill them with its hash.
    for _ in 0..STARTS {
        for subject in &mut subjects {
            drop(start(&subject.binary, subject.handler, &environment)?);
            let start = Start::of(subject, &environment)?;
            subject.starts.push(start);
        }
    }

    println!("{STARTS} starts each, in turns: p50 (min). Start is up to the first poll for an event.\n");
    println!(
        "| function | binary, bytes | start, wall ms | start, CPU ms | first answer, wall ms | first answer, CPU ms | \
         resident at start, MB | after {REQUESTS} requests, MB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for subject in subjects {
        let size = size_of(&subject.binary)?;
        let times =
            |time: fn(&Start) -> Duration| p50_and_min(subject.starts.iter().map(|start| milliseconds(time(start))));
        let resident = p50_and_min(subject.starts.iter().map(|start| megabytes(start.memory)));
        println!(
            "| {} | {size} | {} | {} | {} | {} | {resident} | {:.1} |",
            subject.name,
            times(|start| start.wall),
            times(|start| start.cpu),
            times(|start| start.wall_to_answer),
            times(|start| start.cpu_to_answer),
            megabytes(memory_after_requests(&subject, &environment)?),
        );
    }
    Ok(())
}

/// Time on a processor, in milliseconds.
pub(crate) struct Work {
    /// A request that reads a session, in a function that runs already.
    pub(crate) request: f64,
    /// What hashing a password adds to it.
    pub(crate) hash: f64,
}

/// Measures `bootstrap`.
pub(crate) fn work(bootstrap: &Path) -> Result<Work> {
    let runtime = Runtime::new()?;
    let installation = runtime.block_on(Installation::start(Options { serve_aws: true, ..Options::ephemeral() }))?;
    let environment = environment(&installation)?;
    let token = &set_up(bootstrap, &installation, &environment)?;
    let warm = |handler| -> Result<f64> {
        const REQUESTS: u32 = 40;
        let mut function = start(bootstrap, handler, &environment)?;
        let event = event(handler, token)?;
        function.invoke(&event)?;
        let before = function.usage()?.cpu;
        for _ in 0..REQUESTS {
            function.invoke(&event)?;
        }
        Ok(milliseconds(function.usage()?.cpu.saturating_sub(before) / REQUESTS))
    };
    let request = warm("get_me")?;
    let work = Work { request, hash: warm("sign_in")? - request };
    runtime.block_on(installation.stop());
    Ok(work)
}

impl Start {
    fn of(subject: &Subject, environment: &[(&str, String)]) -> Result<Self> {
        let mut function = start(&subject.binary, subject.handler, environment)?;
        let started = function.usage()?;
        let asked = Instant::now();
        check(subject, &function.invoke(&subject.event)?)?;
        let wall_to_answer = function.started_in + asked.elapsed();
        let answered = function.usage()?;
        Ok(Self {
            wall: function.started_in,
            cpu: started.cpu,
            memory: started.memory,
            wall_to_answer,
            cpu_to_answer: answered.cpu,
        })
    }
}

fn memory_after_requests(subject: &Subject, environment: &[(&str, String)]) -> Result<u64> {
    let mut function = start(&subject.binary, subject.handler, environment)?;
    for _ in 0..REQUESTS {
        check(subject, &function.invoke(&subject.event)?)?;
    }
    Ok(function.usage()?.memory)
}

/// What fails is quick, and no measure.
fn check(subject: &Subject, answer: &str) -> Result<()> {
    let status = serde_json::from_str::<Value>(answer)?["statusCode"].as_u64();
    match status {
        None | Some(200..=299) => Ok(()),
        Some(_) => Err(format!("{} answers {answer}", subject.name).into()),
    }
}

/// Creates the first admin, and tells the token of their session.
fn set_up(bootstrap: &Path, installation: &Installation, environment: &[(&str, String)]) -> Result<String> {
    let mut function = start(bootstrap, "set_up", environment)?;
    let answer: Value = serde_json::from_str(&function.invoke(&event("set_up", installation.setup_secret())?)?)?;
    let body: Value = serde_json::from_str(answer["body"].as_str().ok_or("the setup has no answer")?)?;
    Ok(body["token"].as_str().ok_or("the setup gives no token")?.to_owned())
}

pub(crate) fn start(binary: &Path, handler: &str, environment: &[(&str, String)]) -> Result<Function> {
    let variables: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Ok(Function::start(binary, handler, &variables)?)
}

pub(crate) fn environment(installation: &Installation) -> Result<Vec<(&'static str, String)>> {
    let aws = installation.aws().ok_or("AWS is not served")?;
    Ok(vec![
        // The peer in Node is found by it.
        ("PATH", variable("PATH").map_err(|error| error.to_string())?),
        ("ROSTER_TABLE", TABLE.to_owned()),
        ("ROSTER_SETUP_SECRET", installation.setup_secret().to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", aws.dynamodb.clone()),
        ("ROSTER_EVENT_BUS", BUS.to_owned()),
        ("AWS_ENDPOINT_URL_SESV2", aws.ses.clone()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", aws.eventbridge.clone()),
    ])
}

/// The sample event of an operation, for the admin that it sets up; `secret` is the one that it needs.
fn event(operation: &str, secret: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../events/{operation}.json"));
    let mut event = fs::read_to_string(path)?;
    for name in ["setup_secret", "admin_token", "session_token"] {
        event = event.replace(&format!("{{{{{name}}}}}"), secret);
    }
    Ok(event.replace("{{email}}", "grace@example.com").replace("{{password}}", "correct horse battery staple"))
}

/// Builds `package` as it is shipped and tells where its binary lies.
pub(crate) fn build(package: &str, profile: &str) -> Result<PathBuf> {
    cargo(&["build", "--profile", profile, "--package", package], &[])
}

/// Runs cargo, and tells where the binary lies that it has built; `to_rustc` is said to the compiler of that.
pub(crate) fn cargo(arguments: &[&str], to_rustc: &[&str]) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).arg("--message-format=json-render-diagnostics");
    if !to_rustc.is_empty() {
        command.arg("--").args(to_rustc);
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("cargo {} fails", arguments.join(" ")).into());
    }
    let messages = String::from_utf8(output.stdout)?;
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.ok_or_else(|| format!("cargo {} builds no binary", arguments.join(" ")).into())
}

/// Installs what the peer in `directory` needs and tells where it lies.
fn install(directory: &str) -> Result<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let status = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&directory)
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        return Err("npm cannot install the peer".into());
    }
    Ok(directory.join("index.mjs"))
}

/// The bytes of a program: of its file, or of all that lies beside it where it is a script.
fn size_of(path: &Path) -> Result<u64> {
    fn of(path: &Path) -> Result<u64> {
        let metadata = fs::symlink_metadata(path)?;
        if !metadata.is_dir() {
            return Ok(metadata.len());
        }
        fs::read_dir(path)?.map(|entry| of(&entry?.path())).sum()
    }
    let is_script = path.extension().is_some_and(|extension| extension == "mjs");
    of(path.parent().filter(|_| is_script).unwrap_or(path))
}

fn p50_and_min(values: impl Iterator<Item = f64>) -> String {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    format!("{:.2} ({:.2})", values[values.len() / 2], values[0])
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "a tenth of a megabyte is all that is shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
