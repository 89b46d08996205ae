//! What a client can send, and that it is answered as API.md says: every operation of the API document is tried, so a
//! new one is, too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::support::{Answer, Call, Client, NEW_PASSWORD, PASSWORD, TestApp};

/// Operations that need no credential.
pub(crate) const PUBLIC: [&str; 11] = [
    "GET /openapi.json",
    "GET /v1/health",
    "GET /v1/password-policy",
    "GET /v1/setup",
    "POST /v1/invites/accept",
    "POST /v1/invites/inspect",
    "POST /v1/invites/request-renewal",
    "POST /v1/password-resets",
    "POST /v1/password-resets/complete",
    "POST /v1/sessions",
    "POST /v1/setup",
];
/// Where the operations of everybody who is signed in begin.
const OWN: [&str; 2] = ["/v1/me", "/v1/session"];
/// Operations of builders and admins. What is in no list is for admins.
const BUILDERS: [&str; 11] = [
    "DELETE /v1/apps/{slug}",
    "DELETE /v1/users/{id}/app-roles/{app}",
    "GET /v1/apps",
    "GET /v1/apps/{slug}",
    "GET /v1/apps/{slug}/users",
    "GET /v1/users",
    "GET /v1/users/summary",
    "GET /v1/users/{id}",
    "PATCH /v1/apps/{slug}",
    "POST /v1/apps",
    "PUT /v1/users/{id}/app-roles/{app}",
];
/// Somebody's id that is nobody's.
const NOBODY: &str = "01JD8ZQ4V9WX6M2N3P5R7S8T9A";

/// An operation, as the API document describes it.
struct Described {
    method: &'static str,
    path: String,
    is_public: bool,
    /// The schema of each field of the body; nothing, if there is no body.
    fields: Option<Map<String, Value>>,
    required: Vec<String>,
    is_body_optional: bool,
    query: Vec<String>,
}

/// An installation with somebody in each role, and an app; and what its document describes.
struct Walk {
    app: TestApp,
    admin: Client,
    builder: Client,
    member: Client,
    /// The id of a webhook.
    webhook: String,
    operations: Vec<Described>,
}

impl Walk {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let admin = app.admin().await;
        admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
        let webhook = json!({ "url": "http://127.0.0.1:9/", "event_types": ["app.deleted"] });
        let webhook = admin.post("/v1/webhooks", webhook).await.assert_status(201).json;
        let webhook = webhook["webhook"]["id"].as_str().unwrap().to_owned();
        let (builder, member) = (app.builder(&admin).await, app.member(&admin).await);
        let document = app.stranger().get("/openapi.json").await.assert_status(200).json;
        let paths = document["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(|(method, operation)| Described::read(&document, method, path, operation))
        });
        let operations = operations.collect();
        Self { app, admin, builder, member, webhook, operations }
    }

    /// A call of this operation by somebody who may, to what exists, with a body that can be read.
    fn call(&self, operation: &Described) -> Call {
        self.call_by(&self.caller(operation), operation)
    }

    fn call_by(&self, client: &Client, operation: &Described) -> Call {
        let path = self.path(operation);
        match operation.example() {
            Some(body) => client.call(operation.method, &path).json(body),
            None => client.call(operation.method, &path),
        }
    }

    fn caller(&self, operation: &Described) -> Client {
        if operation.is_public { self.app.stranger() } else { self.admin.clone() }
    }

    fn path(&self, operation: &Described) -> String {
        let id = if operation.path.starts_with("/v1/webhooks") { &self.webhook } else { self.member.id() };
        let path = operation.path.replace("{id}", id);
        path.replace("{app}", "wiki")
            .replace("{slug}", "wiki")
            .replace("{session}", NOBODY)
            .replace("{delivery}", NOBODY)
            .replace("{kind}", "invitation")
    }

    fn with_body(&self) -> impl Iterator<Item = (&Described, &Map<String, Value>)> {
        self.operations.iter().filter_map(|operation| Some((operation, operation.fields.as_ref()?)))
    }

    async fn with(&self, operation: &Described, field: &str, value: Value) -> Answer {
        let mut body = operation.example().unwrap();
        body[field] = value;
        self.call(operation).json(body).await
    }
}

