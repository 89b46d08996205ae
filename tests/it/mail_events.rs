//! What SES reports of mails ends where admins look, whenever, however often and in whatever order it comes.

use std::time::Duration;

use roster_local::mailbox::{Fault, Mail};
use serde_json::{Value, json};

use crate::{
    support::{Answer, Client, NEW_PASSWORD, TestApp, token_in},
    template::sample_events,
};

async fn invite(admin: &Client, email: &str) -> String {
    let invited = admin.post("/v1/invites", json!({ "email": email })).await.assert_status(201);
    format!("/v1/users/{}", invited.json["user"]["id"].as_str().unwrap())
}

/// Invites somebody and gives their path and the mail.
async fn invited(app: &TestApp, admin: &Client) -> (String, Mail) {
    let path = invite(admin, "ada@example.com").await;
    (path, app.mails_to("ada@example.com").await.remove(0))
}

async fn report(app: &TestApp, mail: &Mail, event: &str) -> Answer {
    report_with(app, json!({ "mail_id": mail.id, "event": event })).await.assert_status(200)
}

async fn report_with(app: &TestApp, body: Value) -> Answer {
    let answer = app.stranger().post("/_local/mail-event", body).await;
    app.settle().await;
    answer
}

async fn shown(admin: &Client, path: &str) -> Value {
    admin.get(path).await.assert_status(200).json["invite"].clone()
}

async fn delivery(admin: &Client, path: &str) -> String {
    shown(admin, path).await["delivery"].as_str().unwrap().to_owned()
}

/// The event of this shape, of the documentation of SES, as it comes for a mail of ours.
pub(crate) fn event(shape: &Value, mail: &str, user: &str) -> Value {
    let mut event = sample_events().remove("record_mail_event").unwrap();
    event["detail-type"] = shape["detail-type"].clone();
    let mut detail = shape["detail"].clone();
    detail["mail"] = event["detail"]["mail"].take();
    detail["mail"]["tags"]["mail"] = json!([mail]);
    detail["mail"]["tags"]["user"] = json!([user]);
    event["detail"] = detail;
    event
}

/// A shape of each event that SES documents, and what becomes of an invite by it.
pub(crate) fn documented() -> Vec<Value> {
    serde_json::from_str(include_str!("ses_events.json")).unwrap()
}

#[tokio::test]
async fn every_event_that_ses_documents_is_told_in_words() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (n, shape) in documented().iter().enumerate() {
        let address = format!("guest{n}@example.com");
        let path = invite(&admin, &address).await;
        let mail = app.mails_to(&address).await.remove(0);

        let event = event(shape, &mail.tags["mail"], &mail.tags["user"]);
        app.installation.invoke("record_mail_event", event).await.unwrap();

        let invite = shown(&admin, &path).await;
        assert_eq!(invite["delivery"], shape["delivery"], "{shape}");
        assert_eq!(invite["delivery_detail"], shape["delivery_detail"]);
    }
    assert_eq!((app.count("mail.bounced"), app.count("mail.complained"), app.count("mail.failed")), (4, 1, 2));
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_bounced_invite_is_corrected_and_accepted() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, mail) = invited(&app, &admin).await;
    let body = json!({ "mail_id": mail.id, "event": "bounce", "detail": "smtp; 550 5.1.1 no such user here" });
    report_with(&app, body).await.assert_status(200);

    let bounced = admin.get("/v1/invites?delivery=bounced,complained,failed").await.assert_status(200);
    assert_eq!(bounced.each("email"), ["ada@example.com"]);
    let detail = bounced.items()[0]["invite"]["delivery_detail"].as_str().unwrap();
    assert!(detail.contains("does not exist") && detail.contains("550 5.1.1 no such user here"), "{detail}");

    admin.patch(&path, json!({ "email": "ada@right.example.com" })).await.assert_status(200);

    assert_eq!(admin.get("/v1/invites?delivery=bounced").await.items(), [] as [Value; 0]);
    let old = json!({ "token": token_in(&mail.text) });
    app.stranger().post("/v1/invites/inspect", old).await.assert_problem(410, "invite-replaced");
    assert_eq!(app.mails_to("ada@example.com").await.len(), 1, "the wrong address gets nothing more");
    let right = app.mails_to("ada@right.example.com").await.remove(0);
    report(&app, &right, "delivery").await;
    assert_eq!(delivery(&admin, &path).await, "delivered");
    let accepted = app.accept(&token_in(&right.text)).await.assert_status(201);
    assert_eq!(
        (&accepted.json["user"]["email"], &accepted.json["user"]["status"]),
        (&json!("ada@right.example.com"), &json!("active"))
    );
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "mail.bounced").unwrap();
    assert_eq!((&entry["actor"]["kind"], &entry["changes"]["mail"][1]), (&json!("system"), &json!("invitation")));
    assert!(entry["changes"]["reason"][1].as_str().unwrap().contains("does not exist"), "{entry}");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_worse_report_stays_and_counts_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, mail) = invited(&app, &admin).await;
    for (event, expected) in [
        ("delivery_delay", "sent"),
        ("delivery", "delivered"),
        ("delivery_delay", "delivered"),
        ("transient_bounce", "bounced"),
        ("bounce", "bounced"),
        ("transient_bounce", "bounced"),
        ("delivery", "bounced"),
        ("complaint", "complained"),
        ("bounce", "complained"),
        ("delivery", "complained"),
    ] {
        report(&app, &mail, event).await;
        let before = app.dump();
        let again = report(&app, &mail, event).await;

        assert_eq!(again.json, json!({ "recorded": false }), "{event}");
        assert_eq!(app.dump(), before, "{event}, twice");
        assert_eq!(delivery(&admin, &path).await, expected, "after {event}");
    }
    assert_eq!((app.count("mail.bounced"), app.count("mail.complained")), (2, 1));
    let user = admin.get(&path).await.json;
    assert_eq!((&user["invite"]["times_sent"], &user["version"]), (&json!(1), &json!(1)), "nobody changed anything");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_delay_is_told_until_the_mail_arrives() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, mail) = invited(&app, &admin).await;

    let body = json!({ "mail_id": mail.id, "event": "delivery_delay", "detail": "MailboxFull" });
    report_with(&app, body).await.assert_status(200);

    let detail = shown(&admin, &path).await["delivery_detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("the mailbox is full") && detail.contains("SES keeps trying until"), "{detail}");
    report(&app, &mail, "delivery").await;
    let invite = shown(&admin, &path).await;
    assert_eq!((&invite["delivery"], &invite["delivery_detail"]), (&json!("delivered"), &Value::Null));
}

