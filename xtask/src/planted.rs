//! Tests the tests: bugs are planted in a copy of the workspace, one at a time, and the tests that are named for each
//! have to fail.
//!
//! Every bug is an expression in the place of another. The copy holds all of them, asleep, so that it is built once; the
//! environment wakes one.

#![expect(clippy::print_stdout, reason = "printing the table is what this is for")]

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Names the bug that is awake.
const AWAKE: &str = "ROSTER_PLANTED";

struct Bug {
    what: &'static str,
    file: &'static str,
    /// What stands in the file once. Where it is not an expression, the one in it stands in guillemets.
    right: &'static str,
    /// The expression that is there instead.
    wrong: &'static str,
    /// The tests, as a filter of nextest, of which one at least has to fail.
    caught_by: &'static str,
}

impl Bug {
    /// The source with the bug in it, asleep.
    fn plant(&self, source: &str) -> Result<String, String> {
        let (before, rest) = self.right.split_once('«').unwrap_or(("", self.right));
        let (expression, after) = rest.split_once('»').unwrap_or((rest, ""));
        let found = [before, expression, after].concat();
        if source.matches(&found).count() != 1 {
            return Err(format!("{}: {} does not hold {found} once", self.what, self.file));
        }
        let is_awake = format!("std::env::var_os({AWAKE:?}).is_some_and(|bug| bug == {:?})", self.what);
        let planted = format!("{before}(if {is_awake} {{ {} }} else {{ {expression} }}){after}", self.wrong);
        Ok(source.replace(&found, &planted))
    }
}

const fn bug(
    what: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
    caught_by: &'static str,
) -> Bug {
    Bug { what, file, right, wrong, caught_by }
}

