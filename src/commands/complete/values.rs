//! What can stand for each value of the command line.
//!
//! A new flag needs one row in [`KINDS`], or a value name that has one; a test fails without, and names it. The values of
//! a `ValueEnum` follow by themselves.

use clap::Arg;

use super::candidate::{Candidate, words};
use super::place::Place;
use crate::protocol::flow_record::FlowRecord;
use crate::provider::{ProviderDefinition, builtin};
use crate::session::Session;
use crate::store::ClientKey;
use crate::system::paths;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The ids of the providers, with their names.
    Providers,
    /// The stored logins.
    Logins,
    /// The recorded flows.
    Flows,
    /// The registered apps of the provider on the line.
    Apps,
    /// The scopes of the provider on the line, separated by commas or spaces.
    Scopes,
    /// The parameters of the provider on the line: `NAME=`.
    Params,
    /// The secret parameters of the provider on the line.
    Secrets,
    /// The further tokens of the login on the line.
    Further,
    /// The stores, with the helpers that are installed.
    Stores,
    /// HTTP methods, and paths that the provider's definition names.
    Requests,
    /// The names of pages of the manual.
    Pages,
    Files,
    Folders,
    /// A program to run, and its arguments.
    Commands,
    /// Free text.
    Free,
}

/// By the argument's id, else by the name of its value in the help text.
const KINDS: &[(&str, Kind)] = &[
    ("app", Kind::Apps),
    ("claim", Kind::Free),
    ("dir", Kind::Folders),
    ("page", Kind::Pages),
    ("profile", Kind::Logins),
    ("request", Kind::Requests),
    ("store", Kind::Stores),
    ("param_stdin", Kind::Secrets),
    ("which", Kind::Further),
    ("CMD", Kind::Commands),
    ("COMMAND", Kind::Commands),
    ("FILE", Kind::Files),
    ("FILE|URL", Kind::Files),
    ("FLOW", Kind::Flows),
    ("HOST", Kind::Free),
    ("ID", Kind::Providers),
    ("NAME=VALUE", Kind::Params),
    ("GLOB", Kind::Logins),
    ("PROFILE", Kind::Logins),
    ("PROVIDER", Kind::Providers),
    ("SCOPES", Kind::Scopes),
    ("client_id", Kind::Free),
    ("ADDRESS", Kind::Free),
    ("DURATION", Kind::Free),
    ("EXPR", Kind::Free),
    ("KEY=VALUE", Kind::Free),
    ("LANGUAGE", Kind::Free),
    ("METHOD", Kind::Requests),
    ("MILLISECONDS", Kind::Free),
    ("N", Kind::Free),
    ("NAME", Kind::Free),
    ("NAME: VALUE", Kind::Free),
    ("ORIGIN", Kind::Free),
    ("PATH", Kind::Free),
    ("PLACE", Kind::Free),
    ("PORT", Kind::Free),
    ("SCRIPT", Kind::Free),
    ("SIGNAL", Kind::Free),
    ("SHELL", Kind::Free),
    ("ANSWER", Kind::Free),
    ("PENDING", Kind::Free),
    ("TEXT", Kind::Free),
    ("TIME", Kind::Free),
    ("URI", Kind::Free),
    ("URL", Kind::Free),
    ("WORD", Kind::Free),
];

/// Returns the kind of an argument's values, or `None` if it has no row.
pub fn kind(arg: &Arg) -> Option<Kind> {
    let name = arg.get_value_names().and_then(|names| names.first()).map(|name| name.as_str());
    let row = |key: &str| KINDS.iter().find(|(known, _)| *known == key).map(|(_, kind)| *kind);
    row(arg.get_id().as_str()).or_else(|| name.and_then(row))
}

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

pub struct Values<'a> {
    pub place: &'a Place<'a>,
    pub session: Option<&'a Session>,
}

