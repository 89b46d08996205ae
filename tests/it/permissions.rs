//! What each operation does in AWS: `template.yaml` grants it, no less and no more, and `docs/architecture.md` tells
//! what it costs.
//!
//! A walk takes every operation through all its branches, while the local installation records what it does. An
//! operation that the walk misses fails the tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::tz::TimeZone;
use roster_functions::operations;
use roster_local::{
    Installation, Options,
    engine::TABLE,
    mailbox::Fault,
    recorder::{Cost, Seen},
};
use roster_store::Store;
use roster_web::App;
use serde_json::{Value, json};

use crate::{
    door::{ask, ask_anew, ask_once},
    receiver::Receiver,
    template::Template,
    told::assert_told,
};

const PASSWORD: &str = "correct horse battery staple";

#[tokio::test]
async fn every_function_may_do_what_its_operation_does_and_nothing_else() {
    let seen = Walk::through_everything().await;
    let mut differences = Vec::new();

    for function in Template::read().functions() {
        let (granted, used) = (function.grants(), &seen[function.operation()].permissions);
        let mut report = |what: &str, grants: BTreeSet<&(String, String)>| {
            let grants = grants.into_iter().map(|(action, on)| format!("{action} on {on}"));
            differences.extend(grants.map(|grant| format!("{} {what} {grant}", function.operation())));
        };
        report("needs", used.difference(&granted).collect());
        report("never uses", granted.difference(used).collect());
    }

    assert!(differences.is_empty(), "{differences:#?}");
}

#[tokio::test]
async fn the_map_tells_what_every_operation_costs() {
    let seen = Walk::through_everything().await;
    let table = table(&seen);
    assert_told("architecture.md", "round trips", &table);
}

/// The table of the map, in the order of the API document.
fn table(seen: &BTreeMap<String, Seen>) -> String {
    let head = "| operation | DynamoDB requests | at most | read units | write units | SES requests | EventBridge requests |\n\
                | --- | --- | --- | --- | --- | --- | --- |\n";
    let rows = operations::all().iter().map(|operation| {
        let invocations = &seen[operation.name].invocations;
        let usual = invocations.first().copied().unwrap_or_default();
        let most = invocations.iter().map(|cost| cost.dynamodb_requests).max().unwrap_or_default();
        let Cost { dynamodb_requests, ses_requests, eventbridge_requests, read_units, write_units } = usual;
        format!(
            "| `{}` | {dynamodb_requests} | {most} | {read_units} | {write_units} | {ses_requests} | \
             {eventbridge_requests} |\n",
            operation.name
        )
    });
    [head.to_owned()].into_iter().chain(rows).collect()
}

/// The walk takes days, and a list of the activity reads each of the months that they lie in.
fn begin_a_month(installation: &Installation) -> Result<(), Box<dyn std::error::Error>> {
    let now = installation.clock().now();
    let next = TimeZone::UTC.to_datetime(now).date().last_of_month().tomorrow()?;
    let next = TimeZone::UTC.to_timestamp(next.into())?;
    installation.clock().advance(now.duration_until(next).try_into()?)?;
    Ok(())
}

/// An installation on which one request follows the other.
pub(crate) struct Walk {
    pub(crate) installation: Installation,
    /// The session of an admin.
    token: String,
}

impl Walk {
    /// What each operation was seen to do. The first invocation of an operation is the usual one.
    async fn through_everything() -> BTreeMap<String, Seen> {
        Self::to_the_end().await.installation.recorder().seen()
    }

    /// An installation in which everything has happened.
    pub(crate) async fn to_the_end() -> Self {
        let installation = Installation::start(Options::ephemeral()).await.expect("an installation starts");
        begin_a_month(&installation).expect("the clock moves");
        let mut walk = Self { installation, token: String::new() };
        walk.set_up().await;
        walk.settings_and_apps().await;
        walk.invites().await;
        walk.users().await;
        walk.lists().await;
        walk.oneself().await;
        walk.time_that_passes().await;
        walk.mail_that_fails().await;
        walk.mail_that_is_reported().await;
        walk.what_needs_nobody().await;
        walk.templates().await;
        walk.passwords().await;
        walk.lives_of_users().await;
        walk.bulk().await;
        walk.apps_that_change().await;
        walk.webhooks().await;
        let key = walk.api_keys().await;
        walk.every_credential(&key).await;

        let seen = walk.installation.recorder().seen();
        let dead: Vec<_> = walk.installation.dead_letters().into_iter().map(|letter| letter.operation).collect();
        assert!(dead.is_empty(), "records were given up: {dead:?}");
        let missed: Vec<_> =
            operations::all().iter().map(|one| one.name).filter(|one| !seen.contains_key(*one)).collect();
        assert!(missed.is_empty(), "the walk misses {missed:?}");
        walk
    }

