//! Invites go out through an outage: SES fails for three requests in ten, in every way that may pass, and the process
//! dies at random moments, as by `kill -9`, and goes on with what it left.
//!
//! It is short here. The long run, with other moments for every seed:
//! `ROSTER_INVITES=1000 ROSTER_SEED=7 cargo test -p roster-local --test it -- --nocapture outage`

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::process::{Random, Roster, empty_directory, number, text};

/// How many ask at once.
const HANDS: usize = 4;

#[test]
fn no_invite_is_lost_silently_while_ses_fails_and_the_process_dies() {
    let invites = number("ROSTER_INVITES").unwrap_or(60);
    let mut outage = Outage::begin(number("ROSTER_SEED").unwrap_or(1));

    outage.invite(invites);
    for _ in 0..20 {
        outage.deliver();
        outage.let_an_hour_pass();
    }
    let outcome = outage.end();

    eprintln!("{outcome:#?}");
    assert_eq!(outcome.invites, invites, "what was acknowledged is there");
    assert_eq!(outcome.silent, [""; 0], "neither mailed nor seen to have failed");
    assert_eq!(outcome.dead_links, 0, "every mail opens the invite");
    assert!(outcome.mails < 2 * invites, "most get one mail");
    assert!(outcome.deaths > 0, "the process lived on");
}

/// An installation to which it happens.
struct Outage {
    roster: Roster,
    random: Random,
    /// An API key of an admin.
    key: String,
    deaths: u64,
}

/// What came of it.
#[derive(Debug)]
struct Outcome {
    deaths: u64,
    invites: usize,
    mails: usize,
    /// How many invitees got so many mails.
    invitees_by_mails: BTreeMap<usize, usize>,
    /// How many invites show this of their mail.
    invites_by_delivery: BTreeMap<String, usize>,
    /// Who got no mail, and nobody is told.
    silent: Vec<String>,
    /// In mails, that do not open the invite.
    dead_links: usize,
}

impl Outage {
    fn begin(seed: usize) -> Self {
        let roster = Roster::start(&empty_directory("outage"));
        let person = json!({
            "setup_secret": roster.setup_secret(),
            "email": "admin@example.com",
            "name": "Ada Admin",
            "password": "violet kettle orbit seventeen",
        });
        let token = text(&roster.ask("POST /v1/setup", "", &person).unwrap().1["token"]);
        let settings = json!({ "from_address": "users@example.com", "platform_url": "https://users.example.com" });
        roster.ask("PUT /v1/settings/email", &token, &settings).unwrap();
        let key = json!({ "name": "Outage", "role": "admin" });
        let key = text(&roster.ask("POST /v1/api-keys", &token, &key).unwrap().1["key"]);
        let mut outage = Self { roster, random: Random(seed as u64), key, deaths: 0 };
        outage.break_ses();
        outage
    }

    fn break_ses(&mut self) {
        let fail = json!(["throttled", "server_error", "timeout_after_acceptance"]);
        let faults = json!({ "fail": fail, "percent": 30, "seed": self.random.next() });
        self.roster.ask("POST /_local/mail-faults", "", &faults).unwrap();
    }

    /// Does this while the process may die. Whether it lived.
    fn in_danger(&mut self, act: impl Fn(&Roster) + Sync) -> bool {
        // It lives longer each time, so that it gets somewhere on any machine.
        let moment = Duration::from_millis(self.random.next() % (1_000 + 100 * self.deaths));
        let roster = &self.roster;
        let has_died = thread::scope(|scope| {
            let (done, all_done) = mpsc::channel::<()>();
            for _ in 0..HANDS {
                let (done, act) = (done.clone(), &act);
                scope.spawn(move || {
                    act(roster);
                    drop(done);
                });
            }
            drop(done);
            let must_die = all_done.recv_timeout(moment) == Err(RecvTimeoutError::Timeout);
            if must_die {
                roster.kill();
            }
            must_die
        });
        if has_died {
            self.deaths += 1;
            self.roster = Roster::start(&self.roster.directory);
            self.break_ses();
        }
        !has_died
    }

    /// Until every new mail was tried.
    fn deliver(&mut self) {
        while !self.in_danger(|roster| drop(roster.ask("POST /_local/run/deliver_mail", "", &Value::Null))) {}
    }

    /// Invites so many. What was not answered is asked again.
    fn invite(&mut self, invites: usize) {
        let left = Mutex::new((0..invites).map(|n| format!("guest{n}@example.com")).collect::<Vec<_>>());
        let key = self.key.clone();
        while !left.lock().unwrap().is_empty() {
            self.in_danger(|roster| {
                loop {
                    let Some(email) = left.lock().unwrap().pop() else { return };
                    let body = json!({ "email": email, "valid_hours": 720 });
                    match roster.ask("POST /v1/invites", &key, &body) {
                        Ok((201, _)) => {}
                        // The answer of the time before was lost.
                        Ok((409, problem)) if problem["type"] == "/problems/email-taken" => {}
                        Ok(other) => panic!("{other:?}"),
                        Err(_) => return left.lock().unwrap().push(email),
                    }
                }
            });
        }
    }

    fn let_an_hour_pass(&mut self) {
        let hour = json!({ "advance_seconds": 3600 / HANDS });
        self.in_danger(|roster| drop(roster.ask("POST /_local/clock", "", &hour)));
    }

    /// SES works again, and all that waits is done.
    fn end(self) -> Outcome {
        let ask = |request: &str, body: &Value| self.roster.ask(request, &self.key, body).unwrap().1;
        ask("POST /_local/mail-faults", &json!({ "fail": [], "percent": 0 }));
        for _ in 0..24 {
            ask("POST /_local/clock", &json!({ "advance_seconds": 3600 }));
            ask("POST /_local/run/deliver_mail", &Value::Null);
        }
        let mails = ask("GET /_local/mail", &Value::Null);
        let mails = mails["items"].as_array().unwrap();
        let mut mails_of: BTreeMap<String, usize> = BTreeMap::new();
        let mut dead_links = 0;
        for mail in mails {
            *mails_of.entry(text(&mail["to"][0])).or_default() += 1;
            let shown = text(&mail["text"]);
            let (_, link) = shown.split_once("#token=").unwrap();
            let token = json!({ "token": link.split_whitespace().next().unwrap() });
            let (status, _) = self.roster.ask("POST /v1/invites/inspect", "", &token).unwrap();
            dead_links += usize::from(status != 200);
        }
        let mut outcome = Outcome {
            deaths: self.deaths,
            invites: 0,
            mails: mails.len(),
            invitees_by_mails: BTreeMap::new(),
            invites_by_delivery: BTreeMap::new(),
            silent: Vec::new(),
            dead_links,
        };
        let mut cursor = String::new();
        loop {
            let page = ask(&format!("GET /v1/invites?limit=100{cursor}"), &Value::Null);
            for user in page["items"].as_array().unwrap() {
                let (email, delivery) = (text(&user["email"]), text(&user["invite"]["delivery"]));
                let mails = mails_of.get(&email).copied().unwrap_or_default();
                outcome.invites += 1;
                *outcome.invitees_by_mails.entry(mails).or_default() += 1;
                if mails == 0 && delivery != "failed" {
                    outcome.silent.push(email);
                }
                *outcome.invites_by_delivery.entry(delivery).or_default() += 1;
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return outcome,
            }
        }
    }
}
