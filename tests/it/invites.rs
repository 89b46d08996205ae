//! From an admin's wish to an invitee's first sign-in.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, NEW_PASSWORD, PASSWORD, TestApp, token_in};

async fn invite(admin: &Client, email: &str) -> Value {
    admin.post("/v1/invites", json!({ "email": email })).await.assert_status(201).json["user"].clone()
}

fn path_of(user: &Value) -> String {
    format!("/v1/users/{}", user["id"].as_str().unwrap())
}

#[tokio::test]
async fn an_invitee_gets_a_mail_accepts_and_is_signed_in() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let body = json!({
        "email": "Grace@Example.com",
        "name": "G. Hopper",
        "role": "builder",
        "app_roles": { "wiki": "power" },
        "message": "Welcome\naboard",
    });

    let invited = admin.post("/v1/invites", body).await.assert_status(201).json;

    let (user, path) = (&invited["user"], path_of(&invited["user"]));
    assert_eq!((&user["status"], &user["invite"]["delivery"]), (&json!("invited"), &json!("queued")));
    assert!(invited.get("invite_link").is_none(), "the link goes to the invitee alone");
    let mails = app.mails_to("Grace@Example.com").await;
    assert_eq!(mails.len(), 1);
    for part in [&mails[0].text, &mails[0].html] {
        for expected in ["Ada Admin", "Analytical Engines", "Power", "Wiki", "aboard", "Grace@Example.com"] {
            assert!(part.contains(expected), "{expected} in {part}");
        }
    }
    let sent = admin.get(&path).await.json["invite"].clone();
    assert_eq!((&sent["delivery"], &sent["times_sent"]), (&json!("sent"), &json!(1)));
    assert_eq!(sent["invited_by"], "Ada Admin");

    let token = app.invite_token_of("Grace@Example.com").await;
    let guest = app.stranger();
    for _ in 0..2 {
        let seen = guest.post("/v1/invites/inspect", json!({ "token": token })).await.assert_status(200).json;
        assert_eq!((&seen["email"], &seen["name"]), (&json!("Grace@Example.com"), &json!("G. Hopper")));
        assert_eq!((&seen["company"], &seen["invited_by"]), (&json!("Analytical Engines"), &json!("Ada Admin")));
        assert_eq!(seen["expires_at"], sent["expires_at"]);
        assert_eq!(seen["password_policy"]["min_length"], 12);
    }
    let body = json!({ "token": token, "name": "Grace Hopper", "password": PASSWORD });
    let accepted = guest.post("/v1/invites/accept", body).await.assert_status(201);

    let grace = app.signed_in(&accepted).get("/v1/me").await.assert_status(200).json;
    assert_eq!((&grace["id"], &grace["status"]), (&user["id"], &json!("active")));
    assert_eq!((&grace["name"], &grace["role"]), (&json!("Grace Hopper"), &json!("builder")));
    assert_eq!((&grace["app_roles"], &grace["invite"]), (&json!({ "wiki": "power" }), &Value::Null));
    app.sign_in("grace@example.com", PASSWORD).await.assert_status(201);
    assert_eq!((app.count("user.invited"), app.count("user.activated")), (1, 1));
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_link_works_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    invite(&admin, "ada@example.com").await;
    let token = app.invite_token_of("ada@example.com").await;
    app.accept(&token).await.assert_status(201);

    let again = json!({ "token": token, "name": "Eve", "password": NEW_PASSWORD });
    app.stranger().post("/v1/invites/accept", again).await.assert_problem(404, "invite-unknown");

    for operation in ["inspect", "request-renewal"] {
        let answer = app.stranger().post(&format!("/v1/invites/{operation}"), json!({ "token": token })).await;
        answer.assert_problem(404, "invite-unknown");
    }
    app.sign_in("ada@example.com", NEW_PASSWORD).await.assert_problem(401, "invalid-credentials");
    app.sign_in("ada@example.com", PASSWORD).await.assert_status(201);
    assert_eq!(app.count("user.activated"), 1);
}

#[tokio::test]
async fn no_other_text_passes_for_a_link() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    invite(&admin, "ada@example.com").await;
    invite(&admin, "eve@example.com").await;
    let (ada, eve) = (app.invite_token_of("ada@example.com").await, app.invite_token_of("eve@example.com").await);
    let (start, secret) = ada.split_once('.').unwrap();
    let (_, other_secret) = eve.split_once('.').unwrap();
    let session = app.sign_in("admin@example.com", PASSWORD).await.json["token"].as_str().unwrap().to_owned();

    for wrong in [
        "",
        "invite_",
        ".",
        secret,
        start,
        &format!("{start}."),
        &format!("{start}.{other_secret}"),
        &format!("{start}.{}", secret.to_lowercase()),
        &format!("{ada}="),
        &format!(" {ada}"),
        &format!("{ada}\0"),
        &format!("https://users.example.com/accept-invite#token={ada}"),
        &ada.replace("invite_", "session_"),
        &session,
        "invite_01JD8ZQ4V9WX6M2N3P5R7S8T9A.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &"x".repeat(100_000),
    ] {
        app.accept(wrong).await.assert_problem(404, "invite-unknown");
        for operation in ["inspect", "request-renewal"] {
            let answer = app.stranger().post(&format!("/v1/invites/{operation}"), json!({ "token": wrong })).await;
            answer.assert_problem(404, "invite-unknown");
        }
    }
    app.accept(&ada).await.assert_status(201);
}

