//! Somebody else's service on this machine, which webhooks are sent to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

/// The receiver. It ends with its test.
pub(crate) struct Receiver {
    base: String,
    state: Shared,
    server: JoinHandle<()>,
}

type Shared = Arc<Mutex<Receiving>>;

#[derive(Default)]
struct Receiving {
    received: Vec<Received>,
    /// What the next requests are answered with; after that, 204.
    answers: VecDeque<u16>,
    /// No request is answered before this.
    waits_for: Option<Arc<Notify>>,
    /// Told of every request.
    tells: Option<Arc<Notify>>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Shared::default();
        let router = Router::new().fallback(receive).with_state(Arc::clone(&state));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, state, server }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("{}/hooks?key=of-the-receiver", self.base)
    }

    /// The next requests are answered with these statuses.
    pub(crate) fn answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.state.lock().unwrap().answers = statuses.into_iter().collect();
    }

    /// It answers only once the other one has a request.
    pub(crate) fn wait_for(&self, other: &Self) {
        let arrived = Arc::new(Notify::new());
        self.state.lock().unwrap().waits_for = Some(Arc::clone(&arrived));
        other.state.lock().unwrap().tells = Some(arrived);
    }

    /// What arrived, oldest first.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// The types of the events that arrived, oldest first.
    pub(crate) fn types(&self) -> Vec<String> {
        self.received().iter().map(|received| received.json()["type"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(State(state): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.into()).unwrap();
    let (status, waits_for) = {
        let mut state = state.lock().unwrap();
        state.received.push(Received { path: uri.to_string(), headers, body });
        if let Some(tells) = &state.tells {
            tells.notify_one();
        }
        (state.answers.pop_front().unwrap_or(204), state.waits_for.clone())
    };
    if let Some(arrival) = waits_for {
        arrival.notified().await;
    }
    (StatusCode::from_u16(status).unwrap(), [(header::LOCATION, "/elsewhere")], "x".repeat(100_000)).into_response()
}
