//! Lists: filters, search and pages (I8).

use jiff::Timestamp;
use roster_domain::{
    ActivityId, Caller, Role, SessionId, User, UserId,
    activity::{Action, Activity, Actor, Origin, Subject},
    invites::Invite,
    passwords::StoredPassword,
    users::Profile,
};
use roster_local::recorder::Cost;
use roster_store::{Change, Credential};
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// Invites somebody by link, which costs no mail.
async fn invite(admin: &Client, email: &str, name: Option<&str>) -> Value {
    let body = json!({ "email": email, "name": name, "delivery": "link" });
    admin.post("/v1/invites", body).await.assert_status(201).json["user"].clone()
}

/// The e-mail addresses of every page, with a look at what happens between them.
async fn pages(client: &Client, path: &str, mut between: impl AsyncFnMut(usize)) -> Vec<String> {
    let mut seen = Vec::new();
    let mut query = String::new();
    for n in 0.. {
        let page = client.get(&format!("{path}{query}")).await.assert_status(200);
        seen.extend(page.each("email").into_iter().map(str::to_owned));
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        assert!(n < 100, "the list does not end");
        query = format!("&cursor={cursor}");
        between(n).await;
    }
    seen
}

fn email(n: usize) -> String {
    format!("user{n:02}@example.com")
}

#[tokio::test]
async fn every_user_is_on_one_page() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for n in 0..20 {
        // Names run against addresses, and some have none.
        let name = format!("Name {:02}", 40 - n);
        invite(&admin, &email(n), (n % 3 > 0).then_some(&name)).await;
    }
    let all: Vec<String> = std::iter::once("admin@example.com".to_owned()).chain((0..20).map(email)).collect();

    for limit in [1, 7, 20, 21, 22, 100] {
        assert_eq!(pages(&admin, &format!("/v1/users?limit={limit}"), async |_| {}).await, all, "limit {limit}");
    }
    let by_age = pages(&admin, "/v1/users?limit=6&sort=-created_at", async |_| {}).await;
    assert_eq!(by_age, all[1..].iter().rev().chain(&all[..1]).cloned().collect::<Vec<_>>());
    let by_name = pages(&admin, "/v1/users?limit=6&sort=name", async |_| {}).await;
    let nameless = (0..20).filter(|n| n % 3 == 0).map(email);
    let named = (0..20).rev().filter(|n| n % 3 > 0).map(email);
    let expected = nameless.chain(["admin@example.com".to_owned()]).chain(named).collect::<Vec<_>>();
    assert_eq!(by_name, expected);
    let page = admin.get("/v1/users").await.assert_status(200);
    assert_eq!((page.items().len(), &page.json["next_cursor"]), (21, &Value::Null));
}

