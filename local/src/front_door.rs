//! The front door does what API Gateway does in AWS: it finds the operation by path and method, turns the request into
//! an event, and turns the answer of the operation, which went through `lambda_http`, into a response.
//!
//! So that what runs here is what runs there, it delivers what API Gateway delivers: header names in lower case and
//! once each, cookies apart, paths decoded, bodies that are not text as base64, the address of the peer and never what a
//! header says.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::{body::Body, http::StatusCode};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, Request, Response,
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::rt::{TokioIo, TokioTimer};
use lambda_http::{
    Adapter, Context, LambdaEvent, Service as _,
    aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpRequestContext},
    request::LambdaRequest,
};
use percent_encoding::percent_decode_str;
use roster_functions::{
    operations::{self, Operation, Runs},
    request,
};
use roster_web::App;
use serde::Deserialize;
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};
use tower::ServiceExt as _;

use crate::{clock::LocalClock, local_api::problem, recorder::Recorder};

/// What API Gateway takes and gives at most.
const REQUEST_LIMIT: usize = 10 * 1024 * 1024;
/// What a function may answer at most, as JSON.
const ANSWER_LIMIT: usize = 6 * 1024 * 1024;
/// How long API Gateway waits for a request to arrive, and for a function to answer it.
const PATIENCE: Duration = Duration::from_secs(30);
const HEADERS_LIMIT: usize = 32 * 1024;
const HEADERS_PATIENCE: Duration = Duration::from_secs(10);

/// The front door of an installation.
pub struct FrontDoor {
    routes: matchit::Router<HashMap<Method, Route>>,
    fallback: Option<Route>,
    /// What exists in a local installation only, under `/_local`.
    local: axum::Router,
    recorder: Recorder,
    clock: LocalClock,
    /// The address that people reach this installation at.
    domain_name: String,
}

struct Route {
    operation: &'static str,
    key: String,
    service: axum::Router,
}

impl FrontDoor {
    /// A front door to `operations`.
    pub fn new(
        operations: &'static [Operation],
        app: &App,
        local: axum::Router,
        recorder: Recorder,
        clock: LocalClock,
        domain_name: String,
    ) -> Result<Self, matchit::InsertError> {
        let mut table: HashMap<String, HashMap<Method, Route>> = HashMap::new();
        let mut fallback = None;
        for operation in operations {
            let Some(service) = operation.router(app.clone()) else { continue };
            let route = |key| Route { operation: operation.name, key, service: service.clone() };
            if matches!(operation.runs, Runs::OnOtherRequests) {
                fallback = Some(route("$default".to_owned()));
            }
            for (method, path) in operations::routes(operation) {
                let route = route(format!("{method} {path}"));
                table.entry(path).or_default().insert(method, route);
            }
        }
        let mut routes = matchit::Router::new();
        for (path, methods) in table {
            routes.insert(path, methods)?;
        }
        Ok(Self { routes, fallback, local, recorder, clock, domain_name })
    }

