//! Many at once: of what can happen only once, one happens, and the others are told so.
//!
//! What happens first differs from run to run, so these stories say what holds whoever wins.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{Answer, Call, NEW_PASSWORD, PASSWORD, TestApp, token_in};

/// Sends all calls at once.
async fn together(calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
    let sent = calls.into_iter().map(|call| tokio::spawn(call.into_future())).collect::<Vec<_>>();
    futures_util::future::join_all(sent).await.into_iter().map(Result::unwrap).collect()
}

/// How often each status came back.
fn statuses(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_setups_at_once_one_counts() {
    let app = TestApp::start().await;
    let setup = |n: u32| {
        let password = format!("{PASSWORD} {n}");
        // Some of them come from the same person, who pressed twice.
        let email = format!("admin{}@example.com", n % 5);
        let secret = app.installation.setup_secret();
        app.stranger()
            .post("/v1/setup", json!({ "setup_secret": secret, "email": email, "name": "Ada", "password": password }))
    };

    let answers = together((0..20).map(setup)).await;

    assert_eq!(statuses(&answers), [(201, 1), (409, 19)].into());
    for (n, answer) in answers.into_iter().enumerate() {
        let is_winner = answer.status == 201;
        if !is_winner {
            answer.assert_problem(409, "already-set-up");
        }
        let signed_in = app.sign_in(&format!("admin{}@example.com", n % 5), &format!("{PASSWORD} {n}")).await;
        assert_eq!(signed_in.status == 201, is_winner, "{signed_in}");
    }
    assert_eq!(app.count("installation.set_up"), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_accepts_of_one_link_one_counts() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/v1/invites", json!({ "email": "ada@example.com" })).await.assert_status(201);
    let token = app.invite_token_of("ada@example.com").await;
    let accept = |n: u32| {
        let body = json!({ "token": token, "name": format!("Ada {n}"), "password": format!("{PASSWORD} {n}") });
        app.stranger().post("/v1/invites/accept", body)
    };

    let answers = together((0..50).map(accept)).await;

    assert_eq!(statuses(&answers), [(201, 1), (404, 49)].into());
    let winner = answers.iter().position(|answer| answer.status == 201).unwrap();
    assert_eq!(answers[winner].json["user"]["name"], format!("Ada {winner}"));
    for n in [winner, (winner + 1) % 50, (winner + 25) % 50, (winner + 49) % 50] {
        let signed_in = app.sign_in("ada@example.com", &format!("{PASSWORD} {n}")).await;
        assert_eq!(signed_in.status == 201, n == winner, "{signed_in}");
    }
    for answer in answers {
        assert!(answer.status == 201 || answer.slug() == Some("invite-unknown"), "{answer}");
    }
    assert_eq!(app.count("user.activated"), 1);
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_accepts_in_the_same_moment_one_counts() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    // As many hashes as there are cores run at once, so pairs come nearest to each other.
    for round in 0..20 {
        let email = format!("guest{round}@example.com");
        let invited = admin.post("/v1/invites", json!({ "email": email, "delivery": "link" })).await.assert_status(201);
        let token = token_in(invited.json["invite_link"].as_str().unwrap());
        let accept = |name: &str| {
            let body = json!({ "token": token, "name": name, "password": PASSWORD });
            app.stranger().post("/v1/invites/accept", body)
        };

        let answers = together(["First", "Second"].map(accept)).await;

        assert_eq!(statuses(&answers), [(201, 1), (404, 1)].into());
    }
    assert_eq!(app.count("user.activated"), 20);
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_invites_to_one_address_one_counts() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let spellings = [
        "j\u{fc}rgen@example.com",
        "ju\u{308}rgen@example.com",
        "J\u{dc}RGEN@EXAMPLE.COM",
        "JU\u{308}rgen@Example.com",
        " j\u{fc}rgen@example.com ",
    ];
    let invite = |n: usize| admin.post("/v1/invites", json!({ "email": spellings[n % 5], "name": format!("J {n}") }));

    let answers = together((0..50).map(invite)).await;

    assert_eq!(statuses(&answers), [(201, 1), (409, 49)].into());
    let winner = answers.iter().find(|answer| answer.status == 201).unwrap().json["user"].clone();
    for answer in answers.into_iter().filter(|answer| answer.status == 409) {
        assert_eq!(answer.assert_problem(409, "email-taken").json["user_id"], winner["id"]);
    }
    assert_eq!(app.mailbox().await.len(), 1, "one mail");
    let listed = admin.get("/v1/invites").await;
    assert_eq!(listed.each("id"), [winner["id"].as_str().unwrap()]);
    assert_eq!(app.count("user.invited"), 1);
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_admins_who_end_each_other_leave_one() {
    let app = TestApp::start().await;
    let mut admin = app.set_up().await;
    for round in 0..9 {
        let mut other = app.user(&admin, &format!("admin{round}@example.com"), "admin").await;
        let (first, second) = (format!("/v1/users/{}", other.id()), format!("/v1/users/{}", admin.id()));
        let demotion = json!({ "role": "member" });
        let calls = match round % 3 {
            0 => [admin.delete(&first), other.delete(&second)],
            1 => [admin.patch(&first, demotion.clone()), other.patch(&second, demotion)],
            _ => [admin.delete(&first), other.patch(&second, demotion)],
        };

        let answers = together(calls).await;

        let done = answers.iter().map(|answer| answer.status < 300).collect::<Vec<_>>();
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "{answers:?}");
        if done[1] {
            std::mem::swap(&mut admin, &mut other);
        }
        for answer in answers.into_iter().filter(|answer| answer.status >= 300) {
            let expected = ["last-admin", "forbidden", "unauthenticated"];
            assert!(answer.slug().is_some_and(|slug| expected.contains(&slug)), "{answer}");
        }
        let admins = admin.get("/v1/users?role=admin&status=active").await.assert_status(200);
        assert_eq!(admins.each("id"), [admin.id()]);
    }
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_sign_ins_of_one_user_at_once_all_succeed() {
    let app = TestApp::start().await;
    app.set_up().await;

    let body = json!({ "email": "admin@example.com", "password": PASSWORD });
    let answers = together((0..20).map(|_| app.stranger().post("/v1/sessions", body.clone()))).await;

    assert_eq!(statuses(&answers), [(201, 20)].into());
    for answer in &answers {
        app.signed_in(answer).get("/v1/me").await.assert_status(200);
    }
    assert_eq!(app.count("session.started"), 20);
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_accept_and_whatever_meets_it_end_in_one_of_two_ways() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for round in 0..12 {
        let email = format!("guest{round}@example.com");
        let body = json!({ "email": email, "delivery": "link" });
        let invited = admin.post("/v1/invites", body).await.assert_status(201).json;
        let path = format!("/v1/users/{}", invited["user"]["id"].as_str().unwrap());
        let token = token_in(invited["invite_link"].as_str().unwrap());
        let accept = json!({ "token": token, "name": "Guest", "password": PASSWORD });
        let accept = app.stranger().post("/v1/invites/accept", accept);
        let meets = match round % 3 {
            0 => admin.delete(&format!("{path}/invite")),
            1 => admin.post(&format!("{path}/invite"), json!({ "delivery": "link" })),
            _ => admin.delete(&path),
        };

        let [accepted, met] = <[Answer; 2]>::try_from(together([accept, meets]).await).unwrap();

        let user = admin.get(&path).await;
        match (round % 3, accepted.status, met.status) {
            (0 | 1, 201, 409) => {
                met.assert_problem(409, "not-invited");
                assert_eq!(user.json["status"], "active");
                app.signed_in(&accepted).get("/v1/me").await.assert_status(200);
            }
            (1, 410, 202) => {
                accepted.assert_problem(410, "invite-replaced");
                app.accept(&token_in(met.json["invite_link"].as_str().unwrap())).await.assert_status(201);
            }
            (2, 201, 204) => {
                user.assert_problem(404, "user-not-found");
                app.signed_in(&accepted).get("/v1/me").await.assert_problem(401, "unauthenticated");
            }
            (0 | 2, 404, 204) => drop(user.assert_problem(404, "user-not-found")),
            _ => panic!("{accepted} and {met}"),
        }
    }
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_at_once_are_all_made_or_refused_as_stale() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    for n in 0..8 {
        admin.post("/v1/apps", json!({ "slug": format!("app-{n}"), "name": "App" })).await.assert_status(201);
    }

    let give = |n: u32| admin.put(&format!("{path}/app-roles/app-{n}"), json!({ "role": "basic" }));
    let answers = together((0..8).map(give)).await;

    assert_eq!(statuses(&answers), [(200, 8)].into());
    let user = admin.get(&path).await;
    assert_eq!(user.json["app_roles"].as_object().unwrap().len(), 8, "none is lost: {user}");
    assert_eq!(app.count("app_role.set"), 8);

    let version = user.header("etag").unwrap().to_owned();
    let rename = |n: u32| admin.patch(&path, json!({ "name": format!("Mary {n}") })).header("if-match", &version);
    let answers = together((0..8).map(rename)).await;

    assert_eq!(statuses(&answers), [(200, 1), (412, 7)].into());
    let winner = answers.iter().position(|answer| answer.status == 200).unwrap();
    assert_eq!(admin.get(&path).await.json["name"], format!("Mary {winner}"));
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_password_changes_at_once_one_counts() {
    let app = TestApp::start().await;
    let first = app.set_up().await;
    let second = app.signed_in(&app.sign_in("admin@example.com", PASSWORD).await);
    let change = |new: &str| json!({ "current_password": PASSWORD, "new_password": new });
    let passwords = [NEW_PASSWORD, "copper lantern sixteen rivers"];

    let calls =
        [first.post("/v1/me/password", change(passwords[0])), second.post("/v1/me/password", change(passwords[1]))];
    let answers = together(calls).await;

    let done = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(done, 1, "{answers:?}");
    for (client, (answer, password)) in [&first, &second].into_iter().zip(answers.iter().zip(passwords)) {
        let expected = if answer.status == 204 { (200, 201) } else { (401, 401) };
        let seen = (client.get("/v1/me").await.status, app.sign_in("admin@example.com", password).await.status);
        assert_eq!(seen, expected, "{answer}");
    }
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_password_is_never_called_wrong_whatever_happens_meanwhile() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let path = format!("/v1/users/{}", app.member(&admin).await.id());
    let sign_in =
        || app.stranger().post("/v1/sessions", json!({ "email": "member@example.com", "password": PASSWORD }));

    // While the password is looked at, the rest is done.
    let ended = together([sign_in(), admin.delete(&format!("{path}/sessions"))]).await;
    let suspended = together([sign_in(), admin.post(&format!("{path}/suspend"), json!({}))]).await;
    let reactivated = together([sign_in(), admin.post(&format!("{path}/reactivate"), json!({}))]).await;
    let moved = together([sign_in(), admin.patch(&path, json!({ "email": "mary@example.com" }))]).await;

    assert_eq!(statuses(&ended), [(201, 1), (204, 1)].into());
    for met in [suspended, reactivated] {
        let [signed_in, changed] = <[Answer; 2]>::try_from(met).unwrap();
        changed.assert_status(200);
        assert!(signed_in.status == 201 || signed_in.slug() == Some("account-suspended"), "{signed_in}");
    }
    assert!(moved[0].status == 201 || moved[0].slug() == Some("invalid-credentials"), "{moved:?}");
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_ends_once() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}/sessions", member.id());
    for round in 1..=8 {
        let signed_in = app.signed_in(&app.sign_in("member@example.com", PASSWORD).await);
        let session = signed_in.get("/v1/session").await.json["session"]["id"].as_str().unwrap().to_owned();
        let sign_out = || signed_in.delete("/v1/session");

        let answers = together([sign_out(), sign_out(), sign_out(), admin.delete(&format!("{path}/{session}"))]).await;

        assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1, "{answers:?}");
        assert_eq!(app.count("session.ended"), round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_of_password_brings_no_session_back() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for (n, end) in ["/v1/session", "/v1/me/sessions/{session}"].into_iter().enumerate() {
        let member = app.user(&admin, &format!("member{n}@example.com"), "member").await;
        let session = member.get("/v1/session").await.json["session"]["id"].as_str().unwrap().to_owned();
        let body = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
        let change = member.post("/v1/me/password", body);

        let answers = together([change, member.delete(&end.replace("{session}", &session))]).await;

        assert_eq!(answers[1].status, 204, "{answers:?}");
        member.get("/v1/session").await.assert_problem(401, "unauthenticated");
        let counts = answers[0].status == 204;
        assert!(counts || answers[0].slug() == Some("unauthenticated"), "{answers:?}");
        let signed_in = app.sign_in(&format!("member{n}@example.com"), NEW_PASSWORD).await;
        assert_eq!(signed_in.status == 201, counts, "{signed_in}");
    }
    app.settle().await;
    app.assert_sound(&app.dump());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_password_changes_by_one_session_the_second_finds_another_password() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let change =
        |new: &str| admin.post("/v1/me/password", json!({ "current_password": PASSWORD, "new_password": new }));

    let answers = together([change(NEW_PASSWORD), change("copper lantern sixteen rivers")]).await;

    assert_eq!(statuses(&answers), [(204, 1), (403, 1)].into(), "{answers:?}");
    let refused = answers.into_iter().find(|answer| answer.status == 403).unwrap();
    refused.assert_problem(403, "wrong-password");
    admin.get("/v1/me").await.assert_status(200);
    assert_eq!(app.count("password.changed"), 1);
}
