//! Temporary passwords: they open nothing but the way to a password of one's own, they expire, and strand nobody.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, NEW_PASSWORD, PASSWORD, TestApp};

const EMAIL: &str = "grace@example.com";
/// What a session with a temporary password may do.
const ALLOWED: [(&str, &str); 4] =
    [("GET", "/v1/me"), ("GET", "/v1/session"), ("POST", "/v1/me/password"), ("DELETE", "/v1/session")];

async fn created(admin: &Client) -> (String, String) {
    let created = admin.post("/v1/users", json!({ "email": EMAIL })).await.assert_status(201).json;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&created["user"]["id"]), text(&created["temporary_password"]))
}

#[tokio::test]
async fn it_opens_nothing_of_the_whole_api_but_the_way_to_another_one() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let grace = app.temporary(&admin, EMAIL, "admin").await;
    let document = app.stranger().get("/openapi.json").await.json;
    let mut refused = 0;

    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let Some(operation) = item.get(method.to_lowercase()) else { continue };
            if operation["security"].is_null() || ALLOWED.contains(&(method, path)) {
                continue;
            }
            let path = path.replace("{slug}", "wiki").replace("{app}", "wiki");
            let path = path.split('/').map(|part| if part.starts_with('{') { grace.id() } else { part });
            let answer = grace.call(method, &path.collect::<Vec<_>>().join("/")).json(json!({})).await;
            answer.assert_problem(403, "password-change-required");
            refused += 1;
        }
    }

    assert!(refused > 40, "{refused}");
    assert_eq!(grace.get("/v1/me").await.assert_status(200).json["password_temporary"], true);
    let session = grace.get("/v1/session").await.assert_status(200);
    assert_eq!(session.json["password_change_required"], true);
    let change = |new: &str| json!({ "current_password": "wrong, and long enough", "new_password": new });
    grace.post("/v1/me/password", change(NEW_PASSWORD)).await.assert_problem(403, "wrong-password");
    grace.delete("/v1/session").await.assert_status(204);
}

#[tokio::test]
async fn it_is_made_by_the_server_and_each_is_another() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let users: Vec<Value> = (0..20).map(|n| json!({ "email": format!("user{n}@example.com") })).collect();

    let made = admin.post("/v1/users/batch", json!({ "users": users })).await.assert_status(200);

    let results = made.json["results"].as_array().unwrap();
    let mut passwords: Vec<&str> = results.iter().map(|row| row["temporary_password"].as_str().unwrap()).collect();
    for password in &passwords {
        let groups: Vec<&str> = password.split('-').collect();
        assert!(groups.len() == 5 && groups.iter().all(|group| group.len() == 4), "{password}");
        assert!(password.chars().all(|c| c == '-' || "0123456789abcdefghjkmnpqrstvwxyz".contains(c)), "{password}");
    }
    passwords.sort_unstable();
    passwords.dedup();
    assert_eq!(passwords.len(), 20);
    app.settle().await;
    app.assert_sound(&app.dump());
    let chosen = json!({ "email": EMAIL, "temporary_password": PASSWORD });
    admin.post("/v1/users", chosen).await.assert_refuses(&["/temporary_password"]);
}

#[tokio::test]
async fn it_is_changed_once_and_then_opens_everything() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let (id, temporary) = created(&admin).await;
    let started = app.sign_in(EMAIL, &temporary).await.assert_status(201);
    assert_eq!(started.json["password_change_required"], true);
    let grace = app.signed_in(&started);

    let change = |new: &str| json!({ "current_password": temporary, "new_password": new });
    grace.post("/v1/me/password", change(&temporary)).await.assert_refuses(&["/new_password"]);
    grace.post("/v1/me/password", change(NEW_PASSWORD)).await.assert_status(204);

    grace.get("/v1/me/apps").await.assert_status(200);
    assert_eq!(admin.get(&format!("/v1/users/{id}")).await.json["password_temporary"], false);
    app.sign_in(EMAIL, &temporary).await.assert_problem(401, "invalid-credentials");
    let again = app.sign_in(EMAIL, NEW_PASSWORD).await.assert_status(201);
    assert_eq!(again.json["password_change_required"], false);
    app.advance(Duration::from_hours(2000)).await;
    app.sign_in(EMAIL, NEW_PASSWORD).await.assert_status(201);
}

#[tokio::test]
async fn it_expires_by_the_clock_and_only_its_holder_is_told() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let hours = json!({ "temporary_password_hours": 2 });
    admin.put("/v1/settings/security", hours).await.assert_status(200);
    let (_, temporary) = created(&admin).await;

    app.advance(Duration::from_mins(119)).await;
    app.sign_in(EMAIL, &temporary).await.assert_status(201);
    app.advance(Duration::from_mins(1)).await;

    app.sign_in(EMAIL, &temporary).await.assert_problem(403, "temporary-password-expired");
    app.sign_in(EMAIL, "wrong, and long enough").await.assert_problem(401, "invalid-credentials");
}

#[tokio::test]
async fn whoever_has_an_expired_one_helps_themselves() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (_, temporary) = created(&admin).await;
    app.advance(Duration::from_hours(200)).await;
    app.sign_in(EMAIL, &temporary).await.assert_problem(403, "temporary-password-expired");

    app.stranger().post("/v1/password-resets", json!({ "email": EMAIL })).await.assert_status(202);
    let token = app.invite_token_of(EMAIL).await;
    let complete = json!({ "token": token, "new_password": NEW_PASSWORD });
    app.stranger().post("/v1/password-resets/complete", complete).await.assert_status(204);

    let started = app.sign_in(EMAIL, NEW_PASSWORD).await.assert_status(201);
    assert_eq!(started.json["password_change_required"], false);
    app.signed_in(&started).get("/v1/me/apps").await.assert_status(200);
}

#[tokio::test]
async fn an_admin_gives_another_one_and_the_one_before_is_void() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let (id, first) = created(&admin).await;
    let grace = app.signed_in(&app.sign_in(EMAIL, &first).await.assert_status(201));
    app.advance(Duration::from_hours(100)).await;
    let admin = app.signed_in(&app.sign_in("admin@example.com", PASSWORD).await);

    let path = format!("/v1/users/{id}/password-reset");
    let shown = admin.post(&path, json!({ "delivery": "show" })).await.assert_status(200);
    let second = shown.json["temporary_password"].as_str().unwrap();

    grace.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.sign_in(EMAIL, &first).await.assert_problem(401, "invalid-credentials");
    app.advance(Duration::from_hours(100)).await;
    let started = app.sign_in(EMAIL, second).await.assert_status(201);
    assert_eq!(started.json["password_change_required"], true);
    assert_eq!(app.count("password.reset_by_admin"), 1);
    app.settle().await;
    app.assert_sound(&app.dump());
}
