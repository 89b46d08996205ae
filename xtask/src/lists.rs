//! What lists cost, and that it is the page: each list at several sizes of an installation, through its front door.
//!
//! Times are those of this process: the operation, the SDK and the embedded engine together, on one thread.

#![expect(clippy::print_stdout, reason = "printing the table is what this is for")]

use std::{
    io, thread,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
    response::Response,
};
use jiff::SignedDuration;
use roster_domain::{ApiKeyId, Caller, Role, User, access};
use roster_functions::operations::{self, Operation, Runs};
use roster_local::{
    Installation, Options,
    front_door::FrontDoor,
    people::{FAMILY, GIVEN, Newcomer},
    recorder::{Cost, Recorder},
};
use roster_tests::runtime_api::cpu;
use serde_json::{Value, json};
use tokio::runtime;

use crate::Result;

/// How often each request is measured.
const REPEATS: u32 = 30;
/// How many users are written at a time.
const CHUNK: usize = 500;
/// How long after one user the next one came.
const STEP: SignedDuration = SignedDuration::from_millis(250);

/// A list, and how it is asked for.
struct List {
    name: &'static str,
    operation: &'static str,
    target: String,
    /// Of how many items; where it is given, a page in the middle is asked for too.
    length: Option<usize>,
}

/// What one page of a list costs.
struct Measure {
    items: usize,
    cost: Cost,
    wall: Duration,
    cpu: Duration,
}

/// An installation with many users.
struct Crowd {
    users: usize,
    installation: Installation,
    /// The front door again, without a recorder, for the times.
    door: FrontDoor,
    token: String,
    /// The user in the middle.
    somebody: User,
}

/// Measures installations of these sizes and prints a table in Markdown.
pub(crate) fn print(sizes: &[usize]) -> Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut tables: Vec<Vec<(String, Measure)>> = Vec::new();
    for size in sizes {
        let measures = runtime.block_on(async { Crowd::gather(*size).await?.measure().await })?;
        tables.push(measures);
    }

    println!("| list | users | items in the answer | DynamoDB requests | read units | wall ms | CPU ms |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let rows = tables.first().map_or(0, Vec::len);
    for n in 0..rows {
        for (size, table) in sizes.iter().zip(&tables) {
            let (list, Measure { items, cost, wall, cpu }) = &table[n];
            let (requests, units) = (cost.dynamodb_requests, cost.read_units);
            let (wall, cpu) = (wall.as_secs_f64() * 1000.0, cpu.as_secs_f64() * 1000.0);
            println!("| {list} | {size} | {items} | {requests} | {units} | {wall:.1} | {cpu:.1} |");
        }
    }
    Ok(())
}

impl Crowd {
    /// An installation with an admin, two apps, and this many users of all kinds.
    async fn gather(users: usize) -> Result<Self> {
        let installation = Installation::start(Options { operations: requests(), ..Options::ephemeral() }).await?;
        let (app, recorder, clock) = (installation.app(), Recorder::default(), installation.clock().clone());
        let address = installation.address().to_string();
        let door = FrontDoor::new(requests(), app, Router::new(), recorder, clock, address)?;
        let now = app.now();
        let caller = Caller {
            credential: access::Credential::ApiKey(ApiKeyId::new(now, [0; 10])),
            label: "Ada".to_owned(),
            role: Role::Admin,
        };
        let first_at = now - SignedDuration::from_hours(2) - STEP * i32::try_from(users)?;
        let newcomer =
            |n: usize| -> Result<Newcomer> { Ok(Newcomer::new(n, first_at + STEP * i32::try_from(n)?, &caller)?) };
        let somebody = newcomer(users / 2)?.user;
        let mut crowd = Self { users, installation, door, token: String::new(), somebody };
        crowd.set_up().await?;
        for begin in (0..users).step_by(CHUNK) {
            let chunk = (begin..users.min(begin + CHUNK)).map(newcomer).collect::<Result<Vec<_>>>()?;
            let chunk = chunk.iter().map(Newcomer::change).collect::<Vec<_>>();
            crowd.installation.app().store.seed(&chunk).await?;
        }
        Ok(crowd)
    }

