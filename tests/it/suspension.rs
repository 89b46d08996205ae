//! Suspension: access is taken away at once, for a time or until an admin gives it back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp};

const EMAIL: &str = "member@example.com";

fn path(user: &Client) -> String {
    format!("/v1/users/{}", user.id())
}

async fn suspend(admin: &Client, user: &Client, body: Value) -> crate::support::Answer {
    admin.post(&format!("{}/suspend", path(user)), body).await
}

#[tokio::test]
async fn a_suspended_user_is_out_at_once_and_told_why_after_the_right_password() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;

    let user = suspend(&admin, &member, json!({ "reason": " On leave " })).await.assert_status(200).json;

    assert_eq!(user["status"], "suspended");
    assert_eq!(user["suspension"], json!({ "reason": "On leave", "until": null }));
    member.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.sign_in(EMAIL, "wrong, and long enough").await.assert_problem(401, "invalid-credentials");
    let refused = app.sign_in(EMAIL, PASSWORD).await.assert_problem(403, "account-suspended");
    assert_eq!((&refused.json["reason"], &refused.json["until"]), (&json!("On leave"), &Value::Null));
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "user.suspended").unwrap();
    let changes = json!({ "status": ["active", "suspended"], "suspension.reason": [null, "On leave"] });
    assert_eq!(entry["changes"], changes);

    let user = admin.post(&format!("{}/reactivate", path(&member)), Value::Null).await.assert_status(200).json;
    assert_eq!((&user["status"], &user["suspension"]), (&json!("active"), &Value::Null));
    member.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.sign_in(EMAIL, PASSWORD).await.assert_status(201);
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn it_ends_by_the_clock_and_the_sweep_notes_it_once() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.user(&admin, EMAIL, "admin").await;
    let until = app.now() + Duration::from_hours(2);
    suspend(&admin, &member, json!({ "until": until.to_string() })).await.assert_status(200);
    app.advance(Duration::from_hours(1)).await;
    app.sign_in(EMAIL, PASSWORD).await.assert_problem(403, "account-suspended");

    // The clock alone, before any sweep.
    app.installation.clock().advance(Duration::from_hours(1)).unwrap();
    app.sign_in(EMAIL, PASSWORD).await.assert_status(201);
    let seen = admin.get(&path(&member)).await.json;
    assert_eq!((&seen["status"], &seen["suspension"]), (&json!("active"), &Value::Null));
    member.get("/v1/me").await.assert_problem(401, "unauthenticated");

    for _ in 0..2 {
        app.installation.invoke("expire_invites", json!({})).await.unwrap();
    }
    app.settle().await;
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "user.reactivated").unwrap();
    assert_eq!(entry["actor"]["kind"], "system");
    assert_eq!(app.count("user.reactivated"), 1);
    assert_eq!(admin.get("/v1/users/summary").await.json["by_status"]["suspended"], 0);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_longer_or_endless_suspension_takes_the_place_of_a_shorter_one() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let until = app.now() + Duration::from_hours(1);
    suspend(&admin, &member, json!({ "until": until.to_string() })).await.assert_status(200);

    suspend(&admin, &member, json!({ "reason": "For good" })).await.assert_status(200);

    app.advance(Duration::from_hours(2)).await;
    app.sign_in(EMAIL, PASSWORD).await.assert_problem(403, "account-suspended");
    assert_eq!(admin.get(&path(&member)).await.json["suspension"], json!({ "reason": "For good", "until": null }));
}

#[tokio::test]
async fn who_is_only_invited_is_revoked_instead() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let body = json!({ "email": EMAIL, "delivery": "link" });
    let invited = admin.post("/v1/invites", body).await.assert_status(201).json;
    let path = format!("/v1/users/{}", invited["user"]["id"].as_str().unwrap());
    admin.post(&format!("{path}/suspend"), json!({})).await.assert_problem(409, "still-invited");
    admin.post(&format!("{path}/reactivate"), Value::Null).await.assert_problem(409, "still-invited");
}

#[tokio::test]
async fn nonsense_is_refused_and_stale_requests_too() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let past = app.now() - Duration::from_secs(1);
    for (body, pointer) in [
        (json!({ "until": past.to_string() }), "/until"),
        (json!({ "until": "tomorrow" }), "/until"),
        (json!({ "reason": "x".repeat(501) }), "/reason"),
        (json!({ "reason": 5 }), "/reason"),
        (json!({ "for": "ever" }), "/for"),
    ] {
        suspend(&admin, &member, body).await.assert_refuses(&[pointer]);
    }
    let suspend = admin.post(&format!("{}/suspend", path(&member)), Value::Null);
    suspend.header("if-match", "\"99\"").await.assert_problem(412, "stale");
    member.get("/v1/me").await.assert_status(200);
    admin.call("POST", &format!("{}/suspend", path(&member))).await.assert_status(200);
}
