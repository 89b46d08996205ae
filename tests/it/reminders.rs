//! Invitees are reminded of an invite that will soon run out: once, and only where it makes sense.

use std::time::Duration;

use roster_local::mailbox::{Fault, Mail};
use serde_json::{Value, json};

use crate::support::{Client, TestApp, email_settings, token_in};

const HOUR: Duration = Duration::from_hours(1);
const SUBJECT: &str = "Your invite to Analytical Engines is still open";

/// Invites somebody for 100 hours and gives their path.
async fn invite(admin: &Client) -> String {
    let body = json!({ "email": "ada@example.com", "valid_hours": 100 });
    let invited = admin.post("/v1/invites", body).await.assert_status(201);
    format!("/v1/users/{}", invited.json["user"]["id"].as_str().unwrap())
}

async fn report(app: &TestApp, mail: &Mail, event: &str) {
    let body = json!({ "mail_id": mail.id, "event": event });
    app.stranger().post("/_local/mail-event", body).await.assert_status(200);
}

async fn reminders(app: &TestApp) -> Vec<Mail> {
    let mut mails = app.mails_to("ada@example.com").await;
    mails.retain(|mail| mail.subject == SUBJECT);
    mails
}

/// Moves the clock; the schedules do not get to run.
fn pass(app: &TestApp, time: Duration) {
    app.installation.clock().advance(time).unwrap();
}

async fn sweep(app: &TestApp) -> Value {
    let done = app.installation.invoke("expire_invites", json!({})).await.unwrap();
    app.settle().await;
    done
}

async fn inspect(app: &TestApp, mail: &Mail) -> u16 {
    app.stranger().post("/v1/invites/inspect", json!({ "token": token_in(&mail.text) })).await.status
}

