//! Webhooks: receivers that are told what happens, signed, again and again until they have it.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use roster_domain::webhooks::Reach;
use roster_local::{
    Options,
    faults::{Fault, Faults, Rule},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    receiver::{Received, Receiver},
    support::{Answer, Client, TestApp, email_settings},
    template::root,
};

const DAY: Duration = Duration::from_hours(24);

/// An admin whose credential does not run out while time passes.
async fn program(app: &TestApp) -> Client {
    app.program(&app.set_up().await, "admin").await
}

/// A webhook for all events; answers what its making answered.
async fn made(admin: &Client, receiver: &Receiver) -> Value {
    made_for(admin, &receiver.url(), json!(["*"])).await
}

async fn made_for(admin: &Client, url: &str, event_types: Value) -> Value {
    let body = json!({ "url": url, "event_types": event_types });
    admin.post("/v1/webhooks", body).await.assert_status(201).json
}

fn path(made: &Value) -> String {
    format!("/v1/webhooks/{}", made["webhook"]["id"].as_str().unwrap())
}

/// Something that happens: somebody is invited by a link. The id of the event.
async fn invite(app: &TestApp, admin: &Client, email: &str) -> String {
    admin.post("/v1/invites", json!({ "email": email, "delivery": "link" })).await.assert_status(201);
    app.settle().await;
    let entry = app.activity().into_iter().rfind(|entry| entry["action"] == "user.invited").unwrap();
    entry["id"].as_str().unwrap().to_owned()
}

async fn deliveries(admin: &Client, made: &Value) -> Answer {
    admin.get(&format!("{}/deliveries", path(made))).await.assert_status(200)
}

/// What the delivery of an event came to: its state, how often it was tried, and the last status.
async fn delivery(admin: &Client, made: &Value, event: &str) -> (String, u64, u64) {
    let answer = deliveries(admin, made).await;
    let delivery = answer.items().iter().find(|delivery| delivery["id"] == event).unwrap();
    let status = delivery["last_attempt"]["status"].as_u64().unwrap_or_default();
    (delivery["state"].as_str().unwrap().to_owned(), delivery["attempts"].as_u64().unwrap(), status)
}

/// Whether the library of the specification takes the request for one that was signed with `secret`.
fn is_verified(secret: &Value, received: &Received, body: &str) -> bool {
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| (name, received.header(name)));
    let headers: Value = headers.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let request = json!({ "secret": secret, "headers": headers, "body": body });
    let mut python = Command::new("python3");
    python.arg(root().join("tests/verify_webhook.py")).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = python.spawn().expect("./test installs what this needs");
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!error.contains("ModuleNotFoundError"), "./test installs what this needs: {error}");
    output.status.success()
}

#[tokio::test]
async fn a_webhook_is_told_of_what_it_wants_and_its_secret_is_shown_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (all, some) = (Receiver::start().await, Receiver::start().await);
    let made_all = made(&admin, &all).await;
    let body = json!({ "url": some.url(), "event_types": ["user.deleted", "user.invited"], "description": "CRM" });
    let made_some = admin.post("/v1/webhooks", body).await.assert_status(201).json;
    app.settle().await;

    let event = invite(&app, &admin, "ada@example.com").await;

    assert_eq!(some.types(), ["user.invited"]);
    assert!(all.types().ends_with(&["user.invited".to_owned()]), "{:?}", all.types());
    let received = &some.received()[0];
    assert_eq!(received.path, "/hooks?key=of-the-receiver");
    assert_eq!((received.header("content-type"), received.header("webhook-id")), ("application/json", &*event));
    let published = app.installation.bus().events().into_iter().find(|known| known.detail["id"] == event).unwrap();
    let message = json!({ "type": "user.invited", "timestamp": published.detail["time"], "data": published.detail });
    assert_eq!(received.json(), message);

    let webhook = &made_some["webhook"];
    assert_eq!(webhook["event_types"], json!(["user.invited", "user.deleted"]));
    assert_eq!((&webhook["description"], &webhook["enabled"]), (&json!("CRM"), &json!(true)));
    let listed = admin.get("/v1/webhooks").await.assert_status(200);
    assert_eq!(listed.items(), [made_all["webhook"].clone(), webhook.clone()]);
    assert_eq!(admin.get(&path(&made_some)).await.json, *webhook);
    let told = [
        listed.json.to_string(),
        deliveries(&admin, &made_some).await.json.to_string(),
        json!(app.activity()).to_string(),
        serde_json::to_string(&app.installation.bus().events()).unwrap(),
        some.received()[0].body.clone(),
    ];
    for secret in [&made_some["secret"], &made_all["secret"]] {
        let secret = secret.as_str().unwrap();
        assert!(secret.starts_with("whsec_"), "a leaked one is recognised");
        assert!(told.iter().all(|told| !told.contains(&secret[6..])), "{told:?}");
    }
    for told in &told[2..] {
        assert!(!told.contains("of-the-receiver"), "the address may hold a secret of the receiver: {told}");
    }
}

