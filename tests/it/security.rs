//! What an attacker tries, where no other story tells it: `asvs.rs` says which requirement each of these is for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::body::Body;
use futures_util::future::join;
use hyper::{Request, Response};
use roster_functions::operations::{self, Operation};
use roster_local::{Options, engine::TABLE, front_door::FrontDoor};
use serde_json::{Value, json};

use crate::{
    http::PUBLIC,
    invariants::spellings,
    support::{Answer, Client, NEW_PASSWORD, PASSWORD, TestApp, token_in},
    template::root,
};

const EMAIL: &str = "member@example.com";
const WRONG: &str = "not the password of anybody";

/// Methods and paths of all operations, with ids of nobody in them.
fn routes() -> Vec<(&'static str, String)> {
    let part = |part: &str| match part {
        "{id}" | "{session}" => "01JD8ZQ4V9WX6M2N3P5R7S8T9A".to_owned(),
        "{slug}" | "{app}" => "none".to_owned(),
        "{kind}" => "welcome".to_owned(),
        part => part.to_owned(),
    };
    let known = |method: &str| ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|known| *known == method);
    let routes = operations::all().iter().flat_map(operations::routes);
    routes
        .map(|(method, path)| {
            (known(method.as_str()).unwrap(), path.split('/').map(part).collect::<Vec<_>>().join("/"))
        })
        .collect()
}

impl TestApp {
    /// Somebody with a link that lets them in: the token in it.
    async fn linked(&self, admin: &Client, email: &str) -> String {
        let body = json!({ "email": email, "delivery": "link" });
        let invited = admin.post("/v1/invites", body).await.assert_status(201);
        token_in(invited.json["invite_link"].as_str().unwrap())
    }

    /// The browser of somebody who is signed in: it sends the cookie, and nothing else by itself.
    async fn browser(&self, email: &str) -> Client {
        let body = json!({ "email": email, "password": PASSWORD });
        let started = self.stranger().post("/v1/sessions", body).header("x-roster-request", "1").await;
        let cookie = started.assert_status(201).header("set-cookie").unwrap().to_owned();
        self.stranger().with("cookie", cookie.split(';').next().unwrap())
    }

    /// Every record of the table's stream, with both images, as text.
    fn stream(&self) -> String {
        let database = self.installation.database();
        let shard = json!({
            "StreamArn": format!("arn:aws:dynamodb:dynoxide:000000000000:table/{TABLE}/stream/"),
            "ShardId": format!("shardId-00000001-{TABLE}"),
            "ShardIteratorType": "TRIM_HORIZON",
        });
        let start = database.get_shard_iterator(serde_json::from_value(shard).unwrap()).unwrap();
        let mut position = serde_json::to_value(start).unwrap()["ShardIterator"].clone();
        let mut text = String::new();
        loop {
            let request = json!({ "ShardIterator": position, "Limit": 1000 });
            let page = database.get_records(serde_json::from_value(request).unwrap()).unwrap();
            let page = serde_json::to_value(page).unwrap();
            if page["Records"].as_array().unwrap().is_empty() {
                return text;
            }
            text += &page["Records"].to_string();
            position = page["NextShardIterator"].clone();
        }
    }

    /// The hashes of all passwords.
    fn hashes(&self) -> Vec<String> {
        let hashes = self.dump().into_iter().filter_map(|item| Some(item["phc"].as_str()?.to_owned()));
        hashes.collect()
    }
}

