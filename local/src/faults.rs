//! Faults between the clients and the services of AWS, for tests: calls get lost before or after the work, come late,
//! are refused for a while, are done in part, or see an index as it was. A working installation has none.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    engine::{Answer, Engine},
    recorder,
};

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection breaks before the service sees the call.
    Dropped,
    /// The service does its work, and the answer gets lost.
    AnswerLost,
    /// The client loses its patience, and the service does its work only when the faults are over.
    Late,
    /// The service answers 500 and does nothing.
    ServerError,
    Throttled,
    /// A transaction of somebody else is at the same items.
    Conflict,
    /// The service does a part of a batch and tells which part it leaves; of a query, it answers a short page.
    Partial,
    /// An eventually consistent read sees what there was when the faults were armed.
    Stale,
    /// The service does its work, and the process that asked dies.
    Death,
}

/// When which fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The operation that calls; empty for calls of nobody.
    pub operation: &'static str,
    /// The position of the call among those of the operation since the faults were armed.
    pub call: usize,
    pub fault: Fault,
    /// How many calls from this one on it happens to.
    pub times: usize,
}

/// A call that an operation made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub operation: String,
    pub action: String,
    /// What can happen to it.
    pub faults: Vec<Fault>,
}

/// The faults of an installation. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Option<Arc<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    life: watch::Sender<Life>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Life {
    #[default]
    Alive,
    Dead,
    /// Nobody waits for answers any more.
    Buried,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    calls: Vec<Call>,
    counts: BTreeMap<String, usize>,
    injected: usize,
    late: Vec<(String, Vec<u8>)>,
    past: Option<Engine>,
}

impl Faults {
    /// Faults that can be armed.
    pub fn on() -> Self {
        Self(Some(Arc::default()))
    }

    /// Whether any can be armed.
    pub(crate) fn are_possible(&self) -> bool {
        self.0.is_some()
    }

    /// From now on calls are counted anew, and these rules hold. `past` is what stale reads see.
    pub(crate) fn arm(&self, rules: Vec<Rule>, past: Option<Engine>) {
        if let Some(mut state) = self.state() {
            *state = State { rules, past, ..State::default() };
        }
    }

    /// Nothing fails any more. The calls that are late: they are to be made now.
    pub(crate) fn heal(&self) -> Vec<(String, Vec<u8>)> {
        self.state().map_or_else(Vec::new, |mut state| {
            state.rules.clear();
            std::mem::take(&mut state.late)
        })
    }

    /// The calls since the faults were armed, in their order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().map_or_else(Vec::new, |state| state.calls.clone())
    }

    /// How many calls something happened to.
    pub fn injected(&self) -> usize {
        self.state().map_or(0, |state| state.injected)
    }

    /// Waits until the process dies.
    pub async fn died(&self) {
        self.reached(|life| life != Life::Alive).await;
    }

    /// Whoever waited for an answer of a dead process is gone.
    pub(crate) fn bury(&self) {
        if let Some(shared) = &self.0 {
            shared.life.send_replace(Life::Buried);
        }
    }

    pub(crate) async fn buried(&self) {
        self.reached(|life| life == Life::Buried).await;
    }

    pub(crate) fn are_deadly(&self) -> bool {
        self.0.as_ref().is_some_and(|shared| *shared.life.borrow() != Life::Alive)
    }

    pub(crate) fn die(&self) {
        if let Some(shared) = &self.0 {
            shared.life.send_replace(Life::Dead);
        }
    }

    pub(crate) fn hold(&self, action: &str, body: &[u8]) {
        if let Some(mut state) = self.state() {
            state.late.push((action.to_owned(), body.to_owned()));
        }
    }

    /// What an eventually consistent read sees that is behind.
    pub(crate) fn past(&self) -> Option<Engine> {
        self.state()?.past.clone()
    }

    /// A call goes out: what happens to it, if anything.
    pub(crate) fn of(&self, action: &str, body: &[u8]) -> Option<Fault> {
        let mut state = self.state()?;
        let operation = recorder::current_operation().unwrap_or_default();
        let count = state.counts.entry(operation.clone()).or_default();
        let position = *count;
        *count += 1;
        let faults = possible(action, body);
        let happens = |rule: &&Rule| {
            rule.operation == operation
                && (rule.call..rule.call.saturating_add(rule.times)).contains(&position)
                && faults.contains(&rule.fault)
        };
        let fault = state.rules.iter().find(happens).map(|rule| rule.fault);
        state.injected += usize::from(fault.is_some());
        state.calls.push(Call { operation, action: action.to_owned(), faults });
        fault
    }

    async fn reached(&self, condition: impl Fn(Life) -> bool) {
        match &self.0 {
            Some(shared) => drop(shared.life.subscribe().wait_for(|life| condition(*life)).await),
            None => std::future::pending().await,
        }
    }

    fn state(&self) -> Option<MutexGuard<'_, State>> {
        Some(self.0.as_ref()?.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What can happen to a call. Of a read, nobody can tell whether it was made.
fn possible(action: &str, body: &[u8]) -> Vec<Fault> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut faults = vec![Fault::Dropped, Fault::ServerError, Fault::Throttled, Fault::Death];
    let is_read = matches!(action, "GetItem" | "BatchGetItem" | "Query");
    if !is_read {
        faults.extend([Fault::AnswerLost, Fault::Late]);
    }
    if matches!(action, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems") {
        faults.push(Fault::Conflict);
    }
    let is_batch = ["Keys", ""].iter().any(|field| batch(&request, field).is_some_and(|items| items.len() > 1));
    if is_batch || matches!(action, "Query" | "PutEvents") {
        faults.push(Fault::Partial);
    }
    let is_consistent = request.to_string().contains("\"ConsistentRead\":true");
    if matches!(action, "BatchGetItem" | "Query") && !is_consistent {
        faults.push(Fault::Stale);
    }
    faults
}

