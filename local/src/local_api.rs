//! What only a local installation has, under `/_local`: its mailbox, its events, its clock, and a way to run event operations.
//!
//! It is for the person at this machine. A page of another origin, or one that a foreign name leads here, is refused:
//! mails hold links that let people in.

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State, rejection::JsonRejection},
    http::{HeaderMap, Response, StatusCode, header},
    middleware::{self, Next},
    response::IntoResponse,
    routing::{get, post},
};
use roster_functions::operations::Trigger;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    bus::Bus,
    clock::LocalClock,
    invoker::Invoker,
    mail_events::{self, MailEvent},
    mailbox::{Fault, Mailbox},
    schedules::{self, Schedules},
    streams::Backlog,
};

/// What these routes work with.
#[derive(Clone)]
pub struct Local {
    pub mailbox: Mailbox,
    pub bus: Bus,
    pub clock: LocalClock,
    pub schedules: Schedules,
    pub invoker: Invoker,
    pub backlog: Backlog,
}

/// The routes.
pub fn router(local: Local) -> Router {
    Router::new()
        .route("/_local/mail", get(mails).delete(forget_mails))
        .route("/_local/mail-faults", post(fail_mails))
        .route("/_local/events", get(events).delete(forget_events))
        .route("/_local/mail-event", post(report_mail))
        .route("/_local/clock", post(advance_clock))
        .route("/_local/run/{operation}", post(run))
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "not-found", "There is nothing here.") })
        .method_not_allowed_fallback(|| async {
            problem(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This does not work with that method.")
        })
        .layer(middleware::from_fn(only_from_here))
        .with_state(local)
}

/// An error in the format of RFC 9457.
pub(crate) fn problem(status: StatusCode, slug: &str, detail: &str) -> Response<Body> {
    let problem = json!({
        "type": format!("/problems/{slug}"),
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": detail,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
}

async fn mails(State(local): State<Local>) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "items": local.mailbox.mails() })))
}

async fn forget_mails(State(local): State<Local>) -> Response<Body> {
    forgotten(local.mailbox.clear())
}

async fn events(State(local): State<Local>) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "items": local.bus.events() })))
}

async fn forget_events(State(local): State<Local>) -> Response<Body> {
    forgotten(local.bus.clear())
}

