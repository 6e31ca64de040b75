//! The proxy that adds the token to a command's requests, and the variables by which the command finds it.
//!
//! Programs find a proxy for http in `http_proxy`, or in `HTTP_PROXY`; Node's own do if NODE_USE_ENV_PROXY says so. Its
//! password stands in the address, where curl, Python and others expect it. NO_PROXY must not lead past the proxy, so what
//! names the API there is taken out. This machine stands in it instead, as most programs ask no proxy for it
//! unless the API is here, as an emulator's is.

use std::ffi::OsString;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::{Host, Url};

use super::args::ExecArgs;
use super::error::ExecError;
use crate::commands::context::Context;
use crate::flow::FlowError;
use crate::flow::api_gate::{ApiGate, USER, for_program};
use crate::flow::lasting_token::LastingToken;
use crate::protocol::sanitize;
use crate::protocol::secret::Secret;
use crate::provider::Origin;
use crate::provider::endpoint::is_loopback;
use crate::session::ActiveLogin;
use crate::system::entropy::random;
use crate::system::forwarder::{Forwarder, Port};
use crate::system::http::Upstream;
use crate::system::paths;

/// The names of this machine, for programs that would ask the proxy for it.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Variables for the command.
pub type Variables = Vec<(&'static str, OsString)>;

/// Starts the proxy, and returns it with the variables for the command.
pub fn start(
    args: &ExecArgs,
    login: &ActiveLogin,
    token: &Arc<LastingToken>,
    context: &Context,
) -> Result<(Forwarder, Variables), ExecError> {
    let mut more = Vec::new();
    for text in &args.allow_origin {
        let bad = |problem| ExecError::BadOrigin { text: sanitize::line(text), problem };
        more.push(Origin::parse(text).map_err(bad)?);
    }
    let bytes: [u8; 32] = random(context.system.entropy.as_ref())?;
    let password = Secret::new(URL_SAFE_NO_PAD.encode(bytes));
    let ports = (Arc::clone(token), Arc::clone(&context.system.clock));
    let gate = ApiGate::new(&login.provider, more, password.clone(), ports).map_err(|error| match error {
        FlowError::NoSuchPlacement { provider, .. } => ExecError::TokenInBody { provider },
        error => error.into(),
    })?;
    let upstream = Upstream::new(context.session.authorities(Some(&login.token))?);
    let urls: Vec<Url> = gate.origins().iter().filter_map(|origin| Url::parse(&origin.to_string()).ok()).collect();
    // A fault in the settings of this machine is told here, and not to the command.
    for url in &urls {
        upstream.client(url)?;
    }
    let port = Port::bind().map_err(ExecError::NoProxy)?;
    let address = port.address().map_err(ExecError::NoProxy)?;
    let proxy = format!("http://{USER}:{}@{address}", password.expose());
    let base = login.provider.endpoints.api_base.as_ref().map(ToString::to_string).unwrap_or_default();
    let base = for_program(&base, gate.origins()).unwrap_or(base);
    let base = base.trim_end_matches('/').to_owned();
    let no_proxy = without_proxy(paths::variable("no_proxy").or_else(|| paths::variable("NO_PROXY")), &urls);
    let forwarder = port.serve(Arc::new(gate), upstream).map_err(ExecError::NoProxy)?;
    let mut variables: Variables =
        ["http_proxy", "HTTP_PROXY", "OAUTHCTL_PROXY"].map(|name| (name, OsString::from(&proxy))).to_vec();
    variables.extend(["no_proxy", "NO_PROXY"].map(|name| (name, OsString::from(&no_proxy))));
    variables.extend([("OAUTHCTL_API", base.into()), ("NODE_USE_ENV_PROXY", "1".into())]);
    Ok((forwarder, variables))
}

/// Returns what is asked for without a proxy: what it was before, but for the API, and this machine.
fn without_proxy(before: Option<String>, api: &[Url]) -> String {
    let before = before.unwrap_or_default();
    let entries = before.split([',', ' ']).filter(|entry| !entry.is_empty());
    let mut all: Vec<&str> = entries.filter(|entry| !api.iter().any(|url| names(entry, url))).collect();
    if !api.iter().any(is_loopback) {
        all.extend(THIS_MACHINE.iter().filter(|name| !before.split([',', ' ']).any(|entry| entry == **name)));
    }
    all.join(",")
}

/// Returns `true` if an entry of NO_PROXY may mean the host of a URL.
fn names(entry: &str, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    // A network, of which only an address can be a part.
    if entry.contains('/') {
        return !matches!(url.host(), Some(Host::Domain(_)));
    }
    let entry = entry.to_ascii_lowercase();
    let name = entry.trim_start_matches('*').trim_start_matches('.');
    let name = match name.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && !name.contains(':') => {
            name
        }
        _ => name,
    };
    let bare = host.trim_matches(['[', ']']);
    name.is_empty() || host == name || bare == name || host.ends_with(&format!(".{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_without_a_proxy_stays_so_but_for_the_api() {
        let api = |texts: &[&str]| texts.iter().map(|text| Url::parse(text).unwrap()).collect::<Vec<_>>();
        let shop = api(&["https://api.shop.example:8443"]);
        let here = "localhost,127.0.0.1,::1";
        for (before, after) in [
            ("", here.to_owned()),
            ("*", here.to_owned()),
            ("a.example, .b.example", format!("a.example,.b.example,{here}")),
            ("shop.example,.shop.example,*.Shop.example", here.to_owned()),
            ("api.shop.example:8443,other.shop.example", format!("other.shop.example,{here}")),
            ("10.0.0.0/8,localhost", "10.0.0.0/8,localhost,127.0.0.1,::1".to_owned()),
        ] {
            assert_eq!(without_proxy(Some(before.to_owned()), &shop), after, "{before}");
        }
        let local = api(&["http://127.0.0.1:4711"]);
        assert_eq!(without_proxy(Some("127.0.0.0/8,127.0.0.1,a.example".to_owned()), &local), "a.example");
        assert_eq!(without_proxy(None, &api(&["http://[::1]:4711"])), "");
    }
}
