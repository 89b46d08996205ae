//! Search: by the start of an address or of any word of a name, in any script, and combined with filters.

use roster_store::keys;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

async fn invite(admin: &Client, email: &str, name: Option<&str>, more: Value) -> String {
    let mut body = json!({ "email": email, "name": name, "delivery": "link" });
    body.as_object_mut().unwrap().extend(more.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())));
    admin.post("/v1/invites", body).await.assert_status(201).json["user"]["id"].as_str().unwrap().to_owned()
}

/// A query, with its values encoded.
fn query(pairs: &[(&str, &str)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

/// The addresses of all pages, and how many pages there were.
async fn pages(client: &Client, query: &str, mut between: impl AsyncFnMut(usize)) -> (Vec<String>, usize) {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for n in 1.. {
        let page = client.get(&format!("/v1/users?{query}{cursor}")).await.assert_status(200);
        seen.extend(page.each("email").into_iter().map(str::to_owned));
        let Some(next) = page.json["next_cursor"].as_str() else { return (seen, n) };
        cursor = format!("&cursor={next}");
        between(n).await;
        assert!(n < 100, "the list does not end");
    }
    unreachable!("a list ends")
}

async fn found(client: &Client, text: &str) -> Vec<String> {
    pages(client, &query(&[("q", text)]), async |_| {}).await.0
}

#[tokio::test]
async fn any_word_in_any_script_and_letter_case_is_found_by_its_start() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for (email, name) in [
        ("a@example.com", "Ada King Lovelace"),
        ("b@example.com", "Žofie Čapková"),
        ("c@example.com", "Ёжик Туманов"),
        ("d@example.com", "Ὀδυσσεύς Λαερτιάδης"),
        ("e@example.com", "王 小明"),
        ("f@example.com", "محمد علي"),
        ("g@example.com", "Siân O'Neill-Jones"),
        ("h@example.com", "Weiß Straßer"),
        ("i@example.com", "प्रिया शर्मा"),
        ("j@example.com", "İpek Işık"),
        ("Upper.Case@Example.com", "Zed"),
    ] {
        invite(&admin, email, Some(name), json!({})).await;
    }

    for (text, email) in [
        ("love", "a@example.com"),
        ("KING", "a@example.com"),
        ("king lov", "a@example.com"),
        ("ada  king", "a@example.com"),
        ("zof", "b@example.com"),
        ("ČAP", "b@example.com"),
        ("cap", "b@example.com"),
        ("ЁЖ", "c@example.com"),
        ("туман", "c@example.com"),
        ("ΟΔΥΣΣΕΥΣ", "d@example.com"),
        ("λαερ", "d@example.com"),
        ("小", "e@example.com"),
        ("王", "e@example.com"),
        ("علي", "f@example.com"),
        ("jones", "g@example.com"),
        ("neill", "g@example.com"),
        ("o'neill", "g@example.com"),
        ("weiß", "h@example.com"),
        ("WEISS", "h@example.com"),
        ("straß", "h@example.com"),
        ("शर्", "i@example.com"),
        ("ipek", "j@example.com"),
        ("UPPER.c", "upper.case@example.com"),
        ("upper.case@example", "upper.case@example.com"),
    ] {
        let seen: Vec<String> = found(&admin, text).await.iter().map(|email| email.to_lowercase()).collect();
        assert_eq!(seen, [email], "{text}");
    }
    for text in ["ovelace", "example.com", "king ada", "%", "\u{1f}", "zzz", "\u{10ffff}"] {
        assert_eq!(found(&admin, text).await, [] as [String; 0], "{text}");
    }
    assert_eq!(found(&admin, "  ").await.len(), 12, "nothing is searched");
    let long = "x".repeat(101);
    admin.get(&format!("/v1/users?{}", query(&[("q", &long)]))).await.assert_refuses(&["/q"]);
}

#[tokio::test]
async fn nobody_is_found_twice_and_pages_of_a_search_stay_stable() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let mut ids = Vec::new();
    for n in 0..12 {
        // Every one of them matches three times: by address, and by two words.
        ids.push(
            invite(&admin, &format!("anna{n:02}@example.com"), Some(&format!("Anna Annabel {n:02}")), json!({})).await,
        );
    }
    let mut expected: Vec<String> = (0..12).map(|n| format!("anna{n:02}@example.com")).collect();

    for limit in ["1", "5", "12", "13"] {
        let (mut seen, _) = pages(&admin, &query(&[("q", "ann"), ("limit", limit)]), async |_| {}).await;
        seen.sort();
        assert_eq!(seen, expected, "limit {limit}");
    }
    let (mut seen, _) = pages(&admin, &query(&[("q", "ann"), ("limit", "4")]), async |n| {
        if n == 1 {
            admin.delete(&format!("/v1/users/{}", ids[11])).await.assert_status(204);
            invite(&admin, "ann@example.com", None, json!({})).await;
        }
    })
    .await;
    seen.retain(|email| email != "ann@example.com");
    seen.sort();
    seen.dedup();
    let kept = seen.iter().filter(|email| *email != "anna11@example.com").count();
    expected.pop();
    assert_eq!(kept, expected.len(), "who was there all the time is seen: {seen:?}");
}

