//! Limits of sign-in: guessing ends soon, and the person whose password is guessed gets in.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::{join_all, try_join_all};
use roster_domain::{
    Error,
    activity::{Action, Actor, Subject},
    sessions::Session,
};
use roster_local::faults::{Fault, Rule};
use serde_json::{Value, json};

use crate::support::{Answer, Client, NEW_PASSWORD, PASSWORD, Random, TestApp};

const EMAIL: &str = "admin@example.com";

impl TestApp {
    /// Counts wrong passwords for the admin's account from this network, as a sign-in does, all at once.
    async fn count_failures(&self, network: &str, number: usize) {
        let app = self.installation.app();
        let email = EMAIL.parse().unwrap();
        let fails = (0..number).map(|_| async {
            let gate = app.store.gate(&email, network).await?;
            let parties = (Actor::Anonymous, Subject::Address { label: EMAIL.to_owned() });
            let refused =
                app.activity(app.now(), Action::SessionRefused, parties, Vec::new(), &roster_web::Client::default());
            app.store.count_failure(&gate, app.now(), &refused).await
        });
        try_join_all(fails).await.unwrap();
    }

    /// What is counted for the admin's account: all wrong passwords, or those from one network.
    fn counted(&self, from: Option<&str>) -> u64 {
        let wanted = from.map_or_else(|| "ACCOUNT".to_owned(), |network| format!("FROM#{network}"));
        let found = self.dump().into_iter().find(|item| item["sk"] == wanted && !item["failures"].is_null());
        found.map_or(0, |item| item["failures"].as_u64().unwrap())
    }
}

fn try_with(client: &Client, email: &str, password: &str) -> crate::support::Call {
    client.post("/v1/sessions", json!({ "email": email, "password": password }))
}

async fn guess(client: &Client) -> Answer {
    try_with(client, EMAIL, "wrong, and long enough").await
}