impl Values<'_> {
    /// Returns what stays of the value, such as the scopes that are there already, and what can follow it.
    pub fn of(&self, arg: &Arg) -> (String, Vec<Candidate>) {
        let kind = kind(arg);
        let value = self.place.value();
        let last = value.rfind([',', ' ']).filter(|_| kind == Some(Kind::Scopes)).map_or(0, |at| at + 1);
        let before = value[..last].to_owned();
        let offered = match kind {
            Some(Kind::Stores) => stores(value),
            Some(kind) if kind != Kind::Free => self.offered(kind, arg, &before).unwrap_or_default(),
            _ => possible(arg),
        };
        (before, offered)
    }

    fn offered(&self, kind: Kind, arg: &Arg, before: &str) -> Option<Vec<Candidate>> {
        let session = self.session?;
        Some(match kind {
            // A new provider needs a new id.
            Kind::Providers if self.place.command.get_name() == "new" && !self.place.has("overlay") => Vec::new(),
            Kind::Providers => {
                let names = session.catalogue().ok()?.names();
                // There are many other names: one is offered where what is typed begins no id of its provider.
                let typed = self.place.value();
                let is_new = self.place.command.get_name() == "new";
                let is_meant = |alias: &str, id: &str| {
                    !is_new && !typed.is_empty() && alias.starts_with(typed) && !id.starts_with(typed)
                };
                let is_own = |alias: &str| names.iter().any(|(id, _)| id == alias);
                let others: Vec<_> = builtin::aliases()
                    .filter(|(alias, entry)| is_meant(alias, entry.id) && !is_own(alias))
                    .map(|(alias, entry)| Candidate::new(alias, entry.name))
                    .collect();
                names.into_iter().map(|(id, name)| Candidate::new(id, name)).chain(others).collect()
            }
            Kind::Logins => {
                let index = session.store().ok()?.index().ok()?;
                let words = |provider: &str, name: &str| match provider == name {
                    true => String::new(),
                    false => format!("a login at {provider}"),
                };
                let all = index.logins.iter().filter(|(_, entry)| !entry.ending);
                all.map(|(name, entry)| Candidate::new(name, words(&entry.provider, name))).collect()
            }
            Kind::Flows => {
                let records = session.flow_records().ok()?.list();
                let words = |record: &FlowRecord| {
                    let of = record.profile.as_deref().unwrap_or_default();
                    format!("{:?} {of}", record.flow).to_lowercase()
                };
                records.iter().map(|record| Candidate::new(&record.id, words(record))).collect()
            }
            Kind::Apps => {
                let (index, provider) = (session.store().ok()?.index().ok()?, self.provider()?);
                let provider = session.clients_id(&provider).unwrap_or(provider);
                let keys = index.apps.keys().filter_map(|key| ClientKey::parse(key));
                keys.filter(|key| key.provider == provider)
                    .map(|key| Candidate::new(key.app.to_string(), format!("an app of {provider}")))
                    .collect()
            }
            Kind::Scopes => {
                let is_there = |name: &str| before.split([',', ' ']).any(|there| there == name);
                let known = self.definition()?.scope.known.into_iter().filter(|scope| !is_there(&scope.name));
                known.map(|scope| Candidate::new(scope.name, scope.about)).collect()
            }
            Kind::Params => {
                let definition = self.definition()?;
                let given: Vec<&str> = self.place.values_of(arg.get_id().as_str()).collect();
                let is_given = |name: &str| given.iter().any(|given| given.split('=').next() == Some(name));
                let open = definition
                    .params
                    .iter()
                    .filter(|(name, param)| !param.is_captured() && !param.secret && !is_given(name));
                open.map(|(name, param)| {
                    let example = param.example.as_ref().map(|example| format!(", such as {example}"));
                    let prompt = param.prompt.clone().unwrap_or_else(|| format!("The {name} of the provider's URLs"));
                    Candidate::new(format!("{name}="), prompt + &example.unwrap_or_default())
                })
                .collect()
            }
            Kind::Secrets => {
                let params = self.definition()?.params.into_iter().filter(|(_, param)| param.secret);
                params.map(|(name, param)| Candidate::new(&name, param.question(&name))).collect()
            }
            Kind::Further => {
                let dialect_names = self.definition()?.token.further.map(|known| known.value).unwrap_or_default();
                dialect_names.into_keys().map(|name| Candidate::new(name, "a further token of the login")).collect()
            }
            Kind::Requests => self.requests(arg),
            Kind::Pages => self.pages(arg),
            _ => Vec::new(),
        })
    }

    /// The methods, and the paths with which the definition proves scopes: they exist, and need nothing.
    fn requests(&self, arg: &Arg) -> Vec<Candidate> {
        let typed = self.place.values_of(arg.get_id().as_str()).count();
        let methods = METHODS.iter().map(|method| Candidate::new(*method, "")).filter(|_| typed == 0);
        let known = self.definition().map(|definition| definition.scope.known).unwrap_or_default();
        let path = |scope: crate::provider::scopes::KnownScope| {
            let probe = scope.probe?;
            let plain = !probe.path.contains('{') && probe.body.is_none();
            plain.then(|| Candidate::new(probe.path, format!("needs {}", scope.name)))
        };
        let paths = known.into_iter().filter_map(path).filter(|_| arg.get_id() == "request");
        methods.chain(paths).collect()
    }

    /// The commands below the ones that are named already, each of which has a page.
    fn pages(&self, arg: &Arg) -> Vec<Candidate> {
        let mut above = self.place.program;
        for name in self.place.values_of(arg.get_id().as_str()) {
            let Some(inner) = above.find_subcommand(name) else { return Vec::new() };
            above = inner;
        }
        let is_whole = std::ptr::eq(above, self.place.program);
        let visible = above.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help");
        let definition = is_whole.then(|| Candidate::new("definition", "The keys of a provider's definition"));
        visible.map(|inner| Candidate::new(inner.get_name(), words(inner.get_about()))).chain(definition).collect()
    }

    /// The provider that the line names, or that of the login that it uses.
    fn provider(&self) -> Option<String> {
        match self.place.given(&["named", "provider", "id"]) {
            Some(typed) => self.session?.provider_id(typed).ok(),
            None => Some(self.session?.provider_for_login(None).ok()?.value),
        }
    }

    fn definition(&self) -> Option<ProviderDefinition> {
        let catalogue = self.session?.catalogue().ok()?;
        catalogue.get(&self.provider()?).ok()
    }
}

