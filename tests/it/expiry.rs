//! Invites run out by the clock, whenever that is noted.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp};

/// Invites somebody for an hour and gives their path and their token.
async fn invite(app: &TestApp, admin: &Client) -> (String, String) {
    let body = json!({ "email": "ada@example.com", "valid_hours": 1 });
    let invited = admin.post("/v1/invites", body).await.assert_status(201);
    let path = format!("/v1/users/{}", invited.json["user"]["id"].as_str().unwrap());
    (path, app.invite_token_of("ada@example.com").await)
}

/// Moves the clock; the schedules do not get to run.
fn pass(app: &TestApp, time: Duration) {
    app.installation.clock().advance(time).unwrap();
}

async fn expire(app: &TestApp) -> Value {
    app.installation.invoke("expire_invites", json!({})).await.unwrap()
}

async fn inspect(app: &TestApp, token: &str) -> Answer {
    app.stranger().post("/v1/invites/inspect", json!({ "token": token })).await
}

async fn request_renewal(app: &TestApp, token: &str) -> Answer {
    app.stranger().post("/v1/invites/request-renewal", json!({ "token": token })).await
}

#[tokio::test]
async fn an_invite_works_to_its_last_moment_and_not_beyond() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (_, token) = invite(&app, &admin).await;
    let expires_at: Timestamp = inspect(&app, &token).await.json["expires_at"].as_str().unwrap().parse().unwrap();
    let left = expires_at.duration_since(app.now());
    // Only whole seconds can be skipped; the rest of the last one passes by itself.
    pass(&app, Duration::from_secs(left.as_secs().try_into().unwrap()));

    let (mut before, mut after) = (0, 0);
    while after == 0 {
        let asked = app.now();
        let answer = inspect(&app, &token).await;
        let answered = app.now();
        if answered < expires_at {
            answer.assert_status(200);
            before += 1;
        } else if asked.duration_since(expires_at) >= SignedDuration::from_millis(1) {
            answer.assert_problem(410, "invite-expired");
            after += 1;
        }
    }

    assert!(before > 0, "the last second was seen");
    app.accept(&token).await.assert_problem(410, "invite-expired");
}

#[tokio::test]
async fn an_expired_invite_does_not_wait_to_be_noted() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, token) = invite(&app, &admin).await;
    let before = app.dump();

    pass(&app, Duration::from_mins(61));

    app.accept(&token).await.assert_problem(410, "invite-expired");
    inspect(&app, &token).await.assert_problem(410, "invite-expired");
    assert_eq!(app.dump(), before, "nobody noted it");
    let admin = app.signed_in(&app.sign_in("admin@example.com", crate::support::PASSWORD).await);
    assert_eq!(admin.get(&path).await.json["status"], "invite_expired");
    assert_eq!(admin.get("/v1/users?status=invite_expired").await.items().len(), 1);
    assert_eq!(admin.get("/v1/users?status=invited").await.items().len(), 0);
    assert_eq!(admin.get("/v1/invites?status=invite_expired").await.items().len(), 1);
}

#[tokio::test]
async fn an_expiry_is_noted_by_itself_and_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, _) = invite(&app, &admin).await;

    app.advance(Duration::from_mins(30)).await;
    assert_eq!(app.count("invite.expired"), 0, "not early");
    app.advance(Duration::from_mins(36)).await;
    assert_eq!(app.count("invite.expired"), 1);
    for _ in 0..3 {
        assert_eq!(expire(&app).await["expired"], 0);
        app.advance(Duration::from_hours(1)).await;
    }

    assert_eq!(app.count("invite.expired"), 1);
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "invite.expired").unwrap();
    assert_eq!(entry["actor"]["kind"], "system");
    assert_eq!(entry["changes"]["status"], json!(["invited", "invite_expired"]));
    assert_eq!(admin.get(&path).await.json["version"], 1, "nobody changed anything");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_late_run_leaves_a_renewed_invite_alone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, old) = invite(&app, &admin).await;
    pass(&app, Duration::from_hours(2));

    let renewed = admin.post(&format!("{path}/invite"), json!({})).await.assert_status(202).json;
    assert_eq!(expire(&app).await["expired"], 0);

    assert_eq!(renewed["user"]["status"], "invited");
    assert_eq!(app.count("invite.expired"), 0);
    inspect(&app, &old).await.assert_problem(410, "invite-replaced");
    let token = app.invite_token_of("ada@example.com").await;
    assert_ne!(token, old);
    app.accept(&token).await.assert_status(201);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_late_run_leaves_who_accepted_or_went_alone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, token) = invite(&app, &admin).await;
    app.accept(&token).await.assert_status(201);
    let body = json!({ "email": "eve@example.com", "valid_hours": 1 });
    let revoked = admin.post("/v1/invites", body).await.assert_status(201);
    let revoked = format!("/v1/users/{}/invite", revoked.json["user"]["id"].as_str().unwrap());
    admin.delete(&revoked).await.assert_status(204);

    app.advance(Duration::from_hours(2)).await;

    assert_eq!(expire(&app).await["expired"], 0);
    assert_eq!(app.count("invite.expired"), 0);
    assert_eq!(admin.get(&path).await.json["status"], "active");
}

#[tokio::test]
async fn an_invitee_asks_for_a_new_link_and_gets_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, token) = invite(&app, &admin).await;
    request_renewal(&app, &token).await.assert_status(202);
    assert_eq!(app.count("invite.renewal_requested"), 0, "the link still works: there is nothing to ask for");
    app.advance(Duration::from_hours(2)).await;

    for _ in 0..3 {
        request_renewal(&app, &token).await.assert_status(202);
    }

    assert_eq!(app.count("invite.renewal_requested"), 1);
    assert_eq!(app.mailbox().await.len(), 1, "it is for an admin to decide");
    let shown = admin.get(&path).await.json;
    assert!(!shown["invite"]["renewal_requested_at"].is_null());
    assert_eq!(shown["status"], "invite_expired");
    app.accept(&token).await.assert_problem(410, "invite-expired");

    admin.post(&format!("{path}/invite"), json!({})).await.assert_status(202);

    assert!(admin.get(&path).await.json["invite"]["renewal_requested_at"].is_null());
    app.accept(&app.invite_token_of("ada@example.com").await).await.assert_status(201);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn many_invites_that_run_out_at_once_are_all_noted() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for n in 0..102 {
        let body = json!({ "email": format!("guest{n}@example.com"), "delivery": "link", "valid_hours": 1 });
        admin.post("/v1/invites", body).await.assert_status(201);
    }

    app.advance(Duration::from_hours(2)).await;

    assert_eq!(app.count("invite.expired"), 102);
    app.assert_sound(&app.dump());
}
