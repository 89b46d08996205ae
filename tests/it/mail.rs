//! Mails: none is lost silently, none is sent twice without need, and none says what it should not.

use std::time::Duration;

use roster_local::mailbox::Fault;
use serde_json::{Value, json};

use crate::support::{Client, NEW_PASSWORD, PASSWORD, TestApp, token_in};

/// How often the client of SES tries before it gives up.
const TRIES: usize = 3;

async fn invite(admin: &Client, email: &str) -> String {
    let invited = admin.post("/v1/invites", json!({ "email": email })).await.assert_status(201);
    format!("/v1/users/{}", invited.json["user"]["id"].as_str().unwrap())
}

async fn delivery(app: &TestApp, admin: &Client, path: &str) -> (String, Value) {
    app.settle().await;
    let invite = admin.get(path).await.assert_status(200).json["invite"].clone();
    (invite["delivery"].as_str().unwrap().to_owned(), invite["delivery_detail"].clone())
}

fn fail(app: &TestApp, fault: &Fault, times: usize) {
    app.installation.mailbox().fail(std::iter::repeat_n(fault.clone(), times));
}

#[tokio::test]
async fn a_mail_that_fails_is_tried_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    fail(&app, &Fault::ServerError, TRIES);

    let path = invite(&admin, "ada@example.com").await;

    let (state, detail) = delivery(&app, &admin, &path).await;
    assert_eq!(state, "queued");
    assert!(detail.as_str().is_some_and(|detail| !detail.is_empty()), "the admin sees why: {detail}");
    assert_eq!(app.mailbox().await, []);
    app.advance(Duration::from_mins(2)).await;
    assert_eq!(delivery(&app, &admin, &path).await, ("sent".to_owned(), Value::Null));
    assert_eq!(app.mailbox().await.len(), 1);
    app.advance(Duration::from_hours(20)).await;
    assert_eq!(app.mailbox().await.len(), 1, "what is sent is sent");
    assert_eq!(app.count("mail.failed"), 0);
    app.accept(&app.invite_token_of("ada@example.com").await).await.assert_status(201);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_mail_that_always_fails_is_seen_to_have_failed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    fail(&app, &Fault::ServerError, 8 * TRIES);
    let path = invite(&admin, "ada@example.com").await;

    for _ in 0..30 {
        app.advance(Duration::from_hours(1)).await;
    }

    let admin = app.signed_in(&app.sign_in("admin@example.com", PASSWORD).await);
    let (state, detail) = delivery(&app, &admin, &path).await;
    assert_eq!(state, "failed");
    assert!(detail.as_str().is_some_and(|detail| detail.contains("SES")), "{detail}");
    assert_eq!(app.mailbox().await, []);
    let failures = app.activity().into_iter().filter(|entry| entry["action"] == "mail.failed").collect::<Vec<_>>();
    assert_eq!(failures.len(), 1);
    assert_eq!(
        (&failures[0]["actor"]["kind"], &failures[0]["changes"]["mail"][1]),
        (&json!("system"), &json!("invitation"))
    );

    admin.post(&format!("{path}/invite"), json!({})).await.assert_status(202);

    assert_eq!(delivery(&app, &admin, &path).await, ("sent".to_owned(), Value::Null));
    app.accept(&app.invite_token_of("ada@example.com").await).await.assert_status(201);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_mail_that_is_refused_is_not_tried_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let reason = "Email address is not verified. The following identities failed the check: users@example.com";
    fail(&app, &Fault::Rejected(reason.to_owned()), 1);

    let path = invite(&admin, "ada@example.com").await;

    let (state, detail) = delivery(&app, &admin, &path).await;
    assert_eq!(state, "failed");
    assert!(detail.as_str().unwrap().contains("does not know the sender users@example.com"), "{detail}");
    assert_eq!(app.count("mail.failed"), 1);
    app.advance(Duration::from_hours(25)).await;
    assert_eq!(app.mailbox().await, []);
    assert_eq!(app.count("mail.failed"), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn one_bad_address_holds_up_nobody() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    fail(&app, &Fault::Rejected("No such mailbox.".to_owned()), 1);
    invite(&admin, "bad@example.com").await;
    app.settle().await;

    invite(&admin, "good@example.com").await;

    assert_eq!(app.mails_to("good@example.com").await.len(), 1);
    assert_eq!(app.installation.dead_letters(), []);
}