#[tokio::test]
async fn pages_stay_right_while_users_come_and_go() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(invite(&admin, &email(n), None).await["id"].as_str().unwrap().to_owned());
    }

    let seen = pages(&admin, "/v1/users?limit=5", async |n| {
        if n == 0 {
            // The last one of the page before, which the cursor names, one still to come, and two new ones.
            for gone in [3, 12] {
                admin.delete(&format!("/v1/users/{}", ids[gone])).await.assert_status(204);
            }
            invite(&admin, "aaa@example.com", None).await;
            invite(&admin, "user10a@example.com", None).await;
        }
    });
    let seen = seen.await;

    let mut expected = vec!["admin@example.com".to_owned()];
    expected.extend((0..20).filter(|n| *n != 12).map(email));
    expected.push("user10a@example.com".to_owned());
    expected.sort_unstable();
    assert_eq!(seen, expected, "who was there all the time is seen once, and who came before the cursor is not");
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_and_as_it_is() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for n in 0..4 {
        invite(&admin, &email(n), Some("Ada")).await;
    }
    let cursor_of = async |path: &str| {
        let page = admin.get(path).await.assert_status(200);
        page.json["next_cursor"].as_str().unwrap().to_owned()
    };
    let cursor = cursor_of("/v1/users?limit=2").await;
    let opened = async |path: &str, cursor: &str| {
        let join = if path.contains('?') { '&' } else { '?' };
        admin.get(&format!("{path}{join}cursor={cursor}")).await
    };

    opened("/v1/users", &cursor).await.assert_status(200);
    opened("/v1/users?limit=1&sort=email", &cursor).await.assert_status(200);
    for other in [
        "/v1/users?sort=name",
        "/v1/users?status=invited",
        "/v1/users?q=ada",
        "/v1/users?role=member",
        "/v1/invites",
        "/v1/apps",
    ] {
        opened(other, &cursor).await.assert_refuses(&["/cursor"]);
    }
    let of_invites = cursor_of("/v1/invites?limit=2").await;
    opened("/v1/users", &of_invites).await.assert_refuses(&["/cursor"]);
    let of_filter = cursor_of("/v1/users?limit=2&status=invited").await;
    opened("/v1/users?status=active", &of_filter).await.assert_refuses(&["/cursor"]);
    for n in (0..cursor.len()).step_by(5) {
        let flipped = if &cursor[n..=n] == "A" { "B" } else { "A" };
        let tampered = format!("{}{flipped}{}", &cursor[..n], &cursor[n + 1..]);
        opened("/v1/users", &tampered).await.assert_refuses(&["/cursor"]);
        opened("/v1/users", &cursor[..n]).await.assert_refuses(&["/cursor"]);
    }
    let other = TestApp::start().await;
    let elsewhere = other.set_up().await.get(&format!("/v1/users?cursor={cursor}")).await;
    elsewhere.assert_refuses(&["/cursor"]);
}

#[tokio::test]
async fn people_are_found_by_the_start_of_their_address_and_of_each_of_their_names() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    for (email, name) in [
        ("zoe@example.com", "Zo\u{eb} \u{160}m\u{ed}dov\u{e1}"),
        ("wang@example.com", "\u{738b} \u{5c0f}\u{660e}"),
        ("ody@example.com", "\u{39f}\u{394}\u{3a5}\u{3a3}\u{3a3}\u{395}\u{3a5}\u{3a3}"),
        ("anna@example.com", "\u{410}\u{43d}\u{43d}\u{430} \u{41a}\u{430}\u{440}\u{435}\u{43d}\u{438}\u{43d}\u{430}"),
        ("fatima@example.com", "\u{641}\u{627}\u{637}\u{645}\u{629} \u{627}\u{644}\u{641}\u{647}\u{631}\u{64a}"),
        ("istvan@example.com", "Istv\u{e1}n O'Neill-K\u{151}v\u{e1}ri"),
        ("strasse@example.com", "Jens Stra\u{df}er"),
    ] {
        invite(&admin, email, Some(name)).await;
    }
    let found = async |q: &str| {
        let encoded = q.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let page = admin.get(&format!("/v1/users?q={encoded}")).await.assert_status(200);
        let mut found: Vec<String> =
            page.each("email").iter().map(|email| email.split('@').next().unwrap().to_owned()).collect();
        found.sort_unstable();
        found.join(" ")
    };

    for (q, expected) in [
        ("zoe@", "zoe"),
        ("ZOE", "zoe"),
        ("Zo\u{eb}", "zoe"),
        ("zoe\u{308} smi", "zoe"),
        ("smid", "zoe"),
        ("\u{160}M\u{cd}D", "zoe"),
        ("\u{738b}", "wang"),
        ("\u{5c0f}", "wang"),
        ("\u{3bf}\u{3b4}\u{3c5}\u{3c3}\u{3c3}\u{3b5}\u{3c5}\u{3c2}", "ody"),
        ("\u{43a}\u{430}\u{440}", "anna"),
        ("\u{627}\u{644}\u{641}", "fatima"),
        ("o'neill", "istvan"),
        ("neill", "istvan"),
        ("kovari", "istvan"),
        ("a", "admin anna"),
        ("oe", ""),
        ("@example", ""),
        ("nobody", ""),
        ("%", ""),
        ("*", ""),
    ] {
        assert_eq!(found(q).await, expected, "{q}");
    }
    let everybody = admin.get("/v1/users?q=%20").await.assert_status(200);
    assert_eq!(everybody.items().len(), 8, "a blank is no search");
}

