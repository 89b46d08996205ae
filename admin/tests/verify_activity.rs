//! `roster-admin verify-activity`, as an operator runs it.

#![expect(clippy::unwrap_used, reason = "what helps a test fails it")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use roster_domain::activity::{Action, Actor, Subject};
use roster_local::{Installation, Options, data, engine::TABLE};
use roster_store::keys::SEALS;

/// A data directory of a test, gone with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("roster-admin-{name}-{}", std::process::id())))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// Runs an installation on `directory` in which three things happen.
async fn live(directory: &Path) {
    let options = Options { port: 0, ..Options::persistent(directory.to_owned()) };
    let installation = Installation::start(options).await.unwrap();
    let app = installation.app();
    for _ in 0..3 {
        let parties = (Actor::System, Subject::Installation);
        let activity = app.activity(app.now(), Action::MailFailed, parties, Vec::new(), &roster_web::Client::default());
        app.store.record(&activity).await.unwrap();
        installation.settle().await;
    }
    installation.stop().await;
}

fn verify(arguments: &[&str]) -> (Option<i32>, String) {
    let command =
        Command::new(env!("CARGO_BIN_EXE_roster-admin")).arg("verify-activity").args(arguments).env_clear().output();
    let Output { status, stdout, stderr } = command.unwrap();
    (status.code(), [stdout, stderr].map(|text| String::from_utf8(text).unwrap()).concat())
}

async fn remove(client: &Client, pk: &str, sk: &str) {
    let delete = client.delete_item().table_name(TABLE);
    let delete = delete.key("pk", AttributeValue::S(pk.to_owned())).key("sk", AttributeValue::S(sk.to_owned()));
    delete.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_what_was_removed_and_whether_the_chain_was_cut_off() {
    let directory = Directory::new("cut");
    let path = directory.0.to_str().unwrap();
    live(&directory.0).await;
    let (code, told) = verify(&["--data", path]);
    assert_eq!((code, told.lines().next()), (Some(0), Some("seals: 3")), "{told}");
    let head = told.lines().find_map(|line| line.strip_prefix("head: ")).unwrap().to_owned();
    assert_eq!(head.len(), 64);
    live(&directory.0).await;
    let (code, told) = verify(&["--data", path, "--expect", &head]);
    assert_eq!((code, told.lines().next()), (Some(0), Some("seals: 6")), "{told}");

    let (client, _) = data::open(&directory.0).unwrap();
    for number in [5, 4, 3, 2] {
        remove(&client, SEALS, &format!("{number:020}")).await;
    }
    assert_eq!(verify(&["--data", path]).0, Some(0), "what is left is whole");
    let (code, told) = verify(&["--data", path, "--expect", &head]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(&format!("No seal has the digest {head}")), "{told}");

    remove(&client, SEALS, &format!("{:020}", 0)).await;
    let (code, told) = verify(&["--data", path]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("Seal 0 was removed or altered."), "{told}");
}

#[test]
fn it_says_where_it_finds_nothing() {
    let (code, told) = verify(&["--data", "/nowhere"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("/nowhere"), "{told}");
    let (code, told) = verify(&[]);
    assert_eq!(code, Some(2));
    assert!(told.contains("--data") && told.contains("--table"), "{told}");
}
