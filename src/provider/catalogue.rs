//! All known providers: the built-in ones, and the user's own files over them or beside them.
//!
//! A user's file overlays a built-in definition key by key. It is read only from the user's configuration directory,
//! never from the working directory, because a definition decides where a client's secret is sent.

use std::collections::BTreeMap;
use std::io;

pub use super::id::is_id;

use super::builtin;
use super::check::check;
use super::copy::copy;
use super::login_secrets::split;
use super::overlay::lay_over;
use super::params::fill_params;
use super::place::place;
use super::reader::{read, read_merged, unreadable};
use super::review::{Finding, review};
use super::{DefinitionError, Origin, Provider, ProviderDefinition};
use crate::protocol::login_secrets::Secrets;
use crate::protocol::secret::Secret;

/// The source of a user's definitions. The caller supplies the effect, as this floor has none.
pub trait DefinitionFiles {
    /// Returns the text of the definition called `id` and the name of its place, or `None` if there is no such file.
    fn read(&self, id: &str) -> io::Result<Option<(String, String)>>;
    fn place(&self, id: &str) -> String;
    fn ids(&self) -> Vec<String>;
}

/// A user without definition files.
pub struct NoFiles;

impl DefinitionFiles for NoFiles {
    fn read(&self, _: &str) -> io::Result<Option<(String, String)>> {
        Ok(None)
    }

    fn place(&self, id: &str) -> String {
        id.to_owned()
    }

    fn ids(&self) -> Vec<String> {
        Vec::new()
    }
}

pub struct Catalogue<'a> {
    files: &'a dyn DefinitionFiles,
    /// The provider that is emulated in this environment, and the emulator's origin.
    emulated: Option<(String, Origin)>,
}

impl<'a> Catalogue<'a> {
    pub fn new(files: &'a dyn DefinitionFiles, emulated: Option<(String, Origin)>) -> Self {
        Self { files, emulated }
    }

