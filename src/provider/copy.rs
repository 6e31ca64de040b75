//! A definition to copy: its own text and comments, the user's file laid over it, and each key explained at its first
//! use.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Decor, DocumentMut, Item, Table, TableLike, TomlError};

use super::ProviderDefinition;
use super::keys::entries;

/// Combines several texts, each laid over those before it: tables key by key, anything else as a whole.
pub fn copy(layers: &[&str]) -> Result<String, TomlError> {
    let mut copied = DocumentMut::new();
    let mut offset = 0;
    for layer in layers {
        let mut over: DocumentMut = layer.parse()?;
        if offset == 0 {
            copied = over;
        } else {
            move_headers(over.as_table_mut(), offset);
            lay_over(copied.as_table_mut(), over.as_table());
            let trailing = [&copied, &over].map(|text| text.trailing().as_str().unwrap_or_default()).concat();
            copied.set_trailing(trailing);
        }
        offset += HEADERS;
    }
    explain(copied.as_table_mut());
    Ok(copied.to_string())
}

/// A number greater than the count of headers in any text.
const HEADERS: isize = 1_000_000;

/// Moves the headers of a text. They are written in the order of their positions, which restart in each text.
fn move_headers(table: &mut Table, offset: isize) {
    table.set_position(table.position().map(|own| own + offset));
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => move_headers(inner, offset),
            Item::ArrayOfTables(items) => items.iter_mut().for_each(|inner| move_headers(inner, offset)),
            _ => {}
        }
    }
}

fn lay_over(base: &mut dyn TableLike, over: &dyn TableLike) {
    for (name, value) in over.iter() {
        let Some(key) = over.key(name) else { continue };
        if let (Some(Item::Table(base)), Item::Table(over)) = (base.get_mut(name), value) {
            add_comment(base, over);
        }
        match (base.get_mut(name).and_then(Item::as_table_like_mut), value.as_table_like()) {
            // A value with its evidence replaces the old value, as it does when the texts are read.
            (Some(inner), Some(value)) if !inner.contains_key("value") && !value.contains_key("value") => {
                lay_over(inner, value);
            }
            _ => {
                base.remove(name);
                base.entry_format(key).or_insert(value.clone());
            }
        }
    }
}

/// Merges the comments of a header that is in both texts, because it is written once.
fn add_comment(base: &mut Table, over: &Table) {
    let text = |decor: &Decor| decor.prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
    let (before, further) = (text(base.decor()), text(over.decor()));
    if further.contains('#') {
        base.decor_mut().set_prefix(format!("{before}{}", further.trim_start_matches(['\r', '\n'])));
    }
}

/// Adds the help of each key in front of it, once.
fn explain(root: &mut Table) {
    let help: BTreeMap<String, String> = entries(ProviderDefinition::KEYS)
        .into_iter()
        .map(|entry| (entry.path, format!("{}. {}", entry.key.help, entry.key.otherwise())))
        .collect();
    Explained { help, done: BTreeSet::new() }.table("", root);
}

struct Explained {
    /// The help texts, by the path of the row.
    help: BTreeMap<String, String>,
    done: BTreeSet<String>,
}

