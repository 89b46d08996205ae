//! Many clients at once sign in, list, invite and ask for access, while the process is killed, as by `kill -9`, and
//! started again on its data: what was acknowledged is there, every answer is right, and memory stays bounded.
//!
//! It is short here. The long run: `ROSTER_LOAD_SECONDS=300 cargo test -p roster-local --test it -- --nocapture load`

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZero,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, available_parallelism},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::process::{Random, Roster, empty_directory, number, text};

const CLIENTS: usize = 32;
const PASSWORD: &str = "violet kettle orbit seventeen";
/// What a password hash takes, and the rest of the process with its debug build, in MB.
const HASH: usize = 19;
const REST: usize = 160;

#[test]
fn what_is_acknowledged_outlives_the_process_and_every_answer_is_right() {
    let lasts = Duration::from_secs(number("ROSTER_LOAD_SECONDS").unwrap_or(6) as u64);
    let mut random = Random(number("ROSTER_SEED").unwrap_or(1) as u64);
    let mut roster = Roster::start(&empty_directory("load"));
    let load = Load::begin(&roster);
    let (mut lives, mut peak) = (0, 0);
    let began = Instant::now();

    while began.elapsed() < lasts {
        let moment = lasts.saturating_sub(began.elapsed()).min(Duration::from_millis(500 + random.next() % 3_500));
        peak = peak.max(load.live(&roster, moment));
        lives += 1;
        roster = Roster::start(&roster.directory);
    }

    load.look_back(&roster);
    let counts = load.counts.lock().unwrap();
    eprintln!("{lives} lives, {counts:?}, at most {peak} MB");
    assert!(counts.get("busy").copied().unwrap_or_default() < counts.values().sum::<usize>() / 10, "{counts:?}");
    let hashes = available_parallelism().map_or(1, NonZero::get);
    assert!(peak < REST + HASH * hashes, "{peak} MB: {hashes} hashes run at once, and {CLIENTS} were wanted");
}

/// What clients know.
struct Load {
    /// An API key of an admin.
    key: String,
    /// A session of somebody who has a role in the wiki, and in no other app.
    session: String,
    next: AtomicUsize,
    acknowledged: Mutex<Acknowledged>,
    counts: Mutex<BTreeMap<&'static str, usize>>,
}

#[derive(Default)]
struct Acknowledged {
    invites: Vec<String>,
    sessions: Vec<String>,
}

impl Load {
    fn begin(roster: &Roster) -> Self {
        let ask = |request: &str, token: &str, body: Value| roster.ask(request, token, &body).unwrap().1;
        let person = json!({
            "setup_secret": roster.setup_secret(),
            "email": "admin@example.com",
            "name": "Ada Admin",
            "password": PASSWORD,
        });
        let session = text(&ask("POST /v1/setup", "", person)["token"]);
        let key = text(&ask("POST /v1/api-keys", &session, json!({ "name": "Load", "role": "admin" }))["key"]);
        let admin = text(&ask("GET /v1/me", &session, Value::Null)["id"]);
        for slug in ["wiki", "blog"] {
            ask("POST /v1/apps", &key, json!({ "slug": slug, "name": slug }));
        }
        ask(&format!("PUT /v1/users/{admin}/app-roles/wiki"), &key, json!({ "role": "basic" }));
        let (next, acknowledged, counts) = Default::default();
        Self { key, session, next, acknowledged, counts }
    }

    /// Works until the process is killed at this moment. The most memory that it held.
    fn live(&self, roster: &Roster, moment: Duration) -> usize {
        let is_dying = AtomicBool::new(false);
        thread::scope(|scope| {
            let (_gone, never) = mpsc::channel::<()>();
            for _ in 0..CLIENTS {
                scope.spawn(|| while self.step(roster, &is_dying) {});
            }
            never.recv_timeout(moment).unwrap_err();
            let peak = roster.peak_memory().unwrap_or_default();
            is_dying.store(true, Ordering::SeqCst);
            roster.kill();
            peak
        })
    }

    /// Asks for one thing and judges the answer. Whether the process lives.
    fn step(&self, roster: &Roster, is_dying: &AtomicBool) -> bool {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let known = {
            let acknowledged = self.acknowledged.lock().unwrap();
            acknowledged.invites.get(n % acknowledged.invites.len().max(1)).cloned()
        };
        let sign_in = |email: &str, password: &str| json!({ "email": email, "password": password });
        let (request, token, body) = match n % 8 {
            0 => ("POST /v1/sessions".to_owned(), "", sign_in("admin@example.com", PASSWORD)),
            1 => ("POST /v1/sessions".to_owned(), "", sign_in(&format!("nobody{n}@example.com"), PASSWORD)),
            2 => ("GET /v1/users?limit=50".to_owned(), &*self.key, Value::Null),
            3 => (format!("GET /v1/users?q={}", known.as_deref().unwrap_or("admin")), &*self.key, Value::Null),
            4 | 5 => {
                let email = format!("guest{n}@example.com");
                ("POST /v1/invites".to_owned(), &*self.key, json!({ "email": email, "delivery": "link" }))
            }
            6 => ("GET /v1/me/access/wiki".to_owned(), &*self.session, Value::Null),
            _ => ("GET /v1/me/access/blog".to_owned(), &*self.session, Value::Null),
        };
        let (status, answer) = match roster.ask(&request, token, &body) {
            Ok(answer) => answer,
            Err(error) => {
                assert!(is_dying.load(Ordering::SeqCst), "{request}: {error}");
                self.count("cut");
                return false;
            }
        };
        if status == 503 {
            self.count("busy");
            return true;
        }
        let mut acknowledged = self.acknowledged.lock().unwrap();
        let (what, is_right) = match n % 8 {
            0 => {
                acknowledged.sessions.extend(answer["token"].as_str().map(str::to_owned));
                ("signed in", status == 201)
            }
            1 => ("not signed in", status == 401 && answer["type"] == "/problems/invalid-credentials"),
            2 => ("listed", status == 200 && !answer["items"].as_array().unwrap().is_empty()),
            3 => {
                let found = answer["items"].as_array().unwrap();
                let is_found = |email: &String| found.iter().any(|user| user["email"] == **email);
                ("found", status == 200 && known.iter().all(is_found))
            }
            4 | 5 => {
                acknowledged.invites.push(text(&body["email"]));
                ("invited", status == 201)
            }
            6 => ("let in", status == 200 && answer["role"] == "basic"),
            _ => ("kept out", status == 403 && answer["type"] == "/problems/no-access"),
        };
        assert!(is_right, "{request}: {status} {answer}");
        drop(acknowledged);
        self.count(what);
        true
    }

    fn count(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    /// Everything acknowledged is there, once.
    fn look_back(&self, roster: &Roster) {
        let acknowledged = self.acknowledged.lock().unwrap();
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let (_, page) = roster.ask(&format!("GET /v1/users?limit=100{cursor}"), &self.key, &Value::Null).unwrap();
            found.extend(page["items"].as_array().unwrap().iter().map(|user| text(&user["email"])));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let once: BTreeSet<&String> = found.iter().collect();
        assert_eq!(once.len(), found.len(), "somebody is listed twice");
        let missing: Vec<&String> = acknowledged.invites.iter().filter(|email| !once.contains(email)).collect();
        assert_eq!(missing, [""; 0], "acknowledged, and not there");
        for session in &acknowledged.sessions {
            let (status, answer) = roster.ask("GET /v1/session", session, &Value::Null).unwrap();
            assert_eq!(status, 200, "a session is lost: {answer}");
        }
    }
}
