//! The timeline of a flow, and its diagnosis.

use std::fmt;

use serde::Serialize;

use super::head::FlowHead;
use crate::flow::explain::{Confidence, Finding, Line, diagnose, lines, seconds};
use crate::protocol::flow_record::FlowRecord;
use crate::protocol::sanitize::{Render, Style, TerminalText, wrap};

/// What `explain` prints of one flow.
#[derive(Debug, Serialize)]
pub struct Explanation {
    #[serde(flatten)]
    pub head: FlowHead,
    pub error: Vec<String>,
    pub timeline: Vec<Line>,
    /// The events that the record has no room for.
    pub omitted: usize,
    pub findings: Vec<Finding>,
    #[serde(skip)]
    pub width: usize,
    #[serde(skip)]
    pub record: FlowRecord,
}

impl Explanation {
    pub fn new(record: FlowRecord, registered: Option<&str>, width: usize) -> Self {
        Self {
            head: FlowHead::of(&record),
            error: record.outcome.as_ref().map(|outcome| outcome.error.clone()).unwrap_or_default(),
            timeline: lines(&record),
            omitted: record.omitted,
            findings: diagnose(&record, registered),
            width,
            record,
        }
    }

    /// Says in one line how it ended.
    pub fn end(&self) -> String {
        match self.head.exit_code {
            Some(0) => "It succeeded.".to_owned(),
            Some(code) => format!("It failed with exit code {code}: {}.", self.error.join(": ")),
            None => "It was ended from outside, or still runs.".to_owned(),
        }
    }

    pub fn write_timeline(&self, text: &mut TerminalText, width: usize) -> fmt::Result {
        for line in &self.timeline {
            write_line(text, line, width)?;
        }
        match self.omitted {
            0 => Ok(()),
            omitted => writeln!(text, "{omitted} more events did not fit into the record."),
        }
    }

    pub fn write_findings(&self, text: &mut TerminalText, width: usize) -> fmt::Result {
        if self.findings.is_empty() {
            return match self.head.exit_code {
                Some(0) => writeln!(text, "Nothing in it is conspicuous."),
                _ => writeln!(
                    text,
                    "No rule explains it. `oauthctl explain --report` writes it down for others to look at."
                ),
            };
        }
        self.findings.iter().enumerate().try_for_each(|(index, finding)| write_finding(text, index, finding, width))
    }
}

/// The columns of the time and the word before an event.
const BEFORE: usize = 22;

/// From here on the text of an event has room beside its time.
const WIDE: usize = 72;

fn write_line(text: &mut TerminalText, line: &Line, width: usize) -> fmt::Result {
    let head = format!("{:>8}  {:<10}  ", seconds(line.at), line.what);
    let indent = if width >= WIDE { BEFORE } else { 4 };
    let margin = " ".repeat(indent);
    if width < WIDE {
        writeln!(text, "{}", head.trim())?;
    }
    for line in wrap(if width >= WIDE { &head } else { &margin }, &line.text, indent, width) {
        writeln!(text, "{line}")?;
    }
    for detail in &line.details {
        for line in wrap(&margin, detail, indent + 2, width) {
            text.line(&[&Style::Faint.of(line)])?;
        }
    }
    Ok(())
}

const INDENT: &str = "   ";

fn write_finding(text: &mut TerminalText, index: usize, finding: &Finding, width: usize) -> fmt::Result {
    if index > 0 {
        writeln!(text)?;
    }
    let style = match finding.confidence {
        Confidence::High => Style::Failure,
        Confidence::Medium => Style::Warning,
        Confidence::Low => Style::Strong,
    };
    for line in wrap(&format!("{}. ", index + 1), &finding.title, INDENT.len(), width) {
        text.line(&[&style.of(line)])?;
    }
    let told = format!("{INDENT}{} confidence; {}", finding.confidence.word(), finding.section);
    text.line(&[&Style::Faint.of(told)])?;
    for line in finding.comparison.iter().flat_map(|comparison| comparison.lines(width.saturating_sub(INDENT.len()))) {
        writeln!(text, "{INDENT}{line}")?;
    }
    for line in &finding.evidence {
        for line in wrap(&format!("{INDENT}seen: "), line, INDENT.len() + 2, width) {
            writeln!(text, "{line}")?;
        }
    }
    for line in &finding.details {
        for line in wrap(INDENT, line, INDENT.len() + 2, width) {
            writeln!(text, "{line}")?;
        }
    }
    // Not broken, so that a command in it can be copied.
    text.line(&[&INDENT, &Style::Hint.of("next:"), &" ", &finding.next])
}

impl Render for Explanation {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let FlowHead { id, profile, provider, started, .. } = &self.head;
        let name = self.head.name();
        let profile = profile.as_ref().filter(|profile| Some(*profile) != provider.as_ref());
        let profile = profile.map(|profile| format!(" (profile {profile})")).unwrap_or_default();
        let head = format!("{name}{profile}, {started}, flow {id}");
        for line in wrap("", &head, 2, self.width) {
            text.line(&[&Style::Strong.of(line)])?;
        }
        for line in wrap("", &self.end(), 2, self.width) {
            writeln!(text, "{line}")?;
        }
        text.line(&[&"\n", &Style::Strong.of("Timeline")])?;
        self.write_timeline(text, self.width)?;
        text.line(&[&"\n", &Style::Strong.of("Diagnosis")])?;
        self.write_findings(text, self.width)
    }
}