fn forgotten(outcome: std::io::Result<()>) -> Response<Body> {
    match outcome {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", &error.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    fail: Vec<Fault>,
    #[serde(default = "once")]
    times: usize,
    /// Instead, how many of a hundred requests fail from now on, at random.
    percent: Option<u8>,
    #[serde(default)]
    seed: u64,
}

fn once() -> usize {
    1
}

async fn fail_mails(State(local): State<Local>, body: Result<Json<Faults>, JsonRejection>) -> Response<Body> {
    let Json(faults) = match body {
        Ok(body) => body,
        Err(error) => return unreadable(&error),
    };
    if let Some(percent) = faults.percent {
        local.mailbox.fail_at_random(faults.fail, percent, faults.seed);
        return StatusCode::NO_CONTENT.into_response();
    }
    for _ in 0..faults.times.min(1_000) {
        local.mailbox.fail(faults.fail.iter().cloned());
    }
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MailReport {
    /// The `id` of a mail in the mailbox.
    mail_id: String,
    event: MailEvent,
    /// What the other side says of it.
    detail: Option<String>,
}

async fn report_mail(State(local): State<Local>, body: Result<Json<MailReport>, JsonRejection>) -> Response<Body> {
    let Json(report) = match body {
        Ok(body) => body,
        Err(error) => return unreadable(&error),
    };
    let Some(mail) = local.mailbox.mail(&report.mail_id) else {
        return problem(StatusCode::NOT_FOUND, "not-found", "There is no mail with this id in GET /_local/mail.");
    };
    let (detail, now) = (report.detail.as_deref(), local.clock.now());
    answer(mail_events::report(&local.invoker, &mail, report.event, detail, now).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

async fn advance_clock(State(local): State<Local>, body: Result<Json<Advance>, JsonRejection>) -> Response<Body> {
    let Json(advance) = match body {
        Ok(body) => body,
        Err(error) => return unreadable(&error),
    };
    match local.schedules.advance(std::time::Duration::from_secs(advance.advance_seconds)).await {
        Ok(now) => Json(json!({ "now": now })).into_response(),
        Err(error) => problem(StatusCode::BAD_REQUEST, "invalid-fields", &error.to_string()),
    }
}

async fn run(State(local): State<Local>, Path(name): Path<String>) -> Response<Body> {
    let known = local.invoker.event_operations().find(|(operation, _)| operation.name == name);
    let Some((operation, trigger)) = known else {
        return problem(StatusCode::NOT_FOUND, "not-found", "There is no event operation of that name.");
    };
    let result = match trigger {
        Trigger::Schedule(_) => {
            local.invoker.invoke(operation.name, &schedules::event(operation.name, local.clock.now())).await
        }
        Trigger::Stream { .. } => {
            local.backlog.drained(operation.name).await;
            Ok(Value::Null)
        }
        Trigger::DomainEvent => {
            local.backlog.settled().await;
            local.bus.settled().await;
            Ok(Value::Null)
        }
        Trigger::MailEvents(_) => {
            let detail = "This operation needs an event: POST /_local/mail-event makes one of a mail.";
            return problem(StatusCode::BAD_REQUEST, "needs-event", detail);
        }
    };
    answer(result)
}

fn answer(result: Result<Value, String>) -> Response<Body> {
    match result {
        Ok(result) => Json(result).into_response(),
        Err(reason) => problem(StatusCode::INTERNAL_SERVER_ERROR, "operation-failed", &reason),
    }
}

fn unreadable(error: &JsonRejection) -> Response<Body> {
    let (status, slug) = match error {
        JsonRejection::MissingJsonContentType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type"),
        _ => (StatusCode::BAD_REQUEST, "malformed-body"),
    };
    problem(status, slug, &error.body_text())
}

async fn only_from_here(request: Request, next: Next) -> Response<Body> {
    if is_from_here(request.headers()) {
        return next.run(request).await;
    }
    problem(StatusCode::FORBIDDEN, "forbidden", "This is for the person at this machine.")
}

fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_here = |authority: &str| {
        let name = authority.rsplit_once(':').map_or(authority, |(name, _port)| name);
        matches!(name, "127.0.0.1" | "localhost" | "[::1]")
    };
    text(header::HOST).is_none_or(is_here)
        && text(header::ORIGIN)
            .is_none_or(|origin| origin.split_once("://").is_some_and(|(_, authority)| is_here(authority)))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use http_body_util::BodyExt;
    use roster_functions::operations::{EventAnswer, Operation, Payload, Runs};

    use super::*;
    use crate::{Installation, Options};

    async fn send(installation: &Installation, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = hyper::Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Body::from(body.map_or_else(String::new, |body| body.to_string()))).unwrap();
        let response = installation.front_door().answer(request, installation.address()).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn the_clock_is_moved_for_everybody() {
        let installation = Installation::start(Options::ephemeral()).await.unwrap();
        let before = installation.clock().now();

        let advance = json!({ "advance_seconds": 3600 });
        let (status, body) = send(&installation, Method::POST, "/_local/clock", Some(advance)).await;

        assert_eq!(status, 200);
        let now: jiff::Timestamp = body["now"].as_str().unwrap().parse().unwrap();
        assert!(now.duration_since(before).as_secs() >= 3600);
        assert!(installation.app().clock.now() >= now);
        for body in [json!({ "advance_seconds": -1 }), json!({ "advance": 1 }), json!([])] {
            assert_eq!(send(&installation, Method::POST, "/_local/clock", Some(body)).await.0, 400);
        }
        assert_eq!(send(&installation, Method::POST, "/_local/clock", None).await.0, 415);
    }

    #[tokio::test]
    async fn an_event_operation_runs_when_asked() {
        fn works(_: roster_web::App, event: Payload) -> EventAnswer {
            Box::pin(async move { Ok(serde_json::from_str::<Value>(event.get())?["source"].clone()) })
        }
        fn fails(_: roster_web::App, _: Payload) -> EventAnswer {
            Box::pin(async { Err("no luck".into()) })
        }
        const DAILY: Trigger = Trigger::Schedule(std::time::Duration::from_hours(24));
        static OPERATIONS: [Operation; 2] = [
            Operation { name: "expire", runs: Runs::OnEvent(DAILY, works) },
            Operation { name: "broken", runs: Runs::OnEvent(DAILY, fails) },
        ];
        let options = Options { operations: &OPERATIONS, ..Options::ephemeral() };
        let installation = Installation::start(options).await.unwrap();
        let run = async |name: &str| send(&installation, Method::POST, &format!("/_local/run/{name}"), None).await;

        assert_eq!(run("expire").await, (200, json!("aws.events")));
        let (status, problem) = run("broken").await;
        assert_eq!((status, &problem["detail"]), (500, &json!("no luck")));
        assert_eq!(run("nothing").await.0, 404);
    }

    #[tokio::test]
    async fn mail_is_made_to_fail() {
        let installation = Installation::start(Options::ephemeral()).await.unwrap();

        let faults = json!({ "fail": ["throttled", "server_error", { "rejected": "no" }, "timeout_after_acceptance"] });
        assert_eq!(send(&installation, Method::POST, "/_local/mail-faults", Some(faults)).await.0, 204);

        let unknown = json!({ "fail": ["laziness"] });
        assert_eq!(send(&installation, Method::POST, "/_local/mail-faults", Some(unknown)).await.0, 400);
        assert_eq!(send(&installation, Method::DELETE, "/_local/mail", None).await.0, 204);
        assert_eq!(send(&installation, Method::GET, "/_local/mail", None).await, (200, json!({ "items": [] })));
        assert_eq!(send(&installation, Method::PUT, "/_local/mail", None).await.0, 405);
        assert_eq!(send(&installation, Method::GET, "/_local/nothing", None).await.0, 404);
    }
}