/// Tries `password` at each place where one is chosen: the setup, an invite, a change, the change of a temporary one,
/// and a reset.
async fn at_every_door(password: &str) -> Vec<Answer> {
    let app = TestApp::start().await;
    let setup = |password: &str| {
        let secret = app.installation.setup_secret();
        json!({ "setup_secret": secret, "email": "admin@example.com", "name": "Ada Admin", "password": password })
    };
    let first = app.stranger().post("/v1/setup", setup(password)).await;
    let admin = match first.status {
        201 => app.signed_in(&first),
        _ => app.signed_in(&app.stranger().post("/v1/setup", setup(PASSWORD)).await.assert_status(201)),
    };
    admin.put("/v1/settings/email", crate::support::email_settings()).await.assert_status(200);
    let token = app.linked(&admin, "guest@example.com").await;
    let accept = json!({ "token": token, "name": "Grace Guest", "password": password });
    let accepted = app.stranger().post("/v1/invites/accept", accept).await;
    let member = app.member(&admin).await;
    let change = |current: &str| json!({ "current_password": current, "new_password": password });
    let changed = member.post("/v1/me/password", change(PASSWORD)).await;
    let created = admin.post("/v1/users", json!({ "email": "new@example.com" })).await.assert_status(201);
    let temporary = created.json["temporary_password"].as_str().unwrap();
    let newcomer = app.signed_in(&app.sign_in("new@example.com", temporary).await.assert_status(201));
    let replaced = newcomer.post("/v1/me/password", change(temporary)).await;
    app.stranger().post("/v1/password-resets", json!({ "email": EMAIL })).await.assert_status(202);
    let reset = json!({ "token": app.invite_token_of(EMAIL).await, "new_password": password });
    let reset = app.stranger().post("/v1/password-resets/complete", reset).await;
    vec![first, accepted, changed, replaced, reset]
}