    async fn set_up(&mut self) {
        let person = |secret: &str| json!({ "setup_secret": secret, "email": "grace@example.com", "name": "Grace Hopper", "password": PASSWORD });
        let secret = self.installation.setup_secret().to_owned();
        self.ask("GET /v1/setup", 200, Value::Null).await;
        self.token = text(&self.ask("POST /v1/setup", 201, person(&secret)).await["token"]);
        self.ask("POST /v1/setup", 409, person(&secret)).await;
        self.ask("POST /v1/setup", 403, person("a guess")).await;
    }

    async fn settings_and_apps(&self) {
        self.ask("GET /v1/settings/email", 200, Value::Null).await;
        let settings = json!({ "from_address": "roster@example.com", "platform_url": "https://roster.example.com" });
        self.ask("PUT /v1/settings/email", 200, settings).await;
        for slug in ["wiki", "shop"] {
            self.ask("POST /v1/apps", 201, json!({ "slug": slug, "name": slug })).await;
        }
        self.ask("POST /v1/apps", 409, json!({ "slug": "wiki", "name": "Wiki" })).await;
        self.ask("GET /v1/apps/wiki", 200, Value::Null).await;
        self.ask("GET /v1/apps/none", 404, Value::Null).await;
    }

    async fn invites(&self) {
        let ada = json!({ "email": "ada@example.com", "app_roles": { "wiki": "basic" } });
        let accepted = self.ask("POST /v1/invites", 201, ada.clone()).await;
        self.ask("POST /v1/invites", 409, ada).await;
        let token = self.mailed_token("ada@example.com");
        self.ask("POST /v1/invites/inspect", 200, json!({ "token": token })).await;
        self.ask("POST /v1/invites/accept", 201, acceptance(&token, "Ada Lovelace")).await;
        self.ask("POST /v1/invites/accept", 404, acceptance(&token, "Ada Lovelace")).await;

        // An admin, whose name has fewer words afterwards.
        let long_name = json!({ "email": "barbara@example.com", "name": "Barbara Jane Liskov", "role": "admin", "delivery": "link" });
        let link = self.ask("POST /v1/invites", 201, long_name).await;
        self.ask("POST /v1/invites/accept", 201, acceptance(&linked_token(&link), "Barbara Liskov")).await;

        let invited = self.ask("POST /v1/invites", 201, json!({ "email": "alan@example.com" })).await;
        self.ask(&format!("POST {}/invite", user(&invited)), 202, json!({})).await;
        self.ask(&format!("POST {}/invite", user(&invited)), 202, json!({ "delivery": "link" })).await;
        self.ask(&format!("DELETE {}/invite", user(&invited)), 204, Value::Null).await;
        self.ask(&format!("POST {}/invite", user(&invited)), 404, json!({})).await;
        self.ask(&format!("DELETE {}/invite", user(&accepted)), 409, Value::Null).await;
        self.ask(&format!("POST {}/invite", user(&accepted)), 409, json!({})).await;
    }

