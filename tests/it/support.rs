//! What stories are told with: an installation for each test, clients that go through its front door, and looks behind
//! the scenes.
//!
//! Every answer is held against what API.md promises of all answers, so no story has to say it again.

use std::{
    collections::BTreeSet,
    env,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Request,
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::{
    client::legacy::{Client as Connections, connect::HttpConnector},
    rt::TokioExecutor,
};
use jiff::Timestamp;
use roster_local::{Installation, Options, mailbox::Mail};
use roster_web::app::random;
use serde_json::{Map, Value, json};

/// A password that nobody guesses.
pub(crate) const PASSWORD: &str = "violet kettle orbit seventeen";
/// Another one.
pub(crate) const NEW_PASSWORD: &str = "marble thunder pickle forty-two";

/// A fresh installation, of one test.
pub(crate) struct TestApp {
    pub(crate) installation: Installation,
    connections: Connections<HttpConnector, Full<Bytes>>,
    secrets: Secrets,
}

/// Every secret that came by in a request, in an answer or in a mail: none may be found in the table.
#[derive(Clone, Default)]
struct Secrets(Arc<Mutex<BTreeSet<String>>>);

/// Somebody who sends requests, with or without a credential.
#[derive(Clone)]
pub(crate) struct Client {
    connections: Connections<HttpConnector, Full<Bytes>>,
    base: String,
    secrets: Secrets,
    headers: HeaderMap,
    /// The user behind it, as the sign-in showed them; nothing without a credential.
    pub(crate) user: Value,
}

/// A request that is about to be sent. Awaiting it gives the answer.
pub(crate) struct Call {
    client: Client,
    method: &'static str,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Method and path, for messages.
    asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    /// The body, where it is JSON.
    pub(crate) json: Value,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(Options::ephemeral()).await
    }

    pub(crate) async fn start_with(options: Options) -> Self {
        let installation = Installation::start(options).await.unwrap();
        // The front door closes what is idle for ten seconds.
        let idle = Duration::from_secs(5);
        let connections = Connections::builder(TokioExecutor::new()).pool_idle_timeout(idle).build_http();
        Self { installation, connections, secrets: Secrets::default() }
    }

    /// The same installation after its process died: started again on its data, which is in `directory`.
    pub(crate) async fn revive(self, options: Options) -> Self {
        self.installation.abandon();
        let installation = Installation::start(options).await.unwrap();
        Self { installation, connections: self.connections, secrets: self.secrets }
    }

    /// Somebody without a credential.
    pub(crate) fn stranger(&self) -> Client {
        Client {
            connections: self.connections.clone(),
            base: self.installation.url(),
            secrets: self.secrets.clone(),
            headers: HeaderMap::new(),
            user: Value::Null,
        }
    }

    /// The first admin of an installation that sends no mail yet.
    pub(crate) async fn set_up(&self) -> Client {
        let body = json!({
            "setup_secret": self.installation.setup_secret(),
            "email": "admin@example.com",
            "name": "Ada Admin",
            "password": PASSWORD,
        });
        self.signed_in(&self.stranger().post("/v1/setup", body).await.assert_status(201))
    }

    /// The first admin of an installation that sends mail.
    pub(crate) async fn admin(&self) -> Client {
        let admin = self.set_up().await;
        admin.put("/v1/settings/email", email_settings()).await.assert_status(200);
        admin
    }

    /// A new user with this role, signed in.
    pub(crate) async fn user(&self, admin: &Client, email: &str, role: &str) -> Client {
        let body = json!({ "email": email, "role": role, "delivery": "link" });
        let invited = admin.post("/v1/invites", body).await.assert_status(201);
        let accepted = self.accept(&token_in(invited.json["invite_link"].as_str().unwrap())).await.assert_status(201);
        // The welcome is out of the way of what the story tells.
        self.settle().await;
        self.signed_in(&accepted)
    }

    pub(crate) async fn member(&self, admin: &Client) -> Client {
        self.user(admin, "member@example.com", "member").await
    }

    pub(crate) async fn builder(&self, admin: &Client) -> Client {
        self.user(admin, "builder@example.com", "builder").await
    }

    /// Accepts an invite, as the stranger who holds its token.
    pub(crate) async fn accept(&self, token: &str) -> Answer {
        let body = json!({ "token": token, "name": "Grace Guest", "password": PASSWORD });
        self.stranger().post("/v1/invites/accept", body).await
    }

    /// A new user with this role who has a temporary password, signed in with it.
    pub(crate) async fn temporary(&self, admin: &Client, email: &str, role: &str) -> Client {
        let created = admin.post("/v1/users", json!({ "email": email, "role": role })).await.assert_status(201);
        let password = created.json["temporary_password"].as_str().unwrap();
        self.signed_in(&self.sign_in(email, password).await.assert_status(201))
    }

    /// A program with an API key of this role.
    pub(crate) async fn program(&self, admin: &Client, role: &str) -> Client {
        let made = admin.post("/v1/api-keys", json!({ "name": "Payroll", "role": role })).await.assert_status(201);
        self.stranger().with("authorization", &format!("Bearer {}", made.json["key"].as_str().unwrap()))
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.stranger().post("/v1/sessions", json!({ "email": email, "password": password })).await
    }

    /// The client that a sign-in made.
    pub(crate) fn signed_in(&self, started: &Answer) -> Client {
        let token = started.json["token"].as_str().unwrap();
        Client {
            user: started.json["user"].clone(),
            ..self.stranger().with("authorization", &format!("Bearer {token}"))
        }
    }

    /// Waits until nothing is under way.
    pub(crate) async fn settle(&self) {
        self.installation.settle().await;
    }

    /// Every mail that was sent, newest first.
    pub(crate) async fn mailbox(&self) -> Vec<Mail> {
        self.settle().await;
        let mails = self.installation.mailbox().mails();
        for mail in &mails {
            self.secrets.note_tokens(&mail.text);
            self.secrets.note_tokens(&mail.html);
        }
        mails
    }

    /// The mails to this address, newest first.
    pub(crate) async fn mails_to(&self, email: &str) -> Vec<Mail> {
        let mut mails = self.mailbox().await;
        mails.retain(|mail| mail.to == [email]);
        mails
    }

    /// The token of the newest mail to this address that has one.
    pub(crate) async fn invite_token_of(&self, email: &str) -> String {
        let mails = self.mails_to(email).await;
        let mail = mails.iter().find(|mail| mail.text.contains("#token="));
        token_in(&mail.unwrap_or_else(|| panic!("no link in {mails:?}")).text)
    }

    /// Moves the clock, and lets what is due then happen.
    pub(crate) async fn advance(&self, by: Duration) {
        self.installation.advance(by).await.unwrap();
        self.settle().await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.installation.clock().now()
    }

    /// Every item in the table, in plain JSON.
    pub(crate) fn dump(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let request = json!({ "TableName": roster_local::engine::TABLE, "ExclusiveStartKey": start });
            let page = self.installation.database().scan(serde_json::from_value(request).unwrap()).unwrap();
            let page = serde_json::to_value(page).unwrap();
            let found = page["Items"].as_array().unwrap().iter();
            items.extend(found.map(|item| plain(&json!({ "M": item }))));
            start = page["LastEvaluatedKey"].clone();
            if start.is_null() {
                return items;
            }
        }
    }

    /// Every item but what tells of refused rights, and the seals, which follow by themselves.
    pub(crate) fn dump_but_refusals(&self) -> Vec<Value> {
        let mut items = self.dump();
        items.retain(|item| item["action"] != "access.refused" && item["digest"].is_null());
        items
    }

    /// The activity, oldest first.
    pub(crate) fn activity(&self) -> Vec<Value> {
        let mut entries = self.dump();
        entries.retain(|item| !item["action"].is_null());
        entries.sort_by_key(|entry| entry["id"].as_str().unwrap().to_owned());
        entries
    }

    /// How often each of these actions is in the activity.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.activity().iter().filter(|entry| entry["action"] == action).count()
    }

    /// Every secret that came by.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        self.secrets.0.lock().unwrap().clone()
    }
}