#[tokio::test]
async fn filters_combine_past_the_first_page() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let rows: Vec<Value> = (0..48)
        .map(|n| {
            json!({
                "email": format!("user{n:02}@example.com"),
                "name": if n % 2 == 0 { "Even One" } else { "Odd One" },
                "role": if n % 3 == 0 { "builder" } else { "member" },
                "app_roles": if n % 4 == 0 { json!({ "wiki": if n % 8 == 0 { "power" } else { "basic" } }) } else { json!({}) },
                "delivery": "link",
                "valid_hours": if n % 5 == 0 { 1 } else { 100 },
            })
        })
        .collect();
    admin.post("/v1/invites/batch", json!({ "invites": rows })).await.assert_status(200);
    app.advance(std::time::Duration::from_hours(2)).await;
    let emails = |wanted: fn(usize) -> bool| -> Vec<String> {
        (0..48).filter(|n| wanted(*n)).map(|n| format!("user{n:02}@example.com")).collect()
    };

    let cases = [
        (&[("role", "builder")][..], emails(|n| n % 3 == 0)),
        (&[("status", "invite_expired")], emails(|n| n % 5 == 0)),
        (&[("status", "invited"), ("role", "builder")], emails(|n| n % 5 > 0 && n % 3 == 0)),
        (&[("app", "wiki")], emails(|n| n % 4 == 0)),
        (&[("app", "wiki"), ("app_role", "power")], emails(|n| n % 8 == 0)),
        (&[("app", "wiki"), ("app_role", "basic"), ("role", "builder")], emails(|n| n % 8 == 4 && n % 3 == 0)),
        (&[("q", "odd"), ("role", "builder")], emails(|n| n % 2 == 1 && n % 3 == 0)),
        (&[("q", "user1"), ("status", "invited"), ("sort", "email")], emails(|n| (10..20).contains(&n) && n % 5 > 0)),
    ];
    for (filter, expected) in cases {
        for limit in ["2", "50"] {
            let filter: Vec<_> = filter.iter().copied().chain([("limit", limit)]).collect();
            let (mut seen, _) = pages(&admin, &query(&filter), async |_| {}).await;
            seen.sort();
            assert_eq!(seen, expected, "{filter:?}");
        }
    }
    for sort in ["name", "-created_at"] {
        let (mut seen, _) =
            pages(&admin, &query(&[("app", "wiki"), ("sort", sort), ("limit", "3")]), async |_| {}).await;
        seen.sort();
        assert_eq!(seen, emails(|n| n % 4 == 0), "{sort}");
    }
    admin.get("/v1/users?app_role=power").await.assert_refuses(&["/app"]);
    let page = admin.get("/v1/users?role=builder&limit=2").await;
    let cursor = page.json["next_cursor"].as_str().unwrap();
    for other in ["role=member", "role=builder&status=invited", "q=user"] {
        admin.get(&format!("/v1/users?{other}&cursor={cursor}")).await.assert_refuses(&["/cursor"]);
    }
}

#[tokio::test]
async fn one_call_does_bounded_work_and_says_where_to_go_on() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let id = invite(&admin, "aaaa-0000@example.com", None, json!({})).await;
    app.settle().await;
    copy(&app, &id, 1100);

    let first = admin.get("/v1/users?role=admin&limit=5").await.assert_status(200);

    assert!(first.items().is_empty(), "a thousand were looked at");
    let cost = *app.installation.recorder().seen()["list_users"].invocations.last().unwrap();
    assert!(cost.dynamodb_requests <= 13, "{cost:?}");
    let cursor = first.json["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("/v1/users?role=admin&limit=5&cursor={cursor}")).await.assert_status(200);
    assert_eq!((second.each("email"), &second.json["next_cursor"]), (vec!["admin@example.com"], &Value::Null));
    admin.get("/v1/users?limit=50").await.assert_status(200);
    let cost = *app.installation.recorder().seen()["list_users"].invocations.last().unwrap();
    assert!(cost.dynamodb_requests <= 3, "what an index serves costs the page: {cost:?}");
}

/// Copies a user many times, behind the API's back: with hundreds of requests it would take too long.
fn copy(app: &TestApp, id: &str, number: usize) {
    let key = json!({ "pk": { "S": keys::user_partition(id.parse().unwrap()) }, "sk": { "S": keys::USER } });
    let request = json!({ "TableName": roster_local::engine::TABLE, "Key": key });
    let database = app.installation.database();
    let item = database.get_item(serde_json::from_value(request).unwrap()).unwrap();
    let item = serde_json::to_value(item).unwrap()["Item"].to_string();
    let copies: Vec<Value> = (1..=number)
        .map(|n| {
            let copy = item.replace(id, &format!("{}{n:04}", &id[..22])).replace("aaaa-0000", &format!("aaaa-{n:04}"));
            json!({ "PutRequest": { "Item": serde_json::from_str::<Value>(&copy).unwrap() } })
        })
        .collect();
    for some in copies.chunks(25) {
        let request = json!({ "RequestItems": { roster_local::engine::TABLE: some } });
        database.batch_write_item(serde_json::from_value(request).unwrap()).unwrap();
    }
}
