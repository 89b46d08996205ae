//! What a local installation costs the processor: its start, and the requests that matter, at several sizes.
//!
//! The installation is the shipped `roster` in a process of its own, on a file. What the process does counts, from the
//! socket to the embedded engine, with all that follows from a request; what asks it is this process.
//!
//! To write a million users takes an hour. They stay in `target/speed`, and what is measured is a copy.

#![expect(clippy::print_stdout, reason = "printing the table is what this is for")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use roster_tests::runtime_api::cpu_of_threads;
use serde_json::{Value, json};

use crate::{
    Result,
    weight::{build, milliseconds},
};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery staple";
const STARTS: usize = 9;
const REPEATS: u32 = 200;
const SIGN_INS: u32 = 100;
/// How many invite at once.
const HANDS: usize = 8;

/// What the installation costs at one size, in milliseconds, by name.
type Measures = Vec<(&'static str, f64)>;

/// Measures installations of these sizes and prints a table in Markdown.
pub(crate) fn print(sizes: &[usize]) -> Result<()> {
    let (roster, admin) = (build("roster-local", "local")?, build("roster-admin", "local")?);
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/speed");
    let mut columns: Vec<Measures> = Vec::new();
    for size in sizes {
        let (seeded, copy) = (kept.join(size.to_string()), kept.join("copy"));
        if !seeded.exists() {
            let begun = kept.join("begun");
            fs::remove_dir_all(&begun).unwrap_or_default();
            seed(&roster, &admin, &begun, *size)?;
            fs::rename(&begun, &seeded)?;
        }
        fs::remove_dir_all(&copy).unwrap_or_default();
        fs::create_dir_all(&copy)?;
        for file in fs::read_dir(&seeded)? {
            let file = file?;
            fs::copy(file.path(), copy.join(file.file_name()))?;
        }
        columns.push(measure(&roster, &copy, *size)?);
        fs::remove_dir_all(&copy)?;
    }

    println!("| ms | {} |", sizes.iter().map(|size| format!("{size} users")).collect::<Vec<_>>().join(" | "));
    println!("| --- |{}", " --- |".repeat(sizes.len()));
    for (n, (name, _)) in columns[0].iter().enumerate() {
        let cells = columns.iter().map(|column| format!("{:.2}", column[n].1));
        println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    Ok(())
}

/// An installation with an admin, this many users and nothing left to do.
fn seed(roster: &Path, admin: &Path, data: &Path, users: usize) -> Result<()> {
    let mut installation = Running::start(roster, data)?;
    let secret = fs::read_to_string(data.join("setup-secret"))?;
    let person = json!({ "setup_secret": secret, "email": EMAIL, "name": "Grace Hopper", "password": PASSWORD });
    let client = &mut installation.client;
    client.token = text(&client.ask("POST", "/v1/setup", &person)?["token"])?;
    let settings = json!({ "from_address": "users@example.com", "platform_url": "https://users.example.com" });
    client.ask("PUT", "/v1/settings/email", &settings)?;
    drop(installation);
    let seeded = Command::new(admin)
        .arg("seed")
        .arg("--data")
        .arg(data)
        .arg(users.to_string())
        .stdout(Stdio::null())
        .status()?;
    if !seeded.success() {
        return Err(format!("{users} users are not written").into());
    }

    Running::start(roster, data)?.settled()?;
    Ok(())
}

fn measure(roster: &Path, data: &Path, users: usize) -> Result<Measures> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let running = Running::start(roster, data)?;
        starts.push((milliseconds(running.started_in), running.spent()?.all()));
    }
    starts.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (wall, spent) = starts[STARTS / 2];

    let mut installation = Running::start(roster, data)?;
    let client = &mut installation.client;
    let credentials = json!({ "email": EMAIL, "password": PASSWORD });
    client.token = text(&client.ask("POST", "/v1/sessions", &credentials)?["token"])?;
    let middle = client.middle(users)?;
    let somebody = client.ask("GET", &middle, &Value::Null)?["items"][0].clone();
    let one = format!("/v1/users/{}", text(&somebody["id"])?);
    let found = format!("/v1/users?q={}", text(&somebody["email"])?.split('@').next().unwrap_or_default());
    let mut read = |target: &str| -> Result<f64> {
        Ok(installation.each(REPEATS, |client, _| client.ask("GET", target, &Value::Null).map(drop))?.all())
    };
    let (who, user) = (read("/v1/me")?, read(&one)?);
    let (first, deep, search) = (read("/v1/users?limit=50")?, read(&middle)?, read(&found)?);
    let invite = installation.each(REPEATS, |client, n| {
        client.ask("POST", "/v1/invites", &json!({ "email": format!("guest{n}@example.com") })).map(drop)
    })?;
    installation.invite_at_once()?;
    // Who signs in has no session yet.
    installation.client.token.clear();
    let sign_in =
        installation.each(SIGN_INS, |client, _| client.ask("POST", "/v1/sessions", &credentials).map(drop))?;
    Ok(vec![
        ("cold start, wall", wall),
        ("cold start, CPU", spent),
        ("who am I, CPU", who),
        ("one user, CPU", user),
        ("a page of 50, the first, CPU", first),
        ("a page of 50 in the middle, CPU", deep),
        ("search by e-mail, CPU", search),
        ("an invite and its mail, CPU", invite.all()),
        ("a sign-in's hash, CPU", sign_in.hashing),
        ("a sign-in, beyond the hash, CPU", sign_in.answering),
    ])
}

