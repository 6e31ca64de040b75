//! The diagnosis of a flow: what its record says about why it failed, and what to do.
//!
//! # Decisions
//!
//! * A rule is a pure function of the record, in one table. It sees what was sent, what came and when, as an expert with a
//!   trace does; it does not see which error the command reported, unless the record has nothing else.
//! * High confidence means that the record proves it: the server names the thing, or two values of the record differ
//!   where they must be equal. Medium: the server's code names the area, and the record excludes the other causes. Low:
//!   nothing speaks against it. On a flow that succeeded no rule is highly confident.
//! * Findings are ordered by confidence, then by the table, which has the more specific rule first. A wider rule stays
//!   silent where a narrower one has spoken about the same thing: it asks [`Facts`] for the same classified refusal.
//! * What an authorization server shows only on its own page in the browser never reaches this program. One rule of low
//!   confidence says so, and shows what was sent, to compare.

mod answer;
mod api;
mod client;
mod clock;
mod code;
mod compare;
mod demands;
mod facts;
mod finding;
mod id_token;
mod line;
mod network;
mod page;
mod pieces;
mod pkce;
mod redirect_uri;
mod refresh;
mod region;
mod scope;
mod servers;
#[cfg(test)]
mod tests;
mod unexplained;

use self::facts::Facts;
use self::finding::Check;
use crate::protocol::flow_record::FlowRecord;

pub use finding::{Confidence, Finding};
pub use line::{Line, lines, seconds};

/// A rule: its name, the section that it goes by, and its test.
struct Rule {
    id: &'static str,
    section: &'static str,
    /// True if it combines more of the record than the refused request and its reply: what the error's own hint cannot
    /// know.
    is_wider_than_the_error: bool,
    check: Check,
}

const fn rule(id: &'static str, section: &'static str, check: Check) -> Rule {
    Rule { id, section, is_wider_than_the_error: false, check }
}

/// A rule that combines more than the error's own hint knows.
const fn wide(id: &'static str, section: &'static str, check: Check) -> Rule {
    Rule { id, section, is_wider_than_the_error: true, check }
}

