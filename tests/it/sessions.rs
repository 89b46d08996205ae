//! Signing in and out, and what passes for a credential (I5, I6, I9).

use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, PASSWORD, TestApp};

const WRONG: &str = "not the password of anybody";

#[tokio::test]
async fn a_user_signs_in_and_out() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    let phone = app.sign_in("ADMIN@example.com", PASSWORD).await.assert_status(201);
    let phone = app.signed_in(&phone);

    let current = phone.get("/v1/session").await.assert_status(200).json;
    assert_eq!((&current["user"]["id"], &current["password_change_required"]), (&admin.user["id"], &json!(false)));
    assert_eq!(current["session"]["current"], true);
    assert_eq!(current["session"]["ip"], "127.0.0.1");
    assert!(!current["user"]["last_sign_in_at"].is_null());
    assert_eq!(app.count("session.started"), 1);

    phone.delete("/v1/session").await.assert_status(204);

    phone.get("/v1/session").await.assert_problem(401, "unauthenticated");
    phone.delete("/v1/session").await.assert_problem(401, "unauthenticated");
    admin.get("/v1/session").await.assert_status(200);
    assert_eq!(app.count("session.ended"), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn an_unknown_address_is_answered_like_a_wrong_password() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let invite = |email: &str| admin.post("/v1/invites", json!({ "email": email, "valid_hours": 1 }));
    invite("expired@example.com").await.assert_status(201);
    app.advance(Duration::from_hours(2)).await;
    invite("invited@example.com").await.assert_status(201);
    app.settle().await;

    let mut answers = Vec::new();
    for email in ["admin@example.com", "nobody@example.com", "invited@example.com", "expired@example.com"] {
        answers.push(app.sign_in(email, WRONG).await.assert_problem(401, "invalid-credentials"));
    }

    let told = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("x-request-id");
        headers.remove("date");
        (answer.bytes.clone(), headers)
    };
    for answer in &answers {
        assert_eq!(told(answer), told(&answers[0]), "{answer}");
    }
    let seen = app.installation.recorder().seen();
    let requests = seen["sign_in"].invocations.iter().map(|cost| cost.dynamodb_requests).collect::<Vec<_>>();
    assert_eq!(requests, [requests[0]; 4], "nobody costs less than anybody");
    assert_eq!(app.count("session.refused"), 4);
    assert_eq!(app.count("session.started"), 0);
}

#[tokio::test]
async fn only_the_whole_password_is_right() {
    let app = TestApp::start().await;
    app.set_up().await;
    let shorter = &PASSWORD[..PASSWORD.len() - 1];
    let (longer, louder, padded) = (format!("{PASSWORD}!"), PASSWORD.to_uppercase(), format!(" {PASSWORD}"));

    for wrong in [shorter, &longer, &louder, &padded] {
        app.sign_in("admin@example.com", wrong).await.assert_problem(401, "invalid-credentials");
    }
    app.sign_in("admin@example.com", &"a".repeat(257)).await.assert_refuses(&["/password"]);
}

#[tokio::test]
async fn no_other_text_passes_for_a_session() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let (of_admin, of_member) = (admin.token().to_owned(), member.token());
    admin.post("/v1/invites", json!({ "email": "ada@example.com" })).await.assert_status(201);
    let invite = app.invite_token_of("ada@example.com").await;
    let (start, secret) = of_admin.rsplit_once('.').unwrap();
    let (member_start, _) = of_member.rsplit_once('.').unwrap();
    let other = if secret.starts_with('A') { "B" } else { "A" };

    let wrong = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        of_admin.clone(),
        format!("Basic {of_admin}"),
        format!("Bearer {start}.{other}{}", &secret[1..]),
        format!("Bearer {start}"),
        format!("Bearer {start}."),
        format!("Bearer {of_admin}A"),
        format!("Bearer {of_admin}="),
        format!("Bearer {member_start}.{secret}"),
        format!("Bearer {}", of_admin.to_lowercase()),
        format!("Bearer {}", of_admin.replace("session_", "invite_")),
        format!("Bearer {invite}"),
        format!("Bearer {of_admin}, Bearer {of_admin}"),
        format!("Bearer {of_admin} {of_admin}"),
        format!("Bearer {}", "x".repeat(5000)),
        "Bearer \u{fc}".to_owned(),
        "Bearer session_01JD8ZQ4V9WX6M2N3P5R7S8T9A.01JD8ZQ4V9WX6M2N3P5R7S8T9A.AAAA".to_owned(),
    ];
    for wrong in wrong {
        let answer = app.stranger().get("/v1/me").header("authorization", &wrong).await;
        answer.assert_problem(401, "unauthenticated");
    }
    app.stranger().get("/v1/me").header("authorization", &format!("bearer {of_admin}")).await.assert_status(200);
}

