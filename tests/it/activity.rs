//! The activity: one entry for each change, with all that an auditor asks, sealed against those who would change it.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use roster_local::engine::TABLE;
use roster_store::{Finding, keys::SEALS};
use serde_json::{Value, json};

use crate::support::{Answer, Call, Client, NEW_PASSWORD, PASSWORD, TestApp, email_settings};

/// Makes a call and gives the one entry that it left.
async fn entry_of(app: &TestApp, call: Call) -> (Answer, Value) {
    app.settle().await;
    let before = app.activity().len();
    let answer = call.header("user-agent", "Walk/1").await;
    let mut entries = app.activity().split_off(before);
    // What the system does in return has entries of its own.
    entries.retain(|entry| entry["actor"]["kind"] != "system");
    assert_eq!(entries.len(), 1, "{answer} left {entries:?}");
    let entry = entries.remove(0);
    let origin = [&entry["ip"], &entry["user_agent"], &entry["request_id"]].map(|value| value.as_str().unwrap());
    assert_eq!(origin, ["127.0.0.1", "Walk/1", answer.header("x-request-id").unwrap()]);
    (answer, entry)
}

#[tokio::test]
async fn every_change_has_one_entry_with_who_whom_what_and_from_where() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let other = app.signed_in(&app.sign_in("member@example.com", PASSWORD).await);
    let own = member.get("/v1/session").await.json["session"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/users/{}", member.id());
    let at = |rest: &str| format!("{path}{rest}");
    let by_admin = json!({ "kind": "user", "id": admin.id(), "label": admin.user["name"] });
    let role = json!({ "slug": "reader", "name": "Reader" });
    let passwords = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    let created = json!({ "email": "ada@example.com", "name": "Ada" });
    let steps: Vec<(Call, u16, &str, Value)> = vec![
        (admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki", "roles": [role] })), 201, "app.created", json!({ "name": [null, "Wiki"], "roles": [null, "reader"] })),
        (admin.patch("/v1/apps/wiki", json!({ "name": "Wikis" })), 200, "app.updated", json!({ "name": ["Wiki", "Wikis"] })),
        (admin.put(&at("/app-roles/wiki"), json!({ "role": "reader" })), 200, "app_role.set", json!({ "app_roles.wiki": [null, "reader"] })),
        (admin.delete(&at("/app-roles/wiki")), 200, "app_role.removed", json!({ "app_roles.wiki": ["reader", null] })),
        (admin.delete("/v1/apps/wiki"), 204, "app.deleted", json!({ "name": ["Wikis", null], "roles": ["reader", null] })),
        (admin.patch(&path, json!({ "name": "Mary" })), 200, "user.updated", json!({ "name": ["Grace Guest", "Mary"] })),
        (admin.patch(&path, json!({ "role": "builder" })), 200, "role.changed", json!({ "role": ["member", "builder"] })),
        (member.patch("/v1/me", json!({ "name": "Mary M." })), 200, "user.updated", json!({ "name": ["Mary", "Mary M."] })),
        (other.delete(&format!("/v1/me/sessions/{own}")), 204, "session.ended", json!({ "session": [own, null] })),
        (other.post("/v1/me/password", passwords), 204, "password.changed", json!({})),
        (other.delete("/v1/session"), 204, "session.ended", Value::Null),
        (admin.delete(&at("/sessions")), 204, "sessions.ended", json!({})),
        (admin.post(&at("/suspend"), json!({})), 200, "user.suspended", json!({ "status": ["active", "suspended"] })),
        (admin.post(&at("/reactivate"), Value::Null), 200, "user.reactivated", json!({ "status": ["suspended", "active"] })),
        (admin.post(&at("/unlock"), Value::Null), 200, "user.unlocked", json!({})),
        (admin.post(&at("/password-reset"), json!({ "delivery": "email" })), 202, "password.reset_by_admin", Value::Null),
        (admin.post(&at("/password-reset"), json!({ "delivery": "show" })), 200, "password.reset_by_admin", Value::Null),
        (app.stranger().post("/v1/password-resets", json!({ "email": "member@example.com" })), 202, "password.reset_requested", Value::Null),
        (app.stranger().post("/v1/sessions", json!({ "email": "member@example.com", "password": "wrong, and long enough" })), 401, "session.refused", json!({ "reason": [null, "invalid-credentials"] })),
        (app.stranger().post("/v1/sessions", json!({ "email": "admin@example.com", "password": PASSWORD })), 201, "session.started", json!({})),
        (admin.post("/v1/users", created), 201, "user.created", json!({ "email": [null, "ada@example.com"], "name": [null, "Ada"], "password_temporary": [null, "true"], "role": [null, "member"], "status": [null, "active"] })),
        (admin.post("/v1/invites", json!({ "email": "bob@example.com" })), 201, "user.invited", Value::Null),
        (admin.put("/v1/settings/security", json!({ "sign_in_attempts": 7 })), 200, "security_settings.changed", json!({ "sign_in_attempts": ["5", "7"] })),
        (admin.put("/v1/settings/email", json!({ "reply_to": "help@example.com", "from_address": "users@example.com", "from_name": "Engines", "company": "Analytical Engines", "platform_url": "https://users.example.com" })), 200, "email_settings.changed", json!({ "reply_to": [null, "help@example.com"] })),
        (admin.post("/v1/api-keys", json!({ "name": "Payroll", "role": "member" })), 201, "api_key.created", Value::Null),
        (admin.delete(&path), 204, "user.deleted", Value::Null),
    ];

    for (call, status, action, changes) in steps {
        let (answer, entry) = entry_of(&app, call).await;
        answer.assert_status(status);
        assert_eq!(entry["action"], action);
        assert!(changes.is_null() || entry["changes"] == changes, "{entry}");
        assert!(!entry["subject"]["kind"].is_null(), "{entry}");
        if entry["actor"]["kind"] == "user" && entry["actor"]["id"] == *admin.id() {
            assert_eq!(entry["actor"], by_admin);
        }
    }
    app.settle().await;
    app.assert_sound(&app.dump());
    let dump = json!(app.activity()).to_string();
    for secret in app.secrets() {
        assert!(!dump.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn what_changes_nothing_leaves_no_entry() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    let before = app.activity().len();

    admin.patch(&path, json!({ "name": "Grace Guest", "role": "member" })).await.assert_status(200);
    admin.post(&format!("{path}/reactivate"), Value::Null).await.assert_status(200);
    admin.put("/v1/settings/email", email_settings()).await.assert_status(200);
    admin.patch(&path, json!({ "role": "owner" })).await.assert_status(400);
    admin.get("/v1/users").await.assert_status(200);

    assert_eq!(app.activity().len(), before);
}

#[tokio::test]
async fn refused_rights_are_told_with_what_was_tried() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;

    let (answer, entry) = entry_of(&app, member.get("/v1/users?q=ada")).await;

    answer.assert_problem(403, "forbidden");
    assert_eq!(entry["action"], "access.refused");
    assert_eq!(entry["actor"]["id"], member.id());
    assert_eq!(entry["changes"], json!({ "operation": [null, "GET /v1/users"] }));
    let builder = app.program(&admin, "builder").await;
    let (answer, entry) = entry_of(&app, builder.delete(&format!("/v1/users/{}", admin.id()))).await;
    answer.assert_problem(403, "forbidden");
    assert_eq!((&entry["actor"]["kind"], &entry["action"]), (&json!("api_key"), &json!("access.refused")));
}

#[tokio::test]
async fn entries_are_found_by_action_actor_and_time_over_months() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let sign_in = async || app.signed_in(&app.sign_in("admin@example.com", PASSWORD).await.assert_status(201));
    let mut times = Vec::new();
    for n in 0..4 {
        let admin = sign_in().await;
        times.push(app.now());
        admin.post("/v1/apps", json!({ "slug": format!("app-{n}"), "name": "App" })).await.assert_status(201);
        app.advance(Duration::from_hours(24 * 20)).await;
    }
    let reader = sign_in().await;
    let program = app.program(&reader, "builder").await;
    program.post("/v1/apps", json!({ "slug": "by-key", "name": "App" })).await.assert_status(201);
    let all = async |query: &str, limit: usize| {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = reader.get(&format!("/v1/activity?limit={limit}&{query}{cursor}")).await.assert_status(200);
            seen.extend(page.items().to_vec());
            let Some(next) = page.json["next_cursor"].as_str() else { return seen };
            cursor = format!("&cursor={next}");
        }
    };
    let slugs = |entries: Vec<Value>| -> Vec<String> {
        entries.iter().map(|entry| entry["subject"]["id"].as_str().unwrap().to_owned()).collect()
    };

    for limit in [1, 2, 50] {
        let made = slugs(all("action=app.created", limit).await);
        assert_eq!(made, ["by-key", "app-3", "app-2", "app-1", "app-0"], "limit {limit}");
        let by_admin = slugs(all(&format!("action=app.created&actor={}", admin.id()), limit).await);
        assert_eq!(by_admin, ["app-3", "app-2", "app-1", "app-0"]);
        let between = format!("action=app.created&from={}&to={}", times[1], times[3]);
        assert_eq!(slugs(all(&between, limit).await), ["app-2", "app-1"]);
        assert_eq!(all("", limit).await.len(), app.activity().len());
    }
    let ids: Vec<Value> = all("", 7).await.into_iter().map(|entry| entry["id"].clone()).collect();
    let newest_first: Vec<Value> = app.activity().into_iter().rev().map(|entry| entry["id"].clone()).collect();
    assert_eq!(ids, newest_first);
    let backwards = format!("/v1/activity?from={}&to={}", times[2], times[1]);
    reader.get(&backwards).await.assert_refuses(&["/to"]);
    reader.get("/v1/activity?from=yesterday&who=me").await.assert_refuses(&["/from", "/who"]);
    assert!(all("action=no.such", 5).await.is_empty());
}