#[tokio::test]
async fn a_report_may_come_before_we_noted_that_the_mail_was_sent() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    // SES takes the mail, and all its answers get lost.
    app.installation.mailbox().fail(vec![Fault::TimeoutAfterAcceptance; 3]);
    let (path, mail) = invited(&app, &admin).await;
    assert_eq!(delivery(&admin, &path).await, "queued");

    report(&app, &mail, "bounce").await;

    let invite = shown(&admin, &path).await;
    assert_eq!((&invite["delivery"], &invite["times_sent"]), (&json!("bounced"), &json!(1)));
    assert!(invite["sent_at"].is_string());
    app.advance(Duration::from_hours(20)).await;
    assert_eq!(app.mails_to("ada@example.com").await.len(), 3, "what SES has is not sent again");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_mail_that_was_given_up_and_arrives_has_arrived() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.installation
        .mailbox()
        .fail([Fault::TimeoutAfterAcceptance, Fault::Rejected("Email address is not verified.".to_owned())]);
    let (path, mail) = invited(&app, &admin).await;
    assert_eq!(delivery(&admin, &path).await, "failed");

    report(&app, &mail, "delivery").await;

    let invite = shown(&admin, &path).await;
    assert_eq!((&invite["delivery"], &invite["delivery_detail"]), (&json!("delivered"), &Value::Null));
}

#[tokio::test]
async fn a_report_of_an_older_mail_does_not_touch_a_newer_one() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, old) = invited(&app, &admin).await;
    admin.post(&format!("{path}/invite"), json!({})).await.assert_status(202);
    app.settle().await;

    report(&app, &old, "bounce").await;

    assert_eq!(delivery(&admin, &path).await, "sent");
    assert_eq!(app.count("mail.bounced"), 1, "but it is told");
    app.accept(&app.invite_token_of("ada@example.com").await).await.assert_status(201);
    report(&app, &old, "complaint").await;
    assert_eq!(admin.get(&path).await.json["status"], "active");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_report_on_somebody_who_is_gone_writes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, mail) = invited(&app, &admin).await;
    let member = app.member(&admin).await;
    app.stranger().post("/v1/password-resets", json!({ "email": "member@example.com" })).await.assert_status(202);
    let reset = app.mails_to("member@example.com").await.remove(0);
    admin.delete(&path).await.assert_status(204);
    admin.delete(&format!("/v1/users/{}", member.id())).await.assert_status(204);
    app.settle().await;
    let before = app.dump();

    for mail in [&mail, &reset] {
        for event in ["delivery", "bounce", "complaint"] {
            assert_eq!(report(&app, mail, event).await.json, json!({ "recorded": false }));
        }
    }

    assert_eq!(app.dump(), before);
}