/// E-mail settings that work.
pub(crate) fn email_settings() -> Value {
    json!({
        "from_address": "users@example.com",
        "from_name": "Engines",
        "company": "Analytical Engines",
        "platform_url": "https://users.example.com",
    })
}

/// What stands behind `#token=` in a text.
pub(crate) fn token_in(text: &str) -> String {
    let (_, rest) = text.split_once("#token=").unwrap_or_else(|| panic!("no link in {text}"));
    rest.split(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c))).next().unwrap().to_owned()
}

/// A value of DynamoDB's, without its types.
fn plain(value: &Value) -> Value {
    let (kind, value) = value.as_object().and_then(|typed| typed.iter().next()).expect("a typed value");
    match (kind.as_str(), value) {
        ("N", Value::String(number)) => number.parse().map_or_else(|_| json!(number), Value::Number),
        ("NULL", _) => Value::Null,
        ("L", Value::Array(values)) => values.iter().map(plain).collect(),
        ("M", Value::Object(values)) => {
            let values = values.iter().map(|(name, value)| (name.clone(), plain(value)));
            Value::Object(values.collect::<Map<_, _>>())
        }
        _ => value.clone(),
    }
}

impl Secrets {
    fn note(&self, secret: &str) {
        self.0.lock().unwrap().insert(secret.to_owned());
    }

