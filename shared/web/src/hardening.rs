//! What every answer carries and every request must keep to, whatever the operation.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, request::Parts},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use roster_domain::{
    Error, FieldError,
    activity::{Action, Change, Subject},
};

use crate::{
    App, Client, Problem,
    auth::identify,
    fields::query_values,
    idempotency,
    problem::{Result, RightRefused},
};

/// 1 MiB: 500 rows of a bulk call fit many times over.
const MAX_BODY_BYTES: usize = 1 << 20;

/// OWASP ASVS 5.0, chapters 3.4 and 14.3: what a browser may do with an answer of an API is next to nothing.
const HEADERS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
];

/// Marks requests of operations that take no query at all.
#[derive(Clone, Copy)]
struct TakesNoQuery;

/// What an operation is like, as far as its annotation tells.
pub struct Manner {
    pub name: &'static str,
    /// It asks for no credentials.
    pub is_public: bool,
    /// It takes a query, which [`Query`](crate::Query) judges. Where it takes none, one is refused: here, if the
    /// operation is public, else after the caller's rights are known.
    pub takes_query: bool,
    /// It honours `Idempotency-Key`.
    pub is_idempotent: bool,
}

/// Wraps the routes of one operation.
pub fn harden(router: Router<App>, Manner { name, is_public, takes_query, is_idempotent }: Manner, app: App) -> Router {
    let check = move |request: Request, next: Next| async move {
        let (mut parts, body) = request.into_parts();
        if !takes_query {
            parts.extensions.insert(TakesNoQuery);
        }
        match check_query(&parts) {
            Err(problem) if is_public => problem.into_response(),
            _ => next.run(Request::from_parts(parts, body)).await,
        }
    };
    let state = app.clone();
    let router = if is_idempotent {
        let (app, name) = (app.clone(), Arc::<str>::from(name));
        let once = move |request: Request, next: Next| idempotency::once(app.clone(), Arc::clone(&name), request, next);
        router.layer(from_fn(once))
    } else {
        router
    };
    let record = move |request: Request, next: Next| record_refusal(app.clone(), request, next);
    // A path with `%2e%2e` in it is another one by the time it gets here.
    router
        .fallback(not_found)
        .layer(from_fn(record))
        .layer(from_fn(check))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(add_headers))
        .with_state(state)
}

/// The answer to a path that no operation has.
pub async fn not_found(request: Request) -> Response {
    with_headers(&request.into_parts().0, Problem::NotFound.into_response())
}

/// The answer to a method that a path does not take; it takes those in `allow`.
pub fn method_not_allowed(parts: &Parts, allow: String) -> Response {
    with_headers(parts, Problem::MethodNotAllowed { allow }.into_response())
}

/// Refuses a query where the operation takes none: a typing mistake must not be swallowed.
pub(crate) fn check_query(parts: &Parts) -> Result<()> {
    if parts.extensions.get::<TakesNoQuery>().is_none() {
        return Ok(());
    }
    let mut errors = Vec::new();
    let given = query_values(parts.uri.query().unwrap_or_default(), &mut errors);
    errors.extend(given.keys().map(|name| FieldError::new(format!("/{name}"), "There is no such query parameter.")));
    if errors.is_empty() { Ok(()) } else { Err(Error::InvalidFields(errors).into()) }
}

/// Notes in the activity that a caller has not the right to what they asked.
async fn record_refusal(app: App, request: Request, next: Next) -> Response {
    const MAX_PATH: usize = 256;
    let (mut parts, body) = request.into_parts();
    let asked = parts.clone();
    let response = next.run(Request::from_parts(asked, body)).await;
    if response.extensions().get::<RightRefused>().is_some()
        && let Ok(identity) = identify(&mut parts, &app).await
    {
        let path = parts.uri.path();
        let operation = format!("{} {}", parts.method, &path[..path.floor_char_boundary(MAX_PATH)]);
        let changes = vec![Change::new("operation", None, Some(operation))];
        let parties = (identity.caller().actor(), Subject::Installation);
        let activity = app.activity(app.now(), Action::AccessRefused, parties, changes, &Client::of(&parts));
        if let Err(error) = app.store.record(&activity).await {
            tracing::error!(?error, "a refused right was not noted");
        }
    }
    response
}

async fn add_headers(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let known = parts.clone();
    with_headers(&known, next.run(Request::from_parts(parts, body)).await)
}

/// Adds what every answer carries and this one does not have yet.
pub fn with_headers(parts: &Parts, mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if let Some(id) = Client::of(parts).origin.request_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        headers.insert("x-request-id", id);
    }
    response
}