#[tokio::test]
async fn requests_are_verified_by_an_independent_library() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let receiver = Receiver::start().await;
    let made = made_for(&admin, &receiver.url(), json!(["user.invited"])).await;
    let first = &made["secret"];
    invite(&app, &admin, "ada@example.com").await;
    let rotated = admin.call("POST", &format!("{}/rotate-secret", path(&made))).await.assert_status(200).json;
    let second = &rotated["secret"];
    invite(&app, &admin, "grace@example.com").await;

    let told = receiver.received();
    assert!(is_verified(first, &told[0], &told[0].body));
    assert!(!is_verified(second, &told[0], &told[0].body));
    assert!(!is_verified(first, &told[0], &told[0].body.replace("ada@", "eve@")));
    for secret in [first, second] {
        assert!(is_verified(secret, &told[1], &told[1].body), "both sign for a day");
    }
    assert!(rotated["webhook"]["previous_secret_until"].is_string());
    app.advance(DAY).await;
    invite(&app, &admin, "alan@example.com").await;
    let last = receiver.received().pop().unwrap();
    assert_eq!(last.header("webhook-signature").split(' ').count(), 1);
    assert_eq!(admin.get(&path(&made)).await.json["previous_secret_until"], Value::Null);
}

#[tokio::test]
async fn an_event_that_comes_twice_is_told_once() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let receiver = Receiver::start().await;
    made_for(&admin, &receiver.url(), json!(["user.invited"])).await;
    invite(&app, &admin, "ada@example.com").await;
    let event = app.installation.bus().events().into_iter().find(|event| event.detail_type == "user.invited").unwrap();

    for _ in 0..2 {
        let again = serde_json::to_value(&event).unwrap();
        app.installation.invoke("deliver_webhook", again).await.unwrap();
    }

    assert_eq!(receiver.types(), ["user.invited"]);
}

#[tokio::test]
async fn what_fails_is_sent_again_under_the_same_id_until_it_gets_through() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let receiver = Receiver::start().await;
    let made = made_for(&admin, &receiver.url(), json!(["user.invited"])).await;
    receiver.answer([500, 302]);

    let event = invite(&app, &admin, "ada@example.com").await;
    assert_eq!(delivery(&admin, &made, &event).await, ("queued".to_owned(), 1, 500));
    assert!(admin.get(&path(&made)).await.json["failing_since"].is_string());
    app.advance(Duration::from_secs(30)).await;
    assert_eq!(receiver.received().len(), 1, "it is too early");
    app.advance(Duration::from_secs(90)).await;
    assert_eq!(delivery(&admin, &made, &event).await, ("queued".to_owned(), 2, 302), "a redirect is not followed");
    // While it fails, others wait for the schedule, too.
    let other = invite(&app, &admin, "grace@example.com").await;
    assert_eq!(delivery(&admin, &made, &other).await, ("queued".to_owned(), 0, 0));
    app.advance(Duration::from_mins(7)).await;

    assert_eq!(delivery(&admin, &made, &other).await, ("delivered".to_owned(), 1, 204));
    assert_eq!(delivery(&admin, &made, &event).await, ("delivered".to_owned(), 3, 204));
    let ids: Vec<_> = receiver.received().iter().map(|received| received.header("webhook-id").to_owned()).collect();
    assert_eq!((ids.iter().filter(|id| **id == event).count(), ids.len()), (3, 4), "{ids:?}");
    assert!(receiver.received().iter().all(|received| received.path.starts_with("/hooks")));
    assert_eq!(admin.get(&path(&made)).await.json["failing_since"], Value::Null);
    let listed = deliveries(&admin, &made).await;
    assert_eq!(listed.each("id"), [&*other, &*event], "newest first");
    app.advance(DAY).await;
    assert_eq!(receiver.received().len(), ids.len(), "what got through is not sent again");
}