    async fn users(&self) {
        let ada = self.user_of("ada@example.com").await;
        self.ask(&format!("GET {ada}"), 200, Value::Null).await;
        self.ask(&format!("PATCH {ada}"), 200, json!({ "name": "Ada" })).await;
        self.ask(&format!("PATCH {ada}"), 200, json!({ "role": "admin" })).await;
        self.ask(&format!("PATCH {ada}"), 200, json!({ "role": "member" })).await;
        self.ask(&format!("PATCH {ada}"), 200, json!({ "email": "ada.king@example.com" })).await;
        self.ask(&format!("PATCH {ada}"), 409, json!({ "email": "grace@example.com" })).await;
        self.ask(&format!("PUT {ada}/app-roles/wiki"), 200, json!({ "role": "power" })).await;
        self.ask(&format!("DELETE {ada}/app-roles/wiki"), 200, Value::Null).await;
        let invited = self.ask("POST /v1/invites", 201, json!({ "email": "edsger@example.com" })).await;
        self.ask(&format!("PATCH {}", user(&invited)), 200, json!({ "email": "dijkstra@example.com" })).await;

        let gone = self.member("gone@example.com").await;
        self.ask(&format!("DELETE {gone}"), 204, Value::Null).await;
        self.ask(&format!("DELETE {gone}"), 404, Value::Null).await;
        self.ask(&format!("DELETE {}", self.user_of("barbara@example.com").await), 204, Value::Null).await;
    }

    async fn lists(&self) {
        let ada = self.user_of("ada.king@example.com").await;
        for slug in ["shop", "wiki"] {
            self.ask(&format!("PUT {ada}/app-roles/{slug}"), 200, json!({ "role": "basic" })).await;
        }
        for query in [
            "",
            "?sort=name",
            "?sort=-created_at",
            "?q=ada",
            "?app=wiki",
            "?app=wiki&app_role=basic",
            "?role=member&status=active",
        ] {
            self.ask(&format!("GET /v1/users{query}"), 200, Value::Null).await;
        }
        self.ask("GET /v1/invites", 200, Value::Null).await;
        self.ask("GET /v1/apps", 200, Value::Null).await;
        self.ask("POST /v1/invites", 201, json!({ "email": "another@example.com" })).await;
        for list in ["/v1/users", "/v1/invites", "/v1/apps"] {
            let page = self.ask_anew(&format!("GET {list}?limit=1")).await;
            let cursor = text(&page["next_cursor"]);
            self.ask_anew(&format!("GET {list}?limit=1&cursor={cursor}")).await;
        }
    }

    async fn oneself(&mut self) {
        self.ask("GET /v1/me", 200, Value::Null).await;
        self.ask("PATCH /v1/me", 200, json!({ "name": "Grace Brewster Hopper" })).await;
        self.ask("PATCH /v1/me", 200, json!({ "name": "Grace" })).await;
        self.sign_in(201, "grace@example.com", PASSWORD).await;
        self.sign_in(401, "grace@example.com", "a guess").await;
        self.sign_in(401, "nobody@example.com", "a guess").await;
        let other = "a new and much better password";
        let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
        self.ask("POST /v1/me/password", 204, change(PASSWORD, other)).await;
        self.ask("POST /v1/me/password", 403, change(PASSWORD, other)).await;
        self.ask("POST /v1/me/password", 204, change(other, PASSWORD)).await;
        self.ask("GET /v1/session", 200, Value::Null).await;
        self.ask("DELETE /v1/session", 204, Value::Null).await;
        self.token = self.sign_in(201, "grace@example.com", PASSWORD).await;
    }

    async fn time_that_passes(&self) {
        // Nothing is due for the schedules, as at most times.
        self.advance(Duration::from_mins(6)).await;
        let late = json!({ "email": "late@example.com", "valid_hours": 1, "delivery": "link" });
        let token = linked_token(&self.ask("POST /v1/invites", 201, late).await);
        self.advance(Duration::from_hours(2)).await;
        self.ask("POST /v1/invites/request-renewal", 202, json!({ "token": token })).await;
        self.ask("POST /v1/invites/request-renewal", 202, json!({ "token": token })).await;
        self.ask("POST /v1/invites/accept", 410, acceptance(&token, "Late")).await;
        // One is reminded, and the late one removed.
        self.ask("POST /v1/invites", 201, json!({ "email": "slow@example.com", "valid_hours": 20 })).await;
        self.ask("PUT /v1/settings/security", 200, json!({ "remove_expired_after_days": 1 })).await;
        self.advance(Duration::from_hours(16)).await;
        self.ask("GET /v1/me", 200, Value::Null).await;
        self.advance(Duration::from_hours(10)).await;
        self.ask("PUT /v1/settings/security", 200, json!({})).await;
    }