    /// Answers at `listener` until `stop` is set, then lets what is under way finish.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut stop) => break,
            };
            let Ok((stream, peer)) = accepted else {
                // Out of file descriptors, for example: the connections under way will free some.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Small answers are not worth waiting for more to send.
            stream.set_nodelay(true).unwrap_or_default();
            connections.spawn(Arc::clone(&self).connection(TokioIo::new(stream), peer, stop.clone()));
            while connections.try_join_next().is_some() {}
        }
        drop(listener);
        drop(timeout(PATIENCE, async { while connections.join_next().await.is_some() {} }).await);
    }

    async fn connection(
        self: Arc<Self>,
        stream: TokioIo<tokio::net::TcpStream>,
        peer: SocketAddr,
        mut stop: watch::Receiver<bool>,
    ) {
        let service = hyper::service::service_fn(move |request| {
            let door = Arc::clone(&self);
            async move { Ok::<_, std::convert::Infallible>(door.answer(request, peer).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_PATIENCE)
            .max_buf_size(HEADERS_LIMIT)
            .serve_connection(stream, service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    /// The response to a request from `peer`.
    pub async fn answer<B>(&self, request: Request<B>, peer: SocketAddr) -> Response<Body>
    where
        B: axum::body::HttpBody<Data = Bytes, Error: Into<lambda_http::Error> + Send + Sync> + Send + 'static,
    {
        if !request.uri().path().starts_with('/') {
            return problem(StatusCode::BAD_REQUEST, "bad-request", "The target of the request is not a path.");
        }
        if request.uri().path().starts_with("/_local/") {
            let Ok(response) = self.local.clone().oneshot(request.map(Body::new)).await;
            return response;
        }
        let (parts, body) = request.into_parts();
        let body = match timeout(PATIENCE, Limited::new(body, REQUEST_LIMIT).collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is larger than 10 MB.");
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "a request ended early");
                return problem(StatusCode::BAD_REQUEST, "bad-request", "The body did not arrive.");
            }
            Err(_) => {
                return problem(StatusCode::REQUEST_TIMEOUT, "timeout", "The body did not arrive in time.");
            }
        };

        let found = self.routes.at(parts.uri.path()).ok().and_then(|found| {
            let parameters = found.params.iter().map(|(name, value)| (name.to_owned(), decoded(value))).collect();
            Some((found.value.get(&parts.method)?, parameters))
        });
        let Some((route, parameters)) = found.or_else(|| Some((self.fallback.as_ref()?, HashMap::new()))) else {
            return problem(StatusCode::NOT_FOUND, "not-found", "There is nothing here.");
        };
        let event = self.event(route, parameters, parts, &body, peer);
        let mut context = Context::default();
        context.request_id = event.request_context.request_id.clone().unwrap_or_default();
        let event = LambdaEvent::new(LambdaRequest::ApiGatewayV2(event), context);

        let invocation = Adapter::from(route.service.clone()).call(request::encoded(event));
        let Ok(answered) = timeout(PATIENCE, self.recorder.record(route.operation, invocation)).await else {
            return problem(StatusCode::SERVICE_UNAVAILABLE, "timeout", "The operation did not answer in time.");
        };
        let Ok(answer) = answered;
        let answer = serde_json::to_vec(&answer).map_err(|error| error.to_string());
        match answer.and_then(|answer| response(&answer)) {
            Ok(response) => response,
            Err(error) => {
                tracing::error!(operation = route.operation, error, "the answer of an operation cannot be sent");
                problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The answer cannot be sent.")
            }
        }
    }

    /// The event that API Gateway makes of a request, in version 2.0 of its format.
    fn event(
        &self,
        route: &Route,
        parameters: HashMap<String, String>,
        parts: hyper::http::request::Parts,
        body: &Bytes,
        peer: SocketAddr,
    ) -> ApiGatewayV2httpRequest {
        let now = self.clock.now();
        let path = decoded(parts.uri.path());
        let query = parts.uri.query().unwrap_or_default();
        let (headers, cookies) = self.headers(&parts.headers, body.len(), peer);

        let mut context = ApiGatewayV2httpRequestContext::default();
        context.account_id = Some("000000000000".to_owned());
        context.apiid = Some("local".to_owned());
        context.domain_name = Some(self.domain_name.clone());
        context.domain_prefix = Some("local".to_owned());
        context.request_id = Some(request_id());
        context.route_key = Some(route.key.clone());
        context.stage = Some("$default".to_owned());
        context.time = Some(now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string());
        context.time_epoch = now.as_millisecond();
        context.http.method = parts.method;
        context.http.path = Some(path.clone());
        context.http.protocol = Some(format!("{:?}", parts.version));
        context.http.source_ip = Some(peer.ip().to_string());
        context.http.user_agent =
            headers.get(header::USER_AGENT).and_then(|agent| Some(agent.to_str().ok()?.to_owned()));

        let mut event = ApiGatewayV2httpRequest::default();
        event.version = Some("2.0".to_owned());
        event.route_key = Some(route.key.clone());
        event.raw_path = Some(path);
        event.query_string_parameters = query.parse().unwrap_or_default();
        event.raw_query_string = Some(query.to_owned());
        event.path_parameters = parameters;
        event.cookies = cookies;
        if !body.is_empty() {
            let text = is_text(&headers).then(|| std::str::from_utf8(body).ok()).flatten();
            event.is_base64_encoded = text.is_none();
            event.body = Some(text.map_or_else(|| STANDARD.encode(body), str::to_owned));
        }
        event.headers = headers;
        event.request_context = context;
        event
    }

    /// The headers and the cookies that API Gateway passes on.
    fn headers(&self, sent: &HeaderMap, length: usize, peer: SocketAddr) -> (HeaderMap, Option<Vec<String>>) {
        let mut headers = HeaderMap::with_capacity(sent.keys_len() + 5);
        let mut cookies = Vec::new();
        for name in sent.keys() {
            if *name == header::COOKIE {
                let lines = sent.get_all(name).iter().filter_map(|line| line.to_str().ok());
                cookies.extend(lines.flat_map(|line| line.split("; ")).map(str::to_owned));
            } else if !HOP_BY_HOP.contains(name) {
                let joined = sent.get_all(name).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b","[..]);
                if let Ok(value) = HeaderValue::from_bytes(&joined) {
                    headers.insert(name.clone(), value);
                }
            }
        }
        let peer = peer.ip().to_string();
        let forwarded_for = match headers.get(&X_FORWARDED_FOR).and_then(|others| others.to_str().ok()) {
            Some(others) => format!("{others}, {peer}"),
            None => peer,
        };
        let port = self.domain_name.rsplit(':').next().unwrap_or_default();
        for (name, value) in [
            (header::HOST, self.domain_name.as_str()),
            (header::CONTENT_LENGTH, &length.to_string()),
            (X_FORWARDED_FOR, &forwarded_for),
            (X_FORWARDED_PORT, port),
            (X_FORWARDED_PROTO, "http"),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        (headers, (!cookies.is_empty()).then_some(cookies))
    }
}

/// A path as API Gateway delivers it.
fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// Waits for the order to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Nobody can give it any more when the sender is gone: then it is over as well.
    drop(stop.wait_for(|stop| *stop).await);
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Headers about the connection, which end at API Gateway.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// Whether API Gateway passes a body on as it is.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type.starts_with("text/")
        || matches!(media_type.as_str(), "application/json" | "application/javascript" | "application/xml")
}

/// An id in the looks of API Gateway's.
fn request_id() -> String {
    let mut id = [0; 11];
    // An id without randomness is still an id.
    getrandom::fill(&mut id).unwrap_or_default();
    STANDARD.encode(id)
}

/// The answer of a function as API Gateway reads it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    headers: HashMap<String, String>,
    cookies: Vec<String>,
    body: Option<String>,
    is_base64_encoded: bool,
}

