//! Lambda's Runtime API, as much of it as a function needs: starts the binary of a function as Lambda does, hands it
//! events one at a time and takes its answers.
//!
//! Only the standard library, so that nothing but the function is measured. Streamed answers and extensions are not
//! here.

use std::{
    collections::{BTreeMap, HashMap},
    fmt, fs, io,
    io::{BufRead, BufReader, PipeReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How long a function may take to start or to answer.
const TIME_LIMIT: Duration = Duration::from_secs(30);

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
const INIT_ERROR: &str = "/2018-06-01/runtime/init/error";

/// A running function that waits for an event.
#[derive(Debug)]
pub struct Function {
    child: Child,
    requests: Receiver<Request>,
    log: Log,
    /// Where the answer to the function's open poll goes.
    poll: Sender<Reply>,
    invocations: u32,
    /// From the start of the process to its first poll for an event.
    pub started_in: Duration,
}

/// What the process of a function has used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Time on a processor, of all threads that still run.
    pub cpu: Duration,
    /// Resident memory, in bytes.
    pub memory: u64,
}

/// A function did not do as it should; with what it wrote to its log.
#[derive(Debug)]
pub enum Error {
    /// It could not be run or watched.
    Io(io::Error),
    /// It ended.
    Ended { log: String },
    /// It did not start, or answer, in time.
    TimedOut { log: String },
    /// It refused to start.
    Init { error: String, log: String },
    /// It answered an event with an error.
    Invocation { error: String, log: String },
}

impl Function {
    /// Starts `binary` with `handler` as its Lambda handler setting and waits for its first poll.
    ///
    /// It sees the environment of a Lambda function and `variables`, which win, and nothing of ours.
    pub fn start(binary: &Path, handler: &str, variables: &[(&str, &str)]) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (pipe, writer) = io::pipe()?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(environment(handler, &listener)?)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);

        let began = Instant::now();
        let child = command.spawn()?;
        // With it go our copies of the writing end: the log ends when the function does.
        drop(command);
        let (sender, requests) = mpsc::channel();
        let log = Log::default();
        let ended = log.collect(pipe, listener.local_addr()?);
        thread::spawn(move || accept(&listener, &sender, &ended));

        let (poll, _) = mpsc::channel();
        let mut function = Self { child, requests, log, poll, invocations: 0, started_in: Duration::ZERO };
        let first_poll = function.next_poll()?;
        function.started_in = first_poll.saturating_duration_since(began);
        Ok(function)
    }

    /// Gives it `event`, as JSON, and waits for the answer and the next poll.
    pub fn invoke(&mut self, event: &str) -> Result<String, Error> {
        self.invocations += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.invocations);
        let answered = self.poll.send(Reply::event(&id, event));
        if answered.is_err() {
            return Err(Error::Ended { log: self.log.read() });
        }
        let request = self.next_request()?;
        request.reply.send(Reply::accepted()).ok();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let invocation = format!("/2018-06-01/runtime/invocation/{id}");
        match request.path.strip_prefix(&invocation) {
            Some("/response") => {
                self.next_poll()?;
                Ok(body)
            }
            Some("/error") => {
                self.next_poll()?;
                Err(Error::Invocation { error: body, log: self.log.read() })
            }
            _ => Err(unexpected(&request)),
        }
    }

    /// Ends it, and gives what it has logged.
    pub fn end(mut self) -> String {
        self.child.kill().ok();
        (self.poll, _) = mpsc::channel();
        // Once its log is read to the end, nobody is left who could send a request.
        while self.requests.recv_timeout(TIME_LIMIT).is_ok() {}
        self.log.read()
    }

    /// Asks it to end, and waits until it has: what watches the process has its say then.
    pub fn terminate(mut self) -> io::Result<()> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        self.child.wait().map(drop)
    }

    /// What its process has used so far.
    pub fn usage(&self) -> io::Result<Usage> {
        let process = format!("/proc/{}", self.child.id());
        let mut cpu = cpu(&process)?;
        // The kernel accounts for a thread when it goes to sleep: wait until the figure stands still.
        loop {
            thread::sleep(Duration::from_millis(1));
            let later = self::cpu(&process)?;
            if later == cpu {
                break;
            }
            cpu = later;
        }
        Ok(Usage { cpu, memory: memory(&process)? })
    }

    /// Waits for the poll for the next event and keeps it open. Tells when it came.
    fn next_poll(&mut self) -> Result<Instant, Error> {
        let request = self.next_request()?;
        match request.path.as_str() {
            NEXT => {
                self.poll = request.reply;
                Ok(request.came)
            }
            INIT_ERROR => {
                request.reply.send(Reply::accepted()).ok();
                let error = String::from_utf8_lossy(&request.body).into_owned();
                Err(Error::Init { error, log: self.log.read() })
            }
            _ => Err(unexpected(&request)),
        }
    }

    fn next_request(&self) -> Result<Request, Error> {
        self.requests.recv_timeout(TIME_LIMIT).map_err(|error| match error {
            RecvTimeoutError::Timeout => Error::TimedOut { log: self.log.read() },
            RecvTimeoutError::Disconnected => Error::Ended { log: self.log.read() },
        })
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The variables that Lambda sets, less those that nothing of ours reads.
fn environment(handler: &str, listener: &TcpListener) -> io::Result<HashMap<&'static str, String>> {
    Ok(HashMap::from([
        ("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string()),
        ("_HANDLER", handler.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", handler.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{handler}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "1970/01/01/[$LATEST]0".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret".to_owned()),
        ("AWS_SESSION_TOKEN", "not-a-token".to_owned()),
    ]))
}

/// A request of the function to the Runtime API.
#[derive(Debug)]
struct Request {
    path: String,
    body: Vec<u8>,
    came: Instant,
    reply: Sender<Reply>,
}

#[derive(Debug)]
struct Reply {
    status: &'static str,
    headers: String,
    body: String,
}

impl Reply {
    #[expect(clippy::disallowed_methods, reason = "Lambda's deadline is in real time")]
    fn event(id: &str, event: &str) -> Self {
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + TIME_LIMIT;
        let headers = format!(
            "Lambda-Runtime-Aws-Request-Id: {id}\r\n\
             Lambda-Runtime-Deadline-Ms: {}\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:123456789012:function:function\r\n\
             Lambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000;Sampled=0\r\n",
            deadline.as_millis()
        );
        Self { status: "200 OK", headers, body: event.to_owned() }
    }

    fn accepted() -> Self {
        Self { status: "202 Accepted", headers: String::new(), body: r#"{"status":"OK"}"#.to_owned() }
    }

    fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        let Self { status, headers, body } = self;
        let length = body.len();
        let reply = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(reply.as_bytes())
    }
}

/// Serves every connection of the function, each on a thread of its own, until it has ended.
fn accept(listener: &TcpListener, requests: &Sender<Request>, ended: &AtomicBool) {
    while let Ok((stream, _)) = listener.accept() {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let requests = requests.clone();
        // A broken connection is the end of a function, which whoever waits for a request learns as such.
        thread::spawn(move || serve(stream, &requests).ok());
    }
}

fn serve(mut stream: TcpStream, requests: &Sender<Request>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some((path, body)) = read_request(&mut reader)? {
        let (reply, replies) = mpsc::channel();
        let came = Instant::now();
        let request = Request { path, body, came, reply };
        if requests.send(request).is_err() {
            break;
        }
        let Ok(reply) = replies.recv() else { break };
        reply.write(&mut stream)?;
    }
    Ok(())
}

/// Reads the path and body of one request; `None` when the connection is closed.
fn read_request(reader: &mut impl BufRead) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(io::Error::other("streamed answers are not supported"));
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((path, body)))
}

