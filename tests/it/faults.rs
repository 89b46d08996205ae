//! Whatever goes wrong between us and the services, once or for long: what was answered is true, and all that follows
//! happens in the end.
//!
//! Each use case runs once on a copy of the same small world while its calls to DynamoDB, SES and EventBridge are
//! counted. Then it runs again for each of these calls and each fault that can happen to it. After each run things heal,
//! whoever got no answer asks again, stream and schedules catch up, and everything that always holds is checked.
//!
//! A run of the tests takes some scenarios at random, and says by which seed when one ends badly; `ROSTER_SEED` repeats
//! the choice. `./test long` takes all of them, `ROSTER_SCENARIO` those that have this text in their name.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fmt, fs,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use roster_functions::operations;
use roster_local::{
    Options,
    faults::{Call as Made, Fault, Rule},
};
use roster_web::app::random;
use serde_json::{Value, json};
use tokio::task::JoinError;

use crate::support::{Answer, Call, NEW_PASSWORD, PASSWORD, Random, TestApp, token_in};

/// How many use cases a short run takes, and how many scenarios of all of them.
const USE_CASES: usize = 12;
const SCENARIOS: usize = 240;
/// How many pairs of things go wrong in each use case of a long run.
const PAIRS: usize = 20;
/// How many run at once.
const AT_ONCE: usize = 6;
const SETUP_SECRET: &str = "the setup secret of an installation that goes wrong";

/// Something that people, programs or the clock do.
struct UseCase {
    /// The operation that serves it, or that runs first.
    name: &'static str,
    act: Act,
    /// The status when all goes well.
    status: u16,
    /// The action that tells of it in the activity; nothing, if it changes nothing.
    tells: &'static str,
    /// How it is refused when it is asked again after it happened unseen; nothing, if it may happen again.
    again: Option<&'static str>,
    /// Asked with an idempotency key, it happens once.
    has_key: bool,
}

enum Act {
    /// Somebody asks: who, method, path, body. What stands in braces is from the world.
    Ask(&'static str, &'static str, &'static str, &'static str),
    /// Time goes by.
    Pass(Duration),
    /// SES reports that the mail to the invitee came back.
    Bounce,
}

fn ask(name: &'static str, who: &'static str, status: u16, request: &'static str) -> UseCase {
    let mut words = request.splitn(3, ' ');
    let mut word = || words.next().unwrap_or_default();
    UseCase { name, act: Act::Ask(who, word(), word(), word()), status, tells: "", again: None, has_key: false }
}

impl UseCase {
    fn tells(self, tells: &'static str) -> Self {
        Self { tells, ..self }
    }

    fn once(self, refusal: &'static str) -> Self {
        Self { again: Some(refusal), ..self }
    }

