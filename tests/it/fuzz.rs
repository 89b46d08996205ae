//! Whatever comes is answered or refused: events of all kinds in which something is not as it should be, and very much
//! of everything. Text alone is tried where it is parsed, in `shared`.
//!
//! `PROPTEST_CASES` says how many are tried; what once failed is kept in `proptest-regressions` and tried first.

use std::{fs, time::Duration};

use axum::Router;
use lambda_http::{Adapter, Context, LambdaEvent, Service, request::LambdaRequest};
use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{Config, TestCaseError, TestRunner},
};
use roster_domain::passwords::{Hasher, Password};
use roster_functions::{
    operations::{self, Operation},
    request,
};
use serde_json::{Value, json};
use tokio::{runtime::Runtime, time::timeout};

use crate::{
    security::spent,
    support::{PASSWORD, TestApp, token_in},
    template::sample_events,
};

/// Longer than any answer may take, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(20);

/// A change of an event at one place.
#[derive(Clone, Debug)]
enum Twist {
    Remove,
    Put(Value),
    /// Into a text, at this place.
    Insert(Index, String),
    /// A text, so often.
    Repeat(usize),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        vec(any::<char>(), 0..60).prop_map(|text| text.into_iter().collect()),
        "[\\r\\n\\t\\x00\"'\\\\;=,&?#%./ ]{1,20}",
        "(invite|reset|session|key)_[0-9A-Za-z._=-]{0,90}",
        "[0-9]{1,400}",
        "[a-z\u{300}-\u{36f}\u{202e}\u{fdfa}\u{ff20}@.]{1,300}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((text(), inner), 0..6).prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn twists() -> impl Strategy<Value = Vec<(Index, Twist)>> {
    let twist = prop_oneof![
        1 => Just(Twist::Remove),
        4 => value().prop_map(Twist::Put),
        4 => (any::<Index>(), text()).prop_map(|(at, text)| Twist::Insert(at, text)),
        1 => (2..5000_usize).prop_map(Twist::Repeat),
    ];
    vec((any::<Index>(), twist), 1..4)
}

/// The event with these changes, in its body too.
fn twisted(event: &Value, twists: &[(Index, Twist)]) -> Value {
    let mut event = event.clone();
    if let Some(body) = event["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok()) {
        event["body"] = body;
    }
    for (at, twist) in twists {
        let mut places = Vec::new();
        note_places(&event, "", &mut places);
        if places.is_empty() {
            break;
        }
        let place = at.get(&places);
        apply(&mut event, place, twist);
    }
    match &event["body"] {
        Value::Null | Value::String(_) => {}
        body => event["body"] = json!(body.to_string()),
    }
    event
}

/// A pointer to everything in `value`.
fn note_places(value: &Value, pointer: &str, places: &mut Vec<String>) {
    let mut note = |name: &str, value: &Value| {
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        places.push(pointer.clone());
        note_places(value, &pointer, places);
    };
    match value {
        Value::Array(values) => values.iter().enumerate().for_each(|(n, value)| note(&n.to_string(), value)),
        Value::Object(values) => values.iter().for_each(|(name, value)| note(name, value)),
        _ => {}
    }
}

fn apply(event: &mut Value, place: &str, twist: &Twist) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/").replace("~0", "~");
    if matches!(twist, Twist::Remove) {
        match event.pointer_mut(parent) {
            Some(Value::Object(values)) => drop(values.remove(&name)),
            Some(Value::Array(values)) => drop(values.pop()),
            _ => {}
        }
        return;
    }
    let here = event.pointer_mut(place).unwrap();
    match (twist, here.as_str()) {
        (Twist::Put(value), _) => *here = value.clone(),
        (Twist::Insert(at, more), Some(text)) => {
            let at = text.floor_char_boundary(at.index(text.len() + 1));
            *here = json!([&text[..at], more, &text[at..]].concat());
        }
        (Twist::Insert(_, more), None) => *here = json!(more),
        (Twist::Repeat(times), text) => *here = json!(text.unwrap_or("[").repeat(*times)),
        (Twist::Remove, _) => {}
    }
}

/// An installation with somebody in it, and what its sample events name.
struct World {
    runtime: Runtime,
    app: TestApp,
    events: Vec<(&'static Operation, Value)>,
}

impl World {
    /// With the sample events of these operations.
    fn of(is_wanted: impl Fn(&Operation) -> bool) -> Self {
        let runtime = Runtime::new().unwrap();
        let (app, filled) = runtime.block_on(async {
            let app = TestApp::start().await;
            let admin = app.admin().await;
            admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
            let (key, member) = (app.program(&admin, "admin").await, app.member(&admin).await);
            let user = app.user(&admin, "user@example.com", "member").await;
            admin.post("/v1/invites", json!({ "email": "guest@example.com" })).await.assert_status(201);
            let mail = app.mails_to("guest@example.com").await.remove(0);
            let filled = [
                ("{{admin_token}}", key.token()),
                ("{{session_token}}", member.token()),
                ("{{user_id}}", user.id()),
                ("{{invited_id}}", &mail.tags["user"]),
                ("{{mail_id}}", &mail.tags["mail"]),
                ("{{invite_token}}", &token_in(&mail.text)),
                ("{{setup_secret}}", app.installation.setup_secret()),
                ("{{password}}", PASSWORD),
                ("{{email}}", "user@example.com"),
                ("{{app}}", "wiki"),
                // Nothing is sent to it: it is no address of the internet.
                ("https://hooks.example.com", "https://10.0.0.1"),
            ];
            let filled = filled.map(|(name, value)| (name, value.to_owned()));
            (app, filled)
        });
        let samples = sample_events();
        let events = operations::all().iter().filter(|operation| is_wanted(operation)).map(|operation| {
            let mut event = samples[operation.name].to_string();
            for (name, value) in &filled {
                event = event.replace(name, value);
            }
            (operation, serde_json::from_str(&event).unwrap())
        });
        let events = events.collect();
        Self { runtime, app, events }
    }

