//! Domain events: what is published is what `docs/events` says, at least once, and never a secret.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use jsonschema::Validator;
use roster_domain::activity::{Action, Actor, Subject};
use roster_local::bus::{Event, Fault};
use serde_json::{Value, json};

use crate::{permissions::Walk, support::TestApp, template::root};

/// The fields that an event has, and no others.
const FIELDS: [&str; 7] = ["actor", "changes", "id", "subject", "time", "type", "version"];

fn document(name: &str) -> String {
    fs::read_to_string(root().join("docs/events").join(name)).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&document("event.schema.json")).unwrap()
}

fn validator() -> Validator {
    jsonschema::options().should_validate_formats(true).build(&schema()).unwrap()
}

/// Every type there is.
fn actions() -> BTreeSet<String> {
    Action::ALL.iter().map(|action| action.as_str().to_owned()).collect()
}

/// What the table of types says that may change in an event of each type.
fn described() -> BTreeMap<String, Vec<String>> {
    let readme = document("README.md");
    let rows = readme.lines().filter(|line| line.starts_with("| `"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let fields = cells[4].split(", ").map(|field| field.trim_matches('`').to_owned());
        (cells[1].trim_matches('`').to_owned(), fields.collect())
    };
    rows.map(row).collect()
}

/// What happened to a user, oldest first.
fn about(app: &TestApp, email: &str) -> Vec<Event> {
    let mut events = app.installation.bus().events();
    events.reverse();
    events.retain(|event| event.detail["subject"]["label"] == email);
    events
}

fn types(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| &*event.detail_type).collect()
}

#[tokio::test]
async fn everything_that_happens_is_published_as_it_is_documented() {
    let walk = Walk::to_the_end().await;
    // No operation does this, but roster-admin.
    let app = walk.installation.app();
    let parties = (Actor::System, Subject::Installation);
    let voided =
        app.activity(app.now(), Action::LinksAndSessionsVoided, parties, Vec::new(), &roster_web::Client::default());
    app.store.record(&voided).await.unwrap();
    walk.installation.settle().await;
    let (validator, described) = (validator(), described());
    let mut seen = BTreeSet::new();

    for Event { source, detail_type, detail, .. } in walk.installation.bus().events() {
        let errors: Vec<_> = validator.iter_errors(&detail).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {detail}");
        assert_eq!((&*source, &json!(detail_type)), ("roster", &detail["type"]));
        assert_eq!(detail.as_object().unwrap().keys().collect::<Vec<_>>(), FIELDS);
        for field in detail["changes"].as_object().unwrap().keys() {
            let is_known = described[&detail_type].iter().any(|known| match known.strip_suffix('*') {
                Some(prefix) => field.starts_with(prefix),
                None => field == known,
            });
            assert!(is_known, "docs/events/README.md does not tell that {detail_type} has {field}");
        }
        seen.insert(detail_type);
    }

    assert_eq!(seen, actions(), "left is what was published, right every action");
    let told = serde_json::to_string(&walk.installation.bus().events()).unwrap();
    for secret in ["invite_0", "reset_0", "session_0", "key_0", "#token=", "$argon2", "whsec_"] {
        assert!(!told.contains(secret), "a secret that begins with {secret}");
    }
}

#[test]
fn every_type_is_documented() {
    let all = actions();
    let schema = schema();
    let types = schema["properties"]["type"]["enum"].as_array().unwrap().iter();
    let judged = schema["allOf"].as_array().unwrap().iter();
    let judged = judged.flat_map(|rule| rule["if"]["properties"]["type"]["enum"].as_array().unwrap());
    let texts = |values: &mut dyn Iterator<Item = &Value>| values.map(|value| value.as_str().unwrap().into()).collect();

    assert_eq!(described().into_keys().collect::<BTreeSet<_>>(), all, "left is docs/events/README.md");
    for (name, told) in [("the types", texts(&mut types.into_iter())), ("the rules", texts(&mut judged.into_iter()))] {
        let told: BTreeSet<String> = told;
        assert_eq!(told, all, "left is docs/events/event.schema.json, {name}");
    }
}

#[tokio::test]
async fn an_event_is_the_entry_of_the_activity_without_the_traces_of_the_request() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    let invite = json!({ "email": "ada@example.com", "delivery": "link" });
    let invited = admin.post("/v1/invites", invite).await.assert_status(201).json;
    app.settle().await;

    let events = about(&app, "ada@example.com");

    assert_eq!(types(&events), ["user.invited"]);
    let entry = app.activity().into_iter().find(|entry| entry["action"] == "user.invited").unwrap();
    let detail = &events[0].detail;
    for (field, of_entry) in
        [("id", "id"), ("type", "action"), ("time", "at"), ("actor", "actor"), ("subject", "subject")]
    {
        assert_eq!(detail[field], entry[of_entry], "{field}");
    }
    assert_eq!(detail["subject"]["id"], invited["user"]["id"]);
    assert_eq!(detail["changes"]["email"], json!([null, "ada@example.com"]));
    let items = app.stranger().get("/_local/events").await.json;
    assert_eq!(items["items"][0]["detail"], *detail, "newest first");
    app.stranger().delete("/_local/events").await;
    assert_eq!(app.installation.bus().events(), []);
}

#[tokio::test]
async fn what_the_bus_does_not_take_is_sent_again_and_nothing_else_waits_for_it() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    app.settle().await;
    let invite = async |email: &str| {
        let body = json!({ "email": email, "delivery": "link" });
        admin.post("/v1/invites", body).await.assert_status(201);
        app.settle().await;
        about(&app, email)
    };

    app.installation.bus().fail([Fault::Refused(0)]);
    assert_eq!(types(&invite("partial@example.com").await), ["user.invited"]);
    // As often as client and operation try: the record comes again.
    app.installation.bus().fail(vec![Fault::Throttled; 12]);
    assert_eq!(types(&invite("outage@example.com").await), ["user.invited"]);
    app.installation.bus().fail(vec![Fault::Throttled; 1_000]);
    assert_eq!(types(&invite("lost@example.com").await), [""; 0]);

    let dead = app.installation.dead_letters();
    assert_eq!(dead.iter().map(|letter| &*letter.operation).collect::<Vec<_>>(), ["follow_changes"]);
    let summary = admin.get("/v1/users/summary").await.json;
    assert_eq!(summary["by_status"]["invited"], 3, "they are counted all the same");
}
