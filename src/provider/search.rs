//! Finding a provider among hundreds: by its id, another name, what it is, and words that people would look for.
//!
//! Every word must be found. Of several providers, the one whose id or name has the words comes first, then one that is
//! described by them; equal ones are in the order of lists, the popular first.

use std::cmp::Reverse;

use super::builtin::{self, Entry};
use super::{Catalogue, DefinitionError, ProviderDefinition};

/// A provider as lists show it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: String,
    pub name: String,
    pub about: Option<String>,
    pub aliases: Vec<String>,
    pub words: Vec<String>,
    pub popularity: u16,
    pub params: Vec<String>,
    pub scopes: usize,
    pub checked: Option<String>,
    /// Changed or added by the user's own file.
    pub overlaid: bool,
}

impl From<Entry> for Listed {
    fn from(entry: Entry) -> Self {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Self {
            id: entry.id.to_owned(),
            name: entry.name.to_owned(),
            about: text(entry.about),
            aliases: entry.aliases().map(str::to_owned).collect(),
            words: entry.words().map(str::to_owned).collect(),
            popularity: entry.popularity,
            params: entry.params().map(str::to_owned).collect(),
            scopes: entry.scopes,
            checked: text(entry.checked),
            overlaid: false,
        }
    }
}

impl From<&ProviderDefinition> for Listed {
    fn from(definition: &ProviderDefinition) -> Self {
        Self {
            id: definition.id.clone(),
            name: definition.name.clone(),
            about: definition.about.clone(),
            aliases: definition.aliases.clone(),
            words: definition.words.clone(),
            popularity: definition.popularity,
            params: definition.needed_params().map(str::to_owned).collect(),
            scopes: definition.scope.known.len(),
            checked: definition.checked.clone(),
            overlaid: definition.file.is_some(),
        }
    }
}

/// Lists the user's own providers, then the popular ones. Only the user's files are read; `skipped` hears of a broken one.
pub fn listed(catalogue: &Catalogue<'_>, mut skipped: impl FnMut(&str, &DefinitionError)) -> Vec<Listed> {
    let own = catalogue.own_ids();
    let is_own = |id: &str| own.iter().any(|own| own == id);
    let mut all: Vec<Listed> = builtin::entries().filter(|entry| !is_own(entry.id)).map(Listed::from).collect();
    for id in &own {
        match catalogue.get(id) {
            Ok(definition) => all.push(Listed::from(&definition)),
            Err(error) => skipped(id, &error),
        }
    }
    all.sort_by(|one, other| order(one).cmp(&order(other)));
    all
}

fn order(listed: &Listed) -> (bool, Reverse<u16>, &str) {
    (!listed.overlaid, Reverse(listed.popularity), &listed.id)
}

/// Returns the providers that have all the words, the best first.
pub fn search(all: Vec<Listed>, words: &[String]) -> Vec<Listed> {
    // One letter, as in `e-commerce`, is in every name.
    let words: Vec<String> = words.iter().flat_map(|word| tokens(word)).filter(|word| word.len() > 1).collect();
    let mut found: Vec<(u32, Listed)> = all
        .into_iter()
        .filter_map(|listed| {
            let likeness: Option<u32> = words.iter().map(|word| likeness(&listed, word)).sum();
            Some((likeness?, listed))
        })
        .collect();
    // The sort keeps the order of equal ones.
    found.sort_by_key(|(likeness, _)| Reverse(*likeness));
    found.into_iter().map(|(_, listed)| listed).collect()
}

/// Returns how well a provider fits a word, or `None` if it does not have it.
fn likeness(listed: &Listed, word: &str) -> Option<u32> {
    let ids = || listed.aliases.iter().chain([&listed.id]);
    let begins = |text: &str| tokens(text).iter().any(|token| token.starts_with(word));
    if ids().any(|id| stem(&id.to_ascii_lowercase()) == word) {
        return Some(100);
    }
    if begins(&listed.name) || ids().any(|id| id.starts_with(word) || begins(id)) {
        return Some(60);
    }
    if word.len() > 2 && (listed.name.to_lowercase().contains(word) || ids().any(|id| id.contains(word))) {
        return Some(30);
    }
    let is_described = listed.words.iter().any(|known| begins(known)) || listed.about.as_deref().is_some_and(begins);
    is_described.then_some(20)
}

/// Splits a text into words, without the ending of a plural.
fn tokens(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| stem(word).to_owned()).collect()
}

fn stem(word: &str) -> &str {
    word.strip_suffix('s').filter(|stem| stem.len() > 2 && !stem.ends_with('s')).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(id: &str, name: &str, about: &str, words: &[&str], popularity: u16) -> Listed {
        Listed {
            id: id.to_owned(),
            name: name.to_owned(),
            about: Some(about.to_owned()),
            aliases: if id == "github" { vec!["gh".to_owned()] } else { Vec::new() },
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            popularity,
            params: Vec::new(),
            scopes: 0,
            checked: None,
            overlaid: false,
        }
    }

    #[test]
    fn every_word_is_found_and_the_best_comes_first() {
        let all = || {
            vec![
                one("github", "GitHub", "code and issues", &["git", "code"], 100),
                one("shopify", "Shopify", "online shops", &["e-commerce", "products"], 90),
                one("judgeme", "Judge.me", "product reviews for shops", &["e-commerce"], 50),
                one("reviewshop", "Review Shop", "a shop for reviews", &[], 0),
            ]
        };
        for (words, found) in [
            (&["shop", "reviews"][..], &["reviewshop", "judgeme"][..]),
            (&["shops review"], &["reviewshop", "judgeme"]),
            (&["gh"], &["github"]),
            (&["GitHub"], &["github"]),
            (&["git"], &["github"]),
            (&["judge.me"], &["judgeme"]),
            (&["e-commerce"], &["shopify", "judgeme"]),
            (&["products"], &["shopify", "judgeme"]),
            (&["nothing", "shop"], &[]),
        ] {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let ids: Vec<String> = search(all(), &words).into_iter().map(|listed| listed.id).collect();
            assert_eq!(ids, found, "{words:?}");
        }
    }
}