#[tokio::test]
async fn an_invitee_is_reminded_once_when_a_quarter_of_the_time_is_left() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = invite(&admin).await;
    let invitation = app.mails_to("ada@example.com").await.remove(0);
    report(&app, &invitation, "delivery").await;

    app.advance(74 * HOUR).await;
    assert_eq!(reminders(&app).await, [], "not early");
    app.advance(2 * HOUR).await;

    let reminder = reminders(&app).await.remove(0);
    for part in [&reminder.text, &reminder.html] {
        assert!(part.contains("the invite of Ada Admin to join Analytical Engines is still open"), "{part}");
    }
    assert_eq!((inspect(&app, &invitation).await, inspect(&app, &reminder).await), (200, 200), "both links work");
    let admin = app.signed_in(&app.sign_in("admin@example.com", crate::support::PASSWORD).await);
    let shown = admin.get(&path).await.json;
    assert_eq!((&shown["invite"]["delivery"], &shown["invite"]["times_sent"]), (&json!("sent"), &json!(2)));
    assert_eq!(shown["version"], 1, "nobody changed anything");
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "invite.reminded").unwrap();
    assert_eq!((&entry["actor"]["kind"], &entry["subject"]["label"]), (&json!("system"), &json!("ada@example.com")));
    for _ in 0..3 {
        app.advance(6 * HOUR).await;
        assert_eq!(sweep(&app).await["reminded"], 0);
    }
    assert_eq!((reminders(&app).await.len(), app.count("invite.reminded")), (1, 1));
    app.assert_sound(&app.dump());

    report(&app, &invitation, "complaint").await;
    assert_eq!(admin.get(&path).await.json["invite"]["delivery"], "sent", "the newest mail is what is shown");
    report(&app, &reminder, "bounce").await;
    assert_eq!(admin.get(&path).await.json["invite"]["delivery"], "bounced");
    app.accept(&token_in(&invitation.text)).await.assert_status(201);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn nobody_is_reminded_by_a_mail_that_would_not_arrive_either() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let bad = ["bounce", "transient_bounce", "complaint", "reject"];
    for event in bad {
        let body = json!({ "email": format!("{event}@example.com"), "valid_hours": 100 });
        admin.post("/v1/invites", body).await.assert_status(201);
        report(&app, &app.mails_to(&format!("{event}@example.com")).await[0], event).await;
    }
    app.installation.mailbox().fail([Fault::Rejected("No.".to_owned())]);
    invite(&admin).await;
    app.settle().await;
    pass(&app, 80 * HOUR);

    assert_eq!(sweep(&app).await["reminded"], 0);
    assert_eq!((app.mailbox().await.len(), app.count("invite.reminded")), (bad.len(), 0));
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn who_got_a_link_or_wants_no_reminders_sent_is_left_in_peace() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "email": "guest@example.com", "valid_hours": 100, "delivery": "link" });
    admin.post("/v1/invites", body).await.assert_status(201);
    invite(&admin).await;
    let mut settings = email_settings();
    settings["remind_invitees"] = json!(false);
    let set = admin.put("/v1/settings/email", settings).await.assert_status(200).json;
    assert_eq!(set["remind_invitees"], false);

    app.advance(80 * HOUR).await;

    assert_eq!(app.mailbox().await.len(), 1, "the invitation");
    assert_eq!(app.count("invite.reminded"), 0);
    let admin = app.signed_in(&app.sign_in("admin@example.com", crate::support::PASSWORD).await);
    let set = admin.put("/v1/settings/email", email_settings()).await.json;
    assert_eq!(set["remind_invitees"], true, "if nothing is said");
    app.advance(6 * HOUR).await;
    assert_eq!(app.count("invite.reminded"), 0, "what was due then is not made up for");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_renewed_invite_has_a_reminder_of_its_own() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = invite(&admin).await;
    app.settle().await;
    pass(&app, 74 * HOUR);
    let admin = app.signed_in(&app.sign_in("admin@example.com", crate::support::PASSWORD).await);
    admin.post(&format!("{path}/invite"), json!({})).await.assert_status(202);
    app.settle().await;

    app.advance(2 * HOUR).await;
    assert_eq!(reminders(&app).await, [], "that of the invite before");
    app.advance(74 * HOUR).await;
    assert_eq!(reminders(&app).await.len(), 1);

    let admin = app.signed_in(&app.sign_in("admin@example.com", crate::support::PASSWORD).await);
    admin.post(&format!("{path}/invite"), json!({ "delivery": "link" })).await.assert_status(202);
    app.advance(80 * HOUR).await;
    assert_eq!(reminders(&app).await.len(), 1, "a link that was handed over");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_late_run_reminds_as_long_as_the_invite_is_open() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    invite(&admin).await;
    app.settle().await;

    pass(&app, 99 * HOUR);
    assert_eq!(sweep(&app).await, json!({ "expired": 0, "reminded": 1, "removed": 0 }));
    pass(&app, 2 * HOUR);
    assert_eq!(sweep(&app).await, json!({ "expired": 1, "reminded": 0, "removed": 0 }));

    let admin = app.signed_in(&app.sign_in("admin@example.com", crate::support::PASSWORD).await);
    let body = json!({ "email": "eve@example.com", "valid_hours": 100 });
    admin.post("/v1/invites", body).await.assert_status(201);
    app.settle().await;
    pass(&app, 101 * HOUR);
    assert_eq!(sweep(&app).await, json!({ "expired": 1, "reminded": 0, "removed": 0 }));
    assert_eq!(app.mails_to("eve@example.com").await.len(), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_runs_at_once_and_an_acceptance_each_happens_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for n in 0..10 {
        let body = json!({ "email": format!("guest{n}@example.com"), "valid_hours": 100 });
        admin.post("/v1/invites", body).await.assert_status(201);
    }
    let mut tokens = Vec::new();
    for n in 0..5 {
        tokens.push(app.invite_token_of(&format!("guest{n}@example.com")).await);
    }
    app.settle().await;
    pass(&app, 80 * HOUR);

    let runs = futures_util::future::join_all((0..4).map(|_| app.installation.invoke("expire_invites", json!({}))));
    let acceptances = futures_util::future::join_all(tokens.iter().map(|token| app.accept(token)));
    let (runs, acceptances) = futures_util::future::join(runs, acceptances).await;

    let reminded: u64 = runs.into_iter().map(|run| run.unwrap()["reminded"].as_u64().unwrap()).sum();
    for accepted in acceptances {
        accepted.assert_status(201);
    }
    assert_eq!(usize::try_from(reminded).unwrap(), app.count("invite.reminded"));
    assert!((5..=10).contains(&reminded), "{reminded}");
    for n in 0..10 {
        let mut mails = app.mails_to(&format!("guest{n}@example.com")).await;
        mails.retain(|mail| mail.subject == SUBJECT);
        assert!(mails.len() <= 1 && (n < 5 || mails.len() == 1), "{n}: {mails:?}");
    }
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn admins_write_the_reminder_too() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let template =
        json!({ "subject": "Come, {{ email }}", "html": "<a href='{{ link }}'>Come</a>", "text": "{{ link }}" });
    let path = "/v1/settings/email-templates/invitation_reminder";
    admin.put(path, template).await.assert_status(200);
    invite(&admin).await;
    app.settle().await;

    app.advance(80 * HOUR).await;

    let mail = app.mails_to("ada@example.com").await.remove(0);
    assert_eq!(mail.subject, "Come, ada@example.com");
    app.accept(&token_in(&mail.text)).await.assert_status(201);
}

#[tokio::test]
async fn an_invite_that_ran_out_before_its_mail_went_has_failed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.installation.mailbox().fail(vec![Fault::ServerError; 100]);
    let body = json!({ "email": "ada@example.com", "valid_hours": 1 });
    let invited = admin.post("/v1/invites", body).await.assert_status(201);
    let path = format!("/v1/users/{}", invited.json["user"]["id"].as_str().unwrap());
    app.settle().await;

    for _ in 0..10 {
        app.advance(HOUR).await;
    }

    let shown = admin.get(&path).await.assert_status(200).json;
    assert_eq!((&shown["status"], &shown["invite"]["delivery"]), (&json!("invite_expired"), &json!("failed")));
    let detail = shown["invite"]["delivery_detail"].as_str().unwrap();
    assert!(detail.contains("ran out before SES took the mail"), "{detail}");
    assert_eq!((app.count("mail.failed"), app.mailbox().await.len()), (1, 0));
    app.assert_sound(&app.dump());
}