#[tokio::test]
async fn entries_about_one_user_are_found_by_action_actor_and_time() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let other = admin.post("/v1/users", json!({ "email": "ada@example.com" })).await.assert_status(201);
    let others_path = format!("/v1/users/{}", other.json["user"]["id"].as_str().unwrap());
    let path = format!("/v1/users/{}", member.id());
    let mut times = Vec::new();
    for name in ["One", "Two", "Three"] {
        app.advance(Duration::from_mins(1)).await;
        times.push(app.now());
        admin.patch(&path, json!({ "name": name })).await.assert_status(200);
        admin.patch(&others_path, json!({ "name": name })).await.assert_status(200);
    }
    member.patch("/v1/me", json!({ "name": "Four" })).await.assert_status(200);
    let names = async |query: &str, limit: usize| -> Vec<String> {
        let (mut names, mut cursor) = (Vec::new(), String::new());
        loop {
            let about = format!("/v1/activity?limit={limit}&subject={}&{query}{cursor}", member.id());
            let page = admin.get(&about).await.assert_status(200);
            for entry in page.items() {
                assert_eq!(entry["subject"]["id"], member.id(), "{entry}");
                names.extend(entry["changes"]["name"][1].as_str().map(str::to_owned));
            }
            let Some(next) = page.json["next_cursor"].as_str() else { return names };
            cursor = format!("&cursor={next}");
        }
    };

    for limit in [1, 2, 50] {
        let updates = "action=user.updated";
        assert_eq!(names(updates, limit).await, ["Four", "Three", "Two", "One"], "limit {limit}");
        let by_admin = format!("{updates}&actor={}", admin.id());
        assert_eq!(names(&by_admin, limit).await, ["Three", "Two", "One"], "limit {limit}");
        let between = format!("{updates}&from={}&to={}", times[1], times[2]);
        assert_eq!(names(&between, limit).await, ["Two"], "limit {limit}");
        assert_eq!(names("", limit).await.len(), names(updates, limit).await.len() + 1, "with the invite");
    }
    admin.get("/v1/activity?subject=ada").await.assert_refuses(&["/subject"]);

    let around = format!("/v1/users/{}/activity", member.id());
    let count = admin.get(&around).await.items().len();
    let page = admin.get(&format!("{around}?limit={count}")).await.json;
    assert_eq!(page["next_cursor"], Value::Null, "a page that holds all is the last one: {page}");
}