const BUGS: &[Bug] = &[
    bug(
        "a session outlives its last day",
        "shared/domain/src/sessions.rs",
        "now < self.expires_at",
        "true",
        "test(=sessions::an_idle_session_ends_after_a_day_and_a_busy_one_after_a_week)",
    ),
    bug(
        "a session outlives its idleness",
        "shared/domain/src/sessions.rs",
        "now.duration_since(self.last_seen_at) < idle",
        "idle.is_positive()",
        "test(=sessions::an_idle_session_ends_after_a_day_and_a_busy_one_after_a_week)",
    ),
    bug(
        "the secret of a session is not compared",
        "shared/domain/src/sessions.rs",
        "self.secret == *secret",
        "true",
        "test(=sessions::no_other_text_passes_for_a_session)",
    ),
    bug(
        "the generation of a session is ignored",
        "shared/domain/src/sessions.rs",
        "self.generation == user.session_generation",
        "true",
        "test(=me::a_new_password_ends_all_other_sessions)",
    ),
    bug(
        "the expiry of an invite is ignored when it is read",
        "shared/domain/src/invites.rs",
        "Some(_) if «self.expires_at <= now»",
        "false",
        "test(=expiry::an_invite_works_to_its_last_moment_and_not_beyond)",
    ),
    bug(
        "the hash of an invite's link is not compared",
        "shared/domain/src/invites.rs",
        "link.hash == *hash",
        "true",
        "test(=invites::no_other_text_passes_for_a_link)",
    ),
    bug(
        "a link that was replaced opens the invite",
        "shared/domain/src/invites.rs",
        "generation < self.generation",
        "false",
        "test(=invites::a_renewed_invite_replaces_its_link)",
    ),
    bug(
        "an accepted invite stays",
        "shared/store/src/change.rs",
        "user.invite().is_some() && !after.is_some_and(is_invited)",
        "user.invite().is_some() && after.is_some_and(is_invited)",
        "test(=invites::a_link_works_once)",
    ),
    bug(
        "the expiry of a reset is ignored when it is read",
        "shared/domain/src/resets.rs",
        "self.expires_at <= now",
        "false",
        "test(=resets::a_link_ends_by_the_clock_and_by_a_change_of_password_or_address)",
    ),
    bug(
        "a void reset works",
        "shared/domain/src/resets.rs",
        "self.session_generation != user.session_generation || self.email != user.email.key()",
        "false",
        "test(=resets::a_link_ends_by_the_clock_and_by_a_change_of_password_or_address)",
    ),
    bug(
        "a reset is mailed before it is known whether it may be asked for",
        "shared/store/src/passwords.rs",
        "writes.put(mail)?",
        "{ let item = Some(mail.attributes()?); \
           let put = self.client.put_item().table_name(&self.table).set_item(item).send().await; \
           put.map(drop).map_err(failed)? }",
        "test(=resets::nobody_is_flooded_with_mails)",
    ),
    bug(
        "an API key outlives its end",
        "shared/domain/src/api_keys.rs",
        "self.expires_at.is_none_or(|end| now < end)",
        "now < Timestamp::MAX",
        "test(=keys::it_ends_by_the_clock_and_when_it_is_deleted)",
    ),
    bug(
        "rights are not looked at",
        "shared/domain/src/access.rs",
        "self.role < role",
        "false",
        "test(=matrix::everybody_may_do_what_is_theirs_and_nothing_else)",
    ),
    bug(
        "a builder changes an admin",
        "shared/domain/src/access.rs",
        "user.role <= self.role",
        "true",
        "test(=users::a_builder_never_touches_an_admin)",
    ),
    bug(
        "a temporary password opens everything",
        "shared/domain/src/access.rs",
        "Err(Error::PasswordChangeRequired)",
        "Ok(())",
        "test(=temporary::it_opens_nothing_of_the_whole_api_but_the_way_to_another_one)",
    ),
    bug(
        "the last admin can go",
        "shared/store/src/change.rs",
        "\"contains(admin_ids, :id) AND size(admin_ids) > :one\"",
        "\"contains(admin_ids, :id) AND size(admin_ids) >= :one\"",
        "test(/^admins::/)",
    ),
    bug(
        "a stale version is accepted",
        "shared/web/src/answers.rs",
        "wanted != version",
        "false && wanted != version",
        "test(=users::a_stale_change_is_refused)",
    ),
    bug(
        "who writes last wins",
        "shared/store/src/change.rs",
        "\"revision = :revision\"",
        "\"revision <= :revision OR revision > :revision\"",
        "test(=races::changes_at_once_are_all_made_or_refused_as_stale)",
    ),
    bug(
        "suspending ends no session",
        "shared/domain/src/users.rs",
        "self.state = State::Suspended(suspension);\n        «self.end_sessions()»",
        "()",
        "test(/^history::/)",
    ),
    bug(
        "a change of password brings a session back",
        "shared/store/src/change.rs",
        "let is_there = Condition::new(«\"attribute_exists(pk)\"», []);",
        "\"attribute_exists(pk) OR attribute_not_exists(pk)\"",
        "test(=races::a_change_of_password_brings_no_session_back)",
    ),
    bug(
        "a pause grows too slowly",
        "shared/domain/src/attempts.rs",
        "FIRST_PAUSE_MINUTES << beyond.min(10)",
        "FIRST_PAUSE_MINUTES << (beyond / 2).min(10)",
        "binary(=life)",
    ),
    bug(
        "an address that has changed voids no reset",
        "shared/domain/src/resets.rs",
        "self.email != user.email.key()",
        "false",
        "binary(=life)",
    ),
    bug(
        "an address is given twice",
        "shared/store/src/change.rs",
        "writes.put_if(&claim, Condition::is_new(), taken)?",
        "writes.put(&claim)?",
        "test(=invites::an_address_can_be_invited_only_once)",
    ),
    bug(
        "a change has no entry in the activity",
        "shared/store/src/change.rs",
        "writes.activity(activity)?",
        "drop(activity)",
        "test(=invariants::all_that_can_happen_leaves_the_table_sound)",
    ),
    bug(
        "a cursor is not authenticated",
        "shared/store/src/cursor.rs",
        "self.mac(list, text).verify_truncated_left(seal).map_err(|_| refused())?",
        "drop(seal)",
        "test(=lists::a_cursor_is_good_for_its_own_list_and_as_it_is)",
    ),
    bug(
        "an idempotency key is ignored",
        "shared/web/src/idempotency.rs",
        "!request.headers().contains_key(HEADER)",
        "true",
        "test(=bulk::a_repeated_call_gets_the_answer_again_without_its_secrets)",
    ),
    bug(
        "an idempotency key answers another request",
        "shared/web/src/idempotency.rs",
        "before.fingerprint != claim.answer.fingerprint",
        "false",
        "test(=bulk::a_repeated_call_gets_the_answer_again_without_its_secrets)",
    ),
    bug(
        "secrets are kept with the answer",
        "shared/web/src/idempotency.rs",
        "ONE_TIME.contains(&name.as_str())",
        "false",
        "test(=bulk::a_repeated_call_gets_the_answer_again_without_its_secrets)",
    ),
    bug(
        "another site changes something with a visitor's cookie",
        "shared/web/src/auth.rs",
        "changes && !is_from_our_page(&parts.headers)",
        "false",
        "test(=security::another_site_changes_nothing_with_the_cookie_of_a_visitor)",
    ),
    bug(
        "any page passes for one of our own",
        "shared/web/src/auth.rs",
        "is_some_and(|value| «value == \"1\"»)",
        "!value.is_empty()",
        "test(=sessions::the_console_gets_a_cookie_that_scripts_and_other_sites_cannot_use)",
    ),
    bug(
        "any cookie passes for the session's",
        "shared/web/src/auth.rs",
        "pairs.find(|(found, _)| «*found == name»)",
        "!found.is_empty()",
        "test(=sessions::the_console_gets_a_cookie_that_scripts_and_other_sites_cannot_use)",
    ),
    bug(
        "over https the cookie is not bound to the host",
        "shared/web/src/auth.rs",
        "if «client.is_secure()» { \"__Host-roster\" }",
        "false",
        "test(=security::over_https_the_cookie_is_bound_to_the_host)",
    ),
    bug(
        "who does not ask for a cookie gets one",
        "shared/web/src/auth.rs",
        "if «!is_from_our_page(headers)» {",
        "false",
        "test(=sessions::the_console_gets_a_cookie_that_scripts_and_other_sites_cannot_use)",
    ),
    bug(
        "a builder passes for an admin",
        "shared/web/src/auth.rs",
        "&App::from_ref(state), «Role::Admin»)",
        "Role::Builder",
        "test(=matrix::everybody_may_do_what_is_theirs_and_nothing_else)",
    ),
    bug(
        "a member passes for a builder",
        "shared/web/src/auth.rs",
        "&App::from_ref(state), «Role::Builder»)",
        "Role::Member",
        "test(=matrix::everybody_may_do_what_is_theirs_and_nothing_else)",
    ),
    bug(
        "a member with a temporary password goes on",
        "shared/web/src/auth.rs",
        "signed_in.caller.require(Role::Member)?",
        "()",
        "test(=temporary::it_opens_nothing_of_the_whole_api_but_the_way_to_another_one)",
    ),
    bug(
        "the request is judged before the rights",
        "shared/web/src/hardening.rs",
        "Err(problem) if «is_public»",
        "true",
        "test(=http::credentials_are_judged_first_rights_next_and_the_request_last)",
    ),
    bug(
        "a query that nobody asked for is swallowed",
        "shared/web/src/hardening.rs",
        "if «errors.is_empty()» { Ok(()) }",
        "true",
        "test(=http::a_query_parameter_that_there_is_not_is_refused)",
    ),
    bug(
        "nobody notes that a right was refused",
        "shared/web/src/hardening.rs",
        "response.extensions().get::<RightRefused>().is_some()",
        "false",
        "test(=activity::refused_rights_are_told_with_what_was_tried)",
    ),
    bug(
        "any version is meant",
        "shared/web/src/answers.rs",
        "tag == \"*\"",
        "!tag.is_empty()",
        "test(=users::a_stale_change_is_refused)",
    ),
    bug(
        "who goes around the distribution gets in",
        "functions/src/edge.rs",
        "SecretHash::of_text(given) != *secret",
        "given.is_empty()",
        "test(=edge::tests::who_goes_around_the_distribution_is_refused)",
    ),
    bug(
        "unknown fields are swallowed",
        "shared/web/src/fields.rs",
        "fields.refuse_the_rest()",
        "drop(fields)",
        "test(=http::nobody_gives_themselves_what_no_field_asks_for)",
    ),
    bug(
        "wrong passwords pause nobody",
        "functions/src/sessions/sign_in.rs",
        "gate.attempts.paused_until(gate.security.sign_in_attempts, now)",
        "None",
        "test(=limits::an_address_pauses_for_one_account_longer_with_each_wrong_password)",
    ),
    bug(
        "many guesses at once are one",
        "shared/store/src/passwords.rs",
        "\"attribute_not_exists(failures) OR failures < :free OR failures = :seen\"",
        "\"attribute_not_exists(failures) OR failures < :free OR failures >= :seen\"",
        "test(=limits::the_right_password_among_too_many_wrong_ones_at_once_is_no_way_in)",
    ),
    bug(
        "an unknown address is answered without a hash",
        "functions/src/sessions/sign_in.rs",
        "app.passwords.verify(password.clone(), stored.clone()).await?",
        "stored.is_some() && app.passwords.verify(password.clone(), stored.clone()).await?",
        "test(=security::a_known_address_costs_a_sign_in_what_an_unknown_one_costs)",
    ),
    bug(
        "a password is trimmed",
        "shared/domain/src/passwords.rs",
        "text.nfc().take(Self::MAX_CHARS + 1).collect()",
        "text.trim().nfc().take(Self::MAX_CHARS + 1).collect()",
        "test(=passwords::spaces_letter_case_and_everything_else_count)",
    ),
    bug(
        "the hash of a password is not compared",
        "shared/domain/src/passwords.rs",
        "output.ct_eq(expected.as_bytes()).into()",
        "true",
        "test(=sessions::only_the_whole_password_is_right)",
    ),
    bug(
        "secrets are kept as they are",
        "shared/domain/src/tokens.rs",
        "SecretHash(Sha256::digest(self.0).into())",
        "SecretHash(self.0)",
        "test(=security::no_secret_is_kept_streamed_published_or_logged)",
    ),
    bug(
        "a suspended user signs in",
        "functions/src/sessions/sign_in.rs",
        "user.status(now) == Status::Suspended",
        "false",
        "test(=suspension::a_suspended_user_is_out_at_once_and_told_why_after_the_right_password)",
    ),
    bug(
        "the setup can be repeated",
        "shared/store/src/lib.rs",
        "writes.put_if(&installation, Condition::is_new(), |_| Error::AlreadySetUp)?",
        "writes.put(&installation)?",
        "test(=races::of_twenty_setups_at_once_one_counts)",
    ),
    bug(
        "nobody notes that a mail was sent",
        "functions/src/events/delivery.rs",
        "note(app, mail, reading, &outcome).await",
        "Ok(())",
        "test(=mail::a_mail_that_fails_is_tried_again)",
    ),
];

