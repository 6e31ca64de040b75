//! Where the answer arrives: on a loopback port, behind a tunnel, or by what a person pastes.
//!
//! The first way that can work is chosen: what the command line says, else what the provider takes. A provider that
//! takes https only gets the TLS listener on `localhost`.

use std::net::SocketAddr;

use clap::Args;

use super::super::{Context, app};
use super::LoginError;
use crate::flow::authorization::Listen;
use crate::protocol::redirect_uri::RedirectUri;
use crate::provider::{Dialect, Provider};
use crate::store::StoreError;
use crate::system::certificate::CallbackCertificate;

#[derive(Args)]
pub struct ArrivalArgs {
    /// The redirect URI to the letter as it is registered
    #[arg(long, value_name = "URI", conflicts_with = "port")]
    redirect_uri: Option<String>,

    /// The port of http://127.0.0.1:PORT/callback; 0 takes any free one
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// The local address to which a tunnel leads from the redirect URI
    #[arg(long, value_name = "ADDRESS", requires = "redirect_uri")]
    listen: Option<SocketAddr>,
}

impl ArrivalArgs {
    pub fn choose(&self, provider: &Provider, context: &Context) -> Result<(RedirectUri, Listen), LoginError> {
        let uri = self.redirect_uri(provider)?;
        if let Some(address) = self.listen {
            if !address.ip().is_loopback() {
                return Err(LoginError::ListenElsewhere { address });
            }
            return Ok((uri, Listen::Tunnel(address)));
        }
        let no_loopback = !Dialect::redirects_to_loopback(&provider.definition);
        if uri.loopback().is_none() || (no_loopback && self.redirect_uri.is_none()) {
            if !context.terminal().is_interactive() {
                return Err(LoginError::NobodyToPaste { redirect_uri: uri.to_string() });
            }
            return Ok((uri, Listen::Paste));
        }
        let tls = if uri.is_tls() { Some(certificate(&uri, context)?.server_config()?) } else { None };
        Ok((uri, Listen::Here { tls }))
    }

    fn redirect_uri(&self, provider: &Provider) -> Result<RedirectUri, LoginError> {
        let default = app::default_redirect_uri(&provider.definition, provider.emulator.is_some());
        let uri = RedirectUri::parse(self.redirect_uri.as_deref().unwrap_or(default))?;
        Ok(self.port.map_or_else(|| uri.clone(), |port| uri.with_port(port)))
    }
}

/// The kept certificate, or a new one that is kept.
fn certificate(uri: &RedirectUri, context: &Context) -> Result<CallbackCertificate, LoginError> {
    let host = uri.host();
    let now = context.system.clock.now();
    let store = context.session.store()?;
    match store.load_certificate() {
        Ok(Some(kept)) if kept.serves(host, now) => return Ok(kept),
        Ok(_) => {}
        // It holds nothing that is not made anew.
        Err(StoreError::Damaged { name, place, source }) => context
            .terminal()
            .note(&format_args!("The record of `{name}` in {place} is damaged and is replaced: {source}")),
        Err(error) => return Err(error.into()),
    }
    let made = CallbackCertificate::make(host, now)?;
    store.save_certificate(&made)?;
    Ok(made)
}