async fn sealed() -> (TestApp, Client, u64, String) {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for n in 0..5 {
        admin.post("/v1/apps", json!({ "slug": format!("app-{n}"), "name": "App" })).await.assert_status(201);
        app.settle().await;
    }
    let verification = app.installation.app().store.verify_activity(app.now(), None).await.unwrap();
    assert_eq!(verification.findings, []);
    assert!(verification.seals >= 5, "{verification:?}");
    (app, admin, verification.seals, verification.head)
}

async fn findings(app: &TestApp) -> Vec<Finding> {
    app.settle().await;
    app.installation.app().store.verify_activity(app.now(), None).await.unwrap().findings
}

/// The key of an item, for those who go behind the API's back.
fn key(item: &Value) -> HashMap<String, AttributeValue> {
    let text = |name: &str| (name.to_owned(), AttributeValue::S(item[name].as_str().unwrap().to_owned()));
    ["pk", "sk"].map(text).into()
}

fn first_app_entry(app: &TestApp) -> Value {
    app.activity().into_iter().find(|entry| entry["action"] == "app.created").unwrap()
}

#[tokio::test]
async fn an_entry_that_is_removed_is_found() {
    let (app, ..) = sealed().await;
    let entry = first_app_entry(&app);

    app.installation.dynamodb().delete_item().table_name(TABLE).set_key(Some(key(&entry))).send().await.unwrap();

    let found = findings(&app).await;
    let name = format!("{} {}", entry["pk"].as_str().unwrap(), entry["sk"].as_str().unwrap());
    assert_eq!(found, [Finding::Removed { entry: name }]);
}

