//! Keeps each look at a login's scopes, so that the next one can tell what has changed.

use std::collections::BTreeMap;

use super::super::Context;
use crate::flow::evidence::Evidence;
use crate::flow::probe::{Proofs, Verdict};
use crate::protocol::introspection::IntrospectionResponse;
use crate::protocol::jwt;
use crate::session::ActiveLogin;
use crate::store::record::VERSION;
use crate::store::scope_history::{HistoryError, ScopeChanges, ScopeHistory, ScopeRun, account_mark};
use crate::store::stored_token::Expiry;
use crate::system::private_file::PrivateFileError;

/// Keeps this run in place of the last one, and says what has changed. A disk that cannot be written is no reason to
/// fail: the answer is there.
pub fn note_run(
    login: &ActiveLogin,
    evidence: &Evidence,
    introspected: Option<&IntrospectionResponse>,
    proofs: Option<&Proofs>,
    context: &Context,
) -> Option<ScopeChanges> {
    let history = ScopeHistory::new(&context.session.paths().ok()?.data);
    let proven = |proofs: &Proofs| {
        let proofs = proofs.proofs.iter().filter(|proof| proof.verdict == Verdict::Proven);
        proofs.map(|proof| proof.scope.as_str()).collect()
    };
    let mut run = ScopeRun {
        version: VERSION,
        at: context.system.clock.now(),
        provider: login.provider.id().to_owned(),
        account: account_marks(login, introspected, proofs),
        granted: evidence.granted(),
        proven: proofs.map(proven),
        expiry: end(login, introspected),
    };
    let last = match history.last(&login.profile) {
        Ok(last) => last,
        Err(HistoryError::File(error)) => {
            not_kept(&error, context);
            return None;
        }
        // There is nothing to compare with, and this look takes its place.
        Err(error) => {
            context.terminal().note(&format_args!("warning: {error}; this one takes its place"));
            None
        }
    };
    let changes = last.as_ref().map(|last| run.changes_since(last));
    if let Some(last) = last {
        run.remember(last);
    }
    // A user who keeps logins in memory wants nothing to outlive the command.
    let kept = if context.session.keeps_nothing() { Ok(()) } else { history.keep(&login.profile, &run) };
    if let Err(error) = kept {
        not_kept(&error, context);
    }
    changes
}

/// Returns the end of the token, by what is known of it or else by introspection.
fn end(login: &ActiveLogin, introspected: Option<&IntrospectionResponse>) -> Expiry {
    match login.token.end() {
        Expiry::Unknown => introspected.and_then(|found| found.expires_at).map_or(Expiry::Unknown, Expiry::At),
        known => known,
    }
}

fn not_kept(error: &PrivateFileError, context: &Context) {
    context.terminal().note(&format_args!("warning: this look at the scopes cannot be kept for `--diff`: {error}"));
}

/// Whatever tells one account from another, by where it was found.
fn account_marks(
    login: &ActiveLogin,
    introspected: Option<&IntrospectionResponse>,
    proofs: Option<&Proofs>,
) -> BTreeMap<String, String> {
    let params = &login.token.params;
    let found = [
        ("api", proofs.and_then(|proofs| proofs.account.clone())),
        ("introspection", introspected.and_then(|response| response.subject.clone())),
        ("params", (!params.is_empty()).then(|| format!("{params:?}"))),
        ("token", jwt::subject(login.token.access_token.expose()).ok().flatten()),
    ];
    found.into_iter().filter_map(|(place, account)| Some((place.to_owned(), account_mark(&account?)))).collect()
}