    async fn mail_that_fails(&self) {
        let mailbox = self.installation.mailbox();
        // As often as the client tries.
        mailbox.fail(vec![Fault::ServerError; 3]);
        self.ask("POST /v1/invites", 201, json!({ "email": "later@example.com", "app_roles": { "wiki": "basic" } }))
            .await;
        self.advance(Duration::from_mins(5)).await;
        mailbox.fail([Fault::ServerError, Fault::ServerError, Fault::ServerError, Fault::Rejected("no".to_owned())]);
        self.ask("POST /v1/invites", 201, json!({ "email": "never@example.com" })).await;
        self.advance(Duration::from_mins(5)).await;
        mailbox.fail([Fault::Rejected("no".to_owned())]);
        self.ask("POST /v1/invites", 201, json!({ "email": "refused@example.com" })).await;
    }

    async fn mail_that_is_reported(&self) {
        self.ask("POST /v1/invites", 201, json!({ "email": "reported@example.com" })).await;
        self.ask("POST /v1/settings/email/test", 202, json!({ "to": "reported@example.com" })).await;
        self.ask("POST /v1/password-resets", 202, json!({ "email": "grace@example.com" })).await;
        let mails = self.installation.mailbox().mails();
        for (mail, event) in mails
            .iter()
            .rev()
            .skip(mails.len() - 3)
            .flat_map(|mail| [(mail, "delivery"), (mail, "bounce"), (mail, "complaint")])
        {
            let body = json!({ "mail_id": mail.id, "event": event });
            self.ask("POST /_local/mail-event", 200, body).await;
        }
    }

    async fn what_needs_nobody(&self) {
        self.ask("GET /v1/health", 200, Value::Null).await;
        self.ask("GET /openapi.json", 200, Value::Null).await;
        self.ask("GET /v1/nothing", 404, Value::Null).await;
    }

    async fn passwords(&self) {
        self.ask("GET /v1/password-policy", 200, Value::Null).await;
        self.ask("GET /v1/settings/security", 200, Value::Null).await;
        self.ask("PUT /v1/settings/security", 200, json!({ "sign_in_attempts": 3 })).await;
        let (known, unknown) = (json!({ "email": "ada.king@example.com" }), json!({ "email": "nobody@example.com" }));
        self.ask("POST /v1/password-resets", 202, known).await;
        self.ask("POST /v1/password-resets", 202, unknown).await;
        let token = self.mailed_token("ada.king@example.com");
        let completion = json!({ "token": token, "new_password": "a new and much better password" });
        self.ask("POST /v1/password-resets/complete", 204, completion.clone()).await;
        self.ask("POST /v1/password-resets/complete", 404, completion).await;
        for status in [401, 401, 401, 429] {
            self.sign_in(status, "ada.king@example.com", "a guess").await;
        }
        let ada = self.user_of("ada.king@example.com").await;
        self.ask(&format!("POST {ada}/unlock"), 200, Value::Null).await;
        self.ask(&format!("POST {ada}/password-reset"), 200, json!({ "delivery": "show" })).await;
        self.ask(&format!("POST {ada}/password-reset"), 202, json!({ "delivery": "email" })).await;
    }

    async fn templates(&self) {
        let kind = "/v1/settings/email-templates/welcome";
        let template = json!({ "subject": "Welcome", "html": "<p>{{ name }}</p>", "text": "{{ name }}" });
        self.ask("GET /v1/settings/email-templates", 200, Value::Null).await;
        self.ask(&format!("POST {kind}/preview"), 200, template.clone()).await;
        self.ask(&format!("PUT {kind}"), 200, template).await;
        self.ask(&format!("GET {kind}"), 200, Value::Null).await;
        self.ask(&format!("DELETE {kind}"), 204, Value::Null).await;
        // It fails for some, which only shows when they are mailed.
        let link = "{% if name != 'Eve' %}{{ link }}{% endif %}";
        let template = json!({ "subject": "Hello", "html": link, "text": "{{ link }}" });
        self.ask("PUT /v1/settings/email-templates/invitation", 200, template).await;
        self.ask("POST /v1/invites", 201, json!({ "email": "eve@example.com", "name": "Eve" })).await;
        self.ask("POST /v1/settings/email/test", 202, json!({ "to": "ops@example.com" })).await;
        self.ask("GET /v1/settings/email", 200, Value::Null).await;
    }

