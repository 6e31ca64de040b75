//! Floor 2: the only floor that touches the machine. Each port is a small trait and its real implementation, so that a
//! flow's signature says which effects it has.

pub mod account;
pub mod browser;
pub mod certificate;
pub mod clock;
pub mod command_signal;
#[cfg(unix)]
pub mod companion;
pub mod entropy;
pub mod exec;
pub mod forwarder;
pub mod http;
pub mod loopback;
pub mod messages;
pub mod names;
pub mod own_folder;
pub mod paste;
pub mod paths;
pub mod private_file;
pub mod process;
pub mod program;
pub mod proxy;
pub mod remedy;
pub mod screen;
pub mod shell;
pub mod signals;
pub mod stack;
pub mod stdout;
pub mod terminal;
pub mod token_file;
pub mod waiting;
pub mod whole_file;
pub mod work_tree;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::protocol::login_secrets::VARIABLES;
use crate::protocol::secret::{AccessToken, ClientSecret, Secret};

/// The machine, as the commands see it.
pub struct System {
    pub clock: Arc<dyn clock::Clock>,
    pub entropy: Arc<dyn entropy::Entropy>,
    pub http: Arc<dyn http::HttpClient>,
    pub secrets: SecretVariables,
    /// True if this process is closed to the user's other processes: see [`process::harden`].
    pub hardened: bool,
}

impl System {
    /// Returns the machine that this process runs on. Must be called first in `main`: see [`SecretVariables::take`].
    pub fn real() -> Self {
        let hardened = process::harden();
        process::give_memory_back();
        Self {
            hardened,
            secrets: SecretVariables::take(),
            clock: Arc::new(clock::SystemClock),
            entropy: Arc::new(entropy::OsEntropy),
            http: Arc::new(http::NetworkClient::default()),
        }
    }
}

/// Secrets that a script passed in the environment.
#[derive(Default)]
pub struct SecretVariables {
    /// `OAUTHCTL_CLIENT_SECRET`
    pub client_secret: Option<ClientSecret>,
    /// The values of `OAUTHCTL_PARAM_NAME`, by the whole names.
    pub params: BTreeMap<String, Secret>,
    /// `OAUTHCTL_STORE_KEY`
    pub store_key: Option<Secret>,
    /// `OAUTHCTL_TOKEN`
    pub token: Option<AccessToken>,
    /// `OAUTHCTL_EXPORT_PASSPHRASE`
    pub export_passphrase: Option<Secret>,
    /// The name of one that is not UTF-8. Its value above is not what the user meant, so every command must stop.
    pub not_text: Option<String>,
}

impl SecretVariables {
    /// Reads the variables and removes them from the environment, so that no child inherits them: neither a browser nor
    /// the programs that it starts.
    fn take() -> Self {
        let mut not_text = None;
        let mut take = |name: &str| {
            let value = paths::variable(name);
            let is_not_text = std::env::var_os(name).is_some_and(|raw| raw.to_str().is_none());
            not_text = not_text.take().or_else(|| is_not_text.then(|| name.to_owned()));
            // SAFETY: called first in `main`, when no other thread can read the environment.
            unsafe { std::env::remove_var(name) };
            value
        };
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let names: Vec<String> = names.filter(|name| name.starts_with(VARIABLES)).collect();
        let params = names.into_iter().filter_map(|name| Some((name.clone(), Secret::new(take(&name)?)))).collect();
        Self {
            params,
            client_secret: take("OAUTHCTL_CLIENT_SECRET").map(ClientSecret::new),
            store_key: take("OAUTHCTL_STORE_KEY").map(Secret::new),
            token: take("OAUTHCTL_TOKEN").map(AccessToken::new),
            export_passphrase: take("OAUTHCTL_EXPORT_PASSPHRASE").map(Secret::new),
            not_text,
        }
    }
}