    /// Lists every id, sorted.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> =
            builtin::entries().map(|entry| entry.id.to_owned()).chain(self.files.ids()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Lists every id with the provider's name. Definitions are not read whole for it: there can be hundreds of them, and a
    /// person waits for a key.
    pub fn names(&self) -> Vec<(String, String)> {
        let built_in = builtin::entries().map(|entry| (entry.id.to_owned(), entry.name.to_owned()));
        let mut names: BTreeMap<String, String> = built_in.collect();
        for id in self.files.ids() {
            let own = self.files.read(&id).ok().flatten().and_then(|(text, _)| name_in(&text));
            let name = names.entry(id).or_default();
            *name = own.unwrap_or_else(|| std::mem::take(name));
        }
        names.into_iter().collect()
    }

    /// Returns the id of the provider that is emulated in this environment.
    pub fn emulated_id(&self) -> Option<&str> {
        self.emulated.as_ref().map(|(id, _)| id.as_str())
    }

    /// Lists the ids of the user's own files, sorted.
    pub fn own_ids(&self) -> Vec<String> {
        let mut ids = self.files.ids();
        ids.sort();
        ids
    }

    /// Returns the id that a person means: an alias of a built-in provider stands for its id, unless a file of the user's
    /// has that name.
    pub fn id_of(&self, typed: &str) -> String {
        let is_known = builtin::entry(typed).is_some() || !is_id(typed) || !matches!(self.files.read(typed), Ok(None));
        let id = if is_known { None } else { builtin::id_of_alias(typed) };
        id.unwrap_or(typed).to_owned()
    }

    pub fn get(&self, id: &str) -> Result<ProviderDefinition, DefinitionError> {
        let user = self.own_file(id)?;
        self.compose(id, user.as_ref().map(|(text, place)| (text.as_str(), place.as_str())))
    }

    /// Returns the definition of [`Catalogue::get`] with its evidence.
    pub fn whole(&self, id: &str) -> Result<ProviderDefinition, DefinitionError> {
        let user = self.own_file(id)?;
        let user = user.as_ref().map(|(text, place)| (text.as_str(), place.as_str()));
        let base = whole(id).filter(|_| user.is_none_or(|(text, _)| lies_over(id, text)));
        self.checked(id, base.as_deref(), user)
    }

    /// Returns the text and the place of the user's file, if there is one.
    pub fn own_file(&self, id: &str) -> Result<Option<(String, String)>, DefinitionError> {
        if !is_id(id) {
            return Ok(None);
        }
        self.files.read(id).map_err(|source| DefinitionError::UnreadableFile { place: self.files.place(id), source })
    }

    /// Combines the user's text, if any, with the built-in definition, and checks the result.
    pub fn compose(&self, id: &str, user: Option<(&str, &str)>) -> Result<ProviderDefinition, DefinitionError> {
        let base = built_in(id).filter(|_| user.is_none_or(|(text, _)| lies_over(id, text)));
        self.checked(id, base.as_deref(), user)
    }

    fn checked(
        &self,
        id: &str,
        base: Option<&str>,
        user: Option<(&str, &str)>,
    ) -> Result<ProviderDefinition, DefinitionError> {
        let definition = self.combine(id, base, user)?;
        // The tests have checked what comes with the program.
        let Some((text, _)) = user else { return Ok(definition) };
        match check(&definition) {
            Ok(()) => Ok(definition),
            Err(DefinitionError::Wrong { id, file, key, problem, .. }) => {
                let place = place(text, &key);
                Err(DefinitionError::Wrong { id, file, place, key, problem })
            }
            Err(error) => Err(error),
        }
    }

    /// Returns all that `providers check` finds in a user's text.
    pub fn review(&self, id: &str, text: &str, file: &str) -> Result<Vec<Finding>, DefinitionError> {
        let base = built_in(id).filter(|_| lies_over(id, text));
        let definition = self.combine(id, base.as_deref(), Some((text, file)))?;
        let table = |text: &str| toml::from_str::<toml::Table>(text).map_err(|error| unreadable(error, file));
        let base = base.as_deref().map(table).transpose()?;
        Ok(review(&definition, &table(text)?, base.as_ref()))
    }

    /// Returns the number of faults in the user's file, and the file. `None` if there is nothing to say of it.
    pub fn faults(&self, id: &str) -> Option<(usize, String)> {
        let (text, file) = self.files.read(id).ok()??;
        // An emulator's servers are real, whatever the definition's are.
        let is_emulated = self.emulated_id() == Some(id);
        let findings = self.review(id, &text, &file).ok().filter(|_| !is_emulated)?;
        let faults = findings.iter().filter(|finding| finding.is_fault).count();
        (faults > 0).then_some((faults, file))
    }

    fn combine(
        &self,
        id: &str,
        base: Option<&str>,
        user: Option<(&str, &str)>,
    ) -> Result<ProviderDefinition, DefinitionError> {
        let mut definition = match (base, user) {
            (None, None) => return Err(DefinitionError::UnknownProvider { id: id.to_owned(), near: self.near(id) }),
            (Some(text), None) => read(text, id)?,
            (None, Some((text, place))) => read(text, place)?,
            (Some(base), Some((text, place))) => overlay(id, base, text, place)?,
        };
        id.clone_into(&mut definition.id);
        if definition.name.is_empty() {
            id.clone_into(&mut definition.name);
        }
        definition.file = user.map(|(_, file)| file.to_owned());
        Ok(definition)
    }

    /// Returns the definition of [`Catalogue::get`] as a text to copy, with its comments.
    pub fn text(&self, id: &str) -> Result<String, DefinitionError> {
        let user = self.own_file(id)?;
        self.copied(id, user.as_ref().map(|(text, place)| (text.as_str(), place.as_str())))
    }

    /// Returns the result of [`Catalogue::compose`] as a text.
    pub(super) fn copied(&self, id: &str, user: Option<(&str, &str)>) -> Result<String, DefinitionError> {
        let definition = self.compose(id, user)?;
        let built_in = whole(id).filter(|_| user.is_none_or(|(text, _)| lies_over(id, text)));
        let chosen = definition.alternative.filter(|_| built_in.is_some() && user.is_some());
        let chosen = chosen.and_then(|name| Some(definition.alternatives.get(&name)?.set.0.to_string()));
        let layers: Vec<&str> =
            built_in.as_deref().into_iter().chain(chosen.as_deref()).chain(user.map(|(text, _)| text)).collect();
        let place = user.map_or(id, |(_, place)| place);
        copy(&layers).map_err(|error| unreadable(serde::de::Error::custom(error.message()), place))
    }

    /// Returns a provider with its parameters filled in from `given`, the defaults and, if it is emulated, the
    /// examples.
    pub fn resolve(&self, id: &str, given: &BTreeMap<String, String>) -> Result<Provider, DefinitionError> {
        let definition = self.get(id)?;
        let emulator = self.emulated.as_ref().filter(|(emulated, _)| emulated == id).map(|(_, origin)| origin.clone());
        let (given, secrets) = split(&definition, given);
        let params = fill_params(&definition, &given, emulator.is_some())?;
        let secrets: Secrets = secrets.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
        let provider = Provider::new(definition, params, emulator)?.with_secrets(&secrets)?;
        match provider.emulator {
            Some(_) => provider.with_examples(),
            None => Ok(provider),
        }
    }

    /// Returns the ids with a similar name, the most similar first.
    fn near(&self, id: &str) -> Vec<String> {
        let own = self.files.ids().into_iter().map(|own| (own.clone(), own));
        let built_in =
            builtin::entries().flat_map(|entry| entry.aliases().chain([entry.id]).map(move |name| (name, entry.id)));
        let built_in = built_in.map(|(name, id)| (name.to_owned(), id.to_owned()));
        let typed = id.to_ascii_lowercase();
        let mut near: Vec<(f64, String)> = own
            .chain(built_in)
            // What begins like `x` or `gh` is not like it.
            .filter(|(name, _)| name.len() > 2)
            // The first letter is seldom wrong, and a long beginning in common is a name that goes on.
            .filter(|(name, _)| {
                typed.get(..3).is_some_and(|begin| name.starts_with(begin))
                    || strsim::normalized_damerau_levenshtein(&typed, name) > 0.5
            })
            .map(|(name, id)| (strsim::jaro_winkler(&typed, &name), id))
            .filter(|(likeness, _)| *likeness > 0.75)
            .collect();
        near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut ids: Vec<String> = Vec::new();
        for (_, id) in near {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        // Among hundreds, some are always a little similar.
        ids.truncate(3);
        ids
    }
}

/// Returns the provider's name: the line `name = "…"` before the first section.
fn name_in(text: &str) -> Option<String> {
    let top = text.lines().map(str::trim).take_while(|line| !line.starts_with('['));
    let line = top.filter(|line| line.starts_with("name")).find(|line| line[4..].trim_start().starts_with('='))?;
    let table = toml::from_str::<toml::Table>(line).ok()?;
    table.get("name")?.as_str().map(str::to_owned)
}

/// Returns the built-in definition of this id, without its evidence.
fn built_in(id: &str) -> Option<String> {
    builtin::entry(id).map(|entry| entry.text())
}

/// Returns the built-in definition of this id, with its evidence.
fn whole(id: &str) -> Option<String> {
    builtin::entry(id).map(|entry| entry.whole_text())
}

/// Returns `true` if a user's file lies over the built-in definition of its name, and `false` if it stands for itself.
///
/// A file that has all addresses was complete before the program came with a definition of that name, and it keeps its
/// meaning: what it leaves out is as in the RFCs, not as in the built-in definition. The providers that came with 0.1 are
/// different, since a file over them never stood for itself.
fn lies_over(id: &str, text: &str) -> bool {
    if builtin::entry(id).is_none_or(|entry| entry.came_with_0_1) {
        return true;
    }
    let Ok(own) = text.parse::<toml::Table>() else { return true };
    let has = |section: &str| own.get(section).and_then(|section| section.get("url")).is_some();
    let is_complete = (has("token") && (has("authorize") || has("device")))
        || (own.contains_key("grants") && (has("token") || has("authorize")));
    !is_complete || own.contains_key("alternative")
}

/// Returns `true` if a provider of this id comes with the program.
pub fn is_built_in(id: &str) -> bool {
    builtin::entry(id).is_some()
}

/// Lays a user's file over a built-in definition, with the chosen alternative in between.
fn overlay(id: &str, base: &str, text: &str, place: &str) -> Result<ProviderDefinition, DefinitionError> {
    let unreadable = |source| unreadable(source, place);
    // The user's file is read alone first, so that an unknown key is reported with its own line and column.
    let user = read(text, place)?;
    let mut merged: toml::Table = toml::from_str(base).map_err(unreadable)?;
    if let Some(name) = &user.alternative {
        let mut known = read(base, id)?.alternatives;
        let Some(chosen) = known.remove(name) else {
            return Err(DefinitionError::UnknownAlternative {
                id: id.to_owned(),
                place: place.to_owned(),
                name: name.clone(),
                known: known.into_keys().collect(),
            });
        };
        lay_over(&mut merged, chosen.set.0);
    }
    lay_over(&mut merged, toml::from_str(text).map_err(unreadable)?);
    read_merged(&merged, text, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct OneFile(&'static str, &'static str);

    impl DefinitionFiles for OneFile {
        fn read(&self, id: &str) -> io::Result<Option<(String, String)>> {
            Ok((id == self.0).then(|| (self.1.to_owned(), format!("{id}.toml"))))
        }

        fn place(&self, id: &str) -> String {
            format!("{id}.toml")
        }

        fn ids(&self) -> Vec<String> {
            vec![self.0.to_owned()]
        }
    }

    #[test]
    fn a_users_file_changes_single_keys_of_a_built_in_one() {
        let files = OneFile("judgeme", "[api]\nbase = \"https://api.judge.me\"\n[scope]\nseparator = \",\"\n");
        let definition = Catalogue::new(&files, None).get("judgeme").unwrap();
        assert_eq!(definition.api.base.first(), Some("https://api.judge.me"));
        assert_eq!(definition.separator(), ",");
        assert_eq!(definition.token.url.first(), Some("https://judge.me/oauth/token"));
        assert_eq!(definition.name, "Judge.me");
    }

    #[test]
    fn the_names_are_those_of_the_definitions() {
        let files =
            OneFile("mine", "# mine\nauthorize.url = 'https://mine.example'\nname = 'My \"shop\"' # so\n[scope]\n");
        let catalogue = Catalogue::new(&files, None);
        let names = catalogue.names();
        assert!(names.contains(&("mine".to_owned(), "My \"shop\"".to_owned())), "{names:?}");
        for (id, name) in names.iter().filter(|(id, _)| id != "mine") {
            assert_eq!(*name, catalogue.get(id).unwrap().name);
        }
    }

    #[test]
    fn a_users_file_chooses_an_alternative() {
        let files = OneFile("judgeme", "alternative = \"app-hosts\"\n");
        let definition = Catalogue::new(&files, None).get("judgeme").unwrap();
        assert_eq!(definition.authorize.url.first(), Some("https://app.judge.me/oauth/authorize"));
        let files = OneFile("judgeme", "alternative = \"nothing\"\n");
        let error = Catalogue::new(&files, None).get("judgeme").unwrap_err();
        assert!(matches!(error, DefinitionError::UnknownAlternative { .. }));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place() {
        let files = OneFile("mine", "name = \"Mine\"\n\n[authorize]\nulr = \"https://x.example/\"\n");
        let error = Catalogue::new(&files, None).get("mine").unwrap_err();
        let DefinitionError::Unreadable { source, .. } = error else { panic!("{error:?}") };
        let text = source.to_string();
        assert!(text.contains("line 4, column 1") && text.contains("unknown field `ulr`"), "{text}");
    }

    #[test]
    fn similar_names_are_suggested_for_an_unknown_one() {
        let error = Catalogue::new(&NoFiles, None).get("judge-me").unwrap_err();
        assert!(matches!(error, DefinitionError::UnknownProvider { near, .. } if near.first().unwrap() == "judgeme"));
        assert!(matches!(Catalogue::new(&NoFiles, None).get("../x"), Err(DefinitionError::UnknownProvider { .. })));
    }

    #[test]
    fn an_emulated_provider_has_every_endpoint_on_the_emulator() {
        let emulator = Origin::parse("http://127.0.0.1:4711").unwrap();
        let catalogue = Catalogue::new(&NoFiles, Some(("judgeme".into(), emulator)));
        let provider = catalogue.resolve("judgeme", &BTreeMap::new()).unwrap();
        assert_eq!(provider.token_endpoint().unwrap().to_string(), "http://127.0.0.1:4711/oauth/token");
        assert_eq!(provider.endpoints.api_origins.len(), 1);
        assert!(provider.endpoints.api_origins[0].to_string().ends_with(":4711"));
    }

    #[test]
    fn every_provider_is_listed_by_its_name() {
        let files = OneFile("judgeme", "name = \"Mine\"");
        let catalogue = Catalogue::new(&files, None);
        let names = catalogue.names();
        assert!(names.is_sorted() && names.contains(&("judgeme".to_owned(), "Mine".to_owned())), "{names:?}");
        for (id, name) in names {
            assert_eq!(catalogue.get(&id).unwrap().name, name);
        }
    }
}