#[tokio::test]
async fn an_address_can_be_invited_only_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = invite(&admin, "j\u{fc}rgen@example.com").await;
    app.settle().await;
    let before = app.dump();

    for same in ["ju\u{308}rgen@example.com", "J\u{dc}RGEN@EXAMPLE.COM", " j\u{fc}rgen@example.com "] {
        let answer = admin.post("/v1/invites", json!({ "email": same })).await.assert_problem(409, "email-taken");
        assert_eq!((&answer.json["user_id"], &answer.json["user_status"]), (&user["id"], &json!("invited")));
    }
    let own =
        admin.post("/v1/invites", json!({ "email": "ADMIN@example.com" })).await.assert_problem(409, "email-taken");
    assert_eq!((&own.json["user_id"], &own.json["user_status"]), (&admin.user["id"], &json!("active")));

    assert_eq!(app.mailbox().await.len(), 1, "nobody is mailed twice");
    assert_eq!(app.dump(), before);
}

#[tokio::test]
async fn an_admin_hands_a_link_over_and_nothing_is_mailed() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;

    let body = json!({ "email": "ada@example.com", "delivery": "link" });
    let invited = admin.post("/v1/invites", body).await.assert_status(201).json;

    let link = invited["invite_link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}/accept-invite#token=invite_", app.installation.url())), "{link}");
    assert_eq!(invited["user"]["invite"]["delivery"], "none");
    assert_eq!(app.mailbox().await, []);
    let shown = admin.get(&path_of(&invited["user"])).await.assert_status(200);
    assert!(!String::from_utf8_lossy(&shown.bytes).contains("token"), "it is given once: {shown}");
    app.accept(&token_in(link)).await.assert_status(201);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn an_installation_without_mail_invites_nobody_by_mail() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let body = json!({ "email": "ada@example.com", "delivery": "link" });
    let invited = admin.post("/v1/invites", body).await.assert_status(201);
    let before = app.dump();

    let by_mail = json!({ "email": "eve@example.com" });
    admin.post("/v1/invites", by_mail).await.assert_problem(409, "email-not-configured");
    let renewal = admin.post(&format!("{}/invite", path_of(&invited.json["user"])), json!({})).await;
    renewal.assert_problem(409, "email-not-configured");

    assert_eq!(app.dump(), before);
    app.accept(&token_in(invited.json["invite_link"].as_str().unwrap())).await.assert_status(201);
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_consumes_no_invite() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    invite(&admin, "grace.hopper@example.com").await;
    let token = app.invite_token_of("grace.hopper@example.com").await;
    let before = app.dump();

    for password in ["short", "gracehopper1", "analytical-engines", "rosterroster1", "aaaaaaaaaaaaaaaa"] {
        let body = json!({ "token": token, "name": "Grace", "password": password });
        let answer = app.stranger().post("/v1/invites/accept", body).await.assert_refuses(&["/password"]);
        assert!(!answer.json["errors"][0]["detail"].as_str().unwrap().is_empty());
    }

    assert_eq!(app.dump(), before);
    app.accept(&token).await.assert_status(201);
}

#[tokio::test]
async fn a_renewed_invite_replaces_its_link() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = invite(&admin, "ada@example.com").await;
    let old = app.invite_token_of("ada@example.com").await;

    let renewed = admin.call("POST", &format!("{}/invite", path_of(&user))).await.assert_status(202).json;

    assert!(renewed.get("invite_link").is_none());
    assert_eq!(renewed["user"]["version"], 2);
    let new = app.invite_token_of("ada@example.com").await;
    assert_ne!(old, new);
    assert_eq!(app.mails_to("ada@example.com").await.len(), 2);
    app.accept(&old).await.assert_problem(410, "invite-replaced");
    for operation in ["inspect", "request-renewal"] {
        let answer = app.stranger().post(&format!("/v1/invites/{operation}"), json!({ "token": old })).await;
        answer.assert_problem(410, "invite-replaced");
    }
    let shown = admin.get(&path_of(&user)).await.json["invite"].clone();
    assert_eq!((&shown["times_sent"], &shown["delivery"]), (&json!(2), &json!("sent")));
    app.accept(&new).await.assert_status(201);
    app.accept(&old).await.assert_problem(404, "invite-unknown");
    assert_eq!(app.count("invite.renewed"), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_renewed_invite_can_be_handed_over() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = invite(&admin, "ada@example.com").await;
    let mailed = app.invite_token_of("ada@example.com").await;

    let body = json!({ "delivery": "link", "valid_hours": 2 });
    let renewed = admin.post(&format!("{}/invite", path_of(&user)), body).await.assert_status(202).json;

    assert_eq!(app.mailbox().await.len(), 1, "nothing more is mailed");
    assert_eq!(renewed["user"]["invite"]["delivery"], "none");
    let expires_at: jiff::Timestamp = renewed["user"]["invite"]["expires_at"].as_str().unwrap().parse().unwrap();
    let left = expires_at.duration_since(app.now());
    assert!(left.as_mins() >= 119 && left.as_mins() <= 120, "{left}");
    app.accept(&mailed).await.assert_problem(410, "invite-replaced");
    app.accept(&token_in(renewed["invite_link"].as_str().unwrap())).await.assert_status(201);
}

