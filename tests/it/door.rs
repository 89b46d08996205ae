//! Requests to an installation in this process, without a connection.

use axum::{
    body::{Body, to_bytes},
    http::{Request, header},
};
use roster_functions::operations;
use roster_local::{Installation, front_door::FrontDoor};
use roster_web::App;
use serde_json::Value;

/// What came back: a status, and the body as JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Sends `request`, such as `GET /v1/me`. An empty `token` is none, and so is a body of `null`.
pub(crate) async fn ask(installation: &Installation, request: &str, token: &str, body: Value) -> Answer {
    send(installation.front_door(), installation, request, token, body, None).await
}

/// The same with an `Idempotency-Key`.
pub(crate) async fn ask_once(
    installation: &Installation,
    request: &str,
    token: &str,
    body: Value,
    key: &str,
) -> Answer {
    send(installation.front_door(), installation, request, token, body, Some(key)).await
}

/// The same to functions that have just started: they know nothing from requests before.
pub(crate) async fn ask_anew(
    installation: &Installation,
    app: &App,
    request: &str,
    token: &str,
    body: Value,
) -> Answer {
    let (recorder, clock) = (installation.recorder().clone(), installation.clock().clone());
    let address = installation.address().to_string();
    let door = FrontDoor::new(operations::all(), app, axum::Router::new(), recorder, clock, address);
    send(&door.expect("the routes are distinct"), installation, request, token, body, None).await
}

async fn send(
    door: &FrontDoor,
    installation: &Installation,
    request: &str,
    token: &str,
    body: Value,
    key: Option<&str>,
) -> Answer {
    let (method, target) = request.split_once(' ').expect("a request is a method and a target");
    let mut request = Request::builder().method(method).uri(target);
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let body = match body {
        Value::Null => Body::empty(),
        body => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
    };
    let response = door.answer(request.body(body).expect("a request"), installation.address()).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
    Answer { status, body: serde_json::from_slice(&body).unwrap_or_default() }
}
