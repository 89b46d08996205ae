//! Where events go that EventBridge would take: it answers `PutEvents`, keeps what was published for people to read and
//! for tests to look into, and hands it to the operations that have a rule on the bus. It can be told to fail.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use hyper::Response;
use jiff::Timestamp;
use roster_functions::operations::Trigger;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::sleep,
};

use crate::{clock::LocalClock, connector::serve, invoker::Invoker, journal::Journal, state::StateFile};

/// The name of the bus.
pub const BUS: &str = "roster-events";

/// What `PutEvents` takes at once.
const MAX_ENTRIES: usize = 10;
const MAX_BYTES: usize = 256 * 1024;
/// How often an operation is given an event that it fails on: as Lambda does with events that nobody waits for.
const ATTEMPTS: u32 = 3;
/// It doubles with each attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// An event, as EventBridge gives it to its targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    version: String,
    pub id: String,
    #[serde(rename = "detail-type")]
    pub detail_type: String,
    pub source: String,
    account: String,
    time: Timestamp,
    region: String,
    resources: Vec<String>,
    pub detail: Value,
}

/// A way in which EventBridge fails.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// It takes nothing: the client tries again.
    Throttled,
    /// It takes all but the event at this position.
    Refused(usize),
}

/// The bus. Clones share it.
#[derive(Clone, Debug)]
pub struct Bus {
    content: Arc<Mutex<Content>>,
    /// How many events are on their way to operations.
    pending: watch::Sender<usize>,
    clock: LocalClock,
}

#[derive(Debug)]
struct Content {
    events: Journal<Event>,
    faults: VecDeque<Fault>,
    published: u64,
    rules: Option<mpsc::UnboundedSender<Event>>,
}

impl Bus {
    /// The bus as `file` remembers it, a line for each event.
    pub fn load(file: StateFile, clock: LocalClock) -> io::Result<Self> {
        let content = Content { events: Journal::load(file)?, faults: VecDeque::new(), published: 0, rules: None };
        Ok(Self { content: Arc::new(Mutex::new(content)), pending: watch::Sender::default(), clock })
    }

    /// Every event, newest first.
    pub fn events(&self) -> Vec<Event> {
        self.content().events.newest_first()
    }

    /// Forgets every event.
    pub fn clear(&self) -> io::Result<()> {
        self.content().events.clear()
    }

    /// The next requests fail in these ways, one after the other.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.content().faults.extend(faults);
    }

    /// Hands events to the operations that have a rule, in tasks of `tasks`.
    pub(crate) fn start(&self, tasks: &mut JoinSet<()>, invoker: Invoker) {
        let (rules, mut events) = mpsc::unbounded_channel::<Event>();
        self.content().rules = Some(rules);
        let bus = self.clone();
        tasks.spawn(async move {
            let mut deliveries = JoinSet::new();
            while let Some(event) = events.recv().await {
                let (bus, invoker) = (bus.clone(), invoker.clone());
                deliveries.spawn(async move {
                    deliver(&invoker, &event).await;
                    bus.pending.send_modify(|pending| *pending -= 1);
                });
                while deliveries.try_join_next().is_some() {}
            }
        });
    }

    /// Whether every event has reached the operations that wait for it.
    pub(crate) fn is_settled(&self) -> bool {
        *self.pending.borrow() == 0
    }

    /// Waits until every event has reached the operations that wait for it.
    pub(crate) async fn settled(&self) {
        // It ends early only when the installation is gone, and with it what was waited for.
        drop(self.pending.subscribe().wait_for(|pending| *pending == 0).await);
    }

    /// Answers `PutEvents`, whose body this is, in the wire format of EventBridge.
    pub(crate) fn accept(&self, body: &[u8]) -> (u16, Vec<u8>) {
        let refused =
            |kind: &str, message: &str| (400, json!({ "__type": kind, "message": message }).to_string().into_bytes());
        let request: PutEvents = match serde_json::from_slice(body) {
            Ok(request) => request,
            Err(error) => return refused("SerializationException", &error.to_string()),
        };
        let bytes: usize = request.entries.iter().map(|entry| entry.detail.len()).sum();
        if request.entries.is_empty() || request.entries.len() > MAX_ENTRIES || bytes > MAX_BYTES {
            return refused("ValidationException", "A request has 1 to 10 entries and 256 KB at most.");
        }
        let mut content = self.content();
        let fault = content.faults.pop_front();
        if fault == Some(Fault::Throttled) {
            return refused("ThrottlingException", "Rate exceeded");
        }
        let results: Vec<Value> = request
            .entries
            .into_iter()
            .enumerate()
            .map(|(n, entry)| {
                let taken = match fault {
                    Some(Fault::Refused(refused)) if refused == n => Err("InternalFailure"),
                    _ => self.publish(&mut content, entry),
                };
                match taken {
                    Ok(id) => json!({ "EventId": id }),
                    Err(code) => json!({ "ErrorCode": code, "ErrorMessage": "The event was not taken." }),
                }
            })
            .collect();
        let failed = results.iter().filter(|result| result["ErrorCode"].is_string()).count();
        (200, json!({ "FailedEntryCount": failed, "Entries": results }).to_string().into_bytes())
    }

    /// Takes one event; answers its id, or the code by which it is refused.
    fn publish(&self, content: &mut Content, entry: PutEventsEntry) -> Result<String, &'static str> {
        if entry.event_bus_name != BUS {
            return Err("ResourceNotFoundException");
        }
        let detail: Value = serde_json::from_str(&entry.detail).map_err(|_| "MalformedDetail")?;
        content.published += 1;
        let event = Event {
            version: "0".to_owned(),
            id: format!("{:016x}-{:016x}", self.clock.now().as_microsecond(), content.published),
            detail_type: entry.detail_type,
            source: entry.source,
            account: "000000000000".to_owned(),
            time: self.clock.now(),
            region: "local".to_owned(),
            resources: Vec::new(),
            detail,
        };
        content.events.keep(event.clone()).map_err(|_| "InternalFailure")?;
        let id = event.id.clone();
        if let Some(rules) = &content.rules {
            self.pending.send_modify(|pending| *pending += 1);
            // Who would take it is gone only when the installation stops.
            rules.send(event).unwrap_or_default();
        }
        Ok(id)
    }

    /// Serves EventBridge on a loopback port, for clients in other processes, until `stop` is set.
    pub async fn serve(&self, stop: watch::Receiver<bool>) -> io::Result<String> {
        serve(Router::new().route("/", post(put_events)).with_state(self.clone()), stop).await
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the event to each operation that has a rule for it.
async fn deliver(invoker: &Invoker, event: &Event) {
    for (operation, _) in invoker.event_operations().filter(|(_, trigger)| *trigger == Trigger::DomainEvent) {
        for attempt in 0..ATTEMPTS {
            match invoker.invoke(operation.name, event).await {
                Ok(_) => break,
                Err(error) => tracing::warn!(operation = operation.name, attempt, error, "an event failed"),
            }
            sleep(FIRST_PAUSE * 2_u32.pow(attempt)).await;
        }
    }
}

async fn put_events(State(bus): State<Bus>, body: Bytes) -> Response<axum::body::Body> {
    let (status, body) = bus.accept(&body);
    let mut response = Response::new(axum::body::Body::from(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
}

/// `PutEvents`, as far as we send it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<PutEventsEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEventsEntry {
    event_bus_name: String,
    source: String,
    detail_type: String,
    detail: String,
}
