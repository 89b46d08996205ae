//! One's own account.

use serde_json::{Value, json};

use crate::support::{NEW_PASSWORD, PASSWORD, TestApp};

fn fields(value: &Value) -> Vec<&str> {
    let mut fields = value.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
    fields.sort_unstable();
    fields
}

#[tokio::test]
async fn a_user_sees_who_they_are_and_no_secret() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;

    let me = admin.get("/v1/me").await.assert_status(200);
    let current = admin.get("/v1/session").await.assert_status(200).json;

    let user_fields = [
        "app_roles",
        "created_at",
        "email",
        "id",
        "invite",
        "last_sign_in_at",
        "name",
        "password_temporary",
        "role",
        "status",
        "suspension",
        "updated_at",
        "version",
    ];
    assert_eq!(fields(&me.json), user_fields);
    assert_eq!(me.header("etag"), Some("\"1\""));
    assert_eq!(fields(&current), ["password_change_required", "session", "user"]);
    assert_eq!(current["user"], me.json);
    let session_fields = ["created_at", "current", "expires_at", "id", "ip", "last_seen_at", "user_agent"];
    assert_eq!(fields(&current["session"]), session_fields);
}

#[tokio::test]
async fn users_call_themselves_what_they_like_and_no_more() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;

    let renamed = member.patch("/v1/me", json!({ "name": "  Zoë 王小明 " })).await.assert_status(200);

    assert_eq!((&renamed.json["name"], renamed.header("etag")), (&json!("Zoë 王小明"), Some("\"3\"")));
    for name in [json!(null), json!(""), json!("a\nb"), json!("x".repeat(101)), json!("a\u{202e}b")] {
        member.patch("/v1/me", json!({ "name": name })).await.assert_refuses(&["/name"]);
    }
    let stale = member.patch("/v1/me", json!({ "name": "Late" })).header("if-match", "\"2\"").await;
    let stale = stale.assert_problem(412, "stale");
    assert_eq!((&stale.json["version"], stale.header("etag")), (&json!(3), Some("\"3\"")));
    let same = member.patch("/v1/me", json!({ "name": "Zoë 王小明" })).header("if-match", "\"3\"").await;
    assert_eq!(same.assert_status(200).json["version"], 3, "nothing changed");
    assert_eq!(app.count("user.updated"), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let app = TestApp::start().await;
    let here = app.admin().await;
    let there = app.signed_in(&app.sign_in("admin@example.com", PASSWORD).await);

    let body = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    here.post("/v1/me/password", body).await.assert_status(204);

    here.get("/v1/me").await.assert_status(200);
    there.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.sign_in("admin@example.com", PASSWORD).await.assert_problem(401, "invalid-credentials");
    app.sign_in("admin@example.com", NEW_PASSWORD).await.assert_status(201);
    assert_eq!(app.mails_to("admin@example.com").await.len(), 1, "the owner is told");
    assert_eq!(app.count("password.changed"), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_password_changes_without_mail_too() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;

    let body = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    admin.post("/v1/me/password", body).await.assert_status(204);

    assert_eq!(app.mailbox().await, []);
    app.sign_in("admin@example.com", NEW_PASSWORD).await.assert_status(201);
}

#[tokio::test]
async fn a_password_is_changed_only_by_who_knows_it_and_to_a_good_one() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let change = |current: &str, new: &str| {
        admin.post("/v1/me/password", json!({ "current_password": current, "new_password": new }))
    };

    change("not the password", NEW_PASSWORD).await.assert_problem(403, "wrong-password");
    change("not the password", "short").await.assert_problem(403, "wrong-password");
    for bad in ["short", "password1234", "adminadmin1234", "aaaaaaaaaaaaaaaaaa", PASSWORD] {
        change(PASSWORD, bad).await.assert_refuses(&["/new_password"]);
    }
    change(PASSWORD, &"x".repeat(257)).await.assert_refuses(&["/new_password"]);

    assert_eq!(app.count("password.changed"), 0);
    assert_eq!(app.mailbox().await, []);
    app.sign_in("admin@example.com", PASSWORD).await.assert_status(201);
}

#[tokio::test]
async fn a_password_is_the_same_however_its_letters_are_composed() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let (composed, decomposed) = ("Zw\u{f6}lf gr\u{fc}ne Kr\u{f6}ten", "Zwo\u{308}lf gru\u{308}ne Kro\u{308}ten");

    let body = json!({ "current_password": PASSWORD, "new_password": composed });
    admin.post("/v1/me/password", body).await.assert_status(204);

    app.sign_in("admin@example.com", decomposed).await.assert_status(201);
    app.sign_in("admin@example.com", "Zwolf grune Kroten").await.assert_problem(401, "invalid-credentials");
}