/// What a function writes to its log.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Reads `pipe` to its end, which is the function's: tells so, and wakes who accepts connections at `server`.
    fn collect(&self, mut pipe: PipeReader, server: SocketAddr) -> Arc<AtomicBool> {
        let log = self.clone();
        let ended = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ended);
        thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut chunk) {
                log.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..length]);
            }
            told.store(true, Ordering::Relaxed);
            TcpStream::connect(server).ok();
        });
        ended
    }

    fn read(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// The time that a process, such as `/proc/self`, was on a processor.
pub fn cpu(process: &str) -> io::Result<Duration> {
    Ok(cpu_of_threads(process)?.iter().sum())
}

/// The time that each thread of a process was on a processor, the oldest first.
pub fn cpu_of_threads(process: &str) -> io::Result<Vec<Duration>> {
    let mut threads = BTreeMap::new();
    for thread in fs::read_dir(format!("{process}/task"))? {
        let thread = thread?;
        // In nanoseconds, where `stat` counts in hundredths of a second.
        let times = fs::read_to_string(thread.path().join("schedstat"))?;
        let id = first_number(&thread.file_name().to_string_lossy())?;
        threads.insert(id, Duration::from_nanos(first_number(&times)?));
    }
    Ok(threads.into_values().collect())
}

fn memory(process: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = first_number(line.unwrap_or_default())?;
    Ok(kibibytes * 1024)
}

fn first_number(text: &str) -> io::Result<u64> {
    text.split_whitespace().next().unwrap_or_default().parse().map_err(io::Error::other)
}

fn unexpected(request: &Request) -> Error {
    Error::Io(io::Error::other(format!("the function asked for {}", request.path)))
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the function cannot be run: {error}"),
            Self::Ended { log } => write!(f, "the function ended\n{log}"),
            Self::TimedOut { log } => write!(f, "the function is silent for {TIME_LIMIT:?}\n{log}"),
            Self::Init { error, log } => write!(f, "the function does not start: {error}\n{log}"),
            Self::Invocation { error, log } => write!(f, "the function fails: {error}\n{log}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_sees_what_lambda_sets_and_nothing_of_ours() {
        let Err(Error::Ended { log }) = Function::start(Path::new("/usr/bin/env"), "health", &[("OWN", "1")]) else {
            panic!("`env` ends without a poll");
        };

        let variables: Vec<_> = log.lines().collect();
        assert!(variables.contains(&"_HANDLER=health"), "{log}");
        assert!(variables.contains(&"OWN=1"), "{log}");
        assert!(!log.contains("CARGO"), "{log}");
    }
}
