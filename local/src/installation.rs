//! A local installation: everything started, wired and stopped in one place.

use std::{
    fs::{DirBuilder, File, TryLockError},
    io,
    net::SocketAddr,
    num::NonZero,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::error::BoxError;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dynoxide::Database;
use roster_domain::{settings::SecuritySettings, webhooks::Reach};
use roster_functions::{
    events,
    operations::{self, Operation, Trigger},
};
use roster_mail::Mailer;
use roster_store::{Store, schema};
use roster_web::{App, Passwords};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use crate::{
    bus::{BUS, Bus},
    clock::LocalClock,
    connector::Connector,
    engine::{Engine, TABLE},
    faults::{Fault, Faults, Rule},
    front_door::FrontDoor,
    invoker::Invoker,
    local_api::{self, Local},
    mailbox::Mailbox,
    recorder::Recorder,
    schedules::Schedules,
    state::StateFile,
    streams::{Backlog, Checkpoints, DeadLetter, Pace, Streams},
};

/// How long the installation at least waits before it looks for expired items. DynamoDB takes up to days, so nothing
/// depends on it, and a look reads the table: right after a start it would slow down the first requests.
const SWEEP_PAUSE: Duration = Duration::from_mins(10);
/// The pause is longer when looking takes long: it may take one part in so many of a core.
const SWEEP_SHARE: u32 = 200;
/// As long as it takes until what failed once is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 200 });
/// Writers in other processes tell nobody.
const POLL: Duration = Duration::from_millis(50);

/// How to start an installation.
#[derive(Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 is any that is free.
    pub port: u16,
    /// Where it keeps its data; nowhere when it is ephemeral.
    pub data: Option<PathBuf>,
    /// The setup secret, instead of a generated one.
    pub setup_secret: Option<String>,
    /// The security settings that are in force until an admin chooses others.
    pub security: SecuritySettings,
    /// Also serve DynamoDB, SES and EventBridge on ports of their own, for the functions that tests run as processes.
    pub serve_aws: bool,
    /// Record what operations do.
    pub record: bool,
    /// What goes wrong between the clients and the services, where a test asks for it.
    pub faults: Faults,
    /// How long a consumer of the stream waits before it is given again what it failed on; it doubles with each attempt.
    pub first_pause: Duration,
    /// Take the time that AWS takes: records of the stream wait for others, and expired items are deleted now and then.
    /// Tests do without, so that each change is followed alone and it is the operations that tell what has expired, and
    /// ask for [`Installation::sweep`] where they mean it.
    pub takes_time: bool,
    /// Where webhooks may be: here also on this machine, for who tries them out.
    pub webhook_reach: Reach,
    /// The operations.
    pub operations: &'static [Operation],
}

impl Options {
    /// An installation for one test: ephemeral, on a free port, recorded.
    pub fn ephemeral() -> Self {
        Self { data: None, ..Self::recorded(PathBuf::new()) }
    }

    /// An installation for tests that start it again, with its data in `directory`: on a free port, recorded.
    pub fn recorded(directory: PathBuf) -> Self {
        Self { record: true, faults: Faults::on(), takes_time: false, port: 0, ..Self::persistent(directory) }
    }

    /// An installation that keeps its data in `directory`.
    pub fn persistent(directory: PathBuf) -> Self {
        Self {
            port: 8080,
            data: Some(directory),
            setup_secret: None,
            security: SecuritySettings::default(),
            serve_aws: false,
            record: false,
            faults: Faults::default(),
            first_pause: FIRST_PAUSE,
            takes_time: true,
            webhook_reach: Reach::InternetAndThisMachine,
            operations: operations::all(),
        }
    }
}

/// Why an installation does not start, in words for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("The directory {path} cannot be used for data: {1}. Choose another with --data <dir>.", path = .0.display())]
    Data(PathBuf, io::Error),
    #[error(
        "The data in {path} is in use by another roster. Stop that one, or choose another directory with --data <dir>.",
        path = .0.display()
    )]
    InUse(PathBuf),
    #[error("Port {0} cannot be used: {1}. Choose another with --port <n>; --port 0 takes any that is free.")]
    Port(u16, io::Error),
    #[error("The database in {path} cannot be used: {1}", path = .0.display())]
    Database(PathBuf, BoxError),
    #[error("{0}")]
    Other(BoxError),
}