    /// Creates the first admin, who asks, and the apps.
    async fn set_up(&mut self) -> Result<()> {
        let person = json!({
            "setup_secret": self.installation.setup_secret(),
            "email": "admin@example.com",
            "name": "Grace Hopper",
            "password": "correct horse battery staple",
        });
        let started = self.post("/v1/setup", &person).await?;
        self.token = text(&started["token"])?;
        for slug in ["wiki", "shop"] {
            self.post("/v1/apps", &json!({ "slug": slug, "name": slug })).await?;
        }
        Ok(())
    }

    async fn measure(&self) -> Result<Vec<(String, Measure)>> {
        let mut measures = Vec::new();
        for list in self.lists() {
            measures.push((list.name.to_owned(), self.measure_one(&list, &list.target).await?));
            if let Some(length) = list.length {
                let target = self.middle(&list.target, length).await?;
                measures.push((format!("{}, in the middle", list.name), self.measure_one(&list, &target).await?));
            }
        }
        measures.push(("the whole export".to_owned(), self.whole_export().await?));
        Ok(measures)
    }

    /// All parts of the export, once. An error, unless every user is in it.
    async fn whole_export(&self) -> Result<Measure> {
        let (asked, before) = (Instant::now(), processor_time()?);
        let (mut lines, mut cost, mut cursor) = (0, Cost::default(), String::new());
        loop {
            let target = format!("/v1/users/export{cursor}");
            let response = self.respond(self.installation.front_door(), "GET", &target, Body::empty()).await?;
            let next =
                response.headers().get("x-next-cursor").map(|next| next.to_str().map(str::to_owned)).transpose()?;
            let part = to_bytes(response.into_body(), usize::MAX).await?;
            lines += part.split(|byte| *byte == b'\n').count() - 1;
            let seen = self.installation.recorder().seen();
            let part = seen.get("export_users").and_then(|seen| seen.invocations.last()).copied().unwrap_or_default();
            cost.dynamodb_requests += part.dynamodb_requests;
            cost.read_units += part.read_units;
            let Some(next) = next else { break };
            cursor = format!("?cursor={next}");
        }
        // One line is the header, and one the admin.
        if lines != self.users + 2 {
            return Err(format!("the export of {} users has {lines} lines", self.users + 1).into());
        }
        Ok(Measure {
            items: self.users + 1,
            cost,
            wall: asked.elapsed(),
            cpu: processor_time()?.saturating_sub(before),
        })
    }

    /// What is asked for. The shares of users are those of [`Newcomer::new`].
    fn lists(&self) -> Vec<List> {
        let (users, one) = (self.users, &self.somebody);
        let start = one.email.as_str().split_once('@').map_or("", |(start, _)| start);
        let list = |name, operation, target: &str| List { name, operation, target: target.to_owned(), length: None };
        let long =
            |name, operation, target: &str, length| List { length: Some(length), ..list(name, operation, target) };
        vec![
            long("users by e-mail", "list_users", "/v1/users?sort=email", users),
            long("users by name", "list_users", "/v1/users?sort=name", users),
            long("users by age", "list_users", "/v1/users?sort=-created_at", users),
            list("one found by e-mail", "list_users", &format!("/v1/users?q={start}")),
            long("many found by e-mail", "list_users", "/v1/users?q=ada.", users / GIVEN.len()),
            long("many found by name", "list_users", "/v1/users?q=%D0%B8%D0%B2%D0%B0%D0%BD", users / FAMILY.len()),
            list("nobody found", "list_users", "/v1/users?q=nobody"),
            long("with a role in an app", "list_users", "/v1/users?app=wiki", users / 2),
            long("with this role in an app", "list_users", "/v1/users?app=wiki&app_role=power", users / 4),
            list("active", "list_users", "/v1/users?status=active"),
            list("suspended", "list_users", "/v1/users?status=suspended"),
            list("builders", "list_users", "/v1/users?role=builder"),
            list("admins", "list_users", "/v1/users?role=admin"),
            list("with a role in an app, by name", "list_users", "/v1/users?app=shop&sort=name"),
            list("suspended, found by name", "list_users", "/v1/users?q=ada&status=suspended"),
            long("invites", "list_invites", "/v1/invites", users / 10),
            list("open invites", "list_invites", "/v1/invites?status=invited"),
            list("expired invites", "list_invites", "/v1/invites?status=invite_expired"),
            list("apps", "list_apps", "/v1/apps"),
            long("users of an app", "list_app_users", "/v1/apps/wiki/users", users / 2),
            list("users of an app with this role", "list_app_users", "/v1/apps/wiki/users?role=power"),
            long("activity", "list_activity", "/v1/activity", users),
            list("activity of an action", "list_activity", "/v1/activity?action=user.invited"),
            list("activity of a user", "list_user_activity", &format!("/v1/users/{}/activity", one.id)),
            list("sessions of a user", "list_user_sessions", &format!("/v1/users/{}/sessions", one.id)),
            list("my sessions", "list_my_sessions", "/v1/me/sessions"),
            list("API keys", "list_api_keys", "/v1/api-keys"),
            list("summary", "get_users_summary", "/v1/users/summary"),
            list("one part of the export", "export_users", "/v1/users/export"),
        ]
    }