/// The keys that a batch reads, or the writes that it makes, of our one table.
fn batch<'a>(request: &'a Value, field: &str) -> Option<&'a Vec<Value>> {
    let table = request["RequestItems"].as_object()?.values().next()?;
    if field.is_empty() { table.as_array() } else { table[field].as_array() }
}

/// The request of which only a part is done, and the rest with its name: nothing, if the service says nothing of it.
pub(crate) type Part = (Vec<u8>, Option<(&'static str, Value)>);

/// The part of a request that is done.
pub(crate) fn part(action: &str, body: &[u8]) -> Option<Part> {
    let mut request: Value = serde_json::from_slice(body).ok()?;
    if action == "Query" {
        request["Limit"] = json!(1);
        return Some((serde_json::to_vec(&request).ok()?, None));
    }
    let mut rest = request["RequestItems"].clone();
    let halve = |items: &mut Value| -> Option<Value> {
        let items = items.as_array_mut()?;
        Some(Value::Array(items.split_off(items.len().div_ceil(2))))
    };
    let of_table = request["RequestItems"].as_object_mut()?.values_mut().next()?;
    let left = rest.as_object_mut()?.values_mut().next()?;
    let name = if action == "BatchGetItem" {
        left["Keys"] = halve(of_table.get_mut("Keys")?)?;
        "UnprocessedKeys"
    } else {
        *left = halve(of_table)?;
        "UnprocessedItems"
    };
    Some((serde_json::to_vec(&request).ok()?, Some((name, rest))))
}

/// The answer of a service that refuses for the moment.
pub(crate) fn refusal(fault: Fault, action: &str, body: &[u8]) -> Answer {
    let (status, kind) = match (fault, action) {
        (Fault::Throttled, "SendEmail") => (429, "TooManyRequestsException"),
        (Fault::Throttled, "PutEvents") => (400, "ThrottlingException"),
        (Fault::Throttled, _) => (400, "ProvisionedThroughputExceededException"),
        (Fault::Conflict, "TransactWriteItems") => (400, "TransactionCanceledException"),
        (Fault::Conflict, _) => (400, "TransactionConflictException"),
        (_, "SendEmail" | "PutEvents") => (500, "InternalFailure"),
        _ => (500, "InternalServerError"),
    };
    let mut answer = json!({ "__type": kind, "message": "A fault that a test asked for." });
    if kind == "TransactionCanceledException" {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let items = request["TransactItems"].as_array().map_or(0, Vec::len);
        let reason = |n| json!({ "Code": if n == 0 { "TransactionConflict" } else { "None" } });
        answer["CancellationReasons"] = (0..items).map(reason).collect();
    }
    Answer { status, body: answer.to_string().into_bytes() }
}