impl From<BoxError> for StartError {
    fn from(error: BoxError) -> Self {
        Self::Other(error)
    }
}

/// Where the services of AWS that an installation needs are found here.
#[derive(Clone, Debug)]
pub struct AwsUrls {
    pub dynamodb: String,
    pub ses: String,
    pub eventbridge: String,
}

/// A running installation.
pub struct Installation {
    address: SocketAddr,
    setup_secret: String,
    app: App,
    connector: Connector,
    aws: Option<AwsUrls>,
    invoker: Invoker,
    clock: LocalClock,
    schedules: Schedules,
    streams: Streams,
    backlog: Backlog,
    stop: watch::Sender<bool>,
    front_door: Arc<FrontDoor>,
    server: JoinHandle<()>,
    background: JoinSet<()>,
    _lock: Option<File>,
}

impl Installation {
    /// Starts an installation. It answers when this returns.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let data = options.data.as_deref();
        let lock = data.map(claim).transpose()?;
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await;
        let listener = listener.map_err(|error| StartError::Port(options.port, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Port(options.port, error))?;
        let unusable = |error| StartError::Data(data.unwrap_or(Path::new("")).to_owned(), error);
        let file = |name| StateFile::new(data, name);

        let setup_secret = match options.setup_secret {
            Some(secret) => secret,
            None => setup_secret(&file("setup-secret")).map_err(unusable)?,
        };
        let clock = LocalClock::load(file("clock.json")).map_err(unusable)?;
        let backlog = Backlog::new();
        let checkpoints = file("checkpoints.json");
        let engine = match data {
            Some(directory) => {
                let passed = passed_by_all(options.operations, &checkpoints.load().map_err(unusable)?);
                Engine::open(directory, passed.as_deref(), backlog.clone())
                    .map_err(|error| StartError::Database(directory.to_owned(), error))?
            }
            None => Engine::ephemeral(clock.clone(), backlog.clone())?,
        };
        let engine = if options.faults.are_possible() { engine } else { engine.without_tokens() };
        let connector = Connector {
            engine: engine.clone(),
            mailbox: Mailbox::load(file("mail.jsonl"), clock.clone()).map_err(unusable)?,
            bus: Bus::load(file("events.jsonl"), clock.clone()).map_err(unusable)?,
            recorder: if options.record { Recorder::on() } else { Recorder::default() },
            faults: options.faults,
        };
        let client = connector.dynamodb();
        if !engine.has_table()? {
            schema::create(&client, TABLE).await?;
        }

        let store = Store::new(client, TABLE.to_owned()).with_security(options.security);
        let app = app(store, &clock, &setup_secret, options.webhook_reach);
        let invoker = Invoker {
            app: app.clone(),
            mailer: Mailer::new(connector.ses(), Some("roster".to_owned())),
            bus: events::publish::Bus::new(connector.eventbridge(), BUS.to_owned()),
            sender: events::sender::Sender::new(options.webhook_reach).map_err(BoxError::from)?,
            recorder: connector.recorder.clone(),
            operations: options.operations,
        };
        let schedules = Schedules::load(invoker.clone(), clock.clone(), file("schedules.json")).map_err(unusable)?;
        let local = local_api::router(Local {
            mailbox: connector.mailbox.clone(),
            bus: connector.bus.clone(),
            clock: clock.clone(),
            schedules: schedules.clone(),
            invoker: invoker.clone(),
            backlog: backlog.clone(),
        });
        let recorder = connector.recorder.clone();
        let front_door = FrontDoor::new(options.operations, &app, local, recorder, clock.clone(), address.to_string())
            .map_err(BoxError::from)?;

        let (stop, stopped) = watch::channel(false);
        let aws = if options.serve_aws {
            let dynamodb = engine.serve(stopped.clone()).await.map_err(BoxError::from)?;
            let ses = connector.mailbox.serve(stopped.clone()).await.map_err(BoxError::from)?;
            let eventbridge = connector.bus.serve(stopped.clone()).await.map_err(BoxError::from)?;
            Some(AwsUrls { dynamodb, ses, eventbridge })
        } else {
            None
        };
        let mut background = JoinSet::new();
        let streams =
            Streams::new(engine.clone(), invoker.clone(), backlog.clone(), checkpoints, file("dead-letters.jsonl"));
        let poll = options.serve_aws.then_some(POLL);
        streams.start(&mut background, Pace { poll, batches: options.takes_time, first_pause: options.first_pause })?;
        connector.bus.start(&mut background, invoker.clone());
        background.spawn(schedules.clone().run());
        if options.takes_time {
            background.spawn(sweep(engine.clone()));
        }
        let front_door = Arc::new(front_door);
        let server = tokio::spawn(Arc::clone(&front_door).serve(listener, stopped));
        Ok(Self {
            address,
            setup_secret,
            app,
            connector,
            aws,
            invoker,
            clock,
            schedules,
            streams,
            backlog,
            stop,
            front_door,
            server,
            background,
            _lock: lock,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as the start of a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What answers requests, for those who need no connection to ask.
    pub fn front_door(&self) -> &FrontDoor {
        &self.front_door
    }

    /// What lets somebody create the first admin.
    pub fn setup_secret(&self) -> &str {
        &self.setup_secret
    }

    /// Whether that is still to be done.
    pub async fn is_setup_required(&self) -> bool {
        !self.app.store.is_set_up().await.unwrap_or_default()
    }

    /// What the operations work with.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The clock, to read. [`Installation::advance`] moves it.
    pub fn clock(&self) -> &LocalClock {
        &self.clock
    }

    /// Moves the clock, and runs the schedules that are due then.
    pub async fn advance(&self, by: Duration) -> io::Result<jiff::Timestamp> {
        self.schedules.advance(by).await
    }

    /// The mails that were sent.
    pub fn mailbox(&self) -> &Mailbox {
        &self.connector.mailbox
    }

    /// The events that were published.
    pub fn bus(&self) -> &Bus {
        &self.connector.bus
    }

    /// What the operations did.
    pub fn recorder(&self) -> &Recorder {
        &self.connector.recorder
    }

    /// What goes wrong, for those who want to see what happens then.
    pub fn faults(&self) -> &Faults {
        &self.connector.faults
    }

    /// From now on things go wrong as these rules say.
    pub fn arm(&self, rules: Vec<Rule>) -> Result<(), BoxError> {
        let needs_past = rules.iter().any(|rule| rule.fault == Fault::Stale);
        let past = needs_past.then(|| self.connector.engine.copy(self.clock.clone())).transpose()?;
        self.connector.faults.arm(rules, past);
        Ok(())
    }

    /// From now on nothing goes wrong any more, and what was late happens.
    pub fn heal(&self) {
        self.connector.heal();
    }

    /// Runs an event operation on `event`, as Lambda would: also late, and once more.
    pub async fn invoke(&self, operation: &'static str, event: serde_json::Value) -> Result<serde_json::Value, String> {
        self.invoker.invoke(operation, &event).await
    }

    /// A client of the table, for what the API does not show.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.connector.dynamodb()
    }

    /// What is stored, for dumps.
    pub fn database(&self) -> &Database {
        self.connector.engine.database()
    }

    /// Where DynamoDB, SES and EventBridge listen, when that was asked for.
    pub fn aws(&self) -> Option<&AwsUrls> {
        self.aws.as_ref()
    }

    /// The records of the stream that were put aside.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.streams.dead_letters()
    }

    /// Waits until nothing is under way: no record of the stream waits, no event, and no schedule is due.
    pub async fn settle(&self) {
        self.schedules.run_due().await;
        loop {
            self.backlog.settled().await;
            if self.connector.bus.is_settled() {
                return;
            }
            // What an event led to may have changed the table.
            self.connector.bus.settled().await;
        }
    }

    /// Deletes what has expired, as DynamoDB does.
    pub async fn sweep(&self) -> Result<usize, BoxError> {
        self.connector.engine.sweep().await
    }

    /// Ends at once, as a process does that is killed: nothing under way goes on.
    pub fn abandon(mut self) {
        self.server.abort();
        self.background.abort_all();
        self.connector.faults.bury();
    }

    /// Lets requests under way finish, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Err(error) = self.server.await {
            tracing::error!(%error, "the front door did not close in peace");
        }
        self.background.shutdown().await;
        if let Err(error) = self.streams.save() {
            tracing::error!(%error, "the place in the stream is not saved: after a restart, records come again");
        }
    }
}