/// Milliseconds on a processor: of the thread that answers, and of those that hash passwords, and do nothing else.
struct Spent {
    answering: f64,
    hashing: f64,
}

impl Spent {
    fn all(&self) -> f64 {
        self.answering + self.hashing
    }
}

/// A process of `roster`, and somebody who asks it. Dropping it is a `kill -9`.
struct Running {
    process: Child,
    /// Closing it would break what is still said.
    _output: BufReader<ChildStdout>,
    started_in: Duration,
    client: Client,
}

impl Running {
    fn start(roster: &Path, data: &Path) -> Result<Self> {
        let began = Instant::now();
        let mut process =
            Command::new(roster).args(["--port", "0", "--data"]).arg(data).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(process.stdout.take().ok_or("it has no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let started_in = began.elapsed();
        let address = line.trim().strip_prefix("listening on http://").ok_or("it does not listen")?;
        Ok(Self { process, _output: output, started_in, client: Client::new(address, "")? })
    }

    /// What a call costs, of so many, once all that follows from them is done.
    fn each(&mut self, times: u32, mut call: impl FnMut(&mut Client, u32) -> Result<()>) -> Result<Spent> {
        const WARM_UP: u32 = 10;
        self.settled()?;
        self.connect_again()?;
        for n in 0..WARM_UP {
            call(&mut self.client, times + n)?;
        }
        let before = self.settled()?;
        self.connect_again()?;
        for n in 0..times {
            call(&mut self.client, n)?;
        }
        let after = self.settled()?;
        let each = |spent: fn(&Spent) -> f64| (spent(&after) - spent(&before)) / f64::from(times);
        Ok(Spent { answering: each(|spent| spent.answering), hashing: each(|spent| spent.hashing) })
    }

    /// A connection that is idle for ten seconds is closed.
    fn connect_again(&mut self) -> Result<()> {
        self.client = Client::new(&self.client.address, &self.client.token)?;
        Ok(())
    }

    /// What the process has spent, once it does nothing any more.
    ///
    /// What follows from a change waits for a second, for others.
    fn settled(&self) -> Result<Spent> {
        let mut spent = self.spent()?;
        loop {
            thread::sleep(Duration::from_millis(1_500));
            let now = self.spent()?;
            if now.all() - spent.all() < 3.0 {
                return Ok(now);
            }
            spent = now;
        }
    }

    fn spent(&self) -> Result<Spent> {
        let threads = cpu_of_threads(&format!("/proc/{}", self.process.id()))?;
        // That which starts all, and that which answers.
        let (answering, hashing) = threads.split_at(2.min(threads.len()));
        let sum = |threads: &[Duration]| milliseconds(threads.iter().sum());
        Ok(Spent { answering: sum(answering), hashing: sum(hashing) })
    }

    /// An error, unless all that is asked at once succeeds.
    fn invite_at_once(&self) -> Result<()> {
        let Client { address, token, .. } = &self.client;
        let invite = |hand: usize| -> Result<()> {
            let mut client = Client::new(address, token)?;
            for n in 0..REPEATS {
                client.ask("POST", "/v1/invites", &json!({ "email": format!("guest{n}.{hand}@example.com") }))?;
            }
            Ok(())
        };
        let failed = thread::scope(|scope| {
            let hands = (0..HANDS).map(|hand| scope.spawn(move || invite(hand).err().map(|error| error.to_string())));
            hands.collect::<Vec<_>>().into_iter().find_map(|hand| hand.join().unwrap_or(Some("it panicked".to_owned())))
        });
        failed.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().unwrap_or_default();
        drop(self.process.wait());
    }
}

/// One connection.
struct Client {
    address: String,
    stream: BufReader<TcpStream>,
    token: String,
}

impl Client {
    fn new(address: &str, token: &str) -> Result<Self> {
        let stream = BufReader::new(TcpStream::connect(address)?);
        Ok(Self { address: address.to_owned(), stream, token: token.to_owned() })
    }

    /// The answer, if it is no refusal.
    fn ask(&mut self, method: &str, target: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let signed_in = match self.token.as_str() {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\n{signed_in}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length, mut line) = (String::new(), 0, String::new());
        self.stream.read_line(&mut status)?;
        while line != "\r\n" {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(format!("{method} {target}: the connection was closed").into());
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer)?;
        if !status.starts_with("HTTP/1.1 2") {
            return Err(format!("{method} {target}: {status}{}", String::from_utf8_lossy(&answer)).into());
        }
        Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? })
    }

    /// How to ask for a page in the middle of all users.
    fn middle(&mut self, users: usize) -> Result<String> {
        let mut cursor = String::new();
        for _ in 0..users / 200 {
            let page = self.ask("GET", &format!("/v1/users?limit=100{cursor}"), &Value::Null)?;
            cursor = format!("&cursor={}", text(&page["next_cursor"])?);
        }
        Ok(format!("/v1/users?limit=50{cursor}"))
    }
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().ok_or_else(|| format!("{value} is no text"))?.to_owned())
}
