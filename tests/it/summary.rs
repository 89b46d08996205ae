//! The summary: exact once things are quiet, however the records of the stream come.

use roster_store::keys;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// What the stream would tell of a user whose state and role changed, whatever they are by now.
pub(crate) fn record(event: &str, user: &str) -> Value {
    let image = |role: &str| json!({ "role": { "S": role }, "state": { "M": { "is": { "S": "active" } } } });
    let (pk, sk) = (keys::user_partition(user.parse().unwrap()), keys::USER);
    json!({
        "eventID": "1",
        "eventName": event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_773_673_701,
            "Keys": { "pk": { "S": pk }, "sk": { "S": sk } },
            "OldImage": image("member"),
            "NewImage": if event == "REMOVE" { json!({}) } else { image("admin") },
            "SequenceNumber": "1",
            "SizeBytes": 1,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    })
}

async fn summary(client: &Client) -> Value {
    client.get("/v1/users/summary").await.assert_status(200).json
}

#[tokio::test]
async fn it_is_exact_once_quiet_and_records_may_come_twice_late_and_out_of_order() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let mut ids = Vec::new();
    for n in 0..6 {
        let role = ["member", "builder", "admin"][n % 3];
        let body =
            json!({ "email": format!("user{n}@example.com"), "role": role, "delivery": "link", "valid_hours": 1 });
        let invited = admin.post("/v1/invites", body).await.assert_status(201).json;
        ids.push(invited["user"]["id"].as_str().unwrap().to_owned());
    }
    let member = app.member(&admin).await;
    admin.post(&format!("/v1/users/{}/suspend", member.id()), json!({})).await.assert_status(200);
    admin.patch(&format!("/v1/users/{}", ids[0]), json!({ "role": "builder" })).await.assert_status(200);
    admin.delete(&format!("/v1/users/{}", ids[1])).await.assert_status(204);
    ids.push(member.id().to_owned());
    app.settle().await;

    let expected = json!({
        "total": 7,
        "by_status": { "active": 1, "invite_expired": 0, "invited": 5, "suspended": 1 },
        "by_role": { "admin": 3, "builder": 2, "member": 2 },
    });
    assert_eq!(summary(&admin).await, expected);

    let again: Vec<Value> = ids
        .iter()
        .rev()
        .flat_map(|id| ["REMOVE", "MODIFY", "INSERT", "MODIFY"].map(|event| record(event, id)))
        .collect();
    for event in [json!({ "Records": again }), json!({ "Records": [record("INSERT", &ids[1])] })] {
        let answer = app.installation.invoke("follow_changes", event).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }
    assert_eq!(summary(&admin).await, expected);
    app.assert_sound(&app.dump());

    app.advance(std::time::Duration::from_hours(2)).await;
    let seen = summary(&admin).await;
    assert_eq!((&seen["by_status"]["invited"], &seen["by_status"]["invite_expired"]), (&json!(0), &json!(5)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_counts_what_many_do_at_once_and_costs_one_read() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let users: Vec<Value> =
        (0..60).map(|n| json!({ "email": format!("user{n}@example.com"), "delivery": "link" })).collect();
    let batches =
        users.chunks(20).map(|some| admin.post("/v1/invites/batch", json!({ "invites": some })).into_future());
    futures_util::future::join_all(batches).await;
    app.settle().await;

    assert_eq!(summary(&admin).await["total"], 61);
    let cost = app.installation.recorder().seen()["get_users_summary"].invocations[0];
    // One batch tells who asks, one read tells the numbers.
    assert_eq!(cost.dynamodb_requests, 2);
}