    async fn measure_one(&self, list: &List, target: &str) -> Result<Measure> {
        let answer = self.get(self.installation.front_door(), target).await?;
        let seen = self.installation.recorder().seen();
        let cost = seen.get(list.operation).and_then(|seen| seen.invocations.last()).copied();
        let mut walls = Vec::new();
        let before = processor_time()?;
        for _ in 0..REPEATS {
            let asked = Instant::now();
            self.get(&self.door, target).await?;
            walls.push(asked.elapsed());
        }
        let cpu = processor_time()?.saturating_sub(before) / REPEATS;
        walls.sort_unstable();
        Ok(Measure {
            items: answer["items"].as_array().map_or(0, Vec::len),
            cost: cost.ok_or("the operation was not seen")?,
            wall: walls[walls.len() / 2],
            cpu,
        })
    }

    /// How to ask for a page in the middle of a list.
    async fn middle(&self, target: &str, length: usize) -> Result<String> {
        let (join, limit) = (if target.contains('?') { '&' } else { '?' }, (length / 2).clamp(1, 100));
        let mut cursor = String::new();
        for _ in 0..length / 2 / limit {
            let page = self.get(&self.door, &format!("{target}{join}limit={limit}{cursor}")).await?;
            cursor = format!("&cursor={}", text(&page["next_cursor"])?);
        }
        Ok(format!("{target}{join}limit=50{cursor}"))
    }

    async fn get(&self, door: &FrontDoor, target: &str) -> Result<Value> {
        self.ask(door, "GET", target, Body::empty()).await
    }

    async fn post(&self, target: &str, body: &Value) -> Result<Value> {
        self.ask(&self.door, "POST", target, Body::from(body.to_string())).await
    }

    /// The body of the answer, as JSON where it is.
    async fn ask(&self, door: &FrontDoor, method: &str, target: &str, body: Body) -> Result<Value> {
        let body = to_bytes(self.respond(door, method, target, body).await?.into_body(), usize::MAX).await?;
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }

    /// The answer, if it is no refusal.
    async fn respond(&self, door: &FrontDoor, method: &str, target: &str, body: Body) -> Result<Response> {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json");
        let response = door.answer(request.body(body)?, self.installation.address()).await;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = to_bytes(response.into_body(), usize::MAX).await?;
        Err(format!("{method} {target}: {status} {}", String::from_utf8_lossy(&body)).into())
    }
}

/// The operations that run on requests: nothing follows what is written here.
fn requests() -> &'static [Operation] {
    let requests = operations::all().iter().filter(|operation| matches!(operation.runs, Runs::OnRequest(_)));
    Vec::leak(requests.copied().collect())
}

/// The time that this process was on a processor. The kernel accounts for a thread when it goes to sleep.
fn processor_time() -> io::Result<Duration> {
    thread::sleep(Duration::from_millis(1));
    cpu("/proc/self")
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().ok_or_else(|| format!("{value} is no text"))?.to_owned())
}