#[tokio::test]
async fn the_console_gets_a_cookie_that_scripts_and_other_sites_cannot_use() {
    let app = TestApp::start().await;
    app.set_up().await;
    let body = json!({ "email": "admin@example.com", "password": PASSWORD });
    let console = app.stranger().with("x-roster-request", "1");

    let plain = app.stranger().post("/v1/sessions", body.clone()).await.assert_status(201);
    let signed_in = console.post("/v1/sessions", body).await.assert_status(201);

    assert_eq!(plain.header("set-cookie"), None, "who does not ask gets none");
    let cookie = signed_in.header("set-cookie").unwrap();
    let token = signed_in.json["token"].as_str().unwrap();
    assert_eq!(cookie, format!("roster={token}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict"));
    let pair = format!("theme=dark; roster={token}; other=1");

    let browser = app.stranger().with("cookie", &pair);
    browser.get("/v1/me").await.assert_status(200);
    let rename = json!({ "name": "Forged" });
    browser.patch("/v1/me", rename.clone()).await.assert_problem(403, "forbidden");
    browser.patch("/v1/me", rename.clone()).header("x-roster-request", "0").await.assert_problem(403, "forbidden");
    browser.delete("/v1/session").await.assert_problem(403, "forbidden");
    browser.patch("/v1/me", rename).header("x-roster-request", "1").await.assert_status(200);

    for other in
        [format!("__Host-roster={token}"), format!("Roster={token}"), "roster=".to_owned(), "roster".to_owned()]
    {
        app.stranger().get("/v1/me").header("cookie", &other).await.assert_problem(401, "unauthenticated");
    }
    let contradicted = browser.get("/v1/me").header("authorization", "Bearer nonsense").await;
    contradicted.assert_problem(401, "unauthenticated");

    let signed_out = browser.delete("/v1/session").header("x-roster-request", "1").await.assert_status(204);
    assert_eq!(signed_out.header("set-cookie").unwrap(), "roster=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    browser.get("/v1/me").await.assert_problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_idle_session_ends_after_a_day_and_a_busy_one_after_a_week() {
    let app = TestApp::start().await;
    let idle = app.set_up().await;
    let busy = app.signed_in(&app.sign_in("admin@example.com", PASSWORD).await);

    for _ in 0..7 {
        app.advance(Duration::from_hours(23)).await;
        busy.get("/v1/me").await.assert_status(200);
    }
    idle.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.advance(Duration::from_hours(6)).await;
    busy.get("/v1/me").await.assert_status(200);
    app.advance(Duration::from_hours(1)).await;
    busy.get("/v1/me").await.assert_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_user_who_is_deleted_is_out_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    member.get("/v1/me").await.assert_status(200);

    admin.delete(&format!("/v1/users/{}", member.id())).await.assert_status(204);

    member.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.sign_in("member@example.com", PASSWORD).await.assert_problem(401, "invalid-credentials");
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_user_who_is_demoted_has_the_new_role_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let other = app.user(&admin, "other@example.com", "admin").await;
    other.get("/v1/settings/email").await.assert_status(200);

    admin.patch(&format!("/v1/users/{}", other.id()), json!({ "role": "member" })).await.assert_status(200);

    other.get("/v1/settings/email").await.assert_problem(403, "forbidden");
    other.get("/v1/me").await.assert_status(200);
}
