//! What operators do at the command line, on the data of a local installation.

#![expect(clippy::unwrap_used, reason = "what helps a test fails it")]

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use roster_local::{Installation, Options, data, engine::TABLE, mailbox::Fault};
use roster_store::{ActivityFilter, PageRequest};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery staple";

/// Data of a local installation, gone with the test.
struct Data(PathBuf);

impl Drop for Data {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

impl Data {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("roster-admin-{name}-{}", std::process::id())))
    }

    async fn start(&self) -> Running {
        let options = Options { port: 0, ..Options::persistent(self.0.clone()) };
        Running { installation: Installation::start(options).await.unwrap(), token: String::new() }
    }

    /// What the command says, and how it ends.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let (command, rest) = arguments.split_first().unwrap();
        let command = Command::new(env!("CARGO_BIN_EXE_roster-admin"))
            .args([command, "--data", self.0.to_str().unwrap()])
            .args(rest)
            .env_clear()
            .output();
        let output = command.unwrap();
        let told = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        (output.status.code(), told)
    }

    #[track_caller]
    fn does(&self, arguments: &[&str]) -> String {
        let (code, told) = self.run(arguments);
        assert_eq!(code, Some(0), "{told}");
        told
    }
}

/// An installation that runs on the data, and who asks it.
struct Running {
    installation: Installation,
    token: String,
}