/// Wakes each bug in turn, and says which tests caught it.
pub(crate) fn print(wanted: Option<&str>) -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let copy = root.join("target/planted");
    plant(&root, &copy)?;
    let run = |bug: &str, more: &[&str]| {
        let mut nextest = Command::new("cargo");
        nextest.args(["nextest", "run", "--workspace", "--cargo-quiet"]).args(more);
        nextest.current_dir(&copy).env("CARGO_TARGET_DIR", root.join("target")).env(AWAKE, bug).output()
    };
    let built = run("", &["--no-run"])?;
    if !built.status.success() {
        return Err(String::from_utf8_lossy(&built.stderr).into());
    }
    let mut missed = Vec::new();
    let bugs: Vec<&Bug> = BUGS.iter().filter(|bug| wanted.is_none_or(|wanted| bug.what.contains(wanted))).collect();
    println!("| bug | caught by |\n| --- | --- |");
    for bug in &bugs {
        // Asleep, the tests pass: it is the bug that they catch.
        let asleep = run("", &["-E", bug.caught_by])?;
        let awake = run(bug.what, &["-E", bug.caught_by])?;
        let is_caught = asleep.status.success() && awake.status.code() == Some(TESTS_FAILED);
        println!("| {} | {} |", bug.what, if is_caught { bug.caught_by } else { "**nobody**" });
        if !is_caught {
            missed.push(format!("{}: {}", bug.what, String::from_utf8_lossy(&awake.stderr)));
        }
    }
    println!("\n{} of {} bugs are caught.", bugs.len() - missed.len(), bugs.len());
    if missed.is_empty() { Ok(()) } else { Err(missed.join("\n").into()) }
}

