//! What mails say: the templates that admins write, and the test mail.

use roster_local::mailbox::Fault;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const TEMPLATES: &str = "/v1/settings/email-templates";
const KINDS: [&str; 7] = [
    "invitation",
    "invitation_reminder",
    "password_reset",
    "temporary_password",
    "password_changed",
    "email_changed",
    "welcome",
];

fn path(kind: &str) -> String {
    format!("{TEMPLATES}/{kind}")
}

fn template(subject: &str, html: &str, text: &str) -> Value {
    json!({ "subject": subject, "html": html, "text": text })
}

/// A template without a fault, of any kind that has a link.
fn plain() -> Value {
    template("Come to {{ company }}", "<p>Hello {{ name }}: <a href=\"{{ link }}\">come</a></p>", "Come: {{ link }}")
}

async fn invite(admin: &Client, email: &str, name: &str) {
    admin.post("/v1/invites", json!({ "email": email, "name": name })).await.assert_status(201);
}

fn details(refused: &Value) -> Vec<(&str, &str)> {
    let errors = refused["errors"].as_array().unwrap().iter();
    errors.map(|error| (error["pointer"].as_str().unwrap(), error["detail"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn every_kind_has_a_default_that_can_be_edited_as_a_whole() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;

    let list = admin.get(TEMPLATES).await.assert_status(200);

    assert_eq!(list.each("kind"), KINDS);
    for (kind, shown) in KINDS.into_iter().zip(list.items()) {
        assert_eq!(&admin.get(&path(kind)).await.assert_status(200).json, shown);
        assert_eq!((&shown["customised"], &shown["changed_at"]), (&json!(false), &Value::Null), "{kind}");
        let variables = shown["variables"].as_array().unwrap();
        let required: Vec<_> = variables.iter().filter(|variable| variable["required"] == true).collect();
        let has_link = matches!(kind, "invitation" | "invitation_reminder" | "password_reset");
        assert_eq!(
            required.iter().map(|variable| &variable["name"]).collect::<Vec<_>>(),
            vec!["link"; has_link.into()]
        );

        let source = json!({ "subject": shown["subject"], "html": shown["html"], "text": shown["text"] });
        assert!(shown["html"].as_str().unwrap().starts_with("<!doctype html>"), "{kind}");
        let preview = admin.post(&format!("{}/preview", path(kind)), source.clone()).await.assert_status(200);
        for part in ["subject", "html", "text"] {
            let text = preview.json[part].as_str().unwrap();
            assert!(!text.is_empty() && !text.contains("{{") && !text.contains("{%"), "{kind} {part}: {text}");
        }
        admin.put(&path(kind), source).await.assert_status(200);
    }
    assert_eq!(app.count("template.changed"), KINDS.len());
    for call in [admin.get(&path("test")), admin.put(&path("Invitation"), plain()), admin.delete(&path("none"))] {
        call.await.assert_problem(404, "unknown-template");
    }
}

#[tokio::test]
async fn mails_are_made_of_the_admin_s_template_until_the_default_is_restored() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    invite(&admin, "first@example.com", "First").await;
    app.settle().await;

    let saved = admin.put(&path("invitation"), plain()).await.assert_status(200).json;
    assert_eq!((&saved["customised"], &saved["subject"]), (&json!(true), &json!("Come to {{ company }}")));
    assert_eq!((&saved["last_failure"], saved["changed_at"].is_string()), (&Value::Null, true));
    assert_eq!(admin.put(&path("invitation"), plain()).await.assert_status(200).json, saved);
    invite(&admin, "second@example.com", "<b>Second</b>").await;
    app.settle().await;
    admin.delete(&path("invitation")).await.assert_status(204);
    admin.delete(&path("invitation")).await.assert_status(204);
    invite(&admin, "third@example.com", "Third").await;

    let subject = async |to: &str| app.mails_to(to).await[0].subject.clone();
    assert_eq!(subject("first@example.com").await, "Ada Admin invites you to Analytical Engines");
    assert_eq!(subject("second@example.com").await, "Come to Analytical Engines");
    assert_eq!(subject("third@example.com").await, "Ada Admin invites you to Analytical Engines");
    let second = &app.mails_to("second@example.com").await[0];
    assert!(second.html.starts_with("<p>Hello &lt;b&gt;Second&lt;&#x2f;b&gt;: <a href="), "{}", second.html);
    app.accept(&app.invite_token_of("second@example.com").await).await.assert_status(201);
    assert_eq!((app.count("template.changed"), app.count("template.restored")), (1, 1), "only what changes is told");
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "template.changed").unwrap();
    assert_eq!(entry["changes"]["template"], json!([null, "invitation"]));
    assert_eq!(
        entry["changes"]["subject"],
        json!(["{{ invited_by }} invites you to {{ company }}", "Come to {{ company }}"])
    );
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn what_no_mail_can_be_made_of_is_refused_with_line_and_reason() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    for (kind, body, expected) in [
        (
            "invitation",
            template("Hello", "Hello", "Hello"),
            vec![("/html", "The mail must show {{ link }} in every case"), ("/text", "The mail must show {{ link }}")],
        ),
        (
            "welcome",
            template("{{ nmae }}", "a\nb\n{% if name %}", "{{ link }}"),
            vec![
                ("/subject", "There is no value nmae; this mail has company, "),
                ("/html", "Line 3: Unexpected end of input"),
                ("/text", "Line 1: There is no value link"),
            ],
        ),
        (
            "welcome",
            template("a\nb", &"x".repeat(100_001), ""),
            vec![
                ("/subject", "A subject is one line"),
                ("/html", "This has at most 100000 bytes."),
                ("/text", "This field is required."),
            ],
        ),
        (
            "welcome",
            template("a", "{% set a = name %}{{ a }}", "{{ company.upper() }}"),
            vec![("/html", "Line 1: There is no statement set"), ("/text", "Line 1: There are no functions in mails.")],
        ),
    ] {
        for call in [admin.put(&path(kind), body.clone()), admin.post(&format!("{}/preview", path(kind)), body.clone())]
        {
            let refused = call.await.assert_problem(400, "invalid-fields").json;
            let details = details(&refused);
            assert_eq!(details.len(), expected.len(), "{refused}");
            for ((pointer, detail), (expected_pointer, start)) in details.into_iter().zip(&expected) {
                assert!(pointer == *expected_pointer && detail.starts_with(start), "{pointer}: {detail}");
            }
        }
    }
    admin
        .put(&path("welcome"), json!({ "subject": "a", "html": 5, "extra": 1 }))
        .await
        .assert_refuses(&["/html", "/text", "/extra"]);
    assert_eq!(app.count("template.changed"), 0);
}

#[tokio::test]
async fn a_template_that_fails_gives_way_to_the_default_and_the_admins_are_told_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let html = "{% if name != 'Eve' %}<a href=\"{{ link }}\">come</a>{% endif %}";
    admin.put(&path("invitation"), template("Mine", html, "{{ link }}")).await.assert_status(200);

    for (email, name) in [("a@example.com", "Ada"), ("b@example.com", "Eve"), ("c@example.com", "Eve")] {
        invite(&admin, email, name).await;
        app.settle().await;
    }

    let subject = async |to: &str| app.mails_to(to).await[0].subject.clone();
    assert_eq!(subject("a@example.com").await, "Mine");
    assert_eq!(subject("b@example.com").await, "Ada Admin invites you to Analytical Engines");
    app.accept(&app.invite_token_of("c@example.com").await).await.assert_status(201);
    assert_eq!(app.count("template.failed"), 1);
    let failure = admin.get(&path("invitation")).await.json["last_failure"].clone();
    assert_eq!(failure["reason"], "html: The mail must show {{ link }} in every case: it is of no use without.");
    let mended = admin.put(&path("invitation"), plain()).await.assert_status(200).json;
    assert_eq!(mended["last_failure"], Value::Null);
    invite(&admin, "d@example.com", "Eve").await;
    assert_eq!(subject("d@example.com").await, "Come to Analytical Engines");
}