#[tokio::test]
async fn a_bounced_test_mail_shows_with_the_settings() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/settings/email/test", json!({ "to": "nobody@example.com" })).await.assert_status(202);
    let mail = app.mails_to("nobody@example.com").await.remove(0);

    report(&app, &mail, "bounce").await;

    let last_test = admin.get("/v1/settings/email").await.json["last_test"].clone();
    assert_eq!(last_test["state"], "bounced");
    assert!(last_test["detail"].as_str().unwrap().contains("does not exist"), "{last_test}");
}

#[tokio::test]
async fn a_bounced_mail_about_an_account_is_in_its_activity() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member(&admin).await;
    let body = json!({ "current_password": crate::support::PASSWORD, "new_password": NEW_PASSWORD });
    member.post("/v1/me/password", body).await.assert_status(204);
    app.stranger().post("/v1/password-resets", json!({ "email": "member@example.com" })).await.assert_status(202);

    for mail in app.mails_to("member@example.com").await {
        report(&app, &mail, "bounce").await;
    }

    let activity = admin.get(&format!("/v1/users/{}/activity?limit=3", member.id())).await;
    assert_eq!(activity.each("action"), ["mail.bounced"; 3]);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn strange_events_change_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (_, mail) = invited(&app, &admin).await;
    let good = event(&documented()[1], &mail.tags["mail"], &mail.tags["user"]);
    let with = |pointer: &str, value: Value| {
        let mut event = good.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        event
    };
    let before = app.dump();

    for event in [
        json!({}),
        json!([]),
        json!(null),
        with("/detail", json!({})),
        with("/detail", json!("Delivery")),
        with("/detail/mail", json!(null)),
        with("/detail/eventType", json!("Subscription")),
        with("/detail/eventType", json!("Bounce")),
        with("/detail/eventType", json!(7)),
        with("/detail/mail/tags", json!({})),
        with("/detail/mail/tags/mail", json!([])),
        with("/detail/mail/tags/mail", json!(["x"])),
        with("/detail/mail/tags/user", json!(["x"])),
        with("/detail/mail/tags", json!({ "mail": [mail.tags["mail"]] })),
        with("/detail/mail/tags/mail", json!(["01JD8ZQ4V9WX6M2N3P5R7S8T9A"])),
    ] {
        if let Ok(answer) = app.installation.invoke("record_mail_event", event.clone()).await {
            assert_eq!(answer, json!({ "recorded": false }), "{event}");
        }
        assert_eq!(app.dump(), before, "{event}");
    }

    assert_eq!(app.installation.invoke("record_mail_event", good).await.unwrap(), json!({ "recorded": true }));
}

#[tokio::test]
async fn only_mails_that_were_sent_can_be_reported() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (_, mail) = invited(&app, &admin).await;

    let unknown = report_with(&app, json!({ "mail_id": "nonsense", "event": "bounce" })).await;
    assert_eq!((unknown.status, unknown.slug()), (404, Some("not-found")));
    for body in [json!({ "mail_id": mail.id, "event": "laughter" }), json!({ "mail_id": mail.id }), json!([])] {
        assert_eq!(report_with(&app, body).await.status, 400);
    }
    let run = app.stranger().post("/_local/run/record_mail_event", json!({})).await;
    assert_eq!((run.status, run.slug()), (400, Some("needs-event")));
}

#[tokio::test]
async fn invites_are_listed_by_what_became_of_their_mail() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for n in 0..5 {
        invite(&admin, &format!("guest{n}@example.com")).await;
    }
    for (n, event) in [(1, "bounce"), (2, "delivery"), (4, "complaint")] {
        let mail = app.mails_to(&format!("guest{n}@example.com")).await.remove(0);
        report(&app, &mail, event).await;
    }

    let first = admin.get("/v1/invites?delivery=bounced,complained,failed&limit=1").await.assert_status(200);
    assert_eq!(first.each("email"), ["guest1@example.com"]);
    let cursor = first.json["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("/v1/invites?delivery=bounced,complained,failed&limit=1&cursor={cursor}")).await;
    assert_eq!((second.each("email"), &second.json["next_cursor"]), (vec!["guest4@example.com"], &Value::Null));
    admin.get(&format!("/v1/invites?delivery=bounced&cursor={cursor}")).await.assert_refuses(&["/cursor"]);
    assert_eq!(admin.get("/v1/invites?delivery=delivered&status=invited").await.each("email"), ["guest2@example.com"]);
    for bad in ["lost", "bounced,", ""] {
        admin.get(&format!("/v1/invites?delivery={bad}")).await.assert_refuses(&["/delivery"]);
    }
}