#[tokio::test]
async fn an_entry_that_is_altered_is_found() {
    let (app, ..) = sealed().await;
    let entry = first_app_entry(&app);
    for (attribute, value) in [("action", "app.deleted"), ("ip", "203.0.113.7"), ("request_id", "none")] {
        let alter = app.installation.dynamodb().update_item().table_name(TABLE).set_key(Some(key(&entry)));
        let alter = alter.update_expression("SET #name = :value").expression_attribute_names("#name", attribute);
        alter.expression_attribute_values(":value", AttributeValue::S(value.to_owned())).send().await.unwrap();
        assert!(matches!(findings(&app).await[..], [Finding::Altered { .. }]), "{attribute}");
    }
}

#[tokio::test]
async fn entries_whose_seal_was_cut_off_are_found_once_they_should_have_one() {
    let (app, _, seals, _) = sealed().await;
    let last = HashMap::from([("pk", SEALS.to_owned()), ("sk", format!("{:020}", seals - 1))]);
    let last = last.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect();
    let newest = app.activity().into_iter().rfind(|entry| entry["action"] == "app.created").unwrap();

    app.installation.dynamodb().delete_item().table_name(TABLE).set_key(Some(last)).send().await.unwrap();
    assert_eq!(findings(&app).await, [], "it may be on its way");
    app.advance(Duration::from_mins(61)).await;

    let name = format!("{} {}", newest["pk"].as_str().unwrap(), newest["sk"].as_str().unwrap());
    assert_eq!(findings(&app).await, [Finding::Unsealed { entry: name }]);
}

#[tokio::test]
async fn a_seal_that_is_removed_or_altered_breaks_the_chain() {
    let (app, ..) = sealed().await;
    let seals = |app: &TestApp| -> Vec<Value> {
        let mut seals = app.dump();
        seals.retain(|item| item["pk"] == SEALS);
        seals.sort_by_key(|seal| seal["number"].as_u64());
        seals
    };
    let second = seals(&app)[1].clone();
    let alter = app.installation.dynamodb().update_item().table_name(TABLE).set_key(Some(key(&second)));
    let alter =
        alter.update_expression("SET entries = :none").expression_attribute_values(":none", AttributeValue::L(vec![]));
    alter.send().await.unwrap();
    assert_eq!(findings(&app).await, [Finding::BrokenChain { number: 1 }]);

    app.installation.dynamodb().delete_item().table_name(TABLE).set_key(Some(key(&second))).send().await.unwrap();
    assert_eq!(findings(&app).await, [Finding::BrokenChain { number: 1 }]);
}

#[tokio::test]
async fn the_chain_grows_and_what_expires_in_its_time_is_no_finding() {
    let (app, admin, seals, head) = sealed().await;
    admin.post("/v1/apps", json!({ "slug": "one-more", "name": "App" })).await.assert_status(201);
    app.settle().await;
    let later = app.installation.app().store.verify_activity(app.now(), None).await.unwrap();
    assert!(later.seals > seals && later.head != head, "{later:?}");
    let store = &app.installation.app().store;
    assert_eq!(store.verify_activity(app.now(), Some(&head)).await.unwrap().findings, []);
    let unknown = store.verify_activity(app.now(), Some("0123")).await.unwrap().findings;
    assert_eq!(unknown, [Finding::Unknown { digest: "0123".to_owned() }]);

    app.advance(Duration::from_hours(24 * 401)).await;
    app.installation.sweep().await.unwrap();
    assert!(app.activity().is_empty());
    assert_eq!(findings(&app).await, []);
}