fn pause(refused: &Answer) -> u64 {
    refused.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_address_pauses_for_one_account_longer_with_each_wrong_password() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    app.member(&admin).await;
    let guesser = app.stranger().at("127.0.0.2");
    for _ in 0..5 {
        guess(&guesser).await.assert_problem(401, "invalid-credentials");
    }

    for minutes in [1, 2, 4] {
        let refused = guess(&guesser).await.assert_problem(429, "too-many-attempts");
        assert!((minutes * 60 - 5..=minutes * 60).contains(&pause(&refused)), "{refused:?}");
        try_with(&guesser, EMAIL, PASSWORD).await.assert_problem(429, "too-many-attempts");
        app.advance(Duration::from_secs(minutes * 60)).await;
        guess(&guesser).await.assert_problem(401, "invalid-credentials");
    }

    assert_eq!(app.counted(Some("127.0.0.2")), 8, "in a pause nothing is looked at, so nothing is counted");
    try_with(&guesser, "member@example.com", PASSWORD).await.assert_status(201);
    try_with(&app.stranger().at("127.0.0.3"), EMAIL, PASSWORD).await.assert_status(201);
    guess(&guesser).await.assert_problem(429, "too-many-attempts");
    app.advance(Duration::from_hours(24)).await;
    for _ in 0..5 {
        guess(&guesser).await.assert_problem(401, "invalid-credentials");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wrong_password_that_is_not_counted_is_not_called_wrong() {
    let app = TestApp::start().await;
    app.set_up().await;
    let mut choice = Random::new();
    let seed = choice.0;
    let faults = [Fault::Dropped, Fault::AnswerLost, Fault::ServerError, Fault::Throttled];
    let rules = (0..400).filter_map(|call| {
        let rule = Rule { operation: "sign_in", call, fault: faults[choice.below(4)], times: 1 + 2 * choice.below(2) };
        (choice.below(3) == 0).then_some(rule)
    });
    app.installation.arm(rules.collect()).unwrap();

    let answers = join_all((0..40).map(|_| try_with(&app.stranger(), EMAIL, "wrong, and long enough").attempt())).await;
    app.installation.heal();

    let count = |status| answers.iter().filter(|answer| answer.status == status).count() as u64;
    assert_eq!(count(401) + count(429) + count(503), 40, "{answers:?}");
    assert!(count(503) > 0, "seed {seed}: nothing went wrong");
    let counted = app.counted(Some("127.0.0.1"));
    assert!(counted >= count(401), "seed {seed}: {counted} of {} are counted", count(401));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wrong_passwords_at_once_are_all_counted() {
    let app = TestApp::start().await;
    app.set_up().await;

    let guesser = app.stranger().at("127.0.0.2");
    let answers = join_all((0..60).map(|_| guess(&guesser))).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count() as u64;
    assert!(answers.iter().all(|answer| [401, 429].contains(&answer.status)), "{answers:?}");
    assert_eq!((app.counted(Some("127.0.0.2")), app.counted(None)), (looked_at, looked_at));
    assert_eq!(app.count("session.refused"), 60);

    app.count_failures("203.0.113.7", 500).await;
    assert_eq!((app.counted(Some("203.0.113.7")), app.counted(None)), (500, looked_at + 500));
}

#[tokio::test]
async fn the_right_password_among_too_many_wrong_ones_at_once_is_no_way_in() {
    let app = TestApp::start().await;
    app.set_up().await;
    let parts = app.installation.app();
    let now = parts.now();
    let gate = parts.store.gate(&EMAIL.parse().unwrap(), "127.0.0.2").await.unwrap();
    let user = parts.store.user(gate.user.unwrap()).await.unwrap().unwrap();
    let (id, secret) = (parts.session_id(now), parts.secret());
    let (session, _) = Session::start(&user, gate.security, (id, secret), (None, None), now);
    let parties = (Actor::from(&user), Subject::from(&user));
    let started = parts.activity(now, Action::SessionStarted, parties, Vec::new(), &roster_web::Client::default());

    // All of them went through the gate before the first was counted.
    app.count_failures("127.0.0.2", 5).await;
    let start = parts.store.start_session(&user, &session, None, &gate, &started).await;

    assert!(matches!(start, Err(Error::InvalidCredentials)), "{start:?}");
    assert_eq!((app.counted(Some("127.0.0.2")), app.count("session.started")), (5, 0));
}

#[tokio::test]
async fn the_right_password_from_elsewhere_works_up_to_the_ceiling_of_the_account() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    app.count_failures("203.0.113.7", 99).await;

    app.sign_in(EMAIL, PASSWORD).await.assert_status(201);
    assert_eq!(app.counted(None), 0, "it begins anew");
    app.count_failures("203.0.113.7", 100).await;

    app.sign_in(EMAIL, PASSWORD).await.assert_problem(429, "too-many-attempts");
    admin.get("/v1/me").await.assert_status(200);
    admin.post(&format!("/v1/users/{}/unlock", admin.id()), Value::Null).await.assert_status(200);
    app.sign_in(EMAIL, PASSWORD).await.assert_status(201);
    app.count_failures("203.0.113.7", 100).await;
    app.advance(Duration::from_hours(1)).await;
    app.sign_in(EMAIL, PASSWORD).await.assert_status(201);
}

#[tokio::test]
async fn successes_cost_nothing() {
    let app = TestApp::start().await;
    app.set_up().await;
    for _ in 0..3 {
        for _ in 0..4 {
            guess(&app.stranger()).await.assert_problem(401, "invalid-credentials");
        }
        app.sign_in(EMAIL, PASSWORD).await.assert_status(201);
    }
    for _ in 0..8 {
        app.sign_in(EMAIL, PASSWORD).await.assert_status(201);
    }
    assert_eq!(app.counted(None), 0);
}

#[tokio::test]
async fn an_admin_unlocks_every_address_and_that_lasts() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let office = app.stranger().at("127.0.0.2");
    for _ in 0..6 {
        guess(&office).await;
    }
    try_with(&office, EMAIL, PASSWORD).await.assert_problem(429, "too-many-attempts");

    let unlocked = admin.post(&format!("/v1/users/{}/unlock", admin.id()), Value::Null).await.assert_status(200);
    assert_eq!(unlocked.json["id"], admin.id());
    app.sign_in(EMAIL, PASSWORD).await.assert_status(201);

    try_with(&office, EMAIL, PASSWORD).await.assert_status(201);
    assert_eq!(app.count("user.unlocked"), 1);
    let unknown = "/v1/users/01JD8ZQ4V9WX6M2N3P5R7S8T9A/unlock";
    admin.post(unknown, Value::Null).await.assert_problem(404, "user-not-found");
}

#[tokio::test]
async fn an_unknown_address_is_told_what_a_known_one_is_told() {
    let app = TestApp::start().await;
    app.set_up().await;
    let told = async |email: &str| {
        let client = app.stranger().at("127.0.0.2");
        let mut told = Vec::new();
        for _ in 0..8 {
            let answer = try_with(&client, email, "wrong, and long enough").await;
            let names: BTreeSet<String> = answer.headers.keys().map(ToString::to_string).collect();
            let cost = app.installation.recorder().seen()["sign_in"].invocations.last().unwrap().dynamodb_requests;
            told.push((answer.status, answer.bytes.clone(), names, cost));
        }
        told
    };

    assert_eq!(told("nobody@example.com").await, told(EMAIL).await);
}

#[tokio::test]
async fn a_found_session_is_no_way_to_guess_the_password() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let change = |current: &str| {
        admin.post("/v1/me/password", json!({ "current_password": current, "new_password": NEW_PASSWORD }))
    };
    for _ in 0..5 {
        change("wrong, and long enough").await.assert_problem(403, "wrong-password");
    }

    change(PASSWORD).await.assert_problem(429, "too-many-attempts");

    assert_eq!(app.count("password.change_refused"), 5);
    app.advance(Duration::from_mins(1)).await;
    change(PASSWORD).await.assert_status(204);
    app.sign_in(EMAIL, NEW_PASSWORD).await.assert_status(201);
}

#[tokio::test]
async fn refused_sign_ins_are_in_the_activity_of_their_user() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for _ in 0..6 {
        guess(&app.stranger().with("user-agent", "Guesser/1")).await;
    }

    let path = format!("/v1/users/{}/activity?limit=6", admin.id());
    let listed = admin.get(&path).await;

    let reasons: Vec<&str> =
        listed.items().iter().map(|entry| entry["changes"]["reason"][1].as_str().unwrap_or_default()).collect();
    assert_eq!(reasons[0], "too-many-attempts");
    assert_eq!(reasons[1..], ["invalid-credentials"; 5]);
    for entry in listed.items() {
        assert_eq!(entry["actor"]["kind"], "anonymous");
        assert_eq!((&entry["ip"], &entry["user_agent"]), (&json!("127.0.0.1"), &json!("Guesser/1")));
    }
}