#[tokio::test]
async fn who_is_found_twice_is_listed_once() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    invite(&admin, "ada@example.com", Some("Ada Adams Adamson")).await;
    invite(&admin, "adalbert@example.com", Some("Adalbert")).await;

    let all = pages(&admin, "/v1/users?q=ada&limit=1", async |_| {}).await;

    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all.contains(&"admin@example.com".to_owned()), "the admin is called Ada");
}

#[tokio::test]
async fn who_is_renamed_is_found_by_the_new_name_only() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let user = invite(&admin, "x@example.com", Some("Grace Brewster Murray Hopper")).await;
    let path = format!("/v1/users/{}", user["id"].as_str().unwrap());

    admin.patch(&path, json!({ "name": "Katherine Johnson", "email": "y@example.com" })).await.assert_status(200);

    for (q, found) in [("grace", 0), ("hopper", 0), ("x@", 0), ("kath", 1), ("johns", 1), ("y@", 1)] {
        assert_eq!(admin.get(&format!("/v1/users?q={q}")).await.items().len(), found, "{q}");
    }
    admin.patch(&path, json!({ "name": null })).await.assert_status(200);
    assert_eq!(admin.get("/v1/users?q=kath").await.items().len(), 0);
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn filters_combine() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    for (email, role, in_wiki) in [
        ("a@example.com", "member", Some("basic")),
        ("b@example.com", "builder", Some("basic")),
        ("c@example.com", "builder", Some("power")),
        ("d@example.com", "member", None),
    ] {
        let app_roles = in_wiki.map(|role| json!({ "wiki": role }));
        let body = json!({ "email": email, "role": role, "app_roles": app_roles, "delivery": "link" });
        admin.post("/v1/invites", body).await.assert_status(201);
    }

    for (query, expected) in [
        ("status=invited", "abcd"),
        ("status=active", ""),
        ("role=builder", "bc"),
        ("role=builder&status=invited", "bc"),
        ("app=wiki", "abc"),
        ("app=wiki&app_role=basic", "ab"),
        ("app=wiki&app_role=basic&role=builder", "b"),
        ("app=wiki&app_role=power&sort=-created_at", "c"),
        ("app=wiki&sort=-created_at", "cba"),
        ("app=other", ""),
        ("q=b&app=wiki", "b"),
        ("q=d&app=wiki", ""),
        ("role=member&limit=1", "ad"),
    ] {
        let found = pages(&admin, &format!("/v1/users?{query}"), async |_| {}).await;
        let found: String =
            found.iter().filter(|email| *email != "admin@example.com").map(|email| &email[..1]).collect();
        assert_eq!(found, expected, "{query}");
    }
    admin.get("/v1/users?app_role=basic").await.assert_refuses(&["/app"]);
}

/// Writes users who are in the wiki, or have an invite, or neither, by turns.
async fn seed(app: &TestApp, users: u8) {
    let now = app.now();
    let newcomers: Vec<_> = (0..users).map(|n| newcomer(n, now)).collect();
    let changes: Vec<_> = newcomers
        .iter()
        .map(|(user, credential, invite, activity)| {
            let (credential, invite) = (credential.as_ref(), invite.as_ref());
            (Change { after: Some(user), credential, invite, ..Change::default() }, activity.clone())
        })
        .collect();
    app.installation.app().store.seed(&changes).await.unwrap();
    app.settle().await;
}

