//! The stories: the real binary, real processes, and servers and clients that nobody here wrote.

// Some of the support is for stories that run on Linux alone.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

// `#[test]` is ours, whose tests can lack something (`support/lacks.rs`).
#[macro_use]
extern crate oauthctl_test_attribute;

#[cfg(unix)]
mod account;
#[cfg(unix)]
mod apps;
mod asked_again;
mod bad_input;
#[cfg(target_os = "linux")]
mod bounds;
mod by_address;
mod by_address_readme;
mod call;
#[cfg(target_os = "linux")]
mod call_downloads;
mod call_like_gh;
mod call_origins;
#[cfg(target_os = "linux")]
mod call_output;
mod call_pages;
#[cfg(unix)]
mod call_print;
#[cfg(target_os = "linux")]
mod canary;
mod captured;
mod catalogue;
mod chromium;
mod ci;
mod client_auth;
mod client_credentials;
#[cfg(unix)]
mod completion;
#[cfg(target_os = "linux")]
mod conformance;
mod consumers;
mod crash;
mod definitions;
mod denied;
mod device;
#[cfg(unix)]
mod device_polls;
#[cfg(target_os = "linux")]
mod doctor;
#[cfg(target_os = "linux")]
mod doubt;
mod dry_run;
mod emulated_servers;
mod emulator;
mod emulator_traces;
mod error_page;
mod every_provider;
#[cfg(unix)]
mod every_screen;
#[cfg(unix)]
mod examples;
mod exchange;
mod existing_tokens;
mod explain;
#[cfg(target_os = "linux")]
mod explain_matrix;
mod export;
mod faults;
#[cfg(unix)]
mod first_hour;
mod floors;
mod flow_records;
mod forgotten_client;
mod front_page;
#[cfg(unix)]
mod further_secrets;
mod further_tokens;
mod fuzz_corpora;
mod given_token;
mod guides;
mod help_and_completions;
mod hints;
mod hostile_callbacks;
mod https_callback;
mod idle;
#[cfg(unix)]
mod inspect;
mod json_answers;
#[cfg(target_os = "linux")]
mod keychain_wire;
#[cfg(target_os = "linux")]
mod killed;
#[cfg(target_os = "linux")]
mod launch;
mod logout;
mod malformed;
mod manual;
mod many_logins;
mod mock_issuer;
mod mutants;
#[cfg(unix)]
mod narrower;
mod next_command;
mod oidc_device;
mod oidc_provider;
mod openapi;
mod openid;
#[cfg(target_os = "linux")]
mod os_keychain;
#[cfg(target_os = "linux")]
mod outlive;
#[cfg(unix)]
mod packaging;
mod pages;
#[cfg(unix)]
mod paste;
#[cfg(target_os = "linux")]
mod permissions;
#[cfg(unix)]
mod pictures;
#[cfg(target_os = "linux")]
mod port_memory;
mod profiles;
mod pushed;
mod quirks;
mod readme;
mod recorded_replies;
mod refresh;
#[cfg(target_os = "linux")]
mod refresh_end;
mod refresh_faults;
mod refusals;
mod rejected;
mod rejected_token;
mod scopes;
mod scopes_matrix;
#[cfg(unix)]
mod screens;
mod secrets;
#[cfg(unix)]
mod shells;
#[cfg(target_os = "linux")]
mod signals;
#[cfg(target_os = "linux")]
mod stores;
#[cfg(target_os = "linux")]
mod storm;
mod support;
#[cfg(unix)]
mod terminal_door;
#[cfg(target_os = "linux")]
mod traces;
mod trust;
mod two_steps;
#[cfg(unix)]
mod waiting;
mod whole_path;
#[cfg(unix)]
mod wizard;
#[cfg(unix)]
mod workflows;
