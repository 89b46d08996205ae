//! Who may do what: every operation of the API document, tried by everybody there can be.
//!
//! A row says who an operation is for and what a request of theirs that changes nothing is answered; the rest of the
//! cells follow. An operation without a row fails, and so does a row without an operation.

use std::collections::BTreeSet;

use roster_functions::operations;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, token_in};

/// Whom an operation is for.
#[derive(Clone, Copy, PartialEq)]
enum For {
    Everybody,
    /// Sessions, even those that must change a temporary password first.
    AnySession,
    Session,
    Builder,
    Admin,
}

/// Somebody who tries.
struct Caller {
    name: &'static str,
    client: Client,
    is: Is,
}

#[derive(Clone, Copy, PartialEq)]
enum Is {
    Nobody,
    Person(u8),
    Program(u8),
    MustChangePassword,
}

const MEMBER: u8 = 0;
const BUILDER: u8 = 1;
const ADMIN: u8 = 2;

struct Row(&'static str, For, u16, Value);

fn rows() -> Vec<Row> {
    use For::{Admin, AnySession, Builder, Everybody, Session};
    let none = Value::Null;
    let empty = || json!({});
    vec![
        Row("GET /v1/setup", Everybody, 200, none.clone()),
        Row("POST /v1/setup", Everybody, 400, empty()),
        Row("POST /v1/sessions", Everybody, 400, empty()),
        Row("GET /v1/session", AnySession, 200, none.clone()),
        Row("DELETE /v1/session", AnySession, 400, none.clone()),
        Row("POST /v1/password-resets", Everybody, 400, empty()),
        Row("POST /v1/password-resets/complete", Everybody, 400, empty()),
        Row("GET /v1/password-policy", Everybody, 200, none.clone()),
        Row("GET /v1/me", AnySession, 200, none.clone()),
        Row("PATCH /v1/me", Session, 400, empty()),
        Row("POST /v1/me/password", AnySession, 400, empty()),
        Row("GET /v1/me/sessions", Session, 200, none.clone()),
        Row("DELETE /v1/me/sessions/{id}", Session, 404, none.clone()),
        Row("GET /v1/me/apps", Session, 200, none.clone()),
        Row("GET /v1/me/access/{app}", Session, 404, none.clone()),
        Row("POST /v1/invites", Admin, 400, empty()),
        Row("POST /v1/invites/batch", Admin, 200, json!({ "invites": [] })),
        Row("GET /v1/invites", Admin, 200, none.clone()),
        Row("POST /v1/users/{id}/invite", Admin, 404, empty()),
        Row("DELETE /v1/users/{id}/invite", Admin, 404, none.clone()),
        Row("POST /v1/invites/inspect", Everybody, 404, json!({ "token": "none" })),
        Row("POST /v1/invites/accept", Everybody, 400, empty()),
        Row("POST /v1/invites/request-renewal", Everybody, 404, json!({ "token": "none" })),
        Row("GET /v1/users", Builder, 200, none.clone()),
        Row("GET /v1/users/summary", Builder, 200, none.clone()),
        Row("GET /v1/users/export", Admin, 200, none.clone()),
        Row("POST /v1/users", Admin, 400, empty()),
        Row("POST /v1/users/batch", Admin, 200, json!({ "users": [] })),
        Row("POST /v1/users/batch-delete", Admin, 200, json!({ "ids": [] })),
        Row("GET /v1/users/{id}", Builder, 404, none.clone()),
        Row("PATCH /v1/users/{id}", Admin, 404, empty()),
        Row("DELETE /v1/users/{id}", Admin, 404, none.clone()),
        Row("POST /v1/users/{id}/suspend", Admin, 404, empty()),
        Row("POST /v1/users/{id}/reactivate", Admin, 404, none.clone()),
        Row("POST /v1/users/{id}/unlock", Admin, 404, none.clone()),
        Row("POST /v1/users/{id}/password-reset", Admin, 404, json!({ "delivery": "show" })),
        Row("GET /v1/users/{id}/sessions", Admin, 404, none.clone()),
        Row("DELETE /v1/users/{id}/sessions", Admin, 404, none.clone()),
        Row("DELETE /v1/users/{id}/sessions/{session}", Admin, 404, none.clone()),
        Row("PUT /v1/users/{id}/app-roles/{app}", Builder, 404, json!({ "role": "basic" })),
        Row("DELETE /v1/users/{id}/app-roles/{app}", Builder, 404, none.clone()),
        Row("GET /v1/users/{id}/activity", Admin, 200, none.clone()),
        Row("GET /v1/activity", Admin, 200, none.clone()),
        Row("GET /v1/apps", Builder, 200, none.clone()),
        Row("POST /v1/apps", Builder, 400, empty()),
        Row("GET /v1/apps/{slug}", Builder, 404, none.clone()),
        Row("PATCH /v1/apps/{slug}", Builder, 404, empty()),
        Row("DELETE /v1/apps/{slug}", Builder, 404, none.clone()),
        Row("GET /v1/apps/{slug}/users", Builder, 404, none.clone()),
        Row("GET /v1/settings/email", Admin, 200, none.clone()),
        Row("PUT /v1/settings/email", Admin, 400, empty()),
        Row("POST /v1/settings/email/test", Admin, 400, empty()),
        Row("GET /v1/settings/email-templates", Admin, 200, none.clone()),
        Row("GET /v1/settings/email-templates/{kind}", Admin, 200, none.clone()),
        Row("PUT /v1/settings/email-templates/{kind}", Admin, 400, empty()),
        Row("DELETE /v1/settings/email-templates/{kind}", Admin, 204, none.clone()),
        Row("POST /v1/settings/email-templates/{kind}/preview", Admin, 400, empty()),
        Row("GET /v1/settings/security", Admin, 200, none.clone()),
        Row("PUT /v1/settings/security", Admin, 200, empty()),
        Row("GET /v1/api-keys", Admin, 200, none.clone()),
        Row("POST /v1/api-keys", Admin, 400, empty()),
        Row("DELETE /v1/api-keys/{id}", Admin, 404, none.clone()),
        Row("GET /v1/webhooks", Admin, 200, none.clone()),
        Row("POST /v1/webhooks", Admin, 400, empty()),
        Row("GET /v1/webhooks/{id}", Admin, 404, none.clone()),
        Row("PATCH /v1/webhooks/{id}", Admin, 404, empty()),
        Row("DELETE /v1/webhooks/{id}", Admin, 404, none.clone()),
        Row("POST /v1/webhooks/{id}/rotate-secret", Admin, 404, none.clone()),
        Row("POST /v1/webhooks/{id}/test", Admin, 404, none.clone()),
        Row("GET /v1/webhooks/{id}/deliveries", Admin, 404, none.clone()),
        Row("POST /v1/webhooks/{id}/deliveries/{delivery}/resend", Admin, 404, none.clone()),
        Row("GET /v1/health", Everybody, 200, none.clone()),
        Row("GET /openapi.json", Everybody, 200, none),
    ]
}

/// What a caller is answered: a status, and the kind of the problem where it is about rights.
fn expected(row: &Row, is: Is) -> (u16, &'static str) {
    let Row(_, is_for, through, _) = row;
    match (is_for, is) {
        (For::Everybody, _) | (For::AnySession, Is::MustChangePassword) => (*through, ""),
        (_, Is::Nobody) => (401, "unauthenticated"),
        (_, Is::MustChangePassword) => (403, "password-change-required"),
        (For::AnySession | For::Session, Is::Program(_)) => (403, "forbidden"),
        (For::Builder, Is::Person(role) | Is::Program(role)) if role < BUILDER => (403, "forbidden"),
        (For::Admin, Is::Person(role) | Is::Program(role)) if role < ADMIN => (403, "forbidden"),
        (_, Is::Person(_) | Is::Program(_)) => (*through, ""),
    }
}

async fn callers(app: &TestApp) -> Vec<Caller> {
    let admin = app.set_up().await;
    let suspended = app.user(&admin, "suspended@example.com", "admin").await;
    admin.post(&format!("/v1/users/{}/suspend", suspended.id()), json!({})).await.assert_status(200);
    let body = json!({ "email": "invited@example.com", "role": "admin", "delivery": "link" });
    let invited = admin.post("/v1/invites", body).await.assert_status(201);
    let token = token_in(invited.json["invite_link"].as_str().unwrap());
    let invited = app.stranger().with("authorization", &format!("Bearer {token}"));
    let deleted = app.user(&admin, "deleted@example.com", "admin").await;
    admin.delete(&format!("/v1/users/{}", deleted.id())).await.assert_status(204);
    let caller = |name, client, is| Caller { name, client, is };
    vec![
        caller("anonymous", app.stranger(), Is::Nobody),
        caller("invited", invited, Is::Nobody),
        caller("suspended", suspended, Is::Nobody),
        caller("deleted", deleted, Is::Nobody),
        caller("temporary", app.temporary(&admin, "temporary@example.com", "admin").await, Is::MustChangePassword),
        caller("member", app.member(&admin).await, Is::Person(MEMBER)),
        caller("builder", app.builder(&admin).await, Is::Person(BUILDER)),
        caller("API key of a member", app.program(&admin, "member").await, Is::Program(MEMBER)),
        caller("API key of a builder", app.program(&admin, "builder").await, Is::Program(BUILDER)),
        caller("API key of an admin", app.program(&admin, "admin").await, Is::Program(ADMIN)),
        caller("admin", admin, Is::Person(ADMIN)),
    ]
}

#[tokio::test]
async fn everybody_may_do_what_is_theirs_and_nothing_else() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let mut wrong = Vec::new();

    for row in rows() {
        let Row(operation, _, _, body) = &row;
        let (method, path) = operation.split_once(' ').unwrap();
        let part = |part: &'static str| match part {
            "{id}" | "{session}" | "{delivery}" => "01JD8ZQ4V9WX6M2N3P5R7S8T9A",
            "{slug}" | "{app}" => "none",
            "{kind}" => "welcome",
            part => part,
        };
        let mut path = path.split('/').map(part).collect::<Vec<_>>().join("/");
        if *operation == "DELETE /v1/session" {
            // It would end the session with which the next row is tried.
            path += "?mistake=1";
        }
        for Caller { name, client, is } in &callers {
            let call = client.call(method, &path);
            let answer = if body.is_null() { call.await } else { call.json(body.clone()).await };
            let slug = answer.slug().filter(|_| matches!(answer.status, 401 | 403)).unwrap_or_default();
            let (seen, expected) = ((answer.status, slug), expected(&row, *is));
            if seen != expected {
                wrong.push(format!("{name}: {operation}: {seen:?}, not {expected:?}"));
            }
        }
    }

    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_operation_has_a_row() {
    let rows: BTreeSet<String> = rows().iter().map(|row| row.0.to_owned()).collect();
    let document = operations::all().iter().flat_map(operations::routes);
    let document: BTreeSet<String> = document.map(|(method, path)| format!("{method} {path}")).collect();

    assert_eq!(rows, document);
}
