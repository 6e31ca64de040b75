//! `app list`: the registered clients, and the logins that use each.

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::super::Context;
use super::super::view::Table;
use super::error::AppError;
use crate::protocol::sanitize::{self, Render, TerminalText};
use crate::protocol::time::Timestamp;
use crate::session::Clients;
use crate::store::{AppName, StoreKind};

#[derive(Args, Default)]
pub struct ListArgs {
    /// Only this provider's clients
    #[arg(value_name = "PROVIDER")]
    provider: Option<String>,
}

pub fn run(args: &ListArgs, context: &Context) -> Result<(), AppError> {
    // A provider may share its clients with others. An unknown one is told below.
    let provider = args.provider.as_ref().map(|typed| context.session.provider_id(typed)).transpose()?;
    let shared = provider.as_ref().map(|id| context.session.clients_id(id).unwrap_or_else(|_| id.clone()));
    let mut clients = context.session.clients(shared.as_deref())?;
    let first_error = clients.first_error.take();
    let list = AppList::new(clients, provider.clone(), context.terminal().width());
    if let Some(provider) = provider.as_ref().filter(|_| list.is_empty()) {
        // A misspelled id would look like a provider without clients.
        context.session.catalogue()?.get(provider)?;
    }
    context.answer(&list)?;
    first_error.map_or(Ok(()), |error| Err(error.into()))
}

#[derive(Debug, Serialize)]
struct AppList {
    apps: Vec<AppRow>,
    /// Clients of logins that are not registered here: they were the environment's, or were replaced or removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unregistered: Vec<UnregisteredRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable_logins: Vec<String>,
    /// The only provider whose clients are listed.
    #[serde(skip)]
    of: Option<String>,
    #[serde(skip)]
    width: usize,
}

#[derive(Debug, Serialize)]
struct AppRow {
    provider: String,
    app: AppName,
    #[serde(flatten)]
    client: Client,
    store: StoreKind,
    logins: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Client {
    Read { client_id: String, secret: bool, registered_at: Timestamp },
    Unreadable { problem: String },
}

#[derive(Debug, Serialize)]
struct UnregisteredRow {
    provider: String,
    client_id: String,
    logins: Vec<String>,
}

impl AppList {
    fn is_empty(&self) -> bool {
        self.apps.is_empty() && self.unregistered.is_empty()
    }

    fn new(clients: Clients, of: Option<String>, width: usize) -> Self {
        let apps = clients.registered.into_iter().map(|client| AppRow {
            provider: client.key.provider,
            app: client.key.app,
            client: match client.record {
                Ok(record) => Client::Read {
                    client_id: record.client_id.to_string(),
                    secret: record.client_secret.is_some(),
                    registered_at: record.registered_at,
                },
                Err(unreadable) => Client::Unreadable { problem: unreadable.problem },
            },
            store: client.store,
            logins: client.logins,
        });
        let unregistered = clients.unregistered.into_iter();
        Self {
            apps: apps.collect(),
            unregistered: unregistered
                .map(|((provider, client_id), logins)| UnregisteredRow { provider, client_id, logins })
                .collect(),
            unreadable_logins: clients.unreadable.into_iter().map(|(name, _)| name).collect(),
            of,
            width,
        }
    }
}

impl Render for AppList {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        if self.is_empty() {
            match &self.of {
                Some(provider) => {
                    writeln!(text, "No clients of `{provider}`. `oauthctl app set {provider}` registers one.")?;
                }
                None => writeln!(text, "No clients. `oauthctl app set PROVIDER` registers one.")?,
            }
        } else {
            let logins = |logins: &[String]| if logins.is_empty() { "–".to_owned() } else { logins.join(", ") };
            let mut table = Table::new(self.width, &["PROVIDER", "APP", "CLIENT ID", "SECRET", "STORE", "LOGINS"]);
            for row in &self.apps {
                let (client, secret) = match &row.client {
                    Client::Read { client_id, secret, .. } => {
                        (sanitize::line(client_id), if *secret { "kept" } else { "none" })
                    }
                    Client::Unreadable { problem } => (problem.clone(), ""),
                };
                let (app, store) = (row.app.to_string(), row.store.to_string());
                table.add([row.provider.clone(), app, client, secret.to_owned(), store, logins(&row.logins)]);
            }
            for row in &self.unregistered {
                let (app, client) = ("not registered".to_owned(), sanitize::line(&row.client_id));
                let cells = [row.provider.clone(), app, client, String::new(), String::new(), logins(&row.logins)];
                table.add(cells);
            }
            table.write(text)?;
        }
        for name in &self.unreadable_logins {
            writeln!(text, "The login `{name}` cannot be read, so its client is not known.")?;
        }
        Ok(())
    }
}
