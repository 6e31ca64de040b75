//! Variables of the environment that hide something that a person may expect to be used, and names that look like ours and
//! are read by nothing.

use super::environment::{ALL, CLIENT_ID, CLIENT_SECRET, CONFIG_DIR, DATA_DIR, EMULATOR, OF_EMULATOR, PROFILE, TOKEN};
use super::record_choice::{self, RECORD};
use super::{Session, Source};
use crate::protocol::sanitize;
use crate::system::paths::Paths;

/// How every variable of ours begins.
const PREFIX: &str = "OAUTHCTL_";

/// How many letters may be wrong in a name that was mistyped.
const MISTYPED: usize = 2;

/// One variable, and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    pub variable: String,
    pub text: String,
    /// The command that ends it.
    pub remedy: String,
}

impl Shadow {
    fn new(variable: &str, text: String) -> Self {
        Self { variable: variable.to_owned(), text, remedy: format!("unset {variable}") }
    }
}

impl Session {
    /// Lists the variables that hide something.
    pub fn shadows(&self) -> Vec<Shadow> {
        let found = [
            self.shadowed_login(),
            self.shadowed_token(),
            self.shadowed_records(),
            self.shadowed_client(),
            self.idle_secret(),
            self.shadowed_provider(),
            self.shadowed_folder(CONFIG_DIR),
            self.shadowed_folder(DATA_DIR),
        ];
        let names = self.environment.names(PREFIX).into_iter();
        let mistyped = names.filter(|name| !ALL.contains(&name.as_str())).map(|name| unread(&name));
        found.into_iter().flatten().chain(mistyped).collect()
    }

    fn shadowed_login(&self) -> Option<Shadow> {
        let named = self.choices.profile.as_ref().filter(|named| named.from == Source::Variable(PROFILE))?;
        let index = self.store().ok()?.index().ok()?;
        let name = named.value.as_str();
        let text = match index.current.as_deref() {
            _ if !index.logins.contains_key(name) => format!("commands use the login `{name}`, which does not exist"),
            Some(current) if current != name => {
                format!("commands use the login `{name}`, and not the current one, `{}`", sanitize::line(current))
            }
            _ => return None,
        };
        Some(Shadow::new(PROFILE, text))
    }

    fn shadowed_token(&self) -> Option<Shadow> {
        let text = match self.named_profile() {
            _ if !self.has_token_variable() => return None,
            Some(name) => format!("its token is used for the login `{name}`, in place of the stored one"),
            None => "its token is used for every login that a command names".to_owned(),
        };
        Some(Shadow::new(TOKEN, text))
    }

    fn shadowed_records(&self) -> Option<Shadow> {
        let word = self.environment.variable(RECORD)?;
        let text = match word.to_ascii_lowercase().as_str() {
            _ if record_choice::is_on(Some(&word)) => return None,
            "off" | "0" | "no" | "false" => {
                "no command is recorded, so that `explain` has nothing to explain".to_owned()
            }
            // A word that is not known leaves them off.
            _ => format!("`{}` is neither `on` nor `off`, so that no command is recorded", sanitize::line(&word)),
        };
        Some(Shadow::new(RECORD, text))
    }

    fn shadowed_client(&self) -> Option<Shadow> {
        let id = self.client_id_of_environment()?;
        let index = self.store().ok()?.index().ok()?;
        let registered = index.apps.iter().filter(|(_, entry)| !entry.ending).map(|(name, _)| name);
        let registered: Vec<&String> = registered.collect();
        let hidden = match registered.len() {
            0 => return None,
            1..=3 => sanitize::ticked(registered),
            more => format!("{more} registered clients"),
        };
        let id = sanitize::line(&id);
        Some(Shadow::new(CLIENT_ID, format!("new logins use the client `{id}` at every provider, and not {hidden}")))
    }

    fn idle_secret(&self) -> Option<Shadow> {
        let is_alone = self.secret_of_environment().is_some() && self.client_id_of_environment().is_none();
        is_alone
            .then(|| Shadow::new(CLIENT_SECRET, format!("it is not used by a login, because {CLIENT_ID} is not set")))
    }

    fn shadowed_provider(&self) -> Option<Shadow> {
        let (id, origin) = self.emulated().ok().flatten()?;
        let shadow = Shadow::new(EMULATOR, format!("`{id}` is the emulator at {origin}, and not the real provider"));
        Some(Shadow { remedy: format!("unset {}", OF_EMULATOR.join(" ")), ..shadow })
    }

    /// A folder that is not the platform's, if that one has something in it.
    fn shadowed_folder(&self, variable: &'static str) -> Option<Shadow> {
        self.environment.variable(variable)?;
        let ours = self.environment.paths().ok()?;
        let (config, data) = Paths::of_platform()?;
        let (ours, usual, what) = match variable {
            CONFIG_DIR => (ours.config, config, "definitions"),
            _ => (ours.data, data, "logins"),
        };
        let has_content = usual.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        let shown = |path: &std::path::Path| sanitize::line(&path.to_string_lossy());
        (ours != usual && has_content).then(|| {
            let (ours, usual) = (shown(&ours), shown(&usual));
            Shadow::new(variable, format!("{what} are in `{ours}`, and those in `{usual}` are not seen"))
        })
    }
}

/// A name that nothing reads.
fn unread(name: &str) -> Shadow {
    let own = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let near = ALL.into_iter().map(|known| (strsim::osa_distance(&own(name), &own(known)), known));
    let near = near.filter(|(wrong, _)| *wrong <= MISTYPED).min_by_key(|(wrong, _)| *wrong);
    let name = sanitize::line(name);
    match near {
        Some((_, known)) => Shadow::new(&name, format!("nothing reads it; did you mean {known}?")),
        None => Shadow::new(&name, "nothing reads it".to_owned()),
    }
}