#[tokio::test]
async fn a_mail_whose_acceptance_got_lost_comes_twice_and_both_links_work() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    fail(&app, &Fault::TimeoutAfterAcceptance, 1);

    let path = invite(&admin, "ada@example.com").await;

    let mails = app.mails_to("ada@example.com").await;
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        let body = json!({ "token": token_in(&mail.text) });
        app.stranger().post("/v1/invites/inspect", body).await.assert_status(200);
    }
    assert_eq!(delivery(&app, &admin, &path).await.0, "sent");
    app.accept(&token_in(&mails[1].text)).await.assert_status(201);
}

#[tokio::test]
async fn a_mail_that_lost_its_purpose_is_not_sent() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    fail(&app, &Fault::Throttled, 3 * TRIES);
    let renewed = invite(&admin, "renewed@example.com").await;
    let revoked = invite(&admin, "revoked@example.com").await;
    let deleted = invite(&admin, "deleted@example.com").await;
    app.settle().await;

    admin.post(&format!("{renewed}/invite"), json!({ "delivery": "link" })).await.assert_status(202);
    admin.delete(&format!("{revoked}/invite")).await.assert_status(204);
    admin.delete(&deleted).await.assert_status(204);
    app.advance(Duration::from_hours(1)).await;

    assert_eq!(app.mailbox().await, []);
    assert_eq!(delivery(&app, &admin, &renewed).await, ("none".to_owned(), Value::Null));
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_stream_record_that_comes_again_sends_nothing_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    invite(&admin, "ada@example.com").await;
    let token = app.invite_token_of("ada@example.com").await;
    let before = app.dump();
    let mail =
        before.iter().find(|item| item["sk"].as_str().unwrap().starts_with(roster_store::keys::MAIL_PREFIX)).unwrap();
    let record = |pk: &Value, sk: &Value| {
        let mut event: Value = serde_json::from_str(include_str!("../../events/deliver_mail.json")).unwrap();
        event["Records"][0]["dynamodb"]["Keys"] = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        event
    };

    for _ in 0..3 {
        let answer = app.installation.invoke("deliver_mail", record(&mail["pk"], &mail["sk"])).await;
        assert_eq!(answer.unwrap()["batchItemFailures"], json!([]));
        app.installation.invoke("retry_mail", json!({})).await.unwrap();
    }
    app.installation.invoke("deliver_mail", record(&json!("nonsense"), &mail["sk"])).await.unwrap();
    app.installation.invoke("deliver_mail", record(&mail["pk"], &json!("nonsense"))).await.unwrap();

    assert_eq!(app.mailbox().await.len(), 1);
    assert_eq!(app.dump(), before);
    app.accept(&token).await.assert_status(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_would_send_a_mail_one_does() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    fail(&app, &Fault::Throttled, TRIES);
    invite(&admin, "ada@example.com").await;
    app.settle().await;
    app.installation.clock().advance(Duration::from_mins(1)).unwrap();

    let runs = (0..8).map(|_| app.installation.invoke("retry_mail", json!({})));
    for run in futures_util::future::join_all(runs).await {
        run.unwrap();
    }

    assert_eq!(app.mailbox().await.len(), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn mails_carry_their_sender_and_what_reports_find_them_by() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let settings = json!({
        "from_address": "users@example.com",
        "from_name": "Engines \"&\" Co",
        "reply_to": "help@example.com",
        "company": "Engines & Co",
        "platform_url": "https://users.example.com/roster/",
    });
    admin.put("/v1/settings/email", settings).await.assert_status(200);

    let path = invite(&admin, "ada@example.com").await;

    let mail = app.mails_to("ada@example.com").await.remove(0);
    assert_eq!(mail.from, "\"Engines \\\"&\\\" Co\" <users@example.com>");
    assert_eq!((mail.to, mail.reply_to), (vec!["ada@example.com".to_owned()], vec!["help@example.com".to_owned()]));
    assert_eq!(path, format!("/v1/users/{}", mail.tags["user"]));
    assert!(mail.tags.contains_key("mail"));
    assert_eq!(mail.configuration_set.as_deref(), Some("roster"));
    assert!(mail.text.contains("https://users.example.com/roster/accept-invite#token=invite_"), "{}", mail.text);
    assert!(mail.html.contains("Engines &amp; Co"), "{}", mail.html);
}

#[tokio::test]
async fn what_people_write_is_text_in_a_mail() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let evil = "<img src=x onerror=alert(1)>\"'&";
    admin.patch("/v1/me", json!({ "name": evil })).await.assert_status(200);
    let body = json!({ "email": "ada@example.com", "name": evil, "message": format!("{evil}\n{{{{ link }}}}") });

    admin.post("/v1/invites", body).await.assert_status(201);

    let mail = app.mails_to("ada@example.com").await.remove(0);
    assert!(!mail.html.contains("<img src=x"), "{}", mail.html);
    assert!(mail.html.contains("&lt;img src=x"), "{}", mail.html);
    assert!(mail.html.contains("{{ link }}"), "what is written is no template: {}", mail.html);
    assert!(mail.text.contains(evil), "{}", mail.text);
    assert!(!mail.subject.contains(['\r', '\n']), "{:?}", mail.subject);
}

