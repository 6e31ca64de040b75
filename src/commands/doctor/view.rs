//! The findings for people and for programs. The words carry the meaning, so that neither colors nor signs are needed.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::protocol::check::{Check, Sent, Verdict, gravest};
use crate::protocol::sanitize::{self, Render, Style, TerminalText, ascii, wrap};
use crate::system::screen::shows_unicode;

/// Below this width, text begins at the third column.
const NARROW: usize = 60;

/// All findings, each with the part that it belongs to.
pub struct Report {
    pub checks: Vec<(&'static str, Check)>,
}

impl Report {
    pub fn new() -> Self {
        Self { checks: Vec::new() }
    }

    /// Returns `true` if a problem of these words, with the same remedy, is in this part.
    pub fn has(&self, part: &str, other: &Check) -> bool {
        let is_same =
            |known: &str, check: &Check| known == part && check.text == other.text && check.next == other.next;
        matches!(other.verdict, Verdict::Problem(_)) && self.checks.iter().any(|(known, check)| is_same(known, check))
    }

    fn sent(&self) -> impl Iterator<Item = &Sent> {
        self.checks.iter().flat_map(|(_, check)| &check.sent)
    }

    /// Returns the list of everything that was sent.
    pub fn sent_lines(&self, is_offline: bool, width: usize) -> SentLines<'_> {
        SentLines { sent: self.sent().collect(), is_offline, width }
    }
}

pub fn problems<'c>(checks: impl Iterator<Item = &'c Check>) -> usize {
    checks.filter(|check| matches!(check.verdict, Verdict::Problem(_))).count()
}

#[derive(Serialize)]
struct ReportJson<'r> {
    ok: bool,
    exit: u8,
    checks: Vec<CheckJson<'r>>,
    sent: Vec<&'r Sent>,
}

#[derive(Serialize)]
struct CheckJson<'r> {
    part: &'static str,
    id: &'static str,
    subject: &'r str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<u8>,
    text: &'r str,
    evidence: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'r str>,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let gravest = gravest(self.checks.iter().map(|(_, check)| check));
        let checks = self.checks.iter().map(|(part, check)| CheckJson {
            part,
            id: check.id,
            subject: &check.subject,
            verdict: word(check.verdict),
            exit: match check.verdict {
                Verdict::Problem(code) => Some(code as u8),
                Verdict::Ok | Verdict::Note => None,
            },
            text: &check.text,
            evidence: &check.evidence,
            next: check.next.as_deref(),
        });
        let exit = gravest.map_or(0, |code| code as u8);
        ReportJson { ok: exit == 0, exit, checks: checks.collect(), sent: self.sent().collect() }.serialize(serializer)
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Note => "note",
        Verdict::Problem(_) => "problem",
    }
}

/// One finding as it is printed.
pub struct Shown<'c> {
    check: &'c Check,
    width: usize,
    /// Evidence is shown even if all is well.
    details: bool,
    is_ascii: bool,
}

impl<'c> Shown<'c> {
    pub fn new(check: &'c Check, width: usize, details: bool) -> Self {
        Self { check, width, details, is_ascii: !shows_unicode() }
    }

    /// Adds an indented paragraph, with something before its first line.
    fn paragraph(&self, begin: &str, words: &str, text: &mut TerminalText) -> fmt::Result {
        let indent = self.indent() + sanitize::columns(begin);
        let words = if self.is_ascii { ascii(words) } else { words.to_owned() };
        let before = format!("{:pad$}{begin}", "", pad = self.indent());
        wrap(&before, &words, indent, self.width).iter().try_for_each(|line| writeln!(text, "{line}"))
    }

    fn indent(&self) -> usize {
        if self.width < NARROW { 2 } else { 9 }
    }
}

