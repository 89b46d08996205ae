//! What operators do at the command line, on a table in AWS, which is played here.

#![expect(clippy::unwrap_used, reason = "what helps a test fails it")]

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use roster_domain::activity::Action;
use roster_local::{Installation, Options};
use serde_json::{Value, json};

const REGION: (&str, &str) = ("AWS_REGION", "eu-central-1");
const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "secret")];
const TABLE: (&str, &str) = ("ROSTER_TABLE", "roster");

/// How the command ends, and what it says.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roster-admin"));
    let output = command.args(arguments).env_clear().envs(environment.iter().copied()).output().unwrap();
    let told = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    (output.status.code(), told)
}

/// Plays DynamoDB: requests are answered by `answer`, which is told head and body. Where it is found.
fn serve(answer: impl Fn(&str, &[u8]) -> (u16, Vec<u8>) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (head, body) = read(&mut stream);
            let (status, body) = answer(&head, &body);
            let head = format!(
                "HTTP/1.1 {status} -\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        }
    });
    url
}

/// Plays a DynamoDB that answers everything with this error, in the form of its own.
fn serve_error(code: &str, message: &str) -> String {
    let error = json!({ "__type": format!("com.amazon.coral.service#{code}"), "message": message });
    serve(move |_, _| (400, error.to_string().into_bytes()))
}

/// A message of HTTP with its length.
fn read(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let (mut bytes, mut some) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let count = stream.read(&mut some).unwrap();
        assert!(count > 0, "the message ends in its head");
        bytes.extend(&some[..count]);
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).unwrap();
    let length: usize = header(&head, "content-length").unwrap().parse().unwrap();
    while body.len() < length {
        let count = stream.read(&mut some).unwrap();
        body.extend(&some[..count]);
    }
    (head, body)
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.into_iter().find_map(|(field, value)| field.eq_ignore_ascii_case(name).then_some(value))
}

#[test]
fn an_error_of_aws_says_what_to_do() {
    let denied =
        "User: arn:aws:iam::1:user/ada is not authorized to perform: dynamodb:GetItem on resource: table/roster";
    for (code, message, told) in [
        ("AccessDeniedException", denied, "lack dynamodb:GetItem on the table roster in eu-central-1"),
        ("ResourceNotFoundException", "Requested resource not found", "not know the table roster in eu-central-1"),
        ("ExpiredTokenException", "The security token is expired", "aws configure export-credentials"),
        ("UnrecognizedClientException", "The security token is invalid", "aws configure export-credentials"),
        ("ValidationException", "One value is not valid", "One value is not valid"),
    ] {
        let url = serve_error(code, message);
        let environment = [REGION, CREDENTIALS[0], CREDENTIALS[1], TABLE, ("AWS_ENDPOINT_URL_DYNAMODB", &url)];

        let (status, says) = run(&["status"], &environment);

        assert_eq!(status, Some(2), "{says}");
        assert!(says.contains(told) && says.contains(message), "{code}: {says}");
    }
}

#[test]
fn what_is_missing_in_the_environment_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = format!("http://{closed}");
    let nowhere = ("AWS_ENDPOINT_URL_DYNAMODB", nowhere.as_str());
    let [id, secret] = CREDENTIALS;
    let unnamed = ("ROSTER_TABLE", "");
    for (environment, told) in [
        (&[REGION, TABLE, nowhere][..], "AWS_ACCESS_KEY_ID is not set"),
        (&[REGION, id, TABLE, nowhere], "AWS_SECRET_ACCESS_KEY is not set"),
        (&[id, secret, TABLE, nowhere], "AWS_REGION is not set"),
        (&[REGION, id, secret, unnamed, nowhere], "'--table <TABLE>': it is empty"),
        (&[REGION, id, secret, TABLE, nowhere], "does not answer for the table roster in eu-central-1"),
    ] {
        let (status, says) = run(&["status"], environment);

        assert_eq!(status, Some(2), "{says}");
        assert!(says.contains(told), "{told}: {says}");
    }
}

#[test]
fn a_whole_table_is_changed_only_with_consent() {
    for command in [&["seed", "1"][..], &["void-links-and-sessions"]] {
        let calls = Arc::new(Mutex::new(0));
        let seen = Arc::clone(&calls);
        let url = serve(move |_, _| {
            *seen.lock().unwrap() += 1;
            (400, json!({ "__type": "AccessDeniedException" }).to_string().into_bytes())
        });
        let environment = [REGION, CREDENTIALS[0], CREDENTIALS[1], TABLE, ("AWS_ENDPOINT_URL_DYNAMODB", &url)];

        let (status, says) = run(command, &environment);

        assert_eq!(status, Some(2), "{says}");
        assert!(says.contains("the table roster in eu-central-1") && says.contains("--yes"), "{says}");
        assert_eq!(*calls.lock().unwrap(), 0, "nothing was asked before");
        run(&[command, &["--yes"]].concat(), &environment);
        assert!(*calls.lock().unwrap() > 0);
    }
}