/// What nextest exits with.
const TESTS_FAILED: i32 = 100;

/// Copies the workspace, with all bugs in it. What is as it was is left, so that it is not built anew.
fn plant(root: &Path, copy: &Path) -> Result<(), Box<dyn Error>> {
    let listed =
        Command::new("git").args(["ls-files", "-z", "-co", "--exclude-standard"]).current_dir(root).output()?;
    for file in String::from_utf8(listed.stdout)?.split('\0').filter(|file| !file.is_empty()) {
        // It may be deleted and not yet committed.
        let Ok(mut content) = fs::read(root.join(file)) else { continue };
        if file == "Cargo.toml" {
            // Of another version, what is built of the copy is never taken for what is built here.
            content =
                String::from_utf8(content)?.replacen("version = \"", "version = \"0.0.0-planted.", 1).into_bytes();
        }
        for bug in BUGS.iter().filter(|bug| bug.file == file) {
            content = bug.plant(&String::from_utf8(content)?)?.into_bytes();
        }
        let to = copy.join(file);
        if fs::read(&to).is_ok_and(|present| present == content) {
            continue;
        }
        fs::create_dir_all(to.parent().unwrap_or(copy))?;
        fs::write(to, content)?;
    }
    // The console is built there too, by what is installed here.
    let (installed, link) = (root.join("console/node_modules"), copy.join("console/node_modules"));
    if installed.exists() && !link.exists() {
        std::os::unix::fs::symlink(installed.canonicalize()?, link)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bug_can_be_planted() {
        let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        for bug in BUGS {
            let mut source = fs::read_to_string(root.join(bug.file)).unwrap();
            for before in BUGS.iter().filter(|other| other.file == bug.file).take_while(|other| other.what != bug.what)
            {
                source = before.plant(&source).unwrap();
            }
            bug.plant(&source).unwrap();
        }
    }
}
