//! Many people at once, at a few addresses: whatever they were answered can be told as if one thing had happened after
//! the other (see [`crate::serial`]), also while calls to the table fail and answers get lost.
//!
//! A run of the tests takes a few histories, and says by which seed when one cannot be told; `ROSTER_SEED` repeats its
//! choices, though not who comes first. `./test long` takes many.

use std::{
    collections::BTreeMap,
    env,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use roster_local::{
    Options,
    faults::{Fault, Rule},
};
use serde_json::json;

use crate::{
    serial::{Act, Address, Answer, Entry, Link, Password, Seen, Session, Told, User, explain},
    support::{self, Call, Client, PASSWORD, Random, TestApp, token_in},
};

/// Users move between addresses of one place, so the history of a place can be told alone.
const PLACES: [&[&str]; 3] = [
    &["ada@example.com", "ada.lovelace@example.com"],
    &["grace@example.com", "grace.hopper@example.com"],
    &["mary@example.com"],
];
/// How often who got no answer asks again, where that is safe.
const TRIES: usize = 3;
/// What goes wrong between an operation and the table.
const FAULTS: [Fault; 6] =
    [Fault::Dropped, Fault::AnswerLost, Fault::Late, Fault::ServerError, Fault::Throttled, Fault::Conflict];
const OPERATIONS: [&str; 16] = [
    "invite_user",
    "create_user",
    "renew_invite",
    "revoke_invite",
    "accept_invite",
    "sign_in",
    "get_session",
    "sign_out",
    "change_password",
    "reset_password",
    "suspend_user",
    "reactivate_user",
    "end_user_sessions",
    "update_user",
    "delete_user",
    "get_user",
];

/// A few addresses, and what people know of them.
struct Place {
    app: Arc<TestApp>,
    admin: Client,
    emails: &'static [&'static str],
    /// Whether answers get lost on their way back.
    is_troubled: bool,
    known: Mutex<Known>,
    moment: AtomicU64,
    history: Mutex<Vec<Entry>>,
}

#[derive(Default)]
struct Known {
    users: Vec<String>,
    links: Vec<String>,
    passwords: Vec<String>,
    sessions: Vec<String>,
    /// Which passwords were chosen for whom is at this address.
    logins: Vec<(Address, Password)>,
    /// Where users were last seen, and whose a link or a session is.
    address_of: BTreeMap<User, Address>,
    user_of_link: BTreeMap<Link, User>,
    user_of_session: BTreeMap<Session, User>,
}

/// The place of something in a list, new or not.
fn place_of(list: &mut Vec<String>, text: &str) -> usize {
    list.iter().position(|known| known == text).unwrap_or_else(|| {
        list.push(text.to_owned());
        list.len() - 1
    })
}

impl Known {
    /// A password that nobody had before, for whoever is at this address.
    fn choose_password(&mut self, address: Option<Address>) -> Password {
        let text = format!("{PASSWORD} {}", self.passwords.len());
        self.note_password(address, &text)
    }

    fn note_password(&mut self, address: Option<Address>, text: &str) -> Password {
        let password = place_of(&mut self.passwords, text);
        self.logins.extend(address.map(|address| (address, password)));
        password
    }
}

/// One of so many, mostly of the latest.
fn recent(choice: &mut Random, count: usize) -> Option<usize> {
    let back = if choice.below(4) == 0 { choice.below(count.max(1)) } else { choice.below(count.clamp(1, 2)) };
    count.checked_sub(1 + back)
}