fn newcomer(n: u8, now: Timestamp) -> (User, Option<Credential>, Option<Invite>, Activity) {
    let id = UserId::new(now, [n; 10]);
    let in_wiki = n.is_multiple_of(3).then(|| ("wiki".parse().unwrap(), "basic".parse().unwrap()));
    let profile = Profile {
        email: format!("user{n:03}@example.com").parse().unwrap(),
        name: Some("Ada Lovelace".parse().unwrap()),
        role: Role::Member,
        app_roles: in_wiki.into_iter().collect(),
    };
    let active = User::active(id, profile.clone(), now);
    let (user, credential, invite) = if n % 3 == 1 {
        let caller = Caller { role: Role::Admin, ..Caller::with_session(&active, SessionId::new(now, [n; 10])) };
        let (invite, invited) = Invite::new(id, &caller, 168, None, now);
        (User::invited(id, profile, invited, now), None, Some(invite))
    } else {
        let password = StoredPassword::from_phc(String::new());
        (active, Some(Credential { user: id, password, changed_at: now, temporary_until: None }), None)
    };
    let activity = Activity {
        id: ActivityId::new(now, [n; 10]),
        at: now,
        action: Action::UserCreated,
        actor: Actor::System,
        subject: Subject::from(&user),
        changes: Vec::new(),
        origin: Origin::default(),
    };
    (user, credential, invite, activity)
}

#[tokio::test]
async fn users_who_are_seeded_are_like_others() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);

    seed(&app, 7).await;

    app.assert_sound(&app.dump());
    for (list, count) in
        [("users", 8), ("users?q=lovel", 7), ("users?q=user00", 7), ("apps/wiki/users", 3), ("invites", 2)]
    {
        assert_eq!(admin.get(&format!("/v1/{list}")).await.items().len(), count, "{list}");
    }
    let summary = admin.get("/v1/users/summary").await.json;
    assert_eq!((&summary["total"], &summary["by_status"]["invited"]), (&json!(8), &json!(2)));
}

#[tokio::test]
async fn an_active_admin_is_not_seeded() {
    let app = TestApp::start().await;
    app.set_up().await;
    let (user, credential, _, activity) = newcomer(0, app.now());
    let user = User { role: Role::Admin, ..user };
    let change = Change { after: Some(&user), credential: credential.as_ref(), ..Change::default() };

    let seeded = app.installation.app().store.seed(&[(change, activity)]).await;

    assert!(seeded.is_err(), "the set of admins would not know");
    app.assert_sound(&app.dump());
}

#[tokio::test]
async fn a_list_costs_its_page_at_any_size() {
    let (small, large) = (costs(40).await, costs(160).await);

    assert_eq!(small, large);
}

/// What each list costs with so many users.
async fn costs(users: u8) -> Vec<(&'static str, Cost)> {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    seed(&app, users).await;
    let mut costs = Vec::new();
    for (operation, list) in [
        ("list_users", "users?limit=10&sort=email"),
        ("list_users", "users?limit=10&sort=name"),
        ("list_users", "users?limit=10&sort=-created_at"),
        ("list_users", "users?limit=10&q=user01"),
        ("list_users", "users?limit=10&q=user"),
        ("list_users", "users?limit=10&q=lovelace"),
        ("list_users", "users?limit=10&app=wiki"),
        ("list_users", "users?limit=10&app=wiki&app_role=basic"),
        ("list_invites", "invites?limit=10"),
        ("list_app_users", "apps/wiki/users?limit=10"),
        ("list_activity", "activity?limit=10"),
        ("get_users_summary", "users/summary"),
    ] {
        // The first time, what never changes is read too.
        for _ in 0..2 {
            admin.get(&format!("/v1/{list}")).await.assert_status(200);
        }
        let seen = &app.installation.recorder().seen()[operation];
        costs.push((list, *seen.invocations.last().unwrap()));
    }
    costs
}
