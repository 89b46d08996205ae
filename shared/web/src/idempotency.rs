//! `Idempotency-Key`: a request that is repeated has one effect and the same answer.
//!
//! The key belongs to a caller and an operation. The first request claims it, keeps its answer for 24 hours without the
//! secrets that are given once, and whoever repeats the request gets that answer. An answer that says that nothing was
//! done (400, 401, 403, 5xx) leaves the key free.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use roster_domain::{Error, FieldError, access::Credential, tokens::SecretHash};
use roster_store::{Answer, Claimed};
use serde_json::Value;

use crate::{App, Problem, auth::identify, problem::Result};

/// What is given once, and `null` when an answer is given again.
const ONE_TIME: [&str; 5] = ["temporary_password", "invite_link", "key", "token", "secret"];
/// How long a repeated request waits for the answer to the first.
const PATIENCE: [u64; 6] = [50, 100, 200, 500, 1000, 2000];
const HEADER: &str = "idempotency-key";
const MAX_KEY_BYTES: usize = 255;
/// The limit of bodies, see [`harden`](crate::harden).
const MAX_BODY_BYTES: usize = 1 << 20;

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
    let place = (caller.as_str(), operation, key.as_str());
    let fingerprint = fingerprint(&parts, &body);
    let mut answer = Answer { fingerprint, asked_at: app.now(), given: None };
    let mut patience = PATIENCE.into_iter();
    loop {
        let before = match app.store.claim_answer(place, &answer).await? {
            Claimed::First => break,
            Claimed::Before(before) => before,
        };
        if before.fingerprint != answer.fingerprint {
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

    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(Error::unexpected)?;
    let did_nothing = matches!(parts.status.as_u16(), 400 | 401 | 403 | 413 | 415 | 422 | 500..);
    answer.given = (!did_nothing).then(|| (parts.status.as_u16(), without_secrets(&body)));
    // The effect is there, whether or not its answer can be kept.
    if let Err(error) = app.store.settle_answer(place, &answer).await {
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