impl Place {
    fn new(app: &Arc<TestApp>, admin: &Client, emails: &'static [&'static str], is_troubled: bool) -> Self {
        Self {
            app: Arc::clone(app),
            admin: admin.clone(),
            emails,
            is_troubled,
            known: Mutex::default(),
            moment: AtomicU64::default(),
            history: Mutex::default(),
        }
    }

    /// What to do next, as far as enough is known for it.
    fn choose(&self, choice: &mut Random) -> Act {
        let mut known = self.known.lock().unwrap();
        let address = choice.below(self.emails.len());
        let chosen = match choice.below(36) {
            0..=1 => Some(Act::Invite(address)),
            2 => Some(Act::Create(address)),
            3..=6 => recent(choice, known.links.len()).map(|link| {
                let address = known.user_of_link.get(&link).and_then(|user| known.address_of.get(user)).copied();
                Act::Accept(link, known.choose_password(address))
            }),
            7..=13 => recent(choice, known.logins.len()).map(|login| {
                let (address, password) = known.logins[login];
                Act::SignIn(address, password)
            }),
            14..=17 => recent(choice, known.sessions.len()).map(Act::See),
            18 => recent(choice, known.sessions.len()).map(Act::SignOut),
            19..=21 => recent(choice, known.sessions.len()).and_then(|by| {
                let current = known.logins[recent(choice, known.logins.len())?].1;
                let address = known.user_of_session.get(&by).and_then(|user| known.address_of.get(user)).copied();
                Some(Act::ChangePassword { by, current, new: known.choose_password(address) })
            }),
            to_user => recent(choice, known.users.len()).map(|user| match to_user {
                22 => Act::Renew(user),
                23 => Act::Revoke(user),
                24 | 25 => Act::Reset(user),
                26 | 27 => Act::Suspend(user),
                28..=30 => Act::Reactivate(user),
                31 | 32 => Act::EndSessions(user),
                33 => Act::Move(user, address),
                34 => Act::Delete(user),
                _ => Act::Get(user),
            }),
        };
        chosen.unwrap_or(Act::Invite(address))
    }

    fn call(&self, act: Act, key: &str) -> Call {
        let known = self.known.lock().unwrap();
        let (admin, stranger) = (&self.admin, self.app.stranger());
        let path = |user: User| format!("/v1/users/{}", known.users[user]);
        let by = |session: Session| {
            self.app.stranger().with("authorization", &format!("Bearer {}", known.sessions[session]))
        };
        match act {
            Act::Invite(email) => {
                let body = json!({ "email": self.emails[email], "delivery": "link" });
                admin.post("/v1/invites", body).header("idempotency-key", key)
            }
            Act::Create(email) => {
                admin.post("/v1/users", json!({ "email": self.emails[email] })).header("idempotency-key", key)
            }
            Act::Renew(user) => {
                let body = json!({ "delivery": "link" });
                admin.post(&format!("{}/invite", path(user)), body).header("idempotency-key", key)
            }
            Act::Revoke(user) => admin.delete(&format!("{}/invite", path(user))),
            Act::Accept(link, password) => {
                let (token, password) = (&known.links[link], &known.passwords[password]);
                stranger.post("/v1/invites/accept", json!({ "token": token, "name": "Somebody", "password": password }))
            }
            Act::SignIn(email, password) => {
                let body = json!({ "email": self.emails[email], "password": known.passwords[password] });
                stranger.post("/v1/sessions", body)
            }
            Act::See(session) => by(session).get("/v1/session"),
            Act::SignOut(session) => by(session).delete("/v1/session"),
            Act::ChangePassword { by: session, current, new } => {
                let (current, new) = (&known.passwords[current], &known.passwords[new]);
                by(session).post("/v1/me/password", json!({ "current_password": current, "new_password": new }))
            }
            Act::Reset(user) => admin.post(&format!("{}/password-reset", path(user)), json!({ "delivery": "show" })),
            Act::Suspend(user) => admin.post(&format!("{}/suspend", path(user)), json!({})),
            Act::Reactivate(user) => admin.post(&format!("{}/reactivate", path(user)), json!({})),
            Act::EndSessions(user) => admin.delete(&format!("{}/sessions", path(user))),
            Act::Move(user, email) => admin.patch(&path(user), json!({ "email": self.emails[email] })),
            Act::Delete(user) => admin.delete(&path(user)),
            Act::Get(user) => admin.get(&path(user)),
        }
    }

    /// What an answer tells, for all who know what the others know.
    fn learn(&self, act: Act, answer: &support::Answer) -> Answer {
        let mut guard = self.known.lock().unwrap();
        let known = &mut *guard;
        if answer.status >= 400 {
            let holder = answer.json["user_id"].as_str().map(|id| place_of(&mut known.users, id));
            return match answer.slug() {
                Some("unavailable" | "idempotency-key-in-use") => Answer::Unknown,
                slug => Answer::Refused(slug.unwrap_or_default().to_owned(), holder),
            };
        }
        let shown = if answer.json["user"].is_object() { &answer.json["user"] } else { &answer.json };
        let user = shown["status"].as_str().map(|status| {
            let id = place_of(&mut known.users, shown["id"].as_str().unwrap());
            let email = self.emails.iter().position(|email| shown["email"] == *email).unwrap();
            known.address_of.insert(id, email);
            let password_temporary = shown["password_temporary"] == true;
            Seen {
                id,
                email,
                status: status.to_owned(),
                password_temporary,
                version: shown["version"].as_u64().unwrap(),
            }
        });
        let text = |field: &str| answer.json[field].as_str();
        let link: Option<Link> = text("invite_link").map(|link| place_of(&mut known.links, &token_in(link)));
        let session = text("token").map(|token| place_of(&mut known.sessions, token));
        if let Some(user) = &user {
            known.user_of_link.extend(link.map(|link| (link, user.id)));
            known.user_of_session.extend(session.map(|session| (session, user.id)));
        }
        let address = match (act, &user) {
            (Act::Reset(user), _) => known.address_of.get(&user).copied(),
            (_, seen) => seen.as_ref().map(|seen| seen.email),
        };
        let password = text("temporary_password").map(|password| known.note_password(address, password));
        // What works is what people use again.
        if let (Act::Accept(_, password) | Act::SignIn(_, password), Some(address)) = (act, address) {
            known.logins.push((address, password));
        }
        Answer::Done(Told { user, link, password, session })
    }

    /// Does this and waits for an answer, not always to the end; where it is safe, it is asked again, or twice at once.
    async fn act(&self, client: usize, act: Act, choice: &mut Random) {
        let is_safe = matches!(act, Act::Invite(_) | Act::Create(_) | Act::Renew(_));
        let key = format!("{:016x}", choice.next());
        let called = self.moment.fetch_add(1, Ordering::SeqCst);
        let mut answer = Answer::Unknown;
        for _ in 0..if is_safe { TRIES } else { 1 } {
            let at_once = if is_safe && choice.below(4) == 0 { 2 } else { 1 };
            let calls = (0..at_once).map(|_| {
                let is_cut = self.is_troubled && choice.below(12) == 0;
                let patience = Duration::from_millis(if is_cut { choice.below(80) as u64 } else { 60_000 });
                let call = self.call(act, &key);
                async move { tokio::time::timeout(patience, call.attempt()).await.ok() }
            });
            let answers = join_all(calls.collect::<Vec<_>>()).await;
            for next in answers.iter().flatten().map(|next| self.learn(act, next)) {
                answer = agreed(answer, next);
            }
            if !matches!(answer, Answer::Unknown) {
                break;
            }
        }
        let returned = self.moment.fetch_add(1, Ordering::SeqCst);
        self.history.lock().unwrap().push(Entry { client, act, called, returned, answer });
    }

    /// What is true in the end, asked one by one.
    async fn look_back(&self, client: usize, choice: &mut Random) {
        let (users, sessions, logins) = {
            let known = self.known.lock().unwrap();
            (known.users.len(), known.sessions.len(), known.logins.clone())
        };
        let sign_ins = logins.iter().rev().take(4).map(|(address, password)| Act::SignIn(*address, *password));
        let looks = (0..users).map(Act::Get).chain((0..sessions).map(Act::See)).chain(sign_ins);
        for look in looks {
            self.act(client, look, choice).await;
        }
    }
}

