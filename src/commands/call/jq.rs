//! `--jq`: a filter in jq's language, run in this process by jaq.
//!
//! jaq recurses, when it reads code and JSON, over values, and as often as a filter says. So texts are checked for
//! their depth before it reads them, those in texts (`fromjson`) too; and it runs on a thread whose stack may run over:
//! that ends the filter, and is told like any other of its failures.

use std::io::Write;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use jaq_core::box_iter::box_once;
use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::native::{Fun, run, v};
use jaq_core::{Compiler, Ctx, Exn, Vars, unwrap_valr};
use jaq_json::{Error, Val, bytes_valrs, read};

use super::CallError;
use crate::protocol::{json, sanitize};
use crate::system::stack;

/// How much stack a filter has: enough for a value that is nested ten thousand times in a debug build, and far more in
/// a release.
const STACK: usize = 64 * 1024 * 1024;

/// How many values a reply may have that is filtered; some hundred bytes each.
const MAX_VALUES: usize = 4_000_000;

/// A filter, on the thread that it runs on.
pub struct Filter {
    replies: Sender<Vec<u8>>,
    said: Receiver<Said>,
}

/// A message from the thread.
enum Said {
    Output(Output),
    /// The code was understood, or all results are out.
    Done,
    Failed(CallError),
}

impl Filter {
    /// Starts the thread and waits until it has understood the code.
    pub fn parse(code: &str) -> Result<Self, CallError> {
        let (replies, work) = channel();
        let (say, said) = sync_channel(1);
        let (code, overflow) = (code.to_owned(), say.clone());
        let started = stack::run(
            STACK,
            move || serve(&code, &work, &say),
            move || {
                let problem =
                    "it needs too much stack: it calls itself without end, or nests values too deep".to_owned();
                let _ = overflow.send(Said::Failed(CallError::FilterFailed { problem }));
            },
        );
        let not_started = |error: std::io::Error| CallError::FilterFailed { problem: error.to_string() };
        started.map_err(not_started)?;
        let filter = Self { replies, said };
        filter.hear(&mut |_| Ok(()))?;
        Ok(filter)
    }

    /// Each result of the filter for one JSON text: a text for people as it is, `null` as an empty line, the rest as
    /// JSON. That is how `gh` has it.
    pub fn run(&self, json: &[u8], out: &mut dyn FnMut(Output) -> Result<(), CallError>) -> Result<(), CallError> {
        // A thread that has ended says nothing either.
        let _ = self.replies.send(json.to_vec());
        self.hear(out)
    }

    fn hear(&self, out: &mut dyn FnMut(Output) -> Result<(), CallError>) -> Result<(), CallError> {
        loop {
            match self.said.recv() {
                Ok(Said::Output(output)) => out(output)?,
                Ok(Said::Done) => return Ok(()),
                Ok(Said::Failed(error)) => return Err(error),
                // It panicked.
                Err(_) => {
                    let problem = "the filter's library has a fault".to_owned();
                    return Err(CallError::FilterFailed { problem });
                }
            }
        }
    }
}

/// The thread's work, as long as there is a listener.
fn serve(code: &str, work: &Receiver<Vec<u8>>, say: &SyncSender<Said>) {
    let code = match Code::parse(code) {
        Ok(code) => code,
        Err(error) => return drop(say.send(Said::Failed(error))),
    };
    let mut heard = say.send(Said::Done);
    while heard.is_ok() {
        let Ok(reply) = work.recv() else { return };
        heard = say.send(match code.run(&reply, say) {
            Ok(()) => Said::Done,
            Err(error) => Said::Failed(error),
        });
    }
}

/// Code that was understood.
struct Code(jaq_core::compile::Filter<jaq_core::Native<JustLut<Val>>>);

