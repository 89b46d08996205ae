//! The embedded engine that speaks DynamoDB: the one table of the installation, in a file or in memory.
//!
//! The engine numbers the records of a stream with a query that reads the whole stream, so that every write would cost
//! more than the one before. It has no index for it, so we add one. Its layout is private to the engine: the index is
//! good for exactly the version that `Cargo.toml` pins.

use std::{
    io,
    path::Path,
    sync::{Arc, OnceLock},
};

use aws_sdk_dynamodb::error::BoxError;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dynoxide::{
    Database, DynoxideError,
    actions::{
        get_records::{GetRecordsRequest, Record},
        get_shard_iterator::GetShardIteratorRequest,
        list_tables::ListTablesRequest,
        transact_write_items::TransactWriteItemsRequest,
    },
    streams::{shard_id, stream_arn},
};
use rusqlite::Connection;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpListener, sync::watch, task};

use crate::{clock::LocalClock, streams::Backlog};

/// The name of the table.
pub const TABLE: &str = "roster";

const INDEX_STREAM: &str = "CREATE INDEX IF NOT EXISTS roster_stream_order
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Forgets records up to a sequence number as the API shows it, which is a 1 and twenty digits.
const TRIM_STREAM: &str = "DELETE FROM _stream_records
    WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= CAST(substr(?2, 2) AS INTEGER)";

/// The engine. Clones share it.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    backlog: Backlog,
    heeds_tokens: bool,
}