#[tokio::test]
async fn every_door_asks_for_the_same_of_a_password() {
    // Eleven code points are as many as sixteen bytes and more, and the policy counts code points.
    for bad in ["ü🦀q7ж山vkx4m", "passwordpassword", "qwertyuiop123", "roster-2026-roster", "123456789012345"] {
        for answer in at_every_door(bad).await {
            let refused = answer.refused();
            assert!(matches!(refused[..], ["/password" | "/new_password"]), "{bad}: {answer}");
            answer.assert_problem(400, "invalid-fields");
        }
    }

    for good in ["ü🦀q7ж山vkx4mz", &format!("{NEW_PASSWORD}{}", "🦀".repeat(100))] {
        for answer in at_every_door(good).await {
            assert!(matches!(answer.status, 201 | 204), "{good}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_password_has_no_end_and_no_reminder_of_it() {
    let app = TestApp::start().await;
    app.set_up().await;

    app.advance(Duration::from_hours(24 * 400)).await;

    let started = app.sign_in("admin@example.com", PASSWORD).await.assert_status(201);
    assert_eq!(started.json["password_change_required"], false);
    let document = app.stranger().get("/openapi.json").await;
    let document = String::from_utf8_lossy(&document.bytes).to_lowercase();
    for asked in ["hint\"", "question\"", "security_answer\""] {
        assert!(!document.contains(asked), "{asked}");
    }
}

#[tokio::test]
async fn hashes_are_salted_each_for_itself_and_made_anew_when_they_are_weak() {
    const WEAK: &str = "$argon2id$v=19$m=4096,t=1,p=1$c29tZXNhbHQ$yIW3jKhc46JgZ3FAcoGEowrd6vyP/WTSy/wUREAmlwc";
    const STRONG: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let hashes = app.hashes();
    let salts: BTreeSet<&str> = hashes.iter().map(|hash| hash.split('$').nth(4).unwrap()).collect();
    assert_eq!((hashes.len(), salts.len()), (2, 2), "the password is the same: {hashes:?}");
    assert!(hashes.iter().all(|hash| hash.starts_with(STRONG)), "{hashes:?}");
    assert!(salts.iter().all(|salt| salt.len() >= 22), "16 bytes: {salts:?}");

    let is_of_member = |item: &Value| item["user_id"] == member.id() && !item["phc"].is_null();
    let credential = app.dump().into_iter().find(is_of_member).unwrap();
    let key = |name: &str| AttributeValue::S(credential[name].as_str().unwrap().to_owned());
    let weaken = app.installation.dynamodb().update_item().table_name(TABLE).key("pk", key("pk")).key("sk", key("sk"));
    let weaken = weaken.update_expression("SET phc = :weak");
    weaken.expression_attribute_values(":weak", AttributeValue::S(WEAK.to_owned())).send().await.unwrap();
    app.sign_in(EMAIL, "password").await.assert_status(201);

    assert!(app.hashes().iter().all(|hash| hash.starts_with(STRONG)), "{:?}", app.hashes());
    app.sign_in(EMAIL, "password").await.assert_status(201);
}

#[tokio::test]
async fn tokens_are_256_random_bits() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let mut tokens = BTreeSet::new();
    for n in 0..20 {
        tokens.insert(app.linked(&admin, &format!("guest{n}@example.com")).await);
        let key = admin.post("/v1/api-keys", json!({ "name": "Payroll", "role": "member" })).await.assert_status(201);
        tokens.insert(key.json["key"].as_str().unwrap().to_owned());
    }
    tokens.insert(admin.token().to_owned());

    let secrets: BTreeSet<&str> = tokens.iter().map(|token| token.rsplit_once('.').unwrap().1).collect();

    assert_eq!(secrets.len(), 41);
    assert!(secrets.iter().all(|secret| secret.len() == 43), "256 bits in Base64: {secrets:?}");
    // Of so many, some differ in the first letter and some in the last; a counter or a clock would not.
    for end in [0, 41] {
        let letters: BTreeSet<u8> = secrets.iter().map(|secret| secret.as_bytes()[end]).collect();
        assert!(letters.len() > 12, "{letters:?}");
    }
    let drawn: BTreeSet<String> = (0..10_000).map(|_| app.installation.app().secret().hash().hex()).collect();
    assert_eq!(drawn.len(), 10_000);
}

#[tokio::test]
async fn a_sign_in_takes_no_token_that_was_there_and_ends_the_session_it_takes_the_place_of() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let elsewhere = app.signed_in(&app.sign_in("admin@example.com", PASSWORD).await);
    let browser = app.browser("admin@example.com").await;
    let body = json!({ "email": "admin@example.com", "password": PASSWORD });
    let again = |cookie: &str| {
        let call = app.stranger().post("/v1/sessions", body.clone());
        call.header("cookie", cookie).header("x-roster-request", "1")
    };

    let chosen = format!("roster={}", admin.token().replace(|c: char| c.is_ascii_lowercase(), "a"));
    let fixed = again(&chosen).await.assert_status(201);
    assert!(!fixed.header("set-cookie").unwrap().starts_with(&chosen), "{fixed}");
    app.stranger().get("/v1/me").header("cookie", &chosen).await.assert_problem(401, "unauthenticated");

    let wrong = json!({ "email": "admin@example.com", "password": WRONG });
    let refused = browser.post("/v1/sessions", wrong).header("x-roster-request", "1").await;
    refused.assert_problem(401, "invalid-credentials");
    browser.get("/v1/me").await.assert_status(200);
    let (signed_in, ended) = (app.count("session.started"), app.count("session.ended"));
    let renewed = browser.post("/v1/sessions", body.clone()).header("x-roster-request", "1").await.assert_status(201);

    browser.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.signed_in(&renewed).get("/v1/me").await.assert_status(200);
    elsewhere.get("/v1/me").await.assert_status(200);
    assert_eq!((app.count("session.started"), app.count("session.ended")), (signed_in + 1, ended + 1));
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_meets_a_suspension_leaves_no_session() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());

    for _ in 0..10 {
        let suspend = async { admin.post(&format!("{path}/suspend"), json!({})).await.assert_status(200) };
        let (started, _) = join(app.sign_in(EMAIL, PASSWORD), suspend).await;
        match started.status {
            201 => drop(app.signed_in(&started).get("/v1/me").await.assert_problem(401, "unauthenticated")),
            _ => assert!(matches!(started.slug(), Some("invalid-credentials" | "account-suspended")), "{started}"),
        }
        admin.post(&format!("{path}/reactivate"), Value::Null).await.assert_status(200);
    }
}

