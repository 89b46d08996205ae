//! Bulk calls: every row has its own outcome, in order, and a repeated call has one effect.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, token_in};

fn results(answer: &Answer) -> &[Value] {
    answer.json["results"].as_array().unwrap()
}

fn outcomes(answer: &Answer) -> Vec<&str> {
    results(answer).iter().map(|row| row["outcome"].as_str().unwrap()).collect()
}

/// Rows of every kind, with the outcome of each; `done` is that of a good one.
fn rows(done: &'static str) -> (Vec<Value>, Vec<&'static str>) {
    let rows = [
        (json!({ "email": "ada@example.com", "name": "Ada", "app_roles": { "wiki": "basic" } }), done),
        (json!({ "email": "no address" }), "invalid"),
        (json!({ "email": "grace@example.com", "app_roles": { "wiki": "owner" } }), "invalid"),
        (json!({ "email": "GRACE@example.com" }), done),
        (json!({ "email": "ADA@example.com" }), "exists"),
        (json!({ "email": "admin@example.com" }), "exists"),
        (json!({ "email": "mallory@example.com", "status": "active" }), "invalid"),
        (json!({ "name": "Nobody" }), "invalid"),
        (json!("ada@example.com"), "invalid"),
        (json!({ "email": "bob@example.com", "role": "owner", "name": "x\ny" }), "invalid"),
        (json!({ "email": "barbara@example.com", "role": "builder" }), done),
    ];
    rows.into_iter().unzip()
}

async fn app_with_wiki() -> (TestApp, crate::support::Client) {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    (app, admin)
}

#[tokio::test]
async fn every_row_of_an_invitation_has_its_outcome_and_a_dry_run_tells_the_same() {
    let (app, admin) = app_with_wiki().await;
    let (mut rows, expected) = rows("invited");
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        row.insert("delivery".to_owned(), json!("link"));
    }
    let before = app.dump();

    let dry = admin.post("/v1/invites/batch", json!({ "invites": rows, "dry_run": true })).await.assert_status(200);
    assert_eq!(app.dump(), before, "a dry run changes nothing");
    let done = admin.post("/v1/invites/batch", json!({ "invites": rows })).await.assert_status(200);

    assert_eq!((outcomes(&dry), outcomes(&done)), (expected.clone(), expected));
    let told = |answer: &Answer| -> Vec<Value> {
        results(answer).iter().map(|row| json!([row["email"], row["detail"]])).collect()
    };
    assert_eq!(told(&dry), told(&done));
    assert_eq!(results(&done)[1]["email"], "no address");
    assert!(results(&done)[6]["detail"].as_str().unwrap().contains("status"), "{done}");
    assert!(results(&done)[9]["detail"].as_str().unwrap().contains("role"), "{done}");
    assert_eq!(results(&done)[5]["user_id"], admin.id());
    app.accept(&token_in(results(&done)[0]["invite_link"].as_str().unwrap())).await.assert_status(201);
    assert_eq!(app.count("user.invited"), 3);
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn every_row_of_new_users_has_its_outcome_and_a_dry_run_tells_the_same() {
    let (app, admin) = app_with_wiki().await;
    let (rows, expected) = rows("created");
    let before = app.dump();

    let dry = admin.post("/v1/users/batch", json!({ "users": rows, "dry_run": true })).await.assert_status(200);
    assert_eq!(app.dump(), before, "a dry run changes nothing");
    let done = admin.post("/v1/users/batch", json!({ "users": rows })).await.assert_status(200);

    assert_eq!((outcomes(&dry), outcomes(&done)), (expected.clone(), expected));
    for row in results(&done) {
        assert_eq!(row["temporary_password"].is_string(), row["outcome"] == "created", "{row}");
    }
    let ada = &results(&done)[0];
    app.sign_in("ada@example.com", ada["temporary_password"].as_str().unwrap()).await.assert_status(201);
    assert_eq!(results(&done)[4]["detail"], "An earlier row has this address.");
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn every_id_of_a_deletion_has_its_outcome() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let ids = json!([member.id(), "nobody", admin.id(), 7, member.id(), "01JD8ZQ4V9WX6M2N3P5R7S8T9A"]);

    let done = admin.post("/v1/users/batch-delete", json!({ "ids": ids })).await.assert_status(200);

    assert_eq!(outcomes(&done), ["deleted", "not_found", "refused", "not_found", "not_found", "not_found"]);
    assert_eq!(results(&done).iter().map(|row| row["id"].clone()).collect::<Value>(), ids);
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_rows_with_one_id_the_first_deletes_the_user() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let row = |n| json!({ "email": format!("user{n}@example.com"), "delivery": "link" });
    let rows = (0..12).map(row).collect::<Value>();
    let invited = admin.post("/v1/invites/batch", json!({ "invites": rows })).await.assert_status(200);
    let ids = results(&invited).iter().flat_map(|row| [&row["user_id"]; 2]).cloned().collect::<Value>();

    let done = admin.post("/v1/users/batch-delete", json!({ "ids": ids })).await.assert_status(200);

    assert_eq!(outcomes(&done), ["deleted", "not_found"].repeat(12));
}