impl Described {
    fn read(document: &Value, method: &str, path: &str, operation: &Value) -> Self {
        let method =
            ["GET", "PUT", "POST", "DELETE", "PATCH"].into_iter().find(|known| known.eq_ignore_ascii_case(method));
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        let schema = resolved(document, body);
        let fields = schema["properties"].as_object().map(|properties| {
            let fields = properties.iter().map(|(name, field)| (name.clone(), resolved(document, field)));
            fields.collect()
        });
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let query = parameters.filter(|parameter| parameter["in"] == "query");
        Self {
            method: method.expect("a method"),
            path: path.to_owned(),
            is_public: operation["security"].is_null(),
            fields,
            required: texts(&schema["required"]),
            is_body_optional: is_nullable(body),
            query: query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect(),
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// A body whose every field can be read.
    fn example(&self) -> Option<Value> {
        let fields = self.fields.as_ref()?.iter();
        Some(Value::Object(fields.map(|(name, field)| (name.clone(), example(field))).collect()))
    }
}

/// A schema without references, and without the `null` that an optional field may be.
fn resolved(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return resolved(document, document.pointer(name.trim_start_matches('#')).unwrap());
    }
    if let Some(one) = schema["oneOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null")) {
        let mut one = resolved(document, one);
        one["nullable"] = json!(is_nullable(schema));
        return one;
    }
    let mut schema = schema.clone();
    schema["nullable"] = json!(is_nullable(&schema));
    if schema["items"].is_object() {
        schema["items"] = resolved(document, &schema["items"]);
    }
    if let Some(properties) = schema["properties"].as_object_mut() {
        for property in properties.values_mut() {
            *property = resolved(document, property);
        }
    }
    schema
}

fn is_nullable(schema: &Value) -> bool {
    schema["nullable"] == true
        || texts(&schema["type"]).iter().any(|kind| kind == "null")
        || schema["oneOf"].as_array().is_some_and(|all| all.iter().any(|one| one["type"] == "null"))
}

fn kind(schema: &Value) -> String {
    texts(&schema["type"]).into_iter().find(|kind| kind != "null").unwrap_or_else(|| panic!("no type: {schema}"))
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// A value that this schema allows.
fn example(schema: &Value) -> Value {
    let given = [&schema["enum"][0], &schema["examples"][0], &schema["example"], &schema["minimum"]];
    if let Some(given) = given.into_iter().find(|given| !given.is_null()) {
        return given.clone();
    }
    match (kind(schema).as_str(), schema["format"].as_str()) {
        ("string", Some("password")) => json!(NEW_PASSWORD),
        ("string", Some("date-time")) => json!("2100-01-01T00:00:00Z"),
        ("string", _) => json!("text"),
        ("boolean", _) => json!(true),
        ("array", _) => json!([example(&schema["items"])]),
        ("object", _) => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            Value::Object(fields.map(|(name, field)| (name.clone(), example(field))).collect())
        }
        (kind, _) => panic!("no example of {kind}"),
    }
}