#[tokio::test]
async fn a_webhook_to_which_nothing_gets_through_for_days_is_disabled_and_all_admins_are_told() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let admin = app.program(&admin, "admin").await;
    app.user(&admin, "second@example.com", "admin").await;
    let suspended = app.user(&admin, "third@example.com", "admin").await;
    admin.post(&format!("/v1/users/{}/suspend", suspended.id()), json!({})).await.assert_status(200);
    app.member(&admin).await;
    let receiver = Receiver::start().await;
    let made = made_for(&admin, &receiver.url(), json!(["user.invited", "webhook.disabled"])).await;
    receiver.answer([500; 200]);
    app.stranger().delete("/_local/mail").await;

    let mut first = String::new();
    for day in 0..5 {
        let event = invite(&app, &admin, &format!("day{day}@example.com")).await;
        if day == 0 {
            first = event;
        }
        for _ in 0..8 {
            app.advance(Duration::from_hours(3)).await;
        }
    }

    assert_eq!(delivery(&admin, &made, &first).await, ("failed".to_owned(), 10, 500));
    let webhook = admin.get(&path(&made)).await.json;
    assert_eq!((&webhook["enabled"], &webhook["disabled"]["reason"]), (&json!(false), &json!("failing")));
    let mails = app.mailbox().await;
    let mut told: Vec<_> = mails.iter().map(|mail| mail.to[0].as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["admin@example.com", "second@example.com"]);
    assert!(mails[0].text.contains("127.0.0.1") && mails[0].text.contains("three days"), "{}", mails[0].text);
    assert!(!mails[0].text.contains("of-the-receiver"), "{}", mails[0].text);
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "webhook.disabled").unwrap();
    assert_eq!((&entry["actor"]["kind"], &entry["subject"]["id"]), (&json!("system"), &webhook["id"]));
    assert_eq!(app.count("webhook.disabled"), 1);

    let before = receiver.received().len();
    let missed = invite(&app, &admin, "late@example.com").await;
    app.advance(DAY).await;
    assert_eq!(receiver.received().len(), before, "it is told no more");
    let resend = format!("{}/deliveries/{first}/resend", path(&made));
    admin.call("POST", &resend).await.assert_problem(409, "webhook-disabled");
    receiver.answer([]);
    let enabled = admin.patch(&path(&made), json!({ "enabled": true })).await.assert_status(200).json;
    assert_eq!((&enabled["disabled"], &enabled["failing_since"]), (&Value::Null, &Value::Null));
    admin.call("POST", &resend).await.assert_status(202);
    app.settle().await;
    assert_eq!(delivery(&admin, &made, &first).await, ("delivered".to_owned(), 1, 204));
    let listed = deliveries(&admin, &made).await;
    assert!(!listed.each("id").contains(&&*missed), "what happens while it is disabled is not kept for it");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_told_no_more_and_without_mail_nobody_is_told_of_it() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let receiver = Receiver::start().await;
    let made = made_for(&admin, &receiver.url(), json!(["user.invited"])).await;
    receiver.answer([410]);

    let event = invite(&app, &admin, "ada@example.com").await;

    assert_eq!(delivery(&admin, &made, &event).await, ("failed".to_owned(), 1, 410));
    let webhook = admin.get(&path(&made)).await.json;
    assert_eq!((&webhook["enabled"], &webhook["disabled"]["reason"]), (&json!(false), &json!("gone")));
    assert_eq!(app.count("webhook.disabled"), 1);
    admin.put("/v1/settings/email", email_settings()).await.assert_status(200);
    app.advance(Duration::from_hours(1)).await;
    assert_eq!(app.mailbox().await.len(), 0);
}

#[tokio::test]
async fn a_receiver_that_is_slow_holds_up_no_other() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    let made_slow = made_for(&admin, &slow.url(), json!(["user.invited"])).await;
    made_for(&admin, &quick.url(), json!(["user.invited"])).await;
    slow.wait_for(&quick);

    let event = invite(&app, &admin, "ada@example.com").await;

    assert_eq!(quick.types(), ["user.invited"]);
    assert_eq!(delivery(&admin, &made_slow, &event).await, ("delivered".to_owned(), 1, 204));
}

