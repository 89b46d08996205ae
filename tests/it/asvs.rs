//! What security standards ask for, row by row, and the test that shows it: `docs/security.md` is written from here.
//!
//! The rows are those of OWASP ASVS 5.0.0 and NIST SP 800-63B-4 that a service with passwords, links in mails and
//! sessions can meet or miss, and OWASP's advice on forgotten passwords; in our own words.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use Verdict::{Inapplicable, Met, Missed};

use crate::{template::root, told::assert_told};

/// One requirement: its numbers, the level of ASVS from which on it is asked for (0: not of ASVS), what it asks for.
struct Row(&'static str, u8, &'static str, Verdict);

#[derive(Clone, Copy)]
enum Verdict {
    /// By these tests.
    Met(&'static [&'static str]),
    /// And why.
    Missed(&'static str),
    /// And why.
    Inapplicable(&'static str),
}

const CHAPTERS: [(&str, &[Row]); 6] = [
    ("Authentication (ASVS V6)", AUTHENTICATION),
    ("Sessions (ASVS V7)", SESSIONS),
    ("Authorization and tokens (ASVS V8 to V10)", AUTHORIZATION),
    ("Other chapters of ASVS", OTHERS),
    ("NIST SP 800-63B-4", NIST),
    ("Forgotten passwords and invites (OWASP cheat sheets, and what scanners of mails do)", LINKS),
];

const AUTHENTICATION: &[Row] = &[
    Row(
        "6.1.1, 6.3.1",
        1,
        "Guessing is limited as documented, and nobody can lock out a victim on purpose",
        Met(&[
            "limits::an_address_pauses_for_one_account_longer_with_each_wrong_password",
            "limits::wrong_passwords_at_once_are_all_counted",
            "limits::the_right_password_from_elsewhere_works_up_to_the_ceiling_of_the_account",
            "template::what_outsiders_may_try_is_throttled_more_than_the_rest",
        ]),
    ),
    Row(
        "6.1.2, 6.2.11",
        2,
        "Words of the context are documented, and refused in passwords",
        Met(&[
            "passwords::what_is_easy_to_guess_is_refused_with_the_reason_wherever_a_password_is_chosen",
            "invites::a_password_that_is_easy_to_guess_consumes_no_invite",
            "security::every_door_asks_for_the_same_of_a_password",
        ]),
    ),
    Row(
        "6.1.3, 6.3.4",
        2,
        "Every way in is documented, and none is weaker than the others",
        Met(&["security::every_way_in_is_written_down", "http::the_public_operations_are_these"]),
    ),
    Row(
        "6.2.1",
        1,
        "A password has 8 characters at least (ours 12, strict 15), counted as code points, wherever it is chosen",
        Met(&[
            "security::every_door_asks_for_the_same_of_a_password",
            "domain::passwords::length_counts_code_points_of_the_composed_form",
        ]),
    ),
    Row(
        "6.2.2, 6.2.3",
        1,
        "Users change their password, with the present one",
        Met(&[
            "me::a_password_is_changed_only_by_who_knows_it_and_to_a_good_one",
            "temporary::it_is_changed_once_and_then_opens_everything",
        ]),
    ),
    Row(
        "6.2.4",
        1,
        "The most common passwords are refused",
        Met(&[
            "domain::passwords::what_is_tried_first_is_refused_however_long",
            "security::every_door_asks_for_the_same_of_a_password",
        ]),
    ),
    Row(
        "6.2.12",
        2,
        "Passwords that were leaked are refused",
        Missed(
            "What is common or easy to guess is refused (6.2.4). A list of all that was ever leaked would multiply the size of \
             the program, and asking a service would tell it about passwords",
        ),
    ),
    Row(
        "6.2.5",
        1,
        "No rules of composition",
        Met(&["domain::passwords::length_and_being_hard_to_guess_are_the_only_rules"]),
    ),
    Row(
        "6.2.6, 6.2.7",
        1,
        "Inputs hide the password; pasting and password managers work",
        Met(&["security::the_console_lets_password_managers_fill_in"]),
    ),
    Row(
        "6.2.8",
        1,
        "A password is compared as it came: not cut, trimmed or folded",
        Met(&[
            "sessions::only_the_whole_password_is_right",
            "passwords::spaces_letter_case_and_everything_else_count",
            "domain::passwords::a_password_is_verified_as_a_whole",
        ]),
    ),
    Row(
        "6.2.9",
        2,
        "64 characters at least are taken (ours 256), and what is longer is refused without work",
        Met(&["passwords::a_password_is_kept_and_compared_as_a_whole", "sessions::only_the_whole_password_is_right"]),
    ),
    Row("6.2.10", 2, "Passwords do not expire", Met(&["security::a_password_has_no_end_and_no_reminder_of_it"])),
    Row(
        "6.3.2",
        1,
        "No accounts from the start; the first admin is made once, by who holds the setup secret",
        Met(&[
            "setup::only_who_holds_the_setup_secret_sets_up",
            "setup::before_the_setup_nobody_gets_in",
            "races::of_twenty_setups_at_once_one_counts",
        ]),
    ),
    Row(
        "6.3.3",
        2,
        "A second factor",
        Missed("There is none yet. Choose the strict settings, and keep the number of admins small"),
    ),
    Row(
        "6.3.5",
        3,
        "Users are told of suspicious sign-ins",
        Missed("Refused sign-ins are in the activity, for admins; users are not mailed about them"),
    ),
    Row(
        "6.3.6",
        3,
        "E-mail is no factor of authentication",
        Met(&["resets::a_link_sets_a_password_once_ends_all_sessions_and_the_owner_is_told"]),
    ),
    Row(
        "6.3.7",
        3,
        "Users are told of a new password and of a new address",
        Met(&[
            "mail::the_owner_is_told_of_a_new_password_and_of_a_new_address",
            "resets::an_admin_shows_a_temporary_password_and_the_owner_is_told_without_it",
        ]),
    ),
    Row(
        "6.3.8",
        3,
        "Nobody can tell whether an address has an account: by answer, by headers, by time",
        Met(&[
            "sessions::an_unknown_address_is_answered_like_a_wrong_password",
            "limits::an_unknown_address_is_told_what_a_known_one_is_told",
            "resets::an_address_without_an_account_is_told_the_same_and_mailed_nothing",
            "security::a_known_address_costs_a_sign_in_what_an_unknown_one_costs",
            "security::a_known_address_costs_a_forgotten_password_what_an_unknown_one_costs",
        ]),
    ),
    Row(
        "6.4.1",
        1,
        "Temporary passwords are random, are good for one change and nothing else, and expire",
        Met(&[
            "temporary::it_is_made_by_the_server_and_each_is_another",
            "temporary::it_opens_nothing_of_the_whole_api_but_the_way_to_another_one",
            "temporary::it_expires_by_the_clock_and_only_its_holder_is_told",
            "domain::passwords::temporary_passwords_are_five_groups_of_four_and_hard_to_guess",
        ]),
    ),
    Row(
        "6.4.2",
        1,
        "No hints and no secret questions",
        Met(&["security::a_password_has_no_end_and_no_reminder_of_it"]),
    ),
    Row(
        "6.4.3",
        2,
        "A forgotten password is reset safely",
        Met(&[
            "resets::a_link_sets_a_password_once_ends_all_sessions_and_the_owner_is_told",
            "resets::a_link_ends_by_the_clock_and_by_a_change_of_password_or_address",
        ]),
    ),
    Row(
        "6.4.5",
        3,
        "Users are reminded before something expires",
        Missed(
            "Invites and temporary passwords expire without a reminder; whoever has one helps themselves to another",
        ),
    ),
    Row(
        "6.4.6",
        3,
        "Admins start a reset, and neither know nor choose the password",
        Missed(
            "Nobody chooses one for others, but an admin can have a temporary one shown, for teams that have no mail. It is \
             made by the server, told to its owner, in the activity, and good for one change",
        ),
    ),
    Row(
        "6.5.1",
        2,
        "What is good for once works once",
        Met(&[
            "invites::a_link_works_once",
            "races::of_fifty_accepts_of_one_link_one_counts",
            "resets::of_many_uses_of_one_link_at_once_one_counts",
        ]),
    ),
    Row(
        "6.5.2, 11.5.1",
        2,
        "Secrets are 128 random bits at least (ours 256), and kept as hashes",
        Met(&["security::tokens_are_256_random_bits", "security::no_secret_is_kept_streamed_published_or_logged"]),
    ),
    Row(
        "6.5.4, 6.5.5, 6.6.2, 6.6.3",
        2,
        "Short codes are throttled and bound to what they are for",
        Inapplicable("There are no short codes"),
    ),
    Row("6.5.6", 3, "A factor can be revoked", Inapplicable("There is no second factor")),
    Row("6.6.1, 6.6.4", 2, "Telephone and push", Inapplicable("Neither is used")),
    Row("6.7", 3, "Certificates", Inapplicable("None are used to sign in")),
    Row("6.8", 2, "Other identity providers", Inapplicable("Nobody signs in with an account from elsewhere")),
];

const SESSIONS: &[Row] = &[
    Row(
        "7.1.1, 7.3.1, 7.3.2",
        2,
        "Sessions end when they are idle, and at the latest after a documented time",
        Met(&[
            "sessions::an_idle_session_ends_after_a_day_and_a_busy_one_after_a_week",
            "passwords::a_strict_installation_is_strict_from_the_first_password_on_until_an_admin_chooses",
        ]),
    ),
    Row(
        "7.1.2",
        2,
        "How many sessions one user can have is documented",
        Met(&["races::twenty_sign_ins_of_one_user_at_once_all_succeed"]),
    ),
    Row(
        "7.1.3, 7.6.1",
        2,
        "How our sessions and those of apps hang together",
        Met(&["app_roles::an_app_asks_whether_its_visitor_may_enter"]),
    ),
    Row("7.2.1", 1, "The server judges every session", Met(&["sessions::no_other_text_passes_for_a_session"])),
    Row("7.2.2, 7.2.3", 1, "Tokens are random", Met(&["security::tokens_are_256_random_bits"])),
    Row(
        "7.2.4",
        1,
        "A sign-in makes a new token, and the one before it ends",
        Met(&["security::a_sign_in_takes_no_token_that_was_there_and_ends_the_session_it_takes_the_place_of"]),
    ),
    Row("7.4.1", 1, "Signing out ends the session on the server", Met(&["sessions::a_user_signs_in_and_out"])),
    Row(
        "7.4.2",
        1,
        "Suspending and deleting end all sessions, whatever begins at the same moment",
        Met(&[
            "suspension::a_suspended_user_is_out_at_once_and_told_why_after_the_right_password",
            "sessions::a_user_who_is_deleted_is_out_at_once",
            "security::a_sign_in_that_meets_a_suspension_leaves_no_session",
        ]),
    ),
    Row(
        "7.4.3",
        2,
        "A new password ends the other sessions",
        Met(&[
            "me::a_new_password_ends_all_other_sessions",
            "resets::a_link_sets_a_password_once_ends_all_sessions_and_the_owner_is_told",
        ]),
    ),
    Row("7.4.4", 2, "Signing out is in sight", Met(&["console::signing out is in sight, and leaves nothing to see"])),
    Row("7.4.5", 2, "Admins end the sessions of a user", Met(&["events::sessions_are_listed_and_ended_by_an_admin"])),
    Row(
        "7.5.1",
        2,
        "Whoever changes what proves their identity proves it again",
        Met(&[
            "me::a_password_is_changed_only_by_who_knows_it_and_to_a_good_one",
            "limits::a_found_session_is_no_way_to_guess_the_password",
            "http::nobody_gives_themselves_what_no_field_asks_for",
        ]),
    ),
    Row(
        "7.5.2",
        2,
        "Users see and end their sessions, after they have proved their identity again",
        Missed(
            "They see and end their own and no others (`security::users_see_and_end_their_own_sessions_and_no_others`), but are \
             not asked for the password again",
        ),
    ),
    Row(
        "7.5.3",
        3,
        "What is most sensitive asks for more than a session",
        Missed(
            "There is no second factor. Whoever deletes must mean the version that is there (`If-Match`), if they say which",
        ),
    ),
    Row(
        "7.6.2",
        2,
        "No session begins without an act of its user",
        Met(&["security::looking_changes_nothing_and_starts_no_session"]),
    ),
];

const AUTHORIZATION: &[Row] = &[
    Row(
        "8.1.1, 8.1.2, 8.2.1",
        1,
        "Who may do what is written down, operation by operation, and is so",
        Met(&["matrix::everybody_may_do_what_is_theirs_and_nothing_else", "matrix::every_operation_has_a_row"]),
    ),
    Row(
        "8.2.2",
        1,
        "Nobody reaches what is not theirs by naming it",
        Met(&[
            "users::a_builder_never_touches_an_admin",
            "admins::a_builder_touches_no_admin_and_gives_no_rights",
            "security::users_see_and_end_their_own_sessions_and_no_others",
        ]),
    ),
    Row(
        "8.2.3",
        2,
        "Nobody writes or reads fields that are not theirs",
        Met(&[
            "http::nobody_gives_themselves_what_no_field_asks_for",
            "http::all_bad_fields_are_named_at_once",
            "me::a_user_sees_who_they_are_and_no_secret",
        ]),
    ),
    Row(
        "8.3.1",
        1,
        "The server decides, not the console",
        Met(&["http::credentials_are_judged_first_rights_next_and_the_request_last"]),
    ),
    Row(
        "8.3.2",
        3,
        "What is taken away is gone with the next request",
        Met(&[
            "sessions::a_user_who_is_demoted_has_the_new_role_at_once",
            "app_roles::an_app_asks_whether_its_visitor_may_enter",
        ]),
    ),
    Row(
        "8.3.3",
        3,
        "Who asks for somebody else has no more rights than both",
        Met(&["keys::it_is_no_person", "app_roles::an_app_asks_whether_its_visitor_may_enter"]),
    ),
    Row("8.4.1", 2, "Tenants are apart", Inapplicable("One installation is one tenant, with a table of its own")),
    Row("8.4.2", 3, "Admin interfaces have more than one layer", Missed("There is no second factor; see 6.3.3")),
    Row("9.1, 9.2", 1, "Self-contained tokens", Inapplicable("Tokens are opaque, and judged by the table")),
    Row(
        "10.4, 10.6, 10.7",
        1,
        "Authorization servers",
        Inapplicable("Roster speaks neither OAuth nor OpenID Connect: apps ask with the token of their visitor"),
    ),
];

const OTHERS: &[Row] = &[
    Row(
        "1.2.4, 1.3.11, 1.2.10",
        1,
        "Text that people write is no expression of the table, no header of a mail, no formula of a spreadsheet",
        Met(&[
            "mail::send::a_sender_s_name_cannot_change_the_header",
            "domain::names::names_are_one_line",
            "domain::email::what_is_no_address_is_refused",
            "export::it_holds_every_user_and_no_formula",
            "mail::check::nothing_is_named_called_multiplied_or_left_unescaped",
        ]),
    ),
    Row(
        "1.3.6",
        2,
        "Nobody makes us reach what is inside: webhooks go to the public internet only",
        Met(&["webhooks::only_the_public_internet_is_reached"]),
    ),
    Row(
        "1.2.1, 3.2.2",
        1,
        "Text that people write is text, in mails and in the console",
        Met(&[
            "mail::what_people_write_is_text_in_a_mail",
            "mail::render::every_kind_renders_and_shows_no_markup_of_others",
        ]),
    ),
    Row(
        "2.3.1, 2.3.3, 2.3.4",
        2,
        "Steps come in their order, all or nothing, and nothing is given away twice",
        Met(&[
            "invariants::all_that_can_happen_leaves_the_table_sound",
            "races::an_accept_and_whatever_meets_it_end_in_one_of_two_ways",
            "races::of_fifty_invites_to_one_address_one_counts",
            "races::changes_at_once_are_all_made_or_refused_as_stale",
        ]),
    ),
    Row(
        "2.4.1",
        2,
        "Nobody makes us send mail after mail",
        Met(&[
            "resets::nobody_is_flooded_with_mails",
            "template::what_outsiders_may_try_is_throttled_more_than_the_rest",
        ]),
    ),
    Row(
        "3.3.1, 3.3.2, 3.3.3, 3.3.4",
        1,
        "The cookie is `__Host-`, `Secure`, `HttpOnly` and `SameSite`",
        Met(&[
            "security::over_https_the_cookie_is_bound_to_the_host",
            "sessions::the_console_gets_a_cookie_that_scripts_and_other_sites_cannot_use",
        ]),
    ),
    Row(
        "3.4.1, 3.4.2, 3.4.3, 3.4.4, 3.4.5, 3.4.6, 14.3.2",
        1,
        "HSTS, no CORS, a content security policy, `nosniff`, no referrer, no frames, and nothing kept by caches, on every \
         answer",
        Met(&[
            "security::every_answer_tells_browsers_what_they_may_do_with_it",
            "console::the_console_is_a_page_that_is_new_after_every_deployment",
        ]),
    ),
    Row(
        "3.5.1, 3.5.2, 3.5.3",
        1,
        "Other sites change nothing with the cookie of a visitor, and looking changes nothing",
        Met(&[
            "security::another_site_changes_nothing_with_the_cookie_of_a_visitor",
            "security::looking_changes_nothing_and_starts_no_session",
        ]),
    ),
    Row(
        "3.7.2",
        2,
        "Nobody is sent elsewhere",
        Met(&["security::every_answer_tells_browsers_what_they_may_do_with_it"]),
    ),
    Row(
        "4.1.3",
        2,
        "Headers cannot claim another sender",
        Met(&[
            "security::headers_that_claim_another_sender_change_nothing",
            "mail::links_lead_where_the_settings_say_whatever_the_request_claims",
            "functions::edge::who_goes_around_the_distribution_is_refused",
        ]),
    ),
    Row(
        "11.4.2",
        2,
        "Passwords are hashed by argon2id with 19 MiB and two passes, each with a salt, and anew when that was weaker",
        Met(&[
            "security::hashes_are_salted_each_for_itself_and_made_anew_when_they_are_weak",
            "domain::passwords::weaker_hashes_of_earlier_days_still_verify_and_are_called_outdated",
        ]),
    ),
    Row(
        "13.2.2, 13.3.1, 13.3.2",
        2,
        "Every function may do what it does and nothing else; secrets are where they are needed",
        Met(&[
            "permissions::every_function_may_do_what_its_operation_does_and_nothing_else",
            "template::no_grant_has_a_wildcard",
            "template::every_function_has_the_variables_that_its_operation_needs_and_no_others",
        ]),
    ),
    Row(
        "14.2.1",
        1,
        "No secrets in addresses that are sent: links carry them in the fragment",
        Met(&[
            "invites::an_admin_hands_a_link_over_and_nothing_is_mailed",
            "template::logs_hold_no_secrets_and_forget",
        ]),
    ),
    Row(
        "16.2.5, 16.3.1, 16.3.2, 16.3.3, 16.4.1",
        2,
        "What happens is recorded with who, whom, what and from where; no secrets, and no lines of others",
        Met(&[
            "activity::every_change_has_one_entry_with_who_whom_what_and_from_where",
            "activity::refused_rights_are_told_with_what_was_tried",
            "limits::refused_sign_ins_are_in_the_activity_of_their_user",
            "activity::an_entry_that_is_removed_is_found",
            "security::no_secret_is_kept_streamed_published_or_logged",
        ]),
    ),
    Row(
        "16.5.1, 16.5.2, 16.5.3",
        2,
        "What fails tells nothing of its inside, and lets nobody in",
        Met(&[
            "faults::whatever_goes_wrong_what_was_answered_is_true_and_the_rest_happens_in_the_end",
            "limits::the_right_password_among_too_many_wrong_ones_at_once_is_no_way_in",
        ]),
    ),
];

const NIST: &[Row] = &[
    Row(
        "3.1.1.2",
        0,
        "15 characters at least where the password is the only factor",
        Missed("The default is 12. The strict settings have 15, and an admin can choose up to 128"),
    ),
    Row(
        "3.1.1.2",
        0,
        "Every character counts as one; NFC and nothing else; no composition, no expiry; the whole password is compared",
        Met(&[
            "me::a_password_is_the_same_however_its_letters_are_composed",
            "domain::passwords::the_same_text_in_another_composition_is_the_same_password",
            "domain::passwords::length_counts_code_points_of_the_composed_form",
        ]),
    ),
    Row(
        "3.2.2",
        0,
        "At most 100 wrong passwords in a row for an account; each of many at once counts",
        Met(&[
            "limits::wrong_passwords_at_once_are_all_counted",
            "limits::the_right_password_from_elsewhere_works_up_to_the_ceiling_of_the_account",
            "domain::attempts::the_account_pauses_at_its_ceiling_whatever_the_address",
        ]),
    ),
    Row(
        "4.2.1.2",
        0,
        "What recovers an account by mail is good for 24 hours at most (ours an hour), throttled and told",
        Met(&[
            "resets::a_link_ends_by_the_clock_and_by_a_change_of_password_or_address",
            "resets::nobody_is_flooded_with_mails",
        ]),
    ),
    Row(
        "5.1",
        0,
        "Secrets of sessions are random, end with the sign-out, and say nothing about a person",
        Met(&["security::tokens_are_256_random_bits", "sessions::a_user_signs_in_and_out"]),
    ),
    Row(
        "2.1.3, 2.2.3, 5.2",
        0,
        "Sessions end within 30 days (ours a week); the strict settings have 24 hours and an hour without use",
        Met(&[
            "sessions::an_idle_session_ends_after_a_day_and_a_busy_one_after_a_week",
            "passwords::a_strict_installation_is_strict_from_the_first_password_on_until_an_admin_chooses",
        ]),
    ),
];

const LINKS: &[Row] = &[
    Row(
        "answers",
        0,
        "The same answer, and as soon, for addresses with an account and without one",
        Met(&[
            "resets::an_address_without_an_account_is_told_the_same_and_mailed_nothing",
            "security::a_known_address_costs_a_forgotten_password_what_an_unknown_one_costs",
        ]),
    ),
    Row(
        "tokens",
        0,
        "Random, good for once and for a short time, for one user, kept as hashes",
        Met(&[
            "invites::no_other_text_passes_for_a_link",
            "resets::a_link_ends_by_the_clock_and_by_a_change_of_password_or_address",
            "domain::tokens::a_token_of_one_kind_is_none_of_another",
        ]),
    ),
    Row("asking", 0, "Asking for a reset changes nothing", Met(&["resets::asking_changes_nothing"])),
    Row(
        "where to",
        0,
        "Links lead where the settings say, never where a header says, and go to the address of the account",
        Met(&[
            "mail::links_lead_where_the_settings_say_whatever_the_request_claims",
            "resets::the_link_goes_to_the_address_of_the_account_however_it_was_spelt",
        ]),
    ),
    Row(
        "the page",
        0,
        "No referrer, and nothing from elsewhere on the page of a link",
        Met(&[
            "security::every_answer_tells_browsers_what_they_may_do_with_it",
            "console::the_console_is_a_page_that_is_new_after_every_deployment",
        ]),
    ),
    Row(
        "floods",
        0,
        "Three mails an hour for an address, thirty for a client",
        Met(&["resets::nobody_is_flooded_with_mails"]),
    ),
    Row(
        "after it",
        0,
        "The owner is told, the sessions end, and nobody is signed in by it",
        Met(&["resets::a_link_sets_a_password_once_ends_all_sessions_and_the_owner_is_told"]),
    ),
    Row(
        "newest only",
        0,
        "A newer link voids those before it, and so does a new password or address",
        Met(&[
            "resets::only_the_newest_link_works",
            "resets::a_link_ends_by_the_clock_and_by_a_change_of_password_or_address",
            "invites::a_renewed_invite_replaces_its_link",
        ]),
    ),
    Row(
        "scanners",
        0,
        "Fetching a link uses nothing up; what does carries the new password",
        Met(&["security::looking_changes_nothing_and_starts_no_session", "invites::a_link_works_once"]),
    ),
    Row(
        "lost answers",
        0,
        "Whoever accepts, loses the answer and tries again gets in",
        Missed(
            "The second try is told that the link is used or unknown, and a sign-in with the chosen password succeeds. An answer \
             of the table that gets lost is nobody's trouble (`faults::whatever_goes_wrong_what_was_answered_is_true_and_the_rest_happens_in_the_end`)",
        ),
    ),
    Row(
        "dead invites",
        0,
        "A revoked, replaced, expired or deleted invite lets nobody in, however late the sweep is",
        Met(&[
            "expiry::an_invite_works_to_its_last_moment_and_not_beyond",
            "invites::a_revoked_invite_leaves_no_trace_but_in_the_activity",
            "users::an_invited_user_who_is_deleted_cannot_accept",
            "invites::an_invite_follows_its_user_to_a_new_address",
        ]),
    ),
    Row(
        "existing users",
        0,
        "Inviting somebody who has an account changes nothing of it",
        Met(&["invites::an_address_can_be_invited_only_once"]),
    ),
    Row(
        "many hashes",
        0,
        "Many sign-ins at once take the memory of a few hashes",
        Met(&["web::passwords::of_many_hashes_at_once_few_take_memory"]),
    ),
];

#[test]
fn every_row_is_shown_by_tests_that_there_are() {
    let tests = tests();
    assert!(tests.len() > 300, "{}", tests.len());

    for Row(ids, _, _, verdict) in CHAPTERS.iter().flat_map(|(_, rows)| *rows) {
        let (named, why) = match verdict {
            Met(named) => (*named, "met"),
            Missed(why) | Inapplicable(why) => (&[][..], *why),
        };
        assert!(!why.is_empty() && !why.ends_with('.'), "{ids}: {why}");
        assert!(!matches!(verdict, Met([])), "{ids} is met by nothing");
        for test in named.iter().copied().chain(why.split('`').filter(|word| word.contains("::"))) {
            assert!(tests.contains(test), "{ids}: there is no test {test}");
        }
    }
}

#[test]
fn the_document_tells_of_every_row() {
    assert_told("security.md", "requirements", &tables());
}

/// What the document says of the rows: how many there are of each kind, and a table for each chapter.
fn tables() -> String {
    let rows = || CHAPTERS.iter().flat_map(|(_, rows)| *rows);
    let count = |is: fn(&Row) -> bool| rows().filter(|row| is(row)).count();
    let (met, missed) = (count(|row| matches!(row.3, Met(_))), count(|row| matches!(row.3, Missed(_))));
    let missed_at_first = count(|row| matches!(row.3, Missed(_)) && row.1 == 1);
    let inapplicable = count(|row| matches!(row.3, Inapplicable(_)));
    let mut text = format!(
        "{} rows: {met} met, {missed} not met, of which {missed_at_first} of level 1, {inapplicable} not applicable.\n",
        rows().count()
    );
    for (chapter, rows) in CHAPTERS {
        writeln!(text, "\n### {chapter}\n\n| | level | asks for | |\n| --- | --- | --- | --- |").unwrap();
        for Row(ids, level, asks, verdict) in rows {
            let level = if *level == 0 { String::new() } else { level.to_string() };
            let verdict = match verdict {
                Met(tests) => {
                    let tests: Vec<String> = tests.iter().map(|test| format!("`{test}`")).collect();
                    format!("met: {}", tests.join(", "))
                }
                Missed(why) => format!("**not met**: {why}"),
                Inapplicable(why) => format!("not applicable: {why}"),
            };
            writeln!(text, "| {ids} | {level} | {asks} | {verdict} |").unwrap();
        }
    }
    text
}

/// Every test, by its file: those of `tests/it` as `file::test`, those of crates as `crate::file::test`, and those of
/// the console by their titles.
pub(crate) fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let crates = ["shared/domain", "shared/store", "shared/mail", "shared/web", "functions", "local"];
    for (folder, within) in crates.iter().map(|path| (root().join(path).join("src"), path.rsplit('/').next())).chain([
        (root().join("tests/it"), None),
        (root().join("local/tests/it"), Some("local")),
        (root().join("shared/domain/tests"), Some("domain")),
        (root().join("admin/tests"), Some("admin")),
    ]) {
        for file in files(&folder) {
            let name = file.file_stem().unwrap().to_str().unwrap();
            let prefix = within.map_or_else(|| name.to_owned(), |within| format!("{within}::{name}"));
            let source = fs::read_to_string(&file).unwrap();
            let named = source.split("#[test]").skip(1).chain(source.split("#[tokio::test").skip(1));
            let named = named.filter_map(|rest| rest.split_once("fn ")?.1.split('(').next());
            tests.extend(named.map(|test| format!("{prefix}::{test}")));
        }
    }
    // Screenshots lie beside them.
    for file in files(&root().join("console/e2e")).iter().filter(|file| file.extension() == Some("ts".as_ref())) {
        let source = fs::read_to_string(file).unwrap();
        let titles = ["test(\"", "story(\""].into_iter().flat_map(|call| source.split(call).skip(1));
        tests.extend(titles.filter_map(|rest| Some(format!("console::{}", rest.split_once('"')?.0))));
    }
    tests
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}
