//! The checks of this machine that need no network: the program, files, stores, variables, and the browser.

use std::collections::BTreeSet;
use std::path::Path;

use super::scene::{Row, Scene};
use crate::protocol::advice::ExitCode;
use crate::protocol::check::{Check, Verdict};
use crate::protocol::sanitize;
use crate::provider::DefinitionError;
use crate::provider::catalogue::is_built_in;
use crate::session::{SessionError, Source};
use crate::store::StoreKind;
use crate::store::token_store::RoundTrip;
use crate::system::account;
use crate::system::browser::{Obstacle, obstacle};
use crate::system::private_file::{self, PrivateFileError};
use crate::system::process;
use crate::system::shell::{unset, word};

pub const ROWS: &[Row] = &[
    Row("the program", program),
    Row("the folders", folders),
    Row("the definitions", definitions),
    Row("the project", project),
    Row("the variables", variables),
    Row("the list of logins", logins),
    Row("the store", stores),
    Row("the browser", browser),
];

fn program(scene: &Scene<'_>) -> Vec<Check> {
    let version = format!("oauthctl {}, {}", env!("CARGO_PKG_VERSION"), process::system_name());
    let mut found = vec![Check::ok("program", "program", version)];
    if let Some((own, other)) = process::program_on_path() {
        let (own, other) = (shown(&own), shown(&other));
        let text = format!("this is `{own}`, and `oauthctl` in a shell is `{other}`");
        found.push(
            Check::note("program", "search path", text)
                .mended_by("put the folder of the one that you want first in PATH"),
        );
    }
    if !scene.context.system.hardened {
        let text = "this system allows your other processes to read the memory of this one, and so its tokens";
        found.push(Check::note("program", "memory", text));
    }
    found
}

fn folders(scene: &Scene<'_>) -> Vec<Check> {
    let paths = match scene.context.session.paths() {
        Ok(paths) => paths,
        Err(error) => return vec![Check::of_error("folder", "folders", &error)],
    };
    let state = account::state_folder().ok();
    let places = [
        ("configuration", Some(paths.config.clone()), ExitCode::Definition),
        ("definitions", Some(paths.config.join("providers")), ExitCode::Definition),
        ("data", Some(paths.data.clone()), ExitCode::Store),
        ("locks", state, ExitCode::Store),
    ];
    places.into_iter().filter_map(|(what, path, code)| Some(folder(what, &path?, code))).collect()
}

fn folder(what: &str, path: &Path, code: ExitCode) -> Check {
    let (subject, place) = (format!("{what} folder"), shown(path));
    match private_file::look_at(path) {
        Ok(Some(mode)) => Check::ok("folder", subject, format!("`{place}`, {mode}")),
        Ok(None) => Check::ok("folder", subject, format!("`{place}` does not exist yet")),
        Err(PrivateFileError::Exposed(exposed)) => {
            let text = format!("`{place}` is not used: other users can write to it or to a folder above it");
            Check::problem("folder", subject, code, text).mended_by(format!("run `{}`", exposed.remedy()))
        }
        Err(error) => {
            let text = format!("`{place}` cannot be used: {error}");
            // The folder, or the one in which it would be made.
            let there = path.ancestors().find(|folder| folder.is_dir());
            let hint = match (&error, there) {
                (PrivateFileError::Io(io), Some(there)) if io.kind() == std::io::ErrorKind::PermissionDenied => {
                    format!("run `chmod u+rwx {}`; {}", word(&shown(there)), error.hint())
                }
                _ => error.hint().to_owned(),
            };
            Check::problem("folder", subject, code, text).mended_by(hint)
        }
    }
}

fn definitions(scene: &Scene<'_>) -> Vec<Check> {
    let catalogue = match scene.context.session.catalogue() {
        Ok(catalogue) => catalogue,
        Err(error) => return vec![Check::of_error("definition", "definitions", &error)],
    };
    let own = catalogue.own_ids();
    let mut found: Vec<Check> = Vec::new();
    for id in &own {
        let subject = format!("definition {id}");
        match catalogue.get(id) {
            Err(error) => found.push(bad_definition(&subject, &error)),
            Ok(_) => {
                if let Some((faults, file)) = catalogue.faults(id) {
                    let text = format!("its file has faults that make a request fail: {faults}");
                    let next = format!("run `oauthctl providers check {}`", word(&file));
                    found.push(Check::note("definition", subject, text).mended_by(next));
                } else if is_built_in(id) {
                    found.push(Check::note(
                        "definition",
                        subject,
                        "a file of yours changes or replaces the built-in one",
                    ));
                }
            }
        }
    }
    let broken = found.iter().filter(|check| check.verdict != Verdict::Note).count();
    let text = match own.len() - broken {
        0 if own.is_empty() => "you have none of your own".to_owned(),
        1 => "one of your own can be read".to_owned(),
        readable => format!("{readable} of your own can be read"),
    };
    found.push(Check::ok("definition", "definitions", text));
    found
}

/// The problem that a definition is, with its line.
pub fn bad_definition(subject: &str, error: &DefinitionError) -> Check {
    let check = Check::of_error("definition", subject, error);
    let next = match error {
        DefinitionError::Unreadable { place, .. } => Some(format!("run `oauthctl providers check {}`", word(place))),
        _ => None,
    };
    let next = [check.next.clone(), next].into_iter().flatten().collect::<Vec<_>>().join("; ");
    Check { text: error.in_one_line(), next: Some(next).filter(|next| !next.is_empty()), ..check }
}

