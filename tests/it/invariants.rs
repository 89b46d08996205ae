//! What is true of the table at every moment, whatever was done: stories end by asking for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use roster_store::keys::user_of_partition;
use serde_json::{Value, json};

use crate::support::{NEW_PASSWORD, PASSWORD, TestApp};

/// Entries that tell of something else than a change of their subject.
const NO_CHANGE: [&str; 11] = [
    "session.started",
    "session.refused",
    "session.ended",
    "invite.expired",
    "invite.reminded",
    "mail.failed",
    "mail.bounced",
    "mail.complained",
    "password.reset_requested",
    "password.change_refused",
    "user.unlocked",
];

impl TestApp {
    /// Asserts what always holds (DESIGN.md: I1, I2, I3, I5), once nothing is under way.
    #[track_caller]
    pub(crate) fn assert_sound(&self, dump: &[Value]) {
        let users = users(dump);
        assert_claims(dump, &users);
        assert_admins(dump, &users);
        assert_nothing_left_over(dump, &users);
        assert_activity(dump, &users);
        self.assert_no_secret(dump);
    }

    /// Neither the table nor a mail holds a secret, in any spelling. Only their mails hold the links of invites and resets.
    #[track_caller]
    fn assert_no_secret(&self, dump: &[Value]) {
        let table = json!(dump).to_string();
        let secrets = self.secrets();
        for secret in &secrets {
            for spelling in spellings(secret) {
                assert!(!table.contains(&spelling), "{secret} is in the table, as {spelling}");
            }
        }
        for mail in self.installation.mailbox().mails() {
            for secret in
                secrets.iter().filter(|secret| !secret.starts_with("invite_") && !secret.starts_with("reset_"))
            {
                assert!(!mail.text.contains(secret) && !mail.html.contains(secret), "{secret} is in {mail:?}");
            }
        }
    }
}

fn users(dump: &[Value]) -> BTreeMap<String, &Value> {
    let users = of_kind(dump, "USER").map(|user| (text(&user["id"]), user));
    users.collect()
}

/// I1: users and claims on addresses belong together, one to one.
#[track_caller]
fn assert_claims(dump: &[Value], users: &BTreeMap<String, &Value>) {
    let claims = of_kind(dump, "EMAIL").filter(|claim| !claim["user_id"].is_null());
    let claims: Vec<(String, String)> = claims.map(|claim| (text(&claim["user_id"]), text(&claim["email"]))).collect();
    let held: BTreeSet<(String, String)> = claims.iter().cloned().collect();
    let expected: BTreeSet<_> = users.iter().map(|(id, user)| (id.clone(), text(&user["email"]))).collect();
    assert_eq!(held, expected, "claims on addresses and users differ");
    assert_eq!(claims.len(), users.len(), "a user holds two addresses");
}

/// I3: the set of admins holds exactly the active ones, of whom there is one at least.
#[track_caller]
fn assert_admins(dump: &[Value], users: &BTreeMap<String, &Value>) {
    let active: BTreeSet<String> = users
        .iter()
        .filter(|(_, user)| user["role"] == "admin" && user["state"]["is"] == "active")
        .map(|(id, _)| id.clone())
        .collect();
    let sets = of_kind(dump, "ADMINS").flat_map(|set| set["admin_ids"].as_array().unwrap());
    let kept: BTreeSet<String> = sets.map(text).collect();
    assert_eq!(kept, active, "the set of admins is not that of the active ones");
    assert!(users.is_empty() || !active.is_empty(), "there is no active admin");
}

/// What belongs to a user is there while the user is, and in the states that it is for.
#[track_caller]
fn assert_nothing_left_over(dump: &[Value], users: &BTreeMap<String, &Value>) {
    let mut kinds: BTreeMap<String, BTreeMap<String, Vec<&Value>>> = BTreeMap::new();
    for item in dump {
        let Some(owner) = user_of_partition(item["pk"].as_str().unwrap()) else { continue };
        assert!(users.contains_key(&owner.to_string()), "nobody owns {item}");
        kinds.entry(owner.to_string()).or_default().entry(kind(item)).or_default().push(item);
    }
    for (id, user) in users {
        let of = |kind: &str| kinds[id].get(kind).cloned().unwrap_or_default();
        let is_invited = user["state"]["is"] == "invited";
        assert_eq!(of("INVITE").len(), usize::from(is_invited), "the invite of {user}");
        assert_eq!(of("CREDENTIAL").len(), usize::from(!is_invited), "the password of {user}");
        assert!(!is_invited || of("SESSION").is_empty(), "an invited user has a session: {user}");
        assert!(!user["name"].is_null() || of("TERM").is_empty(), "a nameless user is found by name: {user}");
        let roles = of("ROLE").into_iter().map(|row| (text(&row["app"]), row["role"].clone())).collect();
        assert_eq!(user["app_roles"], Value::Object(roles), "the roles of {user}");
        if let [invite] = of("INVITE")[..] {
            for field in ["generation", "expires_at"] {
                assert_eq!(invite[field], user["state"][field], "{field} of the invite of {user}");
            }
        }
        for mail in of("MAIL") {
            let is_queued = mail["state"]["is"] == "queued";
            assert_eq!(!mail["gsi1pk"].is_null(), is_queued, "only what waits is in the outbox: {mail}");
        }
    }
}