#[tokio::test]
async fn users_see_and_end_their_own_sessions_and_no_others() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let list = admin.get("/v1/me/sessions").await.assert_status(200);
    assert!(!String::from_utf8_lossy(&list.bytes).contains("secret"), "{list}");
    let of_admin = list.each("id")[0].to_owned();

    member.delete(&format!("/v1/me/sessions/{of_admin}")).await.assert_problem(404, "session-not-found");

    admin.get("/v1/me").await.assert_status(200);
    let phone = app.signed_in(&app.sign_in("admin@example.com", PASSWORD).await);
    phone.delete(&format!("/v1/me/sessions/{of_admin}")).await.assert_status(204);
    admin.get("/v1/me").await.assert_problem(401, "unauthenticated");
}

#[tokio::test]
async fn looking_changes_nothing_and_starts_no_session() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let invite = app.linked(&admin, "guest@example.com").await;
    app.member(&admin).await;
    app.stranger().post("/v1/password-resets", json!({ "email": EMAIL })).await.assert_status(202);
    let reset = app.invite_token_of(EMAIL).await;
    let before = app.dump();
    let pages = ["/accept-invite", "/reset-password"].map(|path| ("GET", path.to_owned()));

    let paths: BTreeSet<String> = routes().into_iter().chain(pages).map(|(_, path)| path).collect();
    for path in &paths {
        for (method, client) in [("GET", &app.stranger()), ("GET", &admin), ("HEAD", &admin), ("OPTIONS", &admin)] {
            let answer = client.call(method, path).header("accept", "text/html").await;
            assert_eq!(answer.header("set-cookie"), None, "{answer}");
        }
    }
    // As the scanners of mails do: they fetch a link many times, from many addresses, and look at what is behind it.
    for n in 2..22 {
        let scanner = app.stranger().at(&format!("127.0.0.{n}"));
        scanner.call("HEAD", "/accept-invite").header("accept", "text/html").await.assert_status(200);
        scanner.post("/v1/invites/inspect", json!({ "token": invite })).await.assert_status(200);
    }

    assert_eq!(app.dump(), before);
    app.accept(&invite).await.assert_status(201);
    let complete = json!({ "token": reset, "new_password": NEW_PASSWORD });
    app.stranger().post("/v1/password-resets/complete", complete).await.assert_status(204);
}

#[tokio::test]
async fn another_site_changes_nothing_with_the_cookie_of_a_visitor() {
    let app = TestApp::start().await;
    app.admin().await;
    let browser = app.browser("admin@example.com").await.with("origin", "https://evil.example");
    let before = app.dump();

    for (method, path) in routes() {
        for (kind, body) in [
            ("application/x-www-form-urlencoded", "name=Mallory&email=mallory%40example.com"),
            ("text/plain", "{\"name\":\"Mallory\",\"email\":\"mallory@example.com\"}"),
            ("multipart/form-data; boundary=x", "--x\r\n\r\n--x--"),
        ] {
            let answer = browser.call(method, &path).body(body).header("content-type", kind).await;
            if method != "GET" {
                assert!(matches!(answer.slug(), Some("forbidden" | "unsupported-media-type")), "{answer}");
            }
        }
    }

    assert_eq!(app.dump(), before);
}

