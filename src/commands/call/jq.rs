//! `--jq`: a filter in jq's language, run in this process by jaq.

use std::io::Write;

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, unwrap_valr};
use jaq_json::{Val, read};

use super::CallError;
use crate::protocol::sanitize;

pub struct Filter(jaq_core::compile::Filter<jaq_core::Native<JustLut<Val>>>);

impl Filter {
    pub fn parse(code: &str) -> Result<Self, CallError> {
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let bad = |problem: String| CallError::BadFilter { problem };
        let modules = Loader::new(defs).load(&arena, File { code, path: () });
        let modules = modules.map_err(|errors| bad(errors.iter().map(|(_, e)| syntax(e, code)).collect()))?;
        let filter = Compiler::default().with_funs(funs).compile(modules);
        filter.map(Self).map_err(|errors| {
            let unknown = errors.iter().flat_map(|(_, errors)| errors.iter().map(|(name, _)| format!("`{name}`")));
            bad(sanitize::line(&format!("there is no {}", unknown.collect::<Vec<_>>().join(", "))))
        })
    }

    /// Each result of the filter for one JSON text: a text for people as it is, `null` as an empty line, the rest as
    /// JSON. That is how `gh` has it.
    pub fn run(&self, json: &[u8], out: &mut dyn FnMut(Output) -> Result<(), CallError>) -> Result<(), CallError> {
        let input = read::parse_single(json).map_err(|_| CallError::NotJson)?;
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for result in self.0.id.run((context, input)).map(unwrap_valr) {
            match result {
                Ok(Val::Null) => out(Output::Text(Vec::new()))?,
                Ok(Val::TStr(text)) => out(Output::Text(text.to_vec()))?,
                Ok(value) => {
                    let mut json = Vec::new();
                    // A Vec takes all that is written into it.
                    let _ = write!(json, "{value}");
                    out(Output::Json(json))?;
                }
                Err(error) => {
                    let problem = sanitize::line(&error.to_string());
                    return Err(CallError::FilterFailed { problem });
                }
            }
        }
        Ok(())
    }
}

/// One result of a filter.
pub enum Output {
    Text(Vec<u8>),
    Json(Vec<u8>),
}

/// What is wrong, and where: the rest of the code from there on.
fn syntax(error: &jaq_core::load::Error<&str>, code: &str) -> String {
    use jaq_core::load::Error;
    let at = |rest: &str| match rest {
        "" => "at its end".to_owned(),
        rest => format!("at `{}`", sanitize::line(rest)),
    };
    match error {
        Error::Io(_) => "it includes a file, which it cannot".to_owned(),
        Error::Lex(errors) => match errors.first() {
            Some((expected, rest)) => format!("{} was expected {}", expected.as_str(), at(rest)),
            None => sanitize::line(code),
        },
        Error::Parse(errors) => match errors.first() {
            Some((expected, rest)) => format!("{} was expected {}", expected.as_str(), at(rest)),
            None => sanitize::line(code),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(code: &str, json: &str) -> Result<String, CallError> {
        let mut lines = String::new();
        Filter::parse(code)?.run(json.as_bytes(), &mut |output| {
            let (Output::Text(bytes) | Output::Json(bytes)) = output;
            lines.push_str(&format!("{}\n", String::from_utf8(bytes).unwrap()));
            Ok(())
        })?;
        Ok(lines)
    }

    #[test]
    fn texts_come_as_they_are_and_the_rest_as_json() {
        let json = r#"{"n":12345678901234567890123,"f":1.10,"s":"a\"b","l":[1,{"x":null}],"z":null}"#;
        assert_eq!(
            run(".n, .f, .s, .l, .z", json).unwrap(),
            "12345678901234567890123\n1.10\na\"b\n[1,{\"x\":null}]\n\n"
        );
        assert_eq!(run(".l[] | numbers", json).unwrap(), "1\n");
        assert_eq!(run("empty", json).unwrap(), "");
    }

    #[test]
    fn a_wrong_filter_says_where_it_is_wrong() {
        for (code, words) in [(".a[", "at its end"), (".a | nothing", "`nothing`"), ("$x", "`$x`"), (".a )", "at `)`")]
        {
            let error = run(code, "{}").unwrap_err().to_string();
            assert!(error.contains(words), "{code}: {error}");
        }
        assert!(matches!(run(".a.b", r#"{"a":1}"#), Err(CallError::FilterFailed { .. })));
        assert!(matches!(run(".", "<html>"), Err(CallError::NotJson)));
    }
}