    async fn lives_of_users(&self) {
        let created = self.ask("POST /v1/users", 201, json!({ "email": "kay@example.com", "name": "Alan Kay" })).await;
        self.ask("POST /v1/users", 409, json!({ "email": "kay@example.com" })).await;
        let kay = user(&created);
        let temporary = text(&created["temporary_password"]);
        self.sign_in(201, "kay@example.com", &temporary).await;
        let sessions = self.ask(&format!("GET {kay}/sessions"), 200, Value::Null).await;
        self.ask(&format!("DELETE {kay}/sessions/{}", text(&sessions["items"][0]["id"])), 204, Value::Null).await;
        self.ask(&format!("DELETE {kay}/sessions"), 204, Value::Null).await;
        self.ask(&format!("POST {kay}/suspend"), 200, json!({ "reason": "leave" })).await;
        self.sign_in(403, "kay@example.com", &temporary).await;
        self.ask(&format!("POST {kay}/reactivate"), 200, Value::Null).await;
        self.ask(&format!("PATCH {kay}"), 200, json!({ "role": "admin" })).await;
        let until = self.installation.app().now() + Duration::from_hours(1);
        self.ask(&format!("POST {kay}/suspend"), 200, json!({ "until": until.to_string() })).await;
        self.ask(&format!("POST {kay}/reactivate"), 200, Value::Null).await;
        self.ask(&format!("POST {kay}/suspend"), 200, json!({ "until": until.to_string() })).await;
        self.advance(Duration::from_hours(2)).await;
        self.ask(&format!("GET {kay}/activity"), 200, Value::Null).await;
        self.ask("GET /v1/activity", 200, Value::Null).await;
        let subject = kay.trim_start_matches("/v1/users/");
        self.ask(&format!("GET /v1/activity?subject={subject}"), 200, Value::Null).await;
        self.ask("GET /v1/users/summary", 200, Value::Null).await;
        self.ask("GET /v1/users/export", 200, Value::Null).await;
        let other = self.sign_in(201, "grace@example.com", PASSWORD).await;
        let sessions = ask(&self.installation, "GET /v1/me/sessions", &other, Value::Null).await.body;
        let mine = sessions["items"].as_array().into_iter().flatten().find(|session| session["current"] == true);
        let mine = text(&mine.expect("one asks")["id"]);
        self.ask(&format!("DELETE /v1/me/sessions/{mine}"), 204, Value::Null).await;
        for list in ["/v1/activity".to_owned(), format!("{kay}/activity"), "/v1/me/sessions".to_owned()] {
            let page = self.ask_anew(&format!("GET {list}?limit=1")).await;
            self.ask_anew(&format!("GET {list}?limit=1&cursor={}", text(&page["next_cursor"]))).await;
        }
        for _ in 0..2 {
            self.sign_in(201, "kay@example.com", &temporary).await;
        }
        let page = self.ask_anew(&format!("GET {kay}/sessions?limit=1")).await;
        self.ask_anew(&format!("GET {kay}/sessions?limit=1&cursor={}", text(&page["next_cursor"]))).await;
    }

    async fn bulk(&self) {
        let rows = |name: &str| {
            let row = |n: u8| json!({ "email": format!("{name}{n}@example.com"), "app_roles": { "wiki": "basic" } });
            json!([row(1), row(2), { "email": "kay@example.com" }, { "email": "none" }])
        };
        self.ask("POST /v1/invites/batch", 200, json!({ "invites": rows("invitee") })).await;
        let created = self.ask("POST /v1/users/batch", 200, json!({ "users": rows("created") })).await;
        let ids = json!([created["results"][0]["user_id"], created["results"][1]["user_id"], "none"]);
        self.ask("POST /v1/users/batch-delete", 200, json!({ "ids": ids })).await;
        let admin = self.ask("POST /v1/users", 201, json!({ "email": "boss@example.com", "role": "admin" })).await;
        self.ask("POST /v1/users/batch-delete", 200, json!({ "ids": [admin["user"]["id"]] })).await;
    }