#[tokio::test]
async fn a_preview_shows_this_installation_and_nobody_s_data() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = template("{{ company }}", "{{ name }} {{ link }}", "{{ app_roles|length }} {{ link }}");

    let preview = admin.post(&format!("{}/preview", path("invitation")), body).await.assert_status(200).json;

    assert_eq!(preview["subject"], "Analytical Engines");
    assert_eq!(preview["text"], "2 https://users.example.com/sample#token=sample_token");
    assert!(preview["html"].as_str().unwrap().starts_with("Ada Lovelace https:&#x2f;&#x2f;users.example.com"));
    assert_eq!(admin.get(&path("invitation")).await.json["customised"], false);
    assert!(app.mailbox().await.is_empty());
}

#[tokio::test]
async fn who_has_accepted_an_invite_is_welcomed_with_their_roles() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let body = json!({ "email": "grace@example.com", "app_roles": { "wiki": "power" } });
    admin.post("/v1/invites", body).await.assert_status(201);
    let token = app.invite_token_of("grace@example.com").await;

    app.accept(&token).await.assert_status(201);

    let mails = app.mails_to("grace@example.com").await;
    assert_eq!((mails.len(), mails[0].subject.as_str()), (2, "Welcome to Analytical Engines"));
    for part in [&mails[0].html, &mails[0].text] {
        assert!(part.contains("Power user in Wiki") && part.contains("users.example.com"), "{part}");
    }
}

