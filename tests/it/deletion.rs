//! A deleted user is gone from the first write on, and everything of theirs goes.

use roster_local::Options;
use serde_json::{Value, json};

use crate::{
    summary::record,
    support::{PASSWORD, TestApp, token_in},
};

/// Whether anything of the user is left, other than what the activity tells.
fn left_of(app: &TestApp, id: &str) -> Vec<Value> {
    let mut items = app.dump();
    items.retain(|item| item["pk"].as_str().unwrap().contains(id));
    items
}

#[tokio::test]
async fn everything_of_a_user_goes() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    for _ in 0..30 {
        app.sign_in("member@example.com", PASSWORD).await.assert_status(201);
    }
    admin.put(&format!("{path}/app-roles/wiki"), json!({ "role": "basic" })).await.assert_status(200);
    app.stranger().post("/v1/password-resets", json!({ "email": "member@example.com" })).await.assert_status(202);
    admin.patch(&path, json!({ "email": "mary@example.com" })).await.assert_status(200);
    app.settle().await;
    assert!(left_of(&app, member.id()).len() > 30);

    admin.delete(&path).await.assert_status(204);

    member.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.sign_in("mary@example.com", PASSWORD).await.assert_problem(401, "invalid-credentials");
    admin.get(&path).await.assert_problem(404, "user-not-found");
    admin.get(&format!("{path}/sessions")).await.assert_problem(404, "user-not-found");
    assert!(admin.get("/v1/users?q=mary").await.items().is_empty());
    assert!(admin.get("/v1/apps/wiki/users").await.items().is_empty());
    app.settle().await;
    assert_eq!(left_of(&app, member.id()), [] as [Value; 0]);
    app.assert_sound(&app.dump());
    let told = admin.get(&format!("{path}/activity")).await.assert_status(200);
    assert_eq!(told.items()[0]["action"], "user.deleted", "what happened stays");
    app.user(&admin, "mary@example.com", "member").await;
}

#[tokio::test]
async fn what_a_process_that_died_left_undone_is_done_by_the_next() {
    let directory = std::env::temp_dir().join(format!("roster-deletion-{}", std::process::id()));
    let options = || Options { port: 0, ..Options::persistent(directory.clone()) };
    let app = TestApp::start_with(options()).await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    app.settle().await;
    let id = member.id().to_owned();

    admin.delete(&format!("/v1/users/{id}")).await.assert_status(204);
    app.installation.stop().await;
    let app = TestApp::start_with(options()).await;
    app.settle().await;

    assert_eq!(left_of(&app, &id), [] as [Value; 0]);
    app.installation.stop().await;
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_record_of_a_deletion_that_comes_late_leaves_alone_who_has_the_address_now() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let invite = json!({ "email": "ada@example.com", "delivery": "link" });
    let first = admin.post("/v1/invites", invite.clone()).await.assert_status(201).json;
    let first = first["user"]["id"].as_str().unwrap();
    admin.delete(&format!("/v1/users/{first}")).await.assert_status(204);
    app.settle().await;
    let second = admin.post("/v1/invites", invite).await.assert_status(201).json;
    app.settle().await;
    let before = app.dump();

    for _ in 0..2 {
        let event = json!({ "Records": [record("REMOVE", first)] });
        let answer = app.installation.invoke("follow_changes", event).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }

    assert_eq!(app.dump(), before);
    let token = token_in(second["invite_link"].as_str().unwrap());
    let accept = json!({ "token": token, "name": "Ada Lovelace", "password": PASSWORD });
    app.stranger().post("/v1/invites/accept", accept).await.assert_status(201);
}

#[tokio::test]
async fn a_deletion_keeps_to_the_version_that_was_meant() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    admin.delete(&path).header("if-match", "\"99\"").await.assert_problem(412, "stale");
    admin.delete(&path).header("if-match", "*").await.assert_status(204);
    admin.delete(&path).await.assert_problem(404, "user-not-found");
    assert_eq!(app.count("user.deleted"), 1);
}
