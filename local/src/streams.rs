//! Delivers the table's stream to the operations that it triggers, as Lambda's event source mapping does.
//!
//! One reader follows the stream and sorts its records into a queue for each consumer, by the consumer's filter. A
//! consumer hands batches to its operation, at least once each: it knows how far it has come across restarts, repeats
//! what failed, and puts aside a record that keeps failing so that the others are not held up.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_dynamodb::error::BoxError;
use dynoxide::{AttributeValue, actions::get_records::Record, streams::stream_arn};
use roster_functions::operations::{StreamFilter, Trigger};
use serde::{Deserialize, Serialize};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout_at},
};

use crate::{
    engine::{Engine, TABLE},
    invoker::Invoker,
    state::StateFile,
};

const BATCH: usize = 10;
const ATTEMPTS: u32 = 5;
/// The reader waits while a consumer is this far behind.
const QUEUE: usize = 1_000;
/// Records of one moment are read together.
const MOMENT: Duration = Duration::from_millis(100);
/// How often it is saved how far the consumers are. What a crash makes them forget comes again.
const SAVING: Duration = Duration::from_secs(1);

/// How far each consumer has come: the sequence number of the last record it is done with.
pub type Checkpoints = BTreeMap<String, String>;

/// How far the consumers are behind the table. Clones share it.
#[derive(Clone, Debug)]
pub struct Backlog(watch::Sender<Levels>);

#[derive(Debug, Default)]
struct Levels {
    /// Writes to the table so far, and those that the reader has seen the records of.
    written: u64,
    read: u64,
    /// The last record that the reader has seen.
    position: Option<String>,
    consumers: BTreeMap<&'static str, Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    /// The last record that the consumer is done with, of those it was given.
    done: Option<String>,
    pending: usize,
}

impl Backlog {
    /// The backlog of an installation that is about to start.
    pub fn new() -> Self {
        Self(watch::Sender::default())
    }

    /// Somebody wrote to the table.
    pub(crate) fn wrote(&self) {
        self.0.send_modify(|levels| levels.written += 1);
    }

    /// Waits until every consumer is done with everything.
    pub async fn settled(&self) {
        self.until(|levels| levels.is_read() && levels.consumers.values().all(|consumer| consumer.pending == 0)).await;
    }

    /// Waits until this consumer is done with everything.
    pub async fn drained(&self, consumer: &str) {
        self.until(|levels| levels.is_read() && levels.consumers.get(consumer).is_none_or(|c| c.pending == 0)).await;
    }

    async fn until(&self, condition: impl FnMut(&Levels) -> bool) {
        // It ends early only when the installation is gone, and with it what was waited for.
        drop(self.0.subscribe().wait_for(condition).await);
    }

    fn checkpoints(&self) -> Checkpoints {
        self.0.borrow().checkpoints()
    }
}

impl Default for Backlog {
    fn default() -> Self {
        Self::new()
    }
}

impl Levels {
    fn is_read(&self) -> bool {
        self.read == self.written
    }

    fn checkpoints(&self) -> Checkpoints {
        let reached = |progress: &Progress| match progress.pending {
            0 => self.position.clone().max(progress.done.clone()),
            _ => progress.done.clone(),
        };
        let consumers = self.consumers.iter();
        consumers.filter_map(|(name, progress)| Some(((*name).to_owned(), reached(progress)?))).collect()
    }
}

/// A record that its operation did not manage to handle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    pub operation: String,
    pub reason: String,
    pub record: Value,
}

/// What the stream and its consumers wait for, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often the reader looks for records of writers in other processes, who tell nobody; not at all for `None`.
    pub poll: Option<Duration>,
    /// Whether records wait for others: for those of the same moment, and for the batching window of their operation.
    pub batches: bool,
    /// What failed is tried again after this pause. It doubles with each attempt.
    pub first_pause: Duration,
}

