//! Every sample event, through the binary that is deployed, as Lambda runs it: in a process of its own, with the
//! environment that `template.yaml` gives, on the embedded engine and mailbox. Where `AWS_ENDPOINT_URL_DYNAMODB` names
//! another engine, the table is there: `./test` runs all of it once more on moto.

use std::{collections::BTreeMap, env, path::PathBuf, sync::Arc, time::Duration};

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use roster_functions::{
    aws,
    operations::{self, Operation, Runs},
};
use roster_local::{AwsUrls, Installation, Options, bus::BUS, engine::TABLE, mailbox::Fault};
use roster_store::{Store, schema};
use roster_tests::runtime_api::{self, Function};
use roster_web::{App, Clock};
use serde_json::{Value, json};

use crate::{
    alarms::GIVEN_UP,
    door::ask_anew,
    mail_events::{documented, event},
    template::{Template, root, sample_events},
};

const PASSWORD: &str = "correct horse battery staple";
/// For so long a new mail is left to `deliver_mail`.
const HEAD_START: Duration = Duration::from_mins(2);

#[test]
fn every_sample_event_is_run() {
    let source = include_str!("events.rs");

    for operation in sample_events().into_keys() {
        assert!(source.contains(&format!(".run(\"{operation}\"")), "a test for events/{operation}.json is missing");
    }
}

/// The program that is deployed.
fn bootstrap() -> PathBuf {
    let built = root().join("target/release/bootstrap");
    let bootstrap = env::var_os("ROSTER_BOOTSTRAP").map_or(built, PathBuf::from);
    assert!(bootstrap.exists(), "build what is deployed first: cargo build --release -p roster-functions");
    bootstrap
}