    async fn apps_that_change(&self) {
        self.ask("GET /v1/me/apps", 200, Value::Null).await;
        let grace = self.user_of("grace@example.com").await;
        self.ask(&format!("PUT {grace}/app-roles/shop"), 200, json!({ "role": "basic" })).await;
        self.ask("GET /v1/me/apps", 200, Value::Null).await;
        self.ask("GET /v1/me/access/shop", 200, Value::Null).await;
        self.ask("GET /v1/me/access/wiki", 403, Value::Null).await;
        self.ask("GET /v1/apps/wiki/users", 200, Value::Null).await;
        self.ask("GET /v1/apps/wiki/users?role=basic", 200, Value::Null).await;
        let page = self.ask_anew("GET /v1/apps/wiki/users?limit=1").await;
        self.ask_anew(&format!("GET /v1/apps/wiki/users?limit=1&cursor={}", text(&page["next_cursor"]))).await;
        let roles = |roles: &[&str]| roles.iter().map(|role| json!({ "slug": role, "name": role })).collect::<Value>();
        self.ask("PATCH /v1/apps/wiki", 200, json!({ "name": "The wiki" })).await;
        self.ask("PATCH /v1/apps/wiki", 200, json!({ "roles": roles(&["basic", "power"]) })).await;
        self.ask("PATCH /v1/apps/wiki", 409, json!({ "roles": roles(&["power"]) })).await;
        self.ask("DELETE /v1/apps/shop", 204, Value::Null).await;
    }

    async fn webhooks(&mut self) {
        let receiver = Receiver::start().await;
        let make = json!({ "url": receiver.url(), "event_types": ["app.created", "app.updated"] });
        let webhook = self.ask("POST /v1/webhooks", 201, make.clone()).await;
        let path = format!("/v1/webhooks/{}", text(&webhook["webhook"]["id"]));
        self.ask("GET /v1/webhooks", 200, Value::Null).await;
        self.ask(&format!("GET {path}"), 200, Value::Null).await;
        self.ask(&format!("PATCH {path}"), 200, json!({ "description": "Stock" })).await;
        self.ask(&format!("POST {path}/rotate-secret"), 200, Value::Null).await;
        self.ask(&format!("POST {path}/test"), 202, Value::Null).await;
        let app = |slug: &str| json!({ "slug": slug, "name": slug });
        self.ask("POST /v1/apps", 201, app("told")).await;
        receiver.answer([500; 200]);
        self.ask("POST /v1/apps", 201, app("told-later")).await;
        let page = self.ask_anew(&format!("GET {path}/deliveries?limit=1")).await;
        let next = format!("GET {path}/deliveries?limit=1&cursor={}", text(&page["next_cursor"]));
        self.ask_anew(&next).await;
        let resend = format!("{path}/deliveries/{}/resend", text(&page["items"][0]["id"]));
        self.ask(&format!("POST {resend}"), 202, Value::Null).await;
        // As often as it is tried, and for longer than Roster is patient. No session lasts that long.
        for _ in 0..10 {
            self.advance(Duration::from_hours(11)).await;
        }
        receiver.answer([]);
        self.token = self.sign_in(201, "grace@example.com", PASSWORD).await;
        self.ask(&format!("DELETE {path}"), 204, Value::Null).await;
        self.ask(&format!("DELETE {path}"), 404, Value::Null).await;
        let webhook = self.ask("POST /v1/webhooks", 201, make).await;
        receiver.answer([410]);
        self.ask("POST /v1/apps", 201, app("gone")).await;
        let path = format!("/v1/webhooks/{}", text(&webhook["webhook"]["id"]));
        self.ask(&format!("DELETE {path}"), 204, Value::Null).await;
    }

    /// The keys' secret that is left.
    async fn api_keys(&self) -> String {
        let created = self.ask("POST /v1/api-keys", 201, json!({ "name": "one", "role": "admin" })).await;
        let other = self.ask("POST /v1/api-keys", 201, json!({ "name": "two", "role": "admin" })).await;
        self.ask("GET /v1/api-keys", 200, Value::Null).await;
        let page = self.ask_anew("GET /v1/api-keys?limit=1").await;
        self.ask_anew(&format!("GET /v1/api-keys?limit=1&cursor={}", text(&page["next_cursor"]))).await;
        self.ask(&format!("DELETE /v1/api-keys/{}", text(&other["api_key"]["id"])), 204, Value::Null).await;
        text(&created["key"])
    }

