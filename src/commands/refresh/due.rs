//! `refresh --due`: the logins that would be lost if nobody used them: from cron, once a day.
//!
//! A refresh token that has a date, or that the definition says dies unused (`refresh.idle`), is renewed before; so is an
//! access token that is its own refresh token. Nothing is sent for the others. A login that cannot be read is taken along,
//! so that its error is told.

use std::time::Duration;

use crate::commands::Context;
use crate::commands::many::{LoginPattern, ManyError, selected};
use crate::commands::status::listed;
use crate::protocol::time::HumanDuration;
use crate::session::SessionError;
use crate::store::login_index::LoginEntry;
use crate::store::{Profile, StoreKind, StoredToken};

/// A job that runs once a day may fail for some days.
pub const WITHIN: &str = "7d";

/// The logins to look at, all if there are no patterns, and how near their end must be.
pub struct Due<'a> {
    pub patterns: Option<&'a [LoginPattern]>,
    pub within: Duration,
}

/// Returns the logins to refresh, and says so if there are none.
pub fn logins(due: &Due<'_>, context: &Context) -> Result<Vec<(Profile, LoginEntry)>, ManyError> {
    let all = match due.patterns {
        Some(patterns) => selected(patterns, context)?,
        None => listed(None, context)?,
    };
    let is_due = |(profile, entry): &(Profile, LoginEntry)| {
        if entry.store == StoreKind::Env || entry.ending {
            return false;
        }
        match context.session.store().map(|store| store.load(profile)) {
            Ok(Ok(Some(found))) => dies_within(&found.record, due.within, context),
            Ok(Ok(None)) => false,
            Ok(Err(_)) | Err(_) => true,
        }
    };
    let logins: Vec<_> = all.into_iter().filter(is_due).collect();
    if logins.is_empty() {
        let within = HumanDuration(due.within);
        context.terminal().note(&format_args!("no login ends within {within} for want of use, as far as is known"));
    }
    Ok(logins)
}

fn dies_within(record: &StoredToken, within: Duration, context: &Context) -> bool {
    let limit = idle_limit(record, context).unwrap_or_default();
    record.ends_unused(limit).is_some_and(|end| end <= context.system.clock.now().plus(within))
}

/// Returns how long a login lasts without use, by its provider's definition.
fn idle_limit(record: &StoredToken, context: &Context) -> Result<Option<Duration>, SessionError> {
    Ok(context.session.catalogue()?.get(&record.provider)?.idle_limit())
}