#[tokio::test]
async fn links_lead_where_the_settings_say_whatever_the_request_claims() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let forged = |client: &Client| {
        let client = client.clone().with("x-forwarded-host", "evil.example").with("x-forwarded-proto", "https");
        client
            .with("forwarded", "host=evil.example")
            .with("host", "evil.example")
            .with("origin", "https://evil.example")
    };
    let link = async |email: &str| {
        let invited = forged(&admin).post("/v1/invites", json!({ "email": email, "delivery": "link" })).await;
        invited.assert_status(201).json["invite_link"].as_str().unwrap().to_owned()
    };

    let unset = link("a@example.com").await;
    admin.put("/v1/settings/email", crate::support::email_settings()).await.assert_status(200);
    let set = link("b@example.com").await;
    forged(&admin).post("/v1/invites", json!({ "email": "c@example.com" })).await.assert_status(201);

    assert!(unset.starts_with(&format!("{}/accept-invite#", app.installation.url())), "{unset}");
    assert!(set.starts_with("https://users.example.com/accept-invite#"), "{set}");
    let mail = app.mails_to("c@example.com").await.remove(0);
    assert!(mail.text.contains("https://users.example.com/accept-invite#"), "{}", mail.text);
    assert!(!mail.text.contains("evil") && !mail.html.contains("evil"), "{mail:?}");
}

#[tokio::test]
async fn the_owner_is_told_of_a_new_password_and_of_a_new_address() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let body = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    member.post("/v1/me/password", body).await.assert_status(204);

    let path = format!("/v1/users/{}", member.id());
    admin.patch(&path, json!({ "email": "mary@example.com" })).await.assert_status(200);

    let (old, new) = (app.mails_to("member@example.com").await, app.mails_to("mary@example.com").await);
    assert_eq!((old.len(), new.len()), (3, 1), "a welcome, the new password, then the new address, to both");
    for mail in [&old[0], &new[0]] {
        assert!(mail.text.contains("member@example.com") && mail.text.contains("mary@example.com"), "{}", mail.text);
    }
    assert_eq!(app.mailbox().await.len(), 4);
    app.assert_sound(&app.dump());
}