impl Render for Shown<'_> {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let Check { verdict, subject, text: words, evidence, next, .. } = self.check;
        let style = match verdict {
            Verdict::Ok => Style::Success,
            Verdict::Note => Style::Warning,
            Verdict::Problem(_) => Style::Failure,
        };
        let label = word(*verdict);
        text.add(&style.of(label))?;
        // The rest of the first line stands beside the verdict.
        let gap = if self.width < NARROW { 1 } else { self.indent() - label.len() };
        let words = format!("{subject}: {words}");
        let words = if self.is_ascii { ascii(&words) } else { words };
        let before = " ".repeat(label.len() + gap);
        let lines = wrap(&before, &words, self.indent(), self.width);
        writeln!(text, "{}", &lines[0][label.len()..])?;
        lines[1..].iter().try_for_each(|line| writeln!(text, "{line}"))?;
        if self.details || *verdict != Verdict::Ok {
            for seen in evidence {
                self.paragraph("- ", seen, text)?;
            }
        }
        next.iter().try_for_each(|next| self.paragraph("> ", next, text))
    }
}

/// Everything that was sent.
pub struct SentLines<'r> {
    sent: Vec<&'r Sent>,
    is_offline: bool,
    width: usize,
}

impl Render for SentLines<'_> {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        text.write_str("\n")?;
        if self.sent.is_empty() {
            let why = if self.is_offline { "Nothing was sent (--offline)" } else { "Nothing was sent" };
            return text.line(&[&Style::Strong.of(why)]);
        }
        text.line(&[&Style::Strong.of("Sent")])?;
        for Sent { method, url, with, purpose } in &self.sent {
            let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
            let words = format!("{method} {url}{with}, {purpose}");
            let words = if shows_unicode() { words } else { ascii(&words) };
            for line in wrap("- ", &words, 2, self.width) {
                writeln!(text, "{line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::advice::ExitCode;

    fn shown(check: &Check, width: usize, is_ascii: bool) -> String {
        let shown = Shown { check, width, details: false, is_ascii };
        TerminalText::of(&shown).to_plain().to_string()
    }

    fn check() -> Check {
        let text = "it is held by `python3` (process 4711), which is another program of the same user";
        let check = Check::problem("port", "port 8765", ExitCode::Network, text);
        check.seen("“seen” on 127.0.0.1…").mended_by("run `kill 4711`, or choose another one with `--port N`")
    }

    #[test]
    fn a_finding_is_readable_at_each_width() {
        for width in [50, 80] {
            let text = shown(&check(), width, true);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}:\n{text}");
            assert!(text.is_ascii() && text.contains("\"seen\" on 127.0.0.1..."), "{text}");
            assert!(text.contains("`kill 4711`") && text.contains("`--port N`"), "a command is cut:\n{text}");
        }
        let wide = "problem  port 8765: it is held by `python3` (process 4711), which is another program\n         \
                    of the same user\n         - “seen” on 127.0.0.1…\n         > run";
        assert!(shown(&check(), 84, false).starts_with(wide), "{}", shown(&check(), 84, false));
        let narrow = "problem port 8765: it is held by `python3`\n  (process 4711), which is";
        assert!(shown(&check(), 50, false).starts_with(narrow), "{}", shown(&check(), 50, false));
    }

    #[test]
    fn evidence_of_what_is_well_is_a_detail() {
        let check = Check::ok("x", "x", "fine").seen("a detail");
        assert_eq!(shown(&check, 80, false), "ok       x: fine\n");
    }

    #[test]
    fn whitespace_of_a_finding_is_one_space() {
        let spaced = Check::ok("x", "x", "a  b\nc d");
        assert_eq!(shown(&spaced, 14, false), "ok x: a b c d\n");
    }

    #[test]
    fn a_program_reads_every_field() {
        let report = Report { checks: vec![("machine", check()), ("machine", Check::ok("x", "x", "fine"))] };
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["ok"], &json["exit"]), (&false.into(), &8.into()));
        let first = &json["checks"][0];
        assert_eq!((&first["verdict"], &first["exit"], &first["id"]), (&"problem".into(), &8.into(), &"port".into()));
        assert!(json["checks"][1].get("exit").is_none() && json["sent"].as_array().unwrap().is_empty());
    }
}
