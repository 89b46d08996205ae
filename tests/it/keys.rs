//! API keys: credentials of programs, with a role of their own.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

async fn made(admin: &Client, body: Value) -> Value {
    admin.post("/v1/api-keys", body).await.assert_status(201).json
}

fn holder(app: &TestApp, made: &Value) -> Client {
    app.stranger().with("authorization", &format!("Bearer {}", made["key"].as_str().unwrap()))
}

#[tokio::test]
async fn a_key_is_shown_once_and_acts_under_its_own_name() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;

    let made = made(&admin, json!({ "name": "Payroll", "role": "admin" })).await;

    let key = &made["api_key"];
    assert_eq!((&key["name"], &key["role"], &key["expires_at"]), (&json!("Payroll"), &json!("admin"), &Value::Null));
    assert!(made["key"].as_str().unwrap().starts_with("key_"), "a leaked one is recognised");
    let listed = admin.get("/v1/api-keys").await.assert_status(200);
    assert_eq!(listed.items(), std::slice::from_ref(key), "never with its secret");
    let program = holder(&app, &made);
    program.post("/v1/users", json!({ "email": "ada@example.com" })).await.assert_status(201);
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "user.created").unwrap();
    assert_eq!(entry["actor"], json!({ "kind": "api_key", "id": key["id"], "label": "Payroll" }));
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn it_ends_by_the_clock_and_when_it_is_deleted() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let end = app.now() + Duration::from_hours(1);
    let expiring = made(&admin, json!({ "name": "Short", "role": "builder", "expires_at": end.to_string() })).await;
    let lasting = made(&admin, json!({ "name": "Long", "role": "builder" })).await;
    holder(&app, &expiring).get("/v1/users").await.assert_status(200);

    app.advance(Duration::from_hours(1)).await;
    holder(&app, &expiring).get("/v1/users").await.assert_problem(401, "unauthenticated");
    holder(&app, &lasting).get("/v1/users").await.assert_status(200);
    let path = format!("/v1/api-keys/{}", lasting["api_key"]["id"].as_str().unwrap());
    admin.delete(&path).await.assert_status(204);

    holder(&app, &lasting).get("/v1/users").await.assert_problem(401, "unauthenticated");
    admin.delete(&path).await.assert_problem(404, "api-key-not-found");
    assert_eq!((app.count("api_key.created"), app.count("api_key.deleted")), (2, 1));
}

#[tokio::test]
async fn it_outlives_its_maker() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let other = app.user(&admin, "other@example.com", "admin").await;
    let made = made(&other, json!({ "name": "Backup", "role": "admin" })).await;
    admin.delete(&format!("/v1/users/{}", other.id())).await.assert_status(204);
    app.settle().await;

    holder(&app, &made).get("/v1/activity").await.assert_status(200);
}

#[tokio::test]
async fn it_is_no_person() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let program = app.program(&admin, "admin").await;
    for path in ["/v1/me", "/v1/session", "/v1/me/apps", "/v1/me/access/wiki", "/v1/me/sessions"] {
        program.get(path).await.assert_problem(403, "forbidden");
    }
    program.delete("/v1/session").await.assert_problem(403, "forbidden");
    program.post("/v1/me/password", json!({})).await.assert_problem(403, "forbidden");
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let made = made(&admin, json!({ "name": "Payroll", "role": "admin" })).await;
    let key = made["key"].as_str().unwrap();
    let past = app.now() - Duration::from_secs(1);
    for (body, pointers) in [
        (json!({}), &["/name", "/role"][..]),
        (json!({ "name": "x\ny", "role": "owner" }), &["/name", "/role"]),
        (json!({ "name": "x", "role": "admin", "expires_at": past.to_string() }), &["/expires_at"]),
        (json!({ "name": "x", "role": "admin", "expires_at": "tomorrow", "secret": "s" }), &["/expires_at", "/secret"]),
    ] {
        admin.post("/v1/api-keys", body).await.assert_refuses(pointers);
    }
    let wrong = format!("{}{}", &key[..key.len() - 1], if key.ends_with('A') { 'B' } else { 'A' });
    for other in [&key[..key.len() - 2], &key.to_lowercase(), &wrong, "key_"] {
        let client = app.stranger().with("authorization", &format!("Bearer {other}"));
        client.get("/v1/users").await.assert_problem(401, "unauthenticated");
    }
}