#[tokio::test]
async fn a_call_takes_five_hundred_rows_and_no_nonsense() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let rows = |number: usize| vec![json!({ "email": "x" }); number];
    for (path, field) in
        [("/v1/invites/batch", "invites"), ("/v1/users/batch", "users"), ("/v1/users/batch-delete", "ids")]
    {
        let pointer = format!("/{field}");
        admin.post(path, json!({ field: rows(501) })).await.assert_refuses(&[&pointer]);
        admin.post(path, json!({})).await.assert_refuses(&[&pointer]);
        admin.post(path, json!({ field: "all" })).await.assert_refuses(&[&pointer]);
        admin.post(path, json!({ field: [], "force": true })).await.assert_refuses(&["/force"]);
        let full = admin.post(path, json!({ field: rows(500) })).await.assert_status(200);
        assert_eq!(results(&full).len(), 500);
    }
    let mailed = json!({ "invites": [{ "email": "ada@example.com" }] });
    admin.post("/v1/invites/batch", mailed).await.assert_problem(409, "email-not-configured");
}

#[tokio::test]
async fn cost_grows_with_the_rows_and_no_faster() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let mut costs = Vec::new();
    for (round, number) in [20, 100].into_iter().enumerate() {
        let rows: Vec<Value> = (0..number)
            .map(|n| json!({ "email": format!("user{round}-{n}@example.com"), "delivery": "link" }))
            .collect();
        admin.post("/v1/invites/batch", json!({ "invites": rows })).await.assert_status(200);
        let cost = *app.installation.recorder().seen()["invite_users"].invocations.last().unwrap();
        costs.push((f64::from(cost.dynamodb_requests - 2) / f64::from(number), cost.write_units / f64::from(number)));
    }
    let ((few_trips, few_units), (many_trips, many_units)) = (costs[0], costs[1]);
    assert!(few_trips <= 1.0 && many_trips <= 1.0, "one write for each row: {costs:?}");
    assert!((few_units - many_units).abs() < 0.5, "{costs:?}");
}

#[tokio::test]
async fn a_repeated_call_gets_the_answer_again_without_its_secrets() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let body = json!({ "users": [{ "email": "ada@example.com" }, { "email": "no address" }] });
    let call = |body: &Value| admin.post("/v1/users/batch", body.clone()).header("idempotency-key", "one");

    let first = call(&body).await.assert_status(200);
    let again = call(&body).await.assert_status(200);

    let mut expected = first.json.clone();
    expected["results"][0]["temporary_password"] = Value::Null;
    assert_eq!(again.json, expected);
    assert_eq!(app.count("user.created"), 1);
    call(&json!({ "users": [] })).await.assert_problem(422, "idempotency-key-reused");
    // Another operation, another caller and another day know nothing of it.
    let single =
        |key: &str| admin.post("/v1/users", json!({ "email": "grace@example.com" })).header("idempotency-key", key);
    let created = single("one").await.assert_status(201);
    assert!(created.json["temporary_password"].is_string());
    assert_eq!(single("one").await.assert_status(201).json["temporary_password"], Value::Null);
    let other = app.program(&admin, "admin").await;
    let others = other.post("/v1/users/batch", body.clone()).header("idempotency-key", "one").await.assert_status(200);
    assert_eq!(outcomes(&others), ["exists", "invalid"]);
    app.advance(std::time::Duration::from_hours(25)).await;
    let admin = app.signed_in(&app.sign_in("admin@example.com", crate::support::PASSWORD).await);
    let later = admin.post("/v1/users/batch", body).header("idempotency-key", "one").await.assert_status(200);
    assert_eq!(outcomes(&later), ["exists", "invalid"]);
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_refused_call_leaves_its_key_free() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let call =
        |client: &crate::support::Client, body: Value| client.post("/v1/users", body).header("idempotency-key", "one");
    call(&admin, json!({ "email": "no address" })).await.assert_refuses(&["/email"]);
    call(&admin, json!({ "email": "ada@example.com" })).await.assert_status(201);
    call(&member, json!({ "email": "eve@example.com" })).await.assert_problem(403, "forbidden");
    call(&app.stranger(), json!({ "email": "eve@example.com" })).await.assert_problem(401, "unauthenticated");
    for key in ["", &"x".repeat(256)] {
        let body = json!({ "email": "bob@example.com" });
        let refused = admin.post("/v1/users", body).header("idempotency-key", key).await;
        assert_eq!(refused.status, 400, "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn repeats_at_once_have_one_effect_and_one_answer() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let rows: Vec<Value> =
        (0..5).map(|n| json!({ "email": format!("user{n}@example.com"), "delivery": "link" })).collect();
    let calls = (0..8).map(|_| {
        admin.post("/v1/invites/batch", json!({ "invites": rows })).header("idempotency-key", "one").into_future()
    });

    let answers = futures_util::future::join_all(calls).await;

    assert_eq!(app.count("user.invited"), 5);
    let with_links = answers.iter().filter(|answer| results(answer)[0]["invite_link"].is_string()).count();
    assert_eq!(with_links, 1);
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(outcomes(answer), ["invited"; 5]);
        assert_eq!(results(answer)[3]["user_id"], results(&answers[0])[3]["user_id"]);
    }
    app.settle().await;
    app.assert_sound(&app.dump());
}
