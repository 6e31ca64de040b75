//! What goes wrong around a login, row by row, and the test that shows what we do then.
//!
//! "Kept" is the login as it was. The tests are named from `tests/it` down, or from `src` down where they stand beside
//! the code.
//!
//! # Token endpoint and API
//!
//! | row | fault | what we promise | tests |
//! |---|---|---|---|
//! | F-01 | nothing was sent: connection refused, no such name, TLS failure | told at once with its cause, sent once and not tried again, kept, 8 | `faults::server::reach::an_unreachable_server_is_an_error_and_keeps_the_login`, `faults::server::reach::a_server_that_cannot_prove_its_name_gets_no_secret`, `refresh::a_failed_refresh_leaves_a_good_token_in_use_with_a_warning` |
//! | F-02 | sent, and then nothing or a RST | a code is never sent again; a refresh is sent once a run, and the next run asks again; kept, 8 | `faults::server::flood::a_reply_that_never_ends_is_left_after_thirty_seconds_in_all`, `bad_input::a_token_reply_that_is_no_reply_is_a_fault_of_the_server`, `refresh::only_invalid_grant_ends_a_refresh_token_and_does_so_once` |
//! | F-03 | 500, 502, 503, 504, an HTML page, an empty body | kept, 8; a token that is still good is handed out with a warning, 0 | `faults::server::a_fault_of_the_server_is_told_and_keeps_the_login`, `faults::server::a_server_fault_leaves_a_good_token_in_use_with_a_warning` |
//! | F-04 | 429 with `Retry-After` in seconds, as a date, absurd, absent | the token endpoint: no wait, the time is said, kept, 8; the API: waits within `--max-wait`, else 9 with the time | `faults::server::a_rate_limit_of_the_token_endpoint_is_shown_with_its_time`, `call::a_busy_api_is_asked_again_within_the_limit`, `flow::retry::tests::a_requested_wait_is_honored_within_the_limit` |
//! | F-05 | 4xx without an OAuth error: a firewall, a proxy's login page | kept, 8 | `faults::server::a_reply_from_another_server_is_shown_and_keeps_the_login` |
//! | F-06 | 400 `invalid_grant` | if another process took its place meanwhile, that login is kept, 11; else dead once, 4, and not sent again | `refresh::only_invalid_grant_ends_a_refresh_token_and_does_so_once`, `refresh_faults::a_refusal_says_nothing_about_a_login_that_came_meanwhile`, `refresh::of_200_processes_one_refreshes_and_all_get_its_token` |
//! | F-07 | `invalid_client`, `unauthorized_client`, `invalid_scope`, `unsupported_grant_type` | kept, 5; the hint is about the client, not a new login | `faults::server::a_refusal_of_the_client_is_no_reason_to_log_in_again` |
//! | F-08 | 200 with an error object, HTML, a captive portal | the error counts as if with 400; the rest: kept, 8 | `bad_input::an_error_in_a_token_reply_of_any_status_is_a_refusal`, `faults::server::an_error_with_status_200_counts_in_a_refresh_too`, `faults::server::a_reply_from_another_server_is_shown_and_keeps_the_login` |
//! | F-09 | cut off, no UTF-8, a byte order mark, a member twice, 10,000 levels, NUL | 8, kept; a byte order mark is read past (RFC 8259 §8.1) | `faults::server::broken_json_is_told_and_keeps_the_login`, `faults::server::what_is_meant_is_read_whatever_it_is_called`, `protocol::json::tests::deep_nesting_and_broken_text_are_errors_not_panics` |
//! | F-10 | a wrong Content-Type, a form, latin-1 | JSON is known by its looks, and a form too unless it is called JSON; other bytes than UTF-8: 8, kept | `faults::server::what_is_meant_is_read_whatever_it_is_called`, `faults::server::what_cannot_be_what_it_is_called_is_told_and_keeps_the_login`, `recorded_replies::odd_replies_are_read_as_they_are_meant` |
//! | F-11 | 1 GiB plain, 1 GiB in gzip, chunks, headers or 1xx without end | 1 MiB decoded, 64 KiB of headers, 30 s in all; 64 MiB of memory at most; kept, 8 | `faults::server::flood::a_flood_is_stopped_within_64_mib_of_memory`, `faults::server::flood::interim_replies_without_end_are_left_in_time` |
//! | F-12 | one byte a second | a limit on the whole, not on the silence: 30 s, 8; for `call` by what has come, or `--max-time` | `faults::server::flood::a_reply_that_never_ends_is_left_after_thirty_seconds_in_all`, `faults::server::drip::every_endpoint_but_the_api_times_out_after_thirty_seconds`, `faults::server::drip::an_api_that_drips_is_left_at_the_end_that_is_named`, `faults::server::drip::an_api_that_drips_is_left_in_the_end_where_none_is_named` |
//! | F-13 | broken chunks, two lengths, an end before the length | 8, kept | `faults::server::a_broken_transfer_is_told_and_keeps_the_login`, `bad_input::a_token_reply_that_is_no_reply_is_a_fault_of_the_server` |
//! | F-14 | 301, 302, 303, 307, 308 to itself, another host, http, `javascript:`, in a circle | at the token endpoint: not followed, the target is named without its query, kept, 5; at the API: five times, to another origin without the token and by GET and HEAD only, else 5 | `faults::server::a_redirect_of_the_token_endpoint_is_named_and_not_followed`, `call::redirects_within_the_api_are_followed_five_times`, `call_origins::no_redirect_to_another_origin_gets_the_token`, `call_downloads::a_download_has_no_byte_of_the_first_request`, `call_downloads::a_request_with_an_effect_is_not_sent_to_another_server` |
//! | F-15 | `expires_in` absent, 0, negative, huge, a text; `refresh_token` absent, empty, unchanged | it is taken as what it plausibly is, with a note; an unknown end means: used until the API says 401, then renewed once; an empty refresh token is none | `faults::server::a_lifetime_is_taken_as_what_it_plausibly_is`, `faults::server::a_token_of_unknown_lifetime_is_renewed_after_a_401`, `faults::server::an_empty_refresh_token_is_none`, `refresh::a_refresh_token_is_kept_until_a_reply_has_a_new_one` |
//! | F-16 | the server's date is wrong, the clock jumps during a run, the machine sleeps | the server's date is not asked; the end is counted on our clock; each jump costs one refresh at most, also back | `faults::server::clock::a_servers_date_is_not_believed`, `faults::server::clock::a_jump_of_the_clock_costs_one_refresh_and_no_login` |
//! | F-17 | a proxy, NO_PROXY, 407 | loopback is never proxied; 407 is told as such and the proxy is named, kept, 8; a variable that names no proxy is named, nothing is sent, 3; a proxy's password is never shown | `faults::server::reach::all_traffic_uses_the_proxy_and_its_password_is_not_shown`, `faults::server::reach::a_refusal_by_the_proxy_is_named_without_its_password`, `faults::server::reach::a_malformed_proxy_variable_is_named_and_nothing_is_sent`, `faults::server::reach::a_socks_proxy_is_used_and_named_when_unreachable`, `faults::server::reach::what_is_exempt_is_not_proxied`, `faults::server::reach::loopback_is_never_proxied`, `call_origins::no_spelling_of_another_origin_gets_the_token` |
//!
//! # Callback
//!
//! | row | fault | what we promise | tests |
//! |---|---|---|---|
//! | F-20 | the redirect comes twice, identical | the second gets the same page, the code is sent once | `faults::callback::a_repeated_redirect_has_one_exchange_and_the_same_page` |
//! | F-21 | the right state again, with another code | it is ignored, and counted under `--verbose` | `faults::callback::a_second_code_is_ignored_and_counted` |
//! | F-22 | a wrong or missing state, then the right one | the right one completes | `hostile_callbacks::hostile_callbacks_are_ignored_and_the_genuine_one_is_taken`, `paste::a_wrong_state_never_counts` |
//! | F-23 | a forged error, then success | success completes, the error is mentioned once | `faults::callback::an_unproven_answer_is_told_once_per_kind_and_changes_nothing` |
//! | F-24 | a real error, with the right state | it ends the login at once, exit code 5, the port is closed | `faults::callback::a_real_error_ends_the_login_and_closes_the_port`, `bad_input::a_denial_is_told_in_the_providers_words` |
//! | F-25 | favicon, robots, HEAD, OPTIONS, HTTP/2, TLS on the plain port, a silent preconnect | answered or dropped, the login goes on | `faults::callback::what_browsers_send_beside_the_redirect_changes_nothing`, `https_callback::a_tls_hello_on_the_plain_port_is_explained`, `chromium::a_code_login_ends_on_a_clean_page_after_the_exchange` |
//! | F-26 | the right state without code and error, with both, with an empty code | a page that says so, and the login ends | `faults::callback::an_answer_that_cannot_be_used_ends_the_login_at_once` |
//! | F-27 | nothing comes | five minutes unless told otherwise, shown as a countdown; exit code 6, the port is closed | `faults::callback::the_wait_counts_down_from_five_minutes`, `faults::callback::the_end_of_the_wait_closes_the_port`, `bad_input::a_timeout_shows_the_redirect_uri_exactly` |
//! | F-28 | the browser cannot be started, is for a text terminal, fails, hangs | the URL stands on the terminal once, the wait goes on, nobody waits for the browser nor shares the terminal with it | `faults::callback::a_browser_that_does_not_work_is_not_waited_for`, `faults::callback::a_text_browser_gets_nothing_of_what_is_typed` |
//! | F-29 | the port is taken, in one family of `localhost` too; IPv6 is off; loopback is closed | exit code 8 and how to find the holder, never another port; the other family is enough for `localhost`; what cannot come is as what does not come | `faults::callback::a_port_that_is_taken_in_one_family_is_taken`, `faults::callback::localhost_without_ipv6_will_do`, `faults::callback::where_loopback_is_closed_the_wait_ends_as_ever`, `bad_input::a_taken_port_is_named_with_the_two_ways_out` |
//! | F-30 | Ctrl-C, SIGTERM, SIGHUP at any moment; Ctrl-Z and fg | it ends by that signal (130, 143, 129 in a shell) with nothing left behind | `signals::a_login_that_waits_for_the_redirect_ends`, `signals::a_login_that_waits_for_the_token_endpoint_ends`, `signals::a_login_that_waits_for_the_keychain_ends`, `signals::a_login_that_waits_for_a_credential_helper_ends_with_it`, `signals::a_refresh_that_waits_for_the_token_endpoint_ends`, `signals::a_signal_ends_the_wait_for_the_lock_and_keeps_the_lock`, `signals::a_call_whose_reply_does_not_end_ends`, `signals::probes_that_are_not_answered_end`, `signals::what_is_told_to_ignore_a_signal_ignores_it`, `signals::the_port_is_closed_when_the_page_is_there`, `signals::prompts::the_terminal_is_as_before_after_every_signal_at_a_prompt`, `signals::prompts::a_stopped_login_releases_the_terminal_and_takes_it_again`, `signals::prompts::in_a_shell_ctrl_z_and_fg_go_on_and_ctrl_c_is_130`, `signals::anywhere::a_login_that_is_ended_at_any_moment_leaves_nothing_behind` |
//! | F-31 | the machine sleeps, or its clock jumps, between the start and the redirect | the limit counts the time that the machine is awake, the redirect is taken | `faults::callback::a_sleep_and_a_clock_that_jumps_do_not_end_the_wait` |
//!
//! # Keychain and disk
//!
//! | row | fault | what we promise | tests |
//! |---|---|---|---|
//! | F-40 | no session bus; no service on it | 7 at once with the reason; nothing is written unless `--store` says where | `faults::store::without_a_keychain_nothing_is_stored_unless_store_is_given`, `os_keychain::no_bus_is_a_missing_keychain`, `os_keychain::a_bus_without_a_secret_service_is_a_missing_keychain`, `stores::login_without_keychain_or_terminal_fails_with_alternatives` |
//! | F-41 | the service hangs at any method | 7 after 5 s, on a terminal too, since nobody is asked for a password here | `stores::a_secret_service_that_hangs_ends_every_command`, `stores::a_bus_that_is_mute_ends_every_command`, `os_keychain::a_stopped_keyring_times_out_and_is_used_again_when_it_runs`, `os_keychain::a_bus_that_never_says_hello_is_silent` |
//! | F-42 | locked; prompt dismissed; denied | 7, never "no login"; what is there stays; no prompt is shown, so none is dismissed. macOS' own codes are an error with 7 too, by their mapping alone: no test here has run there | `faults::store::a_locked_keychain_keeps_what_it_has`, `faults::store::a_keychain_that_denies_is_never_taken_for_an_empty_one`, `stores::a_locked_keychain_is_locked_and_never_not_logged_in`, `keychain::secret_service::tests::a_required_prompt_means_a_locked_keychain` |
//! | F-43 | ambiguous, deleted, foreign, newer, corrupt, truncated | 7 with what mends it, and the entry stays as it is; a newer number is "upgrade"; what was deleted behind our back stays listed, 7 | `faults::store::an_entry_changed_by_others_is_refused_and_left_unchanged`, `faults::store::a_sealed_login_that_was_changed_is_refused_and_left_as_it_is`, `os_keychain::what_other_programs_stored_is_read_unless_it_is_ambiguous` |
//! | F-44 | the write fails after the provider rotated | the journal has the reply; a warning; the next run takes it over | `refresh_faults::a_store_that_fails_after_the_rotation_costs_nothing`, `refresh_faults::no_single_fault_of_the_keychain_loses_the_login`, `crash::a_refresh_killed_anywhere_loses_nothing_after_the_journal` |
//! | F-45 | a record larger than the store takes | a sealed file, its key in the keychain; a sealed file has a limit of its own, known before the write | `keychain::long_records::tests::short_and_long_records_replace_each_other`, `keychain::long_records::tests::a_record_that_grows_stays_old_until_the_key_is_stored`, `keychain::files::tests::a_record_too_large_to_be_read_back_is_not_written` |
//! | F-46 | ENOSPC, EIO, EROFS, EDQUOT at each call; no inodes | 7 with path and error; the old login or the new one can be read | `faults::store::a_call_that_fails_is_named_with_its_file_and_its_error`, `faults::store::a_full_disk_is_named_and_keeps_the_old_login`, `crash::a_login_killed_anywhere_leaves_the_old_login_or_the_new_one`, `crash::a_first_login_killed_anywhere_is_stored_or_can_be_repeated` |
//! | F-47 | home read-only, missing, a file, relative; no password entry; `/tmp` not writable | reading goes on; else 3 or 7 with what is missing; nothing is made in the working directory or in `/tmp` | `faults::system::a_home_that_is_no_folder_of_the_users_is_named`, `faults::system::a_missing_home_or_password_entry_is_named`, `permissions::in_a_read_only_home_logins_are_read_and_none_is_made`, `permissions::in_a_read_only_home_no_refresh_token_is_spent`, `permissions::secret_files_are_private_and_never_opened_through_a_link` |
//! | F-48 | a file of ours corrupt, empty, BOM, CRLF, 1 GiB, FIFO, directory, link to itself, of another user, 0666 | 3 for a definition, 7 for the rest, at once, with the place, and line and column of a definition; 1 MiB at most; a BOM and CRLF are read; an empty definition defines nothing; the others are used | `faults::system::a_malformed_file_is_refused_with_its_path`, `faults::system::bom_and_crlf_are_read_and_one_bad_definition_spares_the_rest`, `permissions::what_belongs_to_another_user_is_neither_read_nor_written`, `permissions::a_definition_of_another_user_is_not_used_and_one_of_root_is`, `permissions::modes_that_let_others_in_are_refused` |
//! | F-49 | arguments, environment and paths that are not UTF-8; 1 MiB of arguments; locale C | 2, 3 or 7 with the argument or variable named, cleaned and cut; a home may have any name | `faults::system::what_is_no_utf8_is_named_and_never_taken_for_nothing`, `faults::system::a_mebibyte_of_arguments_is_a_short_usage_error` |
//! | F-50 | stdout closed; a reader that goes early; `/dev/full`; a pipe that does not wait; a slow reader | 0 and silence for a reader that has gone; 1 for an answer that cannot be written; a full pipe is waited for; a token is one write | `faults::streams::a_reader_that_has_gone_is_no_error`, `faults::streams::an_answer_that_cannot_be_written_is_never_a_success`, `faults::streams::a_pipe_that_does_not_wait_gets_every_byte`, `faults::streams::a_token_is_one_write` |
//! | F-51 | stdin closed; 0, 1, 2 closed from the start; 1,000 inherited descriptors | no secret in a file that got the number of a stream; a closed stdout is 1 before anything is done, `/dev/null` is 0 | `faults::streams::a_closed_stdout_is_an_error_before_anything_is_done`, `faults::streams::a_stdout_that_is_dev_null_is_a_stdout`, `faults::streams::streams_closed_from_the_start_leak_no_secret_into_a_file`, `faults::streams::a_thousand_inherited_descriptors_disturb_nothing` |
//! | F-52 | `ulimit -n 20`, `-v`, `-u`; prctl denied | 20 descriptors are enough; else an error and no panic; without prctl the work goes on, and `--verbose` says what is lacking | `faults::streams::twenty_descriptors_are_enough_and_fewer_are_an_error`, `faults::streams::too_little_memory_is_an_end_without_a_half_answer`, `faults::streams::a_thread_limit_is_an_error_and_not_a_panic`, `faults::streams::verbose_tells_when_the_kernel_cannot_protect_the_memory` |
//! | F-53 | a login's stderr is a full pipe that nobody reads, a full disk, a terminal paused with Ctrl-S | the login ends as ever, with its exit code; what finds no reader within 2 s of the end is lost | `faults::unread::a_login_ends_as_ever_though_nobody_reads_what_it_says`, `faults::unread::a_login_flooded_with_requests_ends_though_stderr_is_unread`, `faults::unread::a_full_disk_behind_stderr_stops_no_login`, `faults::unread::a_terminal_that_is_paused_stops_no_login` |

