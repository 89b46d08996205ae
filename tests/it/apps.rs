//! Apps and their roles.

use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn a_new_app_starts_with_three_roles_or_with_its_own() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let builder = app.builder(&admin).await;

    let wiki = builder.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201).json;
    let body = json!({
        "slug": "shop",
        "name": "Läden & Märkte",
        "url": "https://shop.example.com/",
        "description": "Where we sell",
        "roles": [{ "slug": "seller", "name": "Seller", "description": "Sells" }, { "slug": "buyer", "name": "Buyer" }],
    });
    let shop = builder.post("/v1/apps", body).await.assert_status(201).json;

    let slugs = |app: &Value| {
        let roles = app["roles"].as_array().unwrap().iter();
        roles.map(|role| role["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(slugs(&wiki), ["admin", "power", "basic"]);
    assert_eq!(slugs(&shop), ["seller", "buyer"]);
    assert_eq!((&shop["name"], &shop["url"]), (&json!("Läden & Märkte"), &json!("https://shop.example.com/")));
    assert_eq!(builder.get("/v1/apps/shop").await.assert_status(200).json, shop);
    assert_eq!(builder.get("/v1/apps").await.each("slug"), ["shop", "wiki"]);
    builder.get("/v1/apps/other").await.assert_problem(404, "unknown-app");
    assert_eq!(app.count("app.created"), 2);
}

#[tokio::test]
async fn a_slug_is_given_once() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let before = app.dump();

    let again = json!({ "slug": "wiki", "name": "Other", "roles": [{ "slug": "owner", "name": "Owner" }] });
    admin.post("/v1/apps", again).await.assert_problem(409, "slug-taken");

    assert_eq!(app.dump(), before);
}

#[tokio::test]
async fn what_is_no_app_is_refused_with_all_that_is_wrong() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let before = app.dump();
    let create = |more: Value| {
        let mut body = json!({ "slug": "wiki", "name": "Wiki" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.post("/v1/apps", body)
    };

    create(json!({ "slug": "Wi ki", "name": "", "url": "javascript:alert(1)" }))
        .await
        .assert_refuses(&["/slug", "/name", "/url"]);
    create(json!({ "roles": [] })).await.assert_refuses(&["/roles"]);
    let twice = json!([{ "slug": "a", "name": "A" }, { "slug": "a", "name": "B" }]);
    create(json!({ "roles": twice })).await.assert_refuses(&["/roles/1/slug"]);
    let odd = json!([{ "slug": "A", "name": "A" }, { "name": 5, "rights": [] }]);
    create(json!({ "roles": odd })).await.assert_refuses(&[
        "/roles/0/slug",
        "/roles/1/slug",
        "/roles/1/name",
        "/roles/1/rights",
    ]);
    for url in ["http://shop.example.com", "//evil.example", "data:text/html,x", "https://u:p@example.com", "https://"]
    {
        create(json!({ "url": url })).await.assert_refuses(&["/url"]);
    }

    assert_eq!(app.dump(), before);
}

#[tokio::test]
async fn apps_come_in_pages() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for n in 0..7 {
        admin.post("/v1/apps", json!({ "slug": format!("app-{n}"), "name": "App" })).await.assert_status(201);
    }

    let mut seen = Vec::new();
    let mut query = "?limit=3".to_owned();
    loop {
        let page = admin.get(&format!("/v1/apps{query}")).await.assert_status(200);
        seen.extend(page.each("slug").into_iter().map(str::to_owned));
        match page.json["next_cursor"].as_str() {
            Some(cursor) => query = format!("?limit=3&cursor={cursor}"),
            None => break,
        }
    }

    assert_eq!(seen, (0..7).map(|n| format!("app-{n}")).collect::<Vec<_>>());
}