/// The answer to a request that was sent twice with one key: the same, but for the secrets that are given once.
fn agreed(first: Answer, second: Answer) -> Answer {
    match (first, second) {
        (Answer::Unknown, answer) | (answer, Answer::Unknown) => answer,
        (Answer::Done(first), Answer::Done(second)) => {
            let id = |told: &Told| told.user.as_ref().map(|user| (user.id, user.version));
            assert_eq!(id(&first), id(&second), "two answers to one request");
            Answer::Done(if first.link.or(first.password).is_some() { first } else { second })
        }
        (Answer::Refused(first, holder), Answer::Refused(second, _)) if first == second => {
            Answer::Refused(first, holder)
        }
        answers => panic!("two answers to one request: {answers:?}"),
    }
}

/// What goes wrong: now and then a call, or all tries of one.
fn troubles(choice: &mut Random) -> Vec<Rule> {
    let mut rules = Vec::new();
    for operation in OPERATIONS {
        for call in 0..200 {
            if choice.below(20) == 0 {
                let fault = FAULTS[choice.below(FAULTS.len())];
                rules.push(Rule { operation, call, fault, times: [1, 1, 3][choice.below(3)] });
            }
        }
    }
    rules
}

/// Lets so many people do so much at once, and has what they were answered told one after the other.
async fn live(seed: u64, is_troubled: bool, people: usize, acts: usize) -> usize {
    let mut choice = Random(seed);
    let app = Arc::new(TestApp::start_with(Options::ephemeral()).await);
    let admin = app.set_up().await;
    admin.put("/v1/settings/security", json!({ "sign_in_attempts": 100 })).await.assert_status(200);
    let places: Vec<Arc<Place>> =
        PLACES.iter().map(|emails| Arc::new(Place::new(&app, &admin, emails, is_troubled))).collect();
    // Somebody is there already.
    for place in &places {
        place.act(people, Act::Invite(0), &mut choice).await;
        let accept = {
            let mut known = place.known.lock().unwrap();
            (!known.links.is_empty()).then(|| Act::Accept(0, known.choose_password(Some(0))))
        };
        if let Some(accept) = accept {
            place.act(people, accept, &mut choice).await;
        }
    }
    if is_troubled {
        app.installation.arm(troubles(&mut choice)).unwrap();
    }
    let lives = (0..people).map(|client| {
        let (place, mut choice) = (Arc::clone(&places[client % places.len()]), Random(choice.next()));
        tokio::spawn(async move {
            for _ in 0..acts {
                let act = place.choose(&mut choice);
                place.act(client, act, &mut choice).await;
            }
        })
    });
    for life in join_all(lives.collect::<Vec<_>>()).await {
        life.unwrap();
    }
    app.installation.heal();
    app.settle().await;
    let mut calls = 0;
    for place in places {
        place.look_back(people, &mut choice).await;
        let mut history = place.history.lock().unwrap();
        history.sort_by_key(|entry| entry.called);
        calls += history.len();
        explain(&history).unwrap_or_else(|told| panic!("seed {seed}, troubled: {is_troubled}: {told}"));
    }
    app.settle().await;
    app.assert_sound(&app.dump());
    Arc::into_inner(app).unwrap().installation.stop().await;
    calls
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_many_at_once_are_answered_can_be_told_one_after_the_other() {
    let mut choice = Random::new();
    let is_long = env::var_os("ROSTER_LONG").is_some();
    let mut calls = 0;
    let histories = if is_long { 100 } else { 2 };
    for n in 0..histories {
        let seed = if n == 0 { choice.0 } else { choice.next() };
        let people = if is_long { 8 + choice.below(25) } else { 12 };
        calls += live(seed, n % 2 == 1, people, if is_long { 16 } else { 10 }).await;
    }
    eprintln!("{calls} calls in {histories} histories");
}
