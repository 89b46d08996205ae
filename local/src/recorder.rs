//! What each operation does in AWS: the actions it needs the permission for, and what an invocation of it costs.
//!
//! The current operation is a task-local, so what an operation does in tasks of its own is not seen.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

/// Everything that one operation was seen to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The permissions it used: an IAM action and what it acted on, `table`, the name of an index, `identity`,
    /// `configuration-set` or `bus`.
    pub permissions: BTreeSet<(String, String)>,
    /// What each invocation cost, in their order.
    pub invocations: Vec<Cost>,
}

/// What an invocation costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Requests to DynamoDB, retries included.
    pub dynamodb_requests: u32,
    /// Requests to SES, retries included.
    pub ses_requests: u32,
    /// Requests to EventBridge, retries included.
    pub eventbridge_requests: u32,
    /// Units of capacity that DynamoDB counted for what was read, indexes included.
    pub read_units: f64,
    /// The same for what was written.
    pub write_units: f64,
}

/// Records what operations do. Clones share the record. It is off in a working installation, where nobody reads it.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Option<Arc<Mutex<BTreeMap<String, Seen>>>>);

tokio::task_local! {
    static INVOCATION: Arc<Mutex<Invocation>>;
}

#[derive(Debug, Default)]
struct Invocation {
    operation: String,
    permissions: BTreeSet<(String, String)>,
    cost: Cost,
}

impl Recorder {
    /// A recorder that records.
    pub fn on() -> Self {
        Self(Some(Arc::default()))
    }

    /// Runs `invocation` as one of `operation`.
    pub async fn record<F: Future>(&self, operation: &str, invocation: F) -> F::Output {
        let Some(record) = &self.0 else { return invocation.await };
        let current = Invocation { operation: operation.to_owned(), ..Invocation::default() };
        let seen = Arc::new(Mutex::new(current));
        let output = INVOCATION.scope(Arc::clone(&seen), invocation).await;
        let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
        let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
        let operation = record.entry(operation.to_owned()).or_default();
        operation.permissions.extend(seen.permissions);
        operation.invocations.push(seen.cost);
        output
    }

    /// What was seen of each operation so far.
    pub fn seen(&self) -> BTreeMap<String, Seen> {
        match &self.0 {
            Some(record) => record.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            None => BTreeMap::new(),
        }
    }

    /// Outside of an operation (at the start of the installation) there is nobody to record.
    fn is_recording(&self) -> bool {
        self.0.is_some() && INVOCATION.try_with(|_| ()).is_ok()
    }

    /// A request to DynamoDB goes out. The returned one, if any, goes in its place: it asks for the capacity too.
    pub(crate) fn starts(&self, action: &str, body: &[u8]) -> Option<Vec<u8>> {
        self.is_recording().then_some(())?;
        let mut request: Value = serde_json::from_slice(body).ok()?;
        current(|invocation| {
            invocation.cost.dynamodb_requests += 1;
            invocation.permissions.extend(permissions(action, &request));
        });
        if matches!(action, "CreateTable" | "UpdateTimeToLive") {
            return None;
        }
        request.as_object_mut()?.entry("ReturnConsumedCapacity").or_insert_with(|| "TOTAL".into());
        serde_json::to_vec(&request).ok()
    }

    /// The answer to it comes back.
    pub(crate) fn ends(&self, action: &str, body: &[u8]) {
        if !self.is_recording() {
            return;
        }
        let Ok(answer) = serde_json::from_slice::<Value>(body) else {
            return;
        };
        let units = |capacity: &Value| capacity["CapacityUnits"].as_f64().unwrap_or_default();
        let units = match &answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().map(units).sum(),
            table => units(table),
        };
        current(|Invocation { cost, .. }| match action {
            "GetItem" | "BatchGetItem" | "Query" | "TransactGetItems" => cost.read_units += units,
            _ => cost.write_units += units,
        });
    }

    /// A request to SES goes out.
    pub(crate) fn sends_mail(&self, body: &[u8]) {
        if !self.is_recording() {
            return;
        }
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let with_configuration = request["ConfigurationSetName"].is_string().then_some("configuration-set");
        current(|invocation| {
            invocation.cost.ses_requests += 1;
            let on = ["identity"].into_iter().chain(with_configuration);
            invocation.permissions.extend(on.map(|on| ("ses:SendEmail".to_owned(), on.to_owned())));
        });
    }

    /// A request to EventBridge goes out.
    pub(crate) fn publishes(&self) {
        if self.is_recording() {
            current(|invocation| {
                invocation.cost.eventbridge_requests += 1;
                invocation.permissions.insert(("events:PutEvents".to_owned(), "bus".to_owned()));
            });
        }
    }
}

/// The operation that is under way, where invocations are recorded.
pub(crate) fn current_operation() -> Option<String> {
    let name = |seen: &Arc<Mutex<Invocation>>| seen.lock().unwrap_or_else(PoisonError::into_inner).operation.clone();
    INVOCATION.try_with(name).ok()
}

fn current(change: impl FnOnce(&mut Invocation)) {
    INVOCATION.try_with(|seen| change(&mut seen.lock().unwrap_or_else(PoisonError::into_inner))).unwrap_or_default();
}

/// The permissions that IAM asks for: for a transaction those of the actions in it.
fn permissions(action: &str, request: &Value) -> Vec<(String, String)> {
    let on_table = |action: &str| (format!("dynamodb:{action}"), "table".to_owned());
    match action {
        "TransactWriteItems" => items(request)
            .filter_map(|item| {
                let action = item.as_object().and_then(|item| item.keys().next()).map_or("", String::as_str);
                match action {
                    "Put" | "Update" | "Delete" => Some(on_table(&format!("{action}Item"))),
                    "ConditionCheck" => Some(on_table("ConditionCheckItem")),
                    _ => None,
                }
            })
            .collect(),
        "TransactGetItems" => vec![on_table("GetItem")],
        _ => match request["IndexName"].as_str() {
            Some(index) => vec![(format!("dynamodb:{action}"), index.to_owned())],
            None => vec![on_table(action)],
        },
    }
}

fn items(request: &Value) -> impl Iterator<Item = &Value> {
    request["TransactItems"].as_array().into_iter().flatten()
}
