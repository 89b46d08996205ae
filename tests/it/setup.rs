//! The first admin (I4).

use roster_local::people;
use serde_json::{Value, json};

use crate::support::{NEW_PASSWORD, PASSWORD, TestApp};

fn first_admin(app: &TestApp) -> Value {
    json!({
        "setup_secret": app.installation.setup_secret(),
        "email": "Ada@Example.com",
        "name": "Ada Lovelace",
        "password": PASSWORD,
    })
}

#[tokio::test]
async fn a_fresh_installation_waits_for_its_first_admin() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    assert_eq!(stranger.get("/v1/setup").await.assert_status(200).json, json!({ "required": true }));

    let answer = stranger.post("/v1/setup", first_admin(&app)).await.assert_status(201);

    assert_eq!(stranger.get("/v1/setup").await.json, json!({ "required": false }));
    let user = &answer.json["user"];
    assert_eq!((&user["email"], &user["role"]), (&json!("Ada@Example.com"), &json!("admin")));
    assert_eq!((&user["status"], &user["version"]), (&json!("active"), &json!(1)));
    assert_eq!(answer.json["password_change_required"], false);
    let admin = app.signed_in(&answer);
    assert_eq!(admin.get("/v1/me").await.assert_status(200).json["id"], user["id"]);
    app.sign_in("ada@example.com", PASSWORD).await.assert_status(201);
    assert_eq!(app.count("installation.set_up"), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn who_looks_around_finds_people_once_and_becomes_their_first_admin() {
    let app = TestApp::start().await;
    for _ in 0..2 {
        people::demonstrate(&app.installation).await.unwrap();
    }

    let admin = app.set_up().await;

    app.settle().await;
    let all = admin.get("/v1/users/summary").await.assert_status(200).json;
    assert_eq!(all["total"], 121, "{all}");
    let expired = admin.get("/v1/users?status=invite_expired&limit=100").await.assert_status(200).json;
    assert_eq!(all["by_status"]["invite_expired"], expired["items"].as_array().unwrap().len(), "{all} {expired}");
    assert_ne!(all["by_status"]["invite_expired"], 0, "{all}");
    let guests = admin.get("/v1/apps/wiki/users").await.assert_status(200).json;
    assert!(!guests["items"].as_array().unwrap().is_empty(), "{guests}");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn only_who_holds_the_setup_secret_sets_up() {
    let app = TestApp::start().await;
    let right = app.installation.setup_secret();
    let almost = format!("{}{}", &right[..right.len() - 1], if right.ends_with('A') { "B" } else { "A" });

    for wrong in ["", "secret", &almost, &format!("{right} "), &right.to_uppercase()] {
        let mut body = first_admin(&app);
        body["setup_secret"] = json!(wrong);
        app.stranger().post("/v1/setup", body).await.assert_problem(403, "wrong-setup-secret");
    }

    assert_eq!(app.stranger().get("/v1/setup").await.json["required"], true);
    assert_eq!(app.dump(), [] as [Value; 0], "nothing is stored");
}

#[tokio::test]
async fn the_first_admin_is_set_up_once() {
    let app = TestApp::start().await;
    app.set_up().await;
    let before = app.dump();
    let mut again = first_admin(&app);
    again["password"] = json!(NEW_PASSWORD);

    app.stranger().post("/v1/setup", again.clone()).await.assert_problem(409, "already-set-up");
    again["setup_secret"] = json!("wrong");
    app.stranger().post("/v1/setup", again).await.assert_problem(403, "wrong-setup-secret");

    assert_eq!(app.dump(), before);
}

#[tokio::test]
async fn the_first_admin_chooses_a_password_that_is_hard_to_guess() {
    let app = TestApp::start().await;
    for password in ["short", "password1234", "lovelace-1815!!", "ada lovelace"] {
        let mut body = first_admin(&app);
        body["password"] = json!(password);
        body["email"] = json!("lovelace@example.com");
        app.stranger().post("/v1/setup", body).await.assert_refuses(&["/password"]);
    }
    assert_eq!(app.stranger().get("/v1/setup").await.json["required"], true);
}

#[tokio::test]
async fn before_the_setup_nobody_gets_in() {
    let app = TestApp::start().await;
    let stranger = app.stranger();

    app.sign_in("ada@example.com", PASSWORD).await.assert_problem(401, "invalid-credentials");
    stranger.get("/v1/users").await.assert_problem(401, "unauthenticated");
    let token = "invite_01JD8ZQ4V9WX6M2N3P5R7S8T9A.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    app.accept(token).await.assert_problem(404, "invite-unknown");
    stranger.get("/v1/health").await.assert_status(200);
}
