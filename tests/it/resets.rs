//! Passwords that were forgotten: by a link in a mail, that somebody asked for or an admin sent.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Client, NEW_PASSWORD, PASSWORD, TestApp, email_settings};

const EMAIL: &str = "member@example.com";

async fn ask(client: &Client, email: &str) -> Answer {
    client.post("/v1/password-resets", json!({ "email": email })).await
}

async fn complete(app: &TestApp, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "new_password": password });
    app.stranger().post("/v1/password-resets/complete", body).await
}

/// Moves to the beginning of an hour: the limits count in whole hours.
async fn begin_an_hour(app: &TestApp) {
    let second = u64::try_from(app.now().as_second().rem_euclid(3600)).unwrap();
    app.advance(Duration::from_secs(3601 - second)).await;
}

#[tokio::test]
async fn a_link_sets_a_password_once_ends_all_sessions_and_the_owner_is_told() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    ask(&app.stranger(), "Member@Example.com").await.assert_status(202);
    let token = app.invite_token_of(EMAIL).await;

    complete(&app, &token, "short").await.assert_refuses(&["/new_password"]);
    complete(&app, &token, NEW_PASSWORD).await.assert_status(204);

    member.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.sign_in(EMAIL, PASSWORD).await.assert_problem(401, "invalid-credentials");
    app.sign_in(EMAIL, NEW_PASSWORD).await.assert_status(201);
    complete(&app, &token, PASSWORD).await.assert_problem(404, "link-unknown");
    let mails = app.mails_to(EMAIL).await;
    assert_eq!(mails.len(), 3, "welcome, the link, and that the password was changed");
    assert!(!mails[0].text.contains("#token="), "{:?}", mails[0]);
    assert_eq!((app.count("password.reset_requested"), app.count("password.reset")), (1, 1));
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn asking_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let before = member.get("/v1/me").await.json;

    ask(&app.stranger(), EMAIL).await.assert_status(202);
    app.settle().await;

    assert_eq!(member.get("/v1/me").await.json, before);
    app.sign_in(EMAIL, PASSWORD).await.assert_status(201);
}

#[tokio::test]
async fn an_admin_cannot_mail_a_link_to_somebody_suspended_but_shows_a_password() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    admin.post(&format!("{path}/suspend"), json!({})).await.assert_status(200);
    let before = (app.dump(), app.mailbox().await.len());

    let reset = |delivery: &str| admin.post(&format!("{path}/password-reset"), json!({ "delivery": delivery }));
    reset("email").await.assert_problem(409, "user-suspended");

    app.settle().await;
    assert_eq!((app.dump(), app.mailbox().await.len()), before);
    reset("show").await.assert_status(200);
    admin.post(&format!("{path}/reactivate"), Value::Null).await.assert_status(200);
    reset("email").await.assert_status(202);
}

#[tokio::test]
async fn only_the_newest_link_works() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.member(&admin).await;
    begin_an_hour(&app).await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        ask(&app.stranger(), EMAIL).await.assert_status(202);
        tokens.push(app.invite_token_of(EMAIL).await);
        app.advance(Duration::from_secs(1)).await;
    }

    complete(&app, &tokens[0], NEW_PASSWORD).await.assert_problem(404, "link-unknown");
    complete(&app, &tokens[1], NEW_PASSWORD).await.assert_problem(404, "link-unknown");
    complete(&app, &tokens[2], NEW_PASSWORD).await.assert_status(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_uses_of_one_link_at_once_one_counts() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.member(&admin).await;
    ask(&app.stranger(), EMAIL).await.assert_status(202);
    let token = app.invite_token_of(EMAIL).await;

    let password = |n: usize| format!("{NEW_PASSWORD} {n}");
    let uses = (0..10).map(|n| {
        let (app, token) = (&app, &token);
        async move { complete(app, token, &password(n)).await }
    });
    let answers = futures_util::future::join_all(uses).await;

    let winners: Vec<usize> = (0..10).filter(|n| answers[*n].status == 204).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.status == 204 || answer.slug() == Some("link-unknown")), "{answers:?}");
    app.sign_in(EMAIL, &password(winners[0])).await.assert_status(201);
    assert_eq!(app.count("password.reset"), 1);
}

#[tokio::test]
async fn a_link_ends_by_the_clock_and_by_a_change_of_password_or_address() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    ask(&app.stranger(), EMAIL).await.assert_status(202);
    let token = app.invite_token_of(EMAIL).await;
    app.advance(Duration::from_hours(1)).await;
    complete(&app, &token, NEW_PASSWORD).await.assert_problem(410, "link-expired");

    ask(&app.stranger(), EMAIL).await.assert_status(202);
    let token = app.invite_token_of(EMAIL).await;
    let passwords = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    member.post("/v1/me/password", passwords).await.assert_status(204);
    complete(&app, &token, PASSWORD).await.assert_problem(404, "link-unknown");

    ask(&app.stranger(), EMAIL).await.assert_status(202);
    let token = app.invite_token_of(EMAIL).await;
    let moved = json!({ "email": "mary@example.com" });
    admin.patch(&format!("/v1/users/{}", member.id()), moved).await.assert_status(200);
    complete(&app, &token, PASSWORD).await.assert_problem(404, "link-unknown");
    for token in ["", "nonsense", &token.replace("reset_", "invite_"), &format!("{token}x")] {
        complete(&app, token, PASSWORD).await.assert_problem(404, "link-unknown");
    }
}