impl Explained {
    fn table(&mut self, path: &str, table: &mut Table) {
        let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let Some(inner) = self.row(path, &name) else { continue };
            let Some((mut key, item)) = table.get_key_value_mut(&name) else { continue };
            match item {
                Item::Table(table) if !table.is_dotted() && !table.is_implicit() => {
                    // The header of a name chosen by the author needs no explanation after the first.
                    let what = inner.strip_suffix(".NAME").unwrap_or(&inner).to_owned();
                    self.put(&what, table.decor_mut());
                    self.table(&inner, table);
                }
                Item::Table(table) => self.table(&inner, table),
                Item::ArrayOfTables(items) => {
                    for table in items.iter_mut() {
                        self.put(&inner, table.decor_mut());
                        self.table(&format!("{inner}[]"), table);
                    }
                }
                _ => self.put(&inner, key.leaf_decor_mut()),
            }
        }
    }

    /// Returns the path of a row, with `NAME` in place of a name chosen by the author.
    fn row(&self, path: &str, name: &str) -> Option<String> {
        let joined = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let chosen = format!("{}.", joined("NAME"));
        match self.help.contains_key(&joined(name)) {
            true => Some(joined(name)),
            false => self.help.range(chosen.clone()..).next()?.0.starts_with(&chosen).then(|| joined("NAME")),
        }
    }

    fn put(&mut self, row: &str, decor: &mut Decor) {
        let Some(help) = self.help.get(row).filter(|_| !self.done.contains(row)) else { return };
        let before = decor.prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
        decor.set_prefix(format!("{before}# {help}\n"));
        self.done.insert(row.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::builtin::texts;
    use crate::provider::catalogue::{Catalogue, NoFiles};

    /// Everything but the evidence, which a definition that is put together for a login does not have.
    fn value(definition: &ProviderDefinition) -> serde_json::Value {
        let mut definition = definition.clone();
        definition.evidence.clear();
        let samples = serde_json::json!([definition.samples, definition.sample_reply, definition.demo]);
        serde_json::json!([&definition, samples])
    }

    fn means_the_same(id: &str, user: Option<&str>) {
        let catalogue = Catalogue::new(&NoFiles, None);
        let user = user.map(|text| (text, "mine.toml"));
        let whole = || catalogue.whole(id).unwrap();
        let mut definition = user.map_or_else(whole, |user| catalogue.compose(id, Some(user)).unwrap());
        let text = catalogue.copied(id, user).unwrap();
        // Over the built-in one, and as a separate provider.
        let over = catalogue.compose(id, Some((&text, "copy.toml"))).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
        assert_eq!(value(&over), value(&definition), "{text}");
        let beside = catalogue.compose("copied", Some((&text, "copied.toml"))).unwrap();
        definition.id = "copied".to_owned();
        if user.is_some() && definition.name == id {
            definition.name = "copied".to_owned();
        }
        assert_eq!(value(&beside), value(&definition), "{text}");
    }

    #[test]
    fn a_copy_means_the_same_and_keeps_the_comments() {
        for (id, original) in texts() {
            means_the_same(id, None);
            let text = Catalogue::new(&NoFiles, None).copied(id, None).unwrap();
            for comment in original.lines().filter(|line| line.starts_with('#')) {
                assert!(text.contains(comment), "{comment}\n{text}");
            }
            assert!(text.contains("# The provider's display name. Default: its id.\nname = "), "{text}");
            let explained = text.matches("# The scope as it is requested.").count();
            assert_eq!(explained, usize::from(text.contains("[[scope.known]]")), "once: {text}");
        }
    }

    #[test]
    fn a_copy_with_a_users_changes_means_the_same() {
        for (id, user) in [
            ("judgeme", "alternative = 'app-hosts'\n# mine\nscope.separator = ','\n"),
            (
                "judgeme",
                "# mine\n[token]\nbody = 'form'\nauth = { value = 'basic', source = 'x' }\n[revoke]\nurl = 'https://judge.me/r'\n",
            ),
            (
                "judgeme",
                "# mine\n[[scope.known]]\nname = 'a'\n[scope.known.probe]\npath = 'x'\n[[scope.known]]\nname = 'b'\n[scope]\naccount = { scope = 'a', path = 'id' }\n",
            ),
            ("glu", "# mine\nparams.store.default = 'https://mine.glu.io'\nauthorize = { url = '{store}/a' }\n"),
            (
                "smithcart",
                "# mine\n[authorize.params]\na = 'b'\n[params.domain]\nprompt = 'x'\n[alternatives.razorcart]\nnote = 'mine'\nsource = 'x'\nchecked = 'y'\nset = {}\n",
            ),
            (
                "mine",
                "# mine\n[api.paging]\nvalue = { kind = 'link' }\nsource = 'x'\n[params.shop]\n[params.other]\nkind = 'host'\n",
            ),
        ] {
            means_the_same(id, Some(user));
            let text = Catalogue::new(&NoFiles, None).copied(id, Some((user, "mine.toml"))).unwrap();
            assert!(text.contains("# mine"), "{text}");
        }
    }
}