/// The stream and its consumers.
#[derive(Clone)]
pub struct Streams {
    engine: Engine,
    invoker: Invoker,
    backlog: Backlog,
    checkpoints: StateFile,
    dead_letters: Arc<Mutex<Vec<DeadLetter>>>,
    dead_letter_file: StateFile,
}

impl Streams {
    /// Consumers that go on where `checkpoints` says that they were.
    pub fn new(
        engine: Engine,
        invoker: Invoker,
        backlog: Backlog,
        checkpoints: StateFile,
        dead_letter_file: StateFile,
    ) -> Self {
        Self { engine, invoker, backlog, checkpoints, dead_letters: Arc::default(), dead_letter_file }
    }

    /// Starts the reader and the consumers, in tasks of `tasks`.
    pub fn start(&self, tasks: &mut tokio::task::JoinSet<()>, pace: Pace) -> Result<(), BoxError> {
        let checkpoints: Checkpoints = self.checkpoints.load()?;
        let mut queues = Vec::new();
        for (operation, trigger) in self.invoker.event_operations() {
            let Trigger::Stream { filters, batching_window } = trigger else { continue };
            let done = checkpoints.get(operation.name).cloned();
            let (sender, records) = mpsc::unbounded_channel();
            queues.push(Queue { operation: operation.name, filters, after: done.clone(), records: sender });
            self.backlog.0.send_modify(|levels| {
                levels.consumers.insert(operation.name, Progress { done, pending: 0 });
            });
            let consumer = Consumer {
                streams: self.clone(),
                operation: operation.name,
                records,
                batching_window: if pace.batches { batching_window } else { Duration::ZERO },
                first_pause: pace.first_pause,
            };
            tasks.spawn(consumer.run());
        }
        let after = queues.iter().map(|queue| queue.after.clone()).min().flatten();
        let position = self.engine.position(after.as_deref())?;
        let streams = self.clone();
        tasks.spawn(async move { streams.read(position, queues, pace).await });
        tasks.spawn(self.clone().save_now_and_then(if pace.batches { SAVING } else { MOMENT }));
        // Records that were written before the start wait to be read.
        self.backlog.wrote();
        Ok(())
    }

    /// The records that were put aside since the start.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.dead_letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers how far the consumers have come.
    pub fn save(&self) -> io::Result<()> {
        self.checkpoints.save(&self.backlog.checkpoints())
    }

    /// Saves how far the consumers have come, for as long as they come further.
    async fn save_now_and_then(self, pause: Duration) {
        let mut saved = self.backlog.checkpoints();
        loop {
            self.backlog.until(|levels| levels.checkpoints() != saved).await;
            saved = self.backlog.checkpoints();
            if let Err(error) = self.checkpoints.save(&saved) {
                tracing::error!(%error, "the place in the stream is not saved: after a restart, records come again");
            }
            sleep(pause).await;
        }
    }

    async fn read(&self, mut position: String, queues: Vec<Queue>, pace: Pace) {
        loop {
            let unread = self.backlog.until(|levels| !levels.is_read());
            match pace.poll {
                Some(pause) => drop(tokio::time::timeout(pause, unread).await),
                None => unread.await,
            }
            if pace.batches {
                sleep(MOMENT).await;
            }
            let written = self.backlog.0.borrow().written;
            loop {
                self.backlog.until(|levels| levels.consumers.values().all(|consumer| consumer.pending < QUEUE)).await;
                match self.engine.records(&position, QUEUE) {
                    Ok((records, next)) => {
                        position = next;
                        let more = records.len() == QUEUE;
                        self.sort(&records, &queues);
                        if !more {
                            break;
                        }
                    }
                    Err(error) => {
                        tracing::error!(%error, "the stream cannot be read");
                        sleep(Duration::from_secs(1)).await;
                    }
                }
            }
            self.backlog.0.send_modify(|levels| levels.read = written);
        }
    }