#[tokio::test]
async fn an_address_without_an_account_is_told_the_same_and_mailed_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.member(&admin).await;
    admin.post("/v1/invites", json!({ "email": "guest@example.com", "delivery": "link" })).await.assert_status(201);
    let suspended = app.user(&admin, "suspended@example.com", "member").await;
    admin.post(&format!("/v1/users/{}/suspend", suspended.id()), json!({})).await.assert_status(200);
    let before = app.mailbox().await.len();
    let mut told = Vec::new();

    for email in [EMAIL, "guest@example.com", "suspended@example.com", "nobody@example.com"] {
        let answer = ask(&app.stranger(), email).await.assert_status(202);
        let cost = *app.installation.recorder().seen()["request_password_reset"].invocations.last().unwrap();
        told.push((answer.bytes.clone(), cost.dynamodb_requests));
    }

    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(app.mailbox().await.len(), before + 1);
    assert_eq!(app.mails_to(EMAIL).await.len(), 2, "welcome, and the link");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn nobody_is_flooded_with_mails() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.member(&admin).await;
    begin_an_hour(&app).await;

    for email in [EMAIL, "nobody@example.com"] {
        for n in 0..3 {
            ask(&app.stranger().at(&format!("127.0.0.{}", n + 2)), email).await.assert_status(202);
        }
        let refused = ask(&app.stranger(), email).await.assert_problem(429, "too-many-attempts");
        let pause: i64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((3500..=3600).contains(&pause), "{refused}");
    }
    assert_eq!(app.mails_to(EMAIL).await.len(), 1 + 3, "after the welcome");
    let client = app.stranger().at("127.0.0.9");
    for n in 0..30 {
        ask(&client, &format!("user{n}@example.com")).await.assert_status(202);
    }
    ask(&client, "another@example.com").await.assert_problem(429, "too-many-attempts");
    ask(&app.stranger(), "another@example.com").await.assert_status(202);

    app.advance(Duration::from_hours(1)).await;
    ask(&client, EMAIL).await.assert_status(202);
    assert_eq!(app.mails_to(EMAIL).await.len(), 1 + 4);
}

#[tokio::test]
async fn the_link_goes_to_the_address_of_the_account_however_it_was_spelt() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.member(&admin).await;

    // They compare equal, and may be mailboxes of different people.
    for email in ["MEMBER@example.com", "\u{ff4d}ember@example.com"] {
        ask(&app.stranger(), email).await.assert_status(202);
    }

    let mails = app.mailbox().await;
    assert_eq!(mails.len(), 3);
    assert!(mails.iter().all(|mail| mail.to == [EMAIL]), "{mails:?}");
}

#[tokio::test]
async fn without_mail_nothing_is_promised() {
    let app = TestApp::start().await;
    app.set_up().await;
    for email in ["admin@example.com", "nobody@example.com"] {
        ask(&app.stranger(), email).await.assert_problem(409, "email-not-configured");
    }
    assert_eq!(app.count("password.reset_requested"), 0);
}

#[tokio::test]
async fn an_admin_sends_a_link_and_until_it_is_used_the_old_password_works() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}/password-reset", member.id());
    admin.post(&path, json!({ "delivery": "email" })).await.assert_problem(409, "email-not-configured");
    member.get("/v1/me").await.assert_status(200);
    admin.put("/v1/settings/email", email_settings()).await.assert_status(200);

    let sent = admin.post(&path, json!({ "delivery": "email" })).await.assert_status(202);

    assert_eq!(sent.json["user"]["id"], member.id());
    member.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.sign_in(EMAIL, PASSWORD).await.assert_status(201);
    let token = app.invite_token_of(EMAIL).await;
    complete(&app, &token, NEW_PASSWORD).await.assert_status(204);
    app.sign_in(EMAIL, NEW_PASSWORD).await.assert_status(201);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn an_admin_shows_a_temporary_password_and_the_owner_is_told_without_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}/password-reset", member.id());

    let shown = admin.post(&path, json!({ "delivery": "show" })).await.assert_status(200);

    let temporary = shown.json["temporary_password"].as_str().unwrap();
    member.get("/v1/me").await.assert_problem(401, "unauthenticated");
    app.sign_in(EMAIL, PASSWORD).await.assert_problem(401, "invalid-credentials");
    app.sign_in(EMAIL, temporary).await.assert_status(201);
    let mails = app.mails_to(EMAIL).await;
    assert_eq!(mails.len(), 2, "welcome, and that there is a temporary password");
    assert!(!mails[0].text.contains(temporary) && !mails[0].html.contains(temporary), "{mails:?}");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_reset_is_for_active_users_and_says_so() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let guest = admin.post("/v1/invites", json!({ "email": "guest@example.com" })).await.assert_status(201).json;
    let path = format!("/v1/users/{}/password-reset", guest["user"]["id"].as_str().unwrap());
    for delivery in ["show", "email"] {
        admin.post(&path, json!({ "delivery": delivery })).await.assert_problem(409, "still-invited");
    }
    let unknown = "/v1/users/01JD8ZQ4V9WX6M2N3P5R7S8T9A/password-reset";
    admin.post(unknown, json!({ "delivery": "show" })).await.assert_problem(404, "user-not-found");
    for body in [json!({}), json!({ "delivery": "fax" }), json!({ "delivery": Value::Null })] {
        admin.post(&path, body).await.assert_refuses(&["/delivery"]);
    }
}
