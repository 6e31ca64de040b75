//! The list of the recorded flows.

use std::fmt;

use serde::Serialize;

use super::view::{name_of, started};
use crate::commands::view::{add_row, table, write_table};
use crate::flow::explain::diagnose;
use crate::protocol::flow_record::{FlowKind, FlowRecord};
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
    pub id: String,
    pub flow: FlowKind,
    pub profile: Option<String>,
    pub provider: Option<String>,
    pub started: Timestamp,
    /// `None` if the process was ended.
    pub exit_code: Option<u8>,
    /// The title of the first finding.
    pub finding: Option<String>,
}

impl FlowList {
    pub fn new(records: &[FlowRecord], width: usize, now: Timestamp) -> Self {
        let row = |record: &FlowRecord| FlowRow {
            id: record.id.clone(),
            flow: record.flow,
            profile: record.profile.clone(),
            provider: record.provider.clone(),
            started: started(record),
            exit_code: record.outcome.as_ref().map(|outcome| outcome.exit_code),
            finding: diagnose(record, None).into_iter().next().map(|finding| finding.title),
        };
        Self { flows: records.iter().map(row).collect(), width, now }
    }
}

impl Render for FlowList {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let mut table = table(self.width, &["FLOW", "AGO", "WHAT", "EXIT", "FINDING"]);
        for row in &self.flows {
            let ago = HumanDuration(row.started.until(self.now)).to_string();
            let exit = row.exit_code.map_or_else(|| "–".to_owned(), |code| code.to_string());
            let what = name_of(row.flow, row.profile.as_deref().or(row.provider.as_deref()));
            add_row(&mut table, [row.id.clone(), ago, what, exit, row.finding.clone().unwrap_or_default()]);
        }
        write_table(text, &mut table)
    }
}