    /// Tries twisted events, and that the table is sound after them.
    fn try_all(&self, attempt: impl Fn(&'static Operation, Value) -> Result<(), String>) {
        let mut runner = TestRunner::new(Config { source_file: Some(file!()), ..Config::default() });
        let cases = (any::<Index>(), twists());
        let tried = runner.run(&cases, |(which, twists)| {
            let (operation, event) = which.get(&self.events);
            let event = twisted(event, &twists);
            attempt(operation, event.clone())
                .map_err(|error| TestCaseError::fail(format!("{}: {error}: {event}", operation.name)))
        });
        tried.unwrap_or_else(|error| panic!("{error}"));
        self.runtime.block_on(async {
            self.app.settle().await;
            self.app.assert_sound(&self.app.dump());
        });
    }
}

#[test]
fn a_request_that_is_not_as_it_should_be_breaks_nothing() {
    // The session of the sample events goes on.
    let world = World::of(|operation| operation.runs.trigger().is_none() && operation.name != "sign_out");
    let routers: Vec<(&str, Router)> = world
        .events
        .iter()
        .map(|(operation, _)| (operation.name, operation.router(world.app.installation.app().clone()).unwrap()))
        .collect();

    world.try_all(|operation, event| {
        // API Gateway takes 10,240 bytes of a request's first line and headers.
        let length = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map_or(0, str::len);
        if ["/headers/host", "/rawPath", "/rawQueryString"].map(length).iter().sum::<usize>() > 10_240 {
            return Ok(());
        }
        // Nobody outside writes the context: that nothing breaks is enough.
        let sample = world.events.iter().find(|(known, _)| known.name == operation.name).unwrap();
        let limit = if event["requestContext"] == sample.1["requestContext"] { 500 } else { 600 };
        // What is no event of API Gateway's is refused before an operation runs.
        let Ok(request) = serde_json::from_value::<LambdaRequest>(event) else {
            return Ok(());
        };
        let router = routers.iter().find(|(name, _)| *name == operation.name).unwrap().1.clone();
        let call =
            async { Adapter::from(router).call(request::encoded(LambdaEvent::new(request, Context::default()))).await };
        let answer =
            world.runtime.block_on(async { timeout(PATIENCE, call).await }).map_err(|_| "it takes too long")?;
        let answer = serde_json::to_value(answer.unwrap()).unwrap();
        let is_answer = answer["statusCode"].as_u64().is_some_and(|status| status < limit);
        if is_answer { Ok(()) } else { Err(format!("it answers {answer}")) }
    });
}

#[test]
fn an_event_that_is_not_as_it_should_be_breaks_nothing() {
    let world = World::of(|operation| operation.runs.trigger().is_some());

    world.try_all(|operation, event| {
        let call = world.app.installation.invoke(operation.name, event);
        let answer =
            world.runtime.block_on(async { timeout(PATIENCE, call).await }).map_err(|_| "it takes too long")?;
        // An event that cannot be read is refused, and put aside by AWS.
        match answer {
            Err(error) if error.contains("panic") => Err(error),
            _ => Ok(()),
        }
    });
}

#[tokio::test]
async fn a_mebibyte_of_anything_takes_little_time_and_memory() {
    const MOST: usize = (1 << 20) - 1000;
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let peak = || {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        line.unwrap_or(0_u64)
    };
    let before = peak();
    // A slow machine may take as much longer as it does to hash.
    let (mut hasher, password) = (Hasher::default(), Password::typed(PASSWORD).unwrap());
    let began = spent();
    for _ in 0..10 {
        hasher.verify(&password, None).unwrap();
    }
    let most = spent().saturating_sub(began) * 20;
    // Marks that are to be sorted, a letter that is decomposed into eighteen, and what opens and never closes.
    let much = ["\u{301}\u{323}", "\u{fdfa}", "((", "{{"];

    for text in much.map(|text| text.repeat(MOST / text.len())) {
        let text = Value::String(text);
        let password = json!({ "email": "admin@example.com", "password": text });
        for (path, body) in [
            ("/v1/sessions", json!({ "email": text, "password": PASSWORD })),
            ("/v1/sessions", password),
            ("/v1/password-resets", json!({ "email": text })),
            ("/v1/password-resets/complete", json!({ "token": text, "new_password": PASSWORD })),
            ("/v1/invites/accept", json!({ "token": text, "name": "Ada", "password": PASSWORD })),
            ("/v1/invites", json!({ "email": "ada@example.com", "name": text, "delivery": "link" })),
            ("/v1/apps", json!({ "slug": text, "name": "Wiki" })),
            ("/v1/settings/email-templates/welcome/preview", json!({ "subject": "Hi", "html": text, "text": "Hi" })),
        ] {
            let began = spent();
            let answer = admin.post(path, body).await;
            let took = spent().saturating_sub(began);
            assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
            assert!(took < most, "{path} takes {took:?} of {most:?}");
        }
    }

    assert!(peak() - before < 200_000, "{} KiB more", peak() - before);
}