/// Values that this schema does not allow.
fn refused(schema: &Value) -> Vec<Value> {
    let kind = kind(schema);
    let mut refused = vec![json!(5), json!(-1.5), json!(true), json!("x"), json!([]), json!({}), json!([null])];
    refused.retain(|value| match value {
        Value::Number(_) => kind != "integer",
        Value::Bool(_) => kind != "boolean",
        Value::String(_) => kind != "string",
        Value::Array(values) => kind != "array" || !values.is_empty(),
        _ => kind != "object",
    });
    match kind.as_str() {
        "integer" => {
            refused.extend([json!(-1), json!(1.5), json!(1e300), json!("5"), json!(u64::MAX)]);
            let limit = |name: &str| schema[name].as_i64();
            refused.extend(limit("minimum").map(|minimum| json!(minimum - 1)));
            refused.extend(limit("maximum").map(|maximum| json!(maximum + 1)));
        }
        "string" => {
            if let Some(longest) = schema["maxLength"].as_u64() {
                let longest = usize::try_from(longest).unwrap();
                refused.extend([json!("x".repeat(longest + 1)), json!("\u{1f980}".repeat(longest + 1))]);
                if schema["format"] != "password" {
                    refused.extend([json!("a\0b"), json!("a\u{1b}[31mb")]);
                }
                if schema["minLength"].as_u64().is_some_and(|shortest| shortest > 0) && schema["format"] != "password" {
                    refused.extend([json!(""), json!(" \t"), json!("two\nlines")]);
                }
            }
            if schema["format"] == "email" {
                let long = format!("{}@example.com", "a".repeat(250));
                refused.extend(
                    ["", "ada", "ada@", "@x.com", "a b@x.com", "a@x.com\nBcc: b@x.com", &long].map(|bad| json!(bad)),
                );
            }
            if !schema["pattern"].is_null() {
                refused.extend(["Wiki", "wi ki", "-wiki", "wiki-", "wiki/", "\u{e9}"].map(|bad| json!(bad)));
            }
            if !schema["enum"].is_null() {
                refused.extend(["nonsense", "", "ADMIN", " admin"].map(|bad| json!(bad)));
            }
        }
        "array" => {
            refused.extend([json!([5]), json!(["x"]), json!([{ "surprise": 1 }])]);
            let most = schema["maxItems"].as_u64().and_then(|most| usize::try_from(most).ok());
            refused.extend(most.map(|most| json!(vec![example(&schema["items"]); most + 1])));
        }
        "object" => refused.extend([json!({ "a b": "x" }), json!({ "wiki": 5 }), json!({ "": "" })]),
        _ => {}
    }
    refused
}

#[tokio::test]
async fn the_public_operations_are_these() {
    let walk = Walk::start().await;

    let public = walk.operations.iter().filter(|operation| operation.is_public).map(Described::name);

    assert_eq!(public.collect::<BTreeSet<_>>(), PUBLIC.map(str::to_owned).into());
}

#[tokio::test]
async fn every_field_refuses_what_is_no_value_of_it() {
    let walk = Walk::start().await;
    let before = walk.app.dump();

    for (operation, fields) in walk.with_body() {
        for (name, schema) in fields {
            let mut bad = refused(schema);
            if operation.path.contains("/batch") {
                // A row that is bad is told of in its place, and harms no other.
                bad.retain(|value| value.as_array().is_none_or(|rows| rows.len() > 1));
            }
            if operation.required.contains(name) && schema["nullable"] != true {
                bad.push(Value::Null);
            }
            for value in bad {
                let shown = value.to_string();
                let shown: String = shown.chars().take(60).collect();
                let answer = walk.with(operation, name, value).await;
                let pointers = answer.refused();
                let is_named = pointers
                    .iter()
                    .all(|pointer| *pointer == format!("/{name}") || pointer.starts_with(&format!("/{name}/")));
                assert!(answer.status == 400 && !pointers.is_empty() && is_named, "{name} = {shown}: {answer}");
            }
        }
    }
    assert_eq!(walk.app.dump(), before, "nothing was changed");
}