#[tokio::test]
async fn only_who_is_invited_has_an_invite_to_renew_or_revoke() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let before = app.dump();

    for (id, status, slug) in [
        (member.id(), 409, "not-invited"),
        (admin.id(), 409, "not-invited"),
        ("01JD8ZQ4V9WX6M2N3P5R7S8T9A", 404, "user-not-found"),
        ("nonsense", 404, "user-not-found"),
    ] {
        let path = format!("/v1/users/{id}/invite");
        admin.post(&path, json!({})).await.assert_problem(status, slug);
        admin.delete(&path).await.assert_problem(status, slug);
    }
    assert_eq!(app.dump(), before);
}

#[tokio::test]
async fn a_revoked_invite_leaves_no_trace_but_in_the_activity() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = invite(&admin, "ada@example.com").await;
    let token = app.invite_token_of("ada@example.com").await;
    let path = format!("{}/invite", path_of(&user));

    admin.delete(&path).await.assert_status(204);

    admin.delete(&path).await.assert_problem(404, "user-not-found");
    admin.get(&path_of(&user)).await.assert_problem(404, "user-not-found");
    app.accept(&token).await.assert_problem(404, "invite-unknown");
    assert_eq!(admin.get("/v1/invites").await.items().len(), 0);
    let again = invite(&admin, "ADA@example.com").await;
    assert_ne!(again["id"], user["id"]);
    app.accept(&token).await.assert_problem(404, "invite-unknown");
    assert_eq!(app.count("invite.revoked"), 1);
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn roles_in_apps_are_those_that_there_are() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let before = app.dump();

    let body = json!({ "email": "ada@example.com", "app_roles": { "wiki": "owner", "shop": "basic" } });
    admin.post("/v1/invites", body).await.assert_refuses(&["/app_roles/wiki", "/app_roles/shop"]);

    assert_eq!(app.dump(), before);
}

#[tokio::test]
async fn only_admins_invite() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = invite(&admin, "ada@example.com").await;
    let clients = [app.builder(&admin).await, app.member(&admin).await];
    app.settle().await;
    let before = app.dump_but_refusals();

    for client in clients {
        client.post("/v1/invites", json!({ "email": "eve@example.com" })).await.assert_problem(403, "forbidden");
        client.get("/v1/invites").await.assert_problem(403, "forbidden");
        client.post(&format!("{}/invite", path_of(&user)), json!({})).await.assert_problem(403, "forbidden");
        client.delete(&format!("{}/invite", path_of(&user))).await.assert_problem(403, "forbidden");
    }
    assert_eq!(app.dump_but_refusals(), before);
}

#[tokio::test]
async fn invites_are_listed_soonest_expiry_first() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (email, hours) in [("c@example.com", 30), ("a@example.com", 1), ("b@example.com", 2), ("d@example.com", 700)] {
        let body = json!({ "email": email, "valid_hours": hours });
        admin.post("/v1/invites", body).await.assert_status(201);
    }
    app.user(&admin, "active@example.com", "member").await;
    let listed = async |query: &str| {
        let answer = admin.get(&format!("/v1/invites{query}")).await.assert_status(200);
        answer.each("email").into_iter().map(|email| email[..1].to_owned()).collect::<String>()
    };

    assert_eq!(listed("").await, "abcd");
    app.advance(Duration::from_mins(90)).await;
    assert_eq!(listed("?status=invite_expired").await, "a");
    assert_eq!(listed("?status=invited").await, "bcd");
    assert_eq!(listed("").await, "abcd");
    admin.get("/v1/invites?status=active").await.assert_refuses(&["/status"]);
}

#[tokio::test]
async fn an_invite_follows_its_user_to_a_new_address() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = invite(&admin, "wrong@example.com").await;
    let old = app.invite_token_of("wrong@example.com").await;

    admin.patch(&path_of(&user), json!({ "email": "right@example.com" })).await.assert_status(200);

    assert_eq!(app.mails_to("wrong@example.com").await.len(), 1, "the wrong one gets nothing more");
    app.accept(&old).await.assert_problem(410, "invite-replaced");
    let token = app.invite_token_of("right@example.com").await;
    app.accept(&token).await.assert_status(201);
    app.sign_in("right@example.com", PASSWORD).await.assert_status(201);
    app.sign_in("wrong@example.com", PASSWORD).await.assert_problem(401, "invalid-credentials");
    app.assert_sound(&app.dump());
}