    /// Notes what is secret in a body, of a request or of an answer.
    fn note_all(&self, body: &Value) {
        let Value::Object(fields) = body else { return };
        for (name, value) in fields {
            let is_secret = ["token", "setup_secret", "key"].contains(&name.as_str()) || name.ends_with("password");
            match value {
                Value::String(text) if is_secret && text.len() >= 12 => self.note(text),
                Value::String(text) if name == "invite_link" => self.note_tokens(text),
                _ => {}
            }
        }
    }

    fn note_tokens(&self, text: &str) {
        if text.contains("#token=") {
            self.note(&token_in(text));
        }
    }
}

impl Client {
    /// The same client, with one more header on all its requests.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        self
    }

    /// The same client, at another address of this machine, such as `127.0.0.2`.
    pub(crate) fn at(self, address: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(address.parse().unwrap()));
        Self { connections: Connections::builder(TokioExecutor::new()).build(connector), ..self }
    }

    /// The id of the user behind it.
    pub(crate) fn id(&self) -> &str {
        self.user["id"].as_str().expect("a client with a user")
    }

    /// The session token that it sends.
    pub(crate) fn token(&self) -> &str {
        self.headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ")
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Call {
        self.call("POST", path).json(body)
    }

    pub(crate) fn put(&self, path: &str, body: Value) -> Call {
        self.call("PUT", path).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: Value) -> Call {
        self.call("PATCH", path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    pub(crate) fn call(&self, method: &'static str, path: &str) -> Call {
        let headers = self.headers.clone();
        Call { client: self.clone(), method, path: path.to_owned(), headers, body: Bytes::new() }
    }
}

impl Call {
    #[expect(clippy::needless_pass_by_value, reason = "a body reads best as it is written")]
    pub(crate) fn json(self, body: Value) -> Self {
        self.client.secrets.note_all(&body);
        self.body(body.to_string()).header("content-type", "application/json")
    }

    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.insert(name.parse::<HeaderName>().unwrap(), value);
        self
    }

    /// Sends it while things go wrong: the service may say that it is busy.
    pub(crate) async fn attempt(self) -> Answer {
        let asked = format!("{} {}", self.method, self.path);
        let mut request = Request::builder().method(self.method).uri(format!("{}{}", self.client.base, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body)).unwrap_or_else(|error| panic!("{asked}: {error}"));
        let response = self.client.connections.request(request).await;
        let (head, body) = response.unwrap_or_else(|error| panic!("{asked}: {error:?}")).into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        let answer = Answer { asked, status: head.status.as_u16(), headers: head.headers, bytes, json };
        answer.assert_promises();
        self.client.secrets.note_all(&answer.json);
        answer
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            let answer = self.attempt().await;
            assert!(answer.status < 500, "{answer}");
            answer
        })
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn assert_problem(self, status: u16, slug: &str) -> Self {
        assert_eq!(self.slug(), Some(slug), "{self}");
        self.assert_status(status)
    }

    /// Asserts a 400 that names exactly these fields.
    #[track_caller]
    pub(crate) fn assert_refuses(self, pointers: &[&str]) -> Self {
        let mut refused = self.refused();
        refused.sort_unstable();
        let mut expected = pointers.to_vec();
        expected.sort_unstable();
        assert_eq!(refused, expected, "{self}");
        self.assert_problem(400, "invalid-fields")
    }

    /// The fields that the answer refuses.
    pub(crate) fn refused(&self) -> Vec<&str> {
        let errors = self.json["errors"].as_array().into_iter().flatten();
        errors.map(|error| error["pointer"].as_str().unwrap()).collect()
    }

    /// The kind of the problem; nothing, if it is none.
    pub(crate) fn slug(&self) -> Option<&str> {
        self.json["type"].as_str()?.strip_prefix("/problems/")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> &[Value] {
        self.json["items"].as_array().unwrap_or_else(|| panic!("no list: {self}"))
    }

    /// A field of each item of a list.
    pub(crate) fn each(&self, field: &str) -> Vec<&str> {
        self.items().iter().map(|item| item[field].as_str().unwrap_or_default()).collect()
    }

    /// What every answer of the API keeps to.
    fn assert_promises(&self) {
        let is_of_api = self.asked.contains(" /v1/") || self.asked.contains(" /openapi.json");
        // Files of the console make other promises.
        if self.asked.contains(" /_local/") || (self.status == 200 && !is_of_api) {
            return;
        }
        assert!(self.status < 500 || self.status == 503 && self.header("retry-after").is_some(), "{self}");
        assert!(self.header("x-request-id").is_some_and(|id| !id.is_empty()), "{self}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(self.header(name), Some(value), "{self}");
        }
        for name in ["access-control-allow-origin", "location"] {
            assert_eq!(self.header(name), None, "{self}");
        }
        let kind = self.header(header::CONTENT_TYPE.as_str());
        match self.status {
            204 => assert!(self.bytes.is_empty(), "{self}"),
            200..300 if self.asked.contains("/export") => assert_eq!(kind, Some("text/csv; charset=utf-8"), "{self}"),
            200..300 => assert_eq!(kind, Some("application/json"), "{self}"),
            _ if self.asked.starts_with("HEAD ") => {}
            _ => {
                assert_eq!(kind, Some("application/problem+json"), "{self}");
                assert!(self.slug().is_some_and(|slug| !slug.is_empty()), "{self}");
                assert_eq!(self.json["status"], self.status, "{self}");
                for field in ["title", "detail"] {
                    assert!(self.json[field].as_str().is_some_and(|text| !text.is_empty()), "{self}");
                }
                assert_eq!(self.slug() == Some("invalid-fields"), !self.refused().is_empty(), "{self}");
            }
        }
        if self.slug() == Some("unauthenticated") {
            assert_eq!((self.status, self.header("www-authenticate")), (401, Some("Bearer")), "{self}");
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} {}", self.asked, self.status, String::from_utf8_lossy(&self.bytes))
    }
}

/// Numbers for choices, from a seed that is told.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// From the seed in `ROSTER_SEED`, or from one that nobody foresees.
    pub(crate) fn new() -> Self {
        let given = env::var_os("ROSTER_SEED").and_then(|seed| seed.to_str()?.parse().ok());
        Self(given.unwrap_or_else(|| u64::from_le_bytes(random())))
    }

    /// The next of Vigna's `SplitMix64`.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of so many.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap();
        usize::try_from(self.next() % count).unwrap()
    }

    /// Some of these, in any order.
    pub(crate) fn some<T: Clone>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let mut left = from.to_vec();
        let mut some = Vec::new();
        while some.len() < count && !left.is_empty() {
            let n = self.below(left.len());
            some.push(left.swap_remove(n));
        }
        some
    }
}