fn response(answer: &[u8]) -> Result<Response<Body>, String> {
    if answer.len() > ANSWER_LIMIT {
        return Err("it is larger than 6 MB".to_owned());
    }
    let answer: Answer = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
    let body = match (answer.body, answer.is_base64_encoded) {
        (None, _) => Bytes::new(),
        (Some(body), false) => body.into(),
        (Some(body), true) => STANDARD.decode(body).map_err(|error| error.to_string())?.into(),
    };
    let mut response = Response::builder().status(answer.status_code);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    for cookie in answer.cookies {
        response = response.header(header::SET_COOKIE, cookie);
    }
    response.body(body.into()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use axum::{
        extract::{Path, Request as AxumRequest},
        response::IntoResponse,
    };
    use lambda_http::RequestExt as _;
    use roster_functions::operations::{Annotated, Route};
    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use utoipa_axum::router::OpenApiRouter;

    use super::*;
    use crate::{Installation, Options};

    /// Shows what arrives.
    #[utoipa::path(post, path = "/v1/echo/{name}", params(("q" = Option<String>, Query)), responses((status = 200)))]
    async fn echo(Path(name): Path<String>, request: AxumRequest) -> impl IntoResponse {
        let context = serde_json::to_value(request.request_context_ref()).unwrap();
        let query = request.query_string_parameters();
        let query = query.iter().map(|(name, value)| json!([name, value])).collect::<Vec<_>>();
        let (parts, body) = request.into_parts();
        let headers = parts.headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()]));
        let headers = headers.collect::<Vec<_>>();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        axum::Json(json!({ "name": name, "context": context, "query": query, "headers": headers, "body": body }))
    }

    /// Answers with what is hard to pass on.
    #[utoipa::path(get, path = "/v1/picture", params(("q" = Option<String>, Query)), responses((status = 200)))]
    async fn picture() -> impl IntoResponse {
        let headers =
            [("content-type", "image/png"), ("set-cookie", "a=1; HttpOnly"), ("set-cookie", "b=2"), ("x-note", "hi")];
        let mut response = vec![0_u8, 159, 146, 150].into_response();
        response.headers_mut().clear();
        for (name, value) in headers {
            response.headers_mut().append(name, value.parse().unwrap());
        }
        response
    }

    /// Answers with more than Lambda lets through.
    #[utoipa::path(get, path = "/v1/flood", responses((status = 200)))]
    async fn flood() -> String {
        "a".repeat(ANSWER_LIMIT)
    }

    const fn on_request(route: fn() -> Route) -> Runs {
        Runs::OnRequest(Annotated { route, document: OpenApiRouter::new })
    }

    static OPERATIONS: [Operation; 4] = [
        Operation { name: "echo", runs: on_request(|| Route::of::<__path_echo, _>(&echo)) },
        Operation { name: "picture", runs: on_request(|| Route::of::<__path_picture, _>(&picture)) },
        Operation { name: "flood", runs: on_request(|| Route::of::<__path_flood, _>(&flood)) },
        Operation { name: "not_found", runs: Runs::OnOtherRequests },
    ];

    async fn start() -> Installation {
        Installation::start(Options { operations: &OPERATIONS, ..Options::ephemeral() }).await.unwrap()
    }

    /// The status and the rest of what comes back for these bytes.
    async fn send(installation: &Installation, request: &[u8]) -> (u16, String) {
        let mut stream = tokio::net::TcpStream::connect(installation.address()).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        // A connection that is closed with unread bytes ends in an error, after the answer.
        stream.read_to_end(&mut answer).await.unwrap_or_default();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        (status, answer)
    }

    async fn echoed(installation: &Installation, request: &str, body: &[u8]) -> Value {
        let request = request.replace('\n', "\r\n");
        let request = format!("{request}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        let (status, answer) = send(installation, &[request.as_bytes(), body].concat()).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn values<'a>(echo: &'a Value, field: &str, name: &str) -> Vec<&'a str> {
        let pairs = echo[field].as_array().unwrap().iter().filter(|pair| pair[0] == name);
        pairs.map(|pair| pair[1].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn a_request_arrives_as_api_gateway_delivers_it() {
        let installation = start().await;
        let request = "POST /v1/echo/ada%20l?q=a%26b&q=c&empty= HTTP/1.1\nHost: evil.example\nX-Two: one\nX-Two: two\n\
            Cookie: a=1; b=2\nCookie: c=3\nUser-Agent: Test\nX-Forwarded-For: 1.2.3.4\nContent-Type: application/json\n";

        let echo = echoed(&installation, request, b"{}").await;

        let address = installation.address().to_string();
        assert_eq!(echo["name"], "ada l");
        assert_eq!(values(&echo, "query", "q"), ["a&b", "c"]);
        assert_eq!(values(&echo, "query", "empty"), [""]);
        assert_eq!(values(&echo, "headers", "x-two"), ["one,two"]);
        assert_eq!(values(&echo, "headers", "cookie"), ["a=1; b=2; c=3"]);
        assert_eq!(values(&echo, "headers", "host"), [&*address], "never what the client says");
        assert_eq!(values(&echo, "headers", "x-forwarded-for"), ["1.2.3.4, 127.0.0.1"]);
        assert_eq!(values(&echo, "headers", "connection"), [""; 0]);
        let context = &echo["context"];
        assert_eq!(context["routeKey"], "POST /v1/echo/{name}");
        assert_eq!((&context["stage"], &context["domainName"]), (&json!("$default"), &json!(address)));
        assert_eq!(context["http"]["sourceIp"], "127.0.0.1", "the peer, not what a header says");
        assert_eq!(context["http"]["protocol"], "HTTP/1.1");
        assert_eq!(context["http"]["userAgent"], "Test");
        assert_eq!(context["http"]["path"], "/v1/echo/ada l");
        assert_eq!(context["requestId"].as_str().unwrap().len(), 16);
        assert_eq!(echo["body"], json!(b"{}"));
    }

    #[tokio::test]
    async fn a_body_of_any_bytes_arrives_unchanged() {
        let installation = start().await;
        let bytes = [0, 255, 10, 13, 128];

        for content_type in ["image/png", "application/json", "text/plain"] {
            let request = format!("POST /v1/echo/a HTTP/1.1\nHost: a\nContent-Type: {content_type}\n");
            let echo = echoed(&installation, &request, &bytes).await;
            assert_eq!(echo["body"], json!(bytes), "{content_type}");
        }
    }

    #[tokio::test]
    async fn an_answer_keeps_its_bytes_and_its_cookies() {
        let installation = start().await;
        let mut stream = tokio::net::TcpStream::connect(installation.address()).await.unwrap();
        stream.write_all(b"GET /v1/picture HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();

        let head = String::from_utf8_lossy(&answer);

        assert!(head.contains("set-cookie: a=1; HttpOnly\r\n") && head.contains("set-cookie: b=2\r\n"), "{head}");
        assert!(head.contains("x-note: hi\r\n"), "{head}");
        assert!(answer.ends_with(&[0, 159, 146, 150]));
    }

    #[tokio::test]
    async fn methods_and_paths_that_have_no_route_go_to_the_fallback() {
        let installation = start().await;

        for start in
            ["GET /v1", "GET /v1/echo/a", "HEAD /v1/picture", "OPTIONS /v1/picture", "GET /v1/picture/", "BREW /"]
        {
            let (status, answer) =
                send(&installation, format!("{start} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes())
                    .await;
            assert_eq!(status, 404, "{start}: {answer}");
            assert!(start.starts_with("HEAD") || answer.contains("/problems/"), "{start}: {answer}");
        }
    }

    #[tokio::test]
    async fn strange_requests_are_refused_and_break_nothing() {
        let installation = start().await;
        let headers = "Host: a\r\nConnection: close\r\n\r\n";
        let long = "a".repeat(4 * HEADERS_LIMIT);

        for (request, expected) in [
            (format!("CONNECT example.com:443 HTTP/1.1\r\n{headers}"), 400),
            (format!("OPTIONS * HTTP/1.1\r\n{headers}"), 400),
            (format!("GET http://evil.example/v1/picture HTTP/1.1\r\n{headers}"), 200),
            (format!("GET /v1/picture?%%%=|&&&==[]~ HTTP/1.1\r\nX-Odd: \u{e9}\r\n{headers}"), 200),
            (format!("GET /v1/picture?\"^`<> HTTP/1.1\r\n{headers}"), 400),
            (format!("GET /v1/\u{e9}{{}}| HTTP/1.1\r\n{headers}"), 404),
            (format!("GET //evil/%00%ff/../.. HTTP/1.1\r\n{headers}"), 404),
            ("GET /v1/picture HTTP/1.1\r\nHost: a b/c?d#e[\r\nConnection: close\r\n\r\n".to_owned(), 200),
            (format!("GET /v1/picture HTTP/1.1\r\nCookie: \u{7f}\r\n{headers}"), 400),
            (format!("GET /v1/picture HTTP/1.1\r\nX-Long: {long}\r\n{headers}"), 431),
            (format!("GET /v1/flood HTTP/1.1\r\n{headers}"), 500),
            ("nonsense\r\n\r\n".to_owned(), 400),
        ] {
            let (status, answer) = send(&installation, request.as_bytes()).await;
            assert_eq!(status, expected, "{request:.60}: {answer:.300}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_refused() {
        let installation = start().await;
        let length = REQUEST_LIMIT + 1;
        let head =
            format!("POST /v1/echo/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");

        let (status, answer) = send(&installation, &[head.into_bytes(), vec![b'a'; length]].concat()).await;

        assert_eq!(status, 413, "{answer:.300}");
        assert!(answer.contains("application/problem+json"), "{answer:.300}");
    }

    #[tokio::test]
    async fn what_is_local_is_for_this_machine() {
        let installation = start().await;
        let mail = |host: &str, more: &str| {
            format!("GET /_local/mail HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n").into_bytes()
        };

        assert_eq!(send(&installation, &mail("127.0.0.1:80", "")).await.0, 200);
        assert_eq!(send(&installation, &mail("localhost", "Origin: http://localhost:5173\r\n")).await.0, 200);
        assert_eq!(send(&installation, &mail("evil.example", "")).await.0, 403);
        assert_eq!(send(&installation, &mail("localhost", "Origin: https://evil.example\r\n")).await.0, 403);
    }
}
