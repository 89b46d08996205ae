//! The tour of README.md, as a reader takes it: the binary in one terminal, the lines of the tour in another.

use std::{fs, path::Path, process::Command};

use crate::process::{Roster, empty_directory};

const ADDRESS: &str = "ROSTER=http://127.0.0.1:8080\n";

#[test]
fn the_tour_of_the_readme_works_and_its_data_outlives_the_process() {
    let directory = empty_directory("tour");
    let tour = tour();
    assert_eq!(tour.matches(ADDRESS).count(), 1, "the tour says once where Roster is");

    let roster = Roster::start(&directory);
    let script = tour.replace(ADDRESS, &format!("ROSTER={}\n", roster.url));
    let script = format!("{script}\nprintf '%s %s %s' $ADMIN $GRACE $TOKEN");
    let shown = bash(&directory, &script);

    let (shown, tokens) = shown.rsplit_once('\n').expect("the tour shows something");
    let [admin, grace, token] = tokens.split(' ').collect::<Vec<_>>()[..] else { panic!("{tokens}") };
    let (_, me) = shown.rsplit_once('\n').expect("the last line is Grace");
    for part in [r#""email":"grace@example.com""#, r#""status":"active""#, r#""app_roles":{"wiki":"power"}"#] {
        assert!(me.contains(part), "{part} is missing in {me}");
    }

    drop(roster);
    let roster = Roster::start(&directory);
    let get = |path: &str, token: &str| {
        bash(&directory, &format!("curl -fsS {}{path} -H 'Authorization: Bearer {token}'", roster.url))
    };
    assert_eq!(get("/v1/me", grace), me, "the session goes on");
    assert_eq!(get("/v1/users", admin).matches(r#""status":"active""#).count(), 2);
    assert!(get("/v1/apps", admin).contains(r#""slug":"wiki""#));
    assert!(get("/v1/settings/email", admin).contains(r#""company":"Example Ltd""#));
    assert_eq!(get("/_local/mail", "").matches("Welcome!").count(), 2, "as text and as HTML, mailed once");
    let again = format!(
        r#"curl -sS {}/v1/invites/accept --json '{{"token": "{token}", "name": "Eve", "password": "marble thunder"}}'"#,
        roster.url
    );
    assert!(bash(&directory, &again).contains("invite-unknown"), "a link works once");
}

/// What `script` prints. Every command of it has to succeed.
fn bash(directory: &Path, script: &str) -> String {
    let script = format!("set -euo pipefail\n{script}");
    let run = Command::new("bash").args(["-c", &script]).current_dir(directory).output().expect("bash runs");
    let output = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{script}\n{output}\n{}", String::from_utf8_lossy(&run.stderr));
    output
}

/// The blocks of README.md that are written to be pasted into bash.
fn tour() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).expect("README.md can be read");
    let blocks = readme.split("```bash\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    blocks.collect::<Vec<_>>().join("\n")
}