    fn sort(&self, records: &[Record], queues: &[Queue]) {
        let Some(last) = records.last().map(|record| record.dynamodb.sequence_number.clone()) else {
            return;
        };
        let mut sorted = Vec::new();
        for record in records {
            let wanted = queues.iter().filter(|queue| queue.wants(record)).collect::<Vec<_>>();
            if !wanted.is_empty() {
                match Delivered::new(record) {
                    Ok(delivered) => sorted.push((Arc::new(delivered), wanted)),
                    Err(error) => tracing::error!(%error, "a record of the stream has no JSON form"),
                }
            }
        }
        // They count before anybody can be done with them.
        self.backlog.0.send_modify(|levels| {
            levels.position = Some(last);
            for queue in sorted.iter().flat_map(|(_, wanted)| wanted) {
                levels.consumers.entry(queue.operation).or_default().pending += 1;
            }
        });
        for (delivered, wanted) in sorted {
            for queue in wanted {
                // A consumer is gone only when the installation stops.
                queue.records.send(delivered.clone()).unwrap_or_default();
            }
        }
    }
}

/// Where the reader puts the records of one consumer.
struct Queue {
    operation: &'static str,
    filters: &'static [StreamFilter],
    after: Option<String>,
    records: mpsc::UnboundedSender<Arc<Delivered>>,
}

impl Queue {
    fn wants(&self, record: &Record) -> bool {
        let sequence_number = &record.dynamodb.sequence_number;
        self.after.as_ref().is_none_or(|after| sequence_number > after)
            && self.filters.iter().any(|filter| {
                filter.event_name == record.event_name
                    && matches!(record.dynamodb.keys.get(filter.key), Some(AttributeValue::S(key)) if key.starts_with(filter.prefix))
            })
    }
}

struct Consumer {
    streams: Streams,
    operation: &'static str,
    records: mpsc::UnboundedReceiver<Arc<Delivered>>,
    batching_window: Duration,
    first_pause: Duration,
}

impl Consumer {
    async fn run(mut self) {
        let mut waiting = VecDeque::new();
        let mut attempts = 0;
        loop {
            if waiting.is_empty() {
                match self.records.recv().await {
                    Some(record) => waiting.push_back(record),
                    None => return,
                }
            }
            if attempts == 0 && !self.batching_window.is_zero() {
                let end = Instant::now() + self.batching_window;
                while waiting.len() < BATCH
                    && let Ok(Some(record)) = timeout_at(end, self.records.recv()).await
                {
                    waiting.push_back(record);
                }
            }
            while let Ok(record) = self.records.try_recv() {
                waiting.push_back(record);
            }
            // What failed is tried again alone, so that it cannot take others with it.
            let size = if attempts == 0 { BATCH.min(waiting.len()) } else { 1 };
            let batch = waiting.iter().take(size).cloned().collect::<Vec<_>>();
            match self.deliver(batch).await {
                Ok(()) => {
                    self.done(waiting.drain(..size));
                    attempts = 0;
                }
                Err((handled, reason)) => {
                    if handled > 0 {
                        self.done(waiting.drain(..handled));
                        attempts = 0;
                    }
                    attempts += 1;
                    tracing::warn!(operation = self.operation, attempts, reason, "a record of the stream failed");
                    if attempts < ATTEMPTS {
                        sleep(self.first_pause * 2_u32.pow(attempts - 1)).await;
                    } else {
                        attempts = 0;
                        self.put_aside(&waiting[0], reason);
                        self.done(waiting.drain(..1));
                    }
                }
            }
        }
    }

    /// Hands a batch to the operation. When it fails: how many records from the first on are handled, and the reason.
    async fn deliver(&self, batch: Vec<Arc<Delivered>>) -> Result<(), (usize, String)> {
        let event = Batch { records: batch.iter().map(|record| &*record.event).collect() };
        let answer = self.streams.invoker.invoke(self.operation, &event).await.map_err(|reason| (0, reason))?;
        let failures = answer["batchItemFailures"].as_array().map_or(&[][..], Vec::as_slice);
        // As in Lambda, everything from the first failure on counts as failed, and so does everything when the answer
        // names a record that is none.
        let first = failures
            .iter()
            .map(|failure| batch.iter().position(|record| failure["itemIdentifier"] == *record.sequence_number))
            .min_by_key(|position| position.unwrap_or_default());
        match first {
            None => Ok(()),
            Some(position) => Err((position.unwrap_or_default(), "reported as failed".to_owned())),
        }
    }

