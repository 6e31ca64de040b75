//! A client's registration, without its secret.

use std::fmt;

use serde::Serialize;

use crate::protocol::sanitize::{self, Render, Style, TerminalText};
use crate::protocol::time::Timestamp;
use crate::provider::RecordedOrigins;
use crate::store::{AppName, ClientKey, StoreKind};

#[derive(Debug, Serialize)]
pub struct AppOutcome {
    pub provider: String,
    #[serde(skip_serializing_if = "AppName::is_default")]
    pub app: AppName,
    /// The client id of another client that it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
    pub client_id: String,
    pub secret: bool,
    /// The variable that the secret is from.
    #[serde(skip)]
    pub secret_from: Option<&'static str>,
    pub store: StoreKind,
    pub place: String,
}

impl Render for AppOutcome {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let secret = match (self.secret_from, self.secret) {
            (Some(variable), _) => format!("with the secret in {variable}"),
            (None, true) => "with its secret".to_owned(),
            (None, false) => "without a secret".to_owned(),
        };
        let client = sanitize::line(&self.client_id);
        let app = self.app.name().map(|name| format!(" as the app `{name}`")).unwrap_or_default();
        let kept =
            format_args!(" Stored the client `{client}` of `{}`{app}, {secret}, in {}", self.provider, self.place);
        text.line(&[&Style::Success.of("✓"), &kept])?;
        if let Some(replaced) = &self.replaced {
            writeln!(text, "  replaces the client `{}`", sanitize::line(replaced))?;
        }
        let flag = self.app.name().map(|name| format!(" --app {name}")).unwrap_or_default();
        let command = format_args!("oauthctl login {}{flag}", self.provider);
        text.line(&[&"  next     ", &Style::Strong.of(command)])
    }
}

#[derive(Debug, Serialize)]
pub struct RemovedApp {
    pub provider: String,
    #[serde(skip_serializing_if = "AppName::is_default")]
    pub app: AppName,
    /// The logins that cannot be refreshed without it.
    pub logins: Vec<String>,
}

impl Render for RemovedApp {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let key = ClientKey::new(&self.provider, self.app.clone());
        write!(text, "Deleted {}.", sanitize::line(&key.words()))
    }
}

#[derive(Debug, Serialize)]
pub struct AppStatus {
    pub provider: String,
    #[serde(skip_serializing_if = "AppName::is_default")]
    pub app: AppName,
    pub client_id: String,
    pub secret: bool,
    pub store: StoreKind,
    pub registered_at: Timestamp,
    pub origins: Option<RecordedOrigins>,
}

impl Render for AppStatus {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        writeln!(text, "provider   {}", self.provider)?;
        if let Some(name) = self.app.name() {
            writeln!(text, "app        {name}")?;
        }
        writeln!(text, "client id  {}", sanitize::line(&self.client_id))?;
        writeln!(text, "secret     {}", if self.secret { "kept" } else { "none" })?;
        writeln!(text, "store      {}", self.store)?;
        writeln!(text, "since      {}", self.registered_at)?;
        match self.origins.as_ref().and_then(|origins| origins.token.as_deref()) {
            Some(origin) => writeln!(text, "goes to    {origin}"),
            None => writeln!(text, "goes to    depends on the login's parameters"),
        }
    }
}