#[tokio::test]
async fn a_test_mail_shows_whether_mail_arrives() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let ask = async || admin.post("/v1/settings/email/test", json!({ "to": "ops@example.com" })).await;
    let last_test = async || admin.get("/v1/settings/email").await.json["last_test"].clone();
    ask().await.assert_problem(409, "email-not-configured");
    admin.put("/v1/settings/email", crate::support::email_settings()).await.assert_status(200);
    assert_eq!(last_test().await, Value::Null);

    let asked = ask().await.assert_status(202).json;

    assert_eq!(asked["to"], "ops@example.com");
    let mails = app.mails_to("ops@example.com").await;
    assert_eq!((mails.len(), mails[0].subject.as_str()), (1, "Test mail of Analytical Engines"));
    assert_eq!(mails[0].tags["mail"], asked["mail_id"].as_str().unwrap());
    let shown = last_test().await;
    assert_eq!((&shown["to"], &shown["state"]), (&json!("ops@example.com"), &json!("sent")));
    assert_eq!(shown["detail"], Value::Null);

    app.advance(std::time::Duration::from_secs(1)).await;
    app.installation.mailbox().fail([Fault::Rejected("Email address is not verified.".to_owned())]);
    ask().await.assert_status(202);
    app.settle().await;
    let shown = last_test().await;
    assert_eq!(shown["state"], "failed");
    assert_eq!(
        shown["detail"],
        "SES does not know the sender users@example.com. Verify it, or its domain, in SES, then send again."
    );
    assert_eq!((app.count("test_mail.requested"), app.count("mail.failed")), (2, 1));
    admin.post("/v1/settings/email/test", json!({ "to": "nobody" })).await.assert_refuses(&["/to"]);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn templates_are_for_admins() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let calls = |client: &Client| {
        [
            client.get(TEMPLATES),
            client.get(&path("welcome")),
            client.put(&path("welcome"), plain()),
            client.delete(&path("welcome")),
            client.post(&format!("{}/preview", path("welcome")), plain()),
            client.post("/v1/settings/email/test", json!({ "to": "ops@example.com" })),
        ]
    };

    for call in calls(&app.stranger()) {
        call.await.assert_problem(401, "unauthenticated");
    }
    for call in calls(&app.builder(&admin).await) {
        call.await.assert_problem(403, "forbidden");
    }
}
