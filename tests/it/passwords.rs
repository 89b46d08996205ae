//! What a password must be like: long, hard to guess, and otherwise whatever one likes.

use roster_domain::settings::SecuritySettings;
use roster_local::Options;
use serde_json::{Value, json};

use crate::support::{Answer, Client, PASSWORD, TestApp, token_in};

const EMAIL: &str = "admin@example.com";

async fn change(client: &Client, current: &str, new: &str) -> Answer {
    client.post("/v1/me/password", json!({ "current_password": current, "new_password": new })).await
}

/// Why a new password is refused.
fn reason(refused: &Answer) -> &str {
    refused.json["errors"][0]["detail"].as_str().unwrap()
}

#[tokio::test]
async fn a_password_is_kept_and_compared_as_a_whole() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let unusual: String = (0..256).map(|n| char::from_u32(0x4e00 + n * 37).unwrap()).collect();
    let too_long = format!("{unusual}x");
    change(&admin, PASSWORD, &too_long).await.assert_refuses(&["/new_password"]);

    change(&admin, PASSWORD, &unusual).await.assert_status(204);

    app.sign_in(EMAIL, &unusual).await.assert_status(201);
    let shorter: String = unusual.chars().take(255).collect();
    app.sign_in(EMAIL, &shorter).await.assert_problem(401, "invalid-credentials");
    app.sign_in(EMAIL, &too_long).await.assert_refuses(&["/password"]);
}

#[tokio::test]
async fn spaces_letter_case_and_everything_else_count() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let spaced = "  Straße nach Ağrı  ";
    change(&admin, PASSWORD, spaced).await.assert_status(204);

    for other in [spaced.trim(), &spaced.to_lowercase(), &spaced.replace('ß', "ss")] {
        app.sign_in(EMAIL, other).await.assert_problem(401, "invalid-credentials");
    }
    app.sign_in(EMAIL, "  Straße nach Ag\u{306}rı  ").await.assert_status(201);
}

#[tokio::test]
async fn what_is_easy_to_guess_is_refused_with_the_reason_wherever_a_password_is_chosen() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "email": "lovelace@example.com", "delivery": "link" });
    let invited = admin.post("/v1/invites", body).await.assert_status(201);
    let token = token_in(invited.json["invite_link"].as_str().unwrap());
    let accept = async |password: &str| {
        let body = json!({ "token": token, "name": "Ada Byron-King", "password": password });
        app.stranger().post("/v1/invites/accept", body).await
    };

    for (password, told) in [
        ("elevenchars", "12"),
        ("passwordpassword", "guess"),
        ("qwertyuiop12", "guess"),
        ("123456789012", "guess"),
        ("lovelace2024!", "lovelace"),
        ("Byron-1234567", "byron"),
        ("Analytical2026", "analytical"),
    ] {
        let refused = accept(password).await.assert_refuses(&["/password"]);
        assert!(refused.json["errors"][0]["detail"].as_str().unwrap().contains(told), "{password}: {refused}");
    }
    let ada = app.signed_in(&accept("no capitals or digits at all").await.assert_status(201));
    let refused =
        change(&ada, "no capitals or digits at all", "lovelace2024!").await.assert_refuses(&["/new_password"]);
    assert!(reason(&refused).contains("lovelace"), "{refused}");
    let same = change(&ada, "no capitals or digits at all", "no capitals or digits at all").await;
    assert!(reason(&same.assert_refuses(&["/new_password"])).contains("old one"));
}

#[tokio::test]
async fn clients_read_the_policy_and_the_strict_one_binds_new_passwords_only() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let policy = app.stranger().get("/v1/password-policy").await.assert_status(200).json;
    assert_eq!((&policy["min_length"], &policy["max_length"]), (&json!(12), &json!(256)));

    let strict = json!({ "password_min_length": 30 });
    admin.put("/v1/settings/security", strict).await.assert_status(200);

    assert_eq!(app.stranger().get("/v1/password-policy").await.json["min_length"], 30);
    app.sign_in(EMAIL, PASSWORD).await.assert_status(201);
    let refused = change(&admin, PASSWORD, "marble thunder pickle").await.assert_refuses(&["/new_password"]);
    assert!(reason(&refused).contains("30"), "{refused}");
    change(&admin, PASSWORD, "marble thunder pickle umbrella").await.assert_status(204);
}

#[tokio::test]
async fn security_settings_keep_within_their_limits() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let default = admin.get("/v1/settings/security").await.assert_status(200).json;
    let expected = json!({
        "password_min_length": 12,
        "sign_in_attempts": 5,
        "session_idle_minutes": 1440,
        "session_absolute_hours": 168,
        "temporary_password_hours": 168,
        "remove_expired_after_days": 90,
    });
    assert_eq!(default, expected);

    for (field, values) in [
        ("password_min_length", [json!(11), json!(129)]),
        ("sign_in_attempts", [json!(2), json!(101)]),
        ("session_idle_minutes", [json!(4), json!(1.5)]),
        ("session_absolute_hours", [json!(0), json!("168")]),
        ("temporary_password_hours", [json!(-1), json!(721)]),
    ] {
        for value in values {
            let pointer = format!("/{field}");
            admin.put("/v1/settings/security", json!({ field: value })).await.assert_refuses(&[&pointer]);
        }
    }
    admin
        .put("/v1/settings/security", json!({ "password_rules": Value::Null }))
        .await
        .assert_refuses(&["/password_rules"]);
    assert_eq!(app.count("security_settings.changed"), 0);
    admin.put("/v1/settings/security", expected).await.assert_status(200);
    assert_eq!(app.count("security_settings.changed"), 0, "nothing changed");
    admin.put("/v1/settings/security", json!({ "sign_in_attempts": 3 })).await.assert_status(200);
    assert_eq!(app.activity().last().unwrap()["changes"], json!({ "sign_in_attempts": ["5", "3"] }));
}

#[tokio::test]
async fn a_strict_installation_is_strict_from_the_first_password_on_until_an_admin_chooses() {
    let app = TestApp::start_with(Options { security: SecuritySettings::STRICT, ..Options::ephemeral() }).await;
    let body = |password: &str| {
        json!({
            "setup_secret": app.installation.setup_secret(),
            "email": EMAIL,
            "name": "Ada Admin",
            "password": password,
        })
    };
    let refused = app.stranger().post("/v1/setup", body("marble thunder")).await.assert_refuses(&["/password"]);
    assert!(reason(&refused).contains("15"), "{refused}");
    let started = app.stranger().post("/v1/setup", body(PASSWORD)).await.assert_status(201);
    let expires_at: jiff::Timestamp = started.json["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(expires_at.duration_since(app.now()).as_hours() <= 24, "{expires_at}");
    let admin = app.signed_in(&started);
    let mut settings = json!({
        "password_min_length": 15,
        "sign_in_attempts": 3,
        "session_idle_minutes": 60,
        "session_absolute_hours": 24,
        "temporary_password_hours": 24,
        "remove_expired_after_days": 90,
    });
    assert_eq!(admin.get("/v1/settings/security").await.json, settings);

    admin.put("/v1/settings/security", json!({ "password_min_length": 12 })).await.assert_status(200);

    settings["password_min_length"] = json!(12);
    assert_eq!(admin.get("/v1/settings/security").await.json, settings, "what an admin leaves out stays strict");
    assert_eq!(app.stranger().get("/v1/password-policy").await.json["min_length"], 12);
}