    fn keyed(self) -> Self {
        Self { has_key: true, ..self }
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn use_cases() -> Vec<UseCase> {
    let passes = |name, hours, tells| UseCase {
        act: Act::Pass(Duration::from_hours(hours)),
        ..ask(name, "", 0, "").tells(tells).once("")
    };
    let change = r#"POST /v1/me/password {"current_password": "{password}", "new_password": "{new_password}"}"#;
    vec![
        ask("set_up", "nobody", 201, r#"POST /v1/setup {"setup_secret": "{setup_secret}", "email": "admin@example.com", "name": "Ada Admin", "password": "{password}"}"#)
            .tells("installation.set_up").once("already-set-up"),
        ask("sign_in", "nobody", 201, r#"POST /v1/sessions {"email": "member@example.com", "password": "{password}"}"#)
            .tells("session.started"),
        ask("sign_in", "nobody", 401, r#"POST /v1/sessions {"email": "member@example.com", "password": "{new_password}"}"#)
            .tells("session.refused"),
        ask("get_session", "member", 200, "GET /v1/session"),
        ask("sign_out", "member", 204, "DELETE /v1/session").tells("session.ended").once("unauthenticated"),
        ask("request_password_reset", "nobody", 202, r#"POST /v1/password-resets {"email": "member@example.com"}"#)
            .tells("password.reset_requested"),
        ask("complete_password_reset", "nobody", 204, r#"POST /v1/password-resets/complete {"token": "{reset}", "new_password": "{new_password}"}"#)
            .tells("password.reset").once("link-unknown"),
        ask("update_me", "member", 200, r#"PATCH /v1/me {"name": "Mary"}"#).tells("user.updated").once(""),
        ask("change_password", "member", 204, change).tells("password.changed").once("wrong-password"),
        ask("change_password", "temporary", 204, r#"POST /v1/me/password {"current_password": "{temporary_password}", "new_password": "{new_password}"}"#)
            .tells("password.changed").once("wrong-password"),
        ask("list_my_sessions", "member", 200, "GET /v1/me/sessions"),
        ask("list_my_apps", "member", 200, "GET /v1/me/apps"),
        ask("check_access", "member", 200, "GET /v1/me/access/wiki"),
        ask("invite_user", "admin", 201, r#"POST /v1/invites {"email": "new@example.com", "name": "Nora New", "app_roles": {"wiki": "power"}}"#)
            .tells("user.invited").once("email-taken"),
        ask("invite_user", "admin", 201, r#"POST /v1/invites {"email": "new@example.com", "role": "admin"}"#)
            .tells("user.invited").keyed(),
        ask("invite_user", "admin", 201, r#"POST /v1/invites {"email": "new@example.com", "delivery": "link"}"#)
            .tells("user.invited").keyed(),
        ask("invite_users", "admin", 200, r#"POST /v1/invites/batch {"invites": [{"email": "new@example.com"}, {"email": "nobody"}, {"email": "invited@example.com"}]}"#)
            .tells("user.invited").once(""),
        ask("list_invites", "admin", 200, "GET /v1/invites"),
        ask("renew_invite", "admin", 202, "POST /v1/users/{invited}/invite {}").tells("invite.renewed"),
        ask("renew_invite", "admin", 202, "POST /v1/users/{expired}/invite {}").tells("invite.renewed").keyed(),
        ask("revoke_invite", "admin", 204, "DELETE /v1/users/{invited}/invite").tells("invite.revoked").once("user-not-found"),
        ask("inspect_invite", "nobody", 200, r#"POST /v1/invites/inspect {"token": "{invite}"}"#),
        ask("accept_invite", "nobody", 201, r#"POST /v1/invites/accept {"token": "{invite}", "name": "Ida Invited", "password": "{password}"}"#)
            .tells("user.activated").once("invite-unknown"),
        ask("request_renewal", "nobody", 202, r#"POST /v1/invites/request-renewal {"token": "{expired_invite}"}"#)
            .tells("invite.renewal_requested").once(""),
        ask("list_users", "admin", 200, "GET /v1/users"),
        ask("list_users", "admin", 200, "GET /v1/users?q=m&status=active"),
        ask("list_users", "admin", 200, "GET /v1/users?app=wiki"),
        ask("get_users_summary", "admin", 200, "GET /v1/users/summary"),
        ask("export_users", "admin", 200, "GET /v1/users/export"),
        ask("create_user", "admin", 201, r#"POST /v1/users {"email": "new@example.com", "name": "Nora New"}"#)
            .tells("user.created").once("email-taken"),
        ask("create_user", "admin", 201, r#"POST /v1/users {"email": "new@example.com", "app_roles": {"wiki": "basic"}}"#)
            .tells("user.created").keyed(),
        ask("create_users", "admin", 200, r#"POST /v1/users/batch {"users": [{"email": "new@example.com"}]}"#)
            .tells("user.created").once(""),
        ask("delete_users", "admin", 200, r#"POST /v1/users/batch-delete {"ids": ["{member}"]}"#)
            .tells("user.deleted").once(""),
        ask("get_user", "admin", 200, "GET /v1/users/{member}"),
        ask("update_user", "admin", 200, r#"PATCH /v1/users/{member} {"email": "mary@example.com", "name": "Mary M. Member"}"#)
            .tells("user.updated").once(""),
        ask("update_user", "admin", 200, r#"PATCH /v1/users/{invited} {"email": "other@example.com"}"#)
            .tells("user.updated").once(""),
        ask("update_user", "admin", 200, r#"PATCH /v1/users/{boss} {"role": "member"}"#).tells("role.changed").once(""),
        ask("delete_user", "admin", 204, "DELETE /v1/users/{member}").tells("user.deleted").once("user-not-found"),
        ask("delete_user", "admin", 204, "DELETE /v1/users/{boss}").tells("user.deleted").once("user-not-found"),
        ask("suspend_user", "admin", 200, r#"POST /v1/users/{boss}/suspend {"reason": "On leave"}"#)
            .tells("user.suspended").once(""),
        ask("reactivate_user", "admin", 200, "POST /v1/users/{suspended}/reactivate {}").tells("user.reactivated").once(""),
        ask("unlock_user", "admin", 200, "POST /v1/users/{member}/unlock {}").tells("user.unlocked"),
        ask("reset_password", "admin", 200, r#"POST /v1/users/{member}/password-reset {"delivery": "show"}"#)
            .tells("password.reset_by_admin"),
        ask("reset_password", "admin", 202, r#"POST /v1/users/{member}/password-reset {"delivery": "email"}"#)
            .tells("password.reset_by_admin"),
        ask("list_user_sessions", "admin", 200, "GET /v1/users/{member}/sessions"),
        ask("end_user_sessions", "admin", 204, "DELETE /v1/users/{member}/sessions").tells("sessions.ended"),
        ask("end_user_session", "admin", 204, "DELETE /v1/users/{member}/sessions/{session}")
            .tells("session.ended").once("session-not-found"),
        ask("set_app_role", "builder", 200, r#"PUT /v1/users/{member}/app-roles/wiki {"role": "power"}"#)
            .tells("app_role.set").once(""),
        ask("remove_app_role", "builder", 200, "DELETE /v1/users/{member}/app-roles/wiki").tells("app_role.removed").once(""),
        ask("list_user_activity", "admin", 200, "GET /v1/users/{member}/activity"),
        ask("list_activity", "admin", 200, "GET /v1/activity"),
        ask("list_apps", "builder", 200, "GET /v1/apps"),
        ask("create_app", "builder", 201, r#"POST /v1/apps {"slug": "shop", "name": "Shop"}"#)
            .tells("app.created").once("slug-taken"),
        ask("create_app", "builder", 201, r#"POST /v1/apps {"slug": "shop", "name": "Shop"}"#).tells("app.created").keyed(),
        ask("update_app", "builder", 200, r#"PATCH /v1/apps/wiki {"name": "Encyclopedia"}"#).tells("app.updated").once(""),
        ask("delete_app", "builder", 204, "DELETE /v1/apps/wiki").tells("app.deleted").once("unknown-app"),
        ask("list_app_users", "builder", 200, "GET /v1/apps/wiki/users"),
        ask("get_email_settings", "admin", 200, "GET /v1/settings/email"),
        ask("set_email_settings", "admin", 200, r#"PUT /v1/settings/email {"from_address": "other@example.com", "platform_url": "https://other.example.com"}"#)
            .tells("email_settings.changed"),
        ask("send_test_mail", "admin", 202, r#"POST /v1/settings/email/test {"to": "tester@example.com"}"#)
            .tells("test_mail.requested").keyed(),
        ask("set_template", "admin", 200, r#"PUT /v1/settings/email-templates/welcome {"subject": "Hello", "html": "<p>{{ email }}</p>", "text": "{{ email }}"}"#)
            .tells("template.changed"),
        ask("list_templates", "admin", 200, "GET /v1/settings/email-templates"),
        ask("set_security_settings", "admin", 200, r#"PUT /v1/settings/security {"password_min_length": 14}"#)
            .tells("security_settings.changed"),
        ask("create_api_key", "admin", 201, r#"POST /v1/api-keys {"name": "Payroll", "role": "builder"}"#)
            .tells("api_key.created").keyed(),
        ask("list_api_keys", "program", 200, "GET /v1/api-keys"),
        ask("delete_api_key", "admin", 204, "DELETE /v1/api-keys/{api_key}").tells("api_key.deleted").once("api-key-not-found"),
        passes("expire_invites", 3, "user.reactivated"),
        passes("expire_invites", 200, "invite.expired"),
        UseCase { act: Act::Bounce, ..ask("record_mail_event", "", 0, "").tells("mail.bounced").once("") },
    ]
}

/// What came of a use case.
struct Run {
    calls: Vec<Made>,
    injected: usize,
    /// What a list listed.
    listed: Vec<String>,
}

/// What goes wrong in which use case.
#[derive(Clone)]
struct Scenario {
    case: Arc<UseCase>,
    rules: Vec<Rule>,
    /// What a list has when nothing goes wrong.
    listed: Arc<Vec<String>>,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.case.name)?;
        if let Act::Ask(_, method, path, body) = self.case.act {
            write!(f, " ({method} {path} {body})")?;
        }
        for Rule { operation, call, fault, times } in &self.rules {
            let times = if *times == ALWAYS { "ever".to_owned() } else { times.to_string() };
            write!(f, ", {fault:?} at {operation}[{call}] x{times}")?;
        }
        Ok(())
    }
}

/// Until the faults are over.
const ALWAYS: usize = usize::MAX;
/// As often as a client tries.
const EVERY_TRY: usize = 3;

/// Every single thing that can go wrong with these calls.
fn rules(calls: &[Made]) -> Vec<Rule> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rules = Vec::new();
    for made in calls {
        let count = counts.entry(&made.operation).or_default();
        let call = *count;
        *count += 1;
        let Some(operation) = operation(&made.operation) else { continue };
        for &fault in &made.faults {
            let times: &[usize] = match fault {
                Fault::Death => &[1],
                Fault::Dropped | Fault::AnswerLost | Fault::Late => &[1, EVERY_TRY, ALWAYS],
                _ => &[1, EVERY_TRY],
            };
            rules.extend(times.iter().map(|&times| Rule { operation, call, fault, times }));
        }
    }
    rules
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_what_was_answered_is_true_and_the_rest_happens_in_the_end() {
    let mut choice = Random::new();
    let seed = choice.0;
    let wanted = env::var_os("ROSTER_SCENARIO").map(|text| text.to_string_lossy().into_owned());
    let is_long = env::var_os("ROSTER_LONG").is_some() || wanted.is_some();
    let worlds = Arc::new([World::new().await, World::fresh().await]);
    let mut cases: Vec<Arc<UseCase>> = use_cases().into_iter().map(Arc::new).collect();
    if !is_long {
        cases = choice.some(&cases, USE_CASES);
    }
    let mut scenarios = Vec::new();
    for case in &cases {
        let clean = worlds[usize::from(case.name == "set_up")].run(case, &[]).await;
        let (rules, listed) = (rules(&clean.calls), Arc::new(clean.listed));
        let scenario = |rules| Scenario { case: Arc::clone(case), rules, listed: Arc::clone(&listed) };
        let singles = rules.iter().map(|rule| vec![*rule]);
        let passing: Vec<Rule> = rules.iter().copied().filter(|rule| rule.fault != Fault::Death).collect();
        let pairs = (0..PAIRS).map(|_| choice.some(&passing, 2));
        let mut all: Vec<Scenario> = singles.chain(pairs).map(scenario).collect();
        if !is_long {
            all = choice.some(&all, SCENARIOS / USE_CASES);
        }
        scenarios.extend(all);
    }
    scenarios.retain(|scenario| wanted.as_ref().is_none_or(|wanted| scenario.to_string().contains(wanted)));

    let runs = stream::iter(scenarios).map(|scenario| {
        let worlds = Arc::clone(&worlds);
        async move {
            let told = scenario.to_string();
            let run = tokio::spawn(async move {
                let Scenario { case, rules, listed } = scenario;
                let run = worlds[usize::from(case.name == "set_up")].run(&case, &rules).await;
                assert_eq!(run.listed, *listed, "a list is not whole");
                run.injected
            });
            let run = run.await.map_err(|error| format!("{told}: {}", reason(error)));
            run.inspect_err(|broken| eprintln!("{broken}"))
        }
    });
    let runs: Vec<Result<usize, String>> = runs.buffer_unordered(AT_ONCE).collect().await;

    let injected: usize = runs.iter().flatten().sum();
    let idle = runs.iter().flatten().filter(|injected| **injected == 0).count();
    eprintln!(
        "seed {seed}: {} use cases, {} scenarios, {injected} calls went wrong, {idle} scenarios met none",
        cases.len(),
        runs.len()
    );
    let broken: Vec<String> = runs.into_iter().filter_map(Result::err).collect();
    assert!(broken.is_empty(), "seed {seed}: {} scenarios end badly:\n{}", broken.len(), broken.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_the_table_refuses_one_operation_others_go_on_and_nobody_storms_it() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let throttled = Rule { operation: "list_users", call: 0, fault: Fault::Throttled, times: ALWAYS };
    app.installation.arm(vec![throttled]).unwrap();

    let lists = (0..20).map(|_| admin.get("/v1/users").attempt());
    let (lists, me) = tokio::join!(futures_util::future::join_all(lists), admin.get("/v1/me"));

    me.assert_status(200);
    assert!(lists.iter().all(|answer| answer.status == 503 && answer.header("retry-after").is_some()), "{lists:?}");
    let calls = app.installation.faults().calls().into_iter().filter(|call| call.operation == "list_users").count();
    assert!(calls <= EVERY_TRY * lists.len(), "{calls} calls for {} requests", lists.len());
    app.installation.heal();
    admin.get("/v1/users").await.assert_status(200);
}

/// Why a run failed.
fn reason(error: JoinError) -> String {
    let panic = error.into_panic();
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// What is there before anything goes wrong: its data, and what people know.
struct World {
    directory: Directory,
    known: BTreeMap<&'static str, String>,
    activity: BTreeMap<String, usize>,
}

/// A directory of a test, gone with it.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = env::temp_dir().join(format!("roster-faults-{:016x}", u64::from_le_bytes(random())));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn copy(&self) -> Self {
        let copy = Self::new();
        for file in fs::read_dir(&self.0).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.0.join(file.file_name())).unwrap();
        }
        copy
    }

    fn options(&self) -> Options {
        Options {
            setup_secret: Some(SETUP_SECRET.to_owned()),
            first_pause: Duration::from_millis(1),
            ..Options::recorded(self.0.clone())
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

impl World {
    /// People in every state, with an app, on an installation at rest.
    async fn new() -> Self {
        let directory = Directory::new();
        let app = TestApp::start_with(directory.options()).await;
        let admin = app.admin().await;
        let mut known = BTreeMap::from([
            ("password", PASSWORD.to_owned()),
            ("new_password", NEW_PASSWORD.to_owned()),
            ("admin_token", admin.token().to_owned()),
        ]);
        admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
        admin.post("/v1/apps", json!({ "slug": "blog", "name": "Blog" })).await.assert_status(201);
        let body = json!({ "email": "expired@example.com", "delivery": "link", "valid_hours": 1 });
        let expired = admin.post("/v1/invites", body).await.assert_status(201).json;
        known.insert("expired", text(&expired["user"]["id"]));
        known.insert("expired_invite", token_in(expired["invite_link"].as_str().unwrap()));
        app.advance(Duration::from_hours(2)).await;

        let member = app.member(&admin).await;
        let path = format!("/v1/users/{}", member.id());
        admin.patch(&path, json!({ "name": "Mary Member" })).await.assert_status(200);
        for slug in ["wiki", "blog"] {
            admin.put(&format!("{path}/app-roles/{slug}"), json!({ "role": "basic" })).await.assert_status(200);
        }
        app.sign_in("member@example.com", PASSWORD).await.assert_status(201);
        let sessions = member.get("/v1/me/sessions").await;
        let other = sessions.items().iter().find(|session| session["current"] == false).unwrap();
        known.insert("session", text(&other["id"]));
        known.insert("member_token", member.token().to_owned());
        known.insert("member", member.id().to_owned());
        known.insert("builder_token", app.builder(&admin).await.token().to_owned());
        known.insert("boss", app.user(&admin, "boss@example.com", "admin").await.id().to_owned());
        let suspended = app.user(&admin, "suspended@example.com", "member").await;
        let end = json!({ "until": (app.now() + Duration::from_hours(2)).to_string() });
        admin.post(&format!("/v1/users/{}/suspend", suspended.id()), end).await.assert_status(200);
        known.insert("suspended", suspended.id().to_owned());
        let created =
            admin.post("/v1/users", json!({ "email": "temporary@example.com" })).await.assert_status(201).json;
        let password = text(&created["temporary_password"]);
        let temporary = app.signed_in(&app.sign_in("temporary@example.com", &password).await);
        known.insert("temporary_token", temporary.token().to_owned());
        known.insert("temporary_password", password);
        let key = admin.post("/v1/api-keys", json!({ "name": "Robot", "role": "admin" })).await.assert_status(201).json;
        known.insert("program_token", text(&key["key"]));
        known.insert("api_key", text(&key["api_key"]["id"]));
        let invited =
            admin.post("/v1/invites", json!({ "email": "invited@example.com", "app_roles": { "wiki": "basic" } }));
        known.insert("invited", text(&invited.await.assert_status(201).json["user"]["id"]));
        known.insert("invite", app.invite_token_of("invited@example.com").await);
        app.stranger().post("/v1/password-resets", json!({ "email": "member@example.com" })).await.assert_status(202);
        known.insert("reset", app.invite_token_of("member@example.com").await);
        // The next request notes that a session is in use.
        app.advance(Duration::from_mins(2)).await;
        let activity = counts(&app.activity());
        app.installation.stop().await;
        Self { directory, known, activity }
    }

    /// An installation that waits for its first admin.
    async fn fresh() -> Self {
        let directory = Directory::new();
        TestApp::start_with(directory.options()).await.installation.stop().await;
        let known = BTreeMap::from([("password", PASSWORD.to_owned()), ("setup_secret", SETUP_SECRET.to_owned())]);
        Self { directory, known, activity: BTreeMap::new() }
    }

    fn fill(&self, text: &str) -> String {
        self.known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    fn request(&self, app: &TestApp, case: &UseCase) -> Option<Call> {
        let Act::Ask(who, method, path, body) = case.act else { return None };
        let client = match who {
            "nobody" => app.stranger(),
            who => app.stranger().with("authorization", &format!("Bearer {}", self.known[&*format!("{who}_token")])),
        };
        let mut call = client.call(method, &self.fill(path));
        if !body.is_empty() {
            call = call.json(serde_json::from_str(&self.fill(body)).unwrap());
        }
        Some(if case.has_key { call.header("idempotency-key", "the same") } else { call })
    }

    /// Does what the use case is about. Nothing comes back where nobody asks.
    async fn act(&self, app: &TestApp, case: &UseCase) -> Option<Answer> {
        match case.act {
            Act::Ask(..) => Some(self.request(app, case)?.attempt().await),
            Act::Pass(by) => {
                app.installation.advance(by).await.unwrap();
                None
            }
            Act::Bounce => {
                let mails = app.installation.mailbox().mails();
                let mail = mails.iter().find(|mail| mail.to == ["invited@example.com"]).unwrap();
                let report = json!({ "mail_id": mail.id, "event": "bounce", "detail": "smtp; 550 unknown user" });
                drop(app.stranger().post("/_local/mail-event", report).attempt().await);
                None
            }
        }
    }

    /// Runs a use case while this goes wrong, and checks what came of it.
    async fn run(&self, case: &UseCase, rules: &[Rule]) -> Run {
        let home = self.directory.copy();
        let app = TestApp::start_with(home.options()).await;
        app.settle().await;
        app.installation.arm(rules.to_vec()).unwrap();
        let faults = app.installation.faults().clone();
        let (app, first) = self.begin(app, &home, case, rules).await;
        let (calls, injected) = (faults.calls(), faults.injected());
        app.installation.heal();
        let answer = match first {
            Some(answer) if !is_unfinished(&answer) => {
                assert_eq!(answer.status, case.status, "a fault is no refusal: {answer}");
                Some(answer)
            }
            _ => self.ask_again(&app, case).await,
        };
        let listed = match &answer {
            Some(answer) if answer.json["items"].is_array() => self.walk(&app, case, answer).await,
            _ => Vec::new(),
        };
        catch_up(&app).await;
        self.check(&app, case, injected).await;
        Run { calls, injected, listed }
    }

    /// Until something is answered, or the process died and started again.
    async fn begin(&self, app: TestApp, home: &Directory, case: &UseCase, rules: &[Rule]) -> (TestApp, Option<Answer>) {
        let faults = app.installation.faults().clone();
        let work = async {
            let answer = self.act(&app, case).await;
            // What follows is to go wrong as well, where that is what the rules say.
            if rules.iter().any(|rule| rule.operation != case.name) {
                app.settle().await;
            }
            answer
        };
        let answered = tokio::select! {
            answer = work => Some(answer),
            () = faults.died() => None,
        };
        match answered {
            Some(answer) => (app, answer),
            None => (app.revive(home.options()).await, None),
        }
    }

    /// Whoever got no answer asks again, as long as they are told to.
    async fn ask_again(&self, app: &TestApp, case: &UseCase) -> Option<Answer> {
        for _ in 0..3 {
            let answer = self.act(app, case).await?;
            match answer.slug() {
                Some("idempotency-key-in-use") => app.advance(Duration::from_secs(61)).await,
                Some(slug) if case.again == Some(slug) => return None,
                _ if is_unfinished(&answer) => {}
                _ => return Some(answer.assert_status(case.status)),
            }
        }
        panic!("the service stays busy")
    }

    /// All that a list has, page by page.
    async fn walk(&self, app: &TestApp, case: &UseCase, first: &Answer) -> Vec<String> {
        let names = |answer: &Answer| -> Vec<String> {
            let name = |item: &Value| {
                let of =
                    |field: &str| item[field]["id"].as_str().or(item[field]["slug"].as_str()).or(item[field].as_str());
                ["id", "slug", "kind", "user", "app"].into_iter().find_map(of).unwrap_or_default().to_owned()
            };
            answer.items().iter().map(name).collect()
        };
        let mut listed = names(first);
        let mut next = first.json["next_cursor"].as_str().map(str::to_owned);
        while let Some(cursor) = next {
            let Act::Ask(who, method, path, body) = case.act else { break };
            let join = if path.contains('?') { '&' } else { '?' };
            let path: &'static str = format!("{path}{join}cursor={cursor}").leak();
            let page = UseCase { act: Act::Ask(who, method, path, body), ..ask(case.name, who, 200, "") };
            let answer = self.request(app, &page).unwrap().await.assert_status(200);
            listed.extend(names(&answer));
            next = answer.json["next_cursor"].as_str().map(str::to_owned);
        }
        listed
    }

    /// Asserts what always holds.
    async fn check(&self, app: &TestApp, case: &UseCase, injected: usize) {
        let dump = app.dump();
        app.assert_sound(&dump);
        let activity = app.activity();
        let made = counts(&activity);
        let of = |action: &str| {
            made.get(action).copied().unwrap_or_default() - self.activity.get(action).copied().unwrap_or_default()
        };
        if !case.tells.is_empty() {
            let most = if case.has_key || case.again.is_some() || injected == 0 { 1 } else { 2 };
            assert!((1..=most).contains(&of(case.tells)), "{} happened {} times", case.tells, of(case.tells));
        }
        assert_counted(app, &dump).await;
        assert_told(app, &dump, &activity).await;
        assert_mailed(app, &dump, injected).await;
    }
}

/// Lets everything happen that is still to come: what was given up is given again, as an operator does.
async fn catch_up(app: &TestApp) {
    app.settle().await;
    for letter in app.installation.dead_letters() {
        let operation = operations::all().iter().find(|operation| operation.name == letter.operation).unwrap();
        let event = json!({ "Records": [letter.record] });
        let answer = app.installation.invoke(operation.name, event).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]), "{letter:?}");
    }
    // The next runs of the schedules, and the next tries of mails.
    for minutes in [1, 5, 5] {
        app.advance(Duration::from_mins(minutes)).await;
    }
}

/// The summary agrees with the users.
async fn assert_counted(app: &TestApp, dump: &[Value]) {
    let users: Vec<&Value> = dump.iter().filter(|item| item["sk"] == "USER").collect();
    let summary = app.installation.app().store.summary().await.unwrap();
    assert_eq!(summary.total, users.len() as u64, "the summary");
    for (role, count) in summary.by_role {
        let having = users.iter().filter(|user| user["role"] == role).count();
        assert_eq!(count, having as u64, "users who are {role}");
    }
}

/// Every entry of the activity was sealed and published, and nothing else was.
async fn assert_told(app: &TestApp, dump: &[Value], activity: &[Value]) {
    let entries: BTreeSet<&str> = activity.iter().map(|entry| entry["id"].as_str().unwrap()).collect();
    let events = app.installation.bus().events();
    let published: BTreeSet<&str> = events.iter().map(|event| event.detail["id"].as_str().unwrap()).collect();
    assert_eq!(published, entries, "events and activity differ");
    let seals = dump.iter().filter(|item| !item["digest"].is_null());
    let sealed: BTreeSet<&str> =
        seals.flat_map(|seal| seal["entries"].as_array().unwrap()).map(|entry| entry["sk"].as_str().unwrap()).collect();
    assert_eq!(sealed, entries, "seals and activity differ");
    let verified = app.installation.app().store.verify_activity(app.now(), None).await.unwrap();
    assert_eq!(verified.findings, [], "the seals");
}

/// Every mail was sent, or given up for a reason; few more than once; and every link of a live invite opens it.
async fn assert_mailed(app: &TestApp, dump: &[Value], injected: usize) {
    let sent = app.installation.mailbox().mails();
    for mail in dump.iter().filter(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with("MAIL#"))) {
        let id = mail["sk"].as_str().unwrap().trim_start_matches("MAIL#");
        let times = sent.iter().filter(|sent| sent.tags.get("mail").is_some_and(|tag| tag == id)).count();
        match mail["state"]["is"].as_str().unwrap() {
            "sent" => assert!((1..=1 + injected).contains(&times), "{times} times sent: {mail}"),
            "dropped" => {}
            state => panic!("a mail is {state}: {mail}"),
        }
    }
    for user in dump.iter().filter(|item| item["sk"] == "USER" && item["state"]["is"] == "invited") {
        let invited = &user["state"];
        let links = sent.iter().filter(|mail| {
            invited["mail"].as_str().is_some_and(|id| mail.tags.get("mail").is_some_and(|tag| tag == id))
        });
        let is_over = invited["expires_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() <= app.now();
        for mail in links {
            let inspected = app.stranger().post("/v1/invites/inspect", json!({ "token": token_in(&mail.text) })).await;
            assert_eq!(inspected.status, if is_over { 410 } else { 200 }, "{inspected}");
        }
    }
}

/// Whether the answer asks to come back, for all or for some rows.
fn is_unfinished(answer: &Answer) -> bool {
    let text = String::from_utf8_lossy(&answer.bytes);
    answer.status == 503 || text.contains("send it again") || text.contains("send the id again")
}

fn counts(activity: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for entry in activity {
        *counts.entry(text(&entry["action"])).or_default() += 1;
    }
    counts
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The operation with this name, as rules call it.
fn operation(name: &str) -> Option<&'static str> {
    operations::all().iter().map(|operation| operation.name).find(|known| *known == name)
}
