//! The e-mail settings.

use serde_json::{Value, json};

use crate::support::{TestApp, email_settings};

#[tokio::test]
async fn an_admin_sets_up_mail() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let fresh = admin.get("/v1/settings/email").await.assert_status(200).json;
    assert_eq!((&fresh["configured"], &fresh["from_address"]), (&json!(false), &Value::Null));
    assert_eq!((&fresh["invite_valid_hours"], &fresh["reset_valid_minutes"]), (&json!(168), &json!(60)));

    let set = admin.put("/v1/settings/email", email_settings()).await.assert_status(200).json;

    assert_eq!((&set["configured"], &set["from_address"]), (&json!(true), &json!("users@example.com")));
    assert_eq!(admin.get("/v1/settings/email").await.json, set);
    admin.put("/v1/settings/email", email_settings()).await.assert_status(200);
    assert_eq!(app.count("email_settings.changed"), 1, "the same again is no change");

    let mut other = email_settings();
    other["invite_valid_hours"] = json!(2);
    other.as_object_mut().unwrap().remove("company");
    let other = admin.put("/v1/settings/email", other).await.assert_status(200).json;
    assert_eq!((&other["company"], &other["invite_valid_hours"]), (&Value::Null, &json!(2)), "a PUT is the whole");
    let mut entries = app.activity().into_iter().rev();
    let changes = entries.find(|entry| entry["action"] == "email_settings.changed").unwrap()["changes"].clone();
    assert_eq!(changes, json!({ "company": ["Analytical Engines", null], "invite_valid_hours": ["168", "2"] }));
}

#[tokio::test]
async fn invites_are_valid_for_as_long_as_the_settings_say() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let mut settings = email_settings();
    settings["invite_valid_hours"] = json!(2);
    admin.put("/v1/settings/email", settings).await.assert_status(200);

    let invited = admin.post("/v1/invites", json!({ "email": "ada@example.com" })).await.assert_status(201).json;

    let expires_at: jiff::Timestamp = invited["user"]["invite"]["expires_at"].as_str().unwrap().parse().unwrap();
    let left = expires_at.duration_since(app.now()).as_mins();
    assert!((119..=120).contains(&left), "{left} minutes");
}

#[tokio::test]
async fn settings_that_would_send_no_mail_are_refused() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let put = |field: &str, value: Value| {
        let mut settings = email_settings();
        settings[field] = value;
        admin.put("/v1/settings/email", settings)
    };

    for url in [
        "",
        "users.example.com",
        "http://users.example.com",
        "https://a.example/?x=1",
        "https://a.example/#x",
        "javascript:1",
    ] {
        put("platform_url", json!(url)).await.assert_refuses(&["/platform_url"]);
    }
    for name in ["", "a\r\nBcc: eve@example.com", "\0"] {
        put("from_name", json!(name)).await.assert_refuses(&["/from_name"]);
    }
    for hours in [json!(0), json!(721), json!(1.5), json!("5"), json!(-1)] {
        put("invite_valid_hours", hours).await.assert_refuses(&["/invite_valid_hours"]);
    }
    for minutes in [json!(4), json!(1441)] {
        put("reset_valid_minutes", minutes).await.assert_refuses(&["/reset_valid_minutes"]);
    }
    put("reply_to", json!("nobody")).await.assert_refuses(&["/reply_to"]);
    put("logo_url", json!("http://logo.example.com/x.png")).await.assert_refuses(&["/logo_url"]);
    admin.put("/v1/settings/email", json!({})).await.assert_refuses(&["/from_address", "/platform_url"]);

    assert_eq!(admin.get("/v1/settings/email").await.json["configured"], false);
    put("platform_url", json!("http://127.0.0.1:8080")).await.assert_status(200);
}

#[tokio::test]
async fn the_settings_are_for_admins() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for client in [app.builder(&admin).await, app.member(&admin).await] {
        client.get("/v1/settings/email").await.assert_problem(403, "forbidden");
        client.put("/v1/settings/email", email_settings()).await.assert_problem(403, "forbidden");
    }
    assert_eq!(admin.get("/v1/settings/email").await.json["configured"], false);
}