fn possible(arg: &Arg) -> Vec<Candidate> {
    let shown = arg.get_possible_values().into_iter().filter(|value| !value.is_hide_set());
    shown.map(|value| Candidate::new(value.get_name(), words(value.get_help()))).collect()
}

/// The kinds of store; once `helper:` is there, the helpers on the search path.
fn stores(value: &str) -> Vec<Candidate> {
    let forms = crate::store::store_kind::FORMS;
    if !value.starts_with("helper:") {
        let plain = |form: &str| form.trim_end_matches("NAME").to_owned();
        return forms.iter().map(|(form, meaning)| Candidate::new(plain(form), *meaning)).collect();
    }
    let path = paths::variable("PATH").unwrap_or_default();
    let entries = std::env::split_paths(&path).filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        let file = entry.ok()?.file_name().into_string().ok()?;
        let name = file.strip_prefix("docker-credential-")?;
        let endings = [".exe", ".cmd", ".bat"].iter().filter_map(|ending| name.strip_suffix(ending));
        Some(endings.min().unwrap_or(name).to_owned())
    };
    let mut names: Vec<String> = entries.filter_map(name).collect();
    names.sort();
    names.dedup();
    let words = |name: &str| format!("The program docker-credential-{name}");
    names.iter().map(|name| Candidate::new(format!("helper:{name}"), words(name))).collect()
}