impl Running {
    async fn ask(&self, target: &str, status: u16, body: Value) -> Value {
        let (method, path) = target.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = self.installation.front_door().answer(request.body(body).unwrap(), self.installation.address());
        let (parts, body) = answer.await.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        assert_eq!(parts.status, status, "{target}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// The first admin is set up, and mail.
    async fn set_up(&mut self) {
        let admin = json!({
            "setup_secret": self.installation.setup_secret(),
            "email": "admin@example.com",
            "name": "Grace Hopper",
            "password": PASSWORD,
        });
        let started = self.ask("POST /v1/setup", 201, admin).await;
        self.token = text(&started["token"]).into();
        let settings = json!({ "from_address": "roster@example.com", "platform_url": "https://users.example.com" });
        self.ask("PUT /v1/settings/email", 200, settings).await;
    }

    /// As from another device: what is signed in stays so.
    async fn sign_in(&mut self, email: &str, password: &str) -> Value {
        self.token.clear();
        let started = self.ask("POST /v1/sessions", 201, json!({ "email": email, "password": password })).await;
        self.token = text(&started["token"]).into();
        started
    }

    async fn stop(self) {
        self.installation.settle().await;
        self.installation.stop().await;
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// What follows `name: ` on a line.
fn value<'t>(told: &'t str, name: &str) -> &'t str {
    let found = told.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {name} in {told}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_write_the_table_can_always_become_admin() {
    let data = Data::new("break-glass");
    let mut running = data.start().await;
    let (code, told) = data.run(&["create-admin", "--email", "ada@example.com"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("in use"), "{told}");
    running.installation.stop().await;
    let (code, told) = data.run(&["create-admin", "--email", "ada@example.com"]);
    assert_eq!(code, Some(2), "the first admin needs the setup secret: {told}");
    running = data.start().await;
    running.set_up().await;
    let member = json!({ "email": "Member@example.com", "name": "Alan Turing" });
    running.ask("POST /v1/users", 201, member).await;
    running.stop().await;

    let somebody_new = data.does(&["create-admin", "--email", "ada@example.com", "--name", "Ada Lovelace"]);
    let promoted = data.does(&["create-admin", "--email", "member@example.com", "--name", "Alan M. Turing"]);
    let locked_out = data.does(&["create-admin", "--email", "admin@example.com"]);

    let mut running = data.start().await;
    for (email, told) in
        [("ada@example.com", &somebody_new), ("member@example.com", &promoted), ("admin@example.com", &locked_out)]
    {
        let started = running.sign_in(email, value(told, "temporary password")).await;
        assert_eq!((&started["user"]["role"], &started["password_change_required"]), (&json!("admin"), &json!(true)));
        running.ask("GET /v1/users", 403, Value::Null).await;
        let new = json!({ "current_password": value(told, "temporary password"), "new_password": "marble thunder pickle umbrella" });
        running.ask("POST /v1/me/password", 204, new).await;
    }
    running.installation.settle().await;
    assert_eq!(running.ask("GET /v1/users/summary", 200, Value::Null).await["by_role"]["admin"], 3);
    let found = running.ask("GET /v1/users?q=alan", 200, Value::Null).await;
    assert_eq!(found["items"][0]["name"], "Alan M. Turing", "{found}");
    let told = running.ask("GET /v1/activity?limit=100", 200, Value::Null).await;
    let by_system = told["items"].as_array().unwrap().iter().filter(|entry| entry["actor"]["kind"] == "system");
    let mut actions: Vec<_> = by_system.map(|entry| text(&entry["action"])).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["password.reset_by_admin", "role.changed", "user.created"]);
    running.stop().await;
    data.does(&["verify-activity"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_exported_and_erased() {
    let data = Data::new("person");
    let mut running = data.start().await;
    running.set_up().await;
    let admin = running.token.clone();
    let ada = running.ask("POST /v1/users", 201, json!({ "email": "ada@example.com", "name": "Ada Lovelace" })).await;
    running.sign_in("ada@example.com", text(&ada["temporary_password"])).await;
    running.token.clear();
    running.ask("POST /v1/password-resets", 202, json!({ "email": "ada@example.com" })).await;
    running
        .ask("POST /v1/sessions", 401, json!({ "email": "ada@example.com", "password": "a guess that is wrong" }))
        .await;
    running.stop().await;

    let all = data.does(&["export"]);
    assert_eq!(all.lines().count(), 2, "{all}");
    let person: Value = serde_json::from_str(&data.does(&["export", "--person", "Ada@example.com"])).unwrap();
    assert_eq!((&person["user"]["name"], person["sessions"].as_array().unwrap().len()), (&json!("Ada Lovelace"), 1));
    let actions: Vec<_> = person["activity"].as_array().unwrap().iter().map(|entry| text(&entry["action"])).collect();
    assert_eq!(actions[..2], ["user.created", "session.started"]);
    assert!(!person.to_string().contains("argon2"), "{person}");

    let told = data.does(&["erase", "--email", "ada@example.com"]);

    assert!(told.contains("entries of the activity"), "{told}");
    let (code, told) = data.run(&["export", "--person", "ada@example.com"]);
    assert_eq!((code, told.trim()), (Some(2), "Nobody has the address ada@example.com."));
    let mut running = data.start().await;
    running.installation.settle().await;
    running.token = admin;
    assert_eq!(running.ask("GET /v1/users/summary", 200, Value::Null).await["total"], 1);
    let newest = running.ask("GET /v1/activity?limit=1", 200, Value::Null).await;
    assert!(!newest.to_string().contains("ada"), "the deletion does not name them: {newest}");
    let table = running.installation.database();
    let items =
        serde_json::to_string(&table.scan(serde_json::from_value(json!({ "TableName": "roster" })).unwrap()).unwrap());
    let items: Value = serde_json::from_str(&items.unwrap()).unwrap();
    let left = items["Items"].as_array().unwrap().iter().filter(|item| {
        !text(&item["pk"]["S"]).starts_with("ACTIVITY#") && item.to_string().to_lowercase().contains("ada@example.com")
    });
    let left: Vec<_> = left.map(|item| &item["pk"]).collect();
    assert!(left.is_empty(), "{left:?}");
    running.stop().await;
    data.does(&["verify-activity"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_somebody_who_is_deleted_already_is_erased_by_their_id() {
    let data = Data::new("leftover");
    let mut running = data.start().await;
    running.set_up().await;
    let ada = running.ask("POST /v1/users", 201, json!({ "email": "ada@example.com", "name": "Ada Lovelace" })).await;
    let id = text(&ada["user"]["id"]).to_owned();
    running.sign_in("ada@example.com", text(&ada["temporary_password"])).await;
    running.installation.settle().await;
    running.stop().await;
    let partition = AttributeValue::S(format!("USER#{id}"));
    {
        // As if what follows a deletion had failed for good: the user is gone, and their sessions are not.
        let (client, _) = data::open(&data.0).unwrap();
        let delete = client.delete_item().table_name(TABLE).key("pk", partition.clone());
        delete.key("sk", AttributeValue::S("USER".to_owned())).send().await.unwrap();
    }
    let left = async |data: &Data| {
        let (client, _) = data::open(&data.0).unwrap();
        let query = client.query().table_name(TABLE).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", partition.clone());
        query.send().await.unwrap().count
    };
    assert!(left(&data).await > 0);

    data.does(&["erase", "--id", &id]);

    assert_eq!(left(&data).await, 0);
    let (code, told) = data.run(&["erase", "--id", &id]);
    assert_eq!((code, told.lines().next()), (Some(1), Some(format!("Nothing was found of {id}.").as_str())), "{told}");
    let (code, told) = data.run(&["erase", "--id", &id, "--email", "ada@example.com"]);
    assert_eq!(code, Some(2), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_activity_is_printed_newest_first_and_as_far_as_it_is_wanted() {
    let data = Data::new("activity");
    let mut running = data.start().await;
    running.set_up().await;
    let ada = json!({ "email": "ada@example.com", "name": "Ada Lovelace" });
    let ada = running.ask("POST /v1/users", 201, ada).await;
    let id = text(&ada["user"]["id"]);
    running.ask("POST /v1/apps", 201, json!({ "slug": "wiki", "name": "Wiki" })).await;
    running.ask(&format!("PUT /v1/users/{id}/app-roles/wiki"), 200, json!({ "role": "basic" })).await;
    running.stop().await;
    let entries = |arguments: &[&str]| -> Vec<Value> {
        let told = data.does(&[&["activity"], arguments].concat());
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let actions =
        |arguments: &[&str]| entries(arguments).iter().map(|it| text(&it["action"]).to_owned()).collect::<Vec<_>>();

    let all = ["app_role.set", "app.created", "user.created", "email_settings.changed", "installation.set_up"];
    assert_eq!(actions(&[]), all);
    assert_eq!(actions(&["--action", "app."]), ["app.created"]);
    assert_eq!(actions(&["--action", "user.", "--action", "app_role.set"]), ["app_role.set", "user.created"]);
    let created_at = entries(&["--action", "user.created"])[0]["at"].clone();
    assert_eq!(actions(&["--from", text(&created_at)]), all[..3]);
    let (code, told) = data.run(&["activity", "--action", "password.*"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("password.reset_by_admin"), "it says what there is: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_reading_is_told_nothing() {
    let data = Data::new("pipe");
    let mut running = data.start().await;
    running.set_up().await;
    running.stop().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_roster-admin"))
        .args(["activity", "--data", data.0.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(command.stdout.take());

    let output = command.wait_with_output().unwrap();

    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(141), String::new()));
}

#[test]
fn what_is_no_database_is_left_alone() {
    let data = Data::new("no-database");
    let database = data.0.join("roster.db");
    let refused = || {
        let (code, told) = data.run(&["status"]);
        assert_eq!(code, Some(2), "{told}");
        told
    };
    assert!(refused().contains("There is no data of an installation"));
    std::fs::create_dir_all(&database).unwrap();
    assert!(refused().contains("cannot be read"), "a directory in its place");
    std::fs::remove_dir(&database).unwrap();
    for content in [&b""[..], b"neither is this text a database"] {
        std::fs::write(&database, content).unwrap();

        assert!(refused().contains("is no database of an installation"));

        assert_eq!(std::fs::read(&database).unwrap(), content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_nothing_that_was_used_works_again() {
    let data = Data::new("restore");
    let mut running = data.start().await;
    running.set_up().await;
    let invited = json!({ "email": "ada@example.com", "delivery": "link" });
    let link = running.ask("POST /v1/invites", 201, invited).await["invite_link"].clone();
    let token = text(&link).split_once("#token=").unwrap().1.to_owned();
    let key = running.ask("POST /v1/api-keys", 201, json!({ "name": "Payroll", "role": "builder" })).await;
    let webhook = json!({ "url": "http://127.0.0.1:9/hooks/secret", "event_types": ["user.suspended"] });
    running.ask("POST /v1/webhooks", 201, webhook).await;
    let alan = running.ask("POST /v1/users", 201, json!({ "email": "alan@example.com", "name": "Alan Turing" })).await;
    running.stop().await;

    let kept = data.does(&["void-links-and-sessions", "--keep-api-keys"]);
    let told = data.does(&["void-links-and-sessions"]);

    for (what, first) in [
        ("sessions ended", "1"),
        ("resets voided", "0"),
        ("temporary passwords ended, to be reset", "1"),
        ("invites ended, to be renewed", "1"),
        ("mails with links not sent", "0"),
    ] {
        assert_eq!((value(&kept, what), value(&told, what)), (first, "0"), "{what}");
    }
    assert!(kept.contains("3 users"), "it tells how far it is: {kept}");
    let payroll = format!("{} Payroll", text(&key["api_key"]["id"]));
    assert_eq!(value(&kept, "API key kept, to be deleted if it was before"), payroll);
    assert_eq!(value(&told, "API key deleted"), payroll);
    assert!(value(&kept, "webhook disabled").ends_with(" http://127.0.0.1:9"), "{kept}");
    assert!(!told.contains("webhook"), "it is disabled already: {told}");
    let mut running = data.start().await;
    running.token = text(&key["key"]).to_owned();
    running.ask("GET /v1/users", 401, Value::Null).await;
    running.ask("POST /v1/invites/inspect", 404, json!({ "token": token })).await;
    let temporary = json!({ "email": "alan@example.com", "password": alan["temporary_password"] });
    let refused = running.ask("POST /v1/sessions", 403, temporary).await;
    assert_eq!(refused["type"], "/problems/temporary-password-expired");
    running.sign_in("admin@example.com", PASSWORD).await;
    let id = text(&alan["user"]["id"]);
    running.ask(&format!("POST /v1/users/{id}/password-reset"), 200, json!({ "delivery": "show" })).await;
    let users = running.ask("GET /v1/invites", 200, Value::Null).await;
    assert_eq!(users["items"][0]["status"], "invite_expired");
    let id = text(&users["items"][0]["id"]);
    let renewed = running.ask(&format!("POST /v1/users/{id}/invite"), 202, json!({ "delivery": "link" })).await;
    let token = text(&renewed["invite_link"]).split_once("#token=").unwrap().1;
    running.ask("POST /v1/invites/inspect", 200, json!({ "token": token })).await;
    let webhooks = running.ask("GET /v1/webhooks", 200, Value::Null).await;
    assert_eq!(webhooks["items"][0]["enabled"], false, "{webhooks}");
    for (action, times) in
        [("links_and_sessions.voided", 2), ("invite.expired", 1), ("api_key.deleted", 1), ("webhook.updated", 1)]
    {
        let told = running.ask(&format!("GET /v1/activity?action={action}"), 200, Value::Null).await;
        assert_eq!(told["items"].as_array().unwrap().len(), times, "{action}");
    }
    running.stop().await;
    data.does(&["verify-activity"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_no_mail_brings_a_new_link() {
    let data = Data::new("restored-mails");
    let mut running = data.start().await;
    running.set_up().await;
    running.ask("POST /v1/invites", 201, json!({ "email": "revoked@example.com" })).await;
    running.installation.settle().await;
    running.installation.mailbox().fail(std::iter::repeat_n(Fault::ServerError, 30));
    running.ask("POST /v1/invites", 201, json!({ "email": "waits@example.com" })).await;
    running.ask("POST /v1/password-resets", 202, json!({ "email": "admin@example.com" })).await;
    running.stop().await;

    let told = data.does(&["void-links-and-sessions"]);

    assert_eq!((value(&told, "invites ended, to be renewed"), value(&told, "mails with links not sent")), ("2", "2"));
    let told = data.does(&["void-links-and-sessions"]);
    assert_eq!((value(&told, "invites ended, to be renewed"), value(&told, "mails with links not sent")), ("0", "0"));
    let running = data.start().await;
    let before = running.installation.mailbox().mails().len();
    // Past the reminder and the end of both invites, and all tries of all mails.
    for _ in 0..10 {
        running.installation.advance(Duration::from_hours(24)).await.unwrap();
        running.installation.invoke("expire_invites", json!({})).await.unwrap();
        running.installation.invoke("retry_mail", json!({})).await.unwrap();
        running.installation.settle().await;
    }
    assert_eq!(running.installation.mailbox().mails().len(), before);
    let app = running.installation.app();
    let page = PageRequest { limit: 100, cursor: None };
    let entries = app.store.activity(&ActivityFilter::default(), &page, app.now()).await.unwrap().items;
    let times = |action: &str| entries.iter().filter(|entry| entry.action == action).count();
    assert_eq!((times("invite.expired"), times("invite.reminded"), times("mail.failed")), (2, 0, 0), "{entries:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_is_filled_and_tells_how_it_is() {
    let data = Data::new("seed");
    let mut running = data.start().await;
    running.installation.stop().await;
    assert_eq!(data.does(&["status"]).trim(), "not set up");
    running = data.start().await;
    running.set_up().await;
    running.stop().await;

    data.does(&["seed", "40"]);
    let (code, told) = data.run(&["seed", "1", "--from", "39"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("--from"), "{told}");
    data.does(&["seed", "10", "--from", "40"]);

    let mut running = data.start().await;
    running.sign_in("admin@example.com", PASSWORD).await;
    let wiki = running.ask("GET /v1/apps/wiki/users?limit=100", 200, Value::Null).await;
    assert_eq!(wiki["items"].as_array().unwrap().len(), 25);
    running.stop().await;
    let told = data.does(&["status"]);
    let users = "51, as of the last change that was followed up";
    assert_eq!((value(&told, "users"), value(&told, "invited"), value(&told, "admin")), (users, "5", "1"), "{told}");
    assert_eq!((value(&told, "mails given up in 7 days"), value(&told, "events given up")), ("0", "0"), "{told}");
    assert!(value(&told, "last seal of the activity").contains(", 20"), "{told}");
}
