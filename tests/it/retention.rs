//! Who let an invite pass is removed in the end, and the address is free.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp};

const DAY: Duration = Duration::from_hours(24);

/// Invites somebody for an hour and gives their path.
async fn invite(admin: &Client, email: &str) -> String {
    let body = json!({ "email": email, "valid_hours": 1, "name": "Ada Lovelace" });
    let invited = admin.post("/v1/invites", body).await.assert_status(201);
    format!("/v1/users/{}", invited.json["user"]["id"].as_str().unwrap())
}

/// The admin, signed in again: sessions do not last as long as these stories.
async fn admin(app: &TestApp) -> Client {
    app.signed_in(&app.sign_in("admin@example.com", PASSWORD).await)
}

#[tokio::test]
async fn who_let_an_invite_pass_is_removed_after_three_months() {
    let app = TestApp::start().await;
    let path = invite(&app.admin().await, "ada@example.com").await;

    app.advance(90 * DAY).await;
    assert_eq!(admin(&app).await.get(&path).await.json["status"], "invite_expired", "not yet: it ran for an hour");
    app.advance(DAY).await;

    let admin = admin(&app).await;
    admin.get(&path).await.assert_problem(404, "user-not-found");
    assert_eq!(app.mailbox().await.len(), 1, "nobody is told");
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "user.deleted").unwrap();
    assert_eq!((&entry["actor"]["kind"], &entry["subject"]["label"]), (&json!("system"), &json!("Ada Lovelace")));
    assert_eq!(entry["changes"]["reason"][1], "The invite ran out 90 days ago.");
    assert_eq!(admin.get("/v1/invites").await.items(), [] as [Value; 0]);
    let again = invite(&admin, "ada@example.com").await;
    assert_ne!(again, path);
    app.advance(DAY).await;
    assert_eq!(app.count("user.deleted"), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn admins_say_when_or_that_it_never_happens() {
    let app = TestApp::start().await;
    let path = invite(&app.admin().await, "ada@example.com").await;
    let set = async |body: Value| {
        let admin = admin(&app).await;
        admin.put("/v1/settings/security", body).await.assert_status(200).json["remove_expired_after_days"].clone()
    };

    assert_eq!(set(json!({ "remove_expired_after_days": null })).await, Value::Null);
    assert_eq!(admin(&app).await.get("/v1/settings/security").await.json["remove_expired_after_days"], Value::Null);
    app.advance(300 * DAY).await;
    assert_eq!(admin(&app).await.get(&path).await.json["status"], "invite_expired");

    assert_eq!(set(json!({ "remove_expired_after_days": 365 })).await, 365);
    app.advance(DAY).await;
    assert_eq!(app.count("user.deleted"), 0);

    assert_eq!(set(json!({})).await, 90, "if nothing is said");
    app.advance(DAY).await;
    assert_eq!(app.count("user.deleted"), 1);
    let changes: Vec<Value> = app
        .activity()
        .into_iter()
        .filter(|entry| entry["action"] == "security_settings.changed")
        .map(|entry| entry["changes"]["remove_expired_after_days"].clone())
        .collect();
    assert_eq!(changes, [json!(["90", null]), json!([null, "365"]), json!(["365", "90"])]);
    for days in [json!(0), json!(366), json!("1"), json!(1.5)] {
        let body = json!({ "remove_expired_after_days": days });
        admin(&app).await.put("/v1/settings/security", body).await.assert_refuses(&["/remove_expired_after_days"]);
    }
}

#[tokio::test]
async fn a_late_run_leaves_a_renewed_invite_and_everybody_else_alone() {
    let app = TestApp::start().await;
    let first = app.admin().await;
    let renewed = invite(&first, "ada@example.com").await;
    let member = app.member(&first).await;
    app.installation.clock().advance(91 * DAY).unwrap();
    let admin = admin(&app).await;
    admin.post(&format!("{renewed}/invite"), json!({})).await.assert_status(202);

    for _ in 0..2 {
        let done = app.installation.invoke("expire_invites", json!({})).await.unwrap();
        assert_eq!(done["removed"], 0);
    }

    assert_eq!(admin.get(&renewed).await.json["status"], "invited");
    assert_eq!(admin.get(&format!("/v1/users/{}", member.id())).await.json["status"], "active");
    app.accept(&app.invite_token_of("ada@example.com").await).await.assert_status(201);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn many_are_removed_in_one_run() {
    let app = TestApp::start().await;
    let first = app.set_up().await;
    for n in 0..102 {
        let body = json!({ "email": format!("guest{n}@example.com"), "delivery": "link", "valid_hours": 1 });
        first.post("/v1/invites", body).await.assert_status(201);
    }
    app.installation.clock().advance(91 * DAY).unwrap();

    let done = app.installation.invoke("expire_invites", json!({})).await.unwrap();

    assert_eq!(done, json!({ "expired": 102, "reminded": 0, "removed": 102 }));
    app.settle().await;
    assert_eq!(admin(&app).await.get("/v1/users/summary").await.json["total"], 1);
    app.assert_sound(&app.dump());
}