/// What the engine answers to a request: a status and a document, as they go over the wire.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Engine {
    /// Opens or creates `roster.db` in `directory`. Records of the stream that every consumer has passed go.
    ///
    /// The engine lets nobody set the clock of a file: what expires in it goes by the time of the machine.
    pub fn open(directory: &Path, passed: Option<&str>, backlog: Backlog) -> Result<Self, BoxError> {
        let path = directory.join("roster.db");
        let database = Database::new(path.to_str().ok_or("the data directory has a name that is not UTF-8")?)?;
        // What a commit has written is in the hands of the system then, not yet on the disk. A `kill -9` loses nothing; a
        // power cut may lose the last moments, as it does of the state files, and leaves a sound database.
        database.disable_bulk_loading()?;
        let connection = Connection::open(path)?;
        connection.execute_batch(INDEX_STREAM)?;
        if let Some(passed) = passed {
            connection.execute(TRIM_STREAM, (TABLE, passed))?;
        }
        Ok(Self { database, backlog, heeds_tokens: true })
    }

    /// An engine in memory, which follows `clock`.
    pub fn ephemeral(clock: LocalClock, backlog: Backlog) -> Result<Self, BoxError> {
        let database = Database::memory_with_clock(Arc::new(clock))?;
        database.restore_from(template()?)?;
        Ok(Self { database, backlog, heeds_tokens: true })
    }

    /// An engine in memory with what this one holds now.
    pub(crate) fn copy(&self, clock: LocalClock) -> Result<Self, BoxError> {
        let mut name = [0; 12];
        getrandom::fill(&mut name).map_err(|error| error.to_string())?;
        let path = std::env::temp_dir().join(format!("roster-{}.db", URL_SAFE_NO_PAD.encode(name)));
        let snapshot = path.to_str().ok_or("the directory of temporary files has a name that is not UTF-8")?;
        self.database.vacuum_into(snapshot)?;
        let copy = Database::memory_with_clock(Arc::new(clock))?;
        let restored = copy.restore_from(snapshot);
        std::fs::remove_file(&path)?;
        restored?;
        Ok(Self { database: copy, backlog: Backlog::new(), heeds_tokens: true })
    }

    /// The same, for clients who get every answer, and so never send a transaction again: what its token stands for is
    /// forgotten. To remember it was 6 % of the instructions of an invite and its mail.
    #[must_use]
    pub(crate) fn without_tokens(self) -> Self {
        Self { heeds_tokens: false, ..self }
    }

    /// The engine's own interface, for dumps and for looking at what is stored.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Whether the table is there. `DescribeTable` would count all that is in it.
    pub fn has_table(&self) -> Result<bool, BoxError> {
        let tables = self.database.list_tables(ListTablesRequest::default())?;
        Ok(tables.table_names.iter().any(|name| name == TABLE))
    }

    /// Answers one request of the DynamoDB API.
    pub fn call(&self, action: &str, body: &[u8]) -> Answer {
        let answer = self.dispatch(action, body);
        if answer.status == 200 && WRITES.contains(&action) {
            self.backlog.wrote();
        }
        answer
    }

    /// Deletes what has expired, as DynamoDB does some time after the expiry. Says how many items that were.
    pub async fn sweep(&self) -> Result<usize, BoxError> {
        let database = self.database.clone();
        let swept = task::spawn_blocking(move || database.sweep_ttl()).await??;
        if swept > 0 {
            self.backlog.wrote();
        }
        Ok(swept)
    }

    /// Where to read the stream from: after a record, or from its beginning.
    pub fn position(&self, after: Option<&str>) -> Result<String, BoxError> {
        let iterator = self.database.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: stream_arn(TABLE, ""),
            shard_id: shard_id(TABLE),
            shard_iterator_type: if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" }.to_owned(),
            sequence_number: after.map(str::to_owned),
        })?;
        iterator.shard_iterator.ok_or_else(|| "the stream has no shard".into())
    }

    /// At most `limit` records from `position` on, and the position after them.
    pub fn records(&self, position: &str, limit: usize) -> Result<(Vec<Record>, String), BoxError> {
        let request = GetRecordsRequest { shard_iterator: position.to_owned(), limit: Some(limit) };
        let mut read = self.database.get_records(request)?;
        for record in &mut read.records {
            "local".clone_into(&mut record.aws_region);
        }
        Ok((read.records, read.next_shard_iterator.unwrap_or_else(|| position.to_owned())))
    }

    /// Serves the same table on a loopback port, for clients in other processes, until `stop` is set.
    pub async fn serve(&self, mut stop: watch::Receiver<bool>) -> io::Result<String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let database = self.database.clone();
        let shutdown = async move { drop(stop.wait_for(|stop| *stop).await) };
        tokio::spawn(async move {
            if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, shutdown).await {
                tracing::error!(error, "the engine's port is closed");
            }
        });
        Ok(url)
    }

    fn dispatch(&self, action: &str, body: &[u8]) -> Answer {
        let db = &self.database;
        let answer = match action {
            "GetItem" => run(body, |request| db.get_item(request)),
            "PutItem" => run(body, |request| db.put_item(request)),
            "UpdateItem" => run(body, |request| db.update_item(request)),
            "DeleteItem" => run(body, |request| db.delete_item(request)),
            "Query" => run(body, |request| db.query(request)),
            "Scan" => run(body, |request| db.scan(request)),
            "BatchGetItem" => run(body, |request| db.batch_get_item(request)),
            "BatchWriteItem" => run(body, |request| db.batch_write_item(request)),
            "TransactGetItems" => run(body, |request| db.transact_get_items(request)),
            "TransactWriteItems" => run(body, |mut request: TransactWriteItemsRequest| {
                request.client_request_token.take_if(|_| !self.heeds_tokens);
                db.transact_write_items(request)
            }),
            "CreateTable" => run(body, |request| db.create_table(request)),
            "UpdateTimeToLive" => run(body, |request| db.update_time_to_live(request)),
            other => Err(DynoxideError::ValidationException(format!(
                "The local installation does not know the action {other}: add it in local/src/engine.rs"
            ))),
        };
        match answer {
            Ok(body) => Answer { status: 200, body },
            Err(error) => Answer { status: error.status_code(), body: error.to_json().into_bytes() },
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

const WRITES: [&str; 5] = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];

fn run<Request: DeserializeOwned, Response: Serialize>(
    body: &[u8],
    action: impl FnOnce(Request) -> dynoxide::Result<Response>,
) -> dynoxide::Result<Vec<u8>> {
    let request = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let response = action(request)?;
    serde_json::to_vec(&response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// What the engine's own server makes of a request that it cannot read: values with a rule of their own carry a marker.
fn unreadable(error: &serde_json::Error) -> DynoxideError {
    let message = error.to_string();
    let text = message.rsplit_once(" at line ").map_or(message.as_str(), |(text, _)| text);
    match text.split_once(':') {
        Some((marker, text)) if marker.starts_with("VALIDATION") => DynoxideError::ValidationException(text.to_owned()),
        Some((marker, text)) if marker.starts_with("SERIALIZATION") => {
            DynoxideError::SerializationException(text.to_owned())
        }
        _ => DynoxideError::ValidationException(text.to_owned()),
    }
}

/// An empty database in memory with our index in it, which engines in memory start from: their own connection cannot
/// be reached from here.
fn template() -> Result<&'static str, BoxError> {
    const URI: &str = "file:roster-template?mode=memory&cache=shared";
    static TEMPLATE: OnceLock<Result<std::sync::Mutex<Connection>, String>> = OnceLock::new();
    let build = || -> Result<_, BoxError> {
        let connection = Connection::open(URI)?;
        drop(Database::new(URI)?);
        connection.execute_batch(INDEX_STREAM)?;
        Ok(std::sync::Mutex::new(connection))
    };
    match TEMPLATE.get_or_init(|| build().map_err(|error| error.to_string())) {
        Ok(_) => Ok(URI),
        Err(error) => Err(error.as_str().into()),
    }
}
