//! There is always an active admin (I3), and nobody touches who is above them.

use serde_json::json;

use crate::support::{Client, TestApp};

fn path(user: &Client) -> String {
    format!("/v1/users/{}", user.id())
}

#[tokio::test]
async fn the_last_active_admin_survives_every_path() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let program = app.program(&admin, "admin").await;
    let other = app.user(&admin, "other@example.com", "admin").await;
    // Neither somebody suspended nor somebody invited counts.
    admin.post(&format!("{}/suspend", path(&other)), json!({})).await.assert_status(200);
    let invited = json!({ "email": "invited@example.com", "role": "admin", "delivery": "link" });
    admin.post("/v1/invites", invited).await.assert_status(201);
    let before = admin.get(&path(&admin)).await.json;

    program.delete(&path(&admin)).await.assert_problem(409, "last-admin");
    program.patch(&path(&admin), json!({ "role": "member" })).await.assert_problem(409, "last-admin");
    program.post(&format!("{}/suspend", path(&admin)), json!({})).await.assert_problem(409, "last-admin");
    let ids = json!({ "ids": [admin.id(), other.id(), admin.id()] });
    let deleted = program.post("/v1/users/batch-delete", ids).await.assert_status(200).json;

    let outcomes: Vec<_> = deleted["results"].as_array().unwrap().iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["refused", "deleted", "refused"]);
    assert_eq!(admin.get(&path(&admin)).await.assert_status(200).json, before);
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn nobody_ends_or_demotes_themselves() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    app.user(&admin, "other@example.com", "admin").await;

    admin.delete(&path(&admin)).await.assert_problem(409, "own-account");
    admin.patch(&path(&admin), json!({ "role": "builder" })).await.assert_problem(409, "own-account");
    admin.post(&format!("{}/suspend", path(&admin)), json!({})).await.assert_problem(409, "own-account");
    let deleted = admin.post("/v1/users/batch-delete", json!({ "ids": [admin.id()] })).await.assert_status(200).json;

    assert_eq!(deleted["results"][0]["outcome"], "refused");
    assert_eq!(deleted["results"][0]["detail"], "This is your own account.");
    admin.get("/v1/me").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_admins_who_suspend_each_other_at_once_leave_one() {
    let app = TestApp::start().await;
    let mut admin = app.set_up().await;
    for round in 0..4 {
        let other = app.user(&admin, &format!("admin{round}@example.com"), "admin").await;
        let ids = json!({ "ids": [admin.id()] });
        let first = admin.post(&format!("{}/suspend", path(&other)), json!({}));
        let (first, second) = if round % 2 == 0 {
            tokio::join!(first, other.post("/v1/users/batch-delete", ids))
        } else {
            tokio::join!(first, other.post(&format!("{}/suspend", path(&admin)), json!({})))
        };

        let is_done = |client: &Client| client.get("/v1/me");
        let (one, two) = (is_done(&admin).await.status, is_done(&other).await.status);
        assert!([(200, 401), (401, 200)].contains(&(one, two)), "{first} and {second}");
        if two == 200 {
            admin = other;
        }
    }
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_builder_touches_no_admin_and_gives_no_rights() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let builder = app.builder(&admin).await;
    let program = app.program(&admin, "builder").await;
    let member = app.member(&admin).await;
    builder.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let role = |user: &Client| format!("{}/app-roles/wiki", path(user));
    admin.put(&role(&admin), json!({ "role": "power" })).await.assert_status(200);
    let before = app.activity().len();

    for caller in [&builder, &program] {
        caller.put(&role(&admin), json!({ "role": "basic" })).await.assert_problem(403, "forbidden");
        caller.delete(&role(&admin)).await.assert_problem(403, "forbidden");
        caller.put(&role(&member), json!({ "role": "basic" })).await.assert_status(200);
        caller.delete(&role(&member)).await.assert_status(200);
        caller.patch(&path(&member), json!({ "role": "builder" })).await.assert_problem(403, "forbidden");
    }

    let entries = app.activity();
    let changes = entries[before..].iter().filter(|entry| entry["action"] != "access.refused").count();
    assert_eq!(changes, 4, "what was refused changed nothing");
    assert_eq!(admin.get("/v1/me").await.json["app_roles"], json!({ "wiki": "power" }));
}
