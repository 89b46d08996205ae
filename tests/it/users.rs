//! Users, as admins and builders manage them.

use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, token_in};

#[tokio::test]
async fn an_admin_changes_a_user() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());

    let body = json!({ "name": "Mary", "email": "mary@example.com", "role": "builder" });
    let changed = admin.patch(&path, body).await.assert_status(200);

    assert_eq!(changed.header("etag"), Some("\"3\""));
    let read = admin.get(&path).await.assert_status(200);
    assert_eq!((read.header("etag"), &read.json), (Some("\"3\""), &changed.json));
    assert_eq!((&read.json["name"], &read.json["role"]), (&json!("Mary"), &json!("builder")));
    app.sign_in("mary@example.com", PASSWORD).await.assert_status(201);
    app.sign_in("member@example.com", PASSWORD).await.assert_problem(401, "invalid-credentials");
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "role.changed").unwrap();
    assert_eq!(entry["changes"]["role"], json!(["member", "builder"]));
    assert_eq!(entry["changes"]["email"], json!(["member@example.com", "mary@example.com"]));
    assert_eq!((&entry["actor"]["id"], &entry["subject"]["id"]), (&admin.user["id"], &member.user["id"]));

    let nameless = admin.patch(&path, json!({ "name": null })).await.assert_status(200).json;
    assert_eq!((&nameless["name"], &nameless["email"]), (&Value::Null, &json!("mary@example.com")));
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_none() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    let before = app.dump();

    for body in
        [json!({}), json!({ "role": "member" }), json!({ "email": "member@example.com", "name": "Grace Guest" })]
    {
        assert_eq!(admin.patch(&path, body).await.assert_status(200).json["version"], 2);
    }

    assert_eq!(app.dump(), before);
}

#[tokio::test]
async fn a_stale_change_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    let read = admin.get(&path).await.header("etag").unwrap().to_owned();
    admin.patch(&path, json!({ "name": "Mary" })).header("if-match", &read).await.assert_status(200);
    let before = app.dump();

    let role = format!("{path}/app-roles/wiki");
    for call in [
        admin.patch(&path, json!({ "name": "Late" })),
        admin.delete(&path),
        admin.put(&role, json!({ "role": "basic" })),
        admin.delete(&role),
    ] {
        let stale = call.header("if-match", &read).await.assert_problem(412, "stale");
        assert_eq!((&stale.json["version"], stale.header("etag")), (&json!(3), Some("\"3\"")));
    }

    assert_eq!(app.dump(), before);
    admin.delete(&path).header("if-match", "\"3\"").await.assert_status(204);
}

#[tokio::test]
async fn signing_in_makes_nobody_s_reading_stale() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    let read = admin.get(&path).await.header("etag").unwrap().to_owned();

    app.sign_in("member@example.com", PASSWORD).await.assert_status(201);

    admin.patch(&path, json!({ "name": "Mary" })).header("if-match", &read).await.assert_status(200);
}