fn project(scene: &Scene<'_>) -> Vec<Check> {
    vec![match scene.context.session.project() {
        Err(error) => Check::of_error("project", "project", &error),
        Ok(None) => Check::ok("project", "project", "there is no `.oauthctl.toml` here"),
        Ok(Some(project)) => {
            let profile =
                project.profile.iter().map(|profile| format!("the login `{}` ({})", profile.value, profile.at));
            let params = project.params.iter().map(|(name, value)| format!("`{name}` ({})", value.at));
            let named: Vec<String> = profile.chain(params).map(|text| sanitize::line(&text)).collect();
            Check::note("project", "project", format!("`.oauthctl.toml` names {}", named.join(", ")))
        }
    }]
}

fn variables(scene: &Scene<'_>) -> Vec<Check> {
    let shadows = scene.context.session.shadows();
    if shadows.is_empty() {
        return vec![Check::ok("variable", "variables", "none hides anything")];
    }
    let one = |shadow: crate::session::Shadow| {
        let next = format!("run `{}` if that is not what you want", shadow.remedy);
        Check::note("variable", shadow.variable, shadow.text).mended_by(next)
    };
    shadows.into_iter().map(one).collect()
}

fn logins(scene: &Scene<'_>) -> Vec<Check> {
    let session = &scene.context.session;
    let index = session.store().and_then(|store| Ok(store.index()?));
    let index = match index {
        Ok(index) => index,
        Err(error) => return vec![Check::of_error("logins", "logins", &error)],
    };
    let current = index.current.as_deref().map(|name| format!("; the current one is `{}`", sanitize::line(name)));
    let counted = |count: usize, what: &str| match count {
        1 => format!("one {what}"),
        count => format!("{count} {what}s"),
    };
    let (logins, clients) = (counted(index.logins.len(), "login"), counted(index.apps.len(), "client"));
    let mut found = vec![Check::ok("logins", "logins", format!("{logins}, {clients}{}", current.unwrap_or_default()))];
    let Ok(catalogue) = session.catalogue() else { return found };
    for (name, entry) in &index.logins {
        if let Err(DefinitionError::UnknownProvider { id, .. }) = catalogue.get(&entry.provider) {
            let name = sanitize::line(name);
            let text = format!("its provider `{}` has no definition any more", sanitize::line(&id));
            let next = format!("put the file back, or run `oauthctl logout {} --local`", word(&name));
            found.push(Check::note("logins", format!("login {name}"), text).mended_by(next));
        }
    }
    found
}

/// The chosen store, and those that have a login or a client.
fn stores(scene: &Scene<'_>) -> Vec<Check> {
    let session = &scene.context.session;
    let chosen = session.store_for_new();
    let store = match session.store() {
        Ok(store) => store,
        Err(error) => return vec![Check::of_error("store", "store", &error)],
    };
    let index = store.index().unwrap_or_default();
    let listed = index.logins.values().map(|entry| entry.store).chain(index.apps.values().map(|entry| entry.store));
    let mut kinds: Vec<StoreKind> = vec![chosen.value];
    let others: BTreeSet<String> = listed.map(|kind| kind.to_string()).collect();
    kinds.extend(others.iter().filter_map(|kind| kind.parse::<StoreKind>().ok()).filter(|kind| *kind != chosen.value));
    kinds
        .into_iter()
        .map(|kind| {
            let from = if kind == chosen.value { chosen.from.clone() } else { Source::Current };
            store_check(kind, &from, scene)
        })
        .collect()
}

fn store_check(kind: StoreKind, from: &Source, scene: &Scene<'_>) -> Check {
    let subject = format!("store {kind}");
    let how = match from {
        Source::Current => "logins are in it".to_owned(),
        from => format!("from: {from}"),
    };
    let trip = || {
        let random = crate::system::entropy::random::<8>(scene.context.system.entropy.as_ref());
        let probe = random.map_or(0, u64::from_ne_bytes);
        let store = scene.context.session.store()?;
        Ok::<_, SessionError>((store.round_trip(kind, probe)?, store.place(kind)?))
    };
    match trip() {
        Ok((RoundTrip::Done(length), place)) => {
            let text = format!("{place} ({how}) took a record of {} KiB, gave it back, and removed it", length / 1024);
            Check::ok("store", subject, text)
        }
        Ok((RoundTrip::NotSetUp, place)) => {
            Check::ok("store", subject, format!("{place} ({how}) is empty: the first login makes its key"))
        }
        Ok((RoundTrip::Pointless, place)) => {
            Check::ok("store", subject, format!("{place} ({how}) keeps nothing that is written"))
        }
        Err(error) => Check::of_error("store", subject, &error).seen(how),
    }
}

fn browser(_: &Scene<'_>) -> Vec<Check> {
    vec![match obstacle() {
        None => Check::ok("browser", "browser", "one can be opened"),
        Some(obstacle) => {
            let unset = unset(&["BROWSER"]);
            let next = match obstacle {
                Obstacle::NoneOfBrowser => &format!("set BROWSER to a program that exists, or run `{unset}`"),
                Obstacle::NoOpener => "install xdg-utils, or name a program with `oauthctl login --browser CMD`",
                Obstacle::Ssh | Obstacle::Container | Obstacle::NoDisplay => {
                    "`oauthctl login ID --device` needs none here, if the provider has it; `oauthctl login ID --no-browser` \
                     prints the address to open elsewhere"
                }
            };
            Check::note("browser", "browser", format!("none can be opened: {obstacle}")).mended_by(next)
        }
    }]
}

fn shown(path: &Path) -> String {
    sanitize::line(&path.to_string_lossy())
}