/// Every rule, the more specific ones first.
#[rustfmt::skip]
const RULES: &[Rule] = &[
    // The clock makes other things look wrong.
    wide("clock_skew", "RFC 7519 §4.1.4", clock::clock_skew),
    wide("redirect_uri_differs", "RFC 6749 §3.1.2.3", redirect_uri::redirect_uri_differs),
    rule("redirect_uri_refused", "RFC 6749 §3.1.2.4", redirect_uri::redirect_uri_refused),
    rule("pushed_request_required", "RFC 9126 §5", demands::pushed_request_required),
    rule("pushed_request_ended", "RFC 9126 §2.2", demands::pushed_request_ended),
    rule("dpop_required", "RFC 9449 §5", demands::dpop_required),
    rule("request_object_required", "RFC 9101 §5", demands::request_object_required),
    rule("resource_required", "RFC 8707 §2", demands::resource_required),
    rule("resource_refused", "RFC 8707 §2", demands::resource_refused),
    rule("pkce_required", "RFC 9700 §2.1.1", pkce::pkce_required),
    rule("pkce_verifier_differs", "RFC 7636 §4.6", pkce::pkce_verifier_differs),
    rule("pkce_unsupported", "RFC 7636 §4.2", pkce::pkce_unsupported),
    rule("client_key_required", "RFC 7523 §2.2", client::client_key_required),
    rule("secret_missing", "RFC 6749 §3.2.1", client::secret_missing),
    rule("secret_not_wanted", "RFC 6749 §2.1", client::secret_not_wanted),
    wide("secret_in_wrong_place", "RFC 6749 §2.3.1", client::secret_in_wrong_place),
    rule("client_unknown", "RFC 6749 §2.2", client::client_unknown),
    rule("secret_wrong", "RFC 6749 §2.3.1", client::secret_wrong),
    rule("response_type_not_allowed", "RFC 6749 §3.1.1", client::response_type_not_allowed),
    rule("grant_not_allowed", "RFC 6749 §5.2", client::grant_not_allowed),
    wide("code_used_twice", "RFC 6749 §4.1.2", code::code_used_twice),
    wide("code_expired", "RFC 6749 §4.1.2", code::code_expired),
    rule("device_code_expired", "RFC 8628 §3.5", code::device_code_expired),
    rule("code_refused", "RFC 6749 §5.2", code::code_refused),
    wide("refresh_token_reused", "RFC 9700 §4.14.2", refresh::refresh_token_reused),
    rule("refresh_token_ended", "RFC 6749 §6", refresh::refresh_token_ended),
    wide("scope_not_allowed", "RFC 6749 §3.3", scope::scope_not_allowed),
    rule("scope_missing", "RFC 6750 §3.1", scope::scope_missing),
    wide("token_expired", "RFC 6750 §3.1", api::token_expired),
    wide("other_region", "RFC 8707 §2", region::other_region),
    wide("token_for_another_audience", "RFC 9068 §4", api::token_for_another_audience),
    wide("token_of_another_issuer", "RFC 9068 §4", api::token_of_another_issuer),
    rule("token_rejected", "RFC 6750 §3.1", api::token_rejected),
    rule("token_too_early", "RFC 7519 §4.1.5", api::token_too_early),
    rule("login_too_weak", "RFC 9470 §3", api::login_too_weak),
    rule("api_busy", "RFC 6585 §4", api::api_busy),
    rule("api_not_enabled", "RFC 9110 §15.5.4", api::api_not_enabled),
    rule("header_missing", "RFC 9110 §15.5", api::header_missing),
    rule("other_scheme", "RFC 9110 §11.6.1", api::other_scheme),
    rule("not_permitted", "RFC 9110 §15.5.4", api::not_permitted),
    rule("signed_answer", "JARM §2", answer::signed_answer),
    rule("wrong_issuer", "RFC 9207 §2.4", answer::wrong_issuer),
    rule("issuer_missing", "RFC 9207 §2.4", answer::issuer_missing),
    rule("token_in_place_of_code", "RFC 6749 §3.1.1", answer::token_in_place_of_code),
    rule("state_missing", "RFC 6749 §4.1.2", answer::state_missing),
    rule("state_of_another_login", "RFC 6749 §10.12", answer::state_of_another_login),
    rule("interaction_required", "OpenID Connect Core §3.1.2.6", answer::interaction_required),
    rule("denied", "RFC 6749 §4.1.2.1", answer::denied),
    rule("nonce_differs", "OpenID Connect Core §3.1.3.7", id_token::nonce_differs),
    rule("id_token_issuer", "OpenID Connect Core §3.1.3.7", id_token::id_token_issuer),
    rule("id_token_audience", "OpenID Connect Core §3.1.3.7", id_token::id_token_audience),
    rule("id_token_signature", "OpenID Connect Core §3.1.3.7", id_token::id_token_signature),
    rule("proxy_refuses", "RFC 9110 §15.5.8", network::proxy_refuses),
    rule("proxy_unreachable", "RFC 9110 §9.3.6", network::proxy_unreachable),
    rule("tls_date", "RFC 5280 §4.1.2.5", network::tls_date),
    rule("tls_name", "RFC 9525 §6", network::tls_name),
    rule("tls_authority", "RFC 5280 §6", network::tls_authority),
    rule("tls_client_certificate", "RFC 8446 §6.2", network::tls_client_certificate),
    rule("tls_missing", "RFC 8446 §4", network::tls_missing),
    rule("tls_broken", "RFC 8446 §6.2", network::tls_broken),
    rule("name_not_found", "RFC 1035", network::name_not_found),
    rule("no_listener", "RFC 9293", network::no_listener),
    rule("no_reply_in_time", "RFC 9110 §15.6.5", network::no_reply_in_time),
    rule("connection_broken", "RFC 9112 §8", network::connection_broken),
    rule("metadata_of_another_issuer", "RFC 8414 §3.3", servers::metadata_of_another_issuer),
    rule("resource_metadata_differs", "RFC 9728 §3.3", servers::resource_metadata_differs),
    rule("metadata_missing", "RFC 8414 §3", servers::metadata_missing),
    rule("registration_refused", "RFC 7591 §3.2.2", servers::registration_refused),
    rule("firewall_page", "RFC 6749 §5.1", page::firewall_page),
    rule("endpoint_redirects", "RFC 9700 §4.12", page::endpoint_redirects),
    rule("endpoint_not_there", "RFC 6749 §3.2", page::endpoint_not_there),
    rule("server_busy", "RFC 6585 §4", page::server_busy),
    rule("server_fault", "RFC 9110 §15.6", page::server_fault),
    rule("page_in_place_of_reply", "RFC 6749 §5.1", page::page_in_place_of_reply),
    rule("reply_without_token", "RFC 6749 §5.1", page::reply_without_token),
    rule("scope_granted_less", "RFC 6749 §3.3", scope::scope_granted_less),
    rule("https_required", "RFC 6749 §3.2", demands::https_required),
    rule("tenant_unknown", "RFC 8414 §2", demands::tenant_unknown),
    rule("body_format_refused", "RFC 6749 §4.1.3", demands::body_format_refused),
    rule("answer_unusable", "RFC 6749 §4.1.2", answer::answer_unusable),
    rule("parameter_refused", "RFC 6749 §4.1.2.1", demands::parameter_refused),
    rule("nothing_came", "RFC 6749 §4.1.2.1", unexplained::nothing_came),
    rule("device_not_confirmed", "RFC 8628 §3.5", unexplained::device_not_confirmed),
];

/// The rule that speaks if no other does.
pub const UNEXPLAINED: &str = "refused";

/// What is said if no rule speaks: what the server said.
const LAST: Rule = rule(UNEXPLAINED, "RFC 6749 §5.2", unexplained::refused);

/// Returns what the record says, the most certain first. `registered` is the redirect URI of the provider's page, if the
/// user has copied it from there.
pub fn diagnose(record: &FlowRecord, registered: Option<&str>) -> Vec<Finding> {
    let facts = Facts::new(record, registered);
    let found = |rule: &Rule| {
        let found = (rule.check)(&facts)?;
        Some(Finding::new(rule.id, rule.section, rule.is_wider_than_the_error, found, &facts))
    };
    let mut findings: Vec<Finding> = RULES.iter().filter_map(found).collect();
    if findings.is_empty() {
        findings.extend(found(&LAST));
    }
    // A stable sort: the table's order stays within a confidence.
    findings.sort_by_key(|finding| finding.confidence);
    findings
}
