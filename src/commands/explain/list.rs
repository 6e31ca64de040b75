//! The list of the recorded flows.

use std::fmt;

use serde::Serialize;

use super::head::FlowHead;
use crate::commands::view::Table;
use crate::flow::explain::diagnose;
use crate::protocol::flow_record::FlowRecord;
use crate::protocol::sanitize::{Render, TerminalText};
use crate::protocol::time::{HumanDuration, Timestamp};

#[derive(Debug, Serialize)]
pub struct FlowList {
    pub flows: Vec<FlowRow>,
    #[serde(skip)]
    width: usize,
    #[serde(skip)]
    now: Timestamp,
}

#[derive(Debug, Serialize)]
pub struct FlowRow {
    #[serde(flatten)]
    pub head: FlowHead,
    /// The title of the first finding.
    pub finding: Option<String>,
}

impl FlowList {
    pub fn new(records: &[FlowRecord], width: usize, now: Timestamp) -> Self {
        let row = |record: &FlowRecord| FlowRow {
            head: FlowHead::of(record),
            finding: diagnose(record, None).into_iter().next().map(|finding| finding.title),
        };
        Self { flows: records.iter().map(row).collect(), width, now }
    }
}

impl Render for FlowList {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let mut table = Table::new(self.width, &["FLOW", "AGO", "WHAT", "EXIT", "FINDING"]);
        for row in &self.flows {
            let ago = HumanDuration(row.head.started.until(self.now)).to_string();
            let exit = row.head.exit_code.map_or_else(|| "–".to_owned(), |code| code.to_string());
            let what = row.head.name_of_login();
            table.add([row.head.id.clone(), ago, what, exit, row.finding.clone().unwrap_or_default()]);
        }
        table.write(text)
    }
}
