//! App roles: who may enter which app as what.

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

async fn app_with_wiki() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    (app, admin)
}

async fn give(admin: &Client, user: &Client, app: &str, role: &str) -> crate::support::Answer {
    admin.put(&format!("/v1/users/{}/app-roles/{app}", user.id()), json!({ "role": role })).await
}

#[tokio::test]
async fn an_app_asks_whether_its_visitor_may_enter() {
    let (app, admin) = app_with_wiki().await;
    admin.post("/v1/apps", json!({ "slug": "shop", "name": "Shop" })).await.assert_status(201);
    let member = app.member(&admin).await;
    give(&admin, &member, "wiki", "power").await.assert_status(200);

    let access = member.get("/v1/me/access/wiki").await.assert_status(200).json;

    assert_eq!((&access["app"]["slug"], &access["role"]), (&json!("wiki"), &json!("power")));
    member.get("/v1/me/access/shop").await.assert_problem(403, "no-access");
    member.get("/v1/me/access/none").await.assert_problem(404, "unknown-app");
    app.stranger().get("/v1/me/access/wiki").await.assert_problem(401, "unauthenticated");
    let mine = member.get("/v1/me/apps").await.assert_status(200);
    assert_eq!(mine.items(), [access]);
    admin.delete(&format!("/v1/users/{}/app-roles/wiki", member.id())).await.assert_status(200);
    member.get("/v1/me/access/wiki").await.assert_problem(403, "no-access");
    assert!(member.get("/v1/me/apps").await.items().is_empty());
}

#[tokio::test]
async fn the_users_of_an_app_come_by_address_and_by_role() {
    let (_app, admin) = app_with_wiki().await;
    for n in 0..7 {
        let role = ["basic", "power"][n % 2];
        let body =
            json!({ "email": format!("user{n}@example.com"), "delivery": "link", "app_roles": { "wiki": role } });
        admin.post("/v1/invites", body).await.assert_status(201);
    }
    admin.post("/v1/invites", json!({ "email": "other@example.com", "delivery": "link" })).await.assert_status(201);
    let users = async |query: &str| {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = admin.get(&format!("/v1/apps/wiki/users?limit=3{query}{cursor}")).await.assert_status(200);
            seen.extend(page.items().iter().map(|item| {
                (item["user"]["email"].as_str().unwrap().to_owned(), item["role"].as_str().unwrap().to_owned())
            }));
            let Some(next) = page.json["next_cursor"].as_str() else { return seen };
            cursor = format!("&cursor={next}");
        }
    };

    let expected: Vec<(String, String)> =
        (0..7).map(|n| (format!("user{n}@example.com"), ["basic", "power"][n % 2].to_owned())).collect();
    assert_eq!(users("").await, expected);
    let power: Vec<_> = expected.into_iter().filter(|(_, role)| role == "power").collect();
    assert_eq!(users("&role=power").await, power);
    assert!(users("&role=admin").await.is_empty());
    admin.get("/v1/apps/none/users").await.assert_problem(404, "unknown-app");
}

#[tokio::test]
async fn an_app_is_changed_field_by_field_and_a_role_in_use_stays() {
    let (app, admin) = app_with_wiki().await;
    let member = app.member(&admin).await;
    give(&admin, &member, "wiki", "basic").await.assert_status(200);
    let patch = |body: Value| admin.patch("/v1/apps/wiki", body);

    patch(json!({ "url": "https://wiki.example.com/", "description": "Words" })).await.assert_status(200);
    let kept = patch(json!({ "name": "Wikis", "description": null })).await.assert_status(200).json;
    assert_eq!(
        (&kept["name"], &kept["url"], &kept["description"]),
        (&json!("Wikis"), &json!("https://wiki.example.com/"), &Value::Null)
    );
    assert_eq!(kept["roles"].as_array().unwrap().len(), 3);
    let entries = app.count("app.updated");
    patch(json!({})).await.assert_status(200);
    patch(json!({ "name": "Wikis" })).await.assert_status(200);
    assert_eq!(app.count("app.updated"), entries, "nothing changed");

    let others = json!({ "roles": [{ "slug": "reader", "name": "Reader" }] });
    let refused = patch(others.clone()).await.assert_problem(409, "role-in-use");
    assert_eq!((&refused.json["role"], &refused.json["count"]), (&json!("basic"), &json!(1)));
    let renamed = json!({ "roles": [{ "slug": "basic", "name": "Reader" }, { "slug": "writer", "name": "Writer" }] });
    patch(renamed).await.assert_status(200);
    give(&admin, &member, "wiki", "power").await.assert_refuses(&["/role"]);
    give(&admin, &member, "wiki", "writer").await.assert_status(200);
    patch(json!({ "slug": "other" })).await.assert_refuses(&["/slug"]);
    admin.patch("/v1/apps/none", json!({})).await.assert_problem(404, "unknown-app");
}

#[tokio::test]
async fn a_deleted_app_takes_its_roles_from_everybody() {
    let (app, admin) = app_with_wiki().await;
    admin.post("/v1/apps", json!({ "slug": "shop", "name": "Shop" })).await.assert_status(201);
    let member = app.member(&admin).await;
    give(&admin, &member, "shop", "basic").await.assert_status(200);
    give(&admin, &member, "wiki", "basic").await.assert_status(200);
    let guests: Vec<Value> = (0..120)
        .map(|n| json!({ "email": format!("user{n}@example.com"), "delivery": "link", "app_roles": { "wiki": "basic" } }))
        .collect();
    admin.post("/v1/invites/batch", json!({ "invites": guests })).await.assert_status(200);

    admin.delete("/v1/apps/wiki").await.assert_status(204);

    member.get("/v1/me/access/wiki").await.assert_problem(404, "unknown-app");
    admin.get("/v1/apps/wiki").await.assert_problem(404, "unknown-app");
    app.settle().await;
    assert_eq!(member.get("/v1/me").await.json["app_roles"], json!({ "shop": "basic" }));
    assert_eq!(app.count("app_role.removed"), 121);
    assert_eq!(app.count("app.deleted"), 1);
    app.assert_sound(&app.dump());
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "New" })).await.assert_status(201);
    member.get("/v1/me/access/wiki").await.assert_problem(403, "no-access");
    admin.delete("/v1/apps/none").await.assert_problem(404, "unknown-app");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_role_given_while_its_app_is_deleted_does_not_outlive_it() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    for round in 0..6 {
        let slug = format!("app-{round}");
        admin.post("/v1/apps", json!({ "slug": slug, "name": "App" })).await.assert_status(201);
        let calls = (0..3).map(|_| give(&admin, &member, &slug, "basic"));
        let delete = admin.delete(&format!("/v1/apps/{slug}")).into_future();
        let (given, deleted) = tokio::join!(futures_util::future::join_all(calls), delete);
        deleted.assert_status(204);
        assert!(given.iter().all(|answer| [200, 404].contains(&answer.status)), "{given:?}");
        app.settle().await;
        assert_eq!(member.get("/v1/me").await.json["app_roles"], json!({}), "round {round}");
    }
    app.assert_sound(&app.dump());
}