#[tokio::test]
async fn every_answer_tells_browsers_what_they_may_do_with_it() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let pages = ["/", "/users", "/docs", "/accept-invite", "/assets/none.js", "/nothing.html"];
    let pages = pages.map(|path| ("GET", path.to_owned()));

    for (method, path) in routes().into_iter().chain(pages).filter(|(_, path)| path != "/v1/session") {
        for client in [app.stranger(), admin.clone()] {
            let call =
                client.call(method, &path).header("accept", "text/html").header("origin", "https://evil.example");
            let answer = call.await;
            let header = |name: &str| answer.header(name).unwrap_or_else(|| panic!("{name} of {answer}"));
            assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{answer}");
            assert!(header("content-security-policy").starts_with("default-src '"), "{answer}");
            assert!(header("strict-transport-security").starts_with("max-age=31536000"), "{answer}");
            assert_eq!((header("x-content-type-options"), header("referrer-policy")), ("nosniff", "no-referrer"));
            assert_eq!(header("cache-control"), "no-store", "{answer}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{answer}");
            assert!(!(300..400).contains(&answer.status) && answer.header("location").is_none(), "{answer}");
        }
    }
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let app = TestApp::start().await;
    app.set_up().await;
    let installation = &app.installation;
    let (recorder, clock) = (installation.recorder().clone(), installation.clock().clone());
    let host = "users.example.com".to_owned();
    let door = FrontDoor::new(operations::all(), installation.app(), axum::Router::new(), recorder, clock, host);
    let door = door.unwrap();
    let request = Request::post("/v1/sessions").header("content-type", "application/json");
    let body = json!({ "email": "admin@example.com", "password": PASSWORD }).to_string();
    let request = request.header("x-roster-request", "1").body(Body::from(body)).unwrap();

    let started = door.answer(request, installation.address()).await;

    let cookie = started.headers()["set-cookie"].to_str().unwrap().to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure");
    let token = pair.strip_prefix("__Host-roster=").unwrap();
    let me = async |cookie: String| {
        let request = Request::get("/v1/me").header("cookie", cookie).body(Body::empty()).unwrap();
        door.answer(request, installation.address()).await.status().as_u16()
    };
    assert_eq!(me(pair.to_owned()).await, 200);
    assert_eq!(me(format!("roster={token}")).await, 401, "a cookie that another host of the domain could set");
}

#[tokio::test]
async fn headers_that_claim_another_sender_change_nothing() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let forged = |n: usize| {
        let client = app.stranger().with("x-forwarded-for", &format!("203.0.113.{n}"));
        let client = client.with("forwarded", &format!("for=203.0.113.{n}")).with("x-real-ip", "203.0.113.9");
        client.with("x-roster-edge-client", "203.0.113.9").with("x-user-id", admin.id()).with("x-role", "admin")
    };

    for n in 0..5 {
        let body = json!({ "email": "admin@example.com", "password": WRONG });
        forged(n).post("/v1/sessions", body).await.assert_problem(401, "invalid-credentials");
    }

    let body = json!({ "email": "admin@example.com", "password": PASSWORD });
    forged(9).post("/v1/sessions", body).await.assert_problem(429, "too-many-attempts");
    forged(9).get("/v1/me").await.assert_problem(401, "unauthenticated");
    let refused = app.activity().into_iter().filter(|entry| entry["action"] == "session.refused");
    assert!(refused.into_iter().all(|entry| entry["ip"] == "127.0.0.1"));
}

#[tokio::test]
async fn every_way_in_is_written_down() {
    let told = fs::read_to_string(root().join("docs/security.md")).unwrap();

    for operation in PUBLIC {
        assert!(told.contains(&format!("`{operation}`")), "docs/security.md does not name {operation}");
    }
}