#[tokio::test]
async fn a_test_shows_whether_a_webhook_works() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let receiver = Receiver::start().await;
    let made = made_for(&admin, &receiver.url(), json!(["user.deleted"])).await;
    let test = async || {
        let asked = admin.call("POST", &format!("{}/test", path(&made))).await.assert_status(202).json;
        app.settle().await;
        delivery(&admin, &made, asked["id"].as_str().unwrap()).await
    };

    assert_eq!(test().await, ("delivered".to_owned(), 1, 204));
    let message = receiver.received()[0].json();
    assert_eq!((&message["type"], &message["data"]["type"]), (&json!("webhook.test"), &json!("webhook.test")));
    assert_eq!(message["data"]["subject"]["id"], made["webhook"]["id"]);
    receiver.answer([500]);
    assert_eq!(test().await, ("failed".to_owned(), 1, 500), "a test is tried once");
    admin.patch(&path(&made), json!({ "enabled": false })).await.assert_status(200);
    assert_eq!(test().await, ("delivered".to_owned(), 1, 204), "also before it is enabled");
    assert_eq!(app.count("webhook.test_requested"), 3);
}

#[tokio::test]
async fn a_delivery_whose_process_ended_is_made_later() {
    let app = TestApp::start_with(Options { faults: Faults::on(), ..Options::ephemeral() }).await;
    let admin = program(&app).await;
    let receiver = Receiver::start().await;
    let made = made_for(&admin, &receiver.url(), json!(["user.invited"])).await;
    invite(&app, &admin, "ada@example.com").await;
    let event = app.installation.bus().events().into_iter().find(|event| event.detail_type == "user.invited").unwrap();
    let mut event = serde_json::to_value(&event).unwrap();
    event["detail"]["id"] = json!("01JPFCWWS0M5JQ7B6YN0R8T4KD");

    // It does not get to know that the delivery was written: as if it had ended there.
    let written = Rule { operation: "deliver_webhook", call: 1, fault: Fault::AnswerLost, times: 1 };
    app.installation.arm(vec![written]).unwrap();
    app.installation.invoke("deliver_webhook", event).await.unwrap();
    assert_eq!(app.installation.faults().injected(), 1);
    app.installation.heal();
    assert_eq!(receiver.types().len(), 1);
    app.advance(Duration::from_mins(3)).await;

    let delivery = delivery(&admin, &made, "01JPFCWWS0M5JQ7B6YN0R8T4KD").await;
    assert_eq!((receiver.types().len(), delivery), (2, ("delivered".to_owned(), 1, 204)));
}

#[tokio::test]
async fn only_the_public_internet_is_reached() {
    let options = Options { webhook_reach: Reach::Internet, ..Options::ephemeral() };
    let app = TestApp::start_with(options).await;
    let admin = program(&app).await;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();

    for url in [
        &format!("http://127.0.0.1:{port}/"),
        &format!("https://127.0.0.1:{port}/"),
        &format!("http://localhost:{port}/"),
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:7f00:1]/",
        "https://0x7f.1/",
        "http://hooks.example.com/",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com/#a",
        "javascript:alert(1)",
    ] {
        let body = json!({ "url": url, "event_types": ["*"] });
        admin.post("/v1/webhooks", body).await.assert_refuses(&["/url"]);
    }
    // What a name stands for is seen when it is asked.
    let made = made_for(&admin, &format!("https://localhost:{port}/"), json!(["user.invited"])).await;
    admin.patch(&path(&made), json!({ "url": "https://10.0.0.1/" })).await.assert_refuses(&["/url"]);
    let event = invite(&app, &admin, "ada@example.com").await;

    assert_eq!(delivery(&admin, &made, &event).await, ("queued".to_owned(), 1, 0));
    let listed = deliveries(&admin, &made).await;
    let error = listed.items()[0]["last_attempt"]["error"].as_str().unwrap();
    assert!(error.contains("not on the public internet"), "{error}");
    assert!(listener.accept().is_err(), "nobody was asked");
}

#[tokio::test]
async fn why_there_is_no_answer_is_told() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let receiver = Receiver::start().await;
    let closed = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let without_tls = receiver.url().replace("http:", "https:");
    let told = async |url: &str, email: &str| {
        let made = made_for(&admin, url, json!(["user.invited"])).await;
        invite(&app, &admin, email).await;
        let listed = deliveries(&admin, &made).await;
        admin.delete(&path(&made)).await.assert_status(204);
        listed.items()[0]["last_attempt"]["error"].as_str().unwrap().to_owned()
    };

    let refused = told(&format!("http://{closed}/"), "refused@example.com").await;
    assert!(refused.starts_with("The host cannot be reached"), "{refused}");
    let no_tls = told(&without_tls, "tls@example.com").await;
    assert!(no_tls.starts_with("TLS failed"), "{no_tls}");
}