    fn done(&self, records: std::collections::vec_deque::Drain<'_, Arc<Delivered>>) {
        let records = records.collect::<Vec<_>>();
        let last = records.last().map(|record| record.sequence_number.clone());
        self.streams.backlog.0.send_modify(|levels| {
            let progress = levels.consumers.entry(self.operation).or_default();
            progress.done = last;
            progress.pending -= records.len();
        });
    }

    fn put_aside(&self, record: &Delivered, reason: String) {
        let record = serde_json::from_str(record.event.get()).unwrap_or_default();
        let letter = DeadLetter { operation: self.operation.to_owned(), reason, record };
        tracing::error!(operation = letter.operation, reason = letter.reason, "a record of the stream is put aside");
        if let Err(error) = self.streams.dead_letter_file.append(&letter) {
            tracing::error!(%error, "the record that was put aside is not saved");
        }
        self.streams.dead_letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
    }
}

/// A record on its way to a consumer.
#[derive(Debug)]
struct Delivered {
    sequence_number: String,
    /// The record as Lambda delivers it.
    event: Box<RawValue>,
}

impl Delivered {
    fn new(record: &Record) -> serde_json::Result<Self> {
        #[derive(Serialize)]
        struct EventRecord<'a> {
            #[serde(flatten)]
            record: &'a Record,
            #[serde(rename = "eventSourceARN")]
            event_source_arn: String,
        }
        let event = EventRecord { record, event_source_arn: stream_arn(TABLE, "local") };
        Ok(Self { sequence_number: record.dynamodb.sequence_number.clone(), event: to_raw_value(&event)? })
    }
}