/// I2: every change of a user has its entry, and every entry its change.
#[track_caller]
fn assert_activity(dump: &[Value], users: &BTreeMap<String, &Value>) {
    let mut changes: BTreeMap<String, u64> = BTreeMap::new();
    let mut ended: BTreeSet<String> = BTreeSet::new();
    for entry in dump.iter().filter(|item| !item["action"].is_null()) {
        let action = text(&entry["action"]);
        for field in ["id", "at", "actor", "subject"] {
            assert!(!entry[field].is_null(), "{field} of {entry}");
        }
        if entry["subject"]["kind"] != "user" {
            continue;
        }
        let subject = text(&entry["subject"]["id"]);
        if matches!(action.as_str(), "user.deleted" | "invite.revoked") {
            assert!(ended.insert(subject), "ended twice: {entry}");
        } else {
            let ends_by_itself = action == "user.reactivated" && entry["actor"]["kind"] == "system";
            let counts = !ends_by_itself && !NO_CHANGE.contains(&action.as_str());
            *changes.entry(subject).or_default() += u64::from(counts);
        }
    }
    for (id, user) in users {
        assert_eq!(user["version"].as_u64(), changes.get(id).copied(), "entries about {user}");
        assert!(!ended.contains(id), "the activity says that {user} is gone");
    }
    for id in changes.keys() {
        assert!(users.contains_key(id) || ended.contains(id), "the activity does not say where {id} went");
    }
}

/// What a secret may look like where somebody was careless.
fn spellings(secret: &str) -> Vec<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let mut raw = vec![secret.as_bytes().to_vec()];
    let mut spellings = vec![secret.to_owned()];
    if let Some((_, random)) = secret.rsplit_once('.').filter(|(start, _)| start.contains('_')) {
        spellings.push(random.to_owned());
        raw.push(URL_SAFE_NO_PAD.decode(random).unwrap());
    }
    for bytes in raw {
        spellings.extend([STANDARD.encode(&bytes), STANDARD_NO_PAD.encode(&bytes)]);
        spellings.extend([URL_SAFE.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]);
        spellings.extend([hex(&bytes), hex(&bytes).to_uppercase()]);
    }
    spellings
}

fn of_kind<'a>(dump: &'a [Value], wanted: &'a str) -> impl Iterator<Item = &'a Value> {
    dump.iter().filter(move |item| kind(item) == wanted)
}

/// The word that an item's sort key begins with tells what it is.
fn kind(item: &Value) -> String {
    item["sk"].as_str().unwrap().split('#').next().unwrap_or_default().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

#[tokio::test]
async fn all_that_can_happen_leaves_the_table_sound() {
    let app = TestApp::start().await;
    app.assert_sound(&app.dump());
    let admin = app.admin().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let member = app.member(&admin).await;
    let path = format!("/v1/users/{}", member.id());
    admin.patch(&path, json!({ "role": "admin", "name": "Mary Member" })).await.assert_status(200);
    admin.patch(&path, json!({ "email": "mary@example.com" })).await.assert_status(200);
    admin.put(&format!("{path}/app-roles/wiki"), json!({ "role": "power" })).await.assert_status(200);
    member.patch("/v1/me", json!({ "name": "Mary M. Member" })).await.assert_status(200);
    let passwords = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    member.post("/v1/me/password", passwords).await.assert_status(204);
    member.delete("/v1/session").await.assert_status(204);
    app.sign_in("mary@example.com", "wrong, and long enough").await.assert_status(401);
    app.assert_sound(&{
        app.settle().await;
        app.dump()
    });

    for (n, end) in ["accept", "revoke", "renew", "rename", "delete", "leave"].iter().enumerate() {
        let email = format!("guest{n}@example.com");
        let body = json!({ "email": email, "app_roles": { "wiki": "basic" }, "message": "Hello" });
        let invited = admin.post("/v1/invites", body).await.assert_status(201);
        let user = format!("/v1/users/{}", invited.json["user"]["id"].as_str().unwrap());
        let token = app.invite_token_of(&email).await;
        match *end {
            "accept" => drop(app.accept(&token).await.assert_status(201)),
            "revoke" => drop(admin.delete(&format!("{user}/invite")).await.assert_status(204)),
            "renew" => drop(admin.post(&format!("{user}/invite"), json!({})).await.assert_status(202)),
            "rename" => drop(admin.patch(&user, json!({ "email": "other@example.com" })).await.assert_status(200)),
            "delete" => drop(admin.delete(&user).await.assert_status(204)),
            _ => {}
        }
    }
    admin.delete(&format!("{path}/app-roles/wiki")).await.assert_status(200);
    admin.delete(&path).await.assert_status(204);
    app.mailbox().await;
    app.assert_sound(&app.dump());

    app.advance(Duration::from_hours(200)).await;
    app.assert_sound(&app.dump());

    app.advance(Duration::from_hours(24 * 100)).await;
    let before = app.dump().len();
    app.installation.sweep().await.unwrap();
    app.settle().await;
    assert!(app.dump().len() < before, "sessions and mails are not kept for ever");
    app.assert_sound(&app.dump());
    app.sign_in("admin@example.com", PASSWORD).await.assert_status(201);
}