/// What the operations are given.
fn app(store: Store, clock: &LocalClock, setup_secret: &str, webhook_reach: Reach) -> App {
    let cores = available_parallelism().map_or(1, NonZero::get);
    App {
        store,
        clock: Arc::new(clock.clone()),
        passwords: Passwords::new(cores),
        setup_secret: Some(setup_secret.into()),
        webhook_reach,
    }
}

/// Makes `directory` ours, for as long as the file is open.
pub(crate) fn claim(directory: &Path) -> Result<File, StartError> {
    let unusable = |error| StartError::Data(directory.to_owned(), error);
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(unusable)?;
    let lock = File::create(directory.join("lock")).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// The secret of the last start, or a new one.
fn setup_secret(file: &StateFile) -> io::Result<String> {
    if let Some(secret) = file.read()?.filter(|secret| !secret.trim().is_empty()) {
        return Ok(secret.trim().to_owned());
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let secret = URL_SAFE_NO_PAD.encode(secret);
    file.write(secret.as_bytes())?;
    Ok(secret)
}

/// The last record that every consumer is done with.
fn passed_by_all(operations: &[Operation], checkpoints: &Checkpoints) -> Option<String> {
    let consumers =
        operations.iter().filter(|operation| matches!(operation.runs.trigger(), Some(Trigger::Stream { .. })));
    let passed = consumers.map(|consumer| checkpoints.get(consumer.name)).collect::<Option<Vec<_>>>()?;
    passed.into_iter().min().cloned()
}

/// Deletes expired items, for ever.
async fn sweep(engine: Engine) {
    let mut pause = SWEEP_PAUSE;
    loop {
        sleep(pause).await;
        let start = Instant::now();
        if let Err(error) = engine.sweep().await {
            tracing::error!(%error, "expired items cannot be deleted");
        }
        pause = SWEEP_PAUSE.max(start.elapsed() * SWEEP_SHARE);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A directory of a test, gone with it.
    pub(crate) struct Directory(PathBuf);

    impl Directory {
        pub(crate) fn new() -> Self {
            let mut name = [0; 12];
            getrandom::fill(&mut name).unwrap();
            Self(std::env::temp_dir().join(format!("roster-{}", URL_SAFE_NO_PAD.encode(name))))
        }

        pub(crate) fn path(&self) -> PathBuf {
            self.0.clone()
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap_or_default();
        }
    }

    fn options(directory: &Directory) -> Options {
        Options { port: 0, ..Options::persistent(directory.path()) }
    }

    #[tokio::test]
    async fn the_setup_secret_and_the_clock_stay_over_a_restart() {
        let directory = Directory::new();
        let first = Installation::start(options(&directory)).await.unwrap();
        let (secret, now) = (first.setup_secret().to_owned(), first.advance(Duration::from_hours(24)).await.unwrap());
        first.stop().await;

        let second = Installation::start(options(&directory)).await.unwrap();

        assert_eq!(second.setup_secret(), secret);
        assert!(secret.len() >= 43, "256 bits");
        assert!(second.clock().now() >= now);
    }

    #[tokio::test]
    async fn a_directory_has_one_installation_at_a_time() {
        let directory = Directory::new();
        let first = Installation::start(options(&directory)).await.unwrap();

        let second = Installation::start(options(&directory)).await;

        assert!(matches!(second, Err(StartError::InUse(_))));
        first.stop().await;
        Installation::start(options(&directory)).await.unwrap();
    }

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();

        let start = Installation::start(Options { port, ..Options::ephemeral() }).await;

        let Err(error) = start else { panic!("it started") };
        assert!(error.to_string().contains(&format!("Port {port}")), "{error}");
    }

    #[tokio::test]
    async fn table_mailbox_and_bus_are_there_for_other_processes_too() {
        let options = Options { serve_aws: true, ..Options::ephemeral() };

        let installation = Installation::start(options).await.unwrap();

        let AwsUrls { dynamodb, ses, eventbridge } = installation.aws().unwrap();
        for url in [dynamodb, ses, eventbridge] {
            tokio::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
        }
    }
}