#[tokio::test]
async fn a_webhook_is_changed_and_deleted() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    let made = made_for(&admin, &old.url(), json!(["user.deleted"])).await;
    let change = json!({ "url": new.url(), "event_types": ["user.invited"], "description": "CRM" });

    let changed = admin.patch(&path(&made), change.clone()).await.assert_status(200).json;
    assert_eq!((&changed["url"], &changed["description"]), (&change["url"], &change["description"]));
    admin.patch(&path(&made), change).await.assert_status(200);
    assert_eq!(app.count("webhook.updated"), 1, "what changes nothing leaves no entry");
    invite(&app, &admin, "ada@example.com").await;
    assert_eq!((old.types().len(), new.types()), (0, vec!["user.invited".to_owned()]));
    new.answer([500]);
    invite(&app, &admin, "grace@example.com").await;
    admin.delete(&path(&made)).await.assert_status(204);
    app.advance(DAY).await;

    assert_eq!(new.received().len(), 2, "what still waited is not sent");
    admin.delete(&path(&made)).await.assert_problem(404, "webhook-not-found");
    admin.get(&format!("{}/deliveries", path(&made))).await.assert_problem(404, "webhook-not-found");
    let cleared = made_for(&admin, &old.url(), json!(["*"])).await;
    let cleared = admin.patch(&path(&cleared), json!({ "description": null, "enabled": false })).await.json;
    assert_eq!((&cleared["description"], &cleared["disabled"]["reason"]), (&Value::Null, &json!("admin")));
}

#[tokio::test]
async fn what_is_no_webhook_is_refused_and_so_are_too_many() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let url = "http://127.0.0.1:9/";
    for (body, pointers) in [
        (json!({}), &["/url", "/event_types"][..]),
        (json!({ "url": "example.com", "event_types": [] }), &["/url", "/event_types"]),
        (json!({ "url": url, "event_types": ["user.invited", "user.invted"] }), &["/event_types/1"]),
        (json!({ "url": url, "event_types": ["*", "user.invited"] }), &["/event_types"]),
        (json!({ "url": url, "event_types": ["*"], "secret": "whsec_mine" }), &["/secret"]),
    ] {
        admin.post("/v1/webhooks", body).await.assert_refuses(pointers);
    }
    for _ in 0..20 {
        made_for(&admin, url, json!(["app.created"])).await;
    }
    let one_more = json!({ "url": url, "event_types": ["*"] });
    admin.post("/v1/webhooks", one_more).await.assert_problem(409, "too-many-webhooks");
}

#[tokio::test]
async fn a_repeated_request_makes_one_webhook_and_shows_no_secret_again() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let body = json!({ "url": "http://127.0.0.1:9/", "event_types": ["app.created"] });
    let make = || admin.post("/v1/webhooks", body.clone()).header("idempotency-key", "once");

    let first = make().await.assert_status(201).json;
    let again = make().await.assert_status(201).json;

    assert_eq!((&again["webhook"], &again["secret"]), (&first["webhook"], &Value::Null));
    assert_eq!(admin.get("/v1/webhooks").await.items().len(), 1);
}

#[tokio::test]
async fn deliveries_come_in_pages_and_go_after_a_month() {
    let app = TestApp::start().await;
    let admin = program(&app).await;
    let receiver = Receiver::start().await;
    let made = made_for(&admin, &receiver.url(), json!(["user.invited"])).await;
    for n in 0..3 {
        invite(&app, &admin, &format!("n{n}@example.com")).await;
    }

    let page = admin.get(&format!("{}/deliveries?limit=2", path(&made))).await.assert_status(200);
    let cursor = page.json["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("{}/deliveries?limit=2&cursor={cursor}", path(&made))).await.assert_status(200);
    assert_eq!((page.items().len(), rest.items().len(), &rest.json["next_cursor"]), (2, 1, &Value::Null));
    app.advance(DAY * 31).await;
    app.installation.sweep().await.unwrap();
    assert_eq!(deliveries(&admin, &made).await.items(), [Value::Null; 0]);
}