#[tokio::test]
async fn an_address_that_is_taken_stays_with_its_user() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    let (before, mails) = (app.dump(), app.mailbox().await);

    let taken = admin.patch(&path, json!({ "email": "Admin@Example.com", "name": "Eve" })).await;

    let taken = taken.assert_problem(409, "email-taken");
    assert_eq!((&taken.json["user_id"], &taken.json["user_status"]), (&admin.user["id"], &json!("active")));
    assert_eq!(app.dump(), before);
    assert_eq!(app.mailbox().await, mails);

    let respelled = admin.patch(&path, json!({ "email": "Member@Example.com" })).await.assert_status(200);
    assert_eq!(respelled.json["email"], "Member@Example.com", "one's own address can be written anew");
    admin.patch(&path, json!({ "email": "mary@example.com" })).await.assert_status(200);
    let free = admin.post("/v1/invites", json!({ "email": "member@example.com" })).await;
    free.assert_status(201);
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn nobody_ends_or_lowers_themselves() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let other = app.user(&admin, "other@example.com", "admin").await;
    let before = app.dump();

    for client in [&admin, &other] {
        let path = format!("/v1/users/{}", client.id());
        client.delete(&path).await.assert_problem(409, "own-account");
        for role in ["member", "builder"] {
            client.patch(&path, json!({ "role": role })).await.assert_problem(409, "own-account");
        }
    }

    assert_eq!(app.dump(), before);
    admin
        .patch(&format!("/v1/users/{}", admin.id()), json!({ "role": "admin", "name": "Ada A." }))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_their_address_free() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    admin.put(&format!("{path}/app-roles/wiki"), json!({ "role": "basic" })).await.assert_status(200);
    for _ in 0..3 {
        app.sign_in("member@example.com", PASSWORD).await.assert_status(201);
    }

    admin.delete(&path).await.assert_status(204);

    admin.delete(&path).await.assert_problem(404, "user-not-found");
    admin.get(&path).await.assert_problem(404, "user-not-found");
    admin.patch(&path, json!({ "name": "Ghost" })).await.assert_problem(404, "user-not-found");
    assert_eq!(admin.get("/v1/users?app=wiki").await.items().len(), 0);
    assert_eq!(admin.get("/v1/users?q=grace").await.items().len(), 0);
    assert_eq!(app.count("user.deleted"), 1);
    app.settle().await;
    app.assert_sound(&app.dump());
    let again = app.member(&admin).await;
    assert_ne!(again.id(), member.id());
    member.get("/v1/me").await.assert_problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_invited_user_who_is_deleted_cannot_accept() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let invited = admin.post("/v1/invites", json!({ "email": "ada@example.com", "delivery": "link" })).await.json;

    admin.delete(&format!("/v1/users/{}", invited["user"]["id"].as_str().unwrap())).await.assert_status(204);

    app.accept(&token_in(invited["invite_link"].as_str().unwrap())).await.assert_problem(404, "invite-unknown");
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn users_get_and_lose_roles_in_apps() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let builder = app.builder(&admin).await;
    let invited = admin.post("/v1/invites", json!({ "email": "ada@example.com" })).await.json["user"].clone();
    let path = format!("/v1/users/{}", invited["id"].as_str().unwrap());
    let role = format!("{path}/app-roles/wiki");
    app.settle().await;

    let given = builder.put(&role, json!({ "role": "basic" })).await.assert_status(200);
    assert_eq!(given.json["app_roles"], json!({ "wiki": "basic" }));
    builder.put(&role, json!({ "role": "basic" })).await.assert_status(200);
    assert_eq!(app.count("app_role.set"), 1, "the same again is no change");
    let raised = builder.put(&role, json!({ "role": "power" })).await.assert_status(200);
    assert_eq!((&raised.json["app_roles"], raised.header("etag")), (&json!({ "wiki": "power" }), Some("\"3\"")));
    for (query, found) in [("app=wiki", 1), ("app=wiki&app_role=power", 1), ("app=wiki&app_role=basic", 0)] {
        assert_eq!(admin.get(&format!("/v1/users?{query}")).await.items().len(), found, "{query}");
    }

    builder.put(&role, json!({ "role": "owner" })).await.assert_refuses(&["/role"]);
    let missing = format!("{path}/app-roles/shop");
    builder.put(&missing, json!({ "role": "basic" })).await.assert_problem(404, "unknown-app");
    builder.delete(&missing).await.assert_problem(404, "unknown-app");

    let taken = builder.delete(&role).await.assert_status(200);
    assert_eq!(taken.json["app_roles"], json!({}));
    builder.delete(&role).await.assert_status(200);
    assert_eq!(app.count("app_role.removed"), 1);
    assert_eq!(admin.get("/v1/users?app=wiki").await.items().len(), 0);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_builder_never_touches_an_admin() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let (builder, member) = (app.builder(&admin).await, app.member(&admin).await);
    let before = app.dump_but_refusals();

    let of_admin = format!("/v1/users/{}/app-roles/wiki", admin.id());
    builder.put(&of_admin, json!({ "role": "admin" })).await.assert_problem(403, "forbidden");
    builder.delete(&of_admin).await.assert_problem(403, "forbidden");
    for client in [&builder, &member] {
        for id in [admin.id(), member.id(), builder.id()] {
            let path = format!("/v1/users/{id}");
            client.patch(&path, json!({ "role": "admin" })).await.assert_problem(403, "forbidden");
            client.delete(&path).await.assert_problem(403, "forbidden");
        }
    }
    let own = format!("/v1/users/{}/app-roles/wiki", member.id());
    member.put(&own, json!({ "role": "admin" })).await.assert_problem(403, "forbidden");
    member.get(&format!("/v1/users/{}", member.id())).await.assert_problem(403, "forbidden");

    assert_eq!(app.dump_but_refusals(), before);
    builder.put(&own, json!({ "role": "admin" })).await.assert_status(200);
}
