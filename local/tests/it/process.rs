//! A `roster` of its own process, as people run it, and requests to it.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Mutex,
};

use serde_json::Value;

/// The process. Dropping it is a `kill -9`.
pub(crate) struct Roster {
    process: Mutex<Child>,
    /// Closing it would break what is still said.
    _output: BufReader<ChildStdout>,
    pub(crate) directory: PathBuf,
    pub(crate) url: String,
}

impl Roster {
    /// Starts it on the data in this directory.
    pub(crate) fn start(directory: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_roster"))
            .args(["--port", "0"])
            .current_dir(directory)
            .env_remove("ROSTER_SETUP_SECRET")
            .stdout(Stdio::piped())
            .spawn()
            .expect("roster starts");
        let mut output = BufReader::new(process.stdout.take().expect("it has an output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it says something");
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("it says {line:?}")).to_owned();
        Self { process: Mutex::new(process), _output: output, directory: directory.to_owned(), url }
    }

    /// Ends it wherever it is.
    pub(crate) fn kill(&self) {
        let mut process = self.process.lock().expect("nobody panicked");
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
    }

    /// The most memory that it held so far, in MB, where the system tells.
    pub(crate) fn peak_memory(&self) -> Option<usize> {
        let id = self.process.lock().expect("nobody panicked").id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(peak.trim().trim_end_matches(" kB").parse::<usize>().ok()? / 1024)
    }

    pub(crate) fn setup_secret(&self) -> String {
        fs::read_to_string(self.directory.join(".roster/setup-secret")).expect("it keeps its secret")
    }

    /// The status and the body of the answer to a request, such as `GET /v1/me`. An empty token is none.
    pub(crate) fn ask(&self, request: &str, token: &str, body: &Value) -> io::Result<(u16, Value)> {
        let address = self.url.trim_start_matches("http://");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut connection = TcpStream::connect(address)?;
        write!(
            connection,
            "{request} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        let cut_short = || io::Error::other("the answer is cut short");
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut_short)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut_short)?;
        let says_when = head.to_ascii_lowercase().contains("\r\nretry-after: ");
        assert!(status < 500 || status == 503 && says_when, "{request}: {answer}");
        let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body)? };
        Ok((status, body))
    }
}

impl Drop for Roster {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn empty_directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::remove_dir_all(&directory).unwrap_or_default();
    fs::create_dir_all(&directory).expect("a directory for the data");
    directory
}

/// Numbers that nobody foresees, and everybody can repeat: splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

pub(crate) fn number(variable: &str) -> Option<usize> {
    std::env::var_os(variable)?.to_str()?.parse().ok()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}