/// What an operation is given.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<'a> {
    records: Vec<&'a RawValue>,
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "operations are given their events")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_lambda_events::event::dynamodb::Event;
    use aws_sdk_dynamodb::{Client, types::AttributeValue};
    use roster_functions::operations::{EventAnswer, Operation, Payload, Runs};
    use roster_web::App;
    use serde_json::json;

    use super::*;
    use crate::{Installation, Options, installation::tests::Directory};

    const INSERTED_MAIL: Trigger = stream(&[StreamFilter { event_name: "INSERT", key: "sk", prefix: "MAIL#" }]);

    const fn stream(filters: &'static [StreamFilter]) -> Trigger {
        Trigger::Stream { filters, batching_window: Duration::ZERO }
    }

    async fn write(client: &Client, sk: &str) {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        client.put_item().table_name(TABLE).item("pk", text("USER#1")).item("sk", text(sk)).send().await.unwrap();
    }

    fn sort_keys(event: &Payload) -> Vec<String> {
        let event: Value = serde_json::from_str(event.get()).unwrap();
        let records = event["Records"].as_array().unwrap();
        records.iter().map(|record| record["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap().to_owned()).collect()
    }

    fn answer(value: Value) -> EventAnswer {
        Box::pin(async move { Ok(value) })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_operation_is_given_the_records_of_its_filter_as_lambda_gives_them() {
        static GIVEN: Mutex<Vec<Payload>> = Mutex::new(Vec::new());
        fn handler(_: App, event: Payload) -> EventAnswer {
            GIVEN.lock().unwrap().push(event);
            answer(Value::Null)
        }
        static OPERATIONS: [Operation; 1] =
            [Operation { name: "deliver", runs: Runs::OnEvent(INSERTED_MAIL, handler) }];
        let installation =
            Installation::start(Options { operations: &OPERATIONS, ..Options::ephemeral() }).await.unwrap();
        let client = installation.dynamodb();

        for sk in ["MAIL#1", "USER", "MAIL#2", "MAIL#2"] {
            write(&client, sk).await;
        }
        installation.settle().await;

        let given = GIVEN.lock().unwrap();
        assert_eq!(given.iter().flat_map(sort_keys).collect::<Vec<_>>(), ["MAIL#1", "MAIL#2"]);
        let event: Event = serde_json::from_str(given[0].get()).unwrap();
        let record = &event.records[0];
        assert_eq!((&*record.event_name, record.event_source.as_deref()), ("INSERT", Some("aws:dynamodb")));
        assert!(record.event_source_arn.as_deref().unwrap().contains("table/roster/stream/"));
        assert!(record.change.sequence_number.is_some() && !record.event_id.is_empty());
        assert!(record.change.approximate_creation_date_time.timestamp() > 0);
        assert_eq!(record.change.new_image.len(), 2);
    }

    #[tokio::test]
    async fn records_wait_for_others_until_the_batch_is_full_or_its_window_ends() {
        static GIVEN: Mutex<Vec<usize>> = Mutex::new(Vec::new());
        fn handler(_: App, event: Payload) -> EventAnswer {
            GIVEN.lock().unwrap().push(sort_keys(&event).len());
            answer(Value::Null)
        }
        const PATIENT: Trigger = Trigger::Stream {
            filters: &[StreamFilter { event_name: "INSERT", key: "sk", prefix: "MAIL#" }],
            batching_window: Duration::from_secs(3),
        };
        static OPERATIONS: [Operation; 1] = [Operation { name: "deliver", runs: Runs::OnEvent(PATIENT, handler) }];
        let options = Options { operations: &OPERATIONS, takes_time: true, ..Options::ephemeral() };
        let installation = Installation::start(options).await.unwrap();
        let client = installation.dynamodb();

        for number in 0..12 {
            write(&client, &format!("MAIL#{number}")).await;
        }
        installation.settle().await;

        assert_eq!(*GIVEN.lock().unwrap(), [10, 2]);
    }

    #[tokio::test]
    async fn records_that_fail_come_again_from_the_first_failure_on() {
        static GIVEN: Mutex<Vec<Vec<String>>> = Mutex::new(Vec::new());
        fn handler(_: App, event: Payload) -> EventAnswer {
            let keys = sort_keys(&event);
            let mut given = GIVEN.lock().unwrap();
            let is_second_time = given.iter().flatten().filter(|key| *key == "MAIL#3").count() > 0;
            let event: Value = serde_json::from_str(event.get()).unwrap();
            let failed = event["Records"]
                .as_array()
                .unwrap()
                .iter()
                .find(|record| !is_second_time && record["dynamodb"]["Keys"]["sk"]["S"] == "MAIL#3");
            given.push(keys);
            let failures = failed.map(|record| json!({ "itemIdentifier": record["dynamodb"]["SequenceNumber"] }));
            answer(json!({ "batchItemFailures": failures.into_iter().collect::<Vec<_>>() }))
        }
        static OPERATIONS: [Operation; 1] =
            [Operation { name: "deliver", runs: Runs::OnEvent(INSERTED_MAIL, handler) }];
        let installation =
            Installation::start(Options { operations: &OPERATIONS, ..Options::ephemeral() }).await.unwrap();
        let client = installation.dynamodb();

        for number in 1..=5 {
            write(&client, &format!("MAIL#{number}")).await;
        }
        installation.settle().await;

        let given = GIVEN.lock().unwrap().concat();
        let times = |sk: &str| given.iter().filter(|key| *key == sk).count();
        assert_eq!((times("MAIL#1"), times("MAIL#2"), times("MAIL#3")), (1, 1, 2), "{given:?}");
        assert!(times("MAIL#4") >= 1 && times("MAIL#5") >= 1, "{given:?}");
        assert_eq!(installation.dead_letters(), []);
    }

    #[tokio::test]
    async fn a_record_that_keeps_failing_is_put_aside() {
        static ATTEMPTED: AtomicUsize = AtomicUsize::new(0);
        static HANDLED: Mutex<Vec<String>> = Mutex::new(Vec::new());
        fn handler(_: App, event: Payload) -> EventAnswer {
            let keys = sort_keys(&event);
            if keys.iter().any(|key| key == "MAIL#poison") {
                ATTEMPTED.fetch_add(1, Ordering::Relaxed);
                return Box::pin(async { panic!("poison") });
            }
            HANDLED.lock().unwrap().extend(keys);
            answer(Value::Null)
        }
        static OPERATIONS: [Operation; 1] =
            [Operation { name: "deliver", runs: Runs::OnEvent(INSERTED_MAIL, handler) }];
        let installation =
            Installation::start(Options { operations: &OPERATIONS, ..Options::ephemeral() }).await.unwrap();
        let client = installation.dynamodb();

        for sk in ["MAIL#1", "MAIL#poison", "MAIL#2"] {
            write(&client, sk).await;
        }
        installation.settle().await;

        assert_eq!(*HANDLED.lock().unwrap(), ["MAIL#1", "MAIL#2"]);
        let letters = installation.dead_letters();
        assert_eq!(letters.len(), 1);
        assert_eq!((&*letters[0].operation, letters[0].reason.contains("poison")), ("deliver", true));
        assert!(ATTEMPTED.load(Ordering::Relaxed) >= 5);
    }

    #[tokio::test]
    async fn a_consumer_goes_on_where_it_was_before_a_restart() {
        static GIVEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
        fn handler(_: App, event: Payload) -> EventAnswer {
            GIVEN.lock().unwrap().extend(sort_keys(&event));
            answer(Value::Null)
        }
        static OPERATIONS: [Operation; 1] =
            [Operation { name: "deliver", runs: Runs::OnEvent(INSERTED_MAIL, handler) }];
        static NONE: [Operation; 0] = [];
        let directory = Directory::new();
        let start = async |operations| {
            let options = Options { operations, port: 0, ..Options::persistent(directory.path()) };
            Installation::start(options).await.unwrap()
        };

        let first = start(&OPERATIONS).await;
        write(&first.dynamodb(), "MAIL#1").await;
        first.settle().await;
        first.stop().await;
        let without_consumer = start(&NONE).await;
        write(&without_consumer.dynamodb(), "MAIL#2").await;
        drop(without_consumer);
        let second = start(&OPERATIONS).await;
        second.settle().await;

        assert_eq!(*GIVEN.lock().unwrap(), ["MAIL#1", "MAIL#2"]);
    }

    #[tokio::test]
    async fn what_expires_is_removed_by_the_service() {
        static GIVEN: Mutex<Vec<Payload>> = Mutex::new(Vec::new());
        fn handler(_: App, event: Payload) -> EventAnswer {
            GIVEN.lock().unwrap().push(event);
            answer(Value::Null)
        }
        const REMOVED: Trigger = stream(&[StreamFilter { event_name: "REMOVE", key: "sk", prefix: "SESSION#" }]);
        static OPERATIONS: [Operation; 1] = [Operation { name: "clean", runs: Runs::OnEvent(REMOVED, handler) }];
        let installation =
            Installation::start(Options { operations: &OPERATIONS, ..Options::ephemeral() }).await.unwrap();
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let expiry = installation.clock().now().as_second() + 3600;
        let put = installation.dynamodb().put_item().table_name(TABLE);
        let put = put.item("pk", text("USER#1")).item("sk", text("SESSION#1"));
        put.item("expires_at_epoch", AttributeValue::N(expiry.to_string())).send().await.unwrap();

        assert_eq!(installation.sweep().await.unwrap(), 0);
        installation.advance(Duration::from_secs(3700)).await.unwrap();
        assert_eq!(installation.sweep().await.unwrap(), 1);
        installation.settle().await;

        let given = GIVEN.lock().unwrap();
        let event: Event = serde_json::from_str(given[0].get()).unwrap();
        let identity = event.records[0].user_identity.as_ref().unwrap();
        assert_eq!((&*identity.type_, &*identity.principal_id), ("Service", "dynamodb.amazonaws.com"));
    }
}