#[test]
fn the_console_lets_password_managers_fill_in() {
    let mut inputs = 0;
    let mut folders = vec![root().join("console/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "tsx") {
                let source = fs::read_to_string(&path).unwrap();
                assert!(!source.contains("onPaste"), "{} looks at what is pasted", path.display());
                for input in source.split("<PasswordInput").skip(1) {
                    let input = input.split("/>").next().unwrap();
                    assert!(input.contains("autoComplete="), "a password input of {}: {input}", path.display());
                    inputs += 1;
                }
            }
        }
    }
    assert!(inputs >= 5, "{inputs}");
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Logs as the functions do, and as much as `template.yaml` lets them, until the guard is dropped.
    fn begin() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::DEBUG);
        let subscriber = subscriber.with_target(false).without_time().with_writer(move || writer.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn no_secret_is_kept_streamed_published_or_logged() {
    let (log, _guard) = Log::begin();
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/invites", json!({ "email": "ada@example.com" })).await.assert_status(201);
    let invite = app.invite_token_of("ada@example.com").await;
    app.accept(&invite).await.assert_status(201);
    app.accept(&invite).await.assert_problem(404, "invite-unknown");
    let member = app.member(&admin).await;
    app.stranger().post("/v1/password-resets", json!({ "email": EMAIL })).await.assert_status(202);
    let reset = json!({ "token": app.invite_token_of(EMAIL).await, "new_password": NEW_PASSWORD });
    app.stranger().post("/v1/password-resets/complete", reset).await.assert_status(204);
    member.get("/v1/me").await.assert_problem(401, "unauthenticated");
    let member = app.signed_in(&app.sign_in(EMAIL, NEW_PASSWORD).await.assert_status(201));
    let change = json!({ "current_password": NEW_PASSWORD, "new_password": "copper lantern sixteen rivers" });
    member.post("/v1/me/password", change).await.assert_status(204);
    app.temporary(&admin, "new@example.com", "member").await;
    let shown = json!({ "delivery": "show" });
    admin.post(&format!("/v1/users/{}/password-reset", member.id()), shown).await.assert_status(200);
    app.program(&admin, "admin").await.get("/v1/users").await.assert_status(200);
    let body = json!({ "users": [{ "email": "many@example.com" }] });
    admin.post("/v1/users/batch", body).header("idempotency-key", "once").await.assert_status(200);
    app.browser("admin@example.com").await.get("/v1/me").await.assert_status(200);
    app.sign_in("admin@example.com", "a password with a typing mistake").await.assert_status(401);
    let forged = app.stranger().post("/v1/sessions", json!({ "email": "eve\r\nlevel: error", "password": WRONG }));
    forged.header("user-agent", "Eve\u{9}\"}{\"level\":\"ERROR").await.assert_refuses(&["/email"]);
    // A failure is logged, and so is what was refused by SES.
    app.installation.mailbox().fail([roster_local::mailbox::Fault::Rejected("No such mailbox.".to_owned())]);
    admin.post("/v1/invites", json!({ "email": "bad@example.com" })).await.assert_status(201);
    app.mailbox().await;

    app.assert_sound(&app.dump());
    let published = serde_json::to_string(&app.installation.bus().events()).unwrap();
    let (streamed, logged) = (app.stream(), log.text());
    assert!(app.secrets().len() > 15 && streamed.len() > 10_000, "there is something to find");
    assert!(logged.contains("a mail was given up") && published.contains("user.invited"), "{logged:.2000}");
    for secret in app.secrets() {
        for spelling in spellings(&secret) {
            for (place, text) in [("the stream", &streamed), ("the bus", &published), ("the log", &logged)] {
                let found = text.find(&spelling).map(|at| &text[text.floor_char_boundary(at.saturating_sub(500))..at]);
                assert_eq!(found, None, "{spelling} is in {place}");
            }
        }
    }
    for line in logged.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string(), "{line}");
    }
}

/// The processor time that this process took so far, as the scheduler of Linux counts it; elsewhere the time that
/// passed. Beside other processes the clock on the wall tells more about them than about us.
pub(crate) fn spent() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    // Of threads that have ended too.
    static SEEN: Mutex<BTreeMap<PathBuf, u64>> = Mutex::new(BTreeMap::new());
    let began = *BEGAN;
    let Ok(threads) = fs::read_dir("/proc/self/task") else {
        return began.elapsed();
    };
    // What the running thread took is counted when it gives way.
    std::thread::yield_now();
    let mut seen = SEEN.lock().unwrap();
    for thread in threads.filter_map(Result::ok) {
        let counted = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        if let Some(nanoseconds) = counted.split(' ').next().and_then(|counted| counted.parse().ok()) {
            seen.insert(thread.path(), nanoseconds);
        }
    }
    Duration::from_nanos(seen.values().sum())
}

