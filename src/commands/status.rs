//! `status`: every login there is. It never opens a browser and never shows a token.

use clap::Args;

use super::Context;
use crate::output::{StatusRow, StatusView, what_was_read};
use crate::protocol::sanitize;
use crate::store::{Profile, StoreError};

#[derive(Args)]
pub struct StatusArgs {}

pub fn run(_: &StatusArgs, context: &Context) -> anyhow::Result<()> {
    let index = context.store()?.index()?;
    let mut view =
        StatusView { logins: Vec::new(), width: context.terminal().width(), now: context.system.clock.now() };
    let mut first_error: Option<StoreError> = None;
    for (name, entry) in &index.logins {
        if context.global.profile.as_ref().is_some_and(|wanted| wanted.as_str() != name) {
            continue;
        }
        let Ok(profile) = name.parse::<Profile>() else { continue };
        let current = index.current.as_deref() == Some(name);
        match context.store()?.load(&profile) {
            Ok(Some(found)) => {
                let always =
                    context.catalogue()?.get(&found.record.provider).map(|d| d.always_granted()).unwrap_or_default();
                view.logins.push(StatusRow::new(&profile, current, &found, &always));
                if context.global.verbose {
                    let reply = found
                        .record
                        .reply
                        .as_ref()
                        .map_or_else(|| "none".to_owned(), |reply| sanitize::text(&reply.to_string()));
                    let origins = found.record.origins.api.join(", ");
                    context.terminal().note(&format_args!(
                        "{profile}: kept in {}; API {}; reply, secrets masked: {reply}; read from it: {}",
                        found.place,
                        sanitize::line(&origins),
                        what_was_read(&found.record)
                    ));
                }
            }
            Ok(None) => view.logins.push(StatusRow::unreadable(&profile, current, entry, "it is gone from its store")),
            Err(error) => {
                let problem = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                view.logins.push(StatusRow::unreadable(&profile, current, entry, &problem));
                first_error.get_or_insert(error);
            }
        }
    }
    context.answer(&view)?;
    first_error.map_or(Ok(()), |error| Err(error.into()))
}
