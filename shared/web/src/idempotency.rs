//! `Idempotency-Key`: a request that is repeated has one effect and the same answer.
//!
//! The key belongs to a caller and an operation. The first request claims it, keeps its answer for 24 hours without the
//! secrets that are given once, and whoever repeats the request gets that answer. An answer that says that nothing was
//! done (400, 401, 403, 5xx) leaves the key free.
//!
//! Operations that have one effect keep their answer in the transaction that makes it, see [`Once`]: whether the process
//! dies or the way back is lost, a repeated request has the answer where there is the effect.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, Request},
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use roster_domain::{Error, FieldError, access::Credential, tokens::SecretHash};
use roster_store::{Answer, Claim, Claimed};
use serde::Serialize;
use serde_json::Value;

use crate::{App, Problem, app::random, auth::identify, problem::Result};

/// What is given once, and `null` when an answer is given again.
const ONE_TIME: [&str; 5] = ["temporary_password", "invite_link", "key", "token", "secret"];
/// How long a repeated request waits for the answer to the first.
const PATIENCE: [u64; 6] = [50, 100, 200, 500, 1000, 2000];
const HEADER: &str = "idempotency-key";
const MAX_KEY_BYTES: usize = 255;
/// The limit of bodies, see [`harden`](crate::harden).
const MAX_BODY_BYTES: usize = 1 << 20;

/// Whether the request is to have one effect, for operations that keep their answer together with it.
#[derive(Clone, Default)]
pub struct Once(Option<Arc<Running>>);

struct Running {
    claim: Claim,
    is_kept: AtomicBool,
}

impl Once {
    /// What is to be written in the transaction that makes the effect, so that this is the answer from then on; nothing,
    /// where the request has no key.
    pub fn answer(&self, status: StatusCode, body: &impl Serialize) -> Result<Option<Claim>, Error> {
        let Some(running) = &self.0 else {
            return Ok(None);
        };
        let body = serde_json::to_vec(body).map_err(Error::unexpected)?;
        running.is_kept.store(true, Ordering::Relaxed);
        Ok(Some(running.claim.answered(status.as_u16(), without_secrets(&body))))
    }

    fn is_kept(&self) -> bool {
        self.0.as_ref().is_some_and(|running| running.is_kept.load(Ordering::Relaxed))
    }
}

impl<S: Sync> FromRequestParts<S> for Once {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Answers a request once, however often it is sent with the same key.
pub(crate) async fn once(app: App, operation: Arc<str>, request: Request, next: Next) -> Response {
    if !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    match attempt(&app, &operation, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn attempt(app: &App, operation: &str, request: Request, next: Next) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let caller = match identify(&mut parts, app).await?.caller().credential {
        Credential::Session { user, .. } => user.to_string(),
        Credential::ApiKey(id) => id.to_string(),
    };
    let key = key(&parts)?;
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| Problem::BodyTooLarge)?;
    let attempt = SecretHash::of_text(&format!("{:?}", random::<16>())).hex();
    let answer = Answer { fingerprint: fingerprint(&parts, &body), asked_at: app.now(), attempt, given: None };
    let claim = Claim::new((&caller, operation, &key), answer);
    let mut patience = PATIENCE.into_iter();
    loop {
        let before = match app.store.claim_answer(&claim).await? {
            Claimed::First => break,
            Claimed::Before(before) => before,
        };
        if before.fingerprint != claim.answer.fingerprint {
            return Err(Error::IdempotencyKeyReused.into());
        }
        if let Some((status, body)) = before.given {
            return Ok(again(status, body));
        }
        let Some(pause) = patience.next() else {
            return Err(Error::IdempotencyKeyInUse.into());
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    let once = Once(Some(Arc::new(Running { claim: claim.clone(), is_kept: AtomicBool::new(false) })));
    parts.extensions.insert(once.clone());
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(Error::unexpected)?;
    if parts.status.is_success() && once.is_kept() {
        return Ok(Response::from_parts(parts, Body::from(body)));
    }
    let did_nothing = matches!(parts.status.as_u16(), 400 | 401 | 403 | 413 | 415 | 422 | 500..);
    let settled = if did_nothing { claim } else { claim.answered(parts.status.as_u16(), without_secrets(&body)) };
    // The effect is there, whether or not its answer can be kept.
    if let Err(error) = app.store.settle_answer(&settled).await {
        tracing::error!(?error, operation, "an answer was not kept for its idempotency key");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn key(parts: &Parts) -> Result<String> {
    let key = parts.headers.get(HEADER).and_then(|key| key.to_str().ok()).unwrap_or_default().trim();
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        let detail = format!("A key has 1 to {MAX_KEY_BYTES} printable characters; a random UUID is a good one.");
        return Err(FieldError::new("Idempotency-Key", detail).into());
    }
    Ok(SecretHash::of_text(key).hex())
}

/// Tells one request from another.
fn fingerprint(parts: &Parts, body: &Bytes) -> String {
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    SecretHash::of_text(&format!("{} {path}\n{}", parts.method, String::from_utf8_lossy(body))).hex()
}

fn again(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn without_secrets(body: &[u8]) -> String {
    fn clear(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if ONE_TIME.contains(&name.as_str()) {
                        *value = Value::Null;
                    } else {
                        clear(value);
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(clear),
            _ => {}
        }
    }
    let Ok(mut value) = serde_json::from_slice(body) else {
        return String::new();
    };
    clear(&mut value);
    value.to_string()
}