impl Code {
    fn parse(code: &str) -> Result<Self, CallError> {
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let own = jaq_json::funs().map(|fun| if fun.0 == "fromjson" { from_json() } else { fun });
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(own);
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

    fn run(&self, json: &[u8], say: &SyncSender<Said>) -> Result<(), CallError> {
        let json = json::without_mark(json);
        json::check(json, MAX_VALUES).map_err(CallError::TooMuch)?;
        let input = read::parse_single(json).map_err(|_| CallError::NotJson)?;
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for result in self.0.id.run((context, input)).map(unwrap_valr) {
            let output = match result {
                Ok(Val::Null) => Output::Text(Vec::new()),
                Ok(Val::TStr(text)) => Output::Text(text.to_vec()),
                Ok(value) => {
                    let mut json = Vec::new();
                    // A Vec takes all that is written into it.
                    let _ = write!(json, "{value}");
                    Output::Json(json)
                }
                Err(error) => {
                    let problem = sanitize::line(&error.to_string());
                    return Err(CallError::FilterFailed { problem });
                }
            };
            if say.send(Said::Output(output)).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// jaq's own `fromjson`, for texts that were checked.
fn from_json() -> Fun<JustLut<Val>> {
    run(("fromjson", v(0), |(_, input)| {
        let read = input.try_as_utf8_bytes_owned().and_then(|text| match json::check(&text, MAX_VALUES) {
            Ok(()) => Ok(text),
            Err(too_much) => Err(Error::str(format_args!("cannot parse a text as JSON: {too_much}"))),
        });
        let text = match read {
            Ok(text) => text,
            Err(error) => return box_once(Err(Exn::from(error))),
        };
        let shown = sanitize::line(&String::from_utf8_lossy(&text));
        let fail = move |error| Error::str(format_args!("cannot parse {shown} as JSON: {error}"));
        let values = bytes_valrs(text, |text| Box::new(read::parse_many(text).map(move |read| read.map_err(&fail))));
        Box::new(values.map(|read| read.map_err(Exn::from)))
    }))
}

/// One result of a filter.
pub enum Output {
    Text(Vec<u8>),
    Json(Vec<u8>),
}

/// Describes what is wrong, and where: the rest of the code from there on.
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
        assert_eq!(run(".s", &format!("\u{feff}{json}")).unwrap(), "a\"b\n", "a byte order mark is not part of it");
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

    #[test]
    fn values_are_filtered_at_any_depth_that_is_read() {
        let deep = format!("{}1{}", "[".repeat(json::MAX_DEPTH), "]".repeat(json::MAX_DEPTH));
        let quoted = serde_json::Value::from(deep.clone()).to_string();
        assert_eq!(run(".", &deep).unwrap(), format!("{deep}\n"));
        assert_eq!(run("fromjson", &quoted).unwrap(), format!("{deep}\n"));
        for code in [
            "[..] | length",
            "[paths] | length",
            "[paths(scalars)] | length",
            "getpath([range(127) | 0])",
            "tojson | fromjson | flatten | length",
        ] {
            assert!(run(code, &deep).is_ok(), "{code}");
        }
        assert_eq!(run("[fromjson]", r#""1 2 [3]""#).unwrap(), "[1,2,[3]]\n");
        assert!(matches!(run("fromjson", "\"{\""), Err(CallError::FilterFailed { .. })));
    }

    #[test]
    fn what_is_too_deep_or_too_much_is_an_error() {
        for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000), "{[".repeat(100_000)] {
            assert!(matches!(run(".", &text), Err(CallError::TooMuch(json::TooMuch::Depth))));
            let quoted = serde_json::Value::from(text).to_string();
            let error = run("fromjson", &quoted).unwrap_err().to_string();
            assert!(error.contains("nested more than 127 levels deep"), "{error}");
        }
        assert!(matches!(run(".", &"7".repeat(1_000_000)), Err(CallError::TooMuch(json::TooMuch::Digits))));
        let many = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert!(matches!(run("0", &many), Err(CallError::TooMuch(json::TooMuch::Values { .. }))));
    }

    /// Code that recurses, and values that it nests: to be read, to be written, to be compared, and to be dropped.
    #[cfg(unix)]
    #[test]
    fn a_stack_that_runs_over_ends_the_filter_only() {
        let row = format!("[{}0]", "0,".repeat(400_000));
        let parentheses = format!("{}.{}", "(".repeat(60_000), ")".repeat(60_000));
        for (code, json) in [
            ("def f: [f]; f", "0"),
            ("reduce .[] as $x (null; [.])", row.as_str()),
            ("reduce .[] as $x (null; [.]) | length", &row),
            ("setpath(.; 1)", &row),
            (&parentheses, "0"),
        ] {
            match run(code, json) {
                Ok(_) | Err(CallError::FilterFailed { .. } | CallError::BadFilter { .. }) => {}
                other => panic!("{code:.40}: {other:?}"),
            }
        }
        assert_eq!(run(".", "0").unwrap(), "0\n");
    }
}