/// How far the ranks of two samples are from those of one, in standard deviations (Mann and Whitney's test).
fn rank_distance(one: &[Duration], other: &[Duration]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are hundreds")]
    let float = |count: usize| count as f64;
    let wins = one.iter().map(|a| {
        let (below, same) = (other.iter().filter(|b| *b < a).count(), other.iter().filter(|b| *b == a).count());
        float(below) + float(same) / 2.0
    });
    let (n, m) = (float(one.len()), float(other.len()));
    (wins.sum::<f64>() - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

/// Asserts that these cost the same: 200 tries, by turns.
///
/// One comparison in a hundred is off by chance, three in a row are one in a million; what costs more is off every time.
/// That something is found costs its reading, which shows here, where nothing but the hash is compiled to be fast: medians
/// that are a tenth apart are taken for equal.
async fn assert_cost_the_same(mut one: impl AsyncFnMut(usize), mut other: impl AsyncFnMut(usize)) {
    const TRIES: usize = 100;
    /// Beyond it lies one of a hundred pairs of samples that differ by chance alone.
    const LIMIT: f64 = 2.576;
    let mut distances = Vec::new();
    for round in 0..3 {
        let (mut ones, mut others) = (Vec::new(), Vec::new());
        for n in (0..TRIES).map(|n| round * TRIES + n) {
            // Neither always comes first.
            for is_one in [n % 2 == 0, n % 2 == 1] {
                let before = spent();
                if is_one {
                    one(n).await;
                } else {
                    other(n).await;
                }
                let took = spent().saturating_sub(before);
                if is_one { ones.push(took) } else { others.push(took) }
            }
        }
        let distance = rank_distance(&ones, &others);
        ones.sort_unstable();
        others.sort_unstable();
        let (one, other) = (ones[TRIES / 2], others[TRIES / 2]);
        distances.push((distance, one, other));
        if distance.abs() < LIMIT || one.abs_diff(other) < one.max(other) / 10 {
            return;
        }
    }
    panic!("one can be told from the other, by ranks and medians: {distances:?}");
}

/// An installation that answers requests and does nothing else, so that nothing else takes time.
async fn at_rest() -> (TestApp, Client) {
    let requests: Vec<Operation> =
        operations::all().iter().filter(|one| one.runs.trigger().is_none()).copied().collect();
    let app = TestApp::start_with(Options { operations: requests.leak(), ..Options::ephemeral() }).await;
    let admin = app.admin().await;
    (app, admin)
}

/// A request from an address of this number, without a connection.
async fn request(app: &TestApp, from: usize, path: &str, body: Value) -> Response<Body> {
    let peer = SocketAddr::from(([10, 0, u8::try_from(from / 250).unwrap(), u8::try_from(from % 250).unwrap()], 4444));
    let request = Request::post(path).header("content-type", "application/json");
    app.installation.front_door().answer(request.body(Body::from(body.to_string())).unwrap(), peer).await
}

#[tokio::test]
async fn a_known_address_costs_a_sign_in_what_an_unknown_one_costs() {
    let (app, admin) = at_rest().await;
    for n in 0..4 {
        app.user(&admin, &format!("known{n}@example.com"), "member").await;
    }
    let sign_in = async |kind: &str, n: usize| {
        let body = json!({ "email": format!("{kind}{}@example.com", n / 90), "password": WRONG });
        assert_eq!(request(&app, n / 4, "/v1/sessions", body).await.status(), 401);
    };

    assert_cost_the_same(async |n| sign_in("known", n).await, async |n| sign_in("other", n).await).await;
}

#[tokio::test]
async fn a_known_address_costs_a_forgotten_password_what_an_unknown_one_costs() {
    let (app, admin) = at_rest().await;
    let invites = (0..100).map(|n| json!({ "email": format!("known{n}@example.com") })).collect::<Vec<_>>();
    admin.post("/v1/invites/batch", json!({ "invites": invites })).await.assert_status(200);
    // Three times each, and thirty from one address, which is what one gets in an hour.
    let forget = async |kind: &str, n: usize| {
        let body = json!({ "email": format!("{kind}{}@example.com", n / 3) });
        assert_eq!(request(&app, n / 15, "/v1/password-resets", body).await.status(), 202);
    };
    assert_cost_the_same(async |n| forget("known", n).await, async |n| forget("other", n).await).await;
}
