//! What goes wrong in services like this one, and the test that shows what comes of it here: the table of
//! `docs/reliability.md` is written from here.

use std::fmt::Write as _;

use Verdict::{Inapplicable, Shown};

use crate::{asvs::tests, told::assert_told};

/// A scenario, and what must hold in it.
struct Row(&'static str, &'static str, Verdict);

enum Verdict {
    /// By these tests.
    Shown(&'static [&'static str]),
    /// And why.
    Inapplicable(&'static str),
}

/// Takes every use case, every call that it makes, and every fault that can happen to the call.
const SWEEP: &str = "faults::whatever_goes_wrong_what_was_answered_is_true_and_the_rest_happens_in_the_end";
const HISTORY: &str = "history::whatever_many_at_once_are_answered_can_be_told_one_after_the_other";
const LOAD: &str = "local::load::what_is_acknowledged_outlives_the_process_and_every_answer_is_right";
const OUTAGE: &str = "local::outage::no_invite_is_lost_silently_while_ses_fails_and_the_process_dies";

const ROWS: [Row; 34] = [
    Row(
        "F01",
        "Fifty invites to one address at once: one counts, one mail goes out",
        Shown(&["races::of_fifty_invites_to_one_address_one_counts", HISTORY]),
    ),
    Row("F02", "An invite is made and its answer lost: asked again, it is a success", Shown(&[SWEEP, HISTORY])),
    Row("F03", "The process dies between an invite and its mail: the mail goes out", Shown(&[SWEEP, OUTAGE])),
    Row(
        "F04",
        "It dies between a mail and the note of it: two mails at most, and both links work",
        Shown(&[SWEEP, "mail::a_mail_whose_acceptance_got_lost_comes_twice_and_both_links_work"]),
    ),
    Row(
        "F05",
        "SES throttles, fails or refuses: tried again, then seen to have failed, and nobody is held up",
        Shown(&[
            OUTAGE,
            "mail::a_mail_that_always_fails_is_seen_to_have_failed",
            "mail::a_mail_that_is_refused_is_not_tried_again",
            "mail::one_bad_address_holds_up_nobody",
        ]),
    ),
    Row(
        "F06",
        "SES reports early, twice, out of order, or of somebody who is gone",
        Shown(&[
            "mail_events::a_report_may_come_before_we_noted_that_the_mail_was_sent",
            "mail_events::a_worse_report_stays_and_counts_once",
            "mail_events::a_report_on_somebody_who_is_gone_writes_nothing",
        ]),
    ),
    Row(
        "F07",
        "An invite is accepted and the answer lost: the password that was chosen works",
        Shown(&[SWEEP, HISTORY]),
    ),
    Row(
        "F08",
        "An accept meets a revocation, a renewal, a deletion or the expiry: one order explains both answers",
        Shown(&[
            HISTORY,
            "races::an_accept_and_whatever_meets_it_end_in_one_of_two_ways",
            "expiry::an_invite_works_to_its_last_moment_and_not_beyond",
        ]),
    ),
    Row(
        "F09",
        "Two accept one link with different passwords: the password of one never works",
        Shown(&[HISTORY, "races::of_fifty_accepts_of_one_link_one_counts"]),
    ),
    Row(
        "F10",
        "What has expired is deleted late or never, and schedules run late or twice",
        Shown(&[
            "expiry::an_expired_invite_does_not_wait_to_be_noted",
            "expiry::an_expiry_is_noted_by_itself_and_once",
            "expiry::a_late_run_leaves_a_renewed_invite_alone",
        ]),
    ),
    Row(
        "F11",
        "An old record of the stream comes after a new invite for the same address",
        Shown(&["deletion::a_record_of_a_deletion_that_comes_late_leaves_alone_who_has_the_address_now"]),
    ),
    Row(
        "F12",
        "The clocks of functions differ",
        Inapplicable(
            "Lambda keeps clocks to milliseconds by NTP, and the shortest life that is judged by them is a minute",
        ),
    ),
    Row(
        "F13",
        "A record of the stream that cannot be handled: others are, and it is put aside",
        Shown(&[
            "local::streams::records_that_fail_come_again_from_the_first_failure_on",
            "local::streams::a_record_that_keeps_failing_is_put_aside",
            "events::a_record_that_fails_is_named_by_its_sequence_number",
        ]),
    ),
    Row(
        "F14",
        "Records of the stream come again, late, for what has changed since",
        Shown(&[
            SWEEP,
            "summary::it_is_exact_once_quiet_and_records_may_come_twice_late_and_out_of_order",
            "mail::a_stream_record_that_comes_again_sends_nothing_again",
            "mail::a_mail_that_lost_its_purpose_is_not_sent",
        ]),
    ),
    Row("F15", "A handler dies after half of its effects: it can be run again", Shown(&[SWEEP])),
    Row("F16", "A user with a temporary password is created, and the process dies at any call", Shown(&[SWEEP])),
    Row(
        "F17",
        "A temporary password is changed and the answer lost: the new one works, the old does not",
        Shown(&[SWEEP]),
    ),
    Row(
        "F18",
        "A reset is asked for often: the newest link works, and few mails go out",
        Shown(&["resets::only_the_newest_link_works", "resets::nobody_is_flooded_with_mails"]),
    ),
    Row(
        "F19",
        "A sign-in meets a suspension, a deletion or a new password: no session outlives them",
        Shown(&[
            HISTORY,
            "races::a_right_password_is_never_called_wrong_whatever_happens_meanwhile",
            "security::a_sign_in_that_meets_a_suspension_leaves_no_session",
        ]),
    ),
    Row(
        "F20",
        "Two admins change one user at once: no change is lost",
        Shown(&[HISTORY, "races::changes_at_once_are_all_made_or_refused_as_stale"]),
    ),
    Row(
        "F21",
        "Two admins end each other: one stays",
        Shown(&["races::two_admins_who_end_each_other_leave_one", "admins::the_last_active_admin_survives_every_path"]),
    ),
    Row(
        "F22",
        "The process dies while what a deleted user leaves is removed: the next one goes on",
        Shown(&[SWEEP, "deletion::what_a_process_that_died_left_undone_is_done_by_the_next"]),
    ),
    Row("F23", "An address is given anew while its user is deleted: nothing is inherited", Shown(&[HISTORY])),
    Row("F24", "A change of address meets an invite to the new one, and answers get lost", Shown(&[HISTORY])),
    Row(
        "F25",
        "The table refuses all calls of one kind: others go on, and there are three tries at most",
        Shown(&["faults::while_the_table_refuses_one_operation_others_go_on_and_nobody_storms_it"]),
    ),
    Row(
        "F26",
        "Users come and go, and an index is behind, while they are listed",
        Shown(&[
            SWEEP,
            "lists::pages_stay_right_while_users_come_and_go",
            "lists::a_cursor_is_good_for_its_own_list_and_as_it_is",
        ]),
    ),
    Row(
        "F27",
        "A request is repeated with its idempotency key, at once, later, or with another body",
        Shown(&[
            HISTORY,
            "bulk::repeats_at_once_have_one_effect_and_one_answer",
            "bulk::a_repeated_call_gets_the_answer_again_without_its_secrets",
        ]),
    ),
    Row(
        "F28",
        "Many wrong passwords at once, and counting them fails: each is counted, or the answer is 503",
        Shown(&[
            "limits::a_wrong_password_that_is_not_counted_is_not_called_wrong",
            "limits::wrong_passwords_at_once_are_all_counted",
        ]),
    ),
    Row("F29", "The process is killed under load: what was acknowledged is there", Shown(&[LOAD, OUTAGE])),
    Row(
        "F30",
        "A store of keys is down, or keys are exchanged",
        Inapplicable("tokens are random and looked up in the table; nothing is signed but cursors and webhooks"),
    ),
    Row(
        "F31",
        "An authorizer remembers rights that are gone",
        Inapplicable(
            "there is none: each request reads session and user, see `sessions::a_user_who_is_demoted_has_the_new_role_at_once`",
        ),
    ),
    Row("F32", "A refresh token is exchanged and the answer lost", Inapplicable("there are no refresh tokens")),
    Row(
        "F33",
        "An import dies half way: run again, it finishes, and each row has its outcome",
        Shown(&[SWEEP, "bulk::every_row_of_an_invitation_has_its_outcome_and_a_dry_run_tells_the_same"]),
    ),
    Row(
        "F34",
        "The table is restored: nothing that was used or taken back works again",
        Shown(&[
            "admin::commands::after_a_restore_nothing_that_was_used_works_again",
            "admin::commands::after_a_restore_no_mail_brings_a_new_link",
        ]),
    ),
];

#[test]
fn every_scenario_names_tests_that_there_are() {
    let tests = tests();
    for (n, Row(id, _, verdict)) in ROWS.iter().enumerate() {
        assert_eq!(*id, format!("F{:02}", n + 1));
        let (named, why) = match verdict {
            Shown(named) => (*named, ""),
            Inapplicable(why) => (&[][..], *why),
        };
        for test in named.iter().copied().chain(why.split('`').filter(|word| word.contains("::"))) {
            assert!(tests.contains(test), "{id}: there is no test {test}");
        }
    }
}

#[test]
fn the_document_tells_of_every_scenario() {
    let mut table = "| | scenario | |\n| --- | --- | --- |\n".to_owned();
    for Row(id, scenario, verdict) in &ROWS {
        let verdict = match verdict {
            Shown(tests) => tests.iter().map(|test| format!("`{test}`")).collect::<Vec<_>>().join(", "),
            Inapplicable(why) => format!("does not apply: {why}"),
        };
        writeln!(table, "| {id} | {scenario} | {verdict} |").unwrap();
    }
    assert_told("reliability.md", "scenarios", &table);
}