#[test]
fn the_program_has_at_most_ten_megabytes() {
    let size = bootstrap().metadata().unwrap().len();

    assert!(size <= 10_000_000, "{} has {size} bytes", bootstrap().display());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_nobody_is_answered() {
    let world = World::empty().await;

    let health = world.run("health").await;
    assert_eq!((health.status(), &health.body()["status"]), (200, &json!("ok")));
    let document = world.run("openapi").await;
    assert_eq!((document.status(), &document.body()["openapi"]), (200, &json!("3.1.0")));
    let nothing = world.run("not_found").await;
    assert_eq!((nothing.status(), &nothing.body()["type"]), (404, &json!("/problems/not-found")));
    assert_eq!(nothing.header("content-type"), "application/problem+json");
    assert_eq!(nothing.header("x-request-id"), "LV7fzho-PHcEJPw=");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_firewall_only_its_requests_are_answered() {
    let mut world = World::empty().await;
    let secret = "0123456789abcdef0123456789abcdef";
    world.parameters.insert("EdgeSecret", secret.to_owned());

    let around = world.run("health").await;
    let mut event = world.event("health");
    event["headers"]["x-roster-edge-secret"] = json!(secret);
    let through = world.run_event("health", event).await;

    assert_eq!((around.status(), &around.body()["type"]), (403, &json!("/problems/forbidden")));
    assert_eq!(through.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preset_says_what_passwords_must_keep_to() {
    let mut world = World::empty().await;

    let standard = world.run("get_password_policy").await;
    world.parameters.insert("SecurityPreset", "strict".to_owned());
    let strict = world.run("get_password_policy").await;

    assert_eq!((standard.status(), &standard.body()["min_length"]), (200, &json!(12)));
    assert_eq!((strict.status(), &strict.body()["min_length"]), (200, &json!(15)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_is_set_up() {
    let world = World::empty().await;
    let required = world.run("get_setup").await;
    assert_eq!((required.status(), required.body()), (200, json!({ "required": true })));

    let started = world.run("set_up").await;

    assert_eq!(started.status(), 201);
    let token = text(&started.body()["token"]);
    let me = world.ask_as(&token, "GET /v1/me", Value::Null).await;
    assert_eq!(me["role"], "admin");
    assert_eq!(world.run("get_setup").await.body(), json!({ "required": false }));
    assert_eq!(world.run("set_up").await.status(), 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_and_ends() {
    let world = World::start().await;

    let started = world.run("sign_in").await;
    assert_eq!((started.status(), &started.body()["user"]["email"]), (201, &world.json("email")));
    let session = world.run("get_session").await;
    assert_eq!((session.status(), &session.body()["session"]["current"]), (200, &json!(true)));
    assert_eq!(world.run("sign_out").await.status(), 204);
    assert_eq!(world.run("get_session").await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_sees_and_changes_their_own_account() {
    let world = World::start().await;

    let me = world.run("get_me").await;
    assert_eq!((me.status(), &me.body()["id"]), (200, &world.json("user_id")));
    assert_eq!(me.header("etag"), "\"2\"");
    let renamed = world.run("update_me").await;
    assert_eq!((renamed.status(), &renamed.body()["name"]), (200, &json!("Ada King")));
    assert_eq!(world.run("change_password").await.status(), 204);
    assert_eq!(world.run("sign_in").await.status(), 401, "the old password is none any more");
    let mails = world.app.store.mails_due(world.now() + HEAD_START, 10).await.expect("the outbox is read");
    assert_eq!(mails.iter().filter(|mail| mail.kind.as_str() == "password_changed").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_invited_and_mailed() {
    let mut world = World::start().await;
    let invited = world.run("invite_user").await;
    assert_eq!((invited.status(), &invited.body()["user"]["invite"]["delivery"]), (201, &json!("queued")));
    assert_eq!(world.run("invite_user").await.status(), 409);
    world.let_mail_be(&invited.body()).await;

    let delivered = world.run("deliver_mail").await;

    assert_eq!(delivered.json, json!({ "batchItemFailures": [] }));
    let mails = world.installation.mailbox().mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["alan@example.com"]);
    assert!(mails[0].text.contains("https://roster.example.com/accept-invite#token="), "{}", mails[0].text);
    world.run("deliver_mail").await;
    assert_eq!(world.installation.mailbox().mails().len(), 1, "a record that comes twice mails once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_record_was_lost_is_sent_on_schedule() {
    let world = World::start().await;
    let body = json!({ "email": "alan@example.com" });
    world.asked_before(HEAD_START, "POST /v1/invites", world.value("admin_token"), body).await;

    let answer = world.run("retry_mail").await;

    assert_eq!(answer.json, json!({ "tried": 1 }));
    assert_eq!(world.installation.mailbox().mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ses_reports_of_a_mail_is_noted() {
    let mut world = World::start().await;
    let invited = world.run("invite_user").await.body();
    world.let_mail_be(&invited).await;
    world.run("deliver_mail").await;
    let user = format!("GET /v1/users/{}", text(&invited["user"]["id"]));

    let mut recorded = Vec::new();
    for shape in documented() {
        let event = event(&shape, world.value("mail_id"), world.value("invited_id"));
        recorded
            .push(world.run_event("record_mail_event", event).await.json["recorded"].as_bool().expect("it says so"));
    }

    assert_eq!(recorded, [true, true, true, false, true, false, true, false, true, false], "as far as it got worse");
    assert_eq!(world.admin_asks(&user, Value::Null).await["invite"]["delivery"], "complained");
    assert_eq!(world.run("record_mail_event").await.json, json!({ "recorded": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_given_up_is_logged_once_as_its_alarm_waits_for_it() {
    let mut world = World::start().await;
    let refused = world.run("invite_user").await.body();
    world.let_mail_be(&refused).await;
    world.installation.mailbox().fail([Fault::Rejected("Email address is not verified.".to_owned())]);
    let by_delivery = world.run("deliver_mail").await;

    let invited = world.admin_asks("POST /v1/invites", json!({ "email": "joan@example.com" })).await;
    world.let_mail_be(&invited).await;
    let sent = world.run("deliver_mail").await;
    let shapes = documented();
    let shape = |kind: &str| shapes.iter().find(|shape| shape["detail-type"] == kind).expect("SES documents it");
    let report = |kind: &str| event(shape(kind), world.value("mail_id"), world.value("invited_id"));
    let delayed = world.run_event("record_mail_event", report("Email Delivery Delayed")).await;
    let rejected = world.run_event("record_mail_event", report("Email Rejected")).await;
    let again = world.run_event("record_mail_event", report("Email Rendering Failed")).await;

    let logged = [by_delivery, sent, delayed, rejected, again].map(|answer| answer.logged(GIVEN_UP));
    assert_eq!(logged, [1, 0, 0, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_is_inspected_and_accepted() {
    let world = World::start().await;

    let inspected = world.run("inspect_invite").await;
    assert_eq!((inspected.status(), &inspected.body()["email"]), (200, &json!("invited@example.com")));
    let accepted = world.run("accept_invite").await;
    assert_eq!((accepted.status(), &accepted.body()["user"]["status"]), (201, &json!("active")));
    assert_eq!(world.run("accept_invite").await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_come_as_base64() {
    let world = World::start().await;
    let mut event = world.event("accept_invite");
    event["body"] = json!(base64(&text(&event["body"])));
    event["isBase64Encoded"] = json!(true);

    let accepted = world.run_event("accept_invite", event).await;

    assert_eq!(accepted.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn invites_are_listed_renewed_and_revoked() {
    let world = World::start().await;

    let invites = world.run("list_invites").await;
    assert_eq!((invites.status(), &invites.body()["items"][0]["id"]), (200, &world.json("invited_id")));
    assert_eq!(world.run("renew_invite").await.status(), 202);
    let replaced = world.run("accept_invite").await;
    assert_eq!((replaced.status(), &replaced.body()["type"]), (410, &json!("/problems/invite-replaced")));
    assert_eq!(world.run("revoke_invite").await.status(), 204);
    assert_eq!(world.run("accept_invite").await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_ran_out_is_noted_and_its_renewal_asked_for() {
    let mut world = World::start().await;
    world.let_the_invite_run_out().await;

    let inspected = world.run("inspect_invite").await;
    assert_eq!((inspected.status(), &inspected.body()["type"]), (410, &json!("/problems/invite-expired")));
    assert_eq!(world.run("expire_invites").await.json, json!({ "expired": 1, "reminded": 0, "removed": 0 }));
    assert_eq!(world.run("expire_invites").await.json, json!({ "expired": 0, "reminded": 0, "removed": 0 }));
    assert_eq!(world.run("request_renewal").await.status(), 202);
    let invited = world.admin_asks(&format!("GET /v1/users/{}", world.value("invited_id")), Value::Null).await;
    assert_eq!(invited["status"], "invite_expired");
    assert!(invited["invite"]["renewal_requested_at"].is_string(), "{invited}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_read_changed_and_deleted() {
    let world = World::start().await;

    let users = world.run("list_users").await;
    assert_eq!((users.status(), users.body()["items"].as_array().map(Vec::len)), (200, Some(2)), "the active ones");
    let user = world.run("get_user").await;
    assert_eq!((user.status(), &user.body()["email"]), (200, &world.json("email")));
    let changed = world.run("update_user").await;
    assert_eq!((changed.status(), &changed.body()["role"]), (200, &json!("builder")));
    assert_eq!(world.run("delete_user").await.status(), 204);
    assert_eq!(world.run("get_user").await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_user_leaves_is_cleaned_up() {
    let world = World::start().await;
    assert_eq!(world.run("follow_changes").await.json, json!({ "batchItemFailures": [] }));
    let before = world.items_left().await;
    assert_eq!(world.run("follow_changes").await.json, json!({ "batchItemFailures": [] }));
    assert_eq!(world.items_left().await, before, "a user who is still there keeps everything");
    world.run("delete_user").await;

    let mut event = world.event("follow_changes");
    // As a removal by the time to live shows.
    event["Records"][0]["userIdentity"] = json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" });
    let cleaned = world.run_event("follow_changes", event).await;

    assert_eq!(cleaned.json, json!({ "batchItemFailures": [] }));
    assert_eq!(world.run("get_session").await.status(), 401);
    assert_eq!(world.items_left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_published() {
    let world = World::start().await;
    world.run("follow_changes").await;

    let events = world.installation.bus().events();

    assert_eq!(events.len(), 1);
    assert_eq!((&*events[0].source, &*events[0].detail_type), ("roster", "role.changed"));
    assert_eq!(events[0].detail["id"], "01JPFCWWS0M5JQ7B6YN0R8T4KD");
    assert_eq!(events[0].detail["changes"], json!({ "role": ["member", "builder"] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_fails_is_named_by_its_sequence_number() {
    let world = World::start().await;
    let nowhere = "http://127.0.0.1:1".to_owned();
    let nowhere = AwsUrls { dynamodb: nowhere.clone(), ses: nowhere.clone(), eventbridge: nowhere };

    let answer = world.run_at(&nowhere, "follow_changes", world.event("follow_changes")).await;

    assert_eq!(answer.json, json!({ "batchItemFailures": [{ "itemIdentifier": "1405400000000002063282832" }] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn app_roles_are_set_and_removed() {
    let world = World::start().await;

    let set = world.run("set_app_role").await;
    assert_eq!((set.status(), &set.body()["app_roles"]), (200, &json!({ "shop": "power" })));
    let removed = world.run("remove_app_role").await;
    assert_eq!((removed.status(), &removed.body()["app_roles"]), (200, &json!({})));
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_are_created_and_read() {
    let world = World::start().await;

    let created = world.run("create_app").await;
    assert_eq!((created.status(), &created.body()["slug"]), (201, &json!("wiki")));
    assert_eq!(world.run("create_app").await.status(), 409);
    let app = world.run("get_app").await;
    assert_eq!((app.status(), &app.body()["slug"]), (200, &world.json("app")));
    let apps = world.run("list_apps").await;
    assert_eq!((apps.status(), apps.body()["items"].as_array().map(Vec::len)), (200, Some(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_are_changed_and_deleted() {
    let world = World::start().await;
    world.run("set_app_role").await;
    let users = world.run("list_app_users").await;
    assert_eq!((users.status(), &users.body()["items"][0]["user"]["id"]), (200, &world.json("user_id")));
    assert_eq!(world.run("update_app").await.status(), 409, "the role is in use");
    world.run("remove_app_role").await;

    let changed = world.run("update_app").await;
    assert_eq!((changed.status(), &changed.body()["roles"][1]["slug"]), (200, &json!("clerk")));
    assert_eq!(world.run("delete_app").await.status(), 204);
    assert_eq!(world.run("get_app").await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_email_settings_are_set_and_read() {
    let world = World::start().await;

    let set = world.run("set_email_settings").await;
    assert_eq!((set.status(), &set.body()["company"]), (200, &json!("Example Ltd")));
    let read = world.run("get_email_settings").await;
    assert_eq!((read.status(), read.body()), (200, set.body()));
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_read_written_tried_and_restored() {
    let world = World::start().await;

    let list = world.run("list_templates").await;
    assert_eq!((list.status(), list.body()["items"].as_array().map(Vec::len)), (200, Some(7)));
    let preview = world.run("preview_template").await;
    assert_eq!((preview.status(), &preview.body()["subject"]), (200, &json!("Charles Babbage invites you")));
    let set = world.run("set_template").await;
    assert_eq!((set.status(), &set.body()["customised"]), (200, &json!(true)));
    let read = world.run("get_template").await;
    assert_eq!((read.status(), read.body()), (200, set.body()));
    assert_eq!(world.run("restore_template").await.status(), 204);
    assert_eq!(world.run("get_template").await.body()["customised"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_mail_is_asked_for() {
    let world = World::start().await;
    world.run("set_email_settings").await;

    let asked = world.run("send_test_mail").await;

    assert_eq!((asked.status(), &asked.body()["to"]), (202, &json!("admin@example.com")));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_by_their_user() {
    let world = World::start().await;

    let sessions = world.run("list_my_sessions").await;
    assert_eq!((sessions.status(), &sessions.body()["items"][0]["id"]), (200, &world.json("session_id")));
    assert_eq!(world.run("end_my_session").await.status(), 204);
    assert_eq!(world.run("end_my_session").await.status(), 401, "it was the session that asks");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_by_an_admin() {
    let world = World::start().await;

    let sessions = world.run("list_user_sessions").await;
    assert_eq!((sessions.status(), &sessions.body()["items"][0]["id"]), (200, &world.json("session_id")));
    assert_eq!(world.run("end_user_session").await.status(), 204);
    assert_eq!(world.run("end_user_session").await.status(), 404);
    assert_eq!(world.run("get_session").await.status(), 401);
    assert_eq!(world.run("end_user_sessions").await.status(), 204);
    assert_eq!(world.run("list_user_sessions").await.body()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_sees_the_apps_they_may_enter() {
    let world = World::start().await;
    let refused = world.run("check_access").await;
    assert_eq!((refused.status(), &refused.body()["type"]), (403, &json!("/problems/no-access")));
    world.run("set_app_role").await;

    let access = world.run("check_access").await;
    assert_eq!((access.status(), &access.body()["role"]), (200, &json!("power")));
    let apps = world.run("list_my_apps").await;
    assert_eq!((apps.status(), &apps.body()["items"]), (200, &json!([access.body()])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_reset_by_mail() {
    let mut world = World::start().await;

    let body = json!({ "email": world.value("email") });
    world.asked_before(HEAD_START, "POST /v1/password-resets", "", body).await;
    assert_eq!(world.run("request_password_reset").await.status(), 202);
    assert_eq!(world.run("retry_mail").await.json, json!({ "tried": 1 }));
    let mails = world.installation.mailbox().mails();
    world.set("reset_token", &json!(secret_in(&mails[0].text)));
    assert_eq!(world.run("complete_password_reset").await.status(), 204);
    assert_eq!(world.run("complete_password_reset").await.status(), 404);
    assert_eq!(world.run("get_session").await.status(), 401, "all sessions have ended");
    assert_eq!(world.run("sign_in").await.status(), 401, "the old password is none any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_resets_a_password() {
    let world = World::start().await;

    let reset = world.run("reset_password").await;

    assert_eq!(reset.status(), 200);
    assert!(reset.body()["temporary_password"].is_string(), "{}", reset.body());
    assert_eq!(world.run("sign_in").await.status(), 401, "the old password is none any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_suspended_reactivated_and_unlocked() {
    let world = World::start().await;

    let suspended = world.run("suspend_user").await;
    assert_eq!((suspended.status(), &suspended.body()["status"]), (200, &json!("suspended")));
    assert_eq!(world.run("get_session").await.status(), 401);
    let refused = world.run("sign_in").await;
    assert_eq!((refused.status(), &refused.body()["type"]), (403, &json!("/problems/account-suspended")));
    let reactivated = world.run("reactivate_user").await;
    assert_eq!((reactivated.status(), &reactivated.body()["status"]), (200, &json!("active")));
    let unlocked = world.run("unlock_user").await;
    assert_eq!((unlocked.status(), &unlocked.body()["id"]), (200, &world.json("user_id")));
    assert_eq!(world.run("sign_in").await.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_created_with_a_temporary_password() {
    let world = World::start().await;

    let created = world.run("create_user").await;
    assert_eq!((created.status(), &created.body()["user"]["app_roles"]), (201, &json!({ "shop": "power" })));
    assert!(created.body()["temporary_password"].is_string(), "{}", created.body());
    assert_eq!(world.run("create_user").await.status(), 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_users_are_invited_created_and_deleted() {
    let world = World::start().await;

    let invited = world.run("invite_users").await;
    assert_eq!((invited.status(), invited.outcomes()), (200, "invited exists invalid".to_owned()));
    let created = world.run("create_users").await;
    assert_eq!((created.status(), created.outcomes()), (200, "created exists created".to_owned()));
    let deleted = world.run("delete_users").await;
    assert_eq!((deleted.status(), deleted.outcomes()), (200, "deleted deleted".to_owned()));
    assert_eq!(world.run("get_user").await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_counted_and_exported() {
    let world = World::start().await;
    world.run("follow_changes").await;

    let summary = world.run("get_users_summary").await;
    assert_eq!((summary.status(), &summary.body()["by_status"]["active"]), (200, &json!(1)), "the one of the record");
    let export = world.run("export_users").await;
    assert_eq!((export.status(), export.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(text(&export.json["body"]).lines().count(), 4, "a head and three users");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_activity_is_read() {
    let world = World::start().await;

    let activity = world.run("list_activity").await;
    assert_eq!((activity.status(), activity.body()["items"].as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(activity.body()["items"][0]["subject"]["id"], world.json("user_id"));
    let of_the_user = world.run("list_user_activity").await;
    assert_eq!((of_the_user.status(), &of_the_user.body()["items"][0]), (200, &activity.body()["items"][0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn api_keys_are_created_listed_and_deleted() {
    let world = World::start().await;

    let created = world.run("create_api_key").await;
    assert_eq!((created.status(), &created.body()["api_key"]["role"]), (201, &json!("builder")));
    assert!(text(&created.body()["key"]).starts_with("key_"));
    let keys = world.run("list_api_keys").await;
    assert_eq!((keys.status(), keys.body()["items"].as_array().map(Vec::len)), (200, Some(2)));
    assert_eq!(world.run("delete_api_key").await.status(), 204);
    assert_eq!(world.run("list_api_keys").await.body()["items"], json!([created.body()["api_key"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_security_settings_are_set_and_read() {
    let world = World::start().await;

    let set = world.run("set_security_settings").await;
    assert_eq!((set.status(), &set.body()["password_min_length"]), (200, &json!(15)));
    let read = world.run("get_security_settings").await;
    assert_eq!((read.status(), read.body()), (200, set.body()));
    let policy = world.run("get_password_policy").await;
    assert_eq!((policy.status(), &policy.body()["min_length"]), (200, &json!(15)));
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_created_changed_and_deleted() {
    let world = World::start().await;

    let created = world.run("create_webhook").await;
    assert_eq!((created.status(), &created.body()["webhook"]["description"]), (201, &json!("CRM")));
    assert!(text(&created.body()["secret"]).starts_with("whsec_"));
    let list = world.run("list_webhooks").await;
    assert_eq!((list.status(), list.body()["items"].as_array().map(Vec::len)), (200, Some(2)));
    let updated = world.run("update_webhook").await;
    assert_eq!((updated.status(), &updated.body()["event_types"]), (200, &json!(["*"])));
    let read = world.run("get_webhook").await;
    assert_eq!((read.status(), read.body()), (200, updated.body()));
    let rotated = world.run("rotate_webhook_secret").await;
    assert_eq!((rotated.status(), rotated.body()["secret"].is_string()), (200, true));
    assert_eq!(world.run("delete_webhook").await.status(), 204);
    assert_eq!(world.run("get_webhook").await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_told_to_a_webhook_and_nothing_on_this_machine_is_asked() {
    let world = World::start().await;
    let tested = world.run("test_webhook").await;
    assert_eq!((tested.status(), &tested.body()["state"]), (202, &json!("queued")));

    assert_eq!(world.run("deliver_webhook").await.json, json!({ "told": 1 }));
    assert_eq!(world.run("retry_webhooks").await.json, json!({ "tried": 1 }), "the test");

    let list = world.run("list_webhook_deliveries").await;
    assert_eq!((list.status(), &list.body()["items"][1]["id"]), (200, &world.json("delivery_id")));
    for delivery in list.body()["items"].as_array().expect("deliveries") {
        let error = text(&delivery["last_attempt"]["error"]);
        assert!(error.contains("not on the public internet"), "{error}");
    }
    let resent = world.run("resend_webhook_delivery").await;
    assert_eq!((resent.status(), &resent.body()["attempts"]), (202, &json!(0)));
}

/// An installation whose event operations do not run by themselves, and the placeholders of `events/` for it.
struct World {
    installation: Installation,
    /// The table, which the functions reach at `aws`.
    app: App,
    client: Client,
    table: String,
    aws: AwsUrls,
    values: BTreeMap<&'static str, String>,
    template: Template,
    /// What the parameters of the template are that are not as usual.
    parameters: BTreeMap<&'static str, String>,
}

/// What a function answered, and logged.
struct Answer {
    json: Value,
    log: String,
}

/// A clock that stands still.
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

impl World {
    /// Nobody has set it up.
    async fn empty() -> Self {
        let options = Options { serve_aws: true, operations: requests(), ..Options::ephemeral() };
        let installation = Installation::start(options).await.expect("an installation starts");
        let values = BTreeMap::from([("setup_secret", installation.setup_secret().to_owned())]);
        let mut aws = installation.aws().expect("AWS is served").clone();
        let mut app = installation.app().clone();
        let (mut client, mut table) = (installation.dynamodb(), TABLE.to_owned());
        if let Some(url) = aws::optional("AWS_ENDPOINT_URL_DYNAMODB") {
            client = aws::dynamodb().expect("the environment names an engine");
            table = format!("roster-{}", app.user_id(app.now()));
            schema::create(&client, &table).await.expect("the engine makes a table");
            app.store = Store::new(client.clone(), table.clone());
            aws.dynamodb = url;
        }
        Self { installation, app, client, table, aws, values, template: Template::read(), parameters: BTreeMap::new() }
    }

    /// An admin, a user with a session, an open invite, an app, an API key.
    async fn start() -> Self {
        let mut world = Self::empty().await;
        let person = json!({
            "setup_secret": world.value("setup_secret"),
            "email": "grace@example.com",
            "name": "Grace Hopper",
            "password": PASSWORD,
        });
        let admin = world.ask("POST /v1/setup", person).await;
        world.set("admin_token", &admin["token"]);
        world.admin_asks("POST /v1/apps", json!({ "slug": "shop", "name": "Shop" })).await;
        world.set("app", &json!("shop"));

        let ada = world.admin_asks("POST /v1/invites", json!({ "email": "ada@example.com", "delivery": "link" })).await;
        let acceptance = json!({ "token": secret_of(&ada), "name": "Ada Lovelace", "password": PASSWORD });
        let started = world.ask("POST /v1/invites/accept", acceptance).await;
        world.set("user_id", &started["user"]["id"]);
        world.set("session_token", &started["token"]);
        let session = world.ask_as(world.value("session_token"), "GET /v1/session", Value::Null).await;
        world.set("session_id", &session["session"]["id"]);
        world.set("email", &json!("ada@example.com"));
        world.set("password", &json!(PASSWORD));
        // Only now is there mail, so that no welcome waits in the outbox.
        let settings = json!({ "from_address": "roster@example.com", "platform_url": "https://roster.example.com" });
        world.admin_asks("PUT /v1/settings/email", settings).await;

        let invited = json!({ "email": "invited@example.com", "delivery": "link" });
        let invited = world.admin_asks("POST /v1/invites", invited).await;
        world.set("invited_id", &invited["user"]["id"]);
        world.set("invite_token", &json!(secret_of(&invited)));
        let key = world.admin_asks("POST /v1/api-keys", json!({ "name": "Backup", "role": "member" })).await;
        world.set("api_key_id", &key["api_key"]["id"]);
        let webhook = json!({ "url": "http://127.0.0.1:9/", "event_types": ["role.changed"] });
        let webhook = world.admin_asks("POST /v1/webhooks", webhook).await;
        world.set("webhook_id", &webhook["webhook"]["id"]);
        world.set("delivery_id", &json!("01JPFCWWS0M5JQ7B6YN0R8T4KD"));
        world
    }

    /// The invite of the placeholders is now one that ran out a moment ago.
    async fn let_the_invite_run_out(&mut self) {
        let body = json!({ "email": "late@example.com", "delivery": "link", "valid_hours": 1 });
        let (then, admin) = (Duration::from_mins(90), self.value("admin_token"));
        let late = self.asked_before(then, "POST /v1/invites", admin, body).await;
        self.set("invited_id", &late["user"]["id"]);
        self.set("invite_token", &json!(secret_of(&late)));
    }

    /// The answer to what was asked so long ago.
    async fn asked_before(&self, ago: Duration, request: &str, token: &str, body: Value) -> Value {
        let app = App { clock: Arc::new(Standing(self.now() - ago)), ..self.app.clone() };
        let answer = ask_anew(&self.installation, &app, request, token, body).await;
        assert!((200..300).contains(&answer.status), "{request}: {} {}", answer.status, answer.body);
        answer.body
    }

    /// The mail of the placeholders is the one of this invite.
    async fn let_mail_be(&mut self, invited: &Value) {
        let due = self.app.store.mails_due(self.now() + HEAD_START, 10).await.expect("the outbox is read");
        assert_eq!(due.len(), 1, "one mail waits");
        self.set("invited_id", &invited["user"]["id"]);
        self.set("mail_id", &json!(due[0].id.to_string()));
    }

    /// How many items are there of the user of the placeholders.
    async fn items_left(&self) -> usize {
        let user = self.value("user_id").parse().expect("an id");
        let partition = roster_store::keys::user_partition(user);
        let query = self.client.query().table_name(&self.table).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", aws_sdk_dynamodb::types::AttributeValue::S(partition));
        query.send().await.expect("the engine answers").items().len()
    }

    async fn ask(&self, request: &str, body: Value) -> Value {
        self.ask_as("", request, body).await
    }

    async fn admin_asks(&self, request: &str, body: Value) -> Value {
        self.ask_as(self.value("admin_token"), request, body).await
    }

    async fn ask_as(&self, token: &str, request: &str, body: Value) -> Value {
        let answer = ask_anew(&self.installation, &self.app, request, token, body).await;
        assert!((200..300).contains(&answer.status), "{request}: {} {}", answer.status, answer.body);
        answer.body
    }

    /// What the function of `operation` answers to its sample event.
    async fn run(&self, operation: &'static str) -> Answer {
        self.run_event(operation, self.event(operation)).await
    }

    async fn run_event(&self, operation: &'static str, event: Value) -> Answer {
        self.run_at(&self.aws, operation, event).await
    }

    async fn run_at(&self, aws: &AwsUrls, operation: &'static str, event: Value) -> Answer {
        let bootstrap = bootstrap();
        let function = self.template.functions().find(|function| function.operation() == operation);
        let given = self.template.variables_of(&function.expect("it is deployed"));
        let mut variables: BTreeMap<_, _> =
            given.into_iter().map(|(name, value)| (name, self.value_in_the_template(&value))).collect();
        variables.extend([
            ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), aws.dynamodb.clone()),
            ("AWS_ENDPOINT_URL_SESV2".to_owned(), aws.ses.clone()),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE".to_owned(), aws.eventbridge.clone()),
        ]);
        let answer = tokio::task::spawn_blocking(move || {
            let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let mut function = Function::start(&bootstrap, operation, &variables)?;
            let answer = function.invoke(&event.to_string())?;
            Ok((answer, function.end()))
        });
        let answer: Result<_, runtime_api::Error> = answer.await.expect("no panic");
        let (answer, log) = answer.unwrap_or_else(|error| panic!("{operation}: {error}"));
        Answer { json: serde_json::from_str(&answer).expect("an answer is JSON"), log }
    }

    /// What this value of the template is here.
    fn value_in_the_template(&self, value: &Value) -> String {
        match value["Ref"].as_str() {
            Some("Table") => self.table.clone(),
            Some("EventBus") => BUS.to_owned(),
            Some("MailConfiguration") => "roster".to_owned(),
            Some(parameter) => {
                self.parameters.get(parameter).cloned().unwrap_or_else(|| self.template.default_of(parameter))
            }
            None => {
                assert!(text(&value["Fn::Sub"]).contains("${SetupSecret}"), "say what {value} is here");
                self.value("setup_secret").to_owned()
            }
        }
    }

    /// The sample event of `operation`, with the placeholders filled in.
    fn event(&self, operation: &str) -> Value {
        let mut event = sample_events()[operation].to_string();
        for (name, value) in &self.values {
            event = event.replace(&format!("{{{{{name}}}}}"), value);
        }
        // What a mail template fills in has spaces around it.
        let is_left = event.split("{{").skip(1).any(|rest| !rest.starts_with(' '));
        assert!(!is_left, "a placeholder is left in {event}");
        serde_json::from_str(&event).expect("a sample event is JSON")
    }

    fn now(&self) -> Timestamp {
        self.app.now()
    }

    fn set(&mut self, name: &'static str, value: &Value) {
        self.values.insert(name, text(value));
    }

    fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or_else(|| panic!("{name} is not set"), String::as_str)
    }

    fn json(&self, name: &str) -> Value {
        json!(self.value(name))
    }
}

impl Answer {
    fn status(&self) -> u64 {
        self.json["statusCode"].as_u64().unwrap_or_else(|| panic!("{} has no status", self.json))
    }

    fn header(&self, name: &str) -> &str {
        self.json["headers"][name].as_str().unwrap_or_default()
    }

    /// How many lines it logged that `{ $.fields.message = "…" }` finds.
    fn logged(&self, message: &str) -> usize {
        let lines = self.log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["fields"]["message"] == message).count()
    }

    /// What became of each row of a bulk call.
    fn outcomes(&self) -> String {
        let body = self.body();
        let results = body["results"].as_array().expect("a result for each row").iter();
        results.map(|result| text(&result["outcome"])).collect::<Vec<_>>().join(" ")
    }

    /// The body of the response, as JSON.
    fn body(&self) -> Value {
        serde_json::from_str(self.json["body"].as_str().unwrap_or_default()).unwrap_or_default()
    }
}

/// The operations that run on requests.
fn requests() -> &'static [Operation] {
    let all = operations::all().iter();
    let requests = all.filter(|operation| matches!(operation.runs, Runs::OnRequest(_) | Runs::OnOtherRequests));
    Vec::leak(requests.copied().collect())
}

/// The secret of the link in an answer.
fn secret_of(issued: &Value) -> String {
    secret_in(&text(&issued["invite_link"]))
}

/// The secret of the first link in a text.
fn secret_in(text: &str) -> String {
    let (_, secret) = text.split_once("#token=").expect("there is a link with a secret");
    secret.split_whitespace().next().unwrap_or_default().to_owned()
}

fn base64(text: &str) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}