#[cfg(target_os = "linux")]
mod callback;
mod server;
#[cfg(target_os = "linux")]
mod store;
#[cfg(target_os = "linux")]
mod streams;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod unread;

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Faults are added row by row, and tests are renamed: what the table names must be there.
#[test]
fn each_row_names_tests_that_exist() {
    let mut rows = BTreeMap::new();
    for line in include_str!("faults.rs").lines().filter(|line| line.starts_with("//! | F-")) {
        let cells: Vec<&str> =
            line.trim_start_matches("//! |").trim_end_matches('|').split(" | ").map(str::trim).collect();
        let [row, _, promise, tests] = cells[..] else { panic!("{line}") };
        let tests: Vec<&str> = tests.split(", ").map(|name| name.trim_matches('`')).collect();
        assert!(!promise.is_empty() && !tests.is_empty(), "{line}");
        tests.iter().for_each(|name| assert!(is_a_test(name), "{row} names `{name}`, which is no test"));
        assert!(rows.insert(row, tests).is_none(), "{row} is there twice");
    }
    let wanted = (1..=17).chain(20..=31).chain(40..=53).map(|n| format!("F-{n:02}"));
    wanted.for_each(|row| assert!(rows.contains_key(row.as_str()), "{row} is missing"));
}

/// `faults::server::NAME` is in `tests/it/faults/server.rs`, `protocol::json::tests::NAME` in `src/protocol/json.rs` or in
/// `src/protocol/json/tests.rs`.
fn is_a_test(path: &str) -> bool {
    let (module, name) = path.rsplit_once("::").unwrap_or(("", path));
    let file = module.trim_end_matches("::tests").replace("::", "/");
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let paths = ["tests/it", "src"].iter().flat_map(|top| {
        let path = root.join(top).join(&file);
        [path.with_extension("rs"), path.join("mod.rs"), path.join("tests.rs")]
    });
    let text: String = paths.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {name}() ");
    let Some(at) = lines.iter().position(|line| line.starts_with(&head)) else { return false };
    lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).any(|line| *line == "#[test]")
}
