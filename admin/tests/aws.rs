//! What operators do at the command line, on a table in AWS, which is played here.

#![expect(clippy::unwrap_used, reason = "what helps a test fails it")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::json;

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