/// The rights that a request needs, as IAM calls them: those of a transaction are those of its writes.
fn rights(head: &str, body: &[u8]) -> BTreeSet<String> {
    let call = header(head, "x-amz-target").unwrap().split_once('.').unwrap().1;
    let body: Value = serde_json::from_slice(body).unwrap();
    match body["TransactItems"].as_array() {
        Some(items) => {
            items.iter().flat_map(|item| item.as_object().unwrap().keys()).map(|it| format!("{it}Item")).collect()
        }
        None => BTreeSet::from([call.to_owned()]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_names_the_rights_that_each_command_needs() {
    // What follows from a change comes later than what a command does next: who erases has to clean up themselves.
    let options = Options { serve_aws: true, takes_time: true, ..Options::ephemeral() };
    let installation = Installation::start(options).await.unwrap();
    let upstream = installation.aws().unwrap().dynamodb.trim_start_matches("http://").to_owned();
    let rights_used = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&rights_used);
    let url = serve(move |head, body| {
        seen.lock().unwrap().extend(rights(head, body));
        let mut stream = TcpStream::connect(&upstream).unwrap();
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let (head, body) = self::read(&mut stream);
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
    });
    let environment = [REGION, CREDENTIALS[0], CREDENTIALS[1], TABLE, ("AWS_ENDPOINT_URL_DYNAMODB", url.as_str())];
    let uses = |commands: &[&[&str]]| -> BTreeSet<String> {
        for command in commands {
            let (status, says) = run(command, &environment);
            assert_eq!(status, Some(0), "{command:?}: {says}");
        }
        std::mem::take(&mut *rights_used.lock().unwrap())
    };
    set_up(&installation).await;
    let set = |names: &str| -> BTreeSet<String> { names.split(' ').map(str::to_owned).collect() };
    let (read, write) = (set("BatchGetItem GetItem Query"), set("DeleteItem PutItem UpdateItem"));
    let all = &(&read | &write) | &set("BatchWriteItem");

    let create = |email| ["create-admin", "--email", email, "--name", "Ada Lovelace"];
    let created = uses(&[&create("ada@example.com"), &create("alan@example.com")]);
    installation.settle().await;
    let seeded = uses(&[&["seed", "20", "--yes"]]);
    let read_only: &[&[&str]] =
        &[&["status"], &["export"], &["export", "--person", "ada@example.com"], &["activity"], &["verify-activity"]];
    assert_eq!(uses(read_only), read);
    assert_eq!(created, &set("BatchGetItem GetItem") | &write);
    assert_eq!(seeded, set("BatchGetItem BatchWriteItem PutItem Query UpdateItem"));
    assert_eq!(uses(&[&["erase", "--email", "admin@example.com"]]), all);
    assert_eq!(uses(&[&["void-links-and-sessions", "--yes"]]), all);
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md")).unwrap();
    for rights in [
        "| those that only read | `GetItem`, `BatchGetItem`, `Query` |",
        "| `create-admin` | `GetItem`, `BatchGetItem`, `PutItem`, `UpdateItem`, `DeleteItem` |",
        "| `seed` | `BatchGetItem`, `Query`, `PutItem`, `UpdateItem`, `BatchWriteItem` |",
        "| `erase`, `void-links-and-sessions` | all of these |",
    ] {
        assert!(guide.contains(rights), "{rights}");
    }
    installation.stop().await;
}

/// The first admin, an invite, somebody with a temporary password, and an API key.
async fn set_up(installation: &Installation) {
    let ask = async |path: &str, token: &str, body: Value| -> Value {
        let request = Request::post(path).header("content-type", "application/json");
        let request =
            request.header("authorization", format!("Bearer {token}")).body(Body::from(body.to_string())).unwrap();
        let answer = installation.front_door().answer(request, installation.address()).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    };
    let secret = installation.setup_secret();
    let admin = json!({
        "setup_secret": secret, "email": "admin@example.com", "name": "Grace Hopper", "password": "correct horse battery staple",
    });
    let started = ask("/v1/setup", "", admin).await;
    let token = started["token"].as_str().unwrap();
    ask("/v1/invites", token, json!({ "email": "alan@example.com", "delivery": "link" })).await;
    ask("/v1/users", token, json!({ "email": "alonzo@example.com", "name": "Alonzo Church" })).await;
    ask("/v1/api-keys", token, json!({ "name": "Payroll", "role": "builder" })).await;
    installation.settle().await;
}

#[test]
fn the_guide_looks_for_every_action_that_a_restore_takes_back() {
    const MEANS_NOTHING: [&str; 16] = [
        "access.refused",
        "installation.set_up",
        "links_and_sessions.voided",
        "mail.bounced",
        "mail.complained",
        "mail.failed",
        "session.ended",
        "session.refused",
        "session.started",
        "sessions.ended",
        "test_mail.requested",
        "webhook.resend_requested",
        "webhook.test_requested",
        "password.change_refused",
        "password.reset_requested",
        "template.failed",
    ];
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md")).unwrap();
    let (_, restore) = guide.split_once("\n## Restore\n").unwrap();
    let (restore, _) = restore.split_once("\n## ").unwrap();
    let wanted: Vec<_> =
        restore.split("--action ").skip(1).map(|rest| rest.split_whitespace().next().unwrap()).collect();

    for action in Action::ALL.iter().map(|action| action.as_str()) {
        let is_looked_for = wanted.iter().any(|begin| action.starts_with(begin));
        assert!(is_looked_for || MEANS_NOTHING.contains(&action), "{action}");
    }
}
