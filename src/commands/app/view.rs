//! A client's registration, without its secret.

use std::fmt;

use colored::Colorize;
use serde::Serialize;

use crate::protocol::sanitize;
use crate::protocol::time::Timestamp;
use crate::provider::RecordedOrigins;
use crate::store::StoreKind;

#[derive(Debug, Serialize)]
pub struct AppOutcome {
    pub provider: String,
    pub client_id: String,
    pub secret: bool,
    pub store: StoreKind,
    pub place: String,
}

impl fmt::Display for AppOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = if self.secret { "with its secret" } else { "without a secret" };
        writeln!(
            f,
            "{} Client `{}` of `{}` is kept {secret} in {}",
            "✓".green().bold(),
            sanitize::line(&self.client_id),
            self.provider,
            self.place
        )?;
        writeln!(f, "  next     {}", format!("oauthctl login --provider {}", self.provider).bold())
    }
}

#[derive(Debug, Serialize)]
pub struct AppStatus {
    pub provider: String,
    pub client_id: String,
    pub secret: bool,
    pub store: StoreKind,
    pub registered_at: Timestamp,
    pub origins: Option<RecordedOrigins>,
}

impl fmt::Display for AppStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "provider   {}", self.provider)?;
        writeln!(f, "client id  {}", sanitize::line(&self.client_id))?;
        writeln!(f, "secret     {}", if self.secret { "kept" } else { "none" })?;
        writeln!(f, "store      {}", self.store)?;
        writeln!(f, "since      {}", self.registered_at)?;
        match self.origins.as_ref().and_then(|origins| origins.token.as_deref()) {
            Some(origin) => writeln!(f, "goes to    {origin}"),
            None => writeln!(f, "goes to    depends on the login's parameters"),
        }
    }
}
