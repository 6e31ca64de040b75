//! The manual page of a definition: every key with its form, its default, and an example.

use roff::{Inline, Roff, bold, italic, roman};

use super::ProviderDefinition;
use super::departure::Evidence;
use super::keys::{Absent, Entry, Form, Key, entries};

/// Returns the page in the format of `man`.
pub fn manual() -> String {
    let mut page = Roff::new();
    page.control("TH", ["OAUTHCTL-DEFINITION", "5"]);
    page.control("SH", ["NAME"]);
    page.text([roman("oauthctl-definition - the definition of a provider")]);
    page.control("SH", ["DESCRIPTION"]);
    paragraphs(
        &mut page,
        &[
            "A definition is a TOML file, providers/ID.toml in the configuration directory. It adds the provider ID, or \
             changes single keys of the built-in one of that name. A key that is left out means the behavior of the \
             OAuth 2.0 RFCs. An unknown key is refused.",
            "A key that departs from an RFC can be a plain value, or a value with its evidence:",
        ],
    );
    example(&mut page, &[&evidence_example()]);
    paragraphs(
        &mut page,
        &["`oauthctl providers new ID` writes a draft with all keys, `oauthctl providers show ID --toml` prints a \
           definition to copy, `oauthctl providers check FILE` validates one, and `oauthctl providers schema` prints a \
           JSON Schema for completion and validation in an editor."],
    );
    let (sections, plain): (Vec<&Key>, Vec<&Key>) =
        ProviderDefinition::KEYS.iter().partition(|key| key.form.without_evidence().has_keys() || is_named(key.form));
    let all = entries(ProviderDefinition::KEYS);
    page.control("SH", ["KEYS OF THE FILE"]);
    for key in plain {
        let own = all.iter().filter(|entry| entry.path == key.name);
        own.for_each(|entry| describe(&mut page, entry));
    }
    for section in sections {
        page.control("SH", [heading(section).as_str()]);
        paragraphs(&mut page, &[&format!("{}. {}", section.help, section.otherwise())]);
        let is_inside = |entry: &&Entry| {
            let rest = entry.path.strip_prefix(section.name);
            rest.is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        all.iter().filter(is_inside).for_each(|entry| describe(&mut page, entry));
    }
    page.control("SH", ["EVIDENCE"]);
    paragraphs(&mut page, &["The fields beside the `value` of a key that departs from an RFC."]);
    for entry in entries(Evidence::KEYS) {
        describe(&mut page, &entry);
    }
    page.control("SH", ["SEE ALSO"]);
    paragraphs(
        &mut page,
        &[
            "`oauthctl providers show ID --toml` prints a built-in definition to read, such as `judgeme`, `shopify` or `github`; `oauthctl providers list --all` lists them.",
        ],
    );
    page.render()
}

/// Returns an example of a value with all its evidence.
pub fn evidence_example() -> String {
    let beside: Vec<String> =
        Evidence::KEYS.iter().map(|key| format!("{} = {}", key.name, key.examples().join(", "))).collect();
    format!("body = {{ value = \"json\", {} }}", beside.join(", "))
}

fn is_named(form: Form) -> bool {
    matches!(form, Form::Names(inner) if inner.has_keys())
}

fn heading(section: &Key) -> String {
    match section.form {
        Form::Names(_) => format!("[{}.NAME]", section.name),
        Form::List(_) => format!("[[{}]]", section.name),
        _ => format!("[{}]", section.name),
    }
}

fn describe(page: &mut Roff, entry: &Entry) {
    let Entry { path, kind, key } = entry;
    page.control("TP", []);
    let mut title = vec![bold(path.as_str()), roman(" = "), italic(key.form.in_words())];
    if let Some(kind) = kind {
        title.push(roman(format!("  (of the kind \"{kind}\")")));
    }
    page.text(title);
    let departs = if matches!(key.absent, Absent::Rfc(_)) { " It can have evidence." } else { "" };
    page.text(words(&format!("{}. {}{departs}", key.help, key.otherwise())));
    if let Form::Kinds { kinds, .. } = key.form.without_evidence() {
        for kind in kinds {
            page.control("br", []);
            page.text(words(&format!("\"{}\": {}", kind.name, kind.help)));
        }
    }
    if matches!(key.form, Form::Table(_))
        || is_named(key.form)
        || matches!(key.form, Form::List(inner) if inner.has_keys())
    {
        return;
    }
    for text in key.examples() {
        page.control("br", []);
        page.text([roman("Example: "), bold(format!("{} = {text}", key.name))]);
    }
}

fn paragraphs(page: &mut Roff, texts: &[&str]) {
    for text in texts {
        page.control("PP", []);
        page.text(words(text));
    }
}

fn example(page: &mut Roff, lines: &[&str]) {
    page.control("RS", ["4"]);
    for line in lines {
        page.text([bold(*line)]);
    }
    page.control("RE", []);
}

/// Sets text in backticks in bold type.
fn words(text: &str) -> Vec<Inline> {
    let part = |(n, part): (usize, &str)| if n % 2 == 1 { bold(part) } else { roman(part) };
    text.split('`').enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_key_with_its_help_and_an_example() {
        let page = manual().replace("\\*(Aq", "'").replace('\\', "");
        for entry in entries(ProviderDefinition::KEYS).iter().chain(&entries(Evidence::KEYS)) {
            let is_section = entry.path == entry.key.name && (entry.key.form.has_keys() || is_named(entry.key.form));
            let title = if is_section { heading(entry.key) } else { format!("{}fR = ", entry.path) };
            assert!(page.contains(&title), "{title}");
            let help = entry.key.help.split('`').next().unwrap_or_default();
            assert!(page.contains(help), "{help}");
        }
        assert!(page.contains("Example: fBpkce = \"off\""), "{page}");
    }
}