#[tokio::test]
async fn all_bad_fields_are_named_at_once() {
    let walk = Walk::start().await;

    for (operation, fields) in walk.with_body() {
        let bad = |schema: &Value| if kind(schema) == "integer" { json!("x") } else { json!(5) };
        let mut body: Map<String, Value> = fields.iter().map(|(name, field)| (name.clone(), bad(field))).collect();
        body.insert("surprise".to_owned(), json!(null));
        body.insert("is/admin~".to_owned(), json!(true));
        let mut expected: Vec<String> = fields.keys().map(|name| format!("/{name}")).collect();
        expected.extend(["/surprise".to_owned(), "/is~1admin~0".to_owned()]);

        let answer = walk.call(operation).json(Value::Object(body)).await;

        answer.assert_refuses(&expected.iter().map(String::as_str).collect::<Vec<_>>());
        let missing = operation.required.iter().map(|name| format!("/{name}")).collect::<Vec<_>>();
        if !missing.is_empty() {
            let answer = walk.call(operation).json(json!({})).await;
            answer.assert_refuses(&missing.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn nobody_gives_themselves_what_no_field_asks_for() {
    let walk = Walk::start().await;
    for field in ["role", "email", "status", "version", "id", "app_roles", "password_temporary"] {
        let body = json!({ "name": "Mallory", field: "admin" });
        walk.member.patch("/v1/me", body).await.assert_refuses(&[&format!("/{field}")]);
    }
    assert_eq!(walk.member.get("/v1/me").await.json["role"], "member");
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let walk = Walk::start().await;
    let deep = format!("{}{}", "{\"a\":".repeat(20_000), "}".repeat(20_000));
    let bodies: Vec<Vec<u8>> =
        ["", " ", "null", "[]", "5", "\"{}\"", "{", "{}}", "{\"a\":1,}", "{'a':1}", "\u{feff}{}", &deep]
            .into_iter()
            .map(|body| body.as_bytes().to_vec())
            .chain([b"{\"name\":\"\xff\"}".to_vec(), b"\0".to_vec(), "[".repeat(100_000).into_bytes()])
            .collect();

    for (operation, _) in walk.with_body() {
        for body in &bodies {
            let is_nothing = matches!(body.as_slice(), b"" | b" " | b"null");
            if !(operation.is_body_optional && is_nothing) {
                walk.call(operation).body(body.clone()).await.assert_problem(400, "malformed-body");
            }
        }
    }
}

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    let walk = Walk::start().await;

    for (operation, _) in walk.with_body() {
        let body = operation.example().unwrap().to_string();
        let client = walk.caller(operation);
        let call = || client.call(operation.method, &walk.path(operation)).body(body.clone());
        call().await.assert_problem(415, "unsupported-media-type");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "json", ""] {
            call().header("content-type", kind).await.assert_problem(415, "unsupported-media-type");
        }
        let bad = |kind: &str| call().body("{").header("content-type", kind);
        for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
            bad(kind).await.assert_problem(400, "malformed-body");
        }
    }
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused() {
    let walk = Walk::start().await;
    let most = 1 << 20;

    for (operation, _) in walk.with_body() {
        walk.call(operation).body(" ".repeat(most + 1)).await.assert_problem(413, "body-too-large");
    }
    let client = walk.app.stranger();
    client.post("/v1/sessions", json!({})).body(" ".repeat(most)).await.assert_problem(400, "malformed-body");
    let fitting = format!("{}{{}}", " ".repeat(most - 2));
    client.post("/v1/sessions", json!({})).body(fitting).await.assert_refuses(&["/email", "/password"]);
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_answered_with_those_it_takes() {
    let walk = Walk::start().await;
    let mut paths: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for operation in &walk.operations {
        paths.entry(&operation.path).or_default().insert(operation.method);
    }

    for (path, methods) in &paths {
        let operation = walk.operations.iter().find(|operation| operation.path == *path).unwrap();
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
            if methods.contains(method) {
                continue;
            }
            let answer = walk.app.stranger().call(method, &walk.path(operation)).await.assert_status(405);
            let allow = answer.header("allow").unwrap_or_default().split(", ").collect::<BTreeSet<_>>();
            assert_eq!(&allow, methods, "{answer}");
        }
    }
}

#[tokio::test]
async fn a_path_that_there_is_not_is_not_found() {
    let app = TestApp::start().await;
    for path in [
        "/v1",
        "/v1/",
        "/v2/users",
        "/v1/users/",
        "/v1/Users",
        "/v1//users",
        "/v1/users/1/2",
        "/v1/setup/",
        "/v1/users/%2e%2e",
        "/v1/users/%2e%2e/invite",
        "/v1/users/1/app-roles/%2e",
        "/v1/apps/%2E%2E",
        "/v1/teapots/%FF",
        "/v1/users/a%2Fb",
        "/v1/users/a%2F%3Fq=%3C%22%0A%23",
        "/.env",
        "/%00",
    ] {
        for method in ["GET", "POST", "DELETE", "PUT"] {
            let answer = app.stranger().call(method, path).await;
            // Before the path is looked at closely, the method may be found wrong for what it looks like.
            assert!(matches!(answer.slug(), Some("not-found" | "method-not-allowed")), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_query_parameter_that_there_is_not_is_refused() {
    let walk = Walk::start().await;

    for operation in &walk.operations {
        let client = walk.caller(operation);
        let path = walk.path(operation);
        let call = |query: &str| {
            let call = client.call(operation.method, &format!("{path}?{query}"));
            let body = operation.example().map_or_else(String::new, |body| body.to_string());
            call.body(body).header("content-type", "application/json")
        };
        for (query, pointer) in [("surprise=1", "/surprise"), ("limit=5&lmit=5", "/lmit"), ("%00=", "/\0"), ("a", "/a")]
        {
            let answer = call(query).await.assert_problem(400, "invalid-fields");
            assert!(answer.refused().contains(&pointer), "{answer}");
        }
        for name in &operation.query {
            let answer = call(&format!("{name}=1&{name}=1")).await.assert_problem(400, "invalid-fields");
            assert!(answer.refused().contains(&format!("/{name}").as_str()), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_query_parameter_refuses_what_is_no_value_of_it() {
    let walk = Walk::start().await;
    let bad = [
        ("limit", vec!["0", "101", "-1", "1.5", "x", "", "99999999999999999999", "%00"]),
        ("cursor", vec!["x", "", "%00", "AAAA", "a.b", "%F0%9F%A6%80", "null"]),
        ("status", vec!["x", "", "Invited", "active,invited"]),
        ("role", vec!["", "ADMIN", "a+b"]),
        ("app", vec!["", "Wiki", "a%20b", "%2e%2e"]),
        ("app_role", vec!["", "Basic"]),
        ("sort", vec!["x", "", "-email", "created_at", "+name"]),
    ];

    for operation in &walk.operations {
        for (name, values) in bad.iter().filter(|(name, _)| operation.query.iter().any(|query| query == name)) {
            for value in values {
                let answer = walk.admin.get(&format!("{}?{name}={value}", walk.path(operation))).await;
                assert_eq!(answer.assert_problem(400, "invalid-fields").refused()[0], format!("/{name}"));
            }
        }
    }
    walk.admin.get("/v1/users?limit=0&role=x&sort=y&z=1").await.assert_refuses(&["/limit", "/role", "/sort", "/z"]);
}

#[tokio::test]
async fn what_is_no_id_is_the_id_of_nothing() {
    let walk = Walk::start().await;
    let before = walk.app.dump();
    let long = "x".repeat(3000);
    let bad = ["nonsense", "0", "-", "%00", "a%3Fb", "%20", "%F0%9F%A6%80", "Wiki", &long, "null"];

    for operation in walk.operations.iter().filter(|operation| operation.path.contains('{')) {
        // The activity of who is gone stays, so nobody is asked whether they are there.
        let nobody = (!operation.path.ends_with("/activity")).then_some(NOBODY);
        for bad in bad.into_iter().chain(nobody) {
            for parameter in ["{id}", "{session}", "{delivery}", "{app}", "{slug}", "{kind}"] {
                if !operation.path.contains(parameter) {
                    continue;
                }
                let slug = match (operation.path.as_str(), parameter) {
                    ("/v1/api-keys/{id}", _) => "api-key-not-found",
                    ("/v1/me/sessions/{id}", _) | (_, "{session}") => "session-not-found",
                    (_, "{delivery}") => "delivery-not-found",
                    (path, "{id}") if path.starts_with("/v1/webhooks") => "webhook-not-found",
                    (_, "{id}") => "user-not-found",
                    (_, "{kind}") => "unknown-template",
                    _ => "unknown-app",
                };
                let is_id = matches!(parameter, "{id}" | "{session}" | "{delivery}");
                let bad = if is_id { bad.to_owned() } else { bad.to_lowercase() + "-" };
                let call = walk.call_by(
                    &walk.admin,
                    &Described {
                        path: operation.path.replace(parameter, &bad),
                        fields: operation.fields.clone(),
                        required: Vec::new(),
                        query: Vec::new(),
                        ..*operation
                    },
                );
                call.await.assert_problem(404, slug);
            }
        }
    }
    assert_eq!(walk.app.dump(), before);
}

#[tokio::test]
async fn credentials_are_judged_first_rights_next_and_the_request_last() {
    let walk = Walk::start().await;
    let before = walk.app.dump_but_refusals();
    let expired = walk.app.stranger().with("authorization", "Bearer session_expired");

    for operation in walk.operations.iter().filter(|operation| !operation.is_public) {
        let name = operation.name();
        let path = operation
            .path
            .replace("{id}", "nonsense")
            .replace("{delivery}", "nonsense")
            .replace("{app}", "Non Sense")
            .replace("{slug}", "Non Sense")
            .replace("{kind}", "Non Sense");
        let path = format!("{}?surprise=1", path.replace(' ', "%20"));
        let call = |client: &Client| client.call(operation.method, &path).body("{").header("if-match", "nonsense");
        call(&walk.app.stranger()).await.assert_problem(401, "unauthenticated");
        call(&expired).await.assert_problem(401, "unauthenticated");
        if OWN.iter().any(|own| operation.path.starts_with(own)) {
            let answer = call(&walk.member).await;
            assert!(matches!(answer.status, 400 | 415), "{answer}");
            continue;
        }
        call(&walk.member).await.assert_problem(403, "forbidden");
        let answer = call(&walk.builder).await;
        if BUILDERS.contains(&name.as_str()) {
            assert!(matches!(answer.status, 400 | 404 | 415), "{answer}");
        } else {
            answer.assert_problem(403, "forbidden");
        }
        let answer = call(&walk.admin).await;
        assert!(matches!(answer.status, 400 | 404 | 415), "{answer}");
    }
    assert_eq!(walk.app.dump_but_refusals(), before);
}

#[tokio::test]
async fn strange_headers_break_nothing() {
    let walk = Walk::start().await;
    let long = "x".repeat(7000);
    let strange = [
        ("user-agent", "\u{1f980}"),
        ("user-agent", &long),
        ("user-agent", ""),
        ("cookie", ";;;=;=="),
        ("cookie", "roster"),
        ("cookie", "roster=\u{fc}"),
        ("cookie", &long),
        ("if-match", "*"),
        ("if-none-match", "*"),
        ("range", "bytes=0-1"),
        ("expect", "nothing"),
        ("accept", "text/html;q=x,,,"),
        ("accept-encoding", "br, gzip"),
        ("content-encoding", "gzip"),
        ("x-forwarded-for", "1.2.3.4, \u{fc}"),
        ("x-http-method-override", "DELETE"),
        ("x-request-id", "chosen"),
        ("x-roster-request", "\u{fc}"),
        ("idempotency-key", &long),
        ("forwarded", "for=\"_x\";host=evil.example"),
        ("origin", "null"),
    ];

    for (n, (name, value)) in strange.into_iter().enumerate() {
        for client in [&walk.admin, &walk.app.stranger()] {
            let answer = client.get("/v1/me").header(name, value).await;
            assert!(matches!(answer.status, 200 | 401), "{name}: {answer}");
            assert_ne!(answer.header("x-request-id"), Some("chosen"));
        }
        walk.app.sign_in("member@example.com", PASSWORD).await.assert_status(201);
        let body = json!({ "email": format!("nobody{n}@example.com"), "password": PASSWORD });
        walk.app
            .stranger()
            .post("/v1/sessions", body)
            .header(name, value)
            .await
            .assert_problem(401, "invalid-credentials");
    }
    for bad in ["nonsense", "", "3", "\"x\"", "W/\"1\"", "\"1\", \"2\"", "\"-1\"", "\"99999999999999999999\""] {
        let answer = walk.admin.patch(&format!("/v1/users/{}", walk.member.id()), json!({ "name": "New" }));
        let answer = answer.header("if-match", bad).await;
        assert!(matches!(answer.status, 400 | 412), "{bad}: {answer}");
    }
}