    /// Each operation is asked, for something that it refuses, with a session that was last seen a while ago, which is
    /// noted, and with API keys of an admin and of a member, whose try is noted.
    async fn every_credential(&self, key: &str) {
        let user = self.user_of("ada.king@example.com").await.replace("/v1/users/", "");
        let powerless = self.ask("POST /v1/api-keys", 201, json!({ "name": "three", "role": "member" })).await;
        let powerless = text(&powerless["key"]);
        let mut routes: Vec<_> = operations::all().iter().flat_map(operations::routes).collect();
        // Where the session ends comes last.
        routes.sort_by_key(|(_, path)| path == "/v1/session");
        for (n, (method, path)) in routes.into_iter().enumerate() {
            self.advance(Duration::from_mins(2)).await;
            let changes = matches!(method.as_str(), "POST" | "PUT" | "PATCH");
            let path = if changes { path.replace("{id}", &user).replace("{slug}", "wiki") } else { path };
            let request = format!("{method} {}", path.replace('{', "no-").replace('}', ""));
            let body = if changes { json!({ "nonsense": true }) } else { Value::Null };
            for token in [key, &self.token, &powerless] {
                ask_once(&self.installation, &request, token, body.clone(), &format!("walk-{n}")).await;
            }
        }
    }

    async fn sign_in(&self, expected: u16, email: &str, password: &str) -> String {
        let body = json!({ "email": email, "password": password });
        let answer = ask(&self.installation, "POST /v1/sessions", "", body).await;
        assert_eq!(answer.status, expected, "{}", answer.body);
        self.installation.settle().await;
        answer.body["token"].as_str().unwrap_or_default().to_owned()
    }

    /// Somebody new with a session, as the path of the user.
    async fn member(&self, email: &str) -> String {
        let link = self.ask("POST /v1/invites", 201, json!({ "email": email, "delivery": "link" })).await;
        self.ask("POST /v1/invites/accept", 201, acceptance(&linked_token(&link), "Somebody")).await;
        user(&link)
    }

    /// The path of the user with this address.
    async fn user_of(&self, email: &str) -> String {
        let found = self.ask(&format!("GET /v1/users?q={email}"), 200, Value::Null).await;
        format!("/v1/users/{}", text(&found["items"][0]["id"]))
    }

    /// The secret of the newest link that was mailed to this address.
    fn mailed_token(&self, email: &str) -> String {
        let mails = self.installation.mailbox().mails();
        let mail = mails.iter().find(|mail| mail.to == [email]).expect("there is a mail");
        let (_, token) = mail.text.split_once("#token=").expect("the mail has a link");
        token.split_whitespace().next().unwrap_or_default().to_owned()
    }

    /// Asks a function that has just started, and so has to read what one knows that has made cursors before.
    async fn ask_anew(&self, request: &str) -> Value {
        let store = Store::new(self.installation.dynamodb(), TABLE.to_owned());
        let app = App { store, ..self.installation.app().clone() };
        let answer = ask_anew(&self.installation, &app, request, &self.token, Value::Null).await;
        assert_eq!(answer.status, 200, "{request}: {}", answer.body);
        answer.body
    }

    async fn ask(&self, request: &str, expected: u16, body: Value) -> Value {
        let answer = ask(&self.installation, request, &self.token, body).await;
        assert_eq!(answer.status, expected, "{request}: {}", answer.body);
        self.installation.settle().await;
        answer.body
    }

    async fn advance(&self, by: Duration) {
        self.installation.advance(by).await.expect("the clock moves");
        self.installation.settle().await;
    }
}

fn acceptance(token: &str, name: &str) -> Value {
    json!({ "token": token, "name": name, "password": PASSWORD })
}

/// The path of the user in an answer.
fn user(answer: &Value) -> String {
    format!("/v1/users/{}", text(&answer["user"]["id"]))
}

/// The secret of the link in an answer.
fn linked_token(answer: &Value) -> String {
    let link = text(&answer["invite_link"]);
    link.split_once("#token=").expect("the link has a secret").1.to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}
